"""The figure of a scan: each readout against one axis, a line for each combination of the others.

Where no axis is of numbers, the values of one stand side by side. Points that failed are left out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from kinaptic.analysis.axes import protocol_text
from kinaptic.analysis.drawing import COLOURS, STYLE, is_logarithmic, norm
from kinaptic.errors import KinapticError, UnknownName
from kinaptic.sbml.figure import BLUE, LIGHT, Picture
from kinaptic.units import labelled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kinaptic.analysis.axes import Axis
    from kinaptic.analysis.scan_result import Scan


def figure(scan: Scan, x: str | None) -> Figure:
    """Return the figure of a scan.

    Parameters
    ----------
    scan : Scan
        What to draw.
    x : str, optional
        Which axis lies below; by default the one with most numbers.

    Raises
    ------
    UnknownName, KinapticError
        If there is no such axis, no point is ok, or there are more lines than can be told apart.
    """
    table = scan.table[scan.table["status"] == "ok"]
    if table.empty:
        raise KinapticError("nothing to draw: no point of this scan is ok; the column status tells why")
    axes = {axis.name: axis for axis in scan.plan.points.axes}
    below = main_axis(axes, x)
    others = [name for name, axis in axes.items() if name != below.name and len(set(axis.shown)) > 1]
    lines = dict(list(table.groupby(others, sort=False))) if others else {(): table}
    scattered = len(lines) > 1 and all(len(each) == 1 for each in lines.values())
    colours = dict.fromkeys(lines, BLUE) if scattered else _colours(lines, [axes[name] for name in others])
    names = [each.text for each in scan.plan.readouts]
    with mpl.rc_context(STYLE):
        made = Picture(figsize=(5.6, 0.7 + 2.1 * len(names)), dpi=160, layout="constrained")
        panels = made.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for panel, name in zip(panels, names, strict=True):
            for key, line in lines.items():
                _draw(panel, below, line, name, colours[key])
            _guide(panel, below, name)
            panel.set_ylabel(labelled(name, table.attrs["units"][name]))
        _set_x(panels[-1], below)
        if others and not scattered:
            _explain(made, panels, lines, colours, [axes[name] for name in others])
        made.suptitle(heading(scan), fontsize=8.5, x=0.01, ha="left")
    return made


def main_axis(axes: Mapping[str, Axis], x: str | None) -> Axis:
    """Return the axis that lies below: the one called `x`, or that of most numbers."""
    if x is not None:
        if x not in axes:
            raise UnknownName("axis", x, axes)
        return axes[x]
    # the most values; numbers before texts
    return max(axes.values(), key=lambda axis: (bool(axis.unit) and len(axis.shown) > 1, len(axis.shown)))


def _colours(lines: Mapping[Any, object], others: list[Axis]) -> dict[Any, Any]:
    if len(lines) <= len(COLOURS):
        return dict(zip(lines, COLOURS, strict=False))
    if len(others) > 1 or not others[0].unit:
        raise KinapticError(
            f"{len(lines)} lines cannot be told apart; give another x, or draw a part of the table"
        )
    values = np.array([key[0] for key in lines])
    return dict(zip(lines, mpl.colormaps["viridis"](norm(values)(values)), strict=True))


def _draw(panel: Axes, below: Axis, line: pd.DataFrame, name: str, colour: Any) -> None:
    if below.unit:
        line = line.sort_values(below.name)
        panel.plot(line[below.name], line[name], "o-", color=colour, ms=2.8, lw=1.1, clip_on=False)
    else:
        places = [below.shown.index(each) for each in line[below.name]]
        panel.plot(places, line[name], "o", color=colour, ms=4)


def _guide(panel: Axes, below: Axis, name: str) -> None:
    """Draw what to compare with: the baseline of the weight, and coincidence."""
    if name.split()[0] == "weight":
        panel.axhline(1, color=LIGHT, lw=0.8, zorder=0)
    if below.unit and min(below.shown) < 0 < max(below.shown):  # type: ignore[operator]  # numbers
        panel.axvline(0, color=LIGHT, lw=0.8, zorder=0)


def _set_x(panel: Axes, below: Axis) -> None:
    panel.set_xlabel(labelled(below.name, below.unit))
    if not below.unit:
        texts = ["\n".join(textwrap.wrap(str(each), 18)) for each in below.shown]
        panel.set_xticks(range(len(texts)), texts, rotation=0 if len(texts) < 5 else 90)
        panel.set_xlim(-0.5, len(texts) - 0.5)
    elif is_logarithmic(np.array(below.shown, dtype=float)):
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter("{x:g}")


def _explain(
    made: Figure, panels: Any, lines: Mapping[Any, object], colours: Mapping[Any, Any], others: list[Axis]
) -> None:
    heading = ", ".join(labelled(axis.name, axis.unit) for axis in others)
    if len(lines) > len(COLOURS):
        values = np.array([key[0] for key in lines])
        made.colorbar(mpl.cm.ScalarMappable(norm(values), "viridis"), ax=list(panels), label=heading)
        return
    handles = [mpl.lines.Line2D([], [], color=colours[key], marker="o", ms=3, lw=1.1) for key in lines]
    texts = ["\n".join(textwrap.wrap(", ".join(_short(each) for each in key), 60)) for key in lines]
    columns = 1 if max(map(len, texts)) > 24 else min(4, len(texts))
    made.legend(handles, texts, title=heading, loc="outside lower left", ncols=columns, title_fontsize=7)


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def heading(scan: Scan) -> str:
    """Return what a study is of, in a line: synapse and protocol, as far as they are not varied."""
    points = scan.plan.points
    varied = [axis.name for axis in points.axes if axis.kind == "argument"]
    parts = [points.synapse.name] if "preset" not in scan.table else []
    if "protocol" not in scan.table:
        parts.append(protocol_text(points.protocol) + (f", {' and '.join(varied)} varied" if varied else ""))
    return "; ".join(parts)
