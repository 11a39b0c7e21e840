"""The baseline: the state of rest that a synapse starts from, a true steady state."""

from __future__ import annotations

import contextlib
import functools
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import roadrunner

from kinaptic.errors import KinapticError, SimulationFailed
from kinaptic.sbml import engine, ensemble, store
from kinaptic.sbml.structure import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONG = 3e7  # s; hundreds of times the slowest turnover, and cheap: the steps grow with it
_RTOL = 1e-10
_ZERO = 1e-17  # of a state's unit: what decays for ever is gone; COPASI stalls on what is left of it

State = dict[str, float]


def settle(structure: Structure, values: Mapping[str, float], *, watch: tuple[str, ...] = ()) -> State:
    """Return the resting state of a model without a protocol, from the disk if it was found before.

    Parameters
    ----------
    structure : Structure
        The model.
    values : mapping of str to float
        Its numbers.
    watch : tuple of str
        Variables to return besides the states.

    Returns
    -------
    dict of str to float
        Concentration (µM) of each floating species, value of each variable with a rate rule, and
        of what is watched.

    Raises
    ------
    SimulationFailed
        If the resting synapse cannot be integrated.
    """
    (found,) = settle_many(structure, [values], watch=watch)
    if isinstance(found, SimulationFailed):
        raise found
    return found


def settle_many(
    structure: Structure, values: Sequence[Mapping[str, float]], *, watch: tuple[str, ...] = ()
) -> list[State | SimulationFailed]:
    """Return the resting states of models that differ in numbers only, each as `settle` gives it.

    Parameters
    ----------
    structure : Structure
        What they share.
    values : sequence of mapping of str to float
        Their numbers.
    watch : tuple of str
        Variables to return besides the states.

    Returns
    -------
    list of dict or SimulationFailed
        One outcome each, in order: one that has no baseline does not keep the others from theirs.
    """
    entries = [_entry(structure, each, watch) for each in values]
    wanted = dict(zip(entries, values, strict=True))
    found: dict[str, State | SimulationFailed] = {}
    for entry in wanted:
        with contextlib.suppress(KeyError):
            found[entry] = _remembered(entry)
    missing = {entry: each for entry, each in wanted.items() if entry not in found}
    made = dict(zip(missing, _integrated(structure, list(missing.values()), watch), strict=True))
    for entry, state in made.items():
        # Among many, one takes half a millisecond to find, and three to write down.
        if len(values) == 1 and not isinstance(state, SimulationFailed):
            store.remember("baseline", entry, json.dumps(state).encode)
    found |= made
    return [state if isinstance(state := found[e], SimulationFailed) else dict(state) for e in entries]


def _entry(structure: Structure, values: Mapping[str, float], watch: tuple[str, ...]) -> str:
    names = sorted(values)
    numbers = np.array([values[name] for name in names]).tobytes().hex()
    return store.key(_origin(structure, watch), ",".join(names), numbers)


@functools.lru_cache(maxsize=128)
def _origin(structure: Structure, watch: tuple[str, ...]) -> str:
    """Return the hash of what a baseline follows from besides the numbers."""
    code = store.source(__file__, engine.__file__, *ensemble.sources())
    return store.key(roadrunner.__version__, code, structure.lean, repr(watch))


@functools.lru_cache(maxsize=256)
def _remembered(entry: str) -> State:
    """Return a baseline from memory or from the disk; raise `KeyError` if it is in neither."""

    def absent() -> bytes:
        raise KeyError(entry)

    state: State = json.loads(store.remember("baseline", entry, absent))
    return state


def _integrated(
    structure: Structure, values: Sequence[Mapping[str, float]], watch: tuple[str, ...]
) -> list[State | SimulationFailed]:
    if not values:
        return []
    from kinaptic.sbml.ensemble import refusals, rest

    readouts = (*structure.states, *watch)
    models = [rest.Resting(structure.lean, each, beginning(structure, each), readouts) for each in values]
    try:
        found = rest.rested(models)
    except refusals.Unsupported:
        return [_left_to_roadrunner(structure, each, readouts) for each in values]
    return [_state(readouts, each) for each in found]


def _left_to_roadrunner(
    structure: Structure, values: Mapping[str, float], readouts: tuple[str, ...]
) -> State | SimulationFailed:
    runner = engine.prepare(structure.lean, values)
    engine.set_state(runner, beginning(structure, values))
    engine.set_tolerance(runner, _RTOL)
    try:
        runner.simulate(0, _LONG, 2)
    except RuntimeError as why:
        return _state(readouts, SimulationFailed(str(why).splitlines()[0]))
    return _state(readouts, np.array([list(engine.state(runner, readouts).values())]))


def _state(readouts: tuple[str, ...], found: NDArray[np.float64] | KinapticError) -> State | SimulationFailed:
    if isinstance(found, KinapticError):
        return SimulationFailed(
            f"no baseline: the resting synapse could not be integrated ({found}). Look at the parameters "
            "changed last"
        )
    state = dict(zip(readouts, found[0].tolist(), strict=True))
    for name, value in state.items():
        if not math.isfinite(value):
            return SimulationFailed(
                f"no baseline: {name} is {value} at rest. Look at the parameters changed last"
            )
    return {name: 0.0 if abs(value) < _ZERO else value for name, value in state.items()}


def beginning(structure: Structure, values: Mapping[str, float]) -> dict[str, float]:
    """Return the initial values that the text gives by naming a number.

    These are the state before equilibration, and the beginnings of a protocol's clock and counters.
    """
    return {state: values[number] for state, number in structure.begins.items()}
