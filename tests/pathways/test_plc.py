"""mGluR5 to DAG and PKC: spike timing, calcium alone, PKC in synaptosomes, blockers, rest."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.perturbation import Perturbation, clamp, inhibit, knockout
from kinaptic.pathways.stimulation import spikes
from kinaptic.sbml import engine
from kinaptic.sbml.build import baseline
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

REST = Synapse.of("plc", Glu="0 uM", Ca="0.05 uM")
SPINE = Synapse.of("calcium", "plc", distance="60 um")
START = 10.0  # s: a protocol begins here


def last(
    synapse: Synapse, seconds: float, inputs: Mapping[str, float], readouts: Sequence[str]
) -> np.ndarray:
    """Return `readouts` after `seconds` of stepped inputs, from the baseline."""
    model = synapse.model()
    runner = engine.prepare(model.structure, model.values)
    engine.set_tolerance(runner, 1e-8)
    engine.set_state(runner, model.initial)
    runner.timeCourseSelections = list(readouts)
    for name, value in inputs.items():
        runner.setValue(name, value)
    found: np.ndarray = np.array(runner.simulate(0, seconds, 11))
    return np.asarray(found[-1])


@functools.cache
def dag(pre: tuple[float, ...], post: tuple[float, ...], *perturbations: Perturbation) -> float:
    """Return the DAG that spikes at `pre` and `post` (s) make, as the peak above rest (uM)."""
    end = max((*pre, *post)) + 0.5
    times = tuple(START - 0.01 + 0.002 * np.arange(round(end / 0.002)) + 0.00013)
    protocol = spikes(pre, post)
    found = simulate(SPINE.with_(*perturbations), protocol, until=f"{times[-1] + 1} s", samples=times).traces
    return float(found["DAG"].max() - found["DAG"].iloc[0])


def pairing(delay: float, *perturbations: Perturbation) -> float:
    """Return the DAG of one pairing above that of its presynaptic spike alone (uM)."""
    return dag((0.15,), (0.15 + delay,), *perturbations) - dag((0.15,), (), *perturbations)


def test_rest() -> None:
    rest = baseline(REST)[0]
    assert rest["DAG"] == pytest.approx(0.02, rel=0.1)
    assert rest["IP3"] == pytest.approx(0.0018, rel=0.3)  # Manninen (2020)
    assert rest["Ca_store"] == pytest.approx(0, abs=1e-9)
    assert rest["Ca_ER"] == pytest.approx(200, rel=0.05)
    assert rest["mGluR5_p"] < 0.05 * 5
    assert rest["mGluR5_Gq"] > 0.3 * 3.5  # Gq waits on receptors


def test_only_calcium_before_glutamate_counts() -> None:
    """The spike-timing window of DAG: calcium first, by less than 50 ms."""
    best = pairing(-0.01)
    assert best > 0.1
    assert pairing(-0.005) == pytest.approx(best, rel=0.15)
    assert 0.45 < pairing(-0.025) / best < 0.75
    assert pairing(-0.05) < best / 5
    assert pairing(0.01) < best / 3
    assert pairing(0.025) < 0.1 * best
    assert pairing(0.04) < 0.1 * best
    assert dag((0.15,), ()) < 0.3 * best
    assert dag((), (0.15,)) < 0.05 * best
    decay = 0.04 / np.log(best / pairing(-0.05))
    assert 0.02 < decay < 0.04


def test_published_exchange_and_hydrolysis_of_gtp_give_no_milliseconds() -> None:
    """With Kim's receptor (0.5 /s, glutamate bound for 0.1 s, GTP for 1 s) the order does not matter."""
    slow = Synapse.of(
        "calcium",
        "plc",
        distance="60 um",
        Gq_exchange="0.5 1/s",
        Gq_hydrolysis="1 1/s",
        mGluR5_off_Glu="10 1/s",
        mGluR5_on_Glu="0.1 1/uM/s",
    )

    def made(delay: float) -> float:
        times = tuple(START + 0.01 * np.arange(300) + 0.00013)
        found = simulate(slow, spikes((0.15,), (0.15 + delay,)), until="15 s", samples=times).traces
        return float(found["DAG"].max() - found["DAG"].iloc[0])

    assert made(0.01) > 0.8 * made(-0.01)


def test_bursts_find_few_receptors_ready() -> None:
    """Receptors need hundreds of milliseconds to be coupled again."""

    def made(rate: float, count: int) -> float:
        return dag(tuple(0.15 + np.arange(count) / rate), tuple(0.14 + np.arange(count) / rate))

    one = made(1, 1)
    assert 2 < made(20, 5) / one < 4
    assert made(50, 5) < 1.2 * made(20, 5)  # although calcium adds up to more than twice as much


@pytest.mark.parametrize("seconds", [0.5, 5.0])
def test_calcium_alone_makes_dag(seconds: float) -> None:
    """Depolarisation without glutamate: half-maximal between 4 and 10 uM calcium."""

    def made(calcium: float) -> float:
        return float(last(REST, seconds, {"[Ca]": calcium}, ["[DAG]"])[0]) - 0.02

    most = made(100)
    assert made(4) < 0.5 * most < made(10)
    assert made(15) > 0.05
    assert made(0.5) < 0.05 * most


