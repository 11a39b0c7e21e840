"""A screen changes one thing after another, and says what each does; so does a run that is explained."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis import screen as screening
from kinaptic.analysis.probes import thresholds
from kinaptic.errors import KinapticError, UnknownName

PAIRING = kn.stdp("10 ms", pairs=5, rate="5 Hz")
UNTIL = "5 min"


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def pairs(ca1: kn.Synapse) -> kn.Screen:
    return kn.screen(ca1, PAIRING, targets=["CaMKII", "PP1", "NMDAR"], pairs=True, until=UNTIL)


def weight(synapse: kn.Synapse) -> float:
    return float(kn.simulate(synapse, PAIRING, until=UNTIL, engine="ensemble").weight.iloc[-1])


def row(screen: kn.Screen, **what: str) -> Any:
    found = screen.table
    for column, value in what.items():
        found = found[found[column] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_each_change_is_what_it_says(ca1: kn.Synapse, pairs: kn.Screen) -> None:
    control = weight(ca1)
    assert pairs.control["weight"] == pytest.approx(control, rel=1e-7)
    for change, made in {
        "knockout": kn.knockout("CaMKII"),
        "halve": kn.overexpress("CaMKII", 0.5),
        "double": kn.overexpress("CaMKII", 2),
    }.items():
        found = row(pairs, target="CaMKII", change=change, other="")
        assert found["weight"] == pytest.approx(weight(ca1.with_(made)), rel=1e-7)
        assert found["weight effect"] == pytest.approx(found["weight"] - control, abs=1e-7)
        assert math.isnan(found["weight epistasis"])


def test_pairs_tell_their_epistasis(ca1: kn.Synapse, pairs: kn.Screen) -> None:
    one = row(pairs, target="CaMKII", change="knockout", other="")["weight"]
    two = row(pairs, target="PP1", change="halve", other="")["weight"]
    both = row(pairs, target="CaMKII", change="knockout", other="PP1", **{"other change": "halve"})
    assert both["weight"] == pytest.approx(
        weight(ca1.with_(kn.knockout("CaMKII"), kn.overexpress("PP1", 0.5))), rel=1e-7
    )
    wanted = math.log(both["weight"] * pairs.control["weight"] / (one * two))
    assert both["weight epistasis"] == pytest.approx(wanted)
    assert len(pairs.table) == 9 + 27  # three targets, three changes, and every two of different targets
    assert (pairs.table["target"] != pairs.table["other"]).all()


def test_the_strongest_come_first(pairs: kn.Screen) -> None:
    effects = pairs.table["weight effect"].abs().to_numpy()
    assert (np.diff(effects) <= 0).all()
    post = pairs.ranked("W_post")["W_post effect"].abs().to_numpy()
    assert (np.diff(post) <= 0).all()
    assert effects[0] > 0
    assert pairs.table.attrs["units"] == {"weight": "1", "W_pre": "1", "W_post": "1"}


def test_all_of_a_kind(ca1: kn.Synapse) -> None:
    small = kn.Synapse.of("calmodulin", "camkii", Ca="1 uM", PP1="0.1 uM", PP1_activity="1")
    found = kn.screen(
        small, None, targets="parameters", changes="double", readouts="CaMKII_active", until="10 s"
    )
    numbers = {n for n, p in small.numbers(acute=False).items() if p.formula is None and p.value}
    assert set(found.table["target"]) == numbers
    assert set(found.table["kind"]) == {"parameter"}
    edited = small.with_(kn.overexpress("CaMKII_total", 2))
    wanted = kn.simulate(edited, until="10 s", engine="ensemble").traces["CaMKII_active"].iloc[-1]
    assert row(found, target="CaMKII_total")["CaMKII_active"] == pytest.approx(wanted, rel=1e-7)
    halved = kn.screen(
        small, None, targets="pathways", changes="halve", readouts="CaMKII_active", until="10 s"
    )
    assert set(halved.table["target"]) == {"calmodulin", "camkii"}
    enzymes = kn.screen(ca1, PAIRING, targets="enzymes", changes="halve", until="12 s")
    assert {"CaMKII", "calcium_extrusion", "PI3K"} <= set(enzymes.table["target"])
    assert (enzymes.table["status"] == "ok").all()


def test_a_change_that_fails_is_a_row(ca1: kn.Synapse) -> None:
    found = kn.screen(ca1, PAIRING, targets=["slots", "CaMKII", "calcium"], changes="knockout", until="12 s")
    assert row(found, target="slots")["status"].startswith("weight is nan at 12 s")
    assert math.isnan(row(found, target="slots")["weight effect"])
    assert set(found.ranked()["target"]) == {"CaMKII", "calcium"}
    assert repr(found) == "<Screen: 3 changes, 1 failed>"


@pytest.mark.slow
def test_theta_is_measured_for_each_change(ca1: kn.Synapse) -> None:
    found = kn.screen(ca1, PAIRING, targets="CaMKII", changes=("halve",), readouts="theta_M", until="12 s")
    half = ca1.with_(kn.overexpress("CaMKII", 0.5))
    control, wanted = thresholds([ca1, half])
    assert found.table["theta_M"][0] == pytest.approx(wanted.theta_m_hz)
    assert found.control["theta_M"] == pytest.approx(control.theta_m_hz)
    assert found.table["status"][0] == "ok"
    assert found.table.attrs["units"] == {"theta_M": "Hz"}
    assert 5 < found.control["theta_M"] < found.table["theta_M"][0] < 30  # less CaMKII, more pulses needed


def test_a_change_without_theta_says_why(ca1: kn.Synapse, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"rate": [1.0, 2.0], "weight": [0.9, 0.8], "calcium": [0.1, 0.2]})
    there = kn.Threshold(10.0, 0.2, math.nan, math.nan, 0.5, 1.3, "no threshold of depression: x", table)
    none = replace(there, theta_m_hz=math.nan, reason="no threshold: y; no threshold of depression: x")

    def measured(synapses: list[kn.Synapse], **options: Any) -> list[kn.Threshold]:
        assert options == {"rtol": 1e-7, "progress": False}  # a probe has a length of its own
        return [none if each.perturbations else there for each in synapses]

    monkeypatch.setattr(screening, "thresholds", measured)
    options: dict[str, Any] = {"until": "12 s", "rtol": 1e-7, "progress": False}
    found = kn.screen(ca1, PAIRING, targets="CaMKII", changes="knockout", readouts="theta_M", **options)
    assert math.isnan(found.table["theta_M"][0])
    assert found.table["status"][0] == "theta_M: no threshold: y"
    assert found.control["theta_M"] == 10


def test_a_run_is_explained(ca1: kn.Synapse) -> None:
    run = kn.simulate(ca1, PAIRING, until=UNTIL, engine="ensemble")
    found = run.explain("peak CaMKII_active", targets=["CaMKII", "NMDAR"])
    assert found.control["peak CaMKII_active"] == pytest.approx(run.traces["CaMKII_active"].max(), rel=0.01)
    assert row(found, target="CaMKII")["peak CaMKII_active"] == pytest.approx(0, abs=1e-12)
    assert list(found.table["target"]) == ["CaMKII", "NMDAR"]
    assert found.scan.plan.until == 300
    figure = found.plot()
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["CaMKII", "NMDAR"]
    assert "by knockout" in figure.axes[0].get_xlabel()


def test_figures(pairs: kn.Screen) -> None:
    figure = pairs.plot(most=6)
    image = figure.axes[0].images[0].get_array()
    assert image is not None
    assert image.shape == (6, 6)
    assert "epistasis of weight" in figure.axes[1].get_ylabel()
    with pytest.raises(UnknownName, match="unknown readout of this screen 'W'"):
        pairs.plot("W")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"targets": "enzyme"}, UnknownName, "unknown target 'enzyme': did you mean enzymes"),
        ({"targets": ["CamKI"]}, UnknownName, "did you mean CaMKIV or CaMKII"),
        ({"targets": []}, KinapticError, "a screen needs targets and changes"),
        ({"changes": "treble"}, UnknownName, "unknown change 'treble'"),
        ({"readouts": "wieght"}, UnknownName, "did you mean weight"),
        ({"over": {}}, KinapticError, "screen takes no over=…"),
        ({"targets": "CaMKII", "store": 3.5, "until": "1 mV"}, KinapticError, "1 mV"),
    ],
)
def test_bad_input(ca1: kn.Synapse, given: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kn.screen(ca1, PAIRING, **given)


def test_every_enzyme_and_every_parameter_is_there(ca1: kn.Synapse) -> None:
    from kinaptic.analysis.screen import _targets
    from kinaptic.pathways.catalogue import enzymes

    assert {name for name, _ in _targets(ca1, "enzymes")} == set(enzymes(ca1.pathways))
    assert {name for name, _ in _targets(ca1, "pathways")} == set(ca1.pathways)
    numbers = {n for n, p in ca1.numbers(acute=False).items() if p.formula is None and p.value}
    assert {name for name, _ in _targets(ca1, "parameters")} == numbers
    assert _targets(ca1, "calcineurin") == [("calcineurin", "enzyme")]


def test_a_readout_may_have_blanks(ca1: kn.Synapse) -> None:
    found = kn.screen(ca1, PAIRING, targets="CaMKII", changes="halve", readouts="peak  Ca", until="12 s")
    assert "peak Ca effect" in found.table
    with pytest.raises(KinapticError, match=r"screen\(readouts=…\) is empty"):
        kn.screen(ca1, PAIRING, readouts=[])
    with pytest.raises(KinapticError, match=r"screen\(targets=…\): 3 is no name"):
        kn.screen(ca1, PAIRING, targets=3)  # type: ignore[arg-type]
