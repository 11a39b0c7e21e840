"""The figures of a dose-response study: the curve, a Schild plot, maps of what two agents do together."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from kinaptic.analysis.axes import protocol_text
from kinaptic.analysis.drawing import COLOURS, STYLE
from kinaptic.errors import FitRefused, KinapticError, UnknownName
from kinaptic.sbml.figure import BLUE, GREY, LIGHT, Picture
from kinaptic.units import labelled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kinaptic.analysis.dose_response import DoseResponse

_GAP = 3.0  # of the lowest dose; the control stands so much to the left of it, where zero would be


def figure(study: DoseResponse, what: str) -> Figure:
    """Return a figure of a dose-response study; see `DoseResponse.plot`."""
    kinds: dict[str, Callable[[Figure, DoseResponse], None]] = {
        "curve": _responses,
        "schild": _schild,
        "bliss": _bliss,
        "loewe": _loewe,
    }
    if what not in kinds:
        raise UnknownName("figure", what, kinds)
    with mpl.rc_context(STYLE):
        made = Picture(figsize=(4.6, 3.3), dpi=160, layout="constrained")
        kinds[what](made, study)
        points = study.scan.plan.points
        title = f"{points.synapse.name}; {protocol_text(points.protocol)}"
        made.suptitle(title, fontsize=8.5, x=0.01, ha="left")
    return made


# ---- Responses over doses
def _responses(made: Figure, study: DoseResponse) -> None:
    table = study.table[study.table["status"] == "ok"]
    if table.empty:
        raise KinapticError("nothing to draw: no dose is ok; the column status tells why")
    panel: Axes = made.subplots()
    if study.readout.split()[0] == "weight":
        panel.axhline(1, color=LIGHT, lw=0.8, zorder=0)
    if study.other:
        _family(panel, study, table)
    else:
        _curve(panel, study, table)
    unit = study.table.attrs["units"]["dose"]
    zero = _zero(table)
    panel.set_xscale("log")
    panel.xaxis.set_major_formatter(lambda x, _: "" if x < 1.5 * zero else f"{x:g}")
    panel.set_xlabel(labelled(study.agent, unit if unit != "1" else "factor or fraction"))
    panel.set_ylabel(labelled(study.readout, study.table.attrs["units"][study.readout]))


def _zero(table: pd.DataFrame) -> float:
    """Return where on a logarithmic axis the control stands."""
    return float(table["dose"][table["dose"] > 0].min()) / _GAP


def _points(panel: Axes, table: pd.DataFrame, readout: str, colour: Any, zero: float, **more: Any) -> None:
    control = table["dose"] == 0
    panel.plot(table["dose"].where(~control, zero), table[readout], "o", color=colour, ms=3.2, **more)


def _mark_control(panel: Axes, zero: float) -> None:
    panel.axvline(zero, color=LIGHT, lw=0.8, zorder=0)
    panel.annotate(
        "control", (zero, 0), (0, 3), ("data", "axes fraction"), textcoords="offset points",
        fontsize=6, color=GREY, rotation=90,
    )  # fmt: skip


def _curve(panel: Axes, study: DoseResponse, table: pd.DataFrame) -> None:
    zero = _zero(table)
    if study.zeroed:
        _mark_control(panel, zero)
    else:
        control = table[study.readout][table["dose"] == 0]
        panel.axhline(float(control.mean()), color=GREY, lw=0.7, ls="--", label="control")
        panel.legend()
        table = table[table["dose"] > 0]
    _points(panel, table, study.readout, BLUE, zero, label="model")
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
    _mark_control(panel, zero)
    levels = sorted(table["other dose"].unique())
    shades = mpl.colormaps["viridis"](np.linspace(0, 0.95, len(levels)))
    colours = COLOURS if len(levels) <= len(COLOURS) else shades
    unit = study.table.attrs["units"]["other dose"].replace("uM", "µM")
    for level, colour in zip(levels, colours, strict=False):
        line = table[table["other dose"] == level].sort_values("dose")
        dosed = line[line["dose"] > 0]
        panel.plot(dosed["dose"], dosed[study.readout], "-", color=colour, lw=1)
        _points(panel, line, study.readout, colour, zero, label=f"{level:g} {unit}".strip())
    panel.legend(title=study.other, title_fontsize=7, ncols=1 if len(levels) < 7 else 2)


# ---- Two agents
def _schild(made: Figure, study: DoseResponse) -> None:
    fit = study.schild()
    ratios = fit.ratios["ratio"]
    ratios = ratios[ratios.index > 0] - 1
    panel: Axes = made.subplots()
    panel.plot(ratios.index, ratios, "o", color=BLUE, ms=4)
    doses = np.geomspace(min(fit.a2, ratios.index.min()) / 2, ratios.index.max() * 2, 100)
    panel.plot(doses, (doses / fit.a2) ** fit.slope, "-", color=BLUE, lw=1.1)
    panel.axhline(1, color=LIGHT, lw=0.8, zorder=0)
    panel.axvline(fit.a2, color=GREY, lw=0.7, ls=":")
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.xaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.set_xlabel(labelled(study.other, study.table.attrs["units"]["other dose"]))
    panel.set_ylabel("dose ratio - 1")
    panel.set_title(textwrap.fill(str(fit), 70), fontsize=7, color=GREY, loc="left")


def _bliss(made: Figure, study: DoseResponse) -> None:
    found = study.bliss()
    limit = float(found["excess"].abs().max()) or 1.0
    _map(made, study, found, "excess", "excess over Bliss independence", mpl.colors.Normalize(-limit, limit))


def _loewe(made: Figure, study: DoseResponse) -> None:
    found = study.loewe()
    spread = float(np.nanmax(np.abs(np.log10(found["combination_index"])))) or 1.0
    norm = mpl.colors.LogNorm(10**-spread, 10**spread)
    _map(made, study, found, "combination_index", "combination index (Loewe)", norm)


def _map(
    made: Figure,
    study: DoseResponse,
    found: pd.DataFrame,
    column: str,
    label: str,
    norm: mpl.colors.Normalize,
) -> None:
    grid = found.pivot(index="dose_b", columns="dose_a", values=column)
    panel: Axes = made.subplots()
    image = panel.imshow(grid, cmap="PuOr_r", norm=norm, origin="lower", aspect="auto")
    panel.set_facecolor(LIGHT)
    panel.set_xticks(range(len(grid.columns)), [f"{dose:.3g}" for dose in grid.columns], rotation=90)
    panel.set_yticks(range(len(grid.index)), [f"{dose:.3g}" for dose in grid.index])
    units = study.table.attrs["units"]
    panel.set_xlabel(labelled(study.agent, units["dose"]))
    panel.set_ylabel(labelled(study.other, units["other dose"]))
    panel.spines[:].set_visible(False)
    made.colorbar(image, ax=panel, label=label)
