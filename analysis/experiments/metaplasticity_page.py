"""What a history does to a synapse: ``python -m kinaptic.analysis.experiments.metaplasticity_page docs``.

It writes ``metaplasticity.md`` with its figures, in some minutes. Numbers, and sentences that have some, are
made of runs; what is written by hand says how they come about.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd
from scipy.stats import norm

from kinaptic.analysis import ablation, threshold_figure
from kinaptic.analysis.ablation import NAIVE, PRIMED
from kinaptic.analysis.drawing import COLOURS, STYLE
from kinaptic.analysis.experiments import metaplasticity_day, rows_metaplastic
from kinaptic.analysis.experiments.markdown import table, wrapped
from kinaptic.analysis.experiments.weighing import FOUR, HFS
from kinaptic.analysis.probes import FAMILIES, threshold_over_time, thresholds
from kinaptic.errors import KinapticError
from kinaptic.pathways.stimulation import gap, low_frequency, stdp
from kinaptic.sbml.dendrite import Dendrite
from kinaptic.sbml.figure import GREY, Picture
from kinaptic.sbml.simulate import clones, simulate
from kinaptic.sbml.synapse import Synapse
from kinaptic.sbml.wording import sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kinaptic.analysis.probes import Threshold
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.sbml.dendrite_run import DendriteRun
    from kinaptic.sbml.run import Run
    from kinaptic.units import Quantity

RATES = ("0.1 Hz", "0.2 Hz", *FAMILIES["rates"])  # slow ones besides, for where depression begins
FAR = "150 um"  # from the soma: there spikes of it are small, and the more so with all of Kv4.2
PRIMING, DARK, BUSY = rows_metaplastic.PRIMING, rows_metaplastic.DARK, rows_metaplastic.BUSY
SLIDING: Mapping[str, Protocol] = {"one train of 100 Hz": HFS, "20 trains of 6 pulses at 30 Hz": PRIMING}
# What came before the probes, and how long before (min).
HISTORIES: Mapping[str, tuple[Protocol | None, float]] = {
    NAIVE: (None, 0.0),
    "20 min after priming": (PRIMING, 20.0),
    "48 h without firing": (DARK, 0.0),
    "48 h of 2.5 × firing": (BUSY, 0.0),
}
MINUTES = (5, 10, 20, 30, 45, 60)
PLACES = tuple(f"{2 * i} um" for i in range(10))
HOURS = (1.0, 4.0)  # after the last train
GIVEN: Mapping[str, Protocol | None] = {"s3": FOUR, "s5": HFS}
SIZES = np.exp(0.9 * norm.ppf((np.arange(10) + 0.5) / 10))  # as in rows W20
CHOSEN = 4  # of the sizes: the spine that is stimulated in the day
_FELT = 0.002  # what counts as an effect of a part
_MOVED = 0.01  # of the larger: what counts as a change of a state


@dataclass(frozen=True)
class Case:
    """One stimulus on a synapse with a history, and on one without."""

    history: str
    test: Protocol
    told: str
    distance: str = ""

    @property
    def run(self) -> Run:
        """The history."""
        protocol, minutes = HISTORIES[self.history]
        return _run(protocol, minutes, **({"distance": self.distance} if self.distance else {}))


CASES = (
    Case("48 h without firing", low_frequency("10 Hz", 900), "900 pulses at 10 Hz"),
    Case("20 min after priming", low_frequency("20 Hz", 900), "900 pulses at 20 Hz"),
    Case("20 min after priming", stdp("0 ms", 60, rate="1 Hz"), "60 pairings at 0 ms, 150 µm out", FAR),
)


def _run(protocol: Protocol | None, minutes: float, **numbers: Quantity) -> Run:
    end = (0.0 if protocol is None else protocol.end) + 60 * minutes + 60
    return simulate(Synapse.preset("ca1", **numbers), protocol, until=f"{end!r} s", engine="ensemble")


# ---- The curve, and where it crosses
def curves(
    histories: Mapping[str, tuple[Protocol | None, float]], rates: Sequence[str]
) -> dict[str, tuple[float, Threshold]]:
    """Return, by history, the weight before the probes and the threshold."""
    synapses, weights = [], []
    for protocol, minutes in histories.values():
        run = None if protocol is None else _run(protocol, minutes)
        synapses += [Synapse.preset("ca1")] if run is None else clones(run, [minutes])
        weights.append(1.0 if run is None else run.at(minutes))
    found = thresholds(synapses, rates, progress=False)
    return dict(zip(histories, zip(weights, found, strict=True), strict=True))


def curve_table(found: Mapping[str, tuple[float, Threshold]]) -> str:
    """Return the thresholds in Markdown."""
    head = ("history", "weight before", "theta_M, Hz", "theta_M, µM", "LTD from, Hz", "slope", "ceiling")
    lines = []
    for name, (weight, each) in found.items():
        numbers = (each.theta_m_hz, each.theta_m_calcium, each.ltd_hz, each.slope, each.ceiling)
        texts = [_number(value, digits) for value, digits in zip(numbers, (1, 3, 1, 2, 2), strict=True)]
        lines.append((name, f"{weight:.2f}", *texts, each.reason))
    return table((*head, "why none"), lines)


def sliding(
    histories: Mapping[str, Protocol], minutes: Sequence[float], rates: Sequence[str]
) -> pd.DataFrame:
    """Return weight, theta_M (Hz and µM) and ceiling over minutes, by history and minutes."""
    parts = {}
    for name, protocol in histories.items():
        run = _run(protocol, minutes[-1])
        found = threshold_over_time(run, [f"{m} min" for m in minutes], rates, progress=False)
        found["weight"] = [run.at(m) for m in minutes]
        parts[name] = found[["weight", "theta_m_hz", "theta_m_calcium", "ceiling"]]
    return pd.concat(parts, names=["history"])


def sliding_table(found: pd.DataFrame) -> str:
    """Return that in Markdown."""
    places = found.index.to_frame(index=False)
    lines = [
        (name, f"{minutes:g}", f"{weight:.2f}", _number(hz, 1), _number(calcium, 3), f"{ceiling:.2f}")
        for name, minutes, weight, hz, calcium, ceiling in zip(
            places["history"], places["minutes"], found["weight"], found["theta_m_hz"],
            found["theta_m_calcium"], found["ceiling"], strict=True,
        )
    ]  # fmt: skip
    return table(("after", "min", "weight before", "theta_M, Hz", "theta_M, µM", "ceiling"), lines)


def sliding_figure(found: pd.DataFrame, naive: float) -> Figure:
    """Return theta_M over minutes; what a naive synapse has is dashed."""
    with mpl.rc_context(STYLE):
        made = Picture(figsize=(4.6, 2.8), dpi=160, layout="constrained")
        panel = made.subplots()
        panel.axhline(naive, color=GREY, lw=0.7, ls=(0, (4, 3)), label=f"{NAIVE}: {naive:.1f} Hz")
        for (name, each), colour in zip(found.groupby(level="history", sort=False), COLOURS, strict=False):
            course = each.droplevel("history")["theta_m_hz"]
            panel.plot(course.index, course, "o-", color=colour, ms=3, lw=1.1, label=name)
        panel.set_xlabel("time after the priming (min)")
        panel.set_ylabel("θ_M (Hz)")
        panel.set_xlim(left=0)
        panel.set_ylim(bottom=0)
        panel.legend()
    return made


# ---- The same stimulus after different histories
def case_text(case: Case) -> str:
    """Return what a stimulus does with and without a history, and which part makes the difference."""
    minutes = HISTORIES[case.history][1]
    run = case.run
    parts = _ablated(case, run, minutes)
    felt = [part for part in _felt(parts)["part"] if part not in (PRIMED, NAIVE)]
    primed = run.clone(f"{minutes} min")
    singles = dict.fromkeys(name for part in felt for name in ablation.states(primed, part))
    head = f"### {case.told[0].upper()}{case.told[1:]}: naive, and {case.history}"
    moved = table(("state", "at rest", "before the test", "what it is"), _states(run, minutes))
    tables = _effects("part", parts), _effects("state", _ablated(case, run, minutes, list(singles)))
    said = f"{verdict(parts, case.told)} {_composed(case, run, minutes)}".strip()
    return "\n\n".join((head, wrapped(said), *tables, moved))


def _composed(case: Case, run: Run, minutes: float) -> str:
    """Return in a sentence that a protocol of history and test gives what a clone gives; if they join."""
    protocol = HISTORIES[case.history][0]
    assert protocol is not None  # noqa: S101 - cases have a history
    if protocol.inputs != case.test.inputs:
        return ""
    pause = gap(f"{minutes} min") if minutes else None
    whole = (protocol if pause is None else protocol + pause) + case.test
    weights = []
    for synapse, given in ((run.synapse, whole), (run.clone(f"{minutes} min"), case.test)):
        done = simulate(synapse, given, until=f"{given.end + 1800!r} s", engine="ensemble")
        weights.append(done.at(30))
    history = "history + gap + test" if minutes else "history + test"
    return (
        f"As one protocol, `{history}`, the weight comes to {weights[0]:.4f} of the baseline, by the clone "
        f"to {weights[1]:.4f}."
    )


def _ablated(case: Case, run: Run, minutes: float, parts: Sequence[str] = ()) -> pd.DataFrame:
    found = run.ablate(f"{minutes} min", case.test, parts, progress=False)
    if (found["status"] != "ok").any():
        raise KinapticError(f"ablation of {case.told}: {found['status'].tolist()}")
    return found


def _felt(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["part"].isin([PRIMED, NAIVE]) | (found["effect"].abs() > _FELT)]


def _effects(kind: str, found: pd.DataFrame) -> str:
    """Return in Markdown what parts, or single states, do that were put back to rest."""
    felt = _felt(found)
    names = felt["part"].where(felt["part"].isin([PRIMED, NAIVE]), "`" + felt["part"] + "` as at rest")
    numbers = zip(names, felt["weight"], felt["effect"], strict=True)
    lines = [(name, f"{weight:.3f}", f"{effect:+.3f}") for name, weight, effect in numbers]
    return table((f"{kind} by {kind}", "weight", "effect"), lines)


def verdict(found: pd.DataFrame, told: str) -> str:
    """Return in a sentence which parts make a synapse with a history answer differently.

    Parameters
    ----------
    found : DataFrame
        As `kinaptic.analysis.ablation.ablate` returns it.
    told : str
        The test in words.
    """
    by_part = found.set_index("part")
    primed, naive = (float(by_part["weight"][each]) for each in (PRIMED, NAIVE))
    effects = by_part["effect"].drop([PRIMED, NAIVE])
    towards = effects[(effects * (naive - primed) > 0) & (effects.abs() > _FELT)]
    against = effects[(effects * (naive - primed) < 0) & (effects.abs() > _FELT)]
    text = f"Without a history {told} leave {naive:.2f} of the weight, with it {primed:.2f}. "
    if towards.empty:
        return text + "No single part does it."
    first, *others = towards.index
    without = by_part["weight"][first]
    text += f"It is `{first}` that does most of it: with that part alone as at rest they leave {without:.2f}"
    if others:
        text += f"; {_listed(others)} add{'s' if len(others) == 1 else ''} to it"
    if len(against):
        text += f"; {_listed(list(against.index))} work{'s' if len(against) == 1 else ''} against it"
    return text + "."


def _states(run: Run, minutes: float) -> list[tuple[str, ...]]:
    """Return the metaplastic states that a history has moved."""
    course = run.metaplasticity
    lines: list[tuple[str, ...]] = []
    for name, meaning in course.attrs["meaning"].items():
        before, after = float(course[name].iloc[0]), run.at(minutes, name)
        if abs(after - before) > _MOVED * max(abs(before), abs(after)):
            said = str(meaning).replace("uM", "µM")
            lines.append((f"`{name}`", f"{before:.3g}", f"{after:.3g}", said))
    return lines


# ---- A branch
def branch(
    places: Sequence[str], given: Mapping[str, Protocol | None], hours: float
) -> tuple[DendriteRun, DendriteRun]:
    """Return a branch of synapses coupled, and the same not coupled."""
    dendrite = Dendrite.branch(Synapse.preset("ca1"), places)
    minutes = max(p.end for p in given.values() if p is not None) / 60 + 60 * hours
    runs = [dendrite.simulate(given, until=f"{minutes!r} min", coupled=each) for each in (True, False)]
    return runs[0], runs[1]


def branch_table(both: tuple[DendriteRun, DendriteRun], hours: Sequence[float]) -> str:
    """Return the weights of both in Markdown."""
    columns = {
        f"{h:g} h, {name}": run.at(60 * h)
        for h in hours
        for name, run in zip(("together", "each alone"), both, strict=True)
    }
    lines = []
    for name, run in both[0].runs.items():
        given = "" if run.protocol is None else sentence(run.protocol).partition(";")[0]
        lines.append((name, given, *(f"{column[name]:.4f}" for column in columns.values())))
    return table(("site", "given", *columns), lines)


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "none"


_PAGE = """# What a history does to a synapse

