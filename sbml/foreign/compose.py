"""A document of others, and what drives it, as one SBML document.

What is ours carries the prefix ``kn_``: the calcium pathway with the protocol in it, or recorded
calcium. Its rates are per second and are brought to the unit of time of the document, which stays
as it is but for its calcium, which follows ours. Runs in the worker process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import libsbml

from kinaptic.errors import ForeignModelError
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml import document

PREFIX = "kn_"
WEIGHT, WEIGHT_AT_REST = "weight", "weight_rest"
TIME_UNIT = f"{PREFIX}time_unit"  # s in a unit of time of the document


@dataclass(frozen=True)
class Driver:
    """What sets the calcium of a document.

    Attributes
    ----------
    text : str
        SBML of ours, with a species ``Ca`` (µM) and time in seconds.
    calcium : str
        Species or parameter of the document that follows it.
    factor : float
        What it is for each µM.
    """

    text: str
    calcium: str
    factor: float


@dataclass(frozen=True)
class Parts:
    """Everything that a structure is made of; hashable, and small enough to send.

    Attributes
    ----------
    text : str
        The document of others.
    seconds : float
        Its unit of time (s).
    readouts : tuple of (str, str)
        Name and formula; a name that is the formula is an id of the document.
    driver : Driver, optional
        What sets its calcium.
    scaled : tuple of str
        Reactions whose rate is multiplied by a number, ``kn_scale_…``.
    clamps : tuple of str
        Species and parameters that are held.
    fixed : tuple of (str, float)
        Values that have to be in the text, for others follow from them as a run begins.
    """

    text: str
    seconds: float
    readouts: tuple[tuple[str, str], ...]
    driver: Driver | None = None
    scaled: tuple[str, ...] = ()
    clamps: tuple[str, ...] = ()
    fixed: tuple[tuple[str, float], ...] = ()


def scale_of(reaction: str) -> str:
    """Return the number that a reaction's rate is multiplied by."""
    return f"{PREFIX}scale_{reaction}"


def merged(parts: Parts) -> str:
    """Return the one document.

    Raises
    ------
    ForeignModelError
        If the document cannot take it: a formula that is none, a Level that cannot be converted.
    """
    parsed = document.read(parts.text)
    if parts.driver is not None and (parsed.getLevel(), parsed.getVersion()) != (3, 2):
        _convert(parsed)
    model = parsed.getModel()
    for name in parts.clamps:
        document.clamp(parsed, name)
    for reaction in parts.scaled:
        _scale(model, reaction)
    if parts.driver is not None:
        _drive(model, parts.driver, parts.seconds)
    set_initial(model, dict(parts.fixed))
    for name, formula in parts.readouts:
        if name == WEIGHT:
            _relative(model, formula)
        elif name != formula:
            _define(model, name, formula)
    return document.write(parsed)


def _convert(parsed: libsbml.SBMLDocument) -> None:
    """Bring a document to Level 3, which our events need, in place."""
    for reaction in parsed.getModel().getListOfReactions():
        for each in (*reaction.getListOfReactants(), *reaction.getListOfProducts()):
            if each.isSetStoichiometryMath():  # a rule in Level 3, with which roadrunner gives up
                raise ForeignModelError(
                    f"reaction {reaction.getId()} has a stoichiometry that is a formula, in SBML Level 2; "
                    "such a model runs by itself, and cannot be given our calcium"
                )
    if not parsed.setLevelAndVersion(3, 2, False):
        raise ForeignModelError(
            f"libSBML cannot bring the document to Level 3: {parsed.getError(0).getMessage()}"
        )


def written(
    parts: Parts,
    values: Mapping[str, float],
    initial: Mapping[str, float],
    ours: Mapping[str, Parameter],
    origin: str,
) -> str:
    """Return a merged document with values, the sources of our numbers, and its origin.

    Parameters
    ----------
    parts : Parts
        What is merged.
    values, initial : mapping of str to float
        Numbers that are not as in the text, and the state to begin with.
    ours : mapping of str to Parameter
        Our numbers, with their sources.
    origin : str
        XML for the model's annotation.
    """
    parsed = document.read(merged(parts))
    model = parsed.getModel()
    set_initial(model, {**values, **initial})
    document.explain(parsed, ours)
    if model.getParameter(WEIGHT_AT_REST) is not None:
        begins = model.createInitialAssignment()  # so that it follows when a tool changes the state
        begins.setSymbol(WEIGHT_AT_REST)
        begins.setMath(model.getAssignmentRuleByVariable(WEIGHT).getMath().getChild(0))
    model.appendAnnotation(origin)
    return document.write(parsed)


def set_initial(model: libsbml.Model, values: Mapping[str, float]) -> None:
    """Set what parameters, compartments and species begin with, in place; amounts where they are amounts."""
    for name, value in values.items():
        model.removeInitialAssignment(name)
        species = model.getSpecies(name)
        if species is None:
            element = model.getParameter(name) or model.getCompartment(name)
            (element.setValue if model.getParameter(name) else element.setSize)(value)
        elif species.getHasOnlySubstanceUnits():
            species.unsetInitialConcentration()
            species.setInitialAmount(value)
        else:
            species.unsetInitialAmount()
            species.setInitialConcentration(value)


