"""Long code is cut into short pieces, and like stretches of it alike."""

from __future__ import annotations

import numpy as np

from kinaptic.sbml.ensemble.chunks import FEWEST, MOST, Looks, cut
from kinaptic.sbml.ensemble.expression import Graph, Level


def test_nothing_is_lost_and_no_piece_is_too_long() -> None:
    random = np.random.default_rng(1)
    for length in (0, 1, FEWEST, MOST, MOST + 1, 3000):
        sizes = random.integers(1, 20, length).tolist()
        pieces = cut(range(length), sizes, random.integers(0, 9, length).tolist())
        assert [item for piece in pieces for item in piece] == list(range(length))
        assert all(pieces)
        totals = [sum(sizes[i] for i in piece) for piece in pieces]
        assert all(total <= MOST for total in totals)
        assert all(total >= FEWEST for total in totals[:-1])


def test_one_that_is_too_long_by_itself_is_a_piece() -> None:
    assert cut("abc", [2 * MOST, 5 * MOST, MOST], [1, 2, 3]) == [["a"], ["b"], ["c"]]


def test_copies_are_cut_alike_whatever_stands_in_front() -> None:
    random = np.random.default_rng(2)
    copy = random.integers(0, 99, MOST * 2).tolist()
    for front in (1, 33, 190, 277):
        looks = random.integers(0, 99, front).tolist() + copy * 20
        kinds = {tuple(piece) for piece in cut(looks, [1] * len(looks), looks)}
        assert len(kinds) < 20  # of about a hundred pieces


def test_terms_look_alike_but_for_their_names() -> None:
    graph = Graph()
    a, b, k, m = (graph.symbol(name, Level.STATE) for name in "abkm")
    p = graph.symbol("p", Level.PARAMETER)
    looks = Looks(graph)
    assert looks.of(graph.add(graph.mul(a, b), k)) == looks.of(graph.add(graph.mul(b, k), m))
    assert looks.of(graph.mul(p, a)) != looks.of(graph.mul(b, a))
    assert looks.of(graph.mul(graph.number(2), a)) != looks.of(graph.mul(graph.number(3), a))
