"""From a synapse and a protocol to a model that is ready to run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from kinaptic.errors import KinapticError, ModelError, PerturbationError
from kinaptic.pathways import drugs
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.trains import Regime, Step
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import drive, equilibrium, fields, formula, inline, waveform_drive
from kinaptic.sbml.assemble import Assembly, antimony_model, assemble
from kinaptic.sbml.model import Model
from kinaptic.sbml.origin import Origin
from kinaptic.sbml.structure import Structure, structure

if TYPE_CHECKING:
    from kinaptic.pathways.perturbation import Perturbation
    from kinaptic.sbml.synapse import Synapse

    Stimulus = Protocol | Waveform | fields.Surrounded | None
    Point = tuple[Synapse, Stimulus]
    Rest = tuple[Synapse, float | None]  # with the calcium (µM) to rest at, where a waveform sets it
    Baseline = tuple[equilibrium.State, Mapping[str, float]]  # and in it what strength is relative to

_P = ParamSpec("_P")
_T = TypeVar("_T")

INPUTS = "coactive_inputs"  # the calcium pathway's number of synapses that are active together
_STRENGTHS = {"release_mean": "W_pre", "weight_post": "W_post"}  # port → what it is relative to its baseline
_SILENT = drive.DriveText("", {}, {})


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
    origin : Origin
        What the user asked for.
    rest_calcium : float, optional
        Calcium (µM) that the synapse rests at, where a recorded waveform sets it.
    """

    synapse: Synapse
    assembly: Assembly
    numbers: Mapping[str, Parameter] = field(hash=False)
    origin: Origin
    clamps: tuple[str, ...] = ()
    drive: drive.DriveText = _SILENT
    rest_calcium: float | None = None

    @functools.cached_property
    def structure(self) -> Structure:
        """The model's structure."""
        made = self.assembly
        return _structure(
            made.pathways, made.body, made.derived, self.drive.text, tuple(self.numbers), self.clamps
        )

    @property
    def readouts(self) -> tuple[str, ...]:
        """What a run shows."""
        members = [pathway(name) for name in self.synapse.pathways]
        own = [r for each in members for r in (*each.readouts, *each.metaplastic)]
        strengths = _strengths(self.assembly.pathways)
        if strengths:
            own = ["weight", *strengths.values(), *own]
        if self.rest_calcium is not None:
            own.insert(0, "Ca")
        return tuple(dict.fromkeys(own))

    @property
    def rest(self) -> Rest:
        """What weights are relative to: the synapse without what is washed in, and its calcium."""
        resting = first(self.synapse)
        if self.rest_calcium is not None:
            resting = replaced_calcium(resting)
        there = tuple(p for p in resting.perturbations if not p.acute)
        return replace(resting, perturbations=there), self.rest_calcium


@functools.lru_cache(maxsize=128)
def _structure(
    members: tuple[str, ...],
    body: str,
    derived: tuple[str, ...],
    drive_text: str,
    numbers: tuple[str, ...],
    clamps: tuple[str, ...],
) -> Structure:
    """Return the structure of these texts and names; points of a study share a few of them."""
    extra = f"{drive_text}\n{_weight(_strengths(members))}"
    constants = (name for name in numbers if name not in (*derived, *clamps))
    text = antimony_model("kinaptic", body, extra, dict.fromkeys(constants, 1.0))
    return structure(text, derived, clamps=clamps, members=members)


def recipe(synapse: Synapse, protocol: Stimulus) -> Recipe:
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
    if isinstance(protocol, fields.Surrounded):
        return _surrounded(synapse, protocol)
    written = _written(synapse, synapse.assembly, protocol)
    return _recipe(synapse, synapse.assembly, Origin(synapse, protocol), acute=True, written=written)


def _written(synapse: Synapse, assembly: Assembly, protocol: Protocol | None) -> drive.DriveText:
    """Return a protocol as text for a synapse."""
    if protocol is None:
        return _SILENT
    written = _driven(protocol, synapse.pathways, assembly.body, synapse.clamps(acute=True))
    if protocol.inputs is not None and INPUTS in assembly.parameters:
        inputs = (float(protocol.inputs), "1", "synapses active together, as the protocol says")
        return replace(written, parameters=dict(written.parameters) | {INPUTS: inputs})
    return written


def _surrounded(synapse: Synapse, given: fields.Surrounded) -> Recipe:
    driven = given.field.ports
    assembly = assemble(synapse.pathways, dict(synapse.clamped), absent=synapse.absent, driven=driven)
    own = _written(synapse, assembly, given.protocol)
    around = fields.antimony(given.field, clock=given.protocol is None)
    written = around if given.protocol is None else fields.joined(own, around)
    return _recipe(synapse, assembly, Origin(synapse, given.protocol), acute=True, written=written)


