"""``python -m benchmarks.dendrite [costs] [errors] [page]``: synapses of one dendrite, on one core.

``costs``: one, ten and a hundred of them along a branch, a micrometre apart. ``errors``: some of them
against the same system integrated in one piece. The first is stimulated strongly, the second weakly, the
others not at all. The results go to ``benchmarks/results/dendrite.json`` and into ``docs/dendrite.md``;
``page`` only writes that, from results that are there. Without a word both are measured.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.__main__ import keep, keep_to_one_core
from benchmarks.scaling_page import slope
from benchmarks.table import RESULTS, power, seconds, table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    import kinaptic as kn

PAGE = Path(__file__).parents[1] / "docs" / "dendrite.md"
COUNTS = (1, 10, 100)
MINUTES = 60
WARM = 4  # synapses of the run that compiles: one of each kind alone, and several silent ones side by side
RUNS = (
    (2, 2.0, 240),
    (4, 2.0, 90),
    (2, 1.0, 90),
    (4, 1.0, 30),
    (2, 0.5, 90),
)  # against one piece: how many, um, min
RTOL = 1e-8  # of the system in one piece
Found = dict[str, Any]


def main() -> None:
    """Measure what was asked for, keep the numbers, write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dendrite")
    parser.add_argument("parts", nargs="*", choices=[[], "costs", "errors", "page"], help="by default all")
    asked = parser.parse_args().parts or ["costs", "errors"]
    keep_to_one_core()
    path = RESULTS / "dendrite.json"
    found: Found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if "costs" in asked:
        found |= costs()
    if "errors" in asked:
        found |= errors()
    keep("dendrite", found)
    PAGE.write_text(page(found), encoding="utf-8")


# ---- Costs
def costs() -> Found:
    """Return what runs take, by the number of synapses."""
    rows = []
    with (
        tempfile.TemporaryDirectory() as cache
    ):  # or models of an earlier measurement would come from the disk
        os.environ["KINAPTIC_CACHE"] = cache
        for count in (1, WARM):
            for coupled in (False, True):
                measured(count, coupled=coupled, minutes=2)  # compiles
        for count in COUNTS:
            for coupled in (False, True):
                rows.append(measured(count, coupled=coupled, minutes=MINUTES))
                print(rows[-1], flush=True)
    return {"minutes": MINUTES, "rows": rows}


def measured(count: int, *, coupled: bool, minutes: float) -> Found:
    """Return what a run of so many synapses takes: seconds on a core, rounds, last change of a weight."""
    from benchmarks.timing import timed

    branch, there = stimulated(count, 1.0)
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


def stimulated(count: int, apart: float) -> tuple[kn.Dendrite, dict[str, kn.Protocol]]:
    """Return a branch with a synapse every so many micrometres, and what the first two are given."""
    import kinaptic as kn

    given = {
        "s1": kn.tetanus("100 Hz", "1 s", trains=4, interval="5 min"),
        "s2": kn.tetanus("100 Hz", "1 s"),
    }
    branch = kn.Dendrite.branch(kn.Synapse.preset("ca1"), [f"{apart * i} um" for i in range(count)])
    return branch, {name: given[name] for name in list(given)[:count]}


# ---- Errors
def errors() -> Found:
    """Return how far weights are from those of the system in one piece."""
    rows = []
    for count, apart, minutes in RUNS:
        rows.append(compared(count, apart, minutes))
        print(rows[-1], flush=True)
    return {"errors": {"rtol": RTOL, "bound": bound(rows), "rows": rows}}


def compared(count: int, apart: float, minutes: float) -> Found:
    """Return the largest error of a weight, at any time and at the end, and what coupling does to weights."""
    import numpy as np

    branch, there = stimulated(count, apart)
    run = branch.simulate(there, until=f"{minutes} min")
    alone = branch.simulate(there, until=f"{minutes} min", coupled=False).weights.to_numpy()
    wanted = in_one_piece(branch, there, run.weights.index.to_numpy())
    error = np.abs(run.weights.to_numpy() - wanted)
    return {
        "synapses": count,
        "apart": apart,
        "minutes": minutes,
        "rounds": run.rounds,
        "error": float(error.max()),
        "error_time": float(run.weights.index[error.max(axis=1).argmax()]),
        "error_at_end": float(error[-1].max()),
        "by_coupling": float(np.abs(alone - wanted).max()),
    }


