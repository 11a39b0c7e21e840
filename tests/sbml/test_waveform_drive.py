"""Recorded calcium inside a model: what is played is the recording, in two simulators."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import roadrunner
from numpy.typing import NDArray

from kinaptic.pathways.protocol import LEAD
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import document, engine, waveform_drive
from kinaptic.sbml.assemble import antimony_model

Array = NDArray[np.float64]
BODY = """
one has one_unit; half has one_unit; zero_uM has uM; uptake has per_s; leak has per_s;
species Dose in spine; Dose = zero_uM;
take_up: => Dose; spine*uptake*Ca;
species Buffer in spine; Buffer = zero_uM;
fill: => Buffer; spine*uptake*Ca;
empty: Buffer => ; spine*leak*Buffer;
"""
VALUES = {"one": 1.0, "half": 0.5, "zero_uM": 0.0, "uptake": 1.0, "leak": 5.0, "spine": 0.08}


def recording(pulses: int = 10, rate: float = 5.0) -> tuple[Array, Array]:
    """Return times (s) and calcium (µM) of transients that rise in 2 ms and decay in 20 ms."""
    time = np.arange(0, pulses / rate + 0.5, 2e-4)
    values = np.full_like(time, 0.07)
    for k in range(pulses):
        since = np.maximum(time - 0.05 - k / rate, 0)
        values += 2.9 * (np.exp(-since / 0.02) - np.exp(-since / 0.002))
    return time, values


def trace(pulses: int = 10, **options: Any) -> Waveform:
    return Waveform(*recording(pulses), unit="uM", time_unit="s", **options)


@functools.cache
def sbml(waveform: Waveform) -> str:
    drive = waveform_drive.antimony(waveform)
    values = VALUES | {name: entry[0] for name, entry in drive.parameters.items()}
    return document.to_sbml(antimony_model("played", BODY, drive.text, values))


def runner(waveform: Waveform, rtol: float = 1e-7) -> roadrunner.RoadRunner:
    made = roadrunner.RoadRunner(sbml(waveform))
    engine.set_tolerance(made, rtol)
    return made


def play(waveform: Waveform, times: Sequence[float] | Array, rtol: float = 1e-7) -> Array:
    """Return calcium at `times` (s of run time), in roadrunner."""
    result = runner(waveform, rtol).simulate(times=[0.0, *map(float, times)], selections=["time", "[Ca]"])
    return np.array(result)[1:, 1]


def total(waveform: Waveform, end: float) -> float:
    """Return the area (µM s) below the line of knots, from the beginning of the run to `end`."""
    times, values = waveform.knots()
    before, after = waveform.rest * LEAD, waveform.final * (end - LEAD - times[-1])
    return float(before + np.trapezoid(values, times) + after)


def test_libsbml_has_nothing_to_say() -> None:
    assert document.problems(sbml(trace())) == []


def test_what_is_played_keeps_the_bound() -> None:
    waveform = trace()
    inside = waveform.time[1:-1:3] + 7e-5  # between samples: those on an event are not compared
    played = play(waveform, LEAD + inside)
    assert np.abs(played - np.interp(inside, waveform.time, waveform.values)).max() < waveform.tolerance
    assert np.abs(played - np.interp(inside, *waveform.knots())).max() < 1e-6


@pytest.mark.parametrize("tolerance", ["2 nM", "50 nM"])
def test_a_tolerance_is_kept(tolerance: str) -> None:
    waveform = trace(3, tolerance=tolerance)
    inside = waveform.time[1:-1:3] + 7e-5
    error = np.abs(play(waveform, LEAD + inside) - np.interp(inside, waveform.time, waveform.values)).max()
    assert 0.3 * waveform.tolerance < error < waveform.tolerance


def test_area_is_kept() -> None:
    waveform = trace()
    made, end = runner(waveform), LEAD + waveform.duration + 5
    made.simulate(0, end, 2)
    assert made["[Dose]"] == pytest.approx(total(waveform, end), rel=1e-4)
    resting = waveform.rest * (end - waveform.time[-1])
    samples = float(np.trapezoid(waveform.values, waveform.time)) + resting
    assert made["[Dose]"] == pytest.approx(samples, rel=1e-4)


def test_copasi_plays_the_same() -> None:
    basico = pytest.importorskip("basico")
    waveform = trace()
    end = LEAD + waveform.duration + 5
    model = basico.load_model_from_string(sbml(waveform))
    try:
        table = basico.run_time_course(
            values=[0, *(LEAD + waveform.time[101:-1:500] + 7e-5), end], r_tol=1e-9, a_tol=1e-12, model=model
        )
    finally:
        basico.remove_datamodel(model)
    inside = table.index.to_numpy()[1:-1] - LEAD
    played = table["Ca"].to_numpy()
    assert np.abs(played[1:-1] - np.interp(inside, *waveform.knots())).max() < 1e-6
    assert played[-1] == pytest.approx(waveform.rest, rel=1e-14)
    assert table["Dose"].iloc[-1] == pytest.approx(total(waveform, end), rel=1e-4)
    assert table["Values[waveform_knot]"].iloc[-1] == len(waveform.knots()[0])
    made = runner(waveform, 1e-9)
    made.simulate(0, end, 2)
    assert table["Buffer"].iloc[-1] == pytest.approx(made["[Buffer]"], rel=1e-6)


def test_rests_before_and_exactly_at_rest_after() -> None:
    waveform = trace()
    played = play(waveform, [1.0, LEAD, LEAD + waveform.duration + 1e-3, 3600.0, 7200.0])
    assert played == pytest.approx(waveform.rest, rel=1e-14)  # a concentration comes back by way of an amount


def test_returns_to_rest_within_the_stated_time() -> None:
    time, values = recording(3)
    keep = time < 0.48
    waveform = Waveform(time[keep], values[keep], unit="uM", time_unit="s", extend="rest", settle="40 ms")
    last, cut = LEAD + waveform.time[-1], waveform.values[-1]
    played = play(waveform, [last + 0.02, last + 0.041, last + 100])
    assert played[0] == pytest.approx((cut + waveform.rest) / 2, rel=1e-4)
    assert played[1:] == pytest.approx(waveform.rest, rel=1e-14)


def test_holds_when_asked() -> None:
    time, values = recording(3)
    keep = time < 0.48
    waveform = Waveform(time[keep], values[keep], unit="uM", time_unit="s", extend="hold")
    held = play(waveform, [LEAD + 0.481, 1000.0])
    assert held == pytest.approx(waveform.values[-1], rel=1e-14)


def test_a_noisy_trace_ends_and_begins_at_rest() -> None:
    time, values = recording(2)
    noisy = np.abs(values + np.random.default_rng(5).normal(0, 0.01, values.size))
    waveform = Waveform(time, noisy, unit="uM", time_unit="s", tolerance="50 nM")
    end = LEAD + waveform.duration
    played = play(waveform, [LEAD - 1e-3, LEAD + 1e-6, end + 1e-3])
    assert played[[0, 2]] == pytest.approx(waveform.rest, rel=1e-14)
    assert played[1] == pytest.approx(waveform.values[0], abs=1e-3)


def test_knots_are_counted() -> None:
    waveform = trace(3)
    knots = waveform.knots()[0]
    drive = waveform_drive.antimony(waveform)
    assert dict(drive.counters) == {"waveform_knot": len(knots)}
    assert drive.parameters["waveform_knots"][0] == len(knots)
    made = runner(waveform)
    for end in (5.0, LEAD + 0.0567, LEAD + 0.31, LEAD + waveform.duration + 1):
        made.reset()
        made.simulate(0, end, 2)
        assert {"waveform_knot": made["waveform_knot"]} == waveform_drive.expected_counts(waveform, end)
    assert waveform_drive.expected_counts(waveform, 5.0) == {"waveform_knot": 0}


def test_reset_repeats_bit_by_bit() -> None:
    made, waveform = runner(trace()), trace()
    results = []
    for _ in range(2):
        made.reset()
        made.simulate(0, LEAD + waveform.duration, 2)
        results.append(made["[Buffer]"])
    assert results[0] == results[1]


def test_start_can_be_moved_in_the_written_model() -> None:
    made, waveform = runner(trace()), trace()
    made["protocol_start"] = 2.0
    made.reset()
    at = 0.0567
    result = made.simulate(times=[0.0, 2.0 + at], selections=["[Ca]"])
    assert result[1][0] == pytest.approx(np.interp(at, *waveform.knots()), abs=1e-6)


def test_equal_waveforms_give_equal_text() -> None:
    time, values = recording(3)
    again = Waveform(list(time), list(values), unit="uM", time_unit="s", name="another")
    assert waveform_drive.antimony(again) == waveform_drive.antimony(trace(3))


def test_a_thousand_knots() -> None:
    waveform = trace(45)
    count = len(waveform.knots()[0])
    assert 900 < count < 1200
    end = LEAD + waveform.duration + 1
    made = runner(waveform)
    made.simulate(0, end, 2)
    assert made["waveform_knot"] == count
    assert made["[Ca]"] == pytest.approx(waveform.rest, rel=1e-14)
    assert made["[Dose]"] == pytest.approx(total(waveform, end), rel=1e-4)
