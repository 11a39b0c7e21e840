"""How much a competitor shifts the curve of an agonist: Gaddum's and Schild's model, fitted to all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinaptic.analysis import hill
from kinaptic.analysis.hill import HillFit
from kinaptic.errors import FitRefused, KinapticError, UnitError, UnknownName
from kinaptic.units import parse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_NAMES = ("bottom", "top", "ec50", "hill", "pa2", "slope")
_MOVED = 0.1  # of the agonist's effect, by which a plateau may differ under the competitor
_LEAST_RATIO = 2.0  # pA2 speaks of the dose that doubles the EC50


@dataclass(frozen=True, repr=False)
class SchildFit:
    """Curves of an agonist under a competitor, with plateaus and slope in common; made by `schild`.

    Attributes
    ----------
    bottom, top, hill : float
        The plateaus and the Hill slope of all curves.
    ec50 : float
        The EC50 of the agonist alone, in `unit`.
    pa2 : float
        -log10 of the molar concentration of the competitor that doubles the EC50; it is
        -log10 of its dissociation constant where the Schild slope is 1, see `has_unit_slope`.
    slope : float
        The Schild slope.
    unit, competitor_unit, what : str
        Units of the doses, and what responds.
    competitor : tuple of float, shape (curves,)
        Concentrations of the competitor, from 0 upwards.
    alone : tuple of HillFit, shape (curves,)
        Each curve fitted on its own.
    """

    bottom: float
    top: float
    ec50: float
    hill: float
    pa2: float
    slope: float
    unit: str
    competitor_unit: str
    what: str
    competitor: tuple[float, ...]
    alone: tuple[HillFit, ...]

    @property
    def a2(self) -> float:
        """The concentration of the competitor that doubles the EC50, in `competitor_unit`."""
        return float(10.0**-self.pa2 / _molar(self.competitor_unit))

    def ci(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Return the interval of a parameter by profile likelihood; see `kinaptic.analysis.hill.profile`."""
        if name not in _NAMES:
            raise UnknownName("parameter", name, _NAMES, "in a Schild fit")
        key = {"ec50": "log_ec50", "pa2": "log_a2"}.get(name, name)
        low, high = hill.profile(_Errors(self.competitor, self.alone), self._values(), key, level)
        if name == "ec50":
            return hill.antilog(low), hill.antilog(high)
        if name == "pa2":
            molar = float(np.log10(_molar(self.competitor_unit)))
            return -high - molar, -low - molar
        return low, high

    def has_unit_slope(self, level: float = 0.95) -> bool:
        """Return whether a Schild slope of 1 is within its interval, so that pA2 stands for -log10 K_B."""
        low, high = self.ci("slope", level)
        return low <= 1 <= high

    @property
    def table(self) -> pd.DataFrame:
        """Estimates and 95 % intervals, shape (6 parameters, estimate + low + high + unit)."""
        units = (f"as {self.what}", f"as {self.what}", self.unit, "1", "1", "1")
        rows = [(getattr(self, name), *self.ci(name), unit) for name, unit in zip(_NAMES, units, strict=True)]
        index = pd.Index(_NAMES, name="parameter")
        return pd.DataFrame(rows, index=index, columns=["estimate", "low", "high", "unit"])

    @property
    def ratios(self) -> pd.DataFrame:
        """The EC50 of each curve on its own, with its 95 % interval, and dose ratios.

        Shape (curves, 5), indexed by the competitor; ``ratio`` is that of these EC50s to the one
        without competitor, ``fitted`` that of the model in common.
        """
        rows = [(each.ec50, *each.ci("ec50"), each.ec50 / self.alone[0].ec50) for each in self.alone]
        index = pd.Index(self.competitor, name="competitor")
        made = pd.DataFrame(rows, index=index, columns=["ec50", "low", "high", "ratio"])
        made["fitted"] = 1 + (np.array(self.competitor) / self.a2) ** self.slope
        made.attrs["units"] = {"competitor": self.competitor_unit, "ratio": "1", "fitted": "1"}
        made.attrs["units"] |= dict.fromkeys(("ec50", "low", "high"), self.unit)
        return made

    @property
    def residual(self) -> float:
        """Root mean square of what the curves miss, in the unit of the response."""
        errors = _Errors(self.competitor, self.alone)(self._values())
        return float(np.sqrt(np.mean(errors**2)))

    def _values(self) -> dict[str, float]:
        logs = {"log_ec50": float(np.log10(self.ec50)), "log_a2": float(np.log10(self.a2))}
        return logs | {"bottom": self.bottom, "top": self.top, "hill": self.hill, "slope": self.slope}

    def __repr__(self) -> str:
        (low, high), (least, most) = self.ci("pa2"), self.ci("slope")
        return (
            f"pA2 {self.pa2:.3f} (95 % {low:.3f} to {high:.3f}), Schild slope {self.slope:.3g} "
            f"({least:.3g} to {most:.3g}), EC50 {self.ec50:.3g} {self.unit}, Hill {self.hill:.3g}"
        )


