"""What a study runs and reads off: a plan, and its points made ready for an engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from kinaptic.analysis.points import Points
from kinaptic.analysis.readouts import Readout, refuse_unknown
from kinaptic.errors import KinapticError
from kinaptic.sbml import build, engine
from kinaptic.sbml.simulate import event_times, expected_counters, pauses, sample_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.analysis.axes import Stimulus
    from kinaptic.analysis.points import Rows
    from kinaptic.sbml.model import Model
    from kinaptic.sbml.synapse import Synapse

    Array = NDArray[np.float64]

Engine = Literal["auto", "ensemble", "roadrunner"]
_SOON, _LATE = 1.37e-4, 1.0  # s: off the events themselves, where tools differ, and past all fast decay
_MOST_SAMPLES = 20_000


@dataclass(frozen=True)
class Plan:
    """What to run, and what to read off.

    Attributes
    ----------
    points : Points
        Synapses and stimuli.
    until : float
        Length of a run (s).
    readouts : tuple of Readout
        What to read off.
    engine : {"auto", "ensemble", "roadrunner"}
        What runs it; "auto" takes the ensemble for all that it supports.
    rtol : float
        Relative tolerance.
    traces : bool
        Whether to keep time and the traces of the readouts, not what is read off them.
    samples : int or tuple of float, optional
        When to keep traces, as `kinaptic.sbml.simulate.simulate` takes it.
    time_limit : float, optional
        Wall-clock seconds after which a run is given up.
    """

    points: Points
    until: float
    readouts: tuple[Readout, ...]
    engine: Engine = "auto"
    rtol: float = 1e-6
    traces: bool = False
    samples: int | tuple[float, ...] | None = None
    time_limit: float | None = None

    def take(self, rows: Rows) -> Plan:
        """Return the plan of some of its points."""
        return replace(self, points=self.points.take(rows))


@dataclass(frozen=True)
class Prepared:
    """A point that an engine can run.

    Attributes
    ----------
    model : Model
        Its readouts are what the engine is to give.
    synapse, stimulus : Synapse, Protocol or Waveform or None
        What it was built of.
    times : ndarray, shape (samples,)
        When the engine is to give them (s).
    """

    model: Model
    synapse: Synapse
    stimulus: Stimulus
    times: Array

    @property
    def expected(self) -> engine.Expected:
        """The spike counters that must be met."""
        return expected_counters(self.synapse, self.stimulus, float(self.times[-1]))

    @property
    def pauses(self) -> list[float]:
        """When roadrunner may be interrupted (s)."""
        return pauses(float(self.times[-1]), event_times(self.stimulus))

    def read(self, plan: Plan, values: Array) -> Array:
        """Return the readouts of `plan`, shape (readouts,); or time and traces, a column each.

        Parameters
        ----------
        plan : Plan
            What to read.
        values : ndarray, shape (samples, readouts of the model)
            What the engine gave.
        """
        traces = dict(zip(self.model.readouts, values.T, strict=True))
        for each in plan.readouts:
            if each.name not in traces:  # a constant of the model
                traces[each.name] = np.full(len(self.times), self.model.values[each.name])
        if plan.traces:
            return np.column_stack([self.times, *(traces[each.name] for each in plan.readouts)])
        end = _end(self.stimulus)
        return np.array(
            [each.value(self.times, traces[each.name], each.time(plan.until, end)) for each in plan.readouts]
        )


def prepare(plan: Plan) -> list[Prepared | KinapticError]:
    """Return every point of a plan, ready to run, or why it cannot be."""
    inputs = plan.points.inputs()
    models = iter(build.models([each for each in inputs if not isinstance(each, KinapticError)]))
    found: list[Prepared | KinapticError] = []
    for each in inputs:
        made = each if isinstance(each, KinapticError) else _prepared(next(models), *each, plan)
        found.append(made)
    return found


def _prepared(
    model: Model | KinapticError, synapse: Synapse, stimulus: Stimulus, plan: Plan
) -> Prepared | KinapticError:
    if isinstance(model, KinapticError):
        return model
    try:
        refuse_unknown(plan.readouts, model.source.units)
        times = _times(plan, stimulus)
    except KinapticError as why:
        return why
    wanted = dict.fromkeys(each.name for each in plan.readouts if each.name not in model.parameters)
    return Prepared(replace(model, readouts=tuple(wanted)), synapse, stimulus, times)


def _times(plan: Plan, stimulus: Stimulus) -> Array:
    if plan.traces:
        return sample_times(plan.until, event_times(stimulus), plan.samples)
    single = [each.time(plan.until, _end(stimulus)) for each in plan.readouts]
    times = np.array([plan.until, *single])
    if any(each.dense for each in plan.readouts):
        events = event_times(stimulus)
        times = np.concatenate([times, sample_times(plan.until, events, None), _around(events, plan.until)])
    return np.unique(times)


def _around(events: Array, end: float) -> Array:
    """Return times (s) close enough to find the peak, and the area, of what jumps at events and decays."""
    count = int(np.clip(_MOST_SAMPLES / max(1, events.size), 10, 80))
    offsets = np.append(np.geomspace(_SOON, _LATE, count), -_SOON)
    times: Array = np.add.outer(events, offsets).ravel()
    return times[(times > 0) & (times < end)]


def _end(stimulus: Stimulus) -> float:
    """Return the end of a stimulus (s of run time); 0 where there is none."""
    return 0.0 if stimulus is None else float(stimulus.end)
