"""Vector code, compiled and run: the same numbers in every lane, at every width."""

from __future__ import annotations

import math
from collections.abc import Callable

import llvmlite.binding as llvm
import numpy as np
import pytest
from numpy.typing import NDArray

from kinaptic.sbml import document
from kinaptic.sbml.ensemble import machine, program
from kinaptic.sbml.ensemble.expression import Graph, Level, Node
from kinaptic.sbml.ensemble.lanes import Condition, Function, Value
from kinaptic.sbml.ensemble.layout import Layout
from kinaptic.sbml.ensemble.lowering import Lowering, Output, exponential, to_slot

Array = NDArray[np.float64]
WIDTHS = (1, 2, 4, 8)
ODD = (0.0, -0.0, 1.0, -1.5, 1e-310, -5e-324, 1e300, math.inf, -math.inf, math.nan)
width = pytest.mark.parametrize("lanes", WIDTHS)


def executed(functions: list[Function], size: int, lanes: int, image: Array, limit: int = 0) -> Array:
    """Run the function ``go`` on an image, shape (size, lanes)."""
    text = "\n".join(
        (*(f.text for f in functions), *program._declarations(functions[0].vector, functions[0].suffix))
    )
    code = machine.compiled(f"{text}\nattributes #0 = {{ nounwind }}", machine.host())
    memory = np.zeros((size + 1) * lanes + 8)
    begin = (-memory.ctypes.data % 64) // 8
    given = memory[begin : begin + size * lanes].reshape(size, lanes)
    given[:] = image
    loaded = machine.Loaded(code, ("go",))
    loaded.entries["go"](given.ctypes.data, limit)
    return given.copy()


