"""A model of others as a synapse: a value like any other, with readouts and a calcium that is ours."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinaptic.errors import ForeignModelError, KinapticError, ModelError, PerturbationError, UnknownName
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.perturbation import Perturbation, factor_of
from kinaptic.pathways.presets import preset
from kinaptic.sbml.foreign import compose, worker
from kinaptic.sbml.foreign.compose import PREFIX, WEIGHT, scale_of
from kinaptic.sbml.foreign.intake import Document, Symbol, read
from kinaptic.sbml.synapse import Synapse
from kinaptic.sbml.wording import SET_BY_USER
from kinaptic.units import Quantity, parse

if TYPE_CHECKING:
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.model import Model

    Input = Protocol | Waveform
    Numbers = dict[str, Parameter]


@dataclass(frozen=True, repr=False)
class ForeignSynapse(Synapse):
    """A synapse made by `Synapse.from_sbml`.

    Attributes
    ----------
    document : Document
        What was read.
    readouts : tuple of (str, str)
        Name and formula over ids of the document.
    calcium : str
        The species or parameter that follows our calcium; empty if none does.
    factor : float
        What that is for each µM.
    seconds : float
        Unit of time of the document (s).
    settle : float
        How long (s) it rests at the calcium of the baseline before the run.
    """

    document: Document = field(kw_only=True, repr=False)
    readouts: tuple[tuple[str, str], ...] = field(kw_only=True)
    calcium: str = field(default="", kw_only=True)
    factor: float = field(default=1.0, kw_only=True)
    seconds: float = field(default=1.0, kw_only=True)
    settle: float = field(default=0.0, kw_only=True)

    foreign = True
    prefix = PREFIX

    @classmethod
    def read(
        cls,
        path: str | Path,
        readouts: Mapping[str, str] | None,
        calcium: str | None,
        *,
        spine: str,
        time_unit: str | None,
        calcium_unit: str | None,
        settle: Quantity,
    ) -> ForeignSynapse:
        """Read a document; see `Synapse.from_sbml`."""
        document = read(path)
        found = cls(
            document.name,
            ("calcium",) if calcium else (),
            settings=_calcium_settings(spine) if calcium else (),
            document=document,
            readouts=_readouts(document, readouts, calcium),
            calcium=calcium or "",
            factor=_factor(document, calcium, calcium_unit) if calcium else 1.0,
            seconds=_seconds(document, time_unit),
            settle=parse(settle, "s", "from_sbml(settle=…)"),
        )
        if found.settle < 0:
            raise KinapticError(f"from_sbml(settle={settle!r}): give a time from 0 on, such as '10 min'")
        if found.settle and document.timed:
            raise ForeignModelError(
                f"{document.name} has events or depends on time, so it cannot rest before the run; leave out "
                "settle"
            )
        worker.call(compose.merged, replace(found.parts, driver=None))  # refuse formulas that are none here
        return found

    # ---- What it is made of
    @property
    def content(self) -> tuple[object, ...]:
        """What its numbers follow from besides `values` and `clamps`."""
        ours = (self.calcium, self.factor, self.seconds, self.settle, self.readouts, self.scaled)
        return (self.document.digest, *ours, *(self.spine.content if self.calcium else ()))

    @functools.cached_property
    def spine(self) -> Synapse:
        """What makes its calcium, with what was done to that."""
        plain = Synapse(self.name, self.pathways, settings=self.settings)
        return plain.with_(*(_without_prefix(p) for p in self.perturbations if not self.is_own(p)))

    @property
    def parts(self) -> compose.Parts:
        """What its structure is made of, but for the driver and what is fixed."""
        return compose.Parts(
            self.document.text,
            self.seconds,
            self.readouts,
            scaled=self.scaled,
            clamps=self.clamps(acute=True),
        )

    @property
    def scaled(self) -> tuple[str, ...]:
        """Reactions whose rates perturbations change."""
        own = {p.target for p in self.perturbations if self.is_own(p)}
        return tuple(sorted(t for t in own if self.document.symbols[t].kind == "reaction"))

    def is_own(self, each: Perturbation) -> bool:
        """Return whether a perturbation is of the document, not of our calcium."""
        return each.kind != "drug" and each.target in self.document.symbols

    # ---- Numbers
    @functools.cached_property
    def given(self) -> Mapping[str, Parameter]:
        """The numbers of the document: constants, and what species begin with."""
        return {
            each.id: Parameter.model_construct(
                value=each.value, unit=each.unit or "1", source=f"{self.document.name}: as in the file"
            )
            for each in self.document.symbols.values()
            if each.value is not None
            and math.isfinite(each.value)  # else its volume is not known, for instance
            and _is_number(each)
            and each.id != self.calcium
        }

    def numbers(self, *, acute: bool) -> Numbers:
        """Return every number with perturbations applied; those of our calcium begin with ``kn_``."""
        found = dict(self.given)
        for each in self.perturbations:
            if self.is_own(each) and (acute or not each.acute):
                found |= self._edited(found, each)
        if self.calcium:
            found |= prefixed(self.spine.numbers(acute=acute))
        return found

    def _edited(self, found: Mapping[str, Parameter], each: Perturbation) -> Numbers:
        name, symbol = each.target, self.document.symbols[each.target]
        if symbol.kind == "reaction":
            known = found.get(scale_of(name), _ONE)
            return {scale_of(name): _set(known, _value(known) * factor_of(each), str(each))}
        if name not in found:
            how = f"set by {symbol.set_by}" if symbol.set_by else "without a value"
            raise PerturbationError(
                f"{each.kind}({name!r}): in {self.document.name} it is {how}; change that"
            )
        if each.kind in ("clamp", "edit"):
            value: Quantity = each.value
            if found[name].unit == "1":
                try:
                    value = float(each.value)
                except ValueError:
                    raise PerturbationError(
                        f"{each.kind}({name!r}, {each.value!r}): {self.document.name} gives it no unit, so "
                        "that a bare number is meant"
                    ) from None
            return {
                name: _set(
                    found[name], parse(value, found[name].unit, f"{each.kind}({name!r}, …)"), str(each)
                )
            }
        if each.kind == "inhibit" and symbol.kind == "species":
            raise PerturbationError(
                f"inhibit({name!r}): {name} is a species, which has an amount and no activity; inhibit a "
                "reaction or a rate constant, or knock it out"
            )
        return {name: _set(found[name], _value(found[name]) * factor_of(each), str(each))}

    def clamps(self, *, acute: bool) -> tuple[str, ...]:
        """Return what of the document is held."""
        own = (p for p in self.perturbations if p.kind == "clamp" and self.is_own(p))
        return tuple(sorted({p.target for p in own if acute or not p.acute}))

    # ---- What a synapse can do
    def with_(self, *perturbations: Perturbation) -> ForeignSynapse:
        """Return this synapse with perturbations applied, in order.

        Targets are ids of the document: a parameter, a species (what it begins with), or a reaction
        (its rate); and what makes our calcium, by its usual names (``"NMDAR"``, ``"kn_distance"``).
        """
        made = self
        for each in perturbations:
            if not isinstance(each, Perturbation):
                raise PerturbationError(f"with_({each!r}): give perturbations, such as kn.knockout('k1')")
            made = replace(made, perturbations=(*made.perturbations, each))
            _refuse_unfit(made, each)
        if perturbations:
            made.numbers(acute=True)
        return made

    def targets(self) -> set[str]:
        """Return what perturbations can be of, by name."""
        ours = [PREFIX + name for name in self.spine_names()] if self.calcium else []
        return {*self.document.symbols, *ours}

    def spine_names(self) -> set[str]:
        """Return the numbers of what makes its calcium."""
        return set(replace(self, perturbations=()).spine.numbers(acute=True))

    def without(self, name: str) -> Synapse:
        """Refuse: its pathways are not ours."""
        raise ModelError(
            f"without({name!r}): {self.name} is a model of others; knock out its species or reactions"
        )

    def also(self, *names: str) -> Synapse:
        """Refuse: its pathways are not ours."""
        raise ModelError(f"also({', '.join(map(repr, names))}): {self.name} is a model of others")

    def check(self) -> list[str]:
        """Return what libSBML has to say about the document, units and modelling practice included."""
        from kinaptic.sbml import document

        return list(worker.call(document.problems, self.document.text))

    def cite(self) -> str:
        """Return where the model comes from, and the references behind our calcium."""
        ours = "\n".join([self.document.cited, self.spine.cite() if self.calcium else ""])
        return ours.strip()

    def units(self, protocol: Input | None = None) -> Mapping[str, str]:
        """Return the unit of everything that can be read off a run."""
        return self.model(protocol).source.units

    @staticmethod
    def built(points: Sequence[Any]) -> list[Model | KinapticError]:
        """Return the models of many points; see `kinaptic.sbml.build.models`."""
        from kinaptic.sbml.foreign import build

        return build.models(points)

    def __str__(self) -> str:
        parts = [f"{self.name}, a model of others"]
        parts += [f"calcium {self.calcium} driven by ours"] if self.calcium else []
        return "; ".join([*parts, *map(str, self.perturbations)])


def _refuse_unfit(synapse: ForeignSynapse, each: Perturbation) -> None:
    if synapse.is_own(each):
        kind = synapse.document.symbols[each.target].kind
        if each.target == synapse.calcium:
            raise PerturbationError(
                f"{each.target} follows our calcium and nothing else; perturb what makes it"
            )
        if each.kind in ("clamp", "edit") and kind == "reaction":
            raise PerturbationError(f"{each.kind}({each.target!r}): a reaction is inhibited or overexpressed")
        return
    if not synapse.calcium:
        raise UnknownName("target", each.target, synapse.targets())
    try:
        synapse.spine  # noqa: B018 - refuse here what does not apply to it
    except UnknownName:
        raise UnknownName("target", each.target, synapse.targets()) from None


_ONE = Parameter(value=1.0, unit="1", source="assumed: definition, what a reaction's rate is multiplied by")


def prefixed(numbers: Mapping[str, Parameter]) -> Numbers:
    """Return numbers of ours by the names that they have in a merged document."""
    found = {}
    for name, each in numbers.items():
        new = each
        if each.formula is not None:
            text = re.sub(
                r"(?<![\w.])[A-Za-z_]\w*", lambda m: PREFIX + m[0] if m[0] in numbers else m[0], each.formula
            )
            new = each.model_copy(update={"formula": text})
        found[PREFIX + name] = new
    return found


def _is_number(each: Symbol) -> bool:
    if each.kind == "species":
        return each.set_by in ("", "reactions")
    return each.kind in ("parameter", "compartment") and each.set_by == ""


def _value(number: Parameter) -> float:
    assert number.value is not None  # noqa: S101
    return number.value


def _set(number: Parameter, value: float, why: str) -> Parameter:
    return number.model_copy(
        update={"value": value, "source": SET_BY_USER, "note": f"{why}; was {number.value:g}"}
    )


def _without_prefix(each: Perturbation) -> Perturbation:
    return replace(each, target=each.target.removeprefix(PREFIX))


def _calcium_settings(name: str) -> tuple[tuple[str, Parameter], ...]:
    """Return the numbers of a preset that its calcium pathway has."""
    known = Synapse.of("calcium").assembly.parameters
    return tuple((n, p) for n, p in preset(name).parameters.items() if n in known)


def _readouts(
    document: Document, readouts: Mapping[str, str] | None, calcium: str | None
) -> tuple[tuple[str, str], ...]:
    """Return readouts by name; without a wish, everything that can change."""
    symbols = document.symbols
    if readouts is None:
        found = {
            name: name for name, each in symbols.items() if not each.constant and each.kind != "reaction"
        }
    else:
        found = dict(readouts)
    for name, formula in found.items():
        if not name.isidentifier():
            raise KinapticError(f"from_sbml(readouts=…): {name!r} is no name; letters, digits and _ make one")
        if name != formula and name in symbols:
            raise KinapticError(
                f"from_sbml(readouts=…): {name} is an id of {document.name} itself and cannot mean "
                f"{formula!r} as well; choose another name"
            )
        if name == WEIGHT == formula:
            raise KinapticError(
                f"from_sbml(readouts=…): {document.name} has a {name} of its own, which need not be relative "
                "to its baseline; read it under another name"
            )
        if formula.isidentifier() and formula not in symbols:
            raise UnknownName("id", formula, symbols, f"in readouts[{name!r}]")
    if calcium:
        found.setdefault(calcium, calcium)
    return tuple(found.items())


def _factor(document: Document, calcium: str, unit: str | None) -> float:
    """Return what the calcium of a document is for each µM."""
    symbols = document.symbols
    if calcium not in symbols:
        raise UnknownName("id", calcium, symbols, "in from_sbml(calcium=…)")
    if symbols[calcium].kind not in ("species", "parameter"):
        raise KinapticError(
            f"from_sbml(calcium={calcium!r}): this is a {symbols[calcium].kind}, not a species"
        )
    declared = symbols[calcium].unit
    if not (unit or declared):
        raise ForeignModelError(
            f"{document.name} does not say in which unit {calcium} is; give from_sbml(…, calcium_unit='uM')"
        )
    try:
        found = parse("1 uM", unit or declared, "from_sbml(calcium=…)")
    except KinapticError:
        raise ForeignModelError(
            f"{calcium} of {document.name} is in {unit or declared!r}, which is no concentration; if the "
            "file is wrong about it, give from_sbml(…, calcium_unit='uM')"
        ) from None
    if not math.isfinite(found) or found <= 0:
        raise ForeignModelError(f"{calcium} of {document.name}: its unit {declared!r} has no size")
    return found


def _seconds(document: Document, unit: str | None) -> float:
    if unit is not None:
        return float(parse(f"1 {unit}", "s", "from_sbml(time_unit=…)"))
    if document.seconds is None:
        raise ForeignModelError(
            f"{document.name} does not say its unit of time; give from_sbml(…, time_unit='s') or what it is"
        )
    return document.seconds
