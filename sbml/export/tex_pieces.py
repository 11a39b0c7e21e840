"""Formulas in LaTeX, each whole and in pieces between which a line may end; how they are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SUM, PRODUCT, POWER, ATOM = range(1, 5)  # how tightly a formula holds together


@dataclass(frozen=True)
class Piece:
    """LaTeX that stays on one line, and its width in digits."""

    text: str
    width: float


@dataclass(frozen=True)
class Formula:
    """A formula that is written whole where a line has room for it, else in pieces.

    Attributes
    ----------
    whole : Piece
        With fractions, and with brackets that are as high as what they hold.
    pieces : tuple of Piece
        The same in a row: brackets open on one line and close on another.
    level : int
        `SUM` to `ATOM`: where it needs brackets.
    """

    whole: Piece
    pieces: tuple[Piece, ...]
    level: int = ATOM

    @classmethod
    def of(cls, text: str, width: float, level: int = ATOM) -> Formula:
        """Return a formula that is never broken."""
        piece = Piece(text, width)
        return cls(piece, (piece,), level)

    def within(self, limit: float) -> Formula:
        """Return this formula, in one piece if it is not wider than `limit`."""
        return Formula(self.whole, (self.whole,), self.level) if self.whole.width <= limit else self

    def lines(self, limit: float) -> list[str]:
        """Return it in lines of about `limit` digits."""
        if self.whole.width <= limit:
            return [self.whole.text]
        lines: list[str] = []
        width = limit
        for piece in self.pieces:
            if lines and width + piece.width <= limit:
                lines[-1] += f" {piece.text}"
                width += piece.width
            else:
                lines.append(piece.text)
                width = piece.width
        return lines


def named(name: str) -> Formula:
    """Return an id in upright letters, so that it can be read back: its first part, the rest as index.

    A name that is made of words alone (``docking_sites``) stays on the line.
    """
    stem, *rest = name.split("_")
    if not rest:
        return Formula.of(rf"\mathrm{{{name}}}", letters(name))
    if all(part.isalpha() and part.islower() for part in (stem, *rest)):
        return Formula.of(rf"\text{{{name.replace('_', ' ')}}}", letters(name))
    index = ",".join(rest)  # inside the braces: after a letter, Markdown leaves the underscore alone
    return Formula.of(rf"\mathrm{{{stem}_{{{index}}}}}", letters(stem) + 0.75 * letters(index))


def letters(text: str) -> float:
    """Return the width of upright letters, in digits."""
    return sum(1.4 if letter.isupper() else 0.95 for letter in text)


def number(value: float) -> Formula:
    """Return a number with all its digits."""
    digits, _, exponent = f"{value!r}".removesuffix(".0").partition("e")
    if not exponent:
        return Formula.of(digits, len(digits), ATOM if value >= 0 else SUM)
    text = rf"{digits} \times 10^{{{int(exponent)}}}"
    return Formula.of(text, len(digits) + 5, PRODUCT if value >= 0 else SUM)


def signed(sign: str, formula: Formula) -> Formula:
    """Return a term with the sign before it, if there is one."""
    return led(f"{sign} ", at_least(PRODUCT, formula), SUM) if sign else formula


def led(before: str, formula: Formula, level: int, width: float = 1.5) -> Formula:
    """Return a formula with something before it."""
    first, *rest = formula.pieces
    return Formula(_with(before, formula.whole, "", width), (_with(before, first, "", width), *rest), level)


def bracketed(formula: Formula) -> Formula:
    """Return a formula in brackets."""
    first, *rest = formula.pieces
    *most, last = (_with(r"\bigl(", first, "", 1), *rest)
    pieces = (*most, _with("", last, r"\bigr)", 1))
    whole = _with(r"\left(", formula.whole, r"\right)", 1.5)
    return Formula(whole, (whole,) if len(formula.pieces) == 1 else pieces)


def at_least(level: int, formula: Formula) -> Formula:
    """Return a formula, in brackets if it holds together less tightly than `level`."""
    return bracketed(formula) if formula.level < level else formula


def joined(parts: Sequence[Formula], between: str, level: int, width: float = 1.5) -> Formula:
    """Return formulas in a row with something between them; a line may end before it."""
    if len(parts) == 1:
        return parts[0]
    first, *rest = parts
    text = f" {between}".join(part.whole.text for part in parts)
    total = sum(part.whole.width for part in parts) + width * len(rest)
    later = (piece for part in rest for piece in led(between, part, level, width).pieces)
    return Formula(Piece(text, total), (*first.pieces, *later), level)


def fraction(above: Formula, below: Formula) -> Formula:
    """Return a fraction; in pieces a slash stands for its line."""
    text = rf"\frac{{{above.whole.text}}}{{{below.whole.text}}}"
    width = max(above.whole.width, below.whole.width) + 0.5
    pieces = (*at_least(PRODUCT, above).pieces, *led(r"\big/ ", at_least(POWER, below), PRODUCT).pieces)
    return Formula(Piece(text, width), pieces, PRODUCT)


def power(base: Formula, exponent: Formula) -> Formula:
    """Return a power."""
    raised = at_least(ATOM, base)
    *most, last = raised.pieces
    above, width = f"^{{{exponent.whole.text}}}", 0.7 * exponent.whole.width
    return Formula(_with("", raised.whole, above, width), (*most, _with("", last, above, width)), POWER)


def choice(rows: Sequence[tuple[Formula, Formula | None]], newline: str) -> Formula:
    r"""Return cases, the last of which may be what is left; `newline` ends a row (``\\`` or ``\cr``)."""
    texts, widths = [], []
    for value, condition in rows:
        where = r"\text{otherwise}" if condition is None else rf"\text{{if }} {condition.whole.text}"
        texts.append(f"{value.whole.text} & {where}")
        widths.append(value.whole.width + (8 if condition is None else condition.whole.width + 2))
    body = f" {newline} ".join(texts)
    return Formula.of(rf"\begin{{cases}} {body} \end{{cases}}", max(widths) + 4)


def _with(before: str, piece: Piece, after: str, width: float) -> Piece:
    return Piece(f"{before}{piece.text}{after}", piece.width + width)
