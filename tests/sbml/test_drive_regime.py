"""Sleep and changed firing in a model: held as long as they last, alike in three simulators."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import replace

import basico
import numpy as np
import pytest
from numpy.typing import NDArray

import kinaptic as kn
from kinaptic.errors import KinapticError, ModelError
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.sbml import build, document, engine
from kinaptic.sbml.drive import expected_counts
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.simulate import event_times, expected_counters, pauses

CELL = kn.Synapse.of("cell_activity", "scaling")
ENGINES = ("roadrunner", "ensemble")


def course(
    protocol: Protocol,
    after: Sequence[float],
    names: Sequence[str],
    by: str = "roadrunner",
    synapse: kn.Synapse = CELL,
) -> NDArray[np.float64]:
    """Return variables, shape (times, names), some seconds after the protocol began."""
    model = replace(synapse.model(protocol), readouts=tuple(names))
    times = LEAD + np.asarray(after, dtype=float)
    counted = expected_counters(synapse, protocol, float(times[-1]))
    if by == "ensemble":
        (found,) = batch.run([model], [times], rtol=1e-8, expected=[counted])
        if isinstance(found, KinapticError):
            raise found
        return found
    stops = pauses(float(times[-1]), event_times(protocol))
    return engine.run(model, times, stops, rtol=1e-8, expected=counted)


HELD = ("firing", "asleep")


@pytest.mark.parametrize("by", ENGINES)
@pytest.mark.parametrize(
    ("protocol", "during"),
    [(kn.firing("2 h", 0), (0, 0)), (kn.firing("2 h", 2.5), (2.5, 0)), (kn.sleep("2 h", 0.5), (0.5, 1))],
    ids=["silence", "busy", "asleep"],
)
def test_it_holds_as_long_as_it_lasts(protocol: Protocol, during: tuple[float, float], by: str) -> None:
    found = course(protocol, [-5, -0.01, 0.01, 3600, 7199.99, 7200.01, 9000], [*HELD, "step_edges"], by)
    awake = (1, 0)
    wanted = [awake, awake, during, during, during, awake, awake]
    np.testing.assert_allclose(found[:, :2], wanted, atol=1e-12)
    np.testing.assert_allclose(found[:, 2], [0, 0, 1, 1, 1, 2, 2], atol=1e-12)


DAY = (kn.firing("24 h", 0), kn.gap("1 s"), kn.sleep("8 h"), kn.gap("1 min"), kn.firing("16 h", 2))


def joined(parts: Sequence[Protocol]) -> Protocol:
    """Return protocols in a row."""
    whole = parts[0]
    for each in parts[1:]:
        whole = whole + each
    return whole


def middles(protocol: Protocol) -> list[float]:
    """Return the middle of each segment (s after the beginning), and a time after the last."""
    edges = [*protocol.starts, protocol.duration]
    return [*((a + b) / 2 for a, b in itertools.pairwise(edges)), protocol.duration + 5]


@pytest.mark.parametrize("by", ENGINES)
def test_two_with_a_pause_between(by: str) -> None:
    whole = joined(DAY)
    wanted = [(0, 0), (1, 0), (1, 1), (1, 0), (2, 0), (1, 0)]
    np.testing.assert_allclose(course(whole, middles(whole), HELD, by), wanted, atol=1e-12)


def _in_a_row(number: int) -> tuple[Protocol, list[tuple[float, float]]]:
    """Return stretches that follow at once, of no round lengths, and what holds in each."""
    parts, wanted = [], []
    for i in range(number):
        seconds, times = 0.1 + 17.3 * (i % 5), float(i % 3)
        parts.append(kn.sleep(f"{seconds} s", times) if i % 2 else kn.firing(f"{seconds} s", times))
        wanted.append((times, float(i % 2)))
    return joined(parts), [*wanted, (1.0, 0.0)]


@pytest.mark.parametrize("by", ENGINES)
def test_in_a_row_one_hands_on_to_the_next(by: str) -> None:
    """Events of the same time come in any order: the end of one must not undo the next one's beginning."""
    whole, wanted = _in_a_row(12)
    found = course(whole, middles(whole), [*HELD, "step_edges"], by)
    np.testing.assert_allclose(found[:, :2], wanted, atol=1e-12)
    np.testing.assert_allclose(found[:, 2], [*range(1, 24, 2), 24], atol=1e-12)  # both edges of each count


