"""The sparse LU and its solve, written out: one multiply-add after the other, nothing looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kinaptic.sbml.ensemble.chunks import cut, mark
from kinaptic.sbml.ensemble.elimination import Elimination
from kinaptic.sbml.ensemble.expression import Graph, Node
from kinaptic.sbml.ensemble.jacobian import Jacobian
from kinaptic.sbml.ensemble.lanes import Function, Value
from kinaptic.sbml.ensemble.layout import Layout

_SUMS = 4  # of a row, kept apart


class Linear:
    """Writes ``factor`` and ``solve`` for the matrix J − I/(hγ), widened by the Jacobian's own unknowns.

    An entry that the elimination leaves as it is stays where the Jacobian wrote it. What is moved through
    memory is what a step costs.

    Parameters
    ----------
    graph : Graph
        Holds the entries.
    layout : Layout
        Given a region for the entries that change, and one for the added unknowns.
    lanes : int
        Width of a value.
    wide : Jacobian
        The entries.
    plan : Elimination
        Of their pattern.
    slots : mapping of Node to int
        Where the values of entries lie.
    """

    def __init__(
        self,
        graph: Graph,
        layout: Layout,
        lanes: int,
        *,
        wide: Jacobian,
        plan: Elimination,
        slots: Mapping[Node, int],
    ) -> None:
        self.graph, self.at, self.lanes = graph, layout, lanes
        self.wide, self.plan, self.slots = wide, plan, slots
        changed = {row.pivot for row in plan.rows}
        changed |= {step.multiplier for row in plan.rows for step in row.steps}
        changed |= {target for row in plan.rows for step in row.steps for target in step.targets}
        first = layout.add("factors", len(changed))
        # In the order of their use in a solve, the most frequent work: memory is read as a stream.
        used = [place for line in plan.solve for place in (*(p for _, p in line.terms), line.pivot)]
        self.home = {place: first + i for i, place in enumerate(p for p in used if p in changed)}
        layout.add("added", wide.size - wide.states)

    def write(self) -> list[Function]:
        """Return ``factor``, ``solve`` and what they call."""
        return [*self._factor(), *self._solve()]

    def _entry(self, f: Function, place: int) -> Value | None:
        """Return an entry of the Jacobian, None for one that is zero before the elimination."""
        node = self.wide.entries.get(self.plan.entries[place])
        if node is None:
            return None
        number = self.graph.value(node)
        return f.load(self.slots[node]) if number is None else f.constant(number)

    def _factored(self, f: Function, place: int) -> Value:
        """Return an entry after the elimination."""
        if place in self.home:
            return f.load(self.home[place])
        return self._entry(f, place) or f.constant(0.0)

    def _factor(self) -> list[Function]:
        places: dict[int, list[int]] = {}
        for place, (i, _) in enumerate(self.plan.entries):
            if place in self.home:
                places.setdefault(i, []).append(place)
        sizes = [1 + sum(1 + len(step.targets) for step in row.steps) for row in self.plan.rows]
        looks = [mark(*(len(step.targets) for step in row.steps)) for row in self.plan.rows]
        chunks = cut(self.plan.rows, sizes, looks)
        functions = [Function(f"factor_{i}", self.lanes) for i in range(len(chunks))]
        for f, chunk in zip(functions, chunks, strict=True):
            shift = f.load(self.at["shift"])
            for row in chunk:
                values = {place: self._entry(f, place) for place in places[row.row]}
                minus = shift if row.row < self.wide.states else f.constant(1.0)
                pivot = values[row.pivot]
                values[row.pivot] = -minus if pivot is None else pivot - minus
                for step in row.steps:
                    self._take(f, values, step.multiplier, self.home[step.reciprocal], step.updates)
                values[row.pivot] = 1.0 / (values[row.pivot] or f.constant(0.0))
                for place, value in values.items():
                    f.store(self.home[place], 0.0 if value is None else value)
        return [*functions, _calling("factor", functions, self.lanes)]

    def _take(
        self,
        f: Function,
        values: dict[int, Value | None],
        place: int,
        reciprocal: int,
        updates: Iterable[tuple[int, int]],
    ) -> None:
        """Take a pivot's row out of the row whose values these are."""
        start = values[place]
        if start is None:
            return  # nothing has filled it
        values[place] = multiplier = start * f.load(reciprocal)
        minus = -multiplier
        for target, source in updates:
            old, factor = values[target], self._factored(f, source)
            values[target] = minus * factor if old is None else f.fused(minus, factor, old)

    def _solve(self) -> list[Function]:
        states, added = self.wide.states, self.at["added"]
        slot = [self.at["b"] + i for i in range(states)]
        slot += [added + i for i in range(self.wide.size - states)]
        begun = set(range(states))  # the added unknowns have no right-hand side: they begin as zero
        sizes = [1 + len(line.terms) for line in self.plan.solve]
        chunks = cut(self.plan.solve, sizes, sizes)
        functions = [Function(f"solve_{i}", self.lanes) for i in range(len(chunks))]
        for f, chunk in zip(functions, chunks, strict=True):
            known: dict[int, Value] = {}
            for line in chunk:
                for i in (line.row, *(column for column, _ in line.terms)):
                    if i not in known:
                        known[i] = f.load(slot[i]) if i in begun else f.constant(0.0)
                terms = [(known[column], self._factored(f, place)) for column, place in line.terms]
                total = _minus_products(f, known[line.row], terms)
                if line.pivot is not None:
                    total = total * f.load(self.home[line.pivot])
                known[line.row] = total
                begun.add(line.row)
                f.store(slot[line.row], total)
        return [*functions, _calling("solve", functions, self.lanes)]


def _calling(name: str, parts: Sequence[Function], lanes: int) -> Function:
    whole = Function(name, lanes)
    for part in parts:
        whole.call(part.name)
    return whole


def _minus_products(f: Function, start: Value, terms: Sequence[tuple[Value, Value]]) -> Value:
    """Return start − Σ a·b, in a few sums side by side: one long chain would wait for each result."""
    count = min(_SUMS, max(1, len(terms) // 2))
    sums: list[Value] = [start]
    for i, (a, b) in enumerate(terms):
        if i % count < len(sums):
            sums[i % count] = f.fused(-a, b, sums[i % count])
        else:
            sums.append(-a * b)
    total = sums[0]
    for other in sums[1:]:
        total = total + other
    return total
