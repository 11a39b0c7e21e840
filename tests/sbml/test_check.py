"""`Synapse.check` is silent on what is right and names what is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.pathways.catalogue import pathway, pathways, ports
from kinaptic.sbml import check, document
from kinaptic.sbml.model import Model
from kinaptic.sbml.structure import Structure


def alone(name: str) -> kn.Synapse:
    """Return a synapse of one pathway, its inputs held at what they are where nobody gives them."""
    held = {}
    for need in pathway(name).needs:
        port, _ = ports()[need]
        held[need] = str(port.neutral) if port.unit == "1" else f"{port.neutral} {port.unit}"
    return kn.Synapse.of(name, **held)


@pytest.fixture(scope="module")
def camkii() -> Model:
    return kn.Synapse.of("calmodulin", "camkii", Ca="0.07 uM", PP1="1 uM", PP1_activity="1").model()


@pytest.mark.parametrize("name", ["ca1", "l5"])
def test_presets_are_right(name: str) -> None:
    assert kn.Synapse.preset(name).check() == []


@pytest.mark.parametrize("name", sorted(pathways()))
def test_every_pathway_alone_is_right(name: str) -> None:
    assert alone(name).check() == []


def test_a_perturbed_synapse_is_right() -> None:
    perturbed = (
        kn.knockout("pka"),
        kn.inhibit("camkii"),
        kn.clamp("CaN_active", "0.1 uM"),
        kn.edit("distance", "50 um"),
    )
    assert kn.Synapse.preset("ca1").with_(*perturbed).check() == []


def test_a_broken_cycle_is_named(camkii: Model) -> None:
    """The rate off of one state, derived from closure, is made twice too fast."""
    assert check.broken_cycles(camkii) == []
    wrong = camkii.parameters["CaMKII_off_C1N1"]
    twice = wrong.model_copy(update={"formula": f"({wrong.formula})/half"})
    broken = check.broken_cycles(
        replace(camkii, parameters=dict(camkii.parameters) | {"CaMKII_off_C1N1": twice})
    )
    assert broken
    assert all("bind_CaM_C1N1_CaMKII" in line or "bind_CaM_C1N1_pCaMKII" in line for line in broken)
    assert all("0.693" in line for line in broken)  # ln 2


def made(text: str) -> Model:
    sbml = document.to_sbml(text)
    return Model("made", Structure(sbml, sbml, {}, {}, {}), {}, {}, ())


SQUARE = """model square()
  compartment c = 2; species A in c, B in c, AX in c, BX in c, $X in c;
  A = 1; B = 0; AX = 0; BX = 0; X = 0.3;
  kf = 3; kr = 5; on = 7; off = 2; kfx = 3; krx = 5;
  flip: A -> B; c*(kf*A - kr*B);
  bind_A: A + X -> AX; c*(on*A*X - off*AX);
  bind_B: B + X -> BX; c*(on*B*X - off*BX);
  flip_X: AX -> BX; c*(kfx*AX - krx*BX);
end"""


def test_cycles_count_held_species_in() -> None:
    assert check.broken_cycles(made(SQUARE)) == []
    # X on at one corner is paid for at the next: right only if X is not counted twice or left out
    assert check.broken_cycles(made(SQUARE.replace("kfx = 3", "kfx = 3.001"))) != []


def test_a_one_way_step_breaks_a_cycle() -> None:
    (found,) = check.broken_cycles(made(SQUARE.replace("krx = 5", "krx = 0")))
    assert "ln K adds up to" in found
    assert "flip_X" in found


def test_a_step_that_is_switched_off_breaks_none() -> None:
    assert check.broken_cycles(made(SQUARE.replace("kfx = 3; krx = 5", "kfx = 0; krx = 0"))) == []


def test_a_rate_that_is_no_mass_action_is_named() -> None:
    found = check.broken_cycles(made(SQUARE.replace("c*(kf*A - kr*B)", "c*(kf*A/(1 + A) - kr*B)")))
    assert "flip is written as reversible, but its rate is not mass action" in found


def test_dimers_are_counted_twice() -> None:
    text = """model dimers()
      compartment c = 1; species A in c, D in c, E in c; A = 1; D = 0; E = 0;
      k1 = 2; k2 = 3; k3 = 5; k4 = 7; k5 = 2; k6 = 4.2;
      pair: 2 A -> D; c*(k1*A^2 - k2*D);
      turn: D -> E; c*(k3*D - k4*E);
      meet: 2 A -> E; c*(k5*A^2 - k6*E);
    end"""
    assert check.broken_cycles(made(text)) == []  # 2/3 * 5/7 = 2/4.2
    assert len(check.broken_cycles(made(text.replace("k6 = 4.2", "k6 = 4")))) == 1


def test_the_basis_of_cycles_spans_the_null_space() -> None:
    generator = np.random.default_rng(5)
    matrix = generator.integers(-1, 2, (12, 4)) @ generator.integers(-1, 2, (4, 20)).astype(float)
    cycles = check._cycles(matrix)
    dense = np.array([[cycle.get(i, 0.0) for i in range(20)] for cycle in cycles])
    assert np.linalg.matrix_rank(dense) == 20 - np.linalg.matrix_rank(matrix)
    np.testing.assert_allclose(dense @ matrix.T, 0, atol=1e-9)


def test_a_baseline_that_moves_is_named(camkii: Model) -> None:
    assert check.drifting(camkii) == []
    moved = dict(camkii.initial) | {"CaMKII": camkii.initial["CaMKII"] * 1.001}
    found = check.drifting(replace(camkii, initial=moved))
    assert any(line.startswith("the baseline drifts: CaMKII by") for line in found)


def test_a_restless_kinase_is_named(camkii: Model) -> None:
    assert check.active_at_rest(camkii) == []
    active = dict(camkii.initial) | {"pCaMKII": 0.1 * camkii.values["CaMKII_total"]}
    (found,) = check.active_at_rest(replace(camkii, initial=active))
    assert "of CaMKII is active at 0.07 uM calcium" in found


def test_species_without_identity_are_named(camkii: Model) -> None:
    assert check.without_identity(camkii.sbml) == []
    parsed = document.read(camkii.sbml)
    parsed.getModel().getSpecies("pCaMKII").unsetCVTerms()
    parsed.getModel().getSpecies("CaMKII").unsetSBOTerm()
    assert [line.split()[1] for line in check.without_identity(document.write(parsed))] == [
        "CaMKII",
        "pCaMKII",
    ]