def states(text: str) -> tuple[str, ...]:
    """Return what is integrated: species that reactions change, and what has a rate rule."""
    model = document.read(text).getModel()
    ruled = {rule.getVariable(): rule for rule in model.getListOfRules()}
    species = (
        s.getId() for s in model.getListOfSpecies() if not (s.getBoundaryCondition() or s.getConstant())
    )
    return (*(s for s in species if s not in ruled), *(n for n, rule in ruled.items() if rule.isRate()))


def entangled(text: str) -> frozenset[str]:
    """Return what others follow from as a run begins: ids in initial assignments, and compartments."""
    model = document.read(text).getModel()
    rules = {each.getVariable(): document.names(each.getMath()) for each in model.getListOfRules()}
    laws = {each.getId(): _law_names(each) for each in model.getListOfReactions()}
    behind = rules | laws
    waiting = [
        name for each in model.getListOfInitialAssignments() for name in document.names(each.getMath())
    ]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += behind.get(name, ())
    return frozenset(found | {each.getId() for each in model.getListOfCompartments()})


def _law_names(reaction: libsbml.Reaction) -> set[str]:
    law = reaction.getKineticLaw()
    return document.names(law.getMath()) if law is not None and law.isSetMath() else set()


def _scale(model: libsbml.Model, reaction: str) -> None:
    law = model.getReaction(reaction).getKineticLaw()
    if law is None or not law.isSetMath():
        raise ForeignModelError(f"reaction {reaction} has no rate law that could be scaled")
    _constant(model, scale_of(reaction), 1.0)
    law.setMath(_product(scale_of(reaction), law.getMath()))


def _constant(model: libsbml.Model, name: str, value: float) -> None:
    made = model.createParameter()
    made.setId(name)
    made.setConstant(True)
    made.setValue(value)


def _product(name: str, math: libsbml.ASTNode) -> libsbml.ASTNode:
    made = libsbml.ASTNode(libsbml.AST_TIMES)
    factor = libsbml.ASTNode(libsbml.AST_NAME)
    factor.setName(name)
    made.addChild(factor)
    made.addChild(math.deepCopy())
    return made


# ---- What is ours
def _drive(model: libsbml.Model, driver: Driver, seconds: float) -> None:
    ours = document.read(driver.text).getModel()
    _prefix(ours)
    _constant(model, TIME_UNIT, seconds)
    for reaction in ours.getListOfReactions():
        reaction.getKineticLaw().setMath(_product(TIME_UNIT, reaction.getKineticLaw().getMath()))
    for rule in ours.getListOfRules():
        if rule.isRate():
            rule.setMath(_product(TIME_UNIT, rule.getMath()))
    for species in ours.getListOfSpecies():
        species.setSubstanceUnits(ours.getSubstanceUnits())
    for compartment in ours.getListOfCompartments():
        if not compartment.isSetUnits():
            compartment.setUnits(ours.getVolumeUnits())
    if model.appendFrom(ours) != libsbml.LIBSBML_OPERATION_SUCCESS:
        raise ForeignModelError(
            "our calcium could not be added to the document: do ids of it begin with kn_?"
        )
    document.release(model, driver.calcium)
    formula, species = f"{driver.factor!r}*{PREFIX}Ca", model.getSpecies(driver.calcium)
    if species is None:
        model.getParameter(driver.calcium).setConstant(False)
    else:
        species.setConstant(False)
        species.setBoundaryCondition(True)  # reactions no longer change it
        if species.getHasOnlySubstanceUnits():
            formula += f"*{species.getCompartment()}"
    _rule(model, driver.calcium, formula)


def _prefix(model: libsbml.Model) -> None:
    """Put our prefix before every id of a model of ours, in place."""
    found = model.getListOfAllElements()
    everything = [found.get(i) for i in range(found.getSize())]
    units = {each.getId() for each in model.getListOfUnitDefinitions()}
    names = {each.getId() for each in everything if each.isSetId()} - units
    for each in (model, *everything):
        each.unsetAnnotation()
        each.unsetMetaId()  # the document may have the same
        for name in names:
            each.renameSIdRefs(name, PREFIX + name)
        for name in units:
            each.renameUnitSIdRefs(name, PREFIX + name)
    for each in everything:
        if each.isSetId():
            each.setId(PREFIX + each.getId())


# ---- Readouts
def _relative(model: libsbml.Model, formula: str) -> None:
    """Define the weight, relative to what `formula` is when the run begins."""
    _constant(model, WEIGHT_AT_REST, 1.0)
    _define(model, WEIGHT, f"({formula})/{WEIGHT_AT_REST}")


def _define(model: libsbml.Model, name: str, formula: str) -> None:
    made = model.createParameter()
    made.setId(name)
    made.setConstant(False)
    _rule(model, name, formula)


def _rule(model: libsbml.Model, name: str, formula: str) -> None:
    tree = libsbml.parseL3Formula(formula)
    if tree is None:
        raise ForeignModelError(
            f"readout {name!r}: {formula!r} is no formula: {libsbml.getLastParseL3Error()}"
        )
    rule = model.createAssignmentRule()
    rule.setVariable(name)
    rule.setMath(tree)
