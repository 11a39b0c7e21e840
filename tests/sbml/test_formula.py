"""Derived numbers: what Python computes is what a simulator computes from the exported rules."""

from __future__ import annotations

import numpy as np
import pytest
import roadrunner

import kinaptic as kn
from kinaptic.errors import ModelError, UnknownName
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml import formula


def number(value: float) -> Parameter:
    return Parameter(value=value, unit="1", source="assumed: for a test")


def derived(text: str) -> Parameter:
    return Parameter(formula=text, unit="1", source="derived: for a test")


@pytest.mark.parametrize("name", ["ca1", "l5"])
def test_a_simulator_computes_the_same(name: str) -> None:
    model = kn.Synapse.preset(name).model(kn.stdp("10 ms", pairs=2, rate="1 Hz"))
    runner = roadrunner.RoadRunner(model.sbml)
    names = [n for n, p in model.parameters.items() if p.formula is not None]
    there = [n for n in names if n in runner.model.getGlobalParameterIds()]
    assert len(there) > 50
    assert {"CaMKII_off_C0N0", "CaM_Kd_C1"} <= set(there)
    found = [runner.getValue(n) for n in there]
    np.testing.assert_allclose([model.values[n] for n in there], found, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2*x^2 - y/4", 17.0),
        ("-x + y", 1.0),
        ("exp(ln(x))*sqrt(y)", 6.0),
        ("x^-1", 1 / 3),
        ("abs(x - y)", 1.0),
        ("x*y^2/2", 24.0),
        ("other + one", 10.0),
    ],
)
def test_arithmetic(text: str, value: float) -> None:
    given = {"z": derived(text), "other": derived("x^2"), "x": number(3), "y": number(4), "one": number(1)}
    assert formula.evaluate(given)["z"] == pytest.approx(value)


def test_everything_comes_back_in_order() -> None:
    given = {"b": derived("2*a"), "a": number(1.5)}
    assert list(formula.evaluate(given).items()) == [("b", 3.0), ("a", 1.5)]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("z + 1", ModelError, "in a circle: z → z"),
        ("w", ModelError, "in a circle"),
        ("1/zero", ModelError, "z = 1/zero has no value"),
        ("ln(zero)", ModelError, "has no value"),
        ("exp(1000)", ModelError, "has no value"),
        ("x +", ModelError, "cannot be read"),
        ("sin(x)", ModelError, r"not 'sin\(x\)'"),
        ("x if x else 1", ModelError, "a formula may have"),
        ("__import__('os')", ModelError, "a formula may have"),
        ("xx", UnknownName, "unknown number 'xx': did you mean x.* in the formula of z"),
    ],
)
def test_what_cannot_be_computed_is_refused(text: str, error: type[Exception], message: str) -> None:
    given = {"x": number(3), "zero": number(0), "z": derived(text), "w": derived("z")}
    with pytest.raises(error, match=message):
        formula.evaluate(given)
