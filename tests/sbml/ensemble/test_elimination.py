"""The plan of a sparse LU: executing it solves the system, and it does no more than it has to."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from kinaptic.errors import ModelError
from kinaptic.sbml.ensemble.elimination import Elimination, eliminate

Vector = NDArray[np.float64]
Pattern = set[tuple[int, int]]


def reactions(size: int, seed: int, per_state: float) -> Pattern:
    """States of random reactions a + b → c, in which c reads a and b but not the other way round."""
    generator = np.random.default_rng(seed)
    pattern: Pattern = set()
    for _ in range(int(size * per_state)):
        a, b, c = generator.choice(size, 3, replace=False).tolist()
        pattern |= {(row, column) for row in (a, b, c) for column in (a, b)}
    return pattern


def tridiagonal(size: int) -> Pattern:
    return {(row, column) for row in range(size) for column in (row - 1, row + 1) if 0 <= column < size}


def arrow(size: int) -> Pattern:
    """Row and column 0 full: taken first, it would fill the whole matrix."""
    return {(0, k) for k in range(1, size)} | {(k, 0) for k in range(1, size)}


def tree(size: int) -> Pattern:
    """A random tree, its nodes in random order."""
    generator = np.random.default_rng(5)
    name = generator.permutation(size).tolist()
    pairs = {(name[k], name[int(generator.integers(k))]) for k in range(1, size)}
    return pairs | {(b, a) for a, b in pairs}


def readers(size: int) -> Pattern:
    """Two full blocks, of which the second reads one state of the first."""
    half = size // 2
    first = {(row, column) for row in range(half) for column in range(half)}
    second = {(row, column) for row in range(half, size) for column in range(half, size)}
    return first | second | {(row, 0) for row in range(half, size)}


def linked(size: int) -> Pattern:
    """Two full blocks and a state that links them: it has the fewest neighbours, but taken first it fills."""
    half = size // 2
    sides = (range(half), range(half, size - 1))
    pairs = {(row, column) for side in sides for row in side for column in side}
    return pairs | {(size - 1, 0), (0, size - 1), (size - 1, half), (half, size - 1)}


PATTERNS: dict[str, tuple[int, Pattern]] = {
    "nothing": (0, set()),
    "one": (1, set()),
    "diagonal": (4, {(2, 2)}),
    "two that feed back": (2, {(0, 1), (1, 0)}),
    "tridiagonal": (30, tridiagonal(30)),
    "arrow": (60, arrow(60)),
    "tree": (50, tree(50)),
    "full": (12, {(row, column) for row in range(12) for column in range(12)}),
    "chain up": (20, {(k, k - 1) for k in range(1, 20)}),
    "chain down": (20, {(k - 1, k) for k in range(1, 20)}),
    "ring": (20, {(k, (k + 1) % 20) for k in range(20)}),
    "readers": (12, readers(12)),
    "linked": (13, linked(13)),
    **{f"reactions {k}": (5 + 6 * k, reactions(5 + 6 * k, k, 0.2 + 0.05 * k)) for k in range(16)},
}
every_pattern = pytest.mark.parametrize(("size", "pattern"), PATTERNS.values(), ids=PATTERNS)


def whole(size: int, pattern: Pattern) -> Pattern:
    return pattern | {(k, k) for k in range(size)}


def fill(size: int, pattern: Pattern) -> int:
    return len(set(eliminate(size, pattern).entries) - whole(size, pattern))


def factorised(plan: Elimination, matrix: Vector) -> Vector:
    """The entries after the elimination."""
    a = np.array([matrix[entry] for entry in plan.entries])
    for row in plan.rows:
        for step in row.steps:
            m = a[step.multiplier] * a[step.reciprocal]
            a[step.multiplier] = m
            for target, source in step.updates:
                a[target] -= m * a[source]
        a[row.pivot] = 1 / a[row.pivot]
    return a


def solved(plan: Elimination, a: Vector, right: Vector) -> Vector:
    x = right.copy()
    for line in plan.solve:
        for column, position in line.terms:
            x[line.row] -= a[position] * x[column]
        if line.pivot is not None:
            x[line.row] *= a[line.pivot]
    return x


def dominant(size: int, pattern: Pattern, seed: int) -> Vector:
    """Random values on a pattern, each diagonal entry larger than the others of its row together."""
    generator = np.random.default_rng(seed)
    matrix = np.zeros((size, size))
    for row, column in sorted(pattern):
        matrix[row, column] = generator.normal() * 10 ** generator.uniform(-3, 3)
    np.fill_diagonal(matrix, 0)
    np.fill_diagonal(matrix, np.abs(matrix).sum(axis=1) * generator.uniform(1.1, 3, size) + 1)
    return matrix


@every_pattern
def test_the_plan_solves(size: int, pattern: Pattern) -> None:
    plan = eliminate(size, pattern)
    for seed in range(3):
        matrix = dominant(size, pattern, seed)
        right = np.random.default_rng(seed + 100).normal(size=size)
        expected = np.linalg.solve(matrix, right)
        np.testing.assert_allclose(
            solved(plan, factorised(plan, matrix), right),
            expected,
            rtol=0,
            atol=1e-10 * np.abs(expected).max(initial=0),
        )


@every_pattern
def test_the_order_is_a_permutation(size: int, pattern: Pattern) -> None:
    plan = eliminate(size, pattern)
    assert sorted(plan.order) == list(range(size))
    assert tuple(row.row for row in plan.rows) == plan.order


@every_pattern
def test_entries_lie_row_by_row_in_the_order_of_the_pivots(size: int, pattern: Pattern) -> None:
    plan = eliminate(size, pattern)
    rank = {row: k for k, row in enumerate(plan.order)}
    places = [(rank[row], rank[column]) for row, column in plan.entries]
    assert places == sorted(set(places))
    assert set(plan.entries) >= whole(size, pattern)


@every_pattern
def test_every_operation_is_on_the_entries_it_names(size: int, pattern: Pattern) -> None:
    """A position is that of the very row and column that the algebra asks for; so none is outside."""
    plan = eliminate(size, pattern)
    rank = {row: k for k, row in enumerate(plan.order)}
    for row in plan.rows:
        assert plan.entries[row.pivot] == (row.row, row.row)
        taken = [plan.entries[step.multiplier][1] for step in row.steps]
        assert taken == sorted(taken, key=rank.__getitem__)
        assert all(rank[column] < rank[row.row] for column in taken)
        for column, step in zip(taken, row.steps, strict=True):
            assert plan.entries[step.multiplier] == (row.row, column)
            assert plan.entries[step.reciprocal] == (column, column)
            for target, source in step.updates:
                assert plan.entries[source][0] == column
                assert plan.entries[target] == (row.row, plan.entries[source][1])
    for line in plan.solve:
        assert all(plan.entries[position] == (line.row, column) for column, position in line.terms)
        assert line.pivot is None or plan.entries[line.pivot] == (line.row, line.row)


@every_pattern
def test_a_solve_uses_every_entry_once(size: int, pattern: Pattern) -> None:
    plan = eliminate(size, pattern)
    used = [position for line in plan.solve for _, position in line.terms]
    used += [line.pivot for line in plan.solve if line.pivot is not None]
    assert sorted(used) == list(range(len(plan.entries)))


@pytest.mark.parametrize(
    "name", ["tridiagonal", "arrow", "tree", "chain up", "chain down", "readers", "linked", "full"]
)
def test_no_fill_where_none_is_needed(name: str) -> None:
    assert fill(*PATTERNS[name]) == 0


def test_a_ring_of_neighbours_fills_as_little_as_a_ring_can() -> None:
    """Each pivot but the last three joins its two neighbours: one entry and its mirror image."""
    size = 15
    ring = {(k, (k + 1) % size) for k in range(size)}
    assert fill(size, ring | {(b, a) for a, b in ring}) == 2 * (size - 3)


@every_pattern
def test_nothing_is_eliminated_across_blocks(size: int, pattern: Pattern) -> None:
    """Only states that feed back on each other are taken out of each other's rows, and only they fill in."""
    if size == 0:
        return
    rows, columns = zip(*whole(size, pattern), strict=True)
    graph = csr_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    _, block = connected_components(graph, connection="strong")
    plan = eliminate(size, pattern)
    across = {(row, column) for row, column in plan.entries if block[row] != block[column]}
    assert across <= pattern
    touched = {plan.entries[step.multiplier] for row in plan.rows for step in row.steps}
    assert touched & across == set()


