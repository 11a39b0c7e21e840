"""Recorded calcium as a frozen value, validated when it is made.

    trace = Waveform(table["time (ms)"], table["Ca (uM)"])
    trace = Waveform.read("spine3.csv", unit="uM", time_unit="ms")

From then on it runs like any protocol: calcium of the spine rests, follows the trace, and rests
again (or what `extend` says).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from kinaptic.errors import WaveformError
from kinaptic.pathways import waveform_check as check
from kinaptic.pathways.protocol import LEAD
from kinaptic.pathways.thinning import Array, Thinned, thin
from kinaptic.units import Quantity, parse


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Waveform:
    """A calcium trace that a run follows.

    Parameters
    ----------
    time, values : array_like, shape (n,)
        Samples: arrays, lists, pandas Series (a name such as ``"Ca (uM)"`` gives the unit), pint
        arrays. Straight lines between them.
    unit : str, optional
        Of `values`: ``"uM"``, ``"nM"``, ``"mM"``. Needed unless the data carry it.
    time_unit : str, optional
        Of `time`: ``"s"``, ``"ms"``. Needed unless the data carry it.
    quantity : {"calcium"}
        What was recorded: free calcium in the spine.
    extend : {None, "rest", "hold"}
        After the last sample: ``"rest"`` returns to the resting level on a straight line within
        `settle`; ``"hold"`` keeps the last value for good. None (default) is for traces that end
        at rest, within `tolerance` or four standard deviations of the noise, and stay there;
        others are refused.
    settle : str
        Time of the return.
    max_step : str, optional
        Longest sampling step allowed where calcium moves, 5 ms by default.
    tolerance : str, optional
        Largest distance between what is played and any sample; by default 0.01 µM or 1 % of the
        peak, whichever is smaller. Near rest, a tenth of it, unless the samples are noisy.
    name : str
        For labels; not part of the value.

    Attributes
    ----------
    time, values : ndarray, shape (n,)
        Seconds since the first sample, and µM; read-only.
    rest : float
        Level that it starts from (µM): the median of the samples before the first move.
    tolerance : float
        In µM.
    settle : float
        In seconds.
    digest : str
        Hash of the content. Waveforms of one content are equal.

    Raises
    ------
    WaveformError
        If the samples cannot be trusted as they stand; one message per fault, with its remedy.
    """

    time: Array
    values: Array
    extend: Literal["rest", "hold"] | None
    settle: float
    tolerance: float
    rest: float
    name: str
    digest: str

    def __init__(
        self,
        time: ArrayLike,
        values: ArrayLike,
        *,
        unit: str | None = None,
        time_unit: str | None = None,
        quantity: str = "calcium",
        extend: Literal["rest", "hold"] | None = None,
        settle: Quantity = "100 ms",
        max_step: Quantity | None = None,
        tolerance: Quantity | None = None,
        name: str = "",
    ) -> None:
        if quantity != "calcium":
            raise WaveformError(f"waveform: quantity={quantity!r} cannot be played; only 'calcium' can")
        if extend not in (None, "rest", "hold"):
            raise WaveformError(f"waveform: extend={extend!r} is not known; use 'rest', 'hold' or None")
        pause = _positive(settle, "s", "settle")
        longest = None if max_step is None else _positive(max_step, "s", "max_step")
        bound = None if tolerance is None else _positive(tolerance, "uM", "tolerance")

        raw_time, raw_values = check.column(time, "time"), check.column(values, "values")
        unit, size = check.agreed("uM", unit, {"values": check.unit_of(values)})
        time_unit, tick = check.agreed("s", time_unit, {"time": check.unit_of(time)})
        check.check_samples(raw_time, raw_values, time_unit)
        seconds, calcium = (raw_time - raw_time[0]) * tick, raw_values * size
        rest = check.check_level(seconds, calcium, unit, size)
        check.check_pace(seconds, calcium, time_unit, max_step=longest)
        bound = min(0.01, 0.01 * float(np.max(calcium))) if bound is None else bound
        if extend is None:
            check.check_end(calcium, rest, tolerance=bound)

        for array in (seconds, calcium):
            array.setflags(write=False)
        key = hashlib.sha256(repr((extend, pause, bound, len(seconds))).encode())
        key.update(seconds.tobytes())
        key.update(calcium.tobytes())
        content = {
            "time": seconds,
            "values": calcium,
            "extend": extend,
            "settle": pause,
            "tolerance": bound,
            "rest": rest,
            "name": name,
            "digest": key.hexdigest(),
        }
        self.__setstate__(content)

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        time: str | None = None,
        column: str | None = None,
        unit: str | None = None,
        time_unit: str | None = None,
        quantity: str = "calcium",
        extend: Literal["rest", "hold"] | None = None,
        settle: Quantity = "100 ms",
        max_step: Quantity | None = None,
        tolerance: Quantity | None = None,
        name: str | None = None,
    ) -> Waveform:
        """Read a trace from a text table (.csv, .tsv, .txt) or NumPy file (.npy, .npz).

        Parameters
        ----------
        path : str or path
            The file. Units come from a first line ``# unit: uM, time_unit: ms``, from column
            names (``Ca (uM)``, ``time (ms)``) or from the arguments; they must agree.
        time, column : str, optional
            Names of the two columns. By default the first is time, and the second, if it is the
            only other, is calcium.
        name : str, optional
            By default the file's stem.

        The rest is as for `Waveform`.

        Raises
        ------
        WaveformError
            If the file has not two such columns of numbers, units contradict each other, or the
            samples cannot be trusted.
        """
        from kinaptic.pathways.waveform_file import read_columns

        table = read_columns(Path(path), time=time, column=column)
        unit, _ = check.agreed("uM", unit, table.units)
        time_unit, _ = check.agreed("s", time_unit, table.time_units)
        return cls(
            table.time,
            table.values,
            unit=unit,
            time_unit=time_unit,
            quantity=quantity,
            extend=extend,
            settle=settle,
            max_step=max_step,
            tolerance=tolerance,
            name=Path(path).stem if name is None else name,
        )

    @property
    def peak(self) -> float:
        """Highest sample (µM)."""
        return float(np.max(self.values))

    @property
    def duration(self) -> float:
        """Time from the first sample to the end of what is played (s), a return to rest included."""
        last = float(self.time[-1])
        return last + self.settle if self._returns else last

    @property
    def end(self) -> float:
        """End of what is played (s of run time): like a protocol, it begins `LEAD` into the run."""
        return LEAD + self.duration

    @property
    def final(self) -> float:
        """Level that calcium keeps after the end (µM)."""
        return float(self.values[-1]) if self.extend == "hold" else self.rest

    @property
    def label(self) -> str:
        """A short text for legends and tables."""
        return self.name or f"calcium trace, {self.duration:.4g} s"

    @property
    def _returns(self) -> bool:
        return self.extend != "hold" and float(self.values[-1]) != self.rest

    def thinned(self, tolerance: float | None = None) -> Thinned:
        """Return the trace as few straight segments within `tolerance` (µM) of every sample."""
        return _thinned(self, self.tolerance if tolerance is None else tolerance)

    def knots(self, tolerance: float | None = None) -> tuple[Array, Array]:
        """Return times (s since the first sample) and values (µM) of the line that is played.

        It stays within `tolerance` (µM) of every sample. Where the trace ends away from rest and
        is not held, a last knot at rest follows `settle` later.

        Raises
        ------
        WaveformError
            If a noisy trace would keep too many knots.
        """
        thinned = self.thinned(tolerance)
        if not self._returns:
            return thinned.times, thinned.values
        times = np.append(thinned.times, self.duration)
        values = np.append(thinned.values, self.rest)
        for array in (times, values):
            array.setflags(write=False)
        return times, values

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Waveform) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Restore the fields; arrays that were pickled come back writable and are sealed again."""
        for field, value in state.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, field, value)

    def __repr__(self) -> str:
        held = f"then held at {self.final:.3g} uM"
        after = {"rest": "then back to rest", "hold": held, None: "then at rest"}
        title = f"{self.name!r}, " if self.name else ""
        return (
            f"Waveform({title}calcium, {len(self.time)} samples over {self.time[-1]:.4g} s, rest "
            f"{self.rest:.3g} uM, peak {self.peak:.3g} uM, {after[self.extend]})"
        )


@functools.lru_cache(maxsize=64)
def _thinned(waveform: Waveform, tolerance: float) -> Thinned:
    return thin(waveform.time, waveform.values, tolerance=tolerance, rest=waveform.rest)


def _positive(value: Quantity, unit: str, what: str) -> float:
    number = parse(value, unit, f"Waveform({what}=…)")
    if number <= 0:
        raise WaveformError(f"waveform: {what}={value!r} must be positive")
    return number
