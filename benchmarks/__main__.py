"""``python -m benchmarks [NAME …]``: measure, keep the numbers, renew the tables of the page.

Without names everything is measured but ``many``, which takes some minutes more for its 10,000 runs.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from typing import Any

from benchmarks import table

NAMES = {
    "single": "comparisons", "sweep": "comparisons", "others": "comparisons", "processes": "processes",
    "start": "start", "whole": "whole", "studies": "studies", "many": "many",
}  # fmt: skip


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], help="by default all but many")
    parser.add_argument("--runs", type=int, default=10_000, help="of many")
    asked = parser.parse_args()
    keep_to_one_core()
    timing = importlib.import_module("benchmarks.timing")
    keep("machine", timing.machine())
    for name in asked.names or [name for name in NAMES if name != "many"]:
        begin = time.perf_counter()
        measure = getattr(importlib.import_module(f"benchmarks.{NAMES[name]}"), name)
        keep(name, measure(asked.runs) if name == "many" else measure())
        print(f"{name}: {time.perf_counter() - begin:.0f} s")
    table.renew()


def keep_to_one_core() -> None:
    """Pin this process; before numerical libraries are imported, for they count cores then."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def keep(name: str, found: dict[str, Any]) -> None:
    """Write a result to ``benchmarks/results/NAME.json``."""
    table.RESULTS.mkdir(exist_ok=True)
    path = table.RESULTS / f"{name}.json"
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
