"""A graph of expressions: what it simplifies keeps its value, what is equal is one node."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from kinaptic.sbml.ensemble.expression import Graph, Level, Node

Plain = Callable[[Mapping[str, float]], float]
LEVELS = {"n": Level.PARAMETER, "d": Level.DISCRETE, "x": Level.STATE, "y": Level.STATE}
TWO = ("add", "sub", "mul", "div", "min", "max", "pow")
ONE = ("neg", "reciprocal", "exp", "log", "sqrt", "sin", "cos", "abs", "floor", "ceil")
PLAIN: dict[str, Callable[..., float]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "min": np.minimum,
    "max": np.maximum,
    "pow": np.power,
    "neg": np.negative,
    "reciprocal": np.reciprocal,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.abs,
    "floor": np.floor,
    "ceil": np.ceil,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "select": lambda condition, yes, no: yes if condition else no,
}


def evaluate(graph: Graph, node: Node, values: Mapping[str, float]) -> float:
    """What a node is worth, one term after the other."""
    found: dict[Node, float] = {}
    for each in graph.needed([node]):
        name, *parts = graph.terms[each]
        if name in ("number", "symbol"):
            found[each] = np.float64(values[parts[0]] if name == "symbol" else parts[0])
        elif name in ("true", "false"):
            found[each] = name == "true"
        else:
            with np.errstate(all="ignore"):
                found[each] = PLAIN[name](*(found[p] for p in parts))
    return found[node]


def build(graph: Graph, name: str, *parts: Node) -> Node:
    method = name in ("add", "sub", "mul", "div", "pow", "neg", "reciprocal", "select")
    return getattr(graph, name)(*parts) if method else graph.call(name, *parts)


def grown(generator: np.random.Generator, graph: Graph, terms: int) -> list[tuple[Node, Plain]]:
    """Random terms on top of each other, each with a function that knows nothing of simplification."""

    def leaf(name: str) -> Plain:
        return lambda values: np.float64(values[name])

    def constant(value: float) -> Plain:
        return lambda _: np.float64(value)

    def combined(name: str, *parts: Plain) -> Plain:
        return lambda values: PLAIN[name](*(part(values) for part in parts))

    pool = [(graph.symbol(name, level), leaf(name)) for name, level in LEVELS.items()]
    pool += [(graph.number(v), constant(v)) for v in (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, -2.0)]
    for _ in range(terms):
        kind = generator.integers(10)
        if kind == 0:
            compared = generator.choice(["lt", "le", "eq"])
            (a, f), (b, g), (c, h), (d, k) = (pool[generator.integers(len(pool))] for _ in range(4))
            node = graph.select(graph.call(compared, a, b), c, d)
            pool.append((node, combined("select", combined(compared, f, g), h, k)))
            continue
        name = str(generator.choice(TWO if kind < 7 else ONE))
        chosen = [pool[generator.integers(len(pool))] for _ in range(2 if name in TWO else 1)]
        pool.append((build(graph, name, *(n for n, _ in chosen)), combined(name, *(f for _, f in chosen))))
    return pool


@pytest.mark.parametrize("seed", range(40))
def test_simplifying_never_changes_a_value(seed: int) -> None:
    generator = np.random.default_rng(seed)
    graph, compared = Graph(), 0
    values = {name: float(generator.uniform(0.2, 2)) for name in LEVELS}
    for node, plain in grown(generator, graph, 60):
        with np.errstate(all="ignore"):
            wanted = float(plain(values))
        if math.isfinite(wanted) and abs(wanted) < 1e8:  # x/x and 0·x are simplified although x may be 0 or ∞
            found = float(evaluate(graph, node, values))
            assert found == pytest.approx(wanted, rel=1e-7, abs=1e-7)
            compared += 1
    assert compared > 40


def test_what_is_equal_is_one_node() -> None:
    graph = Graph()
    x, y = graph.symbol("x", Level.STATE), graph.symbol("y", Level.STATE)
    assert graph.add(x, y) == graph.add(y, x)
    assert graph.mul(x, graph.neg(y)) == graph.neg(graph.mul(y, x))
    assert graph.div(x, y) == graph.mul(x, graph.reciprocal(y))
    assert graph.sub(x, y) == graph.neg(graph.sub(y, x))


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (lambda g: g.reciprocal(g.number(0)), math.inf),
        (lambda g: g.call("log", g.number(-1)), math.nan),
        (lambda g: g.div(g.number(0), g.number(0)), math.nan),
        (lambda g: g.mul(g.number(0), g.reciprocal(g.number(0))), math.nan),
        (lambda g: g.call("exp", g.number(1000)), math.inf),
        (lambda g: g.pow(g.number(-8), g.number(1 / 3)), math.nan),
        (lambda g: g.pow(g.number(0), g.number(-2)), math.inf),
        (lambda g: g.select(g.number(2), g.number(3), g.number(4)), 3),
        (lambda g: g.add(g.truth(True), g.truth(True)), 2),
    ],
)
def test_numbers_fold_as_a_processor_would_compute_them(made: Callable[[Graph], Node], wanted: float) -> None:
    graph = Graph()
    assert graph.value(made(graph)) == pytest.approx(wanted, nan_ok=True)


def test_what_changes_less_often_stands_in_front() -> None:
    graph = Graph()
    x, k, v = (graph.symbol(n, Level(i)) for n, i in (("x", 3), ("k", 1), ("v", 1)))
    product = graph.mul(k, graph.mul(x, v))
    assert graph.terms[product] == ("mul", graph.mul(k, v), x)
    assert graph.levels[graph.mul(k, v)] is Level.PARAMETER


def test_a_factor_is_found_wherever_it_stands() -> None:
    graph = Graph()
    x, k, volume = (graph.symbol(n, Level(i)) for n, i in (("x", 3), ("k", 1), ("volume", 1)))
    law = graph.neg(graph.mul(graph.mul(volume, k), x))
    assert graph.factor(law, volume) == graph.neg(graph.mul(k, x))
    assert graph.factor(graph.add(law, x), volume) is None


def test_a_sum_of_five_thousand_terms() -> None:
    graph = Graph()
    terms = [
        graph.mul(graph.symbol(f"k{i}", Level.PARAMETER), graph.symbol(f"x{i}", Level.STATE))
        for i in range(5000)
    ]
    values = {f"{name}{i}": 2.0 for name in "kx" for i in range(5000)}
    assert evaluate(graph, graph.sum(terms), values) == 20_000
