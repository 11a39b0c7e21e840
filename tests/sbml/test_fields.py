"""What comes from elsewhere: straight lines near the course, and ports that follow them in a run."""

from __future__ import annotations

from dataclasses import replace

import basico
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import kinaptic as kn
from kinaptic.errors import SimulationFailed
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml import build, document, engine, fields
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.fields import COUNTER, Field, Surrounded, corners, expected_count
from kinaptic.sbml.model import Model
from kinaptic.sbml.simulate import expected_counters

Array = NDArray[np.float64]

TOLERANCE = 0.01
SPIKES = kn.tetanus("50 Hz", "0.2 s")
FIELD = Field(
    (0.0, 7.0, 20.0, 20.5, 30.0),
    (
        ("BDNF_elsewhere", (1e-4, 1e-3, 2e-3, 5e-4, 0.0)),
        ("NO_elsewhere", (0.0, 0.0, 1e-5, 3e-5, 2e-5)),
    ),
)
SAMPLES = np.array([0.0, 1.0, 6.9999, 7.0001, 10.01, 10.33, 19.0, 20.2, 25.0, 29.9, 30.1, 45.0])
BEGINS = LEAD / 2  # s; where a dendrite's fields begin


@pytest.fixture(scope="module")
def synapse() -> kn.Synapse:
    return kn.Synapse.of("calcium", "calmodulin", "nitric_oxide", "bdnf", "bouton")


def line(field: Field, port: str, times: Array) -> Array:
    """Return what a port should be: zero before the first corner, level after the last."""
    levels = dict(field.values)[port]
    found: Array = np.where(times < field.times[0], 0.0, np.interp(times, field.times, levels))
    return found


def surrounded(synapse: kn.Synapse, protocol: kn.Protocol | None, field: Field) -> Model:
    made = build.model(synapse, Surrounded(protocol, field))
    return replace(made, readouts=(*made.readouts, *field.ports, COUNTER))


def integrated(model: Model, by: str, times: Array, corners_met: int | None = None) -> Array:
    def expected(_: object) -> dict[str, float]:
        return {} if corners_met is None else {COUNTER: corners_met}

    if by == "roadrunner":
        return engine.run(model, times, [], rtol=1e-8, expected=expected)
    (found,) = batch.run([model], [times], rtol=1e-8, expected=[expected])
    if isinstance(found, Exception):
        raise found
    return found


@settings(max_examples=60)
@given(
    st.lists(st.floats(0.01, 50), min_size=1, max_size=60),
    st.lists(st.lists(st.floats(-1e-3, 1e-3), min_size=61, max_size=61), min_size=1, max_size=3),
)
def test_lines_stay_near_every_course(steps: list[float], values: list[list[float]]) -> None:
    times = np.concatenate([[0.0], np.cumsum(steps)])
    courses = {f"port{i}": np.array(each[: len(times)]) for i, each in enumerate(values)}
    field = corners(times, courses, TOLERANCE)
    assert field.ports == tuple(courses)
    assert field.times[0] == times[0]
    assert field.times[-1] == times[-1]
    assert set(field.times) <= set(times.tolist())
    assert (np.diff(field.times) > 0).all()
    for port, course in courses.items():
        apart = np.abs(np.interp(times, field.times, dict(field.values)[port]) - course)
        assert np.max(apart) <= TOLERANCE * np.max(np.abs(course)) * (1 + 1e-9) + 1e-300


def test_there_are_no_more_corners_than_needed() -> None:
    times = np.linspace(0, 10, 501)
    roof = {"a": 1 - np.abs(times - 4) / 6}
    assert corners(times, roof, 1e-6).times == (0.0, 4.0, 10.0)
    assert corners(times, {"a": np.zeros(501)}, 1e-3).times == (0.0, 10.0)
    decay = np.exp(-times)
    few, many = (len(corners(times, {"a": decay}, each).times) for each in (1e-1, 1e-4))
    assert few <= 5
    assert 10 * few < many < 501


def test_each_course_is_measured_by_its_own_size() -> None:
    """A femtomolar course is followed as closely as a micromolar one."""
    times = np.linspace(0, 10, 201)
    wave = np.maximum(0, 1 - np.abs(times - 3) / 2)
    alone = corners(times, {"large": wave}, 1e-3)
    assert corners(times, {"small": 1e-9 * wave}, 1e-3).times == alone.times
    both = corners(times, {"large": wave, "small": 1e-9 * np.exp(-times)}, 1e-3)
    assert len(both.times) > len(alone.times) + 10


