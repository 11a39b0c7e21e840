"""libroadrunner, guarded: a run starts from the pristine compiled model and ends well or raises."""

from __future__ import annotations

import functools
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import roadrunner

from kinaptic.errors import SimulationFailed, TimeLimit
from kinaptic.sbml import store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.sbml.model import Model
    from kinaptic.sbml.structure import Foreign

Progress = Callable[[float], None]
Expected = Callable[[Mapping[str, float]], Mapping[str, float]]
SMALLEST_RTOL, LARGEST_RTOL = 1e-12, 1e-5  # looser, and spikes closer than rtol seconds are dropped
_NOTHING = 1e-3  # of a state's unit (µM, mV, one): what is less than rtol times that counts as nothing
_FIRST_STEP = 1e-8  # s, after a spike; CVODE's own guess is far smaller, down to the rounding of time
_MAX_STEPS = 50_000  # between two samples; a stiff blow-up ends here and not in an endless wait


def load(structure: str) -> roadrunner.RoadRunner:
    """Return a fresh instance of a compiled model; compile it, once per machine, if need be.

    Parameters
    ----------
    structure : str
        SBML text.
    """
    runner = roadrunner.RoadRunner()
    runner.loadStateS(_compiled(structure))
    return runner


@functools.lru_cache(maxsize=64)
def _compiled(structure: str) -> bytes:
    def compiled() -> bytes:
        state: bytes = _new(structure).saveStateS()
        return state

    # What is kept is machine code: that of another version or processor must not be loaded.
    entry = store.key(structure, roadrunner.__version__, store.processor())
    return store.remember("compiled", entry, compiled)


def _new(structure: str) -> roadrunner.RoadRunner:
    """Compile, by LLVM's newer backend: three times faster than roadrunner's usual one, the same numbers."""
    config = roadrunner.Config
    before = config.getValue(config.LLVM_BACKEND)
    config.setValue(config.LLVM_BACKEND, config.LLJIT)
    try:
        return roadrunner.RoadRunner(structure)
    finally:
        config.setValue(config.LLVM_BACKEND, before)


def prepare(structure: str, values: Mapping[str, float]) -> roadrunner.RoadRunner:
    """Return a fresh instance with constants set.

    Parameters
    ----------
    structure : str
        SBML text.
    values : mapping of str to float
        Parameters, volumes of compartments (fL) and concentrations of boundary species (µM);
        names that the model does not have are passed over.
    """
    runner = load(structure)
    settable = {*runner.model.getCompartmentIds(), *runner.model.getGlobalParameterIds()}
    for name, value in values.items():
        if name in settable:
            runner.setValue(name, value)
    runner.reset()
    for name in runner.model.getBoundarySpeciesIds():
        if name in values:
            # not `init([name])`, which would put every parameter back to what was compiled
            runner.setValue(f"[{name}]", values[name])
    return runner


def set_state(runner: roadrunner.RoadRunner, initial: Mapping[str, float]) -> None:
    """Set concentrations of species (µM) and values of variables with rate rules."""
    species = _species(runner)
    for name, value in initial.items():
        runner.setValue(f"[{name}]" if name in species else name, value)


def state(runner: roadrunner.RoadRunner, names: Iterable[str]) -> dict[str, float]:
    """Return concentrations of species (µM) and values of variables by name."""
    species = _species(runner)
    return {n: float(runner.getValue(f"[{n}]" if n in species else n)) for n in names}


def rates(runner: roadrunner.RoadRunner, names: Iterable[str]) -> dict[str, float]:
    """Return how fast states change at this moment: species in µM/s, variables in their unit/s."""
    model = runner.model
    species = dict(
        zip(model.getFloatingSpeciesIds(), model.getFloatingSpeciesConcentrationRates(), strict=True)
    )
    return {n: float(species[n] if n in species else runner.getValue(f"{n}'")) for n in names}


def set_tolerance(runner: roadrunner.RoadRunner, rtol: float) -> None:
    """Set the relative tolerance, and an absolute one for each state.

    A scalar absolute tolerance would be multiplied by the amounts at every restart. The vector
    stands in the order of the state vector: variables with rate rules, then species, the latter
    as amounts.
    """
    model = runner.model
    volumes = model.getCompartmentVolumes()
    size = {
        name: float(volumes[model.getCompartmentIndexForFloatingSpecies(i)])
        for i, name in enumerate(model.getFloatingSpeciesIds())
    }
    runner.integrator.relative_tolerance = rtol
    runner.integrator.absolute_tolerance = [rtol * _NOTHING * size.get(name, 1.0) for name in _states(runner)]
    runner.integrator.initial_time_step = _FIRST_STEP
    runner.integrator.maximum_num_steps = _MAX_STEPS


