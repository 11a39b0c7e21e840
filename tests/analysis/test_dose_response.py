"""Dose-response studies: each dose is a run of its own, and the fits are of what the runs gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.errors import (
    FitRefused,
    KinapticError,
    KinapticWarning,
    PerturbationError,
    UnitError,
    UnknownName,
)

PAIRING = kn.stdp("10 ms", pairs=5, rate="5 Hz")
UNTIL = "5 min"
SMALL = kn.Synapse.of("calmodulin", "camkii", Ca="2 uM", PP1="0.1 uM", PP1_activity="1")


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def camkii(ca1: kn.Synapse) -> kn.DoseResponse:
    return kn.dose_response(ca1, PAIRING, kn.inhibit("camkii"), "1 nM .. 100 uM", until=UNTIL)


def test_each_dose_is_a_run(ca1: kn.Synapse, camkii: kn.DoseResponse) -> None:
    assert list(camkii.table.columns) == ["dose", "weight", "status"]
    np.testing.assert_allclose(camkii.table["dose"], [0, *np.geomspace(1e-3, 100, 16)], rtol=1e-5)
    assert camkii.table.attrs["units"] == {"dose": "uM", "weight": "1"}
    for i, given in (
        (0, ()),
        (10, (kn.inhibit("camkii", dose="1 uM", ic50="1 uM"),)),
        (16, (kn.inhibit("camkii", 100 / 101),)),
    ):
        run = kn.simulate(ca1.with_(*given), PAIRING, until=UNTIL, engine="ensemble")
        assert camkii.table["weight"][i] == pytest.approx(run.weight.iloc[-1], rel=1e-7), i
    assert camkii.table.attrs["recipe"]["agent at its highest dose"] == (
        "inhibit('camkii', dose='100 uM', ic50='1 uM')"
    )


def test_the_fit_goes_through_the_runs(camkii: kn.DoseResponse) -> None:
    fit = camkii.fit()
    control, full = camkii.table["weight"].iloc[[0, -1]]
    assert fit.top == pytest.approx(max(control, full), rel=0.02)
    low, high = fit.ci("ec50")
    assert low < fit.ec50 < high
    middle = (control + full) / 2  # read off the runs themselves, between two doses
    dosed = camkii.table.iloc[1:]
    order = np.argsort(dosed["weight"])
    at = np.exp(np.interp(middle, dosed["weight"].iloc[order], np.log(dosed["dose"].iloc[order])))
    assert fit.ec50 == pytest.approx(at, rel=0.15)


def test_an_ic50_scales_the_doses(ca1: kn.Synapse, camkii: kn.DoseResponse) -> None:
    other = kn.dose_response(ca1, PAIRING, kn.inhibit("camkii", ic50="10 nM"), "10 pM .. 1 uM", until=UNTIL)
    np.testing.assert_allclose(other.table["weight"], camkii.table["weight"], rtol=1e-9)
    assert other.fit().ec50 == pytest.approx(camkii.fit().ec50 / 100, rel=1e-4)


def test_a_plateau_that_is_not_reached_is_refused(ca1: kn.Synapse) -> None:
    short = kn.dose_response(ca1, PAIRING, kn.inhibit("camkii"), "1 nM .. 100 nM", until=UNTIL)
    with pytest.raises(FitRefused, match="plateau is not reached; at the highest dose"):
        short.fit()
    assert "no Hill curve" in short.plot().axes[0].get_title(loc="left")


def test_agonists_and_other_readouts(ca1: kn.Synapse) -> None:
    found = kn.dose_response(
        ca1, None, "forskolin", ["0.1 uM", "1 uM", "10 uM"], "peak PKA_active", until="2 min"
    )
    assert list(found.table["dose"]) == [0, 0.1, 1, 10]
    assert (np.diff(found.table["peak PKA_active"]) > 0).all()
    assert found.table.attrs["units"]["peak PKA_active"] == "uM"
    clamped = kn.dose_response(
        SMALL, None, kn.clamp("Ca", "1 uM"), "0.1 uM .. 10 uM",
        "CaMKII_active", until="60 s",
    )  # fmt: skip
    assert (np.diff(clamped.table["CaMKII_active"].iloc[1:]) > 0).all()
    factors = kn.dose_response(ca1, PAIRING, kn.overexpress("CaMKII", 1), "0.5 .. 2", until="12 s")
    assert factors.table.attrs["units"]["dose"] == "1"
    assert factors.agent == "overexpress('CaMKII')"


# ---- Two agents
@pytest.fixture(scope="module")
def receptor() -> kn.DoseResponse:
    """Return two ideal inhibitors of one enzyme, on a grid."""
    one, other = kn.inhibit("CaMKII", ic50="1 uM"), kn.inhibit("CaMKII", ic50="10 uM")
    return kn.dose_response(
        SMALL,
        None,
        one,
        "10 nM .. 100 uM",
        "CaMKII_active",
        other=other,
        other_doses=["3 uM", "30 uM"],
        until="30 s",
    )


def test_a_grid_has_every_pair(receptor: kn.DoseResponse) -> None:
    table = receptor.table
    assert list(table.columns) == ["dose", "other dose", "CaMKII_active", "status"]
    assert len(table) == 14 * 3
    assert not table.duplicated(["dose", "other dose"]).any()
    assert table.attrs["units"]["other dose"] == "uM"


def test_inhibitors_that_multiply_are_independent(receptor: kn.DoseResponse) -> None:
    """Activity is multiplied by both factors; autophosphorylation, inhibited too, adds a little."""
    found = receptor.bliss(full=0.0)
    np.testing.assert_allclose(found["excess"], 0, atol=3e-3)
    assert found["expected"].max() > 0.9
    assert len(found) == 42


def test_the_map_of_excess(receptor: kn.DoseResponse) -> None:
    panel, bar = receptor.plot("bliss").axes
    image = panel.images[0].get_array()
    assert image is not None
    assert image.shape == (3, 14)
    assert bar.get_ylabel() == "excess over Bliss independence"
    with pytest.raises(FitRefused, match="2 doses do not determine a Hill curve"):
        receptor.plot("loewe")  # each agent alone needs a curve of its own


def test_the_map_of_combination_indices() -> None:
    """Two inhibitors of one enzyme, at doses of like effect: each stands in for the other at low doses."""
    one, other = kn.inhibit("CaMKII", ic50="1 uM"), kn.inhibit("CaMKII", ic50="10 uM")
    found = kn.dose_response(
        SMALL, None, one, "10 nM .. 100 uM", "CaMKII_active", other=other, other_doses="100 nM .. 1 mM",
        per_decade=2, until="30 s",
    )  # fmt: skip
    panel, bar = found.plot("loewe").axes
    assert "combination index" in bar.get_ylabel()
    assert panel.get_ylabel() == "inhibit('CaMKII', ic50='10 uM') (µM)"
    index = found.loewe().set_index(["dose_a", "dose_b"])["combination_index"]
    assert index[0.1, 1.0] == pytest.approx(1, abs=0.15)
    with pytest.raises(UnknownName, match="unknown figure 'lowe': did you mean loewe"):
        found.plot("lowe")


def test_methods_for_two_agents_need_two(camkii: kn.DoseResponse, receptor: kn.DoseResponse) -> None:
    for method in (camkii.schild, camkii.bliss, camkii.loewe):
        with pytest.raises(KinapticError, match=r"is about two agents; give dose_response\(…, other=…"):
            method()
    with pytest.raises(FitRefused, match="two agents have many curves"):
        receptor.fit()


def test_a_competitor_shifts_the_curve() -> None:
    """AM251 against 2-AG at CB1 receptors, which is competitive in the model: slope 1, pA2 of its Ki."""
    synapse = kn.Synapse.of("endocannabinoid", Ca="0.05 uM", DAG="0.02 uM")
    found = kn.dose_response(
        synapse, None, kn.drug("WIN 55,212-2", "1 uM"), "0.1 nM .. 100 uM", "CB1R_active", other="AM251",
        other_doses=["30 nM", "100 nM", "300 nM"], until="10 min",
    )  # fmt: skip
    assert (found.table["status"] == "ok").all()
    fit = found.schild()
    assert fit.slope == pytest.approx(1, abs=0.1)
    assert 7 < fit.pa2 < 9
    panel = found.plot("schild").axes[0]
    x, y = panel.lines[0].get_xdata(), panel.lines[0].get_ydata()
    assert list(np.asarray(x)) == [0.03, 0.1, 0.3]
    np.testing.assert_allclose(np.asarray(y), (np.asarray(x) / fit.a2) ** fit.slope, rtol=0.05)
    assert panel.get_xlabel() == "drug('AM251') (µM)"


# ---- What users see
def test_figures(camkii: kn.DoseResponse, receptor: kn.DoseResponse, tmp_path: Path) -> None:
    panel = camkii.plot().axes[0]
    assert panel.get_xlabel() == "inhibit('camkii', ic50='1 uM') (µM)"
    assert panel.get_title(loc="left").startswith("EC50")
    assert len(panel.lines) >= 3  # points, curve, EC50
    legend = receptor.plot().axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["0 µM", "3 µM", "30 µM"]
    for suffix in ("svg", "pdf"):
        camkii.plot().savefig(tmp_path / f"curve.{suffix}")
    assert "inhibit(" in (tmp_path / "curve.svg").read_text("utf-8")  # text stays text


def test_a_dose_that_fails_is_a_row(ca1: kn.Synapse) -> None:
    pumps = kn.inhibit("calcium_extrusion", acute=False)
    found = kn.dose_response(ca1, PAIRING, pumps, ["1", "0.5"], until="12 s")
    assert list(found.table["dose"]) == [0, 0.5, 1]
    assert list(found.table["status"][:2]) == ["ok", "ok"]
    assert found.table["status"][2].startswith("no baseline")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"agent": "AM25"}, UnknownName, "did you mean AM251"),
        ({"agent": kn.knockout("pka")}, PerturbationError, "a knock-out has no doses"),
        ({"agent": kn.inhibit("nobody")}, UnknownName, "unknown target 'nobody'"),
        ({"doses": "1 mV .. 10 mV"}, UnitError, "expected a quantity in uM"),
        ({"doses": "100 uM .. 1 nM"}, KinapticError, "doses='100 uM .. 1 nM': the range is upside down"),
        ({"doses": ["1 uM", "nan uM"]}, UnitError, "not a finite number"),
        ({"doses": []}, KinapticError, "doses: the list is empty"),
        ({"doses": ["0 uM"]}, KinapticError, "there is no dose above 0"),
        ({"doses": ["1 uM", "1000 nM"]}, KinapticError, "a dose is there twice"),
        (
            {"agent": kn.clamp("cAMP", "1 uM"), "doses": ["0 uM", "1 uM"]},
            KinapticError,
            "dose 0 is the control",
        ),
        ({"readout": "wieght"}, UnknownName, "did you mean weight"),
        ({"readout": ["weight"]}, KinapticError, "give one, such as"),
        ({"other": "AM251"}, KinapticError, "belong together"),
        ({"over": {}}, KinapticError, "takes no over=…; to vary more than doses use kn.scan"),
        ({"per_decade": 0}, KinapticError, "per_decade=0"),
    ],
)
def test_bad_input(ca1: kn.Synapse, given: dict[str, Any], error: type[Exception], message: str) -> None:
    settings = {"agent": "AM251", "doses": "1 nM .. 1 uM"} | given
    with pytest.raises(error, match=message):
        kn.dose_response(ca1, PAIRING, **settings)


def test_failed_doses_take_no_part_in_the_fit(camkii: kn.DoseResponse) -> None:
    from dataclasses import replace

    table = camkii.table.copy()
    table.attrs = camkii.table.attrs
    table.loc[3, "status"], table.loc[3, "weight"] = "its process died", np.nan
    with pytest.warns(KinapticWarning, match="1 of 17 doses failed .* first at 0.00464159 uM: its process"):
        fit = replace(camkii, table=table).fit()
    assert fit.ec50 == pytest.approx(camkii.fit().ec50, rel=0.01)


def test_a_control_that_is_not_dose_zero_takes_no_part_in_the_fit() -> None:
    """At rest calcium is 2 uM here, which is not what a clamp at 0 would be."""
    clamp = kn.clamp("Ca", "1 uM")
    found = kn.dose_response(
        SMALL, None, clamp, "0.05 uM .. 3 uM", "CaMKII_active", until="30 s", per_decade=16
    )
    assert (
        found.table["CaMKII_active"][0] > 0.9 * found.table["CaMKII_active"].max()
    )  # would look like a turn
    fit = found.fit()
    assert fit.control == ()
    assert 0.2 < fit.ec50 < 1
    assert any(line.get_label() == "control" for line in found.plot().axes[0].lines)
    grid = kn.dose_response(
        SMALL, None, clamp, ["1 uM"], "CaMKII_active", until="1 s", other="KN-62", other_doses=["1 uM"]
    )
    with pytest.raises(KinapticError, match=r"bliss\(\) needs agents that do nothing at dose 0"):
        grid.bliss()


def test_a_combination_of_an_agent_with_itself(receptor: kn.DoseResponse) -> None:
    again = kn.inhibit("CaMKII", ic50="1 uM")
    found = kn.dose_response(
        SMALL,
        None,
        again,
        ["0.1 uM", "1 uM"],
        "CaMKII_active",
        until="1 s",
        other=again,
        other_doses=["1 uM"],
    )
    assert list(found.bliss()["dose_a"]) == [0, 0, 0.1, 0.1, 1, 1]
