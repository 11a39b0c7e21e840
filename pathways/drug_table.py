"""The table of drugs, ``drugs.yaml``: what each acts on, how, and at which concentration.

An entry::

    MPEP:
      title: blocks mGluR5
      dose: 10 uM
      actions:
        - {target: mGluR5, mechanism: non-competitive, IC50: 36 nM, source: "Gasparini1999, abstract"}
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kinaptic.errors import ProvenanceError, UnitError, UnknownName
from kinaptic.pathways.parameters import Parameter, first_problem, read_table
from kinaptic.units import parse

FILE = Path(__file__).with_name("drugs.yaml")

Mechanism = Literal[
    "competitive",
    "non-competitive",
    "irreversible",
    "channel block",
    "translation block",
    "scavenger",
    "chelator",
    "activator",
    "agonist",
]


class Action(BaseModel):
    """What a drug does to one target.

    Attributes
    ----------
    target : str
        An enzyme, whose activity it changes, or a number.
    mechanism : str
        How. A competitive antagonist in fast equilibrium leaves ``1/(1 + dose/Ki)`` of the agonist's
        on-rate, other inhibitors ``1/(1 + (dose/IC50)^hill)`` of the activity.
    Ki, IC50, EC50 : str, optional
        The concentration of half effect, with its unit; one of the three, or `per_uM`.
    hill : float
        Slope.
    floor : float
        Fraction that the highest dose leaves.
    spares : str
        The number (0 to 1) that is the share of `target` which the drug spares: GluN2A for ifenprodil.
    fold : float, optional
        An activator's greatest effect: the activity is multiplied by this.
    adds : float, optional
        Or this is added to the number, in its unit.
    per_uM : float, optional
        A scavenger, an agonist in the bath or a chelator: what 1 uM of it adds to the number.
    sets : mapping of str to str
        Numbers that a chelator brings with it: its rate and its affinity.
    source : str
        As of a `Parameter`.
    note : str
        What a reader should know besides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str
    mechanism: Mechanism
    Ki: str | None = None
    IC50: str | None = None
    EC50: str | None = None
    hill: float = Field(default=1.0, gt=0)
    floor: float = Field(default=0.0, ge=0, lt=1)
    spares: str = ""
    fold: float | None = None
    adds: float | None = None
    per_uM: float | None = None
    sets: Mapping[str, str] = {}
    source: str
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Action:
        given = [n for n in ("Ki", "IC50", "EC50", "per_uM") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("give one of Ki, IC50, EC50 and per_uM")
        if (self.mechanism == "competitive") != (self.Ki is not None) or (self.Ki and self.hill != 1):
            raise ValueError("a competitive antagonist has a Ki and slope 1, and only such a one has")
        if (self.mechanism == "activator") != (self.EC50 is not None):
            raise ValueError("an activator has an EC50, and only such a one has")
        greatest = [self.fold, self.adds].count(None)
        if greatest != (1 if self.EC50 else 2):
            raise ValueError("an activator, and only such a one, has either fold or adds")
        if self.number.value is None or self.number.value <= 0:
            raise ValueError(f"{given[0]} must be positive")
        return self

    @functools.cached_property
    def number(self) -> Parameter:
        """The concentration of half effect (or `per_uM`), with its source."""
        half = self.Ki or self.IC50 or self.EC50
        value, unit = (self.per_uM, "1") if half is None else (parse(half, "uM", self.target), "uM")
        return Parameter(value=value, unit=unit, source=self.source, note=self.note)

    @property
    def how(self) -> str:
        """The mechanism, and what the table has besides half effect."""
        slope = f", h = {self.hill:g}" if self.hill != 1 else ""
        rest = f", {self.floor:g} is left" if self.floor else ""
        return f"{self.mechanism}{slope}{rest}{f', spares {self.spares}' if self.spares else ''}"

    @property
    def constant(self) -> str:
        """The concentration of half effect as the table has it: ``"Ki 7.49 nM"``."""
        half = next((f"{n} {v}" for n in ("Ki", "IC50", "EC50") if (v := getattr(self, n))), "")
        return half.replace("uM", "µM") or f"{self.per_uM:g} per µM"

    @property
    def strength(self) -> float:
        """The concentration of half effect (uM), or `per_uM`."""
        return self.number.value or 0.0

    def free(self, dose: float) -> float:
        """Return the share of the target that a dose (uM) leaves free."""
        share: float = 1 / (1 + (dose / self.strength) ** self.hill)
        return share

    def factor(self, dose: float) -> float:
        """Return what an activity is multiplied by at a dose (uM)."""
        free = self.free(dose)
        return free + (1 - free) * (self.floor if self.fold is None else self.fold)


class Drug(BaseModel):
    """A drug.

    Attributes
    ----------
    title : str
        What it does, in a phrase.
    dose : str
        What is usual in slices.
    aliases : tuple of str
        Other names.
    loads : str
        The pathway that it puts into the synapse, before the baseline: a chelator in the pipette.
    molar_mass : float, optional
        kDa; with it doses may be given as mass in a volume.
    actions : tuple of Action
        The first is the chief one: a synapse without its target refuses the drug. The others are
        left out where their targets are not there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    dose: str
    aliases: tuple[str, ...] = ()
    loads: str = ""
    molar_mass: float | None = Field(default=None, gt=0)
    actions: tuple[Action, ...] = Field(min_length=1)


@functools.cache
def drugs() -> Mapping[str, Drug]:
    """Return the table, by name.

    Raises
    ------
    ProvenanceError
        If an entry is not well formed.
    """
    found = {}
    for name, entry in read_table(FILE).items():
        try:
            found[name] = Drug.model_validate(entry)
        except ValidationError as problem:
            raise ProvenanceError(f"{FILE.name}: {name}: {first_problem(problem)}") from None
        except UnitError as problem:
            raise ProvenanceError(f"{FILE.name}: {name}: {problem}") from None
    return MappingProxyType(found)


def called(name: str) -> str:
    """Return the name in the table for a name or an alias; capitals and hyphens do not matter.

    Raises
    ------
    UnknownName
        If there is no such drug; with the nearest names.
    """
    try:
        return _names()[_plain(name)]
    except KeyError:
        every = [each for known, entry in drugs().items() for each in (known, *entry.aliases)]
        raise UnknownName("drug", name, every) from None


@functools.cache
def _names() -> Mapping[str, str]:
    """Return what each name and alias, in plain letters, stands for."""
    found: dict[str, str] = {}
    for known, entry in drugs().items():
        for each in (known, *entry.aliases):
            other = found.setdefault(_plain(each), known)
            if other != known:
                raise ProvenanceError(f"{FILE.name}: {each} stands for {other} and for {known}")
    return found


def _plain(name: str) -> str:
    return "".join(letter for letter in str(name).casefold() if letter.isalnum())
