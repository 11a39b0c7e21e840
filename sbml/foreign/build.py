"""From a model of others and a protocol to a model that is ready to run."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from kinaptic.errors import KinapticError, ModelError, PerturbationError
from kinaptic.pathways.catalogue import geometry
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import build, engine, formula, waveform_drive
from kinaptic.sbml.assemble import antimony_model
from kinaptic.sbml.foreign import compose, worker
from kinaptic.sbml.foreign.compose import PREFIX, WEIGHT, Driver, Parts
from kinaptic.sbml.foreign.synapse import ForeignSynapse, prefixed
from kinaptic.sbml.model import Model
from kinaptic.sbml.origin import Origin, annotation
from kinaptic.sbml.structure import Foreign, Structure, structure

if TYPE_CHECKING:
    from kinaptic.pathways.perturbation import Perturbation
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.sbml.synapse import Synapse

    Point = tuple[ForeignSynapse, Protocol | Waveform | None]


@dataclass(frozen=True)
class ForeignModel(Model):
    """A merged document with values; its file keeps what others wrote.

    Attributes
    ----------
    whole : Parts
        Of what is exported, where numbers of ours that follow from others do so by rules.
    """

    whole: Parts = field(kw_only=True)

    @functools.cached_property
    def sbml(self) -> str:
        """The SBML that runs, with these very values and initial state."""
        assert self.origin is not None  # noqa: S101 - `model` gives it
        synapse = self.origin.synapse
        own = synapse.given if isinstance(synapse, ForeignSynapse) else {}
        given = {n: p.value for n, p in self.parameters.items() if p.value is not None}
        values = {n: v for n, v in given.items() if n not in own or v != own[n].value}
        ours = {n: p for n, p in self.parameters.items() if n.startswith(PREFIX)}
        text: str = worker.call(
            compose.written, self.whole, values, dict(self.initial), ours, annotation(self.origin)
        )
        return text


def models(points: Sequence[Point]) -> list[Model | KinapticError]:
    """Return the models of many points; the calcium that drives them is built together."""
    driven = {i: p for i, p in enumerate(points) if p[0].calcium and not isinstance(p[1], Waveform)}
    spines: list[tuple[Synapse, Protocol | Waveform | None]] = []
    for synapse, protocol in driven.values():
        spines.append((synapse.spine, protocol))
    drivers: dict[int, Model | KinapticError] = dict(zip(driven, build.models(spines), strict=True))
    found: list[Model | KinapticError] = []
    for i, (synapse, protocol) in enumerate(points):
        try:
            driver = drivers.get(i)
            if isinstance(driver, KinapticError):
                raise driver
            if driver is None:
                driver = _played(synapse, protocol)
            found.append(model(synapse, protocol, driver))
        except KinapticError as why:
            found.append(why)
    return found


def model(synapse: ForeignSynapse, protocol: Protocol | Waveform | None, driver: Model | None) -> Model:
    """Return the model of a synapse whose calcium `driver` makes."""
    numbers = synapse.numbers(acute=True)
    own = {name: each for name, each in numbers.items() if not name.startswith(PREFIX)}
    changed = {
        n: p.value for n, p in own.items() if p.value is not None and p.value != synapse.given[n].value
    }
    tied = _entangled(synapse.document.text) if changed else frozenset()
    held = synapse.clamps(acute=True)
    fixed = {n: v for n, v in changed.items() if n in tied or n in held}
    parts = replace(synapse.parts, fixed=tuple(sorted(fixed.items())))
    scales = {n: p for n, p in numbers.items() if n in map(compose.scale_of, synapse.scaled)}
    species = {n for n in own if synapse.document.symbols[n].kind == "species"}
    parameters = {n: p for n, p in own.items() if n not in species} | scales
    initial = (
        _settled(replace(synapse, perturbations=_there(synapse)), _rest(protocol)) if synapse.settle else {}
    )
    initial |= {n: v for n, v in changed.items() if n in species and n not in fixed}
    whole = parts
    if driver is not None:
        whole = replace(parts, driver=Driver(driver.source.document, synapse.calcium, synapse.factor))
        parts = replace(parts, driver=Driver(driver.structure, synapse.calcium, synapse.factor))
        parameters |= prefixed(driver.parameters)
        initial |= {PREFIX + name: value for name, value in driver.initial.items()}
    if synapse.document.timed:  # events that are due at once are given at loading, and again at a reset
        values = {n: v for n, v in formula.evaluate(parameters).items() if n in changed or n not in own}
        parts = replace(parts, fixed=tuple(sorted((fixed | values | initial).items())))
    text = _merged(parts)
    return ForeignModel(
        synapse.name,
        Structure(text, text, {}, {}, _units(synapse, driver), _foreign(synapse)),
        parameters,
        initial,
        tuple(name for name, _ in synapse.readouts),
        Origin(synapse, protocol),
        whole=whole,
    )


def _there(synapse: ForeignSynapse) -> tuple[Perturbation, ...]:
    return tuple(p for p in synapse.perturbations if not p.acute)


def _foreign(synapse: ForeignSynapse) -> Foreign:
    amounts = tuple(
        n for n, each in synapse.document.symbols.items() if each.kind == "species" and each.amount
    )
    relative = any(name == WEIGHT for name, _ in synapse.readouts)
    return Foreign(synapse.seconds, amounts, relative, synapse.document.timed, PREFIX)


def _units(synapse: ForeignSynapse, driver: Model | None) -> Mapping[str, str]:
    symbols = synapse.document.symbols
    found = {name: each.unit or "1" for name, each in symbols.items() if each.kind != "reaction"}
    found |= {name: found.get(formula, "1") for name, formula in synapse.readouts}
    if driver is not None:
        found |= {PREFIX + name: unit for name, unit in driver.source.units.items()}
    return found | ({WEIGHT: "1"} if WEIGHT in dict(synapse.readouts) else {})


@functools.lru_cache(maxsize=64)
def _merged(parts: Parts) -> str:
    text: str = worker.call(compose.merged, parts)
    return text


@functools.lru_cache(maxsize=64)
def _entangled(text: str) -> frozenset[str]:
    found: frozenset[str] = worker.call(compose.entangled, text)
    return found


# ---- Recorded calcium, and rest
def _played(synapse: ForeignSynapse, protocol: Protocol | Waveform | None) -> Model | None:
    """Return recorded calcium as a model, or None where nothing drives the document."""
    if not synapse.calcium:
        if protocol is not None:
            raise ModelError(
                f"nothing in {synapse.name} answers to {protocol.label}: say which of its species is the "
                "calcium, Synapse.from_sbml(…, calcium='Ca')"
            )
        return None
    assert isinstance(protocol, Waveform)  # noqa: S101 - the others are built by the spine
    if synapse.spine.perturbations:
        raise PerturbationError(
            f"recorded calcium takes the place of the pathway that makes it, so that "
            f"'{synapse.spine.perturbations[0]}' would do nothing; leave one of them out"
        )
    written = waveform_drive.antimony(protocol)
    return _ours(written.text, written.parameters, {"clock": 0.0, "Ca": protocol.rest})


def _held(calcium: float) -> Model:
    """Return calcium that stays where it is."""
    text = "species $Ca in spine; Ca = resting_calcium; resting_calcium has uM;"
    return _ours(text, {"resting_calcium": (calcium, "uM", "calcium before the recording")}, {})


def _ours(text: str, given: Mapping[str, tuple[float, str, str]], initial: Mapping[str, float]) -> Model:
    """Return a model of ours that is nothing but calcium in a spine."""
    source = "assumed: set by the protocol"
    numbers = {n: Parameter(value=v, unit=u, source=source, note=note) for n, (v, u, note) in given.items()}
    known = geometry()
    numbers |= {name: known[name] for name in ("spine", "one", "half")}
    written = antimony_model(
        "kinaptic", "", text + "\none has one_unit; half has one_unit;", dict.fromkeys(numbers, 1.0)
    )
    made = structure(written, (), clamps=(), members=())
    return Model("calcium", made, numbers, initial, ("Ca",))


def _rest(protocol: Protocol | Waveform | None) -> float | None:
    return protocol.rest if isinstance(protocol, Waveform) else None


@functools.lru_cache(maxsize=64)
def _settled(synapse: ForeignSynapse, calcium: float | None) -> dict[str, float]:
    """Return the state after `settle` at the calcium (µM) of the baseline, or at a given one."""
    plain = replace(synapse, settle=0.0)
    driver = None
    if synapse.calcium:
        driver = _held(calcium) if calcium is not None else build.model(synapse.spine, None)
    states = tuple(n for n in worker.call(compose.states, synapse.document.text) if n != synapse.calcium)
    if not states:
        return {}
    rest = replace(model(plain, None, driver), readouts=states)
    course = engine.run(rest, [0.0, synapse.settle], (), rtol=1e-9, expected=lambda _: {})
    return dict(zip(states, map(float, np.asarray(course)[-1]), strict=True))