@pytest.mark.parametrize("by", ENGINES)
def test_voltage_steps_in_a_row_hand_on(by: str) -> None:
    whole = joined([kn.depolarization(f"{0.1 + 0.3 * i} s", f"{-40 + 5 * i} mV") for i in range(12)])
    spine = kn.Synapse.of("calcium")
    found = course(whole, middles(whole), ["V_command"], by, spine)[:, 0]
    np.testing.assert_allclose(found, [*(30 + 5.0 * np.arange(12)), 0], atol=1e-9)


@pytest.mark.parametrize("by", ENGINES)
def test_one_that_is_followed_by_something_else_ends(by: str) -> None:
    """By spikes that come late, or by a voltage step: the cell is awake and fires as usual meanwhile."""
    spine = kn.Synapse.of("calcium", "cell_activity")
    late = kn.spikes(post=[10], inputs=1)
    whole = kn.sleep("5 s", 3) + late + kn.firing("5 s", 2) + kn.depolarization("2 s") + kn.sleep("1 s")
    awake, middle = (1, 0), {"asleep": (3, 1), "busy": (2, 0), "nap": (1, 1)}
    wanted = [middle["asleep"], awake, middle["busy"], awake, middle["nap"], awake]
    np.testing.assert_allclose(course(whole, middles(whole), HELD, by, spine), wanted, atol=1e-9)


@pytest.mark.parametrize("by", ENGINES)
def test_a_voltage_step_beside_it_is_left_alone(by: str) -> None:
    spine = kn.Synapse.of("calcium", "cell_activity")
    whole = kn.depolarization("2 s", "0 mV") + kn.sleep("3 s", 0.5) + kn.depolarization("1 s", "-20 mV")
    found = course(whole, middles(whole), [*HELD, "V_command"], by, spine)
    wanted = [(1, 0, 70), (0.5, 1, 0), (1, 0, 50), (1, 0, 0)]
    np.testing.assert_allclose(found, wanted, atol=1e-9)


@pytest.mark.parametrize("by", ENGINES)
def test_pairings_may_follow_at_once(by: str) -> None:
    spine = kn.Synapse.of("calcium", "cell_activity", "scaling")
    pairing = kn.stdp("10 ms", pairs=5, rate="1 Hz")
    whole = kn.firing("1 h", 0) + pairing + kn.sleep("1 min")
    assert expected_counts(whole, 1e9) == {"spikes_pre": 5, "spikes_post": 5, "step_edges": 4}
    assert expected_counts(whole, LEAD + 3602.5) == {"spikes_pre": 3, "spikes_post": 3, "step_edges": 2}
    names = (*HELD, "spikes_pre", "spikes_post", "Ca")
    found = course(whole, [3599, 3600.02, 3604.02, 3604.9, 3630, 3700], names, by, spine)
    np.testing.assert_allclose(
        found[:, :4],
        [(0, 0, 0, 0), (1, 0, 1, 1), (1, 0, 5, 5), (1, 0, 5, 5), (1, 1, 5, 5), (1, 0, 5, 5)],
        atol=1e-9,
    )
    plain = course(pairing, [0.02, 4.02], ("Ca",), by, spine)
    assert found[1:3, 4] == pytest.approx(plain[:, 0], rel=2e-2)  # an hour of silence has begun to scale
    assert plain.min() > 0.5


