"""From a synapse and a protocol to a model that is ready to run."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kinaptic.errors import ModelError, PerturbationError
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import drive, equilibrium, formula, waveform_drive
from kinaptic.sbml.assemble import Assembly, antimony_model, assemble
from kinaptic.sbml.model import Model
from kinaptic.sbml.structure import Structure, structure

if TYPE_CHECKING:
    from kinaptic.pathways.perturbation import Perturbation
    from kinaptic.sbml.synapse import Synapse

INPUTS = "coactive_inputs"  # the calcium pathway's number of synapses that are active together
_REST = "weight_post_rest"
_SILENT = drive.DriveText("", {}, {})
_WEIGHT = f"weight := weight_post/{_REST}; weight has one_unit; {_REST} has one_unit;"


@dataclass(frozen=True)
class Recipe:
    """A synapse and a protocol as text: what goes into the structure.

    Attributes
    ----------
    synapse : Synapse
        The one to build; without its calcium pathway when a recorded waveform takes its place.
    assembly : Assembly
        Its pathways as one text.
    numbers : mapping of str to Parameter
        Its numbers, perturbed, and those of the protocol.
    clamps : tuple of str
        Ports given by a pathway of the synapse but held by a perturbation.
    drive : DriveText
        The protocol as text.
    """

    synapse: Synapse
    assembly: Assembly
    numbers: Mapping[str, Parameter] = field(hash=False)
    clamps: tuple[str, ...] = ()
    drive: drive.DriveText = _SILENT

    @functools.cached_property
    def structure(self) -> Structure:
        """The model's structure."""
        weight = _WEIGHT if has_weight(self.assembly) else ""
        constants = [n for n, p in self.numbers.items() if p.formula is None and n not in self.clamps]
        text = antimony_model(
            "kinaptic", self.assembly.body, f"{self.drive.text}\n{weight}", dict.fromkeys(constants, 1.0)
        )
        derived = tuple(n for n, p in self.assembly.parameters.items() if p.formula is not None)
        return structure(text, derived, clamps=self.clamps, members=self.assembly.pathways)

    @property
    def readouts(self) -> tuple[str, ...]:
        """What a run shows."""
        own = [r for name in self.synapse.pathways for r in pathway(name).readouts]
        if has_weight(self.assembly):
            own.insert(0, "weight")
        return tuple(dict.fromkeys(own))


def recipe(synapse: Synapse, protocol: Protocol | Waveform | None) -> Recipe:
    """Return how to build `synapse` under `protocol`.

    Raises
    ------
    ModelError
        If nothing in the synapse answers to the protocol.
    PerturbationError
        If calcium is clamped and yet given as a waveform.
    """
    if isinstance(protocol, Waveform):
        return _played(synapse, protocol)
    if protocol is None:
        return _recipe(synapse, synapse.assembly, acute=True)
    members = [pathway(name) for name in synapse.pathways]
    on_pre = _merged([m.on_pre for m in members])
    on_post = _merged([m.on_post for m in members])
    if not on_pre and not on_post:
        raise ModelError(
            f"nothing in {', '.join(synapse.pathways)} answers to spikes; add the pathway 'calcium', or "
            "give calcium as a Waveform"
        )
    lag = post_lag(synapse)
    if lag:  # its formula, not its name: AMICI compiles no rule variable inside an event
        lag = f"({synapse.assembly.parameters[lag].formula or lag})"
    written = drive.antimony(protocol, on_pre, on_post=on_post, post_lag=lag)
    if protocol.inputs is not None and INPUTS in synapse.assembly.parameters:
        inputs = (float(protocol.inputs), "1", "synapses active together, as the protocol says")
        written = replace(written, parameters=dict(written.parameters) | {INPUTS: inputs})
    return _recipe(synapse, synapse.assembly, acute=True, written=written)


def post_lag(synapse: Synapse) -> str:
    """Return the number (s) by which postsynaptic spikes reach the synapse late, or an empty text."""
    return next((lag for name in synapse.pathways if (lag := pathway(name).post_lag)), "")


