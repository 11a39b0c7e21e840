"""The bouton: release and its short-term change, and what two messengers together do to it for good."""

from __future__ import annotations

import math

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.sbml.synapse import Synapse

ALONE = Synapse.of("bouton", Glu="0 uM")


def release_at(times: list[float], at: list[float], synapse: Synapse = ALONE) -> np.ndarray:
    """Return the readiness to release just before each time `at` (s), with spikes at `times` (s)."""
    protocol = kn.spikes(pre=times)
    traces = kn.simulate(synapse, protocol, until="100 s", samples=[0.0, *(10 + t - 1e-5 for t in at)]).traces
    return traces["release"].to_numpy()[1:]


def test_the_bouton_is_sound() -> None:
    assert ALONE.check() == []


def test_a_schaffer_collateral_releases_one_time_in_four_and_facilitates() -> None:
    weights = kn.simulate(ALONE, None, until="1 s").weights.iloc[-1]
    assert weights["n"] == 1
    assert 0.2 < weights["p"] < 0.3
    assert 1.4 < weights["PPR"] < 1.8
    assert weights["inv_cv2"] == pytest.approx(weights["p"] / (1 - weights["p"]))
    assert weights["failure_rate"] == pytest.approx(1 - weights["p"])
    assert math.isnan(weights["q"])


@pytest.mark.parametrize("gain", [0.0, 0.4])
def test_the_ratio_read_off_is_that_of_two_true_pulses(gain: float) -> None:
    synapse = ALONE.with_(kn.clamp("release_gain", gain, acute=True))
    first, second = release_at([0, 0.05], [0, 0.05], synapse)
    read = kn.simulate(synapse, None, until="1 s").weights["PPR"].iloc[-1]
    assert second / first == pytest.approx(read, rel=5e-3)


def test_release_is_the_fourth_power_of_calcium() -> None:
    control = kn.simulate(ALONE, None, until="1 s").traces["release_probability"].iloc[-1]
    fewer = ALONE.with_(kn.edit("Ca_spike_local", "5 uM"))
    halved = kn.simulate(fewer, None, until="1 s").traces["release_probability"].iloc[-1]
    fusion = [-math.log(1 - p) / 5 for p in (control, halved)]
    power = math.log(fusion[0] / fusion[1]) / math.log(9.9 / 5)
    assert 3.7 < power < 4


def test_vesicles_run_out_and_come_back() -> None:
    train = [i / 50 for i in range(500)]
    before, late, rested = release_at(train, [0, 9.98, 85])
    assert late < 0.4 * before
    assert rested == pytest.approx(before, rel=0.05)


def test_blocked_channels_cut_release_and_raise_the_ratio() -> None:
    blocked = ALONE.with_(kn.inhibit("VGCC_N", by=0.9))
    control, found = (kn.simulate(s, None, until="1 s").weights.iloc[-1] for s in (ALONE, blocked))
    assert found["W_pre"] < 0.3
    assert found["PPR"] > control["PPR"]


def lasting(*, cyclase: float, calcium: float) -> float:
    """Return phosphorylated RIM after a minute of inhibited cyclase and of presynaptic calcium (µM)."""
    held = ALONE.with_(
        kn.clamp("AC_pre_inhibition", cyclase, acute=True), kn.clamp("Ca_pre", f"{calcium} uM", acute=True)
    )
    return float(kn.simulate(held, None, until="60 s").traces["RIM_p"].iloc[-1])


def test_depression_needs_both_messengers() -> None:
    rest = lasting(cyclase=0, calcium=0)
    loss = {
        name: 1 - lasting(cyclase=cyclase, calcium=calcium) / rest
        for name, cyclase, calcium in (("calcium", 0, 0.6), ("cannabinoid", 3, 0), ("both", 3, 0.6))
    }
    assert loss["calcium"] < 0.03
    assert loss["cannabinoid"] < 0.03
    assert loss["both"] > 0.25


def test_a_driven_cyclase_potentiates() -> None:
    driven = ALONE.with_(kn.clamp("AC_pre_stimulation", 4, acute=True))
    run = kn.simulate(driven, None, until="60 s")
    assert run.weights["W_pre"].iloc[-1] > 1.05
    blocked = driven.with_(kn.inhibit("PKA_pre", by=1))
    assert kn.simulate(blocked, None, until="60 s").weights["W_pre"].iloc[-1] < 1.02


def test_glutamate_of_the_bouton_reaches_its_own_receptors() -> None:
    synapse = Synapse.of("calcium", "bouton")
    calcium = kn.simulate(synapse, kn.spikes(pre=[0]), until="11 s").traces["Ca_pre"]
    blocked = synapse.with_(kn.inhibit("preNMDAR", by=1))
    without = kn.simulate(blocked, kn.spikes(pre=[0]), until="11 s").traces["Ca_pre"]
    assert calcium.max() > without.max() + 0.1


def test_presynaptic_change_feeds_back_on_the_spine() -> None:
    synapse = Synapse.of("calcium", "bouton")
    more = synapse.with_(kn.clamp("release_gain", 0.5))
    peaks = [kn.simulate(s, kn.spikes(pre=[0]), until="11 s").traces["Ca"].max() for s in (synapse, more)]
    assert peaks[1] > 1.1 * peaks[0]
