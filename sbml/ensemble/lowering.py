"""From expressions to vector code, in functions short enough to compile fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kinaptic.sbml.ensemble.chunks import Looks, cut
from kinaptic.sbml.ensemble.expression import CONDITIONS, Graph, Node
from kinaptic.sbml.ensemble.lanes import Condition, Function, Value, Whole
from kinaptic.sbml.ensemble.layout import Layout

_LARGEST_EXPONENT = 708.0  # exp of it is still finite
_LOG2_E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 0.693147180369123816490, 1.90821492927058770002e-10
_ROUNDER = 6755399441055744.0  # 1.5 · 2^52: adding and taking it away rounds to a whole number


@dataclass(frozen=True)
class Output:
    """What to do with a value that was asked for: ``write(function, value)`` stores it."""

    node: Node
    write: Callable[[Function, Value], None]


def to_slot(slot: int) -> Callable[[Function, Value], None]:
    """Return a writer that stores a value in a slot."""
    return lambda function, value: function.store(slot, value)


class Lowering:
    """Writes the functions of one program.

    Parameters
    ----------
    graph : Graph
        The expressions.
    layout : Layout
        Of the image; scratch for values that pass from one function to the next is added.
    lanes : int
        Width of a value.
    """

    def __init__(self, graph: Graph, layout: Layout, lanes: int) -> None:
        self.graph, self.layout, self.lanes = graph, layout, lanes
        self.functions: list[Function] = []
        self.looks = Looks(graph)

    def write(self, name: str, outputs: Sequence[Output], where: Mapping[Node, int]) -> str:
        """Write a function that computes outputs from what lies in slots, and return its name.

        Parameters
        ----------
        name : str
            Of the function.
        outputs : sequence of Output
            What is wanted.
        where : mapping of Node to int
            Nodes that lie in a slot already: symbols, and terms computed elsewhere.
        """
        order = self.graph.needed([o.node for o in outputs], where)
        wanted: dict[Node, list[Output]] = {}
        for output in outputs:
            wanted.setdefault(output.node, []).append(output)
        ready = [*order, *(node for node in wanted if node in where)]
        chunks = cut(ready, [1] * len(ready), [self.looks.of(node) for node in ready])
        home = self._homes(name, chunks, where)
        parts = []
        for number, chunk in enumerate(chunks):
            function = Function(f"{name}_{number}", self.lanes)
            self._chunk(function, chunk, wanted, where=where, home=home)
            self.functions.append(function)
            parts.append(function.name)
        whole = Function(name, self.lanes)
        for part in parts:
            whole.call(part)
        self.functions.append(whole)
        return name

    def _homes(
        self, name: str, chunks: Sequence[Sequence[Node]], where: Mapping[Node, int]
    ) -> dict[Node, int]:
        """Return a slot for each value that is made in one chunk and used in a later one."""
        made = {node: number for number, chunk in enumerate(chunks) for node in chunk if node not in where}
        crossing = {
            part
            for number, chunk in enumerate(chunks)
            for node in chunk
            for part in self.graph.parts(node)
            if made.get(part, number) != number
        }
        crossing = {n for n in crossing if self.graph.terms[n][0] not in ("number", "true", "false")}
        if not crossing:
            return {}
        first = self.layout.add(f"{name} scratch", len(crossing))
        return {node: first + i for i, node in enumerate(sorted(crossing))}

    def _chunk(
        self,
        function: Function,
        chunk: Sequence[Node],
        wanted: Mapping[Node, Sequence[Output]],
        *,
        where: Mapping[Node, int],
        home: Mapping[Node, int],
    ) -> None:
        writer = Writer(self.graph, function, {**where, **home})
        for node in chunk:
            made = writer.make(node) if node not in where else writer.get(node)
            if node in home:
                function.store(home[node], writer.as_value(made))
            for output in wanted.get(node, ()):
                output.write(function, writer.as_value(made))


class Writer:
    """Writes terms into one function; what lies in a slot is loaded at its first use."""

    def __init__(self, graph: Graph, function: Function, where: Mapping[Node, int]) -> None:
        self.graph, self.function, self.where = graph, function, where
        self.made: dict[Node, Value | Condition] = {}

    def get(self, node: Node) -> Value | Condition:
        """Return a value that was made here, or load it."""
        if node not in self.made:
            term = self.graph.terms[node]
            if term[0] == "number":
                return self.function.constant(term[1])
            if term[0] in ("true", "false"):
                return self.function.truth(term[0] == "true")
            value = self.function.load(self.where[node])
            # A condition lies in its slot as one or zero.
            self.made[node] = value > 0.5 if term[0] in CONDITIONS else value
        return self.made[node]

    def as_value(self, made: Value | Condition) -> Value:
        """Return a condition as one or zero."""
        return made if isinstance(made, Value) else self.function.select(made, 1.0, 0.0)

    def number(self, node: Node) -> Value:
        """Return a value that must be a number."""
        return self.as_value(self.get(node))

    def test(self, node: Node) -> Condition:
        """Return a value that must be a condition."""
        found = self.get(node)
        return found if isinstance(found, Condition) else ~found.equals(0.0)

    def make(self, node: Node) -> Value | Condition:
        """Write the instruction of a term whose parts are there, and return its value."""
        if node not in self.made:
            if self.graph.terms[node][0] in ("number", "symbol", "true", "false"):
                return self.get(node)
            self.made[node] = self._written(node)
        return self.made[node]

    def _written(self, node: Node) -> Value | Condition:
        name, *parts = self.graph.terms[node]
        f = self.function
        match name:
            case "add" | "sub" | "mul":
                return self._fused(name, parts)
            case "neg":
                return -self.number(parts[0])
            case "reciprocal":
                return 1.0 / self.number(parts[0])
            case "exp":
                return exponential(f, self.number(parts[0]))
            case "min":
                return f.minimum(*map(self.number, parts))
            case "max":
                return f.maximum(*map(self.number, parts))
            case "abs":
                return f.intrinsic("fabs", self.number(parts[0]))
            case "select":
                return f.select(self.test(parts[0]), self.number(parts[1]), self.number(parts[2]))
            case "lt":
                return self.number(parts[0]) < self.number(parts[1])
            case "le":
                return self.number(parts[0]) <= self.number(parts[1])
            case "eq":
                return self.number(parts[0]).equals(self.number(parts[1]))
            case "and":
                return self.test(parts[0]) & self.test(parts[1])
            case "or":
                return self.test(parts[0]) | self.test(parts[1])
            case "not":
                return ~self.test(parts[0])
            case "lookup":
                return looked_up(f, *map(self.number, parts))
        return f.intrinsic(name, *map(self.number, parts))  # pow, log, sqrt, sin, cos, floor, ceil

    def _fused(self, name: str, parts: Sequence[Node]) -> Value:
        a, b = map(self.number, parts)
        return a + b if name == "add" else a - b if name == "sub" else a * b


def looked_up(f: Function, x: Value, place: Value, last: Value) -> Value:
    """Return an entry of each lane's own table: entry 0 where x < 0, 1 where x < 1, …, in the end the last.

    The address of a table is a lane's number like others; a lane that was never filled has none.
    """
    whole = f"<{f.lanes} x i64>" if f.lanes > 1 else "i64"
    index = f.maximum(f.minimum(f.intrinsic("floor", x) + 1.0, last), 0.0)
    steps = f.line_value(f"fptosi {f.vector} {index.text} to {whole}")
    places = f.line_value(f"bitcast {f.vector} {place.text} to {whole}")
    nowhere = f.line_value("ptrtoint ptr %image to i64")
    found = f.constant(0.0).text
    for lane in range(f.lanes):
        step, at = (_lane_of(f, each, whole, lane) for each in (steps, places))
        known = f.line_value(f"icmp ne i64 {at}, 0")
        safe = f.line_value(f"select i1 {known}, i64 {at}, i64 {nowhere}")
        pointer = f.line_value(f"inttoptr i64 {safe} to ptr")
        entry = f.line_value(f"load double, ptr {f.offset(pointer, Whole(f, step))}")
        if f.lanes == 1:
            return Value(f, entry)
        found = f.line_value(f"insertelement {f.vector} {found}, double {entry}, i64 {lane}")
    return Value(f, found)


def _lane_of(f: Function, name: str, whole: str, lane: int) -> str:
    return f.line_value(f"extractelement {whole} {name}, i64 {lane}") if f.lanes > 1 else name


def exponential(f: Function, x: Value) -> Value:
    """Return exp(x), right to two units in the last place; three times as fast as a library's.

    x = k ln 2 + r with |r| <= ln(2)/2; exp(r) by its Taylor series to r^13, whose rest is below
    1e-17; times 2^k. Beyond ±708 it stays at the value there.
    """
    limited = f.minimum(f.maximum(x, -_LARGEST_EXPONENT), _LARGEST_EXPONENT)  # a number in any case
    k = f.fused(limited, _LOG2_E, _ROUNDER) - _ROUNDER
    r = f.fused(k, -_LN2_LOW, f.fused(k, -_LN2_HIGH, limited))
    factorial, coefficients = 1.0, [1.0]
    for n in range(1, 14):
        factorial *= n
        coefficients.append(1.0 / factorial)
    total = f.constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = f.fused(total, r, coefficient)
    return f.select(x.equals(x), total * f.power_of_two(k), x)
