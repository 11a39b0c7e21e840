"""Parts of a protocol: regular trains, lists of spike times, voltage steps, and silence.

A part knows its spikes relative to its own beginning, in seconds, on the presynaptic and on the
postsynaptic (somatic) side. What would stall or blur a train in a simulator (bursts that overlap,
equal times, a rate of zero) is refused here, whoever builds the part.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinaptic.errors import ProtocolError

Side = Literal["pre", "post"]
SIDES: tuple[Side, ...] = ("pre", "post")
MAX_RATE = 1000.0  # Hz: an absolute refractory period of a millisecond
MIN_INTERVAL = 1 / MAX_RATE  # s
VOLTAGES = (-120.0, 60.0)  # mV that a cell is held at
MOST_FIRING = 20.0  # times the habitual rate of the cell
_SLACK = 1e-9  # relative, for quotients such as 5 / (20 Hz) against 1 / (4 Hz)


@dataclass(frozen=True)
class Train:
    """Spikes in bursts, bursts in trains, trains in a row; pre and post in step.

    Parameters
    ----------
    bursts : int
        Bursts (or single spikes, pairings) in a train.
    rate : float
        Bursts per second within a train.
    pre_spikes, post_spikes : int
        Spikes of each side in a burst; 0 for a side that is silent.
    burst_rate : float, optional
        Spikes per second within a burst; needed when there is more than one.
    trains : int
        How often the train is given.
    interval : float, optional
        Time (s) from the start of one train to the start of the next; needed when `trains` > 1.
    delay : float
        t_post - t_pre (s) of the first spikes of a burst, of either sign.

    Raises
    ------
    ProtocolError
        If bursts or trains overlap, a rate or a count is out of bounds, or a number is missing.
    """

    bursts: int
    rate: float
    pre_spikes: int = 1
    post_spikes: int = 0
    burst_rate: float | None = None
    trains: int = 1
    interval: float | None = None
    delay: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (("bursts", 1), ("trains", 1), ("pre_spikes", 0), ("post_spikes", 0)):
            object.__setattr__(self, name, count(f"Train({name}=…)", getattr(self, name), least))
        check_rate("Train(rate=…)", self.rate)
        if not math.isfinite(self.delay):
            raise ProtocolError(f"Train(delay=…): {self.delay!r} is not a finite time")
        most = max(self.pre_spikes, self.post_spikes)
        if most == 0:
            raise ProtocolError("Train: pre_spikes and post_spikes are both 0; give one side a spike")
        if self.delay and not (self.pre_spikes and self.post_spikes):
            raise ProtocolError(
                "Train(delay=…): a delay needs spikes on both sides; use gap(…) to start later"
            )
        if self.burst_rate is not None:
            check_rate("Train(burst_rate=…)", self.burst_rate)
            if most / self.burst_rate >= (1 - _SLACK) / self.rate:
                raise ProtocolError(
                    f"bursts overlap: {most} spikes at burst_rate {rate_text(self.burst_rate)} take "
                    f"{time_text(most / self.burst_rate)}, and at rate {rate_text(self.rate)} the next burst "
                    f"begins after {time_text(1 / self.rate)}; lower rate, raise burst_rate or take fewer "
                    "spikes"
                )
        elif most > 1:
            raise ProtocolError(
                f"burst_rate is missing: {most} spikes in a burst need a rate, such as burst_rate='50 Hz'"
            )
        if self.interval is not None:
            check_interval("interval", self.interval)
            if self.bursts / self.rate >= self.interval * (1 - _SLACK):
                raise ProtocolError(
                    f"trains overlap: {self.bursts} at rate {rate_text(self.rate)} take "
                    f"{time_text(self.bursts / self.rate)}, and interval, from the start of one train to the "
                    f"start of the next, is {time_text(self.interval)}; make interval longer, or give one "
                    "long train"
                )
        elif self.trains > 1:
            raise ProtocolError(
                f"interval is missing: {self.trains} trains need the time from the start of one to the "
                "start of the next, such as interval='5 min'"
            )

    def spikes(self, side: Side) -> int:
        """Return how many spikes a burst has on `side`."""
        return self.pre_spikes if side == "pre" else self.post_spikes

    def count(self, side: Side) -> int:
        """Return how many spikes there are on `side`."""
        return self.spikes(side) * self.bursts * self.trains

    def onset(self, side: Side) -> float:
        """Return when `side` starts (s); the side that leads starts at 0."""
        return max(0.0, -self.delay if side == "pre" else self.delay)

    @property
    def period(self) -> float:
        """Time from the start of a train to the start of the next (s)."""
        return self.bursts / self.rate if self.interval is None else self.interval

    @property
    def duration(self) -> float:
        """Time to the end (s): one period (1 / rate) after the last burst began, on the later side."""
        return (self.trains - 1) * self.period + self.bursts / self.rate + abs(self.delay)

    def times(self, side: Side) -> NDArray[np.float64]:
        """Return the spike times of `side` (s), strictly increasing."""
        spike = np.arange(self.spikes(side)) / (self.burst_rate or 1.0)
        burst = np.arange(self.bursts) / self.rate
        train = np.arange(self.trains) * self.period
        grid = self.onset(side) + spike + burst[:, None] + train[:, None, None]
        return np.asarray(grid, dtype=np.float64).ravel()

    @property
    def label(self) -> str:
        """A few characters for a legend: ``"60 x 1 Hz, +10 ms"``."""
        text = f"{self.bursts} x {rate_text(self.rate)}"
        if self.burst_rate is not None:
            inside = ":".join(str(n) for n in (self.pre_spikes, self.post_spikes) if n)
            text = f"{self.bursts} x ({inside} x {rate_text(self.burst_rate)}) at {rate_text(self.rate)}"
        if self.trains > 1:
            text = f"{self.trains} x ({text})"
        if self.pre_spikes and self.post_spikes:
            text += f", {'+' if self.delay > 0 else ''}{time_text(self.delay)}"
        return text

    def __str__(self) -> str:
        rate = rate_text(self.rate)
        if self.pre_spikes and self.post_spikes:
            text = plural(self.bursts, "pairing")
            if self.burst_rate is not None:
                text += f" of {self.pre_spikes} pre and {self.post_spikes} post spikes at "
                text += f"{rate_text(self.burst_rate)}, repeated"
            text += f" at {rate}"
            if self.delay:
                order = "after" if self.delay > 0 else "before"
                text += f", post {time_text(abs(self.delay))} {order} pre"
            else:
                text += ", pre and post together"
        else:
            spike = "pulse" if self.pre_spikes else "post spike"
            if self.burst_rate is None:
                text = f"{plural(self.bursts, spike)} at {rate}"
            else:
                inside = plural(self.pre_spikes or self.post_spikes, spike)
                text = f"{plural(self.bursts, 'burst')} at {rate} of {inside} at {rate_text(self.burst_rate)}"
        if self.trains > 1:
            text = f"{self.trains} trains, one every {time_text(self.period)}, of {text}"
        return text


@dataclass(frozen=True)
class SpikeList:
    """Spikes at irregular times.

    Parameters
    ----------
    pre, post : tuple of float
        Times (s) from the beginning of the list, strictly increasing, at least 1 ms apart.
    length : float, optional
        When the list ends (s). By default with its last spike: what follows then needs a gap.
    origin : str
        Where the times come from, for people.

    Raises
    ------
    ProtocolError
        If a time is negative, not finite, or not later than the one before by 1 ms or more.
    """

    pre: tuple[float, ...] = ()
    post: tuple[float, ...] = ()
    length: float | None = None
    origin: str = ""

    def __post_init__(self) -> None:
        if not self.pre and not self.post:
            raise ProtocolError("spikes: pre and post are both empty; give at least one spike time")
        for side in SIDES:
            check_times(f"spikes({side}=…)", np.asarray(getattr(self, side), dtype=np.float64))
        if self.length is not None:
            check_interval("SpikeList(length=…)", self.length)
            if self.length < self._last:
                raise ProtocolError(
                    f"SpikeList(length=…): the list ends at {self.length:g} s, before its last spike at "
                    f"{self._last:g} s; make it longer"
                )

    @property
    def _last(self) -> float:
        return max([*self.pre[-1:], *self.post[-1:]])

    def count(self, side: Side) -> int:
        """Return how many spikes there are on `side`."""
        return len(self.pre if side == "pre" else self.post)

    @property
    def duration(self) -> float:
        """Time to the end (s): `length`, or else the last spike."""
        return self._last if self.length is None else self.length

    def times(self, side: Side) -> NDArray[np.float64]:
        """Return the spike times of `side` (s)."""
        return np.asarray(self.pre if side == "pre" else self.post, dtype=np.float64)

    @property
    def label(self) -> str:
        """A few characters for a legend."""
        return self.origin or f"{len(self.pre)} pre, {len(self.post)} post spikes"

    def __str__(self) -> str:
        text = f"{len(self.pre)} pre and {len(self.post)} post spikes in {time_text(self.duration)}"
        return f"{text} ({self.origin})" if self.origin else text


class _Silent:
    """A part in which nobody spikes."""

    def count(self, _side: Side) -> int:
        """Return 0: nobody spikes."""
        return 0

    def times(self, _side: Side) -> NDArray[np.float64]:
        """Return no times."""
        return np.empty(0)


@dataclass(frozen=True)
class Gap(_Silent):
    """Silence.

    Parameters
    ----------
    duration : float
        How long (s), above 0.
    """

    duration: float

    def __post_init__(self) -> None:
        check_interval("gap(…)", self.duration)

    @property
    def label(self) -> str:
        """A few characters for a legend."""
        return f"{time_text(self.duration)} gap"

    def __str__(self) -> str:
        return f"{time_text(self.duration)} of silence"


@dataclass(frozen=True)
class Step(_Silent):
    """The dendrite held at a voltage, as through a pipette; nobody spikes.

    Parameters
    ----------
    duration : float
        How long (s), above 0.
    to : float
        Voltage (mV), -120 to 60.

    Raises
    ------
    ProtocolError
        If one of them is not of that kind.
    """

    duration: float
    to: float

    def __post_init__(self) -> None:
        check_interval("depolarization(…)", self.duration)
        low, high = VOLTAGES
        if not low <= self.to <= high:
            raise ProtocolError(
                f"depolarization(to=…): {self.to:g} mV is outside {low:g} to {high:g} mV; check the unit"
            )

    @property
    def label(self) -> str:
        """A few characters for a legend."""
        return f"{time_text(self.duration)} at {self.to:g} mV"

    def __str__(self) -> str:
        return f"depolarization to {self.to:g} mV for {time_text(self.duration)}"


@dataclass(frozen=True)
class Regime(_Silent):
    """A stretch of the cell's life: how much it fires of its own, and whether it sleeps.

    Parameters
    ----------
    duration : float
        How long (s), above 0.
    firing : float
        Of its habitual rate; 0 is silence, as in tetrodotoxin. At most 20.
    asleep : bool
        Whether it is asleep.

    Raises
    ------
    ProtocolError
        If one of them is not of that kind.
    """

    duration: float
    firing: float = 1.0
    asleep: bool = False

    def __post_init__(self) -> None:
        check_interval("regime(…)", self.duration)
        if not 0 <= self.firing <= MOST_FIRING:
            raise ProtocolError(
                f"times={self.firing:g}: give a multiple of the cell's habitual rate, 0 to {MOST_FIRING:g}"
            )

    @property
    def label(self) -> str:
        """A few characters for a legend."""
        return f"{time_text(self.duration)} {self._what}"

    @property
    def _what(self) -> str:
        state = "asleep" if self.asleep else "awake"
        if self.firing == 0:
            return f"{state}, without firing"
        return state if self.firing == 1 else f"{state}, firing x {self.firing:g}"

    def __str__(self) -> str:
        return f"{time_text(self.duration)} {self._what}"


Segment = Train | SpikeList | Gap | Step | Regime


def count(what: str, value: object, least: int = 1) -> int:
    """Return `value` as an int of at least `least`; `what` names the argument in the message."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ProtocolError(f"{what}: {value!r} is not a whole number; write for instance 60") from None
    if number < least:
        raise ProtocolError(f"{what}: {number} is below {least}; give at least {least}")
    return number


