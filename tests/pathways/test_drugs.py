"""Drugs by name: the table fits the catalogue, a dose becomes numbers, the same by every road."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import kinaptic as kn
from kinaptic.cli import app
from kinaptic.errors import PerturbationError, ProvenanceError, UnitError, UnknownName
from kinaptic.pathways import drug_table, drugs, drugs_page
from kinaptic.pathways.catalogue import enzymes, pathway, pathways
from kinaptic.pathways.drug_table import Action, Drug
from kinaptic.pathways.parameters import Parameter

TABLE = drug_table.drugs()
EVERY = tuple(name for name, each in pathways().items() if not each.replaces)
PAIRINGS = "stdp(delay='10 ms', pairs=2, rate='5 Hz')"


def numbers(names: tuple[str, ...] = EVERY) -> dict[str, Parameter]:
    return {n: p for name in names for n, p in pathway(name).parameters.items()}


def made(given: kn.Perturbation, names: tuple[str, ...] = EVERY) -> dict[str, float]:
    """Return what a drug makes of the numbers of some pathways, relative to what they were."""
    found, own = drugs.effects(given, numbers(names), names), numbers(names)
    return {n: effect.value / (own[n].value or float("nan")) for n, effect in found.items()}


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


# ---- The table
@pytest.mark.parametrize("name", TABLE)
def test_every_target_exists(name: str) -> None:
    entry = TABLE[name]
    assert not entry.loads or entry.loads in pathways()
    for action in entry.actions:
        assert drugs.homes(action.target), f"nothing is called {action.target}"
        changed = drugs.acted_on(action, EVERY)
        assert changed, f"{action.target} has no activity"
        for number in (*changed, *action.sets, *filter(None, [action.spares])):
            assert numbers()[number].value is not None, f"{number} is derived"


@pytest.mark.parametrize("name", TABLE)
def test_every_drug_acts_at_its_usual_dose_and_not_at_none(name: str) -> None:
    own = {n: p.value for n, p in numbers().items()}
    usual = drugs.effects(kn.drug(name, TABLE[name].dose), numbers(), EVERY)
    chief = drugs.acted_on(TABLE[name].actions[0], EVERY)
    if not TABLE[name].loads:
        assert all(usual[n].value != own[n] for n in chief)
    none = drugs.effects(kn.drug(name, "0 uM"), numbers(), EVERY)
    assert {n: effect.value for n, effect in none.items()} == {n: own[n] for n in none}


def test_a_target_is_an_enzyme_where_there_is_one() -> None:
    """KN-62 takes T286 along with an activity, ifenprodil a share of the NMDA receptors' conductance."""
    targets = enzymes(EVERY)
    lone = {each.activity[0] for each in targets.values() if len(each.activity) == 1}
    named = {action.target for entry in TABLE.values() for action in entry.actions}
    assert (named & lone) - targets.keys() == {"NMDAR_conductance", "T286_rate"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "give one of Ki, IC50, EC50 and per_uM"),
        ({"Ki": "1 uM", "IC50": "1 uM"}, "give one of"),
        ({"Ki": "1 uM"}, "competitive antagonist has a Ki"),
        ({"IC50": "1 uM", "mechanism": "competitive"}, "competitive antagonist has a Ki"),
        ({"Ki": "1 uM", "mechanism": "competitive", "hill": 2}, "slope 1"),
        ({"EC50": "1 uM", "fold": 2}, "activator has an EC50"),
        ({"EC50": "1 uM", "mechanism": "activator"}, "either fold or adds"),
        ({"IC50": "1 uM", "adds": 1}, "either fold or adds"),
        ({"IC50": "0 uM"}, "IC50 must be positive"),
        ({"IC50": "1 uM", "source": "Nobody1999, abstract"}, "unknown BibTeX key"),
        ({"IC50": "1 uM", "source": "assumed: so"}, "does not say why"),
    ],
)
def test_a_wrong_entry_is_refused(entry: dict[str, object], message: str) -> None:
    good = {"target": "PKA", "mechanism": "non-competitive", "source": "assumed: for this test"}
    with pytest.raises(ValueError, match=message):
        Action.model_validate(good | entry)


