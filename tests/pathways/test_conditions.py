"""Ages and diseases: they fit what they name, their numbers carry their source, and nothing else passes."""

from __future__ import annotations

from pathlib import Path

import pytest

import kinaptic as kn
from kinaptic.errors import KinapticError, ProvenanceError, UnknownName
from kinaptic.pathways import calls
from kinaptic.pathways import conditions as module
from kinaptic.pathways.conditions import condition, conditions
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml.build import baseline

PLACES = [(name, preset) for name, each in conditions().items() for preset in each.presets]


def test_there_are_ages_and_diseases() -> None:
    assert {"aged", "juvenile", "amyloid", "fragile_x", "huntington", "dopamine_depleted"} <= set(
        conditions()
    )
    for each in conditions().values():
        assert each.title
        assert each.summary.endswith(".")
        assert each.presets
        assert each.changes
        assert len({change.target for change in each.changes}) == len(each.changes)


@pytest.mark.parametrize(("name", "preset"), PLACES)
def test_it_multiplies_the_numbers_of_each_preset_that_it_names(name: str, preset: str) -> None:
    plain = kn.Synapse.preset(preset)
    changed = plain.with_(*condition(name))
    before, after = plain.parameters, changed.parameters
    factors = {change.target: change.factor for change in conditions()[name].changes}
    for target, factor in factors.items():
        assert before["value"][target] > 0, f"{target} is 0, so that a factor does nothing"
        assert after["value"][target] == pytest.approx(factor * before["value"][target], rel=1e-12)
    given = [n for n, p in plain.numbers(acute=True).items() if p.formula is None and n not in factors]
    assert after["value"][given].equals(before["value"][given])


@pytest.mark.parametrize(("name", "preset"), PLACES)
def test_its_numbers_carry_their_source(name: str, preset: str) -> None:
    changed = kn.Synapse.preset(preset).with_(*condition(name))
    cited = changed.cite()
    for change in conditions()[name].changes:
        row = changed.parameters.loc[change.target]
        assert row["source"] == f"{change.source}; condition {name}"
        assert "was " in row["note"]
        key = Parameter(value=1, unit="1", source=change.source).key
        if key is not None:
            assert f"[{key}]" in cited
            assert changed.numbers(acute=True)[change.target].key == key


def test_who_found_it_is_cited_and_only_there() -> None:
    plain = kn.Synapse.preset("ca1")
    aged = plain.with_(*condition("aged"))
    for key in ("Thibault1996", "Oh2013", "Norris2010"):
        assert f"[{key}]" in aged.cite()
        assert f"[{key}]" not in plain.cite()


@pytest.mark.parametrize(
    ("name", "up", "down"),
    [
        ("aged", {"VGCC_L_conductance", "Ca_buffer_capacity", "CaN_activity"}, set()),
        ("amyloid", {"Glu_tau", "CaN_activity"}, set()),
        ("fragile_x", {"translation_activity"}, {"DAGL_kcat"}),
        ("huntington", set(), {"MEK_TrkB", "Akt_TrkB"}),
        ("huntington_late", set(), {"BDNF_granules"}),
        ("dopamine_depleted", set(), {"DAGL_kcat"}),
        ("juvenile", {"GluN2B_total"}, {"NMDAR_2A_share"}),
    ],
)
def test_numbers_go_where_their_sources_say(name: str, up: set[str], down: set[str]) -> None:
    factors = {change.target: change.factor for change in conditions()[name].changes}
    assert {n for n, f in factors.items() if f > 1} == up
    assert {n for n, f in factors.items() if f < 1} == down


def test_the_current_of_a_young_synapse_and_its_places_for_camkii_agree() -> None:
    """GluN2B_total follows the share of GluN2B, as the note says."""
    old, young = (s.parameters["value"] for s in (kn.Synapse.preset("ca1"), _young()))
    share = (1 - young["NMDAR_2A_share"]) / (1 - old["NMDAR_2A_share"])
    assert young["GluN2B_total"] / old["GluN2B_total"] == pytest.approx(share, rel=1e-6)


def _young() -> kn.Synapse:
    return kn.Synapse.preset("ca1").with_(*condition("juvenile"))


@pytest.mark.parametrize("name", conditions())
def test_it_is_there_before_the_baseline(name: str) -> None:
    assert not any(each.acute for each in condition(name))
    assert {each.kind for each in condition(name)} == {"overexpress"}


@pytest.mark.parametrize(
    ("name", "state", "more"),
    [("aged", "CaN_active", True), ("fragile_x", "AG2", False), ("juvenile", "GluN2B_out", True)],
)
def test_a_condition_moves_the_baseline(name: str, state: str, more: bool) -> None:
    plain = kn.Synapse.preset("ca1")
    runs = [kn.simulate(s, until="1 s", engine="ensemble") for s in (plain, plain.with_(*condition(name)))]
    first, other = (
        float(r.traces[state].iloc[0]) if state in r.traces else dict(r.model.initial)[state] for r in runs
    )
    assert (other > 1.05 * first) if more else (other < 0.95 * first)
    assert runs[1].weight.iloc[0] == pytest.approx(1, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "preset"), PLACES)