def mapped(write: Callable[[Function, Value], Value], xs: Array, lanes: int) -> Array:
    """Apply a function of one value to many numbers, as many at a time as there are lanes."""
    slots = -(-len(xs) // lanes)
    f = Function("go", lanes, public=True)
    with f.loop(slots) as loop:
        f.store(loop.index + slots, write(f, f.load(loop.index)))
    image = np.zeros((2 * slots, lanes))
    image[:slots].flat[: len(xs)] = xs
    return executed([f], 2 * slots, lanes, image)[slots:].reshape(-1)[: len(xs)]


@width
def test_exponential(lanes: int) -> None:
    xs = np.r_[np.linspace(-707, 707, 20_001), np.geomspace(1e-320, 1, 500), -np.geomspace(1e-320, 1, 500)]
    found, wanted = mapped(exponential, xs, lanes), np.exp(xs)
    assert np.abs(found / wanted - 1).max() < 4.5e-16


@width
def test_exponential_at_the_ends(lanes: int) -> None:
    found = mapped(exponential, np.array([0.0, -0.0, 800.0, math.inf, -800.0, -math.inf, math.nan]), lanes)
    assert found[:2].tolist() == [1, 1]
    assert found[2] == found[3] == pytest.approx(math.exp(708), rel=1e-15)
    assert found[4] == found[5] == pytest.approx(math.exp(-708), rel=1e-15)
    assert math.isnan(found[6])


@width
def test_powers_of_two(lanes: int) -> None:
    exponents = np.arange(-1022.0, 1024.0)
    assert np.array_equal(mapped(lambda f, x: f.power_of_two(x), exponents, lanes), 2.0**exponents)


@width
def test_smaller_and_larger_give_the_second_where_one_is_not_a_number(lanes: int) -> None:
    first, second = (np.array(x) for x in zip(*[(a, b) for a in ODD for b in ODD], strict=True))
    count = len(first)
    slots = -(-count // lanes)
    f = Function("go", lanes, public=True)
    for i in range(slots):
        a, b = f.load(i), f.load(slots + i)
        f.store(2 * slots + i, f.minimum(a, b))
        f.store(3 * slots + i, f.maximum(a, b))
        f.store(4 * slots + i, f.select((a < b) | ~(a <= b), 1.0, 0.0))
        f.store(5 * slots + i, f.select(a.equals(b) & (a >= b), 1.0, 0.0))
    image = np.zeros((6 * slots, lanes))
    image[:slots].flat[:count], image[slots : 2 * slots].flat[:count] = first, second
    done = executed([f], 6 * slots, lanes, image)
    found = [done[k * slots : (k + 1) * slots].reshape(-1)[:count] for k in range(2, 6)]
    np.testing.assert_array_equal(found[0], np.where(first < second, first, second))
    np.testing.assert_array_equal(found[1], np.where(first > second, first, second))
    np.testing.assert_array_equal(found[2], (first < second) | ~(first <= second))
    np.testing.assert_array_equal(found[3], first == second)


@width
def test_any_and_none(lanes: int) -> None:
    def go(f: Function, condition: Callable[[Value], Condition]) -> None:
        for k, test in enumerate((f.anywhere, f.nowhere)):
            with f.when(test(condition(f.load(0)))):
                f.store(1 + k, 1.0)

    for values in (np.zeros(lanes), np.ones(lanes), np.eye(1, lanes, lanes - 1)[0]):
        f = Function("go", lanes, public=True)
        go(f, lambda x: x > 0.5)
        image = np.zeros((3, lanes))
        image[0] = values
        done = executed([f], 3, lanes, image)
        assert done[1:, 0].tolist() == [float(values.any()), float(not values.any())]


@width
def test_loops_end_and_can_be_left(lanes: int) -> None:
    f = Function("go", lanes, public=True)
    with f.loop(f.limit) as loop:
        f.store(0, f.load(0) + 1.0)
        with f.loop(3):
            f.store(1, f.load(1) + 1.0)
        loop.leave_if(f.anywhere(f.load(0) >= 5.0))
    assert executed([f], 2, lanes, np.zeros((2, lanes)), 4)[:, 0].tolist() == [4, 12]
    assert executed([f], 2, lanes, np.zeros((2, lanes)), 40)[:, 0].tolist() == [5, 15]
    assert executed([f], 2, lanes, np.zeros((2, lanes)), 0)[:, 0].tolist() == [0, 0]


def terms(graph: Graph, count: int) -> list[Node]:
    """Many terms, each on top of earlier ones, so that they do not fit into one function."""
    x, y = graph.symbol("x", Level.STATE), graph.symbol("y", Level.STATE)
    made = [x, y, graph.number(0.75)]
    for i in range(count):
        a, b = made[-1 - i % 3], made[i // 2]
        test = graph.call("or", graph.call("lt", a, b), graph.call("not", graph.call("le", x, y)))
        made += [
            graph.call("sin", graph.add(a, b)),
            graph.call("exp", graph.neg(graph.call("abs", graph.sub(a, b)))),
            graph.select(test, graph.call("min", a, b), graph.call("max", graph.mul(a, b), x)),
            graph.call("sqrt", graph.reciprocal(graph.add(graph.mul(a, a), graph.number(1)))),
            graph.call("and", test, graph.call("eq", a, a)),
        ]
        made[-1] = graph.select(made[-1], graph.call("cos", b), graph.call("floor", graph.mul(b, b)))
    return made[3:]


def plainly(graph: Graph, node: Node, values: dict[str, Array]) -> dict[Node, Array]:
    apply: dict[str, Callable[..., Array]] = {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "neg": np.negative,
        "reciprocal": np.reciprocal, "sin": np.sin, "cos": np.cos, "exp": np.exp,
        "sqrt": np.sqrt, "abs": np.abs, "floor": np.floor, "min": np.minimum, "max": np.maximum,
        "lt": np.less, "le": np.less_equal, "eq": np.equal, "and": np.logical_and, "or": np.logical_or,
        "not": np.logical_not, "select": np.where,
    }  # fmt: skip
    found: dict[Node, Array] = {}
    for each in graph.needed([node]):
        name, *parts = graph.terms[each]
        if name == "symbol":
            found[each] = values[parts[0]]
        elif name in ("number", "true", "false"):
            found[each] = np.full(len(values["x"]), parts[0] if parts else name == "true")
        else:
            found[each] = apply[name](*(found[p] for p in parts))
    return found


@width
def test_terms_over_many_functions(lanes: int) -> None:
    graph, layout = Graph(), Layout()
    layout.add("symbols", 2)
    wanted = terms(graph, 150)
    total = graph.sum(wanted)
    slot = layout.add("result", 2)
    lowering = Lowering(graph, layout, lanes)
    where = {graph.symbol(name, Level.STATE): i for i, name in enumerate("xy")}
    test = graph.call("lt", *where)
    lowering.write("go", [Output(total, to_slot(slot)), Output(test, to_slot(slot + 1))], where)
    lowering.functions[-1].public = True
    assert len(lowering.functions) > 3
    image = np.zeros((layout.size, lanes))
    image[:2] = np.random.default_rng(1).uniform(0.1, 2, (2, lanes))
    done = executed(lowering.functions, layout.size, lanes, image)
    plain = plainly(graph, total, {"x": image[0], "y": image[1]})[total]
    np.testing.assert_allclose(done[slot], plain, rtol=1e-12)
    assert np.array_equal(done[slot + 1], image[0] < image[1])


def test_a_lane_does_not_depend_on_the_width() -> None:
    results = []
    for lanes in WIDTHS:
        graph, layout = Graph(), Layout()
        layout.add("symbols", 2)
        total = graph.sum([*terms(graph, 40), graph.pow(graph.symbol("x", Level.STATE), graph.number(1.7))])
        slot = layout.add("result")
        lowering = Lowering(graph, layout, lanes)
        where = {graph.symbol(name, Level.STATE): i for i, name in enumerate("xy")}
        lowering.write("go", [Output(total, to_slot(slot))], where)
        lowering.functions[-1].public = True
        xs = np.random.default_rng(2).uniform(0.1, 2, (2, 8))
        parts = []
        for first in range(0, 8, lanes):
            image = np.zeros((layout.size, lanes))
            image[:2] = xs[:, first : first + lanes]
            parts.append(executed(lowering.functions, layout.size, lanes, image)[slot])
        results.append(np.concatenate(parts))
    for result in results[1:]:
        assert np.array_equal(result, results[0])


@width
def test_the_whole_program_is_assembly_that_llvm_accepts(lanes: int) -> None:
    text = """model m()
      compartment c = 2; species A in c, B in c; A = 1; B = 0; n = 0; k = 1;
      turn: A -> B; c*k*A^1.5*exp(-B)/(1 + A); back: B -> A; c*(B + sin(time));
      kick: at (time >= k && n < 5), fromTrigger=false: n = n + 1, A = A + 1;
    end"""
    assembly, _ = program.written(document.to_sbml(text), ("A", "n"), {}, lanes)
    llvm.parse_assembly(assembly).verify()
    assert f"<{lanes} x double>" in assembly or lanes == 1
