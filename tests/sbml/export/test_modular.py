"""A submodel for each pathway: valid whole, valid alone, and flattened the very model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import libsbml
import numpy as np
import pytest
import roadrunner

import kinaptic as kn
from kinaptic.errors import ExportError
from kinaptic.pathways.catalogue import pathway
from kinaptic.sbml import document, engine
from kinaptic.sbml.export import modular
from kinaptic.sbml.export.formats import Job

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPINE = kn.Synapse.of("calcium", "calmodulin", "calcineurin")
PAIRING = kn.stdp("10 ms", pairs=2, rate="1 Hz")
WAVEFORM = kn.Waveform([0.0, 0.05, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s")
PROTOCOLS = {"rest": None, "pairing": PAIRING, "recorded": WAVEFORM}
TIMES = [0.0, 5.0, *(10.00317 + np.linspace(0.0, 3.0, 12))]
HEAD = (
    '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2" xmlns:comp='
    '"http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true">'
)


def job(synapse: kn.Synapse, protocol: kn.Protocol | kn.Waveform | None, folder: Path) -> Job:
    made = Job(synapse, protocol, folder / "modular.xml", 60.0)
    modular.write(made)
    return made


@pytest.fixture(scope="module")
def spine(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return job(SPINE, PAIRING, tmp_path_factory.mktemp("spine"))


@pytest.fixture(scope="module")
def ca1(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return job(kn.Synapse.preset("ca1"), PAIRING, tmp_path_factory.mktemp("ca1"))


def read(made: Job) -> libsbml.SBMLDocument:
    return document.read(made.path.read_text("utf-8"))


def flattened(made: Job) -> str:
    parsed = read(made)
    options = libsbml.ConversionProperties()
    options.addOption("flatten comp", True)
    assert parsed.convert(options) == libsbml.LIBSBML_OPERATION_SUCCESS
    return document.write(parsed)


def flat_id(name: str) -> str:
    """Return the id in the flat model of one in the flattened model."""
    return name.split("__", 1)[-1]


def described(sbml: str) -> dict[tuple[str, str], tuple[str, str, int]]:
    """Return what every element of a model is, by its kind and its id in the flat model."""
    parsed = document.read(sbml)
    model = parsed.getModel()
    kinds = (
        model.getListOfCompartments(),
        model.getListOfSpecies(),
        model.getListOfParameters(),
        model.getListOfReactions(),
        model.getListOfEvents(),
        model.getListOfUnitDefinitions(),
    )
    found = {
        (each.getElementName(), flat_id(each.getId())): (
            each.getSBOTermID(), "".join(each.getNotesString().split()), each.getNumCVTerms()
        )
        for kind in kinds
        for each in kind
    }  # fmt: skip
    assert len(found) == sum(kind.size() for kind in kinds)
    rules = [("rule", flat_id(rule.getVariable())) for rule in model.getListOfRules()]
    return found | dict.fromkeys(rules, ("", "", 0))


def states(runner: roadrunner.RoadRunner) -> dict[str, str]:
    """Return the selection of every state, by its id in the flat model."""
    model = runner.model
    species = set(model.getFloatingSpeciesIds())
    ids = [model.getStateVectorId(i) for i in range(model.getNumRateRules() + len(species))]
    return {flat_id(name): f"[{name}]" if name in species else name for name in sorted(ids, key=flat_id)}


def rates(runner: roadrunner.RoadRunner, changes: float) -> NDArray[np.float64]:
    """Return how fast the states change, each first moved by up to so much of itself."""
    selections = states(runner)
    for i, (name, selection) in enumerate(selections.items()):
        if name != "clock":
            runner.setValue(selection, runner.getValue(selection) * (1 + changes * np.sin(i)))
    ids = [selection.strip("[]") for selection in selections.values()]
    return np.array(list(engine.rates(runner, ids).values()))


def course(runner: roadrunner.RoadRunner) -> NDArray[np.float64]:
    engine.set_tolerance(runner, 1e-11)  # so that what integration adds is less than 1e-9
    runner.timeCourseSelections = ["time", *states(runner).values()]
    return np.array(runner.simulate(times=TIMES))[:, 1:]


def assert_the_same(made: Job) -> None:
    """Compare what is written, flattened, with the flat model: elements, rates, and a course."""
    flat = made.model.sbml
    assert described(flattened(made)) == described(flat)
    there, here = roadrunner.RoadRunner(flat), roadrunner.RoadRunner(str(made.path))
    assert states(here).keys() == states(there).keys()
    for changes in (0.0, 0.1, 0.5):
        expected = rates(there, changes)
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(rates(here, changes), expected, rtol=1e-12, atol=1e-12)
        there.reset()
        here.reset()
    np.testing.assert_allclose(course(here), course(there), rtol=1e-9, atol=1e-12)


def test_a_spine_flattened_is_the_spine(spine: Job) -> None:
    assert_the_same(spine)


def test_a_whole_synapse_flattened_is_the_synapse(ca1: Job) -> None:
    assert described(flattened(ca1)) == described(ca1.model.sbml)


def test_libsbml_finds_nothing(spine: Job) -> None:
    """Nor in what it makes of it when it flattens it."""
    assert document.problems(spine.path.read_text("utf-8")) == []
    assert document.problems(flattened(spine)) == []


def test_a_spine_under_recorded_calcium(tmp_path: Path) -> None:
    made = job(SPINE, WAVEFORM, tmp_path)
    assert_the_same(made)
    parsed = read(made)
    definitions = parsed.getPlugin("comp").getListOfModelDefinitions()
    assert [each.getId() for each in definitions] == ["calmodulin", "calcineurin"]  # calcium is the recording


@pytest.mark.slow
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("preset", ["ca1", "l5", "l23", "striatum"])
def test_all_presets(preset: str, protocol: str, tmp_path: Path) -> None:
    made = job(kn.Synapse.preset(preset), PROTOCOLS[protocol], tmp_path)
    assert_the_same(made)
    assert document.problems(made.path.read_text("utf-8")) == []
    assert document.problems(flattened(made)) == []
    assert_valid_alone(made)


PERTURBED = {
    "null pathways": (kn.knockout("pka"), kn.knockout("bouton")),
    "clamps": (kn.clamp("cAMP", "0.1 uM"), kn.clamp("CaN_active", "0.2 uM", acute=True)),
    "drugs": (kn.drug("AM251", "2 uM"), kn.drug("L-NAME", "100 uM"), kn.inhibit("CaMKII", by=0.5)),
}


@pytest.mark.slow
@pytest.mark.parametrize("perturbation", PERTURBED)
def test_perturbed(perturbation: str, tmp_path: Path) -> None:
    assert_the_same(job(kn.Synapse.preset("ca1").with_(*PERTURBED[perturbation]), PAIRING, tmp_path))


def test_every_pathway_is_a_submodel(ca1: Job) -> None:
    parsed = read(ca1)
    model, definitions = parsed.getModel(), parsed.getPlugin("comp").getListOfModelDefinitions()
    submodels = {each.getId(): each.getModelRef() for each in model.getPlugin("comp").getListOfSubmodels()}
    taken = ("bouton", "scaling")  # by a compartment, by a variable
    names = [f"{n}_pathway" if n in taken else n for n in ca1.synapse.pathways]
    assert submodels == {name: name for name in names}
    assert [each.getId() for each in definitions] == names
    assert [each.getName() for each in definitions] == [pathway(n).title for n in ca1.synapse.pathways]
    assert sum(each.getNumReactions() for each in definitions) == 293
    assert model.getNumReactions() == 0


def test_the_top_level_holds_what_is_shared(ca1: Job) -> None:
    parsed = read(ca1)
    model = parsed.getModel()
    rules = {rule.getVariable() for rule in model.getListOfRules()}
    assert rules == {
        "clock", "pre_1_next", "post_1_next", "pre_1_burst", "post_1_burst", "spikes_pre", "spikes_post",
        "W_pre", "W_post", "weight", "Ca_elsewhere", "VGCC_inhibition", "AC_pre_inhibition",
        "AC_pre_stimulation", "release_gain", "refill_gain", "I1_pre_kinase", "slot_hold", "slot_release",
        "NMDAR_2B_change", "KA_change", "spine_growth", "receptor_scale", "DAGL_phos",
        "GluN2B_leaving", "GluN2B_coming",
    }  # fmt: skip
    assert [event.getId() for event in model.getListOfEvents()] == ["stim_1"]
    assert {each.getId() for each in model.getListOfCompartments()} >= {"spine", "psd", "bouton"}
    for name in ("Ca", "CaM_C2N2", "PP1", "docked", "CaMKII_active", "one"):
        assert model.getElementBySId(name) is not None
    for name in ("pCaMKII", "T286_rate", "NMDAR_open"):
        assert (model.getSpecies(name), model.getParameter(name)) == (None, None)


def test_ports_are_what_crosses_the_border(ca1: Job) -> None:
    parsed = read(ca1)
    camkii = parsed.getPlugin("comp").getModelDefinition("camkii")
    ports = camkii.getPlugin("comp").getListOfPorts()
    elements = {port.getIdRef() for port in ports if port.isSetIdRef()}
    declared = pathway("camkii")
    affinities = {
        "CaM_Kd_C1",
        "CaM_Kd_C2",
        "CaM_Kd_N1",
        "CaM_Kd_N2",
    }  # of calmodulin, its own follow from them
    shared = {*declared.collects, "GluN2B_total", "GluN2B_share_outside", "CaMKII_on_DAGL"}
    assert elements == {*declared.needs, *declared.gives, *affinities, *shared, "spine", "psd", "tiny_uM"}
    units = {port.getUnitRef(): port.getId() for port in ports if port.isSetUnitRef()}
    assert units.keys() == {unit.getId() for unit in camkii.getListOfUnitDefinitions()}
    assert units["uM"] == "unit_uM"


def test_every_port_is_wired(ca1: Job) -> None:
    parsed = read(ca1)
    model = parsed.getModel()
    replaced = set()
    for kind in (
        model.getListOfCompartments(),
        model.getListOfSpecies(),
        model.getListOfParameters(),
        model.getListOfUnitDefinitions(),
    ):
        for element in kind:
            plugin = element.getPlugin("comp")
            for each in map(plugin.getReplacedElement, range(plugin.getNumReplacedElements())):
                assert each.getPortRef().removeprefix("unit_") == element.getId()
                replaced.add((each.getSubmodelRef(), each.getPortRef()))
    ports = {
        (definition.getId(), port.getId())
        for definition in parsed.getPlugin("comp").getListOfModelDefinitions()
        for port in definition.getPlugin("comp").getListOfPorts()
    }
    assert replaced == ports


def alone(definition: libsbml.ModelDefinition) -> str:
    """Return a definition as a document of its own."""
    return f"{HEAD}{definition.toSBML().replace('comp:modelDefinition', 'model')}</sbml>"


def assert_valid_alone(made: Job) -> None:
    parsed = read(made)
    for definition in parsed.getPlugin("comp").getListOfModelDefinitions():
        text = alone(definition)
        assert document.problems(text) == []
        own = document.read(text)
        assert own.getModel().getNumReactions() == definition.getNumReactions()
        assert own.getModel().isSetNotes()
        assert own.getModel().getSubstanceUnits() == "zmol"


def test_a_definition_is_valid_alone(spine: Job) -> None:
    assert_valid_alone(spine)


def test_a_definition_alone_is_at_rest(spine: Job) -> None:
    """Its inputs stand at the values of the baseline, so that it stays where the synapse rests."""
    parsed = read(spine)
    definition = parsed.getPlugin("comp").getModelDefinition("calcineurin")
    runner = roadrunner.RoadRunner(alone(definition))
    private = [n for n in runner.model.getFloatingSpeciesIds() if not n.startswith("CaM_")]
    assert len(private) == 10
    moving = engine.rates(runner, private)
    assert max(map(abs, moving.values())) < 1e-9
    runner.setValue("[Ca]", 1.0)
    assert max(map(abs, engine.rates(runner, private).values())) > 1e-6


def test_ids_tell_what_is_private(spine: Job) -> None:
    parsed = document.read(flattened(spine))
    species = {each.getId() for each in parsed.getModel().getListOfSpecies()}
    assert {"Ca", "CaM_C2N2", "calcineurin__CaN", "calmodulin__Ng"} <= species
    assert {"CaN", "Ng"} & species == set()


def test_an_absent_pathway_is_no_submodel(tmp_path: Path) -> None:
    made = job(SPINE.without("calcineurin"), None, tmp_path)
    parsed = read(made)
    submodels = parsed.getModel().getPlugin("comp").getListOfSubmodels()
    assert [each.getId() for each in submodels] == ["calcium", "calmodulin"]


def test_a_clamp_is_at_the_top(tmp_path: Path) -> None:
    made = job(SPINE.with_(kn.clamp("CaN_active", "0.3 uM")), PAIRING, tmp_path)
    parsed = read(made)
    held = parsed.getModel().getParameter("CaN_active")
    assert (held.getConstant(), held.getValue()) == (True, 0.3)
    definition = parsed.getPlugin("comp").getModelDefinition("calcineurin")
    assert definition.getRule("CaN_active") is None


def test_files_are_the_same_each_time(spine: Job, tmp_path: Path) -> None:
    again = job(SPINE, PAIRING, tmp_path)
    assert again.path.read_text("utf-8") == spine.path.read_text("utf-8")


def refused(model: object, path: Path) -> str:
    made = Job(SPINE, PAIRING, path, 60.0)
    vars(made)["model"] = model
    with pytest.raises(ExportError) as why:
        modular.write(made)
    assert not path.exists()
    return str(why.value)


def test_what_libsbml_finds_is_refused(spine: Job, tmp_path: Path) -> None:
    """An initial assignment stays at the top, where the pathway's own number is not known."""
    parsed = document.read(spine.model.source.document)
    assignment = parsed.getModel().createInitialAssignment()
    assignment.setSymbol("NMDAR_open")
    assignment.setMath(libsbml.parseL3Formula("CaN_on*clock"))
    source = replace(spine.model.source, document=document.write(parsed), states={}, begins={})
    initial = {n: v for n, v in spine.model.initial.items() if n != "NMDAR_open"}
    said = refused(replace(spine.model, source=source, initial=initial), tmp_path / "wrong.xml")
    assert "synapse cannot be written with submodels: Error" in said
