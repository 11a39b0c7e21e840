"""Indices of sensitivity, from what came of their designs: local, Morris (1991), Sobol' (2001)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kinaptic.analysis.ranges import Uncertain, unit_cube
from kinaptic.analysis.running.study import OK
from kinaptic.errors import KinapticError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.analysis.ranges import Array
    from kinaptic.analysis.scan_result import Scan

    Rows = list[dict[str, float | str]]  # for each parameter its indices, and a status
    Pairs = dict[tuple[int, int], tuple[float, float]]  # S2 and its interval

_EFFECTS = ("mu_star", "mu", "sigma", "mu_star_conf")
_SHARES = ("S1", "S1_conf", "ST", "ST_conf")
_RESAMPLES = 1000  # of a bootstrap
_NORMAL = 1.96  # standard deviations to either side that hold 95 %
_NOISE = 10  # tolerances that a readout has to vary by for its variance to be shared out


def local(study: Scan, varied: Sequence[Uncertain], step: float) -> list[Rows]:
    """Return for each readout the local indices of each parameter; points as `sensitivity` lays them out."""
    status = study.table["status"].to_numpy()
    starts = 1 + 4 * np.cumsum([0, *(each.value != 0 for each in varied)])
    found = []
    for readout in study.plan.readouts:
        y = study.table[readout.text].to_numpy()
        rows = []
        for each, start in zip(varied, starts[:-1], strict=True):
            points = [0, *range(start, start + 4)]
            failed = [] if not each.value else [i for i in points if status[i] != OK]
            if not each.value:
                rows.append(_nothing("its value is 0, which has no relative change; try method='morris'"))
            elif failed:
                rows.append(_nothing(f"point {failed[0]} failed: {status[failed[0]]}"))
            else:
                rows.append(local_index(y[points], step))
        found.append(rows)
    return found


def _nothing(why: str) -> dict[str, float | str]:
    return {"S": np.nan, "discrepancy": np.nan, "status": why}


def local_index(y: Array, step: float) -> dict[str, float | str]:
    """Return S = d ln y / d ln p, what halving the step changes of it, and a status.

    Parameters
    ----------
    y : ndarray, shape (5,)
        At p, p·(1 + step), p/(1 + step), p·(1 + step/2) and p/(1 + step/2).
    step : float
        Relative.
    """
    if y[0] == 0 or np.unique(np.sign(y)).size > 1:
        return _nothing("the readout is 0 or changes its sign, so it has no relative change")
    full, half = np.log(y[1] / y[2]) / (2 * np.log1p(step)), np.log(y[3] / y[4]) / (2 * np.log1p(step / 2))
    return {"S": float(full), "discrepancy": float(abs(half - full)), "status": OK}


def morris(study: Scan, design: Array, seed: int) -> list[Rows]:
    """Return for each readout the indices of Morris; effects beside a failed point are lost, and counted."""
    status, steps = study.table["status"].to_numpy(), design.shape[1]
    failed = (status != OK).reshape(-1, steps + 1)
    lost, moved = failed[:, :-1] | failed[:, 1:], _moved(design)
    remarks = []
    for i in range(steps):
        mine = lost & (moved == i)
        where = np.argwhere(mine)
        remarks.append(OK)
        if len(where):
            trajectory, step = where[0]
            point = trajectory * (steps + 1) + step + int(not failed[trajectory, step])
            remarks[i] = f"{len(where)} of {len(failed)} effects lost: point {point} failed: {status[point]}"
    found = [morris_indices(design, study.table[each.text].to_numpy(), seed) for each in study.plan.readouts]
    return [[its | {"status": remark} for its, remark in zip(rows, remarks, strict=True)] for rows in found]


def _moved(design: Array) -> NDArray[np.intp]:
    """Return which parameter each step of Morris' trajectories moves, shape (trajectories, steps)."""
    steps = np.diff(design.reshape(-1, design.shape[1] + 1, design.shape[1]), axis=1)
    which: NDArray[np.intp] = np.abs(steps).argmax(axis=2)
    return which


