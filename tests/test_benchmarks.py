"""Times at equal error, samples off events, and a page in step with the numbers that were measured."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture
def benchmark(checkout: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    monkeypatch.syspath_prepend(str(checkout))
    return importlib.import_module(f"benchmarks.{request.param}")


@pytest.mark.parametrize("benchmark", ["table"], indirect=True)
def test_the_page_shows_the_numbers_that_were_measured(benchmark: ModuleType) -> None:
    page = benchmark.PAGE.read_text(encoding="utf-8")
    assert "<!-- begin sweep -->" in page
    assert benchmark.page(page) == page


@pytest.mark.parametrize("benchmark", ["compare"], indirect=True)
def test_times_at_equal_error_are_never_extrapolated(benchmark: ModuleType) -> None:
    points = [(1e-3, 1.0), (1e-5, 4.0), (2e-5, 5.0)]  # the last is beaten in both
    assert benchmark.at_error(points, 1e-4) == (pytest.approx(2.0), "")
    assert benchmark.at_error(points, 1e-2) == (1.0, "at most")
    seconds, note = benchmark.at_error(points, 1e-6)
    assert math.isnan(seconds)
    assert note == "not reached"


@pytest.mark.parametrize("benchmark", ["compare"], indirect=True)
def test_speed_is_told_only_where_both_reach_the_error(benchmark: ModuleType) -> None:
    rows = [{"engine": "slow", "error": e, "cpu": [0, s, 9]} for e, s in ((1e-3, 8.0), (1e-5, 9.0))] + [
        {"engine": "fast", "error": e, "cpu": [0, s, 9]} for e, s in ((1e-3, 1.0), (1e-4, 2.0))
    ]
    found = {(r["error"], r["engine"]): r for r in benchmark.at_errors(rows, [1e-3, 1e-5], "slow")}
    assert found[1e-3, "fast"]["speed"] == pytest.approx(8.0)
    assert found[1e-5, "fast"]["speed"] is None
    assert found[1e-5, "fast"]["seconds"] is None


@pytest.mark.parametrize("benchmark", ["dendrite"], indirect=True)
def test_the_page_of_dendrites_shows_the_numbers_that_were_measured(benchmark: ModuleType) -> None:
    found = json.loads((benchmark.PAGE.parents[1] / "benchmarks/results/dendrite.json").read_text("utf-8"))
    assert benchmark.page(found) == benchmark.PAGE.read_text(encoding="utf-8")
    assert found["errors"]["bound"] == benchmark.bound(found["errors"]["rows"])


@pytest.mark.parametrize("benchmark", ["dendrite"], indirect=True)
def test_one_synapse_does_not_count_for_the_cost_of_coupling(benchmark: ModuleType) -> None:
    rows = [
        {"synapses": n, "coupled": c, "seconds": s}
        for n, c, s in [
            (1, False, 1.0),
            (1, True, 1.0),
            (10, False, 5.0),
            (10, True, 60.0),
            (100, True, 600.0),
        ]
    ]
    assert benchmark.exponents(rows) == pytest.approx({"coupled": 1.0, "each alone": math.log10(5)})


@pytest.mark.parametrize("benchmark", ["dendrite"], indirect=True)
def test_how_cost_grows_tells_of_one_synapse_as_well(benchmark: ModuleType) -> None:
    rows = [
        {"synapses": n, "coupled": c, "seconds": s, "rounds": r}
        for n, c, s, r in [
            (1, False, 1.0, 1), (1, True, 1.0, 1), (10, False, 2.0, 1), (10, True, 36.0, 6),
            (100, False, 10.0, 1), (100, True, 360.0, 6),
        ]
    ]  # fmt: skip
    said = benchmark.growth(rows)
    assert "from 1 to 100 synapses the cost grows 10.0-fold, with an exponent of 0.50" in said
    assert "Coupled, the exponent is 1.00 from 10 to 100" in said
    assert "a round in a field takes 3.0 times as long" in said
    assert "from 1 to 10 the cost of coupled synapses grows 36-fold, and from 1 to 100 360-fold" in said


@pytest.mark.parametrize("benchmark", ["dendrite"], indirect=True)
def test_a_bound_of_errors_is_rounded_up(benchmark: ModuleType) -> None:
    for largest, wanted in ((1.34e-4, 2e-4), (2.96e-4, 3e-4), (3.01e-4, 4e-4), (9.5e-5, 1e-4)):
        assert benchmark.bound([{"error": 1e-6}, {"error": largest}]) == wanted


@pytest.mark.parametrize("benchmark", ["cases"], indirect=True)
def test_samples_keep_off_events(benchmark: ModuleType) -> None:
    events = np.sort(np.concatenate([np.arange(10, 70.0), np.arange(10, 70.0) + 1.3e-3]))
    times = benchmark.samples(events, 1870.0)
    assert times[0] == 0.0
    assert times[-1] == 1870.0
    assert np.all(np.diff(times) > 0)
    assert np.min(np.abs(times[:, None] - events)) > 1e-4
