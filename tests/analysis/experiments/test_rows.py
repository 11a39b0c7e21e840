from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from importlib import resources

import pytest

from kinaptic.analysis.experiments import rows as table
from kinaptic.analysis.experiments.lab import Lab
from kinaptic.analysis.experiments.row import Range, Row
from kinaptic.errors import UnknownName


def _one(lab: Lab) -> float:
    return 1.0


def row(
    id_: str = "X1.y", expected: float | Range = 1.0, tolerance: float = 0.0,
    measure: Callable[[Lab], float] = _one,
) -> Row:  # fmt: skip
    return Row(id_, "something", "Pepke2010", "R", "1", expected, measure, tolerance)


@pytest.mark.parametrize(
    ("expected", "tolerance", "got", "passes"),
    [
        (1.0, 0.1, 1.1, True),
        (1.0, 0.1, 1.2, False),
        ((0.5, 1.0), 0.0, 0.5, True),
        ((0.5, 1.0), 0.0, 0.49, False),
        ((0.5, 1.0), 0.1, 1.05, True),
        ((None, 1.0), 0.0, -5.0, True),
        ((0.5, None), 0.0, 1e9, True),
        ((0.5, None), 0.0, math.inf, False),
        ((None, None), 0.0, math.nan, False),
    ],
)
def test_a_row_passes_within_its_bounds(
    expected: float | Range, tolerance: float, got: float, passes: bool
) -> None:
    assert row(expected=expected, tolerance=tolerance).passes(got) is passes


def test_ids_are_unique() -> None:
    ids = [r.id for r in table.rows()]
    assert len(ids) == len(set(ids))


def test_every_experiment_of_the_first_calibration_has_rows() -> None:
    wanted = [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 17, 19, 21, 25, 26, 27, 29]
    experiments = [f"V{n}" for n in wanted] + [f"W{n}" for n in (2, 3, 6, 7, 9, 22)] + ["rest"]
    assert {r.id.partition(".")[0] for r in table.rows()} >= set(experiments)


def test_every_row_names_a_source_in_the_bibliography() -> None:
    bibliography = resources.files("kinaptic.pathways").joinpath("references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE))
    named = {key for r in table.rows() for key in re.findall(r"\b[A-Z][A-Za-z]+\d{4}\b", r.source)}
    assert [r.id for r in table.rows() if not re.match(r"[A-Z][A-Za-z]+\d{4}", r.source)] == []
    assert named - keys == set()


def test_expectations_can_be_written_as_json_and_mean_something() -> None:
    for r in table.rows():
        json.dumps([r.expected, r.tolerance], allow_nan=False)
        low, high = r.expected if isinstance(r.expected, tuple) else (r.expected, r.expected)
        assert low is not None or high is not None, r.id
        assert low is None or high is None or low <= high, r.id
        assert r.tolerance >= 0, r.id
        assert isinstance(r.expected, tuple) or r.tolerance > 0, r.id


def test_a_row_that_raises_is_a_row_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(lab: Lab) -> float:
        raise ZeroDivisionError("nothing to divide by")

    monkeypatch.setattr(table, "rows", lambda: (row("X1.good"), row("X1.bad", measure=broken)))
    found = table.validate()
    assert found["pass"].tolist() == [True, False]
    assert math.isnan(found["got"].tolist()[1])
    assert found.loc["X1.bad", "reason"] == "ZeroDivisionError: nothing to divide by"
    columns = ["title", "unit", "expected", "tolerance", "got", "pass", "verified", "source", "reason"]
    assert list(found.columns) == columns


def test_rows_share_one_laboratory(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Lab] = []

    def note(lab: Lab) -> float:
        seen.append(lab)
        return 1.0

    monkeypatch.setattr(table, "rows", lambda: (row("X1.a", measure=note), row("X1.b", measure=note)))
    table.validate()
    assert len(seen) == 2
    assert seen[0] is seen[1]


def test_an_experiment_stands_for_its_rows() -> None:
    assert [r.id for r in table.chosen(["V2.hill"])] == ["V2.hill", "V2.hill.composed"]
    assert {r.id.partition(".")[0] for r in table.chosen(["V2"])} == {"V2"}
    assert [r.id for r in table.chosen("W3")] == ["W3"]
    assert not any(r.slow for r in table.chosen(slow=False))


def test_an_unknown_row_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="V26"):
        table.chosen(["V26.okadic"])


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int, str]] = []
    monkeypatch.setattr(table, "rows", lambda: (row("X1.a"), row("X1.b")))
    table.validate(progress=lambda done, of, title: told.append((done, of, title)))
    assert told == [(0, 2, "something"), (1, 2, "something"), (2, 2, "")]
