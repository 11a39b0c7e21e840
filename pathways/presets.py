"""Presets: a cell type is a list of pathways and a few numbers, declared in ``presets.yaml``."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from kinaptic.errors import ProvenanceError, UnknownName
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.parameters import Parameter

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
    """Return all presets by name."""
    found = {}
    for name, entry in yaml.safe_load(_FILE.read_text(encoding="utf-8")).items():
        try:
            found[name] = Preset.model_validate(entry)
        except ValidationError as problem:
            raise ProvenanceError(f"{_FILE.name}: {name}: {problem.errors()[0]['msg']}") from None
        known = {p for each in found[name].pathways for p in pathway(each).parameters}
        for parameter in found[name].parameters:
            if parameter not in known:
                raise UnknownName("parameter", parameter, known, f"in {_FILE.name}, {name}")
    return found


def preset(name: str) -> Preset:
    """Return the preset `name`; raise `UnknownName` with the nearest ones."""
    try:
        return presets()[name]
    except KeyError:
        raise UnknownName("preset", name, presets()) from None