def check_rate(what: str, rate: float) -> None:
    """Refuse a rate (Hz) that is not above 0 and at most 1 kHz."""
    if not (math.isfinite(rate) and rate > 0):
        raise ProtocolError(f"{what}: a rate of {rate:g} Hz gives no spikes; make it larger than 0 Hz")
    if rate > MAX_RATE * (1 + _SLACK):
        raise ProtocolError(
            f"{what}: {rate:g} Hz is above {MAX_RATE:g} Hz, faster than any axon fires; check the unit"
        )


def check_interval(what: str, time: float) -> None:
    """Refuse a stretch of time (s) that is not finite and above 0."""
    if not (math.isfinite(time) and time > 0):
        raise ProtocolError(f"{what}: {time:g} s is not a stretch of time; make it longer than 0 s")


def check_times(what: str, times: NDArray[np.float64]) -> None:
    """Refuse spike times (s) that are not finite, not negative and rising by 1 ms or more."""
    bad = np.flatnonzero(~np.isfinite(times))
    if bad.size:
        raise ProtocolError(f"{what}: time {bad[0]} is {times[bad[0]]}; remove what is not a number")
    bad = np.flatnonzero(times < 0)
    if bad.size:
        raise ProtocolError(
            f"{what}: time {bad[0]} is {times[bad[0]]:g} s; times count from the start of the list, so shift "
            "them all to 0 or later"
        )
    steps = np.diff(times)
    bad = np.flatnonzero(steps < MIN_INTERVAL * (1 - 1e-6))
    if not bad.size:
        return
    at = int(bad[0])
    first, second = float(times[at]), float(times[at + 1])
    if second == first:
        raise ProtocolError(
            f"{what}: {first:g} s is there twice (times {at} and {at + 1}); an axon spikes once at a time, "
            "remove one"
        )
    if second < first:
        raise ProtocolError(
            f"{what}: time {at + 1} ({second:g} s) comes before time {at} ({first:g} s); give sorted(times) "
            "if the order means nothing"
        )
    raise ProtocolError(
        f"{what}: times {at} and {at + 1} ({first:g} and {second:g} s) are less than "
        f"{time_text(MIN_INTERVAL)} apart; check that they are in seconds, or remove one"
    )


def time_text(seconds: float) -> str:
    """Write a time for people: ``"10 ms"``, ``"5 min"``."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        whole = seconds / size
        if abs(whole) >= 1 and abs(whole * 10 - round(whole * 10)) < 1e-9 and abs(seconds) >= 2 * size:
            return f"{whole:g} {unit}"
    if abs(seconds) >= 1:
        return f"{seconds:.4g} s" if abs(seconds) < 1e4 else f"{seconds:.0f} s"
    return f"{seconds * 1e3:.4g} ms"


def rate_text(hertz: float) -> str:
    """Write a rate for people: ``"100 Hz"``."""
    return f"{hertz:.4g} Hz"


def plural(number: int, noun: str) -> str:
    """Write a number with its noun: ``"1 pulse"``, ``"900 pulses"``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
