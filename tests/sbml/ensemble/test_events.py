"""Events: at their very moment, in the order of the text, one setting off another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from kinaptic.errors import KinapticError, SimulationFailed
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml import document, engine
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.model import Model
from kinaptic.sbml.structure import Structure

Array = NDArray[np.float64]
READOUTS = ("x", "n", "c", "z", "w")
TIMES = np.r_[0, np.linspace(0.0123, 3.9123, 40)]
BASE = "model m()\n  x = 1; x' = -0.5*x; c = 0; c' = 1; n = 0; z = 0; w = 3; t1 = 1; {}\nend"


def model(events: str, **values: float) -> Model:
    sbml = document.to_sbml(BASE.format(events))
    numbers = {n: Parameter(value=v, unit="1", source="assumed: for a test") for n, v in values.items()}
    return Model("made", Structure(sbml, sbml, {}, {}, {}), numbers, {}, READOUTS)


def run(models: Sequence[Model], times: Array = TIMES) -> list[Array]:
    found = []
    for outcome in batch.run(models, [times] * len(models), rtol=1e-8):
        assert not isinstance(outcome, KinapticError), outcome
        found.append(outcome)
    return found


def final(events: str) -> dict[str, float]:
    (found,) = run([model(events)])
    return dict(zip(READOUTS, found[-1].tolist(), strict=True))


@pytest.mark.parametrize(
    "events",
    [
        pytest.param("e: at (time >= 1.5), fromTrigger=false: x = x + 1, n = n + 1;", id="at a time"),
        pytest.param("e: at (time > 1.5), fromTrigger=false: x = x + 1;", id="after a time"),
        pytest.param("e: at (1.5 <= time), fromTrigger=false: x = x + 1;", id="the other way round"),
        pytest.param("e: at (!(time < 1.5)), fromTrigger=false: x = x + 1;", id="not before"),
        pytest.param("e: at (2*time - 1 >= c + 0.7), fromTrigger=false: x = x + 1;", id="two clocks"),
        pytest.param("e: at (time >= 1.5): x = n + 1, n = x;", id="values of the trigger's time"),
        pytest.param("e: at (time >= 1.5), fromTrigger=false: x = n + 1, n = x;", id="old values"),
        pytest.param("e: at (c >= 0.7), fromTrigger=false: c = 0, x = x + 1, n = n + 1;", id="reset"),
        pytest.param("e: at (c >= 0.7 && n < 2.5), fromTrigger=false: c = 0, n = n + 1;", id="counter"),
        pytest.param("e: at (n < 1), t0=true, fromTrigger=false: x = x + 1;", id="true at first, not fired"),
        pytest.param("e: at (n < 1), t0=false, fromTrigger=false: x = x + 1;", id="true at first, fired"),
        pytest.param("e: at (time >= 0), t0=true, fromTrigger=false: x = x + 1;", id="at zero, not fired"),
        pytest.param("e: at (time >= 2 || n > 0.5), fromTrigger=false: x = x + 1;"
                     "f: at (time >= 1), fromTrigger=false: n = 1;", id="or"),
        pytest.param("e: at (xor(n > 0.5, z > 0.5)), t0=false, fromTrigger=false: x = x + 1;"
                     "f: at (time >= 1), fromTrigger=false: n = 1;", id="exclusive or"),
        pytest.param("g: at (z > 0.5), fromTrigger=false: w = w*2, x = x*1.5;"
                     "f: at (n > 0.5), fromTrigger=false: x = x + 2, z = 1;"
                     "e: at (time >= 1), fromTrigger=false: n = 1;", id="one sets off another"),
        pytest.param("e: at (time >= 1), fromTrigger=false: n = 1;"
                     "g: at (n > 0.5), fromTrigger=false: n = 0, z = z + 1;", id="one undoes another"),
        pytest.param("e: at (c >= 1), fromTrigger=false: c = 0.5, n = n + 1;"
                     "f: at (n > 1.5), fromTrigger=false: n = 0, z = z + 1;", id="a counter that is reset"),
        pytest.param("e: at (time >= 1.3), fromTrigger=false: x = time, n = c;", id="time as a value"),
        pytest.param("d: at (time >= 0.1), fromTrigger=false: n = 1; e: at (time >= 1.3), fromTrigger=false:"
                     "x = piecewise(5, c >= 1.3, 7), z = piecewise(5, time < 1.3, 7);", id="if later"),
        pytest.param("e: at (c >= 0.3), fromTrigger=false: c = 0, n = n + 1,"
                     "w = piecewise(0, n >= 3, w + 1);", id="state of a burst"),
        pytest.param("e: at (time >= 9), fromTrigger=false: n = 7;", id="after the end"),
    ],
)  # fmt: skip
def test_as_roadrunner_does_it(events: str) -> None:
    made = model(events)
    alone, (first, second) = run([made]), run([made, made])
    reference = engine.run(made, TIMES, [], rtol=1e-10, expected=lambda _: {})
    np.testing.assert_allclose(alone[0][1:], reference[1:], rtol=0, atol=1e-6)
    assert np.array_equal(first, alone[0])
    assert np.array_equal(second, alone[0])


def test_those_due_together_go_in_the_order_of_the_text() -> None:
    add, double = "time >= 1), fromTrigger=false: n = n + 1;", "time >= 1), fromTrigger=false: n = n*2;"
    assert final(f"a: at ({add} b: at ({double}")["n"] == 2
    assert final(f"b: at ({double} a: at ({add}")["n"] == 1


def test_what_one_makes_true_fires_although_the_next_makes_it_false_again() -> None:
    found = final(
        "e: at (time >= 1), fromTrigger=false: n = 1; f: at (time >= 1), fromTrigger=false: n = 0;"
        "g: at (n > 0.5), fromTrigger=false: z = z + 1;"
    )
    assert found["z"] == 1


def test_what_is_due_is_done_although_another_makes_its_trigger_false() -> None:
    found = final(
        "e: at (time >= t1), fromTrigger=false: t1 = 9; f: at (time >= t1), fromTrigger=false: z = z + 1;"
    )
    assert found["z"] == 1


def test_one_at_zero_comes_before_everything() -> None:
    (found,) = run([model("e: at (time >= 0), t0=false, fromTrigger=false: x = x + 1, n = 4;")])
    assert found[0, :2].tolist() == [2, 4]


def test_one_at_the_very_end_counts() -> None:
    made = model("e: at (time >= 2), fromTrigger=false: n = n + 1;", n=0.0)
    times = np.array([1.0, 2.0])
    (outcome,) = batch.run([made], [times], rtol=1e-8, expected=[lambda _: {"n": 1.0}])
    assert not isinstance(outcome, KinapticError)
    (missed,) = batch.run([made], [times[:1]], rtol=1e-8, expected=[lambda _: {"n": 1.0}])
    assert isinstance(missed, SimulationFailed)
    assert "0 events were delivered, 1 were due" in str(missed)


def test_ten_thousand_at_equal_distance() -> None:
    made = model("e: at (time >= t1), fromTrigger=false: n = n + 1, t1 = 1 + (n + 1)*0.001;")
    (found,) = run([made], np.array([1.0005, 5.0005, 10.9995]))
    assert found[:, 1].tolist() == [1, 4001, 10_000]


def test_two_that_set_each_other_off_for_ever_end_the_run() -> None:
    ping = "a: at (time >= 1 && n < 0.5), fromTrigger=false: n = 1;"
    pong = "b: at (time >= 1 && n > 0.5), fromTrigger=false: n = 0;"
    stuck, well = batch.run([model(ping + pong), model(ping + pong, t1=2)], [TIMES, TIMES[:5]], rtol=1e-8)
    assert isinstance(stuck, SimulationFailed)
    assert not isinstance(well, KinapticError)
