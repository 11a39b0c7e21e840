"""Where a curve turns from depression to potentiation, where depression begins, or why neither is there."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kinaptic.analysis.threshold import Crossing, depression, modification

RATES = [1.0, 3.0, 10.0, 30.0]
X = np.log10(RATES)
NONE = "no threshold: no probe depresses"
NOT_BACK = "no threshold: beyond depression no probe brings the weight back to 1"


def test_the_crossing_is_interpolated_on_the_axis_given() -> None:
    line = 1 + 0.2 * (X - math.log10(7.0))
    found = modification(X, line)
    assert 10**found.x == pytest.approx(7.0)
    assert found.slope == pytest.approx(0.2)
    assert found.below == 1
    assert found.share == pytest.approx(math.log(7 / 3) / math.log(10 / 3))
    assert found.why == ""
    delays = modification([-10, 0, 30], [0.9, 0.8, 1.4])  # on a plain axis as well
    assert delays.x == pytest.approx(10)
    assert delays.slope == pytest.approx(0.02)


def test_a_probe_on_the_baseline_is_the_threshold() -> None:
    assert 10 ** modification(X, [0.8, 0.9, 1.0, 1.2]).x == pytest.approx(10)


def test_the_highest_crossing_counts() -> None:
    found = modification(X, [0.9, 1.1, 0.9, 1.1])
    assert 10**found.x == pytest.approx(math.sqrt(10 * 30))
    assert found.below == 2
    again = modification(X, [0.9, 1.1, 0.95, 0.9])  # the last place where it comes up, not where it falls
    assert 10**again.x == pytest.approx(math.sqrt(1 * 3))


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        ([1.1, 1.2, 1.0, 1.3], NONE),
        ([0.9, 0.8, 0.9, 0.95], NOT_BACK),
        ([1.1, 0.9, 0.8, 0.9], NOT_BACK),
        ([1 - 1e-9, 1 + 1e-9, 1.0, 1 - 1e-6], NONE),  # the dust of an integration
        ([1 - 9e-4, 1.2, 1.2, 1.2], NONE),
        ([0.9, math.nan, 1.1, 1.2], "a probe failed"),
        ([0.9, 0.9, 1.1, math.inf], "a probe failed"),
    ],
)
def test_where_there_is_no_threshold_it_says_why(weights: list[float], why: str) -> None:
    found = modification(X, weights)
    assert found.why == why
    assert math.isnan(found.x)
    assert math.isnan(found.slope)
    assert math.isnan(found.at([1, 2, 3, 4]))


def test_a_small_depression_is_one() -> None:
    found = modification(X, [1 - 2e-3, 1 + 2e-3, 1.2, 1.2])
    assert found.x == pytest.approx((X[0] + X[1]) / 2)


def test_depression_begins_where_the_weight_falls_through_its_level() -> None:
    found = depression(X, [1.05, 0.85, 1.1, 0.8])  # the first time
    assert 10**found.x == pytest.approx(math.sqrt(3))
    assert found.slope == pytest.approx(-0.2 / math.log10(3))
    assert depression(X, [1.0, 0.99, 0.95, 1.2]).x == pytest.approx(1)  # 10 Hz


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        ([0.81, 0.9, 1.1, 1.2], "no threshold of depression: the first probe leaves 0.81"),
        ([0.95, 0.9, 1.1, 1.2], "no threshold of depression: the first probe leaves 0.95"),
        ([1.0, 0.96, 1.1, 1.2], "no threshold of depression: no probe leaves 0.95 or less"),
        ([1.0, 0.9, 1.1, math.nan], "a probe failed"),
    ],
)
def test_where_no_depression_begins_it_says_why(weights: list[float], why: str) -> None:
    found = depression(X, weights)
    assert found.why == why
    assert math.isnan(found.x)


def test_other_curves_are_read_at_the_crossing() -> None:
    found = modification(X, [0.8, 0.9, 1.3, 1.4])
    assert found.share == pytest.approx(0.25)
    assert found.at([5, 10, 20, 40]) == pytest.approx(12.5)
    assert found.at(X) == pytest.approx(found.x)
    assert math.isnan(Crossing(why="none").at([1, 2]))
