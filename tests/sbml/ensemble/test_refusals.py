"""What this engine does not run, it says so: nothing is passed over in silence."""

from __future__ import annotations

import libsbml
import pytest

from kinaptic.sbml import document
from kinaptic.sbml.ensemble import network
from kinaptic.sbml.ensemble.program import written
from kinaptic.sbml.ensemble.refusals import Unsupported, refuse

# A model in which everything is allowed; each test adds what is not.
PLAIN = """model plain()
  compartment cell = 2;
  species A in cell, B in cell; A = 1; B = 0;
  k = 1; n = 0; x = 1; x' = -k*x;
  turn: A -> B; cell*k*A;
  kick: at (time >= 1), fromTrigger=false: n = n + 1;
  {}
end"""


def read(text: str) -> network.Network:
    return network.read(text, {})


def from_antimony(more: str) -> str:
    return document.to_sbml(PLAIN.format(more))


def plain() -> libsbml.SBMLDocument:
    """The plain model, for changing it."""
    return libsbml.readSBMLFromString(from_antimony(""))


def test_the_plain_model_is_read() -> None:
    assert read(from_antimony("")).states == ("A", "B", "x", network.TIME)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("later: at 1 after (time >= 1), fromTrigger=false: n = 1;", "later has a delay"),
        ("first: at (time >= 1), fromTrigger=false, priority=2: n = 1;", "first has a priority"),
        ("gone: at (time >= 1), fromTrigger=false, persistent=false: n = 1;", "gone is not persistent"),
        ("old: at (time >= 1): n = 1;", "old uses values from the time of its trigger"),
        ("sized: at (time >= 1), fromTrigger=false: cell = 3;", "the size of cell changes"),
        ("cell' = 1;", "the size of cell changes"),
        ("cell := 1 + time;", "the size of cell changes"),
        ("substanceOnly species S in cell; S = 1;", "S is an amount"),
        ("y = 1; y' = piecewise(1, time < 2, 0);", "a rate switches"),
        ("y = 1; y' = abs(x - 0.5);", "a rate switches"),
        ("y = 1; y' = floor(time);", "a rate switches"),
        ("y = 1; y' = max(x, 0.5);", "a rate switches"),
        ("y = 1; y' = k*(time > 2);", "a rate switches"),
        ("y = 1; z := piecewise(1, x > 0.5, 0); y' = z;", "a rate switches"),
        ("y = 1; y' = delay(x, 1);", "not among the functions"),
        ("y = 1; y' = rateOf(x);", "not among the functions"),
        ("y = 1; y' = arcsin(x);", "not among the functions"),
        ("y = 1; y' = factorial(k);", "not among the functions"),
        ("y = 1; y' = piecewise(1, k < 2);", "no value of last resort"),
        ("stays: at (x < 0.5), fromTrigger=false: n = 1;", "depends on a state that is no clock"),
        ("back: at (time < 3), fromTrigger=false: n = 1;", "depends on a state that is no clock"),
        ("window: at (time > 1 && time < 2), fromTrigger=false: n = 1;", "no clock"),
        ("sharp: at (time == 1), fromTrigger=false: n = 1;", "is not made of"),
        ("never: at (!(time == 1)), fromTrigger=false: n = 1;", "is not made of"),
        ("steps: at (time - floor(time) > 0.5), fromTrigger=false: n = 1;", "compares what switches"),
        ("jump: at (time >= piecewise(1, x < 0.5, 2)), fromTrigger=false: n = 1;", "compares what switches"),
    ],
)
def test_constructs_that_antimony_writes(more: str, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        written(from_antimony(more), ("A",), {}, 1)  # what triggers compare is looked at last


def test_algebraic_rules() -> None:
    made = plain()
    rule = made.getModel().createAlgebraicRule()
    rule.setMath(libsbml.parseL3Formula("A + B - 1"))
    with pytest.raises(Unsupported, match="an algebraic rule"):
        refuse(made)


def test_fast_reactions() -> None:
    made = libsbml.SBMLDocument(2, 4)
    reaction = made.createModel().createReaction()
    reaction.setId("turn")
    reaction.setFast(True)
    with pytest.raises(Unsupported, match="turn is fast"):
        refuse(made)


def test_conversion_factors() -> None:
    made = plain()
    made.getModel().setConversionFactor("k")
    with pytest.raises(Unsupported, match="conversion factor"):
        refuse(made)
    made = plain()
    made.getModel().getSpecies("A").setConversionFactor("k")
    with pytest.raises(Unsupported, match="conversion factor"):
        refuse(made)


def test_reactions_without_a_rate() -> None:
    made = plain()
    made.getModel().getReaction("turn").unsetKineticLaw()
    with pytest.raises(Unsupported, match="turn has no rate"):
        refuse(made)


def test_stoichiometries_that_are_no_numbers() -> None:
    for formula in ("rule", "event", "start"):
        made = plain()
        model = made.getModel()
        reference = model.getReaction("turn").getProduct(0)
        reference.setId("many")
        reference.setConstant(False)
        assert read(libsbml.writeSBMLToString(made)).states  # an id alone does no harm
        if formula == "rule":
            rule = model.createAssignmentRule()
            rule.setVariable("many")
            rule.setMath(libsbml.parseL3Formula("k"))
        elif formula == "event":
            assignment = model.getEvent(0).createEventAssignment()
            assignment.setVariable("many")
            assignment.setMath(libsbml.parseL3Formula("2"))
        else:
            start = model.createInitialAssignment()
            start.setSymbol("many")
            start.setMath(libsbml.parseL3Formula("2"))
        with pytest.raises(Unsupported, match="a stoichiometry of turn changes"):
            refuse(made)
    made = plain()
    made.getModel().getReaction("turn").getProduct(0).unsetStoichiometry()
    with pytest.raises(Unsupported, match="a stoichiometry of turn is a formula"):
        refuse(made)


def test_stoichiometries_in_formulas() -> None:
    made = plain()
    made.getModel().getReaction("turn").getProduct(0).setId("many")
    rule = made.getModel().createRateRule()
    parameter = made.getModel().createParameter()
    parameter.setId("y")
    parameter.setConstant(False)
    parameter.setValue(0)
    rule.setVariable("y")
    rule.setMath(libsbml.parseL3Formula("many"))
    with pytest.raises(Unsupported, match="'many' in a formula"):
        read(libsbml.writeSBMLToString(made))


def test_events_that_set_what_a_rule_defines() -> None:
    made = libsbml.readSBMLFromString(from_antimony("z := 2*x;"))
    assignment = made.getModel().getEvent(0).createEventAssignment()
    assignment.setVariable("z")
    assignment.setMath(libsbml.parseL3Formula("1"))
    with pytest.raises(Unsupported, match="kick sets z"):
        refuse(made)


def test_events_without_a_trigger_and_formulas_that_are_missing() -> None:
    made = plain()
    made.getModel().getEvent(0).unsetTrigger()
    with pytest.raises(Unsupported, match="kick has no trigger"):
        refuse(made)
    made = plain()
    made.getModel().getEvent(0).createEventAssignment().setVariable("x")
    with pytest.raises(Unsupported, match="a formula is missing"):
        read(libsbml.writeSBMLToString(made))


def test_compartments_without_a_volume() -> None:
    made = plain()
    made.getModel().getCompartment("cell").setSpatialDimensions(0)
    with pytest.raises(Unsupported, match="has no volume"):
        refuse(made)


def test_packages_that_change_what_a_model_means() -> None:
    text = from_antimony("")
    head = '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core"'
    uri = "http://www.sbml.org/sbml/level3/version1/comp/version1"
    assert head in text
    comp = text.replace(head, f'{head} xmlns:comp="{uri}" comp:required="true"')
    with pytest.raises(Unsupported, match="'comp'"):
        read(comp)
    strange = text.replace(head, f'{head} xmlns:odd="{uri.replace("comp", "odd")}" odd:required="true"')
    with pytest.raises(Unsupported, match="not SBML that can be read"):
        read(strange)
    layout = uri.replace("comp", "layout")
    read(text.replace(head, f'{head} xmlns:layout="{layout}" layout:required="false"'))


@pytest.mark.parametrize("text", ["", "no SBML", "<sbml/>"])
def test_what_is_no_sbml(text: str) -> None:
    with pytest.raises(Unsupported, match="not SBML that can be read"):
        read(text)


def test_level_1() -> None:
    made = libsbml.SBMLDocument(1, 2)
    made.createModel("old")
    with pytest.raises(Unsupported, match="level 1"):
        refuse(made)
