"""What the figure of a run shows, before anything is drawn: times from the protocol's start, bursts."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.trains import Gap, Side, Train
from kinaptic.pathways.waveform import Waveform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.sbml.run import Run

    Array = NDArray[np.float64]

BEFORE, AFTER = 0.03, 0.2  # s shown around a burst
_BURST_GAP = 0.12  # s of silence that separates one burst from the next
_LONGEST_BURST = 0.4  # s of a burst that are shown
_MOVES = 1e-3  # relative change below which calcium counts as flat
_DENSE = 60  # bursts in the width of a panel from which on each is drawn as its mean and range
_CYCLES = 200  # at most, drawn so


@dataclass(frozen=True)
class Burst:
    """A burst or pairing that stands for all: where it is (s) and which it is."""

    start: float
    end: float
    zero: float  # its first presynaptic spike, or for lack of one its first spike
    number: int
    count: int
    single: bool  # whether no side spikes more than once


@dataclass(frozen=True)
class FigureData:
    """A run with its time counted from the start of the protocol."""

    run: Run

    @functools.cached_property
    def begin(self) -> float:
        """Start of the protocol (s of run time)."""
        return LEAD if self.run.protocol is not None else 0.0

    @functools.cached_property
    def time(self) -> Array:
        """Sample times (s)."""
        times: Array = self.run.traces.index.to_numpy(dtype=float) - self.begin
        return times

    @property
    def length(self) -> float:
        """Duration of the protocol (s), 0 where there is none."""
        return max(0.0, self.run.end - self.begin)

    @property
    def end(self) -> float:
        """End of the run (s)."""
        return float(self.time[-1])

    def __contains__(self, readout: str) -> bool:
        return readout in self.run.traces

    def __getitem__(self, readout: str) -> Array:
        values: Array = self.run.traces[readout].to_numpy(dtype=float)
        return values

    def spikes(self, side: Side) -> Array:
        """Return the spike times of a side (s)."""
        protocol = self.run.protocol
        return protocol.spike_times(side) - self.begin if isinstance(protocol, Protocol) else np.empty(0)

    @functools.cached_property
    def events(self) -> Array:
        """Spike times of both sides (s), ascending."""
        return np.sort(np.concatenate([self.spikes("pre"), self.spikes("post")]))

    @functools.cached_property
    def calcium(self) -> tuple[Array, Array] | None:
        """Times (s) and calcium (µM): what was played, or the trace; None if it does not move."""
        played = self.run.protocol
        if isinstance(played, Waveform):
            knots, values = played.knots()
            before, after = self.time[:1], self.time[-1:][self.time[-1:] > knots[-1]]
            return (
                np.concatenate([before, knots, after]),
                np.concatenate([[played.rest], values, np.full(after.size, played.final)]),
            )
        if "Ca" not in self or np.ptp(self["Ca"]) <= _MOVES * self["Ca"].max():
            return None
        return self.time, self["Ca"]

    @functools.cached_property
    def burst(self) -> Burst | None:
        """The middle burst; where there is no pause, the beginning of the only one."""
        events = self.events[self.events < self.end - AFTER]
        if not events.size or self.calcium is None:
            return None
        starts = _burst_starts(events)
        number = len(starts) // 2
        first = float(events[starts[number]])
        stop = int(starts[number + 1]) if number + 1 < len(starts) else events.size
        last = min(float(events[stop - 1]), first + _LONGEST_BURST)
        end = min(last + AFTER, float(events[stop])) if stop < events.size else last + AFTER
        sides = [self.spikes(side) for side in ("pre", "post")]
        inside = [s[(s >= first) & (s <= last)] for s in sides]
        zero = float(inside[0][0]) if inside[0].size else first
        single = all(s.size <= 1 for s in inside)
        return Burst(first - BEFORE, end, zero, number + 1, len(starts), single)

    def cycles(self, width: float) -> Array:
        """Return the times (s) between which traces are averaged: bursts, if they stand close.

        Parameters
        ----------
        width : float
            Time (s) across the panel.
        """
        if not self.events.size:
            return np.empty(0)
        starts = self.events[_burst_starts(self.events)]
        if starts.size < 3:
            return np.empty(0)
        period = float(np.median(np.diff(starts)))
        if period * _DENSE > width:
            return np.empty(0)
        every = -(-starts.size // _CYCLES)
        return np.append(starts[::every], starts[-1] + period)

    def stimuli(self) -> list[tuple[float, float]]:
        """Return beginning and end (s) of every stretch of stimulation: silence is left out."""
        protocol = self.run.protocol
        if not isinstance(protocol, Protocol):
            return [(0.0, self.length)] if self.length else []
        found: list[tuple[float, float]] = []
        for start, segment in zip(protocol.starts, protocol.segments, strict=True):
            if isinstance(segment, Train):
                once = segment.bursts / segment.rate + abs(segment.delay)
                begins = [start + i * segment.period for i in range(segment.trains)]
                found += [(begin, begin + once) for begin in begins]
            elif not isinstance(segment, Gap):
                found.append((start, start + segment.duration))
        return found


def _burst_starts(events: Array) -> NDArray[np.intp]:
    """Return the indices of ascending times at which a burst begins."""
    return np.concatenate([[0], np.flatnonzero(np.diff(events) > _BURST_GAP) + 1])


def smoothed(time: Array, values: Array, cycles: Array) -> tuple[Array, Array, Array, Array]:
    """Return time, mean, least and most: per cycle while there are cycles, the samples elsewhere."""
    if not cycles.size:
        return time, values, values, values
    first, last = np.interp(cycles[[0, -1]], time, values)
    before, after = time < cycles[0], time > cycles[-1]
    rows = [(t, v, v, v) for t, v in zip(time[before], values[before], strict=True)]
    rows.append((cycles[0], first, first, first))
    for low, high in itertools.pairwise(cycles):
        inside = (time >= low) & (time < high)
        if inside.sum() > 1:
            # the whole cycle, whatever of it was sampled
            t = np.concatenate([[low], time[inside], [high]])
            v = np.interp(t, time, values)
            rows.append(((low + high) / 2, np.trapezoid(v, t) / (high - low), v.min(), v.max()))
    rows.append((cycles[-1], last, last, last))
    rows += [(t, v, v, v) for t, v in zip(time[after], values[after], strict=True)]
    table = np.array(rows, dtype=float)
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3]
