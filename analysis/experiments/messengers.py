"""Which messenger does what: each knocked out, under potentiation, depression and suppression.

``python -m kinaptic.analysis.experiments.messengers docs`` writes the table and the figure of
``docs/messengers.md``.
A messenger that is knocked out should change what it carries and leave the rest alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinaptic.analysis.experiments.weighing import FOUR, pairing
from kinaptic.errors import KinapticError
from kinaptic.pathways.perturbation import inhibit, knockout
from kinaptic.pathways.stimulation import depolarization, stdp
from kinaptic.sbml import build
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.simulate import expected_counters
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kinaptic.pathways.perturbation import Perturbation
    from kinaptic.pathways.protocol import Protocol

# What is done, in which synapse, and how long after its end (min) the two factors are read.
EXPERIMENTS: dict[str, tuple[str, Protocol, float]] = {
    "LTP, 15 x 5 at 50 Hz, +10 ms (l5)": (
        "l5",
        stdp("10 ms", 15, rate="0.1 Hz", pre_spikes=5, post_spikes=5, burst_rate="50 Hz"),
        30.0,
    ),
    "burst LTP, 25 x 1:4, +10 ms (ca1)": (
        "ca1",
        stdp("10 ms", 25, rate="0.5 Hz", post_spikes=4, burst_rate="200 Hz"),
        30.0,
    ),
    "LTD, 60 pairs at 1 Hz, -10 ms (ca1)": ("ca1", pairing(-10), 30.0),
    "DSE, 5 s at 0 mV (ca1)": ("ca1", depolarization("5 s"), 1 / 60),
    "late LTP, 4 x 100 Hz, 6 h (ca1)": ("ca1", FOUR, 360.0),
}
WITHOUT: dict[str, tuple[Perturbation, ...]] = {
    "nothing": (),
    "CB1R (endocannabinoids)": (knockout("CB1R"),),
    "nNOS (nitric oxide)": (knockout("nNOS"),),
    "BDNF": (knockout("BDNF"),),
    "protein synthesis": (inhibit("protein_synthesis", 1.0, acute=False),),
}
_MOVED = 0.02  # what counts as a change
_SIDES = {"pre": "W_pre", "post": "W_post"}


def matrix() -> pd.DataFrame:
    """Return what each knock-out leaves of each change.

    Returns
    -------
    DataFrame, shape (genotypes, experiments × sides)
        W_pre and W_post relative to the baseline of that genotype; columns are (experiment, side).

    Raises
    ------
    KinapticError
        If a run fails.
    """
    points, times = [], []
    for perturbations in WITHOUT.values():
        for preset, protocol, minutes in EXPERIMENTS.values():
            points.append((Synapse.preset(preset).with_(*perturbations), protocol))
            times.append(np.array([0.0, protocol.end + 60.0 * minutes]))
    models = []
    for model in build.models(points):
        if isinstance(model, KinapticError):
            raise model
        models.append(model)
    expected = [expected_counters(*point, float(t[-1])) for point, t in zip(points, times, strict=True)]
    found = batch.run(models, times, rtol=1e-6, readouts=tuple(_SIDES.values()), expected=expected)
    values = []
    for outcome in found:
        if isinstance(outcome, KinapticError):
            raise outcome
        values.append(outcome[-1])
    columns = pd.MultiIndex.from_product([EXPERIMENTS, _SIDES], names=["experiment", "side"])
    shaped = np.array(values).reshape(len(WITHOUT), -1)
    return pd.DataFrame(shaped, index=pd.Index(WITHOUT, name="without"), columns=columns)


def table(found: pd.DataFrame) -> str:
    """Return the matrix in Markdown, pre · post in a cell, changes from the control in bold."""
    lines = ["| without | " + " | ".join(EXPERIMENTS) + " |", "|---" * (len(EXPERIMENTS) + 1) + "|"]
    values = found.to_numpy().reshape(len(WITHOUT), len(EXPERIMENTS), len(_SIDES))
    for name, row in zip(WITHOUT, values, strict=True):
        cells = []
        for pair, control in zip(row, values[0], strict=True):
            texts = (f"{value:.2f}" for value in pair)
            moved = np.abs(pair - control) > _MOVED
            cells.append(" · ".join(f"**{t}**" if m else t for t, m in zip(texts, moved, strict=True)))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def figure(found: pd.DataFrame) -> Figure:
    """Return the matrix as a picture: colour is what the knock-out changes, numbers are what remains."""
    from matplotlib.figure import Figure

    values = found.to_numpy()
    difference = values - values[0]
    made = Figure(figsize=(7.2, 3.1), dpi=160, layout="constrained")
    axes = made.subplots()
    image = axes.imshow(difference, cmap="PuOr_r", vmin=-0.5, vmax=0.5, aspect="auto")
    for row, column in np.ndindex(*values.shape):
        colour = "white" if abs(difference[row, column]) > 0.35 else "black"
        axes.text(column, row, f"{values[row, column]:.2f}", ha="center", va="center", size=7, color=colour)
    axes.set_yticks(range(len(WITHOUT)), list(WITHOUT), size=7)
    axes.set_xticks(range(values.shape[1]), [*_SIDES] * len(EXPERIMENTS), size=7)
    for i, experiment in enumerate(EXPERIMENTS):
        axes.text(2 * i + 0.5, -0.6, experiment.replace(", ", "\n"), ha="center", va="bottom", size=6.5)
        if i:
            axes.axvline(2 * i - 0.5, color="white", lw=3)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_ylabel("without", size=8)
    bar = made.colorbar(image, ax=axes, pad=0.01)
    bar.set_label("change against control", size=7)
    bar.ax.tick_params(labelsize=6)
    return made


_PAGE = """# Which messenger does what

Each messenger is knocked out, and the two factors of the weight are read after a protocol, relative to the
baseline of that synapse: presynaptic (n·p) · postsynaptic (q). What differs by more than 0.02 from the
synapse that lacks nothing is bold. DSE is release one second after a voltage step. Written by
`python -m kinaptic.analysis.experiments.messengers docs`.

{table}

![The same as a picture: colour is the change against control](messengers.png)
"""


def write(folder: Path) -> None:
    """Write ``messengers.md`` and ``messengers.png`` into a folder."""
    found = matrix()
    (folder / "messengers.md").write_text(_PAGE.format(table=table(found)), encoding="utf-8")
    figure(found).savefig(folder / "messengers.png")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
