"""Every pathway by name, every port by the pathway that gives it, every target by name."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from pathlib import Path

from kinaptic.errors import ModelError, UnknownName
from kinaptic.pathways.parameters import Parameter, read_parameters
from kinaptic.pathways.pathway import Enzyme, Pathway, Port

_FOLDER = Path(__file__).parent


@functools.cache
def pathways() -> Mapping[str, Pathway]:
    """Return all pathways: every ``.ant`` file of this folder with its declaration."""
    found = {}
    for kinetics in sorted(_FOLDER.glob("*.ant")):
        module = importlib.import_module(f"kinaptic.pathways.{kinetics.stem}")
        declared: Pathway = module.PATHWAY
        if declared.name != kinetics.stem:
            raise ModelError(f"{kinetics.stem}.py declares a pathway named {declared.name!r}; use one name")
        found[declared.name] = declared
    return found


def pathway(name: str) -> Pathway:
    """Return the pathway `name`; raise `UnknownName` with the nearest ones."""
    try:
        return pathways()[name]
    except KeyError:
        raise UnknownName("pathway", name, pathways()) from None


@functools.cache
def ports() -> Mapping[str, tuple[Port, tuple[str, ...]]]:
    """Return every port with the names of the pathways that give it."""
    found: dict[str, tuple[Port, tuple[str, ...]]] = {}
    for name, declared in pathways().items():
        for port_id, port in declared.gives.items():
            _, givers = found.get(port_id, (port, ()))
            found[port_id] = (port, (*givers, name))
    return found


def enzymes(names: tuple[str, ...]) -> dict[str, Enzyme]:
    """Return the perturbation targets that the pathways `names` declare."""
    return {target: enzyme for name in names for target, enzyme in pathway(name).enzymes.items()}


@functools.cache
def geometry() -> Mapping[str, Parameter]:
    """Return the compartments' volumes and the constants that every model uses."""
    return read_parameters(_FOLDER / "geometry.yaml")