@pytest.mark.parametrize("names", [("scaling", "soma_Ca", "transcript", "adenosine", "noradrenaline")])
def test_the_engines_agree(names: tuple[str, ...]) -> None:
    whole = joined(DAY)
    after = np.linspace(100, whole.duration + 3600, 40)
    one, other = (course(whole, after.tolist(), names, by) for by in ENGINES)
    np.testing.assert_allclose(one, other, rtol=2e-6, atol=1e-9)
    assert np.ptp(one[:, 0]) > 0.3


def copasi(text: str, until: float, steps: int) -> dict[str, NDArray[np.float64]]:
    """Run in COPASI and return its variables at evenly spaced times."""
    model = basico.load_model_from_string(text)
    try:
        frame = basico.run_time_course(
            until, steps, model=model, use_initial_values=True, update_model=False, r_tol=1e-10, a_tol=1e-12
        )
    finally:
        basico.remove_datamodel(model)
    return {re.sub(r"^Values\[(.*)\]$", r"\1", str(name)): frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize(
    "protocol",
    [
        kn.sleep("10 min", 0.5),
        kn.firing("10 min", 3) + kn.gap("1 min") + kn.sleep("5 min"),
        kn.firing("3 min", 3) + kn.sleep("5 min", 0.5) + kn.firing("2 min", 0) + kn.sleep("1 min"),
    ],
    ids=["a nap", "two", "in a row"],
)
def test_copasi_gives_the_same_numbers(protocol: Protocol) -> None:
    synapse = kn.Synapse.of("cell_activity", "scaling", "sleep", spine_volume="1")
    until, steps = LEAD + protocol.duration + 100 + math.e, 97  # samples that are at no edge
    names = (
        *HELD,
        "soma_Ca",
        "noradrenaline",
        "adenosine",
        "scaling",
        "Homer1a",
        "sleep_scale",
        "step_edges",
    )
    theirs = copasi(synapse.sbml(protocol), until, steps)
    after = np.linspace(0, until, steps + 1)[1:] - LEAD
    ours = course(protocol, after.tolist(), names, synapse=synapse)
    for column, name in enumerate(names):
        np.testing.assert_allclose(ours[:, column], theirs[name][1:], rtol=1e-6, atol=1e-8, err_msg=name)
    assert ours[:, names.index("sleep_scale")].min() < 1 - 1e-4


def test_the_file_is_clean_and_says_what_its_numbers_mean() -> None:
    model = CELL.model(joined(DAY))
    assert document.problems(model.sbml) == []
    numbers = model.parameters
    assert numbers["stim_2_length"].value == 8 * 3600
    assert numbers["stim_2_asleep"].value == 1
    assert numbers["stim_3_firing"].value == 2
    assert "habitual rate" in numbers["stim_3_firing"].note
    assert not any(name.endswith("_to") for name in numbers)


def test_numbers_of_a_regime_are_no_text() -> None:
    one, other = (build.recipe(CELL, p) for p in (kn.firing("48 h", 0), kn.sleep("8 h", 0.5)))
    assert one.drive.text == other.drive.text
    assert one.structure is other.structure


@pytest.mark.parametrize(
    "protocol", [kn.sleep("8 h"), kn.firing("1 h", 0), kn.spikes(pre=[0]) + kn.sleep("8 h")]
)
def test_a_synapse_without_a_cell_refuses_it(protocol: Protocol) -> None:
    message = r"nothing in calcium answers to sleep or a change of firing; add the pathway 'cell_activity'"
    with pytest.raises(ModelError, match=message):
        kn.simulate(kn.Synapse.of("calcium"), protocol, until="1 min")


def test_a_cell_without_a_synapse_refuses_a_voltage_step() -> None:
    with pytest.raises(ModelError, match=r"answers to voltage steps; add the pathway 'calcium'"):
        CELL.model(kn.sleep("1 h") + kn.depolarization("1 s"))


def test_firing_that_is_clamped_stays() -> None:
    held = CELL.with_(kn.clamp("firing", "3"))
    assert course(kn.firing("10 min", 0), [300, 900], ("soma_Ca",), synapse=held)[:, 0] == pytest.approx(
        [0.3, 0.3]
    )
