"""Published points: every one has a source, a unit and a place, and what was recalled says so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from kinaptic.analysis.experiments.paired import recordings
from kinaptic.analysis.published import point_sets, published, read
from kinaptic.errors import ProvenanceError, UnknownName
from kinaptic.pathways.citations import bibliography
from kinaptic.pathways.parameters import bibliography_keys
from kinaptic.pathways.stimulation import stdp
from kinaptic.units import parse

# Keys that references.bib does not have yet.
_GOOD: dict[str, Any] = {
    "curve": "stdp_window",
    "preset": "ca1",
    "paper": "Nobody 2000",
    "doi": "10.1000/1",
    "source": "Nobody2000, Figure 1",
    "x": "delay",
    "unit": "ms",
    "protocol": "none",
    "verified": True,
    "how": "read in the paper",
    "points": [{"x": 10, "mean": 1.2}],
}


@pytest.mark.parametrize("name", point_sets())
def test_every_set_names_its_paper(name: str) -> None:
    each = point_sets()[name]
    key = each.source.partition(",")[0]
    assert key in bibliography_keys()
    assert re.fullmatch(r"10\.\d{4,}/\S+", each.doi)
    entry = bibliography().entries[key]
    assert each.doi.lower() == entry.fields["doi"].lower()
    assert each.paper.endswith(entry.fields["year"])
    if "Chindemi2022" in each.how:
        assert each.source.endswith("as compiled in Chindemi2022")


@pytest.mark.parametrize("name", point_sets())
def test_a_recording_stands_where_it_was_made(name: str) -> None:
    """The place of a point is written beside it; a recording has its own protocol to compare with."""
    each = point_sets()[name]
    made = {recording.name: recording for recording in recordings()}
    for point in each.points:
        if point.recording is None or each.x == "distance":
            continue
        known = made[point.recording]
        assert known.preset == each.preset
        assert known.source == each.source.partition(",")[0]
        assert known.protocol.call is not None
        found = known.protocol.call.arguments[each.x]
        assert parse(found, each.unit, "x") == point.x
        assert {k: parse(known.protocol.call.arguments[k], "ms", k) for k in each.at} == {
            k: parse(v, "ms", k) for k, v in each.at.items()
        }
        assert point.numbers()[:2] == (known.ratio, known.sem)


def test_a_table_has_numbers_units_and_sources() -> None:
    table = published("stdp_window", "l5")
    assert list(table["set"].unique()) == ["sjostrom_2001_window", "markram_1997_window"]
    assert table.attrs["units"]["x"] == "ms"
    assert table.attrs["units"]["mean"] == "1"
    train = table[table["set"] == "sjostrom_2001_window"].set_index("x")
    assert list(train.index) == [-25, -10, 0, 10, 25]
    assert train["mean"][10] == 1.3054  # sjs01_03 of PairedRecordings.csv
    assert train["sem"][10] == 0.1391
    assert train["n"][10] == 3
    assert np.isnan(train["n"][0])
    assert table["doi"].str.startswith("10.").all()


def test_published_means_are_those_of_the_text() -> None:
    """Cui2016, Results: 5, 10, 50 and 100 pairings, post before pre."""
    table = published("pairs_curve", "striatum")
    post_pre = table[table["set"] == "cui_2016_pairs_post_pre"]
    assert list(zip(post_pre["x"], post_pre["mean"], post_pre["sem"], post_pre["n"], strict=True)) == [
        (5, 1.34, 0.13, 17),
        (10, 1.63, 0.12, 25),
        (50, 1.01, 0.07, 13),
        (100, 1.56, 0.15, 19),
    ]


def test_what_was_not_verified_says_so() -> None:
    table = published("frequency_curve", "ca1")
    assert set(table["label"]) == {"Dudek & Bear 1992 (recalled)"}
    assert not table["verified"].any()
    assert table["mean"].isna().all()
    assert list(table["low"]) == [0.75, 0.75, 0.9, 1.1]
    for each in point_sets().values():
        assert each.label.endswith("(recalled)") != each.verified


def test_no_points_are_an_empty_table_and_no_curve_an_error() -> None:
    assert published("distance_curve", "ca1").empty
    assert published("stdp_window", "synapse").empty
    assert list(published("distance_curve", "ca1")) == list(published("stdp_window", "ca1"))
    with pytest.raises(UnknownName, match="unknown curve 'stdp': did you mean stdp_window"):
        published("stdp", "ca1")


def test_lines_that_points_belong_to_are_arguments_of_pairings() -> None:
    call = stdp("1 ms", 1, rate="1 Hz").call
    assert call is not None
    for each in point_sets().values():
        assert set(each.at) <= set(call.arguments)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"points": []}, "points: Tuple should have at least 1 item"),
        ({"points": [{"x": 1}]}, "points.0: give a mean, a span, or a recording"),
        ({"points": [{"x": 1, "mean": 1, "span": [1, 2]}]}, "points.0: give a mean, a span, or a recording"),
        ({"points": [{"x": 1, "span": [1, 2], "sem": 0.1}]}, "points.0: sem and n belong to a mean"),
        ({"points": [{"x": 1, "span": [2, 1]}]}, "is upside down"),
        ({"points": [{"x": 1, "over": [2, 3], "mean": 1}]}, "points.0: x = 1 is not within 2 to 3"),
        ({"points": [{"x": 1, "mean": -1}]}, "points.0.mean: Input should be greater than 0"),
        ({"points": [{"x": 1, "recording": "sjs01_3"}]}, "unknown recording 'sjs01_3': did you mean sjs01_0"),
        ({"curve": "window"}, "curve: Input should be 'stdp_window'"),
        ({"preset": "ca2"}, "unknown preset 'ca2': did you mean ca1"),
        ({"source": "Nobody2000"}, "source: String should match pattern"),
        ({"how": ""}, "how: String should have at least 8 characters"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"unit": "parsecond"}, "new: unit: cannot read '1 parsecond' as a quantity"),
        ({"unit": "s"}, "new: x is delay in s, in an earlier set of stdp_window and ca1 delay in ms"),
    ],
)
def test_a_set_that_is_not_well_formed_is_refused(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    path = tmp_path / "points.yaml"
    path.write_text(yaml.safe_dump({"good": _GOOD, "new": _GOOD | changed}, sort_keys=False), "utf-8")
    with pytest.raises(
        ProvenanceError, match=rf"points\.yaml: new: .*{re.escape(message.removeprefix('new: '))}"
    ):
        read(path)
