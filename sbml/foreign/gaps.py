"""What a document leaves out and nobody may guess; roadrunner would take a zero or a one, without a word."""

from __future__ import annotations

import libsbml

from kinaptic.errors import ForeignModelError
from kinaptic.sbml.foreign.symbols import references


def refuse_gaps(model: libsbml.Model, where: str) -> None:
    """Refuse a model in which something begins with no value, or a volume is none.

    Parameters
    ----------
    model : libsbml.Model
        Valid and flat.
    where : str
        Its file, for messages.

    Raises
    ------
    ForeignModelError
        With the line of what lacks its value.
    """
    given = {each.getVariable() for each in model.getListOfRules()}
    given |= {each.getSymbol() for each in model.getListOfInitialAssignments()}
    for species in model.getListOfSpecies():
        known = species.isSetInitialAmount() or species.isSetInitialConcentration()
        if not known and species.getId() not in given:
            _refuse(species, where, "has no initial value; give it an initial concentration or amount")
    for parameter in model.getListOfParameters():
        if not parameter.isSetValue() and parameter.getId() not in given:
            _refuse(parameter, where, "has no value; give it one, or a rule")
    inhabited = {species.getCompartment() for species in model.getListOfSpecies()}
    for compartment in model.getListOfCompartments():
        if compartment.getId() in inhabited and compartment.getId() not in given:
            _check_size(compartment, where)
    for reaction in model.getListOfReactions():
        for each in references(reaction):
            known = each.isSetStoichiometry() or each.getStoichiometryMath() is not None
            if not known and model.getLevel() > 2 and each.getId() not in given:
                what = f"takes part in reaction {reaction.getId()} with no stoichiometry; say how many"
                _refuse(model.getSpecies(each.getSpecies()), where, what, each.getLine())


def _check_size(compartment: libsbml.Compartment, where: str) -> None:
    if compartment.getSpatialDimensionsAsDouble() == 0:  # a point, in which species are amounts
        return
    if not compartment.isSetSize() and compartment.getLevel() > 1:  # which says one litre
        _refuse(compartment, where, "has no size, although species are in it; give it one")
    if compartment.isSetSize() and not 0 < compartment.getSize() < float("inf"):
        what = f"has the size {compartment.getSize():g}, in which nothing can be; give it a positive one"
        _refuse(compartment, where, what)


def _refuse(element: libsbml.SBase, where: str, what: str, line: int = 0) -> None:
    raise ForeignModelError(
        f"{where}, line {line or element.getLine()}: {element.getElementName()} {element.getId()} {what}"
    )
