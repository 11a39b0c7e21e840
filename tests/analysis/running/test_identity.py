"""The identity of a run: everything that its numbers follow from, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.analysis import points, readouts
from kinaptic.analysis.running import identity
from kinaptic.analysis.running.plan import Plan

PAIRING = kn.stdp("10 ms", pairs=3, rate="2 Hz")
CA1 = kn.Synapse.preset("ca1")


def plan(
    synapse: kn.Synapse = CA1, protocol: object = PAIRING, over: object = None, **changes: object
) -> Plan:
    varied = {"genotype": [None]} if over is None else over
    read = points.read(synapse, protocol, varied)  # type: ignore[arg-type]
    return replace(Plan(read, 20.0, readouts.read("weight")), **changes)  # type: ignore[arg-type]


def only(made: Plan) -> bytes:
    (found,) = identity.of_runs(made)
    assert found is not None
    assert len(found) == identity.SIZE
    return found


WAVEFORM = kn.Waveform([0.0, 0.1, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s")
OTHERS = {
    "a number": plan(kn.Synapse.preset("ca1", distance="151 um")),
    "a number in the last digit": plan(CA1.with_(kn.edit("CaMKII_total", "70.00000000000001 uM"))),
    "a pathway gone": plan(CA1.with_(kn.knockout("bdnf"))),
    "a clamp": plan(CA1.with_(kn.clamp("cAMP", "0.1 uM"))),
    "an acute clamp": plan(CA1.with_(kn.clamp("cAMP", "0.1 uM", acute=True))),
    "an inhibitor": plan(CA1.with_(kn.inhibit("PKA", by=0.5))),
    "an inhibitor from before": plan(CA1.with_(kn.inhibit("PKA", by=0.5, acute=False))),
    "a drug": plan(CA1.with_(kn.drug("AM251", "1 uM"))),
    "the delay": plan(protocol=PAIRING.with_(delay="11 ms")),
    "co-active inputs": plan(protocol=PAIRING.with_(inputs=5)),
    "spikes of the same times": plan(protocol=kn.spikes(pre=[0, 0.5, 1.0], post=[0.01, 0.51, 1.01])),
    "no stimulus": plan(protocol=None),
    "a waveform": plan(protocol=WAVEFORM),
    "another waveform": plan(
        protocol=kn.Waveform([0.0, 0.1, 1.0], [0.07, 1.6, 0.07], unit="uM", time_unit="s", max_step="1 s")
    ),
    "the length": plan(until=21.0),
    "the tolerance": plan(rtol=1e-7),
    "the engine": plan(engine="roadrunner"),
    "the readout": plan(readouts=readouts.read("peak Ca")),
}


def test_what_differs_is_known_apart() -> None:
    found = {"as it is": only(plan())} | {what: only(each) for what, each in OTHERS.items()}
    assert len(set(found.values())) == len(found)


def test_version_and_code_are_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = only(plan())
    monkeypatch.setattr(identity, "__version__", "99.0")
    identity.code.cache_clear()
    later = only(plan())
    monkeypatch.undo()
    identity.code.cache_clear()
    monkeypatch.setattr(identity, "code", lambda: "other")
    assert len({before, later, only(plan())}) == 3


def test_how_it_is_written_does_not_matter() -> None:
    wanted = only(plan())
    assert only(plan(protocol=PAIRING.with_(delay="0.01 s"))) == wanted
    varied = plan(over={"delay": ["-10 ms", "10 ms"], "genotype": [kn.knockout("pka"), None]})
    assert identity.of_runs(varied)[3] == wanted  # the last of the grid
    assert only(plan(over={"preset": ["ca1"]})) == wanted
    assert only(plan(time_limit=5.0)) == wanted
    assert only(plan(CA1.without("bdnf"))) == only(plan(CA1.with_(kn.knockout("bdnf"))))


def test_a_point_that_cannot_be_built_has_none() -> None:
    over = {"genotype": [None, kn.knockout("pka")], "AC1_total": ["0.1 uM"]}
    assert [each is None for each in identity.of_runs(plan(over=over))] == [False, True]


def test_a_study_is_known_by_what_is_varied() -> None:
    grids: list[dict[str, object]] = [
        {"delay": ["-10 ms", "10 ms"]},
        {"delay": ["10 ms", "-10 ms"]},
        {"delay": ["-10 ms", "10.1 ms"]},
        {"pairs": [3, 4]},
        {"genotype": [None, kn.knockout("pka")]},
        {"genotype": [None, kn.inhibit("pka")]},
        {"genotype": [None, kn.inhibit("pka", acute=False)]},
        {"protocol": [PAIRING, WAVEFORM]},
    ]
    found = [identity.of_study(plan(over=grid)) for grid in grids]
    assert len(set(found)) == len(found)
    assert found[0] == identity.of_study(plan(over=dict(grids[0])))
    assert identity.of_study(plan(over=[{"delay": "-10 ms"}, {"delay": "10 ms"}])) == found[0]


def test_protocols_of_one_label_are_known_apart() -> None:
    """A protocol prints itself with three digits, and numpy leaves out the middle of long arrays."""
    alike = [PAIRING, kn.stdp("10.00001 ms", pairs=3, rate="2 Hz"), kn.spikes(pre=[0, 10], post=[1, 5])]
    alike.append(kn.spikes(pre=[0, 10], post=[0.005, 5]))
    assert str(alike[0]) == str(alike[1])
    studies = {identity.of_study(plan(over={"protocol": [each]})) for each in alike}
    assert len(studies) == len({only(plan(protocol=each)) for each in alike}) == len(alike)
    long = np.linspace(0, 15, 1500)
    other = long.copy()
    other[700] += 1e-3
    spikes = kn.spikes(pre=long)
    assert repr(long) == repr(other)
    found = [identity.of_study(plan(protocol=spikes, over=[{"pre": each}])) for each in (long, other)]
    assert found[0] != found[1]
    both = points.read(CA1, spikes, [{"pre": long}, {"pre": other}, {"pre": long.copy()}])
    assert both.codes[:, 0].tolist() == [0, 1, 0]