def _states(runner: roadrunner.RoadRunner) -> list[str]:
    """Return what is integrated, in the order of the state vector."""
    count = len(runner.integrator.getAbsoluteToleranceVector())
    return [runner.model.getStateVectorId(i) for i in range(count)]


def run(
    model: Model,
    times: Sequence[float] | NDArray[np.float64],
    pauses: Sequence[float],
    *,
    rtol: float,
    expected: Expected,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float64]:
    """Integrate `model` and return its readouts at `times`.

    Parameters
    ----------
    model : Model
        What to run.
    times : sequence of float
        Ascending sample times (s), not before 0, where the run begins.
    pauses : sequence of float
        Times (s) at which the integration may be interrupted: fixed by the protocol, so that the
        result depends neither on the clock nor on who watches.
    rtol : float
        Relative tolerance.
    expected : callable
        From the values of all parameters to the spike counters expected at the end.
    time_limit : float, optional
        Wall-clock seconds after which the run is given up, at the next pause.
    progress : callable, optional
        Called with the time reached (s).

    Returns
    -------
    ndarray, shape (len(times), len(model.readouts))

    Raises
    ------
    SimulationFailed
        If the integrator gives up, a value is not finite, or a spike was lost.
    TimeLimit
        If the time limit was exceeded.
    """
    check_rtol(rtol)
    task = Task(model.structure, model.values, model.initial, model.readouts, model.source.foreign)
    if task.foreign is None:
        values, finals = integrate(task, times, pauses, rtol, time_limit, progress)
    else:  # nothing that it does may take this process down
        from kinaptic.sbml.foreign import worker

        values, finals = worker.call(integrate, task, times, pauses, rtol, time_limit, time_limit=time_limit)
    check_counts(finals, expected)
    return values


@dataclass(frozen=True)
class Task:
    """What is integrated: the attributes of a `Model` that this takes, and no more."""

    structure: str
    values: Mapping[str, float]
    initial: Mapping[str, float]
    readouts: Sequence[str]
    foreign: Foreign | None = None


