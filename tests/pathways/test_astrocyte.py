"""An astrocyte's process: quiet at rest, woken by 2-AG, felt by presynaptic NMDA receptors."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

import kinaptic as kn
from kinaptic.errors import KinapticError
from kinaptic.sbml.build import baseline
from kinaptic.sbml.ensemble import batch

REST = 0.00102  # uM of 2-AG
ALONE = kn.Synapse.of("astrocyte", AG2=f"{REST} uM", AG2_elsewhere="0 uM")
SECONDS = tuple(np.arange(0, 121, 2.0))


@functools.cache
def course(much: float, *done: kn.Perturbation, port: str = "AG2") -> pd.DataFrame:
    """Return readouts after 2-AG was stepped to `much` (uM)."""
    synapse = ALONE.with_(kn.edit(port, f"{much} uM", acute=True), *done)
    return kn.simulate(synapse, until="2 min", samples=SECONDS, engine="ensemble", rtol=1e-8).traces


def solved(much: float) -> np.ndarray:
    """Return the astrocyte's calcium by scipy: Li and Rinzel's store, with the numbers of the yaml."""
    p = ALONE.parameters["value"].rename(lambda name: name.removeprefix("astro_"))

    def rates(_: float, y: np.ndarray) -> list[float]:
        ip3, calcium, ready, usual = y
        gate = ip3 / (ip3 + p["Kd_IP3"]) * calcium / (calcium + p["Kd_activation"]) * ready
        inhibition = p["Kd_inhibition"] * (ip3 + p["Kd_IP3"]) / (ip3 + p["Kd_IP3_inhibited"])
        pump = p["SERCA"] * calcium**2 / (calcium**2 + p["SERCA_Km"] ** 2)
        return [
            (p["IP3_rest"] - ip3) / p["IP3_tau"] + p["IP3_gain"] * (much - usual),
            (p["IP3R"] * gate**3 + p["leak"]) * (p["Ca_total"] - p["cytosol"] * calcium) - pump,
            p["on_inhibition"] * (inhibition - (inhibition + calcium) * ready),
            (much - usual) / p["adaptation_tau"],
        ]

    start = [p["IP3_rest"], p["Ca_rest"], p["ready_rest"], REST]
    found = solve_ivp(rates, (0, SECONDS[-1]), start, "LSODA", SECONDS, rtol=1e-10, atol=1e-13)
    return np.asarray(found.y[1])


def test_model_is_clean() -> None:
    assert ALONE.check() == []


def test_at_rest_calcium_stays_and_hardly_any_glutamate_is_out() -> None:
    rest = baseline(ALONE)[0]
    assert rest["astro_IP3"] == pytest.approx(0.28, rel=1e-6)
    assert rest["astro_AG2_usual"] == pytest.approx(REST, rel=1e-6)
    assert rest["astro_Ca"] == pytest.approx(0.15, rel=1e-6)
    assert rest["astro_ready"] == pytest.approx(ALONE.parameters["value"]["astro_ready_rest"], rel=1e-6)
    assert rest["Glu_astro"] < 0.05
    assert rest["astro_vesicles"] > 0.99
    assert ALONE.parameters["value"]["astro_leak"] > 0  # else the store would fill itself


@pytest.mark.parametrize("much", [0.0, 0.01, 0.05, 0.3])
def test_its_calcium_is_the_solution_of_its_equations(much: float) -> None:
    np.testing.assert_allclose(course(much)["astro_Ca"], solved(much), rtol=1e-4)


def test_calcium_and_glutamate_rise_with_2_ag_alone() -> None:
    quiet, woken = course(REST), course(0.05)
    assert np.ptp(quiet["astro_Ca"]) < 1e-6
    assert np.ptp(quiet["Glu_astro"]) < 1e-6
    assert course(0.0)["astro_Ca"].max() < 0.1501
    assert woken["astro_Ca"].max() > 0.3
    assert woken["Glu_astro"].max() > 2
    first = SECONDS[int(np.argmax(woken["astro_Ca"] > 0.3))]
    assert 2 < first < 30  # a slow rise


def test_glutamate_waits_for_the_threshold() -> None:
    woken = course(0.05)
    below, above = woken[woken["astro_Ca"] < 0.2], woken[woken["astro_Ca"] > 0.3]
    assert below["Glu_astro"].iloc[:3].max() < 0.5
    assert above["Glu_astro"].max() > 2


def test_2_ag_of_neighbours_counts_alike() -> None:
    beside = course(0.05 - REST, port="AG2_elsewhere")
    np.testing.assert_allclose(beside["Glu_astro"], course(0.05)["Glu_astro"], rtol=1e-5)


def test_its_receptors_can_be_taken_away_and_uptake_slowed() -> None:
    for done in (kn.inhibit("astrocyte_CB1R", 1.0), kn.knockout("astrocyte_CB1R")):
        assert np.ptp(course(0.05, done)["astro_Ca"]) < 1e-6
    slowed = course(0.05, kn.inhibit("glial_uptake", 0.8))["Glu_astro"]  # TBOA
    assert slowed.max() > 2 * course(0.05)["Glu_astro"].max()


def test_glutamate_reaches_presynaptic_nmda_receptors() -> None:
    """Min & Nevian 2012."""
    bouton = kn.Synapse.of("astrocyte", "bouton", AG2=f"{REST} uM", AG2_elsewhere="0 uM", Glu="0 uM")
    found = {}
    for name, done in (("woken", ()), ("deaf", (kn.inhibit("astrocyte_CB1R", 1.0),))):
        synapse = bouton.with_(kn.edit("AG2", "0.05 uM", acute=True), *done)
        found[name] = kn.simulate(synapse, until="2 min", samples=SECONDS, engine="ensemble").traces["Ca_pre"]
    assert found["deaf"].max() < found["deaf"].iloc[0] * 1.001 + 1e-9
    assert found["woken"].max() > 3 * found["deaf"].max()


@pytest.mark.parametrize(
    "tone", [0.0, 0.0047, 0.0037, 0.0286, 0.3], ids=["none", "l5", "l23", "striatum", "much"]
)
def test_it_rests_whatever_the_2_ag_of_its_place(tone: float) -> None:
    """What the presets have at rest among them; that of neighbours is in it."""
    synapse = kn.Synapse.of("astrocyte", AG2=f"{0.7 * tone} uM", AG2_elsewhere=f"{0.3 * tone} uM")
    rest = baseline(synapse)[0]
    assert rest["astro_AG2_usual"] == pytest.approx(tone, rel=1e-6, abs=1e-12)
    assert rest["astro_IP3"] == pytest.approx(0.28, rel=1e-6)
    assert rest["astro_Ca"] == pytest.approx(0.15, rel=1e-6)


def test_it_answers_alike_above_any_tone_and_only_above_it() -> None:
    other = kn.Synapse.of("astrocyte", AG2="0.0286 uM", AG2_elsewhere="0 uM")
    more, same = (
        kn.simulate(other.with_(kn.edit("AG2", f"{much} uM", acute=True)), until="2 min", samples=SECONDS)
        for much in (0.0286 + 0.05 - REST, 0.0286)
    )
    np.testing.assert_allclose(more.traces["astro_Ca"], course(0.05)["astro_Ca"], rtol=1e-3)
    assert np.ptp(same.traces["astro_Ca"]) < 1e-6


def test_ip3_is_never_negative() -> None:
    """Where much 2-AG, that it was used to, is gone at once."""
    used_to = kn.Synapse.of("astrocyte", AG2="1 uM", AG2_elsewhere="0 uM")
    model = used_to.with_(kn.edit("AG2", "0 uM", acute=True)).model(None)
    ((ip3,),) = [
        found.T
        for found in batch.run(
            [replace(model, readouts=("astro_IP3",))],
            [np.linspace(0, 600, 61)],
            rtol=1e-8,
            expected=[lambda _: {}],
        )
        if not isinstance(found, KinapticError)
    ]
    assert ip3.min() > -1e-9
    assert ip3.min() < 1e-4


def test_it_gets_used_to_more_over_hours() -> None:
    """By 1/e in an hour, so that calcium is back at rest in the end."""
    woken = ALONE.with_(kn.edit("AG2", "0.05 uM", acute=True))
    hours = np.array([0.0, 0.5, 1.0, 3.0, 12.0])
    seconds = (3600 * hours).tolist()
    run = kn.simulate(woken, until="12 h", samples=seconds, engine="ensemble", rtol=1e-8)
    assert abs(run.traces["astro_Ca"].iloc[-1] - 0.15) < 1e-3
    model = replace(woken.model(None), readouts=("astro_AG2_usual", "astro_IP3"))
    (found,) = batch.run([model], [np.array(seconds)], rtol=1e-8, expected=[lambda _: {}])
    assert not isinstance(found, KinapticError)
    usual, ip3 = found.T
    above = (0.05 - REST) * np.exp(-hours)
    assert usual == pytest.approx(0.05 - above, rel=1e-5)
    p = ALONE.parameters["value"]
    quasi = p["astro_IP3_tau"] / (1 - p["astro_IP3_tau"] / p["astro_adaptation_tau"])
    assert ip3[1:] == pytest.approx(0.28 + p["astro_IP3_gain"] * quasi * above[1:], rel=1e-5)


def test_a_resting_ca1_synapse_leaves_it_at_rest() -> None:
    rests(kn.Synapse.preset("ca1").also("astrocyte"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["l5", "l23", "striatum"])
def test_resting_synapses_of_other_cells_leave_it_at_rest(name: str) -> None:
    rests(kn.Synapse.preset(name).also("astrocyte"))


def rests(synapse: kn.Synapse) -> None:
    """Check that a synapse has a baseline with its astrocyte at rest, and stays there for an hour."""
    rest = baseline(synapse)[0]
    assert rest["astro_IP3"] == pytest.approx(0.28, rel=1e-6)
    assert rest["astro_Ca"] == pytest.approx(0.15, rel=1e-6)
    run = kn.simulate(synapse, until="1 h", samples=[0.0, 60.0, 3600.0], engine="ensemble")
    assert rest["astro_AG2_usual"] == pytest.approx(run.traces["AG2"].iloc[0], rel=1e-6)
    assert run.traces["astro_Ca"].to_numpy() == pytest.approx(np.full(3, 0.15), rel=1e-5)
    assert run.weight.to_numpy() == pytest.approx(np.ones(3), rel=1e-4)
