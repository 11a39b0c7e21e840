"""What a start costs: in fresh processes, with an empty cache and with a filled one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.compare import Row, spread
from benchmarks.timing import REPEATS

_IMPORT = """
import time
begin = time.perf_counter()
import kinaptic
print(time.perf_counter() - begin)
"""
# From synapse and protocol to the result of a run of ten milliseconds, after the libraries are imported.
_FIRST = """
import time
import kinaptic as kn
from kinaptic.sbml import engine, simulate
from kinaptic.sbml.ensemble import batch
synapse = kn.Synapse.preset("ca1")
protocol = kn.stdp(delay="10 ms", pairs=60, rate="1 Hz")
begin = time.perf_counter()
model = synapse.model(protocol)
{run}
print(time.perf_counter() - begin)
"""
_RUNS = {
    "roadrunner": "engine.run(model, [0.0, 0.01], [], rtol=1e-6, expected=lambda _: {})",
    "ensemble, one run": "batch.run([model], [[0.0, 0.01]], rtol=1e-6)",
    "ensemble, many runs": "batch.run([model] * 8, [[0.0, 0.01]] * 8, rtol=1e-6)",
}


def start() -> Row:
    """Time the import, and a first result of each engine, in turn."""
    imported: list[float] = []
    cold: dict[str, list[float]] = {name: [] for name in _RUNS}
    cached: dict[str, list[float]] = {name: [] for name in _RUNS}
    for _ in range(REPEATS):
        for name, run in _RUNS.items():
            with tempfile.TemporaryDirectory() as cache:
                imported.append(_seconds(_IMPORT, cache))
                cold[name].append(_seconds(_FIRST.format(run=run), cache))
                cached[name].append(_seconds(_FIRST.format(run=run), cache))
    rows = [{"engine": n, "cold": spread(cold[n]), "cached": spread(cached[n])} for n in _RUNS]
    return {"import": spread(imported), "rows": rows}


def _seconds(code: str, cache: str) -> float:
    environment = os.environ | {"KINAPTIC_CACHE": cache}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)
