"""Doses as text, and agents at doses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kinaptic.errors import KinapticError, PerturbationError, UnitError, UnknownName
from kinaptic.pathways import doses
from kinaptic.pathways.drugs import drug
from kinaptic.pathways.perturbation import clamp, edit, inhibit, knockout, overexpress
from kinaptic.sbml.synapse import Synapse
from kinaptic.units import parse


def test_a_range_is_log_spaced_with_its_ends() -> None:
    found = doses.read("1 nM .. 100 uM")
    values = [parse(each, "uM", "dose") for each in found]
    assert len(found) == 16
    assert (found[0], found[-1]) == ("0.001 uM", "100 uM")
    np.testing.assert_allclose(values, np.geomspace(1e-3, 100, 16), rtol=1e-5)
    assert doses.read("0.1 .. 10", per_decade=1) == ("0.1", "1", "10")
    assert doses.read("1 Hz .. 2 Hz") == ("1 Hz", "2 Hz")
    assert doses.read(["1 nM", "0 uM", "3 mM"]) == ("1 nM", "0 uM", "3 mM")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("100 uM .. 1 nM", KinapticError, "the range is upside down; write 1 nM .. 100 uM"),
        ("1 uM .. 1 uM", KinapticError, "upside down"),
        (
            "0 uM .. 1 uM",
            KinapticError,
            "cannot begin at 0 uM; give a positive one, or a list",
        ),
        ("-1 uM .. 1 uM", KinapticError, "cannot begin at -1 uM"),
        ("1 nM .. 100 mV", UnitError, "expected a quantity in mV"),
        ("1 nM .. 100", UnitError, "1 nM"),
        ("1 nM ..", KinapticError, "write two quantities"),
        ("1 nM .. 1 uM .. 1 mM", KinapticError, "write two quantities"),
        ("1 nM .. nan uM", UnitError, "not a finite number"),
        ("1 uM", KinapticError, "give a range such as '1 nM .. 100 uM', or a list"),
        ([], KinapticError, "the list is empty"),
        (["1 uM", "nan uM"], UnitError, "not a finite number"),
        (["1 uM", "1 mV"], UnitError, "expected a quantity in uM"),
        (["1 uM", "-1 uM"], KinapticError, "'-1 uM' is negative"),
        (["lots"], UnitError, "cannot read 'lots'"),
    ],
)
def test_bad_doses(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        doses.read(given)


def test_an_ideal_inhibitor_follows_its_occupancy() -> None:
    given = inhibit("CaMKII", ic50="0.4 uM")
    for dose, left in (("0.4 uM", 0.5), ("4 uM", 1 / 11), ("40 nM", 10 / 11)):
        made = doses.at(given, dose)
        assert made == inhibit("CaMKII", dose=dose, ic50="0.4 uM")
        assert made is not None
        assert made.factor == pytest.approx(left)
    assert doses.at(given, "0 uM") is None
    assert inhibit("CaMKII", dose="3 uM").factor == pytest.approx(0.25)  # an IC50 of 1 uM unless it is given
    assert str(doses.at(given, "0.4 uM")) == (
        "CaMKII inhibited by 50% (0.4 uM at an IC50 of 0.4 uM), from the start of the run"
    )
    assert doses.at(inhibit("CaMKII", acute=False), "0.3") == inhibit("CaMKII", by=0.3, acute=False)


def test_agents_of_every_kind() -> None:
    assert doses.at(doses.agent("am251"), "2 uM") == drug("AM251", "2 uM")
    assert doses.at(doses.agent("AM251"), "0 uM") is None
    assert doses.at(drug("AM251", "1 uM", acute=False), "2 uM") == drug("AM251", "2 uM", acute=False)
    assert doses.at(overexpress("CaMKII", 1), "3") == overexpress("CaMKII", 3)
    assert doses.at(clamp("cAMP", "1 uM"), "0 uM") == clamp("cAMP", "0 uM")
    assert doses.at(edit("CaMKII_total", "1 uM"), "3 uM") == edit("CaMKII_total", "3 uM")


@pytest.mark.parametrize(
    ("given", "dose", "error", "message"),
    [
        ("AM25", "1 uM", UnknownName, "did you mean AM251"),
        (knockout("pka"), "1 uM", PerturbationError, r"a knock-out has no doses; give kn.inhibit\('pka'\)"),
        (3, "1 uM", PerturbationError, "give a drug's name, or a perturbation such as"),
        ("AM251", "1 mV", UnitError, "expected a quantity in uM"),
        ("AM251", "-1 uM", PerturbationError, "a dose cannot be negative"),
        (inhibit("CaMKII"), "1 mV", UnitError, r"inhibit\(dose=…\)"),
        (inhibit("CaMKII"), "-1 uM", PerturbationError, "a dose is not negative"),
        (inhibit("CaMKII", ic50="1 uM"), "0.5", UnitError, "is dosed by concentrations, not '0.5'"),
        (inhibit("CaMKII"), "1.5", PerturbationError, "give a fraction from 0 to 1"),
        (overexpress("CaMKII", 1), "1 uM", UnitError, "is dosed by factors"),
    ],
)
def test_bad_agents(given: Any, dose: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        doses.at(doses.agent(given), dose)


def test_a_fraction_and_a_dose_are_not_given_together() -> None:
    with pytest.raises(PerturbationError, match="give by=… or dose=…, not both"):
        inhibit("CaMKII", 0.5, dose="1 uM")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"ic50": "0 uM"}, PerturbationError, "an IC50 is positive"),
        ({"ic50": "bogus"}, UnitError, "cannot read 'bogus'"),
        ({"by": 0.5, "ic50": "1 uM"}, PerturbationError, "an IC50 goes with dose=…, not with by=…"),
    ],
)
def test_bad_inhibitors(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        inhibit("CaMKII", **given)


def test_an_inhibitor_without_its_dose_is_no_genotype() -> None:
    with pytest.raises(PerturbationError, match=r"lacks its dose: give dose='1 uM'"):
        Synapse.preset("ca1").with_(inhibit("CaMKII", ic50="0.4 uM"))
    with pytest.raises(PerturbationError, match="a concentration is not negative"):
        Synapse.preset("ca1").with_(edit("CaMKII_total", "-5 uM"))


def test_zero_needs_no_unit() -> None:
    assert doses.read([0, "1 uM"]) == ("0 uM", "1 uM")
