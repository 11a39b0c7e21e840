"""The key "synapse" of a scan: synapses of one kind, such as clones of runs at several times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.errors import KinapticError
from kinaptic.sbml.simulate import clones

PAIRING = kn.stdp("10 ms", pairs=5, rate="5 Hz")
OPTIONS: dict[str, Any] = {"until": "20 s", "progress": False}


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def later(ca1: kn.Synapse) -> list[kn.Synapse]:
    run = kn.simulate(ca1, PAIRING, until="30 s", engine="ensemble")
    return clones(run, [0.5, 3.0])


def final(synapse: kn.Synapse, protocol: kn.Protocol | None) -> float:
    run = kn.simulate(synapse, protocol, until="20 s", samples=[0.0, 20.0], engine="ensemble")
    return float(run.weight.iloc[-1])


def test_each_synapse_is_run(ca1: kn.Synapse, later: list[kn.Synapse]) -> None:
    delays = ["-10 ms", "10 ms"]
    made = kn.scan(ca1, PAIRING, {"synapse": [ca1, *later], "delay": delays}, **OPTIONS)
    found = made.table
    words = [each.start.words for each in later if each.start is not None]
    assert found["synapse"].tolist() == [name for name in ("ca1", *words) for _ in delays]
    wanted = [final(each, PAIRING.with_(delay=delay)) for each in (ca1, *later) for delay in delays]
    assert found["weight"].to_numpy() == pytest.approx(wanted, rel=1e-6)
    assert len(np.unique(np.round(wanted, 6))) == 6


def test_the_synapse_given_is_not_run_besides(ca1: kn.Synapse, later: list[kn.Synapse]) -> None:
    found = kn.scan(ca1, None, {"synapse": [later[0]]}, **OPTIONS).table
    assert len(found) == 1
    assert found["weight"][0] == pytest.approx(final(later[0], None), rel=1e-6)


def test_other_keys_act_on_each(ca1: kn.Synapse, later: list[kn.Synapse]) -> None:
    """A parameter of a clone is changed as the run begins, that of a synapse at rest before its baseline."""
    drug = kn.inhibit("CaMKII", by=0.9)
    over = {"synapse": [ca1, later[0]], "distance": ["60 um", "120 um"], "genotype": [None, drug]}
    found = kn.scan(ca1, PAIRING, over, **OPTIONS).table
    wanted = [
        final(each.with_(kn.edit("distance", at, acute=each.start is not None), *given), PAIRING)
        for each in (ca1, later[0])
        for at in ("60 um", "120 um")
        for given in ((), (drug,))
    ]
    assert found["weight"].to_numpy() == pytest.approx(wanted, rel=1e-6)
    assert len(np.unique(np.round(wanted, 6))) == 8


def test_a_genotype_that_needs_a_baseline_fails_where_there_is_a_history(
    ca1: kn.Synapse, later: list[kn.Synapse]
) -> None:
    over = {"synapse": [ca1, later[0]], "genotype": [kn.overexpress("CaMKII", 0.5)]}
    with pytest.raises(KinapticError, match="do it to the synapse before that run"):
        kn.scan(ca1, PAIRING, over, **OPTIONS)


def test_synapses_with_settings_of_their_own(ca1: kn.Synapse) -> None:
    far = kn.Synapse.preset("ca1", distance="150 um")
    l5 = kn.Synapse.preset("l5")
    found = kn.scan(ca1, PAIRING, {"synapse": [ca1, far, l5]}, **OPTIONS).table
    assert found["weight"].to_numpy() == pytest.approx(
        [final(each, PAIRING) for each in (ca1, far, l5)], rel=1e-6
    )
    assert found["synapse"].is_unique  # told apart, although two are called ca1
    assert found["synapse"].str.startswith(("ca1", "l5")).all()


def test_as_a_list_of_points(ca1: kn.Synapse, later: list[kn.Synapse]) -> None:
    points = [{"synapse": later[1], "delay": "10 ms"}, {"synapse": ca1, "delay": "-10 ms"}]
    found = kn.scan(ca1, PAIRING, points, **OPTIONS).table
    wanted = [final(later[1], PAIRING), final(ca1, PAIRING.with_(delay="-10 ms"))]
    assert found["weight"].to_numpy() == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"synapse": ["ca1"]}, r"over\['synapse'\]: 'ca1' is no synapse .*names of presets go under"),
        ({"synapse": [None]}, "None is no synapse of the kind given"),
        ({"synapse": []}, r"over\['synapse'\]"),
        ({"preset": ["l5"], "synapse": [kn.Synapse.preset("l5")]}, "which both say which synapse; keep one"),
    ],
)
def test_bad_input(ca1: kn.Synapse, over: dict[str, Any], message: str) -> None:
    with pytest.raises(KinapticError, match=message):
        kn.scan(ca1, PAIRING, over, **OPTIONS)
