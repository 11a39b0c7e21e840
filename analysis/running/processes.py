"""Several processes on this machine, by loky: started afresh, so safe on every platform and in notebooks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from typing import TYPE_CHECKING, Any

import loky

if TYPE_CHECKING:
    from kinaptic.analysis.points import Rows
    from kinaptic.analysis.running.batches import Chunk
    from kinaptic.analysis.running.plan import Plan

_STARTED: list[Any] = []  # the processes that are there, to be ended
_IDLE = 30  # s until processes that nobody uses end: the next study finds them warm


def end() -> None:
    """End the processes now, whatever they are at."""
    while _STARTED:
        _STARTED.pop().shutdown(kill_workers=True)


class Processes:
    """Processes of this machine; see `kinaptic.analysis.running.workers`."""

    together = True

    def __init__(self, count: int) -> None:
        self.count = count
        self.at_once = 2 * count  # one under way and one that waits, so that none is idle
        self._executor = self._started()

    @classmethod
    @contextlib.contextmanager
    def of(cls, count: int | None) -> Iterator[Processes]:
        """Yield so many processes, one a core for None; they end at once if the work is broken off."""
        made = cls(count or loky.cpu_count())
        try:
            yield made
        except BaseException:  # Ctrl-C included: nobody waits for what is under way
            end()
            raise

    def _started(self) -> Any:
        executor = loky.get_reusable_executor(max_workers=self.count, timeout=_IDLE)
        _STARTED[:] = [executor]  # loky keeps one, and ends it when another is asked for
        return executor

    def submit(self, work: Callable[..., Chunk], rows: Rows, plan: Plan) -> Future[Chunk]:
        """Hand in a chunk."""
        try:
            future: Future[Chunk] = self._executor.submit(work, rows, plan)
        except BrokenExecutor:  # a process died while nothing was under way
            self._executor = self._started()
            future = self._executor.submit(work, rows, plan)
        return future

    def died(self, why: BaseException) -> bool:
        """Return whether this says that a process died, and start others in its place."""
        if not isinstance(why, BrokenExecutor):
            return False
        self._executor = self._started()
        return True
