"""A Schild fit finds pA2 and slope, agrees with receptor theory, and refuses what is not competitive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import lmfit
import numpy as np
import pandas as pd
import pytest

from kinaptic.analysis import hill
from kinaptic.analysis.schild import SchildFit, schild
from kinaptic.errors import FitRefused, KinapticError, UnitError, UnknownName

DOSES = (0.0, *np.geomspace(1e-3, 1e3, 16).tolist())
COMPETITOR = (0.0, 0.1, 1.0, 10.0)
Curve = Callable[[float, float], float]


def table(
    curve: Curve, competitor: Sequence[float] = COMPETITOR, unit: str = "uM", noise: float = 0.0
) -> pd.DataFrame:
    rows = [(x, b, curve(x, b)) for b in competitor for x in DOSES]
    made = pd.DataFrame(rows, columns=["dose", "block", "weight"])
    made["weight"] += np.random.default_rng(5).normal(0, noise, len(made))
    made = made.sample(frac=1, random_state=4)  # in no order
    made.attrs["units"] = {"dose": "nM", "block": unit}
    return made


def gaddum(
    bottom: float = 1.0,
    top: float = 1.5,
    ec50: float = 0.2,
    slope: float = 1.5,
    a2: float = 0.3,
    s: float = 1.1,
) -> Curve:
    def curve(x: float, b: float) -> float:
        moved = ec50 * (1 + (b / a2) ** s)
        share = 1 / (1 + (moved / x) ** slope) if x else float(slope < 0)
        return bottom + (top - bottom) * share

    return curve


def fitted(curve: Curve, **more: Any) -> SchildFit:
    return schild(table(curve, **more), "dose", "block", "weight")


@pytest.mark.parametrize("slope", [1.5, -0.9])
def test_known_curves_are_found(slope: float) -> None:
    made = fitted(gaddum(slope=slope))
    found = [made.bottom, made.top, made.ec50, made.hill, made.pa2, made.slope]
    np.testing.assert_allclose(found, [1.0, 1.5, 0.2, slope, 6 - np.log10(0.3), 1.1], rtol=1e-8)
    assert made.a2 == pytest.approx(0.3)
    assert made.residual < 1e-10
    assert (made.unit, made.competitor_unit, made.what) == ("nM", "uM", "weight")
    assert made.competitor == COMPETITOR
    rows = made.table
    assert list(rows["unit"]) == ["as weight", "as weight", "nM", "1", "1", "1"]
    np.testing.assert_allclose(rows["estimate"], found)
    assert (rows["low"] < rows["estimate"]).all()
    assert (rows["estimate"] < rows["high"]).all()
    assert ((rows["high"] - rows["low"]) < 1e-7).all()


@pytest.mark.parametrize(("unit", "molar"), [("nM", 1e-9), ("uM", 1e-6), ("M", 1.0), ("nmol/mL", 1e-6)])
def test_pa2_is_molar_whatever_the_unit(unit: str, molar: float) -> None:
    made = fitted(gaddum(a2=0.3), unit=unit)
    assert made.pa2 == pytest.approx(-np.log10(0.3 * molar))
    assert made.a2 == pytest.approx(0.3)


def test_receptor_theory_gives_slope_one_and_the_dissociation_constant() -> None:
    """Gaddum's occupancy through a transducer that saturates: pA2 is -log10 K_B."""
    k_agonist, k_b, tau = 3.0, 0.25, 8.0

    def curve(x: float, b: float) -> float:
        occupied = x / (x + k_agonist * (1 + b / k_b))
        return 1 + 0.6 * tau * occupied / (1 + tau * occupied)

    made = fitted(curve)
    assert made.pa2 == pytest.approx(6 - np.log10(k_b), abs=1e-7)
    assert made.slope == pytest.approx(1, abs=1e-7)
    assert made.has_unit_slope()
    assert made.ec50 == pytest.approx(k_agonist / (1 + tau))


def test_dose_ratios_are_those_of_each_curve() -> None:
    ratios = fitted(gaddum()).ratios
    wanted = 1 + (np.array(COMPETITOR) / 0.3) ** 1.1
    assert list(ratios.index) == list(COMPETITOR)
    np.testing.assert_allclose(ratios["ratio"], wanted, rtol=1e-7)
    np.testing.assert_allclose(ratios["fitted"], wanted, rtol=1e-7)
    np.testing.assert_allclose(ratios["ec50"], 0.2 * wanted, rtol=1e-7)
    assert ((ratios["low"] < ratios["ec50"]) & (ratios["ec50"] < ratios["high"])).all()
    assert ratios.attrs["units"]["ec50"] == "nM"
    assert ratios.attrs["units"]["competitor"] == "uM"


def test_each_curve_is_a_fit_of_its_own() -> None:
    data = table(gaddum(), noise=0.003)
    made = schild(data, "dose", "block", "weight")
    one = data[(data["block"] == 1.0) & (data["dose"] > 0)]
    none = data[(data["block"] == 1.0) & (data["dose"] == 0)]["weight"]
    alone = hill.fit(one["dose"], one["weight"], control=none.to_list(), unit="nM")
    assert made.alone[2].ec50 == alone.ec50
    ratios = made.ratios
    assert ratios["ratio"][1.0] == pytest.approx(alone.ec50 / made.alone[0].ec50)
    assert ratios["fitted"][1.0] != pytest.approx(ratios["ratio"][1.0], rel=1e-6)


