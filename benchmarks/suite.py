"""The semantic cases of the SBML Test Suite, by roadrunner alone and by `Synapse.from_sbml` + `simulate`.

The suite is not part of this project: download its semantic cases from
https://github.com/sbmlteam/sbml-test-suite/releases, unpack them, and run
``python -m benchmarks.suite FOLDER``.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import csv
import multiprocessing
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libsbml
import numpy as np
from benchmarks import __main__ as results
from benchmarks import table

RTOL, ATOL = 1e-9, 1e-12
FILES = ("l3v2", "l3v1", "l2v5", "l2v4", "l2v3", "l2v2", "l2v1", "l1v2")  # the first that there is
TIME_LIMIT = 60  # s


@dataclass(frozen=True)
class Case:
    """One case: a document, what to read, and what is expected."""

    path: Path
    settings: Mapping[str, str]
    times: list[float]
    expected: Mapping[str, list[float]]

    @property
    def variables(self) -> list[str]:
        """What is compared."""
        return _listed(self.settings["variables"])

    def kind(self, variable: str) -> str:
        """Return "amount" or "concentration" for a species, else an empty text."""
        return next((k for k in ("amount", "concentration") if variable in _listed(self.settings[k])), "")

    def right(self, got: Mapping[str, Any]) -> bool:
        """Return whether values agree with the expected ones."""
        absolute, relative = float(self.settings["absolute"]), float(self.settings["relative"])
        return all(
            np.allclose(got[each], self.expected[each], rtol=relative, atol=absolute, equal_nan=True)
            for each in self.variables
        )


def cases(folder: Path) -> Iterator[Case]:
    """Yield the cases of the suite in order."""
    for each in sorted(folder.iterdir()):
        found = [each / f"{each.name}-sbml-{level}.xml" for level in FILES]
        document = next((path for path in found if path.exists()), None)
        if document is not None:
            text = (each / f"{each.name}-settings.txt").read_text("utf-8")
            settings = dict(re.findall(r"^(\w+):[ \t]*(.*)$", text, re.MULTILINE))
            yield Case(document, settings, *_results(each / f"{each.name}-results.csv"))


def _results(path: Path) -> tuple[list[float], dict[str, list[float]]]:
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    times, *columns = zip(*([float(x) for x in row] for row in rows[1:] if row), strict=True)
    names = (name.strip() for name in rows[0][1:])
    return list(times), {name: list(column) for name, column in zip(names, columns, strict=True)}


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


# ---- The two ways
def alone(case: Case) -> str:
    """Return how roadrunner does by itself: "pass", "wrong", or why it refuses."""
    import roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_CRITICAL)
    runner = roadrunner.RoadRunner(str(case.path))
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = RTOL, ATOL
    named = {"amount": "{}", "concentration": "[{}]", "": "{}"}
    runner.timeCourseSelections = ["time", *(named[case.kind(v)].format(v) for v in case.variables)]
    values = np.array(runner.simulate(times=case.times))
    return "pass" if case.right(dict(zip(case.variables, values[:, 1:].T, strict=True))) else "wrong"


def imported(case: Case) -> str:
    """Return how `from_sbml` and `simulate` do."""
    import kinaptic as kn

    warnings.simplefilter("ignore")
    readouts = _readouts(case)
    synapse = kn.Synapse.from_sbml(case.path, readouts=dict(readouts.values()), time_unit="s")
    first = [] if case.times[0] == 0 else [0.0]
    times = [*first, *case.times]
    run = kn.simulate(synapse, until=f"{times[-1]!r} s", samples=times, rtol=RTOL)
    traces = run.traces.iloc[len(first) :]
    return (
        "pass" if case.right({v: traces[name].to_numpy() for v, (name, _) in readouts.items()}) else "wrong"
    )


def _readouts(case: Case) -> dict[str, tuple[str, str]]:
    """Return variable → name and formula: symbols of species mean amounts or concentrations."""
    model = libsbml.readSBMLFromFile(str(case.path)).getModel()
    found = {}
    for name in case.variables:
        species, formula = model.getSpecies(name), name
        if species is not None:
            amount = species.getHasOnlySubstanceUnits()
            if case.kind(name) == "amount" and not amount:
                formula = f"{name} * {species.getCompartment()}"
            elif case.kind(name) == "concentration" and amount:
                formula = f"{name} / {species.getCompartment()}"
        found[name] = (name if formula == name else f"read_{name}", formula)
    return found


# ---- All of them
def _outcome(way: str, case: Case) -> str:
    try:
        return {"roadrunner": alone, "from_sbml": imported}[way](case)
    except Exception as why:  # whatever a library raises is an answer
        return f"refused: {type(why).__name__}: {str(why).splitlines()[0] if str(why) else ''}"


def suite(folder: Path, way: str) -> dict[str, str]:
    """Return the outcome of every case; a process that dies is one, and the next case gets a new one."""
    found = {}
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=context)
    for case in cases(folder):
        name = case.path.parent.name
        try:
            found[name] = pool.submit(_outcome, way, case).result(timeout=TIME_LIMIT)
        except (concurrent.futures.process.BrokenProcessPool, TimeoutError) as why:
            found[name] = "crash" if isinstance(why, concurrent.futures.process.BrokenProcessPool) else "time"
            for process in list(pool._processes.values()):  # noqa: SLF001 - there is no other way to stop one
                process.kill()
            pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=context)
    pool.shutdown()
    return found


def main() -> None:
    """Run the suite both ways, keep the counts, and print what only one of them passes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite")
    parser.add_argument("folder", type=Path, help="cases/semantic of the SBML Test Suite")
    folder = parser.parse_args().folder
    outcomes = {way: suite(folder, way) for way in ("roadrunner", "from_sbml")}
    counts = {
        way: dict(collections.Counter(text.partition(":")[0] for text in found.values()))
        for way, found in outcomes.items()
    }
    passed = {
        way: {case for case, text in found.items() if text == "pass"} for way, found in outcomes.items()
    }
    for case in sorted(passed["roadrunner"] - passed["from_sbml"]):
        print(f"{case}: only roadrunner alone; from_sbml: {outcomes['from_sbml'][case]}", file=sys.stderr)
    only = {
        "roadrunner": len(passed["roadrunner"] - passed["from_sbml"]),
        "from_sbml": len(passed["from_sbml"] - passed["roadrunner"]),
    }
    results.keep("suite", {"cases": len(outcomes["roadrunner"]), "counts": counts, "only": only})
    table.renew()
    print(counts)


if __name__ == "__main__":
    main()
