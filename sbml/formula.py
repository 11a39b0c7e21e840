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
    values = {name: p.value for name, p in parameters.items() if p.value is not None}
    for name in parameters:
        _resolve(name, parameters, values, ())
    return {name: values[name] for name in parameters}


def _resolve(
    name: str, parameters: Mapping[str, Parameter], values: dict[str, float], above: tuple[str, ...]
) -> float:
    if name in values:
        return values[name]
    if name in above:
        raise ModelError(f"formulas refer to each other in a circle: {' → '.join((*above, name))}")
    parameter = parameters.get(name)
    if parameter is None or parameter.formula is None:
        raise UnknownName("number", name, parameters, f"in the formula of {above[-1]}")
    try:
        value = _compute(
            _parsed(parameter.formula), lambda other: _resolve(other, parameters, values, (*above, name))
        )
    except (ArithmeticError, ValueError) as why:
        if isinstance(why, ModelError):
            raise
        raise ModelError(
            f"{name} = {parameter.formula} has no value ({why}); look at the numbers it follows from"
        ) from None
    if not math.isfinite(value):
        raise ModelError(f"{name} = {parameter.formula} is {value}; look at the numbers it follows from")
    values[name] = value
    return value


@functools.lru_cache(maxsize=2048)
def _parsed(formula: str) -> ast.expr:
    try:
        return ast.parse(formula.replace("^", "**").strip(), mode="eval").body
    except SyntaxError:
        raise ModelError(f"formula {formula!r} cannot be read") from None


def _compute(node: ast.expr, look_up: Callable[[str], float]) -> float:
    match node:
        case ast.Name(id=name):
            return look_up(name)
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_compute(left, look_up), _compute(right, look_up))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_compute(operand, look_up)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_compute(argument, look_up))
    raise ModelError(f"a formula may have + - * / ^ and {', '.join(_FUNCTIONS)}; not {ast.unparse(node)!r}")
