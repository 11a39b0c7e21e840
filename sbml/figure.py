"""The figure of a run: calcium, enzymes and weight, each on the time scale on which it moves.

Panels that a run has nothing to say about are left out, and the letters close up. The figure is
made without pyplot, so that no backend is picked and nothing is kept open.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from kinaptic.sbml.figure_data import FigureData, smoothed
from kinaptic.sbml.wording import changes, sentence
from kinaptic.units import labelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.gridspec import SubplotSpec

    from kinaptic.pathways.trains import Side
    from kinaptic.sbml.run import Run

    Panel = Callable[[Figure, SubplotSpec, FigureData], Axes]

# Okabe and Ito's palette, told apart by colour-blind readers and in print.
BLACK, GREY, LIGHT = "#000000", "#6b6b6b", "#e0e0e0"
ORANGE, SKY, GREEN = "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"

ENZYMES = (
    ("CaMKII_active", "CaMKII", VERMILLION),
    ("CaN_active", "calcineurin", GREEN),
    ("PKA_active", "PKA", PURPLE),
    ("PP1_active", "PP1", BLUE),
)
MESSENGERS = (
    ("AG2", "2-AG", GREEN),
    ("NO", "NO", VERMILLION),
    ("BDNF", "BDNF", PURPLE),
    ("PKA_pre", "bouton PKA", BLUE),
)
_SPARE = (VERMILLION, GREEN, PURPLE, BLUE, ORANGE, SKY)
_NOT_ACTIVITIES = ("weight", "W_pre", "W_post", "Ca", "Ca_NMDAR", "Ca_VGCC", "Ca_elsewhere", "V_spine")
_HALVES = (("W_pre", "presynaptic, n·p", BLUE), ("W_post", "postsynaptic, q", VERMILLION))  # of the weight
_SIDES: tuple[tuple[Side, str], ...] = (("pre", BLUE), ("post", VERMILLION))

_SEEN = 0.02  # of the largest; less is not to be seen
_TRACE = 1e-8  # µM; less of a messenger is as good as none
_WIDTH = 7.2  # inches: two columns of a journal
_ROW = 1.95  # inches
STYLE: dict[Any, Any] = {  # keys are a Literal of hundreds in matplotlib's types
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
}
_MINUTE = 60.0
_TAIL = 30.0  # s after the protocol that still belong to its time scale


class Picture(Figure):
    """A matplotlib figure that notebooks show without pyplot."""

    def _repr_png_(self) -> bytes:
        import io

        stream = io.BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()


def figure(run: Run) -> Figure:
    """Return the figure of a run.

    Parameters
    ----------
    run : Run
        Of any synapse and protocol; what it has no readout for is left out.

    Returns
    -------
    Figure
        7.2 inches wide, for ``savefig`` to PNG, SVG or PDF.
    """
    data = FigureData(run)
    calcium: list[Panel] = [_one_burst] if data.burst is not None else []
    calcium += [_calcium] if data.calcium is not None else []
    activities: list[Panel] = [partial(_activities, shown=_shown(data))] if _shown(data) else []
    carried = [m for m in MESSENGERS if m[0] in data and data[m[0]].max() > _TRACE]
    messengers: list[Panel] = [partial(_activities, shown=carried)] if carried else []
    weight: list[Panel] = [_weight] if "weight" in data else []
    rows = [row for row in (calcium, activities, messengers, weight) if row]
    with mpl.rc_context(STYLE):
        made = Picture(figsize=(_WIDTH, 0.55 + _ROW * max(1, len(rows))), dpi=160)
        grid = made.add_gridspec(max(1, len(rows)), 1)
        letters = iter("abcde")
        for row, panels in enumerate(rows):
            cells = grid[row].subgridspec(1, len(panels), width_ratios=[1.0, 1.15][: len(panels)])
            for column, panel in enumerate(panels):
                _letter(panel(made, cells[column], data), next(letters))
        _title(made, data)
    return made


def _title(made: Figure, data: FigureData) -> None:
    """Write the protocol as a sentence, and below it, smaller, the synapse and what was done to it."""
    title = textwrap.wrap(sentence(data.run.protocol), 92)
    synapse = data.run.synapse
    name = synapse.name if synapse.name != "synapse" else ", ".join(synapse.pathways)
    below = textwrap.wrap("; ".join([name, *changes(synapse)]), 118)
    height = made.get_figheight()
    edge = 0.08  # inches
    under = edge + 0.165 * len(title)
    made.suptitle("\n".join(title), x=0.012, y=1 - edge / height, ha="left", va="top", fontsize=9.5)
    made.text(0.012, 1 - under / height, "\n".join(below), ha="left", va="top", fontsize=7.5, color=GREY)
    free = 1 - (under + 0.13 * len(below) + 0.02) / height
    made.set_layout_engine(ConstrainedLayoutEngine(rect=(0, 0, 1, free), h_pad=0.06, w_pad=0.06, hspace=0.04))


def _letter(axes: Axes, letter: str) -> None:
    _write(axes, letter, (0, 1), (-34, 8), va="center", size=10, weight="bold")


def _note(axes: Axes, *, left: bool = False) -> None:
    place, side = ((0, 1), "left") if left else ((1, 1), "right")
    _write(axes, "line: mean, band: range", place, (0, 3), ha=side, size=6.5, color=GREY)


def _write(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    offset: tuple[float, float],
    *,
    ha: str = "left",
    va: str = "bottom",
    size: float = 7,
    color: str = BLACK,
    weight: str = "normal",
    coordinates: object = "axes fraction",
) -> None:
    """Write `text` some points away from a place; outside the axes as well."""
    axes.annotate(
        text,
        at,
        xycoords=coordinates,  # type: ignore[arg-type]
        xytext=offset,
        textcoords="offset points",
        ha=ha,
        va=va,
        fontsize=size,
        fontweight=weight,
        color=color,
        annotation_clip=False,
    )


# Panel: calcium around one pairing or burst, by origin.


def _one_burst(made: Figure, spec: SubplotSpec, data: FigureData) -> Axes:
    axes = made.add_subplot(spec)
    burst = data.burst
    assert burst is not None  # noqa: S101 - the panel is drawn only then
    near = (data.time >= burst.start - 1) & (data.time <= burst.end + 1)
    time, calcium = (data.time[near] - burst.zero) * 1e3, data["Ca"][near]
    parts = "Ca_NMDAR" in data and "Ca_VGCC" in data
    if parts:
        base = calcium - data["Ca_VGCC"][near]
        rest = base - data["Ca_NMDAR"][near]
        if "Ca_elsewhere" in data and data["Ca_elsewhere"][near].max() > _SEEN * calcium.max():
            lowest = rest - data["Ca_elsewhere"][near]
            axes.fill_between(time, lowest, rest, color=PURPLE, lw=0, label="from stores and elsewhere")
        axes.fill_between(time, rest, base, color=SKY, lw=0, label="through NMDA receptors")
        axes.fill_between(time, base, calcium, color=ORANGE, lw=0, label="through voltage-gated channels")
        axes.legend(
            loc="upper right", bbox_to_anchor=(1, 0.93), handlelength=1, borderaxespad=0, labelspacing=0.3
        )
    axes.plot(time, calcium, color=BLACK, lw=1.0)
    low, high = (burst.start - burst.zero) * 1e3, (burst.end - burst.zero) * 1e3
    inside = (time >= low) & (time <= high)
    axes.set_xlim(low, high)
    axes.set_ylim(0, float(calcium[inside].max(initial=0.1)) * (1.42 if parts else 1.2))
    _raster(axes, data)
    side = "presynaptic" if data.spikes("pre").size else "postsynaptic"
    which = f" {burst.number} of {burst.count}" if burst.count > 1 else ""
    if which and not burst.single:
        which = f" of burst{which}"
    axes.set_xlabel(f"time from {side} spike{which} (ms)")
    axes.set_ylabel(_calcium_label(data))
    return axes


def _raster(axes: Axes, data: FigureData) -> None:
    """Mark spikes above the panel, a row for each side."""
    burst = data.burst
    assert burst is not None  # noqa: S101
    level = 1.11
    for side, colour in _SIDES:
        times = data.spikes(side)
        if not times.size:
            continue
        times = (times[(times >= burst.start) & (times < burst.end - 1e-6)] - burst.zero) * 1e3
        place = axes.get_xaxis_transform()
        levels = np.full(times.size, level)
        axes.plot(times, levels, "|", color=colour, ms=5, mew=1.1, transform=place, clip_on=False)
        _write(axes, side, (1, level), (2, 0), va="center", size=6.5, color=colour)
        level -= 0.095


# Panel: calcium over the protocol.


def _calcium(made: Figure, spec: SubplotSpec, data: FigureData) -> Axes:
    axes = made.add_subplot(spec)
    assert data.calcium is not None  # noqa: S101 - the panel is drawn only then
    time, calcium = data.calcium
    high = min(data.end, data.length * 1.08 + 0.5) if data.length else data.end
    low = max(float(data.time[0]), -0.05 * high)
    size, unit = _unit(high - low)
    cycles = data.cycles((high - low) / 2)
    if cycles.size:
        time, calcium, least, most = smoothed(time, calcium, cycles)
        axes.fill_between(time / size, least, most, color=BLACK, alpha=0.25, lw=0)
        _note(axes, left=data.burst is not None and data.burst.zero > (low + high) / 2)
    axes.plot(time / size, calcium, color=BLACK, lw=0.7 if data.events.size else 1.1)
    axes.set_xlim(low / size, high / size)
    axes.set_ylim(bottom=0)
    if data.burst is not None:
        at, place = data.burst.zero / size, axes.get_xaxis_transform()
        axes.plot([at], [0.985], "v", color=GREY, ms=4, transform=place, clip_on=False)
        _write(axes, "a", (at, 0.985), (0, 3), ha="center", color=GREY, weight="bold", coordinates=place)
    axes.set_xlabel(_time_label(data, unit))
    axes.set_ylabel(_calcium_label(data))
    return axes


# Panel: enzymes on a broken axis, the protocol and what comes after it.


def _shown(data: FigureData) -> list[tuple[str, str, str]]:
    """Return readout, name and colour of the activities to draw: the enzymes, or what there is."""
    found = [e for e in ENZYMES if e[0] in data and data[e[0]].max() > 0]
    if found:
        return found
    others = [str(c) for c in data.run.traces if c not in _NOT_ACTIVITIES and data[str(c)].max() > 0]
    return [(c, c, colour) for c, colour in zip(others, _SPARE, strict=False)]


def _activities(
    made: Figure, spec: SubplotSpec, data: FigureData, *, shown: Sequence[tuple[str, str, str]]
) -> Axes:
    border = data.length + _TAIL
    start = float(data.time[0])
    if data.length > 0 and border < 0.8 * data.end:
        cells = spec.subgridspec(1, 2, wspace=0.02, width_ratios=[1, 1.2])
        left = made.add_subplot(cells[0])
        right = made.add_subplot(cells[1], sharey=left)
        panels = [(left, max(start, -0.1 * border), border), (right, border, data.end)]
        _break(left, right)
    else:
        left = made.add_subplot(spec)
        panels = [(left, start, data.end)]
    cycles = data.cycles(panels[0][2] - panels[0][1])
    for axes, low, high in panels:
        size, unit = _unit(high if axes is left else np.inf)
        for readout, name, colour in shown:
            values = data[readout]
            peak = float(values.max())
            time, mean, least, most = smoothed(data.time, values / peak, cycles)
            if cycles.size:
                axes.fill_between(time / size, least, most, color=colour, alpha=0.22, lw=0)
            axes.plot(time / size, mean, color=colour, lw=1.2, label=_peak(name, peak, data, readout))
        axes.set_xlim(low / size, high / size)
        axes.set_xlabel(_time_label(data, unit))
    left.set_ylim(0, 1.05)
    left.set_yticks([0, 0.5, 1])
    left.set_ylabel("relative to peak")
    _shade(left, data, panels[0][2])
    _legend_above(left)
    if cycles.size:
        _note(panels[-1][0])
    return left


def _legend_above(axes: Axes) -> None:
    axes.set_title(" ")  # room for the legend, which may be wider than its half of a broken axis
    legend = axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(_SPARE),
        borderaxespad=0,
        handlelength=1.2,
        columnspacing=1.6,
        handletextpad=0.5,
    )
    legend.set_in_layout(False)


def _calcium_label(data: FigureData) -> str:
    return labelled("spine calcium", data.run.traces.attrs.get("units", {}).get("Ca", "uM"))


def _peak(name: str, peak: float, data: FigureData, readout: str) -> str:
    unit = data.run.traces.attrs.get("units", {}).get(readout, "")
    if unit == "uM":
        for small, size in (("µM", 1.0), ("nM", 1e-3), ("pM", 1e-6)):
            if peak >= 0.1 * size or small == "pM":
                return f"{name}, peak {peak / size:.2g} {small}"
    return f"{name}, peak {peak:.2g} {unit.removeprefix('1')}".rstrip()


def _break(left: Axes, right: Axes) -> None:
    right.spines["left"].set_visible(False)
    right.tick_params(axis="y", left=False, labelleft=False)
    stroke = [(-0.5, -1), (0.5, 1)]
    for axes, at in ((left, 1), (right, 0)):
        axes.plot(
            [at], [0], marker=stroke, ms=6, mew=0.7, color=BLACK, transform=axes.transAxes, clip_on=False
        )


def _shade(axes: Axes, data: FigureData, high: float) -> None:
    """Shade when the protocol stimulates."""
    size, _ = _unit(high)
    for begin, end in data.stimuli():
        axes.axvspan(begin / size, end / size, facecolor=LIGHT, edgecolor=LIGHT, lw=0.8, zorder=0)


# Panel: the weight.


def _weight(made: Figure, spec: SubplotSpec, data: FigureData) -> Axes:
    axes = made.add_subplot(spec)
    size, unit = _unit(data.end)
    weight = data["weight"]
    axes.axhline(1, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=1)
    drawn = [weight]
    if "W_pre" in data and "W_post" in data:
        for name, label, colour in _HALVES:
            axes.plot(data.time / size, data[name], color=colour, lw=1.1, zorder=2, label=label)
            drawn.append(data[name])
    axes.plot(data.time / size, weight, color=BLACK, lw=1.5, zorder=3, label="weight, n·p·q")
    if len(drawn) > 1:
        _legend_above(axes)
    low, high = (pick(float(pick(each)) for each in drawn) for pick in (min, max))
    low, high = min(0.95, low), max(1.05, high)
    room = 0.18 * (high - low)
    axes.set_ylim(low - room, high + room)
    axes.set_xlim(float(data.time[0]) / size, data.end / size)
    _shade(axes, data, data.end)
    if data.length:
        place = axes.get_xaxis_transform()
        _write(axes, "protocol", (data.length / size, 1), (3, -1), va="top", color=GREY, coordinates=place)
    for minutes in (30, 60):
        at = data.length + minutes * _MINUTE
        if data.length == 0 or at > data.end + 1e-6:
            continue
        value = data.run.at(minutes)
        axes.plot([at / size], [value], "o", color=BLACK, ms=4.5, zorder=4, clip_on=False)
        _write(
            axes,
            f"{value:.2f}, {minutes} min after",
            (at / size, value),
            (0, 6 if value >= 1 else -6),
            ha="center" if at < 0.92 * data.end else "right",
            va="bottom" if value >= 1 else "top",
            size=7.5,
            color=BLACK,
            coordinates="data",
        )
    axes.set_xlabel(_time_label(data, unit))
    axes.set_ylabel("weight / baseline")
    return axes


def _unit(span: float) -> tuple[float, str]:
    """Return the unit of time for a span: its seconds and its name."""
    return (1.0, "s") if span <= 3 * _MINUTE else (_MINUTE, "min")


def _time_label(data: FigureData, unit: str) -> str:
    what = "time" if data.run.protocol is None else "time from start of protocol"
    return f"{what} ({unit})"
