"""``python -m benchmarks.tools [TOOL …]``: what other tools make of the files, row by row of the table.

Every cell is a process of its own, so that libraries do not disturb each other and a crash is a result.
Without names all tools are run, an hour and more; columns of tools that are not named, or not installed,
stay as they were measured, but for rows whose model has changed since.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import roadrunner
from benchmarks import __main__ as results
from benchmarks import tools_page
from benchmarks.tools_constructs import CONSTRUCTS, RTOL, Construct, seen_by
from benchmarks.tools_page import TOOLS, Tool

from kinaptic.sbml.origin import Origin
from kinaptic.version import __version__

TIME_LIMIT = 1800  # s, for one cell


def main() -> None:
    """Measure what was asked for, keep it, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tools")
    parser.add_argument("tools", nargs="*", choices=[[], *TOOLS], help="by default all")
    parser.add_argument("--missing", action="store_true", help="only cells that are not there yet")
    asked = parser.parse_args()
    found = _rows(_earlier())
    for name in asked.tools or TOOLS:
        _column(found, name, missing=asked.missing)
    _keep(found)


def _column(found: dict[str, Any], name: str, *, missing: bool) -> None:
    """Measure the cells of a tool, in place; a tool that is not installed keeps what it has."""
    tool = TOOLS[name]
    version = _version(tool)
    if version is None:
        print(f"{tool.title}: {tool.package} is not installed")
        found["tools"].setdefault(name, {"version": None, "cells": {}})
        return
    earlier = found["tools"].get(name, {"version": None, "cells": {}})
    cells = earlier["cells"] if missing and earlier["version"] == version else {}
    found["tools"][name] = {"version": version, "cells": cells}
    for construct in CONSTRUCTS.values():
        if construct.title not in cells:
            begin = time.perf_counter()
            cells[construct.title] = _cell(name, construct)
            spent = time.perf_counter() - begin
            print(f"{tool.title}, {construct.title}: {cells[construct.title]} ({spent:.0f} s)", flush=True)
            _keep(found)


def _keep(found: dict[str, Any]) -> None:
    """Write results and page, columns and rows in the order of the table."""
    tools = found["tools"]
    columns = {
        name: {**tools[name], "cells": {t: c for t in found["rows"] if (c := tools[name]["cells"].get(t))}}
        for name in TOOLS
        if name in tools
    }
    results.keep("tools", {**found, "tools": columns})
    tools_page.PAGE.write_text(tools_page.page({**found, "tools": columns}), encoding="utf-8")


def _earlier() -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(tools_page.RESULTS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"rows": {}, "tools": {}}
    return read


def _rows(earlier: dict[str, Any]) -> dict[str, Any]:
    """Return rows as they are now, and the cells that were measured of the same models."""
    rows = {title: _about(construct) for title, construct in CONSTRUCTS.items()}
    same = {title for title, row in rows.items() if earlier["rows"].get(title) == row}
    kept = {
        name: {**column, "cells": {t: cell for t, cell in column["cells"].items() if t in same}}
        for name, column in earlier["tools"].items()
        if name in TOOLS
    }
    about = {"kinaptic": __version__, "roadrunner": roadrunner.__version__, "rtol": RTOL}
    return {**about, "rows": rows, "tools": {name: kept[name] for name in TOOLS if name in kept}}


def _about(of: Construct) -> dict[str, Any]:
    origin = Origin(of.synapse, of.protocol)
    return {
        "protocol": origin.protocol_text,
        "done": list(origin.history),
        "model": of.model.digest[:16],
        "seconds": of.end,
        "compared": len(of.names),
    }


def _version(tool: Tool) -> str | None:
    try:
        return importlib.metadata.version(tool.package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cell(tool: str, of: Construct) -> dict[str, Any]:
    """Return the largest difference, or why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "course.npz"
        command = [sys.executable, "-m", "benchmarks.tools_run", tool, of.title, str(out)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=TIME_LIMIT, cwd=folder, env=_environment()
            )
        except subprocess.TimeoutExpired:
            return {"why": f"took more than {TIME_LIMIT // 60} min"}
        if out.exists():
            with np.load(out) as course:
                return _difference(
                    seen_by(tool, of), course["times"], course["names"].tolist(), course["values"]
                )
    return {"why": _reason(done).replace(repr(str(of.protocol)), "a protocol")}


def _environment() -> dict[str, str]:
    """Return this process's environment, from which a process elsewhere finds `benchmarks` too."""
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "MPLBACKEND": "Agg"}


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """Return why a process left no course: a refusal in full, or the last line of an error."""
    said = done.stdout.strip()
    if done.returncode == 0 and said:
        return said
    lines = done.stderr.strip().splitlines()
    return f"failed: {lines[-1]}" if done.returncode > 0 and lines else f"crashed ({done.returncode})"


def _difference(of: Construct, times: Any, names: list[str], values: Any) -> dict[str, Any]:
    """Return the largest difference from roadrunner, relative to the largest value in the run."""
    apart = of.apart(times)
    if not np.all(np.isfinite(values)):
        return {"why": f"failed: {names[int(np.argwhere(~np.isfinite(values))[0][1])]} is not a number"}
    largest = of.largest[[of.names.index(name) for name in names]]
    wanted = of.reference(names, times[apart])
    error = np.max(np.abs(values[apart] - wanted), axis=0) / largest
    worst = int(np.argmax(error))
    return {
        "difference": float(f"{error[worst]:.3g}"),
        "of": names[worst],
        "largest": float(f"{largest[worst]:.3g}"),
        "compared": len(names),
    }


if __name__ == "__main__":
    main()
