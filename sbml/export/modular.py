"""SBML with a submodel for each pathway (package comp), taken apart from the flat model.

The top level holds the compartments, what several pathways share, the protocol and the weight, under
the ids of the flat model; each pathway's definition has copies of what it needs of these, with ports,
and the top level replaces the copies. A definition is valid alone: its inputs are there, with units,
at the values of the baseline.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

import libsbml

from kinaptic import files
from kinaptic.errors import ExportError
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import build, document, engine
from kinaptic.sbml.export import modular_parts
from kinaptic.sbml.export.formats import Job
from kinaptic.sbml.export.modular_parts import TOP, Parts
from kinaptic.sbml.model import Model

UNIT_PORT = "unit_"  # before a unit's id, in the id of its port
_COMP = "http://www.sbml.org/sbml/level3/version1/comp/version1"


def write(job: Job) -> None:
    """Write a synapse with a submodel for each of its pathways.

    Raises
    ------
    ExportError
        If libSBML finds something in what would be written.
    """
    text = composed(job.model.sbml, _members(job), _at_rest(job.model))
    found = document.problems(text)
    if found:
        raise ExportError(
            f"{job.synapse.name} cannot be written with submodels: {' '.join(found[0].split())} (and "
            f"{len(found) - 1} more). Nothing was written; export it as 'sbml', and report this model"
        )
    files.write(job.path, text)


def _members(job: Job) -> tuple[str, ...]:
    """Return the pathways of a model; recorded calcium takes the place of the one that makes it."""
    played = isinstance(job.protocol, Waveform)
    return (build.replaced_calcium(job.synapse) if played else job.synapse).pathways


def _at_rest(model: Model) -> dict[str, float]:
    """Return what the run begins with for everything that an assignment rule sets."""
    runner = engine.prepare(model.structure, model.values)
    engine.set_state(runner, model.initial)
    parsed = document.read(model.sbml)
    rules = parsed.getModel().getListOfRules()
    return engine.state(runner, [rule.getVariable() for rule in rules if rule.isAssignment()])


def composed(sbml: str, members: tuple[str, ...], at_rest: Mapping[str, float]) -> str:
    """Return a flat model as one of submodels.

    Parameters
    ----------
    sbml : str
        SBML Level 3.
    members : tuple of str
        The pathways that it is composed of.
    at_rest : mapping of str to float
        Values of what assignment rules set, for copies that have no rule: in the model's units.
    """
    parsed = document.read(sbml)
    parsed.enablePackage(_COMP, "comp", True)
    parsed.setPackageRequired("comp", True)
    model = parsed.getModel()
    parts = modular_parts.taken_apart(model, members)
    document.set_values(parsed, {n: at_rest[n] for n in at_rest.keys() & parts.shared}, {})
    definitions = [_define(parsed, member, parts) for member in members]
    for definition in definitions:
        submodel = model.getPlugin("comp").createSubmodel()
        submodel.setId(definition.getId())
        submodel.setModelRef(definition.getId())
        _wire(model, definition, submodel.getId())
    _remove_private(model, parts)
    return document.write(parsed)


def _named(member: str, parts: Parts) -> str:
    """Return the id of a pathway's definition and submodel: its name, unless a compartment has that."""
    return f"{member}_pathway" if member in parts.owner else member


def _define(parsed: libsbml.SBMLDocument, member: str, parts: Parts) -> libsbml.ModelDefinition:
    """Add the definition of a pathway: what it defines, and copies of what it refers to."""
    flat = parsed.getModel()
    made = parsed.getPlugin("comp").createModelDefinition()
    made.setId(_named(member, parts))
    _describe(made, flat, member)
    for kind, add in (
        (flat.getListOfCompartments(), made.addCompartment),
        (flat.getListOfSpecies(), made.addSpecies),
        (flat.getListOfParameters(), made.addParameter),
    ):
        for element in kind:
            if element.getId() in parts.held[member]:
                _done(add(_copy(element, member, parts)), element)
    for rule in flat.getListOfRules():
        if parts.owner[rule.getVariable()] == member:
            _done(made.addRule(rule), rule)
    for reaction in flat.getListOfReactions():
        if parts.owner[reaction.getId()] == member:
            _done(made.addReaction(reaction), reaction)
    used = set(re.findall(r'nits="(\w+)"', made.toSBML()))
    for unit in flat.getListOfUnitDefinitions():
        if unit.getId() in used:
            _done(made.addUnitDefinition(unit), unit)
            _port(made, f"{UNIT_PORT}{unit.getId()}").setUnitRef(unit.getId())
    for name in sorted(parts.held[member] & parts.shared):
        _port(made, name).setIdRef(name)
    return made


def _done(code: int, element: libsbml.SBase) -> None:
    """Refuse what libSBML refuses by no more than a number."""
    if code != libsbml.LIBSBML_OPERATION_SUCCESS:
        why = libsbml.OperationReturnValue_toString(code)
        raise ExportError(f"{element.getElementName()} {element.getId()} fits into no submodel: {why}")


def _describe(made: libsbml.ModelDefinition, flat: libsbml.Model, member: str) -> None:
    made.setName(pathway(member).title)
    made.setSBOTerm(flat.getSBOTerm())
    made.setNotes(f'<p xmlns="http://www.w3.org/1999/xhtml">{escape(pathway(member).summary)}</p>')
    made.setSubstanceUnits(flat.getSubstanceUnits())
    made.setTimeUnits(flat.getTimeUnits())
    made.setVolumeUnits(flat.getVolumeUnits())
    made.setExtentUnits(flat.getExtentUnits())


def _copy(element: libsbml.SBase, member: str, parts: Parts) -> libsbml.SBase:
    """Return a copy for a definition; where the top level has the same, under a metaid of its own."""
    made = element.clone()
    if made.isSetMetaId() and made.getId() in parts.shared:
        made.setMetaId(f"{member}_{made.getMetaId()}")
    return made


def _port(made: libsbml.ModelDefinition, name: str) -> libsbml.Port:
    port = made.getPlugin("comp").createPort()
    port.setId(name)
    return port


def _wire(model: libsbml.Model, definition: libsbml.ModelDefinition, submodel: str) -> None:
    """Let the top level's elements replace what a submodel has at its ports."""
    for port in definition.getPlugin("comp").getListOfPorts():
        if port.isSetUnitRef():
            element = model.getUnitDefinition(port.getUnitRef())
        else:
            element = model.getElementBySId(port.getIdRef())
        replaced = element.getPlugin("comp").createReplacedElement()
        replaced.setSubmodelRef(submodel)
        replaced.setPortRef(port.getId())


def _remove_private(model: libsbml.Model, parts: Parts) -> None:
    """Leave at the top level what is shared, and the rules of what no pathway defines."""
    for name in [rule.getVariable() for rule in model.getListOfRules()]:
        if parts.owner[name] != TOP:
            model.removeRule(name)
    for name, owner in parts.owner.items():
        if owner != TOP and name not in parts.shared:
            model.getElementBySId(name).removeFromParentAndDelete()
