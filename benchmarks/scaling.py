"""``python -m benchmarks.scaling``: what a model costs as it grows; some minutes, on one core.

Four ladders (`benchmarks.ladders`), each rung in a fresh process with an empty cache. Times are processor
seconds of that process, of runs the least of a few, so that other work on the machine counts for little.
The results go to ``benchmarks/results/scaling.json``, and as tables into ``docs/scaling.md``.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks import scaling_page
from benchmarks.__main__ import keep, keep_to_one_core

LADDERS: dict[str, tuple[int, ...]] = {
    "species": (0, 1, 2, 3, 5, 7, 10),
    "synapses": (1, 2, 5, 10, 20, 50, 100),
    "train": (1, 10, 100, 1_000, 10_000),
    "listed": (1, 10, 100, 1_000, 10_000),
}
ROADRUNNER = {
    "species": 3,
    "synapses": 2,
    "train": 1_000,
    "listed": 1_000,
}  # its last rungs: it takes minutes
Found = dict[str, float]


def main() -> None:
    """Measure all ladders, or those that are named, and write the page."""
    keep_to_one_core()
    found: dict[str, list[Found]] = {}
    for name in sys.argv[1:] or LADDERS:
        found[name] = []
        for count in LADDERS[name]:
            found[name].append(alone(name, count))
            print(name, {key: float(f"{value:.3g}") for key, value in found[name][-1].items()}, flush=True)
    if sys.argv[1:]:
        return
    keep("scaling", found)
    scaling_page.PAGE.write_text(scaling_page.page(found), encoding="utf-8")


def alone(name: str, count: int) -> Found:
    """Return the costs of a rung, found in a process and with a cache of its own."""
    costs = importlib.import_module("benchmarks.costs")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["KINAPTIC_CACHE"] = cache
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            return dict(process.submit(costs.rung, name, count, against=count <= ROADRUNNER[name]).result())


if __name__ == "__main__":
    main()
