"""A-type channels: they go inside where PKA and calcium meet, come back, and let spikes through meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.sbml.build import baseline

PKA, CALCIUM = 0.1, 2.0  # uM
ALONE = kn.Synapse.of("excitability", Ca_NMDAR="0 uM", PKA_active="0.034 uM")
STRONG = (kn.edit("Ca_NMDAR", f"{CALCIUM} uM", acute=True), kn.edit("PKA_active", f"{PKA} uM", acute=True))
MINUTES = (0.1, 0.5, 2.0, 30.0)


def course(*done: kn.Perturbation) -> list[float]:
    """Return the channels left in the membrane some minutes after inputs were stepped."""
    times = [0.0, *(60 * m for m in MINUTES)]
    run = kn.simulate(ALONE.with_(*done), until="30 min", samples=times, engine="ensemble", rtol=1e-8)
    return [float(each) for each in run.metaplasticity["Kv42"]][1:]


def test_model_is_clean() -> None:
    assert ALONE.check() == []


def test_at_rest_all_are_in_the_membrane() -> None:
    assert baseline(ALONE)[0] == pytest.approx({"Kv42": 1.0}, rel=1e-12)
    assert baseline(kn.Synapse.of("excitability", Ca_NMDAR="0 uM", PKA_active="1 uM"))[0]["Kv42"] == 1.0


def test_its_course_is_an_exponential() -> None:
    p = ALONE.parameters["value"]
    away = p["Kv42_internalisation"] * PKA / (PKA + p["Kv42_PKA_half"]) * CALCIUM**2 / (CALCIUM**2 + 1)
    back = p["Kv42_return"]
    floor = back / (back + away)
    wanted = floor + (1 - floor) * np.exp(-(away + back) * 60 * np.array(MINUTES))
    assert course(*STRONG) == pytest.approx(wanted, rel=1e-6)
    assert wanted[2] < 0.2  # within minutes: Kim 2007


@pytest.mark.parametrize(
    "done",
    [
        (STRONG[1],),
        (STRONG[0], kn.edit("PKA_active", "0 uM", acute=True)),
        (*STRONG, kn.inhibit("Kv42_internalisation", 1.0)),
        (*STRONG, kn.knockout("Kv42_internalisation")),
    ],
    ids=["no calcium", "no PKA", "acutely S552A", "S552A"],
)
def test_it_needs_calcium_and_pka_and_its_site(done: tuple[kn.Perturbation, ...]) -> None:
    assert course(*done) == pytest.approx([1] * len(MINUTES), abs=1e-9)


def test_little_pka_and_little_calcium_take_little() -> None:
    full = 1 - course(*STRONG)[1]
    weak = (STRONG[0], kn.edit("PKA_active", "0.01 uM", acute=True))
    assert 1 - course(*weak)[1] < 0.4 * full
    faint = (STRONG[1], kn.edit("Ca_NMDAR", "0.2 uM", acute=True))
    assert 1 - course(*faint)[1] < 0.1 * full


# ---- With the spine
PULSES, TEST = kn.tetanus("100 Hz", "1 s", inputs=1), kn.spikes(post=[0], inputs=1)


def spine(distance: str, *done: kn.Perturbation) -> tuple[float, float]:
    """Return the peak voltage (mV) of a spike 5 s after a tetanus, and the channels it meets."""
    synapse = kn.Synapse.of("calcium", "excitability", PKA_active="1 uM", distance=distance).with_(*done)
    protocol = PULSES + kn.gap("5 s") + TEST
    after = protocol.end + np.arange(0.0, 0.012, 1e-4) + 1.37e-5
    run = kn.simulate(synapse, protocol, until=f"{after[-1]} s", samples=after.tolist(), engine="ensemble")
    return float(run.traces["V_spine"].max()), float(run.metaplasticity["Kv42"].iloc[-1])


FAST = kn.edit("Kv42_internalisation", "1 1/s")


def test_spikes_reach_far_spines_less_weakened() -> None:
    gain = {}
    for distance in ("60 um", "250 um"):
        with_, kept = spine(distance, FAST)
        without, all_ = spine(distance, FAST, kn.inhibit("Kv42_internalisation", 1.0))
        assert kept < 0.8 < all_ == pytest.approx(1)
        gain[distance] = with_ - without
    assert gain["250 um"] > 3 > gain["60 um"] > 0


def test_a_tetanus_takes_none_where_nmda_receptors_or_pka_are_blocked() -> None:
    assert spine("60 um")[1] < 1 - 1e-3
    assert spine("60 um", kn.inhibit("NMDAR", 1.0))[1] == pytest.approx(1, abs=1e-9)
    assert spine("60 um", kn.edit("PKA_active", "0 uM", acute=True))[1] == pytest.approx(1, abs=1e-9)


def test_a_strong_stimulus_takes_many() -> None:
    """Kim 2007, Frick 2004: theta bursts, not a slow train, take A-type channels away."""
    found = []
    for protocol in (kn.theta_burst(), kn.low_frequency("1 Hz", 100)):
        run = kn.simulate(
            kn.Synapse.preset("ca1"), protocol, until=f"{protocol.end + 60} s", engine="ensemble"
        )
        found.append(float(run.metaplasticity["Kv42"].min()))
    assert found[0] < 0.7
    assert found[0] < found[1]
