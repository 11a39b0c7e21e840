"""Numbers that follow from others: the ``formula`` entries of the pathways, computed.

In the exported model they are assignment rules, so that they follow when a number is changed in
any tool. In the model that is integrated they are constants: a third of the time of a run would
go into computing them again at every step.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
from collections.abc import Callable, Mapping

from kinaptic.errors import ModelError, UnknownName
from kinaptic.pathways.parameters import Parameter

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": math.exp,
    "ln": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
}
Values = Mapping[str, float]
Computed = Callable[[Values], float]


def evaluate(parameters: Mapping[str, Parameter]) -> dict[str, float]:
    """Return the value of every parameter, those that a formula derives included.

    Parameters
    ----------
    parameters : mapping of str to Parameter
        All numbers of a model, in any order.

    Raises
    ------
    ModelError
        If a formula refers to itself, uses something that it may not, or has no finite value.
    UnknownName
        If it refers to a number that is not there.
    """
    values: dict[str, float] = {}
    formulas: dict[str, str] = {}
    for name, parameter in parameters.items():
        if parameter.value is not None:
            values[name] = parameter.value
        elif parameter.formula is not None:
            formulas[name] = parameter.formula
    for name, compute in _program(tuple(formulas.items())):
        try:
            values[name] = compute(values)
        except KeyError as missing:
            raise UnknownName("number", missing.args[0], parameters, f"in the formula of {name}") from None
        except (ArithmeticError, ValueError) as why:
            raise ModelError(_without_value(name, formulas, f"has no value ({why})")) from None
        if not math.isfinite(values[name]):
            raise ModelError(_without_value(name, formulas, f"is {values[name]}"))
    return {name: values[name] for name in parameters}


def _without_value(name: str, formulas: Mapping[str, str], what: str) -> str:
    return f"{name} = {formulas[name]} {what}; look at the numbers it follows from"


@functools.lru_cache(maxsize=256)
def _program(formulas: tuple[tuple[str, str], ...]) -> tuple[tuple[str, Computed], ...]:
    """Return names with what computes them, each after those that it follows from."""
    parsed = {name: _parsed(text) for name, text in formulas}
    placed: dict[str, Computed] = {}

    def place(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ModelError(f"formulas refer to each other in a circle: {' → '.join((*above, name))}")
        if name in placed or name not in parsed:
            return
        for node in ast.walk(parsed[name]):
            if isinstance(node, ast.Name):
                place(node.id, (*above, name))
        placed[name] = _computed(parsed[name])

    for name in parsed:
        place(name, ())
    return tuple(placed.items())


def _parsed(formula: str) -> ast.expr:
    try:
        return ast.parse(formula.replace("^", "**").strip(), mode="eval").body
    except SyntaxError:
        raise ModelError(f"formula {formula!r} cannot be read") from None


def _computed(node: ast.expr) -> Computed:
    """Return what computes an expression from the values of the names in it."""
    match node:
        case ast.Name(id=name):
            return operator.itemgetter(name)
        case ast.Constant(value=int() | float() as number):
            constant = float(number)
            return lambda _: constant
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            combine, one, other = _OPERATORS[type(op)], _computed(left), _computed(right)
            return lambda values: combine(one(values), other(values))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _computed(operand)
            return lambda values: -inner(values)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            function, inside = _FUNCTIONS[name], _computed(argument)
            return lambda values: function(inside(values))
    raise ModelError(f"a formula may have + - * / ^ and {', '.join(_FUNCTIONS)}; not {ast.unparse(node)!r}")
