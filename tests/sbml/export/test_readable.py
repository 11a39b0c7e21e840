"""Antimony text reads back as the very model, and tells what it has lost."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import antimony
import libsbml
import numpy as np
import pytest
import roadrunner

import kinaptic as kn
from kinaptic.errors import ExportError
from kinaptic.sbml import document, engine
from kinaptic.sbml.export import readable
from kinaptic.sbml.export.formats import Job

SPINE = kn.Synapse.of("calcium", "calmodulin")
WAVEFORM = kn.Waveform([0.0, 0.05, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s")
PROTOCOLS: dict[str, kn.Protocol | kn.Waveform | None] = {
    "rest": None,
    "pairing": kn.stdp("-10 ms", pairs=2, rate="1 Hz"),
    "list": kn.spikes(pre=[0, 0.5], post=[0.51]),
    "recorded": WAVEFORM,
    "step": kn.depolarization("1 s", to="0 mV"),
}
TIMES = [0.0, 5.0, *(10.00317 + np.linspace(0.0, 3.0, 12))]


def written(synapse: kn.Synapse, protocol: kn.Protocol | kn.Waveform | None, folder: Path) -> Job:
    made = Job(synapse, protocol, folder / "model.ant", 60.0)
    readable.write(made)
    return made


def back(made: Job) -> str:
    return document.to_sbml(made.path.read_text("utf-8"))


def course(sbml: str) -> dict[str, Any]:
    """Return the course of every state (concentrations of species) by its id."""
    runner = roadrunner.RoadRunner(sbml)
    engine.set_tolerance(runner, 1e-11)  # so that what integration adds is less than 1e-9
    model = runner.model
    species = set(model.getFloatingSpeciesIds())
    names = [model.getStateVectorId(i) for i in range(model.getNumRateRules() + len(species))]
    runner.timeCourseSelections = ["time", *(f"[{n}]" if n in species else n for n in names)]
    return dict(zip(names, np.array(runner.simulate(times=TIMES)).T[1:], strict=True))


def said(element: libsbml.SBase) -> tuple[Any, ...]:
    """Return what an element says of itself; a name that is the id itself says nothing."""
    name = "" if element.getName() == element.getId() else element.getName()
    notes = "".join(re.sub(r"<[^>]*>", "", element.getNotesString()).split())
    papers = [
        element.getCVTerm(i).getResources().getValue(j)
        for i in range(element.getNumCVTerms())
        for j in range(element.getCVTerm(i).getNumResources())
    ]
    return element.getElementName(), name, element.getSBOTermID(), notes, papers


def meanings(model: libsbml.Model) -> dict[str, tuple[Any, ...]]:
    kinds = (
        model.getListOfCompartments(),
        model.getListOfSpecies(),
        model.getListOfParameters(),
        model.getListOfReactions(),
        model.getListOfEvents(),
    )
    return {each.getId(): said(each) for kind in kinds for each in kind}


def numbers(model: libsbml.Model) -> dict[str, tuple[Any, ...]]:
    """Return value, unit and whether it is held, of everything that has a value."""
    found = {p.getId(): (p.getValue(), p.getUnits(), p.getConstant()) for p in model.getListOfParameters()}
    found |= {c.getId(): (c.getSize(), c.getUnits(), c.getConstant()) for c in model.getListOfCompartments()}
    for s in model.getListOfSpecies():
        held = (s.getConstant(), s.getBoundaryCondition())
        found[s.getId()] = (s.getInitialConcentration(), s.getCompartment(), held)
    return {name: tuple(map(str, entry)) for name, entry in found.items()}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_it_reads_back(protocol: str, tmp_path: Path) -> None:
    made = written(SPINE, PROTOCOLS[protocol], tmp_path)
    text = back(made)
    assert document.problems(text) == []
    flat, again = document.read(made.model.sbml), document.read(text)
    there, here = flat.getModel(), again.getModel()
    assert meanings(here) == meanings(there)
    assert numbers(here) == numbers(there)
    for event in there.getListOfEvents():
        other = here.getEvent(event.getId())
        assert other.getUseValuesFromTriggerTime() is event.getUseValuesFromTriggerTime() is False
        assert other.getTrigger().getInitialValue() is event.getTrigger().getInitialValue() is False
        assert other.getTrigger().getPersistent() is event.getTrigger().getPersistent() is True


@pytest.mark.parametrize("protocol", ["list", "recorded", "step"])
def test_it_runs_the_same(protocol: str, tmp_path: Path) -> None:
    made = written(SPINE, PROTOCOLS[protocol], tmp_path)
    there, here = course(made.model.sbml), course(back(made))
    assert here.keys() == there.keys()
    for name, expected in there.items():
        np.testing.assert_allclose(here[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["ca1", "l5", "l23", "striatum"])
def test_all_presets(preset: str, tmp_path: Path) -> None:
    made = written(kn.Synapse.preset(preset), PROTOCOLS["pairing"], tmp_path)
    text = back(made)
    assert document.problems(text) == []
    flat, again = document.read(made.model.sbml), document.read(text)
    assert meanings(again.getModel()) == meanings(flat.getModel())
    assert numbers(again.getModel()) == numbers(flat.getModel())
    there, here = course(made.model.sbml), course(text)
    for name, expected in there.items():
        np.testing.assert_allclose(here[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


def test_units_are_kept(tmp_path: Path) -> None:
    made = written(SPINE, PROTOCOLS["recorded"], tmp_path)
    flat, again = document.read(made.model.sbml), document.read(back(made))
    there, here = flat.getModel(), again.getModel()
    printed = libsbml.UnitDefinition.printUnits
    for unit in there.getListOfUnitDefinitions():
        assert printed(here.getUnitDefinition(unit.getId()), True) == printed(unit, True)
    for model in (there, here):
        assert (model.getSubstanceUnits(), model.getExtentUnits()) == ("zmol", "zmol")
        assert (model.getVolumeUnits(), model.getTimeUnits()) == ("fL", "second")


def test_the_header_tells_what_it_is(tmp_path: Path) -> None:
    made = written(SPINE.with_(kn.edit("distance", "80 um")), PROTOCOLS["pairing"], tmp_path)
    lines = made.path.read_text("utf-8").splitlines()
    header = lines[: lines.index("")]
    assert all(line.startswith("// ") for line in header)
    version = kn.__version__
    assert header[:5] == [
        f"// synapse, written by Kinaptic {version} (The Kinaptic developers). Licence: Apache-2.0.",
        "// Pathways: calcium, calmodulin.",
        "// Done to it, in order: distance set to 80 um.",
        "// Protocol: 2 pairings at 1 Hz, post 10 ms before pre.",
        "// Units: s, fL, zmol; concentrations are in uM.",
    ]


def test_the_header_tells_of_what_is_absent(tmp_path: Path) -> None:
    made = written(SPINE.without("calmodulin"), None, tmp_path)
    header = made.path.read_text("utf-8")
    assert "// Pathways: calcium.\n// Knocked out: calmodulin.\n" in header
    assert "// Protocol: No stimulation.\n" in header


def test_what_is_lost_is_said(tmp_path: Path) -> None:
    """If Antimony learns to keep one of these, the header has to change."""
    made = written(SPINE, None, tmp_path)
    flat, again = document.read(made.model.sbml), document.read(back(made))
    there, here = flat.getModel(), again.getModel()
    header = made.path.read_text("utf-8")
    assert "// It loses metaids, the creator's name and the annotation that programs read" in header
    assert there.getSpecies("Ca").getMetaId() == "meta_Ca" != here.getSpecies("Ca").getMetaId()
    assert there.getModelHistory().getCreator(0).getName() == "The Kinaptic developers"
    assert "The Kinaptic developers" not in here.getAnnotationString()
    assert "urn:kinaptic:origin" in there.getAnnotationString()
    assert "urn:kinaptic:origin" not in here.getAnnotationString()


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    made = written(SPINE, PROTOCOLS["list"], tmp_path)
    first = made.path.read_text("utf-8")
    readable.write(made)
    assert made.path.read_text("utf-8") == first


def refused(made: Job) -> str:
    with pytest.raises(ExportError) as why:
        readable.write(made)
    assert not made.path.exists()
    return str(why.value)


def test_what_antimony_cannot_read_is_refused(tmp_path: Path) -> None:
    made = Job(SPINE, None, tmp_path / "model.ant", 60.0)
    vars(made)["model"] = replace(made.model)
    vars(made.model)["sbml"] = "<sbml>no model</sbml>"
    assert "synapse cannot be written as Antimony: " in refused(made)


def test_what_does_not_come_back_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Job(SPINE, None, tmp_path / "model.ant", 60.0)
    original = antimony.getAntimonyString
    for new, why in (("Ngx", "with another, Ng, Ngx"), ("1Ng", "not valid Antimony")):
        monkeypatch.setattr(
            antimony, "getAntimonyString", lambda m, new=new: re.sub(r"\bNg\b", new, original(m))
        )
        assert why in refused(made)