def schild(table: pd.DataFrame, dose: str, competitor: str, response: str) -> SchildFit:
    """Fit Gaddum's and Schild's model to curves of an agonist at several doses of a competitor.

    The EC50 at the concentration B of the competitor is ``ec50 * (1 + (B / A2)**slope)``; plateaus
    and Hill slope are common to all curves, which are fitted together (Motulsky & Christopoulos 2004,
    Fitting Models to Biological Data Using Linear and Nonlinear Regression; GraphPad Prism's
    "Gaddum/Schild EC50 shift"; Arunlakshana & Schild 1959, Br J Pharmacol 14:48).

    Parameters
    ----------
    table : DataFrame
        One response a row; ``attrs["units"]`` names the units of both doses, that of the competitor
        a concentration. Rows of dose 0 count as responses without the agonist.
    dose, competitor, response : str
        Columns.

    Raises
    ------
    FitRefused
        If there is no curve without competitor or fewer than 2 with it, a curve is none that
        `kinaptic.analysis.hill.fit` takes, a plateau moves by more than 10 % of the effect (the
        antagonism is then not competitive), or the EC50 is not even doubled.
    UnknownName, UnitError
        If a column is not there, or a dose has no unit or the competitor's is no concentration.
    """
    unit, competitor_unit = hill.unit_of(table, dose), hill.unit_of(table, competitor)
    _molar(competitor_unit)  # refuse here what is no concentration
    alone = _alone(table, dose, competitor, response, unit, competitor_unit)
    _refuse_moved_plateaus(alone, competitor_unit)
    _refuse_no_shift(alone, competitor_unit)
    doses, fits = tuple(alone), tuple(alone.values())
    found = hill.least_squares(_Errors(doses, fits), _start(doses, fits))
    pa2 = -found["log_a2"] - float(np.log10(_molar(competitor_unit)))
    values = (
        found["bottom"],
        found["top"],
        hill.antilog(found["log_ec50"]),
        found["hill"],
        pa2,
        found["slope"],
    )
    return SchildFit(*values, unit, competitor_unit, response, doses, fits)


@dataclass(frozen=True)
class _Errors:
    """From the parameters in common to the errors of all responses, shape (n,)."""

    competitor: tuple[float, ...]
    alone: tuple[HillFit, ...]

    def __call__(self, values: dict[str, float]) -> Floats:
        shared = {each: values[each] for each in ("bottom", "top", "hill")}
        found = []
        for amount, each in zip(self.competitor, self.alone, strict=True):
            # a search may try any slope; no shift of more than 300 decades is told from another
            power = values["slope"] * (np.log10(amount) - values["log_a2"]) if amount else -np.inf
            shift = np.log10(1 + 10.0 ** min(power, 300.0))
            x, y = each.data
            found.append(hill.curve(x, log_ec50=values["log_ec50"] + shift, **shared) - y)
        return np.concatenate(found)


