"""Every pathway by name, every port by the pathway that gives it, every target by name."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from pathlib import Path

from kinaptic.errors import ModelError, UnknownName
from kinaptic.pathways import extensions
from kinaptic.pathways.parameters import Parameter, read_parameters
from kinaptic.pathways.pathway import Enzyme, Pathway, Port

_FOLDER = Path(__file__).parent


@functools.cache
def pathways() -> Mapping[str, Pathway]:
    """Return all pathways: every ``.ant`` file of this folder with its declaration, and what packages add."""
    found = {}
    for kinetics in sorted(_FOLDER.glob("*.ant")):
        module = importlib.import_module(f"kinaptic.pathways.{kinetics.stem}")
        declared: Pathway = module.PATHWAY
        if declared.name != kinetics.stem:
            raise ModelError(f"{kinetics.stem}.py declares a pathway named {declared.name!r}; use one name")
        found[declared.name] = declared
    return _extended(found)


def _extended(own: Mapping[str, Pathway]) -> dict[str, Pathway]:
    """Return `own` and the pathways of other packages; see `kinaptic.pathways.extensions`.

    Raises
    ------
    ModelError
        If one cannot be loaded, or takes a name that another pathway has.
    """
    found, givers = dict(own), dict.fromkeys(own, "kinaptic")
    for entry in extensions.added():
        declared, package = extensions.loaded(entry), extensions.owner(entry)
        if not isinstance(declared, Pathway) or declared.name != entry.name:
            raise ModelError(
                f"package {package} adds pathway {entry.name} from {entry.value}, which is "
                f"{getattr(declared, 'name', declared)!r}; declare a Pathway of that name"
            )
        if entry.name in found:
            raise ModelError(
                f"two packages give a pathway named {entry.name}: {givers[entry.name]} and {package} "
                f"({entry.value}); uninstall one of them, or rename its pathway"
            )
        for name, other in found.items():
            stands_in = declared.replaces and declared.replaces in (name, other.replaces)
            shared = sorted(_names(declared) & _names(other))
            if shared and not stands_in:
                raise ModelError(
                    f"pathway {entry.name} of package {package} uses names that pathway {name} of "
                    f"{givers[name]} has: {', '.join(shared[:5])}; rename them in the former"
                )
        found[entry.name], givers[entry.name] = declared, package
    return found


def _names(declared: Pathway) -> set[str]:
    """Return what a pathway calls its own: numbers, ports and targets, which no other may name alike."""
    return {*declared.parameters, *declared.gives, *declared.collects, *declared.enzymes}


def pathway(name: str) -> Pathway:
    """Return the pathway `name`; raise `UnknownName` with the nearest ones."""
    try:
        return pathways()[name]
    except KeyError:
        raise UnknownName("pathway", name, pathways()) from None


@functools.cache
def ports() -> Mapping[str, tuple[Port, tuple[str, ...]]]:
    """Return every port with the names of the pathways that give or collect it."""
    found: dict[str, tuple[Port, tuple[str, ...]]] = {}
    for name, declared in pathways().items():
        for port_id, port in {**declared.gives, **declared.collects}.items():
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
