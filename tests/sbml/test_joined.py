"""Several models in one document: each with its prefix, bound by rules, and otherwise as it is alone."""

from __future__ import annotations

import re

import libsbml
import numpy as np
import pytest
import roadrunner

import kinaptic as kn
from kinaptic.errors import ModelError
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml import document
from kinaptic.sbml.engine import set_tolerance
from kinaptic.sbml.joined import LISTS, joined

SPIKES = kn.tetanus("50 Hz", "0.2 s")
TIMES = [0.0, 5.0, 9.9, 10.1, 10.3, 12.0, 30.0]
SMALL = kn.Synapse.of("calmodulin", "camkii", Ca="1 uM", PP1="0.1 uM", PP1_activity=1)


@pytest.fixture(scope="module")
def models() -> dict[str, str]:
    """Two that differ in pathways, numbers and protocols: spikes here, nothing there."""
    synapse = kn.Synapse.of("calcium", "calmodulin", "nitric_oxide", "bdnf", "bouton")
    other = kn.Synapse.of("calcium", "bdnf", "bouton", distance="150 um")
    return {"a_": synapse.sbml(SPIKES), "b_": other.sbml(kn.stdp("10 ms", 2, rate="5 Hz"))}


@pytest.fixture(scope="module")
def apart(models: dict[str, str]) -> str:
    return joined(models, {}, {}, "two of them")


def run(text: str, selections: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    runner = roadrunner.RoadRunner(text)
    set_tolerance(runner, 1e-8)
    runner.timeCourseSelections = selections
    return np.array(runner.simulate(times=TIMES))


def ids(text: str) -> set[str]:
    """Return the ids of a document, but for those of units and of the model itself."""
    parsed = document.read(text)  # libSBML frees what belongs to a document that nobody holds
    elements = parsed.getModel().getListOfAllElements()
    found = [elements.get(i) for i in range(elements.getSize())]
    return {
        each.getId()
        for each in found
        if each.isSetIdAttribute() and each.getTypeCode() != libsbml.SBML_UNIT_DEFINITION
    }


def units(text: str) -> list[str]:
    parsed = document.read(text)
    model = parsed.getModel()
    return [model.getUnitDefinition(i).getId() for i in range(model.getNumUnitDefinitions())]


def sizes(text: str) -> dict[str, int]:
    parsed = document.read(text)
    return {each: getattr(parsed.getModel(), f"getListOf{each}")().size() for each in LISTS}


def test_every_id_is_there_with_its_prefix(models: dict[str, str], apart: str) -> None:
    assert ids(apart) == {prefix + each for prefix, text in models.items() for each in ids(text)}
    first, second = (sizes(text) for text in models.values())
    assert sizes(apart) == {each: first[each] + second[each] for each in LISTS}
    assert all(first[each] for each in LISTS if each != "InitialAssignments")
    assert document.read(apart).getModel().getName() == "two of them"


def test_units_are_shared(models: dict[str, str], apart: str) -> None:
    assert units(apart) == units(models["a_"])


def test_it_is_sound_and_nothing_has_lost_its_prefix(models: dict[str, str], apart: str) -> None:
    assert document.problems(apart) == []
    named = re.findall(r'\b(?:id|species|variable|symbol|compartment)="(\w+)"|<ci> (\w+) </ci>', apart)
    used = {each for pair in named for each in pair if each}
    bare = {each for each in used if not each.startswith(("a_", "b_"))}
    assert bare - {*units(apart)} == {"kinaptic"}
    metaids = re.findall(r'metaid="(\w+)"', apart)
    assert set(re.findall(r'rdf:about="#(\w+)"', apart)) <= set(metaids)
    assert len(metaids) == len(set(metaids))


def test_each_part_runs_as_it_does_alone(models: dict[str, str], apart: str) -> None:
    names = ["weight", "Ca", "pTrkB", "spikes_pre"]
    together = run(apart, [prefix + name for prefix in models for name in names])
    alone = np.hstack([run(text, names) for text in models.values()])
    scale = np.max(np.abs(alone), axis=0)
    assert np.max(np.abs(together - alone) / scale) < 1e-5
    assert alone[-1, 3] == 10
    assert alone[-1, 7] == 2
    assert abs(alone[-1, 0] - alone[-1, 4]) > 1e-4  # the two are not alike


def test_bonds_are_followed(models: dict[str, str]) -> None:
    formula = "half*(a_BDNF - quiet)"
    numbers = {
        "half": Parameter(value=0.5, unit="1", source="assumed: for a test of bonds"),
        "quiet": Parameter(value=1e-9, unit="uM", source="assumed: for a test of <bonds>"),
    }
    bound = joined(models, {"b_BDNF_elsewhere": formula}, numbers, "bound")
    assert document.problems(bound) == []
    parsed = document.read(bound)
    assert "for a test of &lt;bonds&gt;" in parsed.getModel().getParameter("quiet").getNotesString()
    rule = parsed.getModel().getAssignmentRuleByVariable("b_BDNF_elsewhere")
    assert libsbml.formulaToL3String(rule.getMath()) == "half * (a_BDNF - quiet)"
    found = run(bound, ["[a_BDNF]", "b_BDNF_elsewhere", "b_pTrkB", "a_pTrkB"])
    assert found[:, 1] == pytest.approx(0.5 * (found[:, 0] - 1e-9), rel=1e-9)
    alone = run(models["b_"], ["pTrkB"])
    assert abs(found[-1, 2] / alone[-1, 0] - 1) > 1e-3  # b hears a
    assert found[:, 3] == pytest.approx(run(models["a_"], ["pTrkB"])[:, 0], rel=1e-5)  # a does not hear b


def test_a_number_takes_no_id_of_something_else(models: dict[str, str]) -> None:
    taken = {"a_BDNF": Parameter(value=1, unit="1", source="assumed: for a test of bonds")}
    with pytest.raises(ModelError, match="a_BDNF is there already; name a site otherwise"):
        joined(models, {}, taken, "bound")


@pytest.mark.parametrize(
    ("parameter", "formula"),
    [("a_nothing", "1"), ("BDNF_elsewhere", "1"), ("a_BDNF_elsewhere", "b_BDNF +* 2")],
)
def test_bonds_that_cannot_be(models: dict[str, str], parameter: str, formula: str) -> None:
    with pytest.raises(ModelError, match=re.escape(f"{parameter} cannot follow {formula}")):
        joined(models, {parameter: formula}, {}, "bound")


def test_one_alone() -> None:
    """A model without events, rules or reactions of a kind leaves out that list."""
    text = SMALL.sbml()
    assert "<listOfEvents>" not in text
    whole = joined({"x_": text, "y_": text}, {}, {}, "twins")
    assert "<listOfEvents>" not in whole
    assert document.problems(whole) == []
    both = run(whole, ["x_CaMKII_active", "y_CaMKII_active"])
    assert both[:, 0] == pytest.approx(both[:, 1], rel=1e-9)
