"""The charts of a report: each readout of a scan against one axis, as data for plotly in a browser.

What lies below and the colours are those of the printed figure. Up to eight lines have a colour and
a symbol each; more lines of one number are coloured by it; what is more than that is a heat map.
"""

from __future__ import annotations

import functools
import html
import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from kinaptic.analysis.drawing import COLOURS, is_logarithmic, norm
from kinaptic.analysis.running.study import OK
from kinaptic.analysis.scan_figure import main_axis
from kinaptic.sbml.figure import BLUE, GREY
from kinaptic.units import labelled

if TYPE_CHECKING:
    import pandas as pd

    from kinaptic.analysis.axes import Axis
    from kinaptic.analysis.scan_result import Scan

MOST_LINES = 60  # more are a thicket, whatever their colours
MOST_DOTS = 3_000  # more make a browser slow, and hide one another
_MARKED = 2_000  # points of a chart that have a symbol of their own
_NAMED = 24  # rows of a heat map that have room for their names
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star")
_HEIGHT, _ROW = 360, 20  # px: of a chart, and of a line of text in it


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes
    ----------
    title : str
        The readout that it shows, with its unit.
    data, layout : list, dict
        As ``Plotly.newPlot`` takes them, texts escaped.
    note : str
        What to know about it, the same for all charts of a scan; may be empty.
    """

    title: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    note: str = ""


@dataclass(frozen=True)
class _Scene:
    """What the charts of a scan share: the points that are ok, what lies below, what tells lines apart."""

    table: pd.DataFrame
    below: Axis
    others: list[Axis]

    @property
    def names(self) -> list[str]:
        return [axis.name for axis in self.others]

    @property
    def heading(self) -> str:
        return _plain(", ".join(labelled(axis.name, axis.unit) for axis in self.others))

    @functools.cached_property
    def groups(self) -> dict[tuple[Any, ...], pd.DataFrame]:
        """The points of each line, in the order of the axes whichever of them failed."""
        if not self.others:
            return {(): self.table}
        order = [{value: i for i, value in enumerate(axis.shown)} for axis in self.others]
        found: list[tuple[Any, Any]] = list(self.table.groupby(self.names, sort=False))
        found.sort(key=lambda each: [places[value] for places, value in zip(order, each[0], strict=True)])
        return dict(found)

    def label(self, readout: str) -> str:
        return labelled(readout, self.table.attrs["units"][readout])

    def told(self, readout: str, letter: str) -> str:
        """Return the part of a hover text that tells the numbers of a point."""
        y = quantity_text(f"%{{{letter}:.5~g}}", self.table.attrs["units"][readout])
        x = quantity_text("%{x}", self.below.unit)
        return f"{_plain(self.below.name)} {x}<br>{_plain(readout)} {y}"


def charts(scan: Scan) -> list[Chart]:
    """Return the charts of a scan, one for each readout; none where no point is ok.

    Parameters
    ----------
    scan : Scan
        What to draw. Points that failed are left out.
    """
    table = scan.table[scan.table["status"] == OK]
    if table.empty:
        return []
    axes = {axis.name: axis for axis in scan.plan.points.axes}
    below = main_axis(axes, None)
    others = [axis for axis in axes.values() if axis is not below and len(set(axis.shown)) > 1]
    scene = _Scene(table, below, others)
    count = table.groupby(scene.names, sort=False).ngroups if others else 1
    if count > 1 and count == len(table):
        draw = _dots
    elif count <= len(COLOURS) or (count <= MOST_LINES and len(others) == 1 and others[0].unit):
        draw = _lines
    else:
        draw = _heat
    return [draw(scene, each.text) for each in scan.plan.readouts]


def _lines(scene: _Scene, readout: str) -> Chart:
    """Draw a line for each combination of the other axes; where texts lie below, points alone."""
    groups = scene.groups
    shaded = len(groups) > len(COLOURS)
    style = _shades([key[0] for key in groups]) if shaded else list(zip(COLOURS, _SYMBOLS, strict=True))
    marked = "lines+markers" if len(scene.table) <= _MARKED else "lines"
    data = []
    for (key, line), (colour, symbol) in zip(groups.items(), style, strict=False):
        name = combination(scene.others, key)
        rows = line.sort_values(scene.below.name) if scene.below.unit else line
        trace = _trace(scene, readout, rows, f"{_plain(name)}<br>" if name else "")
        trace["name"] = _wrapped(name, 44)
        trace["mode"] = marked if scene.below.unit else "markers"
        trace["line"] = {"color": colour, "width": 2}
        trace["marker"] = {"color": colour, "symbol": symbol, "size": 7}
        data.append(trace)
    layout, note = _layout(scene, readout), ""
    if shaded:
        data.append(_colour_bar(scene.others[0]))
    elif len(groups) > 1:
        layout["height"] += _ROW * (1 + sum(1 + trace["name"].count("<br>") for trace in data))
        layout["showlegend"] = True
        layout["legend"] = {"title": {"text": scene.heading}, "x": 0, "y": 1.02, "yanchor": "bottom"}
        note = (
            "Lines that coincide lie under the last of them; a click on a line of a legend hides it, "
            "a double click leaves it alone."
        )
    return Chart(scene.label(readout), data, layout, note)


def _dots(scene: _Scene, readout: str) -> Chart:
    """Draw a sample of points, none of which has a neighbour to be joined to."""
    step = math.ceil(len(scene.table) / MOST_DOTS)
    rows = scene.table.iloc[::step]
    trace = _trace(scene, readout, rows, "%{text}<br>") | {
        "mode": "markers",
        "marker": {"color": BLUE, "opacity": 0.6},
    }
    keys = rows[scene.names].itertuples(index=False)
    trace["text"] = [_plain(combination(scene.others, key)) for key in keys]
    note = "Each dot is a point; what else was varied shows when it is pointed at."
    if step > 1:
        note += f" One point in {step} is drawn: {len(rows):,} of {len(scene.table):,}."
    return Chart(scene.label(readout), [trace], _layout(scene, readout), note)


def _heat(scene: _Scene, readout: str) -> Chart:
    """Draw a row of cells for each combination of the other axes; a point that failed leaves a gap."""
    below = scene.below
    found = set(scene.table[below.name])
    shown: list[Any] = [value for value in dict.fromkeys(below.shown) if value in found]
    if below.unit:
        shown.sort()
    groups = scene.groups
    cells = np.full((len(groups), len(shown)), np.nan)
    places = {value: i for i, value in enumerate(shown)}
    for row, line in zip(cells, groups.values(), strict=True):
        row[line[below.name].map(places)] = line[readout]
    names = [combination(scene.others, key) for key in groups]
    layout = _layout(scene, readout)
    trace = {
        "type": "heatmap",
        "x": [_plain(number_text(value)) for value in shown],
        "y": [*map(_plain, names)],
        "z": [_numbers(row) for row in cells],
        "colorscale": "Viridis",
        "colorbar": {"thickness": 14, "title": {"text": layout["yaxis"]["title"]["text"], "side": "right"}},
        "hoverongaps": False,
        "hovertemplate": f"%{{y}}<br>{scene.told(readout, 'z')}<extra></extra>",
    }
    layout["xaxis"] = {"title": layout["xaxis"]["title"], "type": "category", "automargin": True}
    layout["yaxis"] = _rows(names, scene.heading)
    lines = sum(text.count("<br>") + 1 for text in layout["yaxis"].get("ticktext", ()))
    layout |= {"shapes": [], "height": max(_HEIGHT, 120 + _ROW * lines) if lines else 2 * _HEIGHT}
    note = f"{len(names)} lines as rows of cells; a cell tells its numbers when it is pointed at."
    return Chart(scene.label(readout), [trace], layout, note)


def _rows(names: Sequence[str], heading: str) -> dict[str, Any]:
    """Return the axis of a heat map's rows, the first on top: named one by one, or all together."""
    axis: dict[str, Any] = {"type": "category", "autorange": "reversed", "automargin": True, "title": {}}
    if max(map(len, names)) <= 16:  # as many of them as there is room for
        return axis
    texts = [_wrapped(name, 24) for name in names] if len(names) <= _NAMED else []
    title = {"text": "" if texts else heading}
    return axis | {"title": title, "tickvals": list(range(len(texts))), "ticktext": texts}


