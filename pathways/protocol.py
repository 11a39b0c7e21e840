"""A protocol: when the synapse is stimulated, as a frozen value that composes and prints itself.

Everywhere: delay = t_post - t_pre of first spikes; postsynaptic times are those at the soma.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinaptic.errors import ProtocolError, UnknownName
from kinaptic.pathways.trains import (
    MIN_INTERVAL,
    SIDES,
    Regime,
    Segment,
    Side,
    Step,
    count,
    time_text,
)

LEAD = 10.0  # s of rest at the beginning of every run, so that the baseline is seen
MAX_SPIKES = 10_000  # of one side


@dataclass(frozen=True)
class Call:
    """How a protocol was made.

    Attributes
    ----------
    function : callable
        ``stdp``, ``tetanus`` and so on.
    arguments : mapping of str to object
        What it was given, defaults included.
    """

    function: Callable[..., Protocol]
    arguments: Mapping[str, object]

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.function.__name__


@dataclass(frozen=True, repr=False)
class Protocol:
    """A stimulation protocol: segments in series, each beginning when the one before has ended.

    A train ends one period (1 / rate) after its last burst began, a gap when it is over, a list of
    times with its last spike: what follows a list needs a gap. The first segment begins `LEAD`
    (10 s) into the run.

    Parameters
    ----------
    segments : tuple of Train, SpikeList, Step, Regime or Gap
        What follows what.
    inputs : int, optional
        Synapses that are active together; None leaves it to the model.

    Attributes
    ----------
    call : Call, optional
        How it was made, not part of the value; None where it was joined or made from segments.

    Raises
    ------
    ProtocolError
        If spikes of one side collide where segments meet, or there are more than 10,000.
    """

    segments: tuple[Segment, ...]
    inputs: int | None = None
    # Not of __init__, so that `dataclasses.replace` does not carry it over to another protocol.
    call: Call | None = field(default=None, init=False, compare=False)

    def __post_init__(self) -> None:
        if not self.segments:
            raise ProtocolError("Protocol(segments=…): there are none; give at least one")
        if self.inputs is not None:
            object.__setattr__(self, "inputs", count("inputs=…", self.inputs))
        for side in SIDES:
            number = sum(s.count(side) for s in self.segments)
            if number > MAX_SPIKES:
                raise ProtocolError(
                    f"{number} {side} spikes are more than the {MAX_SPIKES} that a run may have; shorten the "
                    "protocol or lower its rate"
                )
            self._refuse_collisions(side)

    def _refuse_collisions(self, side: Side) -> None:
        last, where = -np.inf, 0
        for index, (start, segment) in enumerate(zip(self.starts, self.segments, strict=True)):
            times = segment.times(side) + start
            if not times.size:
                continue
            if times[0] - last < MIN_INTERVAL * (1 - 1e-6):
                raise ProtocolError(
                    f"segment {index + 1} ({segment.label}) has a {side} spike within "
                    f"{time_text(MIN_INTERVAL)} of the last one of segment {where + 1} "
                    f"({self.segments[where].label}); put a pause between them: a + gap('1 s') + b"
                )
            last, where = float(times[-1]), index

    @functools.cached_property
    def starts(self) -> tuple[float, ...]:
        """Beginning of each segment (s from the beginning of the protocol)."""
        return tuple(itertools.accumulate((s.duration for s in self.segments[:-1]), initial=0.0))

    @property
    def duration(self) -> float:
        """Time from the beginning of the first segment to the end of the last (s)."""
        return self.starts[-1] + self.segments[-1].duration

    @property
    def end(self) -> float:
        """End of the protocol (s of run time)."""
        return LEAD + self.duration

    def spike_times(self, side: Side) -> NDArray[np.float64]:
        """Return the times of all spikes of ``"pre"`` or ``"post"`` (s of run time, at the soma)."""
        if side not in SIDES:
            raise ProtocolError(f"spike_times({side!r}): the sides are 'pre' and 'post'")
        return np.concatenate(
            [LEAD + start + s.times(side) for start, s in zip(self.starts, self.segments, strict=True)]
        )

    @property
    def step_edges(self) -> NDArray[np.float64]:
        """Beginnings and ends of voltage steps and of regimes (s of run time), shape (2 * steps,)."""
        pairs = zip(self.starts, self.segments, strict=True)
        edges = [(t, t + s.duration) for t, s in pairs if isinstance(s, Step | Regime)]
        return LEAD + np.asarray(edges, dtype=np.float64).ravel()

    @property
    def n_pre(self) -> int:
        """Presynaptic spikes."""
        return sum(s.count("pre") for s in self.segments)

    @property
    def n_post(self) -> int:
        """Postsynaptic spikes."""
        return sum(s.count("post") for s in self.segments)

    @property
    def label(self) -> str:
        """A few words for a legend or a column: ``"60 x 1 Hz, +10 ms"``."""
        return "; ".join(s.label for s in self.segments)

    def with_(self, **changes: Any) -> Protocol:
        """Return this protocol, made again with some arguments changed.

        Parameters
        ----------
        **changes
            Arguments of the function that made it: ``pairing.with_(delay="-10 ms")``.

        Raises
        ------
        UnknownName
            If that function has no such argument.
        ProtocolError, UnitError
            If the protocol was not made by one function, or cannot be made so.
        """
        if self.call is None:
            raise ProtocolError(
                f"with_({', '.join(changes)}): '{self.label}' was not made by one function such as stdp; "
                "change its parts, and join them again"
            )
        for name in changes:
            if name not in self.call.arguments:
                raise UnknownName(f"argument of {self.call.name}", name, self.call.arguments)
        return self.call.function(**{**self.call.arguments, **changes})

    def __add__(self, other: object) -> Protocol:
        if not isinstance(other, Protocol):
            raise ProtocolError(f"{other!r} is not a protocol; a pause is written a + gap('10 min')")
        # neither silence nor a voltage step has inputs of its own
        givers = [p for p in (self, other) if p.n_pre + p.n_post]
        if len({p.inputs for p in givers}) > 1:
            first, second = (p.inputs if p.inputs is not None else "the model's own" for p in givers)
            raise ProtocolError(
                f"inputs differ: {first} for {self.label!r} and {second} for {other.label!r}; one run has "
                "one number of co-active inputs, so give inputs=… alike to both"
            )
        return Protocol(self.segments + other.segments, inputs=givers[0].inputs if givers else None)

    def __str__(self) -> str:
        text = ", then ".join(str(s) for s in self.segments)
        if self.inputs is None:
            return text
        return f"{text}; {self.inputs} {'inputs together' if self.inputs > 1 else 'input alone'}"

    def __repr__(self) -> str:
        return f"<Protocol: {self}>"
