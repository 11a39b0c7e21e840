"""Expressions as a graph in which equal terms are one node, simplified as they are made.

A node is an integer. Because equal terms are shared, what rates and their derivatives have in common
is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from enum import IntEnum

import numpy as np

Node = int


class Level(IntEnum):
    """What a value can change with; a term has the highest level of its parts."""

    NUMBER = 0  # never
    PARAMETER = 1  # from run to run
    DISCRETE = 2  # at events
    STATE = 3  # all the time


_FOLDED: dict[str, Callable[..., np.float64 | bool]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "reciprocal": lambda a: 1 / a,
    "pow": np.power,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.abs,
    "floor": np.floor,
    "ceil": np.ceil,
    "min": min,
    "max": max,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "and": lambda a, b: bool(a) and bool(b),
    "or": lambda a, b: bool(a) or bool(b),
    "not": lambda a: not a,
}
CONDITIONS = frozenset({"lt", "le", "eq", "and", "or", "not", "true", "false"})
STEPS = CONDITIONS | {"floor", "ceil", "lookup"}  # flat but where they jump
SWITCHES = STEPS | {"abs", "min", "max"}  # where they jump or bend, so does a rate
_MOST_FACTORS = 8  # a power with a whole exponent up to this is a product


class Graph:
    """The nodes of a model.

    Attributes
    ----------
    terms : list of tuple
        What each node is: ``(operation, node, …)``, ``("number", value)``, ``("symbol", name)``,
        ``("true",)`` or ``("false",)``.
    levels : list of Level
        What each node changes with.
    """

    def __init__(self) -> None:
        self.terms: list[tuple] = []  # type: ignore[type-arg]  # of mixed length
        self.levels: list[Level] = []
        self._known: dict[tuple, Node] = {}  # type: ignore[type-arg]

    def _node(self, term: tuple, level: Level) -> Node:  # type: ignore[type-arg]
        node = self._known.get(term)
        if node is None:
            node = self._known[term] = len(self.terms)
            self.terms.append(term)
            self.levels.append(level)
        return node

    # ---- leaves

    def number(self, value: float) -> Node:
        """Return the node of a number."""
        return self._node(("number", float(value)), Level.NUMBER)

    def truth(self, value: bool) -> Node:
        """Return the node of a truth value."""
        return self._node(("true",) if value else ("false",), Level.NUMBER)

    def symbol(self, name: str, level: Level) -> Node:
        """Return the node of a named value."""
        return self._node(("symbol", name), level)

    def value(self, node: Node) -> float | None:
        """Return the value of a node that is a number, else None."""
        term = self.terms[node]
        return term[1] if term[0] == "number" else None

    # ---- terms

    def add(self, a: Node, b: Node) -> Node:
        """Return a + b."""
        if self.value(a) == 0:
            return b
        if self.value(b) == 0:
            return a
        if self.terms[b][0] == "neg":
            return self.sub(a, self.terms[b][1])
        return self._operation("add", *sorted((a, b)))

    def sub(self, a: Node, b: Node) -> Node:
        """Return a − b."""
        if a == b and self.value(a) is None:
            return self.number(0)
        if self.value(b) == 0:
            return a
        if self.value(a) == 0:
            return self.neg(b)
        if self.terms[b][0] == "neg":
            return self.add(a, self.terms[b][1])
        return self._operation("sub", a, b)

    def neg(self, a: Node) -> Node:
        """Return −a."""
        if self.terms[a][0] == "neg":
            return int(self.terms[a][1])
        if self.terms[a][0] == "sub":
            return self.sub(self.terms[a][2], self.terms[a][1])
        return self._operation("neg", a)

    def mul(self, a: Node, b: Node) -> Node:
        """Return a · b; what changes less often stands in front, so that it is computed less often."""
        if self.levels[b] < self.levels[a]:
            a, b = b, a
        if self.levels[b] is Level.NUMBER:
            return self._operation("mul", a, b)
        if self.value(a) == 0:
            return a
        if self.value(a) == 1:
            return b
        if self.value(a) == -1:
            return self.neg(b)
        if self.terms[a][0] == "neg":
            return self.neg(self.mul(self.terms[a][1], b))
        if self.terms[b][0] == "neg":
            return self.neg(self.mul(a, self.terms[b][1]))
        if self.terms[b][0] == "mul" and self.levels[self.terms[b][1]] < self.levels[b]:
            rare, rest = self.terms[b][1:]
            if self.levels[a] < self.levels[b]:
                return self.mul(self.mul(a, rare), rest)
        if self.levels[a] == self.levels[b]:
            a, b = sorted((a, b))
        return self._operation("mul", a, b)

    def div(self, a: Node, b: Node) -> Node:
        """Return a / b, as a product with the reciprocal, which other terms can share."""
        if a == b and self.value(a) is None:
            return self.number(1)
        return self.mul(a, self.reciprocal(b))

    def reciprocal(self, a: Node) -> Node:
        """Return 1 / a."""
        if self.terms[a][0] == "reciprocal":
            return int(self.terms[a][1])
        return self._operation("reciprocal", a)

    def pow(self, a: Node, b: Node) -> Node:
        """Return a to the power of b."""
        exponent = self.value(b)
        if exponent is not None and exponent.is_integer() and abs(exponent) <= _MOST_FACTORS:
            product = self.number(1)
            for _ in range(int(abs(exponent))):
                product = self.mul(product, a)
            return product if exponent >= 0 else self.reciprocal(product)
        if exponent == 0.5:
            return self.call("sqrt", a)
        return self._operation("pow", a, b)

    def call(self, function: str, *arguments: Node) -> Node:
        """Return a function's value, or a comparison's: any key of the table above."""
        return self._operation(function, *arguments)

    def select(self, condition: Node, yes: Node, no: Node) -> Node:
        """Return `yes` where the condition holds, else `no`."""
        if yes == no:
            return yes
        if self.levels[condition] is Level.NUMBER:
            return yes if self._literal(condition) else no
        return self._node(
            ("select", condition, yes, no), max(map(self.levels.__getitem__, (condition, yes, no)))
        )

    def rebuilt(self, node: Node, parts: Sequence[Node]) -> Node:
        """Return a term with other parts."""
        name = self.terms[node][0]
        if name in ("add", "sub", "neg", "mul", "reciprocal", "pow", "select"):
            made: Node = getattr(self, name)(*parts)
            return made
        return self.call(name, *parts)

    def sum(self, nodes: Iterable[Node]) -> Node:
        """Return a sum."""
        total = self.number(0)
        for node in nodes:
            total = self.add(total, node)
        return total

    def _operation(self, name: str, *arguments: Node) -> Node:
        level = max(self.levels[a] for a in arguments)
        if level is Level.NUMBER:
            return self._fold(name, arguments)
        return self._node((name, *arguments), level)

    def _fold(self, name: str, arguments: tuple[Node, ...]) -> Node:
        with np.errstate(all="ignore"):  # 1/0 is infinite, as it is in a run, which then says so
            found = _FOLDED[name](*map(self._literal, arguments))
        return self.truth(bool(found)) if name in CONDITIONS else self.number(found)

    def _literal(self, node: Node) -> np.float64:
        term = self.terms[node]
        return np.float64(term[1] if term[0] == "number" else term[0] == "true")

    def factor(self, node: Node, wanted: Node) -> Node | None:
        """Return `node` divided by `wanted` where `wanted` is one of its factors, else None."""
        if node == wanted:
            return self.number(1)
        name, *arguments = self.terms[node]
        if name == "mul":
            a, b = arguments
            for one, other in ((a, b), (b, a)):
                rest = self.factor(one, wanted)
                if rest is not None:
                    return self.mul(rest, other)
        if name == "neg":
            rest = self.factor(arguments[0], wanted)
            return None if rest is None else self.neg(rest)
        return None

    def factors(self, node: Node) -> list[Node]:
        """Return what a product is made of."""
        name, *arguments = self.terms[node]
        return [f for a in arguments for f in self.factors(a)] if name in ("mul", "neg") else [node]

    # ---- structure

    def needed(self, outputs: Iterable[Node], known: Container[Node] = ()) -> list[Node]:
        """Return all nodes that the outputs are computed from and that are not known, parts first."""
        done: set[Node] = set()
        order: list[Node] = []
        stack = [(node, False) for node in reversed(list(outputs))]
        while stack:
            node, ready = stack.pop()
            if node in done or node in known:
                continue
            if ready:
                done.add(node)
                order.append(node)
                continue
            stack.append((node, True))
            stack.extend((part, False) for part in reversed(self.parts(node)) if part not in done)
        return order

    def parts(self, node: Node) -> tuple[Node, ...]:
        """Return the nodes that a node is made of."""
        term = self.terms[node]
        return () if term[0] in ("number", "symbol", "true", "false") else term[1:]
