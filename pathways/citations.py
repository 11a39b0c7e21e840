"""The publications behind the numbers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from kinaptic.pathways.parameters import BIBLIOGRAPHY

if TYPE_CHECKING:
    from pybtex.database import BibliographyData


@functools.cache
def bibliography() -> BibliographyData:
    """Return ``references.bib``, parsed."""
    from pybtex.database import parse_file

    return parse_file(str(BIBLIOGRAPHY))


def formatted(key: str) -> str:
    """Return one reference as a line: authors, year, title, journal, doi."""
    from pybtex.richtext import Text

    entry = bibliography().entries[key]
    people = [str(Text.from_latex(" ".join(p.last_names))) for p in entry.persons["author"]]
    authors = f"{people[0]} et al." if len(people) > 2 else " and ".join(people)
    title = Text.from_latex(entry.fields["title"])
    doi = entry.fields.get("doi", "")
    journal = entry.fields.get("journal", entry.fields.get("note", ""))
    where = f"{journal} {entry.fields.get('volume', '')}".strip()
    return f"[{key}] {authors} ({entry.fields['year']}) {title}. {where}.{f' doi:{doi}' if doi else ''}"
