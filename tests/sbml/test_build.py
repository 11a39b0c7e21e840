"""From a synapse and a protocol to a model: structure shared, numbers apart, baseline first."""

from __future__ import annotations

import re
from typing import Any

import libsbml
import numpy as np
import pytest

import kinaptic as kn
from kinaptic.errors import ModelError, PerturbationError
from kinaptic.pathways.catalogue import pathway
from kinaptic.sbml import build, engine, equilibrium, structure
from kinaptic.sbml.assemble import assemble, declared_species
from kinaptic.sbml.model import Model

PAIRING = kn.stdp("10 ms", pairs=2, rate="1 Hz")
CALCIUM = kn.Waveform([0.0, 0.1, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s")


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


def test_models_that_differ_in_numbers_share_a_structure(ca1: kn.Synapse) -> None:
    one = ca1.model(PAIRING)
    for other in (
        ca1.model(kn.stdp("-25 ms", pairs=60, rate="5 Hz")),
        ca1.with_(kn.inhibit("camkii"), kn.edit("distance", "20 um")).model(PAIRING),
        kn.Synapse.preset("l5").model(PAIRING),
    ):
        assert other.source is one.source
        assert other.digest != one.digest


def test_a_model_starts_at_its_baseline(ca1: kn.Synapse) -> None:
    model = ca1.model(PAIRING)
    state, strengths = build.baseline(ca1)
    assert {f"{port}_rest": model.values[f"{port}_rest"] for port in strengths} == {
        f"{port}_rest": strength for port, strength in strengths.items()
    }
    assert {name: model.initial[name] for name in state} == state
    clock = {"clock", "spikes_pre", "spikes_post", "pre_1_burst", "post_1_burst"}
    assert set(model.source.states) == set(state) | clock
    assert all(value >= 0 for value in state.values())
    runner = engine.prepare(model.structure, model.values)
    engine.set_state(runner, model.initial)
    assert engine.state(runner, ("weight",)) == {"weight": pytest.approx(1, abs=1e-12)}


def test_many_models_are_what_each_is_alone(ca1: kn.Synapse) -> None:
    tube = kn.Synapse.of("calmodulin", "calcineurin", Ca="0.3 uM")
    points = [
        (ca1, PAIRING),
        (ca1, kn.stdp("-25 ms", pairs=60, rate="5 Hz")),
        (ca1.with_(kn.knockout("pka")), None),
        (ca1, CALCIUM),
        (tube, None),
        (ca1, PAIRING),
    ]
    made = build.models(points)
    assert [m.digest for m in made if isinstance(m, Model)] == [s.model(p).digest for s, p in points]
    assert len(made) == 6


def test_points_of_one_baseline_settle_it_once(ca1: kn.Synapse, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    own = equilibrium.settle_many

    def settle_many(*args: Any, **kwargs: Any) -> Any:
        asked.append(len(args[1]))
        return own(*args, **kwargs)

    monkeypatch.setattr(equilibrium, "settle_many", settle_many)
    doses = [ca1.with_(kn.inhibit("PKA", by=by)) for by in (0.1, 0.5, 0.9)]  # washed in after the baseline
    amounts = [ca1.with_(kn.overexpress("PKA", factor)) for factor in (2, 3)]
    build.models([(s, p) for s in (ca1, *doses, *amounts) for p in (PAIRING, None)])
    assert asked == [3]


def test_a_synapse_without_receptors_has_no_weight() -> None:
    synapse = kn.Synapse.of("calmodulin", Ca="1 uM")
    state, weight = build.baseline(synapse)
    assert weight == {}
    assert "CaM_C2N2" in state
    assert "weight" not in synapse.model().readouts


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cAMP", "0.4 uM"),
        ("PKA_active", "0.3 uM"),
        ("Ca", "0.6 uM"),
        ("PP1_activity", "0.5"),
        ("Glu", "0 uM"),
    ],
)
@pytest.mark.parametrize("acute", [False, True])
def test_a_port_that_a_pathway_gives_can_be_clamped(
    ca1: kn.Synapse, name: str, value: str, acute: bool
) -> None:
    run = kn.simulate(ca1.with_(kn.clamp(name, value, acute=acute)), PAIRING, until="30 s")
    runner = engine.prepare(run.model.structure, run.model.values)
    engine.set_state(runner, run.model.initial)
    engine.set_tolerance(runner, 1e-6)
    runner.simulate(0, 13, 3)
    held = float(value.split()[0])
    assert engine.state(runner, (name,))[name] == held
    if name in run.traces:
        np.testing.assert_array_equal(run.traces[name], held)
    if not acute:
        assert run.weight.iloc[0] == pytest.approx(1, abs=1e-9)


def test_a_clamp_is_there_before_the_baseline_or_begins_with_the_run(ca1: kn.Synapse) -> None:
    clamp = kn.clamp("PKA_active", "1 uM")
    assert ca1.with_(clamp).model().initial != ca1.model().initial
    acute = ca1.with_(kn.clamp("PKA_active", "1 uM", acute=True)).model()
    assert acute.initial == ca1.model().initial


def test_recorded_calcium_takes_the_place_of_its_pathway(ca1: kn.Synapse) -> None:
    model = ca1.model(CALCIUM)
    assert model.readouts[:2] == ("Ca", "weight")
    assert "V_spine" not in model.readouts
    assert model.initial["Ca"] == CALCIUM.rest
    assert "CaM_C2N2" in model.initial
    state, _ = build.baseline(ca1.without("calcium"), CALCIUM.rest)
    assert model.initial["CaM_C2N2"] == state["CaM_C2N2"]
    alone = kn.Synapse.of("calmodulin", Ca="0.5 uM").model(CALCIUM)
    assert alone.initial["Ca"] == CALCIUM.rest


@pytest.mark.parametrize(
    "perturbation",
    [kn.clamp("Ca", "1 uM"), kn.inhibit("NMDAR"), kn.edit("distance", "9 um"), kn.clamp("V_spine", "-60 mV")],
)
def test_recorded_calcium_does_not_go_with_changes_to_its_source(
    ca1: kn.Synapse, perturbation: kn.Perturbation
) -> None:
    with pytest.raises(PerturbationError, match="would do nothing; leave one of them out"):
        ca1.with_(perturbation).model(CALCIUM)


def test_spikes_need_a_pathway_that_hears_them() -> None:
    with pytest.raises(
        ModelError, match="nothing in calmodulin answers to spikes; add the pathway 'calcium'"
    ):
        kn.Synapse.of("calmodulin", Ca="1 uM").model(PAIRING)
    cell = kn.Synapse.of("cell_activity", "scaling")
    assert cell.model(PAIRING).name == cell.name  # spikes of the soma are heard
    with pytest.raises(ModelError, match="nothing in cell_activity, scaling answers to presynaptic spikes"):
        cell.model(kn.tetanus("100 Hz", "1 s"))
    with pytest.raises(ModelError, match="nothing in bouton answers to postsynaptic spikes"):
        kn.Synapse.of("bouton", Glu="0 uM").model(kn.spikes(post=[0.0]))


def test_inputs_of_the_protocol_reach_the_model(ca1: kn.Synapse) -> None:
    own = ca1.model().values[build.INPUTS]
    protocol = kn.tetanus("100 Hz", "1 s")
    assert protocol.inputs is not None
    assert protocol.inputs != own
    assert ca1.model(protocol).values[build.INPUTS] == protocol.inputs
    assert ca1.model(protocol).initial["CaM_C0N0"] == ca1.model().initial["CaM_C0N0"]


def test_formulas_borrow_numbers_of_absent_pathways() -> None:
    assembly = assemble(
        ("calcineurin",), dict.fromkeys(pathway("calcineurin").needs, 0.1), absent=(), driven=()
    )
    assert {"CaM_Kd_C1", "CaM_on_C1", "CaM_off_C1"} <= set(assembly.parameters)
    assert "CaM_total" not in assembly.parameters


def test_two_owners_of_an_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"\w+ is defined by pathway darpp32 and by pp1; take one of them"):
        assemble(("pp1", "darpp32"), {"PKA_active": 0.1, "CaN_active": 0.1})
    own = pathway("pp1").antimony
    for statement in ("species Ng in spine;", "bind_Ng: A => B; k;", "Ng := a;", "Ng' = a;", "Ng = a;"):
        monkeypatch.setitem(vars(pathway("pp1")), "antimony", f"{own}\n{statement}")
        monkeypatch.setitem(vars(pathway("calmodulin")), "antimony", f"{statement}\n")
        with pytest.raises(ModelError, match=r"\w+ is defined by pathway calmodulin and by pp1"):
            assemble(("pp1", "calmodulin"), {"PKA_active": 0.1, "CaN_active": 0.1, "Ca": 1.0})


