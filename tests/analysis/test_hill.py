"""A Hill fit finds the curve that is there, is as sure as the data allow, and refuses what they do not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import lmfit
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import f as f_distribution

from kinaptic.analysis import hill
from kinaptic.errors import FitRefused, KinapticError, UnknownName

Floats = NDArray[np.float64]
DOSES = np.geomspace(0.01, 10, 10)
NAMES = ("bottom", "top", "ec50", "hill")


def response(
    doses: Floats, bottom: float = 1.0, top: float = 1.4, ec50: float = 0.3, slope: float = 1.2
) -> Floats:
    return bottom + (top - bottom) / (1 + (ec50 / doses) ** slope)


def noisy(seed: int, scale: float = 0.003) -> Floats:
    return response(DOSES) + np.random.default_rng(seed).normal(0, scale, len(DOSES))


@pytest.mark.parametrize(
    "wanted",
    [
        (1.0, 1.4, 0.3, 1.2),
        (0.0, 250.0, 0.3, -1.0),
        (-3e-6, -2e-6, 0.1, 2.0),
        (1000.0, 1010.0, 0.5, -1.3),
    ],
)
def test_a_known_curve_is_found_whatever_the_order(wanted: tuple[float, float, float, float]) -> None:
    order = np.random.default_rng(3).permutation(len(DOSES))
    made = hill.fit(DOSES[order], response(DOSES, *wanted)[order])
    found = [getattr(made, name) for name in NAMES]
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-9 * (wanted[1] - wanted[0]))
    assert made.doses == tuple(DOSES[order])
    assert made.residual < 1e-9 * (made.top - made.bottom)


def test_plateaus_are_in_order_however_the_search_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    mirrored = {"bottom": 1.5, "top": 0.9, "log_ec50": -0.5, "hill": -1.0}
    monkeypatch.setattr(hill, "_start", lambda *_: mirrored)
    made = hill.fit(DOSES, response(DOSES))
    np.testing.assert_allclose([getattr(made, name) for name in NAMES], [1.0, 1.4, 0.3, 1.2], rtol=1e-7)


# Root length (cm) of perennial ryegrass under ferulic acid (mM): Inderjit, Streibig & Olofsdotter 2002,
# Physiol Plant 114:422, data set "ryegrass" of the R package drc.
FERULIC = np.repeat([0.94, 1.88, 3.75, 7.5, 15.0, 30.0], 3)
ROOTS = """8.3555556 6.9142857 7.75 6.8714286 6.45 5.9222222 1.925 2.8857143 4.2333333
1.1875 0.8571429 1.0571429 0.6875 0.525 0.825 0.25 0.22 0.44"""
UNTREATED = [7.58, 8.0, 8.3285714, 7.25, 7.375, 7.9625]


def test_the_ryegrass_of_drc() -> None:
    """Estimates as drc prints them: LL.4, b 2.9822191, c 0.4814132, d 7.7929583, e 3.0579550."""
    roots = [float(each) for each in ROOTS.split()]
    made = hill.fit(FERULIC, roots, unit="mM", what="root length", control=UNTREATED)
    found = [made.bottom, made.top, made.ec50, -made.hill]
    np.testing.assert_allclose(found, [0.4814132, 7.7929583, 3.0579550, 2.9822191], rtol=2e-5)
    low, high = made.ci("ec50", 0.6827)
    assert (high - low) / 2 == pytest.approx(0.18573, rel=0.05)  # drc's standard error, a parabola's
    assert made.residual * np.sqrt(24 / 20) == pytest.approx(0.5196256, rel=1e-6)
    assert hill.fit(FERULIC, roots).top != pytest.approx(made.top, abs=0.01)  # the control is fitted along


def least(log_ec50: float, slope: float, responses: Floats) -> float:
    """Return the least sum of squares over the plateaus, which enter linearly."""
    share = 1 / (1 + (10**log_ec50 / DOSES) ** slope)
    design = np.column_stack([1 - share, share])
    plateaus = np.linalg.lstsq(design, responses, rcond=None)[0]
    return float(np.sum((design @ plateaus - responses) ** 2))


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_end_where_brute_force_has_risen_by_f(level: float) -> None:
    responses = noisy(1)
    made = hill.fit(DOSES, responses)
    best = least(np.log10(made.ec50), made.hill, responses)
    assert best == pytest.approx(len(DOSES) * made.residual**2, rel=1e-6)
    goal = best * (1 + f_distribution.ppf(level, 1, 6) / 6)

    def at_ec50(value: float) -> float:
        found = minimize_scalar(lambda s: least(np.log10(value), s, responses), bounds=(0.5, 3))
        return float(found.fun)

    def at_slope(value: float) -> float:
        found = minimize_scalar(lambda x: least(x, value, responses), bounds=(-2, 1))
        return float(found.fun)

    profiles: dict[str, Callable[[float], float]] = {"ec50": at_ec50, "hill": at_slope}
    for name, profile in profiles.items():
        low, high = made.ci(name, level)
        assert low < getattr(made, name) < high
        assert profile(low) == pytest.approx(goal, rel=1e-4)
        assert profile(high) == pytest.approx(goal, rel=1e-4)


def test_intervals_are_those_of_lmfit() -> None:
    responses = noisy(2, 0.008)
    made = hill.fit(DOSES, responses)

    def errors(p: Any) -> Floats:
        return response(DOSES, p["bottom"].value, p["top"].value, 10 ** p["log"].value, p["hill"].value) - (
            responses
        )

    start = lmfit.create_params(bottom=made.bottom, top=made.top, log=np.log10(made.ec50), hill=made.hill)
    minimizer = lmfit.Minimizer(errors, start)
    theirs = lmfit.conf_interval(minimizer, minimizer.leastsq(), sigmas=[0.95])
    table = made.table
    for name in NAMES:
        ends = [theirs["log" if name == "ec50" else name][i][1] for i in (0, 2)]
        wanted = np.power(10, ends) if name == "ec50" else ends
        np.testing.assert_allclose(made.ci(name), wanted, rtol=1e-3, err_msg=name)
        assert (table["low"][name], table["high"][name]) == made.ci(name)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = 0
    for seed in range(300):
        low, high = hill.fit(DOSES, noisy(seed)).ci("ec50", 0.9)
        held += low <= 0.3 <= high
    assert 0.86 < held / 300 < 0.94


def test_an_exact_curve_has_tight_intervals() -> None:
    made = hill.fit(DOSES, response(DOSES), control=1.0)
    assert made.residual < 1e-12
    table = made.table
    assert list(table["unit"]) == ["as weight", "as weight", "uM", "1"]
    assert (table["low"] < table["estimate"]).all()
    assert (table["estimate"] < table["high"]).all()
    assert ((table["high"] - table["low"]) < 1e-7).all()


def test_what_the_data_do_not_limit_is_infinite() -> None:
    doses = np.array([0.01, 0.1, 0.9, 1.1, 10.0])
    made = hill.fit(doses, response(doses, 0, 1, 1, 6) + np.array([0.02, -0.02, -0.01, 0.02, 0.01]))
    assert made.ci("ec50", 0.99) == (0.0, np.inf)  # F(1, 1) is 4052: no response at all would do
    assert 0.8 < made.ci("ec50", 0.9)[0] < 1 < made.ci("ec50", 0.9)[1] < 1.2


def test_a_fit_is_a_value_and_one_line() -> None:
    made = hill.fit(DOSES, noisy(1), unit="nM")
    assert made == hill.fit(DOSES, noisy(1), unit="nM")
    assert hash(made) == hash(hill.fit(DOSES, noisy(1), unit="nM"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.ec50 = 1.0  # type: ignore[misc]
    low, high = made.ci("ec50")
    assert (
        str(made)
        == repr(made)
        == (
            f"EC50 {made.ec50:.3g} nM (95 % {low:.3g} to {high:.3g}), Hill {made.hill:.3g}, "
            f"{made.bottom:.3g} to {made.top:.3g}"
        )
    )


@pytest.mark.parametrize("slope", [1.2, -1.2])
def test_the_curve_goes_both_ways(slope: float) -> None:
    made = hill.fit(DOSES, response(DOSES, slope=slope), control=1.0 if slope > 0 else 1.4)
    np.testing.assert_allclose(
        made.predict(np.array([0.0, 0.3, 1e300])), [1, 1.2, 1.4][:: int(np.sign(slope))]
    )
    np.testing.assert_allclose(made.dose(made.predict(DOSES)), DOSES)
    with pytest.raises(KinapticError, match=r"weight between 1 and 1\.4 only"):
        made.dose([1.2, made.top])
    with pytest.raises(KinapticError, match="doses of 0 or more, in uM"):
        made.predict([-1.0])


def test_unknown_names_and_levels() -> None:
    made = hill.fit(DOSES, response(DOSES))
    with pytest.raises(UnknownName, match="unknown parameter 'EC_50': did you mean ec50"):
        made.ci("EC_50")
    with pytest.raises(KinapticError, match=r"level=95: give the confidence as a number between 0 and 1"):
        made.ci("ec50", 95)


BELL = response(DOSES, 1, 2, 0.1, 2) - response(DOSES, 0, 0.8, 2, 2)
REFUSED = {
    "flat": (
        DOSES,
        response(DOSES, 1, 1.0009),
        r"does not change: it varies by 0\.0008\d.*0\.1% of its size 1",
    ),
    "zero": (DOSES, np.zeros(10), "does not change: it varies by 0,"),
    # the curve is known, and so is what is missing: 1/(1 + 10/30) and 9-fold the EC50
    "no top": (
        DOSES,
        response(DOSES, ec50=30, slope=1),
        r"upper plateau is not reached; at the highest dose, 10 uM, 75% .* doses up to about 2\.7e\+02 uM$",
    ),
    "no bottom": (
        DOSES,
        response(DOSES, ec50=0.02, slope=1),
        r"lower plateau is not reached; at the lowest dose, 0\.01 uM, 33% .* down to about 0\.0022 uM$",
    ),
    "no top, falling": (DOSES, response(DOSES, ec50=0.02, slope=-1), "upper .* lowest dose.* 33%"),
    "no bottom, falling": (DOSES, response(DOSES, ec50=30, slope=-1), "lower .* highest dose.* 75%"),
    "straight": (DOSES, np.log10(DOSES), "plateau is not reached.* and further"),
    "few": (DOSES[[0, 0, 3, 5, 9]], response(DOSES[[0, 0, 3, 5, 9]]), "4 doses do not .* give 5 or more"),
    "a step": (DOSES, response(DOSES, slope=20), r"0 of 10 doses lie .* between 0\.215\d* and 0\.464\d* uM"),
    "one on the slope": (DOSES, response(DOSES, ec50=0.215, slope=8), "1 of 10 doses lie between 10 and 90"),
    "bell": (
        DOSES,
        BELL,
        r"not monotonic: it turns at 0\.464\d* uM, where it is 1\.91\d*, and goes \d\d% of",
    ),
    "trough": (DOSES, -BELL, r"not monotonic: it turns at 0\.464\d* uM, where it is -1\.91"),
    "nan": (DOSES, np.where(DOSES > 9, np.nan, response(DOSES)), "weight is nan at 10 uM; leave out"),
    "infinite": (DOSES, np.where(DOSES < 0.011, np.inf, response(DOSES)), r"weight is inf at 0\.01 uM"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_determine_a_curve_is_refused(case: str) -> None:
    doses, responses, why = REFUSED[case]
    with pytest.raises(FitRefused, match=why):
        hill.fit(doses, responses)


def test_the_limits_of_refusal() -> None:
    """Just inside each limit there is a fit, and just outside there is none."""

    def fits(responses: Floats, control: float | None = None) -> bool:
        try:
            hill.fit(DOSES, responses, control=control)
        except FitRefused:
            return False
        return True

    assert fits(response(DOSES, 1, 1.0011))
    assert not fits(response(DOSES, 1, 1.0009))
    assert fits(response(DOSES, ec50=1.08, slope=1))
    assert not fits(response(DOSES, ec50=1.13, slope=1))
    assert fits(response(DOSES, ec50=0.093, slope=1))
    assert not fits(response(DOSES, ec50=0.088, slope=1))
    dent = np.where(np.arange(10) == 8, 0.4, 0.0)  # of the upper plateau
    ninth = float(response(DOSES)[8] - response(DOSES)[7])
    assert fits(response(DOSES) - dent * (0.04 + ninth / 0.4))
    assert not fits(response(DOSES) - dent * (0.06 + ninth / 0.4))
    # a control that the curve does not come near to
    assert fits(response(DOSES), control=0.99)
    assert not fits(response(DOSES), control=0.9)


def test_the_control_is_where_the_curve_begins() -> None:
    with pytest.raises(FitRefused, match=r"lower plateau .* 0\.01 uM, 33%"):
        hill.fit(DOSES, response(DOSES, ec50=0.02, slope=1), control=1.0)
    with pytest.raises(FitRefused, match=r"not monotonic: it turns at 0\.01 uM"):
        hill.fit(DOSES, response(DOSES), control=1.2)
    with pytest.raises(FitRefused, match="weight is nan at 0 uM"):
        hill.fit(DOSES, response(DOSES), control=np.nan)
    assert hill.fit(DOSES, response(DOSES), control=1.0).control == (1.0,)
    assert hill.fit(DOSES, response(DOSES)).control == ()


@pytest.mark.parametrize(
    ("doses", "responses", "why"),
    [
        ([0.0, 1, 2, 3, 4], [1.0, 2, 3, 4, 5], r"a dose of 0 uM; .* as control=…"),
        ([1.0, -1, 2, 3, 4], [1.0, 2, 3, 4, 5], "a dose of -1 uM"),
        ([1.0, np.nan, 2, 3, 4], [1.0, 2, 3, 4, 5], "a dose of nan uM"),
        ([1.0, 2, 3], [1.0, 2], r"shape \(3,\) and responses of shape \(2,\)"),
        (["1 uM", "2 uM"], [1.0, 2], "give numbers, the doses in uM"),
    ],
)
def test_what_is_no_data_is_refused(doses: Any, responses: Any, why: str) -> None:
    with pytest.raises(KinapticError, match=why):
        hill.fit(doses, responses)
