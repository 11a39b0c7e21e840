"""SBML of other levels says the same and runs the same; what it cannot say is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libsbml
import numpy as np
import pytest
import roadrunner

import kinaptic as kn
from kinaptic.errors import ExportError
from kinaptic.sbml import document, engine
from kinaptic.sbml.export import levels, levels_l2
from kinaptic.sbml.export.formats import Job

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPINE = kn.Synapse.of("calcium", "calmodulin")
WAVEFORM = kn.Waveform(
    [0.0, 0.05, 0.2, 1.0], [0.07, 1.5, 0.6, 0.07], unit="uM", time_unit="s", max_step="1 s"
)
PROTOCOLS: dict[str, kn.Protocol | kn.Waveform | None] = {
    "rest": None,
    "pairing": kn.stdp("-10 ms", pairs=3, rate="1 Hz"),
    "coincident": kn.stdp("0 ms", pairs=2, rate="1 Hz"),
    "bursts": kn.theta_burst(bursts=2),
    "list": kn.spikes(pre=[0, 0.5, 0.7], post=[0.51]),
    "composed": kn.tetanus("100 Hz", "0.1 s") + kn.gap("1 s") + kn.low_frequency("1 Hz", pulses=2),
    "recorded": WAVEFORM,
    "step": kn.depolarization("1 s", to="0 mV"),
}
LEVELS = {"sbml-l3v1": (3, 1), "sbml-l2v4": (2, 4)}
TIMES = [0.0, 5.0, *(10.00317 + np.linspace(0.0, 4.0, 20))]


def exported(job: Job, to: str) -> str:
    {"sbml-l3v1": levels.l3v1, "sbml-l2v4": levels.l2v4}[to](job)
    return job.path.read_text("utf-8")


def course(sbml: str, names: list[str] | None = None) -> tuple[list[str], NDArray[np.float64]]:
    """Return the states of a model and their course, concentrations of species."""
    runner = roadrunner.RoadRunner(sbml)
    engine.set_tolerance(runner, 1e-11)  # so that what integration adds is less than 1e-9
    model = runner.model
    count = model.getNumRateRules() + model.getNumFloatingSpecies()
    names = names or [model.getStateVectorId(i) for i in range(count)]
    species = set(model.getFloatingSpeciesIds())
    runner.timeCourseSelections = ["time", *(f"[{n}]" if n in species else n for n in names)]
    return names, np.array(runner.simulate(times=TIMES))[:, 1:]


def assert_alike(sbml: str, other: str) -> None:
    names, there = course(sbml)
    _, here = course(other, names)
    assert np.ptp(there, axis=0).max() > 0
    np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-12)


def elements(model: libsbml.Model) -> Iterator[libsbml.SBase]:
    for kind in (
        model.getListOfCompartments(),
        model.getListOfSpecies(),
        model.getListOfParameters(),
        model.getListOfReactions(),
        model.getListOfEvents(),
    ):
        yield from kind


def meanings(model: libsbml.Model) -> dict[str, tuple[Any, ...]]:
    """Return what every element says of itself: name, SBO term, notes, identifiers."""
    return {
        each.getId(): (
            each.getName(),
            each.getSBOTermID(),
            "".join(each.getNotesString().split()),
            [each.getCVTerm(i).getResources().getValue(j) for i in range(each.getNumCVTerms())
             for j in range(each.getCVTerm(i).getNumResources())],
        )
        for each in elements(model)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("to", "protocol"),
    [
        *(("sbml-l3v1", each) for each in ("pairing", "recorded")),
        *(("sbml-l2v4", each) for each in PROTOCOLS),
    ],
)
def test_libsbml_finds_nothing(to: str, protocol: str, tmp_path: Path) -> None:
    text = exported(Job(SPINE, PROTOCOLS[protocol], tmp_path / "spine.xml", 60.0), to)
    assert document.problems(text) == []
    parsed = document.read(text)
    assert (parsed.getLevel(), parsed.getVersion()) == LEVELS[to]


@pytest.mark.parametrize(
    ("to", "protocol"),
    [("sbml-l3v1", "list"), *(("sbml-l2v4", each) for each in ("coincident", "recorded", "step"))],
)
def test_it_runs_the_same(to: str, protocol: str, tmp_path: Path) -> None:
    job = Job(SPINE, PROTOCOLS[protocol], tmp_path / "spine.xml", 60.0)
    assert_alike(job.model.sbml, exported(job, to))


def test_a_whole_synapse_in_level_2(tmp_path: Path) -> None:
    job = Job(kn.Synapse.preset("ca1"), PROTOCOLS["pairing"], tmp_path / "ca1.xml", 60.0)
    assert document.problems(exported(job, "sbml-l2v4")) == []


PERTURBED = {
    "null pathway": (kn.knockout("pka"),),
    "clamps": (kn.clamp("cAMP", "0.1 uM"), kn.clamp("CaN_active", "0.2 uM", acute=True)),
    "drugs": (kn.drug("AM251", "2 uM"), kn.drug("L-NAME", "100 uM"), kn.inhibit("CaMKII", by=0.5)),
}


@pytest.mark.slow
@pytest.mark.parametrize("to", LEVELS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("preset", ["ca1", "l5", "l23", "striatum"])
def test_all_presets(preset: str, protocol: str, to: str, tmp_path: Path) -> None:
    job = Job(kn.Synapse.preset(preset), PROTOCOLS[protocol], tmp_path / "made.xml", 60.0)
    text = exported(job, to)
    assert document.problems(text) == []
    assert_alike(job.model.sbml, text)


@pytest.mark.slow
@pytest.mark.parametrize("to", LEVELS)
@pytest.mark.parametrize("perturbation", PERTURBED)
def test_perturbed(perturbation: str, to: str, tmp_path: Path) -> None:
    synapse = kn.Synapse.preset("ca1").with_(*PERTURBED[perturbation])
    job = Job(synapse, PROTOCOLS["pairing"], tmp_path / "made.xml", 60.0)
    text = exported(job, to)
    assert document.problems(text) == []
    assert_alike(job.model.sbml, text)


@pytest.mark.parametrize("to", LEVELS)
def test_it_says_the_same(to: str, tmp_path: Path) -> None:
    job = Job(SPINE, PROTOCOLS["list"], tmp_path / "spine.xml", 60.0)
    flat, made = document.read(job.model.sbml), document.read(exported(job, to))
    there, here = meanings(flat.getModel()), meanings(made.getModel())
    added = here.keys() - there.keys()
    assert all(name.startswith("level_2_") for name in added)
    assert bool(added) == (to == "sbml-l2v4")
    assert {name: here[name] for name in there} == there
    model = made.getModel()
    assert model.getSBOTermID() == "SBO:0000062"
    assert model.getAnnotation().getChild("origin").getAttrValue("synapse") == "synapse"
    papers = [model.getCVTerm(i).getNumResources() for i in range(model.getNumCVTerms())]
    assert papers == [flat.getModel().getCVTerm(0).getNumResources()]
    assert "Publications behind the numbers" in model.getNotesString()


def unit(element: libsbml.SBase) -> list[str]:
    return sorted(libsbml.UnitDefinition.printUnits(element.getDerivedUnitDefinition(), True).split(", "))


@pytest.mark.parametrize("to", LEVELS)
def test_units_are_the_same(to: str, tmp_path: Path) -> None:
    job = Job(SPINE, PROTOCOLS["recorded"], tmp_path / "spine.xml", 60.0)
    flat, made = document.read(job.model.sbml), document.read(exported(job, to))
    there, here = flat.getModel(), made.getModel()
    for name in meanings(there):
        if there.getReaction(name) is None and there.getEvent(name) is None:
            assert unit(here.getElementBySId(name)) == unit(there.getElementBySId(name)), name
    assert unit(here.getReaction(0).getKineticLaw()) == ["(1 second)^-1", "(1e-21 mole)^1"]
    if to == "sbml-l2v4":  # there a model's own units are definitions of these ids
        printed = libsbml.UnitDefinition.printUnits
        found = {u: printed(here.getUnitDefinition(u), True) for u in ("substance", "volume", "time")}
        assert found == {"substance": "(1e-21 mole)^1", "volume": "(1e-15 litre)^1", "time": "(1 second)^1"}
    else:
        assert (here.getSubstanceUnits(), here.getExtentUnits()) == ("zmol", "zmol")
        assert (here.getVolumeUnits(), here.getTimeUnits()) == ("fL", "second")


@pytest.mark.parametrize("to", LEVELS)
def test_events_see_values_at_their_execution(to: str, tmp_path: Path) -> None:
    job = Job(SPINE, PROTOCOLS["pairing"], tmp_path / "spine.xml", 60.0)
    made = document.read(exported(job, to))
    event = made.getModel().getEvent("stim_1")
    assert not event.getUseValuesFromTriggerTime()
    if to == "sbml-l2v4":
        assert libsbml.formulaToL3String(event.getDelay().getMath()) == levels_l2.DELAY
        assert made.getModel().getParameter(levels_l2.DELAY).getValue() == 0
    else:
        assert (event.getTrigger().getInitialValue(), event.getTrigger().getPersistent()) == (False, True)
        assert not event.isSetDelay()


def test_numbers_with_units_have_names_in_level_2(tmp_path: Path) -> None:
    job = Job(SPINE, PROTOCOLS["recorded"], tmp_path / "spine.xml", 60.0)
    text = exported(job, "sbml-l2v4")
    literals = set(re.findall(r'<cn[^>]* sbml:units="(\w+)"[^>]*> (\S+) </cn>', job.model.sbml))
    assert {unit for unit, _ in literals} == {"s_unit", "uM_per_s", "one_unit"}
    parsed = document.read(text)
    numbers = [p for p in parsed.getModel().getListOfParameters() if p.getId().startswith(levels_l2.NUMBER)]
    found = sorted((p.getUnits(), p.getValue()) for p in numbers)
    assert found == sorted({(unit, float(value)) for unit, value in literals})
    assert all(p.getConstant() and p.isSetNotes() and p.isSetSBOTerm() for p in numbers)
    assert 'sbml:units="' not in text


def test_creators(tmp_path: Path) -> None:
    """Level 3 Version 1 has vCard 3; Level 2 asks for dates, so that it has notes."""
    job = Job(SPINE, None, tmp_path / "spine.xml", 60.0)
    text = exported(job, "sbml-l3v1")
    assert "<vCard:Family>Kinaptic developers</vCard:Family>" in text
    assert "<vCard:Given>The</vCard:Given>" in text
    assert "vCard4:" not in text.replace("xmlns:vCard4=", "")
    parsed = document.read(exported(job, "sbml-l2v4"))
    assert not parsed.getModel().isSetModelHistory()
    assert "The creator, The Kinaptic developers, is named here" in parsed.getModel().getNotesString()


@pytest.mark.parametrize("to", LEVELS)
def test_files_are_the_same_each_time(to: str, tmp_path: Path) -> None:
    job = Job(SPINE, PROTOCOLS["list"], tmp_path / "spine.xml", 60.0)
    assert exported(job, to) == exported(replace(job, path=tmp_path / "again.xml"), to)


def altered(path: Path, change: str, by: str) -> Job:
    """Return a job whose model's document is another."""
    job = Job(SPINE, PROTOCOLS["pairing"], path, 60.0)
    source = job.model.source
    text, count = re.subn(change, by, source.document, count=1)
    assert count == 1
    made = Job(job.synapse, job.protocol, path, 60.0)
    vars(made)["model"] = replace(job.model, source=replace(source, document=text))
    return made