@functools.lru_cache(maxsize=256)
def _driven(
    protocol: Protocol, names: tuple[str, ...], body: str, clamps: tuple[str, ...]
) -> drive.DriveText:
    members = [pathway(name) for name in names]
    on_pre, on_post, on_step, on_regime = (
        {variable: inline.written_out(value, body, clamps) for variable, value in _merged(changes).items()}
        for changes in (
            [getattr(m, on) for m in members] for on in ("on_pre", "on_post", "on_step", "on_regime")
        )
    )
    for given, heard, what in (
        (protocol.n_pre and not protocol.n_post, on_pre, "presynaptic spikes"),
        (protocol.n_post and not protocol.n_pre, on_post, "postsynaptic spikes"),
        (protocol.n_pre and protocol.n_post, {**on_pre, **on_post}, "spikes"),
        (_any(protocol, Step), on_step, "voltage steps"),
        (_any(protocol, Regime), on_regime, "sleep or a change of firing"),
    ):
        if given and not heard:
            raise ModelError(
                f"nothing in {', '.join(names)} answers to {what}; add the pathway "
                + (
                    "'cell_activity'"
                    if what.startswith("sleep")
                    else "'calcium', or give calcium as a Waveform"
                )
            )
    lag = inline.written_out(next((m.post_lag for m in members if m.post_lag), ""), body, clamps)
    return drive.antimony(
        protocol, on_pre, on_post=on_post, on_step=on_step, on_regime=on_regime, post_lag=lag
    )


def _any(protocol: Protocol, kind: type[Step | Regime]) -> bool:
    return any(isinstance(segment, kind) for segment in protocol.segments)


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
    if synapse.start is not None:
        raise PerturbationError(
            f"recorded calcium rests where the recording does, and this synapse begins "
            f"{synapse.start.words}; play it on the synapse itself, or give spikes"
        )
    heard = replaced_calcium(synapse)
    held = {name: value for name, value in heard.clamped if name != "Ca"}
    assembly = assemble(heard.pathways, held, absent=heard.absent, driven=("Ca",))
    written = waveform_drive.antimony(waveform)
    made = _recipe(heard, assembly, Origin(synapse, waveform), acute=True, written=written)
    return replace(made, rest_calcium=waveform.rest)


def _recipe(
    synapse: Synapse,
    assembly: Assembly,
    origin: Origin,
    *,
    acute: bool,
    written: drive.DriveText = _SILENT,
) -> Recipe:
    numbers, clamps = synapse.numbers(acute=acute), synapse.clamps(acute=acute)
    for name in numbers.keys() - assembly.parameters.keys() - set(clamps):
        del numbers[name]
    for name, (value, unit, note) in written.parameters.items():
        numbers[name] = Parameter(value=value, unit=unit, source="assumed: set by the protocol", note=note)
    for port in _strengths(assembly.pathways):
        source = f"assumed: definition, {port} of this model at its baseline"
        numbers[_rest(port)] = Parameter(value=1.0, unit="1", source=source)
    return Recipe(synapse, assembly, numbers, origin, clamps, written)


def first(synapse: Synapse) -> Synapse:
    """Return the synapse that began at its baseline: itself, or the one that a clone comes from."""
    while synapse.start is not None:
        synapse = synapse.start.synapse
    return synapse


def on_calcium(synapse: Synapse) -> list[Perturbation]:
    """Return the perturbations of where calcium comes from; they need spikes to act on."""
    source = pathway("calcium")
    targets = {source.name, *source.gives, *source.enzymes, *source.parameters}
    return [p for p in synapse.perturbations if drugs.chief(p) in targets]


def replaced_calcium(synapse: Synapse) -> Synapse:
    """Return `synapse` with its own source of calcium taken out, for a recorded waveform."""
    return synapse.without("calcium") if "calcium" in synapse.pathways else synapse


def model(synapse: Synapse, protocol: Stimulus) -> Model:
    """Return the model of `synapse` under `protocol`, starting from its baseline.

    Raises
    ------
    ModelError, PerturbationError
        If synapse and protocol do not fit each other.
    SimulationFailed
        If the synapse cannot be integrated at rest.
    """
    (made,) = models([(synapse, protocol)])
    if isinstance(made, KinapticError):
        raise made
    return made


def models(points: Iterable[Point]) -> list[Model | KinapticError]:
    """Return the models of many points; the baselines that they share are found once, together.

    Parameters
    ----------
    points : iterable of (Synapse, Protocol, Waveform or None)
        What to build.

    Returns
    -------
    list of Model or KinapticError
        One outcome each, in order: what `model` would return or raise.
    """
    given = list(points)
    found: dict[int, Model | KinapticError] = {}
    for kind in dict.fromkeys(type(synapse) for synapse, _ in given):
        alike = {i: point for i, point in enumerate(given) if type(point[0]) is kind}
        found |= zip(alike, kind.built(list(alike.values())), strict=True)
    return [found[i] for i in range(len(given))]


