"""The events of a protocol as people say them: when, under which condition, and what changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libsbml

_FEW = 2  # leaves up to which a choice is written as cases, and not as a table


@dataclass(frozen=True)
class Change:
    """What an event does to one variable.

    Attributes
    ----------
    variable : str
        Its id.
    condition : ASTNode or None
        Where the event does it; None where it always does.
    value : ASTNode
        The new value.
    """

    variable: str
    condition: libsbml.ASTNode | None
    value: libsbml.ASTNode

    @property
    def where(self) -> str:
        """The condition as a text; empty where there is none."""
        return "" if self.condition is None else _text(self.condition)


def changes(event: libsbml.Event, names: Names) -> Iterator[Change]:
    """Yield what an event does; that something stays as it is goes without saying."""
    for i in range(event.getNumEventAssignments()):
        assignment = event.getEventAssignment(i)
        variable, math = assignment.getVariable(), names.back(assignment.getMath())
        kept = math.getType() == libsbml.AST_FUNCTION_PIECEWISE and math.getNumChildren() == 3
        if kept and math.getChild(2).getName() == variable:
            # Copies: a child dies with the tree that it is of, and takes the process with it.
            yield Change(variable, math.getChild(1).deepCopy(), math.getChild(0).deepCopy())
        else:
            yield Change(variable, None, math)


class Names:
    """Puts the variables of rules back into events, which have them written out.

    AMICI compiles no rule inside an event, so that events say ``1 - exp(-docked*…)`` for ``released``.

    Parameters
    ----------
    rules : mapping of str to ASTNode
        Assignment rules.
    """

    def __init__(self, rules: Mapping[str, libsbml.ASTNode]) -> None:
        same = {name: math.getName() for name, math in rules.items() if math.isName()}
        maths = {name: math.deepCopy() for name, math in rules.items() if math.getNumChildren()}
        for math in maths.values():
            for alias, meant in same.items():
                math.renameSIdRefs(alias, meant)
        self._names: dict[str, str] = {}
        known: dict[str, str] | None = None
        while self._names != known:  # a rule is looked for as its own parts are written, with names in it
            known = self._names
            self._names = {_text(self._within(math)): name for name, math in reversed(maths.items())}

    def back(self, node: libsbml.ASTNode) -> libsbml.ASTNode:
        """Return a formula in which what equals a rule has the name of the rule."""
        copy = self._within(node)
        name = self._names.get(_text(copy))
        return self._tail(copy) if name is None else _named(name)

    def _tail(self, node: libsbml.ASTNode) -> libsbml.ASTNode:
        """Return ``one + a + b`` as ``one + c`` where c is a + b: brackets in sums are lost on the way."""
        terms = _terms(node)
        for start in range(1, len(terms) - 1):
            name = self._names.get(" + ".join(map(_text, terms[start:])))
            if name is not None:
                shorter = libsbml.ASTNode(libsbml.AST_PLUS)
                for each in (*terms[:start], _named(name)):
                    shorter.addChild(each.deepCopy())
                return shorter
        return node

    def _within(self, node: libsbml.ASTNode) -> libsbml.ASTNode:
        copy = node.deepCopy()
        for i in range(copy.getNumChildren()):
            copy.replaceChild(i, self.back(copy.getChild(i)), True)
        return copy


@dataclass(frozen=True)
class Steps:
    """A choice by one counter, as lists of spikes and recordings are looked up.

    Attributes
    ----------
    counter : str
        Its id.
    bounds : tuple of float
        Ascending; the leaf before bound i holds where the counter is below it and below no earlier one.
    leaves : tuple of ASTNode
        One more than bounds.
    """

    counter: str
    bounds: tuple[float, ...]
    leaves: tuple[libsbml.ASTNode, ...]


def steps(node: libsbml.ASTNode) -> Steps | None:
    """Return a balanced tree of choices in order, or None if it is none or is small."""
    found = _steps(node)
    if found is None or len(found.leaves) <= _FEW or list(found.bounds) != sorted(set(found.bounds)):
        return None
    return found


def _steps(node: libsbml.ASTNode) -> Steps | None:
    if node.getType() != libsbml.AST_FUNCTION_PIECEWISE or node.getNumChildren() != 3:
        return Steps("", (), (node.deepCopy(),))
    below, condition, above = (node.getChild(i) for i in range(3))
    if condition.getType() != libsbml.AST_RELATIONAL_LT or not condition.getChild(1).isNumber():
        return None
    counter, bound = condition.getChild(0).getName(), condition.getChild(1).getValue()
    first, second = _steps(below), _steps(above)
    if first is None or second is None or {first.counter, second.counter} - {"", counter}:
        return None
    return Steps(counter, (*first.bounds, bound, *second.bounds), (*first.leaves, *second.leaves))


def _terms(node: libsbml.ASTNode) -> list[libsbml.ASTNode]:
    """Return the terms of a sum without minus signs."""
    if node.getType() != libsbml.AST_PLUS:
        return [node]
    return [term for i in range(node.getNumChildren()) for term in _terms(node.getChild(i))]


def _named(name: str) -> libsbml.ASTNode:
    node = libsbml.ASTNode(libsbml.AST_NAME)
    node.setName(name)
    return node


def _text(node: libsbml.ASTNode) -> str:
    return str(libsbml.formulaToL3String(node))
