"""Compose pathways by text into one flat Antimony model.

The text carries no values: it is the structure, which many runs share. The numbers are a
mapping beside it, so that a sweep over them needs no new compilation.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kinaptic.errors import ModelError
from kinaptic.pathways.catalogue import geometry, pathway, pathways, ports
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.pathway import Pathway, Port
from kinaptic.units import MODEL_UNITS, model_unit

COMPARTMENTS = ("spine", "psd", "cleft", "surround", "bouton", "cell")


@dataclass(frozen=True)
class Assembly:
    """A flat model: its text without values, and its numbers.

    Attributes
    ----------
    body : str
        Antimony text: species, reactions, rules, declarations with units; no values.
    parameters : mapping of str to Parameter
        Every constant and derived number with unit and source.
    derived : tuple of str
        The numbers that a formula derives.
    pathways : tuple of str
        Those that take part.
    clamped : tuple of str
        Ports held at a constant, by the user or because the giving pathway is absent.
    """

    body: str
    parameters: Mapping[str, Parameter] = field(hash=False)
    derived: tuple[str, ...]
    pathways: tuple[str, ...]
    clamped: tuple[str, ...]

    @functools.cached_property
    def values(self) -> dict[str, float]:
        """Values of the constants (those that no formula derives)."""
        return {name: p.value for name, p in self.parameters.items() if p.value is not None}


def assemble(
    names: tuple[str, ...],
    clamped: Mapping[str, float],
    *,
    absent: tuple[str, ...] = (),
    driven: tuple[str, ...] = (),
) -> Assembly:
    """Compose the pathways `names` into one model.

    Parameters
    ----------
    names : tuple of str
        Pathways that take part.
    clamped : mapping of str to float
        Ports held at a value (model units) although no pathway gives them.
    absent : tuple of str
        Null pathways: their ports take the neutral values.
    driven : tuple of str
        Ports that the protocol itself sets: calcium that follows a recorded waveform.

    Raises
    ------
    ModelError
        If an input is unmet, an id is given twice, or a clamped port is given by a pathway.
    """
    made = _composed(names, tuple(clamped), absent, driven)
    parameters = dict(made.parameters)
    for name, port in made.held.items():
        if name in clamped:
            value, source = clamped[name], "assumed: clamped by the user of the model"
        else:
            givers = " or ".join(ports()[name][1])
            value, source = port.neutral, f"assumed: neutral value, pathway {givers} is absent"
        parameters[name] = Parameter(value=value, unit=port.unit, source=source, note=port.meaning)
    return Assembly(made.body, parameters, made.derived, names, tuple(made.held))


@dataclass(frozen=True)
class _Composition:
    """What assemblies share that differ in the values of held ports only."""

    body: str
    parameters: Mapping[str, Parameter]  # of the pathways
    derived: tuple[str, ...]
    held: Mapping[str, Port]


@functools.lru_cache(maxsize=128)
def _composed(
    names: tuple[str, ...], clamped: tuple[str, ...], absent: tuple[str, ...], driven: tuple[str, ...]
) -> _Composition:
    """Compose once what many synapses share; a study asks for it at every point."""
    members = [pathway(name) for name in names]
    _refuse_clashes(members)
    held = _inputs(members, clamped, absent, driven)
    parameters: dict[str, Parameter] = dict(geometry())
    for member in members:
        parameters |= member.parameters
    _borrow(parameters)
    sections = [
        _held_text(held),
        *(_statements(m.antimony) for m in members),
        _sums(members, held),
        _declarations({n: p for n, p in parameters.items() if n not in held}),
    ]
    for compartment in set(COMPARTMENTS) - used_compartments("\n".join(sections)):
        del parameters[compartment]
    derived = (n for n, p in parameters.items() if p.formula is not None and n not in held)
    return _Composition("\n".join(sections), parameters, tuple(derived), held)


def _refuse_clashes(members: list[Pathway]) -> None:
    """Refuse an id that two pathways define: libraries further down crash on one, or take either."""
    owners = dict.fromkeys(geometry(), "geometry")
    for member in members:
        for name in (*member.parameters, *defined(member.antimony)):
            owner = owners.setdefault(name, member.name)
            if owner != member.name:
                raise ModelError(
                    f"{name} is defined by pathway {member.name} and by {owner}; take one of them, or rename"
                )


def defined(antimony: str) -> set[str]:
    """Return the species, reactions and ruled variables of a pathway's text."""
    text = _statements(antimony)
    found = set(declared_species(antimony))
    found |= set(re.findall(r"^(\w+):(?!=)", text, flags=re.MULTILINE))
    return found | set(re.findall(r"^(\w+)'? ?:?=", text, flags=re.MULTILINE))


