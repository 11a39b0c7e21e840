"""Run a plan: in chunks of points, by the engine that can, in one process or in many.

Chunks depend on the points and the engine alone, never on how many processes there are, and so
do the results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kinaptic.analysis.running.plan import Plan, Prepared, prepare
from kinaptic.errors import KinapticError
from kinaptic.sbml import engine as roadrunner

if TYPE_CHECKING:
    from kinaptic.analysis.points import Rows
    from kinaptic.analysis.running.plan import Array

    Outcome = Array | KinapticError

_LANES = 8  # runs side by side on the widest vectors
_LARGEST = 32 * _LANES  # points of a chunk, whose traces are in memory together


@dataclass(frozen=True)
class Chunk:
    """What came of some points.

    Attributes
    ----------
    rows : ndarray of int
        Which points.
    outcomes : list of ndarray or str
        For each what `Prepared.read` gives, or why there is nothing to read.
    alone : list of str
        Why the ensemble could not run a point, so that roadrunner did; one entry a point.
    """

    rows: Rows
    outcomes: list[Array | str]
    alone: list[str]


def run(plan: Plan, workers: int | None) -> Iterator[Chunk]:
    """Run a plan; chunks come in order.

    Parameters
    ----------
    plan : Plan
        What to run.
    workers : int, optional
        How many processes; None runs in this one.
    """
    order = plan.points.order()
    size = _chunk_size(len(order), plan.engine)
    rows = [order[first : first + size] for first in range(0, len(order), size)]
    plans = (replace(plan, points=plan.points.take(each)) for each in rows)  # little to send to a process
    if workers is None:
        yield from map(_chunk, rows, plans)
    else:
        from joblib import Parallel, delayed

        yield from Parallel(n_jobs=workers, return_as="generator")(map(delayed(_chunk), rows, plans))


def _chunk_size(points: int, engine: str) -> int:
    """Return how many points make a chunk: lanes are to be full, and processes to have enough to do."""
    if engine == "roadrunner":
        return _LANES
    return min(_LARGEST, max(_LANES, points // 16 // _LANES * _LANES))


def _chunk(rows: Rows, plan: Plan) -> Chunk:
    points = prepare(plan)
    ready = {i: each for i, each in enumerate(points) if isinstance(each, Prepared)}
    given: dict[int, Outcome] = {i: each for i, each in enumerate(points) if isinstance(each, KinapticError)}
    unfit = {} if plan.engine == "roadrunner" else _unsupported(ready)
    alone = ready if plan.engine == "roadrunner" else {i: ready[i] for i in unfit}
    given |= {i: _alone(each, plan) for i, each in alone.items()}
    given |= _together({i: each for i, each in ready.items() if i not in given}, plan)
    outcomes = [
        str(each) if isinstance(each := given[i], KinapticError) else ready[i].read(plan, each)
        for i in range(len(points))
    ]
    return Chunk(rows, outcomes, list(unfit.values()))


def _unsupported(ready: Mapping[int, Prepared]) -> dict[int, str]:
    """Return why the ensemble cannot run some points; points alike are asked about once."""
    from kinaptic.sbml.ensemble import batch, machine

    kinds = {(each.model.structure, each.model.readouts): each.model for each in ready.values()}
    whys = {kind: batch.unsupported(model, machine.host().lanes) for kind, model in kinds.items()}
    found = {i: whys[each.model.structure, each.model.readouts] for i, each in ready.items()}
    return {i: why for i, why in found.items() if why is not None}


def _together(ready: Mapping[int, Prepared], plan: Plan) -> dict[int, Outcome]:
    if not ready:
        return {}
    from kinaptic.sbml.ensemble import batch, machine

    try:
        given = batch.run(
            [each.model for each in ready.values()],
            [each.times for each in ready.values()],
            rtol=plan.rtol,
            expected=[each.expected for each in ready.values()],
            time_limit=plan.left(),
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
            time_limit=plan.left(),
        )
    except KinapticError as why:
        return why
