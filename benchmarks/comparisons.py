"""Simulators against each other: one run, a sweep, other protocols."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from benchmarks import cases, compare, timing
from benchmarks.amici_engine import amici_klu
from benchmarks.cases import Case
from benchmarks.compare import Row
from benchmarks.engines import Solve, copasi, ensemble, roadrunner
from benchmarks.scipy_engine import scipy
from benchmarks.timing import Candidate

GOALS = (1e-4, 1e-5, 1e-6)  # errors at which times are compared
REFERENCE = 1e-11  # tolerance of roadrunner for the reference
CROSS = 1e-10  # tolerance of AMICI for the check of the reference
SWEEP, OTHERS = 256, 32  # runs of the ensemble engine
CHECKED = 8  # runs of the sweep on which every simulator's error is measured
# Simulator, its tolerances, and on how many of the checked runs of the sweep it is timed. At 1e-3 COPASI
# loses samples of some runs.
RIVALS = (
    ("roadrunner", roadrunner, (1e-5, 1e-6, 1e-7, 1e-8), 4),
    ("AMICI", amici_klu, (1e-5, 1e-6, 1e-7, 1e-9), 4),
    ("COPASI", copasi, (1e-4, 1e-5, 1e-7), 2),
    ("scipy LSODA", functools.partial(scipy, method="LSODA"), (1e-4, 1e-7), 1),
)
TOLERANCES = (1e-5, 1e-6, 1e-7, 1e-8)  # of the ensemble engine


def single() -> Row:
    """Compare all simulators on one run of 60 pairings."""
    case = cases.single()
    bdf = ("scipy BDF", functools.partial(scipy, method="BDF"), (1e-4, 1e-6), 1)
    candidates = [Candidate("ensemble", ensemble(case), rtol, [0]) for rtol in TOLERANCES]
    for name, make, tolerances, _ in (*RIVALS, bdf):
        candidates += _candidates(name, make(case), tolerances, [0])
    return _compared(case, candidates, [0], GOALS)


def sweep() -> Row:
    """Compare all simulators on 60 pairings with delays and rates that differ from run to run."""
    case = cases.sweep(SWEEP)
    checked = range(0, SWEEP, SWEEP // CHECKED)
    candidates = [Candidate("ensemble", ensemble(case), rtol, range(SWEEP)) for rtol in TOLERANCES[:3]]
    for name, make, tolerances, timed in RIVALS:
        candidates += _candidates(name, make(case), tolerances, checked[:timed])
    return _compared(case, candidates, checked, GOALS)


def others() -> Row:
    """Compare with the two fastest rivals on other protocols."""
    return {case.title: _other(case) for case in cases.others(OTHERS)}


def _other(case: Case) -> Row:
    candidates = [Candidate("ensemble", ensemble(case), rtol, range(OTHERS)) for rtol in TOLERANCES[:2]]
    candidates += [Candidate("ensemble, one run", ensemble(case), rtol, [0]) for rtol in TOLERANCES[:2]]
    candidates += _candidates("roadrunner", roadrunner(case), (1e-5, 1e-7), [0])
    candidates += _candidates("AMICI", amici_klu(case), (1e-5, 1e-6, 1e-7), [0])
    return _compared(case, candidates, [0], GOALS[:2])


def _candidates(name: str, solve: Solve, tolerances: Sequence[float], runs: Sequence[int]) -> list[Candidate]:
    return [Candidate(name, solve, rtol, runs) for rtol in tolerances]


def _compared(case: Case, candidates: list[Candidate], checked: Sequence[int], goals: Sequence[float]) -> Row:
    reference = dict(zip(checked, roadrunner(case)(checked, REFERENCE), strict=True))
    (second,) = amici_klu(case)(checked[:1], CROSS)
    rows = timing.measure(candidates, reference)
    return {
        "case": case.title,
        "events": len(case.events[0]),
        "samples": len(case.times[0]),
        "seconds": float(case.times[0][-1]),
        "states": len(case.models[0].source.states),
        "readouts": len(case.models[0].readouts),
        "references_differ_by": compare.error(second, reference[checked[0]]),
        "rows": rows,
        "at_error": compare.at_errors(rows, goals, "roadrunner"),
    }
