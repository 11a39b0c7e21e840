from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kinaptic.analysis.experiments.digitised import figure
from kinaptic.analysis.experiments.fits import crossing, decay_time, hill, since, two_exponentials


@pytest.mark.parametrize("n", [1.0, 3.2, 12.0])
@pytest.mark.parametrize("top", [None, 40.0])
def test_hill_finds_what_made_the_points(n: float, top: float | None) -> None:
    x = np.geomspace(0.05, 50, 25)
    assert hill(x, 40 / (1 + (1.4 / x) ** n), top=top) == pytest.approx((1.4, n), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "ec50", "n"),
    [
        ("Stemmer1994_Fig1_CaM30nM", 1.35, 3.1),
        ("Stemmer1994_Fig1_CaM300nM", 0.80, 3.4),
        ("Bradshaw2003_Fig2E", 1.64, 4.5),
    ],
)
def test_expected_values_are_those_of_the_digitised_points(name: str, ec50: float, n: float) -> None:
    assert hill(*figure(name)) == pytest.approx((ec50, n), rel=0.05)


def test_a_response_without_its_half_is_refused() -> None:
    with pytest.raises(ValueError, match="no half-maximal point"):
        hill([1, 2, 3], [0.9, 0.95, 1.0])


def test_crossing_up_and_down_and_never() -> None:
    assert crossing([0, 1, 2], [0, 4, 8], 6) == pytest.approx(1.5)
    assert crossing([0, 1, 2], [8, 4, 0], 6) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="never reaches 9"):
        crossing([0, 1, 2], [0, 4, 8], 9)


def test_decay_after_a_rise() -> None:
    t = np.linspace(0, 5, 2001)
    assert decay_time(t, np.exp(-t / 0.3) - np.exp(-t / 0.01)) == pytest.approx(0.3, rel=0.02)


def test_two_exponentials_tell_fast_from_slow() -> None:
    t = np.geomspace(0.1, 300, 150)
    value = 0.2 * (0.74 * np.exp(-t / 6.4) + 0.26 * np.exp(-t / 92.6))
    assert two_exponentials(t, value) == pytest.approx((6.4, 0.74, 92.6), rel=1e-3)


def test_since_counts_from_rest() -> None:
    series = pd.Series([1.0, 1.0, 3.0, 2.0], index=[0.0, 9.0, 10.0, 12.0])
    time, value = since(series, 10.0)
    assert (time.tolist(), value.tolist()) == ([0.0, 2.0], [2.0, 1.0])
