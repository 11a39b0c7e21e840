"""What experimenters fit to their points: Hill curves and exponentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

STEEPEST = 50.0  # a Hill coefficient beyond this cannot be told from a step


def hill(concentration: ArrayLike, response: ArrayLike, *, top: float | None = None) -> tuple[float, float]:
    """Return EC50 and Hill coefficient of ``top x^n / (EC50^n + x^n)``, by least squares.

    Parameters
    ----------
    concentration, response : array-like, shape (n,)
        Points; concentrations positive.
    top : float, optional
        Maximum, where it is known; otherwise it is fitted too.

    Returns
    -------
    ec50 : float
        In the unit of `concentration`.
    n : float

    Raises
    ------
    ValueError
        If the response does not rise through the half of its maximum within the points.
    """
    from scipy.optimize import least_squares

    x, y = np.log(np.asarray(concentration, float)), np.asarray(response, float)
    ceiling = float(np.max(y)) if top is None else top
    above = np.flatnonzero(y >= ceiling / 2)
    if ceiling <= 0 or above.size == 0 or above[0] == 0:
        raise ValueError(
            f"no half-maximal point between {np.exp(x[0]):.3g} and {np.exp(x[-1]):.3g}: the response goes "
            f"from {y[0]:.3g} to {y[-1]:.3g}"
        )
    guess = np.interp(ceiling / 2, y[above[0] - 1 : above[0] + 1], x[above[0] - 1 : above[0] + 1])

    def misfit(p: NDArray[np.float64]) -> NDArray[np.float64]:
        height = p[2] if top is None else 1.0
        exponent = np.clip(-np.exp(p[1]) * (x - p[0]), -500, 500)
        misses: NDArray[np.float64] = height / (1 + np.exp(exponent)) - y / ceiling
        return misses

    start = [float(guess), np.log(2.0)] + ([1.0] if top is None else [])
    upper = [np.inf, np.log(STEEPEST)] + ([np.inf] if top is None else [])
    fit = least_squares(misfit, start, bounds=([-np.inf] * len(start), upper), xtol=1e-12, ftol=1e-12)
    return float(np.exp(fit.x[0])), float(np.exp(fit.x[1]))


def since(series: pd.Series[float], start: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return time since `start` (s) and value above rest, the first sample, from `start` on."""
    time, value = np.asarray(series.index, float), np.asarray(series, float)
    later = time >= start
    return time[later] - start, value[later] - value[0]


def crossing(x: ArrayLike, y: ArrayLike, level: float) -> float:
    """Return where the line through the points first crosses `level`, upwards or downwards.

    Raises
    ------
    ValueError
        If it does not.
    """
    across, values = np.asarray(x, float), np.asarray(y, float) - level
    change = np.flatnonzero(np.sign(values[1:]) != np.sign(values[0]))
    if change.size == 0:
        raise ValueError(
            f"never reaches {level:.4g}: goes from {values[0] + level:.4g} to {values[-1] + level:.4g}"
        )
    i = int(change[0])
    share = values[i] / (values[i] - values[i + 1])
    return float(across[i] + share * (across[i + 1] - across[i]))


def decay_time(time: ArrayLike, value: ArrayLike, *, high: float = 0.8, low: float = 0.2) -> float:
    """Return the time constant (s) of the fall from `high` to `low` of the largest value.

    Parameters
    ----------
    time : array-like, shape (n,)
        In s.
    value : array-like, shape (n,)
        Above rest.
    """
    t, y = np.asarray(time, float), np.asarray(value, float)
    peak = int(np.argmax(y))
    t, y = t[peak:], y[peak:]
    begin, end = crossing(t, y, high * y[0]), crossing(t, y, low * y[0])
    inside = (t >= begin) & (t <= end)
    slope = np.polyfit(t[inside], np.log(y[inside]), 1)[0]
    return float(-1 / slope)


def two_exponentials(time: ArrayLike, value: ArrayLike) -> tuple[float, float, float]:
    """Return fast time constant (s), fast fraction and slow time constant (s) of a decay to zero.

    Parameters
    ----------
    time : array-like, shape (n,)
        Since the beginning of the decay (s), to which the fraction refers.
    value : array-like, shape (n,)
        Above rest.
    """
    from scipy.optimize import least_squares

    t, y = np.asarray(time, float), np.asarray(value, float)

    def misfit(p: NDArray[np.float64]) -> NDArray[np.float64]:
        fast, slow = np.exp(p[0]), np.exp(p[0]) + np.exp(p[1])
        misses: NDArray[np.float64] = p[2] * np.exp(-t / fast) + p[3] * np.exp(-t / slow) - y / y[0]
        return misses

    fits = [least_squares(misfit, [np.log(f), np.log(s), 0.7, 0.3]) for f, s in ((2, 20), (6, 90), (10, 300))]
    best = min(fits, key=lambda fit: fit.cost).x
    fast, gap = np.exp(best[0]), np.exp(best[1])
    return float(fast), float(best[2] / (best[2] + best[3])), float(fast + gap)
