"""Published points, to be drawn with the model's curves: ``published.yaml``, read and checked."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kinaptic.analysis.experiments import paired
from kinaptic.errors import ProvenanceError, UnknownName
from kinaptic.pathways.parameters import first_problem, read_table
from kinaptic.pathways.presets import presets
from kinaptic.units import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    Numbers = tuple[float | None, float | None, int | None]

CurveName = Literal["stdp_window", "frequency_curve", "pairs_curve", "distance_curve"]
_FILE = Path(__file__).with_name("published.yaml")
_STRICT = ConfigDict(frozen=True, extra="forbid")
_TEXTS = ("paper", "doi", "source", "protocol", "note", "temperature", "age", "how")


class Point(BaseModel):
    """One published point.

    Attributes
    ----------
    x : float
        Where on the axis, in the unit of its set.
    over : tuple of float, optional
        The stretch of the axis that it was pooled over.
    mean, sem : float, optional
        Response after over before, and the standard error of the mean.
    n : int, optional
        How many experiments.
    span : tuple of float, optional
        In the place of a mean: all that is known is that it lay between these.
    recording : str, optional
        In the place of a mean: an experiment of ``PairedRecordings.csv``, which has the numbers.
    """

    model_config = _STRICT

    x: float
    over: tuple[float, float] | None = None
    mean: float | None = Field(default=None, gt=0)
    sem: float | None = Field(default=None, gt=0)
    n: int | None = Field(default=None, gt=0)
    span: tuple[float, float] | None = None
    recording: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(each is not None for each in (self.mean, self.span, self.recording)) != 1:
            raise ValueError("give a mean, a span, or a recording")
        if self.mean is None and (self.sem, self.n) != (None, None):
            raise ValueError("sem and n belong to a mean")
        if self.over is not None and not self.over[0] <= self.x <= self.over[1]:
            raise ValueError(f"x = {self.x:g} is not within {self.over[0]:g} to {self.over[1]:g}")
        if self.span is not None and not 0 < self.span[0] < self.span[1]:
            raise ValueError(f"span {self.span} is upside down")
        if self.recording is not None and self.recording not in paired.rows():
            raise ValueError(str(UnknownName("recording", self.recording, paired.rows())))
        return self

    def numbers(self) -> Numbers:
        """Return mean, SEM and n, None where they are not known."""
        if self.recording is None:
            return self.mean, self.sem, self.n
        row = paired.rows()[self.recording]
        return float(row["epsp_ratio_mean"]), float(row["epsp_ratio_sem"]), int(row["n"])


class PointSet(BaseModel):
    """Points of one paper on one curve.

    Attributes
    ----------
    curve : str
        Which curve.
    preset : str
        The synapse that they were measured on, or the nearest there is.
    paper, doi : str
        As a legend and a table name it.
    source : str
        BibTeX key, and where in the paper.
    x, unit : str
        What the axis is, by the name that a scan gives it, and its unit.
    at : mapping of str to str
        Which line of the curve they belong to, where it has several: ``{"delay": "-15 ms"}``.
    protocol : str
        What was done.
    note : str
        In how far that is not the protocol of the curve, for the legend.
    temperature, age : str
        Empty if not known.
    verified : bool
        Whether the numbers were read in the paper, its data, or a digitised figure; else recalled.
    how : str
        Where they were read.
    points : tuple of Point
        At least one.
    """

    model_config = _STRICT

    curve: CurveName
    preset: str
    paper: str
    doi: str
    source: str = Field(pattern=r"^[A-Z][A-Za-z]+\d{4}[a-z]?, .+")
    x: str
    unit: str
    at: dict[str, str] = {}
    protocol: str
    note: str = ""
    temperature: str = ""
    age: str = ""
    verified: bool
    how: str = Field(min_length=8)
    points: tuple[Point, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.preset not in presets():
            raise ValueError(str(UnknownName("preset", self.preset, presets())))
        parse(f"1 {self.unit}", self.unit, "unit")
        return self

    @property
    def label(self) -> str:
        """The paper as a legend names it; what was not verified says so."""
        parts = [self.paper, self.note] if self.note else [self.paper]
        return ", ".join(parts) + ("" if self.verified else " (recalled)")


@functools.cache
def point_sets() -> Mapping[str, PointSet]:
    """Return all sets of points by name.

    Raises
    ------
    ProvenanceError
        If one is not well formed; the message names it and what it lacks.
    """
    return read(_FILE)


def read(path: Path) -> dict[str, PointSet]:
    """Read a file of point sets; as `point_sets`."""
    found: dict[str, PointSet] = {}
    axes: dict[tuple[str, str], tuple[str, str]] = {}
    for name, entry in read_table(path).items():
        try:
            each = found[name] = PointSet.model_validate(entry)
        except ValidationError as problem:
            raise ProvenanceError(f"{path.name}: {name}: {first_problem(problem)}") from None
        first = axes.setdefault((each.curve, each.preset), (each.x, each.unit))
        if (each.x, each.unit) != first:  # they share a column, and an axis of the figure
            raise ProvenanceError(
                f"{path.name}: {name}: x is {each.x} in {each.unit}, in an earlier set of {each.curve} and "
                f"{each.preset} {first[0]} in {first[1]}; give all of one curve the same"
            )
    return found


def published(curve: str, preset: str) -> pd.DataFrame:
    """Return the published points of a curve.

    Parameters
    ----------
    curve : str
        ``"stdp_window"``, ``"frequency_curve"``, ``"pairs_curve"`` or ``"distance_curve"``.
    preset : str
        Of which synapse. A name that is no preset, such as that of a synapse of your own, has none.

    Returns
    -------
    DataFrame, shape (points, 19)
        A row a point: ``set``, ``label``, ``x`` and the stretch ``x_from`` to ``x_to`` that it was
        pooled over, ``mean``, ``sem``, ``n``, ``low`` and ``high`` where only a span is known (all
        NaN where unknown), whether ``verified``, and texts of where they are from.
        ``attrs["units"]`` has the units.

    Raises
    ------
    UnknownName
        If there is no such curve.
    """
    import pandas as pd

    if curve not in get_args(CurveName):
        raise UnknownName("curve", curve, get_args(CurveName))
    kept = {name: s for name, s in point_sets().items() if (s.curve, s.preset) == (curve, preset)}
    rows = [_row(name, each, point) for name, each in kept.items() for point in each.points]
    table = pd.DataFrame(rows, columns=[*_COLUMNS, *_TEXTS])
    table[list(_NUMBERS)] = table[list(_NUMBERS)].astype(float)  # None becomes NaN
    units = dict.fromkeys(("x", "x_from", "x_to"), next((s.unit for s in kept.values()), "1"))
    table.attrs["units"] = units | dict.fromkeys(("mean", "sem", "n", "low", "high"), "1")
    return table


_NUMBERS = ("x", "x_from", "x_to", "mean", "sem", "n", "low", "high")
_COLUMNS = ("set", "label", *_NUMBERS, "verified")


def _row(name: str, each: PointSet, point: Point) -> dict[str, object]:
    mean, sem, n = point.numbers()
    nothing = (None, None)
    row: dict[str, object] = {"set": name, "label": each.label, "verified": each.verified, "x": point.x}
    row |= zip(("x_from", "x_to"), point.over or nothing, strict=True)
    row |= zip(("low", "high"), point.span or nothing, strict=True)
    return row | {"mean": mean, "sem": sem, "n": n} | {text: getattr(each, text) for text in _TEXTS}