Every number down to *What is assumed* is measured on runs of the preset `ca1`. Written by
`python -m kinaptic.analysis.experiments.metaplasticity_page docs`.

## How the threshold is measured

There is no variable theta_M in the model. A run is cloned (`Run.clone`): all concentrations and states at
one time become the beginning of new runs. Each of them gets 900 pulses at one rate (Dudek and Bear 1992).
Its weight half an hour after the last pulse is divided by that of a clone that was left alone for as long,
so that what the history itself is still doing does not count. theta_M is where this comes up through 1 at
the highest rate; between two probes a straight line is drawn over the logarithm of the rate. theta_M in µM
is the mean calcium of such a probe: rest, and what it brings spread over its length. *Slope* is the change
of the weight per factor of ten of the rate, at theta_M. *Ceiling* is the most that any probe leaves. *LTD
from* is the lowest rate that leaves 0.95. Probes are the standard family, 0.5 to 50 Hz, and here 0.1 and
0.2 Hz besides, for depression begins below it.

*Weight before* is what the history has made of the weight when the probes begin. Where priming has raised
it, places for receptors are taken and a probe can add less. So the shift after priming is occlusion to a
large part; how much of it, the tables below say. Scaling takes no places.

{curves}

![The weight that 900 pulses leave, by their rate](metaplasticity_curves.png)