def test_every_one_has_a_baseline(name: str, preset: str) -> None:
    state, strengths = baseline(kn.Synapse.preset(preset).with_(*condition(name)))
    assert min(strengths.values()) > 0
    below = {key for key, value in state.items() if value < -1e-9 and not key.startswith("V_")}
    assert below <= {"psd_growth"}  # a change: calcineurin at rest keeps the head a little smaller
    assert abs(state["psd_growth"]) < 1e-3


def test_it_is_a_genotype_of_a_scan() -> None:
    """As several perturbations in a row are; what the table calls it can be read again."""
    plain = kn.Synapse.preset("ca1")
    both = (*condition("aged"), kn.knockout("PKA"))
    genotypes = [None, condition("aged"), both]
    over = {"genotype": genotypes}
    table = kn.scan(plain, None, over, until="1 s", readouts="CaN_active at rest", progress=False).table
    assert table["status"].eq("ok").all()
    for (_, row), genotype in zip(table.iterrows(), genotypes, strict=True):
        run = kn.simulate(plain.with_(*(genotype or ())), until="1 s", engine="ensemble")
        assert row["CaN_active at rest"] == pytest.approx(float(run.traces["CaN_active"].iloc[0]), rel=1e-6)
        read = calls.perturbations(row["genotype"])
        assert [(p.kind, p.target, p.factor) for p in read] == [
            (p.kind, p.target, p.factor) for p in genotype or ()
        ]
    assert table["genotype"][0] == "wild type"
    assert table["CaN_active at rest"][1] > 1.05 * table["CaN_active at rest"][0]


def test_it_is_read_as_a_call() -> None:
    assert calls.perturbations("condition('aged')") == condition("aged")
    assert calls.perturbations("knockout('PKA') + kn.condition(name='huntington_late')") == (
        kn.knockout("PKA"),
        *condition("huntington_late"),
    )
    with pytest.raises(UnknownName, match="unknown condition 'age': did you mean aged"):
        calls.perturbations("condition('age')")
    with pytest.raises(KinapticError, match=r"missing a required argument: 'name'; it is condition\(name\)"):
        calls.perturbations("condition()")


def test_an_unknown_one_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown condition 'age': did you mean aged"):
        condition("age")


def test_it_does_not_fit_a_synapse_that_lacks_its_pathway() -> None:
    with pytest.raises(KinapticError, match="belongs to pathway"):
        kn.Synapse.of("calmodulin", Ca="1 uM").with_(*condition("aged"))


ONE = """x: {{title: t, summary: s., presets: [{preset}], changes: [
    {{target: {target}, factor: {factor}, source: "{source}"}}
]}}"""
GOOD = {"preset": "ca1", "target": "Glu_tau", "factor": "2", "source": "Li2009, abstract"}


def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put `text` in place of the conditions."""
    path = tmp_path / "conditions.yaml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "_FILE", path)
    conditions.cache_clear()


@pytest.fixture(autouse=True)
def _afresh() -> object:
    yield None
    conditions.cache_clear()


def test_a_good_one_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, monkeypatch, ONE.format(**GOOD))
    (done,) = condition("x")
    assert (done.target, done.factor, done.source) == ("Glu_tau", 2.0, "Li2009, abstract; condition x")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"factor": "0"}, ProvenanceError, r"conditions.yaml: x: changes.0.factor: .*greater than 0"),
        ({"factor": "-2"}, ProvenanceError, "greater than 0"),
        ({"factor": ".inf"}, ProvenanceError, "finite"),
        ({"factor": "much"}, ProvenanceError, "changes.0.factor"),
        ({"source": "somewhere"}, ProvenanceError, "neither 'BibKey"),
        ({"source": "Nobody1999, abstract"}, ProvenanceError, "unknown BibTeX key"),
        ({"source": "Li2009"}, ProvenanceError, "does not say where"),
        ({"source": "assumed: so"}, ProvenanceError, "does not say why"),
        ({"source": "derived: from all of the others"}, ProvenanceError, "only a formula is derived"),
        ({"target": "Glu_tua"}, UnknownName, "did you mean Glu_tau"),
        ({"preset": "ca3"}, UnknownName, "unknown preset 'ca3'"),
    ],
)
def test_a_wrong_one_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    error: type[KinapticError],
    message: str,
) -> None:
    written(tmp_path, monkeypatch, ONE.format(**GOOD | change))
    with pytest.raises(error, match=message):
        conditions()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x: {title: t, presets: [ca1], changes: []}", "x: summary: Field required"),
        ("x: {title: t, summary: s, presets: [ca1], changes: [{target: Glu_tau, factor: 2}]}", "source"),
        ("x: {title: t, summary: s, presets: [ca1], changes: [], colour: red}", "colour: Extra inputs"),
        ("x: 3\nx: 4", "given twice"),
    ],
)
def test_a_malformed_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    written(tmp_path, monkeypatch, text)
    with pytest.raises(ProvenanceError, match=message):
        conditions()
