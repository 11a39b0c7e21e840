"""What synapses of one dendrite do to each other.

``python -m kinaptic.analysis.experiments.neighbours_page docs`` writes ``neighbours.md``: how far
messengers reach, from one synapse and from many, and what becomes of weak stimuli that are near each
other or far apart.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from kinaptic.analysis.experiments.weighing import HFS
from kinaptic.pathways.stimulation import tetanus
from kinaptic.sbml.dendrite import LINKS, Dendrite, Site
from kinaptic.sbml.synapse import Synapse

MESSENGERS = {  # port → name, source of its own concentration, unit, factor from µM
    "NO_elsewhere": ("nitric oxide, pM", "NO", 1e6),
    "AG2_elsewhere": ("2-AG, nM", "AG2", 1e3),
    "BDNF_elsewhere": ("BDNF, pM", "BDNF", 1e6),
}
DISTANCES = (1, 2, 5, 10, 20)  # µm beyond the last active synapse
ACTIVE = (1, 10, 100)
TRAINS = {
    "one train of 100 Hz": HFS,
    "two trains of 100 Hz, 5 min apart": tetanus("100 Hz", "1 s", trains=2, interval="5 min"),
}
CLUSTERS = (1, 2, 4, 8)
_NEAR, _FAR = 2.0, 60.0  # µm apart on a branch; from the branch point, each on a branch of its own
_PAGE = """\
# What synapses of one dendrite do to each other

Measured on branches of `ca1` by `python -m kinaptic.analysis.experiments.neighbours_page docs`; how a
branch is integrated is in [dendrite.md](dendrite.md).

## Reach

One, ten or a hundred synapses, a micrometre apart, get 100 Hz for a second. In the table is the highest
concentration that comes from them to a silent synapse so far beyond the last of them, and, under *own*,
the highest at an active one, made by itself and its neighbours. *Dip* is how far the weight of the nearest
silent synapse falls meanwhile: 2-AG closes its calcium channels for some seconds.

{reach}

Nitric oxide of one synapse is its own affair, and of many it is everywhere; half of guanylyl cyclase needs
900 pM. 2-AG and BDNF reach a few micrometres, and more of them along the branch add little.

## Clusters

So many synapses get the same weak stimulus at the same time, {near:g} µm apart on one branch, or
{far:g} µm from the branch point on branches of their own. The table has their mean weight. Together within
a few micrometres they make enough protein for what each of them has tagged; far apart each is on its own.

{clusters}
"""


def reach(counts: tuple[int, ...] = ACTIVE) -> pd.DataFrame:
    """Return the highest concentrations at silent synapses beyond some active ones.

    Parameters
    ----------
    counts : tuple of int
        How many are active, a micrometre apart.

    Returns
    -------
    DataFrame
        A row for each count and messenger: ``own``, a column for each of `DISTANCES`, and ``dip``, the
        largest fall of the weight at the nearest silent synapse.
    """
    synapse, rows = Synapse.preset("ca1"), []
    for count in counts:
        active = [Site(f"a{i}", synapse, float(i)) for i in range(count)]
        silent = [Site(f"q{x}", synapse, float(count - 1 + x)) for x in DISTANCES]
        dendrite = Dendrite.of(*active, *silent)
        courses = dendrite.simulate({site.name: HFS for site in active}, until="20 min").courses
        for port, (name, own, factor) in MESSENGERS.items():
            made = np.array([courses[site.name][LINKS[port].source] for site in dendrite.sites])
            heard = np.max(dendrite.kernel(port) @ (made - made[:, :1]), axis=1)
            last = float(courses[f"a{count - 1}"][own].max())
            if own != "NO":  # what others bring is counted apart
                last += float(heard[count - 1])
            found: dict[str, object] = {"active": count, "messenger": name, "own": factor * last}
            found |= {f"{x} µm": factor * heard[count + i] for i, x in enumerate(DISTANCES)}
            dip = 1 - float(courses[silent[0].name]["weight"].min()) if port == "AG2_elsewhere" else np.nan
            rows.append({**found, "dip": dip})
    return pd.DataFrame(rows)


def clusters(counts: tuple[int, ...] = CLUSTERS) -> pd.DataFrame:
    """Return the mean weight of so many synapses with a weak stimulus, near each other and far apart.

    Returns
    -------
    DataFrame
        A row for each stimulus and number: the weight at one and four hours, near and far.
    """
    synapse, rows = Synapse.preset("ca1"), []
    for title, weak in TRAINS.items():
        for count in counts:
            near = [Site(f"s{i}", synapse, _NEAR * i) for i in range(count)]
            far = [Site(f"s{i}", synapse, _FAR, branch=i) for i in range(count)]
            row: dict[str, object] = {"stimulus": title, "synapses": count}
            for where, sites in (("near", near), ("far", far)):
                run = Dendrite.of(*sites).simulate({site.name: weak for site in sites}, until="250 min")
                row |= {f"{where}, {h} h": float(run.at(60 * h).mean()) for h in (1, 4)}
            rows.append(row)
    return pd.DataFrame(rows)


def page(reached: pd.DataFrame, clustered: pd.DataFrame) -> str:
    """Return the page of the two tables."""
    return _PAGE.format(reach=_table(reached, ".3g"), clusters=_table(clustered, ".2f"), near=_NEAR, far=_FAR)


def _table(table: pd.DataFrame, form: str) -> str:
    lines = [[str(name) for name in table], ["---"] * table.shape[1]]
    lines += [[_cell(value, form) for value in row] for row in table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object, form: str) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if np.isnan(value) else f"{value:{form}}"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "neighbours.md").write_text(page(reach(), clusters()), encoding="utf-8")
