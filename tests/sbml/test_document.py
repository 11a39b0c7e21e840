"""The SBML is valid, annotated, explained and without loose ends."""

from __future__ import annotations

import re

import libsbml
import pytest

import kinaptic as kn
from kinaptic.errors import ModelError
from kinaptic.pathways.pathway import Molecule
from kinaptic.sbml import annotate, document

PROTOCOLS: dict[str, kn.Protocol | kn.Waveform | None] = {
    "rest": None,
    "pairing": kn.stdp("-10 ms", pairs=60, rate="1 Hz"),
    "bursts": kn.theta_burst(),
    "list": kn.spikes(pre=[0, 0.5, 0.7], post=[0.51]),
    "composed": kn.tetanus("100 Hz", "1 s") + kn.gap("5 min") + kn.low_frequency("1 Hz", pulses=900),
    "recorded": kn.Waveform([0.0, 0.05, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s"),
}
PERTURBATIONS: dict[str, tuple[kn.Perturbation, ...]] = {
    "untouched": (),
    "null pathways": (kn.knockout("pka"), kn.knockout("calcineurin")),
    "enzymes": (kn.knockout("T286"), kn.inhibit("PKA"), kn.overexpress("PDE4", 2)),
    "clamps": (kn.clamp("cAMP", "0.1 uM"), kn.clamp("CaN_active", "0.2 uM", acute=True)),
}
URI = r"https://identifiers\.org/(uniprot:[A-Z0-9]{6,10}|CHEBI:\d+|GO:\d{7}|[a-z.]+:\S+)"


def children(elements: libsbml.ListOf) -> list[libsbml.SBase]:
    return [elements.get(i) for i in range(elements.size())]


@pytest.fixture(scope="module")
def sbml() -> str:
    return kn.Synapse.preset("ca1").sbml(PROTOCOLS["pairing"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("perturbation", PERTURBATIONS)
def test_libsbml_finds_nothing(protocol: str, perturbation: str) -> None:
    synapse = kn.Synapse.preset("ca1").with_(*PERTURBATIONS[perturbation])
    assert document.problems(synapse.sbml(PROTOCOLS[protocol])) == []


@pytest.mark.parametrize("protocol", ["pairing", "recorded"])
def test_libsbml_finds_nothing_in_another_preset(protocol: str) -> None:
    assert document.problems(kn.Synapse.preset("l5").sbml(PROTOCOLS[protocol])) == []


def test_libsbml_would_find_it(sbml: str) -> None:
    """Units and modelling practice are looked at, not only syntax."""
    wrong = document.read(sbml)
    wrong.getModel().getParameter("CaMKII_on_C2N2").setUnits("per_s")
    assert any("unit" in line.lower() for line in document.problems(document.write(wrong)))
    unset = document.read(sbml)
    unset.getModel().getParameter("CaMKII_on_C2N2").unsetValue()
    assert document.problems(document.write(unset)) != []


def test_level_version_and_units(sbml: str) -> None:
    parsed = document.read(sbml)
    model = parsed.getModel()
    assert (parsed.getLevel(), parsed.getVersion()) == (3, 2)
    assert (model.getTimeUnits(), model.getVolumeUnits()) == ("second", "fL")
    assert (model.getSubstanceUnits(), model.getExtentUnits()) == ("zmol", "zmol")
    assert model.getName() == "ca1"
    used = set(re.findall(r'nits="(\w+)"', sbml))
    assert {u.getId() for u in children(model.getListOfUnitDefinitions())} <= used


def test_every_species_and_reaction_has_an_identity(sbml: str) -> None:
    parsed = document.read(sbml)
    model = parsed.getModel()
    species = children(model.getListOfSpecies())
    assert len(species) > 90
    for each in [*species, *children(model.getListOfCompartments())]:
        assert each.getName()
        assert each.isSetSBOTerm()
        terms = [each.getCVTerm(i) for i in range(each.getNumCVTerms())]
        resources = [term.getResourceURI(i) for term in terms for i in range(term.getNumResources())]
        assert resources, each.getId()
        assert all(re.fullmatch(URI, uri) for uri in resources), resources
    reactions = children(model.getListOfReactions())
    assert all(r.isSetSBOTerm() and r.getName() for r in reactions)
    assert all(p.isSetSBOTerm() for p in children(model.getListOfParameters()))


def test_every_number_says_where_it_is_from(sbml: str) -> None:
    parsed = document.read(sbml)
    model = parsed.getModel()
    given = children(model.getListOfParameters())
    fixed = [p for p in given if p.getConstant()]
    assert len(fixed) > 150
    assert [p.getId() for p in fixed if not p.isSetNotes()] == []
    assert "assumed: set by the protocol" in model.getParameter("stim_1_rate").getNotesString()


def test_no_knob_is_without_a_wire(sbml: str) -> None:
    parsed = document.read(sbml)
    model = parsed.getModel()
    names = {p.getId() for p in children(model.getListOfParameters())}
    assert {"CaM_total", "CaMKII_total", "zero_uM"} & names == set()  # they set the state before the baseline
    assert {"CaM_on_C1", "CaMKII_off_C0N0", "one", "half", "stim_1_delay", "weight", "weight_post"} <= names
    assert model.getNumInitialAssignments() == 0


def test_unused_numbers_go_with_what_they_follow_from() -> None:
    text = """model m()
      a = 1; b := 2*a; c := b + d; d = 4; e = 5; x' = e*f; x = 1; f := g; g = 3; shown := h; h = 1;
    end"""
    parsed = document.read(document.to_sbml(text))
    document.drop_unused(parsed, ["a", "b", "c", "d", "e", "f", "g", "h", "not there"])
    model = parsed.getModel()
    left = {p.getId() for p in children(model.getListOfParameters())}
    assert left == {"e", "f", "g", "h", "x", "shown"}
    assert {r.getVariable() for r in children(model.getListOfRules())} == {"f", "x", "shown"}


def test_a_clamp_takes_everything_off() -> None:
    text = """model m()
      compartment c = 1; species A in c, B in c; A = 1; B = 2; k = 1; v := k*A; w = 1; w' = k;
      J: A -> B; c*k*A; at (time > 1): B = 5, w = 3;
    end"""
    parsed = document.read(document.to_sbml(text))
    for name in ("B", "v", "w"):
        document.clamp(parsed, name)
    model = parsed.getModel()
    assert model.getNumRules() == 0
    assert model.getEvent(0).getNumEventAssignments() == 0
    assert model.getSpecies("B").getBoundaryCondition()
    assert model.getParameter("v").getConstant()


def test_wrong_antimony_is_refused_with_its_line() -> None:
    with pytest.raises(ModelError, match=r"not valid Antimony: .*line 2"):
        document.to_sbml("model m()\n  A -> ; ; k*\nend")


def test_values_of_nothing_are_refused() -> None:
    parsed = document.read(document.to_sbml("model m() k = 1; end"))
    with pytest.raises(ModelError, match="no parameter, compartment or species typo"):
        document.set_values(parsed, {"typo": 1.0}, {})


def test_annotation_needs_a_molecule_and_a_known_verb() -> None:
    text = "model m() compartment spine = 1; species A in spine; A = 1; {}: A => ; spine*A; end"
    with pytest.raises(ModelError, match="species A has no molecule"):
        annotate.annotate(document.read(document.to_sbml(text.format("break_A"))), {})
    molecule = Molecule("something", ("chebi:1",))
    with pytest.raises(ModelError, match="frobnicate_A: its id begins with none of"):
        annotate.annotate(document.read(document.to_sbml(text.format("frobnicate_A"))), {"A": molecule})
