"""A-type channels: they go inside where PKA and calcium meet, come back, and let spikes through meanwhile."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import kinaptic as kn
from kinaptic.pathways.protocol import Protocol
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
    for active in ("0.034 uM", "1 uM"):
        rest = baseline(kn.Synapse.of("excitability", Ca_NMDAR="0 uM", PKA_active=active))[0]
        assert rest == pytest.approx({"Kv42": 1.0, "Kv42_signal": 0.0}, rel=1e-12)


def solved(calcium: float, pka: float) -> np.ndarray:
    """Return the same course by scipy, from the numbers of the yaml."""
    p = ALONE.parameters["value"]
    rise = calcium**4 / (calcium**4 + p["Kv42_Ca_half"] ** 4) / p["Kv42_signal_rise"]
    away = p["Kv42_internalisation"] * pka / (pka + p["Kv42_PKA_half"])

    def rates(_: float, y: np.ndarray) -> list[float]:
        signal, channels = y
        return [
            rise * (1 - signal) - signal / p["Kv42_signal_tau"],
            p["Kv42_return"] * (1 - channels) - away * signal * channels,
        ]

    seconds = [60 * m for m in MINUTES]
    found = solve_ivp(rates, (0, seconds[-1]), [0, 1], "LSODA", seconds, rtol=1e-10, atol=1e-13)
    return np.asarray(found.y[1])


@pytest.mark.parametrize("calcium", [0.5, CALCIUM, 6.0])
@pytest.mark.parametrize("pka", [0.03, PKA])
def test_its_course_is_the_solution_of_its_equations(calcium: float, pka: float) -> None:
    stepped = kn.edit("Ca_NMDAR", f"{calcium} uM", acute=True), kn.edit("PKA_active", f"{pka} uM", acute=True)
    assert course(*stepped) == pytest.approx(solved(calcium, pka), rel=1e-6)


def test_they_are_gone_within_minutes() -> None:
    """Kim 2007."""
    found = course(*STRONG)
    assert found[0] > 0.6  # not at once
    assert found[2] < 0.4
    assert found[3] < 0.1


def test_four_of_five_are_gone_within_two_minutes() -> None:
    """Kim 2007."""
    assert course(*STRONG)[2] < 0.2


def test_a_second_of_calcium_acts_for_a_minute_and_channels_return_in_the_better_part_of_an_hour() -> None:
    p = ALONE.parameters["value"]
    begun = kn.simulate(ALONE.with_(*STRONG), until="10 s", engine="ensemble", samples=3)
    calm = kn.edit("Ca_NMDAR", "0 uM", acute=True)
    times = [0.0, 30.0, 60.0, 600.0, 3600.0]
    run = kn.simulate(
        begun.clone("9 s").with_(calm), until="1 h", samples=times, engine="ensemble", rtol=1e-8
    )
    left = run.metaplasticity["Kv42"].to_numpy()
    assert left[0] - left[1] > 0.1
    assert left[1] - left[2] > 0.05
    back = (1 - left[4]) / (1 - left[3])
    assert back == pytest.approx(np.exp(-p["Kv42_return"] * 3000), rel=1e-3)


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


@functools.cache
def taken(protocol: Protocol) -> float:
    """Return the most that a stimulus of the whole synapse takes, within ten minutes."""
    run = kn.simulate(kn.Synapse.preset("ca1"), protocol, until=f"{protocol.end + 600} s", engine="ensemble")
    return 1 - float(run.metaplasticity["Kv42"].min())


BURSTS, TETANUS, SLOW = kn.theta_burst(), kn.tetanus("100 Hz", "1 s"), kn.low_frequency("1 Hz", 100)


def test_bursts_take_some_and_a_slow_train_none() -> None:
    """Frick 2004: a signal of a minute stands between, so that calcium of bursts has time to act."""
    assert taken(TETANUS) > taken(BURSTS) > 0.03
    assert 0 <= taken(SLOW) < 0.05 * taken(BURSTS)


def test_a_strong_stimulus_takes_many() -> None:
    """Kim 2007, Frick 2004."""
    assert taken(BURSTS) > 0.3
