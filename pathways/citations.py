"""The publications behind the numbers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from kinaptic.errors import UnknownName
from kinaptic.pathways.parameters import BIBLIOGRAPHY

if TYPE_CHECKING:
    from pybtex.database import BibliographyData


@functools.cache
def bibliography() -> BibliographyData:
    """Return ``references.bib``, parsed."""
    from pybtex.database import parse_file

    return parse_file(str(BIBLIOGRAPHY))


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
