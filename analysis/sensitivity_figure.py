"""The figure of a sensitivity analysis: a panel for each readout, for the parameters that matter most.

Local: a tornado of S, to the right where more of the parameter gives more of the readout. Morris:
the spread σ of the elementary effects over their mean size µ*, numbered, with a line where the two are
equal. Sobol: S1 and ST side by side. Whiskers are 95 % intervals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from kinaptic.analysis.drawing import STYLE
from kinaptic.analysis.ranges import whole
from kinaptic.analysis.scan_figure import heading
from kinaptic.analysis.sensitivity import LEADING
from kinaptic.errors import KinapticError, UnknownName
from kinaptic.sbml.figure import BLUE, GREY, LIGHT, SKY, VERMILLION, Picture
from kinaptic.units import labelled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kinaptic.analysis.sensitivity import Sensitivity

_LINE = 0.17  # inches that a parameter's bar takes
_SEEN = 0.03  # of the largest effect; names of smaller ones would lie on one another


def figure(found: Sensitivity, readout: str | None, most: int) -> Figure:
    """Return the figure of a sensitivity analysis.

    Parameters
    ----------
    found : Sensitivity
        What to draw.
    readout : str, optional
        Only this one.
    most : int
        Parameters to show or, for Morris, to name.

    Raises
    ------
    UnknownName, KinapticError
        If there is no such readout, or no index of it to draw.
    """
    whole(most, 1, "plot(most)", "give at least 1 parameter to show, as a whole number")
    if readout is not None and readout not in found.readouts:
        raise UnknownName("readout", readout, found.readouts)
    names = found.readouts if readout is None else (readout,)
    draw = {"local": _tornado, "morris": _plane, "sobol": _shares}[found.method]
    panels = [_drawable(found, name) for name in names]
    lines = max(min(most, len(rows)) for rows in panels)
    size = (3.7 * len(names), max(2.2, 0.9 + _LINE * lines))
    with mpl.rc_context(STYLE):
        made = Picture(figsize=size, dpi=160, layout="constrained")
        for axes, rows, name in zip(
            made.subplots(1, len(names), squeeze=False)[0], panels, names, strict=True
        ):
            draw(axes, rows, most, labelled(name, found.scan.table.attrs["units"][name]))
        made.suptitle(heading(found.scan), fontsize=8.5, x=0.01, ha="left")
    return made


def _drawable(found: Sensitivity, name: str) -> pd.DataFrame:
    rows = found.ranked(name)
    drawable = rows[rows[LEADING[found.method]].notna()]
    if drawable.empty:
        raise KinapticError(f"nothing to draw for {name!r}: {rows['status'].iloc[0]}")
    return drawable


def _tornado(axes: Axes, rows: pd.DataFrame, most: int, label: str) -> None:
    shown = rows[:most]
    places = np.arange(len(shown))
    colours = [BLUE if s > 0 else VERMILLION for s in shown["S"]]
    axes.barh(places, shown["S"], height=0.7, color=colours)
    axes.axvline(0, color=GREY, lw=0.7)
    _list(axes, shown)
    axes.set_xlabel(f"d ln {label.split(' (')[0]} / d ln parameter")


def _shares(axes: Axes, rows: pd.DataFrame, most: int, label: str) -> None:
    shown = rows[:most]
    places = np.arange(len(shown))
    error = {"ecolor": GREY, "elinewidth": 0.7}
    for index, shift, colour in (("S1", -0.2, BLUE), ("ST", 0.2, SKY)):
        text = {"S1": "S1, by itself", "ST": "ST, with others"}[index]
        spread = shown[f"{index}_conf"]
        axes.barh(places + shift, shown[index], 0.38, color=colour, xerr=spread, error_kw=error, label=text)
    axes.axvline(0, color=GREY, lw=0.7)
    _list(axes, shown)
    axes.set_xlabel(f"share of the variance of {label.split(' (')[0]}")
    axes.legend(loc="lower right")


def _list(axes: Axes, shown: pd.DataFrame) -> None:
    """Name the bars, the largest on top."""
    axes.set_yticks(np.arange(len(shown)), shown["parameter"])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def _plane(axes: Axes, rows: pd.DataFrame, most: int, label: str) -> None:
    large = int((rows["mu_star"] >= _SEEN * rows["mu_star"].max()).sum())
    shown, rest = rows[: min(most, large)], rows[min(most, large) :]
    axes.axline((0, 0), slope=1, color=LIGHT, lw=0.8, zorder=0)  # σ = µ*
    axes.plot(rest["mu_star"], rest["sigma"], "o", color=GREY, ms=2, alpha=0.5)
    axes.errorbar(
        shown["mu_star"],
        shown["sigma"],
        xerr=shown["mu_star_conf"],
        fmt="o",
        color=BLUE,
        ms=3,
        elinewidth=0.5,
    )
    for place, (x, y) in enumerate(zip(shown["mu_star"], shown["sigma"], strict=True), 1):
        axes.annotate(f"{place}", (x, y), xytext=(2, 2), textcoords="offset points", fontsize=6)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"µ* of {label}")
    axes.set_ylabel(f"σ of {label}")
    key = "\n".join(f"{place} {name}" for place, name in enumerate(shown["parameter"], 1))
    axes.annotate(
        key, (1, 1), xytext=(6, 0), xycoords="axes fraction", textcoords="offset points", va="top", fontsize=6
    )
