"""Which pathway every element of a flat model belongs to, and which elements cross a pathway's border."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libsbml

from kinaptic.pathways.catalogue import pathway
from kinaptic.sbml import document
from kinaptic.sbml.assemble import defined

TOP = ""  # in place of a pathway: compartments, what several pathways share, the protocol, the weight


@dataclass(frozen=True)
class Parts:
    """A flat model, taken apart.

    Attributes
    ----------
    owner : dict of str to str
        The pathway that defines an element, by the element's id; `TOP` for what no pathway defines.
    held : dict of str to set of str
        What each pathway defines or refers to: species, numbers, compartments.
    shared : set of str
        What crosses a border: the ports of pathways, what several refer to, and all that the top defines.
    """

    owner: dict[str, str]
    held: dict[str, set[str]]
    shared: set[str]


def taken_apart(model: libsbml.Model, members: Sequence[str]) -> Parts:
    """Return the parts of a flat model.

    Parameters
    ----------
    model : libsbml.Model
        Flat, without initial assignments.
    members : sequence of str
        The pathways that it is composed of.
    """
    defining = {
        name: member
        for member in members
        for name in (*pathway(member).parameters, *defined(pathway(member).antimony))
    }
    elements = [each.getId() for each in _elements(model)]
    reactions = [each.getId() for each in model.getListOfReactions()]
    owner = {name: defining.get(name, TOP) for name in (*elements, *reactions)}
    held: dict[str, set[str]] = {member: set() for member in (*members, TOP)}
    for name in elements:
        held[owner[name]].add(name)
    for name, referred in _references(model):
        held[owner.get(name, TOP)] |= referred & owner.keys()
    species = {each.getId(): each.getCompartment() for each in model.getListOfSpecies()}
    for names in held.values():
        names |= {species[name] for name in names if name in species}
    shared = {port for member in members for port in (*pathway(member).gives, *pathway(member).collects)}
    shared |= held[TOP] | {n for m in members for n in held[m] if owner[n] != m}
    return Parts(owner, held, shared & set(elements))


def _elements(model: libsbml.Model) -> Iterator[libsbml.SBase]:
    for kind in (model.getListOfCompartments(), model.getListOfSpecies(), model.getListOfParameters()):
        yield from kind


def _references(model: libsbml.Model) -> Iterator[tuple[str, set[str]]]:
    """Yield what every rule, reaction and event refers to, each by the id that says whose it is."""
    for rule in model.getListOfRules():
        yield rule.getVariable(), {rule.getVariable()} | document.names(rule.getMath())
    for reaction in model.getListOfReactions():
        sides = (reaction.getListOfReactants(), reaction.getListOfProducts(), reaction.getListOfModifiers())
        taking_part = {each.getSpecies() for side in sides for each in side}
        yield reaction.getId(), taking_part | document.names(reaction.getKineticLaw().getMath())
    for event in model.getListOfEvents():
        yield event.getId(), document.names(event.getTrigger().getMath())
        for assignment in event.getListOfEventAssignments():
            yield event.getId(), {assignment.getVariable()} | document.names(assignment.getMath())
