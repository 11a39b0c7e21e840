"""The model as Antimony, to read and to edit: libAntimony's own text, under a header of comments."""

from __future__ import annotations

from kinaptic import files
from kinaptic.errors import ExportError, ModelError
from kinaptic.sbml import document
from kinaptic.sbml.export.formats import Job
from kinaptic.sbml.origin import CREATOR, LICENCE, Origin
from kinaptic.version import __version__

_KEPT = (
    "Units: s, fL, zmol; concentrations are in uM.",
    "Antimony keeps ids, values, units, names, notes, SBO terms, identifiers, papers and flags of events.",
    "It loses metaids, the creator's name and the annotation that programs read; these lines tell of them.",
)


def write(job: Job) -> None:
    """Write the model as Antimony text.

    Raises
    ------
    ExportError
        If Antimony cannot say the model, or would not read back what it says.
    """
    sbml = job.model.sbml
    try:
        text = f"{_header(job)}\n{document.to_antimony(sbml)}"
        lost = _ids(sbml) ^ _ids(document.to_sbml(text))
    except ModelError as why:
        raise _refused(job, str(why)) from None
    if lost:
        raise _refused(job, f"it comes back without, or with another, {', '.join(sorted(lost)[:5])}")
    files.write(job.path, text)


def _header(job: Job) -> str:
    """Return what the model was made of, as comments, a line each."""
    origin = Origin(job.synapse, job.protocol)
    lines = [
        f"{job.synapse.name}, written by Kinaptic {__version__} ({CREATOR}). Licence: {LICENCE}.",
        f"Pathways: {', '.join(job.synapse.pathways)}.",
        *([f"Knocked out: {', '.join(job.synapse.absent)}."] if job.synapse.absent else []),
        f"Done to it, in order: {'; '.join(origin.history) or 'nothing'}.",
        f"Protocol: {origin.protocol_text}.",
        *_KEPT,
    ]
    return "".join(f"// {' '.join(line.split())}\n" for line in lines)


def _ids(sbml: str) -> set[str]:
    """Return the ids of compartments, species, numbers, reactions and events of an SBML text."""
    parsed = document.read(sbml)
    model = parsed.getModel()
    kinds = (
        model.getListOfCompartments(),
        model.getListOfSpecies(),
        model.getListOfParameters(),
        model.getListOfReactions(),
        model.getListOfEvents(),
    )
    return {each.getId() for kind in kinds for each in kind}


def _refused(job: Job, why: str) -> ExportError:
    return ExportError(
        f"{job.synapse.name} cannot be written as Antimony: {why}. Nothing was written; export it as 'sbml'"
    )
