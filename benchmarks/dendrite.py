"""``python -m benchmarks.dendrite``: what synapses of one dendrite cost as they become more; on one core.

One, ten and a hundred synapses along a branch, a micrometre apart: the first is stimulated strongly, the
second weakly, the others not at all. The results go to ``benchmarks/results/dendrite.json`` and into
``docs/dendrite.md``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.__main__ import keep, keep_to_one_core
from benchmarks.scaling_page import slope
from benchmarks.table import power, seconds, table

PAGE = Path(__file__).parents[1] / "docs" / "dendrite.md"
COUNTS = (1, 10, 100)
MINUTES = 60
WARM = 4  # synapses of the run that compiles: one of each kind alone, and several silent ones side by side
Found = dict[str, Any]


def main(counts: Sequence[int] = COUNTS) -> None:
    """Measure, keep the numbers, write the page."""
    keep_to_one_core()
    rows = []
    with (
        tempfile.TemporaryDirectory() as cache
    ):  # or models of an earlier measurement would come from the disk
        os.environ["KINAPTIC_CACHE"] = cache
        for count in (1, WARM):
            for coupled in (False, True):
                measured(count, coupled=coupled, minutes=2)  # compiles
        for count in counts:
            for coupled in (False, True):
                rows.append(measured(count, coupled=coupled, minutes=MINUTES))
                print(rows[-1], flush=True)
    found = {"minutes": MINUTES, "rows": rows}
    keep("dendrite", found)
    PAGE.write_text(page(found), encoding="utf-8")


def measured(count: int, *, coupled: bool, minutes: float) -> Found:
    """Return what a run of so many synapses takes: seconds on a core, rounds, last change of a weight."""
    from benchmarks.timing import timed

    import kinaptic as kn

    given = {
        "s1": kn.tetanus("100 Hz", "1 s", trains=4, interval="5 min"),
        "s2": kn.tetanus("100 Hz", "1 s"),
    }
    branch = kn.Dendrite.branch(kn.Synapse.preset("ca1"), [f"{i} um" for i in range(count)])
    there = {name: each for name, each in given.items() if name in {site.name for site in branch.sites}}
    runs: list[kn.DendriteRun] = []
    _, cpu = timed(lambda: runs.append(branch.simulate(there, until=f"{minutes} min", coupled=coupled)))
    (run,) = runs
    return {
        "synapses": count,
        "coupled": coupled,
        "seconds": cpu,
        "rounds": run.rounds,
        "change": run.change,
    }


def exponents(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the exponents of cost against number of synapses, where several are, coupled and alone.

    One synapse has nobody to hear and is integrated once, so that coupled it begins with two.
    """
    several = {True: [row for row in rows if row["coupled"] and row["synapses"] > 1]}
    several[False] = [row for row in rows if not row["coupled"]]
    names = {True: "coupled", False: "each alone"}
    return {
        names[coupled]: slope(each, "synapses", "seconds")
        for coupled, each in several.items()
        if len(each) > 1
    }


def measurements(found: Mapping[str, Any]) -> str:
    """Return the measured table and the exponents in Markdown."""
    lines = [
        (
            row["synapses"], "coupled" if row["coupled"] else "each alone", row["rounds"],
            seconds(row["seconds"]), seconds(row["seconds"] / row["synapses"]),
            seconds(row["seconds"] / row["synapses"] / row["rounds"]),
            power(row["change"]) if row["change"] else "",
        )
        for row in found["rows"]
    ]  # fmt: skip
    head = ["synapses", "", "rounds", "s", "s per synapse", "s per synapse and round", "last change"]
    said = ", ".join(f"{name} {value:.2f}" for name, value in exponents(found["rows"]).items())
    return f"{table(head, lines)}\n\nExponents of cost, by the number of synapses: {said}."


def page(found: Mapping[str, Any]) -> str:
    """Return the page."""
    return _PAGE.format(minutes=found["minutes"], measurements=measurements(found))


_PAGE = """# Synapses of one dendrite

What they do to each other is in [neighbours.md](neighbours.md).

```python
branch = kn.Dendrite.branch(kn.Synapse.preset("ca1"), ["0 um", "2 um", "10 um"])
run = branch.simulate({{"s1": kn.tetanus("100 Hz", "1 s", trains=4, interval="5 min")}}, until="4 h")
run.at(60)  # the weight of each site an hour after the last protocol
run.plot()
```

## How it works

Each synapse is integrated by itself, many side by side. What one makes beyond its rest reaches the others
by a kernel: a number for each pair of sites that follows from their distance
(`branch.kernel("AG2_elsewhere")`). The sum over all others is a field, drawn as straight lines over time,
in which the synapse is integrated in the next round. Rounds end when no weight changes by more than 1e-4.

| what | how it spreads |
|---|---|
| nitric oxide | from a point into space, falling with the distance; little from one, more from many |
| 2-AG, BDNF | from a point into space, taken up by glia on the way |
| newly made protein | along the dendrite, exponentially; a part of it passes a branch point |

Spikes of the soma reach all synapses, sleep and firing are the whole cell's. Numbers of the spread, with
their sources, are in `branch.parameters`; `glial_uptake_of_messengers=3` shortens the reach of 2-AG and
BDNF.

Kernels are static: what spreads is there at once, which holds for messengers that cross a micrometre within
milliseconds and is an assumption for protein. What a neighbour takes up is not missing elsewhere. Two
synapses that are very close may be bound too tightly for rounds to converge; then it says so.

`branch.sbml(protocols)` is the whole as one document, bound by rules. Against that system, integrated at
once, the error of a weight is below 1.3e-4 (`tests/sbml/test_dendrite.py`).

## What it costs

A branch of `ca1`, a synapse every micrometre. The first gets four trains of 100 Hz, the second one, the
others nothing; {minutes} min. *Each alone* is the same without coupling. Seconds on one core, programs
compiled before, by `python -m benchmarks.dendrite`; numbers in `benchmarks/results/dendrite.json`.

{measurements}
"""


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or COUNTS)
