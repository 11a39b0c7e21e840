"""Every number has a value, a unit and a source; a file that lacks one is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kinaptic.errors import ProvenanceError
from kinaptic.pathways.catalogue import geometry, pathways
from kinaptic.pathways.citations import bibliography, formatted
from kinaptic.pathways.parameters import (
    BIBLIOGRAPHY,
    Parameter,
    bibliography_keys,
    read_parameters,
    source_problem,
)
from kinaptic.pathways.presets import presets

EVERYWHERE = {
    **{name: each.parameters for name, each in pathways().items()},
    **{f"preset {name}": each.parameters for name, each in presets().items()},
    "geometry": geometry(),
}


@pytest.mark.parametrize("where", EVERYWHERE)
def test_every_number_has_value_unit_and_source(where: str) -> None:
    for name, number in EVERYWHERE[where].items():
        assert (number.value is None) != (number.formula is None), name
        assert number.unit, name
        assert source_problem(number.source, derived=number.formula is not None) == "", name


@pytest.mark.parametrize("name", sorted(pathways()))
def test_every_number_is_used(name: str) -> None:
    """A number that neither kinetics nor formulas nor what a spike does refer to is a leftover."""
    declared = pathways()[name]
    text = " ".join(
        [
            re.sub(r"//[^\n]*", "", declared.antimony),
            *declared.on_pre.values(),
            *declared.on_post.values(),
            *declared.on_step.values(),
            *declared.contributes.values(),
            declared.post_lag,
            *(p.formula or "" for each in pathways().values() for p in each.parameters.values()),
            *(n for enzyme in declared.enzymes.values() for n in (*enzyme.totals, *enzyme.activity)),
        ]
    )
    words = set(re.findall(r"\w+", text))
    assert [n for n in declared.parameters if n not in words and n not in declared.gives] == []


def write(folder: Path, text: str) -> Path:
    path = folder / "made.yaml"
    path.write_text(text, encoding="utf-8")
    return path


GOOD = 'k: {value: 2, unit: 1/s, source: "Pepke2010, Table 1"}'


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = read_parameters(
        write(tmp_path, f"{GOOD}\nd: {{formula: k*2, unit: 1/s, source: 'derived: twice as much'}}")
    )
    assert found["k"].value == 2
    assert found["k"].key == "Pepke2010"
    assert found["d"].formula == "k*2"
    assert found["d"].key is None
    assert read_parameters(write(tmp_path, "")) == {}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('{unit: 1/s, source: "Pepke2010, Table 1"}', "give either a value or a formula"),
        ('{value: 1, formula: k, unit: 1/s, source: "derived: from k alone"}', "either a value or a formula"),
        ('{value: 1, source: "Pepke2010, Table 1"}', "unit: Field required"),
        ("{value: 1, unit: 1/s}", "source: Field required"),
        ('{value: 1, unit: 1/sec, source: "Pepke2010, Table 1"}', "unknown unit '1/sec': did you mean"),
        ('{value: 1, unit: 1/s, source: ""}', "neither 'BibKey, table or figure' nor 'assumed: why'"),
        ('{value: 1, unit: 1/s, source: "a paper"}', "neither 'BibKey, table or figure'"),
        (
            '{value: 1, unit: 1/s, source: "Pepke2011, Table 1"}',
            "unknown BibTeX key 'Pepke2011': did you mean Pepke2010",
        ),
        ('{value: 1, unit: 1/s, source: "Pepke2010"}', "does not say where in the paper"),
        ('{value: 1, unit: 1/s, source: "assumed:"}', "does not say why"),
        ('{value: 1, unit: 1/s, source: "derived: from others"}', "only a formula is derived"),
        ('{value: 1, unit: 1/s, source: "assumed: it fits", rnage: [0, 2]}', "rnage: Extra inputs"),
        ('{value: 3, unit: 1/s, source: "assumed: it fits", range: [0, 2]}', "outside its range 0 to 2"),
        ('{value: 3, unit: 1/s, source: "assumed: it fits", range: [4, 2]}', "upside down"),
        ('{value: .nan, unit: 1/s, source: "assumed: it fits"}', "value: Input should be a finite number"),
        ('{value: fast, unit: 1/s, source: "assumed: it fits"}', "value: Input should be a valid number"),
    ],
)
def test_a_bad_number_is_refused_by_name(tmp_path: Path, entry: str, message: str) -> None:
    with pytest.raises(ProvenanceError) as refused:
        read_parameters(write(tmp_path, f"{GOOD}\nrate: {entry}"))
    assert str(refused.value).startswith("made.yaml: rate: ")
    assert message in str(refused.value)


def test_a_number_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match=r"made\.yaml: line 2: 'k' is given twice; keep one"):
        read_parameters(write(tmp_path, f"{GOOD}\n{GOOD}"))
    with pytest.raises(ProvenanceError, match=r"line 1: 'unit' is given twice"):
        read_parameters(write(tmp_path, 'k: {value: 1, unit: 1/s, unit: s, source: "assumed: whatever"}'))


@pytest.mark.parametrize(
    "text", ["k: 3", "k: [1, 1/s]", "- k", "just words", "k: {value: 1", "k: !!python/name:os.system"]
)
def test_what_is_no_table_of_numbers_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProvenanceError, match=r"made\.yaml"):
        read_parameters(write(tmp_path, text))


def test_numbers_cannot_be_changed() -> None:
    number = Parameter(value=1, unit="1/s", source="assumed: for a test")
    with pytest.raises(ValueError, match="frozen"):
        number.value = 2.0


def test_the_bibliography_is_sound() -> None:
    keys = re.findall(r"^@\w+\{([^,\s]+),", BIBLIOGRAPHY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(keys) == len(set(keys)), "a key is given twice"
    assert set(bibliography().entries) == set(keys) == bibliography_keys()


def test_every_entry_of_the_bibliography_can_be_cited() -> None:
    for key in bibliography_keys():
        line = formatted(key)
        assert re.match(rf"\[{key}\] .+ \(\d{{4}}\) .+\. .+\.", line), line
        assert "{" not in line, line
        assert "\\" not in line, line
