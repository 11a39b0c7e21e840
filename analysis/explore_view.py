"""What the page of `explore` shows: settings become a run, numbers, charts, and the Python for them.

Nothing here knows of the page's machinery: each function takes `Settings` and returns text, a run,
or numbers.
"""

from __future__ import annotations

import base64
import functools
import io
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from kinaptic.errors import KinapticError
from kinaptic.pathways.drug_table import called, drugs
from kinaptic.pathways.drugs import drug
from kinaptic.pathways.perturbation import knockout
from kinaptic.pathways.stimulation import stdp
from kinaptic.sbml.figure import BLACK, BLUE, ENZYMES, GREY, LIGHT, ORANGE, SKY, VERMILLION
from kinaptic.sbml.figure_data import FigureData, smoothed
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kinaptic.pathways.protocol import Protocol
    from kinaptic.pathways.trains import Side
    from kinaptic.sbml.run import Run

    Chart = Callable[[Axes, FigureData, FigureData], None]
    Line = tuple[str, str, str]  # readout, name, colour

MOST_PAIRS = 100  # a run of more, and that of its control, take longer than one likes to wait
AFTER = 60  # min after the pairings, when the weight is read
_DECADES = 3  # below the usual dose, where a drug's slider begins; it ends one above
_FAINT = "#b4b4b4"
_SIDES: tuple[tuple[Side, str, float], ...] = (("pre", BLUE, 0.97), ("post", VERMILLION, 0.9))
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text: a third of the size
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
}
_TURN = threading.Lock()  # antimony and matplotlib's style belong to the process, which open pages share
_built: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()


@dataclass(frozen=True)
class Settings:
    """Where the controls of the page stand.

    Attributes
    ----------
    preset : str
        The synapse.
    delay : float
        t_post - t_pre (ms).
    rate : float
        Of pairings (Hz).
    pairs : int
        How many.
    distance : float
        Of the synapse from the soma (um).
    drug, dose : str
        Name and dose with its unit; both empty for none.
    without : tuple of str
        Pathways that are knocked out.
    """

    preset: str = "ca1"
    delay: float = 10.0
    rate: float = 1.0
    pairs: int = 60
    distance: float = 60.0
    drug: str = ""
    dose: str = ""
    without: tuple[str, ...] = ()

    @property
    def control(self) -> Settings:
        """The same without drug and knock-outs."""
        return replace(self, drug="", dose="", without=())


# ---- What the controls offer


def rates() -> list[float]:
    """Return the rates (Hz) of the slider, 0.1 to 50, in even steps of their logarithm by eye."""
    return _rounded(0.1, 50, (1, 1.5, 2, 3, 5, 7))


def doses(name: str) -> tuple[list[float], float, str]:
    """Return doses for a drug's slider, the usual dose among them, and their unit.

    Raises
    ------
    UnknownName
        If there is no such drug.
    """
    number, unit = drugs()[called(name)].dose.split(" ", 1)
    usual = float(number)
    found = _rounded(usual / 10**_DECADES, usual * 10, (1, 2, 5))
    return sorted({*found, usual}), usual, unit


def shown(text: str) -> str:
    """Return a unit as one writes it: ``"µM"`` for ``"uM"``."""
    return f"µ{text[1:]}" if text[0] == "u" else text


def _rounded(low: float, high: float, digits: tuple[float, ...]) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    values = (float(f"{digit}e{power}") for power in range(first, last + 1) for digit in digits)
    return [each for each in values if low * (1 - 1e-9) <= each <= high * (1 + 1e-9)]


# ---- From settings to a run


def protocol(settings: Settings) -> Protocol:
    """Return the pairings."""
    return stdp(f"{settings.delay:g} ms", settings.pairs, rate=f"{settings.rate:g} Hz")


def synapse(settings: Settings) -> Synapse:
    """Return the synapse, knock-outs first and then the drug.

    A pathway is knocked out as a whole, although that takes another program, made in seconds and
    kept on disk: to inhibit its enzymes is another experiment, since they still bind (without CaMKII
    there is less depression, with CaMKII inhibited there is more).

    Raises
    ------
    KinapticError
        If the drug acts on a pathway that is knocked out, or no pathway is left.
    """
    made = Synapse.preset(settings.preset, distance=f"{settings.distance:g} um")
    done = [knockout(name) for name in settings.without]
    return made.with_(*done, *([drug(settings.drug, settings.dose)] if settings.drug else []))


