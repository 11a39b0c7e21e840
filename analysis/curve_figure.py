"""The figure of a curve: that of its scan, with the published points on the same axes.

Points have a marker for each set, their standard error upright, and lying the stretch that they were
pooled over; where no more than a span is known, it is drawn as a bar without a marker. Points that
belong to one line of several have its colour.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from kinaptic.analysis.published import point_sets
from kinaptic.analysis.scan_figure import figure as figure_of_scan
from kinaptic.sbml.figure import BLACK, BLUE, GREY, ORANGE
from kinaptic.units import parse

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kinaptic.analysis.axes import Axis
    from kinaptic.analysis.curves import Curve

    Entries = dict[str, Any]  # what a legend shows, by its text

_MARKERS = "s^Dvphd*"
_LONG = 44  # characters of a label, of which two stand side by side


def figure(curve: Curve) -> Figure:
    """Return the figure of a curve.

    Parameters
    ----------
    curve : Curve
        What to draw. Published points go onto the panels of weights.

    Raises
    ------
    KinapticError
        If no point of the scan is ok, or there are more lines than can be told apart.
    """
    made = figure_of_scan(curve.scan, curve.x)
    axes = {axis.name: axis for axis in curve.scan.plan.points.axes}
    entries = _lines(made, _varied(curve, axes))
    # A scan draws its readouts from the top, one panel each.
    for panel, readout in zip(made.axes, curve.scan.plan.readouts, strict=False):
        if readout.name == "weight":
            entries |= _add_points(panel, curve, axes)
    texts = list(entries)
    columns = 1 if max(map(len, texts)) > _LONG else min(2, len(texts))
    with mpl.rc_context({"legend.fontsize": 7, "legend.frameon": False}):
        made.legend([*entries.values()], texts, loc="outside lower left", ncols=columns)
    return made


def _varied(curve: Curve, axes: dict[str, Axis]) -> list[str]:
    """Return the axes in which the lines of the curve differ."""
    return [name for name, axis in axes.items() if name != curve.x and len(axis.shown) > 1]


def _lines(made: Figure, varied: list[str]) -> Entries:
    """Return the model's lines by their names, and take away the legend that has them."""
    if not made.legends:
        return {"model": mpl.lines.Line2D([], [], color=BLUE, marker="o", ms=2.8, lw=1.1)}
    (legend,) = made.legends
    unit = legend.get_title().get_text().removeprefix(varied[0]).strip(" ()") if len(varied) == 1 else ""
    what = f"{varied[0]} " if unit else ""
    named = {}
    for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True):
        if handle is not None:
            named[f"model, {what}{text.get_text()} {unit}".strip()] = handle
    legend.remove()
    return named


def _add_points(panel: Axes, curve: Curve, axes: dict[str, Axis]) -> Entries:
    """Draw the published points; return what stands for each set in the legend."""
    if curve.published.empty:
        return {}
    scale = parse(f"1 {curve.published.attrs['units']['x']}", axes[curve.x].unit, "published points")
    neutral = cycle((BLACK, GREY, ORANGE))
    drawn: Entries = {}
    sets = curve.published.groupby("set", sort=False)
    for marker, (name, points) in zip(cycle(_MARKERS), sets, strict=False):
        colour = _line_colour(panel, curve, axes, point_sets()[str(name)].at) or next(neutral)
        drawn[points["label"].iloc[0]] = _draw(panel, points, scale, marker, colour)
    return drawn


def _line_colour(panel: Axes, curve: Curve, axes: dict[str, Axis], at: dict[str, str]) -> Any:
    """Return the colour of the line that points belong to, None where lines do not differ in that."""
    if not at or _varied(curve, axes) != list(at):
        return None
    ((name, text),) = at.items()
    wanted = parse(text, axes[name].unit, name)
    fine = curve.table.loc[curve.table["status"] == "ok", name]
    lines = [line for line in panel.lines if line.get_marker() == "o"]  # not the guides
    found = [line.get_color() for value, line in zip(fine.unique(), lines, strict=True) if value == wanted]
    return found[0] if found else None


def _draw(panel: Axes, points: pd.DataFrame, scale: float, marker: str, colour: Any) -> Any:
    """Draw one set; return what stands for it in the legend."""
    x = points["x"].to_numpy() * scale
    low, high = (points[side].to_numpy() * scale for side in ("x_from", "x_to"))
    spans = points["low"].notna().to_numpy()
    if spans.all():
        return panel.vlines(x, points["low"], points["high"], color=colour, lw=4, alpha=0.3, zorder=1)
    across = np.nan_to_num([x - low, high - x])
    mean = points["mean"].to_numpy()
    panel.errorbar(x, mean, xerr=across, fmt="none", ecolor=colour, elinewidth=0.5, alpha=0.5, zorder=2.5)
    return panel.errorbar(
        x,
        mean,
        yerr=np.nan_to_num(points["sem"].to_numpy()),
        fmt=marker,
        color=colour,
        mfc="none",
        ms=4.5,
        mew=0.9,
        elinewidth=0.9,
        zorder=3,
    )
