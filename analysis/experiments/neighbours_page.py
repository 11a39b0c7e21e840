"""What synapses of one dendrite do to each other.

``python -m kinaptic.analysis.experiments.neighbours_page docs`` writes ``neighbours.md``: how far
messengers reach, from one synapse and from many, what becomes of weak stimuli that are near each other or
far apart, and of a silent synapse among active ones.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinaptic.analysis.experiments.markdown import table
from kinaptic.analysis.experiments.weighing import FOUR, HFS
from kinaptic.pathways.stimulation import tetanus
from kinaptic.sbml.dendrite import LINKS, Dendrite, Site
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.sbml.dendrite_run import DendriteRun

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
PRESETS = ("ca1", "l5", "l23", "striatum")
AMONG = {"one train of 100 Hz": HFS, "four trains of 100 Hz, 5 min apart": FOUR}
_ROW, _FIFTH = 10, "s5"  # synapses a micrometre apart; the silent one
_NOWHERE = "0.001 um"  # a reach that is none
CUT = {"2-AG": "AG2_reach", "BDNF": "BDNF_reach"}
_NEAR, _FAR = 2.0, 60.0  # µm apart on a branch; from the branch point, each on a branch of its own
_PAGE = """\
# What synapses of one dendrite do to each other

Measured on branches, of `ca1` if nothing else is said, by
`python -m kinaptic.analysis.experiments.neighbours_page docs`; how a branch is integrated is in
[dendrite.md](dendrite.md).

## Reach

One, ten or a hundred synapses, a micrometre apart, get 100 Hz for a second. In the table is the highest
concentration that comes from them to a silent synapse so far beyond the last of them, and, under *own*,
the highest at an active one, made by itself and its neighbours. *Dip* is how far the weight of the nearest
silent synapse falls meanwhile: 2-AG closes its calcium channels for some seconds.

{reach}

Nitric oxide of one synapse is its own affair; of many it reaches tens of micrometres, but half of guanylyl
cyclase needs 900 pM, so that even a hundred do little to a silent one. 2-AG and BDNF reach a few micrometres,
and more than ten along the branch add little.

## Clusters

So many synapses get the same weak stimulus at the same time, {near:g} µm apart on one branch, or
{far:g} µm from the branch point on branches of their own. The table has their mean weight. Of single trains
eight near each other make enough protein for what each of them has tagged, of pairs of trains two; far apart
each is on its own.

{clusters}

## A silent synapse among active ones

Ten synapses of each preset, a micrometre apart; all but the fifth get the stimulus. The table has the
weight of the fifth, which is silent: how far it dips, what is left after the last train, and what would be
left after an hour if 2-AG, or BDNF, did not reach it. Alone it would stay at 1.

{silent}

2-AG of neighbours closes calcium channels of the silent bouton for a while, least in `l5`; BDNF of many
strongly active neighbours raises its release for hours in `ca1` and `striatum`. In the striatum strong 2-AG
leaves potentiation as well, as short strong endocannabinoid signals do there (Cui2016). All of it is
presynaptic: receptors and the size of the spine stay as they are.
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


def silent(presets: tuple[str, ...] = PRESETS) -> pd.DataFrame:
    """Return the weight of a silent synapse among active ones.

    Returns
    -------
    DataFrame
        A row for each preset and stimulus: ``dip``, the largest fall of the weight; the weight some time
        after the stimulus; and that after an hour if one messenger did not reach it.
    """
    rows = []
    for preset in presets:
        for title, stimulus in AMONG.items():
            run = _silent(preset, stimulus, 4.0)
            row: dict[str, object] = {"preset": preset, "the others get": title}
            row["dip"] = 1 - float(run.runs[_FIFTH].weight.min())
            row |= {said: float(run.at(m)[_FIFTH]) for said, m in (("10 min", 10), ("1 h", 60), ("4 h", 240))}
            for messenger, reach in CUT.items():
                without = _silent(preset, stimulus, 1.0, **{reach: _NOWHERE})
                row[f"1 h, without {messenger}"] = float(without.at(60)[_FIFTH])
            rows.append(row)
    return pd.DataFrame(rows)


def _silent(preset: str, stimulus: Protocol, hours: float, **spread: str) -> DendriteRun:
    """Run a row of synapses, all but one of which are stimulated."""
    row = Dendrite.branch(Synapse.preset(preset), [f"{i} um" for i in range(_ROW)], **spread)
    given = {site.name: stimulus for site in row.sites if site.name != _FIFTH}
    return row.simulate(given, until=f"{stimulus.end / 60 + 60 * hours!r} min")


def page(reached: pd.DataFrame, clustered: pd.DataFrame, quiet: pd.DataFrame) -> str:
    """Return the page of the three tables."""
    tables = {
        "reach": _table(reached, ".3g"),
        "clusters": _table(clustered, ".2f"),
        "silent": _table(quiet, ".3f"),
    }
    return _PAGE.format(**tables, near=_NEAR, far=_FAR)


def _table(found: pd.DataFrame, form: str) -> str:
    rows = [[_cell(value, form) for value in row] for row in found.itertuples(index=False)]
    return table([str(name) for name in found], rows)


def _cell(value: object, form: str) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if np.isnan(value) else f"{value:{form}}"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "neighbours.md").write_text(page(reach(), clusters(), silent()), encoding="utf-8")
