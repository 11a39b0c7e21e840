"""SBML of the levels and versions that tools read. Conversion is strict: nothing is dropped."""

from __future__ import annotations

import libsbml

from kinaptic import files
from kinaptic.errors import ExportError
from kinaptic.sbml import document
from kinaptic.sbml.export import levels_l2
from kinaptic.sbml.export.formats import Job

_QUOTED = 3  # messages of libSBML in an error, at most


def l3v2(job: Job) -> None:
    """Write SBML Level 3 Version 2, as it is simulated."""
    files.write(job.path, job.model.sbml)


def l3v1(job: Job) -> None:
    """Write SBML Level 3 Version 1; creators are named in the older vCard that it asks for.

    Raises
    ------
    ExportError
        With libSBML's words, if something in the model cannot be said in it.
    """
    parsed = document.read(job.model.sbml)
    _convert(parsed, 3, 1)
    _name_creators(parsed.getModel())
    _write(job, parsed)


def l2v4(job: Job) -> None:
    """Write SBML Level 2 Version 4; `kinaptic.sbml.export.levels_l2` says what is put otherwise in it.

    Raises
    ------
    ExportError
        With libSBML's words, if something in the model cannot be said in it.
    """
    parsed = document.read(job.model.sbml)
    levels_l2.prepare(parsed.getModel())
    _convert(parsed, 2, 4)
    _write(job, parsed)


def _convert(parsed: libsbml.SBMLDocument, level: int, version: int) -> None:
    """Convert a document in place, or refuse with what stands in the way."""
    if not parsed.setLevelAndVersion(level, version, True):
        errors = [parsed.getError(i) for i in range(parsed.getNumErrors())]
        said = [each.getMessage() for each in errors if each.getSeverity() >= libsbml.LIBSBML_SEV_ERROR]
        raise _refused(parsed.getModel().getName(), level, version, said)


def _write(job: Job, parsed: libsbml.SBMLDocument) -> None:
    """Write a converted document, unless libSBML finds something in it that it does not find in the model."""
    text = document.write(parsed)
    said = document.problems(text)
    if said:
        before = {_kind(each) for each in document.problems(job.model.sbml)}
        said = [each for each in said if _kind(each) not in before]
    if said:
        raise _refused(job.model.name, parsed.getLevel(), parsed.getVersion(), said)
    files.write(job.path, text)


def _kind(problem: str) -> str:
    """Return libSBML's number of a problem, as `kinaptic.sbml.document.problems` writes it."""
    return problem.split()[1]


def _refused(name: str, level: int, version: int, said: list[str]) -> ExportError:
    quoted = "; ".join(" ".join(each.split()) for each in said[:_QUOTED])
    more = f" (and {len(said) - _QUOTED} more)" if len(said) > _QUOTED else ""
    return ExportError(
        f"{name} cannot be written as SBML Level {level} Version {version}: {quoted}{more}. Nothing was "
        "written; export it as 'sbml', which is Level 3 Version 2"
    )


def _name_creators(model: libsbml.Model) -> None:
    """Name creators as vCard 3 does, by given and family name; Level 3 Version 2 has vCard 4."""
    if not model.isSetModelHistory():
        return
    history = model.getModelHistory().clone()
    for i in range(history.getNumCreators()):
        creator = history.getCreator(i)
        if creator.usingSingleName():
            given, _, family = creator.getName().partition(" ")
            creator.setUseSingleName(False)
            creator.setGivenName(given)
            creator.setFamilyName(family)
    model.setModelHistory(history)
