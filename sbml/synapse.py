"""A synapse: which pathways, which numbers, what was done to it. A value; runs leave no trace."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from kinaptic.errors import KinapticError, ModelError, PerturbationError, UnknownName
from kinaptic.pathways import drugs
from kinaptic.pathways.catalogue import pathway, ports
from kinaptic.pathways.citations import formatted
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.perturbation import Perturbation, factors, quantity
from kinaptic.pathways.presets import preset
from kinaptic.sbml import build, formula
from kinaptic.sbml.assemble import Assembly, assemble
from kinaptic.sbml.wording import SET_BY_USER
from kinaptic.units import Quantity, parse

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kinaptic.pathways.protocol import Protocol
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.model import Model
    from kinaptic.sbml.start import Start

    Input = Protocol | Waveform

_RTOL = 1e-6  # of what tellurium is handed; beyond it roadrunner loses spikes


@dataclass(frozen=True, repr=False)
class Synapse:
    """A synapse, made by `preset` or `of`.

    Attributes
    ----------
    name : str
        Preset's name, or "synapse".
    pathways : tuple of str
        Pathways that take part.
    absent : tuple of str
        Null pathways: their outputs take neutral values.
    clamped : tuple of (str, float)
        Inputs held constant, in model units.
    settings : tuple of (str, Parameter)
        Numbers that the preset or the user set in place of the pathways' own.
    perturbations : tuple of Perturbation
        What was done to it, in order.
    start : Start, optional
        Where its runs begin, if that is not its baseline: what `Run.clone` sets.
    """

    name: str
    pathways: tuple[str, ...]
    absent: tuple[str, ...] = ()
    clamped: tuple[tuple[str, float], ...] = ()
    settings: tuple[tuple[str, Parameter], ...] = ()
    perturbations: tuple[Perturbation, ...] = ()
    start: Start | None = None

    foreign: ClassVar[bool] = False  # whether it is a model of others
    prefix: ClassVar[str] = ""  # of our ids in its model

    @classmethod
    def preset(cls, name: str, **overrides: Quantity) -> Synapse:
        """Return a synapse of a cell type.

        Parameters
        ----------
        name : str
            ``"ca1"`` or ``"l5"``; see ``kinaptic pathways``.
        **overrides : quantity
            Parameters of the pathways by name: ``distance="150 um"``, ``calcium_out="1.8 mM"``.

        Raises
        ------
        UnknownName
            If there is no such preset or parameter.
        UnitError
            If an override has no unit or one of another dimension.
        """
        chosen = preset(name)
        made = cls(name, chosen.pathways, settings=tuple(chosen.parameters.items()))
        return made._with_settings(overrides, f"preset({name!r}, …)")

    @classmethod
    def of(cls, *pathways: str, **clamped: Quantity) -> Synapse:
        """Return a synapse of some pathways, their other inputs held constant.

        Parameters
        ----------
        *pathways : str
            Names, such as ``"calmodulin", "camkii"``.
        **clamped : quantity
            Inputs that none of them gives: ``Ca="1 uM"``. Parameters may be set as well.

        Raises
        ------
        ModelError
            If an input is neither given by a pathway nor clamped; the message lists them.
        """
        if not pathways:
            raise ModelError('Synapse.of() names no pathway; try Synapse.of("calmodulin", Ca="1 uM")')
        for each in pathways:
            pathway(each)
        needs = {n for p in pathways for n in (*pathway(p).needs, *pathway(p).collects)}
        held, settings = {}, {}
        for key, value in clamped.items():
            if key in needs:
                held[key] = parse(value, ports()[key][0].unit, f"Synapse.of(…, {key}=…)")
            else:
                settings[key] = value
        made = cls("synapse", tuple(dict.fromkeys(pathways)), clamped=tuple(sorted(held.items())))
        made.assembly  # noqa: B018 - refuse unmet inputs here, not at the first run
        return made._with_settings(settings, "Synapse.of(…)")

    @staticmethod
    def from_sbml(
        path: str | Path,
        readouts: Mapping[str, str] | None = None,
        calcium: str | None = None,
        *,
        spine: str = "ca1",
        time_unit: str | None = None,
        calcium_unit: str | None = None,
        settle: Quantity = "0 s",
    ) -> Synapse:
        """Return a model of others as a synapse, for our protocols, waveforms and studies.

        The document is checked by libSBML and runs in a process of its own, by roadrunner. It begins as
        the file says; its calcium follows that of our calcium pathway (or a recorded waveform), whatever
        the file says of it, and nothing it does acts back on ours.

        Parameters
        ----------
        path : str or Path
            SBML of any level.
        readouts : mapping of str to str, optional
            Name → id of the document, or formula over ids (``"GluA1_p/(GluA1 + GluA1_p)"``). ``"weight"``
            is taken relative to what it is when the run begins. By default everything that can change,
            by its id.
        calcium : str, optional
            Species or parameter that is calcium in the spine. Without it nothing is driven.
        spine : str
            Preset whose calcium pathway makes the calcium: distance, receptors and channels. Its numbers
            carry the prefix ``kn_``: ``kn.edit("kn_distance", "100 um")``.
        time_unit, calcium_unit : str, optional
            Where the file does not say, or is wrong: ``"s"``, ``"uM"``.
        settle : quantity
            How long it rests at the calcium of the baseline before the run begins.

        Returns
        -------
        Synapse
            Perturbations act on its parameters, species (what they begin with) and reactions (their rate).

        Raises
        ------
        ForeignModelError
            If the document cannot be run as it stands, or does not say its units.
        UnknownName
            If it has no such species.
        """
        from kinaptic.sbml.foreign.synapse import ForeignSynapse

        return ForeignSynapse.read(
            path,
            readouts,
            calcium,
            spine=spine,
            time_unit=time_unit,
            calcium_unit=calcium_unit,
            settle=settle,
        )

    def with_(self, *perturbations: Perturbation) -> Synapse:
        """Return this synapse with perturbations applied, in order.

        Raises
        ------
        UnknownName, PerturbationError
            If one does not apply to this synapse.
        """
        made = self
        for each in perturbations:
            if not isinstance(each, Perturbation):
                raise PerturbationError(f"with_({each!r}): give perturbations, such as kn.knockout('pka')")
            if self.start is not None and not each.acute:
                raise PerturbationError(
                    f"'{each}' is there before the baseline, and this synapse begins {self.start.words}: "
                    "do it to the synapse before that run, or give it with acute=True"
                )
            if each.kind == "knockout" and each.target in made.pathways:
                made = made.without(each.target)
            if each.kind == "drug":
                made = _loaded(made, each)
            made = replace(made, perturbations=(*made.perturbations, each))
        if perturbations:
            made.numbers(acute=True)  # refuse what does not apply here, not at the first run
        return made

    def washed(self) -> Synapse:
        """Return this synapse with what was washed in washed out again: of a clone, what the run had."""
        return replace(self, perturbations=tuple(p for p in self.perturbations if not p.acute))

    def without(self, name: str) -> Synapse:
        """Return this synapse with a pathway replaced by its null: outputs at neutral values."""
        if name not in self.pathways:
            pathway(name)
            raise UnknownName("pathway of this synapse", name, self.pathways)
        self._refuse_other_pathways(f"without({name!r})")
        rest = tuple(p for p in self.pathways if p != name)
        if not rest:
            raise ModelError(f"without({name!r}) leaves no pathway")
        return replace(self, pathways=rest, absent=(*self.absent, name))

    def also(self, *names: str) -> Synapse:
        """Return this synapse with more pathways: another messenger, an explicit buffer.

        Raises
        ------
        UnknownName
            If there is no such pathway.
        ModelError
            If one is there already, or does not fit the others.
        """
        self._refuse_other_pathways("also(…)")
        for name in names:
            if name in (*self.pathways, *self.absent):
                where = "there already" if name in self.pathways else "knocked out"
                raise ModelError(f"also({name!r}): the pathway is {where}")
            pathway(name)
        made = replace(self, pathways=(*self.pathways, *names))
        made.assembly  # noqa: B018 - refuse what does not fit here, not at the first run
        return made

    def _refuse_other_pathways(self, what: str) -> None:
        if self.start is not None:
            raise ModelError(
                f"{what}: this synapse begins {self.start.words}; change its pathways before that run"
            )

    @functools.cached_property
    def assembly(self) -> Assembly:
        """The pathways as one text, and their own numbers."""
        return assemble(self.pathways, dict(self.clamped), absent=self.absent)

    def _with_settings(self, wanted: Mapping[str, Quantity], where: str) -> Synapse:
        known = self.assembly.parameters
        settings = dict(self.settings)
        for key, value in wanted.items():
            if key not in known:
                raise UnknownName("parameter", key, known, f"in {where}")
            parameter = known[key]
            if parameter.formula is not None:
                raise ModelError(f"{where}: {key} is derived ({parameter.formula}); set what it follows from")
            update = {
                "value": parse(value, parameter.unit, f"{where}: {key}"),
                "range": None,
                "source": SET_BY_USER,
                "note": str(value),
            }
            settings[key] = parameter.model_copy(update=update)
        return replace(self, settings=tuple(settings.items()))

    def numbers(self, *, acute: bool) -> dict[str, Parameter]:
        """Return every parameter with settings and perturbations applied.

        Parameters
        ----------
        acute : bool
            Whether perturbations that begin with the run are in (True), or only those that were
            there before the baseline (False).
        """
        own = self.assembly.parameters
        found = dict(own) | {name: p for name, p in self.settings if name in own}
        for each in self.perturbations:
            if each.acute and not acute:
                continue
            if each.kind == "knockout" and each.target in self.absent:
                continue
            found |= self._edited(found, each)
        return found

    def _edited(self, found: Mapping[str, Parameter], each: Perturbation) -> dict[str, Parameter]:
        if each.kind == "clamp":
            return {each.target: self._held(found, each)}
        if each.kind == "drug":
            done = drugs.effects(each, found, self.pathways)
            return {n: _changed(found[n], new.value, new.note, new.source) for n, new in done.items()}
        if each.kind == "edit":
            value, source = quantity(each, found), SET_BY_USER
            return {each.target: _changed(found[each.target], value, str(each), source)}
        new = {n: _value(found[n]) * factor for n, factor in factors(each, self.pathways).items()}
        return {name: _changed(found[name], value, str(each), each.source) for name, value in new.items()}

    def _held(self, found: Mapping[str, Parameter], each: Perturbation) -> Parameter:
        value = quantity(each, found)
        port, givers = ports()[each.target]
        if each.target not in found and not set(givers) & set(self.pathways):
            raise PerturbationError(
                f"nothing in this synapse gives or takes {each.target}, so a clamp of it would do nothing "
                f"(it has {', '.join(self.pathways)})"
            )
        return Parameter(value=value, unit=port.unit, source=f"assumed: {each}", note=port.meaning)

    @property
    def content(self) -> tuple[object, ...]:
        """What its numbers follow from besides `values` and `clamps`: equal for synapses that run alike."""
        made = self.assembly
        derived = [(n, p.formula) for n, p in made.parameters.items() if p.formula is not None]
        return (made.body, self.pathways, self.absent, self.clamped, derived, self.start)

    @staticmethod
    def built(points: Sequence[build.Point]) -> list[Model | KinapticError]:
        """Return the models of many synapses of this kind; see `kinaptic.sbml.build.models`."""
        return build.assembled(points)

    def clamps(self, *, acute: bool) -> tuple[str, ...]:
        """Return the ports held by a `clamp` although a pathway of the synapse gives them."""
        given = {g for name in self.pathways for g in (*pathway(name).gives, *pathway(name).collects)}
        found = (p.target for p in self.perturbations if p.kind == "clamp" and (acute or not p.acute))
        return tuple(sorted({target for target in found if target in given}))

    def values(self, *, acute: bool) -> dict[str, float]:
        """Return the constants' values; see `numbers`."""
        return {n: p.value for n, p in self.numbers(acute=acute).items() if p.value is not None}

    @property
    def parameters(self) -> pd.DataFrame:
        """Every number: value, unit, source, note, by parameter (DataFrame)."""
        import pandas as pd

        everything = self.numbers(acute=True)
        computed = formula.evaluate(everything)
        rows = {
            name: {
                "value": computed[name] if p.value is None else p.value,
                "unit": p.unit,
                "source": p.source,
                "note": p.note if p.formula is None else f"= {p.formula}",
            }
            for name, p in everything.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")

    def check(self) -> list[str]:
        """Return what is wrong with the model; an empty list when all is well.

        libSBML's errors and warnings with unit consistency and modelling practice on, cycles of
        reversible reactions that break detailed balance, and drift of the baseline.
        """
        from kinaptic.sbml.check import findings

        return findings(self)

    def cite(self) -> str:
        """Return the references behind the numbers of this synapse, as a list to paste."""
        keys = {p.key for p in self.numbers(acute=True).values() if p.key}
        keys |= {key for p in self.perturbations if p.kind == "drug" for key in drugs.sources(p)}
        return "\n".join(formatted(key) for key in sorted(keys))

    def units(self, protocol: Input | None = None) -> Mapping[str, str]:
        """Return the unit of everything that can be read off a run."""
        return build.recipe(self, protocol).structure.units

    def model(self, protocol: Input | None = None) -> Model:
        """Return the model with a protocol written in and its baseline as initial state."""
        return build.model(self, protocol)

    def sbml(self, protocol: Input | None = None) -> str:
        """Return annotated SBML L3V2 of this synapse, as it is simulated."""
        return self.model(protocol).sbml

    def export(
        self,
        path: str | Path,
        protocol: Input | None = None,
        to: str | None = None,
        *,
        until: Quantity | None = None,
    ) -> None:
        """Write this synapse for other tools: what is written is what `simulate` runs.

        Parameters
        ----------
        path : str or Path
            File to write; for ``"petab"`` a folder.
        protocol : Protocol, Waveform or None
            Goes into the file.
        to : str, optional
            ``"sbml"`` (Level 3 Version 2), ``"sbml-l3v1"``, ``"sbml-l2v4"``, ``"sbml-comp"`` (a submodel
            for each pathway), ``"antimony"``, ``"omex"`` (COMBINE archive), ``"petab"``, ``"nmodl"``,
            ``"markdown"`` or ``"latex"``. By default what the ending of `path` stands for.
        until : quantity, optional
            Length of the run that archives describe; by default until 60 min after the protocol.

        Raises
        ------
        UnknownName, ExportError
            If there is no such format, or it cannot say this model; nothing is written then.
        KinapticError
            If the file cannot be written.
        """
        from kinaptic.sbml.export import formats

        formats.write(self, protocol, path, to, until)

    def to_tellurium(self, protocol: Input | None = None) -> Any:
        """Return the model as tellurium's extended RoadRunner, its tolerances set (takes some seconds)."""
        import tellurium

        from kinaptic.sbml import engine

        runner = tellurium.loadSBMLModel(self.sbml(protocol))
        engine.set_tolerance(runner, _RTOL)
        return runner

    def __repr__(self) -> str:
        return f"<Synapse {self}>"

    def __str__(self) -> str:
        parts = [f"{self.name}: {', '.join(self.pathways)}"]
        parts += [f"{name} held at {value:g} {ports()[name][0].unit}" for name, value in self.clamped]
        parts += [str(p) for p in self.perturbations]
        parts += [f"from {self.start.words} on"] if self.start else []
        return "; ".join(parts)


def _loaded(synapse: Synapse, drug: Perturbation) -> Synapse:
    """Return `synapse` with the pathway that a drug brings with it, as a chelator does."""
    drugs.refuse_together(drug, synapse.perturbations)
    added = drugs.loads(drug, synapse.pathways, synapse.absent)
    return replace(synapse, pathways=(*synapse.pathways, added)) if added else synapse


def _value(parameter: Parameter) -> float:
    """Return the value of a number that is given; `factors` hands out no derived ones."""
    assert parameter.value is not None  # noqa: S101
    return parameter.value


def _changed(parameter: Parameter, value: float, why: str, source: str = "") -> Parameter:
    """Return a number as a perturbation leaves it; its note tells what it was."""
    note = f"{why}; was {parameter.value:g}"
    update: dict[str, object] = {
        "value": value,
        "range": None,
        "note": f"{parameter.note}; {note}" if parameter.note else note,
    }
    if source:
        update["source"] = source
    return parameter.model_copy(update=update)
