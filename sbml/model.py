"""One model, ready to run: structure, numbers, initial state. What is exported is what runs."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from kinaptic.pathways import drugs
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml import document, formula
from kinaptic.sbml.origin import Origin, sign
from kinaptic.sbml.structure import Structure


@dataclass(frozen=True, repr=False)
class Model:
    """A flat SBML model with a protocol in it.

    Attributes
    ----------
    name : str
        The synapse's, for people.
    source : Structure
        Its structure, shared with models that differ in numbers only.
    parameters : mapping of str to Parameter
        Every number with unit and source, those that a protocol adds included.
    initial : mapping of str to float
        Initial concentrations (µM) and initial values of variables with rate rules.
    readouts : tuple of str
        Variables and species of the traces.
    origin : Origin
        The synapse and the protocol it was made of, which its file tells; None if of neither.
    """

    name: str
    source: Structure
    parameters: Mapping[str, Parameter] = field(hash=False)
    initial: Mapping[str, float] = field(hash=False)
    readouts: tuple[str, ...]
    origin: Origin | None = None

    def __repr__(self) -> str:
        return f"<Model of {self.name}: {len(self.initial)} states>"

    @property
    def structure(self) -> str:
        """SBML text that is compiled; its values mean nothing, those of `values` are set."""
        return self.source.lean

    @functools.cached_property
    def values(self) -> Mapping[str, float]:
        """Value of every number: parameters, also derived ones, compartment sizes, clamped species."""
        return formula.evaluate(self.parameters)

    @functools.cached_property
    def digest(self) -> str:
        """Content hash over structure, values and initial state."""
        content = repr((self.source.document, sorted(self.values.items()), sorted(self.initial.items())))
        return hashlib.sha256(content.encode()).hexdigest()

    @functools.cached_property
    def sbml(self) -> str:
        """SBML L3V2 with these very values and initial state; derived numbers stay formulas."""
        parsed = document.read(self.source.document)
        given = {name: p.value for name, p in self.parameters.items() if p.value is not None}
        parsed.getModel().setName(self.name)
        document.set_values(parsed, given, self.initial)
        document.explain(parsed, self.parameters)
        document.drop_unused(parsed, self.parameters.keys() - set(self.readouts))
        if self.origin is not None:
            sign(parsed, self.origin, self.sources)
        return document.write(parsed)

    @functools.cached_property
    def sources(self) -> tuple[str, ...]:
        """BibTeX keys of the publications behind the numbers and the drugs, in order."""
        keys = {p.key for p in self.parameters.values() if p.key}
        done = () if self.origin is None else self.origin.synapse.perturbations
        return tuple(sorted(keys | {key for p in done if p.kind == "drug" for key in drugs.sources(p)}))
