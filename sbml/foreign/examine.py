"""Whether a document of others is valid, can be run, and says all it has to; in the worker process.

libSBML judges validity, without units and modelling practice, which many a good model is without. What
is valid and still not run is looked for here; at last roadrunner compiles it and takes one short step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import libsbml
import roadrunner

from kinaptic.errors import ForeignModelError
from kinaptic.sbml import document
from kinaptic.sbml.foreign.contents import Document
from kinaptic.sbml.foreign.gaps import refuse_gaps
from kinaptic.sbml.foreign.symbols import seconds, symbols

_NOT_CHECKED = (
    libsbml.LIBSBML_CAT_UNITS_CONSISTENCY,
    libsbml.LIBSBML_CAT_MODELING_PRACTICE,
    libsbml.LIBSBML_CAT_SBO_CONSISTENCY,
)
_HARMLESS = {libsbml.DanglingUnitReference, libsbml.DanglingUnitSIdRef}  # which changes no number
_SHOWN = 3  # errors in a message
_REMEDY = "Mend the file, or ask its authors; the validator at sbml.org lists all there is"
_MOMENT = 1e-9  # units of time
_PAPERS = {libsbml.BQM_IS, libsbml.BQM_IS_DESCRIBED_BY, libsbml.BQM_IS_DERIVED_FROM}


def examined(text: str, where: str, name: str, place: str, composed: bool) -> Document:
    """Return what a document contains, if it can be run.

    Parameters
    ----------
    text : str
        SBML.
    where : str
        Its file, for messages.
    name : str
        For the `Document`.
    place : str
        Path of the file, beside which files of submodels are looked for; not a URI, of which libSBML
        decodes nothing.
    composed : bool
        Whether it says that it is made of submodels.

    Raises
    ------
    ForeignModelError
        If not; with the line where libSBML gives one.
    """
    parsed = libsbml.readSBMLFromString(text)
    parsed.setLocationURI(place)
    _refuse_errors(parsed, where)
    if composed:
        parsed = _flattened(parsed, where)
        text = document.write(parsed)
    model = parsed.getModel()
    _refuse_unsupported(model, where)
    laws = [each.getKineticLaw() for each in model.getListOfReactions()]
    if any(law.getNumParameters() + law.getNumLocalParameters() for law in laws):
        parsed.convert(_option("promoteLocalParameters"))  # to ids ``reaction_parameter``, which can be set
        text, model = document.write(parsed), parsed.getModel()
    refuse_gaps(model, where)
    found = Document(
        name=name,
        text=text,
        symbols=symbols(model),
        seconds=seconds(model),
        level=parsed.getLevel(),
        version=parsed.getVersion(),
        timed=model.getNumEvents() > 0 or any(_has(libsbml.AST_NAME_TIME, tree) for tree in _maths(model)),
        cited="; ".join([model.getName() or name, *_papers(model)]),
    )
    _try(text, where)
    return found


# ---- Validity
def _refuse_errors(parsed: libsbml.SBMLDocument, where: str) -> None:
    """Refuse a document in which libSBML finds errors, as it is read or when it is checked."""
    _refuse_found(parsed, where)
    if parsed.getModel() is None:
        raise ForeignModelError(f"{where} has no model in it; is it the right file, and complete?")
    for category in _NOT_CHECKED:
        parsed.setConsistencyChecks(category, False)
    parsed.checkConsistency()
    _refuse_found(parsed, where)


def _refuse_found(parsed: libsbml.SBMLDocument, where: str) -> None:
    errors = [parsed.getError(i) for i in range(parsed.getNumErrors())]
    found = dict.fromkeys(
        _told(each)
        for each in errors
        if each.getSeverity() >= libsbml.LIBSBML_SEV_ERROR and each.getErrorId() not in _HARMLESS
    )
    if not found:
        return
    told = "; ".join(list(found)[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise ForeignModelError(f"{where}, {told}{more}. {_REMEDY}")


def _told(error: libsbml.SBMLError) -> str:
    """Return an error as a phrase: the rule in short, then what libSBML says of the place."""
    rule, _, place = str(error.getMessage()).partition("\nReference: ")
    words = " ".join((place.partition("\n")[2].strip() or rule).split())  # else the section of the standard
    return f"line {error.getLine()}: {error.getShortMessage().rstrip('.')}: {words.rstrip('.')[:400]}"


def _flattened(parsed: libsbml.SBMLDocument, where: str) -> libsbml.SBMLDocument:
    """Return a document of submodels as one model, with ids ``submodel__id``."""
    wish = _option("flatten comp")
    wish.addOption("performValidation", False)  # done before, and again after
    done = parsed.convert(wish)
    if done != libsbml.LIBSBML_OPERATION_SUCCESS:
        _refuse_found(parsed, where)
        raise ForeignModelError(f"{where} is made of submodels that libSBML cannot put together. {_REMEDY}")
    flat = document.read(document.write(parsed))  # the lines of the flat text, not of the file
    _refuse_errors(flat, f"{where}, put together from its submodels")
    return flat


def _option(name: str) -> libsbml.ConversionProperties:
    wish = libsbml.ConversionProperties()
    wish.addOption(name, True)
    return wish


# ---- What is valid and not run
def _refuse_unsupported(model: libsbml.Model, where: str) -> None:
    for rule in model.getListOfRules():
        if rule.isAlgebraic() and rule.isSetMath():
            _refuse(rule, where, "algebraic rules are not run; solve it for one of its variables")
    for reaction in model.getListOfReactions():
        if reaction.isSetFast() and reaction.getFast():
            what = f"reaction {reaction.getId()} is fast, and those are not run; give it large rate constants"
            _refuse(reaction, where, what)
        if reaction.getKineticLaw() is None:
            what = (
                f"reaction {reaction.getId()} has no kinetic law, so that nothing says how fast it is; a "
                "model for flux balance analysis cannot be run in time"
            )
            _refuse(reaction, where, what)
    for tree in _maths(model):
        if _has(libsbml.AST_FUNCTION_DELAY, tree):
            _refuse(
                tree.getParentSBMLObject(),
                where,
                "delay(…) in maths is not run; write the delay as a chain of first-order steps",
            )


def _refuse(element: libsbml.SBase, where: str, what: str) -> None:
    raise ForeignModelError(f"{where}, line {element.getLine()}: {what}")


def _maths(model: libsbml.Model) -> Iterator[libsbml.ASTNode]:
    """Yield every expression of a model but those of functions and constraints."""
    everything = model.getListOfAllElements()
    for i in range(everything.getSize()):
        element = everything.get(i)
        passive = isinstance(element, libsbml.FunctionDefinition | libsbml.Constraint)
        if not passive and hasattr(element, "getMath") and element.getMath() is not None:
            yield element.getMath()


def _has(kind: int, tree: libsbml.ASTNode) -> bool:
    waiting = [tree]  # not by recursion: libSBML makes a long sum a deep tree
    while waiting:
        node = waiting.pop()
        if node.getType() == kind:
            return True
        waiting += [node.getChild(i) for i in range(node.getNumChildren())]
    return False


def _papers(model: libsbml.Model) -> list[str]:
    """Return the addresses of what a model is, is described by, or is derived from."""
    terms = [model.getCVTerm(i) for i in range(model.getNumCVTerms())]
    told = [
        each
        for each in terms
        if each.getQualifierType() == libsbml.MODEL_QUALIFIER and each.getModelQualifierType() in _PAPERS
    ]
    return [str(each.getResourceURI(i)) for each in told for i in range(each.getNumResources())]


# ---- Whether it runs
def _try(text: str, where: str) -> None:
    """Compile a document and take one short step, at whose ends every state has to be a finite number."""
    options = roadrunner.LoadSBMLOptions()
    options.setLLVMBackend(options.LLJIT)  # compiles in a third of the time of the other one
    try:
        runner = roadrunner.RoadRunner(text, options)
    except RuntimeError as why:
        reason = str(why).strip().partition(", at ")[0].splitlines()[0]
        raise ForeignModelError(
            f"{where} is valid SBML, but libRoadRunner does not run it: {reason}"
        ) from None
    model = runner.model
    odd = [name for name, value in _numbers(model) if not math.isfinite(value)]
    suspects = f" No finite numbers before it: {', '.join(odd[:5])}" if odd else ""
    count = model.getNumRateRules() + model.getNumFloatingSpecies()
    states = [model.getStateVectorId(i) for i in range(count)]
    runner.timeCourseSelections = ["time", *states]
    try:
        course = runner.simulate(0, _MOMENT, 2)
    except RuntimeError as why:
        reason = str(why).strip().partition(";")[0].splitlines()[0]
        raise ForeignModelError(
            f"{where}: libRoadRunner fails at the first step ({reason}); is there a division by zero, or a "
            f"number too large?{suspects}"
        ) from None
    for row in course:
        for name, value in zip(states, row[1:], strict=True):
            if not math.isfinite(value):
                raise ForeignModelError(
                    f"{where}: {name} is {value} at the first step; is there a division by zero, or a number "
                    f"too large?{suspects}"
                )


def _numbers(model: roadrunner.ExecutableModel) -> Iterator[tuple[str, float]]:
    for names, values in (
        (model.getCompartmentIds(), model.getCompartmentVolumes()),
        (model.getFloatingSpeciesIds(), model.getFloatingSpeciesAmounts()),
        (model.getBoundarySpeciesIds(), model.getBoundarySpeciesAmounts()),
        (model.getGlobalParameterIds(), model.getGlobalParameterValues()),
    ):
        yield from zip(names, map(float, values), strict=True)
