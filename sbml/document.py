"""From Antimony to a clean, annotated SBML document, and values into one."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape

import antimony
import libsbml

from kinaptic.errors import ModelError
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml.origin import described

_LOCK = threading.Lock()  # antimony keeps global state and is not thread-safe


def to_sbml(model: str) -> str:
    """Return the SBML L3V2 of an Antimony text.

    Raises
    ------
    ModelError
        With Antimony's message and the line it names.
    """
    with _antimony():
        if antimony.loadAntimonyString(model) < 0:
            raise ModelError(f"the assembled model is not valid Antimony: {antimony.getLastError()}")
        text = antimony.getSBMLString(antimony.getMainModuleName())
    document = read(text)
    if document.getLevel() != 3 or document.getVersion() != 2:
        document.setLevelAndVersion(3, 2, False)
    return write(document)


def to_antimony(sbml: str) -> str:
    """Return the Antimony text of an SBML document.

    Raises
    ------
    ModelError
        With Antimony's message.
    """
    with _antimony():
        if antimony.loadSBMLString(sbml) < 0:
            raise ModelError(antimony.getLastError())
        return str(antimony.getAntimonyString(antimony.getMainModuleName()))


@contextlib.contextmanager
def _antimony() -> Iterator[None]:
    """Have Antimony for oneself, empty, and leave it empty."""
    with _LOCK:
        antimony.clearPreviousLoads()
        antimony.freeAll()
        try:
            yield
        finally:
            antimony.clearPreviousLoads()
            antimony.freeAll()


def read(text: str) -> libsbml.SBMLDocument:
    """Parse SBML text."""
    return libsbml.readSBMLFromString(text)


def write(document: libsbml.SBMLDocument) -> str:
    """Return the document as text."""
    return str(libsbml.writeSBMLToString(document))


def problems(text: str) -> list[str]:
    """Return libSBML's errors and warnings, unit consistency and modelling practice included."""
    document = read(text)
    for category in (
        libsbml.LIBSBML_CAT_UNITS_CONSISTENCY,
        libsbml.LIBSBML_CAT_MODELING_PRACTICE,
        libsbml.LIBSBML_CAT_IDENTIFIER_CONSISTENCY,
        libsbml.LIBSBML_CAT_GENERAL_CONSISTENCY,
        libsbml.LIBSBML_CAT_MATHML_CONSISTENCY,
        libsbml.LIBSBML_CAT_SBO_CONSISTENCY,
        libsbml.LIBSBML_CAT_OVERDETERMINED_MODEL,
    ):
        document.setConsistencyChecks(category, True)
    document.checkConsistency()
    found = []
    for i in range(document.getNumErrors()):
        error = document.getError(i)
        place = f"{error.getSeverityAsString()} {error.getErrorId()} line {error.getLine()}"
        found.append(f"{place}: {error.getMessage().strip()}")
    return found


def set_values(
    document: libsbml.SBMLDocument, values: Mapping[str, float], initial: Mapping[str, float]
) -> None:
    """Write constants and initial values into a document, in place.

    Parameters
    ----------
    document : libsbml.SBMLDocument
        The structure, with whatever values it was made.
    values : mapping of str to float
        Constants: parameters and compartment sizes.
    initial : mapping of str to float
        Initial concentration of each species, initial value of each variable with a rate rule;
        an initial assignment to it is removed.
    """
    model = document.getModel()
    for name, value in values.items():
        parameter, compartment, species = (
            find(name) for find in (model.getParameter, model.getCompartment, model.getSpecies)
        )
        if parameter is not None:
            parameter.setValue(value)
        elif compartment is not None:
            compartment.setSize(value)
        elif species is not None:
            species.setInitialConcentration(value)
        else:
            raise ModelError(f"the model has no parameter, compartment or species {name}")
    for name, value in initial.items():
        model.removeInitialAssignment(name)
        species = model.getSpecies(name)
        if species is not None:
            species.unsetInitialAmount()
            species.setInitialConcentration(value)
        else:
            model.getParameter(name).setValue(value)


def clamp(document: libsbml.SBMLDocument, name: str) -> None:
    """Hold a species or variable constant: no rule, no reaction, no event changes it any more."""
    model = document.getModel()
    release(model, name)
    species = model.getSpecies(name)
    if species is not None:
        species.setBoundaryCondition(True)
        species.setConstant(True)
    else:
        parameter = model.getParameter(name)
        parameter.setConstant(True)
        parameter.setValue(1.0)  # roadrunner refuses a constant without; the true one is set later


def release(model: libsbml.Model, name: str) -> None:
    """Remove the rule, the initial assignment and the event assignments that set something, in place."""
    model.removeRule(name)
    model.removeInitialAssignment(name)
    for event in model.getListOfEvents():
        event.removeEventAssignment(name)


def explain(document: libsbml.SBMLDocument, parameters: Mapping[str, Parameter]) -> None:
    """Write the source of every number into its notes, and that of every rate law's numbers, in place."""
    model = document.getModel()
    for name, number in parameters.items():
        element = model.getParameter(name) or model.getCompartment(name)
        if element is not None:
            text = escape("; ".join(filter(None, (number.source, number.note))))
            element.setNotes(f'<p xmlns="http://www.w3.org/1999/xhtml">{text}</p>')
    for reaction in model.getListOfReactions():
        law = sorted(names(reaction.getKineticLaw().getMath()) & parameters.keys())
        described(reaction, dict.fromkeys(key for name in law if (key := parameters[name].key)))


def drop_unused(document: libsbml.SBMLDocument, candidates: Iterable[str]) -> None:
    """Remove those of the parameters `candidates` that nothing refers to, with their rules.

    A total that only set the initial values before equilibration would be a knob without a wire
    in the exported file.
    """
    model = document.getModel()
    doubtful = {name for name in candidates if model.getParameter(name) is not None}
    behind: dict[str, set[str]] = {}  # a number that a rule derives: what it follows from
    used: set[str] = set()
    for rule in model.getListOfRules():
        variable, referred = rule.getVariable(), names(rule.getMath())
        if variable in doubtful:
            behind[variable] = referred
        else:
            used |= referred
    for reaction in model.getListOfReactions():
        used |= names(reaction.getKineticLaw().getMath())
    for assignment in model.getListOfInitialAssignments():
        used |= {assignment.getSymbol()} | names(assignment.getMath())
    for event in model.getListOfEvents():
        used |= names(event.getTrigger().getMath())
        for assignment in event.getListOfEventAssignments():
            used |= {assignment.getVariable()} | names(assignment.getMath())
    waiting = list(used)
    while waiting:
        new = behind.get(waiting.pop(), set()) - used
        used |= new
        waiting += new
    for name in doubtful - used:
        model.removeRule(name)
        model.removeParameter(name)


def drop_unused_units(document: libsbml.SBMLDocument) -> None:
    """Remove the unit definitions that nothing refers to, in place."""
    used = set(re.findall(r'nits="(\w+)"', write(document)))
    model = document.getModel()
    for unit in [u.getId() for u in model.getListOfUnitDefinitions()]:
        if unit not in used:
            model.removeUnitDefinition(unit)


def names(tree: libsbml.ASTNode) -> set[str]:
    """Return the ids that an expression refers to."""
    found, waiting = set(), [tree]
    while waiting:  # no recursion: sums of others can be thousands of terms deep
        node = waiting.pop()
        if node.isName():
            found.add(str(node.getName()))
        waiting += [node.getChild(i) for i in range(node.getNumChildren())]
    return found
