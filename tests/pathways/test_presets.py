"""Presets: known pathways, known numbers, each with a source."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinaptic.errors import KinapticError, ProvenanceError, UnknownName
from kinaptic.pathways import presets as module
from kinaptic.pathways.catalogue import pathways
from kinaptic.pathways.presets import preset, presets

ENTRY = '{value: 100, unit: um, source: "assumed: for a test"}'
ONE = """x: {{title: t, pathways: [calcium], parameters: {{
    {}: {{value: 1, unit: {}, source: "assumed: for a test"}}
}}}}"""


def test_presets_name_pathways_that_are_there() -> None:
    assert {"ca1", "l5"} <= set(presets())
    for each in presets().values():
        assert each.title
        assert set(each.pathways) <= set(pathways())
        assert len(set(each.pathways)) == len(each.pathways)


def test_presets_keep_the_units_of_the_pathways() -> None:
    for each in presets().values():
        own = {n: p for name in each.pathways for n, p in pathways()[name].parameters.items()}
        assert all(own[n].unit == p.unit and own[n].formula is None for n, p in each.parameters.items())


def test_an_unknown_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown preset 'ca3': did you mean ca1"):
        preset("ca3")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            f"x: {{title: t, pathways: [calcium], parameters: {{distanc: {ENTRY}}}}}",
            UnknownName,
            "did you mean distance",
        ),
        (
            f"x: {{title: t, pathways: [calcum], parameters: {{distance: {ENTRY}}}}}",
            UnknownName,
            "did you mean calcium",
        ),
        (
            "x: {title: t, pathways: [calcium], parameters: {distance: {value: 1, unit: um}}}",
            ProvenanceError,
            "source",
        ),
        ("x: {title: t, parameters: {}}", ProvenanceError, "x: pathways: Field required"),
        (
            "x: {title: t, pathways: [calcium], parameters: {}, colour: red}",
            ProvenanceError,
            "colour: Extra inputs",
        ),
        (ONE.format("distance", "s"), ProvenanceError, "distance is in um, not s"),
        (ONE.format("bAP_delay", "s"), ProvenanceError, "bAP_delay is derived"),
    ],
)
def test_a_wrong_preset_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, error: type[KinapticError], message: str
) -> None:
    path = tmp_path / "presets.yaml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "_FILE", path)
    presets.cache_clear()
    try:
        with pytest.raises(error, match=message):
            presets()
    finally:
        presets.cache_clear()
