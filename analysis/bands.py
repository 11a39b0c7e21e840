"""`bands`: how far the points of a study move when parameters that are not certain move in their ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd

from kinaptic.analysis.ranges import Uncertain, Wanted, chosen, drawn, latin_hypercube, whole
from kinaptic.analysis.running.study import OK
from kinaptic.analysis.scan import scan
from kinaptic.analysis.scan_figure import figure, main_axis
from kinaptic.analysis.scan_result import Scan
from kinaptic.errors import KinapticError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from kinaptic.analysis.axes import Axis

_OF_THE_STUDY = ("over", "until", "readouts")


@dataclass(frozen=True, eq=False, repr=False)
class Bands:
    """Uncertainty of a study's points; made by `bands`.

    Attributes
    ----------
    table : DataFrame, shape (points x readouts, …)
        A row for each readout and point: ``point``, what was varied, ``readout``, its ``unit``, the
        ``value`` of the study, a column for each quantile (``"5%"``), ``draws`` that ran, and a
        ``status``: "ok", or how many draws failed and why the first did.
    study : Scan
        What the bands belong to.
    scan : Scan
        The runs behind them: all points with the first draw, then with the second, and so on.
    parameters : tuple of str
        What was drawn.
    quantiles : tuple of float
        In ascending order.
    """

    table: pd.DataFrame
    study: Scan
    scan: Scan
    parameters: tuple[str, ...]
    quantiles: tuple[float, ...]

    def plot(self, x: str | None = None) -> Figure:
        """Return the study's figure with bands behind its curves: the outermost pair of quantiles pale.

        Parameters
        ----------
        x : str, optional
            Which axis lies below, as for ``Scan.plot``.

        Raises
        ------
        KinapticError
            If the study cannot be drawn.
        """
        return _figure(self, x)

    def __repr__(self) -> str:
        unlike = int((self.table["status"] != OK).sum())
        state = "all ok" if not unlike else f"{unlike} of {len(self.table)} rows with a remark"
        draws = len(self.scan.table) // len(self.study.table)
        return (
            f"<Bands: {len(self.study.table)} points, {draws} draws of {len(self.parameters)} "
            f"parameters, {state}>"
        )


def bands(
    study: Scan,
    *,
    samples: int = 64,
    seed: int = 0,
    parameters: Wanted = None,
    quantiles: Sequence[float] = (0.05, 0.25, 0.75, 0.95),
    **options: Any,
) -> Bands:
    """Return quantiles of a study's readouts over draws of the parameters that are not certain.

    Every point of the study runs with every draw, the same draws at each, from a Latin hypercube
    (McKay, Beckman & Conover 1979) over the ranges: uniform, or uniform in the logarithm where a
    positive range spans more than a decade.

    What a band means: each number moves in its range by itself. Most ranges are those of single
    measurements or of physics, while the model's numbers were calibrated together, so that many
    draws would never pass for the synapse that was calibrated. Bands are therefore wider than
    what the data allow, and are no confidence intervals; the study's own curve may lie near the
    edge of a band, or outside. `parameters` restricts them to what is asked about. Draws that
    fail are left out of the quantiles, and counted in the status.

    Draws come before genotypes, as parameters do in a scan: ``inhibit`` takes its share of the
    drawn value, ``edit`` takes its place.

    Parameters
    ----------
    study : Scan
        The points. Not over presets, each of which has ranges of its own.
    samples : int
        Draws; at least so many that the outermost quantiles lie between draws.
    seed : int
        Of the draws.
    parameters : iterable of str, or mapping of str to (quantity, quantity), optional
        Names, or ranges by name; by default all that have a range in their ``.yaml``, but for those
        that the study varies or that a genotype of it, such as ``knockout("pka")``, is without, and for
        definitions (``PKA_activity``) and what is 0 unless it is given.
    quantiles : sequence of float
        Ascending, between 0 and 1.
    **options
        To `scan`: ``workers``, ``store``, ``progress``, ``most``; ``engine``, ``rtol`` and ``time_limit``
        are the study's unless given.

    Raises
    ------
    UnknownName
        If there is no such parameter.
    KinapticError
        If the study, samples, quantiles or ranges do not fit; the message names them.

    References
    ----------
    McKay, Beckman & Conover 1979, Technometrics 21:239.
    """
    if not isinstance(study, Scan):
        raise KinapticError(f"bands({study!r}): give what kn.scan(…) returned")
    taken = [name for name in options if name in _OF_THE_STUDY]
    if taken:
        raise KinapticError(f"bands(…, {taken[0]}=…): that is the study's; make another study for it")
    levels = _quantiles(quantiles)
    count = _samples(samples, levels)
    whole(seed, 0, "bands(…): seed", "give a whole number from 0 on")
    varied = _varied(study, parameters)
    values = drawn(varied, latin_hypercube(len(varied), count, seed))
    plan = study.plan
    limit = None if plan.time_limit is None else f"{plan.time_limit!r} s"
    given = {"engine": plan.engine, "rtol": plan.rtol, "time_limit": limit}
    made = scan(
        plan.points.synapse,
        plan.points.protocol,
        _points(study, values),
        until=f"{plan.until!r} s",
        readouts=[each.text for each in plan.readouts],
        **(given | options),
    )
    names = tuple(each.name for each in varied)
    return Bands(_table(study, made, levels), study, made, names, levels)


def _quantiles(quantiles: Sequence[float]) -> tuple[float, ...]:
    levels = tuple(map(float, quantiles))
    inside = all(0 < level < 1 for level in levels)
    if not levels or not inside or any(low >= high for low, high in pairwise(levels)):
        raise KinapticError(
            f"bands(…, quantiles={quantiles!r}): give ascending fractions between 0 and 1, such as "
            "(0.05, 0.25, 0.75, 0.95)"
        )
    return levels


def _samples(samples: int, levels: Sequence[float]) -> int:
    outermost = min(levels[0], 1 - levels[-1])
    least = max(2, int(np.ceil(1 / outermost - 1e-9)))  # 1 - 0.95 is a little more than 0.05, or less
    return whole(
        samples,
        least,
        "bands(…): samples",
        f"give a whole number of at least {least}, or the outermost quantiles are guesses",
    )


def _varied(study: Scan, parameters: Wanted) -> tuple[Uncertain, ...]:
    points = study.plan.points
    axes = {axis.name: axis.kind for axis in points.axes}
    if "preset" in axes.values():
        raise KinapticError(
            "bands(…): the study is over presets, each of which has ranges of its own; make a study of each"
        )
    found = chosen(points.synapse, parameters, "bands(…)")
    there = _in_every_genotype(study)
    if parameters is not None:
        for each in found:
            if each.name in axes:
                raise KinapticError(
                    f"bands(…): the study itself varies {each.name!r}; leave it out of parameters"
                )
            if each.name not in there:
                raise KinapticError(
                    f"bands(…): a genotype of the study is without {each.name!r}; leave it out of parameters"
                )
    left = tuple(each for each in found if each.name in there and each.name not in axes)
    if not left:
        raise KinapticError("bands(…): the study varies every parameter that has a range; name others")
    return left


def _in_every_genotype(study: Scan) -> set[str]:
    """Return the parameters that are there whatever a genotype knocks out."""
    points = study.plan.points
    genotypes = [value for axis in points.axes if axis.kind == "genotype" for value in axis.values]
    known = [set(points.synapse.with_(*each).numbers(acute=True)) for each in [*genotypes, ()]]
    return set.intersection(*known)


def _points(study: Scan, values: pd.DataFrame) -> pd.DataFrame:
    """Return every point of the study with the first draw, then with the second, and so on."""
    points = study.plan.points
    codes = np.tile(points.codes, (len(values), 1))
    columns: dict[str, list[Any]] = {
        axis.name: [axis.values[code] for code in codes[:, i]] for i, axis in enumerate(points.axes)
    }
    columns |= {str(name): values[name].repeat(len(points)).tolist() for name in values}
    return pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in columns.items()})


def _table(study: Scan, made: Scan, levels: Sequence[float]) -> pd.DataFrame:
    count = len(study.table)
    status = made.table["status"].to_numpy().reshape(-1, count)
    units, varied = study.table.attrs["units"], [axis.name for axis in study.plan.points.axes]
    parts = []
    for readout in study.plan.readouts:
        numbers = made.table[readout.text].to_numpy().reshape(-1, count)
        part = study.table[varied].reset_index()
        part["readout"], part["unit"] = readout.text, units[readout.text]
        part["value"] = study.table[readout.text].to_numpy()
        fine = status == OK
        spread = [_spread(numbers[fine[:, i], i], levels) for i in range(count)]
        part[[quantile_name(level) for level in levels]] = np.array(spread)
        part["draws"] = fine.sum(axis=0)
        part["status"] = [_status(status[:, i]) for i in range(count)]
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table.attrs["units"] = {name: unit for name, unit in units.items() if name in varied}
    table.attrs["recipe"] = made.recipe
    return table


def quantile_name(level: float) -> str:
    """Return the name of a quantile's column: ``"5%"``."""
    return f"{100 * level:.6g}%"