def assembled(points: Sequence[Point]) -> list[Model | KinapticError]:
    """Return the models of synapses that are assembled from pathways; see `models`."""
    recipes = [_outcome(recipe, synapse, protocol) for synapse, protocol in points]
    rests = list(dict.fromkeys(made.rest for made in recipes if isinstance(made, Recipe)))
    found = dict(zip(rests, _baselines(rests), strict=True))
    return [
        _outcome(_model, made, found[made.rest]) if isinstance(made, Recipe) else made for made in recipes
    ]


def _outcome(make: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | KinapticError:
    """Return what `make` returns, or the error that it raises: other points go on without this one."""
    try:
        return make(*args, **kwargs)
    except KinapticError as why:
        return why


def _model(made: Recipe, rest: Baseline | KinapticError) -> Model:
    if isinstance(rest, KinapticError):
        raise rest
    state, strengths = rest
    numbers, structure = dict(made.numbers), made.structure
    for port, strength in strengths.items():
        numbers[_rest(port)] = numbers[_rest(port)].model_copy(update={"value": strength})
    initial = {name: value for name, value in state.items() if name in structure.states}
    if structure.begins.keys() - initial.keys():  # what only the protocol has
        initial = equilibrium.beginning(structure, formula.evaluate(numbers)) | initial
    start = made.synapse.start
    if start is not None:
        start.refuse_amounts(structure.begins, formula.evaluate(numbers))
        initial |= {name: value for name, value in start.state if name in initial}
    return Model(made.synapse.name, structure, numbers, initial, made.readouts, made.origin)


def baseline(synapse: Synapse, rest_calcium: float | None = None) -> Baseline:
    """Return the resting state before the run, and the strengths in it.

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
    (found,) = _baselines([(synapse, rest_calcium)])
    if isinstance(found, KinapticError):
        raise found
    return found


def _baselines(rests: Sequence[Rest]) -> list[Baseline | KinapticError]:
    """Return the baseline of each; those of one structure are settled together."""
    found: dict[int, Baseline | KinapticError] = {}
    alike: dict[Structure, dict[int, Mapping[str, float]]] = {}
    for index, (synapse, rest_calcium) in enumerate(rests):
        resting = _outcome(_resting, synapse, rest_calcium)
        if isinstance(resting, KinapticError):
            found[index] = resting
        else:
            alike.setdefault(resting[0], {})[index] = resting[1]
    for shared, numbers in alike.items():
        first, _ = rests[next(iter(numbers))]
        watch = tuple(_strengths(first.pathways))
        states = equilibrium.settle_many(shared, list(numbers.values()), watch=watch)
        for index, state in zip(numbers, states, strict=True):
            if isinstance(state, KinapticError):
                found[index] = state
            else:
                found[index] = (state, {port: state.pop(port) for port in watch})
    return [found[index] for index in range(len(rests))]


def _resting(synapse: Synapse, rest_calcium: float | None) -> tuple[Structure, Mapping[str, float]]:
    clamped = dict(synapse.clamped)
    if rest_calcium is not None:
        clamped["Ca"] = rest_calcium
    assembly = assemble(synapse.pathways, clamped, absent=synapse.absent)
    made = _recipe(synapse, assembly, Origin(synapse, None), acute=False)
    numbers = dict(made.numbers)
    if rest_calcium is not None and "Ca" in numbers:
        numbers["Ca"] = numbers["Ca"].model_copy(update={"value": rest_calcium})
    return made.structure, formula.evaluate(numbers)


def _strengths(members: tuple[str, ...]) -> dict[str, str]:
    """Return the ports that make up the weight, each with the name it has relative to its baseline."""
    given = {port for name in members for port in pathway(name).gives}
    return {port: relative for port, relative in _STRENGTHS.items() if port in given}


def _rest(port: str) -> str:
    return f"{port}_rest"


def _weight(strengths: Mapping[str, str]) -> str:
    """Write the weight: the product of presynaptic and postsynaptic strength, as far as they are there."""
    lines = []
    for port, relative in strengths.items():
        lines += [f"{relative} := {port}/{_rest(port)};", f"{_rest(port)} has one_unit;"]
    if strengths:
        lines.append(f"weight := {'*'.join(strengths.values())};")
    lines += [f"{name} has one_unit;" for name in (*strengths.values(), "weight") if strengths]
    return "\n".join(lines)


def _merged(changes: list[Mapping[str, str]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for each in changes:
        for variable, expression in each.items():
            if variable in merged:
                raise ModelError(f"two pathways change {variable} at a spike; one of them must own it")
            merged[variable] = expression
    return merged
