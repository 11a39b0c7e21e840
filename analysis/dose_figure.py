"""The figure of a dose-response study: responses over doses, and the curve through them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from kinaptic.analysis.axes import protocol_text
from kinaptic.analysis.drawing import COLOURS, STYLE, labelled
from kinaptic.errors import FitRefused, KinapticError
from kinaptic.sbml.figure import BLUE, GREY, LIGHT, Picture

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kinaptic.analysis.dose_response import DoseResponse

_GAP = 3.0  # of the lowest dose; the control stands so much to the left of it, where zero would be


def figure(study: DoseResponse) -> Figure:
    """Return the figure of a dose-response study.

    Raises
    ------
    KinapticError
        If no point is ok.
    """
    table = study.table[study.table["status"] == "ok"]
    if table.empty:
        raise KinapticError("nothing to draw: no dose is ok; the column status tells why")
    with mpl.rc_context(STYLE):
        made = Picture(figsize=(4.6, 3.3), dpi=160, layout="constrained")
        panel = made.subplots()
        if study.readout.split()[0] == "weight":
            panel.axhline(1, color=LIGHT, lw=0.8, zorder=0)
        if study.other:
            _family(panel, study, table)
        else:
            _curve(panel, study, table)
        unit = study.table.attrs["units"]["dose"]
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(_Dose(_zero(table)))
        panel.set_xlabel(labelled(study.agent, unit if unit != "1" else "factor or fraction"))
        panel.set_ylabel(labelled(study.readout, study.table.attrs["units"][study.readout]))
        made.suptitle(_title(study), fontsize=8.5, x=0.01, ha="left")
    return made


def _zero(table: pd.DataFrame) -> float:
    """Return where on a logarithmic axis the control stands."""
    return float(table["dose"][table["dose"] > 0].min()) / _GAP


class _Dose(mpl.ticker.LogFormatterSciNotation):
    """Ticks of doses, ``0`` where the control stands."""

    def __init__(self, zero: float) -> None:
        super().__init__()
        self._zero_at = zero

    def __call__(self, x: float, _pos: int | None = None) -> str:
        return "" if x < 1.5 * self._zero_at else f"{x:g}"


def _points(panel: Axes, table: pd.DataFrame, readout: str, colour: Any, zero: float, **more: Any) -> None:
    control = table["dose"] == 0
    panel.plot(table["dose"].where(~control, zero), table[readout], "o", color=colour, ms=3.2, **more)
    if control.any():
        panel.axvline(zero, color=LIGHT, lw=0.8, zorder=0)


def _curve(panel: Axes, study: DoseResponse, table: pd.DataFrame) -> None:
    zero = _zero(table)
    _points(panel, table, study.readout, BLUE, zero, label="model")
    panel.annotate(
        "control",
        (zero, 0),
        (0, 3),
        ("data", "axes fraction"),
        textcoords="offset points",
        fontsize=6,
        color=GREY,
        rotation=90,
    )
    try:
        fit = study.fit()
    except FitRefused as why:
        said = "\n".join(textwrap.wrap(f"no Hill curve: {why}", 64))
        panel.set_title(said, fontsize=6.5, color=GREY, loc="left")
        return
    doses = np.geomspace(zero * _GAP, table["dose"].max(), 300)
    panel.plot(doses, fit.predict(doses), "-", color=BLUE, lw=1.1)
    panel.axvline(fit.ec50, color=GREY, lw=0.7, ls=":")
    panel.set_title(str(fit).replace("uM", "µM"), fontsize=7, color=GREY, loc="left")


def _family(panel: Axes, study: DoseResponse, table: pd.DataFrame) -> None:
    zero = _zero(table)
    levels = sorted(table["other dose"].unique())
    colours = (
        COLOURS
        if len(levels) <= len(COLOURS)
        else mpl.colormaps["viridis"](np.linspace(0, 0.95, len(levels)))
    )
    unit = study.table.attrs["units"]["other dose"].replace("uM", "µM")
    for level, colour in zip(levels, colours, strict=False):
        line = table[table["other dose"] == level].sort_values("dose")
        dosed = line[line["dose"] > 0]
        panel.plot(dosed["dose"], dosed[study.readout], "-", color=colour, lw=1)
        _points(panel, line, study.readout, colour, zero, label=f"{level:g} {unit}".strip())
    panel.legend(title=study.other, title_fontsize=7, ncols=1 if len(levels) < 7 else 2)


def _title(study: DoseResponse) -> str:
    points = study.scan.plan.points
    return f"{points.synapse.name}; {protocol_text(points.protocol)}"
