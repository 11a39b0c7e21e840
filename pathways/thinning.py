"""Thin a sampled trace to the fewest straight segments that stay within a stated error.

A recording of a million samples is a few hundred segments of calcium. The filter walks the
samples once with a cone: from the last knot, the slopes that pass within the bound of every
sample so far. A segment ends on the last sample that the cone can reach (the swing filter of
Elmeleegy et al. 2009, PVLDB 2:145, with its knots on samples).

The bound alone would let calcium sink from a little above rest over all of a long pause, and
chords of a decay always lie above it; for enzymes that average calcium both are a larger dose.
So the bound narrows to a tenth near rest, and knots are shifted, within the bound, to keep the area.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinaptic.errors import WaveformError

Array = NDArray[np.float64]

MAX_KNOTS = 2000  # a look-up tree of 2,000 leaves still loads in about a second
MAX_SHARE = 0.05  # of the samples of a long trace: more is noise, not signal
LONG = 10_000  # samples from which the share is judged
_NEAR_REST = 0.1  # of the distance from rest: the bound there, but at least a tenth of the tolerance
_SENSELESS = 0.25  # of the peak: no tolerance to advise
_ROUNDING = 1e-12  # relative to the peak: sums of a million terms are no better


@dataclass(frozen=True)
class Thinned:
    """Knots of a thinned trace, and how far they are from it.

    Attributes
    ----------
    times, values : ndarray, shape (knots,)
        Corners of the line, in the units of the trace; the first and last are the trace's own.
    error : float
        Largest distance of the line from a sample, measured after the fact.
    area_error : float
        Area of line minus trace, relative to the trace's area above its lowest value.
    """

    times: Array
    values: Array
    error: float
    area_error: float


def thin(
    time: Array, values: Array, *, tolerance: float, rest: float | None = None, max_knots: int = MAX_KNOTS
) -> Thinned:
    """Return the knots of a line within `tolerance` of every sample.

    Parameters
    ----------
    time, values : ndarray, shape (n,)
        Strictly increasing times, and non-negative values, n ≥ 2.
    tolerance : float
        Largest distance allowed, in the unit of `values`.
    rest : float, optional
        Level near which the bound narrows to a tenth (unless the samples are too noisy for that).
    max_knots : int
        Refuse when more would be needed.

    Raises
    ------
    WaveformError
        If the tolerance is not positive, or a noisy trace would keep more than `max_knots`
        knots, or more than 5 % of over 10,000 samples.
    """
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise WaveformError(f"waveform: tolerance {tolerance!r} uM must be positive, for instance 0.01 uM")
    limit = max_knots
    if len(time) > LONG:
        limit = min(limit, int(MAX_SHARE * len(time)))
    bound = _bound(values, tolerance, rest)
    kept = _corners(time, values, bound, limit)
    if len(kept) > limit:
        done = (time[kept[-1]] - time[0]) / (time[-1] - time[0])
        raise WaveformError(_too_many(time, values, tolerance, rest, limit, done))
    knots = _keep_area(time, values, kept, bound)
    line = np.interp(time, time[kept], knots)
    error = float(np.max(np.abs(line - values)))
    if error > tolerance + _ROUNDING * float(np.max(values)):
        raise AssertionError(f"thinning broke its bound: {error} > {tolerance}")
    excess = values - np.min(values)
    area = float(np.trapezoid(excess, time))
    drift = float(np.trapezoid(line - values, time))
    return Thinned(_sealed(time[kept]), _sealed(knots), error, drift / area if area > 0 else 0.0)


def noise(values: Array) -> float:
    """Return the standard deviation of sample noise, robust to transients.

    From second differences, which a smooth trace does not have: their median absolute value is
    0.6745 √6 standard deviations of white noise.
    """
    if len(values) < 5:
        return 0.0
    return float(np.median(np.abs(np.diff(values, 2))) / (0.6745 * np.sqrt(6.0)))


def _bound(values: Array, tolerance: float, rest: float | None) -> Array:
    """Return the distance allowed at each sample."""
    if rest is None:
        return np.full_like(values, tolerance)
    finest = min(tolerance, max(_NEAR_REST * tolerance, 8 * noise(values)))
    return np.clip(_NEAR_REST * np.abs(values - rest), finest, tolerance)


def _corners(time: Array, values: Array, bound: Array, limit: int) -> NDArray[np.intp]:
    """Return the indices of the samples kept; stops after `limit` + 1 of them."""
    last = len(time) - 1
    kept = [0]
    window = 64
    while kept[-1] < last and len(kept) <= limit:
        start = kept[-1]
        reach, window = _reach(time, values, start, bound, window)
        kept.append(reach)
    return np.asarray(kept)


def _reach(time: Array, values: Array, start: int, bound: Array, window: int) -> tuple[int, int]:
    """Return the last sample that one segment from `start` reaches, and the next window."""
    low, high = -np.inf, np.inf
    best, begin, end = start + 1, start + 1, len(time)
    size = max(64, min(window, 1 << 16))
    while begin < end and low <= high:
        block = slice(begin, min(begin + size, end))
        run = time[block] - time[start]
        rise = values[block] - values[start]
        lows = np.maximum(np.maximum.accumulate((rise - bound[block]) / run), low)
        highs = np.minimum(np.minimum.accumulate((rise + bound[block]) / run), high)
        slope = rise / run
        hits = np.flatnonzero((lows <= slope) & (slope <= highs))
        if hits.size:
            best = begin + int(hits[-1])
        low, high = float(lows[-1]), float(highs[-1])
        begin = block.stop
        size = min(2 * size, 1 << 16)
    return best, 2 * (best - start)


def _keep_area(time: Array, values: Array, kept: NDArray[np.intp], bound: Array) -> Array:
    """Return knot values shifted so that each knot keeps the area around it, within the bound.

    Half of what a segment lacks goes to either end. Where the shifted line would leave the bound
    the shifts of its two knots are halved, in the end dropped: unshifted, the line keeps it.
    """
    times, knots = time[kept], values[kept].copy()
    if len(kept) < 3:
        return knots
    gap = values - np.interp(time, times, knots)
    steps = 0.5 * (gap[1:] + gap[:-1]) * np.diff(time)
    lack = np.add.reduceat(steps, kept[:-1])
    length = np.diff(times)
    shift = np.zeros_like(knots)
    shift[1:-1] = (lack[:-1] + lack[1:]) / (length[:-1] + length[1:])
    shift = np.maximum(shift, -knots)
    halvings = 0
    while np.any(shift):
        over = (np.abs(values - np.interp(time, times, knots + shift)) - bound)[:-1]
        broken = np.maximum.reduceat(over, kept[:-1]) > 0
        broken &= (shift[:-1] != 0) | (shift[1:] != 0)
        if not broken.any():
            break
        touched = np.append(broken, False) | np.append(False, broken)
        shift[touched] *= 0.5 if halvings < 6 else 0.0
        halvings += 1
    return knots + shift


def _too_many(
    time: Array, values: Array, tolerance: float, rest: float | None, limit: int, done: float
) -> str:
    """Return the message, with a tolerance that was tried and is enough, if one makes sense."""
    peak, sd = float(np.max(values)), noise(values)
    enough = 1.5 * tolerance
    while (
        enough < _SENSELESS * peak
        and len(_corners(time, values, _bound(values, enough, rest), limit)) > limit
    ):
        enough *= 1.25
    remedies = [
        f"the samples scatter by about {sd:.2g} uM, so smooth the trace" if 4 * sd > tolerance else "",
        f"tolerance='{enough:.3g} uM' is enough" if enough < _SENSELESS * peak else "",
        "play a shorter stretch",
    ]
    return (
        f"waveform: {limit} knots (at most {MAX_KNOTS}, and {MAX_SHARE:.0%} of a long trace) are used up "
        f"{done:.1%} into it at tolerance {tolerance:.3g} uM; {', or '.join(filter(None, remedies))}"
    )


def _sealed(array: Array) -> Array:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array
