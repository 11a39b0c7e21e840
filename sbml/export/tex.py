"""Mathematics of an SBML file as LaTeX that people read, in the order in which it was written.

sympy's printer was tried: it sorts the terms of sums, takes names apart (``bAP_fast_tau`` ends in a
Greek letter), nests fractions where a text has one product, and breaks no lines. What is written
here is the tree of the file as it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import libsbml

from kinaptic.errors import ExportError
from kinaptic.sbml.export import tex_pieces as tex
from kinaptic.sbml.export.tex_pieces import ATOM, PRODUCT, SUM, Formula

_FUNCTIONS = {
    libsbml.AST_FUNCTION_EXP: r"\exp",
    libsbml.AST_FUNCTION_LN: r"\ln",
    libsbml.AST_FUNCTION_SIN: r"\sin",
    libsbml.AST_FUNCTION_COS: r"\cos",
    libsbml.AST_FUNCTION_TANH: r"\tanh",
    libsbml.AST_FUNCTION_MIN: r"\min",
    libsbml.AST_FUNCTION_MAX: r"\max",
}
_AROUND = {
    libsbml.AST_FUNCTION_ABS: (r"\left\lvert", r"\right\rvert"),
    libsbml.AST_FUNCTION_FLOOR: (r"\left\lfloor", r"\right\rfloor"),
    libsbml.AST_FUNCTION_CEILING: (r"\left\lceil", r"\right\rceil"),
}
_RELATIONS = {
    libsbml.AST_RELATIONAL_EQ: "=",
    libsbml.AST_RELATIONAL_NEQ: r"\ne",
    libsbml.AST_RELATIONAL_LEQ: r"\le",
    libsbml.AST_RELATIONAL_GEQ: r"\ge",
    libsbml.AST_RELATIONAL_LT: r"\lt",
    libsbml.AST_RELATIONAL_GT: r"\gt",
}
_WORDS = {libsbml.AST_LOGICAL_AND: r"\text{ and } ", libsbml.AST_LOGICAL_OR: r"\text{ or } "}
_SUMS = (libsbml.AST_PLUS, libsbml.AST_MINUS)
_PRODUCTS = (libsbml.AST_TIMES, libsbml.AST_DIVIDE)
_POWERS = (libsbml.AST_POWER, libsbml.AST_FUNCTION_POWER)
_DOT = r"\cdot "

_Factor = tuple[bool, libsbml.ASTNode]  # whether it divides, and what it is


class Printer:
    r"""Writes the formulas of one model.

    Parameters
    ----------
    symbols : mapping of str to Formula
        How every id is written that may stand in a formula.
    volumes : collection of str
        Ids of compartments; a volume stands before a fraction, not on it.
    newline : str
        What ends a row of cases: ``\\`` or ``\cr``.
    limit : float
        Width of a line, in digits.
    """

    def __init__(
        self, symbols: Mapping[str, Formula], volumes: Collection[str], newline: str, limit: float
    ) -> None:
        self._symbols = symbols
        self._volumes = frozenset(volumes)
        self._newline = newline
        self._limit = limit

    def formula(self, node: libsbml.ASTNode) -> Formula:
        """Return a tree as a formula.

        Raises
        ------
        ExportError
            If it has something that is not written here, such as a call of a function definition.
        """
        # A sum on its way over the page is broken at its signs; what is no sum stays in one piece if it can.
        limit = self._limit / 2 if node.getType() in _SUMS else self._limit
        return self._formula(node).within(limit)

    def _formula(self, node: libsbml.ASTNode) -> Formula:
        kind, children = node.getType(), _children(node)
        if node.isNumber():
            return tex.number(node.getValue())
        if kind == libsbml.AST_NAME:
            return self._symbols[node.getName()]
        if kind == libsbml.AST_NAME_TIME:
            return Formula.of("t", 1)
        if kind in _SUMS:
            return self._sum(node)
        if kind in _PRODUCTS:
            return self._term(*_signed(node))
        if kind in _POWERS:
            base, exponent = map(self.formula, children)
            return tex.power(base, exponent)
        if kind == libsbml.AST_FUNCTION_ROOT and _is_square(node):
            inside = self.formula(children[-1]).whole
            return Formula.of(rf"\sqrt{{{inside.text}}}", inside.width + 1)
        if kind in _FUNCTIONS:
            arguments = tex.joined([self.formula(child) for child in children], ", ", SUM)
            return tex.led(_FUNCTIONS[kind], tex.bracketed(arguments), ATOM, 2)
        if kind in _AROUND:
            before, after = _AROUND[kind]
            inside = self.formula(children[0]).whole
            return Formula.of(f"{before} {inside.text} {after}", inside.width + 1)
        if kind in _RELATIONS:
            sides = [tex.at_least(SUM, self.formula(child)) for child in children]
            return tex.joined(sides, f"{_RELATIONS[kind]} ", SUM)
        if kind in _WORDS:
            parts = [tex.at_least(PRODUCT if c.isLogical() else SUM, self.formula(c)) for c in children]
            return tex.joined(parts, _WORDS[kind], SUM, 4)
        if kind == libsbml.AST_FUNCTION_PIECEWISE:
            return self._choice(children)
        raise ExportError(
            f"export to Markdown or LaTeX: {libsbml.formulaToL3String(node)} has no form in print; write the "
            "formula without it, or export SBML"
        )

    def _choice(self, children: list[libsbml.ASTNode]) -> Formula:
        pairs = zip(children[::2], children[1::2], strict=False)
        rows: list[tuple[Formula, Formula | None]] = [(self.formula(v), self.formula(c)) for v, c in pairs]
        if len(children) % 2:
            rows.append((self.formula(children[-1]), None))
        return tex.choice(rows, self._newline)

    def _sum(self, node: libsbml.ASTNode) -> Formula:
        (sign, factors), *rest = _terms(node)
        terms = [self._term(sign, factors), *(self._term(s or "+", f) for s, f in rest)]
        return tex.joined(terms, "", SUM, 0)

    def _term(self, sign: str, factors: list[_Factor]) -> Formula:
        return tex.signed(sign, self._product(factors)).within(self._limit)

    def _product(self, factors: list[_Factor]) -> Formula:
        """Return a·b/c·d as the fraction (a·b)/c, times d."""
        if len(factors) == 1:
            return self.formula(factors[0][1])
        done: list[Formula] = []
        above: list[libsbml.ASTNode] = []
        below: list[libsbml.ASTNode] = []
        for divides, node in factors:
            if not divides and below:
                done.append(self._fraction(above, below))
                above, below = [], []
            (below if divides else above).append(node)
            if divides and len(above) > 1 and above[0].getName() in self._volumes:
                done.append(self.formula(above.pop(0)))
        if below:
            done.append(self._fraction(above, below))
        else:
            done += [tex.at_least(PRODUCT, self.formula(node)) for node in above]
        # a/b·c in a row would leave open what b divides
        *before, last = done
        done = [*(tex.at_least(ATOM, each) if len(each.pieces) > 1 else each for each in before), last]
        return tex.joined(done, _DOT, PRODUCT).within(self._limit)

    def _fraction(self, above: list[libsbml.ASTNode], below: list[libsbml.ASTNode]) -> Formula:
        return tex.fraction(self._row(above), self._row(below)).within(self._limit)

    def _row(self, nodes: list[libsbml.ASTNode]) -> Formula:
        """Return what stands above or below the line of a fraction."""
        if len(nodes) == 1:
            return self.formula(nodes[0])
        factors = [tex.at_least(PRODUCT, self.formula(node)) for node in nodes]
        return tex.joined(factors, _DOT, PRODUCT).within(self._limit)


def _children(node: libsbml.ASTNode) -> list[libsbml.ASTNode]:
    return [node.getChild(i) for i in range(node.getNumChildren())]


def _is_square(node: libsbml.ASTNode) -> bool:
    return node.getNumChildren() == 1 or float(node.getChild(0).getValue()) == 2.0


def _terms(node: libsbml.ASTNode) -> list[tuple[str, list[_Factor]]]:
    """Return the terms of a sum, each with its sign (none for a leading plus) and its factors."""
    kind, children = node.getType(), _children(node)
    if kind == libsbml.AST_PLUS and children:
        first, *rest = (_terms(child) for child in children)
        return first + [(sign or "+", factors) for terms in rest for sign, factors in terms]
    if kind == libsbml.AST_MINUS and len(children) == 2:  # what is taken off stays together
        return [*_terms(children[0]), ("-", _factors(children[1]))]
    return [_signed(node)]


def _signed(node: libsbml.ASTNode) -> tuple[str, list[_Factor]]:
    """Return the factors of a product, and a minus that stands before the first of them."""
    (divides, first), *rest = _factors(node)
    if first.getType() == libsbml.AST_MINUS and first.getNumChildren() == 1:
        return "-", [(divides, first.getChild(0)), *rest]
    return "", [(divides, first), *rest]


def _factors(node: libsbml.ASTNode) -> list[_Factor]:
    """Return the factors of a chain of products."""
    if node.getType() not in _PRODUCTS or not node.getNumChildren():
        return [(False, node)]
    first, *rest = _children(node)
    return [*_factors(first), *((node.getType() == libsbml.AST_DIVIDE, child) for child in rest)]
