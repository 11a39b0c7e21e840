"""The symbolic part of a sparse LU without pivoting: which entries there are, and what is done to them.

The matrix W = I/(h γ) − J has the same pattern at every step of every run, and its diagonal dominates for
small h, so that one order of elimination serves all. States that feed back on each other form blocks (the
strongly connected components); a block is factorised by itself, and what it reads of earlier blocks goes to
the right-hand side only (block triangular form: Duff & Reid 1978, ACM TOMS 4:137). Within a block the next
pivot is the one that fills in fewest new entries (Markowitz 1957, Management Science 3:255; local fill:
Tinney & Walker 1967, Proc. IEEE 55:1801).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kinaptic.errors import ModelError

# Up to this many products new entries are counted one by one; a hub that the whole network reads is not
# worth it, since all that matters about it is that it comes late.
_COUNTED = 500


@dataclass(frozen=True)
class Step:
    """One pivot taken out of one row.

    With `a` the array of entries, m = a[multiplier] · a[reciprocal] takes the place of a[multiplier], and
    a[target] −= m · a[source] for each of `updates`.

    Attributes
    ----------
    multiplier : int
        Position of the entry that goes.
    reciprocal : int
        Position of the pivot, by then its reciprocal.
    targets : tuple of int
        Positions of the entries that change. Their sources lie side by side, right of the pivot.
    """

    multiplier: int
    reciprocal: int
    targets: tuple[int, ...]

    @property
    def updates(self) -> Iterator[tuple[int, int]]:
        """Positions (target, source) of each multiply-add."""
        return zip(
            self.targets, range(self.reciprocal + 1, self.reciprocal + 1 + len(self.targets)), strict=True
        )


@dataclass(frozen=True)
class Row:
    """The elimination of one row: its steps, then a[pivot] = 1/a[pivot].

    Attributes
    ----------
    row : int
        Whose it is.
    pivot : int
        Position of its diagonal entry.
    steps : tuple of Step
        In the order of the pivots.
    """

    row: int
    pivot: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Substitution:
    """One line of a solve: x[row] −= Σ a[position] · x[column], then x[row] *= a[pivot] if there is one.

    Attributes
    ----------
    row : int
        Which element of the right-hand side, and in the end of the solution, changes.
    terms : tuple of (int, int)
        Column and position of each product.
    pivot : int or None
        Position of the reciprocal; None on the way forward.
    """

    row: int
    terms: tuple[tuple[int, int], ...]
    pivot: int | None


@dataclass(frozen=True)
class Elimination:
    """What to compute to factorise a matrix of one pattern in place, and to solve with it.

    Rows and columns are numbered as the caller numbers them; only their sequence is permuted.

    Attributes
    ----------
    order : tuple of int
        The pivots, first to last.
    entries : tuple of (int, int)
        Row and column of every entry of the filled matrix, by position: row by row and column by column
        in the sequence of `order`. Those that the pattern lacks start at zero.
    rows : tuple of Row
        The factorisation, row by row in the sequence of `order`.
    solve : tuple of Substitution
        A solve, block by block, each forward and then backward; to be done in this very sequence.
    """

    order: tuple[int, ...]
    entries: tuple[tuple[int, int], ...]
    rows: tuple[Row, ...]
    solve: tuple[Substitution, ...]


def eliminate(size: int, pattern: Iterable[tuple[int, int]]) -> Elimination:
    """Return how to factorise a matrix and how to solve with it.

    Parameters
    ----------
    size : int
        Number of rows.
    pattern : iterable of (int, int)
        Row and column of what may differ from zero, in any order; the diagonal is taken as present.

    Returns
    -------
    Elimination
        The same for the same set of entries.

    Raises
    ------
    ModelError
        If an entry lies outside the matrix.
    """
    reads: list[set[int]] = [set() for _ in range(size)]
    for row, column in pattern:
        if not (0 <= row < size and 0 <= column < size):
            raise ModelError(
                f"entry ({row}, {column}) lies outside a matrix of {size} rows; number the states from 0 on"
            )
        if row != column:
            reads[row].add(column)
    lines: dict[int, _Line] = {}
    solve: list[Substitution] = []
    for block in _blocks(reads):
        found = _lines(_gathered(_pivots(block, reads)), reads, lines)
        lines |= found
        solve += [line.forward for line in found.values() if line.left]
        solve += [line.backward for line in reversed(found.values())]
    entries = tuple((line.row, column) for line in lines.values() for column in line.columns)
    return Elimination(
        tuple(lines), entries, tuple(_row(line, lines) for line in lines.values()), tuple(solve)
    )


def _blocks(reads: Sequence[set[int]]) -> list[list[int]]:
    """Return the strongly connected blocks, each after those that it reads.

    Path-based depth-first search: Gabow 2000, Inf. Process. Lett. 74:107.
    """
    blocks: list[list[int]] = []
    number: dict[int, int] = {}  # in the order of discovery
    closed: set[int] = set()
    waiting: list[int] = []  # discovered, and not in a block yet
    starts: list[int] = []  # where a block may begin
    for root in range(len(reads)):
        visits = [] if root in number else [root]
        unread: dict[int, Iterator[int]] = {}
        while visits:
            row = visits[-1]
            if row not in number:
                number[row] = len(number)
                unread[row] = iter(sorted(reads[row]))
                waiting.append(row)
                starts.append(row)
            column = next(unread[row], None)
            if column is None:
                visits.pop()
                if starts[-1] == row:
                    starts.pop()
                    block = [waiting.pop()]
                    while block[-1] != row:
                        block.append(waiting.pop())
                    closed.update(block)
                    blocks.append(sorted(block))
            elif column not in number:
                visits.append(column)
            elif column not in closed:  # a loop: all on the way to it are of one block
                while number[starts[-1]] > number[column]:
                    starts.pop()
    return blocks


@dataclass(frozen=True)
class _Pivot:
    """A row as it stands when it becomes the pivot."""

    row: int
    columns: set[int]  # to the right of the diagonal, fill included
    readers: set[int]  # rows below that it is taken out of


class _Remaining:
    """What of a block is not eliminated yet, the diagonal left out."""

    def __init__(self, block: Iterable[int], reads: Sequence[set[int]]) -> None:
        inside = set(block)
        self.columns = {row: reads[row] & inside for row in inside}
        self.readers: dict[int, set[int]] = {row: set() for row in inside}
        for row, columns in self.columns.items():
            for column in columns:
                self.readers[column].add(row)

    def price(self, row: int) -> tuple[int, int, int]:
        """Return the fill that this pivot would bring, its multiply-adds, and its number to break ties."""
        columns, readers = self.columns[row], self.readers[row]
        fill = products = len(columns) * len(readers)
        if 0 < products <= _COUNTED:
            fill = sum(len(columns - self.columns[reader]) - (reader in columns) for reader in readers)
        return fill, products, row

    def take(self, row: int) -> _Pivot:
        """Eliminate a row."""
        pivot = _Pivot(row, self.columns.pop(row), self.readers.pop(row))
        for reader in pivot.readers:
            self.columns[reader] |= pivot.columns
            self.columns[reader] -= {row, reader}
        for column in pivot.columns:
            self.readers[column] |= pivot.readers
            self.readers[column] -= {row, column}
        return pivot


def _pivots(block: Sequence[int], reads: Sequence[set[int]]) -> list[_Pivot]:
    """Return the pivots of one block, the cheapest first at each turn.

    Only the neighbours of a pivot are priced again. Its fill may have made rows further off cheaper; to
    follow those as well saves at most 3 % of the products and takes two to three times as long.
    """
    remaining = _Remaining(block, reads)
    prices = {row: remaining.price(row) for row in block}
    heap = sorted(prices.values())
    pivots = []
    while heap:
        price = heapq.heappop(heap)
        if prices.get(price[-1]) != price:  # taken, or priced again since
            continue
        del prices[price[-1]]
        pivots.append(pivot := remaining.take(price[-1]))
        for row in pivot.columns | pivot.readers:
            new = remaining.price(row)
            if new != prices[row]:
                prices[row] = new
                heapq.heappush(heap, new)
    return pivots


def _gathered(pivots: Sequence[_Pivot]) -> list[_Pivot]:
    """Return the same pivots, each as late as it can be: parts of a network follow one another.

    Only pivots that meet in a row or column need their order, so that neither fill nor products change. What
    is factorised or solved together then lies together (elimination trees in postorder: Liu 1990, SIAM J.
    Matrix Anal. Appl. 11:134).
    """
    rank = {pivot.row: k for k, pivot in enumerate(pivots)}
    before: list[list[int]] = [[] for _ in pivots]  # what needs to be done before
    under: list[list[int]] = [[] for _ in pivots]  # what comes next to it in the tree
    for k, pivot in enumerate(pivots):
        later = sorted(rank[row] for row in pivot.columns | pivot.readers)
        for other in later:
            before[other].append(k)
        if later:
            under[later[0]].append(k)
    order: list[int] = []
    placed = [False] * len(pivots)
    for last in reversed(range(len(pivots))):
        stack = [last]
        while stack:
            k = stack[-1]
            waiting = [j for j in (*under[k], *before[k]) if not placed[j]]
            if placed[k] or waiting:
                stack.append(waiting[0]) if waiting else stack.pop()
                continue
            placed[k] = True
            order.append(k)
            stack.pop()
    return [pivots[k] for k in order]


@dataclass(frozen=True)
class _Line:
    """A row of the filled matrix with its place in the array of entries."""

    row: int
    start: int
    outside: tuple[int, ...]  # columns of earlier blocks
    inside: tuple[int, ...]  # columns left of the diagonal in its own block
    right: tuple[int, ...]

    @property
    def left(self) -> tuple[int, ...]:
        return self.outside + self.inside

    @property
    def columns(self) -> tuple[int, ...]:
        return (*self.left, self.row, *self.right)

    @property
    def pivot(self) -> int:
        return self.start + len(self.left)

    @property
    def forward(self) -> Substitution:
        return Substitution(self.row, tuple((c, self.start + k) for k, c in enumerate(self.left)), None)

    @property
    def backward(self) -> Substitution:
        after = self.pivot + 1
        return Substitution(self.row, tuple((c, after + k) for k, c in enumerate(self.right)), self.pivot)


def _lines(pivots: Sequence[_Pivot], reads: Sequence[set[int]], before: dict[int, _Line]) -> dict[int, _Line]:
    """Return the rows of one block, in the order of its pivots; those of earlier blocks come `before`."""
    rank = {pivot.row: k for k, pivot in enumerate(pivots)}
    inside: dict[int, list[int]] = {row: [] for row in rank}
    for pivot in pivots:
        for reader in pivot.readers:
            inside[reader].append(pivot.row)
    lines: dict[int, _Line] = {}
    last = next(reversed(before.values()), None)
    start = last.start + len(last.columns) if last else 0
    for row, pivot in zip(rank, pivots, strict=True):
        outside = sorted(reads[row].difference(rank), key=lambda column: before[column].start)
        right = sorted(pivot.columns, key=rank.__getitem__)
        lines[row] = _Line(row, start, tuple(outside), tuple(inside[row]), tuple(right))
        start += len(lines[row].columns)
    return lines


def _row(line: _Line, lines: Mapping[int, _Line]) -> Row:
    place = {column: line.start + k for k, column in enumerate(line.columns)}
    steps = [
        Step(place[column], lines[column].pivot, tuple(place[target] for target in lines[column].right))
        for column in line.inside
    ]
    return Row(line.row, line.pivot, tuple(steps))
