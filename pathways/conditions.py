"""Ages and diseases by name: sets of perturbations with a source each, declared in ``conditions.yaml``."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kinaptic.errors import ProvenanceError, UnknownName
from kinaptic.pathways.catalogue import pathways
from kinaptic.pathways.parameters import Parameter, first_problem, read_table
from kinaptic.pathways.perturbation import Perturbation
from kinaptic.pathways.presets import presets

_FILE = Path(__file__).with_name("conditions.yaml")


class Change(BaseModel):
    """One number that differs.

    Attributes
    ----------
    target : str
        A parameter.
    factor : float
        What it is multiplied by.
    source : str
        Who found it, as for a `Parameter`.
    note : str
        What was left to choose.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str
    factor: float = Field(gt=0, allow_inf_nan=False)
    source: str
    note: str = ""


class Condition(BaseModel):
    """An age or a disease.

    Attributes
    ----------
    title, summary : str
        A line, and a short paragraph.
    presets : tuple of str
        Cell types that it was found in.
    changes : tuple of Change
        What differs there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    summary: str
    presets: tuple[str, ...]
    changes: tuple[Change, ...]


@functools.cache
def conditions() -> Mapping[str, Condition]:
    """Return all conditions by name.

    Raises
    ------
    ProvenanceError, UnknownName
        If one is not well formed, or changes a number that no pathway has.
    """
    found = {}
    numbers = {n for each in pathways().values() for n in each.parameters}
    for name, entry in read_table(_FILE).items():
        try:
            found[name] = Condition.model_validate(entry)
            for change in found[name].changes:  # the source, held to what is asked of a number's
                Parameter(value=change.factor, unit="1", source=change.source)
        except ValidationError as problem:
            raise ProvenanceError(f"{_FILE.name}: {name}: {first_problem(problem)}") from None
        for change in found[name].changes:
            if change.target not in numbers:
                raise UnknownName("parameter", change.target, numbers, f"in {_FILE.name}, {name}")
        for each in found[name].presets:
            if each not in presets():
                raise UnknownName("preset", each, presets(), f"in {_FILE.name}, {name}")
    return MappingProxyType(found)


def condition(name: str) -> tuple[Perturbation, ...]:
    """Return an age or a disease as perturbations, there before the baseline.

    Parameters
    ----------
    name : str
        ``"aged"``, ``"amyloid"``, ``"fragile_x"`` …; ``kinaptic conditions`` lists them.

    Returns
    -------
    tuple of Perturbation
        For ``synapse.with_(*kn.condition("aged"))``, or as a genotype of a scan. Each number that it
        changes carries its source. It applies to every synapse that has those numbers; that it was
        found in others (see ``Condition.presets``) is for the command line to warn of, and no error.

    Raises
    ------
    UnknownName
        If there is no such condition.
    """
    if name not in conditions():
        raise UnknownName("condition", name, conditions())
    return tuple(
        Perturbation(
            "overexpress", each.target, factor=each.factor, source=f"{each.source}; condition {name}"
        )
        for each in conditions()[name].changes
    )
