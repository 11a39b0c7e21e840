"""The sweep shared out between processes, to see whether two finish in half the time."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from benchmarks import cases
from benchmarks.compare import Row, spread
from benchmarks.engines import ensemble
from benchmarks.timing import REPEATS, timed

RUNS = 256
RTOL = 1e-6


def processes() -> Row:
    """Time all runs on one process and on two, in turn; each process stays on a core of its own."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    cpus: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(REPEATS):
        for count in walls:
            wall, cpu = _shared(count)
            walls[count].append(wall)
            cpus[count].append(cpu)
    rows = [{"processes": n, "wall": spread(walls[n]), "longest_cpu": spread(cpus[n])} for n in walls]
    speeds = [spread(seconds[1])[1] / spread(seconds[2])[1] for seconds in (walls, cpus)]
    return {"runs": RUNS, "rtol": RTOL, "rows": rows, "speed": speeds[0], "speed_by_cpu": speeds[1]}


def _shared(count: int) -> tuple[float, float]:
    """Return wall seconds from when all are ready to when the last is done, and the longest CPU seconds.

    The two are equal where the cores were free.
    """
    context = multiprocessing.get_context("spawn")
    ready: Barrier = context.Barrier(count)
    found: Queue[tuple[float, float, float]] = context.Queue()
    workers = [
        context.Process(target=_work, args=(number, RUNS // count, ready, found)) for number in range(count)
    ]
    for worker in workers:
        worker.start()
    spans = [found.get(timeout=600) for _ in workers]
    for worker in workers:
        worker.join()
    begins, ends, cpus = zip(*spans, strict=True)
    return max(ends) - min(begins), max(cpus)


def _work(number: int, runs: int, ready: Barrier, found: Queue[tuple[float, float, float]]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {number})
    case = cases.sweep(runs)
    solve = ensemble(case)
    solve(range(8), RTOL)  # compiled, loaded, warm
    ready.wait()
    begin = time.perf_counter()  # one clock for all processes of a machine
    _, cpu = timed(lambda: solve(range(runs), RTOL))
    found.put((begin, time.perf_counter(), cpu))
