"""Protocols in a model: every spike is delivered, at its time, in two simulators."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping

import basico
import numpy as np
import pytest
import roadrunner
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinaptic.errors import ProtocolError
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.stimulation import (
    depolarization,
    gap,
    low_frequency,
    poisson,
    spikes,
    stdp,
    tetanus,
    theta_burst,
)  # fmt: skip
from kinaptic.sbml import document
from kinaptic.sbml.drive import TOLERANCE, DriveText, antimony, expected_counts
from kinaptic.units import MODEL_UNITS

DECAY, PRE_KICK, POST_KICK, LAG = 3.0, 1.0, 0.7, 0.004
KICKS = {"pre_kick": PRE_KICK, "post_kick": POST_KICK}
WITH_LAG = f"lag has s_unit; lag = {LAG};"
ON_PRE = {"X": "X + pre_kick", "B": "B + pre_kick"}
ON_POST = {"Y": "Y + post_kick", "B": "B + post_kick"}
LIST = np.cumsum(np.random.default_rng(7).uniform(0.002, 0.1, 1000))

CASES: dict[str, Protocol] = {
    "pre first": stdp("10 ms", 20, rate="1 Hz"),
    "post first": stdp("-10 ms", 20, rate="1 Hz"),
    "coincident": stdp("0 ms", 20, rate="1 Hz"),
    "nearly coincident": stdp("1 us", 20, rate="1 Hz"),
    "near, and not coincident": stdp("-20 us", 20, rate="1 Hz"),
    "delay beyond the next pairing": stdp("2.5 s", 5, rate="1 Hz"),
    "bursts": stdp("-10 ms", 15, rate="0.1 Hz", pre_spikes=5, post_spikes=5, burst_rate="20 Hz"),
    "bursts that coincide": stdp("0 ms", 6, rate="3 Hz", pre_spikes=2, post_spikes=4, burst_rate="50 Hz"),
    "bursts that interleave": stdp("20 ms", 6, rate="1 Hz", pre_spikes=3, post_spikes=4, burst_rate="50 Hz"),
    "theta": theta_burst(trains=3, interval="10 s"),
    "tetani": tetanus("100 Hz", "1 s", trains=4, interval="5 s"),
    "epochs": tetanus("50 Hz", "1 s", inputs=None)
    + gap("2 s")
    + stdp("-10 ms", 5, rate="1 Hz")
    + gap("1 s")
    + theta_burst(bursts=3, inputs=None),
    "list": spikes(pre=[0, 0.1, 0.15, 2], post=[0.1, 0.2, 0.3]),
    "one time": spikes(post=[0.25]),
    "long list": spikes(pre=LIST, post=LIST[::2]),
    "random": poisson("20 Hz", "20 Hz", duration="5 s", seed=3),
    "longest train": low_frequency("100 Hz", 10_000),
}

PLAIN = stdp("10 ms", 20, rate="1 Hz")
BURSTS = stdp("10 ms", 4, rate="1 Hz", pre_spikes=2, post_spikes=3, burst_rate="50 Hz")
TRAINS = theta_burst(trains=1, interval="5 s")


def sbml(drive: DriveText, extra: str = "") -> str:
    """Return SBML of three variables that decay, X kicked by pre, Y by post and B by both."""
    used = [n for n in ("X", "Y", "B") if f" {n} = " in drive.text]
    numbers = {"decay": DECAY, "one": 1.0, "half": 0.5, **{n: v for n, (v, _, _) in drive.parameters.items()}}
    lines = [
        "model driven()",
        "unit substance = 1e-21 mole; unit extent = 1e-21 mole; unit volume = 1e-15 litre;",
        "unit time_unit = second;",
        *(f"unit {u.sbml} = {u.antimony};" for u in MODEL_UNITS.values()),
        *(f"{n}' = -decay*{n}; {n} = 0; {n} has one_unit;" for n in used),
        "decay has per_s; one has one_unit; half has one_unit;",
        *(f"{n} = {v}; {n} has one_unit;" for n, v in KICKS.items() if n in drive.text),
        extra,
        drive.text,
        *(f"{n} = {v!r};" for n, v in numbers.items()),
        "end\n",
    ]
    return document.to_sbml("\n".join(lines))


def load(text: str, *, rtol: float = 1e-9) -> roadrunner.RoadRunner:
    runner = roadrunner.RoadRunner(text)
    states = runner.model.getNumFloatingSpecies() + runner.model.getNumRateRules()
    runner.integrator.relative_tolerance = rtol
    runner.integrator.absolute_tolerance = [rtol * 1e-2] * states
    return runner


def samples(protocol: Protocol, number: int = 60, lag: float = 0.0) -> NDArray[np.float64]:
    """Return times that no spike is near, some of them half-way between two spikes."""
    spiking = np.sort(np.concatenate([protocol.spike_times("pre"), protocol.spike_times("post") + lag]))
    between = (spiking[1:] + spiking[:-1])[:: max(1, len(spiking) // number)] / 2
    times = np.unique(np.concatenate([np.linspace(0, protocol.end + 1.2345, number), between]))
    nearest = np.min(np.abs(times[:, None] - spiking), axis=1)
    kept: NDArray[np.float64] = times[nearest > 3 * TOLERANCE]
    return kept


def decayed(spiking: NDArray[np.float64], times: NDArray[np.float64], kick: float) -> NDArray[np.float64]:
    """Return the sum of kicks that decay, at `times`."""
    ages = times[:, None] - spiking
    total: NDArray[np.float64] = kick * np.sum(np.where(ages >= 0, np.exp(-DECAY * np.abs(ages)), 0), axis=1)
    return total


def check(
    runner: roadrunner.RoadRunner, protocol: Protocol, *, lag: float = 0.0, slack: float = 1e-6
) -> None:
    """Compare a run with what the protocol says: counters exactly, kicked variables to `slack`."""
    times = samples(protocol, lag=lag)
    pre, post = protocol.spike_times("pre"), protocol.spike_times("post") + lag
    expect = {"spikes_pre": 1.0 * np.searchsorted(pre, times)}
    expect["spikes_post"] = 1.0 * np.searchsorted(post, times)
    expect |= {"X": decayed(pre, times, PRE_KICK), "Y": decayed(post, times, POST_KICK)}
    expect["B"] = expect["X"] + expect["Y"]
    known = set(runner.model.getGlobalParameterIds())
    names = [n for n in expect if n in known]
    found = np.array(runner.simulate(times=times.tolist(), selections=names))
    for column, name in enumerate(names):
        if name.startswith("spikes"):
            assert np.array_equal(np.round(found[:, column], 6), expect[name]), name
        else:
            error = np.max(np.abs(found[:, column] - expect[name])) / np.max(expect[name])
            assert error < slack, f"{name}: {error:g}"
    assert names


@pytest.mark.parametrize("case", CASES)
def test_every_spike_is_given_at_its_time(case: str) -> None:
    protocol = CASES[case]
    drive = antimony(protocol, ON_PRE, on_post=ON_POST)
    counted = {"spikes_pre": protocol.n_pre, "spikes_post": protocol.n_post}
    assert drive.counters == {name: n for name, n in counted.items() if n}
    # What is nearer than the tolerance is given together, so that a kick may come that much early.
    slack = TOLERANCE * DECAY if case == "nearly coincident" else 1e-6
    check(load(sbml(drive)), protocol, slack=slack)


@pytest.mark.parametrize("case", CASES)
def test_the_model_is_clean_sbml(case: str) -> None:
    assert document.problems(sbml(antimony(CASES[case], ON_PRE, on_post=ON_POST))) == []


@pytest.mark.parametrize("case", ["pre first", "bursts", "list", "epochs"])
def test_postsynaptic_spikes_come_later_by_the_lag(case: str) -> None:
    text = sbml(antimony(CASES[case], ON_PRE, on_post=ON_POST, post_lag="lag"), WITH_LAG)
    assert document.problems(text) == []
    check(load(text), CASES[case], lag=LAG)


def test_the_lag_may_be_an_expression() -> None:
    text = sbml(antimony(PLAIN, ON_PRE, on_post=ON_POST, post_lag="lag - half*lag"), WITH_LAG)
    check(load(text), PLAIN, lag=LAG / 2)


def test_a_spike_from_before_a_gap_may_still_be_on_its_way() -> None:
    """A lag longer than the pause: events of two segments, one of them late, meet at one time."""
    protocol = spikes(post=[0, 0.1]) + gap("4 ms") + stdp("0 ms", 3, rate="10 Hz")
    text = sbml(antimony(protocol, ON_PRE, on_post=ON_POST, post_lag="lag"), WITH_LAG)
    check(load(text), protocol, lag=LAG)


@pytest.mark.parametrize(
    ("loaded", "wanted"),
    [
        (PLAIN, stdp("0 ms", 20, rate="1 Hz")),
        (PLAIN, stdp("35 ms", 7, rate="5 Hz")),
        (BURSTS, stdp("-15 ms", 6, rate="2 Hz", pre_spikes=4, post_spikes=1, burst_rate="30 Hz")),
        (TRAINS, theta_burst(3, "80 Hz", bursts=5, rate="8 Hz", trains=3, interval="2 s")),
        (
            TRAINS + gap("1 s") + Protocol(PLAIN.segments, inputs=3),
            TRAINS + gap("7 s") + stdp("-5 ms", 3, rate="2 Hz", inputs=3),
        ),
    ],
)
def test_numbers_can_be_changed_after_loading(loaded: Protocol, wanted: Protocol) -> None:
    drive, other = (antimony(p, ON_PRE, on_post=ON_POST) for p in (loaded, wanted))
    assert drive.text == other.text, "numbers of trains are parameters, not text"
    runner = load(sbml(drive))
    for name, (value, _, _) in other.parameters.items():
        runner.setValue(name, value)
    runner.reset()
    check(runner, wanted)


def test_the_start_can_be_changed_after_loading() -> None:
    runner = load(sbml(antimony(PLAIN, ON_PRE, on_post=ON_POST)))
    runner.setValue("protocol_start", LEAD + 5)
    runner.reset()
    check(runner, gap("5 s") + PLAIN)


@pytest.mark.parametrize("case", ["bursts", "list", "epochs"])
def test_runs_repeat_to_the_last_bit_without_reloading(case: str) -> None:
    protocol = CASES[case]
    runner = load(sbml(antimony(protocol, ON_PRE, on_post=ON_POST)))
    times = samples(protocol).tolist()
    first = np.array(runner.simulate(times=times, selections=["B", "spikes_pre"]))
    runner.reset()
    assert np.array_equal(first, np.array(runner.simulate(times=times, selections=["B", "spikes_pre"])))


def test_a_run_may_pause_anywhere_even_at_a_spike() -> None:
    protocol = CASES["coincident"]
    runner = load(sbml(antimony(protocol, ON_PRE, on_post=ON_POST)))
    edges = [0.0, 9.5, 10.0, 11.0, 12.3, 15.0, 29.0, 29.5, 31.0]
    for low, high in itertools.pairwise(edges):
        runner.simulate(low, high, 2)
    assert (runner["spikes_pre"], runner["spikes_post"]) == (20, 20)


@pytest.fixture(scope="module")
def near() -> roadrunner.RoadRunner:
    return load(sbml(antimony(PLAIN, ON_PRE, on_post=ON_POST)))


@pytest.mark.parametrize("delay", [0, 1e-9, -1e-7, 5e-6, TOLERANCE, -TOLERANCE, 1.001e-5, 2e-5, -1e-4])
@pytest.mark.parametrize("rtol", [1e-6, 1e-4])
def test_near_coincidence_loses_no_spike(near: roadrunner.RoadRunner, delay: float, rtol: float) -> None:
    near.integrator.relative_tolerance = rtol
    near.setValue("stim_1_delay", delay)
    near.reset()
    near.simulate(0, 40.5, 2)
    assert (near["spikes_pre"], near["spikes_post"]) == (20, 20)


def test_what_is_nearer_than_the_tolerance_is_given_together() -> None:
    runner = load(sbml(antimony(stdp("8 us", 1, rate="1 Hz"), ON_PRE, on_post=ON_POST)))
    runner.simulate(0, LEAD + 4e-6, 2)
    assert (runner["spikes_pre"], runner["spikes_post"]) == (1, 1)


def copasi(text: str, until: float, steps: int) -> Mapping[str, NDArray[np.float64]]:
    """Run in COPASI and return its variables at evenly spaced times."""
    model = basico.load_model_from_string(text)
    try:
        tight = {"r_tol": 1e-10, "a_tol": 1e-12, "max_steps": 10**6}
        frame = basico.run_time_course(
            until, steps, model=model, use_initial_values=True, update_model=False, **tight
        )
    finally:
        basico.remove_datamodel(model)
    return {re.sub(r"^Values\[(.*)\]$", r"\1", str(name)): frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize(
    "case",
    [
        "pre first",
        "post first",
        "coincident",
        "bursts that coincide",
        "bursts that interleave",
        "theta",
        "epochs",
        "list",
        "random",
        "near, and not coincident",
    ],
)
def test_copasi_agrees(case: str) -> None:
    protocol = CASES[case]
    text = sbml(antimony(protocol, ON_PRE, on_post=ON_POST))
    until, steps = protocol.end + math.e, 97  # samples that are at no spike
    runner = load(text, rtol=1e-10)
    known = runner.model.getGlobalParameterIds()
    selections = [n for n in ("X", "Y", "B", "spikes_pre", "spikes_post") if n in known]
    ours = np.array(runner.simulate(0, until, steps + 1, ["time", *selections]))
    theirs = copasi(text, until, steps)
    spiking = np.concatenate([protocol.spike_times("pre"), protocol.spike_times("post")])
    apart = np.min(np.abs(ours[:, :1] - spiking), axis=1) > 1e-4
    assert np.count_nonzero(apart) > 80
    for column, name in enumerate(selections, start=1):
        scale = np.max(np.abs(ours[:, column]))
        assert np.max(np.abs(ours[:, column] - theirs[name])[apart]) / scale < 1e-6, name


def test_a_late_spike_sees_what_an_early_one_did() -> None:
    """Not sums only: with pre X → 2 X + 1 and post X → X·X, Y → Y + X, together is pre, then post."""
    drive = antimony(
        stdp("0 ms", 1, rate="1 Hz"), {"X": "gain*X + pre_kick"}, on_post={"X": "X*X", "Y": "Y + X"}
    )
    runner = load(sbml(drive, "gain has one_unit; gain = 2;"))
    runner.setValue("decay", 0)
    runner.reset()
    runner.setValue("X", 3)
    runner.simulate(0, 12, 2)
    assert (runner["X"], runner["Y"]) == (49, 7)


def test_counts_expected_at_a_time() -> None:
    protocol = stdp("10 ms", 60, rate="1 Hz")
    assert expected_counts(protocol, 1e9) == {"spikes_pre": 60, "spikes_post": 60}
    assert expected_counts(protocol, LEAD - 1) == {"spikes_pre": 0, "spikes_post": 0}
    assert expected_counts(protocol, LEAD + 5.005) == {"spikes_pre": 6, "spikes_post": 5}
    assert expected_counts(protocol, LEAD + 5.012) == {"spikes_pre": 6, "spikes_post": 6}
    assert expected_counts(protocol, LEAD + 5.012, post_lag=0.004) == {"spikes_pre": 6, "spikes_post": 5}
    assert expected_counts(low_frequency("1 Hz", 9), LEAD + 3) == {"spikes_pre": 4}


STEPS = depolarization("2 s", "-20 mV") + gap("3 s") + depolarization("1 s", "10 mV")
ON_STEP = {"V": "piecewise(step_voltage, step_begins, zero*one_mV)"}
VOLTAGE = "V' = zero*one_mV/one_s; V = 0; V has mV; one_mV = 1; one_mV has mV; one_s = 1; one_s has s_unit;"


def test_a_voltage_step_holds_as_long_as_it_lasts() -> None:
    protocol = STEPS + gap("1 s") + spikes(pre=[0])
    assert protocol.step_edges.tolist() == [LEAD, LEAD + 2, LEAD + 5, LEAD + 6]
    text = sbml(antimony(protocol, ON_PRE, on_post=ON_POST, on_step=ON_STEP), VOLTAGE)
    assert document.problems(text) == []
    times = [0.0, 9.99, 10.01, 11.99, 12.01, 14.99, 15.01, 15.99, 16.01, 17.5]
    voltage = [0, 0, -20, -20, 0, 0, 10, 10, 0, 0]
    edges = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    found = np.array(load(text).simulate(times=times, selections=["V", "step_edges", "X"]))
    assert found[:, 0].tolist() == voltage
    assert found[:, 1].tolist() == edges
    assert found[-1, 2] == pytest.approx(math.exp(-DECAY * 0.5), rel=1e-5)
    assert expected_counts(protocol, 15.5) == {"spikes_pre": 0, "step_edges": 3}


def test_copasi_gives_the_same_voltage_steps() -> None:
    text = sbml(antimony(STEPS, {}, on_post={}, on_step=ON_STEP), VOLTAGE)
    ours = np.array(load(text).simulate(0, 18.7, 98, ["time", "V"]))
    assert set(ours[:, 1]) == {0.0, -20.0, 10.0}
    assert np.array_equal(ours[:, 1], copasi(text, 18.7, 97)["V"])


@pytest.mark.parametrize("first", [-20.0, 0.0, 10.0])
def test_steps_in_a_row_hand_the_voltage_on(first: float) -> None:
    """The end of one and the beginning of the next come at one time, and in any order."""
    levels = [first, -40.0, 10.0, -60.0]
    one, two, three, four = (depolarization("1 s", f"{level} mV") for level in levels)
    text = sbml(antimony(one + two + three + four, {}, on_post={}, on_step=ON_STEP), VOLTAGE)
    times = [0.0, *(LEAD - 0.5 + np.arange(6.0))]
    ours = np.array(load(text).simulate(times=times, selections=["V", "step_edges"]))
    assert ours[:, 0].tolist() == [0, 0, *levels, 0]
    assert ours[-1, 1] == 8
    theirs = copasi(text, LEAD + 5.5, 31)  # samples 0.5 s apart
    assert theirs["V"][19::2].tolist() == [0, *levels, 0, 0]


def test_silence_cannot_be_written() -> None:
    with pytest.raises(ProtocolError, match=r"'10 s of silence' has no spikes; .* run without a protocol"):
        antimony(gap("10 s"), {}, on_post={})


def test_every_number_has_a_unit_and_a_note_and_is_used() -> None:
    for protocol in CASES.values():
        drive = antimony(protocol, ON_PRE, on_post=ON_POST)
        for name, (value, unit, note) in drive.parameters.items():
            assert math.isfinite(value)
            assert unit in MODEL_UNITS
            assert note
            assert drive.text.count(name) > 1


segments = st.one_of(
    st.builds(
        lambda d, n, r: stdp(f"{d} ms", n, rate=f"{r} Hz"),
        st.integers(-60, 60),
        st.integers(1, 6),
        st.sampled_from([0.5, 1, 7]),
    ),
    st.builds(
        lambda d, a, b: stdp(f"{d} ms", 3, rate="2 Hz", pre_spikes=a, post_spikes=b, burst_rate="40 Hz"),
        st.sampled_from([-25, -3, 0, 25, 50]),
        st.integers(1, 4),
        st.integers(1, 4),
    ),
    st.builds(
        lambda n, k: tetanus("50 Hz", f"{n * 20} ms", trains=k, interval="3 s", inputs=None),
        st.integers(1, 20),
        st.integers(1, 3),
    ),
    st.builds(
        lambda a, b: spikes(pre=np.cumsum(a) / 100, post=np.cumsum(b) / 100) + gap("20 ms"),
        st.lists(st.integers(1, 40), min_size=1, max_size=6),
        st.lists(st.integers(1, 40), max_size=6),
    ),
    st.builds(lambda s: gap(f"{s} s"), st.integers(1, 20)),
)


@settings(max_examples=15)
@given(
    st.lists(segments, min_size=1, max_size=3).filter(lambda parts: any(p.n_pre + p.n_post for p in parts))
)
def test_composed_protocols_give_the_spikes_that_they_list(parts: list[Protocol]) -> None:
    protocol = sum(parts[1:], start=parts[0])
    check(load(sbml(antimony(protocol, ON_PRE, on_post=ON_POST))), protocol)
