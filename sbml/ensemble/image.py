"""The memory that a program works on: what its lanes hold, and what comes out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kinaptic.errors import KinapticError, ModelError, SimulationFailed
from kinaptic.sbml import engine
from kinaptic.sbml.ensemble import tables
from kinaptic.sbml.ensemble.integrator import Status
from kinaptic.sbml.ensemble.program import Program

Array = NDArray[np.float64]
Outcome = Array | KinapticError

LOCAL = 6.0  # local tolerance of a step, of `rtol`: gives the error that roadrunner has at `rtol`, or less
_NOTHING = 1e-3  # of a state's unit (µM, mV, one): what is less than rtol times that counts as nothing
_FIRST_STEP, _FIRST_AFTER_EVENT = 1e-3, 1e-5  # s; refused steps are cheap, and the second is learned
_MOST_STEPS = 20_000_000.0  # of a run
_WHY = {
    Status.RUNNING: "it was stopped",
    Status.STUCK: "its step became too small to move time",
    Status.ENDLESS: f"more than {_MOST_STEPS:.0g} steps",
}


class Runnable(Protocol):
    """What can be run: a `kinaptic.sbml.model.Model`, or anything with what is needed of one."""

    @property
    def structure(self) -> str:
        """Flat SBML."""

    @property
    def values(self) -> Mapping[str, float]:
        """Values of parameters, sizes of compartments, held species."""

    @property
    def initial(self) -> Mapping[str, float]:
        """Values at time zero of what changes, where they are not those of the text."""

    @property
    def readouts(self) -> tuple[str, ...]:
        """What a run shows."""


@dataclass(frozen=True)
class Job:
    """One run."""

    number: int
    model: Runnable
    lifted: tables.Lifted  # its structure
    times: Array
    expected: engine.Expected | None


class Image:
    """The image of a program.

    Parameters
    ----------
    made : Program
        Whose image it is.
    rtol : float
        Relative tolerance of its runs.
    """

    def __init__(self, made: Program, rtol: float) -> None:
        self.program, self.rtol = made, rtol
        memory = np.zeros((made.size + 1) * made.lanes + 8)
        begin = (-memory.ctypes.data % 64) // 8  # vectors are aligned
        self._slots = memory[begin : begin + made.size * made.lanes].reshape(made.size, made.lanes)
        self.address = self._slots.ctypes.data
        # What the lanes point to: their sample times, where their readouts go, and tables.
        self._times: list[Array] = [np.empty(0)] * made.lanes
        self._outputs: list[Array] = [np.empty((0, 0))] * made.lanes
        self._tables: list[tuple[Array, ...]] = [()] * made.lanes

    def slot(self, name: str) -> Array:
        """Return a region of the image, shape (slots, lanes)."""
        first, count = self.program.regions[name]
        return self._slots[first : first + count]

    def running(self, lane: int) -> bool:
        """Return whether a lane's run has not come to its end."""
        return bool(self.slot("status")[0, lane] == Status.RUNNING)

    def time(self, lane: int) -> float:
        """Return what a lane's run has reached (s)."""
        return float(self.slot("t")[0, lane])

    def fill(self, lane: int, job: Job) -> None:
        """Put a run into a lane.

        Raises
        ------
        ModelError
            If something has no value to begin with.
        """
        made = self.program
        given = {**made.begins, **job.lifted.begins, **job.model.values, **job.model.initial}
        given |= tables.numbers(job.lifted.tables)
        states = _values(given, made.states)
        regions = {
            "parameters": _values(given, made.parameters),
            "discrete": _values(given, made.discrete),
            "y": states,
            "peak": np.abs(states),
            "true": np.array(made.starts_true, dtype=float),
            "next": np.full(len(made.starts_true), np.inf),
        }
        for region, values in regions.items():
            if values.size:
                self.slot(region)[:, lane] = values
        local = LOCAL * self.rtol
        start = {
            "status": Status.RUNNING, "new": 1.0, "fresh": 0.0, "rejected": 0.0, "steps": 0.0,
            "steps_left": _MOST_STEPS, "t": 0.0, "t_end": job.times[-1], "t_sample": job.times[0],
            "h": _FIRST_STEP, "h_event": _FIRST_AFTER_EVENT, "h_before": _FIRST_AFTER_EVENT,
            "rtol": local, "atol": local * _NOTHING,
        }  # fmt: skip
        for name, value in start.items():
            self.slot(name)[0, lane] = value
        self._times[lane] = np.append(job.times, np.inf)
        self._tables[lane] = job.lifted.tables
        self._outputs[lane] = np.full((len(job.times), len(made.readouts)), np.nan)
        self.slot("times_at").view(np.int64)[0, lane] = self._times[lane][1:].ctypes.data
        self.slot("output_at").view(np.int64)[0, lane] = self._outputs[lane].ctypes.data

    def empty(self, lane: int, job: Job) -> Outcome:
        """Take a run out of a lane, and return its readouts, or why there are none."""
        status = Status(int(self.slot("status")[0, lane]))
        self.slot("status")[0, lane] = Status.IDLE
        output, self._outputs[lane] = self._outputs[lane], np.empty((0, 0))
        if status is not Status.DONE:
            return SimulationFailed(
                f"the integrator gave up at {self.time(lane):.6g} s of {job.times[-1]:.6g} s: "
                f"{_WHY[status]}. Look at the parameters changed last (`synapse.parameters`); try a tighter "
                "rtol, or a smaller change"
            )
        try:
            engine.check_finite(output, job.times, self.program.readouts)
            if job.expected is not None:
                counters = zip(self.program.discrete, self.slot("discrete")[:, lane].tolist(), strict=False)
                engine.check_counts({**job.model.values, **dict(counters)}, job.expected)
        except SimulationFailed as why:
            return why
        return output


def _values(given: Mapping[str, float], names: Sequence[str]) -> Array:
    """Return values by name; refuse what the text gives by a formula, as an amount, or not at all."""
    try:
        found = np.array([given[name] for name in names], dtype=float)
        if np.all(np.isfinite(found)):
            return found
    except KeyError:
        pass
    lacking = next(name for name in names if not np.isfinite(given.get(name, np.nan)))
    raise ModelError(
        f"{lacking} has no value to begin with (it is {given.get(lacking, 'not given')}); give it one, or "
        "look at the number it follows from"
    )
