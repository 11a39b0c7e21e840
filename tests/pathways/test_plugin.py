"""A package adds a pathway: found, composed, checked, cited and knocked out; clashes of names are refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from kinaptic.errors import ModelError, ProvenanceError
from kinaptic.pathways import catalogue, citations, extensions, parameters
from kinaptic.pathways.pathway import Pathway

# What a user would write once the example is installed.
SESSION = """
import json
import kinaptic as kn
from kinaptic.pathways.catalogue import pathway
from kinaptic.sbml.build import baseline

own = "arachidonic_acid"
synapse = kn.Synapse.of("calcium", "bouton", own)
done = kn.tetanus("100 Hz", "1 s")

def run(synapse):
    traces = kn.simulate(synapse, done, until="30 min").traces
    return {name: list(traces[name]) for name in traces}

def kinase(*also):
    inputs = {"Glu": "0 uM", "Ca": "1 uM"}
    more = {"Ca_pre": "0 uM"} if also else {}
    return kn.Synapse.of("plc", *also, **inputs, **more)

print(json.dumps({
    "title": pathway(own).title,
    "check": synapse.check() + kinase(own).check(),
    "rest": baseline(synapse)[0],
    "control": run(synapse),
    "without": run(synapse.with_(kn.knockout(own))),
    "no enzyme": run(synapse.with_(kn.knockout("cPLA2"))),
    "cited": synapse.cite(),
    "sbml": synapse.sbml(),
    "PKC": [kn.simulate(s, until="1 s").traces["PKC_active"].iloc[0] for s in (kinase(), kinase(own))],
}))
"""


@pytest.fixture(scope="module")
def example(checkout: Path) -> Path:
    return checkout / "examples" / "arachidonic_acid"


@pytest.fixture(scope="module")
def entry(example: Path) -> EntryPoint:
    """Return the example's entry point, as its pyproject.toml has it."""
    project = tomllib.loads((example / "pyproject.toml").read_text("utf-8"))["project"]
    ((name, value),) = project["entry-points"][extensions.GROUP].items()
    return EntryPoint(name, value, extensions.GROUP)


