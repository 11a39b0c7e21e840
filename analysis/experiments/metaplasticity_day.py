"""A day of wake and a night of sleep, for `metaplasticity_page`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd

from kinaptic.analysis.drawing import STYLE
from kinaptic.analysis.experiments import markdown, rows_metaplastic
from kinaptic.analysis.experiments.weighing import FOUR
from kinaptic.pathways.stimulation import gap, sleep
from kinaptic.sbml.figure import GREY, LIGHT, Picture
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from kinaptic.pathways.protocol import Protocol

NIGHT, MORNING = 16.0, 24.0  # h
_TICKS = (0.25, 0.5, 1, 2, 4)


def weights(sizes: Sequence[float], chosen: int) -> dict[str, pd.DataFrame]:
    """Return the weights over hours (index) by size (columns).

    All spines left alone; one stimulated at 8 h; and that one without the night's sleep.
    """
    noon = gap("8 h") + FOUR
    asleep = noon + gap(f"{NIGHT * 3600 - noon.duration!r} s") + sleep("8 h")
    hours = np.unique([0.0, *np.arange(0.05, MORNING, 0.1), NIGHT, MORNING]).round(6)
    one = [sizes[chosen]]
    days = (("alone", rows_metaplastic.NIGHT, sizes), ("stimulated", asleep, one), ("awake", noon, one))
    return {
        name: pd.DataFrame({size: _day(size, protocol, hours) for size in some})
        for name, protocol, some in days
    }


def _day(size: float, protocol: Protocol, hours: NDArray[np.float64]) -> pd.Series[float]:
    begin = protocol.end - protocol.duration
    run = simulate(
        Synapse.preset("ca1", spine_size_rest=round(size, 4)),
        protocol,
        until=f"{begin + 3600 * MORNING!r} s",
        samples=(begin + 3600 * hours).tolist(),
        engine="ensemble",
    )
    return pd.Series(run.weight.to_numpy(), index=pd.Index(hours, name="hours"))


def table(found: Mapping[str, pd.DataFrame]) -> str:
    """Return weights before and after the night in Markdown."""
    lines = []
    for size, course in found["alone"].items():
        other, awake = (found[name].get(size) for name in ("stimulated", "awake"))
        texts = ["" if other is None else f"{other[h]:.3f}" for h in (NIGHT, MORNING)]
        last = "" if awake is None else f"{awake[MORNING]:.3f}"
        lines.append((f"{size:.2f}", f"{course[MORNING] / course[NIGHT]:.3f}", *texts, last))
    head = (
        "size at rest",
        "weight after the night / before",
        "stimulated: before the night",
        "after it",
        "after it, awake",
    )
    mean = (found["alone"].loc[MORNING] / found["alone"].loc[NIGHT]).mean()
    (size,) = found["stimulated"]
    end = {name: float(course[size][MORNING]) for name, course in found.items()}
    said = (
        f"The mean over all is {mean:.3f}. Of the potentiated spine sleep leaves "
        f"{end['stimulated'] / end['awake']:.3f} of what it would have awake, of the same spine left alone "
        f"{end['alone'] / float(found['alone'][size][NIGHT]):.3f}: what is spared is the size at rest, not "
        "potentiation."
    )
    return f"{markdown.table(head, lines)}\n\n{markdown.wrapped(said)}"


def figure(found: Mapping[str, pd.DataFrame]) -> Figure:
    """Return the weights over the day, and what the night leaves by size."""
    alone, stimulated = found["alone"], found["stimulated"]
    sizes = np.array(list(alone), dtype=float)
    scale = mpl.colors.LogNorm(sizes.min(), sizes.max())
    shades = mpl.colormaps["viridis_r"]
    with mpl.rc_context(STYLE):
        made = Picture(figsize=(7.2, 2.8), dpi=160, layout="constrained")
        left, right = made.subplots(1, 2, width_ratios=(1.6, 1))
        left.axvspan(NIGHT, MORNING, color=LIGHT, lw=0, zorder=0)
        left.text(NIGHT + 0.4, 0.98, "asleep", transform=left.get_xaxis_transform(), va="top", color=GREY)
        for table, line in ((alone, "-"), (stimulated, "--"), (found["awake"], ":")):
            for size in sizes[np.isin(sizes, table.columns)]:
                left.plot(table.index, table[size], line, color=shades(scale(size)), lw=1.2)
        left.set(xlabel="time (h)", ylabel="weight / baseline", xlim=(0, MORNING), xticks=range(0, 25, 4))
        left.set_title("- - -  4 × 100 Hz at 8 h   ·····  and no sleep", fontsize=7, color=GREY, loc="left")
        for table, marker in ((alone, "o"), (stimulated, "D")):
            there = sizes[np.isin(sizes, table.columns)]
            rest = (table.loc[MORNING] / table.loc[NIGHT])[there]
            right.scatter(there, rest, c=shades(scale(there)), marker=marker, s=22)
        right.axhline(1, color=GREY, lw=0.7, ls=(0, (4, 3)), zorder=0)
        right.set(xscale="log", xlabel="size of the spine at rest", ylabel="weight after the night / before")
        right.set_xticks(_TICKS, [f"{size:g}" for size in _TICKS])
        right.minorticks_off()
        right.set_title("●  left alone   ◆  4 × 100 Hz at 8 h", fontsize=7, color=GREY, loc="left")
    return made
