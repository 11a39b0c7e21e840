"""What one reads first in an archive: what it holds, what was done, how to run it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kinaptic.pathways.presets import presets
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml.export import sedml
from kinaptic.sbml.origin import LICENCE, Origin
from kinaptic.version import __version__

if TYPE_CHECKING:
    from kinaptic.sbml.model import Model

_UNITS = (
    "It starts from its baseline. Time is in seconds, volume in fL, substance in zmol; concentrations are in "
    "uM (zmol/fL)."
)
_SAMPLES = (
    "A calcium transient lasts some tens of milliseconds: where samples are further apart, a plot shows "
    "moments of it, not its peaks. Samples keep off the spikes of regular trains: at the very time of a "
    "spike tools differ by which comes first."
)
_UNUSED = (
    "Numbers that nothing in the model refers to, such as totals that only set the state before the "
    "baseline, are in `parameters.csv` but not in `model.xml`."
)
_HOW = f"""\
## To run it

- **tellurium**: `tellurium.executeCombineArchive("this.omex", saveOutputs=True, outputDir=".")` runs every
  document, draws the plots and writes the reports as CSV. At spikes SUNDIALS may warn that `t + h = t`; it
  goes on, and the numbers are right.
- **COPASI**: open it as a COMBINE archive, or `basico.load_model("this.omex")`. COPASI takes
  `{sedml.MASTER}`, and LSODA in place of CVODE.
- **BioSimulators**: run it by any simulator of SBML that has CVODE; `{sedml.MASTER}` is the master.

Keep the relative tolerance at 1e-6 or below: at looser ones spikes that follow one another closely are lost.
"""


def text(model: Model, origin: Origin, courses: Sequence[sedml.Course]) -> str:
    """Return the text as Markdown.

    Parameters
    ----------
    model : Model
        What the archive holds.
    origin : Origin
        What the model was made of.
    courses : sequence of Course
        Its SED-ML documents.
    """
    synapse = origin.synapse
    title = presets()[synapse.name].title if synapse.name in presets() else "A synapse"
    parts = [
        f"# {synapse.name}: {origin.protocol_text}",
        f"{title}: a model of the biochemistry of synaptic plasticity, written by Kinaptic {__version__} as "
        f"a COMBINE archive. Licence: {LICENCE}.",
        "## The model",
        f"Pathways: {', '.join(synapse.pathways)}.",
        _history(origin.history),
        _protocol(origin),
        _UNITS,
        "## What is in the archive",
        _files(model, courses),
        _SAMPLES,
        _UNUSED,
        _held(model),
        _HOW,
    ]
    return "\n\n".join(filter(None, parts))


def _history(history: Sequence[str]) -> str:
    if not history:
        return "Nothing was done to it."
    steps = (f"{number}. {each}" for number, each in enumerate(history, start=1))
    return "\n".join(["Done to it, in order:", "", *steps])


def _protocol(origin: Origin) -> str:
    begins = f" It begins {LEAD:g} s into the run." if origin.protocol is not None else ""
    return f"Protocol: {origin.protocol_text}.{begins}"


def _files(model: Model, courses: Sequence[sedml.Course]) -> str:
    rows = [
        (sedml.MODEL, "the model with the protocol in it, SBML Level 3 Version 2"),
        *((each.file, f"SED-ML Level 1 Version 4: {_course(each)}") for each in courses),
        ("parameters.csv", f"{len(model.parameters)} numbers: value, unit, formula, source, note, key, DOI"),
        ("references.bib", f"the {len(model.sources)} publications behind them"),
        ("metadata.rdf", "title, description, licence and publications, for programs"),
        ("manifest.xml", "the format of each file"),
    ]
    return "\n".join(["| file | |", "|---|---|", *(f"| `{name}` | {what} |" for name, what in rows)])


def _course(each: sedml.Course) -> str:
    apart = (each.end - each.start) / each.steps
    return f"{each.meaning}, {each.start:g} to {each.end:g} s, a sample every {apart:.3g} s"


def _held(model: Model) -> str:
    """Name the readouts that no report can have."""
    there = sedml.targets(model)
    held = [
        f"{name} = {model.values[name]:g} {model.source.units[name]}"
        for name in model.readouts
        if name not in there
    ]
    return f"Held, and used by nothing in the model, so not in it: {', '.join(held)}." if held else ""