def integrate(
    task: Task,
    times: Sequence[float] | NDArray[np.float64],
    pauses: Sequence[float],
    rtol: float,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Return the readouts at `times`, and the values of all numbers at the end; see `run`."""
    unit = 1.0
    if task.foreign is None:
        runner = prepare(task.structure, task.values)
        set_tolerance(runner, rtol)
        set_state(runner, task.initial)
    else:
        unit = task.foreign.seconds
        runner = _prepared_foreign(task, task.foreign, rtol)
    amounts = () if task.foreign is None else task.foreign.amounts
    runner.timeCourseSelections = ["time", *_selections(runner, task.readouts, amounts)]
    started = time.monotonic()
    blocks: list[NDArray[np.float64]] = []
    checked = np.arange(len(task.readouts))
    for chunk in _chunks(times, pauses):
        try:
            block = np.array(runner.simulate(times=[each / unit for each in chunk.times]))
        except RuntimeError as why:
            raise SimulationFailed(_failure(why, runner.getCurrentTime() * unit, chunk)) from None
        if not blocks and task.foreign is not None:  # what is infinite in the file itself is no failure
            checked = np.flatnonzero(np.isfinite(block[0, 1:]))
        check_finite(block[:, 1 + checked], block[:, 0] * unit, [task.readouts[int(i)] for i in checked])
        blocks.append(block[chunk.keep])
        if progress is not None:
            progress(chunk.times[-1])
        spent = time.monotonic() - started
        if time_limit is not None and spent > time_limit and chunk.times[-1] < times[-1]:
            raise TimeLimit(
                f"stopped at {chunk.times[-1]:.6g} s of {times[-1]:.6g} s: over the time limit of "
                f"{time_limit:g} s; raise time_limit, shorten `until`, or loosen rtol (now {rtol:g})"
            )
    known = runner.model.getGlobalParameterIds()
    finals = dict(zip(known, map(float, runner.model.getGlobalParameterValues()), strict=True))
    return np.vstack(blocks)[:, 1:], finals


def _prepared_foreign(task: Task, foreign: Foreign, rtol: float) -> roadrunner.RoadRunner:
    """Return an instance of a document of others: its state, tolerances by its own scale, its weight one."""
    # else an id such as "reset" takes the place of the method, in this instance and all others
    roadrunner.Config.setValue(roadrunner.Config.ROADRUNNER_DISABLE_PYTHON_DYNAMIC_PROPERTIES, True)
    # a complete one is run once, and need not be kept
    runner = _new(task.structure) if foreign.complete else prepare(task.structure, task.values)
    for name, value in () if foreign.complete else task.initial.items():
        runner.setValue(
            name if name in foreign.amounts else f"[{name}]" if name in _species(runner) else name, value
        )
    runner.integrator.relative_tolerance = rtol
    runner.integrator.absolute_tolerance = [rtol * _NOTHING * size for size in _sizes(runner, foreign.ours)]
    runner.integrator.maximum_num_steps = _MAX_STEPS
    if foreign.relative:
        runner.setValue("weight_rest", runner.getValue("weight"))
    return runner


@dataclass(frozen=True)
class _Chunk:
    """A stretch between two pauses: the times to visit, and which of them are samples."""

    times: list[float]
    keep: list[int]


def _chunks(times: Sequence[float] | NDArray[np.float64], pauses: Sequence[float]) -> Iterator[_Chunk]:
    """Cut the run at its pauses; a pause that is no sample is visited but not kept."""
    samples = np.asarray(times, dtype=float)
    edges = [0.0, *(p for p in pauses if 0 < p < samples[-1]), float(samples[-1])]
    taken = 0
    for low, high in itertools.pairwise(edges):
        until = int(np.searchsorted(samples, high, side="right"))
        inside = samples[taken:until].tolist()
        taken = until
        lead = [] if inside and inside[0] <= low else [low]
        visit = [*lead, *inside]
        if visit[-1] < high:
            visit.append(high)
        if len(visit) > 1:
            yield _Chunk(visit, list(range(len(lead), len(lead) + len(inside))))


def _species(runner: roadrunner.RoadRunner) -> set[str]:
    return {*runner.model.getFloatingSpeciesIds(), *runner.model.getBoundarySpeciesIds()}


def _sizes(runner: roadrunner.RoadRunner, ours: str) -> list[float]:
    """Return how large each state of a document of others is: as it begins, or as others of its kind do.

    A document may be in moles or in molecules. Of ours, whose ids begin with `ours`, one is much.
    """
    names, species = _states(runner), set(runner.model.getFloatingSpeciesIds())
    begins = {name: abs(float(runner.getValue(name))) for name in names}

    def usual(kind: bool) -> float:
        alike = [
            begins[n] for n in names if not n.startswith(ours) and (n in species) == kind and begins[n] > 0
        ]
        return float(np.median(alike)) if alike else 1.0

    known = {kind: usual(kind) for kind in (True, False)}
    return [1.0 if n.startswith(ours) else begins[n] or known[n in species] for n in names]


def _selections(
    runner: roadrunner.RoadRunner, names: Sequence[str], amounts: Sequence[str] = ()
) -> list[str]:
    species = _species(runner) - set(amounts)
    return [f"[{n}]" if n in species else n for n in names]


def check_rtol(rtol: float) -> None:
    """Refuse a tolerance outside of what runs keep their spikes at."""
    if not SMALLEST_RTOL <= rtol <= LARGEST_RTOL:
        raise SimulationFailed(
            f"rtol={rtol:g} is outside {SMALLEST_RTOL:g} to {LARGEST_RTOL:g}: looser tolerances lose spikes"
        )


def check_counts(values: Mapping[str, float], expected: Expected) -> None:
    """Refuse a run whose counters, among the values of all numbers at its end, miss a spike."""
    for counter, count in expected(values).items():
        if not math.isclose(values[counter], count, abs_tol=0.5):
            raise SimulationFailed(
                f"{counter}: {values[counter]:g} events were delivered, {count:g} were due; no result is "
                "given, for a lost spike would go unseen. Tighten rtol, or report this protocol"
            )


def check_finite(block: NDArray[np.float64], times: NDArray[np.float64], readouts: Sequence[str]) -> None:
    """Refuse readouts, shape (times, readouts), in which something is not a finite number."""
    if np.all(np.isfinite(block)):
        return
    row, column = np.argwhere(~np.isfinite(block))[0]
    raise SimulationFailed(
        f"{readouts[column]} is {block[row, column]} at {times[row]:.6g} s; a division by a total that is "
        "zero, or a negative concentration? Look at the parameters changed last"
    )


def _failure(why: Exception, reached: float, chunk: _Chunk) -> str:
    reason = str(why).strip().splitlines()[0]
    return (
        f"the integrator gave up at {reached:.6g} s, between {chunk.times[0]:.6g} and "
        f"{chunk.times[-1]:.6g} s of the run: {reason}. Look at the parameters changed last "
        "(`synapse.parameters`); try a tighter rtol, or a smaller change"
    )
