"""A synapse is a value; what does not fit it is refused at the door, with the way out."""

from __future__ import annotations

import re

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.errors import KinapticError, ModelError, PerturbationError, UnitError, UnknownName


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


def test_synapses_are_values(ca1: kn.Synapse) -> None:
    assert ca1 == kn.Synapse.preset("ca1")
    assert hash(ca1) == hash(kn.Synapse.preset("ca1"))
    other = ca1.with_(kn.knockout("T286"))
    assert other != ca1
    assert ca1.perturbations == ()
    with pytest.raises(AttributeError):
        ca1.name = "mine"  # type: ignore[misc]


def test_a_synapse_prints_itself(ca1: kn.Synapse) -> None:
    made = ca1.with_(kn.inhibit("camkii", by=0.8), kn.clamp("Ca", "0.1 uM"))
    assert str(made) == (
        "ca1: calcium, calmodulin, calcineurin, camkii, pp1, pka, ampar, plc, endocannabinoid, "
        "nitric_oxide, bdnf, consolidation, bouton, cell_activity, nmdar_exchange, excitability, "
        "spine_size, scaling, sleep; camkii inhibited by 80%, from the start of the run; "
        "Ca clamped at 0.1 uM"
    )
    assert "Ca held at 1 uM" in str(kn.Synapse.of("calmodulin", Ca="1 uM"))


