"""Clones: what is done to them begins where a run had come to, and nothing else is different."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

import libsbml
import numpy as np
import pytest
import roadrunner

import kinaptic as kn
from kinaptic.errors import KinapticError, ModelError, PerturbationError, UnitError, UnknownName
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml import build
from kinaptic.sbml.engine import set_tolerance
from kinaptic.sbml.simulate import clones
from kinaptic.sbml.synapse import Synapse

PAIRING = kn.stdp("10 ms", pairs=5, rate="5 Hz")
MINUTES = 3.0
AFTER = f"{MINUTES:g} min after '{PAIRING}'"
FINE = 1e-8


@pytest.fixture(scope="module")
def ca1() -> Synapse:
    return Synapse.preset("ca1")


@pytest.fixture(scope="module")
def primed(ca1: Synapse) -> kn.Run:
    return kn.simulate(ca1, PAIRING, until="30 s", engine="ensemble", rtol=FINE)


@pytest.fixture(scope="module")
def clone(primed: kn.Run) -> Synapse:
    return primed.clone("3 min")


def calmodulin_and_kinase() -> Synapse:
    """Return a synapse without a weight."""
    return Synapse.of("calmodulin", "camkii", Ca="0.2 uM", PP1="0.1 uM", PP1_activity=1)


def run(synapse: Synapse, protocol: kn.Protocol | None, times: Any, engine: str = "ensemble") -> kn.Run:
    given = [float(t) for t in times]
    return kn.simulate(synapse, protocol, until=f"{given[-1]} s", samples=given, engine=engine, rtol=FINE)


def same(found: kn.Run, wanted: kn.Run) -> None:
    """Compare all traces of two runs, sample by sample: the weight to 1e-8, others to 1e-6 of their peak."""
    assert list(found.traces) == list(wanted.traces)
    assert found.weight.to_numpy() == pytest.approx(wanted.weight.to_numpy(), abs=1e-8)
    scale = np.maximum(wanted.traces.abs().max().to_numpy(), 1e-9)
    assert np.max(np.abs(found.traces.to_numpy() - wanted.traces.to_numpy()) / scale) < 1e-6


@pytest.mark.parametrize("engine", ["ensemble", "roadrunner"])
def test_a_clone_goes_on_as_the_original(ca1: Synapse, engine: str) -> None:
    original = kn.simulate(ca1, PAIRING, until="30 s", engine=engine, rtol=FINE)
    found = original.clone("3 min")
    times = np.array([0.0, 1.0, 100.0, 300.0])
    same(run(found, None, times, engine), run(ca1, PAIRING, original.end + 180 + times, engine))


@pytest.mark.parametrize("engine", ["ensemble", "roadrunner"])
def test_prime_gap_and_test_are_as_clone_and_test(ca1: Synapse, engine: str) -> None:
    """Runs begin with 10 s of rest, so the gap is that much longer."""
    found = kn.simulate(ca1, PAIRING, until="30 s", engine=engine, rtol=FINE).clone("3 min")
    times = np.array([0.0, 10.03, 10.1, 10.5, 11.5, 15.0, 60.0, 200.0])
    whole = PAIRING + kn.gap(f"{60 * MINUTES + LEAD} s") + PAIRING
    tested = run(found, PAIRING, times, engine)
    same(tested, run(ca1, whole, PAIRING.end + 60 * MINUTES + times, engine))
    assert tested.weight.iloc[-1] > tested.weight.iloc[0] + 0.05  # the test does something


def test_weights_stay_relative_to_the_old_baseline(ca1: Synapse, primed: kn.Run, clone: Synapse) -> None:
    begins = run(clone, None, [0.0, 1.0])
    assert begins.weight.iloc[0] == pytest.approx(run(ca1, PAIRING, [primed.end + 180]).weight.iloc[0])
    assert abs(begins.weight.iloc[0] - 1) > 0.05
    wanted = ca1.model().values
    for name in ("weight_post_rest", "release_mean_rest"):
        assert clone.model().values[name] == wanted[name]


def test_a_clone_of_a_clone_goes_on(ca1: Synapse, clone: Synapse) -> None:
    again = run(clone, PAIRING, [10.0, 20.0]).clone("1 min")
    assert again.start is not None
    assert again.start.synapse == clone
    assert build.first(again) == ca1
    whole = PAIRING + kn.gap(f"{60 * MINUTES + LEAD} s") + PAIRING
    times = np.array([0.0, 50.0, 100.0])
    same(run(again, None, times), run(ca1, whole, whole.end + 60 + times))


def test_the_end_of_a_protocol_and_a_run_without_one(ca1: Synapse, primed: kn.Run) -> None:
    at_once = primed.clone("0 s")
    times = np.array([0.0, 5.0, 50.0])
    same(run(at_once, None, times), run(ca1, PAIRING, primed.end + times))
    small = calmodulin_and_kinase()
    rest = kn.simulate(small.with_(kn.edit("Ca", "0.5 uM", acute=True)), until="10 s", engine="ensemble")
    later = rest.clone("6 s")
    assert later.start is not None
    assert later.start.words == "0.1 min after the start in Ca set to 0.5 uM"
    found = kn.simulate(later, until="20 s", samples=[0, 20], engine="ensemble").traces["CaMKII_active"]
    wanted = kn.simulate(rest.synapse, until="26 s", samples=[6, 26], engine="ensemble").traces
    assert found.to_numpy() == pytest.approx(wanted["CaMKII_active"].to_numpy(), rel=1e-5)
    assert found[20.0] > found[0.0] * 2


def test_several_at_once_are_those_one_by_one(primed: kn.Run) -> None:
    both = clones(primed, [0.5, MINUTES])
    for found, alone in zip(both, (primed.clone("30 s"), primed.clone("3 min")), strict=True):
        assert found.start is not None
        assert alone.start is not None
        assert found.start.words == alone.start.words
        assert dict(found.start.state) == pytest.approx(dict(alone.start.state), rel=1e-6, abs=1e-12)
        assert list(dict(found.start.state)) == list(primed.synapse.model().initial)  # no clock, no counters
    assert both[0].start != both[1].start


def test_what_was_washed_in_stays_until_it_is_washed_out(ca1: Synapse) -> None:
    drug, there = kn.inhibit("CaMKII", by=0.5), kn.knockout("PKG")
    blocked = kn.simulate(ca1.with_(there, drug), PAIRING, until="30 s", engine="ensemble").clone("1 min")
    washed = blocked.washed()
    assert blocked.perturbations == (there, drug)
    assert washed.perturbations == (there,)
    assert washed.start == blocked.start
    assert washed.washed() == washed
    # By hand: a synapse without the drug in the state to which the other had come.
    plain = ca1.with_(there).model(PAIRING)
    assert blocked.start is not None
    by_hand = replace(plain, initial={**plain.initial, **dict(blocked.start.state)})
    assert washed.model(PAIRING).digest == by_hand.digest
    times = [0.0, 60.0]
    free, held = run(washed, PAIRING, times).weight, run(blocked, PAIRING, times).weight
    assert free.iloc[0] == pytest.approx(held.iloc[0], abs=1e-9)
    assert free.iloc[1] > held.iloc[1] + 0.02


def test_perturbations_of_a_clone_begin_with_it(ca1: Synapse, clone: Synapse) -> None:
    nearer = clone.with_(kn.edit("distance", "60 um", acute=True), kn.inhibit("PKA", by=0.9))
    assert nearer.model().initial == clone.model().initial
    assert nearer.model().values["distance"] == 60
    assert run(nearer, PAIRING, [0.0, 20.0]).weight[20.0] != run(clone, PAIRING, [0.0, 20.0]).weight[20.0]
    whole = kn.scan(clone, PAIRING, {"distance": ["60 um"]}, until="20 s", rtol=FINE).table
    alone = clone.with_(kn.edit("distance", "60 um", acute=True))
    assert whole["weight"][0] == pytest.approx(run(alone, PAIRING, [0.0, 20.0]).weight[20.0], abs=1e-9)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda c: c.with_(kn.knockout("PKA")), PerturbationError, "do it to the synapse before that run"),
        (lambda c: c.with_(kn.overexpress("CaMKII", 2)), PerturbationError, f"begins {re.escape(AFTER)}"),
        (lambda c: c.with_(kn.edit("distance", "60 um")), PerturbationError, "or give it with acute=True"),
        (lambda c: c.with_(kn.drug("BAPTA", "1 mM")), PerturbationError, "BAPTA 1 mM.* before the baseline"),
        (lambda c: c.with_(kn.edit("PP1_total", "1 uM", acute=True)).model(), PerturbationError, "PP1_total"),
        (lambda c: c.without("bdnf"), ModelError, r"without\('bdnf'\): this synapse begins"),
        (lambda c: c.also("astrocyte"), ModelError, r"also\(…\): this synapse begins"),
    ],
)
def test_what_the_history_would_not_have_is_refused(
    clone: Synapse, change: Callable[[Synapse], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        change(clone)


def test_the_amount_that_the_run_had_is_no_change(clone: Synapse, ca1: Synapse) -> None:
    total = ca1.model().values["PP1_total"]
    assert clone.with_(kn.edit("PP1_total", f"{total!r} uM", acute=True)).model().initial
    table = kn.scan(clone, PAIRING, {"PP1_total": ["1 uM"]}, until="12 s").table
    assert "PP1_total is how much there is at the baseline" in table["status"][0]


@pytest.mark.parametrize(
    ("at", "error", "message"),
    [
        ("-1 min", KinapticError, "give ascending times after the end of the protocol"),
        ("3", UnitError, r"clone\(at\): '3' has no unit"),
        ("3 uM", UnitError, "expected a quantity in s"),
    ],
)
def test_bad_times(primed: kn.Run, at: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        primed.clone(at)
    for minutes in ([], [3, 1], [1, 1]):
        with pytest.raises(KinapticError, match="give ascending times"):
            clones(primed, minutes)


def test_models_of_others_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "small.xml"
    file.write_text(calmodulin_and_kinase().sbml(), encoding="utf-8")
    ran = kn.simulate(kn.Synapse.from_sbml(file), until="1 s", samples=2)
    with pytest.raises(KinapticError, match="is a model of others; its runs begin as its file says"):
        ran.clone("0 s")


def test_it_says_where_it_begins(clone: Synapse) -> None:
    assert str(clone).endswith(f"; from {AFTER} on")
    origin = clone.model(PAIRING).origin
    assert origin is not None
    assert origin.history == (f"begins {AFTER}",)
    assert run(clone, None, [0.0, 1.0]).recipe["synapse"] == str(clone)
    changed = clone.with_(kn.inhibit("PKA", by=0.9))
    assert "PKA" in str(changed)
    assert changed.start == clone.start


def test_the_file_is_the_clone(clone: Synapse, tmp_path: Path) -> None:
    clone.export(tmp_path / "clone.xml", PAIRING)
    text = (tmp_path / "clone.xml").read_text(encoding="utf-8")
    assert f"<step>begins {AFTER}</step>" in unescape(text, {"&apos;": "'"})
    parsed = libsbml.readSBMLFromString(text)
    model = parsed.getModel()
    assert clone.start is not None
    for name, value in clone.start.state:
        species, variable = model.getSpecies(name), model.getParameter(name)
        written = variable.getValue() if species is None else species.getInitialConcentration()
        assert written == pytest.approx(value, rel=1e-12, abs=1e-300), name
    runner = roadrunner.RoadRunner(text)
    set_tolerance(runner, FINE)
    runner.timeCourseSelections = ["weight", "CaMKII_active"]
    times = [0.0, 5.0, 12.0, 60.0]
    values = np.array(runner.simulate(times=times))
    wanted = run(clone, PAIRING, times)
    assert values[:, 0] == pytest.approx(wanted.weight.to_numpy(), abs=1e-7)
    assert values[:, 1] == pytest.approx(wanted.traces["CaMKII_active"].to_numpy(), rel=1e-5)


def test_a_store_tells_clones_from_originals(ca1: Synapse, primed: kn.Run, tmp_path: Path) -> None:
    options: dict[str, Any] = {"until": "20 s", "rtol": FINE, "progress": False}
    over = {"delay": ["-10 ms", "10 ms"]}
    synapses = [ca1, *clones(primed, [1.0, MINUTES])]
    alone = [kn.scan(each, PAIRING, over, **options).table["weight"].to_numpy() for each in synapses]
    for _ in range(2):  # the second time all of it comes from the store
        kept = [
            kn.scan(each, PAIRING, over, store=tmp_path, **options).table["weight"].to_numpy()
            for each in synapses
        ]
        assert np.array(kept) == pytest.approx(np.array(alone), abs=1e-12)
    assert len(np.unique(np.array(alone).round(6))) == 6


def test_parts_are_put_back_to_rest(ca1: Synapse, clone: Synapse) -> None:
    start = clone.start
    assert start is not None
    rest = ca1.model().initial
    back = start.back(["CaMKII", "NO_mark"])
    found, before = dict(back.state), dict(start.state)
    assert before["NO_mark"] != rest["NO_mark"]
    assert {name for name in found if found[name] != before[name]} == {"CaMKII", "NO_mark"}
    assert found["CaMKII"] == rest["CaMKII"]
    assert found["NO_mark"] == rest["NO_mark"]
    assert back.words == f"{AFTER}; CaMKII, NO_mark as at rest"
    assert list(found) == list(before)
    with pytest.raises(UnknownName, match="unknown state 'CaMKI'"):
        start.back(["CaMKI"])


def test_the_very_beginning_of_a_run_without_a_protocol(ca1: Synapse) -> None:
    run_ = kn.simulate(ca1, until="10 s", engine="ensemble")
    assert run_.clone("0 s").start is not None
    assert dict(run_.clone("0 s").start.state)["PKAc"] == ca1.model().initial["PKAc"]  # type: ignore[union-attr]
