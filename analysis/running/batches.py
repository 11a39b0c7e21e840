"""Chunks of points, each run in one go by the engine that can.

What comes of a point depends on the point and the engine alone, to the last bit: not on the chunk
it is in, nor on the process that runs it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kinaptic.analysis.running.plan import Plan, Prepared, prepare
from kinaptic.errors import KinapticError, TimeLimit
from kinaptic.sbml import engine as roadrunner

if TYPE_CHECKING:
    from kinaptic.analysis.points import Rows
    from kinaptic.analysis.running.plan import Array

    Outcome = Array | KinapticError

_LANES = 8  # runs side by side on the widest vectors
_LARGEST = 32 * _LANES  # points of a chunk, whose traces are in memory together
_ONE_AT_A_TIME = threading.Lock()  # neither engine nor Antimony bears threads, which a Dask worker may have


@dataclass(frozen=True)
class Failure:
    """Why a point has nothing to read."""

    reason: str
    lasting: bool = True  # whether it would fail again


@dataclass(frozen=True)
class Chunk:
    """What came of some points.

    Attributes
    ----------
    rows : ndarray of int
        Which points.
    outcomes : list of ndarray or Failure
        For each what `Prepared.read` gives, or why there is nothing to read.
    alone : list of str
        For each why the ensemble could not run it, so that roadrunner did; empty where it could.
    """

    rows: Rows
    outcomes: list[Array | Failure]
    alone: list[str]

    @property
    def failed(self) -> int:
        """How many points have nothing to read."""
        return sum(isinstance(each, Failure) for each in self.outcomes)


def cut(rows: Rows, engine: str) -> Iterator[Rows]:
    """Yield rows in chunks: lanes are to be full, and processes to have enough to do."""
    size = _LANES
    if engine != "roadrunner":
        size = min(_LARGEST, max(_LANES, len(rows) // 16 // _LANES * _LANES))
    yield from (rows[first : first + size] for first in range(0, len(rows), size))


def compute(rows: Rows, plan: Plan) -> Chunk:
    """Run a plan whose points are `rows` of a larger one."""
    with _ONE_AT_A_TIME:
        points = prepare(plan)
        ready = {i: each for i, each in enumerate(points) if isinstance(each, Prepared)}
        given: dict[int, Outcome] = {i: e for i, e in enumerate(points) if isinstance(e, KinapticError)}
        unfit = {} if plan.engine == "roadrunner" else _unsupported(ready)
        alone = ready if plan.engine == "roadrunner" else {i: ready[i] for i in unfit}
        given |= {i: _alone(each, plan) for i, each in alone.items()}
        given |= together({i: each for i, each in ready.items() if i not in given}, plan)
    outcomes = [
        _failure(each) if isinstance(each := given[i], KinapticError) else ready[i].read(plan, each)
        for i in range(len(points))
    ]
    return Chunk(rows, outcomes, [unfit.get(i, "") for i in range(len(points))])


def _failure(why: KinapticError) -> Failure:
    return Failure(str(why), lasting=not isinstance(why, TimeLimit))


def _unsupported(ready: Mapping[int, Prepared]) -> dict[int, str]:
    """Return why the ensemble cannot run some points; points alike are asked about once."""
    from kinaptic.sbml.ensemble import batch, machine

    kinds = {(each.model.structure, each.model.readouts): each.model for each in ready.values()}
    whys = {kind: batch.unsupported(model, machine.host().lanes) for kind, model in kinds.items()}
    found = {i: whys[each.model.structure, each.model.readouts] for i, each in ready.items()}
    return {i: why for i, why in found.items() if why is not None}


def together(ready: Mapping[int, Prepared], plan: Plan) -> dict[int, Outcome]:
    """Run points side by side on the ensemble."""
    if not ready:
        return {}
    from kinaptic.sbml.ensemble import batch, machine

    try:
        given = batch.run(
            [each.model for each in ready.values()],
            [each.times for each in ready.values()],
            rtol=plan.rtol,
            expected=[each.expected for each in ready.values()],
            time_limit=plan.time_limit,
            lanes=machine.host().lanes,  # full vectors even for one point: they are compiled already
        )
    except KinapticError as why:
        return dict.fromkeys(ready, why)
    return dict(zip(ready, given, strict=True))


def _alone(point: Prepared, plan: Plan) -> Outcome:
    try:
        return roadrunner.run(
            point.model,
            point.times,
            point.pauses,
            rtol=plan.rtol,
            expected=point.expected,
            time_limit=plan.time_limit,
        )
    except KinapticError as why:
        return why