def test_readers_cost_nothing_to_factorise() -> None:
    """A state that nobody reads, and one that reads nobody, have a pivot and no more."""
    core = {(row, column) for row in range(3) for column in range(3)}
    plan = eliminate(6, core | {(0, 3), (1, 3), (4, 0), (4, 2), (5, 4), (5, 1)})
    steps = {row.row: len(row.steps) for row in plan.rows}
    assert [steps[row] for row in (3, 4, 5)] == [0, 0, 0]
    assert sorted(steps[row] for row in (0, 1, 2)) == [0, 1, 2]


def test_the_same_entries_give_the_same_plan() -> None:
    size, pattern = 80, reactions(80, 3, 1.2)
    plan = eliminate(size, pattern)
    ordered = sorted(pattern)
    shuffled = [ordered[k] for k in np.random.default_rng(1).permutation(len(ordered)).tolist()]
    assert eliminate(size, shuffled) == plan
    assert eliminate(size, iter(shuffled + shuffled[:40] + [(k, k) for k in range(size)])) == plan


@pytest.mark.parametrize("step", [1, -1])
def test_a_long_chain_is_no_deep_recursion(step: int) -> None:
    size = 3000
    chain = {(k, k + step) for k in range(size) if 0 <= k + step < size}
    assert [row.steps for row in eliminate(size, chain).rows] == [()] * size


@pytest.mark.parametrize("entry", [(0, 3), (3, 0), (-1, 0), (0, -1)])
def test_an_entry_outside_is_refused(entry: tuple[int, int]) -> None:
    with pytest.raises(ModelError, match=r"lies outside a matrix of 3 rows"):
        eliminate(3, {(0, 1), entry})
