"""Curves are scans with the protocols of experiments, drawn with what was published."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

import kinaptic as kn
from kinaptic.analysis import curves, points
from kinaptic.analysis.curves import Curve, distance_curve, frequency_curve, pairs_curve, stdp_window
from kinaptic.analysis.experiments import rows_timing
from kinaptic.analysis.experiments.paired import recordings
from kinaptic.analysis.experiments.weighing import lfs, pairing
from kinaptic.analysis.published import point_sets
from kinaptic.errors import KinapticError, UnitError, UnknownName
from kinaptic.pathways.presets import presets
from kinaptic.sbml.figure import BLUE, LIGHT, VERMILLION

WRONG: Any = "stdp"  # where something else belongs
SHORT = kn.stdp("10 ms", pairs=3, rate="2 Hz")


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def window(ca1: kn.Synapse) -> Curve:
    return stdp_window(
        ca1, ["-10 ms", "10 ms", "20 ms"], protocol=SHORT, readouts=("weight", "peak Ca"), until="20 s"
    )


@pytest.fixture(scope="module")
def pairs() -> Curve:
    striatum = kn.Synapse.preset("striatum")
    return pairs_curve(striatum, [1, 2], readouts="weight", until="20 s")


def shown(curve: Curve) -> tuple[list[Axes], dict[str, Any]]:
    """Return the panels of a figure, and its legend by text."""
    made = curve.plot()
    (legend,) = made.legends
    texts = [text.get_text() for text in legend.get_texts()]
    return made.axes, dict(zip(texts, legend.legend_handles, strict=True))


def markers(panel: Axes) -> dict[str, Any]:
    """Return the lines of a panel that carry data, by marker."""
    return {str(line.get_marker()): line for line in panel.lines if line.get_marker() not in ("None", "")}


def bars(panel: Axes) -> list[list[list[float]]]:
    """Return the ends of all error bars and spans of a panel, rounded."""
    collections = [each for each in panel.collections if isinstance(each, LineCollection)]
    return [np.round(segment, 6).tolist() for each in collections for segment in each.get_segments()]


def test_a_window_is_what_scan_gives(ca1: kn.Synapse, window: Curve) -> None:
    over = {"delay": ["-10 ms", "10 ms", "20 ms"]}
    made = kn.scan(ca1, SHORT, over, until="20 s", readouts=("weight", "peak Ca"))
    pd.testing.assert_frame_equal(window.table, made.table, check_exact=True)
    assert window.table is window.scan.table
    assert repr(window) == "<Curve: stdp_window, 3 points, 14 published>"


def test_runs_are_long_enough_for_what_is_read(ca1: kn.Synapse) -> None:
    made = frequency_curve(ca1, ["1 Hz", "5 Hz"], protocol=kn.stdp("10 ms", 30, rate="1 Hz"))
    assert made.scan.plan.until == 31 * 60  # 10 s of lead and 29 s of pulses are less than a minute
    assert list(made.table.columns) == ["rate", "weight at 30 min", "status"]
    later = distance_curve(
        ca1, (f"{d} um" for d in (20, 60)), protocol=SHORT, readouts=(t for t in ["weight at 45 min"])
    )
    assert later.scan.plan.until == 46 * 60
    assert list(later.table["distance"]) == [20, 60]
    assert set(later.table["status"]) == {"ok"}


@pytest.mark.parametrize("name", curves._EXPERIMENTS)
@pytest.mark.parametrize("preset", presets())
def test_every_curve_can_be_drawn_for_every_preset(
    name: str, preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is run: what would be is read, and must cover the published points."""
    asked: dict[str, Any] = {}

    def scan(synapse: kn.Synapse, protocol: kn.Protocol, over: Any, **options: Any) -> None:
        asked.update(over=over, points=points.read(synapse, protocol, over), **options)

    monkeypatch.setattr(curves, "scan", scan)
    made = getattr(curves, name)(kn.Synapse.preset(preset))
    asked_for = asked["points"]
    assert not any(isinstance(each, KinapticError) for each in asked_for.inputs())
    assert asked["until"].endswith(" min")
    assert made.x == [axis.name for axis in asked_for.axes][-1]
    axis = asked_for.axes[-1]
    for each in point_sets().values():
        if (each.curve, each.preset) == (name, preset):
            assert each.x == made.x
            assert each.unit == axis.unit
            assert min(axis.shown) <= min(p.x for p in each.points)
            assert max(p.x for p in each.points) <= max(axis.shown)
            for line, text in each.at.items():
                assert text in asked["over"][line]


