"""Which state remembers: parts of a primed synapse put back to rest one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis import ablation
from kinaptic.analysis.ablation import ablate, states
from kinaptic.errors import KinapticError, UnknownName
from kinaptic.sbml import engine
from kinaptic.sbml.simulate import expected_counters

PRIME = kn.tetanus("30 Hz", "0.2 s", trains=20, interval="5 s")
TEST = kn.low_frequency("20 Hz", 90)
END = TEST.end + 1800


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def primed(ca1: kn.Synapse) -> kn.Run:
    return kn.simulate(ca1, PRIME, until="3 min", engine="ensemble")


@pytest.fixture(scope="module")
def clone(primed: kn.Run) -> kn.Synapse:
    return primed.clone("20 min")


@pytest.fixture(scope="module")
def table(primed: kn.Run) -> pd.DataFrame:
    return primed.ablate("20 min", TEST, progress=False)


def weight(synapse: kn.Synapse, protocol: kn.Protocol | None = TEST) -> float:
    """Return the weight half an hour after the test."""
    run = kn.simulate(synapse, protocol, until=f"{END!r} s", samples=[0.0, END], engine="ensemble")
    return float(run.weight.iloc[-1])


def after(table: pd.DataFrame, part: str) -> float:
    (found,) = table.loc[table["part"] == part, "weight"]
    return float(found)


def test_weights_are_those_of_runs_against_controls(
    ca1: kn.Synapse, clone: kn.Synapse, table: pd.DataFrame
) -> None:
    assert after(table, "as it is") == pytest.approx(weight(clone) / weight(clone, None), rel=1e-6)
    assert after(table, "naive") == pytest.approx(weight(ca1) / weight(ca1, None), rel=1e-6)
    assert after(table, "naive") > after(table, "as it is") + 0.05  # what there is to explain


def test_a_part_put_back_is_the_baseline_there_and_the_clone_elsewhere(
    ca1: kn.Synapse, clone: kn.Synapse, table: pd.DataFrame
) -> None:
    """By hand, by roadrunner: initial values of receptors from a synapse at rest, all else from the clone."""
    rest, final = ca1.model().initial, []
    receptors = [name for name in rest if name.startswith(("GluA1_", "GluA2_", "slot", "pslot"))]
    assert len(receptors) == 22
    for protocol in (TEST, None):
        model = clone.model(protocol)
        mixed = replace(model, initial={**model.initial, **{name: rest[name] for name in receptors}})
        expected = expected_counters(clone, protocol, END)
        values = engine.run(mixed, [0.0, END], [], rtol=1e-7, expected=expected)
        final.append(values[-1, model.readouts.index("weight")])
    assert after(table, "ampar") == pytest.approx(final[0] / final[1], rel=2e-6)
    assert after(table, "ampar") > after(table, "as it is") + 0.02


def test_the_table_is_in_order(clone: kn.Synapse, table: pd.DataFrame) -> None:
    assert list(table) == ["part", "weight", "effect", "status"]
    assert set(table["status"]) == {"ok"}
    assert table["part"].iloc[0] == "as it is"
    assert table["part"].iloc[-1] == "naive"
    assert sorted(table["part"][1:-1]) == sorted(part for part in clone.pathways if states(clone, part))
    effects = table["effect"].to_numpy()
    assert effects == pytest.approx(table["weight"].to_numpy() - table["weight"][0], abs=1e-15)
    assert (np.diff(np.abs(effects[1:-1])) <= 0).all()
    assert table.index.tolist() == list(range(len(table)))
    assert np.isfinite(table["weight"]).all()


def test_some_parts_only(primed: kn.Run, table: pd.DataFrame) -> None:
    for parts in (["bouton", "ampar"], ("ampar", "bouton")):
        some = ablate(primed, "20 min", TEST, parts, progress=False)
        assert some["part"].tolist() == ["as it is", "ampar", "bouton", "naive"]
        for part in some["part"]:
            assert after(some, part) == pytest.approx(after(table, part), rel=1e-6)


def test_a_part_is_what_its_pathway_declares(clone: kn.Synapse) -> None:
    of = {part: states(clone, part) for part in clone.pathways}
    assert set(of["excitability"]) == {"Kv42", "Kv42_signal"}
    assert set(of["consolidation"]) == {"PRP", "late_kinase", "late_phosphatase", "LTP_tag", "LTD_tag"}
    assert {"NO_mark", "sGC", "cGMP"} <= set(of["nitric_oxide"])
    assert "BDNF" not in of["nitric_oxide"]
    assert {"GluN2B", "GluN2B_out"} <= set(of["nmdar_exchange"])  # it moves what camkii declares
    assert clone.start is not None
    assert set().union(*of.values()) == set(dict(clone.start.state))  # every state belongs to some part


def test_single_states(primed: kn.Run, clone: kn.Synapse) -> None:
    assert states(clone, "NO_mark") == ("NO_mark",)
    table = primed.ablate("20 min", TEST, ["NO_mark", "excitability"], progress=False)
    assert set(table["part"]) == {"as it is", "naive", "NO_mark", "excitability"}
    assert clone.start is not None
    by_hand = replace(clone, start=clone.start.back(["NO_mark"]))
    assert after(table, "NO_mark") == pytest.approx(weight(by_hand) / weight(by_hand, None), rel=1e-6)
    assert after(table, "NO_mark") > after(table, "as it is") + 0.005


def test_each_is_compared_with_itself_left_alone(clone: kn.Synapse, ca1: kn.Synapse) -> None:
    found = ablation.tested([clone, ca1], TEST, progress=False)
    wanted = [weight(each) / weight(each, None) for each in (clone, ca1)]
    assert found["weight"].tolist() == pytest.approx(wanted, rel=1e-6)
    assert abs(weight(clone, None) - 1) > 0.01  # so a bare weight would mislead


def test_naive_is_the_same_synapse_without_its_history(ca1: kn.Synapse, clone: kn.Synapse) -> None:
    drug = kn.inhibit("CaMKII", by=0.9)
    run = kn.simulate(clone.with_(drug), None, until="1 min", engine="ensemble")
    found = run.ablate("1 min", TEST, ["ampar"], progress=False)
    naive = ca1.with_(drug)
    assert after(found, "naive") == pytest.approx(weight(naive) / weight(naive, None), rel=1e-6)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["boutons"], "unknown pathway or state of this synapse 'boutons': did you mean bouton"),
        (["ampar", "buffer"], "unknown pathway or state of this synapse 'buffer'"),
        (["NO_marks"], "unknown pathway or state of this synapse 'NO_marks': did you mean NO_mark"),
    ],
)
def test_unknown_parts(primed: kn.Run, parts: list[str], message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        primed.ablate("20 min", TEST, parts)


def test_a_part_without_states_is_refused(monkeypatch: pytest.MonkeyPatch, primed: kn.Run) -> None:
    def none(synapse: kn.Synapse, part: str) -> tuple[str, ...]:
        return () if part == "pka" else states(synapse, part)

    monkeypatch.setattr(ablation, "states", none)
    with pytest.raises(UnknownName, match="unknown part with states 'pka'"):
        primed.ablate("20 min", TEST, ["ampar", "pka"])


def test_a_synapse_at_rest_has_nothing_to_put_back(ca1: kn.Synapse, primed: kn.Run) -> None:
    with pytest.raises(KinapticError, match="this synapse has no history; ablate a clone of a run"):
        states(ca1, "ampar")
    options: dict[str, Any] = {"parts": ["ampar"]}
    with pytest.raises(KinapticError, match="give ascending times after the end of the protocol"):
        primed.ablate("-1 min", TEST, **options)
