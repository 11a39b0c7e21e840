"""PKA: the resting cell, calcium in, cAMP titration of the tetramer, inhibitors, thermodynamics."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy.optimize import curve_fit

from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.perturbation import clamp, edit, inhibit, knockout
from kinaptic.sbml import engine
from kinaptic.sbml.build import baseline
from kinaptic.sbml.synapse import Synapse

REST = {"Ca": "0.06 uM", "CaM_C2N2": "1e-6 uM"}


def course(synapse: Synapse, steps: Sequence[tuple[float, Mapping[str, float]]], readout: str) -> np.ndarray:
    """Return `readout` ten times a second while inputs are stepped: (seconds, inputs) each."""
    model = synapse.model()
    runner = engine.prepare(model.structure, model.values)
    engine.set_tolerance(runner, 1e-8)
    engine.set_state(runner, model.initial)
    runner.timeCourseSelections = ["time", readout]
    start, blocks = 0.0, []
    for seconds, inputs in steps:
        for name, value in inputs.items():
            runner.setValue(name, value)
        block = np.array(runner.simulate(start, start + seconds, round(10 * seconds) + 1))
        blocks.append(block[:-1])
        start += seconds
    return np.vstack(blocks)[:, 1]


def resting(synapse: Synapse) -> dict[str, float]:
    return baseline(synapse)[0]


def test_resting_camp_and_free_catalytic_subunit() -> None:
    rest = resting(Synapse.of("pka", **REST))
    assert 0.05 < rest["cAMP"] < 0.1
    assert 0.005 < rest["PKAc"] / 2.0 < 0.05


@pytest.mark.parametrize("free_cam", [1e-3, 1e-6])
def test_resting_ca4cam_moves_nothing(free_cam: float) -> None:
    without = resting(Synapse.of("pka", Ca="0.06 uM", CaM_C2N2="0 uM"))["cAMP"]
    with_it = resting(Synapse.of("pka", Ca="0.06 uM", CaM_C2N2=f"{free_cam} uM"))["cAMP"]
    # The resting composed spine has less than 1 pM; 1 nM for ever would be a busy one.
    assert with_it == pytest.approx(without, rel=0.25 if free_cam > 1e-4 else 1e-3)


def test_calcium_like_pulse_of_ca4cam_raises_camp_and_pka() -> None:
    pulse = [(1.5, {"[CaM_C2N2]": 3.0}), (120.0, {"[CaM_C2N2]": 1e-6})]
    synapse = Synapse.of("pka", **REST)
    camp = course(synapse, pulse, "[cAMP]")
    active = course(synapse, pulse, "PKA_active")
    assert camp.max() > 1.5 * camp[0]
    assert active.max() > 2 * active[0]
    assert camp[-1] < 1.1 * camp[0]


def test_calcium_reaches_pka_without_free_calmodulin() -> None:
    """AC8 brings its own calmodulin, so a spine whose Ca4CaM is all taken still makes cAMP."""
    pulse = [(1.0, {"[Ca]": 3.0}), (120.0, {"[Ca]": 0.06})]
    synapse = Synapse.of("pka", **REST)
    active = course(synapse, pulse, "PKA_active")
    assert active.max() > 1.3 * active[0]
    mutant = course(synapse.with_(knockout("AC8")), pulse, "PKA_active")
    assert mutant.max() < 1.01 * mutant[0]


def test_ac8_needs_micromolar_calcium() -> None:
    def bound(calcium: float) -> float:
        synapse = Synapse.of("pka", Ca=f"{calcium} uM", CaM_C2N2="0 uM")
        return resting(synapse)["AC8_Ca4"] / synapse.values(acute=True)["AC8_total"]

    assert bound(0.1) < 0.005
    assert 0.2 < bound(1.0) < 0.5 < bound(2.0)


def test_pde1_opposes_ac1() -> None:
    """With the source's 12 uM of PDE1, weak calcium lowers cAMP instead of raising it."""
    weak = {"Ca": "0.06 uM", "CaM_C2N2": "0.01 uM"}
    rest = resting(Synapse.of("pka", **REST))["cAMP"]
    assert resting(Synapse.of("pka", **weak))["cAMP"] > 1.3 * rest
    assert resting(Synapse.of("pka", **weak, PDE1_total="12 uM"))["cAMP"] < rest


