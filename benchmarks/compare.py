"""Compare simulators where their errors are equal."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Row = dict[str, Any]


def spread(seconds: Sequence[float]) -> list[float]:
    """Return minimum, median and maximum."""
    return [min(seconds), statistics.median(seconds), max(seconds)]


def error(values: Array, reference: Array) -> float:
    """Return the largest difference, relative to the largest value of each readout."""
    return float(np.max(np.abs(values - reference) / np.max(np.abs(reference), axis=0)))


def at_error(points: Iterable[tuple[float, float]], goal: float) -> tuple[float, str]:
    """Return the seconds in which a simulator reaches an error.

    Parameters
    ----------
    points : iterable of (float, float)
        Error and seconds at each tolerance. Those that another one beats in both are left out.
    goal : float
        The error to reach.

    Returns
    -------
    seconds : float
        By interpolation between tolerances, log over log, never beyond them. Not a number if the
        error is not reached.
    note : str
        Empty, "not reached", or "at most" where already the loosest tolerance has a smaller error, so
        that it may be reached in less.
    """
    best: list[tuple[float, float]] = []  # from the fastest on, each with a smaller error than before
    for seconds, found in sorted((s, e) for e, s in points):
        if not best or found < best[-1][0]:
            best.append((found, seconds))
    if goal < best[-1][0]:
        return math.nan, "not reached"
    if goal > best[0][0]:
        return best[0][1], "at most"
    errors, times = np.log(np.array(best[::-1])).T
    return float(np.exp(np.interp(math.log(goal), errors, times))), ""


def at_errors(rows: Sequence[Row], goals: Sequence[float], unit: str) -> list[Row]:
    """Return for each engine of `rows` and each error the seconds and how many times `unit`'s speed."""
    engines = list(dict.fromkeys(str(row["engine"]) for row in rows))
    found: list[Row] = []
    for goal in goals:
        reached = {
            name: at_error([(r["error"], r["cpu"][1]) for r in rows if r["engine"] == name], goal)
            for name in engines
        }
        for name, (seconds, note) in reached.items():
            known = not math.isnan(seconds + reached[unit][0])
            found.append(
                {"error": goal, "engine": name, "note": note}
                | {"seconds": None if math.isnan(seconds) else seconds}
                | {"speed": reached[unit][0] / seconds if known else None}
            )
    return found
