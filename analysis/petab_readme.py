"""What a PEtab problem holds, in words, and how the numbers in use fare in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kinaptic.analysis.petab_measured import Measured, left_out
from kinaptic.pathways.citations import formatted
from kinaptic.pathways.presets import preset
from kinaptic.sbml.simulate import simulate
from kinaptic.version import __version__

if TYPE_CHECKING:
    from kinaptic.analysis.petab_study import Experiment, Study

_FILES = """\
- `problem.yaml` lists the others. PEtab 2.0.0.
- `model.xml`: SBML Level 3 Version 2. It has a place (`stim_1_…`, `stim_2_…`) for each shape of stimulus;
  those that an experiment does not have are silent, with 0 bursts, trains or spikes.
- `experiments.tsv`, `conditions.tsv`: before time 0 the clock of the protocol stands still (`clock_speed`)
  and the synapse comes to rest, so that the baseline follows the numbers that are tried. At time 0 the
  clock starts, and the weight is from there on relative to that rest; the protocol begins 10 s later.
- `measurements.tsv`, `observables.tsv`: response after over before, with its standard error (SEM) as
  normal noise.
- `parameters.tsv`: the calibrated numbers, which a fit may change within their ranges, on a logarithmic
  scale where the range is above 0. All others are fixed in the model; their notes tell the sources. PEtab
  does not let conditions set what is in this table: a number that they do set is here as `…_searched`,
  and they follow it.

Coming to rest takes up to two days of model time. A tool that stops at a loose tolerance of the steady
state has another baseline: with AMICI's usual one weights were off by 0.01 once numbers were changed, with
1e-13 (relative) and 1e-17 (absolute) not any more.

Units: s, fL, zmol; concentrations are in µM."""
_RANGES = """\
- Experiments of which a range is known, but no mean with its error: PEtab has no words for them.
  `kinaptic validate` holds the model against them."""
_KEYS = re.compile(r"\b[A-Z][A-Za-z]+\d{4}[a-z]?\b")  # of the bibliography, in a source


def readme(study: Study, measured: Sequence[Measured]) -> str:
    """Return the text of ``README.md``.

    Parameters
    ----------
    study : Study
        Model and experiments.
    measured : sequence of Measured
        What was measured; each is simulated, by the ensemble engine.

    Raises
    ------
    SimulationFailed
        If a run does not end well.
    """
    name = study.synapse.name
    asked = [e for e in study.experiments if e.name not in {m.name for m in measured}]
    parts = [
        f"# {name}: published weights to fit",
        f"{preset(name).title}. Written by Kinaptic {__version__} as a PEtab problem.",
        "## Files",
        _FILES,
        "## The synapse",
        _synapse(study, asked),
        "## Measurements",
        _measurements(study, measured),
        "## Left out",
        _left_out(study),
        "## Papers",
        _papers(measured),
    ]
    return "\n\n".join(parts) + "\n"


def _synapse(study: Study, asked: Sequence[Experiment]) -> str:
    origin = study.model.origin
    history = () if origin is None else origin.history
    lines = (
        ["Done to it, in order:", "", *(f"1. {each}" for each in history)]
        if history
        else ["As the preset is."]
    )
    if history:
        lines += ["", "What it is held against was measured on the synapse of the preset, without all that."]
    first = study.experiments[0]
    lines += ["", f"As it stands, `model.xml` runs the protocol of `{first.name}`: {first.protocol}."]
    lines += [f"Nothing was measured after `{each.name}`; it does not count in a fit." for each in asked]
    return "\n".join(lines)


def _measurements(study: Study, measured: Sequence[Measured]) -> str:
    weights = [_weight(study, each) for each in measured]
    misses = [(weight - each.mean) / each.sem for weight, each in zip(weights, measured, strict=True)]
    sources = [f"- {count} of {source}" for source, count in Counter(m.source for m in measured).items()]
    heads = ("experiment", "protocol", "under", "min after", "n", "measured", "SEM", "model", "miss / SEM")
    rows = [heads, ("---",) * len(heads)]
    for each, weight, miss in zip(measured, weights, misses, strict=True):
        under, n = ", ".join(map(str, each.under)), "" if each.n is None else str(each.n)
        numbers = (f"{each.mean:g}", f"{each.sem:g}", f"{weight:.4f}", f"{miss:+.2f}")
        rows.append((each.name, str(each.protocol), under, f"{each.minutes:g}", n, *numbers))
    table = [f"| {' | '.join(row)} |" for row in rows]
    score = (
        f"Sum of squares of the last column, with the numbers as they are: {sum(m**2 for m in misses):.1f}."
    )
    return "\n".join([f"{len(measured)} in all:", "", *sources, "", *table, "", score])


def _weight(study: Study, each: Measured) -> float:
    """Return the weight of the model at the time of a measurement."""
    synapse = study.synapse.with_(*each.under)
    times = [0.0, each.time]
    run = simulate(synapse, each.protocol, until=f"{each.time!r} s", samples=times, engine="ensemble")
    return float(run.weight.iloc[-1])


def _left_out(study: Study) -> str:
    """Return what a reader might look for, and why it is not there."""
    lines = [f"- {paper}: {why}." for paper, why in left_out(study.synapse.name).items()]
    by_hand = [f"`{each}`" for each in study.calibrated if each not in study.searched]
    if by_hand:
        lines.append(f"- Of the calibrated numbers {', '.join(by_hand)}: set by hand, and kept so.")
    return "\n".join([*lines, _RANGES])


def _papers(measured: Sequence[Measured]) -> str:
    keys = dict.fromkeys(key for each in measured for key in _KEYS.findall(each.source))
    return "\n".join(f"- {formatted(key)}" for key in keys)
