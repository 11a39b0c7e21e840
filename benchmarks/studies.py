"""Studies as users run them: two processes, what a run costs besides itself, what comes back of a store."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.compare import Row, spread

import kinaptic as kn
from kinaptic.analysis.running import batches
from kinaptic.analysis.running.plan import Prepared, prepare
from kinaptic.analysis.scan import planned

REPEATS = 5
RUNS = 512
ROWS = 10_000
SHORT = {"until": "12 s", "rtol": 1e-5}
RUN = 0.3  # s, the run that the overhead is told against
PAIRING = kn.stdp("10 ms", 60, rate="1 Hz")


def studies() -> Row:
    """Measure all of it, on all cores."""
    if hasattr(os, "sched_setaffinity"):  # the caller keeps to one core, which its processes would inherit
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    ca1 = kn.Synapse.preset("ca1")
    return {"runs": RUNS, **_places(ca1), **_overhead(ca1), **_rows(ca1)}


def _over(count: int, first: int = 0) -> dict[str, Any]:
    return {"AC1_total": [f"{0.1 + (first + i) * 1e-5:.5f} uM" for i in range(count)]}


def _places(ca1: kn.Synapse) -> Row:
    """Time the same sweep in one process and in two, both warm, in turn."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    for count in walls:
        kn.scan(ca1, PAIRING, _over(64), workers=count, progress=False)
    for _ in range(REPEATS):
        for count, found in walls.items():
            kn.scan(ca1, PAIRING, _over(64), workers=count, progress=False)  # processes start here
            begin = time.perf_counter()
            kn.scan(ca1, PAIRING, _over(RUNS), workers=count, progress=False)
            found.append(time.perf_counter() - begin)
    rows = [{"processes": n, "wall": spread(walls[n])} for n in walls]
    return {"places": rows, "speed": spread(walls[1])[1] / spread(walls[2])[1]}


def _overhead(ca1: kn.Synapse) -> Row:
    """Time scans of points of their own model against the engine alone on the same models, in turn."""
    over = _over(256)
    plan = planned(ca1, None, over, **SHORT)  # type: ignore[arg-type]
    ready = {i: each for i, each in enumerate(prepare(plan)) if isinstance(each, Prepared)}
    engine: list[float] = []
    plain: list[float] = []
    kept: list[float] = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        batches.together(ready, plan)
        engine.append((time.perf_counter() - begin) / len(ready))
        for found, with_store in ((plain, False), (kept, True)):
            with tempfile.TemporaryDirectory() as folder:
                store = Path(folder) / "s" if with_store else None
                begin = time.perf_counter()
                kn.scan(ca1, None, over, store=store, progress=False, **SHORT)  # type: ignore[arg-type]
                found.append((time.perf_counter() - begin) / len(ready))
    own = spread(engine)[1]
    overhead, besides = spread(plain)[1] - own, spread(kept)[1] - own
    return {"overhead": overhead, "overhead_with_store": besides, "share": besides / RUN}


def _rows(ca1: kn.Synapse) -> Row:
    """Time a study of many rows that is all in its store; half of them differ in the model."""
    other = {"delay": [f"{d / 2} ms" for d in range(1, 101)], "inputs": list(range(1, 101))}
    pairing, found = kn.stdp("10 ms", 1, rate="1 Hz"), Row()
    with tempfile.TemporaryDirectory() as folder:
        for name, varied in (("back_by_model", _over(ROWS)), ("back_by_protocol", other)):
            walls = []
            for _ in range(1 + REPEATS):
                begin = time.perf_counter()
                options = {"store": Path(folder) / name, "workers": 2, "progress": False, **SHORT}
                made = kn.scan(ca1, pairing, varied, **options)  # type: ignore[arg-type]
                walls.append(time.perf_counter() - begin)
            if len(made.table) != ROWS or (made.table["status"] != "ok").any():
                raise SystemExit(f"{name}: {made}")
            found[name] = spread(walls[1:])
    return {"rows": ROWS, **found}
