"""Ten thousand runs for real: wall time and memory. In a process of its own for each number of runs."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import numpy as np
from benchmarks import cases, timing
from benchmarks.compare import Row

from kinaptic.errors import KinapticError
from kinaptic.sbml.ensemble import batch

RTOL = 1e-6
READOUT = "weight"
SAMPLES = 61


def many(runs: int) -> Row:
    """Run a tenth of `runs` and all of them, and tell what each needed."""
    tenth, whole = (_in_a_fresh_process(number) for number in (runs // 10, runs))
    memory = (whole["peak_mb"] - tenth["peak_mb"]) / (whole["runs"] - tenth["runs"]) * 1000
    per_run = whole["solve_cpu_seconds"] / runs
    return {
        "rtol": RTOL,
        "samples": SAMPLES,
        "rows": [tenth, whole],
        "mb_per_1000_runs": memory,
        "seconds_per_run": per_run,
        "hours_for_1e5_runs": per_run * 1e5 / 3600,
    }


def _in_a_fresh_process(runs: int) -> Row:
    command = [sys.executable, "-m", "benchmarks.many", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Row = json.loads(done.stdout)
    return found


def _peak_mb() -> float:
    """Return the most memory that this process had so far (MB)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _measured(runs: int) -> Row:
    made: list[cases.Case] = []
    build, _ = timing.timed(lambda: made.append(cases.sweep(runs)))
    (case,) = made
    models_mb = _peak_mb()
    times = np.linspace(0, case.times[0][-1], SAMPLES)
    kept: list[object] = []
    wall, cpu = timing.timed(
        lambda: kept.extend(batch.run(case.models, [times] * runs, rtol=RTOL, readouts=[READOUT]))
    )
    failures = [str(outcome) for outcome in kept if isinstance(outcome, KinapticError)]
    return {
        "runs": runs,
        "failed": len(failures),
        "failures": failures[:3],
        "build_seconds": build,
        "solve_seconds": wall,
        "solve_cpu_seconds": cpu,
        "models_mb": models_mb,
        "peak_mb": _peak_mb(),
    }


if __name__ == "__main__":
    print(json.dumps(_measured(int(sys.argv[1]))))
