"""The Rosenbrock method: the conditions of order hold, and steps converge with the order that is claimed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from kinaptic.pathways.parameters import bibliography_keys
from kinaptic.sbml.ensemble.rosenbrock import RODAS4, Tableau

Vector = NDArray[np.float64]
Tree = tuple["Tree", ...]  # a rooted tree: its branches
LAST = np.array((*RODAS4.A[-1], 1.0))  # weights of y1
EMBEDDED = np.array((*RODAS4.A[-1], 0.0))


# --- Conditions of order: Hairer & Wanner 1996, theorem IV.7.3 -------------------------------------------


def square(rows: tuple[tuple[float, ...], ...]) -> Vector:
    """The lower triangle as a matrix."""
    matrix = np.zeros((len(rows), len(rows)))
    for index, row in enumerate(rows):
        matrix[index, : len(row)] = row
    return matrix


@dataclass(frozen=True)
class Classic:
    """A method in the untransformed form, in which the conditions are written."""

    alpha: Vector
    gamma: Vector

    @classmethod
    def of(cls, tableau: Tableau) -> Classic:
        """Undo the transformation: C = 1/gamma - inv(Gamma), A = alpha inv(Gamma)."""
        inverse = np.eye(tableau.stages) / tableau.gamma - square(tableau.C)
        gamma = np.asarray(np.linalg.inv(inverse), dtype=np.float64)
        return cls(square(tableau.A) @ gamma, gamma)


def trees(order: int) -> set[Tree]:
    """All rooted trees with so many vertices."""
    grown = {()} if order == 1 else {bigger for tree in trees(order - 1) for bigger in with_leaf(tree)}
    return {tuple(sorted(tree)) for tree in grown}


def with_leaf(tree: Tree) -> Iterator[Tree]:
    yield (*tree, ())
    for index, branch in enumerate(tree):
        for bigger in with_leaf(branch):
            yield tuple(sorted((*tree[:index], tuple(sorted(bigger)), *tree[index + 1 :])))


def vertices(tree: Tree) -> int:
    return 1 + sum(map(vertices, tree))


def density(tree: Tree) -> int:
    product = vertices(tree)
    for branch in tree:
        product *= density(branch)
    return product


def elementary(tree: Tree, method: Classic) -> Vector:
    """Value at each stage: one branch goes through alpha + Gamma, more go through alpha."""
    coefficients = method.alpha + method.gamma if len(tree) == 1 else method.alpha
    value = np.ones(len(method.alpha))
    for branch in tree:
        value = value * (coefficients @ elementary(branch, method))
    return value


def worst_defect(weights: Vector, order: int) -> float:
    """How far y + sum weights_i k_i is from an order: the worst of its conditions, relative."""
    method = Classic.of(RODAS4)
    increments = weights @ method.gamma
    return max(
        float(abs(increments @ elementary(tree, method) - 1 / density(tree)))
        for vertex_count in range(1, order + 1)
        for tree in trees(vertex_count)
    )


def test_trees_are_those_of_the_books() -> None:
    assert [len(trees(order)) for order in range(1, 7)] == [1, 1, 2, 4, 9, 20]


def test_step_meets_the_conditions_of_its_order_and_of_no_more() -> None:
    assert worst_defect(LAST, RODAS4.order) < 2e-13
    assert worst_defect(LAST, RODAS4.order + 1) > 1e-5


def test_embedded_solution_meets_the_conditions_of_one_order_less() -> None:
    assert worst_defect(EMBEDDED, RODAS4.order - 1) < 2e-13
    assert worst_defect(EMBEDDED, RODAS4.order) > 1e-5


def test_last_stages_continue_the_one_before() -> None:
    for earlier, later in itertools.pairwise(RODAS4.A[-RODAS4.order + 2 :]):
        assert later == (*earlier, 1.0)


def test_source_is_in_the_bibliography() -> None:
    assert RODAS4.source in bibliography_keys()


# --- Steps -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """y' = f(y) with its exact Jacobian."""

    rates: Callable[[Vector], Vector]
    jacobian: Callable[[Vector], Vector]


def step(problem: Problem, y: Vector, h: float) -> tuple[Vector, Vector]:
    """One step, word for word as the module says it: its end, and the embedded solution."""
    matrix = np.eye(len(y)) / (h * RODAS4.gamma) - problem.jacobian(y)
    stages: list[Vector] = []
    argument = y
    for row, coupling in zip(RODAS4.A, RODAS4.C, strict=True):
        argument = y + combination(row, stages)
        right = problem.rates(argument) + combination(coupling, stages) / h
        stages.append(np.asarray(np.linalg.solve(matrix, right), dtype=np.float64))
    return argument + stages[-1], argument


def combination(weights: tuple[float, ...], stages: list[Vector]) -> Vector | float:
    return sum((weight * stage for weight, stage in zip(weights, stages, strict=True)), 0.0)


def integrate(problem: Problem, y: Vector, end: float, steps: int) -> Vector:
    for _ in range(steps):
        y, _embedded = step(problem, y, end / steps)
    return y


# Hairer & Wanner 1996, section IV.10, without diffusion.
BRUSSELATOR = Problem(
    lambda y: np.array([1 + y[0] ** 2 * y[1] - 4 * y[0], 3 * y[0] - y[0] ** 2 * y[1]]),
    lambda y: np.array([[2 * y[0] * y[1] - 4, y[0] ** 2], [3 - 2 * y[0] * y[1], -(y[0] ** 2)]]),
)
START = np.array([1.5, 3.0])


def distance(one: Vector, other: Vector) -> float:
    return float(np.abs(one - other).max())


def test_brusselator_converges_with_the_order() -> None:
    exact = integrate(BRUSSELATOR, START, 1.0, 4000)
    coarse, fine = (distance(integrate(BRUSSELATOR, START, 1.0, n), exact) for n in (20, 80))
    assert np.log(coarse / fine) / np.log(4) == pytest.approx(RODAS4.order, abs=0.35)


def test_parts_of_one_step_converge_each_with_its_order() -> None:
    ends, embedded = [], []
    for h in (0.02, 0.01):
        exact = integrate(BRUSSELATOR, START, h, 200)
        end, other = step(BRUSSELATOR, START, h)
        ends.append(distance(end, exact))
        embedded.append(distance(other, exact))
    assert np.log2(ends[0] / ends[1]) == pytest.approx(RODAS4.order + 1, abs=0.4)
    assert np.log2(embedded[0] / embedded[1]) == pytest.approx(RODAS4.order, abs=0.4)


def test_a_fast_state_is_forgotten_in_one_step() -> None:
    """L-stable: R(infinity) = 0, for the step and for the embedded solution."""
    speed = 1e12  # of y towards t, which is the other state
    follower = Problem(
        lambda y: np.array([-speed * (y[0] - y[1]), 1.0]), lambda _: np.array([[-speed, speed], [0.0, 0.0]])
    )
    for result in step(follower, np.array([1.0, 0.0]), 0.01):
        assert result[0] == pytest.approx(0.01, abs=1e-8)