def morris_indices(design: Array, y: Array, seed: int) -> Rows:
    """Return mu_star, mu, sigma and mu_star_conf of each parameter, in the unit of `y`.

    Those of SALib, but for effects that are missing: it needs them all. NaN where fewer than two are left.

    Parameters
    ----------
    design : ndarray, shape (trajectories · (parameters + 1), parameters)
        As `morris_design` gives it.
    y : ndarray, shape (trajectories · (parameters + 1),)
        The readout there, NaN where there is none.
    seed : int
        Of the bootstrap.
    """
    count, moved, random = design.shape[1], _moved(design), np.random.default_rng(seed)
    steps = np.diff(design.reshape(-1, count + 1, count), axis=1)
    effects = (
        np.diff(y.reshape(-1, count + 1)) / np.take_along_axis(steps, moved[:, :, None], axis=2)[:, :, 0]
    )
    rows: Rows = []
    for i in range(count):
        its = effects[moved == i]
        its = its[np.isfinite(its)]
        if its.size < 2:
            rows.append(dict.fromkeys(_EFFECTS, np.nan))
            continue
        again = np.abs(random.choice(its, (_RESAMPLES, its.size))).mean(axis=1)
        sizes = (np.abs(its).mean(), its.mean(), its.std(ddof=1), _NORMAL * again.std(ddof=1))
        rows.append(dict(zip(_EFFECTS, map(float, sizes), strict=True)))
    return rows


def sobol(study: Scan, count: int, seed: int, *, second_order: bool) -> tuple[list[Rows], list[Pairs]]:
    """Return for each readout the indices of Sobol', and those of pairs; refuse failed points."""
    if (study.table["status"] != OK).any():
        raise KinapticError(f"Sobol indices need every point of their design, {_failures(study)}")
    found: list[Rows] = []
    pairs: list[Pairs] = []
    for each in study.plan.readouts:
        y = study.table[each.text].to_numpy()
        if y.std() <= _NOISE * study.plan.rtol * abs(y.mean()):
            why = (
                "the readout varies by no more than the error of a run, so there is no variance to share out"
            )
            found.append([dict.fromkeys(_SHARES, np.nan) | {"status": why} for _ in range(count)])
            pairs.append({})
        else:
            rows, its_pairs = sobol_indices(y, count, seed, second_order=second_order)
            found.append(rows)
            pairs.append(its_pairs)
    return found, pairs


def sobol_indices(y: Array, count: int, seed: int, *, second_order: bool = False) -> tuple[Rows, Pairs]:
    """Return S1, S1_conf, ST and ST_conf of each parameter; and S2, S2_conf of each pair, if asked for.

    Parameters
    ----------
    y : ndarray, shape (points,)
        The readout at the points of `sobol_design`; not constant.
    count : int
        Parameters.
    seed : int
        Of the bootstrap.
    second_order : bool
        As the design was made.
    """
    from SALib.analyze.sobol import analyze

    # SALib takes a seed of 0 for none
    found = analyze(unit_cube(count), y, calc_second_order=second_order, seed=seed + 1)
    rows: Rows = [{name: float(found[name][i]) for name in _SHARES} | {"status": OK} for i in range(count)]
    pairs = itertools.combinations(range(count), 2) if second_order else ()
    return rows, {(i, j): (float(found["S2"][i, j]), float(found["S2_conf"][i, j])) for i, j in pairs}


def _failures(study: Scan) -> str:
    """Return which points failed, and why the first did."""
    failed = study.table.index[study.table["status"] != OK].tolist()
    named = ", ".join(map(str, failed[:10])) + (f" and {len(failed) - 10} more" if len(failed) > 10 else "")
    return (
        f"for {len(failed)} of {len(study.table)} points failed: {named}; point {failed[0]}: "
        f"{study.table['status'][failed[0]]}. Narrow the ranges, or raise the time limit; with store=… "
        "no point is run twice"
    )
