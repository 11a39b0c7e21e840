"""What of a synapse a NEURON mechanism has: all but its own calcium, which the cell brings.

The whole model is read and cut at calcium. What serves calcium alone (voltage, NMDA receptors, channels)
falls away. Glutamate stays, although the calcium pathway has it: a recorded waveform comes without
spikes and so does without glutamate, but spikes reach a mechanism, and metabotropic receptors and the
bouton hear them by it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import libsbml

from kinaptic.errors import ExportError
from kinaptic.pathways.catalogue import pathway, ports
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml import build, document, engine
from kinaptic.sbml.export.nmodl_math import tree
from kinaptic.sbml.export.nmodl_names import safe
from kinaptic.sbml.export.nmodl_network import CALCIUM, Network, Reaction, reached

if TYPE_CHECKING:
    from kinaptic.sbml.model import Model
    from kinaptic.sbml.synapse import Synapse

ELSEWHERE = "Ca_elsewhere"  # what stores would add to calcium: shown, for the cell may want it
_SOURCE = "calcium"  # the pathway that the cell takes the place of
_KEPT = (CALCIUM, "Glu")  # of what that pathway gives
_LISTENERS = {"pre": "on_pre", "post": "on_post"}


def network(synapse: Synapse, model: Model) -> Network:
    """Return what is left of a synapse when its calcium comes from outside.

    Parameters
    ----------
    synapse : Synapse
        Without perturbations of the calcium pathway.
    model : Model
        Of that synapse, without a protocol.

    Raises
    ------
    ExportError
        If nothing is left, or there is something that NMODL cannot say.
    """
    if synapse.pathways == (_SOURCE,):
        raise ExportError(
            "the cell makes its own calcium, and this synapse has nothing else; add pathways that calcium "
            "acts on, such as 'calmodulin'"
        )
    heard = build.recipe(build.replaced_calcium(synapse), None)
    parsed = document.read(model.source.document)  # kept while its trees are read
    flat = parsed.getModel()
    named = safe((each.getId() for found in _identified(flat) for each in found), states=model.initial.keys())
    whole = _whole(synapse, model, flat, named)
    roots = (*heard.structure.states, *heard.readouts, ELSEWHERE)
    shown = {*whole.states, *whole.formulas}
    return reached(whole, [named[name] for name in roots if named.get(name) in shown])


def _identified(flat: libsbml.Model) -> Iterable[libsbml.ListOf]:
    return flat.getListOfCompartments(), flat.getListOfSpecies(), flat.getListOfParameters()


def _whole(synapse: Synapse, model: Model, flat: libsbml.Model, named: Mapping[str, str]) -> Network:
    """Return the whole model, without what decides calcium."""
    outside = _outside(synapse, model)
    cut = {CALCIUM, *outside}
    numbers = {**model.parameters, **outside}
    rules = [rule for rule in flat.getListOfRules() if rule.getVariable() not in cut]
    given = {r.getVariable(): tree(r.getMath(), named, r.getVariable()) for r in rules}
    rates = {rule.getVariable() for rule in rules if rule.isRate()}
    states = {name: value for name, value in model.initial.items() if name not in cut}
    species = [each for each in flat.getListOfSpecies() if each.getId() in states]
    meanings = {
        **{name: port.meaning for name, (port, _) in ports().items()},
        **{name: phrase for p in synapse.pathways for name, phrase in pathway(p).readouts.items()},
        **{each.getId(): each.getName() for each in species},
    }
    return Network(
        numbers={ours: numbers[n] for n, ours in named.items() if n in numbers and n != CALCIUM},
        formulas={named[n]: math for n, math in given.items() if n not in rates},
        states={named[n]: value for n, value in states.items()},
        homes={named[each.getId()]: named[each.getCompartment()] for each in species},
        rates={named[n]: math for n, math in given.items() if n in rates},
        reactions=tuple(_reaction(each, named, states) for each in flat.getListOfReactions()),
        spikes={side: _spikes(synapse, listener, named) for side, listener in _LISTENERS.items()},
        calcium=_resting(model) if CALCIUM in named else None,
        units={ours: model.source.units[n] for n, ours in named.items() if n in model.source.units},
        meanings={ours: meanings[n] for n, ours in named.items() if n in meanings},
        renamed={n: ours for n, ours in named.items() if ours != n},
    )


def untold(of: Network) -> list[str]:
    """Return what the calcium pathway would have given and the cell's calcium does not tell: constants."""
    return [name for name in pathway(_SOURCE).gives if name not in _KEPT and name in of.numbers]


def _outside(synapse: Synapse, model: Model) -> dict[str, Parameter]:
    """Return, as constants, the variables of the calcium pathway that a cell does not bring."""
    if _SOURCE not in synapse.pathways:
        return {}
    why = "assumed: neutral value, calcium comes from the cell"
    return {
        name: Parameter(value=port.neutral, unit=port.unit, source=why, note=port.meaning)
        for name, port in pathway(_SOURCE).gives.items()
        if name not in _KEPT and name not in model.parameters
    }


def _reaction(of: libsbml.Reaction, named: Mapping[str, str], states: Collection[str]) -> Reaction:
    law = tree(of.getKineticLaw().getMath(), named, of.getId())
    left, right = (
        tuple(named[name] for name in _side(of, found) if name in states)
        for found in (of.getListOfReactants(), of.getListOfProducts())
    )
    return Reaction(of.getId(), left, right, law)


def _side(of: libsbml.Reaction, found: libsbml.ListOf) -> list[str]:
    """Return one side of a reaction, each species as often as its stoichiometry says."""
    side: list[str] = []
    for each in found:
        count = each.getStoichiometry()
        if count != int(count):
            raise ExportError(
                f"{of.getId()}: NMODL knows whole molecules only, not {count:g} of {each.getSpecies()}; "
                "write the reaction with whole numbers, or export as SBML"
            )
        side += [each.getSpecies()] * int(count)
    return side


def _spikes(synapse: Synapse, listener: str, named: Mapping[str, str]) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for name in synapse.pathways:
        for variable, expression in getattr(pathway(name), listener).items():
            if named[variable] in found:
                raise ExportError(f"two pathways change {variable} at a spike; one of them must own it")
            math = libsbml.parseL3Formula(expression)
            found[named[variable]] = tree(math, named, f"{listener} of pathway {name}")
    return found


def _resting(model: Model) -> float:
    """Return calcium (µM) in the initial state."""
    runner = engine.prepare(model.structure, model.values)
    engine.set_state(runner, model.initial)
    return engine.state(runner, [CALCIUM])[CALCIUM]
