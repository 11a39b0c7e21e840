"""The places where a study runs differ in nothing; a process that dies costs at most what killed it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis.running import batches, workers
from kinaptic.analysis.running.processes import Processes
from kinaptic.errors import KinapticError

PAIRING = kn.stdp("10 ms", pairs=2, rate="2 Hz")
OVER = {"delay": ["-10 ms", "10 ms"], "distance": [f"{d} um" for d in range(20, 140, 5)]}


def study(**options: Any) -> kn.Scan:
    return kn.scan(kn.Synapse.preset("ca1"), PAIRING, OVER, until="15 s", **options)


@pytest.fixture(scope="module")
def here() -> kn.Scan:
    return study()


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    with distributed.LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as made:
        yield made


def same(one: kn.Scan, other: kn.Scan) -> None:
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    assert one.table.attrs == other.table.attrs


def test_processes(here: kn.Scan, tmp_path: Path) -> None:
    same(study(workers=2), here)
    same(study(workers="all", store=tmp_path / "s"), here)


def kill_one_when(pids: list[int], begun: threading.Event) -> None:
    begun.wait(60)
    os.kill(pids[0], signal.SIGKILL)


@pytest.mark.parametrize("kept", [False, True])
def test_a_process_that_is_killed_loses_nothing(here: kn.Scan, tmp_path: Path, kept: bool) -> None:
    executor = Processes(2)._executor
    list(executor.map(len, ["", ""]))
    before = list(executor._processes)
    begun = threading.Event()
    killer = threading.Thread(target=kill_one_when, args=(before, begun))
    killer.start()
    died: list[bool] = []
    with pytest.MonkeyPatch.context() as patch:
        real = Processes.died

        def noted(self: Processes, why: BaseException) -> bool:
            died.append(real(self, why))
            return died[-1]

        patch.setattr(Processes, "died", noted)
        made = study(workers=2, store=tmp_path / "s" if kept else None, progress=lambda *_: begun.set())
    killer.join()
    assert any(died)  # it was in mid-scan
    same(made, here)


# ---- A point that kills its process, found among those that do not
def deadly(killers: set[int], folder: Path) -> Any:
    """Return work that dies at some points; nested, so that it travels to other processes by value."""

    def work(rows: Any, plan: Any) -> Any:
        import os
        import signal

        from kinaptic.analysis.running.batches import Chunk

        with (folder / "ran").open("a") as file:
            file.write(f"{len(rows)}\n")
        if killers & set(rows.tolist()):
            os.kill(os.getpid(), signal.SIGKILL)
        return Chunk(rows, [plan.until + rows[i : i + 1] for i in range(len(rows))], [""] * len(rows))

    return work


def test_a_point_that_kills_its_process_is_a_row(
    here: kn.Scan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workers, "compute", deadly({13}, tmp_path))
    rows = np.arange(len(here.table))
    found: dict[int, Any] = {}
    for chunk in workers.run(batches.cut(rows, "roadrunner"), here.plan, 2):
        found |= dict(zip(chunk.rows.tolist(), chunk.outcomes, strict=True))
    assert sorted(found) == rows.tolist()
    failed = {row: each for row, each in found.items() if isinstance(each, batches.Failure)}
    assert list(failed) == [13]
    assert failed[13].reason.startswith("its process died twice: killed from outside, out of memory")
    assert not failed[13].lasting
    assert found[14].tolist() == [here.plan.until + 14]


# ---- Dask
def test_a_cluster_by_its_client_and_by_its_address(here: kn.Scan, cluster: distributed.LocalCluster) -> None:
    with distributed.Client(cluster, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        same(study(workers=client), here)
    same(study(workers=cluster.scheduler_address), here)


def test_a_worker_of_the_cluster_is_killed_in_mid_scan(
    here: kn.Scan, cluster: distributed.LocalCluster, tmp_path: Path
) -> None:
    with distributed.Client(cluster, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(2)
        pids = list(client.run(os.getpid).values())
        begun = threading.Event()
        killer = threading.Thread(target=kill_one_when, args=(pids, begun))
        killer.start()
        made = study(workers=client, store=tmp_path / "s", progress=lambda *_: begun.set())
        killer.join()
        same(made, here)
        client.wait_for_workers(2)  # the cluster has started another
        assert pids[0] not in client.run(os.getpid).values()


def test_nobody_answers() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kinaptic.analysis.running.cluster._WAIT", "0.2 s")
        with pytest.raises(
            KinapticError, match=r"workers='tcp://127.0.0.1:9': no Dask scheduler answers there"
        ):
            study(workers="tcp://127.0.0.1:9")


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "many", "localhost:8786", object()])
def test_what_is_no_place_is_refused(wrong: Any) -> None:
    with pytest.raises(
        KinapticError, match=r"give how many processes, 1 or more, 'all' for one a core, the address"
    ):
        study(workers=wrong)


# ---- Memory
@pytest.mark.slow
def test_memory_stays_flat() -> None:
    """Of the process that runs, over 5,000 runs: less than a kilobyte a run."""
    executor = Processes(1)._executor

    def memory() -> int:
        import gc
        from pathlib import Path

        gc.collect()
        text = Path("/proc/self/smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss_Anon"))

    synapse = kn.Synapse.preset("ca1")
    taken = []
    for first in (0, 1000, 6000):
        count = 1000 if first == 0 else 5000
        over = {"AC1_total": [f"{0.1 + (first + i) * 1e-5:.5f} uM" for i in range(count)]}
        made = kn.scan(synapse, PAIRING, over, until="12 s", workers=1, progress=False)
        assert (made.table["status"] == "ok").all()
        taken.append(executor.submit(memory).result())
    assert taken[2] - taken[1] < 5000


class Mortal:
    """A pool whose processes all die when one point is run, and whose deaths arrive one by one."""

    at_once, together = 3, True

    def __init__(self) -> None:
        self.ran: list[list[int]] = []

    def submit(self, _work: Any, rows: Any, _plan: Any) -> Future[batches.Chunk]:
        self.ran.append(rows.tolist())
        future: Future[batches.Chunk] = Future()
        if 1 in rows and len([each for each in self.ran if 1 in each]) <= 3:
            self.doomed = future
            threading.Timer(0.05, self._die).start()
        elif len(self.ran) <= 3:
            self.beside = [*getattr(self, "beside", []), future]
        else:
            future.set_result(batches.Chunk(rows, [np.zeros(1)] * len(rows), [""] * len(rows)))
        return future

    def _die(self) -> None:
        self.doomed.set_exception(BrokenExecutor())
        time.sleep(0.05)
        for each in self.__dict__.pop("beside", []):
            each.set_exception(BrokenExecutor())

    def died(self, why: BaseException) -> bool:
        return isinstance(why, BrokenExecutor)


def test_who_was_beside_it_is_not_blamed(here: kn.Scan) -> None:
    """A crash ends everything under way; only the point that does it alone, twice, is given up."""
    pool = Mortal()
    tasks = iter([np.array([i]) for i in range(4)])
    found = {int(c.rows[0]): c.outcomes[0] for c in workers._Run(pool, here.plan).all(tasks)}
    assert sorted(found) == [0, 1, 2, 3]
    assert [row for row, each in found.items() if isinstance(each, batches.Failure)] == [1]


def test_a_worker_with_other_code_is_refused(cluster: distributed.LocalCluster) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kinaptic.analysis.running.identity.code", lambda: "0.0.1 libroadrunner 1 abc")
        with pytest.raises(KinapticError, match=r"another version .* where it is 0.0.1 libroadrunner 1"):
            study(workers=cluster.scheduler_address)
