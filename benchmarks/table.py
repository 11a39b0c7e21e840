"""Results as Markdown, and into the marked places of ``docs/benchmarks.md``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def page(text: str, results: Path = RESULTS) -> str:
    """Return the page with what stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->`` renewed.

    Raises
    ------
    FileNotFoundError
        If there is no result of that name.
    """

    def renewed(match: re.Match[str]) -> str:
        begin, name, end = match["begin"], match["name"], match["end"]
        found = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
        return f"{begin}\n{TABLES[name](found)}\n{end}"

    marked = r"(?P<begin><!-- begin (?P<name>\w+) -->).*?(?P<end><!-- end (?P=name) -->)"
    return re.sub(marked, renewed, text, flags=re.DOTALL)


def renew() -> None:
    """Renew the tables of the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def comparison(found: dict[str, Any]) -> str:
    """Return one case: a paragraph, what was measured, and times at equal error."""
    rows = (
        [row["engine"], power(row["rtol"]), row["runs"], *map(seconds, row["cpu"]), power(row["error"])]
        for row in found["rows"]
    )
    measured = table(
        ["simulator", "relative tolerance", "runs", "minimum, s per run", "median", "maximum", "error"], rows
    )
    about = (
        f"{found['case']}, {found['seconds'] / 60:.0f} min: {found['states']} states, "
        f"{found['events']} events, {found['samples']} samples, {found['readouts']} readouts. "
        f"The two references differ by {power(found['references_differ_by'])}."
    )
    return f"{about}\n\n{at_equal_error(found['at_error'])}\n\n{measured}"


def at_equal_error(rows: Sequence[dict[str, Any]]) -> str:
    """Return seconds per run of each simulator (lines) at each error (columns), and its speed."""
    goals = list(dict.fromkeys(row["error"] for row in rows))
    lines: dict[str, list[object]] = {}
    for row in rows:
        lines.setdefault(row["engine"], [row["engine"]]).append(_reached(row))
    return table(["s per run at an error of", *map(power, goals)], lines.values())


def _reached(row: dict[str, Any]) -> str:
    if row["seconds"] is None:
        return str(row["note"])
    speed = row["speed"]
    speed = "" if speed is None else f" ({speed:.0f} x)" if speed >= 10 else f" ({speed:.2g} x)"
    return f"{'≤ ' if row['note'] else ''}{seconds(row['seconds'])}{speed}"


def others(found: dict[str, Any]) -> str:
    """Return all other protocols, at equal error."""
    cases = [case for case in found.values() if "at_error" in case]
    parts = [
        f"{case['case']}, {case['seconds'] / 60:.0f} min, {case['events']} events:\n\n"
        + at_equal_error(case["at_error"])
        for case in cases
    ]
    return "\n\n".join(parts)


def processes(found: dict[str, Any]) -> str:
    """Return wall times of the shared sweep."""
    rows = (
        [row["processes"], *map(seconds, row["wall"]), seconds(row["longest_cpu"][1])]
        for row in found["rows"]
    )
    head = ["processes", "minimum, s of wall clock", "median", "maximum", "median, s on a core"]
    return (
        f"{table(head, rows)}\n\nTwo processes are {found['speed']:.2f} times as fast as one by the clock, "
        f"{found['speed_by_cpu']:.2f} times by time on a core."
    )


def studies(found: dict[str, Any]) -> str:
    """Return what studies cost besides their runs."""
    rows = ([row["processes"], *map(seconds, row["wall"])] for row in found["places"])
    head = ["processes", "minimum, s of wall clock", "median", "maximum"]
    besides, kept = 1e3 * found["overhead"], 1e3 * found["overhead_with_store"]
    said = [
        f"{found['runs']} runs in two processes are done {found['speed']:.2f} times as fast as in one.",
        f"Besides itself a run costs {besides:.1f} ms (model, readouts, table), with a store {kept:.1f} ms,",
        f"which is {found['share']:.1%} of a run of 0.3 s.",
        f"A study of {found['rows']:,} rows that is all in its store is back in "
        f"{seconds(found['back_by_model'][1])} s where models differ,",
        f"in {seconds(found['back_by_protocol'][1])} s where protocols do.",
    ]
    return f"{table(head, rows)}\n\n{' '.join(said)}"


