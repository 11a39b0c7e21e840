"""The publications behind the numbers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from kinaptic.errors import ProvenanceError, UnknownName
from kinaptic.pathways.extensions import bibliographies
from kinaptic.pathways.parameters import BIBLIOGRAPHY

if TYPE_CHECKING:
    from pybtex.database import BibliographyData, Entry


@functools.cache
def bibliography() -> BibliographyData:
    """Return ``references.bib``, parsed, with those beside pathways of other packages.

    Raises
    ------
    ProvenanceError
        If two of them mean different publications by one key.
    """
    from pybtex.database import parse_file

    everything: BibliographyData = parse_file(str(BIBLIOGRAPHY))
    owners = dict.fromkeys(everything.entries, BIBLIOGRAPHY)
    for path in bibliographies():
        for key, entry in parse_file(str(path)).entries.items():
            if key not in owners:
                everything.entries[key] = entry
            elif _title(everything.entries[key]) != _title(entry):
                raise ProvenanceError(
                    f"{key} is one publication in {owners[key]} and another in {path}; rename the latter"
                )
            owners.setdefault(key, path)
    return everything


def _title(entry: Entry) -> str:
    """Return a title without what differs between copies of an entry: capitals, braces, stops."""
    return "".join(filter(str.isalnum, entry.fields.get("title", ""))).lower()


def doi(key: str) -> str:
    """Return the DOI of a reference, or an empty text where none is known."""
    entry = bibliography().entries.get(key)
    return str(entry.fields.get("doi", "")) if entry is not None else ""


def formatted(key: str) -> str:
    """Return one reference as a line: authors, year, title, journal, doi.

    Raises
    ------
    UnknownName
        If the bibliography has no such key.
    """
    from pybtex.richtext import Text

    try:
        entry = bibliography().entries[key]
    except KeyError:
        raise UnknownName("BibTeX key", key, bibliography().entries) from None

    def plain(field: str) -> str:
        return str(Text.from_latex(entry.fields.get(field, "")))

    people = [str(Text.from_latex(" ".join(p.last_names))) for p in entry.persons["author"]]
    authors = f"{people[0]} et al." if len(people) > 2 else " and ".join(people)
    where = f"{plain('journal') or plain('note')} {plain('volume')}".strip()
    doi = entry.fields.get("doi", "")
    return f"[{key}] {authors} ({plain('year')}) {plain('title')}. {where}.{f' doi:{doi}' if doi else ''}"
