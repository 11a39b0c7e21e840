"""An astrocyte's process: quiet at rest, woken by 2-AG, felt by presynaptic NMDA receptors."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

import kinaptic as kn
from kinaptic.sbml.build import baseline

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
        ip3, calcium, ready = y
        gate = ip3 / (ip3 + p["Kd_IP3"]) * calcium / (calcium + p["Kd_activation"]) * ready
        inhibition = p["Kd_inhibition"] * (ip3 + p["Kd_IP3"]) / (ip3 + p["Kd_IP3_inhibited"])
        pump = p["SERCA"] * calcium**2 / (calcium**2 + p["SERCA_Km"] ** 2)
        return [
            (p["IP3_rest"] - ip3) / p["IP3_tau"] + p["IP3_gain"] * (much - p["AG2_rest"]),
            (p["IP3R"] * gate**3 + p["leak"]) * (p["Ca_total"] - p["cytosol"] * calcium) - pump,
            p["on_inhibition"] * (inhibition - (inhibition + calcium) * ready),
        ]

    start = [p["IP3_rest"], p["Ca_rest"], p["ready_rest"]]
    found = solve_ivp(rates, (0, SECONDS[-1]), start, "LSODA", SECONDS, rtol=1e-10, atol=1e-13)
    return np.asarray(found.y[1])


def test_model_is_clean() -> None:
    assert ALONE.check() == []


def test_at_rest_calcium_stays_and_hardly_any_glutamate_is_out() -> None:
    rest = baseline(ALONE)[0]
    assert rest["astro_IP3"] == pytest.approx(0.28, rel=1e-6)
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


def test_a_resting_ca1_synapse_leaves_it_at_rest() -> None:
    rest = baseline(kn.Synapse.preset("ca1").also("astrocyte"))[0]
    assert rest["astro_Ca"] == pytest.approx(0.15, rel=0.01)


@pytest.mark.parametrize("resting", [0.0047, 0.0037, 0.0286], ids=["l5", "l23", "striatum"])
def test_it_rests_at_the_2_ag_of_other_cells_if_told_so(resting: float) -> None:
    """What those presets have at rest; their astrocytes need it as `astro_AG2_rest`."""
    numbers = {"AG2": f"{resting} uM", "AG2_elsewhere": "0 uM", "astro_AG2_rest": f"{resting} uM"}
    assert baseline(kn.Synapse.of("astrocyte", **numbers))[0]["astro_Ca"] == pytest.approx(0.15, rel=1e-6)


# Not run: calcium swings at the 2-AG of these presets, and the search for a baseline goes on for minutes.
@pytest.mark.slow
@pytest.mark.parametrize("name", ["l5", "l23", "striatum"])
def test_resting_synapses_of_other_cells_leave_it_at_rest(name: str) -> None:
    rest = baseline(kn.Synapse.preset(name).also("astrocyte"))[0]
    assert rest["astro_Ca"] == pytest.approx(0.15, rel=0.02)
