"""Stretches of sleep and of changed firing, as parts of a protocol."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.errors import ProtocolError, UnitError, UnknownName
from kinaptic.pathways.calls import protocol as read
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.trains import MOST_FIRING, Regime

HOUR = 3600.0


def test_firing_and_sleep_are_one_segment_without_spikes() -> None:
    assert kn.firing("48 h", 0).segments == (Regime(48 * HOUR, 0.0, asleep=False),)
    assert kn.sleep("8 h").segments == (Regime(8 * HOUR, 1.0, asleep=True),)
    assert kn.sleep("8 h", 0.5).segments == (Regime(8 * HOUR, 0.5, asleep=True),)
    night = kn.sleep("8 h")
    assert (night.n_pre, night.n_post, night.inputs) == (0, 0, None)
    for side in ("pre", "post"):
        assert night.spike_times(side).size == 0
        assert night.segments[0].count(side) == 0
    assert night.duration == 8 * HOUR
    assert night.end == LEAD + 8 * HOUR


def test_edges_are_where_it_begins_and_ends() -> None:
    day = kn.gap("1 h") + kn.firing("2 h", 2) + kn.low_frequency("1 Hz", 10) + kn.sleep("3 h")
    edges = np.array([1, 3, 3 + 10 / HOUR, 6 + 10 / HOUR]) * HOUR + LEAD
    np.testing.assert_allclose(day.step_edges, edges)
    held = kn.depolarization("2 s", "0 mV") + kn.sleep("1 s")
    np.testing.assert_allclose(held.step_edges, LEAD + np.array([0, 2, 2, 3]))
    assert kn.low_frequency("1 Hz", 10).step_edges.size == 0


@pytest.mark.parametrize(
    ("protocol", "label"),
    [
        (kn.firing("48 h", 0), "48 h awake, without firing"),
        (kn.firing("2 h", 1), "2 h awake"),
        (kn.firing("90 min", 2.5), "90 min awake, firing x 2.5"),
        (kn.sleep("8 h"), "8 h asleep"),
        (kn.sleep("8 h", 0), "8 h asleep, without firing"),
        (kn.sleep("30 s", 0.6), "30 s asleep, firing x 0.6"),
    ],
)
def test_it_says_what_it_is(protocol: Protocol, label: str) -> None:
    assert protocol.label == label
    assert str(protocol) == label
    assert repr(protocol) == f"<Protocol: {label}>"


def test_it_composes_with_stimulation_and_takes_its_inputs() -> None:
    whole = kn.firing("48 h", 0) + kn.sleep("8 h") + kn.gap("10 min") + kn.tetanus("100 Hz", "1 s", inputs=3)
    assert whole.inputs == 3
    assert whole.n_pre == 100
    assert whole.spike_times("pre")[0] == pytest.approx(LEAD + 56 * HOUR + 600)
    assert whole.label == "48 h awake, without firing; 8 h asleep; 10 min gap; 100 x 100 Hz"
    assert str(whole).endswith(
        "then 8 h asleep, then 10 min of silence, then 100 pulses at 100 Hz; 3 inputs together"
    )
    turned = kn.tetanus("100 Hz", "1 s", inputs=3) + kn.sleep("8 h")
    assert turned.inputs == 3
    assert (kn.sleep("8 h") + kn.gap("1 h")).inputs is None


def test_a_stimulus_may_follow_at_once_on_either_side() -> None:
    joined = kn.spikes(pre=[0, 1], inputs=1) + kn.sleep("1 s") + kn.spikes(pre=[0, 1], inputs=1)
    assert joined.spike_times("pre").tolist() == [LEAD, LEAD + 1, LEAD + 2, LEAD + 3]


def test_it_is_a_value_and_can_be_made_again_with_changes() -> None:
    assert kn.sleep("8 h") == kn.sleep("480 min")
    assert len({kn.sleep("8 h"), kn.sleep("8 h", 0.5), kn.firing("8 h", 1), kn.firing("8 h", 0.5)}) == 4
    assert kn.firing("8 h", 1) != kn.sleep("8 h", 1)
    assert kn.sleep("8 h").with_(duration="2 h", times=0.5) == kn.sleep("2 h", 0.5)
    assert kn.firing("48 h", 0).with_(times=2.5) == kn.firing("48 h", 2.5)
    sent = pickle.loads(pickle.dumps(kn.firing("48 h", 0)))  # noqa: S301
    assert sent == kn.firing("48 h", 0)
    assert sent.with_(duration="24 h") == kn.firing("24 h", 0)
    with pytest.raises(UnknownName, match="unknown argument of sleep 'time': did you mean times"):
        kn.sleep("8 h").with_(time=0)


def test_it_can_be_read_from_text() -> None:
    assert read("firing('48 h', 0) + kn.sleep('8 h', times=0.5)") == kn.firing("48 h", 0) + kn.sleep(
        "8 h", 0.5
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: kn.firing("0 h", 2), r"firing\(duration=…\): 0 s is not a stretch of time"),
        (lambda: kn.sleep("-1 h"), r"sleep\(duration=…\)"),
        (lambda: kn.firing("1 h", -0.1), r"-0\.1: give a multiple of the cell's habitual rate, 0 to 20"),
        (lambda: kn.firing("1 h", MOST_FIRING * 1.01), "give a multiple of the cell's habitual rate"),
        (lambda: kn.sleep("1 h", float("nan")), "give a multiple of the cell's habitual rate"),
        (lambda: kn.firing("1 h", float("inf")), "give a multiple of the cell's habitual rate"),
        (lambda: Regime(float("inf")), "not a stretch of time"),
        (lambda: Regime(1.0, firing=-1.0), "give a multiple"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ProtocolError, match=re.compile(message)):
        make()


@pytest.mark.parametrize("duration", [8, "8 mV"])
def test_a_duration_needs_its_unit(duration: object) -> None:
    with pytest.raises(UnitError, match=r"sleep\(duration=…\)"):
        kn.sleep(duration)  # type: ignore[arg-type]


@pytest.mark.parametrize("times", ["much", None])
def test_firing_that_is_no_number_is_refused_by_name(times: object) -> None:
    with pytest.raises(ProtocolError, match=r"times"):
        kn.firing("1 h", times)  # type: ignore[arg-type]
