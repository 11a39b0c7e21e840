"""`scan`: a synapse and a protocol, varied; one row of numbers for each point."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
import roadrunner

from kinaptic.analysis.points import MOST, Over, Points
from kinaptic.analysis.points import read as read_points
from kinaptic.analysis.readouts import read as read_readouts
from kinaptic.analysis.readouts import refuse_unknown
from kinaptic.analysis.running import progress as reporting
from kinaptic.analysis.running import study
from kinaptic.analysis.running import workers as places
from kinaptic.analysis.running.plan import Engine, Plan
from kinaptic.analysis.scan_result import Scan, units
from kinaptic.errors import KinapticError, KinapticWarning, UnknownName
from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml.engine import check_rtol
from kinaptic.sbml.synapse import Synapse
from kinaptic.units import Quantity, parse
from kinaptic.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from kinaptic.analysis.axes import Stimulus
    from kinaptic.analysis.readouts import Readout
    from kinaptic.analysis.running.progress import Callback
    from kinaptic.analysis.running.workers import Workers


def scan(
    synapse: Synapse,
    protocol: Stimulus,
    over: Over,
    *,
    until: Quantity = "60 min",
    readouts: str | Iterable[str] = ("weight",),
    engine: Engine = "auto",
    rtol: float = 1e-6,
    workers: Workers = None,
    store: str | Path | None = None,
    time_limit: Quantity | None = None,
    most: int = MOST,
    progress: Callback | bool | None = None,
) -> Scan:
    """Run a protocol on a synapse over and over, varied.

    Parameters
    ----------
    synapse : Synapse
        What to stimulate.
    protocol : Protocol, Waveform or None
        How.
    over : mapping of str to list, list of mapping, or DataFrame
        What to vary. A mapping is a grid, in the order given, the last key fastest; a list or a
        DataFrame has one point in each entry or row. Keys are ``"genotype"`` (None, a perturbation,
        or a tuple of them), ``"drug"`` (names, or perturbations that have doses) with ``"dose"``,
        ``"protocol"``, ``"preset"``, ``"synapse"`` (such as clones of runs), an argument of the function
        that made the protocol (``"delay"``, ``"rate"`` …), or a parameter of the synapse, which is set
        before the genotype acts on it. Quantities have units; a DataFrame's bare numbers have those of
        its ``attrs["units"]``. In place of a list a range, ``"1 nM .. 100 uM"``, has three log-spaced
        values a decade.
    until : quantity
        Length of a run.
    readouts : str or iterable of str
        What to read off: ``"weight"`` (at the end of the run), ``"weight at 30 min"`` (after the
        end of the protocol), ``"CaMKII_active at rest"``, ``"peak Ca"``, ``"lowest Ca"``, ``"area Ca"``
        (above rest).
    engine : {"auto", "ensemble", "roadrunner"}
        Which integrator. "auto" is the ensemble, which runs many points at once; what it does not
        support it leaves to roadrunner, with a `KinapticWarning`.
    rtol : float
        Relative tolerance, 1e-12 to 1e-5.
    workers : int, str or dask.distributed.Client, optional
        Where: in so many processes, ``"all"`` for one a core, on a Dask cluster by the address of its
        scheduler (``"tcp://…"``) or a client; by default in this process. The numbers are the same.
    store : path, optional
        A folder that keeps every point as it is done. A scan that was stopped, in whatever way, goes
        on from there, and any other scan takes from it what it has in common. Several processes
        may work on one store at once; they share the work.
    time_limit : quantity, optional
        Wall-clock time after which a run is stopped; its ``status`` says so.
    most : int
        Points that a scan may have; a larger one is refused before anything runs.
    progress : callable or bool, optional
        Called with the points done and those in all. By default a bar on a terminal or in a
        notebook, else a line every ten seconds, on stderr; False for nothing.

    Returns
    -------
    Scan
        A point that fails is a row with its reason; the others go on.

    Raises
    ------
    KinapticError
        If something given does not fit; the message names it.
    StoreError
        If the store cannot be read or written; what is in it is safe.
    """
    plan = planned(
        synapse,
        protocol,
        over,
        until=until,
        readouts=readouts,
        engine=engine,
        rtol=rtol,
        time_limit=time_limit,
        most=most,
    )
    places.check(workers)
    with reporting.report(progress, len(plan.points), "scan") as report:
        found = study.run(plan, workers, store, report)
    alone = [each for each in found.alone if each]
    if alone:
        warnings.warn(
            f"{len(alone)} of {len(plan.points)} points ran one by one on roadrunner, which is slower: "
            f"{'; '.join(dict.fromkeys(alone))}",
            KinapticWarning,
            stacklevel=2,
        )
    table, recipe = _table(plan, found), _recipe(plan, len(alone))
    table.attrs["recipe"] = recipe
    return Scan(table, plan, recipe)


def planned(
    synapse: Synapse,
    protocol: Stimulus,
    over: Over,
    *,
    until: Quantity = "60 min",
    readouts: str | Iterable[str] = ("weight",),
    engine: Engine = "auto",
    rtol: float = 1e-6,
    time_limit: Quantity | None = None,
    most: int = MOST,
) -> Plan:
    """Return what `scan` would run, and refuse what it would refuse."""
    _refuse_types(synapse, protocol)
    if engine not in get_args(Engine):
        raise UnknownName("engine", engine, get_args(Engine))
    if isinstance(rtol, bool) or not isinstance(rtol, int | float):
        raise KinapticError(f"scan(rtol={rtol!r}): give a number, such as 1e-6")
    check_rtol(rtol)
    end = parse(until, "s", "scan(until=…)")
    if end <= 0:
        raise KinapticError(f"scan(until={until!r}): give a positive time, such as '60 min'")
    limit = None if time_limit is None else parse(time_limit, "s", "scan(time_limit=…)")
    if limit is not None and limit <= 0:
        raise KinapticError(f"scan(time_limit={time_limit!r}): give a positive time, such as '2 min'")
    if isinstance(most, bool) or not isinstance(most, int):
        raise KinapticError(f"scan(most={most!r}): give a whole number")
    points = read_points(synapse, protocol, over, most)
    if synapse.foreign:
        if engine == "ensemble":
            raise KinapticError(
                f"scan(engine='ensemble'): {synapse.name} is a model of others, which roadrunner runs in a "
                "process of its own; leave engine out"
            )
        engine = "roadrunner"
    return Plan(points, end, _readouts(readouts, points, end), engine, rtol, time_limit=limit)


def _refuse_types(synapse: object, protocol: object) -> None:
    if not isinstance(synapse, Synapse):
        raise KinapticError(f"scan({synapse!r}, …): give a synapse, such as kn.Synapse.preset('ca1')")
    if protocol is not None and not isinstance(protocol, Protocol | Waveform):
        raise KinapticError(
            f"scan(…, protocol={protocol!r}): give a protocol such as kn.stdp(…), a kn.Waveform, or None"
        )


def _readouts(texts: str | Iterable[str], points: Points, end: float) -> tuple[Readout, ...]:
    """Return the readouts; refuse those that the first point cannot have."""
    found = read_readouts(texts)
    taken = {axis.name for axis in points.axes} | {"status"}
    for each in found:
        if each.text in taken:
            raise KinapticError(f"readout {each.text!r}: the table has a column of that name already")
    refuse_unknown(found, units(points))
    first = points.take(np.array([0])).inputs()[0]
    if not isinstance(first, KinapticError):
        for each in found:
            each.time(end, 0.0 if first[1] is None else first[1].end)
    return found


def _table(plan: Plan, found: study.Outcome) -> pd.DataFrame:
    table = plan.points.table()
    known = units(plan.points)
    for i, each in enumerate(plan.readouts):
        table[each.text] = found.numbers[:, i]
        table.attrs["units"][each.text] = each.unit(known)
    table["status"] = pd.Series(found.status, index=table.index, dtype="str")
    return table


def _recipe(plan: Plan, alone: int) -> dict[str, str | float]:
    points, by_roadrunner = plan.points, f"roadrunner {roadrunner.__version__}"
    if plan.engine == "roadrunner" or alone == len(points):
        engine = by_roadrunner
    else:
        engine = f"ensemble, {by_roadrunner} for {alone} points" if alone else "ensemble"
    return {
        "engine": engine,
        "kinaptic": __version__,
        "rtol": plan.rtol,
        "until": plan.until,
        "protocol": "none" if points.protocol is None else str(points.protocol),
        "synapse": str(points.synapse),
        "over": "; ".join(f"{axis.name}: {len(axis.values)} values" for axis in points.axes),
        "points": len(points),
        "readouts": ", ".join(each.text for each in plan.readouts),
    }
