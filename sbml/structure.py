"""The structure of a model: its SBML without the numbers of a particular synapse, made once.

Many runs share a structure. It comes in two texts: the document, annotated and with the formulas of
derived numbers as rules, which is what an exported file is made from; and the lean one, without
annotation and with derived numbers as constants, which is what is compiled.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import antimony
import libsbml

from kinaptic.errors import ModelError
from kinaptic.pathways.catalogue import pathway, ports
from kinaptic.pathways.pathway import Molecule
from kinaptic.sbml import annotate, document, store
from kinaptic.sbml.assemble import declared_species
from kinaptic.units import MODEL_UNITS

_UNITS = {unit.sbml: text for text, unit in MODEL_UNITS.items()}


@dataclass(frozen=True)
class Foreign:
    """What an engine has to know of a document of others.

    Attributes
    ----------
    seconds : float
        Its unit of time (s).
    amounts : tuple of str
        Species that stand for amounts, not concentrations.
    relative : bool
        Whether it has a weight, relative to what it is when the run begins.
    complete : bool
        Whether its text has every value, so that it runs as it was loaded: a reset would give events
        that are due as it is loaded a second time.
    ours : str
        What ids of ours begin with.
    """

    seconds: float
    amounts: tuple[str, ...]
    relative: bool
    complete: bool
    ours: str


@dataclass(frozen=True)
class Structure:
    """What many runs share.

    Attributes
    ----------
    document : str
        Annotated SBML L3V2; its values mean nothing.
    lean : str
        The same model for the engine, derived numbers as constants.
    states : mapping of str to str
        Ids of floating species and of what has a rate rule, each with its unit (µM for species).
    begins : mapping of str to str
        Initial values that the text gives by naming a number: state → number.
    units : mapping of str to str
        Unit of everything that can be read out: species, variables and constants.
    foreign : Foreign, optional
        If it is of others: it is compiled and integrated in a process of its own.
    """

    document: str
    lean: str
    states: Mapping[str, str] = field(hash=False)
    begins: Mapping[str, str] = field(hash=False)
    units: Mapping[str, str] = field(hash=False)
    foreign: Foreign | None = None


@functools.lru_cache(maxsize=128)
def structure(
    text: str, derived: tuple[str, ...], *, clamps: tuple[str, ...], members: tuple[str, ...]
) -> Structure:
    """Return the structure of an Antimony text, from the disk if it was made before.

    Parameters
    ----------
    text : str
        A complete model, see `kinaptic.sbml.assemble.antimony_model`.
    derived : tuple of str
        Numbers that follow from others by a formula.
    clamps : tuple of str
        Species and variables to hold constant.
    members : tuple of str
        Pathways, which know what each species is.

    Raises
    ------
    ModelError
        If the text is not valid, or a species is without initial value or identity.
    """
    known = [f"{p}: {pathway(p).molecules!r}" for p in (*members, *_givers())]
    versions = f"antimony {antimony.__version__}, libsbml {libsbml.getLibSBMLDottedVersion()}"
    code = store.source(__file__, document.__file__, annotate.__file__)
    entry = store.key(versions, code, text, repr(derived), repr(clamps), *known)
    made = store.remember(
        "structure", entry, lambda: json.dumps(asdict(_made(text, derived, clamps, members))).encode()
    )
    return Structure(**json.loads(made))


def _givers() -> tuple[str, ...]:
    return tuple(sorted({givers[0] for _, givers in ports().values()}))


def _made(
    text: str, derived: tuple[str, ...], clamps: tuple[str, ...], members: tuple[str, ...]
) -> Structure:
    parsed = document.read(document.to_sbml(text))
    for port in clamps:
        document.clamp(parsed, port)
    model = parsed.getModel()
    states, begins = _states(model), _begins(model)
    _refuse_unset(model, states, begins)
    units = {s.getId(): "uM" for s in model.getListOfSpecies()} | {
        p.getId(): _UNITS[p.getUnits()] for p in model.getListOfParameters()
    }
    lean = _lean(parsed, [name for name in derived if name not in clamps])
    annotate.annotate(parsed, _molecules(model, members))
    document.drop_unused_units(parsed)
    return Structure(document.write(parsed), lean, states, begins, units)


def _lean(parsed: libsbml.SBMLDocument, derived: list[str]) -> str:
    copy = parsed.clone()
    model = copy.getModel()
    for name in derived:
        model.removeRule(name)
        number = model.getParameter(name)
        number.setConstant(True)
        number.setValue(1.0)
    return document.write(copy)


def _states(model: libsbml.Model) -> dict[str, str]:
    ruled = {rule.getVariable(): rule for rule in model.getListOfRules()}
    found = {
        s.getId(): "uM"
        for s in model.getListOfSpecies()
        if not s.getBoundaryCondition() and s.getId() not in ruled
    }
    for name, rule in ruled.items():
        if rule.isRate():
            parameter = model.getParameter(name)
            found[name] = "uM" if parameter is None else _UNITS[parameter.getUnits()]
    return found


def _begins(model: libsbml.Model) -> dict[str, str]:
    found = {}
    for assignment in model.getListOfInitialAssignments():
        tree = assignment.getMath()
        if not tree.isName():
            raise ModelError(
                f"{assignment.getSymbol()} begins at {libsbml.formulaToL3String(tree)}; begin it at a number "
                "by name, if need be one with a formula in the .yaml"
            )
        found[assignment.getSymbol()] = tree.getName()
    return found


def _refuse_unset(model: libsbml.Model, states: Mapping[str, str], begins: Mapping[str, str]) -> None:
    for name in states:
        species, parameter = model.getSpecies(name), model.getParameter(name)
        given = parameter.isSetValue() if species is None else species.isSetInitialConcentration()
        if not given and name not in begins:  # it would be zero, without a word
            raise ModelError(f"{name} has no initial value; write {name} = … in its .ant")


def _molecules(model: libsbml.Model, members: tuple[str, ...]) -> dict[str, Molecule]:
    """Return what each species is: from its pathway, or from the pathway that would give it."""
    declaring = {species: name for name in members for species in declared_species(pathway(name).antimony)}
    found = {}
    for species in (s.getId() for s in model.getListOfSpecies()):
        if species in declaring:
            giver = declaring[species]
        elif species in ports():
            giver = ports()[species][1][0]
        else:
            raise ModelError(f"species {species} belongs to no pathway")
        found[species] = pathway(giver).molecule(species)
    return found
