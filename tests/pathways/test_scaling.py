"""Homeostatic scaling: its set point, its course against the solution of its equations, its sign."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import kinaptic as kn
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml.build import baseline

HOUR = 3600.0
CELL = kn.Synapse.of("cell_activity", "scaling")
HOURS = (4.0, 12.0, 24.0, 48.0)


@functools.cache
def course(times: float, *done: kn.Perturbation) -> tuple[float, ...]:
    """Return scaling after some hours of changed firing, and the rest of `HOURS`."""
    run = kn.simulate(
        CELL.with_(*done),
        kn.firing("49 h", times),
        until="49 h",
        samples=[0.0, *(LEAD + HOUR * h for h in HOURS)],
        engine="ensemble",
        rtol=1e-8,
    )
    return tuple(run.metaplasticity["scaling"])[1:]


def solved(times: float, activity: float = 1.0, lead: float = 0.0) -> list[float]:
    """Return the same by scipy, from the numbers of the yaml; `lead` is what went before (s)."""
    p = CELL.parameters["value"]

    def active(calcium: float) -> float:
        n = p["CaMKIV_steepness"]
        return float(calcium**n / (calcium**n + p["CaMKIV_half"] ** n))

    rest = active(p["soma_Ca_spike"] * p["habitual_rate"] * p["soma_Ca_tau"])
    h, most, least = p["scaling_steepness"], p["scaling_most"], p["scaling_least"]
    half = rest * ((1 - least) / (most - 1)) ** (1 / h)

    def rates(_: float, y: np.ndarray) -> list[float]:
        calcium, kinase, transcript, scaling = y
        target = most - (most - least) * transcript**h / (transcript**h + half**h)
        return [
            p["soma_Ca_spike"] * p["habitual_rate"] * times - calcium / p["soma_Ca_tau"],
            (activity * active(calcium) - kinase) / p["CaMKIV_tau"],
            (kinase - transcript) / p["transcript_tau"],
            (target - scaling) / p["scaling_tau"],
        ]

    start = [0.1, rest, rest, 1.0]
    seconds = [lead + HOUR * t for t in HOURS]
    found = solve_ivp(rates, (0, seconds[-1]), start, "LSODA", seconds, rtol=1e-10, atol=1e-13)
    return [float(each) for each in found.y[3]]


def test_model_is_clean() -> None:
    assert CELL.check() == []


@pytest.mark.parametrize("rate", ["0.3 1/s", "1 1/s", "3 1/s"])
def test_habitual_activity_leaves_receptors_as_they_are(rate: str) -> None:
    cell = kn.Synapse.of("cell_activity", "scaling", habitual_rate=rate)
    calcium = 0.1 * float(rate.split()[0])
    active = calcium**4 / (calcium**4 + 0.1**4)
    rest = baseline(cell)[0]
    assert rest["CaMKIV"] == pytest.approx(active, rel=1e-6)
    assert rest["transcript"] == pytest.approx(active, rel=1e-6)
    assert rest["scaling_change"] == pytest.approx(0, abs=1e-6)
    p = cell.parameters["value"]
    assert p["soma_Ca_habitual"] == pytest.approx(calcium)
    assert p["CaMKIV_habitual"] == pytest.approx(active)
    assert p["transcript_half"] == pytest.approx(active * math.sqrt(0.4 / 1.1))


def test_without_the_cell_it_rests_at_the_neutral_calcium() -> None:
    assert baseline(kn.Synapse.of("scaling", soma_Ca="0.1 uM"))[0]["scaling_change"] == pytest.approx(
        0, abs=1e-9
    )


@pytest.mark.parametrize("times", [0.0, 0.5, 2.5])
def test_it_is_the_solution_of_its_equations(times: float) -> None:
    assert course(times) == pytest.approx(solved(times), rel=2e-6)


def test_silence_scales_up_over_two_days_and_raised_firing_down() -> None:
    silent, raised = course(0.0), course(2.5)
    assert 1.02 < silent[0] < 1.3  # 4 h: Ibata 2008
    assert 0.55 < (silent[2] - 1) / (silent[3] - 1) < 0.85  # progressive over two days: Wierenga 2005
    assert 1.5 < silent[3] < 2.3  # Turrigiano 1998
    assert 0.6 < raised[3] < 0.8
    assert list(silent) == sorted(silent)
    assert list(raised) == sorted(raised, reverse=True)


def test_blocked_camkiv_reads_as_silence() -> None:
    """Joseph & Turrigiano 2017: less CaMKIV scales up, more of it down, whatever the cell fires."""
    blocked = kn.inhibit("CaMKIV", 1.0)
    assert course(1.0, blocked) == pytest.approx(solved(1.0, activity=0.0, lead=LEAD), rel=2e-6)
    assert course(1.0, blocked)[2] > 1.5
    assert course(2.5, blocked) == pytest.approx(course(0.0, blocked), rel=1e-6)  # deaf to firing
    assert course(1.0, kn.inhibit("CaMKIV", 0.5))[2] < course(1.0, blocked)[2]
    assert course(1.0, kn.edit("CaMKIV_activity", "1.5", acute=True))[2] < 0.9


def test_a_cell_without_camkiv_is_one_whose_camkiv_does_nothing() -> None:
    """Before the baseline, so that receptors have scaled up for good, and no firing changes them."""
    mutant, idle = CELL.with_(kn.knockout("CaMKIV")), kn.Synapse.of(*CELL.pathways, CaMKIV_activity=0)
    rest = baseline(mutant)[0]
    assert rest == pytest.approx(baseline(idle)[0], rel=1e-12, abs=1e-15)
    assert (rest["CaMKIV"], rest["transcript"]) == pytest.approx((0, 0), abs=1e-12)
    assert rest["scaling_change"] == pytest.approx(CELL.parameters["value"]["scaling_most"] - 1, rel=1e-6)
    for times in (0.0, 2.5):
        found, wanted = (
            kn.simulate(
                s, kn.firing("24 h", times), until="24 h", samples=5, engine="ensemble"
            ).metaplasticity
            for s in (mutant, idle)
        )
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        assert np.ptp(found["scaling"]) < 1e-6


def test_it_multiplies_ampa_and_nmda_receptors_alike() -> None:
    """Watt 2000: as if every receptor of the spine had twice the conductance."""
    kinases = {"CaMKII_active": "0 uM", "CaMKII_psd_active": "0 uM", "PKA_active": "0 uM"}
    others = {"CaN_active": "0 uM", "PP1_active": "0 uM", "slot_hold": "0 1/s", "slot_release": "0 1/s"}
    members = ("calcium", "ampar", "cell_activity", "scaling")
    scaled = kn.Synapse.of(*members, **kinases, **others).with_(kn.clamp("scaling", "2"))
    twice = {"AMPAR_conductance": "2 nS", "NMDAR_conductance": "3.8 nS"}
    plain = kn.Synapse.of(*members, **kinases, **others, **twice)
    one, other = (
        kn.simulate(s, kn.spikes(pre=[0]), until="11 s", engine="ensemble", rtol=1e-8).traces
        for s in (scaled, plain)
    )
    assert one["Ca_NMDAR"].max() > 0.1
    np.testing.assert_allclose(one["Ca_NMDAR"], other["Ca_NMDAR"], rtol=1e-4, atol=1e-7)


def test_the_whole_synapse_scales_after_its_soma_and_releases_as_before() -> None:
    run = kn.simulate(
        kn.Synapse.preset("ca1"),
        kn.firing("49 h", 0),
        until="49 h",
        samples=[0.0, LEAD + 48 * HOUR],
        engine="ensemble",
    )
    weights, scaling = run.weights, run.metaplasticity["scaling"]
    assert scaling.iloc[1] == pytest.approx(course(0.0)[3], rel=1e-5)
    assert weights["W_post"].iloc[1] == pytest.approx(scaling.iloc[1], rel=0.05)
    for name in ("PPR", "inv_cv2", "W_pre"):
        assert weights[name].iloc[1] == pytest.approx(weights[name].iloc[0], rel=1e-3)
