"""A Dask cluster: workers on many machines, which have Kinaptic installed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from typing import TYPE_CHECKING

from kinaptic.analysis.running import identity
from kinaptic.errors import KinapticError

if TYPE_CHECKING:
    from dask.distributed import Client

    from kinaptic.analysis.points import Rows
    from kinaptic.analysis.running.batches import Chunk
    from kinaptic.analysis.running.plan import Plan

_WAIT = "10 s"  # for a scheduler to answer


def _checked(code: str, work: Callable[..., Chunk], rows: Rows, plan: Plan) -> Chunk:
    """Do the work on a worker, unless that would give other numbers than here."""
    if identity.code() != code:
        raise KinapticError(
            "a worker of the Dask cluster has another version of Kinaptic, or of the libraries that compute; "
            f"install the same there as here, where it is {code.rpartition(' ')[0]}"
        )
    return work(rows, plan)


class Cluster:
    """A Dask cluster; see `kinaptic.analysis.running.workers`."""

    together = False

    def __init__(self, client: Client) -> None:
        from distributed.cfexecutor import ClientExecutor

        self._client = client
        self._executor: Executor = ClientExecutor(client, pure=False)  # type: ignore[no-untyped-call]

    @classmethod
    @contextlib.contextmanager
    def of(cls, workers: Client | str) -> Iterator[Cluster]:
        """Yield a cluster, by its client or by the address of its scheduler.

        Raises
        ------
        KinapticError
            If Dask is not installed, or nobody answers at the address.
        """
        try:
            from dask.distributed import Client
        except ImportError:
            raise KinapticError(
                f"workers={workers!r} needs Dask: pip install 'kinaptic[dask]', here and on the workers"
            ) from None
        if not isinstance(workers, str):
            yield cls(workers)
            return
        try:
            client = Client(workers, timeout=_WAIT, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as why:
            raise KinapticError(f"workers={workers!r}: no Dask scheduler answers there ({why})") from None
        with client:
            yield cls(client)

    @property
    def at_once(self) -> int:
        """Chunks under way, and as many that wait; workers may come and go."""
        return 2 * max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def submit(self, work: Callable[..., Chunk], rows: Rows, plan: Plan) -> Future[Chunk]:
        """Hand in a chunk."""
        return self._executor.submit(_checked, identity.code(), work, rows, plan)

    def died(self, why: BaseException) -> bool:
        """Return whether this says that the chunk's workers died; Dask itself has tried it again by then."""
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker

        if isinstance(why, CancelledError | CommClosedError):
            raise KinapticError(
                "the Dask cluster is gone; what a store keeps is safe: start the cluster and run again"
            ) from None
        return isinstance(why, KilledWorker)
