"""Every pathway keeps the contract between its declaration, its kinetics and its numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from kinaptic.errors import ModelError, UnknownName
from kinaptic.pathways import catalogue
from kinaptic.pathways.catalogue import enzymes, geometry, pathway, pathways, ports
from kinaptic.pathways.pathway import Molecule, Pathway

NAMES = sorted(pathways())


def words(declared: Pathway) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"//[^\n]*", "", declared.antimony)))


def declared_species(declared: Pathway) -> list[str]:
    text = re.sub(r"//[^\n]*", "", declared.antimony)
    return [
        name
        for statement in text.split(";")
        if re.match(r"\s*(const )?species\b", statement)
        for name in re.findall(r"\$?(\w+) in \w+", statement)
    ]


def test_the_pathways_are_there() -> None:
    wanted = {"calcium", "calmodulin", "camkii", "calcineurin", "pp1", "darpp32", "pka", "ampar", "buffer"}
    assert wanted <= set(NAMES)
    assert pathway("camkii").name == "camkii"


def test_an_unknown_pathway_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown pathway 'cmkii': did you mean camkii"):
        pathway("cmkii")


@pytest.mark.parametrize("name", NAMES)
def test_a_pathway_says_what_it_is(name: str) -> None:
    declared = pathway(name)
    assert declared.title
    assert len(declared.summary) > 40
    assert declared.readouts or declared.metaplastic
    assert all(port.meaning for port in declared.gives.values())
    assert all(enzyme.meaning for enzyme in declared.enzymes.values())


@pytest.mark.parametrize("name", NAMES)
def test_what_a_pathway_gives_and_needs_is_in_its_kinetics(name: str) -> None:
    declared = pathway(name)
    formulas = " ".join(p.formula or "" for p in declared.parameters.values())
    spikes = " ".join([*declared.on_pre.values(), *declared.on_post.values()])
    known = words(declared) | set(declared.parameters) | set(re.findall(r"\w+", f"{formulas} {spikes}"))
    assert [port for port in declared.gives if port not in known] == []
    assert [port for port in declared.needs if port not in known] == []
    assert [port for port in declared.needs if port not in ports()] == []
    assert [r for r in declared.readouts if r not in known] == []
    assert [port for port in declared.collects if port not in known] == []
    assert [port for port in declared.contributes if port not in ports()] == []
    assert not set(declared.needs) & {*declared.gives, *declared.collects}


@pytest.mark.parametrize("name", NAMES)
def test_every_species_is_one_molecule(name: str) -> None:
    declared = pathway(name)
    species = declared_species(declared)
    assert len(species) == len(set(species))
    for each in species:
        assert declared.molecule(each).parts
    matched = {pattern: [s for s in species if declared_match(pattern, s)] for pattern in declared.molecules}
    assert [pattern for pattern, found in matched.items() if not found] == [], "a pattern matches nothing"


def declared_match(pattern: str, species: str) -> bool:
    import fnmatch

    return fnmatch.fnmatchcase(species, pattern)


@pytest.mark.parametrize("name", NAMES)
def test_identifiers_look_like_identifiers(name: str) -> None:
    shapes = {"uniprot": r"[A-Z0-9]{6}|[A-Z0-9]{10}", "chebi": r"\d+", "go": r"\d{7}"}
    for molecule in pathway(name).molecules.values():
        assert molecule.name
        for part in molecule.parts:
            prefix, accession = part.split(":")
            assert re.fullmatch(shapes.get(prefix, r"\S+"), accession), part


@pytest.mark.parametrize("name", NAMES)
def test_enzymes_change_numbers_that_are_given(name: str) -> None:
    declared = pathway(name)
    for target, enzyme in declared.enzymes.items():
        assert enzyme.totals or enzyme.activity, target
        for number in (*enzyme.totals, *enzyme.activity):
            assert number in declared.parameters, f"{target}: {number}"
            assert declared.parameters[number].formula is None, f"{target}: {number} is derived"


@pytest.mark.parametrize("name", NAMES)
def test_spikes_change_states(name: str) -> None:
    declared = pathway(name)
    ruled = set(re.findall(r"^\s*(\w+)\s*:=", declared.antimony, flags=re.MULTILINE))
    states = set(re.findall(r"^\s*(\w+)'\s*=", declared.antimony, flags=re.MULTILINE)) | set(
        declared_species(declared)
    )
    taken = {*declared.needs, *declared.collects}
    known = words(declared) | set(declared.parameters) | set(geometry()) | taken
    for changes in (declared.on_pre, declared.on_post, declared.on_step, declared.on_regime):
        assert set(changes) <= states - ruled
        for expression in changes.values():
            used = set(re.findall(r"[A-Za-z_]\w*", expression))
            used -= {"exp", "ln", "sqrt", "piecewise", "step_voltage", "step_begins"}
            used -= {"regime_firing", "regime_asleep", "regime_begins"}
            assert used <= known, used - known


@pytest.mark.parametrize("name", NAMES)
def test_kinetics_have_no_bare_numbers(name: str) -> None:
    text = re.sub(r"//[^\n]*", "", pathway(name).antimony)
    text = re.sub(r"(->|=>)[^;]*;", lambda m: m[0].replace("2 ", ""), text)  # stoichiometry
    found = re.findall(r"(?<![\w.^])\d+\.?\d*(?![\w.])", re.sub(r"(?m)^\s*\w+:[^;]*;", "", text))
    assert found == []


def test_only_stand_ins_share_their_ports() -> None:
    for port, (_, givers) in ports().items():
        if len(givers) > 1:
            stands_in = [g for g in givers if pathway(g).replaces in givers]
            assert len(stands_in) == len(givers) - 1, port


def test_targets_are_told_apart_from_each_other() -> None:
    seen: dict[str, str] = {}
    for name in NAMES:
        if pathway(name).replaces:
            continue
        for target in enzymes((name,)):
            assert seen.setdefault(target, name) == name, f"{target} is in two pathways"
            assert target not in pathway(name).parameters, f"{target} is also a parameter"


def test_a_species_of_no_or_two_patterns_is_refused() -> None:
    camkii = pathway("camkii")
    with pytest.raises(
        ModelError, match=r"species XYZ is matched by 0 patterns of `molecules`; .*camkii\.py"
    ):
        camkii.molecule("XYZ")
    twice = replace(camkii, molecules={**camkii.molecules, "CaMKI?": Molecule("again", ("chebi:1",))})
    with pytest.raises(ModelError, match="matched by 2 patterns"):
        twice.molecule("CaMKII")


def test_a_pathway_with_another_name_than_its_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import kinaptic.pathways.pp1 as module

    monkeypatch.setattr(module, "PATHWAY", replace(module.PATHWAY, name="pp2"))
    catalogue.pathways.cache_clear()
    try:
        with pytest.raises(ModelError, match=r"pp1\.py declares a pathway named 'pp2'; use one name"):
            catalogue.pathways()
    finally:
        monkeypatch.undo()
        catalogue.pathways.cache_clear()
        catalogue.ports.cache_clear()
