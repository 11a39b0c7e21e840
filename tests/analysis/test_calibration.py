"""The receptors alone are the whole model, and the score says what it claims."""

from __future__ import annotations

import numpy as np
import pytest

from kinaptic.analysis import calibration, recordings
from kinaptic.analysis.receptors import INPUTS, READOUTS, receptors
from kinaptic.pathways.stimulation import stdp
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

COUNT = 2  # parameter sets side by side


def test_receptors_alone_give_the_weight_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    synapse = Synapse.preset("ca1")
    protocol = stdp("10 ms", 10, rate="2 Hz")
    monkeypatch.setitem(recordings.PROTOCOLS, "brief", (protocol, (), 5))
    recording = recordings.record(synapse, "brief")
    numbers = synapse.values(acute=True)
    machine = receptors()
    start = machine.rest(numbers, recording.means[0], COUNT)
    when = [protocol.end + 60.0 * m for m in (1, 2, 4)]
    alone = machine.follow(start, numbers, recording.edges, recording.means, when)
    whole = simulate(synapse, protocol, until="6 min", samples=[0.0, *when]).traces["weight"]
    rest = machine.read(start, numbers, recording.means[0])[0]
    assert whole.max() > 1.01  # or the comparison would say nothing
    for found, expected in zip(alone, whole.iloc[1:], strict=True):
        assert found[0] / rest == pytest.approx(expected, abs=1e-3)


def test_resting_receptors_rest() -> None:
    synapse = Synapse.preset("ca1")
    traces = simulate(synapse, until="1 s", samples=2).traces
    numbers = synapse.values(acute=True)
    inputs = [float(traces[name].iloc[0]) for name in INPUTS]
    machine = receptors()
    state = machine.rest(numbers, inputs, COUNT)
    assert np.abs(machine.rates(state, numbers, inputs)).max() < 1e-12
    at_rest = dict(zip(READOUTS, machine.read(state, numbers, inputs), strict=True))
    assert at_rest["GluA1_pS845"] == pytest.approx(traces["GluA1_pS845"].iloc[0], rel=1e-6)


def test_score_is_nothing_within_the_ranges_and_grows_outside() -> None:
    middle = {n: np.array([(low + high) / 2] * COUNT) for n, (low, high, _) in calibration.RANGES.items()}
    assert calibration.score(middle).tolist() == [0.0] * COUNT
    name, (_, high, counts) = next(iter(calibration.RANGES.items()))
    assert calibration.score(middle | {name: np.array([high, 2 * high])})[0] == pytest.approx(counts)
    assert calibration.score(middle | {name: np.array([np.nan, high])})[0] > 100


def test_numbers_in_use_are_within_the_bounds_of_the_search() -> None:
    numbers = Synapse.preset("ca1").values(acute=True)
    for name, (low, high) in calibration.BOUNDS.items():
        assert low <= numbers[name] <= high, name