def test_unmet_inputs_are_listed_with_the_remedy() -> None:
    with pytest.raises(ModelError) as refused:
        kn.Synapse.of("calmodulin", "calcineurin", "pka")
    message = str(refused.value)
    assert "inputs are unmet" in message
    assert "Ca (free calcium in the spine), from pathway calcium" in message
    assert 'Ca="… uM"' in message
    with pytest.raises(ModelError, match=r"PP1 .*from pathway darpp32 or pp1"):
        kn.Synapse.of("calmodulin", "camkii", Ca="0.1 uM")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: kn.Synapse.preset("ca2"), UnknownName, "unknown preset 'ca2': did you mean ca1"),
        (lambda: kn.Synapse.preset("ca1", distanse="9 um"), UnknownName, "did you mean distance"),
        (lambda: kn.Synapse.preset("ca1", distance=150), UnitError, "has no unit; write '150 um'"),
        (lambda: kn.Synapse.preset("ca1", distance="150 mV"), UnitError, "expected a quantity in um"),
        (
            lambda: kn.Synapse.preset("ca1", bAP_delay="2 ms"),
            ModelError,
            "bAP_delay is derived .*follows from",
        ),
        (lambda: kn.Synapse.of(), ModelError, "names no pathway"),
        (lambda: kn.Synapse.of("calmodulim", Ca="1 uM"), UnknownName, "did you mean calmodulin"),
        (lambda: kn.Synapse.of("calmodulin", Ca=1), UnitError, "has no unit; write '1 uM'"),
        (
            lambda: kn.Synapse.of("calmodulin", Ca="1 uM", CaM_totl="9 uM"),
            UnknownName,
            "did you mean CaM_total",
        ),
        (lambda: kn.Synapse.of("calmodulin", Ca="1 uM", PP1="9 uM"), UnknownName, "unknown parameter 'PP1'"),
    ],
)
def test_what_does_not_fit_is_refused(make: object, error: type[Exception], message: str) -> None:
    assert callable(make)
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("perturbation", "error", "message"),
    [
        (kn.knockout("pk"), UnknownName, "did you mean PKI or PKG or PKC"),
        (
            kn.knockout("darpp32"),
            PerturbationError,
            "belongs to pathway darpp32, which this synapse does not have",
        ),
        (kn.inhibit("calcium"), PerturbationError, "is no enzyme; give one of its enzymes: NMDAR, "),
        (kn.inhibit("bAP_delay"), PerturbationError, "is derived"),
        (kn.overexpress("bAP_delay", 2), PerturbationError, "is derived"),
        (kn.edit("T286_ratee", "6 1/s"), UnknownName, "did you mean T286_rate"),
        (kn.edit("T286_rate", "6 uM"), UnitError, "expected a quantity in 1/s"),
        (kn.edit("bAP_delay", "6 ms"), PerturbationError, "is derived"),
        (kn.clamp("CamP", "1 uM"), UnknownName, "did you mean cAMP"),
        (kn.clamp("cAMP", "1 mV"), UnitError, "expected a quantity in uM"),
    ],
)
def test_perturbations_that_do_not_apply_are_refused_at_once(
    ca1: kn.Synapse, perturbation: kn.Perturbation, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ca1.with_(perturbation)


def test_a_clamp_of_what_nobody_gives_or_takes_is_refused() -> None:
    with pytest.raises(PerturbationError, match="nothing in this synapse gives or takes cAMP"):
        kn.Synapse.of("calmodulin", Ca="1 uM").with_(kn.clamp("cAMP", "1 uM"))
    with pytest.raises(PerturbationError, match=r"give perturbations, such as kn\.knockout"):
        kn.Synapse.of("calmodulin", Ca="1 uM").with_("pka")  # type: ignore[arg-type]


def test_a_held_input_can_be_clamped_elsewhere() -> None:
    synapse = kn.Synapse.of("calmodulin", Ca="1 uM").with_(kn.clamp("Ca", "300 nM"))
    assert synapse.values(acute=True)["Ca"] == pytest.approx(0.3)


def test_settings_take_the_place_of_the_pathways_own() -> None:
    own, far = kn.Synapse.preset("ca1"), kn.Synapse.preset("ca1", distance="0.2 mm", calcium_out="1.8 mM")
    assert far.values(acute=True)["distance"] == pytest.approx(200)
    assert far.values(acute=True)["calcium_out"] == pytest.approx(1800)
    assert own.values(acute=True)["distance"] != 200
    table = far.parameters
    assert table.loc["distance", "source"] == "assumed: set by the user of the model"
    assert table.loc["distance", "note"] == "0.2 mm"
    made = kn.Synapse.of("calmodulin", Ca="1 uM", CaM_total="5 uM")
    assert made.values(acute=True)["CaM_total"] == 5


def test_a_null_pathway_gives_neutral_values(ca1: kn.Synapse) -> None:
    null = ca1.without("pka")
    assert "pka" not in null.pathways
    assert null.absent == ("pka",)
    assert null.values(acute=True)["PKA_active"] == 0
    assert "AC1_total" not in null.values(acute=True)
    assert ca1.with_(kn.knockout("pka")).values(acute=True) == null.values(acute=True)
    with pytest.raises(UnknownName, match="unknown pathway of this synapse 'pka'"):
        null.without("pka")
    with pytest.raises(UnknownName, match="unknown pathway 'pkaa': did you mean pka"):
        ca1.without("pkaa")
    with pytest.raises(ModelError, match="leaves no pathway"):
        kn.Synapse.of("calmodulin", Ca="1 uM").without("calmodulin")


def test_perturbations_are_applied_in_order(ca1: kn.Synapse) -> None:
    twice = ca1.with_(kn.overexpress("CaMKII", 3), kn.overexpress("CaMKII", 0.5))
    own = ca1.values(acute=True)["CaMKII_total"]
    assert twice.values(acute=True)["CaMKII_total"] == pytest.approx(1.5 * own)
    last = ca1.with_(kn.overexpress("CaMKII", 3), kn.edit("CaMKII_total", "7 uM"))
    assert last.values(acute=True)["CaMKII_total"] == 7
    with pytest.raises(
        PerturbationError, match="PKA belongs to pathway pka, which this synapse does not have"
    ):
        ca1.with_(kn.knockout("pka"), kn.inhibit("PKA"))


def test_notes_tell_what_was_done(ca1: kn.Synapse) -> None:
    table = ca1.with_(kn.inhibit("calcineurin", by=0.75), kn.edit("T286_rate", "5 1/s")).parameters
    assert table.loc["CaN_activity", "value"] == pytest.approx(0.25)
    assert str(table.loc["CaN_activity", "note"]).endswith(
        "calcineurin inhibited by 75%, from the start of the run; was 1"
    )
    assert table.loc["T286_rate", "source"] == "assumed: set by the user of the model"
    assert "T286_rate set to 5 1/s; was" in str(table.loc["T286_rate", "note"])


def test_what_is_acute_is_not_in_the_baseline(ca1: kn.Synapse) -> None:
    made = ca1.with_(kn.inhibit("PKA"), kn.clamp("cAMP", "1 uM", acute=True), kn.knockout("PDE4"))
    before, after = made.values(acute=False), made.values(acute=True)
    assert after["PKA_activity"] == pytest.approx(0.1 * before["PKA_activity"])
    assert before["PDE4_total"] == after["PDE4_total"] == 0
    assert made.clamps(acute=False) == ()
    assert made.clamps(acute=True) == ("cAMP",)


def test_the_table_of_parameters_is_complete(ca1: kn.Synapse) -> None:
    table = ca1.parameters
    assert list(table.columns) == ["value", "unit", "source", "note"]
    assert table.index.name == "parameter"
    assert table.index.is_unique
    assert np.all(np.isfinite(table["value"].astype(float)))
    assert (table["source"].str.len() > 5).all()
    assert table.loc["CaM_Kd_C1", "note"] == "= CaM_off_C1/CaM_on_C1"
    values = table["value"]
    assert values["CaM_Kd_C1"] == pytest.approx(values["CaM_off_C1"] / values["CaM_on_C1"])


def test_references_can_be_pasted(ca1: kn.Synapse) -> None:
    lines = ca1.cite().splitlines()
    assert lines == sorted(lines)
    assert any(re.fullmatch(r"\[Pepke2010\] Pepke et al\. \(2010\) .*\. doi:10\.\S+", line) for line in lines)
    used = {key for p in ca1.numbers(acute=True).values() if (key := p.key)}
    assert len(lines) == len(used)


def test_errors_are_kinaptics_own() -> None:
    for error in (ModelError, PerturbationError, UnitError, UnknownName):
        assert issubclass(error, KinapticError)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # tellurium's own
def test_tellurium_opens_the_model(ca1: kn.Synapse) -> None:
    """At the second spike a single absolute tolerance would be nothing, and CVODE would give up."""
    opened = ca1.with_(kn.knockout("bdnf")).to_tellurium(kn.stdp("10 ms", pairs=2, rate="1 Hz"))
    found = opened.simulate(0, 20, 3, ["time", "weight", "spikes_pre"])
    assert found[-1][2] == 2


def test_pathways_can_be_added(ca1: kn.Synapse) -> None:
    more = ca1.also("buffer")
    assert more.pathways == (*ca1.pathways, "buffer")
    assert "Buffer_occupied" in more.model().readouts
    with pytest.raises(ModelError, match=r"also\('pka'\): the pathway is there already"):
        ca1.also("pka")
    with pytest.raises(ModelError, match=r"also\('pka'\): the pathway is knocked out"):
        ca1.without("pka").also("pka")
    with pytest.raises(UnknownName, match="unknown pathway 'bufer': did you mean buffer"):
        ca1.also("bufer")


def test_what_is_shown_is_short(ca1: kn.Synapse) -> None:
    run = kn.simulate(ca1, kn.stdp("10 ms", pairs=1, rate="1 Hz"), until="30 s", engine="ensemble")
    assert repr(run) == "<Run: ca1, 1 pairing at 1 Hz, post 10 ms after pre, 0.5 min>"
    assert repr(ca1) == f"<Synapse {ca1}>"
    assert repr(run.clone("1 s")).endswith("post 10 ms after pre' on>")
    assert repr(run.model).startswith("<Model of ca1: ")