def _molar(unit: str) -> float:
    try:
        return parse(f"1 {unit}", "molar", "schild: the competitor")
    except UnitError as why:
        raise UnitError(f"{why}; pA2 is the logarithm of a molar concentration") from None


def _alone(
    table: pd.DataFrame, dose: str, competitor: str, response: str, unit: str, competitor_unit: str
) -> Mapping[float, HillFit]:
    """Return the curve at each dose of the competitor, fitted on its own, from 0 upwards."""
    x, b, y = (hill.column(table, name) for name in (dose, competitor, response))
    for name, values in ((dose, x), (competitor, b)):
        if not np.all(np.isfinite(values) & (values >= 0)):
            raise KinapticError(f"schild: not every {name!r} is 0 or more; mend or drop these rows")
    amounts = np.unique(b)
    if not np.any(amounts == 0):
        raise FitRefused(f"no curve without competitor, to compare with; add doses at {competitor!r} of 0")
    if len(amounts) < 3:
        raise FitRefused(
            f"{len(amounts) - 1} dose of {competitor!r} does not determine a Schild slope; add 2 or more"
        )
    found = {}
    for amount in amounts.tolist():
        rows, what = b == amount, f"{response} at {competitor} {amount:g} {competitor_unit}"
        given, none = rows & (x > 0), rows & (x == 0)
        found[amount] = hill.fit(x[given], y[given], unit=unit, what=what, control=y[none].tolist())
    return found


def _refuse_moved_plateaus(alone: Mapping[float, HillFit], unit: str) -> None:
    near0, far0 = _plateaus(alone[0.0])
    for amount, each in alone.items():
        near, far = _plateaus(each)
        if abs(near - near0) > _MOVED * abs(far0 - near0):
            raise FitRefused(
                f"without agonist the response moves from {near0:.4g} to {near:.4g} at {amount:g} {unit}: "
                "the competitor acts by itself, and a Schild fit does not apply"
            )
        reached = (far - near0) / (far0 - near0)
        if reached < 1 - _MOVED:
            raise FitRefused(
                f"insurmountable: at {amount:g} {unit} of the competitor the agonist reaches {reached:.0%} "
                "of its effect, however much of it there is; the antagonism is not competitive, and a "
                "Schild fit does not apply"
            )
        if reached > 1 + _MOVED:
            raise FitRefused(
                f"at {amount:g} {unit} of the competitor the agonist reaches {reached:.0%} of its effect, "
                "more than alone; a Schild fit, in which the plateaus stay, does not apply"
            )


def _plateaus(each: HillFit) -> tuple[float, float]:
    """Return the responses to no agonist and to any amount of it."""
    return (each.bottom, each.top) if each.hill > 0 else (each.top, each.bottom)


def _refuse_no_shift(alone: Mapping[float, HillFit], unit: str) -> None:
    ratios = {amount: each.ec50 / alone[0.0].ec50 for amount, each in alone.items() if amount}
    most = max(ratios, key=lambda amount: ratios[amount])
    if ratios[most] < _LEAST_RATIO:
        raise FitRefused(
            f"no shift to speak of: the competitor changes the EC50 {ratios[most]:.3g}-fold at most, at "
            f"{most:g} {unit}, and pA2 is the dose that changes it 2-fold; add higher doses of the competitor"
        )


def _start(competitor: tuple[float, ...], alone: tuple[HillFit, ...]) -> dict[str, float]:
    """Return a first guess: the curve without competitor, and A2 from the largest shift at slope 1."""
    first = alone[0]
    ratio, amount = max((each.ec50 / first.ec50, b) for b, each in zip(competitor, alone, strict=True))
    shape = {"bottom": first.bottom, "top": first.top, "hill": first.hill, "slope": 1.0}
    return shape | {"log_ec50": np.log10(first.ec50), "log_a2": np.log10(amount / (ratio - 1))}
