"""The engine's guards: tolerances in the right order, nothing lost in silence, a cache that heals."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import roadrunner

from kinaptic.errors import SimulationFailed, TimeLimit
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml import document, engine, store
from kinaptic.sbml.model import Model
from kinaptic.sbml.structure import Structure

# Two species in compartments of different size, two variables; the fast ones follow the slow ones.
DECAYS = """model decays()
  compartment big = 10, small = 0.1;
  species A in big, B in small; A = 1; B = 1;
  p = 1; q = 1; k = 1; two = 2;
  decay_A: A => ; big*k*A;
  decay_B: B => ; small*two*B;
  p' = -k*p; q' = -two*q;
  both := A + p;
end"""
# x runs away to infinity at t = 1; y becomes nan at t = 2 while the states stay well.
TROUBLE = """model trouble()
  k = 1; x = 1; x' = k*x^2*runs; runs = 0; z = 4; z' = -two; two = 2; y := ln(z);
end"""


def model(text: str, readouts: tuple[str, ...], **values: float) -> Model:
    sbml = document.to_sbml(text)
    numbers = {n: Parameter(value=v, unit="1", source="assumed: for a test") for n, v in values.items()}
    return Model("made", Structure(sbml, sbml, {}, {}, {}), numbers, {}, readouts)


def nothing(values: Mapping[str, float]) -> Mapping[str, float]:
    del values
    return {}


def run(made: Model, times: list[float], pauses: tuple[float, ...] = (), **options: object) -> np.ndarray:
    settings: dict[str, object] = {"rtol": 1e-8, "expected": nothing} | options
    return engine.run(made, times, pauses, **settings)  # type: ignore[arg-type]


def test_tolerances_stand_in_the_order_of_the_states() -> None:
    runner = roadrunner.RoadRunner(document.to_sbml(DECAYS))
    engine.set_tolerance(runner, 1e-6)
    states = [runner.model.getStateVectorId(i) for i in range(4)]
    found = dict(zip(states, runner.integrator.absolute_tolerance, strict=True))
    assert found == pytest.approx({"p": 1e-9, "q": 1e-9, "A": 1e-8, "B": 1e-10})


@pytest.mark.parametrize("name", ["p", "q", "A", "B"])
def test_the_integrator_reads_tolerances_in_that_order(name: str) -> None:
    """The one state that moves is integrated badly where its own entry is loose, and only there."""
    text = """model waves()
      compartment c = 1; species A in c, B in c; A = 0; B = 0; p = 0; q = 0;
      move_A: => A; c*on_A*cos(time); move_B: => B; c*on_B*cos(time);
      p' = on_p*cos(time); q' = on_q*cos(time);
      on_A = 0; on_B = 0; on_p = 0; on_q = 0;
    end"""
    runner = roadrunner.RoadRunner(document.to_sbml(text))
    runner.setValue(f"on_{name}", 1.0)
    states = [runner.model.getStateVectorId(i) for i in range(4)]
    runner.integrator.relative_tolerance = 1e-9
    runner.timeCourseSelections = [name]
    errors = {}
    for loose in states:
        runner.reset()
        runner.integrator.absolute_tolerance = [1e-2 if state == loose else 1e-11 for state in states]
        errors[loose] = abs(float(runner.simulate(0, 40, 2)[-1][0]) - np.sin(40))
    assert errors.pop(name) > 1e-4
    assert max(errors.values()) < 1e-6


def test_a_run_gives_the_samples_asked_for() -> None:
    made = model(DECAYS, ("A", "B", "p", "both"))
    times = [0.0, 0.5, 1.0, 2.0]
    values = run(made, times)
    assert values.shape == (4, 4)
    exact = np.exp(-np.outer(times, [1, 2, 1])) @ np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 1.0]])
    np.testing.assert_allclose(values, exact, rtol=1e-6)


def test_constants_and_volumes_are_set() -> None:
    made = replace(model(DECAYS, ("A", "B"), k=0.0, small=0.2), initial={"A": 1.0, "B": 1.0})
    values = run(made, [1.0])
    np.testing.assert_allclose(values, [[1.0, np.exp(-2)]], rtol=1e-6)


def test_pauses_are_visited_but_not_sampled() -> None:
    made = model(DECAYS, ("A", "q"))
    times = [0.25, 0.5, 3.0]
    plain = run(made, times)
    told: list[float] = []
    for pauses in [(0.5,), (0.1, 0.3, 0.4), (0.2, 0.5, 2.9, 3.0, 8.0)]:
        np.testing.assert_allclose(run(made, times, pauses, progress=told.append), plain, rtol=1e-6)
    assert told == [0.5, 3, 0.1, 0.3, 0.4, 3, 0.2, 0.5, 2.9, 3]


def test_a_state_that_runs_away_is_a_failure_with_its_time() -> None:
    with pytest.raises(SimulationFailed, match=r"gave up at (0\.\d+|1) s, between 0 and 5 s.*changed last"):
        run(model(TROUBLE, ("x",), runs=1.0), [0.0, 5.0])


def test_a_value_that_is_not_finite_is_a_failure_with_its_name() -> None:
    made = model(TROUBLE, ("x", "y"))
    run(made, [0.0, 1.0])
    with pytest.raises(SimulationFailed, match=r"y is nan at 2\.5 s"):
        run(made, [0.0, 1.0, 2.5, 3.0])


def test_a_run_without_its_spikes_is_a_failure() -> None:
    with pytest.raises(SimulationFailed, match=r"p: .* events were delivered, 7 were due"):
        run(model(DECAYS, ("A",)), [0.0, 1.0], expected=lambda _: {"p": 7})


def test_a_time_limit_is_kept_at_the_next_pause() -> None:
    made = model(DECAYS, ("A",))
    with pytest.raises(TimeLimit, match=r"stopped at 0\.5 s of 1 s"):
        run(made, [0.0, 1.0], (0.5,), time_limit=0.0)
    run(made, [0.0, 1.0], (0.5,), time_limit=60.0)


@pytest.mark.parametrize("rtol", [1e-13, 1e-4, float("nan")])
def test_tolerances_that_lose_spikes_are_refused(rtol: float) -> None:
    with pytest.raises(SimulationFailed, match="lose spikes"):
        run(model(DECAYS, ("A",)), [0.0, 1.0], rtol=rtol)


def test_states_and_their_rates_by_name() -> None:
    runner = engine.prepare(document.to_sbml(DECAYS), {})
    engine.set_state(runner, {"A": 3.0, "p": 5.0})
    assert engine.state(runner, ("A", "p", "both")) == {"A": 3, "p": 5, "both": 8}
    assert engine.rates(runner, ("A", "B", "p")) == {"A": -3, "B": -2, "p": -5}


def test_an_instance_knows_nothing_of_another() -> None:
    text = document.to_sbml(DECAYS)
    first = engine.prepare(text, {"k": 5.0})
    engine.set_state(first, {"A": 9.0})
    first.simulate(0, 1, 2)
    second = engine.prepare(text, {})
    assert engine.state(second, ("A", "k")) == {"A": 1, "k": 1}


def test_a_damaged_cache_entry_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINAPTIC_CACHE", str(tmp_path))
    made = model(DECAYS.replace("model decays", "model damaged"), ("A",))
    plain = run(made, [0.0, 1.0])
    (entry,) = (tmp_path / "compiled").iterdir()
    whole = entry.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", whole[:-1] + bytes([whole[-1] ^ 1]), b"\0" * len(whole)):
        entry.write_bytes(damaged)
        engine._compiled.cache_clear()
        np.testing.assert_array_equal(run(made, [0.0, 1.0]), plain)
        assert len(entry.read_bytes()) == len(whole)


def test_a_cache_that_cannot_be_written_is_gone_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_text("where a folder should be")
    monkeypatch.setenv("KINAPTIC_CACHE", str(tmp_path / "a file"))
    engine._compiled.cache_clear()
    run(model(DECAYS, ("A",)), [0.0, 1.0])


def test_the_cache_keeps_what_was_used_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINAPTIC_CACHE", str(tmp_path))
    monkeypatch.setattr(store, "_MOST", 3)
    made: list[int] = []

    def entry(number: int) -> bytes:
        def make() -> bytes:
            made.append(number)
            return bytes([number])

        return store.remember("kind", store.key(str(number)), make)

    for number in (1, 2, 3, 1, 4, 1, 5):
        assert entry(number) == bytes([number])
    assert len(list((tmp_path / "kind").iterdir())) == 3
    assert made == [1, 2, 3, 4, 5]


def test_keys_tell_texts_apart() -> None:
    assert store.key("ab", "c") != store.key("a", "bc")
    assert store.key("a") == store.key("a")


def _remember(folder: str) -> str:
    import os

    os.environ["KINAPTIC_CACHE"] = folder
    return json.dumps(run(model(DECAYS, ("A", "q")), [0.0, 1.0]).tolist())


def test_two_processes_may_compile_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(_remember, [str(tmp_path)] * 4, chunksize=1)
    assert len(set(found)) == 1
    assert [p.suffix for p in (tmp_path / "compiled").iterdir()] == [".bin"]


def test_a_model_is_told_from_another_by_its_content() -> None:
    one, other = model(DECAYS, ("A",), k=1.0), model(DECAYS, ("A",), k=2.0)
    assert one.digest != other.digest
    assert one.digest == replace(one, name="another name", readouts=("B",)).digest
    assert one.digest != replace(one, initial={"A": 2.0}).digest
