"""The demo (60 pairings through ``ca1``) on roadrunner and on COPASI, and what a start costs.

Run it with ``make bench``. It prints tables and writes ``benchmarks/results/demo.json``.

Both engines get the same file, the same sample times and the same readouts. Error is the largest
difference from a tight reference over all readouts and samples, relative to the largest value of
the readout. Each engine runs at several tolerances, in turn, five times; times are medians, and are
compared where the errors are equal, by interpolation between tolerances (log over log).
"""

from __future__ import annotations

import functools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import basico
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import kinaptic as kn
from kinaptic.sbml import engine
from kinaptic.sbml.model import Model
from kinaptic.sbml.simulate import event_times, pauses

REPEATS = 5
PROTOCOL = kn.stdp(delay="10 ms", pairs=60, rate="1 Hz")
END = 3600.0  # s
ROADRUNNER = (1e-5, 1e-6, 1e-7, 1e-8)
COPASI = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
OURS = 1e-6  # the default tolerance of `simulate`
RESULTS = Path(__file__).parent / "results" / "demo.json"
START = """
import time
import kinaptic as kn
from kinaptic.sbml import engine, simulate
synapse = kn.Synapse.preset("ca1")
protocol = kn.stdp(delay="10 ms", pairs=60, rate="1 Hz")
begin = time.perf_counter()
model = synapse.model(protocol)
engine.prepare(model.structure, model.values)
print(time.perf_counter() - begin)
"""
IMPORT = """
import time
begin = time.perf_counter()
import kinaptic
print(time.perf_counter() - begin)
"""

Array = NDArray[np.float64]


def samples() -> Array:
    """Return 300 sample times (s), denser where calcium moves, never at a spike."""
    even = np.linspace(0, END, 121)
    spikes = event_times(PROTOCOL)[::6]
    after = (
        spikes[:, None] + np.array([1.3, 3.1, 7.3, 15.7, 40.3, 90.7, 200.3, 400.9, 700.1]) * 1e-3
    ).ravel()
    return np.unique(np.concatenate([even[even > 75], even[:1], after]))


def on_roadrunner(model: Model, times: Array, rtol: float) -> Array:
    """Return the readouts, shape (samples, readouts); the protocol's spikes are counted as always."""
    counters = {"spikes_pre": PROTOCOL.n_pre, "spikes_post": PROTOCOL.n_post}
    stops = pauses(END, event_times(PROTOCOL))
    return engine.run(model, times, stops, rtol=rtol, expected=lambda _: counters)


def on_copasi(loaded: object, model: Model, times: Array, rtol: float) -> Array:
    """Return the same from COPASI's LSODA."""
    found: pd.DataFrame = basico.run_time_course(
        values=times.tolist(), use_sbml_id=True, use_concentrations=True, model=loaded,
        r_tol=rtol, a_tol=1e-4 * rtol, max_steps=10**7,
    )  # fmt: skip
    return found[list(model.readouts)].to_numpy()


def error(values: Array, reference: Array) -> float:
    """Return the largest difference, relative to the largest value of each readout."""
    return float(np.max(np.abs(values - reference) / np.max(np.abs(reference), axis=0)))


