"""The figure of thresholds: the probes as they were measured, and a mark where the weight is 1 again."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest

from kinaptic.analysis import probes
from kinaptic.analysis.drawing import COLOURS
from kinaptic.analysis.probes import Threshold
from kinaptic.analysis.threshold_figure import figure, theta_text
from kinaptic.errors import KinapticError

RATES, DELAYS = [1.0, 10.0, 30.0], [-20.0, -5.0, 10.0]


def measured(weights: list[float], axis: str = "rate") -> Threshold:
    """Return the threshold of weights that nothing was run for."""
    numbers = np.array(RATES if axis == "rate" else DELAYS)
    return probes._read(axis, numbers, np.array(weights), np.array([0.1, 0.2, 0.3]))


def drawn(found: dict[str, Threshold]) -> tuple[Any, dict[str, list[Any]]]:
    """Return the panel, and its lines by marker."""
    (panel,) = figure(found).axes
    lines: dict[str, list[Any]] = {"o": [], "v": []}
    for line in panel.lines:
        if line.get_marker() in lines:
            lines[str(line.get_marker())].append(line)
    return panel, lines


def test_a_line_for_each_and_a_mark_at_each_theta() -> None:
    naive, primed = measured([0.8, 0.9, 1.2]), measured([0.7, 0.95, 1.05])
    panel, lines = drawn({"naive": naive, "primed": primed})
    for line, mark, each, colour in zip(lines["o"], lines["v"], (naive, primed), COLOURS, strict=False):
        assert list(line.get_xdata()) == RATES
        assert list(line.get_ydata()) == list(each.table["weight"])
        assert line.get_color() == mark.get_color() == colour
        assert list(mark.get_xdata()) == [each.theta_m_hz]
        assert list(mark.get_ydata()) == [1.0]
    assert panel.get_xscale() == "log"
    assert panel.get_xlabel() == "rate of the probe (Hz)"
    texts = [text.get_text() for text in panel.get_legend().get_texts()]
    assert texts == [f"naive: {naive.theta_m_hz:.1f} Hz", f"primed: {primed.theta_m_hz:.1f} Hz"]


def test_the_baseline_is_drawn() -> None:
    panel, _ = drawn({"": measured([0.8, 0.9, 1.2])})
    assert [list(line.get_ydata()) for line in panel.lines if line.get_linestyle() == "--"] == [[1, 1]]


def test_where_there_is_none_the_legend_says_so() -> None:
    nothing = measured([1.1, 1.2, 1.3])
    panel, lines = drawn({"grows": nothing, "failed": measured([0.8, math.nan, 1.2])})
    assert lines["v"] == []
    assert len(lines["o"]) == 2
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["grows: none", "failed: none"]


def test_delays_lie_on_a_plain_axis() -> None:
    found = measured([0.8, 0.9, 1.1], axis="delay")
    panel, lines = drawn({"": found})
    assert panel.get_xscale() == "linear"
    assert panel.get_xlabel() == "delay of the probe (ms)"
    assert list(lines["v"][0].get_xdata()) == [found.theta_m_delay] == [pytest.approx(2.5)]
    assert theta_text(found) == "2.5 ms"


def test_one_threshold_draws_itself() -> None:
    (panel,) = measured([0.8, 0.9, 1.2]).plot().axes
    legend = panel.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["14.4 Hz"]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({}, "give at least one"),
        ({"a": measured([0.8, 0.9, 1.2]), "b": measured([0.8, 0.9, 1.2], "delay")}, "all over rates or all"),
        ({str(i): measured([0.8, 0.9, 1.2]) for i in range(9)}, "9 thresholds cannot be told apart"),
    ],
)
def test_what_cannot_be_drawn_is_refused(found: dict[str, Threshold], why: str) -> None:
    with pytest.raises(KinapticError, match=why):
        figure(found)


def test_it_is_written_and_shown_in_a_notebook() -> None:
    made = figure({"naive": measured([0.8, 0.9, 1.2])})
    stream = io.BytesIO()
    made.savefig(stream, format="pdf")
    assert stream.getvalue()[:4] == b"%PDF"
    assert made._repr_png_()[:4] == b"\x89PNG"  # type: ignore[attr-defined]
