"""Many runs through one program: lanes are filled, stepped until one ends, emptied, and filled again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from kinaptic.errors import ModelError, TimeLimit
from kinaptic.sbml import drive, engine
from kinaptic.sbml.ensemble import machine
from kinaptic.sbml.ensemble.image import Array, Image, Job, Outcome, Runnable
from kinaptic.sbml.ensemble.program import program
from kinaptic.sbml.ensemble.refusals import Unsupported
from kinaptic.sbml.ensemble.tables import Lifted, lift

Folded = tuple[tuple[str, float], ...]
Progress = Callable[[float], None]

_AT_A_TIME = 2000  # steps between two looks at the clock and at the keyboard


def run(
    models: Sequence[Runnable],
    times: Sequence[Array],
    *,
    rtol: float,
    expected: Sequence[engine.Expected] | None = None,
    readouts: Sequence[str] | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
    lanes: int | None = None,
) -> list[Outcome]:
    """Run models side by side.

    Parameters
    ----------
    models : sequence of Runnable
        What to run; those that share a structure share vectors.
    times : sequence of ndarray
        For each model its ascending sample times (s), not before 0, where the run begins.
    rtol : float
        Relative tolerance, meant as by `kinaptic.sbml.engine.run`.
    expected : sequence of callable, optional
        For each model: from the values of all numbers to the spike counters expected at the end.
    readouts : sequence of str, optional
        What to return, instead of each model's own readouts.
    time_limit : float, optional
        Wall-clock seconds after which a run is given up.
    progress : callable, optional
        Called with the number of runs done, those under way as fractions.
    lanes : int, optional
        How many runs side by side, 1 or `machine.host().lanes`. By default one run alone takes code
        of its own, which rounds differently in the last place.

    Returns
    -------
    list of ndarray, shape (len(times[i]), readouts), or KinapticError
        What each run gave, or why it gave nothing.

    Raises
    ------
    Unsupported
        If a model holds what this engine does not run.
    SimulationFailed
        If `rtol` is out of range.
    """
    engine.check_rtol(rtol)
    outcomes: list[Outcome | None] = [None] * len(models)
    groups: dict[tuple[str, tuple[str, ...], Folded], list[Job]] = {}
    for i, model in enumerate(models):
        wanted = model.readouts if readouts is None else tuple(readouts)
        lifted, counted = _lifted(model), None if expected is None else expected[i]
        job = Job(i, model, lifted, np.asarray(times[i], dtype=float), counted)
        groups.setdefault((lifted.text, wanted, _folded(model)), []).append(job)
    done = 0
    for (structure, wanted, folded), jobs in groups.items():
        made = program(structure, wanted, folded, lanes or (1 if len(jobs) == 1 else machine.host().lanes))
        said = None if progress is None else _offset(progress, done)
        for job, outcome in _Lanes(Image(made, rtol), time_limit).run(jobs, said):
            outcomes[job.number] = outcome
        done += len(jobs)
    return [outcome for outcome in outcomes if outcome is not None]


def _lifted(model: Runnable) -> Lifted:
    """Return a model's text without its tables, and those; a model may bring the last of them itself."""
    found = lift(model.structure)
    own: Sequence[Array] = getattr(model, "tables", ())
    return replace(found, tables=(*found.tables[: len(found.tables) - len(own)], *own)) if own else found


def _folded(model: Runnable) -> Folded:
    """Return the constants of a protocol's clockwork that have their usual values: they go into the code."""
    usual = {name: drive.CONSTANTS[name][0] for name in ("clock_speed", "counter_drift", "zero")}
    return tuple((name, value) for name, value in usual.items() if model.values.get(name) == value)


def unsupported(model: Runnable, lanes: int) -> str | None:
    """Return why a model cannot be run here, or None if it can, which compiles it for so many lanes."""
    try:
        program(lift(model.structure).text, model.readouts, _folded(model), lanes)
    except Unsupported as why:
        return str(why)
    return None


def _offset(progress: Progress, done: int) -> Progress:
    return lambda more: progress(done + more)


class _Lanes:
    """The lanes of one image, and which run each of them is at."""

    def __init__(self, image: Image, time_limit: float | None) -> None:
        self.image, self.time_limit = image, time_limit
        self.entries = image.program.loaded.entries
        self.jobs: dict[int, Job] = {}  # by lane
        self.started: dict[int, float] = {}

    def run(self, jobs: Iterable[Job], progress: Progress | None) -> Iterator[tuple[Job, Outcome]]:
        """Run jobs, as many at a time as there are lanes; those that end first come first."""
        waiting = iter(jobs)
        done = 0
        while True:
            refused = list(self._fill(waiting))
            yield from refused
            done += len(refused)
            if not self.jobs:
                return
            self.entries["advance"](self.image.address, _AT_A_TIME)
            for lane, job in list(self.jobs.items()):
                late = self._late(lane, job)
                if late is not None or not self.image.running(lane):
                    outcome = self.image.empty(lane, job)
                    del self.jobs[lane]
                    done += 1
                    yield job, late or outcome
            if progress is not None:
                progress(done + sum(self.image.time(n) / job.times[-1] for n, job in self.jobs.items()))

    def _fill(self, waiting: Iterator[Job]) -> Iterator[tuple[Job, Outcome]]:
        """Put runs into free lanes, and yield those that cannot begin."""
        for lane in range(self.image.program.lanes):
            while lane not in self.jobs and (job := next(waiting, None)) is not None:
                try:
                    self.image.fill(lane, job)
                except ModelError as why:
                    yield job, why
                else:
                    self.jobs[lane], self.started[lane] = job, time.monotonic()
        self.entries["start"](self.image.address, 0)

    def _late(self, lane: int, job: Job) -> TimeLimit | None:
        limit = self.time_limit
        if limit is None or not self.image.running(lane) or time.monotonic() - self.started[lane] <= limit:
            return None
        return TimeLimit(
            f"stopped at {self.image.time(lane):.6g} s of {job.times[-1]:.6g} s: over the time limit of "
            f"{limit:g} s; raise time_limit, shorten `until`, or loosen rtol (now {self.image.rtol:g})"
        )
