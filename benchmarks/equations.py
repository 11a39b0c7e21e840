"""A flat SBML model as Python functions: right-hand side, exact Jacobian, events, readouts.

Written from the SBML by libSBML and sympy alone: it shares nothing with the engines of this project,
so that an agreement with them means something. It handles what this project's models use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

import libsbml
import numpy as np
import sympy
from sympy.parsing.sympy_parser import parse_expr
from sympy.printing.pycode import PythonCodePrinter

_BETWEEN = {
    libsbml.AST_PLUS: "+", libsbml.AST_TIMES: "*", libsbml.AST_DIVIDE: "/", libsbml.AST_MINUS: "-",
    libsbml.AST_POWER: "**", libsbml.AST_FUNCTION_POWER: "**",
    libsbml.AST_LOGICAL_AND: " and ", libsbml.AST_LOGICAL_OR: " or ",
    libsbml.AST_RELATIONAL_GEQ: " >= ", libsbml.AST_RELATIONAL_GT: " > ",
    libsbml.AST_RELATIONAL_LEQ: " <= ", libsbml.AST_RELATIONAL_LT: " < ",
}  # fmt: skip
_CALLED = {libsbml.AST_FUNCTION_EXP: "exp", libsbml.AST_FUNCTION_LN: "log"}
_PRINTER = PythonCodePrinter({"fully_qualified_modules": False})

Functions = dict[str, Callable[..., Any]]


@dataclass(frozen=True)
class Equations:
    """Code of a model; numbers are given when functions are made from it.

    Attributes
    ----------
    states : tuple of str
        Variables with rate rules, and species as concentrations.
    code : CodeType
        Defines ``rhs(t, y)``, ``jacobian(t, y)``, ``kicked(y)`` (the state after the events whose
        triggers hold) and ``readouts(y)``.
    where : ndarray of int
        Places of the Jacobian that are not zero, in the flattened matrix.
    """

    states: tuple[str, ...]
    code: CodeType
    where: np.ndarray[tuple[int], np.dtype[np.int64]]

    def functions(self, values: Mapping[str, float]) -> Functions:
        """Return the functions with the numbers of a model in them."""
        space: dict[str, Any] = {**values, "where": self.where}
        exec(self.code, space)  # noqa: S102  # written below, from this project's own model
        return {name: space[name] for name in ("rhs", "jacobian", "kicked", "readouts")}


def read(source: str, readouts: Sequence[str]) -> Equations:
    """Return the equations of an SBML text."""
    document = libsbml.readSBMLFromString(source)
    model = document.getModel()
    texts = {rule.getVariable(): _text(rule.getMath()) for rule in _rules(model, rate=False)}
    laws = {f"rate_of_{r.getId()}": _text(r.getKineticLaw().getMath()) for r in model.getListOfReactions()}
    change = {rule.getVariable(): _text(rule.getMath()) for rule in _rules(model, rate=True)}
    change |= _balances(model, skip={*texts, *change})
    states = tuple(change)
    order = _sorted(texts | laws)
    unpack = f"    ({', '.join(states)},) = y.tolist()"
    rules = [f"    {name} = {text}" for name, text in order.items() if name in texts]
    lines = [
        "from math import exp, log, sqrt",
        "from numpy import zeros",
        "def readouts(y):", unpack, *rules, f"    return ({', '.join(readouts)},)",
        "def kicked(y):", unpack, *rules, "    after = y.copy()", *_events(model, states), "    return after",
    ]  # fmt: skip
    needed = _needed(order, change.values())
    body = [unpack, *(f"    {name} = {text}" for name, text in order.items() if name in needed)]
    lines += ["def rhs(t, y):", *body, f"    return ({', '.join(change.values())},)"]
    partial, entries = _derivatives({n: order[n] for n in order if n in needed}, change)
    size = len(states)
    lines += [
        "def jacobian(t, y):", *body, *(f"    {name} = {text}" for name, text in partial.items()),
        f"    full = zeros(({size}, {size}))",
        f"    full.flat[where] = ({', '.join(entries.values())},)", "    return full",
    ]  # fmt: skip
    where = np.array([row * size + column for row, column in entries])
    return Equations(states, compile("\n".join(lines), "<equations>", "exec"), where)


def _rules(model: Any, *, rate: bool) -> Iterator[Any]:
    return (rule for rule in model.getListOfRules() if rule.isRate() == rate)


def _balances(model: Any, skip: set[str]) -> dict[str, str]:
    """Return the rate of change of each floating species' concentration."""
    sums: dict[str, list[str]] = {
        s.getId(): []
        for s in model.getListOfSpecies()
        if not s.getBoundaryCondition() and s.getId() not in skip
    }
    for reaction in model.getListOfReactions():
        for references, sign in ((reaction.getListOfReactants(), "-"), (reaction.getListOfProducts(), "+")):
            for each in references:
                if each.getSpecies() in sums:
                    term = f"{sign} {each.getStoichiometry()!r}*rate_of_{reaction.getId()}"
                    sums[each.getSpecies()].append(term)
    volumes = {s.getId(): s.getCompartment() for s in model.getListOfSpecies()}
    return {name: f"({' '.join(terms) or '0.0'})/{volumes[name]}" for name, terms in sums.items()}


