"""Ids are promises to scripts: none goes or changes its kind, all can be read, and all are identified.

``ids.txt`` lists them by kind. A *parameter* can be set; a *variable* is a parameter that a rule sets.
Run this file to list new ones: ``python tests/sbml/test_ids.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import libsbml
import pytest

import kinaptic as kn
from kinaptic.pathways.citations import doi
from kinaptic.pathways.presets import presets
from kinaptic.sbml import document
from kinaptic.sbml.built import PROTOCOL
from kinaptic.sbml.model import Model
from kinaptic.version import __version__

LIST = Path(__file__).with_name("ids.txt")
COMMAND = "python tests/sbml/test_ids.py"
PROTOCOLS: dict[str, kn.Protocol | kn.Waveform | None] = {
    "rest": None,
    "pairing": PROTOCOL,
    "bursts": kn.theta_burst(),
    "list": kn.spikes(pre=[0, 0.5, 0.7], post=[0.51]),
    "recorded": kn.Waveform([0.0, 0.05, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s"),
    "step": kn.depolarization("5 s", to="0 mV"),
}
PERTURBATIONS: dict[str, kn.Perturbation | None] = {
    "untouched": None,
    "pathway": kn.knockout("pka"),
    "enzyme": kn.inhibit("CaMKII", by=0.9),
    "drug": kn.drug("AM251", "2 uM"),
    "clamp": kn.clamp("cAMP", "0.1 uM"),
}
SPINE = kn.Synapse.of("calcium", "calmodulin", "buffer")
OF_SPINE: dict[str, kn.Perturbation | None] = {
    "untouched": None,
    "pathway": kn.knockout("buffer"),
    "enzyme": kn.knockout("neurogranin"),
    "drug": kn.drug("AP5", "50 uM"),
    "clamp": kn.clamp("CaM_C2N2", "1 uM"),
}
READABLE = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")
RESOURCE = re.compile(
    r"https://identifiers\.org/("
    r"uniprot:([A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2}|[OPQ][0-9][A-Z0-9]{3}[0-9])"
    r"|CHEBI:\d+|GO:\d{7}|doi:10\.\d{4,9}/\S+)"
)
DOI = "https://identifiers.org/doi:"
Ids = dict[tuple[str, str], list[str]]  # kind and id: the presets that have it


def children(elements: libsbml.ListOf) -> list[libsbml.SBase]:
    return [elements.get(i) for i in range(elements.size())]


def named(model: libsbml.Model) -> list[tuple[str, libsbml.SBase]]:
    """Return everything that has an id in the namespace of formulas, with its kind."""
    ruled = {rule.getVariable() for rule in children(model.getListOfRules())}
    parameters = children(model.getListOfParameters())
    return [
        *(("compartment", each) for each in children(model.getListOfCompartments())),
        *(("species", each) for each in children(model.getListOfSpecies())),
        *(("variable" if each.getId() in ruled else "parameter", each) for each in parameters),
        *(("reaction", each) for each in children(model.getListOfReactions())),
        *(("event", each) for each in children(model.getListOfEvents())),
    ]


def found() -> Ids:
    """Return the ids of all presets with pairings."""
    ids: Ids = {}
    for preset in presets():
        parsed = document.read(kn.Synapse.preset(preset).sbml(PROTOCOL))
        for kind, each in named(parsed.getModel()):
            ids.setdefault((kind, each.getId()), []).append(preset)
    return ids


def listed() -> Ids:
    """Return the ids of the list."""
    lines = LIST.read_text("utf-8").splitlines() if LIST.exists() else []
    parts = (line.partition(": ") for line in lines)
    return {(head.split()[0], head.split()[1]): tail.split() for head, _, tail in parts}


def add(new: Ids) -> int:
    """Add to the list what is not on it; return how much that is."""
    known = listed()
    all_of_them = {key: sorted({*known.get(key, []), *new.get(key, [])}) for key in {**known, **new}}
    lines = [f"{kind} {name}: {' '.join(where)}\n" for (kind, name), where in sorted(all_of_them.items())]
    LIST.write_text("".join(lines), encoding="utf-8")
    return len(lines) - len(known)


@pytest.fixture(scope="module")
def ids() -> Ids:
    return found()


# ---- Promises
def test_no_id_is_gone_or_of_another_kind(ids: Ids) -> None:
    kinds = {(name, preset): kind for (kind, name), where in ids.items() for preset in where}
    gone = [
        f"{kind} {name} of {preset} is {f'a {now} now' if (now := kinds.get((name, preset))) else 'gone'}"
        for (kind, name), where in listed().items()
        for preset in where
        if preset not in ids.get((kind, name), [])
    ]
    assert not gone, (
        f"scripts may use {len(gone)} ids: {'; '.join(gone[:10])}. Bring them back; or, if that has to be, "
        f"take them out of {LIST.name} and tell it in CHANGELOG.md"
    )


def test_every_id_is_listed(ids: Ids) -> None:
    known = listed()
    new = [" ".join(key) for key, where in ids.items() if set(where) - set(known.get(key, []))]
    assert not new, f"{len(new)} ids are not in {LIST.name}: {', '.join(new[:10])}; add them by {COMMAND}"


def test_ids_that_are_gone_or_new_are_found(
    ids: Ids, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = LIST.read_text("utf-8").splitlines(keepends=True)
    changed = [
        line.replace("parameter Glu_tau", "species Glu_tau") for line in lines if " weight:" not in line
    ]
    path = tmp_path / "ids.txt"
    path.write_text("".join([*changed, "reaction bind_A: l5\n"]), encoding="utf-8")
    monkeypatch.setattr(f"{__name__}.LIST", path)
    with pytest.raises(
        AssertionError, match=r"species Glu_tau of ca1 is a parameter now; .*bind_A of l5 is gone"
    ):
        test_no_id_is_gone_or_of_another_kind(ids)
    with pytest.raises(AssertionError, match=r"2 ids .*(Glu_tau|weight), .*; add them by python tests/sbml"):
        test_every_id_is_listed(ids)
    assert add(ids) == 2
    test_every_id_is_listed(ids)
    assert set(lines) < set(path.read_text("utf-8").splitlines(keepends=True))


def test_ids_are_those_of_python() -> None:
    """What one reads in a file is what one writes in a script."""
    synapse = kn.Synapse.preset("ca1")
    run = kn.simulate(synapse, PROTOCOL, until="12 s", engine="ensemble", samples=[11.0])
    model = run.model
    parsed = document.read(model.sbml)
    kinds = {each.getId(): kind for kind, each in named(parsed.getModel())}
    settable = {name for name, kind in kinds.items() if kind in ("parameter", "compartment")}
    assert settable <= model.parameters.keys()
    added = model.parameters.keys() - set(synapse.parameters.index)
    rest = {"release_mean_rest", "weight_post_rest"}
    drive = {"protocol_start", "clock_speed", "counter_drift", "spike_tolerance"}
    assert added == rest | drive | {f"stim_1_{what}" for what in ("start", "rate", "bursts", "delay")}
    assert set(run.traces.columns) <= kinds.keys()
    assert {kinds[name] for name in run.traces.columns} <= {"species", "variable"}
    clocks = {"clock", "spikes_pre", "spikes_post", "pre_1_burst", "post_1_burst"}
    assert model.initial.keys() | clocks == model.source.states.keys() <= kinds.keys()


# ---- Identities
def complaints(sbml: str) -> list[str]:
    """Return what of a file cannot be read by people or told by programs."""
    parsed = document.read(sbml)
    model = parsed.getModel()
    wrong = []
    for kind, each in named(model):
        name = f"{kind} {each.getId()}"
        if not READABLE.fullmatch(each.getId()):
            wrong.append(f"{name}: the id is not readable")
        if kind in ("parameter", "variable", "compartment") and not each.isSetUnits():
            wrong.append(f"{name} has no unit")
        if kind == "species" and not (each.isSetSubstanceUnits() or model.isSetSubstanceUnits()):
            wrong.append(f"{name} has no unit")
        if kind != "event" and not each.isSetSBOTerm():
            wrong.append(f"{name} has no SBO term")
        if kind in ("species", "reaction", "compartment"):
            resources = [uri for term in terms(each) for uri in resources_of(term)]
            if not resources or not all(RESOURCE.fullmatch(uri) for uri in resources):
                wrong.append(f"{name} has the identifiers {resources}")
    return wrong


def terms(element: libsbml.SBase) -> list[libsbml.CVTerm]:
    return [element.getCVTerm(i) for i in range(element.getNumCVTerms())]


def resources_of(term: libsbml.CVTerm) -> list[str]:
    return [term.getResourceURI(i) for i in range(term.getNumResources())]


def origin_complaints(sbml: str, made: Model) -> list[str]:
    """Return what a file does not tell about where it comes from."""
    assert made.origin is not None
    synapse = made.origin.synapse
    parsed = document.read(sbml)
    model = parsed.getModel()
    annotation, notes = model.getAnnotationString(), model.getNotesString()
    wanted = {DOI + found for key in made.sources if (found := doi(key))}
    papers = {
        uri
        for term in terms(model)
        if term.getModelQualifierType() == libsbml.BQM_IS_DESCRIBED_BY
        for uri in resources_of(term)
    }
    steps = [str(each) for each in synapse.perturbations]
    told = {
        "creator": model.isSetModelHistory() and model.getModelHistory().getNumCreators() > 0,
        "licence": 'licence="Apache-2.0"' in annotation and "Licence: Apache-2.0" in notes,
        "publications": papers == wanted != set(),
        "version": f'version="{__version__}"' in annotation and f"Kinaptic {__version__}" in notes,
        "synapse": f'synapse="{synapse.name}"' in annotation and model.getName() == synapse.name,
        "protocol": "<protocol>" in annotation and "Protocol: " in notes,
        "history": all(
            f"<step>{step}</step>" in annotation and f"<li>{step}</li>" in notes for step in steps
        ),
    }
    return [what for what, is_told in told.items() if not is_told]


def check(synapse: kn.Synapse, stimulus: str, perturbation: kn.Perturbation | None) -> None:
    changed = synapse.with_(perturbation) if perturbation else synapse
    made = changed.model(PROTOCOLS[stimulus])
    assert complaints(made.sbml) == []
    assert origin_complaints(made.sbml, made) == []


@pytest.mark.parametrize("preset", presets())
def test_everything_of_a_preset_is_identified(preset: str) -> None:
    check(kn.Synapse.preset(preset), "pairing", None)


@pytest.mark.parametrize("stimulus", PROTOCOLS)
@pytest.mark.parametrize("done", OF_SPINE)
def test_everything_is_identified_whatever_is_done(stimulus: str, done: str) -> None:
    if (stimulus, done) != ("recorded", "drug"):  # where calcium is given, there is no receptor to block
        check(SPINE, stimulus, OF_SPINE[done])


@pytest.mark.slow
@pytest.mark.parametrize("preset", presets())
@pytest.mark.parametrize("stimulus", PROTOCOLS)
@pytest.mark.parametrize("done", PERTURBATIONS)
def test_everything_of_a_preset_is_identified_whatever_is_done(preset: str, stimulus: str, done: str) -> None:
    check(kn.Synapse.preset(preset), stimulus, PERTURBATIONS[done])


def test_what_is_not_identified_is_found() -> None:
    made = kn.Synapse.preset("ca1").with_(kn.knockout("T286")).model()
    parsed = document.read(made.sbml)
    model = parsed.getModel()
    model.getSpecies("Glu").unsetCVTerms()
    model.getSpecies("cAMP").unsetSBOTerm()
    model.getParameter("Glu_tau").unsetUnits()
    model.getCompartment("spine").unsetUnits()
    model.getReaction("clear_Glu").getCVTerm(0).addResource("https://identifiers.org/GO:12")
    model.getParameter("one").setId("one__")
    assert complaints(document.write(parsed)) == [
        "compartment spine has no unit",
        "species Glu has the identifiers []",
        "species cAMP has no SBO term",
        "parameter Glu_tau has no unit",
        "parameter one__: the id is not readable",
        "reaction clear_Glu has the identifiers ['https://identifiers.org/GO:0009056', "
        "'https://identifiers.org/GO:12', 'https://identifiers.org/doi:10.1126/science.1359647']",
    ]
    model.unsetModelHistory()
    model.unsetCVTerms()
    model.setName("mine")
    text = document.write(parsed).replace("Apache-2.0", "none").replace("step>", "did>")
    assert origin_complaints(text, made) == ["creator", "licence", "publications", "synapse", "history"]


if __name__ == "__main__":
    print(f"{add(found())} ids added to {LIST}")  # noqa: T201