def _spread(numbers: np.ndarray[Any, np.dtype[np.float64]], levels: Sequence[float]) -> Any:
    return np.quantile(numbers, levels) if numbers.size else np.full(len(levels), np.nan)


def _status(draws: np.ndarray[Any, np.dtype[Any]]) -> str:
    failed = [each for each in draws if each != OK]
    return f"{len(failed)} of {len(draws)} draws failed: {failed[0]}" if failed else OK


def _figure(made: Bands, x: str | None) -> Figure:
    """Return the figure of the study, with bands drawn behind.

    The figure has a line for each combination of what is not below, in the order of the table.
    """
    drawing = figure(made.study, x)
    below = main_axis({axis.name: axis for axis in made.study.plan.points.axes}, x)
    good = made.study.table["status"] == OK
    for panel, readout in zip(drawing.axes, made.study.plan.readouts, strict=False):  # a colour bar is last
        rows = made.table[made.table["readout"] == readout.text][good.to_numpy()]
        _shade(panel, rows, below, made)
    return drawing


def _shade(panel: Axes, rows: pd.DataFrame, below: Axis, made: Bands) -> None:
    others = [a.name for a in made.study.plan.points.axes if a.name != below.name and len(set(a.shown)) > 1]
    groups = [group for _, group in rows.groupby(others, sort=False)] if others else [rows]
    lines = [line for line in panel.lines if line.get_marker() == "o"]
    for line, group in zip(lines, groups, strict=True):
        ordered = group.sort_values(below.name) if below.unit else group
        for inner in range(len(made.quantiles) // 2):
            low, high = (quantile_name(made.quantiles[i]) for i in (inner, -1 - inner))
            _fill(panel, line, ordered[low], ordered[high], alpha=0.15)
        if len(made.quantiles) % 2:
            middle = ordered[quantile_name(made.quantiles[len(made.quantiles) // 2])]
            panel.plot(line.get_xdata(), middle, "_", color=line.get_color(), ms=5)


def _fill(panel: Axes, line: Line2D, low: pd.Series[float], high: pd.Series[float], alpha: float) -> None:
    at, colour = np.asarray(line.get_xdata(), dtype=float), mpl.colors.to_hex(line.get_color())
    if line.get_linestyle() == "None" or len(at) == 1:
        panel.vlines(at, low, high, color=colour, alpha=2 * alpha, lw=5, zorder=1)
    else:
        panel.fill_between(at, low, high, color=colour, alpha=alpha, lw=0, zorder=1)
