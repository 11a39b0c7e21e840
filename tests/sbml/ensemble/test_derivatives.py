"""Derivatives against steps into the complex plane, which are exact to rounding."""

from __future__ import annotations

import cmath
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from kinaptic.sbml.ensemble.derivatives import Derivatives
from kinaptic.sbml.ensemble.expression import Graph, Level, Node

NAMES = ("x", "y", "z")
STEP = 1e-30
SMOOTH: dict[str, Callable[..., complex]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "reciprocal": lambda a: 1 / a,
    "pow": lambda a, b: a**b,
    "exp": cmath.exp,
    "log": cmath.log,
    "sqrt": cmath.sqrt,
    "sin": cmath.sin,
    "cos": cmath.cos,
    "abs": lambda a: -a if a.real < 0 else a,
    "min": lambda a, b: a if a.real < b.real else b,
    "max": lambda a, b: a if a.real > b.real else b,
    "lt": lambda a, b: a.real < b.real,
    "select": lambda condition, yes, no: yes if condition else no,
}


def evaluate(graph: Graph, node: Node, values: Mapping[str, complex]) -> complex:
    found: dict[Node, complex] = {}
    for each in graph.needed([node]):
        name, *parts = graph.terms[each]
        if name == "number":
            found[each] = parts[0]
        else:
            found[each] = (
                values[parts[0]] if name == "symbol" else SMOOTH[name](*(found[part] for part in parts))
            )
    return found[node]


def grown(generator: np.random.Generator, graph: Graph, terms: int) -> Node:
    """A random term whose parts stay between about 0.1 and 10, where all functions are smooth."""
    pool = [graph.symbol(name, Level.STATE) for name in NAMES]
    pool += [graph.symbol("k", Level.PARAMETER), graph.number(1.5)]

    def one() -> Node:
        return pool[generator.integers(len(pool))]

    for _ in range(terms):
        a, b, c = one(), one(), one()
        positive = graph.add(graph.mul(a, a), graph.number(0.5))
        choices = (
            lambda a=a, b=b: graph.call("sin", graph.add(a, b)),
            lambda a=a, b=b: graph.call("cos", graph.mul(a, b)),
            lambda b=b, p=positive: graph.div(b, p),
            lambda b=b, p=positive: graph.pow(p, graph.call("sin", b)),
            lambda p=positive: graph.call("log", p),
            lambda p=positive: graph.pow(p, graph.number(0.5)),
            lambda p=positive: graph.pow(p, graph.number(-2.7)),
            lambda a=a: graph.call("exp", graph.call("sin", a)),
            lambda a=a, b=b, c=c: graph.select(graph.call("lt", a, b), graph.sub(b, c), graph.neg(c)),
            lambda a=a, b=b: graph.call("min", a, b),
            lambda a=a, b=b: graph.call("max", a, b),
            lambda a=a: graph.call("abs", a),
        )
        pool.append(choices[generator.integers(len(choices))]())
    return graph.sum(pool[5:])


def by_complex_step(graph: Graph, node: Node, values: Mapping[str, float], name: str) -> float:
    moved: dict[str, complex] = {n: complex(v) for n, v in values.items()}
    moved[name] += STEP * 1j
    return evaluate(graph, node, moved).imag / STEP


@pytest.mark.parametrize("seed", range(30))
def test_derivatives_of_random_terms(seed: int) -> None:
    generator = np.random.default_rng(seed)
    graph = Graph()
    node = grown(generator, graph, 25)
    values = {name: float(generator.uniform(0.3, 2)) for name in (*NAMES, "k")}
    found = Derivatives(graph).of(node)
    for name in NAMES:
        slope = found.get(graph.symbol(name, Level.STATE), graph.number(0))
        wanted = by_complex_step(graph, node, values, name)
        assert evaluate(graph, slope, values).real == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_a_cut_is_differentiated_by_and_not_through() -> None:
    graph = Graph()
    x, y = graph.symbol("x", Level.STATE), graph.symbol("y", Level.STATE)
    total = graph.add(x, y)
    rate = graph.mul(total, x)
    derivatives = Derivatives(graph, [total])
    assert derivatives.of(rate) == {total: x, x: total}
    one = graph.number(1)
    assert derivatives.inside(total) == {x: one, y: one}


def test_the_chain_rule_through_cuts_gives_the_whole_derivative() -> None:
    generator = np.random.default_rng(7)
    graph = Graph()
    inner = grown(generator, graph, 10)
    node = graph.add(graph.mul(inner, graph.symbol("x", Level.STATE)), graph.call("sin", inner))
    values = {name: 0.7 + 0.1 * i for i, name in enumerate((*NAMES, "k"))}
    derivatives = Derivatives(graph, [inner])
    outer, within = derivatives.of(node), derivatives.inside(inner)
    for name in NAMES:
        symbol, zero = graph.symbol(name, Level.STATE), graph.number(0)
        whole = graph.add(outer.get(symbol, zero), graph.mul(outer[inner], within.get(symbol, zero)))
        wanted = by_complex_step(graph, node, values, name)
        assert evaluate(graph, whole, values).real == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_what_is_no_state_has_no_derivative() -> None:
    graph = Graph()
    k, n = graph.symbol("k", Level.PARAMETER), graph.symbol("n", Level.DISCRETE)
    assert Derivatives(graph).of(graph.mul(k, graph.call("exp", n))) == {}


def test_five_thousand_terms_deep() -> None:
    graph = Graph()
    x = graph.symbol("x", Level.STATE)
    node = x
    for _ in range(5000):
        node = graph.call("sin", node)
    (slope,) = Derivatives(graph).of(node).values()
    wanted = by_complex_step(graph, node, {"x": 0.5}, "x")
    assert evaluate(graph, slope, {"x": 0.5}).real == pytest.approx(wanted, rel=1e-9)
