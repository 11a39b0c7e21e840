"""`simulate`: a synapse, a protocol, and how long."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import roadrunner

from kinaptic.errors import KinapticError, KinapticWarning, UnknownName
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import build, drive, fields, waveform_drive
from kinaptic.sbml import engine as integrator
from kinaptic.sbml.run import Run
from kinaptic.sbml.start import Start
from kinaptic.units import Quantity, parse
from kinaptic.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.sbml.model import Model
    from kinaptic.sbml.synapse import Synapse

ENGINES = ("auto", "roadrunner", "ensemble")
_AFTER_SPIKE = np.array([0.5, 1.5, 2.5, 4, 6, 8, 11, 15, 20, 30, 50, 90, 160, 300, 600]) * 1e-3  # s
_CLOSE_UP = np.arange(-20, 250, 2) * 1e-3  # s around an event in the middle, for a look at one pairing
_AFTERMATH = np.arange(1.0, 31.0)  # s after the last event, while enzymes fall
_BEFORE = LEAD * np.array([0.3, 0.6, 0.9])  # the baseline is to be seen
_MOST_SAMPLES = 20_000
_EVENTS_A_CHUNK = 20
_OFF_EVENTS = 1.37e-4  # s; samples on the very time of an event differ between tools
_UNSURE = 2 * drive.TOLERANCE  # s; whether an event so near the end was given is a matter of rounding


def simulate(
    synapse: Synapse,
    protocol: Protocol | Waveform | None = None,
    *,
    until: Quantity = "60 min",
    engine: str = "auto",
    rtol: float = 1e-6,
    samples: int | Sequence[float] | None = None,
    time_limit: Quantity | None = None,
    progress: integrator.Progress | None = None,
) -> Run:
    """Run a protocol on a synapse, from its baseline.

    Parameters
    ----------
    synapse : Synapse
        What to stimulate.
    protocol : Protocol, Waveform or None
        Spikes, recorded calcium, or nothing. It begins 10 s into the run.
    until : quantity
        Length of the run.
    engine : {"auto", "roadrunner", "ensemble"}
        Which integrator. "auto" is roadrunner, the reference. The ensemble takes a tenth of the time;
        what it does not support it leaves to roadrunner, with a `KinapticWarning`.
    rtol : float
        Relative tolerance, 1e-12 to 1e-5.
    samples : int or sequence of float, optional
        How many evenly spaced samples, or their times (s). By default they are dense after
        spikes, where calcium moves, and about every ten seconds elsewhere, never at a spike.
    time_limit : quantity, optional
        Wall-clock time after which the run is given up (`TimeLimit`).
    progress : callable, optional
        Called with the time reached (s).

    Returns
    -------
    Run

    Raises
    ------
    SimulationFailed
        If the run did not end well; there is never a partial result.
    UnitError, ModelError
        If something given does not fit.
    """
    if engine not in ENGINES:
        raise UnknownName("engine", engine, ENGINES)
    if protocol is not None and not isinstance(protocol, Protocol | Waveform):
        raise KinapticError(
            f"simulate(…, protocol={protocol!r}): give a protocol such as kn.stdp(…), or a kn.Waveform"
        )
    end = parse(until, "s", "simulate(until=…)")
    if end <= 0:
        raise KinapticError(f"simulate(until={until!r}): give a positive time, such as '60 min'")
    limit = None if time_limit is None else parse(time_limit, "s", "simulate(time_limit=…)")
    model = build.model(synapse, protocol)
    events = event_times(protocol)
    times = sample_times(end, events, samples)
    expected = expected_counters(synapse, protocol, float(times[-1]))
    if engine == "ensemble" and synapse.foreign:
        raise KinapticError(
            f"simulate(engine='ensemble'): {synapse.name} is a model of others, which roadrunner runs in a "
            "process of its own; leave engine out"
        )
    if engine == "ensemble" and not _left_to_roadrunner(model):
        used = "ensemble"
        values = _by_ensemble(model, times, rtol, expected, limit, progress)
    else:
        used = f"roadrunner {roadrunner.__version__}"
        values = integrator.run(
            model,
            times,
            pauses(float(times[-1]), events),
            rtol=rtol,
            expected=expected,
            time_limit=limit,
            progress=progress,
        )
    recipe: dict[str, str | float] = {
        "model": model.digest,
        "engine": used,
        "kinaptic": __version__,
        "rtol": rtol,
        "until": end,
        "protocol": "none" if protocol is None else str(protocol),
        "synapse": str(synapse),
    }
    traces = pd.DataFrame(values, index=pd.Index(times, name="time"), columns=list(model.readouts))
    traces.attrs["units"] = {"time": "s"} | {name: model.source.units[name] for name in model.readouts}
    traces.attrs["recipe"] = recipe
    return Run(synapse, protocol, traces, model, recipe)


def clones(run: Run, minutes: Sequence[float]) -> list[Synapse]:
    """Return the synapse of a run as it was at some times after the end of its protocol.

    Parameters
    ----------
    run : Run
        It is repeated up to the last of these times, by the engine that it ran on.
    minutes : sequence of float
        Ascending, from 0 on.

    Returns
    -------
    list of Synapse
        One for each time; runs of it begin there.

    Raises
    ------
    KinapticError
        If a time is negative or they do not ascend, the synapse is a model of others, or the run was in the
        field of neighbours and is shorter.

    Notes
    -----
    A spike of the soma that has not reached the synapse yet is waited for, a fraction of a millisecond.
    """
    times = run.end + 60 * np.asarray(minutes, dtype=float)
    if not times.size or times[0] < run.end or not np.all(np.diff(times) > 0):
        raise KinapticError(
            f"clones at {list(minutes)} min: give ascending times after the end of the protocol"
        )
    if run.synapse.foreign:
        raise KinapticError(f"{run.synapse.name} is a model of others; its runs begin as its file says")
    if isinstance(run.protocol, Waveform):
        raise KinapticError(
            "calcium of this run was recorded, and its source is not in the model: there is no whole state "
            "to clone; give spikes as a protocol"
        )
    if fields.surrounded(run.model) and times[-1] > float(run.recipe["until"]):
        until = (float(run.recipe["until"]) - run.end) / 60
        raise KinapticError(
            f"clone at {minutes[-1]:g} min: what its neighbours make is known up to {until:.4g} min after "
            "the protocol; simulate the dendrite longer"
        )
    times = _arrived(run, times)
    ours = build.model(run.synapse, None).initial  # not the clock and the counters of the protocol
    model = replace(run.model, readouts=tuple(name for name in run.model.initial if name in ours))
    expected = expected_counters(run.synapse, run.protocol, float(times[-1]))
    rtol = float(run.recipe["rtol"])
    if times[-1] == 0:  # of a run without a protocol: nothing to integrate
        values = np.array([[model.initial[name] for name in model.readouts]])
    elif run.recipe["engine"] == "ensemble":
        values = _by_ensemble(model, times, rtol, expected, None, None)
    else:
        stops = pauses(float(times[-1]), event_times(run.protocol))
        values = integrator.run(model, times, stops, rtol=rtol, expected=expected)
    after = "the start" if run.protocol is None else f"'{run.protocol}'"
    washed_in = [str(p).partition(", from the")[0] for p in run.synapse.perturbations if p.acute]
    after += f" in {' and '.join(washed_in)}" if washed_in else ""
    after += f", which began {run.synapse.start.words}" if run.synapse.start else ""
    states = [tuple(zip(model.readouts, row, strict=True)) for row in values.tolist()]
    return [
        replace(run.synapse, start=Start(run.synapse, state, f"{at:g} min after {after}"))
        for at, state in zip(minutes, states, strict=True)
    ]


def _arrived(run: Run, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the times, later where a spike of the soma is still on its way to the synapse."""
    lag = run.model.values.get(run.synapse.prefix + build.post_lag(run.synapse), 0.0)
    if not isinstance(run.protocol, Protocol) or not lag:
        return times
    sent = run.protocol.spike_times("post")
    there = sent + lag + _UNSURE
    on_the_way = (sent <= times[:, None] + _UNSURE) & (there > times[:, None])
    last: NDArray[np.float64] = np.max(np.where(on_the_way, there, 0.0), axis=1, initial=0.0)
    return np.maximum(times, last)


