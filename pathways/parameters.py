"""Numbers of the models: each with a value, a unit and a source.

A ``.yaml`` file maps parameter ids to::

    kon_C1: {value: 4, unit: 1/uM/s, source: "Pepke2010, Table 1"}
    koff_C1: {value: 40, unit: 1/s, source: "Pepke2010, Table 1", note: "Kd 10 uM", range: [10, 70]}
    AC1_total: {value: 0.4, unit: uM, source: "assumed: as in MakiMarttunen2020, …"}
    koff_C2: {formula: kon_C2 * Kd_C2, unit: 1/s, source: "derived: detailed balance"}

A source is a BibTeX key of ``references.bib`` with a table, figure or file; or ``assumed: why``;
or, for a formula, ``derived: why``. A pathway of another package brings a ``references.bib`` of its own.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kinaptic.errors import ProvenanceError, UnknownName
from kinaptic.pathways.extensions import bibliographies
from kinaptic.units import MODEL_UNITS

BIBLIOGRAPHY = Path(__file__).with_name("references.bib")
_KEY = re.compile(r"^(?P<key>[A-Za-z][A-Za-z-]*\d{4}[a-z]?)\b(?P<where>.*)$", re.DOTALL)


class Parameter(BaseModel):
    """One number of a model.

    Attributes
    ----------
    value : float or None
        The value; None where `formula` derives it from others.
    formula : str or None
        An Antimony expression over other parameters.
    unit : str
        A model unit, see `kinaptic.units.MODEL_UNITS`.
    source : str
        ``"BibKey, table or figure"``, ``"assumed: why"``, or ``"derived: why"``.
    note : str
        What a reader should know besides.
    range : tuple of float, optional
        The span that the literature or physics allows, for sensitivity and calibration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float | None = Field(default=None, allow_inf_nan=False)
    formula: str | None = None
    unit: str
    source: str
    note: str = ""
    range: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Parameter:
        if (self.value is None) == (self.formula is None):
            raise ValueError("give either a value or a formula")
        if self.unit not in MODEL_UNITS:
            raise ValueError(str(UnknownName("unit", self.unit, MODEL_UNITS)))
        if self.range is not None:
            low, high = self.range
            if not low <= high:
                raise ValueError(f"range {self.range} is upside down")
            if self.value is not None and not low <= self.value <= high:
                raise ValueError(f"value {self.value:g} is outside its range {low:g} to {high:g}")
        problem = source_problem(self.source, derived=self.formula is not None)
        if problem:
            raise ValueError(problem)
        return self

    @property
    def key(self) -> str | None:
        """BibTeX key of the source, if it is a publication."""
        found = _KEY.match(self.source)
        return found["key"] if found else None


def source_problem(source: str, *, derived: bool) -> str:
    """Return what is wrong with a source, or an empty text."""
    for prefix in ("assumed:", "derived:"):
        if source.startswith(prefix):
            if len(source.removeprefix(prefix).strip()) < 8:
                return f"source {source!r} does not say why"
            if prefix == "derived:" and not derived:
                return f"source {source!r}: only a formula is derived; give a paper or 'assumed: why'"
            return ""
    found = _KEY.match(source)
    if not found:
        return f"source {source!r} is neither 'BibKey, table or figure' nor 'assumed: why'"
    if found["key"] not in bibliography_keys():
        return str(UnknownName("BibTeX key", found["key"], bibliography_keys()))
    if not found["where"].strip(" ,"):
        return f"source {source!r} does not say where in the paper (table, figure, file)"
    return ""


@functools.cache
def bibliography_keys() -> frozenset[str]:
    """Return the BibTeX keys of ``references.bib``, and of those beside pathways of other packages."""
    texts = (path.read_text(encoding="utf-8") for path in (BIBLIOGRAPHY, *bibliographies()))
    return frozenset(k for text in texts for k in re.findall(r"^@\w+\{([^,\s]+),", text, flags=re.MULTILINE))


class _UniqueKeys(yaml.CSafeLoader):
    """Refuses a key written twice, which YAML would let the last one win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise ProvenanceError(f"line {line}: {key!r} is given twice; keep one")
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_table(path: Path) -> dict[str, object]:
    """Read a ``.yaml`` of names and what stands for them.

    Raises
    ------
    ProvenanceError
        If it is not readable, no table, or has a name twice.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 - a safe one
    except ProvenanceError as problem:
        raise ProvenanceError(f"{path.name}: {problem}") from None
    except yaml.YAMLError as problem:
        raise ProvenanceError(f"{path.name}: {' '.join(str(problem).split())}") from None
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ProvenanceError(f"{path.name}: give names, each with what it stands for, not {raw!r}")
    return {str(name): entry for name, entry in raw.items()}


def read_parameters(path: Path) -> dict[str, Parameter]:
    """Read a ``.yaml`` of numbers.

    Raises
    ------
    ProvenanceError
        Naming the file, the parameter and what it lacks.
    """
    parameters = {}
    for name, entry in read_table(path).items():
        try:
            parameters[name] = Parameter.model_validate(entry)
        except ValidationError as problem:
            raise ProvenanceError(f"{path.name}: {name}: {first_problem(problem)}") from None
    return parameters


def first_problem(problem: ValidationError) -> str:
    """Return the first thing that pydantic found, with its place."""
    first = problem.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    why = first["msg"].removeprefix("Value error, ")
    return f"{where}: {why}" if where else why