def test_two_drugs_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = TABLE["H-89"]
    monkeypatch.setattr(drug_table, "drugs", lambda: {"H-89": entry, "h 89": entry})
    drug_table._names.cache_clear()
    with pytest.raises(ProvenanceError, match="h 89 stands for H-89 and for h 89"):
        drug_table.called("H-89")
    drug_table._names.cache_clear()


# ---- Doses
@pytest.mark.parametrize(
    ("name", "dose", "expected"),
    [
        ("AM251", "1 uM", {"CB1R_activity": 1 / (1 + 1000 / 7.49)}),
        ("AM251", "7.49 nM", {"CB1R_activity": 0.5}),
        ("MPEP", "36 nM", {"mGluR5_on_Glu": 0.5}),
        ("okadaic acid", "19 nM", {"PP1_activity": 0.5, "I1_kcat_PP2A": 1 / 96, "PP1_pre_activity": 0.5}),
        ("KN-62", "8.1 uM", {"CaMKII_activity": 0.1, "T286_rate": 0.1}),
        ("H-89", "0.135 uM", {"PKA_activity": 0.5, "PKA_pre_activity": 0.5}),
        ("FK506", "30 nM", {"CaN_activity": 0.5, "CaN_pre_activity": 0.5}),
        ("AP5", "1.4 uM", {"NMDAR_binding": 0.5, "preNMDAR_binding": 0.5}),
        ("MK-801 pre", "10 uM", {"preNMDAR_flux": 0.5}),
        ("MK-801 post", "10 uM", {"NMDAR_conductance": 0.5}),
        ("MK-801", "33 nM", {"preNMDAR_flux": 0.5, "NMDAR_conductance": 0.5}),
        ("anisomycin", "20 uM", dict.fromkeys(enzymes(EVERY)["protein_synthesis"].activity, 0.15)),
        ("forskolin", "25 uM", {"AC2_kcat": 18, "AC2_kcat_Gs": 18, "AC_pre_rate": 18}),
    ],
)
def test_a_dose_becomes_factors(name: str, dose: str, expected: dict[str, float]) -> None:
    found = made(kn.drug(name, dose))
    assert {n: found[n] for n in expected} == pytest.approx(expected, rel=0.02)
    assert set(found) - set(expected) <= {"CaN_activity", "CaN_pre_activity"}  # okadaic acid at much more


def test_slope_and_what_the_highest_dose_leaves() -> None:
    action = Action(
        target="PKA", mechanism="irreversible", IC50="1 uM", hill=2, floor=0.2, source="assumed: for a test"
    )
    assert [action.factor(d) for d in (0, 1, 3, 1e9)] == pytest.approx([1, 0.6, 0.28, 0.2])


def test_kn62_spares_what_autophosphorylation_made_autonomous() -> None:
    assert "CaMKII_autonomous_activity" in numbers()
    assert set(made(kn.drug("KN-62", "10 uM"))) == {"CaMKII_activity", "T286_rate"}


def test_ifenprodil_takes_the_share_of_GluN2B() -> None:
    own, found = numbers(), drugs.effects(kn.drug("ifenprodil", "1 mM"), numbers(), EVERY)
    share, whole = (found[n].value for n in ("NMDAR_2A_share", "NMDAR_conductance"))
    share_0, whole_0 = (own[n].value or 0 for n in ("NMDAR_2A_share", "NMDAR_conductance"))
    assert share * whole == pytest.approx(share_0 * whole_0)  # GluN2A as it was
    assert (1 - share) * whole == pytest.approx(0.1 * (1 - share_0) * whole_0, rel=0.01)


