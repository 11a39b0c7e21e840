"""Reading SBML: what has a rate, what only events change, what stays; and the rates themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping

import libsbml
import numpy as np
import pytest
import roadrunner

from kinaptic.sbml import document
from kinaptic.sbml.ensemble import network
from kinaptic.sbml.ensemble.expression import Level, Node

MADE = """model made()
  compartment big = 4, small = 0.5;
  species A in big, B in small, $held in big, $clamped in small, $set in small;
  A = 1; B = 2; held = 3; clamped = 0.5; set = 7;
  k = 0.3; n = 2.5; local = 5; idle = 9; counter = 0; drift = 0; x = 1; total := A + 2*B;
  move: A -> 3 B; big*k*A*held;
  bind: 2 A + B -> ; small*k*A^2*B*hill(total, n)*clamped;
  x' = -turn*x + set; turn := k*x;
  counter' = drift;
  kick: at (time >= 1): counter = counter + 1, set = set + 1;
end"""
HILL = "function hill(c, n)\n  c^n/(1 + c^n)\nend\n"


@pytest.fixture(scope="module")
def made() -> network.Network:
    return network.read(document.to_sbml(HILL + MADE), {"drift": 0.0})


def numbers(
    model: network.Network, nodes: Mapping[str, Node], values: Mapping[str, float]
) -> dict[str, float]:
    """What nodes are worth where symbols have values."""
    graph, found = model.graph, dict[Node, float]()
    python = {"exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "sqrt": np.sqrt, "pow": np.power}
    for each in graph.needed(nodes.values()):
        name, *parts = graph.terms[each]
        terms = [found[p] for p in parts] if name not in ("number", "symbol") else []
        match name:
            case "number":
                found[each] = parts[0]
            case "symbol":
                found[each] = values[parts[0]]
            case "add":
                found[each] = terms[0] + terms[1]
            case "sub":
                found[each] = terms[0] - terms[1]
            case "mul":
                found[each] = terms[0] * terms[1]
            case "neg":
                found[each] = -terms[0]
            case "reciprocal":
                found[each] = 1 / terms[0]
            case _:
                found[each] = float(python[name](*terms))
    return {name: found[node] for name, node in nodes.items()}


def test_everything_has_its_place(made: network.Network) -> None:
    assert made.states == ("A", "B", "x", network.TIME)
    assert made.discrete == ("set", "counter")  # its rate is zero once `drift` is put in
    assert set(made.parameters) == {"big", "small", "held", "clamped", "k", "n", "local", "idle"}
    assert {"total", "turn", "A", "drift"} <= set(made.readouts)


def test_rates_are_those_of_roadrunner(made: network.Network) -> None:
    runner = roadrunner.RoadRunner(document.to_sbml(HILL + MADE))
    runner.reset()
    found = numbers(made, dict(zip(made.states, made.rates, strict=True)), made.begins)
    species = dict(
        zip(
            runner.model.getFloatingSpeciesIds(),
            runner.model.getFloatingSpeciesConcentrationRates(),
            strict=True,
        )
    )
    assert found == pytest.approx({**species, "x": runner.getValue("x'"), network.TIME: 1}, rel=1e-12)


def test_a_volume_that_is_a_factor_cancels(made: network.Network) -> None:
    graph = made.graph
    rate = made.rates[made.states.index("x")]
    assert graph.symbol("big", Level.PARAMETER) not in graph.needed([rate])
    assert graph.symbol("big", Level.PARAMETER) in graph.needed([made.rates[made.states.index("B")]])
    k_held = graph.mul(graph.symbol("k", Level.PARAMETER), graph.symbol("held", Level.PARAMETER))
    assert k_held in graph.needed([made.rates[0]])


def test_local_parameters_shadow_global_ones() -> None:
    text = """model m()
      compartment c = 2; species S in c; S = 1; k = 1; x = 1; x' = -k*x; out: S -> ; c*k*S
    end"""
    made = libsbml.readSBMLFromString(document.to_sbml(text))
    local = made.getModel().getReaction("out").getKineticLaw().createLocalParameter()
    local.setId("k")
    local.setValue(5)
    found = network.read(libsbml.writeSBMLToString(made), {})
    rates = numbers(found, dict(zip(found.states, found.rates, strict=True)), found.begins)
    assert rates == {"S": -5, "x": -1}


def test_only_values_that_are_given_as_such_are_initial_values() -> None:
    made = libsbml.readSBMLFromString(
        document.to_sbml(
            "model m()\n  compartment c = 2; species A in c, B in c; A = 1; p = 1; q = 2*p; r = 3; end"
        )
    )
    made.getModel().getSpecies("B").setInitialAmount(3)
    made.getModel().getParameter("r").unsetValue()
    assert network.read(libsbml.writeSBMLToString(made), {}).begins == {
        "c": 2,
        "A": 1,
        "p": 1,
        network.TIME: 0,
    }


def test_what_changes_is_never_folded() -> None:
    text = "model m()\n  {} y = 1; y' = -zero*y; end"
    for how in ("zero = 5; zero' = 1;", "zero = 5; kick: at (time >= 1): zero = 1;", "zero := y;"):
        found = network.read(document.to_sbml(text.format(how)), {"zero": 0.0})
        assert found.graph.value(found.rates[found.states.index("y")]) is None
    found = network.read(document.to_sbml(text.format("zero = 5;")), {"zero": 0.0})
    assert "y" in found.parameters  # its rate is zero


def test_a_model_may_call_something_time() -> None:
    text = document.to_sbml("model m()\n  tick = 3; x = 1; x' = tick + sin(time); end").replace(
        '"tick"', '"time"'
    )
    found = network.read(text.replace("> tick <", "> time <"), {})
    assert found.parameters == ("time",)
    values = {**found.begins, network.TIME: 0.5}
    assert numbers(found, {"x": found.rates[0]}, values) == pytest.approx({"x": 3 + math.sin(0.5)})


def test_a_reaction_in_a_formula_is_its_rate() -> None:
    text = "model m()\n  compartment c = 2; species A in c; A = 3; go: A -> ; c*0.5*A; x = 0; x' = go; end"
    found = network.read(document.to_sbml(text), {})
    assert numbers(found, dict(zip(found.states, found.rates, strict=True)), found.begins) == {
        "A": -1.5,
        "x": 3,
    }


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("log10(x)", math.log10(0.7)),
        ("log(x)", math.log(0.7)),
        ("ln(x)", math.log(0.7)),
        ("sqrt(x)", math.sqrt(0.7)),
        ("root(3, x)", 0.7 ** (1 / 3)),
        ("x^2.5", 0.7**2.5),
        ("pow(x, -3)", 0.7**-3),
        ("tanh(x)", math.tanh(0.7)),
        ("sinh(x)", math.sinh(0.7)),
        ("cosh(x)", math.cosh(0.7)),
        ("tan(x)", math.tan(0.7)),
        ("exp(-x)*pi", math.exp(-0.7) * math.pi),
        ("-x - -2e-3", -0.7 + 2e-3),
        ("piecewise(x, k > 3, 2*x, k >= 2 && k < 3, 0)", 1.4),
        ("piecewise(x, xor(k > 1, k > 1.5), 2*x)", 1.4),
        ("x*max(1, 2, 3)", 2.1),
    ],
)
def test_functions(formula: str, wanted: float) -> None:
    text = document.to_sbml(f"model m()\n  k = 2; x = 0.7; x' = {formula}; end")
    found = network.read(text, {"k": 2.0})
    assert numbers(found, {"x": found.rates[0]}, found.begins)["x"] == pytest.approx(wanted, rel=1e-12)


def test_long_and_deep_formulas() -> None:
    deep = "x"
    for _ in range(1000):
        deep = f"({deep} + 1)*k"
    found = network.read(_with_rate(deep), {"k": 1.0})
    assert numbers(found, {"x": found.rates[0]}, {"x": 1.0}) == {"x": 1001}
    found = network.read(_with_rate(" + ".join(["x*k"] * 3000)), {})
    assert numbers(found, {"x": found.rates[0]}, {"x": 1.0, "k": 2.0}) == {"x": 6000}


def test_rules_in_a_circle() -> None:
    text = document.to_sbml("model m()\n  a := 2; b := a + 1; x = 1; x' = b; end")
    made = libsbml.readSBMLFromString(text)
    made.getModel().getRuleByVariable("a").setMath(libsbml.parseL3Formula("b"))
    with pytest.raises(network.Unsupported, match="in a circle"):
        network.read(libsbml.writeSBMLToString(made), {})


def _with_rate(formula: str) -> str:
    made = libsbml.readSBMLFromString(document.to_sbml("model m()\n  k = 1; x = 1; x' = 1; end"))
    made.getModel().getRule(0).setMath(libsbml.parseL3Formula(formula))
    text: str = libsbml.writeSBMLToString(made)
    return text
