"""A study from beginning to end: what is kept is read, the rest is run, kept, and put in its place."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kinaptic.analysis.running import batches, workers
from kinaptic.analysis.running.batches import Chunk, Failure
from kinaptic.analysis.running.shards import Results
from kinaptic.analysis.running.store import opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.analysis.points import Rows
    from kinaptic.analysis.running.plan import Plan
    from kinaptic.analysis.running.progress import Report
    from kinaptic.analysis.running.store import Store
    from kinaptic.analysis.running.workers import Workers

OK = "ok"
_LOOK = 0.2  # s between two looks at what other processes have done


@dataclass(frozen=True)
class Outcome:
    """What came of a plan.

    Attributes
    ----------
    numbers : ndarray, shape (points, readouts)
        NaN where a point failed.
    status : ndarray of str, shape (points,)
        ``"ok"``, or why a point failed.
    alone : ndarray of str, shape (points,)
        Why the ensemble could not run a point, so that roadrunner did; empty where it could.
    """

    numbers: NDArray[np.float64]
    status: NDArray[np.object_]
    alone: NDArray[np.object_]

    @classmethod
    def empty(cls, plan: Plan) -> Outcome:
        """Return one in which nothing is done yet."""
        count = len(plan.points)
        numbers = np.full((count, len(plan.readouts)), np.nan)
        return cls(numbers, np.full(count, "", dtype=object), np.full(count, "", dtype=object))

    def put(self, chunk: Chunk) -> None:
        """Put what came of some points in its place."""
        for row, outcome, alone in zip(chunk.rows, chunk.outcomes, chunk.alone, strict=True):
            self.alone[row] = alone
            if isinstance(outcome, Failure):
                self.status[row] = outcome.reason
            else:
                self.status[row], self.numbers[row] = OK, outcome


def run(plan: Plan, places: Workers, store: str | Path | None, report: Report) -> Outcome:
    """Run a plan.

    Parameters
    ----------
    plan : Plan
        What to run.
    places : int, str, Client or None
        Where; see `kinaptic.analysis.running.workers`.
    store : path, optional
        Folder that keeps what is done.
    report : Report
        Told how far it is.
    """
    found = Outcome.empty(plan)
    order = plan.points.order()
    if store is None:
        for chunk in workers.run(batches.cut(order, plan.engine), plan, places):
            found.put(chunk)
            report.add(len(chunk.rows), chunk.failed)
        return found
    with opened(store) as kept:
        _Kept(plan, kept, found, report).run(order, places)
    return found


class _Kept:
    """A study with a store."""

    def __init__(self, plan: Plan, store: Store, found: Outcome, report: Report) -> None:
        self.plan, self.store, self.found, self.report = plan, store, found, report
        self.keys = store.keys(plan)

    def run(self, order: Rows, places: Workers) -> None:
        """Read what is done, run what nobody runs, and wait for what others run."""
        missing = self._load(order)
        while len(missing):
            claimed = self._claimed(missing)
            first = next(claimed, None)
            if first is None:  # others are at all of it
                time.sleep(_LOOK)
            else:
                for chunk in workers.run(itertools.chain([first], claimed), self.plan, places):
                    self._keep(chunk)
                    self.found.put(chunk)
                    self.report.add(len(chunk.rows), chunk.failed)
            missing = self._load(missing[self.found.status[missing] == ""])

    def _load(self, rows: Rows) -> Rows:
        """Put in place what is kept, and return the rows of which nothing is."""
        kept = self.store.load([key for row in rows if (key := self.keys[row]) is not None])
        missing, failed = [], 0
        for row in rows:
            each = kept.get(self.keys[row] or b"")
            if each is None:
                missing.append(row)
            else:
                self.found.numbers[row], self.found.status[row], self.found.alone[row] = each
                failed += each[1] != OK
        self.report.add(len(rows) - len(missing), failed, kept=True)
        return np.array(missing, dtype=np.intp)

    def _claimed(self, rows: Rows) -> Iterator[Rows]:
        """Yield rows in chunks, those that another process is at left out."""
        for chunk in batches.cut(rows, self.plan.engine):
            mine = self.store.claim([key for row in chunk if (key := self.keys[row]) is not None])
            first = {key: row for row in reversed(chunk) if (key := self.keys[row]) is not None}
            ours = {first[key] for key in mine}  # of points that are alike the first is run
            found = [row for row in chunk if self.keys[row] is None or row in ours]
            if found:
                yield np.array(found, dtype=np.intp)

    def _keep(self, chunk: Chunk) -> None:
        """Keep what would come out the same again: not a run that was stopped by the clock."""
        kept, passing = [], []
        for row, outcome, alone in zip(chunk.rows, chunk.outcomes, chunk.alone, strict=True):
            key = self.keys[row]
            if key is None:
                continue
            if isinstance(outcome, Failure) and not outcome.lasting:
                passing.append(key)
            else:
                kept.append((key, outcome, alone))
        self.store.give_up(passing)
        if not kept:
            return
        nothing = np.full(len(self.plan.readouts), np.nan)
        keys, outcomes, alone_ = zip(*kept, strict=True)
        self.store.keep(
            Results(
                list(keys),
                np.array([nothing if isinstance(each, Failure) else each for each in outcomes]),
                [each.reason if isinstance(each, Failure) else OK for each in outcomes],
                list(alone_),
            )
        )
