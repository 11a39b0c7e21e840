"""Where chunks are run: in this process, in several (loky), or on a Dask cluster.

The places differ in nothing but speed. A process that dies, killed from outside, out of memory or
by a fault of the simulator, costs time and at most the point that killed it: what was under way is
run again, one chunk at a time, and the chunk that does it again is halved until the point is found.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import TYPE_CHECKING, Any, Protocol

from kinaptic.analysis.running.batches import Chunk, Failure, compute
from kinaptic.errors import KinapticError

if TYPE_CHECKING:
    from dask.distributed import Client

    from kinaptic.analysis.points import Rows
    from kinaptic.analysis.running.plan import Plan

    Workers = int | str | Client | None

ALL = "all"
_DIED = (
    "its process died twice: killed from outside, out of memory, or by a fault of the simulator; run it "
    "alone with kn.simulate to see, or give more memory"
)
_HOW = (
    "give how many processes, 1 or more, 'all' for one a core, the address of a Dask scheduler such as "
    "'tcp://10.0.0.1:8786', a dask.distributed.Client, or None for this process"
)


class _Pool(Protocol):
    """A place to run chunks."""

    together: bool  # whether all that is under way ends when a process dies

    @property
    def at_once(self) -> int:
        """Tasks under way, those that wait at the workers included."""
        ...

    def submit(self, work: Callable[..., Chunk], rows: Rows, plan: Plan) -> Future[Chunk]: ...

    def died(self, why: BaseException) -> bool:
        """Return whether this says that a process died; if so make ready to go on."""
        ...


def run(tasks: Iterator[Rows], plan: Plan, workers: Workers) -> Iterator[Chunk]:
    """Run rows of a plan; chunks come as they are done.

    Parameters
    ----------
    tasks : iterator of ndarray of int
        Rows of the plan's points, asked for when there is a place for them.
    plan : Plan
        What to run.
    workers : int, str, Client or None
        How many processes (``"all"``: one a core), a Dask scheduler, or this process.

    Raises
    ------
    KinapticError
        If there is no such place, or a cluster is lost.
    """
    with _pool(workers) as pool:
        yield from _Run(pool, plan).all(tasks)


def check(workers: object) -> None:
    """Refuse what is no place to run."""
    if workers is None or workers == ALL or _is_client(workers):
        return
    if isinstance(workers, str) and "://" in workers:
        return
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise KinapticError(f"workers={workers!r}: {_HOW}")


class _Run:
    """Tasks under way, and those that are suspected of having killed their process."""

    def __init__(self, pool: _Pool, plan: Plan) -> None:
        self.pool, self.plan = pool, plan
        self.running: dict[Future[Chunk], Rows] = {}
        self.suspects: deque[Rows] = deque()
        self.tried: set[bytes] = set()  # points that were under way alone when their process died

    def all(self, tasks: Iterator[Rows]) -> Iterator[Chunk]:
        while self._fill(tasks):
            alone, dead = len(self.running) == 1, []
            done, _ = wait(self.running, return_when=FIRST_COMPLETED)
            while done:
                for future in done:
                    rows = self.running.pop(future)
                    why = CancelledError() if future.cancelled() else future.exception()
                    if why is None:
                        yield future.result()
                    elif self.pool.died(why):
                        dead.append(rows)
                    else:
                        raise why
                # What else was under way has ended too, and is not to be blamed later.
                done = wait(self.running).done if dead and self.pool.together else set()
            if dead:
                yield from self._suspect(dead, guilty=alone)

    def _fill(self, tasks: Iterator[Rows]) -> bool:
        """Submit what there is a place for, suspects one by one; return whether anything is under way."""
        if self.suspects:
            if not self.running:
                self._submit(self.suspects.popleft())
            return True
        while len(self.running) < self.pool.at_once and (rows := next(tasks, None)) is not None:
            self._submit(rows)
        return bool(self.running)

    def _submit(self, rows: Rows) -> None:
        self.running[self.pool.submit(compute, rows, self.plan.take(rows))] = rows

    def _suspect(self, dead: list[Rows], *, guilty: bool) -> Iterator[Chunk]:
        if not guilty:  # any of those under way may have done it, or somebody outside
            self.suspects.extend(dead)
            return
        (rows,) = dead
        if len(rows) > 1:
            self.suspects.extendleft((rows[len(rows) // 2 :], rows[: len(rows) // 2]))
        elif rows.tobytes() in self.tried:
            yield Chunk(rows, [Failure(_DIED, lasting=False)], [""])
        else:
            self.tried.add(rows.tobytes())
            self.suspects.appendleft(rows)


@contextlib.contextmanager
def _pool(workers: Workers) -> Iterator[_Pool]:
    check(workers)
    if workers is None:
        yield _Here()
    elif isinstance(workers, int) or workers == ALL:
        from kinaptic.analysis.running.processes import Processes

        with Processes.of(None if workers == ALL else workers) as processes:  # type: ignore[arg-type]
            yield processes
    else:
        from kinaptic.analysis.running.cluster import Cluster

        with Cluster.of(workers) as cluster:
            yield cluster


class _Here:
    """The process that we are in."""

    at_once = 1
    together = False

    def submit(self, work: Callable[..., Chunk], rows: Rows, plan: Plan) -> Future[Chunk]:
        future: Future[Chunk] = Future()
        future.set_result(work(rows, plan))
        return future

    def died(self, _why: BaseException) -> bool:
        return False


def _is_client(workers: Any) -> bool:
    """Return whether it is a Dask client, without importing Dask."""
    return hasattr(workers, "scheduler_info") and hasattr(workers, "submit")
