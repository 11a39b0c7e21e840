"""Measure candidates in turn, and say on what machine."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.cases import Array
from benchmarks.compare import Row, error, spread
from benchmarks.engines import Solve

import kinaptic as kn
from kinaptic.sbml.ensemble.machine import host

REPEATS = 5
PACKAGES = (
    "amici", "copasi-basico", "libroadrunner", "llvmlite", "numpy", "python-copasi", "scipy", "sympy",
)  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A simulator at a tolerance, and the runs it does in one go."""

    engine: str
    solve: Solve
    rtol: float
    runs: Sequence[int]


def measure(candidates: Iterable[Candidate], references: Mapping[int, Array]) -> list[Row]:
    """Time candidates in turn, so that a busy moment of the machine meets all of them.

    Parameters
    ----------
    candidates : iterable of Candidate
        What to time.
    references : mapping of int to ndarray
        Run → its readouts at a tight tolerance. The error is the largest over these runs, also for a
        candidate that is timed on fewer.

    Returns
    -------
    list of dict
        For each candidate engine, rtol, number of runs, error, and minimum, median and maximum of
        the seconds per run: ``cpu``, of all threads of the process, and ``wall``.
    """
    todo = list(candidates)
    errors = [_largest_error(each, references) for each in todo]  # also the warm-up
    spent: list[list[tuple[float, float]]] = [[] for _ in todo]
    for _ in range(REPEATS):
        for each, seconds in zip(todo, spent, strict=True):
            seconds.append(timed(lambda each=each: each.solve(each.runs, each.rtol)))  # type: ignore[misc]
    rows: list[Row] = []
    for each, largest, seconds in zip(todo, errors, spent, strict=True):
        wall, cpu = ([s / len(each.runs) for s in column] for column in zip(*seconds, strict=True))
        rows.append(
            {"engine": each.engine, "rtol": each.rtol, "runs": len(each.runs), "error": largest}
            | {"cpu": spread(cpu), "wall": spread(wall)}
        )
    return rows


def timed(do: Callable[[], object]) -> tuple[float, float]:
    """Return seconds of wall clock, and of all threads of this process on a processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    do()
    return time.perf_counter() - wall, time.process_time() - cpu


def machine() -> Row:
    """Return what it runs on, and how busy that is."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "lanes": host().lanes,
        "pinned_to": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "kinaptic": kn.__version__,
        **{package: version(package) for package in PACKAGES},
    }


def _largest_error(candidate: Candidate, references: Mapping[int, Array]) -> float:
    runs = sorted({*candidate.runs, *references})
    found = dict(zip(runs, candidate.solve(runs, candidate.rtol), strict=True))
    return max(error(found[run], reference) for run, reference in references.items())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    found = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor()
