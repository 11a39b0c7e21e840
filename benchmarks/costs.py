"""What one model costs as it is: to be written as SBML, to be compiled, to run, in memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from benchmarks import ladders
from benchmarks.cases import Array
from benchmarks.compare import error
from benchmarks.ladders import Rung

from kinaptic.sbml import drive, engine
from kinaptic.sbml.ensemble import machine, program
from kinaptic.sbml.ensemble.image import Image, Job
from kinaptic.sbml.ensemble.tables import lift
from kinaptic.sbml.simulate import pauses

RTOL, REFERENCE = 1e-6, 1e-9
REPEATS, LONG = 2, 5.0  # s; what takes longer is done once
_AT_A_TIME = 2000  # steps
_T = TypeVar("_T")
Found = dict[str, float]


def rung(name: str, count: int, *, against: bool) -> Found:
    """Return the costs of one model of a ladder of `benchmarks.ladders`.

    Parameters
    ----------
    name : str
        Of the ladder.
    count : int
        What grows in it.
    against : bool
        Whether roadrunner is measured as well.

    Returns
    -------
    dict of str to float
        Seconds on a processor, unless the name says otherwise; those of runs and steps are per lane.
    """
    ladders.train(2)  # so that the baseline of ca1, which all of them begin with, is there
    spent, made = timed(lambda: getattr(ladders, name)(count))
    found, output = ensemble(made)
    found |= {"size": float(made.size), "states": float(made.states), "sbml": spent}
    return found | (roadrunner(made, output) if against else {})


def ensemble(made: Rung) -> tuple[Found, Array]:
    """Return what a model costs in the ensemble engine, and the readouts of the first lane."""
    model, lanes = made.model, machine.host().lanes
    constants = {name: drive.CONSTANTS[name][0] for name in ("clock_speed", "counter_drift", "zero")}
    lifting, lifted = timed(lambda: lift(model.structure))
    symbolic, (assembly, _) = timed(lambda: program.written(lifted.text, model.readouts, constants, lanes))
    compiling, code = timed(lambda: machine.compiled(assembly, machine.host()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    made_program = program.program(lifted.text, model.readouts, tuple(constants.items()), lanes)
    image = Image(made_program, RTOL)
    jobs = [Job(i, each, lifted, made.times, None) for i, each in enumerate(made.runs(lanes))]
    run, outputs = least(lambda: all_lanes(image, jobs))
    steps = float(image.slot("steps")[0].mean())
    return {
        "lift": lifting, "symbolic": symbolic, "compile": compiling, "run": run / lanes, "steps": steps,
        "step": run / lanes / steps, "code_bytes": float(len(code)),
        "image_bytes": 8.0 * made_program.size, "peak_bytes": peak,
    }, outputs[0]  # fmt: skip


def all_lanes(image: Image, jobs: Sequence[Job]) -> list[Array]:
    """Run a job in each lane from its beginning to its end, and return their readouts."""
    for lane, job in enumerate(jobs):
        image.fill(lane, job)
    entries = image.program.loaded.entries
    entries["start"](image.address, 0)
    while any(image.running(lane) for lane in range(len(jobs))):
        entries["advance"](image.address, _AT_A_TIME)
    found = []
    for lane, job in enumerate(jobs):
        outcome = image.empty(lane, job)
        if isinstance(outcome, Exception):
            raise outcome
        found.append(outcome)
    return found


def roadrunner(made: Rung, output: Array) -> Found:
    """Return what loading and a run cost in roadrunner, and the errors of both engines."""
    breaks = pauses(float(made.times[-1]), made.events)
    (model,) = made.runs(1)

    def run(rtol: float) -> Array:
        return engine.run(model, made.times, breaks, rtol=rtol, expected=lambda _: {})

    loading, _ = timed(lambda: engine.load(model.structure))
    running, found = least(lambda: run(RTOL))
    reference = run(REFERENCE)
    return {
        "roadrunner_load": loading, "roadrunner_run": running, "error": error(output, reference),
        "roadrunner_error": error(found, reference),
    }  # fmt: skip


def timed(do: Callable[[], _T]) -> tuple[float, _T]:
    """Return seconds on a processor, and what was made in them."""
    begin = time.process_time()
    made = do()
    return time.process_time() - begin, made


def least(do: Callable[[], _T]) -> tuple[float, _T]:
    """Return the fewest seconds of a few times, of a single time where it is long."""
    best, made = timed(do)
    for _ in range(REPEATS - 1):
        if best < LONG:
            best = min(best, timed(do)[0])
    return best, made