def _trace(scene: _Scene, readout: str, rows: pd.DataFrame, name: str) -> dict[str, Any]:
    places = rows[scene.below.name]
    return {
        "type": "scatter",
        "x": _numbers(places) if scene.below.unit else [_plain(str(each)) for each in places],
        "y": _numbers(rows[readout]),
        "customdata": rows.index.tolist(),
        "hovertemplate": f"{name}{scene.told(readout, 'y')}<br>point %{{customdata}}<extra></extra>",
    }


def _layout(scene: _Scene, readout: str) -> dict[str, Any]:
    line = {"color": GREY, "width": 1, "dash": "dot"}
    baseline = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 1, "y1": 1, "line": line}
    return {
        "xaxis": {
            "title": {"text": _plain(labelled(scene.below.name, scene.below.unit))},
            "automargin": True,
        }
        | _kind(scene.below),
        "yaxis": {"title": {"text": _plain(scene.label(readout))}, "automargin": True, "zeroline": False},
        "shapes": [baseline] if readout.split()[0] == "weight" else [],
        "height": _HEIGHT,
        "margin": {"l": 56, "r": 16, "t": 24, "b": 48},
        "hovermode": "closest",
        "showlegend": False,
    }


def _kind(below: Axis) -> dict[str, Any]:
    """Return what kind of axis lies below: of texts, logarithmic, or linear with coincidence marked."""
    if not below.unit:
        names = [_plain(str(each)) for each in below.shown]
        texts = [_wrapped(str(each), 18) for each in below.shown]
        order = {"type": "category", "categoryorder": "array", "categoryarray": names}
        return order | {"tickvals": names, "ticktext": texts, "range": [-0.5, len(names) - 0.5]}
    values = np.array(below.shown, dtype=float)
    if is_logarithmic(values):
        return {"type": "log", "dtick": 1}
    return {"type": "linear", "zeroline": bool(values.min() < 0 < values.max())}


