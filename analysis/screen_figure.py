"""The figures of a screen: the strongest effects as bars, and of pairs a map of their epistasis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from kinaptic.analysis.axes import protocol_text
from kinaptic.analysis.drawing import STYLE
from kinaptic.errors import KinapticError
from kinaptic.sbml.figure import BLACK, BLUE, GREEN, LIGHT, ORANGE, VERMILLION, Picture
from kinaptic.units import labelled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kinaptic.analysis.screen import Screen

_DOTS = (BLACK, ORANGE, GREEN)  # of the other readouts
_MOST_IN_MAP = 30


def figure(screen: Screen, readout: str, most: int) -> Figure:
    """Return the figure of a screen.

    Parameters
    ----------
    screen : Screen
        What to draw.
    readout : str
        Whose effects.
    most : int
        How many changes, the strongest first.

    Raises
    ------
    KinapticError
        If no change is ok.
    """
    ranked = screen.ranked(readout)
    if ranked.empty:
        raise KinapticError("nothing to draw: no change is ok; the column status tells why")
    with mpl.rc_context(STYLE):
        if "other" in ranked and (ranked["other"] != "").any():
            made = _map(ranked, readout, most)
        else:
            made = _bars(screen, ranked.head(most), readout)
        points = screen.scan.plan.points
        title = f"{points.synapse.name}; {protocol_text(points.protocol)}"
        made.suptitle(title, fontsize=8.5, x=0.01, ha="left")
    return made


def _names(rows: pd.DataFrame) -> list[str]:
    if rows["change"].nunique() == 1:
        return rows["target"].tolist()
    return (rows["target"] + ", " + rows["change"]).tolist()


def _bars(screen: Screen, rows: pd.DataFrame, readout: str) -> Figure:
    made = Picture(figsize=(4.8, 0.9 + 0.19 * len(rows)), dpi=160, layout="constrained")
    panel: Axes = made.subplots()
    effect = rows[f"{readout} effect"]
    places = np.arange(len(rows))
    panel.barh(places, effect, color=[BLUE if each < 0 else VERMILLION for each in effect], height=0.65)
    panel.axvline(0, color=BLACK, lw=0.7)
    others = [each for each in screen.readouts if each != readout and _alike(screen, each, readout)]
    for other, colour in zip(others, _DOTS, strict=False):
        panel.plot(rows[f"{other} effect"], places, "o", color=colour, ms=2.6, label=other)
    panel.set_yticks(places, _names(rows))
    panel.invert_yaxis()
    panel.tick_params(axis="y", length=0)
    changes = set(rows["change"])
    how = f" by {next(iter(changes))}" if len(changes) == 1 else ""
    unit = screen.table.attrs["units"][readout]
    panel.set_xlabel(labelled(f"change of {readout}{how}, from {screen.control[readout]:.3g}", unit))
    if others:
        panel.legend(loc="lower right")
    return made


def _alike(screen: Screen, one: str, other: str) -> bool:
    units = screen.table.attrs["units"]
    return bool(units[one] == units[other])


def _map(ranked: pd.DataFrame, readout: str, most: int) -> Figure:
    single = ranked[ranked["other"] == ""].head(min(most, _MOST_IN_MAP))
    keys = list(zip(single["target"], single["change"], strict=True))
    place = {key: i for i, key in enumerate(keys)}
    found = np.full((len(keys), len(keys)), np.nan)
    pairs = ranked[ranked["other"] != ""]
    columns = ("target", "change", "other", "other change", f"{readout} epistasis")
    for target, change, other, other_change, epistasis in zip(*(pairs[c] for c in columns), strict=True):
        i, j = place.get((target, change)), place.get((other, other_change))
        if i is not None and j is not None:
            found[i, j] = found[j, i] = epistasis
    size = 1.9 + 0.2 * len(keys)
    made = Picture(figsize=(size + 0.9, size), dpi=160, layout="constrained")
    panel: Axes = made.subplots()
    limit = float(np.nanmax(np.abs(found))) if np.isfinite(found).any() else 1.0
    image = panel.imshow(found, cmap="RdBu_r", vmin=-limit, vmax=limit)
    panel.set_facecolor(LIGHT)
    names = _names(single)
    panel.set_xticks(range(len(names)), names, rotation=90)
    panel.set_yticks(range(len(names)), names)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    made.colorbar(image, ax=panel, shrink=0.7, label=f"epistasis of {readout}, ln(ab·control/(a·b))")
    return made