def _played(synapse: Synapse, waveform: Waveform) -> Recipe:
    unheard = on_calcium(synapse)
    if unheard:
        raise PerturbationError(
            f"recorded calcium takes the place of the pathway that makes it, so that '{unheard[0]}' would do "
            "nothing; leave one of them out"
        )
    heard = replaced_calcium(synapse)
    held = {name: value for name, value in heard.clamped if name != "Ca"}
    assembly = assemble(heard.pathways, held, absent=heard.absent, driven=("Ca",))
    return _recipe(heard, assembly, acute=True, written=waveform_drive.antimony(waveform))


def _recipe(
    synapse: Synapse, assembly: Assembly, *, acute: bool, written: drive.DriveText = _SILENT
) -> Recipe:
    known, clamps = assembly.parameters, synapse.clamps(acute=acute)
    numbers = {n: p for n, p in synapse.numbers(acute=acute).items() if n in known or n in clamps}
    for name, (value, unit, note) in written.parameters.items():
        numbers[name] = Parameter(value=value, unit=unit, source="assumed: set by the protocol", note=note)
    if has_weight(assembly):
        numbers[_REST] = Parameter(
            value=1.0, unit="1", source="assumed: definition, weight_post of this model at its baseline"
        )
    return Recipe(synapse, assembly, numbers, clamps, written)


def on_calcium(synapse: Synapse) -> list[Perturbation]:
    """Return the perturbations of where calcium comes from; they need spikes to act on."""
    source = pathway("calcium")
    targets = {source.name, *source.gives, *source.enzymes, *source.parameters}
    return [p for p in synapse.perturbations if p.target in targets]


def replaced_calcium(synapse: Synapse) -> Synapse:
    """Return `synapse` with its own source of calcium taken out, for a recorded waveform."""
    return synapse.without("calcium") if "calcium" in synapse.pathways else synapse


def model(synapse: Synapse, protocol: Protocol | Waveform | None) -> Model:
    """Return the model of `synapse` under `protocol`, starting from its baseline."""
    made = recipe(synapse, protocol)
    numbers, readouts = dict(made.numbers), made.readouts
    rest_calcium = protocol.rest if isinstance(protocol, Waveform) else None
    rest, weight_rest = baseline(made.synapse, rest_calcium)
    if weight_rest is not None:
        numbers[_REST] = numbers[_REST].model_copy(update={"value": weight_rest})
    if rest_calcium is not None:
        readouts = ("Ca", *(r for r in readouts if r != "Ca"))
    states = made.structure.states
    initial = equilibrium.beginning(made.structure, formula.evaluate(numbers))
    initial |= {name: value for name, value in rest.items() if name in states}
    return Model(synapse.name, made.structure, numbers, initial, readouts)


def baseline(synapse: Synapse, rest_calcium: float | None = None) -> tuple[dict[str, float], float | None]:
    """Return the resting state before the run, and weight_post in it.

    Parameters
    ----------
    synapse : Synapse
        Perturbations that begin with the run are left out.
    rest_calcium : float, optional
        Calcium (µM) to rest at, where a waveform sets it.

    Raises
    ------
    SimulationFailed
        If the synapse cannot be integrated at rest.
    """
    clamped = dict(synapse.clamped)
    if rest_calcium is not None:
        clamped["Ca"] = rest_calcium
    assembly = assemble(synapse.pathways, clamped, absent=synapse.absent)
    made = _recipe(synapse, assembly, acute=False)
    numbers = dict(made.numbers)
    if rest_calcium is not None and "Ca" in numbers:
        numbers["Ca"] = numbers["Ca"].model_copy(update={"value": rest_calcium})
    watch = ("weight_post",) if has_weight(assembly) else ()
    state = equilibrium.settle(made.structure, formula.evaluate(numbers), watch=watch)
    weight = state.pop("weight_post", None)
    return state, weight


def derived(synapse: Synapse) -> dict[str, float]:
    """Return the values of the numbers that follow from others by a formula."""
    numbers = _recipe(synapse, synapse.assembly, acute=True).numbers
    values = formula.evaluate(numbers)
    return {name: values[name] for name, p in numbers.items() if p.formula is not None}


def has_weight(assembly: Assembly) -> bool:
    """Return whether the model has a postsynaptic weight."""
    return any("weight_post" in pathway(name).gives for name in assembly.pathways)


def _merged(changes: list[Mapping[str, str]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for each in changes:
        for variable, expression in each.items():
            if variable in merged:
                raise ModelError(f"two pathways change {variable} at a spike; one of them must own it")
            merged[variable] = expression
    return merged