def test_v13_free_catalytic_subunit_against_camp() -> None:
    """R2C2 10 nM with cAMP clamped: EC50 50 to 300 nM, Hill coefficient 1.3 to 2."""
    synapse = Synapse.of("pka", **REST, R2C2_total="0.01 uM", PKI_total="0 uM")
    doses = np.geomspace(0.003, 10, 12)
    free = np.array([resting(synapse.with_(clamp("cAMP", f"{d} uM")))["PKAc"] for d in doses]) / 0.02
    (top, ec50, hill), _ = curve_fit(
        lambda x, top, ec50, n: top * x**n / (ec50**n + x**n), doses, free, p0=(1.0, 0.1, 1.5)
    )
    assert 0.05 < ec50 < 0.3
    assert 1.3 < hill < 2.0
    assert top == pytest.approx(1, abs=0.05)


def test_v13_shifts_with_the_amount_of_pka() -> None:
    def freed(total: float, camp: float) -> float:
        synapse = Synapse.of("pka", **REST, R2C2_total=f"{total} uM", PKI_total="0 uM")
        return resting(synapse.with_(clamp("cAMP", f"{camp} uM")))["PKAc"] / (2 * total)

    assert freed(0.01, 0.1) > 0.5
    assert freed(1.0, 0.1) < 0.1


def test_isoproterenol_is_answered_by_pde4() -> None:
    """Gs raises cAMP; PKA speeds PDE4 up and brings it down again (V15)."""
    synapse = Synapse.of("pka", **REST).with_(edit("Gs_active", "0.3 uM", acute=True))
    camp = course(synapse, [(900.0, {})], "[cAMP]")
    assert camp.max() > 3 * camp[0]
    assert camp[-1] < 0.85 * camp.max()
    blind = course(synapse.with_(edit("PDE4_kcat_PKA", "0 1/s")), [(900.0, {})], "[cAMP]")
    assert blind[-1] > 0.99 * blind.max()


def test_calcium_response_is_attenuated_after_isoproterenol() -> None:
    """Washed out for a minute, isoproterenol leaves a fast PDE4 behind (V15)."""
    synapse = Synapse.of("pka", **REST)
    pulse = [(1.0, {"[Ca]": 3.0}), (5.0, {"[Ca]": 0.06})]
    naive = course(synapse, pulse, "[cAMP]")
    iso = [(300.0, {"Gs_active": 0.3}), (60.0, {"Gs_active": 0.0})]
    prior = course(synapse, [*iso, *pulse], "[cAMP]")[3600:]
    assert prior.sum() - prior.size * prior[0] < 0.9 * (naive.sum() - naive.size * naive[0])


def test_h89_stops_catalysis_and_leaves_binding() -> None:
    synapse = Synapse.of("pka", **REST)
    blocked = synapse.with_(inhibit("PKA", by=1.0))
    active = course(blocked, [(600.0, {})], "PKA_active")
    free = course(blocked, [(600.0, {})], "[PKAc]")
    assert active.max() == 0
    assert free.min() > 0.03  # more and more cAMP, for PDE4 is no longer sped up


@pytest.mark.parametrize("enzyme", list(pathway("pka").enzymes))
def test_every_enzyme_can_be_knocked_out(enzyme: str) -> None:
    rest = resting(Synapse.of("pka", **REST).with_(knockout(enzyme)))
    assert all(np.isfinite(v) and v > -1e-9 for v in rest.values())


