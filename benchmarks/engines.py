"""Simulators behind one signature: ``solve(runs, rtol)`` gives the readouts of those runs of a case.

What can be done once for a case (parse, compile, load) is done when the simulator is made; what each
run needs (numbers, initial state, a reset) is part of solving. All of them get the same SBML, the
same samples and an absolute tolerance of a thousandth of the relative one, and all count their spikes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import basico
import numpy as np
from benchmarks.cases import Array, Case, text

from kinaptic.errors import KinapticError
from kinaptic.sbml import engine
from kinaptic.sbml.ensemble import batch

Solve = Callable[[Sequence[int], float], list[Array]]
ABSOLUTE = 1e-3  # absolute tolerance over relative: µM, mV or one


def ensemble(case: Case) -> Solve:
    """Return this project's ensemble engine; all runs go into it at once."""

    def solve(runs: Sequence[int], rtol: float) -> list[Array]:
        outcomes = batch.run(
            [case.models[i] for i in runs],
            [case.times[i] for i in runs],
            rtol=rtol,
            expected=[functools.partial(_counts, case, i) for i in runs],
        )
        found: list[Array] = []
        for outcome in outcomes:
            if isinstance(outcome, KinapticError):
                raise outcome
            found.append(outcome)
        return found

    return solve


def roadrunner(case: Case) -> Solve:
    """Return libroadrunner (CVODE), loaded once and reset for each run."""
    first = case.models[0]
    runner = engine.prepare(first.structure, first.values)
    inside = runner.model
    parameters, fixed = {*inside.getGlobalParameterIds()}, {*inside.getBoundarySpeciesIds()}
    species = {*inside.getFloatingSpeciesIds(), *fixed}
    runner.timeCourseSelections = [f"[{r}]" if r in species else r for r in first.readouts]

    def solve_one(run: int, rtol: float) -> Array:
        model = case.models[run]
        for name, value in model.values.items():
            if name in parameters:
                runner.setValue(name, value)
        runner.reset()
        for name in fixed & model.values.keys():
            runner.setValue(f"[{name}]", model.values[name])
        engine.set_tolerance(runner, rtol)
        engine.set_state(runner, model.initial)
        found = np.array(runner.simulate(times=case.times[run].tolist()))
        check_counts("roadrunner", case, run, {n: runner.getValue(n) for n in case.counts[run]})
        return found

    return one_by_one(solve_one)


def copasi(case: Case) -> Solve:
    """Return COPASI (LSODA), with a loaded model for each run."""
    loaded = functools.cache(lambda run: basico.load_model_from_string(text(case.models[run])))

    def solve_one(run: int, rtol: float) -> Array:
        times = case.times[run]
        found = basico.run_time_course(
            values=times.tolist(), use_sbml_id=True, use_concentrations=True, model=loaded(run),
            r_tol=rtol, a_tol=ABSOLUTE * rtol, max_steps=10**7,
        )  # fmt: skip
        if len(found) != len(times):
            raise RuntimeError(f"COPASI at rtol {rtol:g} gave {len(found)} samples of {len(times)}")
        check_counts("COPASI", case, run, found.iloc[-1])
        return np.asarray(found[list(case.models[run].readouts)], dtype=np.float64)

    return one_by_one(solve_one)


def one_by_one(solve_one: Callable[[int, float], Array]) -> Solve:
    """Return a simulator of many runs from one of a single run."""
    return lambda runs, rtol: [solve_one(run, rtol) for run in runs]


def check_counts(name: str, case: Case, run: int, found: Mapping[str, float]) -> None:
    """Refuse a run that lost a spike or had one too many."""
    for counter, count in case.counts[run].items():
        if round(found[counter]) != count:
            raise RuntimeError(f"{name}: {counter} is {found[counter]:g}, {count} were due ({case.title})")


def _counts(case: Case, run: int, _values: Mapping[str, float]) -> Mapping[str, float]:
    return case.counts[run]