def _left_to_roadrunner(model: Model) -> bool:
    from kinaptic.sbml.ensemble import batch

    why = batch.unsupported(model, lanes=1)
    if why is not None:
        warnings.warn(f"run by roadrunner, which is slower: {why}", KinapticWarning, stacklevel=3)
    return why is not None


def _by_ensemble(
    model: Model,
    times: NDArray[np.float64],
    rtol: float,
    expected: integrator.Expected,
    limit: float | None,
    progress: integrator.Progress | None,
) -> NDArray[np.float64]:
    from kinaptic.sbml.ensemble import batch

    end = float(times[-1])
    (outcome,) = batch.run(
        [model],
        [times],
        rtol=rtol,
        expected=[expected],
        time_limit=limit,
        progress=None if progress is None else lambda done: progress(done * end),
    )
    if isinstance(outcome, KinapticError):
        raise outcome
    return outcome


def event_times(protocol: Protocol | Waveform | None) -> NDArray[np.float64]:
    """Return the times (s) at which the protocol acts, ascending: spikes, or corners of a waveform."""
    if isinstance(protocol, Protocol):
        return np.unique(
            np.concatenate([protocol.spike_times("pre"), protocol.spike_times("post"), protocol.step_edges])
        )
    if isinstance(protocol, Waveform):
        times, _ = protocol.knots()
        return LEAD + np.asarray(times, dtype=float)
    return np.empty(0)


