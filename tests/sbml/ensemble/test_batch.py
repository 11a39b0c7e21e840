"""Runs side by side: right, each for itself, whatever runs next to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from kinaptic.errors import KinapticError, ModelError, SimulationFailed, TimeLimit
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml import document, engine
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.model import Model
from kinaptic.sbml.structure import Structure

Array = NDArray[np.float64]
# Robertson 1966: rate constants over nine decades.
ROBERTSON = """model robertson()
  compartment c = 1; species A in c, B in c, C in c; A = 1; B = 0; C = 0; k = 0.04;
  a: A -> B; c*k*A; b: 2 B -> B + C; c*3e7*B^2; d: B + C -> A + C; c*1e4*B*C; total := A + B + C;
end"""
BRUSSELATOR = """model brusselator()
  x = 1.5; y = 3; a = 1; b = 3; x' = a + x^2*y - (b + 1)*x; y' = b*x - x^2*y;
end"""
OREGONATOR = """model oregonator()
  x = 1; y = 2; z = 3; s = 77.27; q = 8.375e-6; w = 0.161;
  x' = s*(y + x*(1 - q*x - y)); y' = (z - (1 + x)*y)/s; z' = w*(x - z);
end"""
# Goldbeter 1995: PER in the fly, with Hill terms.
GOLDBETER = """model goldbeter()
  compartment cell = 2; species M in cell, P0 in cell, P1 in cell, P2 in cell, N in cell;
  M = 0.1; P0 = 0.25; P1 = 0.25; P2 = 0.25; N = 0.25; vs = 0.76; n = 4; KI = 1;
  make: -> M; cell*vs*KI^n/(KI^n + N^n); rot: M -> ; cell*0.65*M/(0.5 + M);
  translate: M -> M + P0; cell*0.38*M;
  p1: P0 -> P1; cell*3.2*P0/(2 + P0); q1: P1 -> P0; cell*1.58*P1/(2 + P1);
  p2: P1 -> P2; cell*5*P1/(2 + P1); q2: P2 -> P1; cell*2.5*P2/(2 + P2);
  gone: P2 -> ; cell*0.95*P2/(0.2 + P2); inward: P2 -> N; cell*1.9*P2; outward: N -> P2; cell*1.3*N;
end"""
# A cascade of three cycles, each with a Hill exponent that is no whole number, over two compartments.
CASCADE = """model cascade()
  compartment big = 3, small = 0.2;
  species A in big, A_p in big, B in small, B_p in small, C in small, C_p in small;
  A = 1; A_p = 0; B = 2; B_p = 0; C = 3; C_p = 0; h = 1.7; g = 2.3; drive := 0.5 + 0.4*sin(2*time);
  a: A -> A_p; big*drive*A/(0.1 + A); a_: A_p -> A; big*0.3*A_p/(0.2 + A_p);
  b: B -> B_p; small*A_p^h/(0.2 + A_p^h)*B; b_: B_p -> B; small*0.5*B_p;
  c: C -> C_p; small*B_p^g/(0.5^g + B_p^g)*C; c_: C_p -> C; small*0.2*sqrt(C_p + 1)*C_p;
  A_all := A + A_p; B_all := B + B_p; C_all := C + C_p;
end"""
FORCED = "model forced()\n  x = 1; k = 1; f = 3; x' = -k*(x - sin(f*time)) + exp(-time); end"
MODELS = {
    "robertson": (ROBERTSON, ("A", "B", "C"), np.geomspace(1e-3, 1e5, 30)),
    "brusselator": (BRUSSELATOR, ("x", "y"), np.linspace(0, 20, 50)),
    "oregonator": (OREGONATOR, ("x", "y", "z"), np.linspace(0, 300, 60)),
    "goldbeter": (GOLDBETER, ("M", "P0", "P1", "P2", "N"), np.linspace(0, 72, 40)),
    "cascade": (CASCADE, ("A_p", "B_p", "C_p", "drive"), np.linspace(0, 30, 40)),
    "forced": (FORCED, ("x",), np.linspace(0, 20, 40)),
}
# Each run has spikes, parameters, samples and an end of its own.
TRAINS = """model trains()
  compartment c = 2; species A in c, B in c; A = 1; B = 0.5; k = 0.7; period = 0.3; next = 0.3; n = 0;
  a: A -> B; c*k*A^1.3; b: B -> ; c*0.3*B; e: -> A; c*0.2*(1 + 0.3*sin(time));
  spike: at (time >= next), fromTrigger=false: A = A + 0.1, next = next + period, n = n + 1;
