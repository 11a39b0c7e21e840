"""The threshold of plasticity is measured by probes on one state, and read off what they leave."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis import probes
from kinaptic.analysis.probes import FAMILIES, Threshold, probe, thresholds
from kinaptic.errors import KinapticError, ModelError, UnknownName
from kinaptic.sbml.simulate import clones

RATES = ["10 Hz", "20 Hz", "50 Hz"]
PRIME = kn.tetanus("30 Hz", "0.2 s", trains=20, interval="5 s")


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def primed(ca1: kn.Synapse) -> kn.Run:
    return kn.simulate(ca1, PRIME, until="3 min", engine="ensemble")


@pytest.fixture(scope="module")
def later(primed: kn.Run) -> kn.Synapse:
    return primed.clone("20 min")


@pytest.fixture(scope="module")
def both(ca1: kn.Synapse, later: kn.Synapse) -> list[Threshold]:
    return thresholds([ca1, later], RATES, progress=False)


def by_hand(synapse: kn.Synapse, protocol: kn.Protocol) -> float:
    """Return the weight half an hour after a probe, relative to the same synapse left alone until then."""
    end = protocol.end + 1800
    done, alone = (
        kn.simulate(synapse, each, until=f"{end!r} s", samples=[0.0, end], engine="ensemble").weight.iloc[-1]
        for each in (protocol, None)
    )
    return float(done / alone)


def test_probes_are_the_published_ones() -> None:
    """900 pulses at one rate after another, read half an hour later (Dudek & Bear 1992); pairings at 1 Hz."""
    for rate in FAMILIES["rates"]:
        protocol = probe("rates").with_(rate=rate)
        assert protocol.n_pre == 900
        assert protocol.n_post == 0
        assert protocol == kn.low_frequency(rate, 900)
    for delay in FAMILIES["delays"]:
        assert probe("delays").with_(delay=delay) == kn.stdp(delay, 60, rate="1 Hz")
    assert FAMILIES["rates"][0] == "0.5 Hz"
    assert FAMILIES["rates"][-1] == "50 Hz"
    assert probes.AFTER == 30


def test_weights_are_those_of_runs_against_controls(
    ca1: kn.Synapse, later: kn.Synapse, both: list[Threshold]
) -> None:
    for synapse, found in zip((ca1, later), both, strict=True):
        assert list(found.table) == ["rate", "weight", "calcium"]
        assert found.table["rate"].tolist() == [10, 20, 50]
        assert found.table.attrs["units"] == {"rate": "Hz", "weight": "1", "calcium": "uM"}
        wanted = [by_hand(synapse, kn.low_frequency(rate, 900)) for rate in RATES]
        assert found.table["weight"].to_numpy() == pytest.approx(wanted, rel=1e-6)


def test_what_drifts_by_itself_is_not_what_a_probe_does(primed: kn.Run) -> None:
    """Soon after priming the weight moves without any probe: the control is the same state left alone."""
    soon = primed.clone("1 min")
    found = primed.threshold("1 min", ["20 Hz", "50 Hz"], progress=False)
    protocol = kn.low_frequency("50 Hz", 900)
    assert found.table["weight"][1] == pytest.approx(by_hand(soon, protocol), rel=1e-6)
    raw = kn.simulate(soon, protocol, until="40 min", engine="ensemble")
    assert abs(raw.at(30) - found.table["weight"][1]) > 0.02


def test_numbers_are_those_of_the_curve(both: list[Threshold]) -> None:
    for found in both:
        rate, weight = np.log10(found.table["rate"].to_numpy()), found.table["weight"].to_numpy()
        below = int(np.flatnonzero(weight < 1)[-1])
        share = (1 - weight[below]) / (weight[below + 1] - weight[below])
        wanted = rate[below] + share * (rate[below + 1] - rate[below])
        assert found.theta_m_hz == pytest.approx(10**wanted)
        assert found.slope == pytest.approx(
            (weight[below + 1] - weight[below]) / (rate[below + 1] - rate[below])
        )
        calcium = np.log(found.table["calcium"].to_numpy())
        assert found.theta_m_calcium == pytest.approx(
            math.exp(calcium[below] + share * (calcium[below + 1] - calcium[below]))
        )
        assert found.ceiling == weight.max()
        assert math.isnan(found.theta_m_delay)
        assert math.isnan(found.ltd_hz)
        assert found.reason == f"no threshold of depression: the first probe leaves {weight[0]:.3g}"
    before, after = both
    assert 10 < before.theta_m_hz < 20 < after.theta_m_hz < 50  # primed: more is needed
    assert after.ceiling < before.ceiling


def mean_calcium(synapse: kn.Synapse, protocol: kn.Protocol) -> float:
    dense = np.arange(10, protocol.end, 0.0005) + 1.37e-4
    run = kn.simulate(synapse, protocol, until="60 s", samples=dense.tolist(), engine="ensemble")
    return float(run.traces["Ca"].mean())


def test_calcium_is_its_mean_during_the_probe(ca1: kn.Synapse, both: list[Threshold]) -> None:
    wanted = mean_calcium(ca1, kn.low_frequency("50 Hz", 900))
    assert both[0].table["calcium"][2] == pytest.approx(
        wanted, rel=0.03
    )  # what decays after it is counted in
    assert both[0].table["calcium"].is_monotonic_increasing


def test_calcium_that_is_high_as_a_clone_begins_is_not_its_rest(primed: kn.Run) -> None:
    found = primed.threshold("0 s", ["20 Hz", "50 Hz"], progress=False)
    wanted = mean_calcium(primed.clone("0 s"), kn.low_frequency("50 Hz", 900))
    assert found.table["calcium"][1] == pytest.approx(wanted, rel=0.03)


def test_one_synapse_is_as_among_several(ca1: kn.Synapse, both: list[Threshold]) -> None:
    alone = kn.threshold(ca1, RATES, progress=False)
    pd.testing.assert_frame_equal(alone.table, both[0].table, rtol=1e-6)
    assert alone.theta_m_hz == pytest.approx(both[0].theta_m_hz, rel=1e-5)


def test_delays(ca1: kn.Synapse) -> None:
    delays = ["-10 ms", "0 ms", "5 ms"]
    found = kn.threshold(ca1, delays, progress=False)
    assert list(found.table) == ["delay", "weight", "calcium"]
    assert found.table.attrs["units"]["delay"] == "ms"
    wanted = [by_hand(ca1, kn.stdp(delay, 60, rate="1 Hz")) for delay in delays]
    assert found.table["weight"].to_numpy() == pytest.approx(wanted, rel=1e-6)
    at, weight = found.table["delay"], found.table["weight"]
    share = (1 - weight[1]) / (weight[2] - weight[1])
    assert found.theta_m_delay == pytest.approx(share * 5)
    assert found.slope == pytest.approx((weight[2] - weight[1]) / (at[2] - at[1]))
    assert found.reason == ""  # a threshold of depression is not asked of delays
    assert math.isnan(found.theta_m_hz)
    assert math.isnan(found.ltd_hz)
    assert repr(found) == (
        f"<Threshold: theta_M {found.theta_m_delay:.3g} ms, {found.theta_m_calcium:.3g} uM, "
        f"ceiling {found.ceiling:.3g}>"
    )


def read(weights: list[float], axis: str = "rate") -> Threshold:
    x, calcium = np.array([1.0, 10.0, 100.0]), np.array([0.1, 0.2, 0.4])
    return probes._read(axis, x, np.array(weights), calcium)


def test_what_is_nan_has_a_reason() -> None:
    whole = read([1.0, 0.9, 1.3])
    assert whole.reason == ""
    assert whole.theta_m_hz == pytest.approx(10**1.25)
    assert whole.theta_m_calcium == pytest.approx(0.2 * 2**0.25)
    assert whole.ltd_hz == pytest.approx(10**0.5)
    none = read([0.9, 0.8, 0.9])
    assert math.isnan(none.theta_m_hz)
    assert math.isnan(none.theta_m_calcium)
    assert math.isnan(none.slope)
    assert none.ceiling == 0.9
    assert none.reason == (
        "no threshold: beyond depression no probe brings the weight back to 1; "
        "no threshold of depression: the first probe leaves 0.9"
    )
    up = read([1.0, 1.1, 1.2], "delay")
    assert up.reason == "no threshold: no probe depresses"
    failed = read([0.9, math.nan, 1.2])
    assert failed.reason == "a probe failed"  # once, although two numbers lack for it
    assert repr(none) == "<Threshold: theta_M nan Hz, nan uM, ceiling 0.9>"


def test_the_threshold_over_time(primed: kn.Run, both: list[Threshold]) -> None:
    table = primed.threshold_over_time(["1 min", "20 min"], RATES, progress=False)
    assert table.index.name == "minutes"
    assert table.index.tolist() == [1, 20]
    names = ["theta_m_hz", "theta_m_calcium", "theta_m_delay", "ltd_hz", "slope", "ceiling", "reason"]
    assert list(table) == names
    for name in names[:-1]:
        assert table[name][20.0] == pytest.approx(getattr(both[1], name), rel=1e-5, nan_ok=True)
    assert table["reason"][20.0] == both[1].reason
    assert table["ceiling"][1.0] != pytest.approx(table["ceiling"][20.0], abs=1e-3)
    with pytest.raises(KinapticError, match="give ascending times"):
        primed.threshold_over_time(["20 min", "1 min"], RATES)
    with pytest.raises(KinapticError, match="give ascending times"):
        primed.threshold_over_time([], RATES)


def test_a_clone_is_probed_by_its_run(
    primed: kn.Run, both: list[Threshold], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def measured(synapses: list[kn.Synapse], family: str, **options: Any) -> list[Threshold]:
        asked.append((synapses[0].start, family, options))
        return both[:1]

    monkeypatch.setattr(probes, "thresholds", measured)
    assert primed.threshold("20 min", "delays", rtol=1e-7) is both[0]
    assert primed.threshold("20 min") is both[0]
    start = clones(primed, [20.0])[0].start
    assert asked == [(start, "delays", {"rtol": 1e-7}), (start, "rates", {})]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("rate", UnknownName, "unknown family of probes 'rate': did you mean rates"),
        ("5 Hz", UnknownName, "unknown family of probes '5 Hz'"),
        (["5 Hz"], KinapticError, "give at least two, ascending"),
        ([], KinapticError, "give at least two, ascending"),
        (["20 Hz", "5 Hz"], KinapticError, "give at least two, ascending"),
        (["5 Hz", "5 Hz"], KinapticError, "give at least two, ascending"),
        (["5 Hz", "10 ms"], KinapticError, "give rates such as '5 Hz', or delays such as '10 ms'"),
        ([5, 10], KinapticError, "give rates such as '5 Hz'"),
        (["5 mV", "6 mV"], KinapticError, "give rates such as '5 Hz'"),
    ],
)
def test_bad_probes(ca1: kn.Synapse, given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kn.threshold(ca1, given)


def test_a_synapse_that_hears_no_spikes_is_refused() -> None:
    small = kn.Synapse.of("calmodulin", "camkii", Ca="1 uM", PP1="0.1 uM", PP1_activity=1)
    with pytest.raises(ModelError, match="answers to presynaptic spikes"):
        kn.threshold(small, RATES)


@pytest.mark.parametrize("name", ["until", "readouts", "over"])
def test_what_the_probes_say_is_not_given(ca1: kn.Synapse, primed: kn.Run, name: str) -> None:
    options: dict[str, Any] = {name: "2 min"}
    with pytest.raises(KinapticError, match=rf"threshold\({name}=…\): leave it out, the probes say that"):
        kn.threshold(ca1, RATES, **options)
    with pytest.raises(KinapticError, match=rf"ablate\({name}=…\): leave it out, the weight is read 30 min"):
        primed.ablate("20 min", PRIME, ["ampar"], **options)


def test_a_run_is_no_synapse(primed: kn.Run) -> None:
    with pytest.raises(KinapticError, match=r"threshold\(<Run: ca1, 20 trains.*of a run it is run.threshold"):
        kn.threshold(primed)  # type: ignore[arg-type]
    with pytest.raises(KinapticError, match=r"threshold_over_time\(at='30 min'\): give a list of times"):
        primed.threshold_over_time("30 min")
    with pytest.raises(KinapticError, match=r"ablate\(parts=3\): give names of pathways or states"):
        primed.ablate("20 min", PRIME, 3)  # type: ignore[arg-type]


def test_tables_have_units(primed: kn.Run) -> None:
    table = primed.threshold_over_time(["20 min"], RATES, progress=False)
    assert table.attrs["units"]["theta_m_calcium"] == "uM"
    assert primed.ablate("20 min", kn.low_frequency("20 Hz", 9), ["ampar"], progress=False).attrs[
        "units"
    ] == {
        "weight": "1",
        "effect": "1",
    }
