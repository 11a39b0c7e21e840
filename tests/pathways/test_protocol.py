"""Protocols: the times they mean, how they compose, and what they refuse."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinaptic.errors import ProtocolError, UnitError, UnknownName
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.stimulation import (
    FIELD_INPUTS,
    gap,
    low_frequency,
    poisson,
    spikes,
    stdp,
    tetanus,
    theta_burst,
)
from kinaptic.pathways.trains import Gap, SpikeList, Train


def test_pairings_begin_after_the_lead_with_whichever_side_leads() -> None:
    after = stdp("10 ms", 60, rate="1 Hz")
    np.testing.assert_allclose(after.spike_times("pre"), LEAD + np.arange(60))
    np.testing.assert_allclose(after.spike_times("post"), LEAD + np.arange(60) + 0.010)
    before = stdp("-10 ms", 60, rate="1 Hz")
    np.testing.assert_allclose(before.spike_times("post"), LEAD + np.arange(60))
    np.testing.assert_allclose(before.spike_times("pre"), LEAD + np.arange(60) + 0.010)
    both = stdp("0 ms", 60, rate="1 Hz")
    assert np.array_equal(both.spike_times("pre"), both.spike_times("post"))


def test_bursts_on_both_sides() -> None:
    protocol = stdp("-10 ms", 2, rate="0.1 Hz", pre_spikes=1, post_spikes=3, burst_rate="50 Hz")
    np.testing.assert_allclose(protocol.spike_times("pre"), LEAD + np.array([0.01, 10.01]))
    post = [0, 0.02, 0.04, 10, 10.02, 10.04]
    np.testing.assert_allclose(protocol.spike_times("post"), LEAD + np.array(post))
    assert (protocol.n_pre, protocol.n_post) == (2, 6)


def test_field_stimulation() -> None:
    trains = tetanus("100 Hz", "1 s", trains=4, interval="5 min")
    assert (trains.n_pre, trains.n_post) == (400, 0)
    np.testing.assert_allclose(
        trains.spike_times("pre")[[0, 99, 100, 399]], LEAD + np.array([0, 0.99, 300, 900.99])
    )
    assert trains.duration == pytest.approx(901)
    slow = low_frequency("1 Hz", 900)
    np.testing.assert_allclose(slow.spike_times("pre"), LEAD + np.arange(900))
    theta = theta_burst()
    assert theta.n_pre == 40
    np.testing.assert_allclose(theta.spike_times("pre")[:5], LEAD + np.array([0, 0.01, 0.02, 0.03, 0.2]))
    assert {p.inputs for p in (trains, slow, theta)} == {FIELD_INPUTS}


def test_lists_take_seconds_quantities_and_arrays() -> None:
    written = spikes(pre=[0.1, "200 ms", 3], post=["0.1 s"])
    np.testing.assert_allclose(written.spike_times("pre"), LEAD + np.array([0.1, 0.2, 3.0]))
    np.testing.assert_allclose(written.spike_times("post"), [LEAD + 0.1])
    assert spikes(np.arange(5)) == spikes([0, 1, 2, 3, 4])
    assert spikes(post=np.array([0.5], dtype=np.float32)).n_pre == 0
    many = np.arange(10_000) * 0.01
    assert spikes(pre=many, post=many + 0.003).n_post == 10_000


def test_a_segment_begins_when_the_one_before_has_ended() -> None:
    first, second = stdp("10 ms", 5, rate="1 Hz"), stdp("-20 ms", 2, rate="2 Hz")
    assert first.duration == pytest.approx(5.01)  # the later side's last period counts
    joined = first + gap("10 min") + second
    assert joined.starts == pytest.approx((0, 5.01, 605.01))
    assert joined.duration == pytest.approx(5.01 + 600 + 1.02)
    assert joined.end == pytest.approx(LEAD + joined.duration)
    np.testing.assert_allclose(joined.spike_times("post")[5:], LEAD + 605.01 + np.array([0, 0.5]))
    np.testing.assert_allclose(joined.spike_times("pre")[5:], LEAD + 605.01 + np.array([0.02, 0.52]))
    assert low_frequency("1 Hz", 3) + low_frequency("1 Hz", 2) != low_frequency("1 Hz", 5)
    regular = (low_frequency("1 Hz", 3) + low_frequency("1 Hz", 2)).spike_times("pre")
    np.testing.assert_allclose(regular, low_frequency("1 Hz", 5).spike_times("pre"))
    assert (gap("1 s") + first).spike_times("pre")[0] == pytest.approx(LEAD + 1)


def test_protocols_are_values() -> None:
    one, same = stdp("10 ms", 60, rate="1 Hz"), stdp("0.01 s", 60, rate="60 / min")
    assert one == same
    assert hash(one) == hash(same)
    assert len({one, same, stdp("11 ms", 60, rate="1 Hz")}) == 2
    with pytest.raises(AttributeError):
        one.inputs = 3  # type: ignore[misc]
    assert stdp("10 ms", 60, rate="1 Hz", inputs=3) != one
    assert (one + gap("1 s")) + same == one + (gap("1 s") + same)


@pytest.mark.parametrize(
    ("protocol", "sentence", "label"),
    [
        (
            stdp("10 ms", 60, rate="1 Hz"),
            "60 pairings at 1 Hz, post 10 ms after pre",
            "60 x 1 Hz, +10 ms",
        ),
        (
            stdp("0 ms", 1, rate="1 Hz", inputs=1),
            "1 pairing at 1 Hz, pre and post together; 1 input alone",
            "1 x 1 Hz, 0 ms",
        ),
        (
            stdp("-10 ms", 15, rate="0.1 Hz", pre_spikes=5, post_spikes=5, burst_rate="20 Hz"),
            "15 pairings of 5 pre and 5 post spikes at 20 Hz, repeated at 0.1 Hz, post 10 ms before pre",
            "15 x (5:5 x 20 Hz) at 0.1 Hz, -10 ms",
        ),
        (
            tetanus("100 Hz", "1 s", trains=4, interval="5 min") + gap("2 h"),
            "4 trains, one every 5 min, of 100 pulses at 100 Hz, then 2 h of silence; 3 inputs together",
            "4 x (100 x 100 Hz); 2 h gap",
        ),
        (
            theta_burst(inputs=None),
            "10 bursts at 5 Hz of 4 pulses at 100 Hz",
            "10 x (4 x 100 Hz) at 5 Hz",
        ),
        (
            Protocol((Train(3, 2.0, pre_spikes=0, post_spikes=1),)),
            "3 post spikes at 2 Hz",
            "3 x 2 Hz",
        ),
        (
            spikes(pre=[0.1, 0.2]),
            "2 pre and 0 post spikes in 200 ms",
            "2 pre, 0 post spikes",
        ),
    ],
)
def test_protocols_print_themselves(protocol: Protocol, sentence: str, label: str) -> None:
    assert str(protocol) == sentence
    assert repr(protocol) == f"<Protocol: {sentence}>"
    assert protocol.label == label


def test_poisson_is_drawn_once_from_its_seed() -> None:
    drawn = poisson("10 Hz", "5 Hz", duration="200 s", seed=1)
    assert drawn == poisson("10 Hz", "5 Hz", duration="200 s", seed=1)
    assert drawn != poisson("10 Hz", "5 Hz", duration="200 s", seed=2)
    assert np.array_equal(
        drawn.spike_times("pre"), poisson("10 Hz", duration="200 s", seed=1).spike_times("pre")
    )
    assert drawn.n_pre == pytest.approx(2000, abs=150)
    assert drawn.n_post == pytest.approx(1000, abs=100)
    assert drawn.duration == 200
    assert np.diff(drawn.spike_times("pre")).min() >= 1e-3 - 1e-9
    assert str(drawn).endswith("in 200 s (Poisson, pre 10 Hz, post 5 Hz, seed 1)")


def test_poisson_keeps_a_high_rate_in_spite_of_its_dead_time() -> None:
    assert poisson("400 Hz", duration="20 s", seed=1).n_pre == pytest.approx(8000, rel=0.05)


def test_composition_keeps_one_number_of_inputs() -> None:
    field = tetanus("100 Hz", "1 s")
    assert (field + gap("1 s") + low_frequency("1 Hz", 9)).inputs == FIELD_INPUTS
    assert (gap("1 s") + field).inputs == FIELD_INPUTS
    with pytest.raises(ProtocolError, match=r"inputs differ: 3 for .* and the model's own for"):
        field + stdp("10 ms", 60, rate="1 Hz")
    assert (field + stdp("10 ms", 60, rate="1 Hz", inputs=FIELD_INPUTS)).n_post == 60


Refused = tuple[Callable[[], object], str]
REFUSED: dict[str, Refused] = {
    "rate 0": (lambda: stdp("10 ms", 60, rate="0 Hz"), r"stdp\(rate=…\).*larger than 0 Hz"),
    "rate below 0": (lambda: low_frequency("-1 Hz", 9), r"low_frequency\(rate=…\).*larger than 0"),
    "rate of a kilohertz": (
        lambda: tetanus("1.1 kHz", "1 s"),
        r"tetanus\(rate=…\): 1100 Hz is above 1000 Hz",
    ),
    "burst rate": (lambda: theta_burst(burst_rate="2 kHz"), r"theta_burst\(burst_rate=…\)"),
    "fraction of a pair": (lambda: stdp("10 ms", 2.5, rate="1 Hz"), r"stdp\(pairs=…\): 2.5 is not a whole"),  # type: ignore[arg-type]
    "float count": (lambda: low_frequency("1 Hz", 900.0), r"low_frequency\(pulses=…\): 900.0"),  # type: ignore[arg-type]
    "bool count": (lambda: stdp("10 ms", True, rate="1 Hz"), r"stdp\(pairs=…\): True"),
    "no pairs": (lambda: stdp("10 ms", 0, rate="1 Hz"), r"stdp\(pairs=…\): 0 is below 1"),
    "no spikes": (lambda: stdp("10 ms", 5, rate="1 Hz", post_spikes=0), r"stdp\(post_spikes=…\)"),
    "no trains": (lambda: tetanus("100 Hz", "1 s", trains=0), r"tetanus\(trains=…\)"),
    "no inputs": (lambda: stdp("10 ms", 5, rate="1 Hz", inputs=0), r"inputs=…: 0 is below 1"),
    "burst rate missing": (lambda: stdp("10 ms", 5, rate="1 Hz", pre_spikes=2), r"burst_rate is missing: 2"),
    "bursts overlap": (
        lambda: stdp("10 ms", 5, rate="10 Hz", post_spikes=6, burst_rate="50 Hz"),
        r"bursts overlap: 6 spikes at burst_rate 50 Hz take 120 ms.*after 100 ms; lower rate",
    ),
    "bursts touch": (lambda: theta_burst(4, "20 Hz", rate="5 Hz"), "bursts overlap"),
    "trains overlap": (
        lambda: tetanus("100 Hz", "1 s", trains=4, interval="500 ms"),
        r"trains overlap: 100 at rate 100 Hz take 1 s.*is 500 ms; make interval longer",
    ),
    "interval missing": (lambda: tetanus("100 Hz", "1 s", trains=4), r"interval is missing: 4 trains"),
    "interval 0": (lambda: tetanus("1 Hz", "1 s", trains=2, interval="0 s"), r"tetanus\(interval=…\): 0 s"),
    "part of a pulse": (
        lambda: tetanus("30 Hz", "0.55 s"),
        r"tetanus\(duration=…\): 30 Hz for 550 ms is 16.5 pulses.*such as '0.533333 s'",
    ),
    "no duration": (lambda: tetanus("30 Hz", "0 s"), r"tetanus\(duration=…\): 0 s is not a stretch"),
    "no gap": (lambda: gap("0 s"), r"gap\(duration=…\)"),
    "negative gap": (lambda: gap("-3 s"), r"gap\(duration=…\)"),
    "both sides empty": (spikes, "pre and post are both empty"),
    "spike twice": (
        lambda: spikes(pre=[1, 2, 2, 3]),
        r"spikes\(pre=…\): 2 s is there twice \(times 1 and 2\)",
    ),
    "unsorted": (
        lambda: spikes(post=[1, 3, 2]),
        r"spikes\(post=…\): time 2 .* before time 1.*sorted\(times\)",
    ),
    "too close": (lambda: spikes(pre=[1, 1.0005]), r"times 0 and 1 .* less than 1 ms apart"),
    "NaN": (lambda: spikes(pre=[1, float("nan")]), r"spikes\(pre=…\): time 1 is nan"),
    "infinite": (lambda: spikes(pre=[1, float("inf")]), r"spikes\(pre=…\): time 1 is inf"),
    "negative time": (lambda: spikes(pre=[-1, 1]), r"spikes\(pre=…\): time 0 is -1 s"),
    "no list": (lambda: spikes(pre="1 s"), r"spikes\(pre=…\): '1 s' is not a list; write \['1 s'\]"),
    "a number": (lambda: spikes(pre=1.0), r"spikes\(pre=…\): 1.0 is not a list"),  # type: ignore[arg-type]
    "two dimensions": (lambda: spikes(pre=np.ones((2, 2))), "the times have 2 dimensions"),
    "no time": (lambda: spikes(pre=[None]), r"time 0 is None"),  # type: ignore[list-item]
    "too many": (lambda: low_frequency("10 Hz", 10_001), "10001 pre spikes are more than the 10000"),
    "too many together": (
        lambda: low_frequency("9 Hz", 6000) + low_frequency("9 Hz", 6000),
        "12000 pre spikes",
    ),
    "list without a gap": (
        lambda: spikes(pre=[0, 1]) + spikes(pre=[0, 1]),
        r"segment 2 \(2 pre, 0 post spikes\) has a pre spike within 1 ms .*gap\('1 s'\)",
    ),
    "list ends early": (
        lambda: SpikeList(pre=(1.0, 2.0), length=1.5),
        "ends at 1.5 s, before its last spike",
    ),
    "no rate at all": (lambda: poisson(duration="1 s", seed=1), "pre and post are both left out"),
    "no spike drawn": (lambda: poisson("1 mHz", duration="1 s", seed=1), "not one spike was drawn"),
    "millions drawn": (
        lambda: poisson("1 kHz", duration="1 h", seed=1),
        r"poisson\(pre=…\): .* 3600000 spikes",
    ),
    "negative seed": (lambda: poisson("1 Hz", duration="1 s", seed=-1), r"poisson\(seed=…\)"),
    "not a protocol": (lambda: gap("1 s") + "10 min", r"'10 min' is not a protocol; .* gap\('10 min'\)"),
    "a side that is none": (lambda: gap("1 s").spike_times("soma"), r"spike_times\('soma'\)"),  # type: ignore[arg-type]
    "no segments": (lambda: Protocol(()), "there are none"),
    "silent train": (lambda: Train(3, 1.0, pre_spikes=0), "both 0"),
    "delay of one side": (lambda: Train(3, 1.0, delay=0.01), "a delay needs spikes on both sides"),
    "delay not finite": (lambda: Train(3, 1.0, 1, 1, delay=float("nan")), "not a finite time"),
    "rate not finite": (lambda: Train(3, float("nan")), r"Train\(rate=…\)"),
    "gap not finite": (lambda: Gap(float("inf")), r"gap\(…\): inf"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_run_as_written_is_refused(case: str) -> None:
    make, message = REFUSED[case]
    with pytest.raises(ProtocolError, match=re.compile(message, re.DOTALL)):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: stdp(0.01, 60, rate="1 Hz"), r"stdp\(delay=…\): 0.01 has no unit; write '0.01 s'"),
        (lambda: stdp("10 mV", 60, rate="1 Hz"), r"stdp\(delay=…\).*expected a quantity in s"),
        (lambda: stdp("10 ms", 60, rate=1), r"stdp\(rate=…\): 1 has no unit"),
        (lambda: spikes(pre=["10 mV"]), r"spikes\(pre=…\), time 0"),
        (lambda: gap(None), r"gap\(duration=…\)"),  # type: ignore[arg-type]
    ],
)
def test_quantities_need_their_unit(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UnitError, match=message):
        make()


@given(
    delay=st.floats(-3, 3),
    bursts=st.integers(1, 5),
    rate=st.floats(0.1, 4),
    counts=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    trains=st.integers(1, 3),
)
def test_each_side_of_a_train_is_strictly_increasing_and_within_its_duration(
    delay: float, bursts: int, rate: float, counts: tuple[int, int], trains: int
) -> None:
    train = Train(bursts, rate, *counts, burst_rate=40.0, trains=trains, interval=100.0, delay=delay)
    pre, post = train.times("pre"), train.times("post")
    assert min(pre[0], post[0]) == 0
    assert post[0] - pre[0] == pytest.approx(delay)
    for side, times in (("pre", pre), ("post", post)):
        assert len(times) == train.count(side)  # type: ignore[arg-type]
        assert np.all(np.diff(times) > 1e-3)
        assert times[-1] < train.duration


@pytest.mark.parametrize(
    ("made", "changes", "wanted"),
    [
        (stdp("10 ms", 60, rate="1 Hz"), {"delay": "-5 ms"}, stdp("-5 ms", 60, rate="1 Hz")),
        (tetanus("100 Hz", "1 s", inputs=2), {"rate": "50 Hz"}, tetanus("50 Hz", "1 s", inputs=2)),
        (low_frequency("1 Hz", 900), {"pulses": 90}, low_frequency("1 Hz", 90)),
        (theta_burst(), {"pulses": 5, "bursts": 3}, theta_burst(5, bursts=3)),
        (spikes(pre=[0.0, 1.0]), {"post": [2.0]}, spikes(pre=[0.0, 1.0], post=[2.0])),
        (
            poisson("5 Hz", duration="2 s", seed=1),
            {"seed": 2, "post": "9 Hz"},
            poisson("5 Hz", "9 Hz", duration="2 s", seed=2),
        ),
        (gap("1 s"), {"duration": "2 s"}, gap("2 s")),
    ],
)
def test_a_protocol_can_be_made_again_with_changes(
    made: Protocol, changes: dict[str, object], wanted: Protocol
) -> None:
    before = str(made)
    assert made.with_(**changes) == wanted
    assert made.with_() == made
    assert str(made) == before
    sent = pickle.loads(pickle.dumps(made))  # noqa: S301
    assert sent == made
    assert sent.with_(**changes) == wanted
    assert made.with_(**changes).with_(**changes) == wanted


def test_how_a_protocol_was_made_is_no_part_of_its_value() -> None:
    one, other = stdp("10 ms", 1, rate="1 Hz"), stdp("10 ms", 1, rate="1000 1/ks")
    assert one == other
    assert hash(one) == hash(other)
    times = [0.0, 1.0]
    made = spikes(pre=times)
    times[1] = 5.0
    assert made.with_(inputs=None) == made


def test_changes_that_cannot_be_made_are_refused() -> None:
    pairing = stdp("10 ms", 60, rate="1 Hz")
    with pytest.raises(UnknownName, match="unknown argument of stdp 'dealy': did you mean delay"):
        pairing.with_(dealy="1 ms")
    with pytest.raises(ProtocolError, match=r"stdp\(pairs=…\): 0 is below 1"):
        pairing.with_(pairs=0)
    with pytest.raises(UnitError, match="has no unit"):
        pairing.with_(delay=3)
    for joined in (pairing + gap("1 s"), replace(pairing, inputs=3), Protocol(pairing.segments)):
        with pytest.raises(ProtocolError, match="was not made by one function such as stdp"):
            joined.with_(delay="1 ms")
