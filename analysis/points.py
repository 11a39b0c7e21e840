"""The points of a study: a grid, or a list of points, over what the user varies."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kinaptic.analysis.axes import Axis, Given, Stimulus, axes
from kinaptic.analysis.content import content
from kinaptic.errors import KinapticError
from kinaptic.pathways import doses
from kinaptic.pathways.perturbation import edit
from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.intp]

MOST = 1_000_000

Over = Mapping[str, object] | Sequence[Mapping[str, object]] | pd.DataFrame


@dataclass(frozen=True, eq=False)
class Points:
    """What a study runs; made by `read`.

    Attributes
    ----------
    synapse : Synapse
        The one that is varied.
    protocol : Protocol, Waveform or None
        The stimulus that is varied.
    axes : tuple of Axis
        What varies, in the order of ``over``.
    codes : ndarray of int, shape (points, axes)
        Which value of each axis a point has.
    """

    synapse: Synapse
    protocol: Stimulus
    axes: tuple[Axis, ...]
    codes: Rows

    def __len__(self) -> int:
        return len(self.codes)

    def table(self) -> pd.DataFrame:
        """Return the points, a column an axis; ``attrs["units"]`` has the units of the numbers."""
        columns = {
            axis.name: pd.Series(axis.shown).take(self.codes[:, i]).array for i, axis in enumerate(self.axes)
        }
        table = pd.DataFrame(columns, index=pd.RangeIndex(len(self), name="point"))
        table.attrs["units"] = {axis.name: axis.unit for axis in self.axes if axis.unit}
        return table

    def order(self) -> Rows:
        """Return the points so that those of one structure, and of one baseline, come together."""
        first = [i for i, axis in enumerate(self.axes) if axis.kind in ("genotype", "preset", "drug")]
        then = [i for i, axis in enumerate(self.axes) if axis.kind in ("parameter", "dose")]
        keys = self.codes[:, [*first, *then]]
        return np.lexsort(keys.T[::-1]) if keys.size else np.arange(len(self))

    def take(self, rows: Rows) -> Points:
        """Return some of the points, with no more values than they need: little to send to a process."""
        taken = self.codes[rows]
        kept, codes = [], np.empty_like(taken)
        for i, axis in enumerate(self.axes):
            used, codes[:, i] = np.unique(taken[:, i], return_inverse=True)
            values, shown = ([of[u] for u in used] for of in (axis.values, axis.shown))
            kept.append(replace(axis, values=tuple(values), shown=tuple(shown)))
        return replace(self, axes=tuple(kept), codes=codes)

    def inputs(self) -> list[tuple[Synapse, Stimulus] | KinapticError]:
        """Return the synapse and the stimulus of every point, or why it has none."""
        of_synapse = [i for i, axis in enumerate(self.axes) if _of_synapse(axis)]
        of_protocol = [i for i, axis in enumerate(self.axes) if not _of_synapse(axis)]
        synapses: dict[tuple[int, ...], Synapse | KinapticError] = {}
        stimuli: dict[tuple[int, ...], Stimulus | KinapticError] = {}
        found: list[tuple[Synapse, Stimulus] | KinapticError] = []
        for point in self.codes.tolist():
            one, other = tuple(point[i] for i in of_synapse), tuple(point[i] for i in of_protocol)
            if one not in synapses:
                synapses[one] = self._synapse(dict(zip(of_synapse, one, strict=True)))
            if other not in stimuli:
                stimuli[other] = self._stimulus(dict(zip(of_protocol, other, strict=True)))
            synapse, stimulus = synapses[one], stimuli[other]
            if isinstance(synapse, KinapticError):
                found.append(synapse)
            else:
                found.append(stimulus if isinstance(stimulus, KinapticError) else (synapse, stimulus))
        return found

    def _synapse(self, at: Mapping[int, int]) -> Synapse | KinapticError:
        """Return the synapse there: the preset, then its parameters, then what is done to it."""
        made, edits, genotype, agent, dose = self.synapse, [], (), None, None
        for i, code in at.items():
            axis = self.axes[i]
            if axis.kind == "preset":
                made = axis.values[code]
            elif axis.kind == "parameter":
                edits.append(edit(axis.name, axis.values[code], acute=made.start is not None))
            elif axis.kind == "drug":
                agent = axis.values[code]
            elif axis.kind == "dose":
                dose = axis.values[code]
            else:
                genotype = axis.values[code]
        try:
            given = agent if agent is None or dose is None else doses.at(agent, dose)
            return made.with_(*edits, *genotype, *([] if given is None else [given]))
        except KinapticError as why:
            return why

    def _stimulus(self, at: Mapping[int, int]) -> Stimulus | KinapticError:
        made, arguments = self.protocol, {}
        for i, code in at.items():
            axis = self.axes[i]
            if axis.kind == "protocol":
                made = axis.values[code]
            else:
                arguments[axis.name] = axis.values[code]
        try:
            return made.with_(**arguments) if arguments and isinstance(made, Protocol) else made
        except KinapticError as why:
            return why


def _of_synapse(axis: Axis) -> bool:
    return axis.kind in ("genotype", "preset", "parameter", "drug", "dose")


def read(synapse: Synapse, protocol: Stimulus, over: Over, most: int = MOST) -> Points:
    """Return the points that `over` describes.

    Parameters
    ----------
    synapse : Synapse
        What is varied.
    protocol : Protocol, Waveform or None
        The stimulus.
    over : mapping of str to list, sequence of mapping, or DataFrame
        A grid: every combination, the last key fastest. Or one mapping, or row, for each point;
        a DataFrame's bare numbers take their unit from ``attrs["units"]``.
    most : int
        Points that there may be.

    Raises
    ------
    KinapticError
        If it cannot be meant so; the message names the key.
    """
    if isinstance(over, pd.DataFrame):
        return _listed(synapse, protocol, _columns(over), over.attrs.get("units", {}), most)
    if isinstance(over, Mapping):
        return _grid(synapse, protocol, over, most)
    if isinstance(over, list | tuple):
        return _listed(synapse, protocol, _transposed(over), {}, most)
    raise KinapticError(
        f"over={over!r}: give a mapping of keys to lists, such as {{'delay': ['-10 ms', '10 ms']}}, a list "
        "of mappings, or a DataFrame"
    )


def _grid(synapse: Synapse, protocol: Stimulus, over: Mapping[str, object], most: int) -> Points:
    given = [Given(name, _values(name, values)) for name, values in over.items()]
    count = math.prod(len(each.values) for each in given) if given else 0
    lengths = " x ".join(str(len(each.values)) for each in given)
    _refuse_size(count, f" ({lengths})" if len(given) > 1 else "", most)
    found = axes(synapse, protocol, given)
    for axis in found:
        marks: list[Hashable] = [*axis.shown] if axis.unit else [_key(value) for value in axis.values]
        mark, times = Counter(marks).most_common(1)[0]
        if times > 1:
            twice = f"{axis.shown[marks.index(mark)]} {axis.unit}".strip()
            raise KinapticError(f"over[{axis.name!r}]: {twice} is there twice; keep one")
    indices = np.indices([len(axis.values) for axis in found], dtype=np.intp)
    return Points(synapse, protocol, found, indices.reshape(len(found), -1).T)


def _listed(
    synapse: Synapse,
    protocol: Stimulus,
    columns: Mapping[str, Sequence[Any]],
    units: Mapping[str, str],
    most: int,
) -> Points:
    count = len(next(iter(columns.values()), ()))
    _refuse_size(count, "", most)
    given, codes = [], np.empty((count, len(columns)), dtype=np.intp)
    for i, (name, values) in enumerate(columns.items()):
        distinct: dict[Hashable, int] = {}
        kept = []
        for row, value in enumerate(values):
            if isinstance(value, float) and math.isnan(value):
                raise KinapticError(
                    f"over: point {row} has no value for {name!r} (NaN); give one, or drop it"
                )
            key = _key(value)
            if key not in distinct:
                distinct[key] = len(distinct)
                kept.append(value)
            codes[row, i] = distinct[key]
        given.append(Given(name, kept, units.get(name, "")))
    return Points(synapse, protocol, axes(synapse, protocol, given), codes)


def _values(name: str, values: object) -> list[Any]:
    if isinstance(values, str) and doses.RANGE in values:
        return list(doses.spaced(values, what=f"over[{name!r}]"))
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise KinapticError(f"over[{name!r}]: {values!r} is not a list; write [{values!r}]")
    found = list(values)
    if not found:
        raise KinapticError(f"over[{name!r}]: the list is empty; give at least one value, or leave it out")
    return found


def _transposed(points: Sequence[Mapping[str, object]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for row, point in enumerate(points):
        if not isinstance(point, Mapping):
            raise KinapticError(
                f"over: point {row} is {point!r}; give a mapping such as {{'delay': '10 ms'}}"
            )
        if row == 0:
            columns = {name: [] for name in point}
        if point.keys() != columns.keys():
            odd = ", ".join(repr(name) for name in sorted(map(str, point.keys() ^ columns.keys())))
            raise KinapticError(
                f"over: point {row} and point 0 differ in their keys ({odd}); give all the same"
            )
        for name, value in point.items():
            columns[name].append(value)
    return columns


def _columns(table: pd.DataFrame) -> dict[str, list[Any]]:
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise KinapticError(f"over: the table has column {twice[0]!r} twice; keep one")
    return {str(name): table[name].tolist() for name in table.columns}


def _key(value: object) -> Hashable:
    """Return what tells values apart, 1 from True too; lists, which have no hash, by their content."""
    try:
        hash(value)
    except TypeError:
        return content(value)
    return type(value), value


def _refuse_size(count: int, how: str, most: int) -> None:
    if count == 0:
        raise KinapticError(
            "over is empty: give at least one key with values; kn.simulate runs a single point"
        )
    if count > most:
        raise KinapticError(
            f"over has {count:,} points{how}, more than the {most:,} that a scan has unless it is meant: "
            f"take fewer, draw a sample of points and give it as a DataFrame, or say most={count:_}"
        )