def test_scavengers_and_agonists_add_to_a_number() -> None:
    def added(name: str, dose: str, number: str) -> float:
        return drugs.effects(kn.drug(name, dose), numbers(), EVERY)[number].value

    assert added("carboxy-PTIO", "100 uM", "NO_scavenging") == pytest.approx(1)
    assert added("BDNF", "50 ng/ml", "BDNF_bath") == pytest.approx(50e-3 / 27)
    assert added("TrkB-Fc", "5 ug/ml", "TrkB_Fc") == pytest.approx(50)
    assert added("isoproterenol", "0.1 uM", "Gs_active") == pytest.approx(0.5)


def test_mass_in_a_volume_is_for_drugs_of_known_mass() -> None:
    assert kn.drug("BDNF", "27 ng/ml") == kn.drug("BDNF", "1 nM")
    with pytest.raises(UnitError, match="expected a quantity in uM"):
        kn.drug("AM251", "1 ug/ml")


# ---- Names, values, refusals
@pytest.mark.parametrize("name", ["AM251", "am251", "AM-251", "am 251"])
def test_names_are_found_however_written(name: str) -> None:
    assert kn.drug(name, "1000 nM") == kn.drug("AM251", "1 uM")
    assert hash(kn.drug(name, "0.001 mM")) == hash(kn.drug("AM251", "1 uM"))


@pytest.mark.parametrize(
    ("alias", "name"),
    [("cPTIO", "carboxy-PTIO"), ("mk801 PRE", "MK-801 pre"), ("APV", "AP5"), ("jzl-184", "JZL184")],
)
def test_aliases(alias: str, name: str) -> None:
    assert kn.drug(alias, "1 uM").target == name


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (kn.drug("AM251", "1000 pM", acute=False), "AM251 1 nM"),
        (kn.drug("am251", "1 uM"), "AM251 1 uM, from the start of the run"),
        (kn.drug("AM251", "7.49 nM", acute=False), "AM251 7.49 nM"),
        (kn.drug("BAPTA", "10 mM"), "BAPTA 10 mM"),
        (kn.drug("AM251", "0 nM"), "AM251 0 uM, from the start of the run"),
        (kn.drug("TrkB-Fc", "0.24 ng/ml"), "TrkB-Fc 1 pM, from the start of the run"),
    ],
)
def test_a_drug_prints_itself(given: kn.Perturbation, text: str) -> None:
    assert str(given) == text


