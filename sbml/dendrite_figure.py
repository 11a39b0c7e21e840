"""The figure of a run of a dendrite: weights over time, and below them where the synapses sit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.colors import Normalize
from matplotlib.patheffects import withStroke

from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml.figure import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, STYLE, VERMILLION, Picture
from kinaptic.sbml.run import MINUTE
from kinaptic.sbml.wording import sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kinaptic.sbml.dendrite import Site
    from kinaptic.sbml.dendrite_run import DendriteRun

_COLOURS = (VERMILLION, BLUE, GREEN, PURPLE, ORANGE, SKY, BLACK)
_SILENT = "#a8a8a8"
_LEAST_SPAN = 0.05  # of the weight around 1 that the colours cover, so that dust has none
_NAMED = 20  # sites of a branch that have room for their names
_ROOM = 78  # characters of a protocol in the legend
_LETTER = 0.011  # of the length of the longest branch, about what a letter of a name takes
_LINES = 2  # of names above a branch


def figure(run: DendriteRun) -> Figure:
    """Return the figure of a run of a dendrite.

    Parameters
    ----------
    run : DendriteRun
        Of any number of sites and branches.

    Returns
    -------
    Figure
        Above, the weight of every site over minutes, those with presynaptic spikes in colour; below, each
        branch from the branch point on, the sites at their places, filled by their weight at the end. A
        ring in the colour of its line, with white between, marks a site with presynaptic spikes. Names of
        silent sites are left out where there is no room for them.
    """
    rings = _rings(run)
    branches = sorted({site.branch for site in run.dendrite.sites})
    coloured = len(rings) if len(rings) <= len(_COLOURS) else 1
    heights = (2.0 + 0.14 * (1 + coloured), 0.7 + 0.35 * len(branches))
    with mpl.rc_context(STYLE):
        made = Picture(figsize=(5.6, sum(heights)), dpi=160, layout="constrained")
        above, below = made.subplots(2, 1, height_ratios=heights)
        _weights(above, run, rings)
        _places(below, run, rings, branches)
    return made


def _rings(run: DendriteRun) -> dict[str, str]:
    """Return the colour of each site with presynaptic spikes; one for all where they are many."""
    given = run.protocols
    names = [name for name, each in given.items() if isinstance(each, Protocol) and each.n_pre]
    colours = _COLOURS if len(names) <= len(_COLOURS) else (BLUE,) * len(names)
    return dict(zip(names, colours, strict=False))


# ---- Weights over time
def _weights(panel: Axes, run: DendriteRun, rings: dict[str, str]) -> None:
    weights = run.weights
    minutes = weights.index.to_numpy() / MINUTE
    panel.axhline(1, color=GREY, lw=0.7, ls=(0, (4, 3)), zorder=1)
    silent = [name for name in weights if name not in rings]
    for i, name in enumerate(silent):
        label = f"not stimulated ({len(silent)})" if i == 0 else None
        panel.plot(minutes, weights[name], "-", color=_SILENT, lw=0.9, zorder=2, label=label)
    one_for_all = len(rings) > len(_COLOURS)
    for i, (name, colour) in enumerate(rings.items()):
        label = f"stimulated ({len(rings)})" if one_for_all else f"{name}: {_told(run, name)}"
        label = "" if one_for_all and i else label
        panel.plot(minutes, weights[name], "-", color=colour, lw=1.3, zorder=3, label=label or None)
    panel.set_xlim(0, minutes[-1])
    panel.set_xlabel("time (min)")
    panel.set_ylabel("weight / baseline")
    panel.set_title(" ", fontsize=3)
    panel.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, labelspacing=0.3, handlelength=1.4)


def _told(run: DendriteRun, name: str) -> str:
    """Return a protocol in a line of the legend, without what it says of its inputs."""
    told = sentence(run.protocols[name]).split(";")[0]
    return told if len(told) <= _ROOM else f"{told[: _ROOM - 1].rstrip()}…"


# ---- Where the synapses sit
def _places(panel: Axes, run: DendriteRun, rings: dict[str, str], branches: list[int]) -> None:
    sites = run.dendrite.sites
    last = run.weights.iloc[-1]
    span = max(float((last - 1).abs().max()), _LEAST_SPAN)
    colours, norm = mpl.colormaps["PuOr_r"], Normalize(1 - span, 1 + span)
    level = {branch: -float(i) for i, branch in enumerate(branches)}
    farthest = max(site.position for site in sites)
    if len(branches) > 1:
        panel.plot([0, 0], [level[branches[-1]], 0], "-", color=GREY, lw=1.5, zorder=1)
    for branch in branches:
        there = [site for site in sites if site.branch == branch]
        end = max(site.position for site in there)
        panel.plot([0, end], [level[branch]] * 2, "-", color=GREY, lw=2.5, zorder=1, solid_capstyle="round")
        for site in there:
            at = (site.position, level[branch])
            if site.name in rings:
                panel.plot(*at, "o", color="white", mec=rings[site.name], mew=1.5, ms=9.5, zorder=3)
            fill = colours(norm(last[site.name]))
            panel.plot(*at, "o", color=fill, mec=GREY, mew=0.6, ms=6, zorder=4)
        for name, line in _lines(there, rings, farthest).items():
            where = next(site.position for site in there if site.name == name)
            _name(panel, name, (where, level[branch]), rings.get(name, GREY), line)
    panel.set_ylim(level[branches[-1]] - 0.5, 0.95)
    panel.margins(x=0.03)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    panel.set_xlabel("distance from the branch point (µm)")
    shades = mpl.cm.ScalarMappable(norm, colours)
    bar = panel.figure.colorbar(shades, ax=panel, pad=0.01, aspect=8)
    bar.set_label("weight at\nthe end", size=7)
    bar.ax.tick_params(labelsize=6)
    bar.outline.set_visible(False)


def _lines(there: list[Site], rings: dict[str, str], farthest: float) -> dict[str, int]:
    """Return in which line above the branch names stand, the stimulated first; none where both are taken."""
    named = [site for site in there if site.name in rings or len(there) <= _NAMED]
    taken: list[list[tuple[float, float]]] = [[] for _ in range(_LINES)]
    found = {}
    for site in sorted(named, key=lambda each: (each.name not in rings, each.position)):
        middle, half = site.position / (farthest or 1.0), _LETTER * (len(site.name) + 1) / 2
        low, high = middle - half, middle + half
        free = [i for i, others in enumerate(taken) if all(high <= a or low >= b for a, b in others)]
        if free:
            taken[free[0]].append((low, high))
            found[site.name] = free[0]
    return found


def _name(panel: Axes, name: str, at: tuple[float, float], colour: str, line: int) -> None:
    panel.annotate(
        name, at, xytext=(0, 7 + 7 * line), textcoords="offset points", ha="center", va="bottom",
        fontsize=6.5, color=colour, path_effects=[withStroke(linewidth=1.5, foreground="white")],
    )  # fmt: skip
