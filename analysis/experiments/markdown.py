"""Tables and paragraphs of the pages in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence


def wrapped(text: str) -> str:
    """Return a paragraph in lines."""
    return textwrap.fill(text, 110)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    return "\n".join(f"| {' | '.join(each)} |" for each in (head, ["---"] * len(head), *rows))
