"""The Hill curve through a dose-response relation: how much, how potent, how steep, and how sure."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinaptic.errors import FitRefused, KinapticError, UnitError, UnknownName

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Residual = Callable[[dict[str, float]], Floats]

_NAMES = ("bottom", "top", "ec50", "hill")
_LEAST_CHANGE = 1e-3  # of the size of the response
_PLATEAU = 0.1  # of the change that may be missing where a plateau counts as reached
_RETREAT = 0.05  # of the range that a response may go back
_FLOOR = 1e-9  # of the span: no error is taken to be smaller, so that an exact curve has intervals too
_DOUBLINGS = 20  # of the expected width, after which an interval is taken to have no end


@dataclass(frozen=True, repr=False)
class HillFit:
    """A fitted Hill curve, ``bottom + (top - bottom) / (1 + (ec50 / dose)**hill)``; made by `fit`.

    Attributes
    ----------
    bottom, top : float
        The lower and the upper plateau, in the unit of the response; bottom < top.
    ec50 : float
        The dose halfway between them, in `unit`.
    hill : float
        The slope; negative where the response falls with the dose.
    unit, what : str
        The unit of the doses, and what responds.
    doses, responses : tuple of float
        What was fitted, in the order given.
    control : tuple of float
        Responses without the agent, likewise fitted; empty where there were none.
    """

    bottom: float
    top: float
    ec50: float
    hill: float
    unit: str
    what: str
    doses: tuple[float, ...]
    responses: tuple[float, ...]
    control: tuple[float, ...] = ()

    def predict(self, doses: ArrayLike) -> Floats:
        """Return the fitted response at `doses`, 0 or more, in the unit of the fit; same shape."""
        x = np.asarray(doses, dtype=float)
        if not np.all(np.isfinite(x) & (x >= 0)):
            raise KinapticError(f"predict({doses!r}): give doses of 0 or more, in {self.unit}")
        return curve(x, self.bottom, self.top, float(np.log10(self.ec50)), self.hill)

    def dose(self, responses: ArrayLike) -> Floats:
        """Return the doses that give `responses`, which lie between the plateaus; same shape."""
        share = (np.asarray(responses, dtype=float) - self.bottom) / (self.top - self.bottom)
        if not np.all((share > 0) & (share < 1)):
            raise KinapticError(
                f"dose({responses!r}): the curve takes {self.what} between {self.bottom:.4g} and "
                f"{self.top:.4g} only, and no dose gives another one"
            )
        return np.asarray(self.ec50 * (share / (1 - share)) ** (1 / self.hill))

    def ci(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Return the interval of a parameter by profile likelihood; see `profile`.

        An end is infinite (for the EC50: 0 or infinite) where the data set no limit.
        """
        if name not in _NAMES:
            raise UnknownName("parameter", name, _NAMES, "in a Hill fit")
        log_ec50 = float(np.log10(self.ec50))
        best = {"bottom": self.bottom, "top": self.top, "log_ec50": log_ec50, "hill": self.hill}
        low, high = profile(_errors(*self.data), best, "log_ec50" if name == "ec50" else name, level)
        return (antilog(low), antilog(high)) if name == "ec50" else (low, high)

    @property
    def table(self) -> pd.DataFrame:
        """Estimates and 95 % intervals, shape (4 parameters, estimate + low + high + unit)."""
        units = (f"as {self.what}", f"as {self.what}", self.unit, "1")
        rows = [(getattr(self, name), *self.ci(name), unit) for name, unit in zip(_NAMES, units, strict=True)]
        index = pd.Index(_NAMES, name="parameter")
        return pd.DataFrame(rows, index=index, columns=["estimate", "low", "high", "unit"])

    @property
    def residual(self) -> float:
        """Root mean square of what the curve misses, in the unit of the response."""
        x, y = self.data
        return float(np.sqrt(np.mean((self.predict(x) - y) ** 2)))

    @property
    def data(self) -> tuple[Floats, Floats]:
        """All doses that were fitted, with 0 for the control, and the responses; shape (n,) each."""
        return np.array((0.0,) * len(self.control) + self.doses), np.array(self.control + self.responses)

    def __repr__(self) -> str:
        low, high = self.ci("ec50")
        return (
            f"EC50 {self.ec50:.3g} {self.unit} (95 % {low:.3g} to {high:.3g}), Hill {self.hill:.3g}, "
            f"{self.bottom:.3g} to {self.top:.3g}"
        )


