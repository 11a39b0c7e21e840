"""Consolidation: tags, protein, two stable states, and late plasticity of the whole synapse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.perturbation import Perturbation, clamp, edit, inhibit, knockout
from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.stimulation import low_frequency, spikes, stdp, tetanus
from kinaptic.sbml import engine
from kinaptic.sbml.build import baseline
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

HOUR = 3600.0
ALONE = Synapse.of(
    "consolidation",
    CaMKII_psd_active="0.007 uM",
    CaN_active="0.006 uM",
    PKA_active="0.034 uM",
    translation="0.001",
)
WHOLE = Synapse.of(
    *(
        "calcium",
        "calmodulin",
        "calcineurin",
        "camkii",
        "pp1",
        "pka",
        "ampar",
        "bouton",
        "bdnf",
        "consolidation",
    ),
    distance="60 um",
)
ONE = tetanus("100 Hz", "1 s")
FOUR = tetanus("100 Hz", "1 s", trains=4, interval="5 min")
TEST_PULSE = spikes(pre=["0 s"], inputs=1)
H89 = inhibit("PKA", by=1.0)
PRP_FROM_ELSEWHERE = clamp("PRP", "0.3 uM", acute=True)


def after(
    hours: Sequence[float], protocol: Protocol, *what: Perturbation, readout: str = "weight"
) -> np.ndarray:
    """Return a readout some hours after the protocol, with the synapse treated by `what`."""
    times = [0.0, *(protocol.end + HOUR * h for h in hours)]
    run = simulate(WHOLE.with_(*what), protocol, until=f"{times[-1]} s", samples=times)
    return run.traces[readout].to_numpy()[1:]


def states(steps: Sequence[tuple[float, Mapping[str, float]]]) -> Mapping[str, float]:
    """Return the states of the pathway alone after its inputs were stepped: (seconds, inputs) each."""
    model = ALONE.model()
    runner = engine.prepare(model.structure, model.values)
    engine.set_tolerance(runner, 1e-8)
    engine.set_state(runner, model.initial)
    start = 0.0
    for seconds, inputs in steps:
        for name, value in inputs.items():
            runner.setValue(name, value)
        runner.simulate(start, start + seconds, 2)
        start += seconds
    names = ("LTP_tag", "LTD_tag", "late_kinase_share", "late_phosphatase_share")
    return {n: float(runner.getValue(n)) for n in names}


STRONG = {"CaMKII_psd_active": 9.0, "translation": 0.2}
QUIET = {"CaMKII_psd_active": 0.007, "CaN_active": 0.006, "translation": 0.001}


def test_rest_sets_no_tag() -> None:
    rest = baseline(ALONE)[0]
    assert max(rest["LTP_tag"], rest["LTD_tag"], rest["late_kinase"], rest["late_phosphatase"]) < 0.005


def test_late_state_is_on_or_off_for_good() -> None:
    on = states([(60, STRONG), (1800, STRONG | {"CaMKII_psd_active": 0.007}), (8 * HOUR, QUIET)])
    later = states([(60, STRONG), (1800, STRONG | {"CaMKII_psd_active": 0.007}), (48 * HOUR, QUIET)])
    off = states([(60, STRONG), (8 * HOUR, QUIET)])
    assert on["late_kinase_share"] > 0.5
    assert later["late_kinase_share"] == pytest.approx(on["late_kinase_share"], rel=0.01)
    assert off["late_kinase_share"] < 0.01


def test_camkii_tags_for_potentiation_and_calcineurin_for_depression() -> None:
    strong = states([(3, {"CaMKII_psd_active": 9.0, "CaN_active": 1.8}), (17, {"CaN_active": 0.006})])
    weak = states([(900, {"CaMKII_psd_active": 0.03, "CaN_active": 0.055})])
    assert strong["LTP_tag"] > 0.5 > 0.02 > strong["LTD_tag"]
    assert weak["LTD_tag"] > 0.5 > 0.02 > weak["LTP_tag"]


def test_w7_one_train_is_gone_in_hours() -> None:
    early, late = after((1 / 3, 4), ONE)
    assert 1.3 < early < 1.6
    assert 0.95 < late < 1.08


def test_w8_four_trains_hold_for_eight_hours() -> None:
    assert np.all(after((0.5, 1, 3, 6, 8), FOUR) > 1.4)


@pytest.mark.parametrize("by", [0.85, 1.0])
def test_w8_needs_protein_synthesis(by: float) -> None:
    """20 uM of anisomycin leave a sixth of it (Frey 1988)."""
    blocked = after((0.1, 3, 8), FOUR, inhibit("protein_synthesis", by=by))
    assert blocked[0] == pytest.approx(after((0.1,), FOUR)[0], rel=0.1)
    assert np.all(blocked[1:] < 1.1)


def test_w8_needs_pka() -> None:
    """Relative to the same synapse left alone under H-89, which lowers transmission by itself here."""
    blocked = after((0.1, 3, 8), FOUR, H89) / after((0.1 + 0.25, 3.25, 8.25), TEST_PULSE, H89)
    assert blocked[0] > 1.4
    assert np.all(blocked[1:] < 1.15)
    assert np.all(after((3, 8), FOUR, H89, readout="late_kinase_share") < 0.01)


def test_late_potentiation_needs_trkb_and_the_late_kinase() -> None:
    for block in (inhibit("TrkB", by=1.0), inhibit("MEK", by=0.9), inhibit("late_kinase", by=1.0)):
        assert after((6,), FOUR, block)[0] < 1.1, str(block)


def test_w15_bursts_last_by_bdnf() -> None:
    """25 pairings 1:4 at 0.5 Hz, as in Edelmann 2015; what BDNF adds comes by consolidation here."""
    pairing = stdp("10 ms", 25, rate="0.5 Hz", post_spikes=4, burst_rate="200 Hz")
    early, late = after((0.5, 6), pairing)
    early_blocked, late_blocked = after((0.5, 6), pairing, inhibit("TrkB", by=1.0))
    assert early - early_blocked > 0.05
    assert late > 1.4 > 1.1 > late_blocked


def test_v28_three_trains_are_enough() -> None:
    three = tetanus("100 Hz", "1 s", trains=3, interval="10 min")
    assert after((6,), three)[0] > 1.4


def test_gs_turns_one_train_into_late_potentiation() -> None:
    """Dopamine does so by cAMP; by itself it sets no tag."""
    agonist = edit("Gs_active", "0.3 uM", acute=True)
    assert after((6,), ONE, agonist, readout="late_kinase_share")[0] > 0.5
    assert after((6,), TEST_PULSE, agonist, readout="late_kinase_share")[0] < 0.05


def test_a_tagged_synapse_captures_protein_made_elsewhere() -> None:
    assert after((8,), ONE, PRP_FROM_ELSEWHERE)[0] > 1.4
    assert after((8,), TEST_PULSE, PRP_FROM_ELSEWHERE)[0] == pytest.approx(1, abs=0.01)


def test_late_depression_captures_protein_too() -> None:
    assert 0.5 < after((8,), low_frequency("1 Hz", 450), PRP_FROM_ELSEWHERE)[0] < 0.8


def test_late_depression_needs_protein() -> None:
    slow = (900, {"CaN_active": 0.055})
    assert states([slow, (HOUR, QUIET)])["late_phosphatase_share"] < 0.01
    assert states([slow, (HOUR, QUIET | {"translation": 0.2})])["late_phosphatase_share"] > 0.1


@pytest.mark.parametrize("enzyme", list(pathway("consolidation").enzymes))
def test_every_enzyme_can_be_knocked_out(enzyme: str) -> None:
    rest = baseline(ALONE.with_(knockout(enzyme)))[0]
    assert all(np.isfinite(v) and v > -1e-9 for v in rest.values())


def test_model_is_clean() -> None:
    assert ALONE.check() == []
    assert WHOLE.check() == []