MOIETIES = {
    "R2C2_total": (
        "R2C2",
        "R2C2_B",
        "R2C2_BB",
        "R2C2_AB",
        "R2C2_ABB",
        "R2C2_AABB",
        "R2C_ABB",
        "R2C_AABB",
        "R2_ABB",
        "R2_AABB",
    ),
    "AC1_total": ("AC1", "AC1_CaM", "AC1_Gs", "AC1_Gs_CaM"),
    "AC8_total": tuple(f"AC8_Ca{n}" for n in range(5)),
    "AC2_total": ("AC2", "AC2_Gs"),
    "PDE1_total": ("PDE1", "PDE1_CaM"),
    "PDE4_total": ("PDE4", "pPDE4"),
    "PKI_total": ("PKI", "PKI_PKAc"),
}


@pytest.mark.parametrize("total", MOIETIES)
def test_moieties_are_conserved(total: str) -> None:
    synapse = Synapse.of("pka", Ca="1 uM", CaM_C2N2="0.1 uM", Gs_active="0.1 uM")
    rest = resting(synapse)
    assert sum(rest[s] for s in MOIETIES[total]) == pytest.approx(synapse.values(acute=True)[total], rel=1e-6)


def test_catalytic_subunit_is_conserved() -> None:
    synapse = Synapse.of("pka", Ca="1 uM", CaM_C2N2="0.1 uM", Gs_active="0.1 uM")
    rest = resting(synapse)
    two = sum(rest[s] for s in ("R2C2", "R2C2_B", "R2C2_BB", "R2C2_AB", "R2C2_ABB", "R2C2_AABB"))
    one = rest["R2C_ABB"] + rest["R2C_AABB"] + rest["PKAc"] + rest["PKI_PKAc"]
    assert 2 * two + one == pytest.approx(2 * synapse.values(acute=True)["R2C2_total"], rel=1e-6)


# Edges of the tetramer's graph: from, to, stem of the two rates.
_EDGES = (
    ("R2C2", "R2C2_B", "B1"),
    ("R2C2_B", "R2C2_BB", "B2"),
    ("R2C2_B", "R2C2_AB", "A1"),
    ("R2C2_BB", "R2C2_ABB", "A2"),
    ("R2C2_AB", "R2C2_ABB", "B3"),
    ("R2C2_ABB", "R2C2_AABB", "A3"),
    ("R2C_ABB", "R2C_AABB", "A4"),
    ("R2_ABB", "R2_AABB", "A5"),
    ("R2C_ABB", "R2C2_ABB", "C1"),
    ("R2C_AABB", "R2C2_AABB", "C2"),
    ("R2_ABB", "R2C_ABB", "C3"),
    ("R2_AABB", "R2C_AABB", "C4"),
)
_SQUARES = (
    ("R2C2_B", "R2C2_BB", "R2C2_ABB", "R2C2_AB"),
    ("R2C_ABB", "R2C_AABB", "R2C2_AABB", "R2C2_ABB"),
    ("R2_ABB", "R2_AABB", "R2C_AABB", "R2C_ABB"),
)


@pytest.mark.parametrize("square", _SQUARES)
def test_every_square_closes(square: tuple[str, ...]) -> None:
    synapse = Synapse.of("pka", **REST)
    numbers = synapse.parameters["value"]
    affinity = {}
    for start, end, stem in _EDGES:
        energy = np.log(numbers[f"PKA_off_{stem}"] / numbers[f"PKA_on_{stem}"])
        affinity[start, end], affinity[end, start] = energy, -energy
    around = sum(affinity[a, b] for a, b in itertools.pairwise((*square, square[0])))
    assert around == pytest.approx(0, abs=1e-9)


def test_derived_rates_are_those_of_the_paper() -> None:
    """Urakubo's 0.1, 1 and 0.1 /s, loosened like all the others."""
    numbers = Synapse.of("pka", **REST).parameters["value"]
    assert numbers["PKA_off_B3"] == pytest.approx(1.5 * 0.1)
    assert numbers["PKA_off_A4"] == pytest.approx(1.5 * 1.0)
    assert numbers["PKA_off_A5"] == pytest.approx(1.5 * 0.1)


def test_model_is_clean() -> None:
    from kinaptic.sbml import document

    assert document.problems(Synapse.of("pka", **REST).sbml()) == []