def test_calcium_assists_the_receptor() -> None:
    """Agonist at rest makes some DAG, with half a micromolar of calcium many times more."""
    quiet, assisted = (
        last(REST, 4, {"[Glu]": 10.0, "[Ca]": calcium}, ["[DAG]"])[0] for calcium in (0.05, 0.5)
    )
    unassisted = last(REST, 4, {"[Ca]": 0.5}, ["[DAG]"])[0]
    assert quiet > 2.5 * 0.02
    assert assisted > 3 * (quiet + unassisted)


def test_lasting_agonist_desensitises() -> None:
    found = last(REST, 60, {"[Glu]": 100.0}, ["[mGluR5_p]"])[0]
    assert found > 0.8 * 5


@pytest.mark.parametrize(
    ("calcium", "lipid", "acid", "fold"),
    [(0.1, 0, 50, 2.5), (0.1, 50, 0, 3.0), (1, 0, 0, 5.5), (1, 0, 50, 12.1), (1, 50, 0, 12.0)],
)
def test_v16_pkc_in_synaptosomes(calcium: float, lipid: float, acid: float, fold: float) -> None:
    """Schaechter & Benowitz (1993), Figure 7, after 15 s; 50 uM of DAG stand for the phorbol ester."""
    synapse = Synapse.of("plc", Glu="0 uM", Ca="0.1 uM", AA="0 uM").with_(clamp("DAG", "0 uM"))
    basal, found = (
        last(synapse, 15, inputs, ["PKC_active"])[0]
        for inputs in ({"[Ca]": 0.1}, {"[Ca]": calcium, "[DAG]": lipid, "AA": acid})
    )
    assert found / basal == pytest.approx(fold, rel=0.3)


def test_pkc_with_all_three_lasts() -> None:
    """Mäki-Marttunen (2020): nine tenths are still on after ten minutes."""
    synapse = Synapse.of("plc", Glu="0 uM", Ca="1 uM", AA="50 uM").with_(clamp("DAG", "5 uM"))
    model = synapse.model()
    runner = engine.prepare(model.structure, model.values)
    engine.set_state(runner, baseline(synapse)[0])
    runner.timeCourseSelections = ["[PKC_Ca_DAG_AA]"]
    for name, value in {"[Ca]": 0.05, "[DAG]": 0.02, "AA": 0.0}.items():
        runner.setValue(name, value)
    on = np.array(runner.simulate(0, 600, 11))[:, 0]
    assert on[0] > 0.5
    assert on[-1] == pytest.approx(0.9 * on[0], rel=0.03)


@pytest.mark.parametrize("target", ["mGluR5", "Gq"])
def test_coincidence_needs_receptor_and_g_protein(target: str) -> None:
    assert dag((0.15,), (0.14,), inhibit(target, by=1.0)) < 0.05 * dag((0.15,), (0.14,))


def test_dag_kinase_ends_dag() -> None:
    trains = tuple(0.1 * np.arange(20))
    pairs = (tuple(t + 0.01 for t in trains), trains)
    assert dag(*pairs, inhibit("DAG_kinase", by=0.9)) > 1.5 * dag(*pairs)


def test_stores_need_ip3_receptors_and_presence() -> None:
    def store(presence: str, *perturbations: Perturbation) -> float:
        synapse = Synapse.of("calcium", "plc", distance="60 um", ER_presence=presence).with_(*perturbations)
        protocol = spikes(tuple(0.15 + 0.05 * np.arange(5)), tuple(0.14 + 0.05 * np.arange(5)))
        times = tuple(START + 0.005 * np.arange(200) + 0.00013)
        return float(simulate(synapse, protocol, until="12 s", samples=times).traces["Ca_store"].max())

    assert 0.1 < store("1") < 1
    assert store("0") == 0
    assert store("1", knockout("IP3R")) < 0.1 * store("1")


@pytest.mark.parametrize("enzyme", list(pathway("plc").enzymes))
def test_every_enzyme_can_be_knocked_out(enzyme: str) -> None:
    rest = baseline(REST.with_(knockout(enzyme)))[0]
    assert all(np.isfinite(v) and v > -1e-9 for v in rest.values())


MOIETIES = {
    "mGluR5_total": ("mGluR5", "mGluR5_Gq", "mGluR5_Glu", "mGluR5_Glu_Gq", "mGluR5_p"),
    "Gq_total": ("Gq", "Gq_GTP", "mGluR5_Gq", "mGluR5_Glu_Gq", "PLC_Ca_Gq"),
    "PLC_total": ("PLC", "PLC_Ca", "PLC_Ca_Gq"),
    "PKC_total": (
        "PKC",
        "PKC_Ca",
        "PKC_DAG",
        "PKC_Ca_DAG",
        "PKC_AA",
        "PKC_Ca_AA",
        "PKC_Ca_DAG_AA",
    ),
}


@pytest.mark.parametrize("total", MOIETIES)
def test_moieties_are_conserved(total: str) -> None:
    synapse = Synapse.of("plc", Glu="20 uM", Ca="1 uM", AA="5 uM")
    rest = baseline(synapse)[0]
    assert sum(rest[s] for s in MOIETIES[total]) == pytest.approx(synapse.values(acute=True)[total], rel=1e-6)


def test_model_is_clean() -> None:
    assert REST.check() == []
