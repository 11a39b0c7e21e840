"""The figure of a scan: what lies below, which lines there are, and when there are too many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis import points, readouts
from kinaptic.analysis.running.plan import Plan
from kinaptic.analysis.scan_figure import figure
from kinaptic.errors import KinapticError, UnknownName

PAIRING = kn.stdp("10 ms", pairs=5, rate="1 Hz")


def scanned(over: Any, names: tuple[str, ...] = ("weight",)) -> kn.Scan:
    """Return a scan that nothing was run for: its readouts count up from one."""
    made = points.read(kn.Synapse.preset("ca1"), PAIRING, over)
    table = made.table()
    for name in names:
        table[name] = np.arange(1.0, len(table) + 1)
        table.attrs["units"][name] = "1" if name.startswith("weight") else "uM"
    table["status"] = "ok"
    return kn.Scan(table, Plan(made, 60.0, readouts.read(names)), {})


def drawn(study: kn.Scan, x: str | None = None) -> tuple[Any, list[Any]]:
    """Return the figure's panels, and the lines of the first that carry data."""
    panels = figure(study, x).axes
    return panels, [line for line in panels[0].lines if line.get_marker() == "o"]


def test_a_panel_for_each_readout_and_a_line_for_each_genotype() -> None:
    over = {"genotype": [None, kn.knockout("pka"), kn.inhibit("PKA")], "delay": ["30 ms", "-10 ms", "10 ms"]}
    panels, lines = drawn(scanned(over, ("weight", "peak Ca")))
    assert [panel.get_ylabel() for panel in panels] == ["weight", "peak Ca (µM)"]
    assert panels[1].get_xlabel() == "delay (ms)"
    assert len(lines) == 3
    assert list(lines[1].get_xdata()) == [-10.0, 10.0, 30.0]
    assert list(lines[1].get_ydata()) == [5.0, 6.0, 4.0]
    (legend,) = panels[0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "wild type",
        "knockout('pka')",
        "inhibit('PKA', by=0.9)",
    ]


def test_failed_points_are_left_out() -> None:
    study = scanned({"delay": ["-10 ms", "10 ms", "20 ms"]})
    study.table.loc[1, "status"] = "no baseline"
    _, (line,) = drawn(study)
    assert list(line.get_xdata()) == [-10.0, 20.0]
    study.table["status"] = "no baseline"
    with pytest.raises(KinapticError, match="no point of this scan is ok"):
        figure(study, None)


def test_below_lies_the_axis_of_most_numbers_unless_told() -> None:
    study = scanned({"rate": ["0.1 Hz", "1 Hz", "10 Hz"], "delay": ["-10 ms", "10 ms"]})
    panels, lines = drawn(study)
    assert panels[0].get_xlabel() == "rate (Hz)"
    assert panels[0].get_xscale() == "log"
    assert len(lines) == 2
    panels, lines = drawn(study, "delay")
    assert panels[0].get_xlabel() == "delay (ms)"
    assert panels[0].get_xscale() == "linear"
    assert len(lines) == 3
    with pytest.raises(UnknownName, match="unknown axis 'dealy': did you mean delay"):
        figure(study, "dealy")


def test_texts_stand_side_by_side() -> None:
    over = {"protocol": [PAIRING, kn.tetanus("100 Hz", "1 s"), None], "genotype": [None, kn.knockout("pka")]}
    panels, lines = drawn(scanned(over))
    assert [tick.get_text() for tick in panels[0].get_xticklabels()][1:] == ["100 x 100 Hz", "no stimulus"]
    assert list(lines[0].get_xdata()) == [0, 1, 2]
    assert {line.get_linestyle() for line in lines} == {"None"}


def test_many_lines_of_a_number_take_a_colour_scale() -> None:
    delays, distances = [f"{i} ms" for i in range(12)], [f"{i} um" for i in range(1, 11)]
    panels, lines = drawn(scanned({"distance": distances, "delay": delays}))
    assert len(lines) == 10
    assert (
        len(
            {
                line.get_color() if isinstance(line.get_color(), str) else tuple(line.get_color())
                for line in lines
            }
        )
        == 10
    )
    assert panels[1].get_ylabel() == "distance (µm)"


def test_more_lines_than_can_be_told_apart_are_refused() -> None:
    genotypes = [kn.inhibit("PKA", by=i / 10) for i in range(9)]
    study = scanned({"genotype": genotypes, "delay": [f"{i} ms" for i in range(10)]})
    with pytest.raises(KinapticError, match="9 lines cannot be told apart"):
        figure(study, None)


def test_a_sample_of_points_is_drawn_as_dots() -> None:
    over = pd.DataFrame({"distance": [10.0, 50.0, 20.0], "delay": [1.0, 2.0, 4.0]})
    over.attrs["units"] = {"distance": "um", "delay": "ms"}
    panels, lines = drawn(scanned(over))
    assert panels[0].get_xlabel() == "distance (µm)"
    assert len({line.get_color() for line in lines}) == 1
    assert panels[0].figure.legends == []


def test_it_shows_in_a_notebook() -> None:
    assert figure(scanned({"delay": ["1 ms", "2 ms"]}), None)._repr_png_()[:4] == b"\x89PNG"  # type: ignore[attr-defined]