def fit(
    doses: ArrayLike,
    responses: ArrayLike,
    *,
    unit: str = "uM",
    what: str = "weight",
    control: float | Sequence[float] | None = None,
) -> HillFit:
    """Fit a Hill curve of four parameters, or say what the doses lack for it.

    Signs are those of GraphPad Prism's curve of variable slope: bottom < top always, and the slope of
    a falling curve is negative. All responses weigh the same, and the EC50 is fitted as its logarithm.
    A simulator has no noise: then intervals tell how far the response departs from a Hill curve, not
    how an experiment would scatter.

    Parameters
    ----------
    doses, responses : array_like, shape (n,)
        Doses above 0, in any order, repeated or not, and what they gave.
    unit : str
        The unit of the doses.
    what : str
        What responds, for messages.
    control : float or sequence of float, optional
        The response without the agent, once or repeated; fitted along, at dose 0.

    Raises
    ------
    FitRefused
        If the response is not finite, does not change or is not monotonic, a plateau is not reached,
        or there are too few doses, in all or on the slope.
    KinapticError
        If a dose is not positive, or there are not as many doses as responses.
    """
    x, y, y0 = _read(doses, responses, control, unit, what)
    all_x, all_y = np.r_[np.zeros(len(y0)), x], np.r_[y0, y]
    levels, means = _means(all_x, all_y)
    if (distinct := int(np.count_nonzero(levels))) < 5:
        raise FitRefused(f"{what}: {distinct} doses do not determine a Hill curve; give 5 or more")
    _refuse_flat(means, what)
    _refuse_turning(levels, means, unit, what)
    found = least_squares(_errors(all_x, all_y), _start(levels, means))
    bottom, top, ec50, slope = found["bottom"], found["top"], antilog(found["log_ec50"]), found["hill"]
    if bottom > top:  # the same curve, written the other way round
        bottom, top, slope = top, bottom, -slope
    given = tuple(x.tolist()), tuple(y.tolist()), tuple(y0.tolist())
    made = HillFit(bottom, top, ec50, slope, unit, what, *given)
    _refuse_missing_plateau(made)
    _refuse_steep(made)
    return made


def curve(doses: Floats, bottom: float, top: float, log_ec50: float, hill: float) -> Floats:
    """Return the Hill curve at doses of 0 or more; `log_ec50` is to base 10."""
    from scipy.special import expit

    positive = doses > 0
    logs = np.log10(np.where(positive, doses, 1.0))
    share = expit(np.log(10) * hill * (logs - log_ec50))
    return np.asarray(bottom + (top - bottom) * np.where(positive, share, float(hill < 0)))


def _errors(x: Floats, y: Floats) -> Residual:
    return lambda values: curve(x, **values) - y


def least_squares(errors: Residual, start: dict[str, float], held: str = "") -> dict[str, float]:
    """Return the parameters with the least sum of squared `errors`, all free but the one `held`."""
    import lmfit

    parameters = lmfit.Parameters()
    for name, value in start.items():
        parameters.add(name, value=value, vary=name != held)
    # the covariance is not asked for: of an exact fit it is 0, of which lmfit warns
    minimizer = lmfit.Minimizer(lambda p: errors(p.valuesdict()), parameters, calc_covar=False)
    found = minimizer.leastsq(ftol=1e-12, xtol=1e-12)
    return {name: float(value) for name, value in found.params.valuesdict().items()}