def _events(model: Any, states: Sequence[str]) -> Iterator[str]:
    """Yield statements: new values from old ones, event by event."""
    for event in model.getListOfEvents():
        yield f"    if {_text(event.getTrigger().getMath())}:"
        for each in event.getListOfEventAssignments():
            yield f"        after[{states.index(each.getVariable())}] = {_text(each.getMath())}"


def _text(node: Any) -> str:
    """Return a formula as Python."""
    kind, below = node.getType(), [_text(node.getChild(i)) for i in range(node.getNumChildren())]
    if node.isName():
        return str(node.getName())
    if node.isNumber():
        return repr(node.getValue())
    if kind == libsbml.AST_FUNCTION_PIECEWISE:
        pairs = zip(below[0::2], below[1::2], strict=False)
        return f"({' else '.join([f'{value} if {holds}' for value, holds in pairs] + [below[-1]])})"
    if kind == libsbml.AST_MINUS and len(below) == 1:
        return f"(-{below[0]})"
    if kind in _BETWEEN:
        return f"({_BETWEEN[kind].join(below)})"
    if kind in _CALLED:
        return f"{_CALLED[kind]}({below[0]})"
    raise ValueError(f"no Python for {libsbml.formulaToL3String(node)}")


def _sorted(texts: Mapping[str, str]) -> dict[str, str]:
    """Return formulas in an order in which each stands after those it uses."""
    found: dict[str, str] = {}

    def visit(name: str) -> None:
        if name in texts and name not in found:
            for other in sorted(_names(texts[name])):
                visit(other)
            found[name] = texts[name]

    for name in texts:
        visit(name)
    return found


def _needed(order: dict[str, str], ends: Iterable[str]) -> set[str]:
    """Return the formulas that others, and finally `ends`, follow from."""
    needed: set[str] = set().union(*map(_names, ends))
    for name in reversed(order):
        if name in needed:
            needed |= _names(order[name])
    return needed


def _names(text: str) -> set[str]:
    return set(compile(text, "<formula>", "eval").co_names)


def _derivatives(
    order: dict[str, str], change: dict[str, str]
) -> tuple[dict[str, str], dict[tuple[int, int], str]]:
    """Return total derivatives of the formulas by the states, by the chain rule, as text.

    The first dictionary holds those of the formulas in `order`, each under a name of its own, in an
    order in which they can be computed; the second the entries of the Jacobian.
    """
    states = list(change)
    totals: dict[str, dict[str, sympy.Expr]] = {}  # formula → state → a name for the derivative
    texts: dict[str, str] = {}

    def total(text: str) -> dict[str, sympy.Expr]:
        symbols = {name: sympy.Symbol(name) for name in _names(text)}
        symbols |= {"exp": sympy.exp, "log": sympy.log}
        expression = parse_expr(text, local_dict=symbols)
        found: dict[str, sympy.Expr] = {}
        for symbol in sorted(expression.free_symbols, key=str):
            slope = expression.diff(symbol)
            inner = {symbol.name: sympy.Integer(1)} if symbol.name in change else totals.get(symbol.name, {})
            for state, name in inner.items():
                found[state] = found.get(state, sympy.Integer(0)) + slope * name
        return {state: e for state, e in found.items() if e != 0}

    for name, text in order.items():
        totals[name] = {}
        for state, expression in total(text).items():
            own = f"d_{name}_by_{state}"
            texts[own] = _PRINTER.doprint(expression)
            totals[name][state] = sympy.Symbol(own)
    entries = {
        (row, states.index(state)): _PRINTER.doprint(expression)
        for row, text in enumerate(change.values())
        for state, expression in total(text).items()
    }
    return texts, entries
