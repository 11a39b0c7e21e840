"""The baseline: the state of rest that a synapse starts from, a true steady state."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping

import roadrunner

from kinaptic.errors import SimulationFailed
from kinaptic.sbml import engine, store
from kinaptic.sbml.structure import Structure

_LONG = 3e7  # s; hundreds of times the slowest turnover, and cheap: the steps grow with it
_RTOL = 1e-10
_ZERO = 1e-20  # of a state's unit: what decays for ever is gone


def settle(
    structure: Structure, values: Mapping[str, float], *, watch: tuple[str, ...] = ()
) -> dict[str, float]:
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
    return dict(_settled(structure, tuple(sorted(values.items())), watch))


@functools.lru_cache(maxsize=256)
def _settled(
    structure: Structure, values: tuple[tuple[str, float], ...], watch: tuple[str, ...]
) -> dict[str, float]:
    code = store.source(__file__, engine.__file__)
    entry = store.key(roadrunner.__version__, code, structure.lean, repr(values), repr(watch))
    kept = store.remember(
        "baseline", entry, lambda: json.dumps(_integrated(structure, dict(values), watch)).encode()
    )
    state: dict[str, float] = json.loads(kept)
    return state


def _integrated(structure: Structure, values: dict[str, float], watch: tuple[str, ...]) -> dict[str, float]:
    runner = engine.prepare(structure.lean, values)
    engine.set_state(runner, beginning(structure, values))
    engine.set_tolerance(runner, _RTOL)
    try:
        runner.simulate(0, _LONG, 2)
    except RuntimeError as why:
        raise SimulationFailed(
            f"no baseline: the resting synapse could not be integrated ({str(why).splitlines()[0]}). "
            "Look at the parameters changed last"
        ) from None
    found = engine.state(runner, (*structure.states, *watch))
    for name, value in found.items():
        if not math.isfinite(value):
            raise SimulationFailed(
                f"no baseline: {name} is {value} at rest. Look at the parameters changed last"
            )
    return {name: 0.0 if abs(value) < _ZERO else value for name, value in found.items()}


def beginning(structure: Structure, values: Mapping[str, float]) -> dict[str, float]:
    """Return the initial values that the text gives by naming a number.

    These are the state before equilibration, and the beginnings of a protocol's clock and counters.
    """
    return {state: values[number] for state, number in structure.begins.items()}