def test_an_input_that_a_pathway_gives_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"PKA_active is given by pathway pka .*\.with_\(kn\.clamp\('PKA_active'"
    ):
        kn.Synapse.of("calmodulin", "calcineurin", "pp1", "pka", Ca="0.1 uM", PKA_active="1 uM")


def test_two_pathways_may_not_own_one_state_at_a_spike() -> None:
    with pytest.raises(ModelError, match="two pathways change Glu at a spike"):
        build._merged([{"Glu": "Glu + a"}, {"Glu": "Glu + b"}])


def test_what_several_pathways_contribute_adds_up() -> None:
    bouton = kn.Synapse.of("calcium", "bouton", "endocannabinoid", DAG="0.02 uM")
    assert "VGCC_inhibition :=" in bouton.assembly.body
    alone = kn.Synapse.of("bouton", Glu="0 uM")
    assert "VGCC_inhibition :=" not in alone.assembly.body
    assert alone.assembly.parameters["VGCC_inhibition"].value == 0
    held = kn.Synapse.of("bouton", Glu="0 uM", VGCC_inhibition=0.5)
    assert held.values(acute=True)["VGCC_inhibition"] == 0.5
    clamped = bouton.with_(kn.clamp("VGCC_inhibition", 0.5, acute=True))
    release = kn.simulate(clamped, None, until="1 s").traces["W_pre"].iloc[-1]
    assert release < 0.4