Where theta_M moves in Hz and hardly in µM, a pulse brings more or less calcium than before, and what
calcium does is the same. More firing leaves less GluN2B and fewer receptors: theta_M comes at more pulses and
less calcium. Where the slope is small, theta_M says little. Priming is 20 trains of 6 pulses at 30 Hz, one
every 5 s. After silence and after more firing the cell fires as usual again from the first probe on.

## An hour of theta_M

The same after one train of 100 Hz and after that priming, from clones at some minutes after them.

{sliding}

![theta_M over an hour](metaplasticity_sliding.png)

## The same stimulus, opposite signs

`Run.ablate` puts one part of the synapse after another back to rest when the test begins; all others keep
their history. A part is a pathway, with the states that it declares; in the second table each single state
of the parts that have an effect is put back alone. *Effect* is what that changes of the weight half an hour
after the test; those of more than 0.002 are shown. Effects do not have to add up to the difference from a
naive synapse. The places of GluN2B in the density belong both to `camkii`, which binds there, and to
`nmdar_exchange`, which brings and takes them, so that both show an effect of the same molecules. In `ampar`
are the receptors and the places that take them, `slot` where they are free; in `nitric_oxide` is the mark
that nitric oxide leaves in the bouton. Below stand the states of `run.metaplasticity` that have moved by
more than 1 %.

