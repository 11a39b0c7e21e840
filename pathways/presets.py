"""Presets: a cell type is a list of pathways and a few numbers, declared in ``presets.yaml``."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, ValidationError

from kinaptic.errors import ProvenanceError, UnknownName
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.parameters import Parameter, first_problem, read_table

_FILE = Path(__file__).with_name("presets.yaml")


class Preset(BaseModel):
    """A cell type.

    Attributes
    ----------
    title : str
        Which synapse on which cell.
    pathways : tuple of str
        Pathways that take part.
    parameters : mapping of str to Parameter
        Numbers in which it differs from the pathways' own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    pathways: tuple[str, ...]
    parameters: Mapping[str, Parameter]


@functools.cache
def presets() -> Mapping[str, Preset]:
    """Return all presets by name.

    Raises
    ------
    ProvenanceError, UnknownName
        If one is not well formed, or sets a number that its pathways do not have.
    """
    found = {}
    for name, entry in read_table(_FILE).items():
        try:
            found[name] = Preset.model_validate(entry)
        except ValidationError as problem:
            raise ProvenanceError(f"{_FILE.name}: {name}: {first_problem(problem)}") from None
        own = {n: p for each in found[name].pathways for n, p in pathway(each).parameters.items()}
        for number, parameter in found[name].parameters.items():
            if number not in own:
                raise UnknownName("parameter", number, own, f"in {_FILE.name}, {name}")
            where = f"{_FILE.name}: {name}: {number}"
            if own[number].formula is not None or parameter.value is None:
                raise ProvenanceError(f"{where} is derived; set what it follows from")
            if own[number].unit != parameter.unit:
                raise ProvenanceError(f"{where} is in {own[number].unit}, not {parameter.unit}")
    return MappingProxyType(found)


def preset(name: str) -> Preset:
    """Return the preset `name`; raise `UnknownName` with the nearest ones."""
    try:
        return presets()[name]
    except KeyError:
        raise UnknownName("preset", name, presets()) from None
