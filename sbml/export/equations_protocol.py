"""The protocol of a model in words and formulas: when its events take place, and what they change."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.trains import Gap
from kinaptic.sbml import document
from kinaptic.sbml.export.equations_events import Change, Names, Steps, changes, steps
from kinaptic.sbml.export.equations_markup import Column, Markup
from kinaptic.sbml.export.equations_system import System

if TYPE_CHECKING:
    from kinaptic.pathways.waveform import Waveform

READING = (
    "A clock runs from the beginning of the run, counters say how many spikes have been given, and an event "
    "takes place whenever its condition becomes true. It changes all its variables at once, so that what "
    "stands on the right has the values of before. Variables of rules stand here for their formulas, which "
    "the file has written out in events."
)


def ids(system: System) -> set[str]:
    """Return the ids that events refer to."""
    found: set[str] = set()
    for event in system.events:
        found |= document.names(event.getTrigger().getMath())
        for i in range(event.getNumEventAssignments()):
            assignment = event.getEventAssignment(i)
            found |= {assignment.getVariable()} | document.names(assignment.getMath())
    return found


def events(system: System, to: Markup, protocol: Protocol | Waveform | None) -> Iterator[str]:
    """Yield the events, in the order of the protocol."""
    names = Names(system.rules)
    tables = itertools.count(1)
    for event, words in zip(system.events, _words(protocol), strict=True):
        yield to.heading(2, f"{to.code(event.getId())}: {to.plain(words)}")
        yield to.equation(r"\text{when}\quad", "", system.lines(names.back(event.getTrigger().getMath()), 6))
        made = sorted(changes(event, names), key=lambda change: change.condition is not None)
        for _, alike in itertools.groupby(made, key=lambda change: change.where):
            yield from _changes(list(alike), system, to, tables)


def _words(protocol: Protocol | Waveform | None) -> list[str]:
    """Return what each event gives."""
    if isinstance(protocol, Protocol):
        return [str(segment) for segment in protocol.segments if not isinstance(segment, Gap)]
    return ["the next corner of the recording"]


def _changes(alike: list[Change], system: System, to: Markup, tables: Iterator[int]) -> Iterator[str]:
    """Yield changes that have one condition."""
    condition = alike[0].condition
    if condition is not None:
        yield to.equation(r"\text{if}\quad", "", system.lines(condition, 3))
    for change in alike:
        looked_up = steps(change.value)
        if looked_up is None:
            yield to.equation(*system.change(change.variable, change.value))
            continue
        left = system.symbols[change.variable].whole.text
        table = f"T_{{{next(tables)}}}"
        counter = system.symbols[looked_up.counter].whole.text
        yield to.equation(left, r"\leftarrow", [rf"{table}\left({counter}\right)"])
        yield _table(table, looked_up, system, to)


def _table(name: str, looked_up: Steps, system: System, to: Markup) -> str:
    counter = to.math(system.symbols[looked_up.counter].whole.text)
    columns = (Column(f"{counter} below", 0.3), Column(to.math(name), 0.3))
    bounds = [*(f"{bound:.15g}" for bound in looked_up.bounds), "otherwise"]
    values = [to.math(" ".join(system.lines(leaf, 0))) for leaf in looked_up.leaves]
    return to.table(columns, zip(bounds, values, strict=True))
