"""PP1 and its inhibitors: held at rest by PKA, let go by calcineurin, taken back over minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.perturbation import clamp, inhibit, knockout
from kinaptic.sbml import document, engine
from kinaptic.sbml.build import baseline
from kinaptic.sbml.synapse import Synapse

# PKA and calcineurin of the composed spine at rest.
REST = {"PKA_active": "0.037 uM", "CaN_active": "0.01 uM"}
GATES = ("pp1", "darpp32")


def course(synapse: Synapse, steps: Sequence[tuple[float, Mapping[str, float]]]) -> np.ndarray:
    """Return free PP1 ten times a second while inputs are stepped: (seconds, inputs) each."""
    model = synapse.model()
    runner = engine.prepare(model.structure, model.values)
    engine.set_tolerance(runner, 1e-8)
    engine.set_state(runner, model.initial)
    runner.timeCourseSelections = ["time", "[PP1]"]
    start, blocks = 0.0, []
    for seconds, inputs in steps:
        for name, value in inputs.items():
            runner.setValue(name, value)
        block = np.array(runner.simulate(start, start + seconds, round(10 * seconds) + 1))
        blocks.append(block[:-1])
        start += seconds
    return np.vstack(blocks)[:, 1]


def free_fraction(synapse: Synapse) -> float:
    return baseline(synapse)[0]["PP1"] / synapse.values(acute=True)["PP1_total"]


@pytest.mark.parametrize(("gate", "least", "most"), [("pp1", 0.01, 0.03), ("darpp32", 0.15, 0.55)])
def test_half_of_pp1_or_more_is_held_at_rest(gate: str, least: float, most: float) -> None:
    assert least < free_fraction(Synapse.of(gate, **REST)) < most


@pytest.mark.parametrize("gate", GATES)
def test_without_pka_pp1_is_free(gate: str) -> None:
    alone = {"I1_other": "0 1/s"} if gate == "pp1" else {}
    assert free_fraction(Synapse.of(gate, **REST | alone | {"PKA_active": "0 uM"})) > 0.99


def test_other_kinases_can_hold_pp1_when_pka_is_blocked() -> None:
    alone = REST | {"PKA_active": "0 uM"}
    with_others, without = (
        free_fraction(Synapse.of("pp1", **alone, I1_other=rate)) for rate in ("0.01 1/s", "0 1/s")
    )
    assert with_others < 0.2
    assert without > 0.99


@pytest.mark.parametrize(("gate", "least", "most"), [("pp1", 30, 60), ("darpp32", 2, 4.5)])
def test_calcineurin_releases_pp1_and_pka_takes_it_back(gate: str, least: float, most: float) -> None:
    free = course(Synapse.of(gate, **REST), [(60.0, {"CaN_active": 1.0}), (600.0, {"CaN_active": 0.01})])
    at = {seconds: free[10 * seconds] for seconds in (0, 20, 59, 90, 600)}
    assert at[20] > 1.9 * at[0]
    assert least * at[0] < at[59] < most * at[0]
    assert at[90] > 1.2 * at[0]  # half a minute later it is still out
    assert at[600] == pytest.approx(at[0], rel=0.05)


def test_inhibitor_1_follows_calcineurin_within_seconds() -> None:
    free = course(Synapse.of("pp1", **REST), [(10.0, {"CaN_active": 1.0})])
    assert free[50] > 1.8 * free[0]


@pytest.mark.parametrize("gate", GATES)
def test_block_of_pka_releases_pp1_over_minutes(gate: str) -> None:
    free = course(Synapse.of(gate, **REST), [(600.0, {"PKA_active": 0.0})])
    assert free[50] < 1.5 * free[0]
    assert free[-1] > 1.7 * free[0]


@pytest.mark.parametrize("gate", GATES)
def test_more_pka_holds_more_pp1(gate: str) -> None:
    inputs = [REST | {"PKA_active": f"{c} uM"} for c in (0.01, 0.05, 0.2)]
    fractions = [free_fraction(Synapse.of(gate, **each)) for each in inputs]
    assert fractions == sorted(fractions, reverse=True)
    assert fractions[-1] < 0.25


@pytest.mark.parametrize("gate", GATES)
def test_pka_and_calcineurin_meet_at_the_gate(gate: str) -> None:
    """The composed gate: pka gives PKA_active, and its block (H-89) reaches PP1."""
    synapse = Synapse.of("pka", gate, Ca="0.06 uM", CaM_C2N2="1e-6 uM", CaN_active="0.01 uM")
    untreated = course(synapse, [(300.0, {})])
    blocked = course(synapse.with_(inhibit("PKA", by=1.0)), [(300.0, {})])
    assert untreated.max() == pytest.approx(untreated[0], rel=1e-5)
    assert blocked[-1] > 1.5 * untreated[-1]


@pytest.mark.parametrize("gate", GATES)
def test_okadaic_acid_leaves_binding(gate: str) -> None:
    synapse = Synapse.of(gate, **REST)
    model = synapse.with_(inhibit("PP1", by=0.9)).model()
    runner = engine.prepare(model.structure, model.values)
    engine.set_state(runner, model.initial)
    assert runner.getValue("PP1_active") == pytest.approx(0.1 * baseline(synapse)[0]["PP1"])


@pytest.mark.parametrize("gate", GATES)
def test_every_enzyme_can_be_knocked_out(gate: str) -> None:
    for enzyme in pathway(gate).enzymes:
        rest = baseline(Synapse.of(gate, **REST).with_(knockout(enzyme)))[0]
        assert all(np.isfinite(v) and v > -1e-9 for v in rest.values())
    assert baseline(Synapse.of(gate, **REST).with_(knockout("PP1")))[0]["PP1"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("gate", "held", "inhibitor"),
    [("pp1", "I1p_PP1", ("I1", "I1p")), ("darpp32", "D32p_PP1", ("D32", "D32p"))],
)
def test_moieties_are_conserved(gate: str, held: str, inhibitor: tuple[str, str]) -> None:
    synapse = Synapse.of(gate, **REST)
    rest, numbers = baseline(synapse)[0], synapse.values(acute=True)
    assert rest["PP1"] + rest[held] == pytest.approx(numbers["PP1_total"], rel=1e-6)
    total = rest[held] + sum(rest[s] for s in inhibitor)
    assert total == pytest.approx(numbers[f"{inhibitor[0]}_total"], rel=1e-6)


def test_i1p_binds_pp1_with_its_affinity() -> None:
    """Phosphatases off, the titration gives back the dissociation constant of 10 nM."""
    rest = baseline(Synapse.of("pp1", **REST))[0]
    assert rest["I1p"] * rest["PP1"] / rest["I1p_PP1"] == pytest.approx(0.01, rel=0.03)


@pytest.mark.parametrize("gate", GATES)
def test_free_pp1_can_be_clamped(gate: str) -> None:
    clamped = Synapse.of(gate, **REST).with_(clamp("PP1", "0.5 uM"))
    assert baseline(clamped)[0].get("PP1", 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("gate", GATES)
def test_model_is_clean(gate: str) -> None:
    assert document.problems(Synapse.of(gate, **REST).sbml()) == []
