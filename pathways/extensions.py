"""Pathways of other packages, found by the entry point group ``kinaptic.pathways``.

A package adds a pathway by a line such as ``arachidonic_acid = "package.module:PATHWAY"`` in that
group. Its three files stand side by side as they do here, and a ``references.bib`` beside them
adds the publications that its numbers rest on.
"""

from __future__ import annotations

import functools
import importlib.util
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from kinaptic.errors import ModelError

GROUP = "kinaptic.pathways"


@functools.cache
def added() -> tuple[EntryPoint, ...]:
    """Return what installed packages add, by name."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda each: (each.name, owner(each))))


def owner(entry: EntryPoint) -> str:
    """Return the package that an entry point belongs to."""
    return entry.dist.name if entry.dist is not None else entry.module


def loaded(entry: EntryPoint) -> Any:
    """Return what an entry point names; raise `ModelError` with the package if that fails."""
    try:
        return entry.load()
    except Exception as why:  # whatever another package's module raises at import
        raise _broken(entry, why) from why


def bibliographies() -> tuple[Path, ...]:
    """Return each ``references.bib`` beside an added pathway."""
    folders = dict.fromkeys(_folder(entry) for entry in added())
    return tuple(path for folder in folders if (path := folder / "references.bib").is_file())


def _folder(entry: EntryPoint) -> Path:
    """Return where a pathway's files are, without importing it: its numbers are not yet readable."""
    try:
        found = importlib.util.find_spec(entry.module)
    except ImportError as why:
        raise _broken(entry, why) from why
    if found is None or found.origin is None:
        raise _broken(entry, f"there is no module {entry.module}")
    return Path(found.origin).parent


def _broken(entry: EntryPoint, why: object) -> ModelError:
    return ModelError(
        f"package {owner(entry)} adds pathway {entry.name} from {entry.value}, which cannot be loaded "
        f"({why}); mend the package or uninstall it"
    )
