"""Triggers as moments: when each comes true, seen from a time before, at or after it."""

from __future__ import annotations

import math

import pytest

from kinaptic.sbml.ensemble.expression import Graph, Level, Node
from kinaptic.sbml.ensemble.refusals import Unsupported
from kinaptic.sbml.ensemble.triggers import onset, settled


class Clocks:
    """A graph with time, a clock of speed 2, a counter, a number and a state that is no clock."""

    def __init__(self) -> None:
        self.graph = graph = Graph()
        self.now, self.time, self.clock = (graph.symbol(n, Level.STATE) for n in ("now", "time", "clock"))
        self.x, self.n = graph.symbol("x", Level.STATE), graph.symbol("n", Level.DISCRETE)
        self.rates = {
            self.time: graph.number(1),
            self.clock: graph.number(2),
            self.x: graph.neg(self.x),
        }

    def least(self, clock: Node, value: float) -> Node:
        return self.graph.call("le", self.graph.number(value), clock)

    def when(self, trigger: Node, now: float, n: float = 0.0) -> float:
        node = onset(self.graph, trigger, now=self.now, rates=self.rates, name="it")
        return self.worth(node, now, n)

    def worth(self, node: Node, now: float, n: float = 0.0) -> float:
        values = {"now": now, "time": now, "clock": 2 * now, "n": n}
        done: dict[Node, float] = {}
        for each in self.graph.needed([node]):
            name, *parts = self.graph.terms[each]
            got = [done[p] for p in parts] if name not in ("number", "symbol") else []
            match name:
                case "number" | "symbol":
                    done[each] = parts[0] if name == "number" else values[parts[0]]
                case "add":
                    done[each] = got[0] + got[1]
                case "sub":
                    done[each] = got[0] - got[1]
                case "mul":
                    done[each] = got[0] * got[1]
                case "neg" | "abs":
                    done[each] = -got[0] if name == "neg" else abs(got[0])
                case "lt" | "le":
                    done[each] = got[0] < got[1] if name == "lt" else got[0] <= got[1]
                case "not":
                    done[each] = not got[0]
                case "select":
                    done[each] = got[1] if got[0] else got[2]
                case _:
                    done[each] = {"max": max, "min": min}[name](got)
        return done[node]


@pytest.fixture
def made() -> Clocks:
    return Clocks()


@pytest.mark.parametrize("now", [0.0, 1.5, 4.0])
def test_a_clock_says_when(made: Clocks, now: float) -> None:
    graph = made.graph
    early, late = made.least(made.clock, 3), made.least(made.time, 4)
    assert made.when(early, now) == pytest.approx(1.5)
    assert made.when(graph.call("and", early, late), now) == pytest.approx(4)
    assert made.when(graph.call("or", early, late), now) == pytest.approx(1.5)
    assert made.when(graph.call("not", graph.call("lt", made.time, graph.number(2))), now) == pytest.approx(2)
    both_not = graph.call("not", graph.call("or", graph.call("not", early), graph.call("not", late)))
    assert made.when(both_not, now) == pytest.approx(4)


def test_what_only_events_change_is_true_already_or_never(made: Clocks) -> None:
    few = made.graph.call("lt", made.n, made.graph.number(2))
    assert made.when(few, 3, n=1) == -math.inf
    assert made.when(few, 3, n=2) == math.inf
    while_few = made.graph.call("and", made.least(made.time, 1), few)
    assert (made.when(while_few, 0, n=1), made.when(while_few, 0, n=2)) == (1, math.inf)


def test_what_is_no_clock_is_refused(made: Clocks) -> None:
    graph = made.graph
    backwards = graph.call("lt", made.time, graph.number(1))
    for trigger in (made.least(made.x, 1), backwards, graph.call("not", made.least(made.time, 1))):
        with pytest.raises(Unsupported, match="no clock"):
            made.when(trigger, 0)
    with pytest.raises(Unsupported, match="switches"):
        made.when(made.least(graph.add(made.time, graph.call("floor", made.time)), 1), 0)
    with pytest.raises(Unsupported, match="is not made of"):
        made.when(graph.call("eq", made.time, graph.number(1)), 0)


@pytest.mark.parametrize(
    ("now", "reached"), [(1.2 - 1e-15, 1), (1.2, 1), (1.2 + 1e-15, 1), (1.19, 0), (1.21, 1)]
)
def test_a_condition_holds_at_the_moment_itself(made: Clocks, now: float, reached: float) -> None:
    graph = made.graph
    since, until = made.least(made.clock, 2.4), graph.call("lt", made.clock, graph.number(2.4))
    one, zero = graph.number(1), graph.number(0)
    formulas = [graph.select(since, one, zero), graph.select(until, zero, one), made.n, made.x]
    first, second, *same = settled(graph, formulas, now=made.now, rates=made.rates)
    assert (made.worth(first, now), made.worth(second, now)) == (reached, reached)
    assert same == [made.n, made.x]


def test_a_condition_on_what_is_no_clock_stays(made: Clocks) -> None:
    formula = made.graph.select(made.least(made.x, 1), made.n, made.time)
    assert settled(made.graph, [formula], now=made.now, rates=made.rates) == [formula]