@pytest.mark.parametrize("by", ["roadrunner", "ensemble"])
@pytest.mark.parametrize("begins", [0.0, BEGINS])
@pytest.mark.parametrize("protocol", [None, SPIKES])
def test_ports_follow_the_lines(
    synapse: kn.Synapse, by: str, begins: float, protocol: kn.Protocol | None
) -> None:
    field = replace(FIELD, times=(begins, *FIELD.times[1:]))
    model = surrounded(synapse, protocol, field)
    values = integrated(model, by, SAMPLES, corners_met=5)
    for port in field.ports:
        wanted = line(field, port, SAMPLES)
        found = values[:, model.readouts.index(port)]
        assert found == pytest.approx(wanted, abs=1e-6 * np.max(wanted))
    assert values[:, -1].tolist() == [expected_count(field, float(t)) for t in SAMPLES]


def test_both_engines_agree(synapse: kn.Synapse) -> None:
    model = surrounded(synapse, SPIKES, FIELD)
    one, other = (integrated(model, by, SAMPLES) for by in ("roadrunner", "ensemble"))
    scale = np.maximum(np.max(np.abs(one), axis=0), 1e-6)
    assert np.max(np.abs(one - other) / scale) < 1e-5


def test_copasi_reads_the_same(synapse: kn.Synapse) -> None:
    field = replace(FIELD, times=(BEGINS, *FIELD.times[1:]))
    model = basico.load_model_from_string(surrounded(synapse, None, field).sbml)
    try:
        times = SAMPLES[SAMPLES > 0]
        found = basico.run_time_course(
            values=[0.0, *times.tolist()], use_numbers=False, r_tol=1e-8, update_model=False, model=model
        )
        for port in field.ports:
            column = found[f"Values[{port}]"].to_numpy()[1:]
            assert column == pytest.approx(line(field, port, times), abs=1e-9)
    finally:
        basico.remove_datamodel(model)


def test_the_synapse_hears_it(synapse: kn.Synapse) -> None:
    """BDNF pairs TrkB, nitric oxide reaches the bouton; in a field of zeros a synapse is as alone."""
    nothing = replace(FIELD, values=tuple((port, (0.0,) * 5) for port in FIELD.ports))
    silent, heard = (surrounded(synapse, SPIKES, each) for each in (nothing, FIELD))
    alone = kn.simulate(
        synapse, SPIKES, until="45 s", samples=SAMPLES.tolist(), engine="ensemble", rtol=1e-8
    ).traces
    still, moved = (integrated(each, "ensemble", SAMPLES) for each in (silent, heard))
    at = list(silent.readouts[: alone.shape[1]])
    assert at == list(alone)
    scale = np.maximum(alone.abs().max().to_numpy(), 1e-6)
    assert np.max(np.abs(still[:, : len(at)] - alone.to_numpy()) / scale) < 1e-6
    assert moved[-1, at.index("pTrkB")] > 1.5 * still[-1, at.index("pTrkB")]
    gap = moved[:, at.index("NO")] - still[:, at.index("NO")]
    assert gap[-1] == pytest.approx(2e-5, rel=1e-3)  # it adds to what the synapse makes


@pytest.mark.parametrize("by", ["roadrunner", "ensemble"])
def test_a_corner_that_was_missed_is_seen(synapse: kn.Synapse, by: str) -> None:
    with pytest.raises(SimulationFailed, match=r"field_corner: 5 events were delivered, 6 were due"):
        integrated(surrounded(synapse, None, FIELD), by, SAMPLES, corners_met=6)


def test_counts() -> None:
    assert [expected_count(FIELD, at) for at in (-1, 0, 6.99, 7, 20.4, 30, 1e9)] == [0, 1, 1, 2, 3, 5, 5]


def test_the_counters_of_spikes_stay(synapse: kn.Synapse) -> None:
    model = surrounded(synapse, SPIKES, FIELD)
    own = expected_counters(synapse, SPIKES, 45.0)
    runs = engine.run(model, SAMPLES, [], rtol=1e-7, expected=lambda values: {**own(values), COUNTER: 5})
    assert np.isfinite(runs).all()
    assert own(model.values)


@pytest.mark.parametrize("protocol", [None, SPIKES])
def test_the_text_is_sound_sbml(synapse: kn.Synapse, protocol: kn.Protocol | None) -> None:
    text = surrounded(synapse, protocol, FIELD).sbml
    assert document.problems(text) == []
    assert text.count('<event id="field_event"') == 1


def test_rates_of_supply_have_their_unit() -> None:
    """A port in uM/s has a slope in uM/s²."""
    made = fields.antimony(Field((0.0, 1.0), (("PRP_supply", (0.0, 2e-3)),)), clock=True)
    assert "PRP_supply has uM_per_s;" in made.text
    assert made.counters == {COUNTER: 2}
    assert made.parameters["field_corners"][0] == 2
