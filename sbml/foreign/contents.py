"""What is known of a document of others once it has been read: its text, and what its ids stand for."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["species", "parameter", "compartment", "stoichiometry", "reaction"]
SetBy = Literal["", "assignment", "rate", "initial assignment", "reactions"]


@dataclass(frozen=True)
class Symbol:
    """An id of a document that has a value.

    Attributes
    ----------
    id : str
        As in the document.
    kind : str
        ``"species"``, ``"parameter"``, ``"compartment"``, ``"stoichiometry"`` or ``"reaction"``.
    constant : bool
        Whether nothing may change it during a run.
    value : float or None
        What it begins with, as the document gives it, in `unit`: an amount where `amount`, else a
        concentration. None if it follows from something else, or is not given.
    unit : str
        As pint reads it: ``"umol/l"``, ``"1/s"``, ``"1"`` for a pure number; empty if none is declared.
        That amounts are in moles where a document of Level 1 or 2 is silent counts as not declared,
        for most that are silent mean something else.
    amount : bool
        Whether a species stands for its amount, not for its concentration (hasOnlySubstanceUnits).
    boundary : bool
        Whether a species is not changed by the reactions it takes part in.
    compartment : str
        Of a species.
    set_by : str
        What it follows from, the first of ``"assignment"``, ``"rate"`` (rules), ``"initial assignment"``,
        ``"reactions"``; empty if from nothing of these. Events do not count.
    """

    id: str
    kind: Kind
    constant: bool
    value: float | None
    unit: str
    amount: bool = False
    boundary: bool = False
    compartment: str = ""
    set_by: SetBy = ""


@dataclass(frozen=True)
class Document:
    """A model of others that was found to run.

    Attributes
    ----------
    name : str
        The file's, without ending.
    text : str
        SBML to simulate: as in the file, or flattened if it was made of submodels.
    symbols : mapping of str to Symbol
        Every id with a value, in the order of the document.
    seconds : float or None
        Length of the model's unit of time (s), None where the model does not say.
    level, version : int
        Of SBML, of `text`.
    timed : bool
        Whether it has events, or depends on time.
    cited : str
        Where it comes from, in a line: its name, and the addresses of its papers and entries.
    """

    name: str
    text: str = field(repr=False)
    symbols: Mapping[str, Symbol] = field(hash=False, repr=False)
    seconds: float | None
    level: int
    version: int
    timed: bool
    cited: str

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()