def test_an_event_that_is_due_at_once_is_refused(tmp_path: Path) -> None:
    """Level 2 cannot hold it back; it is due as soon as its trigger asks for a clock below the next spike."""
    job = altered(tmp_path / "spine.xml", r"<geq/>(\s*<ci> clock </ci>\s*<ci> pre_1_next </ci>)", r"<leq/>\1")
    said = refused(levels.l2v4, job)
    assert said.startswith("event stim_1 is due at time 0")
    assert "export the model as 'sbml-l3v1'" in said
    levels.l3v1(job)


def refused(write: Callable[[Job], None], job: Job) -> str:
    with pytest.raises(ExportError) as why:
        write(job)
    assert not job.path.exists()
    return str(why.value)


def test_what_a_level_cannot_say_is_refused(tmp_path: Path) -> None:
    job = altered(tmp_path / "spine.xml", 'persistent="true"', 'persistent="false"')
    said = refused(levels.l2v4, job)
    assert said.startswith(
        "synapse cannot be written as SBML Level 2 Version 4: Non persistent events are not"
    )
    rate_of = (
        '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/rateOf"> rateOf </csymbol>'
    )
    rule = r'(variable="Ca4CaM">\s*<math[^>]*>\s*)(<ci> CaM_C2N2 </ci>)'
    said = refused(levels.l3v1, altered(job.path, rule, rf"\1<apply>{rate_of}\2</apply>"))
    assert "Level 3 Version 1: SBML Level 3 Version 2 introduced a number of new MathML elements" in said
    assert "assignmentRule with variable 'Ca4CaM'" in said


def test_what_conversion_adds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What libSBML finds in the model already is no reason."""
    job = Job(SPINE, None, tmp_path / "spine.xml", 60.0)
    said = {2: ["Warning 1 line 1: old", "Warning 2 line 2: new"], 3: ["Warning 1 line 7: old"]}
    monkeypatch.setattr(document, "problems", lambda text: said[document.read(text).getLevel()])
    levels.l3v1(job)
    job.path.unlink()
    assert "Level 2 Version 4: Warning 2 line 2: new. Nothing was written" in refused(levels.l2v4, job)