def many(found: dict[str, Any]) -> str:
    """Return what many runs need."""
    head = ["runs", "failed", "models, s", "runs, s of wall clock", "s on a core", "models, MB", "peak, MB"]
    keys = ("runs", "failed", "build_seconds", "solve_seconds", "solve_cpu_seconds", "models_mb", "peak_mb")
    rows = ([f"{row[key]:.0f}" for key in keys] for row in found["rows"])
    return (
        f"{table(head, rows)}\n\nA thousand runs take {found['mb_per_1000_runs']:.0f} MB, models included, "
        f"and a hundred thousand would take {found['hours_for_1e5_runs']:.2f} h of one core."
    )


def start(found: dict[str, Any]) -> str:
    """Return what starts cost."""
    rows = (
        [row["engine"], seconds(row["cold"][1]), seconds(row["cached"][1]),
         f"{row['cold'][1] / row['cached'][1]:.0f}"]
        for row in found["rows"]
    )  # fmt: skip
    head = ["engine", "empty cache, s", "filled cache, s", "times as fast"]
    return f"{table(head, rows)}\n\n`import kinaptic` takes {seconds(found['import'][1])} s."


def whole(found: dict[str, Any]) -> str:
    """Return what the whole synapse costs against its half."""
    ways = list(dict.fromkeys(row["engine"] for row in found["rows"]))
    lines: dict[str, list[object]] = {}
    medians: dict[tuple[str, str], float] = {}
    for row in found["rows"]:
        line = lines.setdefault(row["synapse"], [row["synapse"], row["states"]])
        line.append(seconds(row["cpu"][1]))
        medians[row["synapse"], row["engine"]] = row["cpu"][1]
    half, full = lines
    ratio = ["ratio", "", *(f"{medians[full, way] / medians[half, way]:.2g}" for way in ways)]
    head = ["s per run", "states", *ways]
    about = (
        f"{found['case']}, and {found['hours']:g} h after, at a relative tolerance of {power(found['rtol'])}:"
    )
    return f"{about}\n\n{table(head, [*lines.values(), ratio])}"


def machine(found: dict[str, Any]) -> str:
    """Return where it was measured."""
    versions = ", ".join(f"{k} {v}" for k, v in found.items() if isinstance(v, str) and v[:1].isdigit())
    return (
        f"{found['processor']}, {found['cores']} cores, {found['lanes']} lanes to a vector, "
        f"{found['system']}, pinned to core {found['pinned_to']}, load {found['load']:.1f} at the beginning; "
        f"{versions}."
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def seconds(value: float) -> str:
    """Return three digits, as a plain number."""
    return f"{value:.4f}"[:6] if value < 1 else f"{value:.3g}"


def power(value: float) -> str:
    """Return ``2e-5``."""
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def suite(found: dict[str, Any]) -> str:
    """Return how many cases of the SBML Test Suite come out, by either way."""
    kinds = ("pass", "wrong", "refused", "time", "crash")
    names = {"roadrunner": "roadrunner alone", "from_sbml": "`from_sbml` and `simulate`"}
    rows = (
        [names[way], *(found["counts"][way].get(kind, 0) for kind in kinds), found["only"][way]]
        for way in names
    )
    head = ["", "passed", "wrong", "refused", "over 60 s", "crashed", "passed by this only"]
    return f"{found['cases']:,} cases:\n\n{table(head, rows)}"


TABLES = {
    "machine": machine, "single": comparison, "sweep": comparison, "others": others, "processes": processes,
    "many": many, "start": start, "whole": whole, "studies": studies, "suite": suite,
}  # fmt: skip
