"""GluN2A for GluN2B: conservation, the set point and its course, and what CaMKII sends away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

import kinaptic as kn
from kinaptic.errors import SimulationFailed
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.sbml import engine
from kinaptic.sbml.build import baseline
from kinaptic.sbml.simulate import event_times, pauses

HOUR = 3600.0
SPINE: dict[str, str | float] = {
    "Ca": "0.06 uM",
    "PP1": "0.1 uM",
    "PP1_activity": 1,
    "NMDAR_2A_share_now": 0.75,
}
ALONE = kn.Synapse.of(
    *("nmdar_exchange", "cell_activity", "camkii", "calmodulin"), **SPINE, Ca_NMDAR="0 uM", Ca_VGCC="0 uM"
)
SILENCE, BUSY = kn.firing("96 h", 0), kn.firing("96 h", 2.5)
STATES = ("GluN2B", "GluN2B_sites", "GluN2B_out", "GluN2B_call", "Ca_history", "GluN2B_change")
STRONG = kn.edit("Ca", "2 uM", acute=True)


def course(
    hours: Sequence[float],
    protocol: Protocol | None = None,
    *done: kn.Perturbation,
    names: Sequence[str] = STATES,
) -> dict[str, NDArray[np.float64]]:
    """Return variables some hours after the protocol, or the run, began."""
    model = replace(
        ALONE.with_(*done).model(protocol), readouts=tuple(f"[{n}]" if n in _SPECIES else n for n in names)
    )
    times = (LEAD if protocol else 0.0) + HOUR * np.asarray(hours, dtype=float)
    stops = pauses(float(times[-1]), event_times(protocol))
    found = engine.run(model, times, stops, rtol=1e-8, expected=lambda _: {})
    return {name: found[:, i] for i, name in enumerate(names)}


_SPECIES = ("GluN2B", "GluN2B_out")


def test_model_is_clean() -> None:
    assert ALONE.check() == []


def test_at_rest_it_calls_for_what_is_there() -> None:
    rest = baseline(ALONE)[0]
    assert rest["GluN2B_call"] == pytest.approx(1, rel=1e-9)
    assert rest["Ca_history"] == pytest.approx(0.02, rel=1e-9)
    p = ALONE.parameters["value"]
    assert p["Ca_history_half"] == pytest.approx(0.02 / np.sqrt(3.0))
    assert p["GluN2B_reserve"] == pytest.approx(12 * 6.25 / 2.08)
    free, out = (float(each[0]) for each in course([0.0, 1e-3], names=_SPECIES).values())
    assert free * p["GluN2B_leave"] == pytest.approx(out * p["GluN2B_return"], rel=1e-3)


@pytest.mark.parametrize("protocol", [SILENCE, BUSY], ids=["silence", "busy"])
def test_sites_and_reserve_are_conserved(protocol: Protocol) -> None:
    found = course([0.0, 1.0, 12.0, 48.0, 95.0], protocol)
    p = ALONE.parameters["value"]
    total = p["GluN2B_total"] + p["GluN2B_reserve"]
    assert found["GluN2B_sites"] + found["GluN2B_out"] == pytest.approx(total, rel=1e-6)
    assert abs(found["GluN2B_sites"][-1] - found["GluN2B_sites"][0]) > 2


@pytest.mark.parametrize(("protocol", "times"), [(SILENCE, 0.0), (BUSY, 2.5)], ids=["silence", "busy"])
def test_the_set_point_is_the_solution_of_its_equations(protocol: Protocol, times: float) -> None:
    p = ALONE.parameters["value"]
    least, most, half = p["GluN2B_least"], p["GluN2B_most"], p["Ca_history_half"]

    def rates(_: float, y: np.ndarray) -> list[float]:
        history, call = y
        target = least + (most - least) / (1 + (history / half) ** p["GluN2B_steepness"])
        return [
            (p["Ca_habitual"] * times - history) / p["Ca_history_tau"],
            (target - call) / p["GluN2B_call_tau"],
        ]

    hours = [1.0, 5.0, 24.0, 48.0]
    seconds = [HOUR * h for h in hours]
    wanted = solve_ivp(rates, (0, seconds[-1]), [0.02, 1.0], "LSODA", seconds, rtol=1e-10, atol=1e-13).y
    found = course(hours, protocol)
    assert found["Ca_history"] == pytest.approx(wanted[0], rel=1e-5, abs=1e-8)
    assert found["GluN2B_call"] == pytest.approx(wanted[1], rel=1e-6)


def test_deprivation_brings_glun2b_and_activity_takes_it() -> None:
    """Philpot 2001, Quinlan 1999; 1 h of darkness is not felt, 5 h are (Kuo 2009)."""
    dark, busy = course([0.0, 1.0, 5.0, 95.0], SILENCE), course([0.0, 95.0], BUSY)
    sites = dark["GluN2B_sites"] / dark["GluN2B_sites"][0]
    assert sites[1] < 1.1 < sites[2]
    assert 1.6 < sites[3] < 2  # the share of GluN2B from 0.25 to about 0.45
    assert busy["GluN2B_sites"][1] < 0.85 * busy["GluN2B_sites"][0]


def test_calcium_of_the_spine_counts_as_the_cell_s_does() -> None:
    spine = kn.edit("Ca_NMDAR", "0.01 uM", acute=True), kn.edit("Ca_VGCC", "0.02 uM", acute=True)
    local = course([90.0], None, *spine)
    assert local["Ca_history"] == pytest.approx([0.05], rel=1e-6)
    assert local["GluN2B_call"] == pytest.approx(course([90.0], BUSY)["GluN2B_call"], rel=1e-4)


def test_exchange_takes_twenty_minutes() -> None:
    """Gambrill 2011: what has been called comes in by 1/(leave + return)."""
    p = ALONE.parameters["value"]
    tau = 1 / (p["GluN2B_leave"] + p["GluN2B_return"])
    assert 15 * 60 < tau < 25 * 60


def test_casein_kinase_keeps_glun2b_out_where_camkii_is_active() -> None:
    """Sanz-Clemente 2013: at one calcium, more GluN2B in the density where it is blocked."""
    strong, blocked = (course([0.5, 2.0], None, STRONG, *more) for more in ((), (kn.inhibit("CK2", 1.0),)))
    assert np.all(strong["GluN2B_sites"] < blocked["GluN2B_sites"] - 0.1)
    assert np.all(strong["GluN2B_out"] > blocked["GluN2B_out"] + 0.1)
    knocked_out = course([2.0], None, STRONG, kn.knockout("CK2"))["GluN2B_sites"][0]
    assert knocked_out == pytest.approx(blocked["GluN2B_sites"][1], rel=1e-3)
    drive = course([1e-3, 0.5], None, STRONG, kn.inhibit("CaMKII", 1.0), names=("GluN2B_drive",))
    assert drive["GluN2B_drive"] == pytest.approx([0, 0], abs=1e-9)


def test_active_camkii_on_it_sends_it_out() -> None:
    """Sanz-Clemente 2013, Bellone 2007: less GluN2B in the density after it, not three times as much."""
    sites = course([0.0, 0.5, 2.0], None, STRONG)["GluN2B_sites"]
    assert np.all(sites[1:] < sites[0])


def test_without_camkii_there_is_nothing_to_change() -> None:
    alone = kn.Synapse.of(
        *("nmdar_exchange", "calcium"),
        firing=1,
        CaMKII_psd_active="0 uM",
        GluN2B="0 uM",
        GluN2B_sites="12 uM",
    )
    run = kn.simulate(alone, until="1 h", samples=[0.0, HOUR])
    assert run.metaplasticity["GluN2A_GluN2B"].to_numpy() == pytest.approx([3, 3], rel=1e-9)


# ---- In the whole synapse
def ratio(
    *done: kn.Perturbation, protocol: Protocol | None = None, hours: float = 1 / 60
) -> tuple[float, float]:
    """Return GluN2A over GluN2B at first and some hours later."""
    run = kn.simulate(
        kn.Synapse.preset("ca1").with_(*done),
        protocol,
        until=f"{hours} h",
        samples=[0.0, HOUR * hours],
        engine="ensemble",
    )
    first, last = run.metaplasticity["GluN2A_GluN2B"]
    return float(first), float(last)


def test_the_current_follows() -> None:
    first, dark = ratio(protocol=kn.firing("48 h", 0), hours=48)
    assert first == pytest.approx(3, rel=0.1)  # a share of 0.75
    assert dark < 0.6 * first
    assert ratio(protocol=kn.firing("48 h", 2.5), hours=48)[1] > 1.3 * first


def test_there_is_never_less_than_none_of_a_subunit() -> None:
    """Without GluN2A there is none to take the place of GluN2B, and no GluN2A to lose."""
    mutant = kn.edit("NMDAR_2A_share", "0")
    assert min(ratio(mutant, protocol=kn.firing("48 h", 0), hours=48)) >= 0
    assert min(ratio(*kn.condition("juvenile"), protocol=kn.firing("96 h", 0), hours=96)) >= 0


def test_without_anchoring_sites_the_current_stays() -> None:
    """GluN2B that does not bind CaMKII still lets calcium in (Halt 2012)."""
    assert np.isfinite(ratio(kn.knockout("GluN2B_anchoring"))).all()
    assert ratio(kn.knockout("GluN2B_anchoring"))[0] == pytest.approx(3, rel=0.1)
