"""The results of `benchmarks.scaling` as a page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

_MANY = 10  # spikes: with fewer, most of a run is the time after them
PAGE = Path(__file__).parent.parent / "docs" / "scaling.md"
Found = Mapping[str, float]
_OTHERS = ("error", "roadrunner: load, s", "run, ms", "error")
_INTRODUCTION = """
Written by `python -m benchmarks.scaling` (one core, some minutes; numbers in
`benchmarks/results/scaling.json`). The ensemble engine runs as many runs at once as a vector register has
lanes; *run* and *step* are what one of these runs and its steps cost. *Symbolic* is from SBML to LLVM
assembly, *compile* from there to machine code; both are paid once per structure and machine. *Image* is the
memory that a lane works on. Seconds are processor time. An exponent *p* is the slope of a straight line
through the logarithms: twice the size costs 2^*p*.

Error is the largest difference from roadrunner at 1e-9, relative to the largest value of a readout. Both
engines ran at 1e-6.
"""
_TEXTS = {
    "species": """## More species in one network

The postsynaptic half of `ca1` with isoforms of what is downstream of calmodulin: CaMKII, calcineurin, PP1,
PKA, receptors. All bind the same calmodulin, so that the network stays one block of the Jacobian. The first
row is a synapse of calcium, calmodulin and calcineurin. Five pairings.
""",
    "synapses": """## More synapses

Copies of that half, each with its own spikes and parameters. cAMP diffuses to both neighbours and to a pool
of the whole cell, which couples all of them into one system of equations with one step. A hundred pairings
are dealt out to the synapses in turn, so that the network sees as many spikes whatever its size. Where every
synapse has spikes at times of its own, the number of steps grows with them as well.
""",
    "train": """## More spikes: a regular train

That half, presynaptic spikes at 20 Hz. How many there are is a number of the run: one program serves all.
""",
    "listed": """## More spikes: a list of times

That half, as many spikes at irregular times. *SBML* is what it takes to write the list into a document, as a
tree of choices; *lift* takes it out again, as a table that belongs to the run. One program serves all
lists.
""",
}


def page(found: Mapping[str, Sequence[Found]]) -> str:
    """Return the page.

    Parameters
    ----------
    found : mapping of str to sequence of dict
        Ladder → costs of its rungs.
    """
    parts = ["# What a model costs as it grows", _INTRODUCTION]
    for name, rungs in found.items():
        spikes = name in ("train", "listed")
        parts += [
            _TEXTS[name],
            (_by_spikes if spikes else _by_states)(rungs),
            _exponents(rungs, spikes=spikes),
        ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _by_states(rungs: Sequence[Found]) -> str:
    head = (
        "size",
        "states",
        "symbolic, s",
        "compile, s",
        "code, MB",
        "image, MB",
        "steps",
        "step, µs",
        "run, ms",
    )
    rows = [
        (
            f"{r['size']:.0f}", f"{r['states']:.0f}", f"{r['symbolic']:.2f}", f"{r['compile']:.2f}",
            f"{r['code_bytes'] / 1e6:.2f}", f"{r['image_bytes'] / 1e6:.2f}", f"{r['steps']:.0f}",
            _short(r["step"] * 1e6), _short(r["run"] * 1e3), *_others(r),
        )
        for r in rungs
    ]  # fmt: skip
    return _table((*head, *_OTHERS), rows)


def _by_spikes(rungs: Sequence[Found]) -> str:
    head = ("spikes", "SBML, s", "lift, s", "symbolic, s", "compile, s", "steps", "step, µs", "run, ms")
    rows = [
        (
            f"{r['size']:,.0f}", f"{r['sbml']:.2f}", f"{r['lift']:.3f}", f"{r['symbolic']:.2f}",
            f"{r['compile']:.2f}", f"{r['steps']:,.0f}", _short(r["step"] * 1e6), _short(r["run"] * 1e3),
            *_others(r),
        )
        for r in rungs
    ]  # fmt: skip
    return _table((*head, *_OTHERS), rows)


def _others(r: Found) -> tuple[str, ...]:
    if "roadrunner_run" not in r:
        return ("",) * len(_OTHERS)
    return (
        f"{r['error']:.0e}",
        f"{r['roadrunner_load']:.2f}",
        _short(r["roadrunner_run"] * 1e3),
        f"{r['roadrunner_error']:.0e}",
    )


def _exponents(rungs: Sequence[Found], *, spikes: bool) -> str:
    by = "size" if spikes else "states"
    keys = ["run"] if spikes else ["step", "run", "symbolic", "compile"]
    large = [r for r in rungs if not spikes or r["size"] >= _MANY]
    others = [r for r in large if "roadrunner_run" in r]
    slopes = [f"{key} {slope(large, by, key):.2f}" for key in keys]
    if len(others) > 1:
        slopes.append(f"roadrunner's run {slope(others, by, 'roadrunner_run'):.2f}")
    return f"Exponents, by {f'spikes from {_MANY} on' if spikes else 'states'}: {', '.join(slopes)}."


def slope(rungs: Sequence[Found], size: str, cost: str) -> float:
    """Return the exponent of growth: the slope of the line through the logarithms (least squares)."""
    sizes, costs = ([r[key] for r in rungs] for key in (size, cost))
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def _short(value: float) -> str:
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value < 100 else f"{value:,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