def length(settings: Settings) -> str:
    """Return the length of the run, an hour more than the protocol: ``"72 min"``."""
    return f"{math.ceil(protocol(settings).end / 60 + AFTER)} min"


@functools.lru_cache(maxsize=32)  # the control above all
def run(settings: Settings) -> Run:
    """Return the run.

    Raises
    ------
    KinapticError
        As `synapse` and `kinaptic.simulate` do.
    """
    made = synapse(settings)
    with _TURN:
        done = simulate(made, protocol(settings), until=length(settings), engine="ensemble")
    _built.add((made.pathways, made.absent))
    return done


def is_new(settings: Settings) -> bool:
    """Return whether these pathways were not run yet in this process, so that it may take seconds."""
    try:
        made = synapse(settings)
    except KinapticError:
        return False
    return (made.pathways, made.absent) not in _built


def code(settings: Settings) -> str:
    """Return the four lines of Python that give the weight of `numbers`."""
    done = [f"kn.knockout({name!r})" for name in settings.without]
    done += [f"kn.drug({settings.drug!r}, {settings.dose!r})"] if settings.drug else []
    with_ = f".with_({', '.join(done)})" if done else ""
    pairing = f"kn.stdp('{settings.delay:g} ms', {settings.pairs}, rate='{settings.rate:g} Hz')"
    lines = (
        "import kinaptic as kn",
        f"synapse = kn.Synapse.preset({settings.preset!r}, distance='{settings.distance:g} um'){with_}",
        f"run = kn.simulate(synapse, {pairing}, until='{length(settings)}', engine='ensemble')",
        f"print(run.at({AFTER}))",
    )
    return "\n".join(lines).replace("'", '"')


def numbers(settings: Settings) -> dict[str, float]:
    """Return what the page writes large.

    Returns
    -------
    dict
        ``weight``, and ``W_pre`` and ``W_post`` where the synapse has them, an hour after the
        pairings, relative to the baseline; ``control``, the weight of the control; ``Ca``, peak
        calcium (uM).

    Raises
    ------
    KinapticError
        As `run` does, or if the synapse has no weight.
    """
    made = run(settings)
    found = {"weight": made.at(AFTER), "control": run(settings.control).at(AFTER)}
    found |= {half: made.at(AFTER, half) for half in ("W_pre", "W_post") if half in made.traces}
    return found | ({"Ca": float(made.traces["Ca"].max())} if "Ca" in made.traces else {})


# ---- From a run to charts


def charts(settings: Settings) -> dict[str, str]:
    """Return title → chart, as the address of an SVG picture: the weight, calcium, and the enzymes."""
    data, control = FigureData(run(settings)), FigureData(run(settings.control))
    large = (4.6, 2.7)  # inches
    made = {"Weight over time": _picture(large, _weight, data, control)}
    if data.burst is not None:
        made["Calcium around one pairing"] = _picture(large, _calcium, data, control)
    for of in ENZYMES:
        made[f"Active {of[1]} over time"] = _picture((2.7, 1.8), partial(_enzyme, of=of), data, control)
    return made


def _picture(size: tuple[float, float], draw: Chart, data: FigureData, control: FigureData) -> str:
    stream = io.BytesIO()
    with _TURN, mpl.rc_context(_STYLE):
        made = Figure(figsize=size)
        made.subplots_adjust(0.6 / size[0], 0.43 / size[1], 1 - 0.14 / size[0], 1 - 0.24 / size[1])
        draw(made.add_subplot(), data, control)
        made.savefig(stream, format="svg")
    return f"data:image/svg+xml;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _weight(axes: Axes, data: FigureData, control: FigureData) -> None:
    for begin, end in data.stimuli():
        axes.axvspan(begin / 60, end / 60, facecolor=LIGHT, edgecolor=LIGHT, lw=0.8)
    axes.axhline(1, color=GREY, lw=0.7, ls=(0, (1, 2)))
    halves = [("W_pre", "presynaptic, n·p", BLUE), ("W_post", "postsynaptic, q", VERMILLION)]
    _lines(axes, data, control, [("weight", "weight", BLACK), *halves], 60.0, (data.time[0], 0.0, data.end))
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.9), max(high, 1.1))
    axes.set_xlabel("time from the first pairing (min)")
    axes.set_ylabel("relative to baseline")


