r"""A document with formulas, as Markdown or as LaTeX.

GitHub renders Markdown first and formulas after it, Jupyter the other way round. Both agree on formulas
that have no backslash before a punctuation mark (no ``\\``, ``\,``, ``\_``), underscores only after a
letter or a digit, no ``*`` and ``<``, and no line that begins like a list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, and its share of the page."""

    title: str
    share: float


class Markup(Protocol):
    """What a document is made of. Texts that it takes are ready: `plain`, `code` and `math` make them."""

    newline: str  # between rows of a formula

    def whole(self, title: str, parts: Iterable[str]) -> str:
        """Return a document."""

    def plain(self, text: str) -> str:
        """Return a text in which nothing is markup."""

    def code(self, name: str) -> str:
        """Return an id as it stands in the file."""

    def math(self, formula: str) -> str:
        """Return a formula within a line."""

    def heading(self, level: int, text: str) -> str:
        """Return a heading, of level 1 to 3."""

    def paragraph(self, text: str) -> str:
        """Return a paragraph."""

    def items(self, texts: Iterable[str]) -> str:
        """Return a list."""

    def equation(self, left: str, sign: str, lines: Sequence[str]) -> str:
        """Return a formula on lines of its own."""

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
        """Return a table."""


def _row(left: str, sign: str, lines: Sequence[str]) -> str:
    return " ".join(filter(None, (left, sign, *lines)))


def _aligned(left: str, sign: str, lines: Sequence[str], newline: str) -> str:
    first, *rest = lines
    left = f"{{}}{left}" if left.startswith("[") else left  # or it would be an option of the environment
    rows = [f"{left} &{sign} {first}", *(rf"&\quad {{}} {line}" for line in rest)]
    return "\n".join([r"\begin{aligned}", f" {newline}\n".join(rows), r"\end{aligned}"])


class Markdown:
    """Markdown, for GitHub and Jupyter."""

    newline = r"\cr"

    def whole(self, title: str, parts: Iterable[str]) -> str:
        """Return a document."""
        return "\n\n".join([f"# {title}", *parts]) + "\n"

    def plain(self, text: str) -> str:
        """Return a text in which nothing is markup."""
        text = re.sub(r"([\\`*<>|$~])", r"\\\1", text)
        return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)

    def code(self, name: str) -> str:
        """Return an id as it stands in the file."""
        return f"`{name}`"

    def math(self, formula: str) -> str:
        """Return a formula within a line."""
        return f"${formula}$"

    def heading(self, level: int, text: str) -> str:
        """Return a heading, of level 1 to 3."""
        return f"{'#' * (level + 1)} {text}"

    def paragraph(self, text: str) -> str:
        """Return a paragraph."""
        return text

    def items(self, texts: Iterable[str]) -> str:
        """Return a list."""
        return "\n".join(f"- {text}" for text in texts)

    def equation(self, left: str, sign: str, lines: Sequence[str]) -> str:
        """Return a formula on lines of its own."""
        if len(lines) == 1:
            return f"$${_row(left, sign, lines)}$$"
        return f"$$\n{_aligned(left, sign, lines, self.newline)}\n$$"

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
        """Return a table."""
        lines = [[column.title for column in columns], ["---"] * len(columns), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": r"\ensuremath{-}",
    "→": r"\ensuremath{\rightarrow}",
    "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}",
    "Ω": r"\ensuremath{\Omega}",
    "Δ": r"\ensuremath{\Delta}",
} | {character: rf"\{character}" for character in "_%&#${}"}
_PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp}
\usepackage{amsmath}
\usepackage{array}
\usepackage[a4paper, margin=2cm]{geometry}
\usepackage{longtable}
\providecommand{\lt}{<}
\providecommand{\gt}{>}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\setlength{\tabcolsep}{3pt}
\allowdisplaybreaks
\sloppy
\author{}
\date{}"""


class Latex:
    """LaTeX, for pdflatex with what every installation has."""

    newline = r"\\{}"  # the braces keep a following bracket from being an argument

    def whole(self, title: str, parts: Iterable[str]) -> str:
        """Return a document."""
        opening = f"{_PREAMBLE}\n\\title{{{title}}}\n\\begin{{document}}\n\\maketitle"
        return "\n\n".join([opening, *parts, r"\end{document}"]) + "\n"

    def plain(self, text: str) -> str:
        """Return a text in which nothing is markup."""
        return "".join(_SPECIAL.get(character) or _greek(character) for character in text)

    def code(self, name: str) -> str:
        """Return an id as it stands in the file; a line may end after an underscore."""
        return rf"\texttt{{{self.plain(name)}}}".replace(r"\_", r"\_\allowbreak{}")

    def math(self, formula: str) -> str:
        """Return a formula within a line."""
        return f"${formula}$"

    def heading(self, level: int, text: str) -> str:
        """Return a heading, of level 1 to 3."""
        return rf"\{'sub' * (level - 1)}section*{{{text}}}"

    def paragraph(self, text: str) -> str:
        """Return a paragraph."""
        return text

    def items(self, texts: Iterable[str]) -> str:
        """Return a list; the braces keep a bracket that follows from being a label."""
        return "\n".join([r"\begin{itemize}", *(rf"\item{{}} {text}" for text in texts), r"\end{itemize}"])

    def equation(self, left: str, sign: str, lines: Sequence[str]) -> str:
        """Return a formula on lines of its own."""
        body = _row(left, sign, lines) if len(lines) == 1 else _aligned(left, sign, lines, self.newline)
        return f"\\[\n{body}\n\\]"

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
        """Return a table that goes on over pages, the heading on each."""
        shares = "".join(rf">{{\raggedright\arraybackslash}}p{{{c.share:g}\textwidth}}" for c in columns)
        heading = " & ".join(column.title for column in columns)
        lines = [rf"{' & '.join(row)} \\" for row in rows]
        begin = rf"\begin{{longtable}}{{{shares}}}"
        head = [begin, r"\hline", rf"{heading} \\", r"\hline", r"\endhead"]
        return "\n".join([r"{\footnotesize", *head, *lines, r"\hline", r"\end{longtable}}"])


def _greek(character: str) -> str:
    """Return a Greek small letter as the formula that LaTeX has for it, anything else as it is."""
    name = unicodedata.name(character, "")
    prefix = "GREEK SMALL LETTER "
    return rf"\ensuremath{{\{name.removeprefix(prefix).lower()}}}" if name.startswith(prefix) else character