def _inputs(
    members: list[Pathway], clamped: tuple[str, ...], absent: tuple[str, ...], driven: tuple[str, ...]
) -> dict[str, Port]:
    """Return the ports to hold constant: the clamped ones and those of absent pathways."""
    given = {port_id: member.name for member in members for port_id in member.gives}
    collected = {port_id: port for member in members for port_id, port in member.collects.items()}
    for name in clamped:
        if name in given:
            raise ModelError(
                f"{name} is given by pathway {given[name]} and cannot be an input as well; to hold it all "
                f"the same, use .with_(kn.clamp({name!r}, …))"
            )
    given |= dict.fromkeys(driven, "the protocol")
    summed = {port_id for member in members for port_id in member.contributes}
    held = {n: port for n, port in collected.items() if n in clamped or n not in summed}
    given |= dict.fromkeys(collected.keys() - held.keys(), "those that contribute to it")
    unmet: dict[str, str] = {}
    for member in members:
        for need in member.needs:
            if need in given or need in held:
                continue
            if need not in ports():
                raise ModelError(f"pathway {member.name} needs {need}, which no pathway gives")
            port, givers = ports()[need]
            if need in clamped or port.optional or set(givers) & set(absent):
                held[need] = port
            else:
                unmet[need] = f"  {need} ({port.meaning}), from pathway {' or '.join(givers)}"
    if unmet:
        ids = ", ".join(f'{n}="… {ports()[n][0].unit}"' for n in list(unmet)[:3])
        raise ModelError(
            "inputs are unmet:\n"
            + "\n".join(unmet.values())
            + f"\nAdd the pathway, or clamp them: Synapse.of(…, {ids}), or .without(the pathway)"
        )
    return held


def _sums(members: list[Pathway], held: Mapping[str, Port]) -> str:
    """Write each collected sum that has contributions."""
    lines = []
    for member in members:
        for name, port in member.collects.items():
            terms = [f"({each.contributes[name]})" for each in members if name in each.contributes]
            if terms and name not in held:
                lines += [f"{name} := {' + '.join(terms)};", f"{name} has {model_unit(port.unit).sbml};"]
    return "\n".join(["// ==== Sums of what several pathways contribute", *lines] if lines else lines)


def used_compartments(body: str) -> set[str]:
    """Return the compartments that a text mentions."""
    return {name for name in COMPARTMENTS if re.search(rf"\b{name}\b", body)}


def _borrow(parameters: dict[str, Parameter]) -> None:
    """Add the numbers of absent pathways that formulas refer to, such as calmodulin's affinities."""
    numbers = {n: p for each in pathways().values() for n, p in each.parameters.items()}
    waiting = [p.formula for p in parameters.values() if p.formula is not None]
    while waiting:
        for name in re.findall(r"[A-Za-z_]\w*", waiting.pop()):
            if name in parameters or name not in numbers:
                continue
            parameters[name] = numbers[name]
            formula = numbers[name].formula
            if formula is not None:
                waiting.append(formula)


def _statements(text: str) -> str:
    """Return one statement a line, without comments: Antimony ends a statement at a line's end."""
    parts = [" ".join(part.split()) for part in re.sub(r"//[^\n]*", "", text).split(";")]
    lines: list[str] = []
    for part in filter(None, parts):
        if lines and re.search(r"[-=]>", lines[-1]) and lines[-1].count(";") == 1:
            lines[-1] += f" {part};"  # a reaction's rate law belongs on its line
        else:
            lines.append(f"{part};")
    return "\n".join(lines)


def _held_text(held: Mapping[str, Port]) -> str:
    lines = ["// ==== Inputs held constant"] if held else []
    for name, port in held.items():
        if port.kind == "species":
            lines.append(f"const species ${name} in {port.compartment};")
        else:
            lines.append(f"{name} has {model_unit(port.unit).sbml};")
    return "\n".join(lines)


def _declarations(parameters: Mapping[str, Parameter]) -> str:
    """Declare units, and the formulas of derived numbers as assignment rules."""
    lines = ["// ==== Numbers: units, and those that follow from others"]
    for name, parameter in parameters.items():
        if name in COMPARTMENTS:
            continue
        lines.append(f"{name} has {model_unit(parameter.unit).sbml};")
        if parameter.formula is not None:
            lines.append(f"{name} := {parameter.formula};")
    return "\n".join(lines)


def antimony_model(model_id: str, body: str, extra: str, values: Mapping[str, float]) -> str:
    """Return complete Antimony: units, compartments, body, protocol text `extra`, and `values`."""
    units = "\n".join(f"unit {u.sbml} = {u.antimony};" for u in MODEL_UNITS.values())
    used = used_compartments(body)
    compartments = [name for name in COMPARTMENTS if name in used]
    lines = [
        f"model {model_id}()",
        "unit substance = 1e-21 mole; unit extent = 1e-21 mole; unit volume = 1e-15 litre;",
        "unit time_unit = second;",
        units,
        *(f"compartment {c}; {c} has fL;" for c in compartments),
        body,
        extra,
        *(f"{name} = {value!r};" for name, value in values.items()),
        "end\n",
    ]
    return "\n".join(lines)


def declared_species(antimony: str) -> list[str]:
    """Return the species that a pathway's text declares, in order."""
    statements = _statements(antimony).splitlines()
    return [
        name
        for line in statements
        if re.match(r"(const )?species\b", line)
        for name in re.findall(r"\$?(\w+) in \w+", line)
    ]