{cases}

## A branch of ten synapses

Ten synapses 2 µm apart. s3 gets four trains of 100 Hz, s5 a single one at the same time as the first of
them, the others nothing. Each weight is relative to its own baseline, one and four hours after the last
train. In *together* they hear each other: newly made protein in the dendrite, nitric oxide, 2-AG and BDNF
around it. How that is computed stands in [dendrite.md](dendrite.md).

{branch}

![Weights of ten synapses over time, and where they sit](metaplasticity_branch.png)

{captured}

## A day and a night

Ten spines at equal steps of probability of a log-normal distribution, with a standard deviation of 0.9 of
the logarithm. 16 h awake with the usual firing, then 8 h asleep. One of them gets four trains of 100 Hz
after 8 h.

{day}

![Weights over a day, and what a night leaves by size](metaplasticity_day.png)

## What is assumed

- Sizes of homeostatic scaling (1.9 after two days of silence, 0.7 after two of excess) are recalled from
  Turrigiano 1998, not read; later work has 1.2 to 2. Receptors are scaled by one factor for the whole cell.
- How far GluN2B goes after days of silence (from a share of 0.25 to 0.38 of the current) and how fast (8 h)
  are assumed; the sign is that of dark rearing (Philpot 2001).
- Priming is remembered by what is there already: places for receptors, the mark of nitric oxide in the
  bouton, the size of the spine, and Kv4.2 where spikes of the soma are small. It raises the weight as well,
  and the shift of theta_M fades as the weight does. A lasting tone of phosphatases was tried and left out;
  see [decision 15](decisions/0015-metaplasticity.md).
