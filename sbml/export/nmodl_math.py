"""The mathematics of a model for NMODL: trees that are taken apart and written down.

libSBML's trees become Python's (`ast`), which outlive their document and are written with no more
parentheses than needed. NMODL and Python agree on what binds tighter, powers and signs included.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping, Sequence

import libsbml

from kinaptic.errors import ExportError

CHOICE = "choice"  # FUNCTION choice(condition, yes, no) of the written file

_SUMS: dict[int, type[ast.operator]] = {libsbml.AST_PLUS: ast.Add, libsbml.AST_TIMES: ast.Mult}
_PAIRS: dict[int, type[ast.operator]] = {
    libsbml.AST_MINUS: ast.Sub,
    libsbml.AST_DIVIDE: ast.Div,
    libsbml.AST_POWER: ast.Pow,
    libsbml.AST_FUNCTION_POWER: ast.Pow,
}
_FUNCTIONS = {
    libsbml.AST_FUNCTION_EXP: "exp",
    libsbml.AST_FUNCTION_LN: "log",
    libsbml.AST_FUNCTION_ABS: "fabs",
    libsbml.AST_FUNCTION_FLOOR: "floor",
    libsbml.AST_FUNCTION_CEILING: "ceil",
}
_COMPARISONS: dict[int, type[ast.cmpop]] = {
    libsbml.AST_RELATIONAL_LT: ast.Lt,
    libsbml.AST_RELATIONAL_LEQ: ast.LtE,
    libsbml.AST_RELATIONAL_GT: ast.Gt,
    libsbml.AST_RELATIONAL_GEQ: ast.GtE,
    libsbml.AST_RELATIONAL_EQ: ast.Eq,
    libsbml.AST_RELATIONAL_NEQ: ast.NotEq,
}
_LOGICAL: dict[int, type[ast.boolop]] = {libsbml.AST_LOGICAL_AND: ast.And, libsbml.AST_LOGICAL_OR: ast.Or}


# ---- reading and writing


def tree(node: libsbml.ASTNode, named: Mapping[str, str], where: str) -> ast.expr:
    """Return libSBML's tree as one of Python's.

    Parameters
    ----------
    node : libsbml.ASTNode
        A rate law or the right side of a rule.
    named : mapping of str to str
        What the file calls each id.
    where : str
        What it belongs to, for the message.

    Raises
    ------
    ExportError
        If it has something that NMODL has no word for.
    """
    kind = node.getType()
    if node.isNumber():
        return number(node.getInteger() if node.isInteger() else node.getValue())
    if kind == libsbml.AST_NAME:
        return ast.Name(named[node.getName()])
    parts = [tree(node.getChild(i), named, where) for i in range(node.getNumChildren())]
    if kind in _SUMS and parts:
        return functools.reduce(lambda a, b: ast.BinOp(a, _SUMS[kind](), b), parts)
    if kind == libsbml.AST_MINUS and len(parts) == 1:
        return negative(parts[0])
    if kind in _PAIRS and len(parts) == 2:
        return ast.BinOp(parts[0], _PAIRS[kind](), parts[1])
    if kind in _FUNCTIONS and len(parts) == 1:
        return _call(_FUNCTIONS[kind], parts)
    if kind == libsbml.AST_FUNCTION_ROOT and _is_square(node):
        return _call("sqrt", parts[-1:])
    if kind == libsbml.AST_FUNCTION_PIECEWISE and len(parts) % 2:
        return _choice(parts)
    if kind in _COMPARISONS and len(parts) == 2:
        return ast.Compare(parts[0], [_COMPARISONS[kind]()], [parts[1]])
    if kind in _LOGICAL and len(parts) > 1:
        return ast.BoolOp(_LOGICAL[kind](), parts)
    if kind == libsbml.AST_LOGICAL_NOT:
        return _call("!", parts)  # with parentheses, for it binds tighter in NMODL than in Python
    raise ExportError(
        f"{where}: NMODL has no word for {libsbml.formulaToL3String(node)!r}; write it with + - * / ^, exp, "
        "ln, sqrt, abs, floor, ceil or piecewise, or export as SBML"
    )


def _is_square(root: libsbml.ASTNode) -> bool:
    return root.getNumChildren() == 1 or float(root.getChild(0).getValue()) == 2.0


def number(value: float) -> ast.expr:
    """Return a number; a negative one as the negative of a positive one, for the sake of powers."""
    return negative(ast.Constant(-value)) if value < 0 else ast.Constant(value)


def quantity(value: float, unit: str) -> ast.expr:
    """Return a number with a unit, which NMODL writes behind it."""
    return ast.Name(f"{value!r} ({unit})")


def negative(node: ast.expr) -> ast.expr:
    """Return −node."""
    return ast.UnaryOp(ast.USub(), node)


def _call(function: str, parts: Sequence[ast.expr]) -> ast.expr:
    return ast.Call(ast.Name(function), list(parts), [])


def _choice(parts: Sequence[ast.expr]) -> ast.expr:
    """Return value, condition, value, condition, …, value otherwise, as choices within choices."""
    if len(parts) == 1:
        return parts[0]
    return _call(CHOICE, [parts[1], parts[0], _choice(parts[2:])])


def text(node: ast.expr) -> str:
    """Return a tree in NMODL."""
    python = ast.unparse(node)
    return python.replace(" ** ", "^").replace(" and ", " && ").replace(" or ", " || ")


def names(node: ast.expr) -> list[str]:
    """Return the names in a tree, functions left out, in order."""
    called = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    found = (each for each in ast.walk(node) if isinstance(each, ast.Name) and id(each) not in called)
    return list(dict.fromkeys(each.id for each in found))


# ---- taking apart


def product(factors: Sequence[ast.expr]) -> ast.expr:
    """Return the product of factors, which is 1 where there are none."""
    return functools.reduce(lambda a, b: ast.BinOp(a, ast.Mult(), b), factors) if factors else number(1)


def total(parts: Sequence[ast.expr]) -> ast.expr:
    """Return the sum of terms, which is 0 where there are none."""
    return functools.reduce(_plus, parts) if parts else number(0)


def _plus(a: ast.expr, b: ast.expr) -> ast.expr:
    match b:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return ast.BinOp(a, ast.Sub(), inner)
    return ast.BinOp(a, ast.Add(), b)


def factors(node: ast.expr) -> tuple[list[ast.expr], list[ast.expr]]:
    """Return what a term is the product of, and what it is divided by."""
    match node:
        case ast.BinOp(left=a, op=ast.Mult(), right=b):
            (above, below), (more, less) = factors(a), factors(b)
            return above + more, below + less
        case ast.BinOp(left=a, op=ast.Div(), right=b):
            above, below = factors(a)
            return above, [*below, b]
    return [node], []


def coefficient(node: ast.expr, of: Sequence[str]) -> ast.expr | None:
    """Return what a term multiplies some names with, each as often as listed; None if one is no factor."""
    above, below = factors(node)
    for name in of:
        for place, factor in enumerate(above):
            less = _without(factor, name)
            if less is not None:
                above[place : place + 1] = less
                break
        else:
            return None
    return functools.reduce(lambda a, b: ast.BinOp(a, ast.Div(), b), below, product(above))


def _without(factor: ast.expr, name: str) -> list[ast.expr] | None:
    """Return what is left of a factor when it is divided by a name once; None where it is not in it."""
    match factor:
        case ast.Name(id=found) if found == name:
            return []
        case ast.BinOp(left=ast.Name(id=found), op=ast.Pow(), right=ast.Constant(value=int() as power)):
            if found == name and power > 1:
                return (
                    [ast.Name(name)]
                    if power == 2
                    else [ast.BinOp(ast.Name(name), ast.Pow(), number(power - 1))]
                )
    return None


def terms(node: ast.expr, name: str, *, minus: bool = False) -> Iterator[tuple[bool, ast.expr]]:
    """Yield the terms of a sum, products with sums that hold `name` multiplied out.

    Yields
    ------
    minus, term : bool, ast.expr
        Whether the term is taken away, and the term.
    """
    if name in names(node):
        match node:
            case ast.BinOp(left=a, op=ast.Add() | ast.Sub() as op, right=b):
                yield from terms(a, name, minus=minus)
                yield from terms(b, name, minus=minus != isinstance(op, ast.Sub))
                return
            case ast.UnaryOp(op=ast.USub(), operand=a):
                yield from terms(a, name, minus=not minus)
                return
            case ast.BinOp(left=a, op=ast.Mult() | ast.Div() as op, right=b) if name not in names(b):
                yield from ((sign, ast.BinOp(each, op, b)) for sign, each in terms(a, name, minus=minus))
                return
            case ast.BinOp(left=a, op=ast.Mult(), right=b) if name not in names(a):
                yield from ((sign, product([a, each])) for sign, each in terms(b, name, minus=minus))
                return
    yield minus, node
