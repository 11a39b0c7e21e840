"""Perturbations resolve to numbers: totals for what is there, activities for what is blocked."""

from __future__ import annotations

import pytest

import kinaptic as kn
from kinaptic.errors import PerturbationError, UnitError, UnknownName
from kinaptic.pathways.catalogue import pathways
from kinaptic.pathways.perturbation import factors, quantity
from kinaptic.pathways.presets import presets

CA1 = presets()["ca1"].pathways
NUMBERS = {n: p for name in CA1 for n, p in pathways()[name].parameters.items()}


@pytest.mark.parametrize(
    ("perturbation", "expected"),
    [
        (kn.knockout("CaMKII"), {"CaMKII_total": 0}),
        (kn.overexpress("CaMKII", 3), {"CaMKII_total": 3}),
        (kn.overexpress("camkii", 3), {"CaMKII_total": 3}),
        (kn.inhibit("calcineurin", by=0.8), {"CaN_activity": pytest.approx(0.2)}),
        (kn.inhibit("pka"), {"PKA_activity": pytest.approx(0.1)}),
        (kn.inhibit("PKA"), {"PKA_activity": pytest.approx(0.1)}),
        (kn.inhibit("pp1", by=1), {"PP1_activity": 0}),
        (kn.inhibit("T286_rate", by=0.5), {"T286_rate": 0.5}),
        (kn.knockout("T286"), {"T286_rate": 0}),
        (kn.knockout("PP1_total"), {"PP1_total": 0}),
        (kn.knockout("glua1"), {"GluA1_total": 0}),
        (kn.inhibit("nmdar", by=0.5), {"NMDAR_conductance": 0.5}),
        (kn.overexpress("CAMKii", 3), {"CaMKII_total": 3}),
    ],
)
def test_targets_resolve_to_numbers(perturbation: kn.Perturbation, expected: dict[str, float]) -> None:
    assert factors(perturbation, CA1) == expected


def test_an_inhibitor_leaves_amounts_and_a_knock_out_leaves_none() -> None:
    for name in CA1:
        for target, enzyme in pathways()[name].enzymes.items():
            if enzyme.activity:
                assert set(factors(kn.inhibit(target), CA1)) == set(enzyme.activity)
            if enzyme.totals:
                assert set(factors(kn.knockout(target), CA1).values()) == {0}


def test_capitals_do_not_matter_for_enzymes_only() -> None:
    with pytest.raises(UnknownName, match="did you mean PP1_activity"):
        factors(kn.inhibit("pp1_activity"), CA1)
    assert kn.Synapse.preset("ca1").with_(kn.knockout("PKA")).pathways == CA1  # not the pathway pka


def test_a_pathway_stands_for_its_namesake_only() -> None:
    """An inhibitor of PKA is no inhibitor of cyclases, whose pathway it shares."""
    assert factors(kn.inhibit("pka"), CA1) == factors(kn.inhibit("PKA"), CA1)
    assert "PDE4_kcat" not in factors(kn.inhibit("pka"), CA1)
    for name in ("calcium", "ampar"):
        with pytest.raises(
            PerturbationError, match=rf"inhibit\('{name}'\): the pathway is no enzyme; give one of"
        ):
            factors(kn.inhibit(name), CA1)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: kn.inhibit("pka", by=1.5), PerturbationError, "give a fraction from 0 to 1, such as 0.9"),
        (lambda: kn.inhibit("pka", by=float("nan")), PerturbationError, "fraction from 0 to 1"),
        (lambda: kn.overexpress("pka", 0), PerturbationError, "to remove it use knockout"),
        (lambda: kn.overexpress("pka", float("inf")), PerturbationError, "positive factor"),
        (lambda: factors(kn.inhibit("camki"), CA1), UnknownName, "did you mean camkii or CaMKIV or CaMKII"),
        (lambda: factors(kn.inhibit("PP3"), CA1), UnknownName, "unknown target 'PP3': did you mean"),
        (lambda: factors(kn.inhibit("DARPP32"), CA1), PerturbationError, "belongs to pathway darpp32"),
        (lambda: factors(kn.inhibit("dArpp32"), CA1), PerturbationError, "belongs to pathway darpp32"),
        (
            lambda: factors(kn.inhibit("CaM_Kd_C1"), CA1),
            PerturbationError,
            r"is derived \(CaM_off_C1/CaM_on_C1\)",
        ),
        (lambda: quantity(kn.edit("T286_rate", 6.3), NUMBERS), UnitError, "has no unit"),
        (lambda: quantity(kn.edit("T286_rate", "6.3"), NUMBERS), UnitError, "expected a quantity in 1/s"),
        (lambda: quantity(kn.edit("CaM_Kd_C1", "6 uM"), NUMBERS), PerturbationError, "is derived"),
        (lambda: quantity(kn.clamp("camp", "6 uM"), NUMBERS), UnknownName, "did you mean cAMP"),
        (lambda: quantity(kn.clamp("cAMP", "6"), NUMBERS), UnitError, "expected a quantity in uM"),
    ],
)
def test_what_makes_no_sense_is_refused(make: object, error: type[Exception], message: str) -> None:
    assert callable(make)
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("perturbation", "value"),
    [
        (kn.edit("T286_rate", "6300 1/ks"), 6.3),
        (kn.edit("NMDAR_2A_share", "0.5"), 0.5),
        (kn.edit("NMDAR_2A_share", 0.5), 0.5),
        (kn.edit("NMDAR_2A_share", "50 percent"), 0.5),
        (kn.edit("neck_resistance", "100 MOhm"), 0.1),
        (kn.clamp("cAMP", "60 nM"), 0.06),
        (kn.clamp("PP1_activity", 1), 1),
    ],
)
def test_quantities_come_in_the_unit_of_the_number(perturbation: kn.Perturbation, value: float) -> None:
    assert quantity(perturbation, NUMBERS) == pytest.approx(value)


@pytest.mark.parametrize(
    ("perturbation", "text"),
    [
        (kn.knockout("pka"), "pka knocked out"),
        (kn.inhibit("pka"), "pka inhibited by 90%, from the start of the run"),
        (kn.inhibit("pka", by=0.999, acute=False), "pka inhibited by 99.9%"),
        (kn.overexpress("pka", 2.5), "pka expressed × 2.5"),
        (kn.clamp("Ca", "1 uM", acute=True), "Ca clamped at 1 uM, from the start of the run"),
        (kn.edit("distance", "9 um"), "distance set to 9 um"),
    ],
)
def test_perturbations_print_themselves(perturbation: kn.Perturbation, text: str) -> None:
    assert str(perturbation) == text


def test_perturbations_are_values() -> None:
    assert kn.inhibit("pka") == kn.inhibit("pka", by=0.9)
    assert len({kn.knockout("pka"), kn.knockout("pka"), kn.knockout("PKA")}) == 2