def sample_times(
    end: float, events: NDArray[np.float64], samples: int | Sequence[float] | None
) -> NDArray[np.float64]:
    """Return the sample times of a run (s).

    Parameters
    ----------
    end : float
        Length of the run (s).
    events : ndarray, shape (n,)
        Times at which the protocol acts (s).
    samples : int or sequence of float, optional
        As `simulate` takes it.

    Raises
    ------
    KinapticError
        If those asked for are not ascending times within the run.
    """
    if samples is None:
        even = np.linspace(0, end, int(np.clip(end / 10, 200, 2000)) + 1)
        after = (events[:, None] + _AFTER_SPIKE[: max(3, _MOST_SAMPLES // max(1, events.size))]).ravel()
        parts = [even, _BEFORE, after + _OFF_EVENTS]
        if events.size:
            parts.append(events[events.size // 2] + _CLOSE_UP + _OFF_EVENTS)
            parts.append(events[-1] + _AFTERMATH + _OFF_EVENTS)
        grid = np.unique(np.concatenate(parts))
        on_event = np.isin(grid.round(9), events.round(9)) & (grid < end)
        return grid[(grid >= 0) & (grid <= end) & ~on_event]
    if isinstance(samples, int):
        if isinstance(samples, bool) or samples < 2:
            raise KinapticError(f"simulate(samples={samples}): give at least 2")
        return np.linspace(0, end, samples)
    given = np.asarray(samples, dtype=float)
    ascending = given.ndim == 1 and given.size > 0 and bool(np.all(np.diff(given) > 0))
    if not ascending or given[0] < 0 or not 0 < given[-1] <= end:
        raise KinapticError(f"simulate(samples=…): give ascending times from 0 to at most {end:g} s")
    return given


def pauses(end: float, events: NDArray[np.float64]) -> list[float]:
    """Return when a run may be interrupted (s): between events, and now and then in the quiet."""
    before = events[events < end]
    last = np.arange(_EVENTS_A_CHUNK - 1, before.size - 1, _EVENTS_A_CHUNK)
    between = ((before[last] + before[last + 1]) / 2).tolist()
    quiet = float(before[-1]) + 30.0 if before.size else 0.0
    return [*between, *(t for t in (quiet, (quiet + end) / 2) if 0 < t < end)]


def expected_counters(
    synapse: Synapse, protocol: Protocol | Waveform | None, end: float
) -> integrator.Expected:
    """Return what the counters must show at `end`; a counter on the edge of an event is left out."""

    def counts(values: Mapping[str, float], at: float) -> dict[str, int]:
        found = {}
        if isinstance(protocol, Protocol):
            lag = values.get(synapse.prefix + build.post_lag(synapse), 0.0)
            found = drive.expected_counts(protocol, at, post_lag=lag)
        elif isinstance(protocol, Waveform):
            found = waveform_drive.expected_counts(protocol, at)
        return {synapse.prefix + name: count for name, count in found.items()}

    def expected(values: Mapping[str, float]) -> Mapping[str, float]:
        low, high = counts(values, end - _UNSURE), counts(values, end + _UNSURE)
        return {name: count for name, count in low.items() if count == high[name]}

    return expected