def test_protocols_are_those_that_the_model_is_held_against() -> None:
    made = {recording.name: recording.protocol for recording in recordings()}
    usual = {name: {p: e.protocol for p, e in of.items()} for name, of in curves._EXPERIMENTS.items()}
    assert usual["stdp_window"]["ca1"] == pairing(10)
    assert usual["stdp_window"]["l5"] == made["sjs01_03"]
    assert usual["stdp_window"]["l23"].with_(delay="-15 ms") == made["rmp08_02"]
    assert usual["stdp_window"]["striatum"] == pairing(-15, 100)
    assert usual["frequency_curve"]["ca1"] == lfs(1)
    assert usual["frequency_curve"]["l5"].with_(delay="-10 ms", burst_rate="50 Hz") == made["sjs01_10"]
    assert usual["pairs_curve"]["striatum"].with_(pairs=10) == pairing(-15, 10)
    assert usual["distance_curve"]["l5"] == rows_timing._TRAIN == made["sjh06_01"]


def test_two_sides_have_two_lines_and_their_points_the_same_colours(pairs: Curve) -> None:
    assert list(pairs.table["delay"]) == [-15, -15, 15, 15]
    (panel,), legend = shown(pairs)
    assert list(legend) == [
        "model, delay -15 ms",
        "model, delay 15 ms",
        "Cui et al. 2016, post before pre",
        "Cui et al. 2016, pre before post",
    ]
    drawn = markers(panel)
    assert to_hex(drawn["s"].get_color()) == BLUE.lower()
    assert to_hex(drawn["^"].get_color()) == VERMILLION.lower()
    assert list(drawn["s"].get_xdata()) == [5, 10, 50, 100]
    assert list(drawn["s"].get_ydata()) == [1.34, 1.63, 1.01, 1.56]


def test_the_figure_has_the_curve_the_points_and_the_papers(window: Curve) -> None:
    panels, legend = shown(window)
    assert list(legend) == ["model", "Bi & Poo 1998", "Wittenberg & Wang 2006, 5 Hz"]
    assert [panel.get_ylabel() for panel in panels] == ["weight", "peak Ca (µM)"]
    assert panels[-1].get_xlabel() == "delay (ms)"
    drawn = markers(panels[0])
    assert list(drawn["o"].get_xdata()) == [-10, 10, 20]
    np.testing.assert_array_equal(drawn["o"].get_ydata(), window.table["weight"])
    bi = window.published.query("paper == 'Bi & Poo 1998'")
    assert list(drawn["s"].get_xdata()) == list(bi["x"])
    assert list(drawn["s"].get_ydata()) == list(bi["mean"])
    assert set(markers(panels[1])) == {"o"}  # calcium was not published there
    guides = [line for line in panels[0].lines if line.get_color() == LIGHT]
    lying, upright = (np.asarray(line.get_data()).tolist() for line in guides)
    assert (lying[1], upright[0]) == ([1, 1], [0, 0])  # the baseline, and coincidence


def test_standard_errors_and_pooled_stretches_are_drawn(window: Curve) -> None:
    drawn = bars(shown(window)[0][0])
    first = window.published.iloc[0]
    assert (first["x"], first["mean"], first["sem"]) == (-74.7, 0.97, 0.023)
    assert [[-74.7, 0.947], [-74.7, 0.993]] in drawn
    assert [[-110, 0.97], [-50, 0.97]] in drawn


