"""Reading models of others: what is not understood for certain is refused, with the line and the remedy.

The file is looked at here as bytes (`textfile`) and without recursion (`outline`). What may crash, libSBML
and roadrunner, does its part in a process of its own (`examine`).
"""

from __future__ import annotations

from pathlib import Path

from kinaptic.errors import ForeignModelError, SimulationFailed, TimeLimit
from kinaptic.sbml.foreign import outline, textfile, worker
from kinaptic.sbml.foreign.contents import Document, Symbol

__all__ = ["Document", "Symbol", "read"]

LONGEST = 300.0  # s; our largest model, of a thousand ids, takes ten
_MOST_FILES = 100


def read(path: str | Path) -> Document:
    """Read an SBML document and find out whether it can be run.

    Parameters
    ----------
    path : str or Path
        File in SBML, any Level; submodels (package comp) are put together, with ids
        ``submodel__id``.

    Raises
    ------
    ForeignModelError
        If it cannot be read or run as it stands.
    """
    file = Path(path)
    text = textfile.read(file)
    found = outline.outline(text, str(path))
    _refuse_packages(found, str(path))
    _look_at_sources(file, found)
    place = str(file.absolute())
    try:
        return worker.call(
            _examined, text, str(path), file.stem, place, "comp" in found.required, time_limit=LONGEST
        )
    except TimeLimit:
        raise ForeignModelError(
            f"{path}: libSBML and libRoadRunner were not done with it after {LONGEST:g} s; are there long "
            "chains of rules or functions in it, or a piecewise of hundreds of pieces?"
        ) from None
    except SimulationFailed as why:
        raise ForeignModelError(f"{path}: {why}") from None


def _examined(text: str, where: str, name: str, place: str, composed: bool) -> Document:
    from kinaptic.sbml.foreign import examine  # imports libSBML and roadrunner, in the worker only

    return examine.examined(text, where, name, place, composed)


def _refuse_packages(found: outline.Outline, where: str) -> None:
    """Refuse a document whose maths is changed by a package, unless by the one for submodels."""
    for package, required in found.required.items():
        if required and package != "comp":
            raise ForeignModelError(
                f"{where} needs the SBML package {package!r} to be understood, which is not run; export it "
                "as a plain model, without"
            )


def _look_at_sources(file: Path, found: outline.Outline) -> None:
    """Look at the files of submodels, and at those that these name in turn, as at the document itself."""
    seen = {file.absolute()}
    waiting = [(file, source) for source in found.sources]
    while waiting:
        owner, source = waiting.pop()
        if ":" in source or Path(source).is_absolute():
            raise ForeignModelError(
                f"{owner} takes a submodel from {source!r}; only files beside it are read: put it there"
            )
        path = owner.parent / source
        if path.absolute() in seen:
            continue
        seen.add(path.absolute())
        if len(seen) > _MOST_FILES:
            raise ForeignModelError(f"{file} takes submodels from more than {_MOST_FILES} files")
        further = outline.outline(textfile.read(path), str(path))
        _refuse_packages(further, str(path))
        waiting += [(path, each) for each in further.sources]
