"""Where depression turns into potentiation, read off probes: theta_M and what surrounds it.

It is measured as experimenters do (Dudek & Bear 1992; Bienenstock, Cooper & Munro 1982): a family of
probes, and where the weight crosses its baseline. What a probe is, is said in `kinaptic.analysis.probes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

DEPRESSED = 0.95  # of the baseline: the first probe with less marks the threshold of depression
_LEAST = 1e-3  # change of the weight that is one
NAN = float("nan")


@dataclass(frozen=True)
class Crossing:
    """Where a curve crosses a level.

    Attributes
    ----------
    x : float
        On the axis given; NaN where there is none.
    slope : float
        There, weight per unit of the axis.
    below, share : int, float
        The point before it, and how far from that to the next (0 to 1).
    why : str
        Why there is none; empty where there is one.
    """

    x: float = NAN
    slope: float = NAN
    below: int = 0
    share: float = NAN
    why: str = ""

    def at(self, values: ArrayLike) -> float:
        """Return another curve there, over the same points."""
        y = np.asarray(values, dtype=float)
        if self.why:
            return NAN
        return float(y[self.below] + self.share * (y[self.below + 1] - y[self.below]))


def modification(x: ArrayLike, weights: ArrayLike) -> Crossing:
    """Return where depression turns into potentiation: the last place where the weight comes up through 1.

    Parameters
    ----------
    x : array_like, shape (n,)
        Ascending: delays, or logarithms of rates.
    weights : array_like, shape (n,)
        Relative to the baseline.
    """
    at, y = np.asarray(x, dtype=float), np.asarray(weights, dtype=float) - 1
    if not np.isfinite(y).all():
        return Crossing(why="a probe failed")
    y = np.where(np.abs(y) < _LEAST, 0, y)
    up = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    if up.size:
        return _between(at, y, int(up[-1]))
    if (y >= 0).all():
        return Crossing(why="no threshold: no probe depresses")
    return Crossing(why="no threshold: beyond depression no probe brings the weight back to 1")


def depression(x: ArrayLike, weights: ArrayLike) -> Crossing:
    """Return where depression begins: the first place where the weight falls through `DEPRESSED`."""
    at, y = np.asarray(x, dtype=float), np.asarray(weights, dtype=float) - DEPRESSED
    if not np.isfinite(y).all():
        return Crossing(why="a probe failed")
    down = np.flatnonzero((y[:-1] > 0) & (y[1:] <= 0))
    if y[0] <= 0:
        return Crossing(why=f"no threshold of depression: the first probe leaves {y[0] + DEPRESSED:.3g}")
    if not down.size:
        return Crossing(why=f"no threshold of depression: no probe leaves {DEPRESSED:g} or less")
    return _between(at, y, int(down[0]))


def _between(x: ArrayLike, y: ArrayLike, below: int) -> Crossing:
    a, b = np.asarray(x, dtype=float)[below : below + 2], np.asarray(y, dtype=float)[below : below + 2]
    share = float(b[0] / (b[0] - b[1]))
    return Crossing(float(a[0] + share * (a[1] - a[0])), float((b[1] - b[0]) / (a[1] - a[0])), below, share)