- Downscaling in sleep is fitted to 18 % of the mean contact (deVivo 2017, abstract); that large spines are
  spared is put in, not found.
- Volume of the spine is a factor on its places, its conductances, the dilution of calcium and the resistance
  of its neck, not a volume that concentrations of proteins feel.

## What the model does not do

- *Sleep and what was learnt.* Sleep takes as much of a potentiated synapse as of a weak one of its size.
- *Silent priming.* 5 Hz that leaves no change of the weight and yet stops later late potentiation (Woo and
  Nguyen 2002) leaves no trace here.
- *Other channels.* SK and HCN channels are not there. Excitability is Kv4.2 alone.
- *Receptors outside the synapse.* NMDA receptors beside the density are a reserve that carries no current.
- *Depression of neighbours.* Receptors and spines of synapses that are not stimulated hardly move; the
  shrinkage of spines around a cluster of potentiated ones (Oh 2015) is not there. What many neighbours do to
  a silent bouton is in [neighbours.md](neighbours.md).
- *Firing does not follow.* How much the cell fires is given by the protocol. Scaling changes receptors, and
  they do not change the firing.
"""


def captured(both: tuple[DendriteRun, DendriteRun], hours: float) -> str:
    """Return in sentences what the synapses of a branch do for each other."""
    together, alone = (run.at(60 * hours) for run in both)
    silent = [name for name, run in both[0].runs.items() if run.protocol is None]
    apart = (both[0].weights - both[1].weights)[silent].abs()
    gain = {name: float(together[name] - alone[name]) for name in GIVEN}
    helped = max(gain, key=lambda name: gain[name])
    return wrapped(
        f"{hours:g} h after, the neighbours have changed the weight of `{helped}` by {gain[helped]:+.3f}, to "
        f"{together[helped]:.3f}. In those that are not stimulated the largest change at any time "
        f"is {apart.to_numpy().max():.4f}, and {apart.iloc[-1].max():.4f} at the end. It took "
        f"{both[0].rounds} rounds, the last of which changed no weight by more than {both[0].change:.0e}."
    )


def write(folder: Path) -> None:
    """Write ``metaplasticity.md`` and ``metaplasticity_*.png`` into a folder."""
    found = curves(HISTORIES, RATES)
    slid = sliding(SLIDING, MINUTES, RATES)
    both = branch(PLACES, GIVEN, HOURS[-1])
    days = metaplasticity_day.weights(SIZES.tolist(), CHOSEN)
    text = _PAGE.format(
        curves=curve_table(found),
        sliding=sliding_table(slid),
        cases="\n\n".join(case_text(case) for case in CASES),
        branch=branch_table(both, HOURS),
        captured=captured(both, HOURS[-1]),
        day=metaplasticity_day.table(days),
    )
    (folder / "metaplasticity.md").write_text(text, encoding="utf-8")
    pictures = {
        "curves": threshold_figure.figure({name: each for name, (_, each) in found.items()}),
        "sliding": sliding_figure(slid, found[NAIVE][1].theta_m_hz),
        "branch": both[0].plot(),
        "day": metaplasticity_day.figure(days),
    }
    for name, made in pictures.items():
        made.savefig(folder / f"metaplasticity_{name}.png")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