@pytest.mark.parametrize(
    ("name", "dose", "error", "message"),
    [
        ("AM25", "1 uM", UnknownName, "unknown drug 'AM25': did you mean AM251"),
        ("carboxyptoi", "1 uM", UnknownName, "did you mean carboxy-PTIO"),
        ("dizocilpin", "1 uM", UnknownName, "did you mean dizocilpine"),
        ("AM251", None, PerturbationError, r"drug\('AM251'\) lacks a dose; usual in slices is '1 uM'"),
        ("AM251", "-1 uM", PerturbationError, r"drug\('AM251', '-1 uM'\): a dose cannot be negative"),
        ("AM251", "1", UnitError, r"drug\('AM251', …\): '1' has no unit"),
        ("AM251", 1, UnitError, "has no unit; write '1 uM'"),
        ("AM251", "1 mV", UnitError, "is in mV; expected a quantity in uM"),
        ("AM251", "nan uM", UnitError, "not a finite number"),
        ("AM251", "inf uM", UnitError, "not a finite number"),
    ],
)
def test_what_is_no_dose_is_refused(
    name: str, dose: str | int | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kn.drug(name, dose)


# ---- In a synapse
def test_the_numbers_tell_what_was_done(ca1: kn.Synapse) -> None:
    told = ca1.with_(kn.drug("H-89", "10 uM")).numbers(acute=True)["PKA_activity"]
    assert told.note.endswith("H-89 10 uM: PKA activity x 0.0133; was 1")
    assert "inhibitor (H-89)" in told.source


def test_drugs_multiply_with_each_other_and_with_inhibitors(ca1: kn.Synapse) -> None:
    one = ca1.with_(kn.drug("okadaic acid", "4.5 uM")).values(acute=True)["CaN_activity"]
    two = ca1.with_(
        kn.drug("okadaic acid", "4.5 uM"), kn.drug("FK506", "30 nM"), kn.inhibit("CaN_activity", 0.5)
    )
    assert two.values(acute=True)["CaN_activity"] == pytest.approx(one / 4)


def test_acute_or_before_the_baseline(ca1: kn.Synapse) -> None:
    for acute, before in ((True, 1.0), (False, 0.5)):
        synapse = ca1.with_(kn.drug("H-89", "135 nM", acute=acute))
        assert synapse.values(acute=False)["PKA_activity"] == pytest.approx(before)
        assert synapse.values(acute=True)["PKA_activity"] == pytest.approx(0.5)


def test_a_drug_needs_its_chief_target_and_only_that(ca1: kn.Synapse) -> None:
    with pytest.raises(
        PerturbationError, match="preNMDAR of pathway bouton, which this synapse does not have"
    ):
        kn.Synapse.of("calmodulin", Ca="1 uM").with_(kn.drug("MK-801 pre", "1 mM"))
    with pytest.raises(PerturbationError, match="okadaic acid acts on PP1 of pathway darpp32 or pp1"):
        ca1.without("pp1").with_(kn.drug("okadaic acid", "1 uM"))
    postsynaptic = kn.Synapse.of("calcium").with_(kn.drug("MK-801", "20 uM"))
    assert "preNMDAR_flux" not in postsynaptic.values(acute=True)


def test_what_a_drug_cannot_do_without() -> None:
    found = [drugs.chief(p) for p in (kn.drug("AP5", "1 uM"), kn.drug("EGTA", "1 mM"), kn.inhibit("PKA"))]
    assert found == ["NMDAR_binding", "Ca_NMDAR", "PKA"]


def test_a_drug_is_given_once(ca1: kn.Synapse) -> None:
    with pytest.raises(PerturbationError, match=r"H-89 1 uM, .* was given already; give one dose"):
        ca1.with_(kn.drug("H-89", "1 uM"), kn.drug("H89", "2 uM"))
    with pytest.raises(PerturbationError, match="BAPTA 1 mM was given already, and there is one pathway"):
        ca1.with_(kn.drug("BAPTA", "1 mM"), kn.drug("EGTA", "1 mM"))


def test_a_chelator_comes_with_the_pipette(ca1: kn.Synapse) -> None:
    loaded = ca1.with_(kn.drug("EGTA", "2 mM"))
    assert loaded.pathways == (*ca1.pathways, "buffer")
    for acute in (False, True):
        values = loaded.values(acute=acute)
        found = [values[n] for n in ("Buffer_total", "Buffer_on", "Buffer_Kd")]
        assert found == pytest.approx([2000, 2.7, 0.18])
    assert ca1.with_(kn.drug("EGTA", "0 mM")).pathways == ca1.pathways
    with pytest.raises(PerturbationError, match="comes with the pipette"):
        kn.drug("BAPTA", "10 mM", acute=True)
    with pytest.raises(PerturbationError, match="BAPTA acts on Ca_NMDAR of pathway calcium"):
        kn.Synapse.of("calmodulin", Ca="1 uM").with_(kn.drug("BAPTA", "10 mM"))


def test_a_chelator_of_one_s_own_is_given_the_dose() -> None:
    own = kn.Synapse.of("calcium", "buffer", Buffer_total="1 mM").with_(kn.drug("BAPTA", "5 mM"))
    assert own.pathways == ("calcium", "buffer")
    assert own.values(acute=True)["Buffer_total"] == pytest.approx(5000)
    spine = kn.Synapse.of("calcium", "buffer")
    with pytest.raises(PerturbationError, match="needs the pathway buffer, which was taken out"):
        spine.without("buffer").with_(kn.drug("EGTA", "5 mM"))


def test_recorded_calcium_leaves_nothing_for_a_chelator(ca1: kn.Synapse) -> None:
    import numpy as np

    time = np.arange(0, 2000, 2.0)
    trace = kn.Waveform(time, 70 + 900 * np.exp(-np.abs(time - 300) / 60), unit="nM", time_unit="ms")
    for given in (kn.drug("BAPTA", "10 mM"), kn.drug("AP5", "50 uM")):
        with pytest.raises(PerturbationError, match="calcium"):
            kn.simulate(ca1.with_(given), trace, until="5 s")


def test_calcium_answers_to_drugs() -> None:
    """AP5 at 50 uM leaves 3 % of NMDA receptors' calcium, BAPTA little of any, nothing is left as it was."""
    spine, pair = kn.Synapse.of("calcium"), kn.stdp("10 ms", 1, rate="1 Hz")

    def peak(*given: kn.Perturbation, of: str) -> float:
        traces = kn.simulate(spine.with_(*given), pair, until="11 s").traces
        return float((traces[of] - traces[of].iloc[0]).max())

    assert peak(kn.drug("AP5", "50 uM"), of="Ca_NMDAR") < 0.06 * peak(of="Ca_NMDAR")
    assert peak(kn.drug("BAPTA", "10 mM"), of="Ca") < 0.05 * peak(of="Ca")
    assert peak(kn.drug("AP5", "0 uM"), of="Ca") == peak(of="Ca")


# ---- The same by every road
def test_python_the_command_line_and_the_file_agree(ca1: kn.Synapse, tmp_path: Path) -> None:
    file = tmp_path / "blocked.xml"
    given = ("--drug", "h-89=10 uM", "--drug", "FK506='1 uM'")
    done = CliRunner().invoke(app, ["export", "ca1", str(file), "-p", PAIRINGS, *given])
    assert done.exit_code == 0, done.output
    synapse = ca1.with_(kn.drug("H-89", "10 uM"), kn.drug("FK506", "1 uM"))
    text = file.read_text("utf-8")
    assert text == synapse.sbml(kn.stdp("10 ms", 2, rate="5 Hz"))
    assert "FK506 1 uM: calcineurin activity x 0.0291; was 1" in text


def test_a_dose_that_is_missing_on_the_command_line() -> None:
    done = CliRunner().invoke(app, ["check", "ca1", "--drug", "H-89"])
    assert done.exit_code == 2
    assert "lacks a dose; usual in slices is '10 uM'" in " ".join(done.stderr.split())


def test_the_table_is_listed() -> None:
    everything = CliRunner().invoke(app, ["drugs"]).stdout
    assert all(name in everything for name in TABLE)
    one = CliRunner().invoke(app, ["drugs", "tetrahydrolipstatin"]).stdout
    for text in ("THL: ", "Also: ", "DAGL", "endocannabinoid", "IC50 60 nM", "at 10 µM", "Szabo2006"):
        assert text in one
    assert CliRunner().invoke(app, ["drugs", "AM25"]).exit_code == 2


def test_a_drug_s_paper_is_cited() -> None:
    spine = kn.Synapse.of("calcium")
    new = set(spine.with_(kn.drug("MK-801", "1 uM")).cite().splitlines()) - set(spine.cite().splitlines())
    assert [line.partition("]")[0] for line in new] == ["[Lowe1990"]


def test_the_page_is_what_the_table_says(checkout: Path) -> None:
    assert (checkout / "docs" / "drugs.md").read_text("utf-8") == drugs_page.page()


def test_an_entry_needs_an_action() -> None:
    with pytest.raises(ValueError, match="at least 1 item"):
        Drug.model_validate({"title": "does nothing", "dose": "1 uM", "actions": []})