def test_declared_species_are_found() -> None:
    text = "species A in spine, $B in psd; const species C in cleft; A = x; // species D in psd\n"
    assert declared_species(text) == ["A", "B", "C"]


HEAD = "model m() unit uM = 1e-21 mole/1e-15 litre; compartment spine = 1; total = 1; total has uM;"


def test_a_species_without_an_initial_value_is_refused() -> None:
    text = f"{HEAD} species CaN in spine; CaM_C0N0 = total; species CaM_C0N0 in spine; end"
    with pytest.raises(ModelError, match="CaN has no initial value"):
        structure.structure(text, (), clamps=(), members=("calcineurin", "calmodulin"))


def test_an_initial_value_that_is_no_number_by_name_is_refused() -> None:
    text = f"{HEAD} species CaN in spine; CaN = total*total; end"
    with pytest.raises(ModelError, match=r"CaN begins at total \* total; begin it at a number by name"):
        structure.structure(text, (), clamps=(), members=("calcineurin",))


def test_a_species_of_nobody_is_refused() -> None:
    text = f"{HEAD} species Phlogiston in spine; Phlogiston = total; end"
    with pytest.raises(ModelError, match="species Phlogiston belongs to no pathway"):
        structure.structure(text, (), clamps=(), members=("calcineurin",))


def test_events_use_no_variable_of_a_rule(ca1: kn.Synapse) -> None:
    """AMICI compiles none inside an event."""
    protocol = PAIRING + kn.gap("1 s") + kn.depolarization("1 s")
    model = libsbml.readSBMLFromString(ca1.model(protocol).sbml).getModel()
    ruled = {
        model.getRule(i).getVariable() for i in range(model.getNumRules()) if model.getRule(i).isAssignment()
    }
    used: set[str] = set()
    for i in range(model.getNumEvents()):
        event = model.getEvent(i)
        for j in range(event.getNumEventAssignments()):
            formula = libsbml.formulaToL3String(event.getEventAssignment(j).getMath())
            used |= set(re.findall(r"[A-Za-z_]\w*", formula))
    assert "Glu_release" in used
    assert used & ruled == set()