def test_points_are_drawn_in_the_units_of_the_curve(ca1: kn.Synapse) -> None:
    made = stdp_window(ca1, ["-0.01 s", "0.01 s"], protocol=SHORT, readouts="weight", until="12 s")
    (panel,), _ = shown(made)
    assert panel.get_xlabel() == "delay (s)"
    np.testing.assert_allclose(markers(panel)["s"].get_xdata(), made.published["x"][:8] / 1000)


def test_recalled_spans_are_bars_that_say_so(ca1: kn.Synapse) -> None:
    protocol = kn.stdp("10 ms", 5, rate="5 Hz")
    made = frequency_curve(ca1, ["1 Hz", "5 Hz"], protocol=protocol, readouts="weight", until="20 s")
    (panel,), legend = shown(made)
    assert list(legend) == ["model", "Dudek & Bear 1992 (recalled)"]
    assert set(markers(panel)) == {"o"}
    assert bars(panel)[0] == [[1, 0.75], [1, 0.85]]
    assert len(bars(panel)) == 4


def test_other_lines_can_be_compared(ca1: kn.Synapse) -> None:
    over = {"genotype": [None, kn.edit("distance", "150 um")]}
    made = stdp_window(ca1, ["-10 ms", "10 ms"], protocol=SHORT, over=over, readouts="weight", until="12 s")
    legend = shown(made)[1]
    assert list(legend)[:3] == ["model, wild type", "model, edit('distance', '150 um')", "Bi & Poo 1998"]


def test_without_published_points_the_curve_stands_alone(ca1: kn.Synapse) -> None:
    made = pairs_curve(ca1, [1, 2], over={"delay": ["5 ms"]}, readouts="weight", until="15 s")
    panels, legend = shown(made)
    assert list(legend) == ["model"]
    assert made.published.empty
    assert list(made.table["delay"]) == [5, 5]
    assert set(markers(panels[0])) == {"o"}


def test_a_figure_is_written_as_svg_and_pdf(window: Curve, tmp_path: Path) -> None:
    for name, start in (("window.svg", b"<?xml"), ("window.pdf", b"%PDF")):
        window.plot().savefig(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)


def test_what_scan_takes_is_passed_on(ca1: kn.Synapse) -> None:
    told: list[Any] = []
    passed: dict[str, Any] = {"rtol": 1e-7, "progress": lambda *given: told.append(given)}
    made = stdp_window(ca1, ["10 ms"], protocol=SHORT, readouts="weight", until="12 s", **passed)
    assert made.scan.recipe["rtol"] == 1e-7
    assert told
    with pytest.raises(UnknownName, match="unknown engine 'copasi'"):
        stdp_window(ca1, engine="copasi")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda s: stdp_window(s, untill="1 min"),
            UnknownName,
            "unknown option of stdp_window 'untill': did",
        ),
        (lambda _: stdp_window(WRONG), KinapticError, "stdp_window('stdp'): give a synapse"),
        (lambda s: stdp_window(s, [10]), UnitError, "10 has no unit"),
        (lambda s: stdp_window(s, "10 ms"), KinapticError, "over['delay']: '10 ms' is not a list"),
        (lambda s: stdp_window(s, []), KinapticError, "over['delay']: the list is empty"),
        (lambda s: stdp_window(s, protocol=WRONG), KinapticError, "protocol='stdp'): give a protocol"),
        (lambda s: stdp_window(s, protocol=kn.tetanus("9 Hz", "1 s")), UnknownName, "key of over 'delay'"),
        (
            lambda s: stdp_window(s, over={"delay": ["1 ms"]}),
            KinapticError,
            "'delay' is the axis of the curve",
        ),
        (lambda s: stdp_window(s, over=WRONG), KinapticError, "give a mapping of keys to lists"),
        (lambda s: stdp_window(s, ["10"]), UnitError, "'10' has no unit"),
        (lambda s: distance_curve(s.without("calcium")), UnknownName, "unknown key of over 'distance'"),
    ],
)
def test_what_does_not_fit_is_refused(
    ca1: kn.Synapse, call: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call(ca1)
