"""Say in SBML Level 2 what Level 3 says shorter, so that strict conversion loses nothing.

Level 2 has no trigger with an initial value (an event that is due at time 0 does not happen), no
number with a unit in a formula, no event that sees the values at its execution unless it has a
delay, and no history without dates.
"""

from __future__ import annotations

from collections.abc import Iterator

import libsbml

from kinaptic.errors import ExportError
from kinaptic.sbml.origin import CREATOR

DELAY = "level_2_delay"
NUMBER = "level_2_number"  # with a count behind it
_XHTML = "http://www.w3.org/1999/xhtml"
_SBO = "SBO:0000002"  # quantitative systems description parameter


def prepare(model: libsbml.Model) -> None:
    """Rewrite a Level 3 model in place, so that it means the same and fits into Level 2.

    Parameters
    ----------
    model : libsbml.Model
        A flat model.

    Raises
    ------
    ExportError
        If an event is due at time 0, for Level 2 cannot hold it back.
    """
    told = [f"The creator, {CREATOR}, is named here, as a history of Level 2 would need a date."]
    for event in model.getListOfEvents():
        _start(model, event)
        _delay(model, event)
    if model.getParameter(DELAY) is not None:
        told.append(f"Events are delayed by {DELAY}, which is zero, so that they see values at execution.")
    if _name_numbers(model):
        told.append(f"Numbers with units that stood in events are the parameters {NUMBER}_1 and so on.")
    model.unsetModelHistory()
    model.appendNotes(f'<p xmlns="{_XHTML}">{" ".join(told)}</p>')


def _start(model: libsbml.Model, event: libsbml.Event) -> None:
    """Take away a trigger's initial value where it makes no difference: at time 0 the event is not due."""
    trigger = event.getTrigger()
    if trigger.getInitialValue():
        return
    if libsbml.SBMLTransforms.evaluateASTNode(trigger.getMath(), model) != 0:
        raise ExportError(
            f"event {event.getId()} is due at time 0, and is held back there (initialValue is false); "
            "Level 2 cannot say that. Begin the protocol later, or export the model as 'sbml-l3v1'"
        )
    trigger.setInitialValue(True)


def _delay(model: libsbml.Model, event: libsbml.Event) -> None:
    if event.getUseValuesFromTriggerTime() or event.isSetDelay():
        return
    if model.getParameter(DELAY) is None:
        note = "events that see the values at their execution have a delay in Level 2"
        _parameter(model, DELAY, 0.0, model.getTimeUnits(), note)
    event.createDelay().setMath(libsbml.parseL3Formula(DELAY))


def _name_numbers(model: libsbml.Model) -> int:
    """Put a parameter in place of every number with a unit, one for equal ones; return how many there are."""
    named: dict[tuple[float, str], str] = {}
    for tree in _formulas(model):
        for node in _numbers(tree):
            key = (node.getValue(), node.getUnits())
            if key not in named:
                named[key] = f"{NUMBER}_{len(named) + 1}"
                _parameter(model, named[key], *key, "a number that stands in an event")
            node.unsetUnits()
            node.setType(libsbml.AST_NAME)
            node.setName(named[key])
    return len(named)


def _formulas(model: libsbml.Model) -> Iterator[libsbml.ASTNode]:
    for element in (*model.getListOfRules(), *model.getListOfInitialAssignments()):
        yield element.getMath()
    for reaction in model.getListOfReactions():
        if reaction.isSetKineticLaw():
            yield reaction.getKineticLaw().getMath()
    for event in model.getListOfEvents():
        yield event.getTrigger().getMath()
        for assignment in event.getListOfEventAssignments():
            yield assignment.getMath()


def _numbers(node: libsbml.ASTNode) -> Iterator[libsbml.ASTNode]:
    """Yield the numbers with units of a formula, from left to right."""
    if node.isNumber() and node.isSetUnits():
        yield node
    for i in range(node.getNumChildren()):
        yield from _numbers(node.getChild(i))


def _parameter(model: libsbml.Model, name: str, value: float, unit: str, note: str) -> None:
    made = model.createParameter()
    made.setId(name)
    made.setValue(value)
    made.setUnits(unit)
    made.setConstant(True)
    made.setSBOTerm(_SBO)
    made.setNotes(f'<p xmlns="{_XHTML}">assumed: set by the protocol; {note}</p>')
