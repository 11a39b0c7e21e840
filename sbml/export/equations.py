"""A model as a document to read: equations, numbers and their sources, as for a supplement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from kinaptic import files
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.citations import formatted
from kinaptic.pathways.presets import presets
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml.build import replaced_calcium
from kinaptic.sbml.export import equations_protocol as protocol
from kinaptic.sbml.export import numbers
from kinaptic.sbml.export.equations_markup import Column, Latex, Markdown, Markup
from kinaptic.sbml.export.equations_system import System, owners
from kinaptic.sbml.export.formats import Job
from kinaptic.sbml.origin import LICENCE
from kinaptic.sbml.wording import changes, sentence
from kinaptic.version import __version__


def markdown(job: Job) -> None:
    """Write equations and numbers as Markdown, for GitHub and Jupyter.

    Raises
    ------
    ExportError
        If the model has mathematics without a form in print.
    """
    _write(job, Markdown())


def latex(job: Job) -> None:
    """Write equations and numbers as LaTeX; see `markdown`."""
    _write(job, Latex())


def _write(job: Job, markup: Markup) -> None:
    files.write(job.path, _Paper(job, markup).text())


class _Paper:
    """The document of one model, section by section."""

    def __init__(self, job: Job, markup: Markup) -> None:
        self._job = job
        self._to = markup
        self._system = System(job.model.sbml, markup.newline)
        recorded = isinstance(job.protocol, Waveform)
        self._pathways = (replaced_calcium(job.synapse) if recorded else job.synapse).pathways
        self._owners = owners(self._pathways)
        self._stimulus = protocol.ids(self._system) - self._owners.keys()

    def text(self) -> str:
        """Return the document."""
        name = self._job.model.name
        title = f"{name}: {presets()[name].title}" if name in presets() else name
        sections = (
            self._front(),
            self._compartments(),
            *(self._pathway(each) for each in self._pathways),
            self._whole(),
            self._protocol(),
            self._initial(),
            self._numbers(),
            self._references(),
        )
        return self._to.whole(self._to.plain(title), (part for each in sections for part in each))

    # ---- What it is
    def _front(self) -> Iterator[str]:
        synapse = self._job.synapse
        facts = (
            f"Written by Kinaptic {__version__}. Licence: {LICENCE}.",
            f"Pathways: {', '.join(self._pathways)}.",
            f"Done to it, in order: {'; '.join(changes(synapse)) or 'nothing'}.",
            f"Protocol: {sentence(self._job.protocol)}.",
        )
        yield self._to.items(map(self._to.plain, facts))
        yield self._to.paragraph(_reading(self._to))

    def _compartments(self) -> Iterator[str]:
        yield self._to.heading(1, "Compartments")
        columns = (Column("id", 0.2), Column("symbol", 0.15), Column("volume (fL)", 0.15), Column("", 0.42))
        rows = (
            (
                self._to.code(c.getId()),
                self._symbol(c.getId()),
                _number(c.getSize()),
                self._to.plain(c.getName()),
            )
            for c in self._system.compartments
        )
        yield self._to.table(columns, rows)

    # ---- Equations
    def _pathway(self, name: str) -> Iterator[str]:
        yield self._to.heading(1, f"{self._to.code(name)}: {self._to.plain(pathway(name).title)}")
        yield self._to.paragraph(self._to.plain(pathway(name).summary))
        yield from self._equations(lambda each: self._owners.get(each) == name)

    def _whole(self) -> Iterator[str]:
        """Yield what is of no pathway: the weight, and numbers that absent pathways lend."""
        known = self._owners.keys() | self._stimulus
        blocks = list(self._equations(lambda each: each not in known))
        if blocks:
            yield self._to.heading(1, "The whole synapse")
            yield from blocks

    def _protocol(self) -> Iterator[str]:
        if self._system.events:
            yield self._to.heading(1, "Protocol")
            yield self._to.paragraph(self._to.plain(f"{sentence(self._job.protocol)}. {protocol.READING}"))
            yield from self._equations(lambda each: each in self._stimulus)
            yield from protocol.events(self._system, self._to, self._job.protocol)

    def _equations(self, wanted: Callable[[str], bool]) -> Iterator[str]:
        system = self._system
        reactions = [name for name in system.reactions if wanted(name)]
        if reactions:
            yield self._to.heading(2, "Reactions")
        for name in reactions:
            yield self._to.paragraph(f"{self._to.code(name)}: {self._reaction(name)}")
            yield self._to.equation(*system.rate(name))
        states = [name for name in system.states if wanted(name)]
        if states:
            yield self._to.heading(2, "Differential equations")
            yield from (self._to.equation(*system.derivative(name)) for name in states)
        rules = [name for name in system.rules if wanted(name)]
        if rules:
            yield self._to.heading(2, "Variables and derived numbers")
            yield from (self._to.equation(*system.rule(name)) for name in rules)

    def _reaction(self, name: str) -> str:
        scheme, helpers = self._system.scheme(name)
        by = " and ".join(self._to.math(each) for each in helpers)
        return f"{self._to.math(scheme)}{f', by {by}' if by else ''}"

    # ---- Numbers
    def _initial(self) -> Iterator[str]:
        yield self._to.heading(1, "Initial state")
        yield self._to.paragraph("The baseline: the state of rest before the protocol.")
        columns = (Column("state", 0.27), Column("value", 0.17), Column("unit", 0.08), Column("", 0.4))
        units, system = self._job.model.source.units, self._system
        rows = (
            (
                self._to.code(name),
                f"{system.beginning(name):.9g}",
                self._unit(units[name]),
                self._to.plain(system.species[name].getName()) if name in system.species else "",
            )
            for name in system.states
        )
        yield self._to.table(columns, rows)

    def _numbers(self) -> Iterator[str]:
        yield self._to.heading(1, "Numbers")
        yield self._to.paragraph(
            "What is derived has its equation above. Numbers that only set the state before the baseline, "
            "such as totals, are in no equation."
        )
        columns = (
            Column("number", 0.26),
            Column("value", 0.11),
            Column("unit", 0.09),
            Column("source", 0.46),
        )
        entries = numbers.table(self._job.model).itertuples()
        yield self._to.table(columns, (self._row(*each) for each in entries))

    def _row(
        self, _: int, name: str, value: float, unit: str, formula: str, source: str, note: str, *__: str
    ) -> tuple[str, ...]:
        why = self._to.plain("; ".join(filter(None, (source, note))))
        if formula and name not in self._system.rules:
            why = f"{self._to.code(f'= {formula}')}; {why}"
        shown = f"{value:.9g}" if formula else _number(value)
        return self._to.code(name), shown, self._unit(unit), why

    def _unit(self, text: str) -> str:
        return self._to.plain(re.sub(r"\bu(?=[mM])", "µ", text))

    def _references(self) -> Iterator[str]:
        if self._job.model.sources:
            yield self._to.heading(1, "References")
            yield self._to.items(self._to.plain(formatted(key)) for key in self._job.model.sources)

    def _symbol(self, name: str) -> str:
        return self._to.math(self._system.symbols[name].whole.text)


def _reading(to: Markup) -> str:
    """Return how names and symbols are to be read."""
    volume, rate, time = map(to.math, (r"\Omega", "v", "t"))
    numerals = ", ".join(map(to.code, ("one", "half", "zero")))
    return (
        "Names are ids of the SBML file. What follows the first underscore of an id is written as an index, "
        "further underscores as commas; ids that are words alone stay on the line, with spaces for "
        "underscores. A name in square brackets is a concentration (µM), one without is a variable or a "
        f"number. {volume} is the volume of a compartment (fL), {rate} the rate of a reaction (zmol/s), and "
        f"{time} time (s). The constants {numerals} are written as numbers."
    )


def _number(value: float) -> str:
    """Return a given number with all its digits."""
    return f"{value!r}".removesuffix(".0")
