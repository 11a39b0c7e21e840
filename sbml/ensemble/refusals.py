"""What makes a model one for another engine: said before anything is computed, so that nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libsbml

from kinaptic.errors import KinapticError

_HARMLESS = frozenset({"l3v2extendedmath"})  # packages whose constructs are met one by one, in formulas


class Unsupported(KinapticError):
    """A model holds something that this engine does not run; roadrunner does."""


def elements(of: libsbml.ListOf) -> list[libsbml.SBase]:
    """Return the elements of a list of libSBML."""
    return [of.get(i) for i in range(of.size())]


def references(reaction: libsbml.Reaction) -> list[libsbml.SpeciesReference]:
    """Return what a reaction uses up and what it makes."""
    return [*elements(reaction.getListOfReactants()), *elements(reaction.getListOfProducts())]


def assignments(model: libsbml.Model) -> list[libsbml.EventAssignment]:
    """Return everything that events of a model set."""
    return [a for e in elements(model.getListOfEvents()) for a in elements(e.getListOfEventAssignments())]


def refuse(document: libsbml.SBMLDocument) -> None:
    """Pass over a document whose constructs are all known here.

    Parameters
    ----------
    document : SBMLDocument
        Level 2 or 3, without function definitions.

    Raises
    ------
    Unsupported
        If it has something else; the message names the first that was found.
    """
    model = document.getModel()
    if model is None or document.getNumErrors(libsbml.LIBSBML_SEV_ERROR):
        raise Unsupported("it is not SBML that can be read")
    reasons = (*_whole(document), *_sizes(model), *_amounts(model), *_reactions(model), *_events(model))
    for reason in reasons:
        raise Unsupported(reason)


def _whole(document: libsbml.SBMLDocument) -> Iterator[str]:
    model = document.getModel()
    if document.getLevel() < 2:
        yield "it is SBML level 1"
    for i in range(document.getNumPlugins()):
        package = document.getPlugin(i).getPackageName()
        # In level 2 these are annotations, which libSBML calls required all the same.
        if document.getLevel() > 2 and package not in _HARMLESS and document.getPackageRequired(package):
            yield f"it needs the package '{package}'"
    for i in range(document.getNumUnknownPackages()):
        if document.getPackageRequired(document.getUnknownPackageURI(i)):
            yield f"it needs the package '{document.getUnknownPackagePrefix(i)}'"
    for rule in elements(model.getListOfRules()):
        if rule.isAlgebraic():
            yield "it has an algebraic rule"
    if model.isSetConversionFactor() or any(
        s.isSetConversionFactor() for s in elements(model.getListOfSpecies())
    ):
        yield "it has a conversion factor"


def _changing(model: libsbml.Model) -> set[str]:
    """Return what a rule or an event changes."""
    ruled = {r.getVariable() for r in elements(model.getListOfRules())}
    return ruled | {a.getVariable() for a in assignments(model)}


def _sizes(model: libsbml.Model) -> Iterator[str]:
    for name in sorted(_ids(model.getListOfCompartments()) & _changing(model)):
        yield f"the size of {name} changes"


def _amounts(model: libsbml.Model) -> Iterator[str]:
    for species in elements(model.getListOfSpecies()):
        compartment = model.getCompartment(species.getCompartment())
        if species.getHasOnlySubstanceUnits():
            yield f"{species.getId()} is an amount, not a concentration"
        if compartment.isSetSpatialDimensions() and compartment.getSpatialDimensions() == 0:
            yield f"the compartment of {species.getId()} has no volume"


def _reactions(model: libsbml.Model) -> Iterator[str]:
    changing = _changing(model) | {i.getSymbol() for i in elements(model.getListOfInitialAssignments())}
    for reaction in elements(model.getListOfReactions()):
        name = reaction.getId()
        if reaction.isSetFast() and reaction.getFast():
            yield f"reaction {name} is fast"
        if reaction.getKineticLaw() is None or reaction.getKineticLaw().getMath() is None:
            yield f"reaction {name} has no rate"
        for reference in references(reaction):
            if reference.isSetId() and reference.getId() in changing:
                yield f"a stoichiometry of {name} changes"
            # Level 2 has a default of one, which libSBML gives though it is not set.
            default = reaction.getLevel() < 3
            if reference.isSetStoichiometryMath() or not (reference.isSetStoichiometry() or default):
                yield f"a stoichiometry of {name} is a formula"


def _events(model: libsbml.Model) -> Iterator[str]:
    ruled = {r.getVariable() for r in elements(model.getListOfRules()) if r.isAssignment()}
    settable = (_ids(model.getListOfSpecies()) | _ids(model.getListOfParameters())) - ruled
    for event in elements(model.getListOfEvents()):
        name, trigger = event.getId() or "an event", event.getTrigger()
        if trigger is None or trigger.getMath() is None:
            yield f"{name} has no trigger"
            continue
        if event.isSetDelay():
            yield f"{name} has a delay"
        if event.isSetPriority():
            yield f"{name} has a priority"
        if not trigger.getPersistent():
            yield f"{name} is not persistent"
        if event.getUseValuesFromTriggerTime() and model.getNumEvents() > 1:
            yield f"{name} uses values from the time of its trigger"
        for assignment in elements(event.getListOfEventAssignments()):
            if assignment.getVariable() not in settable:
                yield f"{name} sets {assignment.getVariable()}, which is neither a state nor a number"


def _ids(of: Iterable[libsbml.SBase]) -> set[str]:
    return {e.getId() for e in elements(of)}