@pytest.fixture(scope="module")
def session(example: Path, entry: EntryPoint, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a session finds in an environment where the example seems installed."""
    site = tmp_path_factory.mktemp("site")
    metadata = site / "kinaptic_example-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: kinaptic-arachidonic-acid\nVersion: 0.1.0\n"
    )
    (metadata / "entry_points.txt").write_text(f"[{entry.group}]\n{entry.name} = {entry.value}\n")
    path = os.pathsep.join([str(site), str(example), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", SESSION], env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_example_is_a_pathway_like_any_other(session: dict[str, Any]) -> None:
    assert session["title"].startswith("Arachidonic acid")
    assert session["check"] == []
    assert 'id="arachidonate"' in session["sbml"]


def test_its_publications_are_cited(session: dict[str, Any]) -> None:
    assert "[Bhalla1999] Bhalla and Iyengar (1999)" in session["cited"]
    assert "[Nalefski2001]" in session["cited"]
    assert "[Sabatini2002]" in session["cited"]  # of Kinaptic's own bibliography, besides


def test_it_is_silent_at_rest_and_speaks_after_a_tetanus(session: dict[str, Any]) -> None:
    assert session["rest"]["arachidonate"] < 0.01
    assert session["rest"]["arachidonate_expression"] < 1e-6
    traces = session["control"]
    assert 0.1 < max(traces["arachidonate_pre"]) < 10
    assert 1.02 < traces["W_pre"][-1] < 1.5
    assert max(traces["W_pre"]) == traces["W_pre"][-1]  # slow: still growing after half an hour


@pytest.mark.parametrize("lost", ["without", "no enzyme"])
def test_knocked_out_it_changes_release_after_the_tetanus_only(session: dict[str, Any], lost: str) -> None:
    control, other = session["control"], session[lost]
    assert other["W_pre"][-1] < 1.0 + 0.5 * (control["W_pre"][-1] - 1.0)
    assert max(other["Ca_VGCC"]) == pytest.approx(max(control["Ca_VGCC"]), rel=1e-3)
    assert max(other["Ca"]) == pytest.approx(max(control["Ca"]), rel=0.02)
    assert other["Ca"][0] == pytest.approx(control["Ca"][0], rel=1e-9)
    assert other["release"][0] == pytest.approx(control["release"][0], rel=1e-6)


def test_it_reaches_the_kinase_of_another_pathway(session: dict[str, Any]) -> None:
    without, with_it = session["PKC"]
    assert with_it > 1.02 * without


# ---- Names, in this process
@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, example: Path) -> Iterator[Any]:
    """Return a function that makes entry points seem installed, until the test is over."""
    caches = (
        catalogue.pathways,
        catalogue.ports,
        parameters.bibliography_keys,
        citations.bibliography,
        extensions.added,
    )

    def forget() -> None:
        for each in caches:
            each.cache_clear()

    def seem_installed(*entries: EntryPoint) -> None:
        forget()
        monkeypatch.setattr(extensions, "entry_points", lambda **_: entries)

    monkeypatch.syspath_prepend(str(example))
    yield seem_installed
    monkeypatch.undo()
    forget()


def declared_as(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Pathway:
    """Let the example declare another pathway."""
    import importlib

    module = importlib.import_module("kinaptic_arachidonic_acid.arachidonic_acid")
    made: Pathway = replace(module.PATHWAY, **changes)
    monkeypatch.setattr(module, "PATHWAY", made)
    return made


def test_a_name_that_kinaptic_has_is_refused(
    install: Any, entry: EntryPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(EntryPoint("pka", entry.value, entry.group))
    declared_as(monkeypatch, name="pka")
    with pytest.raises(ModelError, match=r"a pathway named pka: kinaptic and kinaptic_arachidonic_acid\."):
        catalogue.pathways()


def test_two_packages_with_one_name_are_refused(install: Any, entry: EntryPoint) -> None:
    install(entry, entry)
    with pytest.raises(ModelError, match="two packages give a pathway named arachidonic_acid"):
        catalogue.pathways()


def test_a_target_or_port_that_another_pathway_has_is_refused(
    install: Any, entry: EntryPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(entry)
    declared_as(monkeypatch, enzymes=catalogue.pathway("camkii").enzymes)
    install(entry)
    with pytest.raises(
        ModelError, match=r"arachidonic_acid of package .* names that pathway camkii of kinaptic has: CaMKII"
    ):
        catalogue.pathways()


def test_a_package_that_cannot_be_loaded_is_named(install: Any, entry: EntryPoint) -> None:
    install(EntryPoint("lost", "kinaptic_arachidonic_acid.nowhere:PATHWAY", entry.group))
    with pytest.raises(ModelError, match=r"adds pathway lost from .*nowhere:PATHWAY, which cannot be loaded"):
        catalogue.pathways()


def test_an_entry_point_of_another_name_or_thing_is_refused(install: Any, entry: EntryPoint) -> None:
    install(EntryPoint("other", entry.value, entry.group))
    with pytest.raises(ModelError, match=r"adds pathway other .* which is 'arachidonic_acid'; declare"):
        catalogue.pathways()
    install(EntryPoint("other", "json:dumps", entry.group))
    with pytest.raises(ModelError, match="declare a Pathway of that name"):
        catalogue.pathways()


def test_a_key_for_two_publications_is_refused(
    install: Any, entry: EntryPoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "references.bib"
    monkeypatch.setattr(citations, "bibliographies", lambda: (other,))
    again = '@article{Pepke2010, author = {Pepke, Shirley}, title = "%s", year = 2010, journal = {Elsewhere}}'
    citations.bibliography.cache_clear()
    own = parameters.BIBLIOGRAPHY.read_text("utf-8").split("@article{Pepke2010,")[1].split("title = {")[1]
    other.write_text(again % own.split("},\n")[0])
    assert "Pepke et al." in citations.formatted("Pepke2010")  # the same one: Kinaptic's entry holds
    citations.bibliography.cache_clear()
    other.write_text(again % "Something else")
    try:
        with pytest.raises(ProvenanceError, match=r"Pepke2010 is one publication in .* and another in"):
            citations.formatted("Pepke2010")
    finally:
        citations.bibliography.cache_clear()