def engines(model: Model) -> dict[str, object]:
    """Time both engines at several tolerances, in turn."""
    times = samples()
    loaded = basico.load_model_from_string(model.sbml)
    reference = on_roadrunner(model, times, 1e-11)
    runs: dict[tuple[str, float], Callable[[], Array]] = {}
    for rtol in ROADRUNNER:
        runs["roadrunner", rtol] = functools.partial(on_roadrunner, model, times, rtol)
    for rtol in COPASI:
        runs["COPASI", rtol] = functools.partial(on_copasi, loaded, model, times, rtol)
    errors = {key: error(run(), reference) for key, run in runs.items()}  # also the warm-up
    seconds: dict[tuple[str, float], list[float]] = {key: [] for key in runs}
    for _ in range(REPEATS):
        for key, run in runs.items():
            begin = time.perf_counter()
            run()
            seconds[key].append(time.perf_counter() - begin)
    rows = [
        {
            "engine": name,
            "rtol": rtol,
            "seconds": statistics.median(seconds[name, rtol]),
            "error": errors[name, rtol],
        }
        for name, rtol in runs
    ]
    cross = error(on_copasi(loaded, model, times, 1e-10), reference)
    basico.remove_datamodel(loaded)
    goal = errors["roadrunner", OURS]
    ours, theirs = (_at_error(rows, name, goal) for name in ("roadrunner", "COPASI"))
    return {
        "samples": len(times),
        "readouts": len(model.readouts),
        "references_differ_by": cross,
        "rows": rows,
        "at_error": goal,
        "roadrunner_seconds": ours,
        "copasi_seconds": theirs,
        "copasi_over_roadrunner": theirs / ours,
    }


def _at_error(rows: list[dict[str, object]], name: str, goal: float) -> float:
    """Return the time (s) at which an engine reaches an error, by interpolation."""
    table = pd.DataFrame([row for row in rows if row["engine"] == name]).sort_values("error")
    log = np.interp(
        np.log(goal), np.log(table["error"].astype(float)), np.log(table["seconds"].astype(float))
    )
    return float(np.exp(log))


def in_a_fresh_process(code: str, cache: str) -> float:
    """Return what a fresh process prints: seconds."""
    environment = os.environ | {"KINAPTIC_CACHE": cache}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def starts() -> dict[str, float]:
    """Time a start from an empty cache and from a filled one, and the import, in fresh processes."""
    cold, cached, imported = [], [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(in_a_fresh_process(START, cache))
            cached.append(in_a_fresh_process(START, cache))
            imported.append(in_a_fresh_process(IMPORT, cache))
    found = {
        "cold_seconds": statistics.median(cold),
        "cached_seconds": statistics.median(cached),
        "import_seconds": statistics.median(imported),
    }
    return found | {"cold_over_cached": found["cold_seconds"] / found["cached_seconds"]}


def machine() -> dict[str, object]:
    """Return what it ran on."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        name = next(line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor()
    packages = ("libroadrunner", "copasi-basico", "python-copasi", "antimony", "python-libsbml", "numpy")
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "kinaptic": kn.__version__,
        **{package: version(package) for package in packages},
    }


def show(found: dict[str, dict[str, object]]) -> None:
    """Print the tables."""
    console = Console()
    table = Table(title=f"Demo: {PROTOCOL}, {END / 60:.0f} min, preset ca1")
    for column in ("engine", "rtol", "seconds", "error"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    rows = found["engines"]["rows"]
    assert isinstance(rows, list)  # noqa: S101
    for row in rows:
        table.add_row(row["engine"], f"{row['rtol']:.0e}", f"{row['seconds']:.3f}", f"{row['error']:.1e}")
    console.print(table)
    equal, start = found["engines"], found["start"]
    console.print(
        f"At an error of {equal['at_error']:.1e}: roadrunner {equal['roadrunner_seconds']:.2f} s, COPASI "
        f"{equal['copasi_seconds']:.2f} s, {equal['copasi_over_roadrunner']:.1f} times as long. "
        f"The two references differ by {equal['references_differ_by']:.1e}."
    )
    console.print(
        f"From synapse and protocol to a loaded model: {start['cold_seconds']:.2f} s with an empty cache, "
        f"{start['cached_seconds']:.3f} s with a filled one, {start['cold_over_cached']:.0f} times as fast. "
        f"import kinaptic: {start['import_seconds']:.3f} s."
    )


def main() -> None:
    """Measure, print, and keep the numbers."""
    model = kn.Synapse.preset("ca1").model(PROTOCOL)
    found: dict[str, dict[str, object]] = {
        "machine": machine(),
        "engines": engines(model),
        "start": dict(starts()),
    }
    show(found)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
