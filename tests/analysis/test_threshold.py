"""theta_M: the rate at which depression turns into potentiation, or why there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.analysis import threshold

RATES = [1, 3, 10, 30]


def test_the_crossing_is_interpolated_over_the_logarithm() -> None:
    line = 1 + 0.2 * (np.log(RATES) - math.log(7.0))
    value, why = threshold.theta_m(RATES, line)
    assert value == pytest.approx(7.0)
    assert why == ""
    assert threshold.theta_m(RATES, [0.8, 0.9, 1.0, 1.2])[0] == pytest.approx(10)


def test_the_highest_crossing_counts() -> None:
    value, _ = threshold.theta_m(RATES, [0.9, 1.1, 0.9, 1.1])
    assert value == pytest.approx(math.sqrt(10 * 30))


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        ([1.1, 1.2, 1.0, 1.3], "no threshold: no rate depresses"),
        ([0.9, 0.8, 0.9, 0.95], "no threshold: no higher rate brings the weight back to 1"),
        ([1.1, 0.9, 0.8, 0.9], "no threshold: no higher rate brings the weight back to 1"),
        (
            [1 - 1e-9, 1 + 1e-9, 1.0, 1 - 1e-6],
            "no threshold: no rate depresses",
        ),  # the dust of an integration
        ([0.9, math.nan, 1.1, 1.2], "a probe failed"),
    ],
)
def test_where_there_is_none_it_says_why(weights: list[float], why: str) -> None:
    value, said = threshold.theta_m(RATES, weights)
    assert math.isnan(value)
    assert said == why


def test_the_probe_is_the_published_one() -> None:
    """900 pulses at one rate after another, read half an hour later (Dudek & Bear 1992)."""
    for rate in threshold.RATES:
        protocol = threshold.probe().with_(rate=rate)
        assert protocol.n_pre == 900
        assert protocol.end + 1800 <= 46 * 60
        assert protocol == kn.low_frequency(rate, 900)