def in_one_piece(
    branch: kn.Dendrite, protocols: Mapping[str, kn.Protocol], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weights of all sites, from the whole document integrated by roadrunner."""
    import numpy as np

    from kinaptic.sbml import engine

    runner = engine.load(branch.sbml(protocols))
    runner.reset()
    engine.set_tolerance(runner, RTOL)
    runner.timeCourseSelections = [f"{site.name}_weight" for site in branch.sites]
    return np.array(runner.simulate(times=times.tolist()))


def bound(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return the largest error, rounded up to one digit."""
    largest = max(row["error"] for row in rows)
    digit = math.floor(math.log10(largest))
    return float(f"{math.ceil(largest / 10**digit)}e{digit}")


# ---- The page
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


def growth(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return in words how cost grows: exponents, and from one synapse to several what they leave out."""
    cost = {(row["synapses"], row["coupled"]): row["seconds"] for row in rows}
    rounds = {row["synapses"]: row["rounds"] for row in rows if row["coupled"]}
    one, several, most = sorted(rounds)
    slopes = exponents(rows)
    times = {n: cost[n, True] / cost[one, True] for n in (several, most)}
    alone = cost[most, False] / cost[one, False]
    longer = cost[several, True] / rounds[several] / cost[several, False]
    return (
        f"Each alone, from {one} to {most} synapses the cost grows {alone:.1f}-fold, with an exponent of "
        f"{slopes['each alone']:.2f}. Coupled, the exponent is {slopes['coupled']:.2f} from {several} to "
        f"{most}. That leaves one synapse out: it takes {rounds[one]} round, {several} take "
        f"{rounds[several]}, and a round in a field takes {longer:.1f} times as long as one without. So from "
        f"{one} to {several} the cost of coupled synapses grows {times[several]:.0f}-fold, and from {one} to "
        f"{most} {times[most]:.0f}-fold."
    )


def measurements(found: Mapping[str, Any]) -> str:
    """Return the measured table in Markdown, and how cost grows."""
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
    return f"{table(head, lines)}\n\n{textwrap.fill(growth(found['rows']), 110)}"


def accuracy(found: Mapping[str, Any]) -> str:
    """Return the table of errors in Markdown."""
    lines = [
        (
            row["synapses"], f"{row['apart']:g} µm", f"{row['minutes']:g}", row["rounds"],
            _digits(row["error"]), f"{row['error_time'] / 60:.1f}", _digits(row["error_at_end"]),
            f"{row['by_coupling']:.2f}",
        )
        for row in found["rows"]
    ]  # fmt: skip
    head = ["synapses", "apart", "min", "rounds", "largest error", "at, min", "at the end", "by coupling"]
    return table(head, lines)


def _digits(value: float) -> str:
    """Return ``1.2e-5``."""
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def page(found: Mapping[str, Any]) -> str:
    """Return the page."""
    errors = found["errors"]
    return _PAGE.format(
        minutes=found["minutes"],
        measurements=measurements(found),
        bound=power(errors["bound"]),
        rtol=power(errors["rtol"]),
        accuracy=accuracy(errors),
    )


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
BDNF. A synapse with the pathway `astrocyte` (`kn.Synapse.preset("l23").also("astrocyte")`) has an astrocyte's
process beside it, which turns 2-AG, its own and that of neighbours, into glutamate on presynaptic NMDA
receptors.

Kernels are static: what spreads is there at once, which holds for messengers that cross a micrometre within
milliseconds and is an assumption for protein. What a neighbour takes up is not missing elsewhere, and BDNF
that its receptors let go again counts as its own: at 0.5 µm a fifth of what reached a silent synapse. Two
synapses that are very close may be bound too tightly for rounds to converge; then it says so. Places say how
far sites are from each other; how large spikes of the soma are at one is the `distance` of its synapse.

## How exact it is

`branch.sbml(protocols)` is the whole as one document, bound by rules. Integrated in one piece by roadrunner
at {rtol}, it is what relaxed runs of `ca1` are measured against. The first synapse gets four trains of
100 Hz, five minutes apart, the second one, the others nothing; protein that the first makes is captured by
the second over hours. In none of these runs is a weight wrong by more than {bound} at any time; the nearer
the synapses, the larger the error. It is largest within half a minute after a train, and fades.

{accuracy}

*By coupling* is the largest difference that neighbours make to a weight. Shorter runs are compared
in `tests/sbml/test_dendrite.py`.

## What it costs

A branch of `ca1`, a synapse every micrometre. The first gets four trains of 100 Hz, the second one, the
others nothing; {minutes} min. *Each alone* is the same without coupling. Seconds on one core, programs
compiled before. All numbers of this page come from `python -m benchmarks.dendrite` and are in
`benchmarks/results/dendrite.json`.

{measurements}
"""


if __name__ == "__main__":
    main()