def _calcium(axes: Axes, data: FigureData, control: FigureData) -> None:
    burst = data.burst
    assert burst is not None  # noqa: S101 - the chart is drawn only then
    parts = [("Ca_NMDAR", "by NMDA receptors", SKY), ("Ca_VGCC", "by Ca channels", ORANGE)]
    low, high = burst.start, burst.end
    _lines(axes, data, control, [("Ca", "calcium", BLACK), *parts], 1e-3, (low, burst.zero, high))
    axes.set_ylim(0, 1.2 * axes.get_ylim()[1])
    place = axes.get_xaxis_transform()
    for side, colour, level in _SIDES:  # its spikes, above
        times = data.spikes(side)
        times = (times[(times >= low) & (times < high)] - burst.zero) * 1e3
        axes.plot(times, np.full(times.size, level), "|", color=colour, ms=6, mew=1.2, transform=place)
        name = {"color": colour, "size": 8, "ha": "right", "va": "center", "transform": axes.transAxes}
        axes.text(1, level, side, **name, bbox={"color": "white", "pad": 1})  # type: ignore[arg-type]
    which = f" {burst.number} of {burst.count}" if burst.single else ""
    axes.set_xlabel(f"time from presynaptic spike{which} (ms)")
    axes.set_ylabel("spine calcium (µM)")


def _lines(
    axes: Axes,
    data: FigureData,
    control: FigureData,
    lines: list[Line],
    unit: float,
    span: tuple[float, float, float],
) -> None:
    """Draw readouts, of the control only the first; `span` (s) is where to begin, where 0 is, and the end."""
    low, zero, high = span
    first = lines[0][0]
    shown = [(control, (first, "control", _FAINT), 2.6)] if control.run is not data.run else []
    shown += [(data, line, 1.7 if line[0] == first else 1.2) for line in lines if line[0] in data]
    for each, (readout, label, colour), width in shown:
        near = (each.time >= low - 1) & (each.time <= high)  # what comes before leads into the chart
        axes.plot((each.time[near] - zero) / unit, each[readout][near], color=colour, lw=width, label=label)
    axes.set_xlim((low - zero) / unit, (high - zero) / unit)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0.1,
        ncols=4,
        handlelength=1,
        columnspacing=0.9,
        handletextpad=0.4,
    )


def _enzyme(axes: Axes, data: FigureData, control: FigureData, *, of: Line) -> None:
    """Draw an activity from the baseline to a while after the pairings: its mean, and its range."""
    readout, name, colour = of
    high = min(data.end, 2 * data.length + 30)  # s
    cycles, (size, unit) = data.cycles(high), (60.0, "min") if high > 240 else (1.0, "s")
    both = [(data, colour)] if control.run is data.run else [(control, _FAINT), (data, colour)]
    drawn = [(each, shade) for each, shade in both if readout in each]
    peak = max((float(each[readout].max()) for each, _ in drawn), default=0.0) or 1.0
    scale, amount = (1e3, "nM") if peak < 0.1 else (1.0, "µM")
    for each, shade in drawn:
        near = each.time <= high
        time, values = each.time[near] / size, each[readout][near] * scale
        time, mean, least, most = smoothed(time, values, cycles / size)
        if each is data and cycles.size:
            axes.fill_between(time, least, most, color=shade, alpha=0.25, lw=0)
        axes.plot(time, mean, color=shade, lw=1.4 if each is data else 2.4)
    if readout not in data:
        axes.text(0.5, 0.5, "knocked out", color=GREY, ha="center", transform=axes.transAxes)
    axes.set_xlim(data.time[0] / size, high / size)
    axes.set_ylim(0, 1.08 * peak * scale)
    axes.set_title(f"active {name} ({amount})", color=colour)
    axes.set_xlabel(f"time ({unit})")