end"""
TROUBLE = "model trouble()\n  x = 0; p = 1; q = 1; x' = p*x^2 + q + ln(q) + 1/p; y := ln(1.5 - x); end"


def model(text: str, readouts: tuple[str, ...], **values: float) -> Model:
    sbml = document.to_sbml(text)
    numbers = {n: Parameter(value=v, unit="1", source="assumed: for a test") for n, v in values.items()}
    return Model("made", Structure(sbml, sbml, {}, {}, {}), numbers, {}, readouts)


def run(models: Sequence[Model], times: Sequence[Array], rtol: float = 1e-6) -> list[Array]:
    found = []
    for outcome in batch.run(models, times, rtol=rtol):
        assert not isinstance(outcome, KinapticError), outcome
        found.append(outcome)
    return found


def reference(made: Model, times: Array) -> Array:
    lead = np.r_[0.0, times[times > 0]]
    found = engine.run(made, lead, [], rtol=1e-11, expected=lambda _: {})
    return found[len(lead) - len(times) :]


def apart(found: Array, wanted: Array) -> float:
    """Largest difference, each readout against its largest value."""
    return float((np.abs(found - wanted) / np.abs(wanted).max(axis=0)).max())


@pytest.mark.parametrize("name", MODELS)
def test_as_roadrunner_and_better_at_tighter_tolerance(name: str) -> None:
    text, readouts, times = MODELS[name]
    made = model(text, readouts)
    wanted = reference(made, times)
    loose, middle, tight = (apart(run([made], [times], rtol)[0], wanted) for rtol in (1e-5, 1e-7, 1e-9))
    amplified = 300 if name in ("oregonator", "goldbeter", "brusselator") else 5  # errors of phase add up
    assert loose < amplified * 1e-4
    assert middle < max(0.3 * loose, 1e-8)
    assert tight < max(0.3 * middle, 1e-8)
    assert tight < amplified * 1e-7


def mixed(count: int) -> tuple[list[Model], list[Array]]:
    generator = np.random.default_rng(3)
    models, times = [], []
    for _ in range(count):
        period = float(generator.uniform(0.05, 1))
        k = float(generator.uniform(0.1, 3))
        models.append(model(TRAINS, ("A", "B", "n"), k=k, period=period, next=period))
        end = float(generator.uniform(2, 9))
        times.append(np.sort(generator.uniform(0, end, int(generator.integers(3, 40)))))
    return models, times


def test_a_run_is_the_same_whatever_runs_next_to_it() -> None:
    models, times = mixed(13)
    together = run(models, times)
    assert all(np.array_equal(a, b) for a, b in zip(run(models, times), together, strict=True))
    backwards = run(models[::-1], times[::-1])[::-1]
    for i, (made, when) in enumerate(zip(models, times, strict=True)):
        alone = run([made], [when])[0]
        twice = run([made, made], [when, when])
        for other in (alone, *twice, backwards[i]):
            assert np.array_equal(other, together[i])
        assert apart(together[i], reference(made, when)) < 3e-6


def test_samples_change_the_solution_by_less_than_its_error() -> None:
    """Steps end on samples, which makes other steps; asked twice for a time, a run gives it twice."""
    (made,), _ = mixed(1)
    few, many = np.array([1.0, 4.0]), np.sort(np.r_[np.linspace(0, 4, 300), 1.0, 1.0])
    first, second = run([made, made], [few, many])
    assert second[many == 4.0] == pytest.approx(first[1:], rel=1e-6)
    assert second[many == 1.0] == pytest.approx(np.repeat(first[:1], (many == 1.0).sum(), axis=0), rel=1e-6)


def test_what_reactions_conserve_is_conserved() -> None:
    times = np.linspace(0, 1000, 50)
    (found,) = run([model(CASCADE, ("A_all", "B_all", "C_all"))], [times], 1e-5)
    assert np.abs(found / [1, 2, 3] - 1).max() < 1e-12
    (found,) = run([model(ROBERTSON, ("total",))], [np.geomspace(1, 1e9, 20)], 1e-5)
    assert np.abs(found - 1).max() < 1e-12


def test_a_run_that_fails_leaves_its_neighbours_alone() -> None:
    times = np.linspace(0, 1, 9)
    well = [model(TROUBLE, ("x", "y"), q=q) for q in np.linspace(0.1, 0.5, 5)]
    blows = model(TROUBLE, ("x", "y"), q=30.0)  # x grows without bound
    divides = model(TROUBLE, ("x", "y"), p=0.0)  # 1/p
    undefined = model(TROUBLE, ("x", "y"), q=-1.0)  # ln(q)
    unreadable = model(TROUBLE, ("x", "y"), q=0.7)  # the state stays well, ln(1.5 - x) does not
    bad = [blows, divides, undefined, unreadable]
    alone = run(well, [times] * 5)
    outcomes = batch.run([*bad, *well, *bad], [times] * 13, rtol=1e-6)
    for outcome in (*outcomes[:4], *outcomes[9:]):
        assert isinstance(outcome, SimulationFailed), outcome
    for outcome, wanted in zip(outcomes[4:9], alone, strict=True):
        assert not isinstance(outcome, KinapticError)
        assert np.array_equal(outcome, wanted)
    assert "y is nan" in str(outcomes[3])
    assert "gave up at 0" in str(outcomes[1])


def test_structures_may_be_mixed_and_outcomes_keep_their_order() -> None:
    names = ["forced", "cascade", "forced", "robertson", "cascade"]
    made = [model(*MODELS[name][:2]) for name in names]
    times = [MODELS[name][2] for name in names]
    for outcome, one, when in zip(run(made, times), made, times, strict=True):
        assert np.array_equal(outcome, run([one], [when])[0])


def test_readouts_may_be_chosen() -> None:
    text, readouts, times = MODELS["cascade"]
    made = model(text, readouts)
    (chosen,) = batch.run([made], [times], rtol=1e-6, readouts=["C_p", "big"])
    assert not isinstance(chosen, KinapticError)
    assert np.array_equal(chosen[:, 0], run([made], [times])[0][:, 2])
    assert np.all(chosen[:, 1] == 3)


def test_the_time_limit_ends_runs_one_by_one() -> None:
    short, long = np.array([0.5]), np.array([1e9])
    made = [model(BRUSSELATOR, ("x",), b=b) for b in (2.5, 3.0, 3.5)]
    outcomes = batch.run(made, [short, long, short], rtol=1e-8, time_limit=0.3)
    assert isinstance(outcomes[1], TimeLimit)
    assert isinstance(outcomes[0], np.ndarray)
    assert isinstance(outcomes[2], np.ndarray)


def test_progress_counts_runs_and_never_goes_back() -> None:
    models, times = mixed(11)
    said: list[float] = []
    batch.run(models, times, rtol=1e-6, progress=said.append)
    assert said == sorted(said)
    assert said[-1] == 11


def test_a_tolerance_out_of_range() -> None:
    with pytest.raises(SimulationFailed, match="rtol"):
        batch.run([model(FORCED, ("x",))], [np.array([1.0])], rtol=1e-3)


def test_no_runs_at_all() -> None:
    assert batch.run([], [], rtol=1e-6) == []


def test_a_model_says_whether_it_can_run() -> None:
    assert batch.unsupported(model(FORCED, ("x",)), 1) is None
    why = batch.unsupported(model("model m()\n  x = 1; x' = abs(x); end", ("x",)), 1)
    assert why == "a rate switches with time or with a state"


def test_a_constant_of_the_clockwork_with_another_value_keeps_it() -> None:
    made = model("model m()\n  zero = 1; x = 1; x' = -zero*x; end", ("x",), zero=2.0)
    assert run([made], [np.array([1.0])])[0][0, 0] == pytest.approx(np.exp(-2), rel=1e-5)


def test_what_has_no_value_is_named() -> None:
    text = document.to_sbml("model m()\n  start = 3; x = 2*start; x' = -x; end")
    made = Model("made", Structure(text, text, {}, {}, {}), {}, {}, ("x",))
    (refused,) = batch.run([made], [np.array([1.0])], rtol=1e-6)
    assert isinstance(refused, ModelError)
    assert "x has no value to begin with" in str(refused)
    given = Model("made", Structure(text, text, {}, {}, {}), {}, {"x": 5.0}, ("x",))
    assert run([given], [np.array([0.0, 1.0])])[0][:, 0] == pytest.approx([5, 5 * np.exp(-1)], rel=1e-5)
