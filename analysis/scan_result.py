"""What a scan gives: a table, and on demand trajectories and a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinaptic.analysis import readouts
from kinaptic.analysis.running import batches
from kinaptic.analysis.running import workers as places
from kinaptic.analysis.running.plan import Plan
from kinaptic.analysis.running.progress import report
from kinaptic.analysis.running.study import OK
from kinaptic.errors import KinapticError
from kinaptic.sbml.simulate import event_times, sample_times

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from kinaptic.analysis.axes import Stimulus
    from kinaptic.analysis.points import Points, Rows
    from kinaptic.analysis.readouts import Readout
    from kinaptic.analysis.running.progress import Callback
    from kinaptic.analysis.running.workers import Workers
    from kinaptic.sbml.synapse import Synapse

    Texts = str | Iterable[str]

_LARGEST = 50_000_000  # numbers in a frame of trajectories: 400 MB


@dataclass(frozen=True, eq=False, repr=False)
class Scan:
    """What came of a scan; made by `scan`.

    Attributes
    ----------
    table : DataFrame, shape (points, axes + readouts + 1)
        A row a point: what was varied, the readouts, and ``status``, which is ``"ok"`` or the reason
        why there is nothing to read (then readouts are NaN). ``table.attrs["units"]`` names the
        unit of each column of numbers.
    plan : Plan
        What was run.
    recipe : dict
        Versions, tolerance, and what was varied.
    """

    table: pd.DataFrame
    plan: Plan
    recipe: dict[str, str | float]

    def trajectories(
        self,
        points: Iterable[int] | None = None,
        *,
        readouts: Texts | None = None,
        samples: int | Sequence[float] | None = None,
        workers: Workers = None,
        progress: Callback | bool | None = None,
    ) -> pd.DataFrame:
        """Run points again and return their traces; a scan keeps none, so that its memory stays flat.

        Parameters
        ----------
        points : iterable of int, optional
            Rows of `table`: ``study.table.query("delay > 0").index``. By default all that are ok;
            one that is not is refused.
        readouts : str or iterable of str, optional
            Which traces; by default those that the scan's readouts are read off.
        samples : int or sequence of float, optional
            As for `kinaptic.simulate`.
        workers, progress
            As for `scan`.

        Returns
        -------
        DataFrame, shape (samples of all points, readouts)
            Index ``point`` and ``time`` (s); ``attrs["units"]`` names the units.

        Raises
        ------
        KinapticError
            If a point has no trajectory, or there would be more than 50 million numbers.
        """
        rows = self._rows(points)
        wanted = self._traces(readouts)
        kept = samples if samples is None or isinstance(samples, int) else tuple(samples)
        plan = replace(
            self.plan,
            points=self.plan.points.take(rows),
            readouts=wanted,
            traces=True,
            samples=kept,
        )
        self._refuse_size(plan)
        found = [np.empty((0, len(wanted) + 1))] * len(rows)
        with report(progress, len(rows), "trajectories") as told:
            for chunk in places.run(batches.cut(plan.points.order(), plan.engine), plan, workers):
                for row, outcome in zip(chunk.rows, chunk.outcomes, strict=True):
                    if isinstance(outcome, batches.Failure):
                        raise KinapticError(f"point {rows[row]}: {outcome.reason}")
                    found[row] = outcome
                told.add(len(chunk.rows), 0)
        numbers = np.vstack(found)
        point = np.repeat(rows, [len(each) for each in found])
        index = pd.MultiIndex.from_arrays([point, numbers[:, 0]], names=["point", "time"])
        traces = pd.DataFrame(numbers[:, 1:], index=index, columns=[each.name for each in wanted])
        known = units(self.plan.points)
        traces.attrs["units"] = {"time": "s"} | {each.name: known[each.name] for each in wanted}
        traces.attrs["recipe"] = self.recipe
        return traces

    def plot(self, x: str | None = None) -> Figure:
        """Return a figure: each readout against one axis, a line for each combination of the others.

        Parameters
        ----------
        x : str, optional
            Which axis; by default that of most numbers.

        Raises
        ------
        KinapticError
            If there is nothing to draw, or more lines than can be told apart.
        """
        from kinaptic.analysis.scan_figure import figure

        return figure(self, x)

    def report(self, path: str | Path, *, title: str | None = None) -> Path:
        """Write all of it as one web page that needs no network; see `kinaptic.analysis.report.write`.

        Parameters
        ----------
        path : path
            Ends in ``.html``.
        title : str, optional
            By default synapse and protocol.

        Returns
        -------
        Path
        """
        from kinaptic.analysis.report import write

        return write(self, path, title=title)

    def _rows(self, points: Iterable[int] | None) -> Rows:
        fine = (self.table["status"] == OK).to_numpy()
        rows = np.flatnonzero(fine) if points is None else np.array([*map(int, points)], dtype=np.intp)
        for row in rows:
            if not 0 <= row < len(fine):
                raise KinapticError(f"there is no point {row}; points are the rows of the table")
            if not fine[row]:
                raise KinapticError(f"point {row} has no trajectory: {self.table['status'].iloc[row]}")
        if not len(rows):
            raise KinapticError("no point to run again: give rows of the table whose status is ok")
        return rows

    def _traces(self, wanted: Texts | None) -> tuple[Readout, ...]:
        names = dict.fromkeys(each.name for each in self.plan.readouts)
        found = readouts.read(names if wanted is None else wanted)
        readouts.refuse_unknown(found, units(self.plan.points))
        for each in found:
            if each.form != "end":
                raise KinapticError(f"trajectories: {each.text!r} is no trace; write {each.name!r}")
        return found

    def _refuse_size(self, plan: Plan) -> None:
        first = plan.points.take(np.array([0])).inputs()[0]
        stimulus = None if isinstance(first, KinapticError) else first[1]
        samples = len(sample_times(plan.until, event_times(stimulus), plan.samples))
        size = len(plan.points) * samples * (1 + len(plan.readouts))
        if size > _LARGEST:
            raise KinapticError(
                f"trajectories: {len(plan.points):,} points of {samples:,} samples are {size:,} numbers, "
                f"more than the {_LARGEST:,} that are kept together; ask for fewer points, or give samples=…"
            )

    def __repr__(self) -> str:
        fine = int((self.table["status"] == OK).sum())
        failed = len(self.table) - fine
        axes = " x ".join(axis.name for axis in self.plan.points.axes)
        return (
            f"<Scan: {len(self.table)} points over {axes}, {'all ok' if not failed else f'{failed} failed'}>"
        )


def units(points: Points) -> dict[str, str]:
    """Return the unit of everything that can be read off the synapses of a scan as they are given."""
    chosen = {axis.kind: axis.values for axis in points.axes}
    stimulus: Stimulus = chosen.get("protocol", (points.protocol,))[0]
    synapses: tuple[Synapse, ...] = chosen.get("preset", (points.synapse,))
    found: dict[str, str] = {}
    for synapse in synapses:
        found |= synapse.units(stimulus)
    return found
