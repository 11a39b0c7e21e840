"""GluN2A for GluN2B: conservation, the set point and its course, and what CaMKII sends away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson, solve_ivp

import kinaptic as kn
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.sbml import engine
from kinaptic.sbml.build import baseline
from kinaptic.sbml.simulate import event_times, pauses

HOUR = 3600.0
SPINE: dict[str, str | float] = {
    "Ca": "0.06 uM",
    "PP1": "0.1 uM",
    "PP1_activity": 1,
}
ALONE = kn.Synapse.of(
    *("nmdar_exchange", "cell_activity", "camkii", "calmodulin"), **SPINE, Ca_NMDAR="0 uM", Ca_VGCC="0 uM"
)
BOUND = [f"GluN2B_{kinase}" for kinase in ("CaMKII", "CaMKII_C2N2", "pCaMKII", "pCaMKII_C2N2", "pCaMKII_PP1")]
SILENCE, BUSY = kn.firing("96 h", 0), kn.firing("96 h", 2.5)
STATES = ("GluN2B", "GluN2B_sites", "GluN2B_out", "GluN2B_call", "Ca_history", "GluN2B_change")
STRONG = kn.edit("Ca", "2 uM", acute=True)
SPECIES = [name for name in ALONE.model(None).initial if re.search("GluN2B(?!_call)|CaM", name)]


def course(
    hours: Sequence[float],
    protocol: Protocol | None = None,
    *done: kn.Perturbation,
    names: Sequence[str] = STATES,
) -> dict[str, NDArray[np.float64]]:
    """Return variables some hours after the protocol, or the run, began."""
    made = ALONE.with_(*done).model(protocol)
    model = replace(made, readouts=tuple(f"[{n}]" if n in SPECIES else n for n in names))
    times = (LEAD if protocol else 0.0) + HOUR * np.asarray(hours, dtype=float)
    stops = pauses(float(times[-1]), event_times(protocol))
    found = engine.run(model, times, stops, rtol=1e-8, expected=lambda _: {})
    return {name: found[:, i] for i, name in enumerate(names)}


def test_model_is_clean() -> None:
    assert ALONE.check() == []


def test_at_rest_it_calls_for_what_is_there() -> None:
    rest = baseline(ALONE)[0]
    assert rest["GluN2B_call"] == pytest.approx(1, rel=1e-9)
    assert rest["Ca_history"] == pytest.approx(0.02, rel=1e-9)
    p = ALONE.parameters["value"]
    assert p["Ca_history_half"] == pytest.approx(0.02 / np.sqrt(3.0))
    assert p["GluN2B_outside"] == pytest.approx(3 * 12)
    assert p["GluN2B_leave"] == pytest.approx(3 * p["GluN2B_return"])
    assert rest["GluN2B_out"] == pytest.approx(p["GluN2B_outside"], rel=1e-4)
    sites = sum(rest[name] for name in BOUND) + rest["GluN2B"]
    assert sites == pytest.approx(p["GluN2B_total"], rel=1e-4)
    assert sum(rest[name] for name in BOUND) > 0.5  # some hold kinase, and leave as the others do


@pytest.mark.parametrize("share", [0.5, 3.0, 8.0])
def test_all_places_are_in_the_density_at_rest_however_many_are_outside(share: float) -> None:
    exchange = kn.Synapse.of(
        *ALONE.pathways, **SPINE, Ca_NMDAR="0 uM", Ca_VGCC="0 uM", GluN2B_share_outside=share
    )
    rest = baseline(exchange)[0]
    assert sum(rest[name] for name in BOUND) + rest["GluN2B"] == pytest.approx(12, rel=1e-4)
    assert rest["GluN2B_out"] == pytest.approx(12 * share, rel=1e-4)


@pytest.mark.parametrize("protocol", [SILENCE, BUSY], ids=["silence", "busy"])
def test_sites_and_reserve_are_conserved(protocol: Protocol) -> None:
    found = course([0.0, 1.0, 12.0, 48.0, 95.0], protocol)
    p = ALONE.parameters["value"]
    total = p["GluN2B_total"] + p["GluN2B_outside"]
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
    assert np.all(sites[1:] < 0.9 * sites[0])
    assert sites[2] < 0.8 * sites[0]


LONG = np.concatenate([[0.0], np.geomspace(1e-6, 2, 400)])  # h


@pytest.mark.parametrize("done", [(), (STRONG,)], ids=["rest", "strong"])
def test_receptors_leave_with_kinase_or_without(done: tuple[kn.Perturbation, ...]) -> None:
    """All but those where PP1 is at work; what has gone is the integral of the two ways."""
    names = (*STATES, "GluN2B_pCaMKII_PP1", "GluN2B_leaving", "GluN2B_coming", "GluN2B_drive")
    found = course(LONG.tolist(), BUSY, *done, names=names)  # less is called back
    p = ALONE.parameters["value"]
    assert found["GluN2B_leaving"] == pytest.approx(
        p["GluN2B_leave"] + p["GluN2B_CK2"] * found["GluN2B_drive"]
    )
    assert found["GluN2B_coming"] == pytest.approx(p["GluN2B_return"] * found["GluN2B_call"])
    goes = found["GluN2B_leaving"] * (found["GluN2B_sites"] - found["GluN2B_pCaMKII_PP1"])
    net = goes - found["GluN2B_coming"] * found["GluN2B_out"]
    gone = found["GluN2B_out"] - found["GluN2B_out"][0]
    assert gone == pytest.approx(cumulative_simpson(net, x=HOUR * LONG, initial=0), abs=3e-4)
    assert gone[-1] > (2 if done else 0.2)
    if done:
        assert found["GluN2B"][-1] < 0.1 * found["GluN2B_sites"][-1]  # nearly all with kinase


def test_kinase_and_calmodulin_of_those_that_leave_go_back_to_the_spine() -> None:
    """Amounts: the density has a volume of its own."""
    found = course([0.0, 0.1, 0.5, 2.0], None, STRONG, names=SPECIES)
    p = ALONE.parameters["value"]
    volume = {name: p["psd" if name.startswith("GluN2B") else "spine"] for name in SPECIES}
    for part, total in (("CaMKII", p["CaMKII_total"]), (r"CaM(_|$)|C\dN\d", p["CaM_total"])):
        of_it = [name for name in SPECIES if re.search(part, name)]
        amount = sum(volume[name] * found[name] for name in of_it)
        assert amount == pytest.approx(np.full(4, p["spine"] * total), rel=1e-6)
    bound = np.sum([found[name] for name in BOUND], axis=0)
    assert bound[-1] < bound[1] - 1


@pytest.mark.parametrize(
    ("share", "sites", "wanted"),
    [(0.75, 12.0, 3.0), (0.75, 6.0, 6.0), (0.75, 48.0, 0.75), (0.5, 6.0, 2.0), (0.0, 6.0, 0.0)],
)
def test_without_camkii_the_ratio_is_that_of_the_places(share: float, sites: float, wanted: float) -> None:
    """GluN2A stays as it is, and GluN2B goes with its places: the share is never beyond 0 and 1."""
    alone = kn.Synapse.of(
        *("nmdar_exchange", "calcium"),
        firing=1,
        CaMKII_psd_active="0 uM",
        GluN2B_sites=f"{sites} uM",
        NMDAR_2A_share=share,
    )
    run = kn.simulate(alone, until="1 h", samples=[0.0, HOUR])
    assert run.metaplasticity["GluN2A_GluN2B"].to_numpy() == pytest.approx([wanted] * 2, rel=1e-6)


def test_a_synapse_without_camkii_keeps_its_subunits() -> None:
    assert ratio(kn.knockout("camkii"), hours=1) == pytest.approx((3, 3), rel=1e-6)


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
    assert ratio(mutant, protocol=kn.firing("48 h", 0), hours=48) == (0, 0)
    young, dark = ratio(*kn.condition("juvenile"), protocol=kn.firing("96 h", 0), hours=96)
    assert 0.3 * young < dark < 0.7 * young


def test_receptors_without_glun2b_can_be_simulated() -> None:
    """The range of NMDAR_2A_share goes to 1."""
    assert ratio(kn.edit("NMDAR_2A_share", "1"))[0] > 100


def test_without_anchoring_sites_the_current_stays() -> None:
    """GluN2B that does not bind CaMKII still lets calcium in (Halt 2012)."""
    assert ratio(kn.knockout("GluN2B_anchoring")) == pytest.approx((3, 3), rel=0.01)
