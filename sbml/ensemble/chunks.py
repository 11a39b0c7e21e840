"""Where to cut long code: into functions short enough to compile fast, at places that the code itself marks.

Cut by count alone, the second copy of a part would be cut elsewhere than the first, and no function of one
would be like one of the other (`kinaptic.sbml.ensemble.sharing`). So a cut follows what looks like a mark, as
in deduplicating stores (Muthitacharoen et al. 2001, SOSP: content-defined chunks): like code is cut alike.
"""

from __future__ import annotations

import bisect
import itertools
import zlib
from collections.abc import Sequence
from typing import TypeVar

from kinaptic.sbml.ensemble.expression import Graph, Node

FEWEST, MOST = 50, 200  # instructions in one function: compile time grows faster than a function's length
_SEEN = 3  # items that a mark is made of
_T = TypeVar("_T")


def cut(items: Sequence[_T], sizes: Sequence[int], looks: Sequence[int]) -> list[list[_T]]:
    """Cut a list, each time at the smallest mark among the places where it may be cut.

    Parameters
    ----------
    items : sequence
        What to cut, in order.
    sizes : sequence of int
        Instructions of each.
    looks : sequence of int
        A number for each that is the same for like items.
    """
    marks = [mark(*looks[max(0, i + 1 - _SEEN) : i + 1]) for i in range(len(items))]
    reached = list(itertools.accumulate(sizes, initial=0))
    chunks: list[list[_T]] = []
    begin = 0
    while begin < len(items):
        end = len(items)
        if reached[-1] - reached[begin] > MOST:
            low = bisect.bisect_left(reached, reached[begin] + FEWEST, begin + 1)
            high = max(low, bisect.bisect_right(reached, reached[begin] + MOST) - 1)
            end = min(range(low, high + 1), key=lambda i: (marks[i - 1], -i))
        chunks.append(list(items[begin:end]))
        begin = end
    return chunks


def mark(*numbers: int) -> int:
    """Return a number that depends on some numbers, the same in every process."""
    return zlib.crc32(repr(numbers).encode())


class Looks:
    """What terms look like: the same number for terms that are alike but for the names in them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: list[int] = []

    def of(self, node: Node) -> int:
        """Return the number of a term."""
        graph, known = self.graph, self._known
        for each in range(len(known), len(graph.terms)):  # parts come before what is made of them
            name, *parts = graph.terms[each]
            if name == "symbol":
                parts = [int(graph.levels[each])]
            elif name != "number":
                parts = [known[part] for part in parts]
            known.append(zlib.crc32(repr((name, *parts)).encode()))
        return known[node]