def test_intervals_are_those_of_lmfit() -> None:
    data = table(gaddum(s=1.0), noise=0.004)
    made = schild(data, "dose", "block", "weight")

    def errors(p: Any) -> Any:
        shape = p["bottom"].value, p["top"].value, 10 ** p["ec50"].value, p["hill"].value
        curve = gaddum(*shape, 10 ** p["log"].value, p["slope"].value)
        return [curve(x, b) - y for x, b, y in data.to_numpy()]

    start = lmfit.create_params(
        bottom=1.0, top=1.5, ec50=np.log10(0.2), hill=1.5, log=np.log10(made.a2), slope=1.0
    )
    minimizer = lmfit.Minimizer(errors, start)
    best = minimizer.leastsq()
    theirs = lmfit.conf_interval(minimizer, best, sigmas=[0.95])
    assert made.residual == pytest.approx(np.sqrt(best.chisqr / len(data)), rel=1e-7)
    ends = {name: (theirs[name][0][1], theirs[name][2][1]) for name in theirs}
    for name in ("bottom", "top", "hill", "slope"):
        np.testing.assert_allclose(made.ci(name), ends[name], rtol=1e-3, err_msg=name)
    np.testing.assert_allclose(made.ci("ec50"), np.power(10, ends["ec50"]), rtol=1e-3)
    np.testing.assert_allclose(made.ci("pa2"), [6 - ends["log"][1], 6 - ends["log"][0]], rtol=1e-3)


def test_a_slope_of_one_is_within_its_interval_or_not() -> None:
    straight = fitted(gaddum(s=1.0), noise=0.003)
    assert straight.has_unit_slope()
    low, high = straight.ci("slope")
    assert low < 1 < high
    assert high - low > 1e-3
    assert not fitted(gaddum(s=0.8), noise=0.003).has_unit_slope()
    assert not fitted(gaddum(s=1.2), noise=0.003).has_unit_slope()
    (least, most), middle = straight.ci("slope", 0.05), straight.slope
    assert low < least < middle < most < high
    assert straight.has_unit_slope(0.05) == (least <= 1 <= most)
    (low, high), line = straight.ci("pa2"), str(straight)
    assert line.startswith(f"pA2 {straight.pa2:.3f} (95 % {low:.3f} to {high:.3f}), Schild slope ")


def dropped(reached: float, at_rest: float = 0.0) -> Curve:
    """Return Gaddum's curves whose effect is `reached` at 10 uM of the competitor, and where it begins."""
    usual = gaddum()

    def curve(x: float, b: float) -> float:
        part = (b / 10) if b else 0.0
        return 1 + 0.5 * at_rest * part + (usual(x, b) - 1) * (1 + part * (reached - 1))

    return curve


def falling(x: float, b: float) -> float:
    return 3 - dropped(0.7)(x, b)


def potentiated(x: float, b: float) -> float:
    return gaddum()(x * (1 + b), 0.0)


REFUSED: dict[str, tuple[Curve, Sequence[float], str]] = {
    "maxima fall": (dropped(0.63), COMPETITOR, "^insurmountable: at 10 uM .* reaches 63% of its effect"),
    "minima rise": (falling, COMPETITOR, "^insurmountable: at 10 uM .* reaches 70% of its effect"),
    "maxima rise": (dropped(1.3), COMPETITOR, "at 10 uM .* reaches 130% of its effect, more than alone"),
    "an effect of its own": (dropped(0.8, 0.2), COMPETITOR, r"moves from 1 to 1\.1 at 10 uM: .* by itself"),
    "no shift": (gaddum(a2=1e5), COMPETITOR, r"changes the EC50 1-fold at most, at .* higher doses"),
    "too small a shift": (gaddum(a2=10.5), COMPETITOR, r"changes the EC50 1\.9\d-fold at most, at 10 uM"),
    "a shift to the left": (potentiated, COMPETITOR, r"changes the EC50 0\.909-fold at most, at 0\.1 uM"),
    "no curve without": (gaddum(), (0.1, 1.0, 10.0), "no curve without competitor.* 'block' of 0"),
    "one dose": (gaddum(), (0.0, 1.0), "1 dose of 'block' does not determine a Schild slope; add 2"),
    "pushed out": (gaddum(), (0.0, 1.0, 3e3), "weight at block 3000 uM: the upper plateau is not reached"),
    "blocked": (dropped(1e-5), COMPETITOR, "weight at block 10 uM does not change"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_competitive_is_refused(case: str) -> None:
    curve, competitor, why = REFUSED[case]
    with pytest.raises(FitRefused, match=why):
        fitted(curve, competitor=competitor)


def test_what_a_plateau_may_move() -> None:
    assert fitted(dropped(0.92)).slope == pytest.approx(1.1, abs=0.1)
    assert fitted(dropped(1.08)).slope == pytest.approx(1.1, abs=0.1)
    with pytest.raises(FitRefused, match="insurmountable"):
        fitted(dropped(0.88))
    assert fitted(gaddum(a2=9.5)).slope == pytest.approx(1.1)  # a dose ratio just above 2


def test_what_the_table_lacks() -> None:
    data = table(gaddum())
    with pytest.raises(UnknownName, match="unknown column 'weigth': did you mean weight"):
        schild(data, "dose", "block", "weigth")
    with pytest.raises(UnitError, match="column 'weight' has no unit"):
        schild(data, "weight", "block", "dose")
    with pytest.raises(UnitError, match="pA2 is the logarithm of a molar concentration"):
        fitted(gaddum(), unit="mg/kg")
    data["block"] -= 1.0
    with pytest.raises(KinapticError, match="not every 'block' is 0 or more"):
        schild(data, "dose", "block", "weight")
    made = fitted(gaddum())
    with pytest.raises(UnknownName, match="unknown parameter 'pA2': did you mean pa2"):
        made.ci("pA2")
