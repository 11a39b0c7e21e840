"""What a study varies: genotypes, protocols, presets, arguments of the protocol, parameters.

Each key of ``over`` becomes an axis: its values as they are applied, and as a table shows them,
numbers in the unit of the first one, all else as a short text. What cannot be meant is refused
here, before anything runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from kinaptic.errors import (
    KinapticError,
    ModelError,
    PerturbationError,
    ProtocolError,
    UnknownName,
)
from kinaptic.pathways import doses
from kinaptic.pathways.conditions import condition, conditions
from kinaptic.pathways.perturbation import IC50, Perturbation, edit
from kinaptic.pathways.presets import presets
from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml.synapse import Synapse
from kinaptic.units import parse, unit_text

Kind = Literal["genotype", "protocol", "preset", "drug", "dose", "argument", "parameter"]
Stimulus = Protocol | Waveform | None
NAMED = ("genotype", "protocol", "preset", "synapse", "drug", "dose")


@dataclass(frozen=True)
class Axis:
    """One key of ``over``.

    Attributes
    ----------
    name : str
        The key.
    kind : str
        What it varies.
    values : tuple
        As they are applied: tuples of perturbations, protocols, synapses (for ``preset`` and ``synapse``),
        arguments of the protocol's function, quantities of a parameter.
    shown : tuple of str, int or float
        As a table shows them.
    unit : str
        Of `shown`, ``"1"`` for pure numbers; empty where they are texts.
    """

    name: str
    kind: Kind
    values: tuple[Any, ...]
    shown: tuple[str | int | float, ...]
    unit: str = ""


@dataclass(frozen=True)
class Given:
    """The distinct values of one key, as the user wrote them, and the unit of bare numbers if it is known."""

    name: str
    values: Sequence[Any]
    unit: str = ""

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"over[{self.name!r}]"


def axes(synapse: Synapse, protocol: Stimulus, given: Sequence[Given]) -> tuple[Axis, ...]:
    """Return the axes of a study, in order.

    Parameters
    ----------
    synapse : Synapse
        Where no ``preset`` says otherwise.
    protocol : Protocol, Waveform or None
        Where no ``protocol`` says otherwise.
    given : sequence of Given
        Keys of ``over`` with their values.

    Raises
    ------
    UnknownName
        If a key is neither one of the three names, nor an argument of the protocol's function, nor
        a parameter of the synapse.
    KinapticError
        If a value does not fit its key; the message names both.
    """
    found: dict[str, Axis] = {}
    by_name = {each.name: each for each in given}
    synapses: tuple[Synapse, ...] = (synapse,)
    protocols: tuple[Stimulus, ...] = (protocol,)
    if {"preset", "synapse"} <= by_name.keys():
        raise KinapticError("over has 'preset' and 'synapse', which both say which synapse; keep one")
    if "preset" in by_name:
        found["preset"] = _presets(by_name["preset"], synapse)
        synapses = found["preset"].values
    if "synapse" in by_name:
        found["synapse"] = _synapses(by_name["synapse"], synapse)
        synapses = found["synapse"].values
    if "protocol" in by_name:
        found["protocol"] = _protocols(by_name["protocol"])
        protocols = found["protocol"].values
    if "genotype" in by_name:
        found["genotype"] = _genotypes(by_name["genotype"], synapses)
    if "drug" in by_name:
        found["drug"] = _drugs(by_name["drug"], by_name.get("dose"))
    if "dose" in by_name:
        if "drug" not in by_name:
            raise KinapticError("over['dose'] says how much of what? Give over['drug'] too: ['AM251']")
        found["dose"] = _doses(by_name["dose"], found["drug"].values, synapses)
    others = [each for each in given if each.name not in NAMED]
    kinds = {each.name: _kind(each.name, synapses, protocols) for each in others}
    alone = sum(kind == "argument" for kind in kinds.values()) == 1
    for each in others:
        if kinds[each.name] == "argument":
            found[each.name] = _arguments(each, protocols, alone=alone)
        else:
            found[each.name] = _parameters(each, synapses)
    return tuple(found[each.name] for each in given)


def _kind(name: str, synapses: Sequence[Synapse], protocols: Sequence[Stimulus]) -> Kind:
    arguments = [set(p.call.arguments) if isinstance(p, Protocol) and p.call else set() for p in protocols]
    parameters = [set(s.numbers(acute=True)) for s in synapses]
    is_argument, is_parameter = name in set().union(*arguments), name in set().union(*parameters)
    if is_argument and is_parameter:
        raise KinapticError(
            f"over[{name!r}] could be an argument of the protocol or a parameter of the synapse; vary "
            "'protocol' with a list of protocols, or 'genotype' with a list of kn.edit(…)"
        )
    if not is_argument and not is_parameter:
        known = set(NAMED).union(*arguments, *parameters)
        joined = [p for p in protocols if isinstance(p, Protocol) and p.call is None]
        remedy = "" if not joined else f"('{joined[0].label}' is joined from parts: vary 'protocol' itself)"
        raise UnknownName("key of over", name, known, remedy)
    for p, its in zip(protocols, arguments, strict=True):
        if is_argument and name not in its:
            label = protocol_text(p)
            raise ProtocolError(f"over[{name!r}]: '{label}' has no such argument; vary 'protocol' itself")
    for s, own in zip(synapses, parameters, strict=True):
        if is_parameter and name not in own:
            raise UnknownName("parameter", name, own, f"in {s.name}, for over[{name!r}]")
    return "argument" if is_argument else "parameter"


def _presets(given: Given, synapse: Synapse) -> Axis:
    for name in given.values:
        if name not in presets():
            raise UnknownName("preset", name, presets(), f"in {given.where}")
    plain = (
        synapse.name in presets() and Synapse.preset(synapse.name).with_(*synapse.perturbations) == synapse
    )
    if not plain:
        raise ModelError(
            f"{given.where}: the synapse given has pathways or settings of its own, which another preset "
            "would drop; give a plain preset, and what differs as keys of over, or as perturbations"
        )
    made = [Synapse.preset(name).with_(*synapse.perturbations) for name in given.values]
    return Axis(given.name, "preset", tuple(made), tuple(given.values))


def _synapses(given: Given, synapse: Synapse) -> Axis:
    for each in given.values:
        if not isinstance(each, Synapse) or each.foreign != synapse.foreign:
            remedy = "names of presets go under 'preset'" if isinstance(each, str) else "see run.clone(…)"
            raise KinapticError(f"{given.where}: {each!r} is no synapse of the kind given; {remedy}")
    names = [each.name if each.start is None else each.start.words for each in given.values]
    shown = names if len(set(names)) == len(names) else [str(each) for each in given.values]
    return Axis(given.name, "preset", tuple(given.values), _told_apart(shown))


def _protocols(given: Given) -> Axis:
    for each in given.values:
        if each is not None and not isinstance(each, Protocol | Waveform):
            raise ProtocolError(
                f"{given.where}: {each!r} is no protocol; give kn.stdp(…) and the like, waveforms, or None"
            )
    shown = [protocol_text(each) for each in given.values]
    if len(set(shown)) < len(shown):  # such as those that differ in their inputs
        shown = ["no stimulus" if each is None else str(each) for each in given.values]
    return Axis(given.name, "protocol", tuple(given.values), _told_apart(shown))


def _genotypes(given: Given, synapses: Sequence[Synapse]) -> Axis:
    values: list[tuple[Perturbation, ...]] = []
    for each in given.values:
        made = () if each is None else (each,) if isinstance(each, Perturbation) else each
        if not isinstance(made, tuple) or not all(isinstance(p, Perturbation) for p in made):
            raise PerturbationError(
                f"{given.where}: {each!r} is no genotype; give None, a perturbation such as "
                "kn.knockout('pka'), or a tuple of them"
            )
        for synapse in synapses:
            synapse.with_(*made)  # refuse here what does not apply
        values.append(made)
    untouched = "as given" if synapses[0].perturbations else "wild type"
    shown = [" + ".join(call_texts(each)) or untouched for each in values]
    return Axis(given.name, "genotype", tuple(values), _told_apart(shown))


def _drugs(given: Given, dosed: Given | None) -> Axis:
    if dosed is None and any(isinstance(each, str) for each in given.values):
        raise KinapticError(f"{given.where}: at which dose? Give over['dose'] too: ['0.1 uM', '1 uM']")
    values = tuple(None if each is None else doses.agent(each) for each in given.values)
    shown = ["none" if each is None else _drug_text(each, dosed) for each in values]
    return Axis(given.name, "drug", values, _told_apart(shown))


def _drug_text(agent: Perturbation, dosed: Given | None) -> str:
    if dosed is None:
        return call_text(agent)
    if agent.kind == "drug":
        return agent.target
    return agent_text(agent, unit_text(_with_unit(dosed.values[-1], dosed.unit)))


def _doses(given: Given, agents: Sequence[Perturbation | None], synapses: Sequence[Synapse]) -> Axis:
    values = doses.read([_with_unit(value, given.unit) for value in given.values], what=given.where)
    for agent in filter(None, agents):
        made = [doses.at(agent, value) for value in values]  # refuse here what does not apply
        for synapse in synapses:
            synapse.with_(*filter(None, made[:1]))
    return _numeric(given, "dose", values, unit_text(values[0]))


def _arguments(given: Given, protocols: Sequence[Stimulus], *, alone: bool) -> Axis:
    values = [_with_unit(value, given.unit) for value in given.values]
    for value in values:
        for protocol in protocols:
            try:
                protocol.with_(**{given.name: value})  # type: ignore[union-attr]  # `_kind` has seen to it
            except ProtocolError:
                if alone:  # with other arguments changed as well, it may fit
                    raise
    if all(isinstance(value, int) for value in values):
        return Axis(given.name, "argument", tuple(values), tuple(values), "1")
    if all(_is_quantity(value) for value in values):
        return _numeric(given, "argument", values, unit_text(values[0]))
    shown = ["none" if value is None else str(value) for value in values]
    return Axis(given.name, "argument", tuple(values), _told_apart(shown))


def _parameters(given: Given, synapses: Sequence[Synapse]) -> Axis:
    unit = synapses[0].numbers(acute=True)[given.name].unit
    values = [_with_unit(value, given.unit) for value in given.values]
    for value in values:
        parse(value, unit, given.where)
    for synapse in synapses:
        synapse.with_(
            edit(given.name, str(values[0]), acute=synapse.start is not None)
        )  # refuse here what is derived
    return _numeric(given, "parameter", list(map(str, values)), unit_text(values[0]))


def _numeric(given: Given, kind: Kind, values: Sequence[Any], unit: str) -> Axis:
    """Return an axis of quantities, shown in the unit of the first, without the dust of a conversion."""
    shown = [float(f"{parse(value, unit, given.where):.12g}") for value in values]
    return Axis(given.name, kind, tuple(values), tuple(shown), unit)


def _with_unit(value: Any, unit: str) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    bare = isinstance(plain, int | float) and not isinstance(plain, bool)
    return f"{plain!r} {unit}" if bare and unit not in ("", "1") else plain


def _is_quantity(value: object) -> bool:
    return isinstance(value, str) or hasattr(value, "magnitude")


def protocol_text(protocol: Stimulus) -> str:
    """Return a protocol as a table shows it."""
    return "no stimulus" if protocol is None else protocol.label


def agent_text(agent: Perturbation, unit: str) -> str:
    """Return an agent as in a script, with what doses in `unit` mean: ``"inhibit('pka', ic50='1 uM')"``."""
    if agent.kind == "inhibit" and unit != "1":
        return f"inhibit({agent.target!r}, ic50={agent.ic50 or IC50!r})"
    return f"{agent.kind}({agent.target!r})"


def call_text(perturbation: Perturbation) -> str:
    """Return a perturbation as it is written in a script: ``"inhibit('pka', by=0.8)"``."""
    given = [repr(perturbation.target)]
    match perturbation.kind:
        case "inhibit":
            given += [f"dose={perturbation.value!r}"] if perturbation.value else []
            given.append(
                f"ic50={perturbation.ic50!r}" if perturbation.ic50 else f"by={1 - perturbation.factor:.6g}"
            )
        case "overexpress":
            given.append(f"factor={perturbation.factor:.6g}")
        case "clamp" | "edit" | "drug":
            given.append(repr(perturbation.value))
    if perturbation.acute != (perturbation.kind in ("inhibit", "drug")):  # these are washed in by default
        given.append(f"acute={perturbation.acute}")
    return f"{perturbation.kind}({', '.join(given)})"


def call_texts(done: Sequence[Perturbation]) -> list[str]:
    """Return perturbations in a row as calls, those of an age or a disease as one: "condition('aged')"."""
    found, rest = [], tuple(done)
    while rest:
        name = next((n for n in conditions() if (made := condition(n)) and rest[: len(made)] == made), None)
        found.append(call_text(rest[0]) if name is None else f"condition({name!r})")
        rest = rest[1 if name is None else len(condition(name)) :]
    return found


def _told_apart(texts: Sequence[str]) -> tuple[str, ...]:
    """Return texts with a number behind those that are alike although what they stand for is not."""
    counts, seen = Counter(texts), Counter[str]()
    found = []
    for text in texts:
        seen[text] += 1
        found.append(text if counts[text] == 1 else f"{text} ({seen[text]})")
    return tuple(found)
