"""The figure of thresholds: the weight that probes leave over rate or delay, and where it is 1 again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from kinaptic.analysis.drawing import COLOURS, STYLE
from kinaptic.errors import KinapticError
from kinaptic.sbml.figure import GREY, LIGHT, Picture
from kinaptic.units import labelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kinaptic.analysis.probes import Threshold


def figure(found: Mapping[str, Threshold]) -> Figure:
    """Return a figure of one or more thresholds.

    Parameters
    ----------
    found : mapping of str to Threshold
        A line for each, in order, and its name for the legend, where theta_M follows it; ``""`` for one that
        needs no name. All are of probes of one kind.

    Returns
    -------
    Figure
        Weight against the rate (Hz, logarithmic) or the delay (ms). A triangle on the baseline stands at
        each theta_M; of a line that has none the legend says so.

    Raises
    ------
    KinapticError
        If there is none, more than can be told apart, or rates and delays are mixed.
    """
    kinds = {str(each.table.columns[0]) for each in found.values()}
    if len(kinds) != 1:
        raise KinapticError(
            "thresholds to draw together: give at least one, all over rates or all over delays"
        )
    if len(found) > len(COLOURS):
        raise KinapticError(f"{len(found)} thresholds cannot be told apart; draw at most {len(COLOURS)}")
    (axis,) = kinds
    with mpl.rc_context(STYLE):
        made = Picture(figsize=(4.6, 3.1), dpi=160, layout="constrained")
        panel: Axes = made.subplots()
        panel.axhline(1, color=GREY, lw=0.7, ls=(0, (4, 3)), zorder=1)
        for (name, each), colour in zip(found.items(), COLOURS, strict=False):
            _draw(panel, each, axis, name, colour)
        _label(panel, next(iter(found.values())), axis)
        panel.legend(title="▼ threshold θ_M", title_fontsize=7, alignment="left", handlelength=1.4)
    return made


def theta(found: Threshold) -> float:
    """Return theta_M on the axis of its probes: Hz or ms; NaN where there is none."""
    return found.theta_m_hz if found.table.columns[0] == "rate" else found.theta_m_delay


def theta_text(found: Threshold) -> str:
    """Return theta_M as it is written in a legend or a table: ``14.2 Hz``, ``none``."""
    unit = "Hz" if found.table.columns[0] == "rate" else "ms"
    return f"{theta(found):.1f} {unit}" if np.isfinite(theta(found)) else "none"


def _draw(panel: Axes, found: Threshold, axis: str, name: str, colour: str) -> None:
    label = f"{name}: {theta_text(found)}".removeprefix(": ")
    table = found.table
    panel.plot(table[axis], table["weight"], "o-", color=colour, ms=2.8, lw=1.1, label=label, zorder=3)
    if np.isfinite(theta(found)):
        panel.plot([theta(found)], [1.0], "v", color=colour, mec="white", mew=0.6, ms=7, zorder=4)


def _label(panel: Axes, found: Threshold, axis: str) -> None:
    values = found.table[axis].to_numpy()
    if axis == "rate":
        panel.set_xscale("log")
        panel.set_xticks(values, [f"{value:g}" for value in values])
        panel.minorticks_off()
    else:
        panel.axvline(0, color=LIGHT, lw=0.8, zorder=0)
    panel.set_xlabel(labelled(f"{axis} of the probe", found.table.attrs["units"][axis]))
    panel.set_ylabel("weight / the same state left alone")
