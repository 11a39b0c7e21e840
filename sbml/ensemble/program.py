"""A compiled model: its machine code and where things lie, made once and kept on disk."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from kinaptic.sbml import store
from kinaptic.sbml.ensemble import integrator, machine, network, rosenbrock, sharing, sources
from kinaptic.sbml.ensemble.kernels import Kernels
from kinaptic.sbml.ensemble.layout import Layout

METHOD = rosenbrock.RODAS4
_ENTRIES = ("start", "advance")
_SPLIT = b"\n"
# Without these LLVM cuts 512-bit vectors in two on processors that used to be slower with them.
_WIDE = '"prefer-vector-width"="512" "min-legal-vector-width"="512"'
_ATTRIBUTES = f"attributes #0 = {{ nounwind noinline {_WIDE} }}"


@dataclass(frozen=True)
class Program:
    """What is needed to run a model.

    Attributes
    ----------
    lanes : int
        How many runs it makes at once.
    parameters, discrete, states, readouts : tuple of str
        Names, in the order of their regions.
    begins : mapping of str to float
        Values that the text gives, where nothing else does.
    starts_true : tuple of bool
        For each event, whether its trigger counts as true before time zero.
    size : int
        Slots of an image.
    regions : mapping of str to (int, int)
        First slot and number of slots.
    """

    lanes: int
    parameters: tuple[str, ...]
    discrete: tuple[str, ...]
    states: tuple[str, ...]
    readouts: tuple[str, ...]
    begins: Mapping[str, float] = field(hash=False)
    starts_true: tuple[bool, ...]
    size: int
    regions: Mapping[str, tuple[int, int]] = field(hash=False)
    loaded: machine.Loaded = field(repr=False, hash=False, compare=False)


@functools.lru_cache(maxsize=64)
def program(
    text: str, readouts: tuple[str, ...], folded: tuple[tuple[str, float], ...], lanes: int
) -> Program:
    """Return the program of an SBML text, compiled once per machine.

    Parameters
    ----------
    text : str
        Flat SBML.
    readouts : tuple of str
        What a run shows.
    folded : tuple of (str, float)
        Constants whose values go into the code.
    lanes : int
        How many runs at once: 1, or as many as `machine.host`.

    Raises
    ------
    Unsupported
        If the model holds what this engine does not run.
    """
    code = store.source(*sources())
    entry = store.key(machine.host().mark, code, text, repr(readouts), repr(folded), str(lanes))
    kept = store.remember("ensemble", entry, lambda: _made(text, readouts, dict(folded), lanes))
    header, machine_code = kept.split(_SPLIT, 1)
    plan = json.loads(header)
    names = ("parameters", "discrete", "states", "readouts", "starts_true")
    return Program(
        lanes=plan["lanes"],
        **{name: tuple(plan[name]) for name in names},
        begins=plan["begins"],
        size=plan["size"],
        regions={name: tuple(region) for name, region in plan["regions"].items()},
        loaded=machine.Loaded(machine_code, _ENTRIES),
    )


def _made(text: str, readouts: tuple[str, ...], folded: dict[str, float], lanes: int) -> bytes:
    assembly, plan = written(text, readouts, folded, lanes)
    return json.dumps(plan).encode() + _SPLIT + machine.compiled(assembly, machine.host())


def written(
    text: str, readouts: tuple[str, ...], folded: dict[str, float], lanes: int
) -> tuple[str, dict[str, object]]:
    """Return a program as LLVM assembly, and its plan."""
    model = network.read(text, folded)
    sizes = integrator.Sizes(len(model.states), len(readouts), len(model.events))
    layout = Layout()
    integrator.reserve(layout, sizes, METHOD)
    kernels = Kernels(model, layout, lanes)
    kernels.write(readouts)
    functions = [*kernels.functions, *integrator.write(layout, sizes, METHOD, lanes)]
    assembly = "\n".join(
        (
            *sharing.shared(functions),
            *_declarations(functions[0].vector, functions[0].suffix),
            _ATTRIBUTES,
            "!0 = !{}",
        )
    )
    plan = {
        "lanes": lanes,
        "parameters": model.parameters,
        "discrete": model.discrete,
        "states": model.states,
        "readouts": readouts,
        "begins": model.begins,
        "starts_true": [e.starts_true for e in model.events],
        "size": layout.size,
        "regions": layout.regions,
    }
    return assembly, plan


def _declarations(vector: str, suffix: str) -> list[str]:
    one = ("sqrt", "fabs", "exp", "log", "sin", "cos", "floor", "ceil")
    counts = dict.fromkeys(one, 1) | {"pow": 2, "fmuladd": 3}
    return [
        f"declare {vector} @llvm.{name}.{suffix}({', '.join([vector] * count)})"
        for name, count in counts.items()
    ]