def profile(errors: Residual, best: dict[str, float], name: str, level: float) -> tuple[float, float]:
    """Return the interval of a parameter in which the others can still make up for it.

    It ends where the least sum of squares with the parameter held exceeds the least of all by
    F(level; 1, n - p) / (n - p) of the latter (Bates & Watts 1988, Nonlinear Regression Analysis and
    Its Applications; it is `lmfit.conf_interval` with a root finder that resolves tight intervals).

    Parameters
    ----------
    errors : callable
        From parameters to errors, shape (n,).
    best : dict of str to float
        The p parameters of the least sum of squares, with plateaus ``"bottom"`` and ``"top"``.
    name : str
        Which parameter.
    level : float
        Between 0 and 1.
    """
    from scipy.stats import f

    if not 0 < level < 1:
        raise KinapticError(f"level={level!r}: give the confidence as a number between 0 and 1, such as 0.95")
    span = abs(best["top"] - best["bottom"])
    size, free = errors(best).size, errors(best).size - len(best)
    least = max(_sum(errors(best)), size * (_FLOOR * span) ** 2)
    rise = least / free * float(f.ppf(level, 1, free))
    scale = span if name in ("bottom", "top") else 1.0
    return _limit(errors, best, name, rise, -scale), _limit(errors, best, name, rise, scale)


def _limit(errors: Residual, best: dict[str, float], name: str, rise: float, scale: float) -> float:
    """Return where the profile has risen by `rise`, on the side to which `scale` points."""
    from scipy.optimize import brentq

    last = best

    @functools.cache
    def over(step: float) -> float:
        nonlocal last  # start where the last fit ended, for the others follow, or else at the best
        starts = [each | {name: best[name] + scale * step} for each in (best, last)]
        last = least_squares(errors, min(starts, key=lambda each: _sum(errors(each))), held=name)
        return _sum(errors(last)) - _sum(errors(best)) - rise

    near, probe = 0.0, 1e-3
    # where it would be if the profile were a parabola; nowhere far off, if it is flat
    far = probe * min(np.sqrt(rise / max(over(probe) + rise, 1e-300)), 1e4)
    for _ in range(_DOUBLINGS):
        if over(far) > 0:
            return best[name] + scale * float(brentq(over, near, far, xtol=1e-6 * far, rtol=1e-6))
        near, far = far, 2 * far
    return float(np.copysign(np.inf, scale))


def antilog(value: float) -> float:
    """Return 10 to the power of `value`; infinite beyond what a float holds."""
    return 10.0**value if value < 300 else float("inf")


def _sum(errors: Floats) -> float:
    return float(errors @ errors)


def column(table: pd.DataFrame, name: str) -> Floats:
    """Return a column of numbers of a table; raise `UnknownName` when there is none."""
    if name not in table:
        raise UnknownName("column", name, map(str, table.columns))
    return np.asarray(table[name], dtype=float)


def unit_of(table: pd.DataFrame, name: str) -> str:
    """Return the unit of a column, as the table of a scan has it in ``attrs["units"]``."""
    try:
        return str(table.attrs["units"][name])
    except KeyError:
        raise UnitError(
            f"column {name!r} has no unit; name it, for instance table.attrs['units'] = {{{name!r}: 'uM'}}"
        ) from None


def _read(
    doses: ArrayLike, responses: ArrayLike, control: float | Sequence[float] | None, unit: str, what: str
) -> tuple[Floats, Floats, Floats]:
    try:
        x, y = np.asarray(doses, dtype=float), np.asarray(responses, dtype=float)
        y0 = np.atleast_1d(np.asarray([] if control is None else control, dtype=float))
    except (TypeError, ValueError) as why:
        raise KinapticError(f"{what}: give numbers, the doses in {unit} ({why})") from None
    if x.ndim != 1 or x.shape != y.shape or y0.ndim != 1:
        raise KinapticError(
            f"{what}: doses of shape {x.shape} and responses of shape {y.shape}; give one response a dose"
        )
    if not np.all(np.isfinite(x) & (x > 0)):
        raise KinapticError(
            f"{what}: a dose of {x[~(np.isfinite(x) & (x > 0))][0]:g} {unit}; give positive doses, and the "
            "response without the agent as control=…"
        )
    for dose, value in zip(np.r_[np.zeros(len(y0)), x], np.r_[y0, y], strict=True):
        if not np.isfinite(value):
            raise FitRefused(f"{what} is {value:g} at {dose:g} {unit}; leave out the dose or mend its run")
    return x, y, y0


