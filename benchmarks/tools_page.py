"""``docs/exchange_table.md``: what other tools make of exported files, from ``results/tools.json``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import table

RESULTS = table.RESULTS / "tools.json"
PAGE = Path(__file__).parents[1] / "docs" / "exchange_table.md"
TOLD = 1e-5  # a difference from which on a note says in what


@dataclass(frozen=True)
class Tool:
    """A column.

    Attributes
    ----------
    title : str
        Head of the column.
    package : str
        Distribution that it needs and whose version is told.
    how : str
        What is read, and by what it is integrated at which relative tolerance.
    """

    title: str
    package: str
    how: str


TOOLS = {
    "copasi": Tool(
        "COPASI", "copasi-basico", "`sbml`, LSODA at 1e-9 (at 1e-10 it stalls with 10 mM of a chelator)"
    ),
    "amici": Tool("AMICI", "amici", "`sbml`, compiled as C++, CVODES at 1e-11"),
    "tellurium": Tool("tellurium", "tellurium", "`sbml`, its own roadrunner, CVODE at 1e-11"),
    "scipy": Tool("scipy", "sbmlode", "`sbml`, equations read by sbmlode, LSODA at 1e-10"),
    "sbml-l3v1": Tool("L3V1", "libroadrunner", "`sbml-l3v1`, read back by roadrunner, 1e-11"),
    "sbml-l2v4": Tool("L2V4", "libroadrunner", "`sbml-l2v4`, read back by roadrunner, 1e-11"),
    "sbml-comp": Tool("comp", "python-libsbml", "`sbml-comp`, made flat by libSBML, roadrunner at 1e-11"),
    "antimony": Tool("Antimony", "antimony", "`antimony`, translated by Antimony, roadrunner at 1e-11"),
    "omex": Tool("archive", "tellurium", "`omex`, run by tellurium as its SED-ML says, CVODE at 1e-8"),
    "nmodl": Tool(
        "NEURON",
        "neuron",
        "`nmodl`, `cai` played, perturbations under recorded calcium in place of pairings, CVODE; states "
        "that may fall below zero carry 1000 (µM) with them in NEURON, so that they are known to 1e-10",
    ),
}

_HEAD = """\
# What other tools compute of exported files

Every row is a construct, every column a tool or a format. A cell is the largest difference between what
the tool computes of the exported file and what `simulate` integrates (roadrunner {roadrunner} at a
relative tolerance of {rtol}), over all species, all other states and all readouts, the weight among them
({fewest} to {most} quantities), each relative to its own largest value in the run; what never exceeds
1e-9 (µM, mV or one) is compared with 1e-9. The synapse is `ca1`, whole; a run ends {after:.0f} s after
its protocol. Samples are dense after events and never at one, for on the very time of an event tools
differ in what they show. The numbers tell how well tools agree where errors of integration are made
small; errors at default tolerances are larger.
"""
_FOOT = """\
Each cell is a process of its own. `python -m benchmarks.tools` measures it all and writes this page, for
version {kinaptic} of Kinaptic; `python -m benchmarks.tools copasi` measures one column.
"""
_OTHERS = """\
## Tools that do not read it all

Tried once, on the whole `ca1` and on calmodulin and CaMKII in the tube:

- sbmltoodepy 1.0.4 leaves events out without a word, so that no protocol takes place, and lets species
  that are held (boundary conditions) be used up. Where there are neither (`ca1` in okadaic acid, no
  protocol) its numbers are right to 6e-9.
- sbmltoodejax 0.4.3 refuses events, stops at an assignment rule of the whole model, and has the same
  trouble with species that are held.
- PySCeS 1.2.3 is right to 1e-10 in the tube. On the whole model its structural analysis finds two
  different ranks of the stoichiometric matrix (130 and 131) and stops.
"""


def page(found: Mapping[str, Any]) -> str:
    """Return the page of some results."""
    notes: dict[str, int] = {}
    rows = [
        [title, *(_shown(found["tools"], name, title, notes) for name in TOOLS)] for title in found["rows"]
    ]
    compared = [row["compared"] for row in found["rows"].values()]
    head = _HEAD.format(
        roadrunner=found["roadrunner"],
        rtol=table.power(found["rtol"]),
        fewest=min(compared),
        most=max(compared),
        after=min(row["seconds"] for row in found["rows"].values()) - 10,
    )
    parts = [
        head,
        table.table(["", *(tool.title for tool in TOOLS.values())], rows) + "\n",
        *([_listed(f"[{number}] {text}" for text, number in notes.items())] if notes else []),
        "## Columns\n",
        _listed(_columns(found["tools"])),
        "## Rows\n",
        _listed(_described(found["rows"])),
        _FOOT.format(kinaptic=found["kinaptic"]),
        _OTHERS,
    ]
    return "\n".join(parts)


def _shown(tools: Mapping[str, Any], name: str, title: str, notes: dict[str, int]) -> str:
    """Return a cell; why there is no number, or a large one, becomes a note."""
    column = tools.get(name)
    if column is None or (column["version"] is not None and title not in column["cells"]):
        return "not measured"
    if column["version"] is None:
        return "not installed"
    cell = column["cells"][title]
    if "difference" not in cell:
        kind, _, text = cell["why"].partition(": ")
        return f"{kind} {_note(text or kind, notes)}"
    shown = table.power(cell["difference"])
    if cell["difference"] < TOLD:
        return shown
    told = f"in {cell['of']}, which is never more than {cell['largest']:g} here"
    return f"{shown} {_note(told, notes)}"


def _note(text: str, notes: dict[str, int]) -> str:
    """Return the mark of a note, the same for the same text."""
    return f"[{notes.setdefault(text, len(notes) + 1)}]"


def _columns(tools: Mapping[str, Any]) -> Iterator[str]:
    for name, tool in TOOLS.items():
        column = tools.get(name, {"version": None, "cells": {}})
        version = "" if column["version"] is None else f" ({tool.package} {column['version']})"
        counts = sorted({cell["compared"] for cell in column["cells"].values() if "compared" in cell})
        compared = f"; {counts[0]} to {counts[-1]} quantities" if counts else ""
        yield f"*{tool.title}*{version}: {tool.how}{compared}."


def _described(rows: Mapping[str, Any]) -> Iterator[str]:
    for title, row in rows.items():
        yield f"*{title}*: {'; '.join([row['protocol'], *row['done']])}."


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) + "\n"