def _shades(values: Sequence[float]) -> list[tuple[str, str]]:
    numbers = np.array(values, dtype=float)
    return [(mpl.colors.to_hex(each), "circle") for each in mpl.colormaps["viridis"](norm(numbers)(numbers))]


def _colour_bar(axis: Axis) -> dict[str, Any]:
    """Return a trace without points, for the scale that tells the colours of the lines."""
    values = np.unique(np.array(axis.shown, dtype=float))
    told = values[np.linspace(0, len(values) - 1, 5).astype(int)]
    bar = {
        "title": {"text": _plain(labelled(axis.name, axis.unit)), "side": "right"},
        "tickvals": _numbers(norm(values)(told)),
        "ticktext": [number_text(value) for value in told.tolist()],
        "thickness": 14,
    }
    marker = {"color": [0], "cmin": 0, "cmax": 1, "colorscale": "Viridis", "showscale": True, "colorbar": bar}
    return {"type": "scatter", "mode": "markers", "x": [None], "y": [None], "marker": marker}


def combination(axes: Iterable[Axis], key: Iterable[object]) -> str:
    """Return where a point lies, in words: ``"delay 10 ms, knockout('pka')"``."""
    pairs = zip(axes, key, strict=True)
    return ", ".join(
        f"{a.name} {quantity_text(number_text(v), a.unit)}" if a.unit else str(v) for a, v in pairs
    )


def quantity_text(number: str, unit: str) -> str:
    """Return a number, or several, with the unit behind as it is printed; none behind a pure number."""
    return number if unit in ("", "1") else f"{number} {unit.replace('uM', 'µM').replace('um', 'µm')}"


def number_text(value: object) -> str:
    """Return a value of an axis or of a recipe as a text."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _wrapped(text: str, width: int) -> str:
    return "<br>".join(map(_plain, textwrap.wrap(text, width)))


def _numbers(values: Iterable[float]) -> list[float | None]:
    """Return numbers to six digits, which is what can be seen; None where there is none."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]


def _plain(text: str) -> str:
    """Return text that plotly, which reads tags and templates in its texts, shows as it is."""
    return html.escape(text, quote=False).replace("{", "&#123;")