def _means(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the distinct doses, ascending, and the mean response at each."""
    levels, places = np.unique(x, return_inverse=True)
    return levels, np.bincount(places, weights=y) / np.bincount(places)


def _start(levels: Floats, means: Floats) -> dict[str, float]:
    """Return a first guess: the extremes, and the dose where the middle between them is passed."""
    bottom, top = means.min(), means.max()
    doses, responses = levels[levels > 0], means[levels > 0]
    rising = bool(means[-1] > means[0])
    beyond = (responses > (bottom + top) / 2) == rising
    first = int(np.argmax(beyond)) if beyond.any() else len(doses) - 1
    middle = np.sqrt(doses[first] * doses[max(first - 1, 0)])
    return {"bottom": bottom, "top": top, "log_ec50": np.log10(middle), "hill": 1.0 if rising else -1.0}


def _refuse_flat(means: Floats, what: str) -> None:
    change, size = float(np.ptp(means)), float(np.abs(means).max())
    if change <= _LEAST_CHANGE * size:
        raise FitRefused(
            f"{what} does not change: it varies by {change:.2g}, less than {_LEAST_CHANGE:.1%} of its size "
            f"{size:.4g}; check that the agent acts on what is read off, or give higher doses"
        )


def _refuse_turning(levels: Floats, means: Floats, unit: str, what: str) -> None:
    """Refuse what goes up and down, and say where it turns."""
    change = np.ptp(means)
    fall, rise = _farthest(-means), _farthest(means)
    back = min(fall, rise)  # the lesser of the two goes against the rest
    if back[0] > _RETREAT * change:
        turn = back[1] if back[1] > 0 else back[2]
        raise FitRefused(
            f"{what} is not monotonic: it turns at {levels[turn]:g} {unit}, where it is {means[turn]:.4g}, "
            f"and goes {back[0] / change:.0%} of its range against the rest, more than {_RETREAT:.0%}; "
            "fit the doses on one side of the turn alone"
        )


def _farthest(means: Floats) -> tuple[float, int, int]:
    """Return the greatest ascent from an earlier to a later point, and between which two it is."""
    ascent = means - np.minimum.accumulate(means)
    end = int(np.argmax(ascent))
    return float(ascent[end]), int(np.argmin(means[: end + 1])), end


def _refuse_missing_plateau(made: HillFit) -> None:
    rising, span = made.hill > 0, made.top - made.bottom
    reach = antilog(np.log10(9) / max(abs(made.hill), 1e-9))  # from the EC50 to where 90 % of the way is gone
    ends = (
        (min(made.doses), "lowest", not rising, made.ec50 / reach, "down"),
        (max(made.doses), "highest", rising, made.ec50 * reach, "up"),
    )
    for dose, which, upper, wanted, way in ends:
        plateau = made.top if upper else made.bottom
        if which == "lowest" and made.control:
            plateau = float(np.mean(made.control))
        missing = abs(float(made.predict(dose)) - plateau) / span
        if missing > _PLATEAU:
            near = 1e-3 < wanted / dose < 1e3 and (wanted > dose) == (way == "up")
            raise FitRefused(
                f"{made.what}: the {'upper' if upper else 'lower'} plateau is not reached; at the {which} "
                f"dose, {dose:g} {made.unit}, {missing:.0%} of the fitted change is missing, and at most "
                f"{_PLATEAU:.0%} may be; add doses {way} to about "
                f"{wanted if near else dose * (10 if way == 'up' else 0.1):.2g} {made.unit}"
                f"{'' if near else ' and further'}"
            )


def _refuse_steep(made: HillFit) -> None:
    levels, means = _means(np.array(made.doses), np.array(made.responses))
    share = (means - made.bottom) / (made.top - made.bottom)
    inside = int(np.count_nonzero((share > _PLATEAU) & (share < 1 - _PLATEAU)))
    if inside < 2:
        below, above = levels[levels <= made.ec50], levels[levels >= made.ec50]
        raise FitRefused(
            f"{made.what}: the slope is not determined, for {inside} of {len(levels)} doses lie between 10 "
            f"and 90 % of the change; add doses between {below.max():g} and {above.min():g} {made.unit}"
        )
