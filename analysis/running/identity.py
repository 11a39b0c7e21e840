"""What a run is known by: a hash of everything that its numbers follow from.

Two runs of one identity give the same bytes, so what is kept of one serves for the other: model
(pathways, numbers, what was done to it), stimulus, length, readouts, solver and its tolerance, and
the code that did it. How many processes there are, and which runs stood beside it, is not part of it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import kinaptic.pathways
import kinaptic.sbml
from kinaptic.analysis import points, readouts
from kinaptic.analysis.content import content
from kinaptic.analysis.running import plan as plan_module
from kinaptic.errors import KinapticError
from kinaptic.version import __version__

if TYPE_CHECKING:
    from kinaptic.analysis.axes import Stimulus
    from kinaptic.analysis.running.plan import Plan
    from kinaptic.sbml.synapse import Synapse

SIZE = 32  # bytes of an identity


def of_runs(plan: Plan) -> list[bytes | None]:
    """Return the identity of every point of a plan; None of one that cannot be built, which costs nothing."""
    common = _hash(*_solver(plan))
    synapses: dict[int, bytes] = {}  # by object: points share a few
    stimuli: dict[int, bytes] = {}
    found: list[bytes | None] = []
    given = plan.points.inputs()
    for each in given:
        if isinstance(each, KinapticError):
            found.append(None)
            continue
        synapse, stimulus = each
        if id(synapse) not in synapses:
            synapses[id(synapse)] = _synapse(synapse)
        if id(stimulus) not in stimuli:
            stimuli[id(stimulus)] = _stimulus(stimulus)
        found.append(_hash(common, synapses[id(synapse)], stimuli[id(stimulus)]))
    return found


def of_study(plan: Plan) -> bytes:
    """Return the identity of a plan as a whole, without building its points: what is varied, and how."""
    varied = [f"{axis.name} {axis.kind} {content(axis.values)}" for axis in plan.points.axes]
    return _hash(
        *_solver(plan),
        _biology(),
        _synapse(plan.points.synapse),
        _stimulus(plan.points.protocol),
        *varied,
        np.ascontiguousarray(plan.points.codes, dtype="<i8").tobytes(),
    )


def _solver(plan: Plan) -> tuple[str, ...]:
    texts = repr([each.text for each in plan.readouts])
    solver = f"{plan.engine} {plan.rtol!r} {plan.until!r}"
    return (code(), solver, texts)


def _synapse(synapse: Synapse) -> bytes:
    there, given = synapse.values(acute=False), synapse.values(acute=True)
    held = (synapse.clamps(acute=False), synapse.clamps(acute=True))
    return _hash(*map(repr, (*synapse.content, held, there, given)))


def _stimulus(stimulus: Stimulus) -> bytes:
    if stimulus is None:
        return _hash("none")
    return _hash(content(stimulus))


@functools.cache
def code() -> str:
    """Return the hash of what turns a point into numbers: our code, and the libraries that compute."""
    engine = Path(next(iter(kinaptic.sbml.__path__)))
    protocols = Path(next(iter(kinaptic.pathways.__path__)))
    ours = (readouts.__file__, points.__file__, plan_module.__file__)
    files = [*engine.rglob("*.py"), *protocols.glob("*.py"), *map(Path, ours)]
    versions = [f"{each} {version(each)}" for each in ("libroadrunner", "llvmlite", "numpy", "scipy")]
    return f"{__version__} {', '.join(versions)} {_of_files(files)}"


@functools.cache
def _biology() -> str:
    """Return the hash of the pathways, their numbers, presets and drugs."""
    folder = Path(next(iter(kinaptic.pathways.__path__)))
    return _of_files([each for each in folder.iterdir() if each.suffix in (".py", ".ant", ".yaml")])


def _of_files(files: Sequence[Path]) -> str:
    return hashlib.sha256(
        b"".join(hashlib.sha256(f.read_bytes()).digest() for f in sorted(files))
    ).hexdigest()


def _hash(*parts: str | bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(encoded)}:".encode())
        digest.update(encoded)
    return digest.digest()
