"""A scan is many runs: each row is what `simulate` gives, whoever runs it, and a failure is a row too."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis import scan_result
from kinaptic.errors import KinapticError, KinapticWarning, SimulationFailed, UnitError, UnknownName
from kinaptic.sbml.ensemble import batch

PAIRING = kn.stdp("10 ms", pairs=3, rate="2 Hz")
CALCIUM = kn.Waveform([0.0, 0.1, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s")
READOUTS = ("weight", "weight at 4 s", "peak Ca", "lowest PP1_active", "area Ca", "CaMKII_active at rest")


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def study(ca1: kn.Synapse) -> kn.Scan:
    """Eight points whose order of running is not the order of the table."""
    over = {
        "delay": ["-10 ms", "10 ms"],
        "distance": ["20 um", "150 um"],
        "genotype": [None, kn.knockout("pka")],
    }
    return kn.scan(ca1, PAIRING, over, until="20 s", readouts=READOUTS, engine="roadrunner", rtol=1e-8)


def runs(study: kn.Scan) -> list[kn.Run]:
    return [
        kn.simulate(*each, until="20 s", rtol=1e-8)
        for each in study.plan.points.inputs()
        if not isinstance(each, KinapticError)
    ]


def test_every_row_is_what_simulate_gives(study: kn.Scan) -> None:
    alone = runs(study)
    assert len(alone) == len(study.table) == 8
    wanted = {
        "weight": [run.weight.iloc[-1] for run in alone],
        "CaMKII_active at rest": [run.traces["CaMKII_active"].iloc[0] for run in alone],
    }
    for column, values in wanted.items():
        np.testing.assert_allclose(study.table[column], values, rtol=1e-6, err_msg=column)
    assert study.table["weight"].nunique() == 8


def test_a_readout_at_a_time_counts_from_the_end_of_the_protocol(study: kn.Scan) -> None:
    first = PAIRING.with_(delay="-10 ms")
    synapse = kn.Synapse.preset("ca1", distance="20 um")
    run = kn.simulate(synapse, first, until="20 s", rtol=1e-8, samples=[0.0, first.end + 4.0, 20.0])
    assert study.table["weight at 4 s"].iloc[0] == pytest.approx(run.weight.iloc[1], rel=1e-6)


@pytest.mark.parametrize("protocol", [PAIRING, kn.stdp("-10 ms", pairs=12, rate="1 Hz")])
def test_peaks_and_areas_are_those_of_a_fine_run(ca1: kn.Synapse, protocol: kn.Protocol) -> None:
    wanted = ("peak Ca", "lowest PP1_active", "area Ca")
    made = kn.scan(ca1, protocol, {"inputs": [1]}, until="40 s", readouts=wanted, engine="roadrunner")
    fine = kn.simulate(ca1, protocol.with_(inputs=1), until="40 s", samples=200_001).traces
    found = made.table.iloc[0]
    assert found["peak Ca"] == pytest.approx(fine["Ca"].max(), rel=2e-3)
    assert found["lowest PP1_active"] == pytest.approx(fine["PP1_active"].min(), rel=2e-3)
    assert found["area Ca"] == pytest.approx(
        np.trapezoid(fine["Ca"] - fine["Ca"].iloc[0], fine.index), rel=2e-3
    )


def test_a_table_has_axes_readouts_status_and_units(study: kn.Scan) -> None:
    assert list(study.table.columns) == ["delay", "distance", "genotype", *READOUTS, "status"]
    assert set(study.table["status"]) == {"ok"}
    units = study.table.attrs["units"]
    assert units["delay"] == "ms"
    assert units["distance"] == "um"
    assert (units["weight"], units["peak Ca"], units["area Ca"]) == ("1", "uM", "uM*s")
    assert study.recipe["engine"].startswith("roadrunner")  # type: ignore[union-attr]
    assert study.recipe["points"] == 8
    assert study.table.attrs["recipe"] == study.recipe
    assert repr(study) == "<Scan: 8 points over delay x distance x genotype, all ok>"


def test_the_engines_agree(study: kn.Scan) -> None:
    points = study.plan.points
    over = points.table()[["delay", "distance"]]  # knock-outs would take another program
    auto = kn.scan(points.synapse, PAIRING, over, until="20 s", readouts=("weight", "peak Ca"))
    assert auto.recipe["engine"] == "ensemble"
    wild = study.table["genotype"] == "wild type"
    for column in ("weight", "peak Ca"):
        np.testing.assert_allclose(auto.table[column][wild], study.table[column][wild], rtol=3e-5)


def test_a_failed_point_is_a_row_with_its_reason(ca1: kn.Synapse) -> None:
    over = {"calcium_out": ["0 mM", "2 mM"], "CaM_on_C1": ["4 1/uM/s", "-1 1/uM/s"]}
    made = kn.scan(ca1, PAIRING, over, until="20 s", engine="roadrunner")
    reasons = list(made.table["status"])
    assert all("VGCC_reversal" in reason and "has no value" in reason for reason in reasons[:2])
    assert reasons[2] == "ok"
    assert reasons[3].startswith("no baseline: the resting synapse could not be integrated")
    assert list(made.table["weight"].isna()) == [True, True, False, True]
    assert repr(made) == "<Scan: 4 points over calcium_out x CaM_on_C1, 3 failed>"
    with pytest.raises(KinapticError, match="point 3 has no trajectory: no baseline"):
        made.trajectories([2, 3])


def test_a_readout_that_a_knockout_lacks_is_a_reason(ca1: kn.Synapse) -> None:
    over = {"genotype": [None, kn.knockout("pka")]}
    made = kn.scan(ca1, PAIRING, over, until="20 s", readouts=("PKA_active", "AC1_CaM"), engine="roadrunner")
    assert made.table["status"][0] == "ok"
    assert "unknown readout 'AC1_CaM'" in made.table["status"][1]
    held = kn.scan(ca1, PAIRING, over, until="20 s", readouts="PKA_active", engine="roadrunner")
    assert held.table["PKA_active"][1] == 0.0  # the input that its absence holds at nothing
    assert held.table["status"][1] == "ok"


def test_what_the_ensemble_does_not_run_is_left_to_roadrunner(
    ca1: kn.Synapse, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = {"genotype": [None, kn.knockout("pka")]}
    slow = kn.scan(ca1, PAIRING, over, until="20 s", engine="roadrunner")
    without = ca1.with_(kn.knockout("pka")).model(PAIRING).structure
    monkeypatch.setattr(
        batch, "unsupported", lambda model, _: "it has a delay" if model.structure == without else None
    )
    for engine in ("auto", "ensemble"):
        with pytest.warns(KinapticWarning, match="1 of 2 points ran one by one .* slower: it has a delay"):
            made = kn.scan(ca1, PAIRING, over, until="20 s", engine=engine)
        assert made.recipe["engine"] == f"ensemble, {slow.recipe['engine']} for 1 points"
        assert made.table["weight"][1] == slow.table["weight"][1]
        assert made.table["weight"][0] == pytest.approx(slow.table["weight"][0], rel=1e-5)


def test_processes_change_nothing(ca1: kn.Synapse, capfd: pytest.CaptureFixture[str]) -> None:
    over = {"genotype": [None, kn.knockout("pka")], "AC1_total": [f"0.{i} uM" for i in range(1, 7)]}
    told: list[tuple[int, int]] = []
    made = {
        workers: kn.scan(
            ca1,
            PAIRING,
            over,
            until="12 s",
            engine="roadrunner",
            workers=workers,
            progress=lambda done, of: told.append((done, of)),
        )
        for workers in (None, 2)
    }
    pd.testing.assert_frame_equal(made[2].table, made[None].table, check_exact=True)
    assert list(made[2].table["status"][:6]) == ["ok"] * 6
    assert "unknown parameter 'AC1_total'" in made[2].table["status"][6]
    assert [done for done, of in told if of == 12][1::2] == [12, 12]  # which chunk is first is chance
    assert capfd.readouterr() == ("", "")


def test_a_time_limit_leaves_rows_that_say_so(ca1: kn.Synapse) -> None:
    for engine in ("roadrunner", "ensemble"):
        made = kn.scan(ca1, PAIRING, {"pairs": [50, 60]}, until="60 min", time_limit="1 ms", engine=engine)
        assert all(
            "over the time limit of 0.001 s; raise time_limit" in each for each in made.table["status"]
        )
        assert made.table["weight"].isna().all()


def test_trajectories_are_those_of_the_runs(study: kn.Scan) -> None:
    traces = study.trajectories([6, 1])
    assert traces.index.names == ["point", "time"]
    assert list(traces.columns) == ["weight", "Ca", "PP1_active", "CaMKII_active"]
    assert traces.attrs["units"]["Ca"] == "uM"
    alone = runs(study)
    for point in (6, 1):
        wanted = alone[point].traces[list(traces.columns)]
        np.testing.assert_array_equal(traces.xs(point).index, wanted.index)
        np.testing.assert_array_equal(traces.xs(point), wanted)
    assert list(dict.fromkeys(traces.index.get_level_values("point"))) == [6, 1]


def test_trajectories_of_what_and_when_one_asks(study: kn.Scan) -> None:
    rows = study.table.query("delay > 0").index
    traces = study.trajectories(rows, readouts="V_spine", samples=[5.0, 20.0])
    assert traces.shape == (8, 1)
    assert list(traces.loc[4].index) == [5.0, 20.0]
    assert traces.attrs["units"] == {"time": "s", "V_spine": "mV"}
    assert study.trajectories([0], samples=3).loc[0].index.tolist() == [0, 10, 20]


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"points": [8]}, KinapticError, "there is no point 8"),
        ({"points": []}, KinapticError, "no point to run again"),
        ({"readouts": "peak Ca"}, KinapticError, "'peak Ca' is no trace; write 'Ca'"),
        ({"readouts": "Calcium"}, UnknownName, "unknown readout 'Calcium'"),
        ({"samples": [30.0]}, KinapticError, "give ascending times from 0 to at most 20 s"),
        ({"workers": 0}, KinapticError, "workers=0: give how many processes"),
    ],
)
def test_trajectories_that_cannot_be_are_refused(
    study: kn.Scan, asked: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        study.trajectories(**asked)


def test_more_trajectories_than_memory_holds_are_refused(
    study: kn.Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_result, "_LARGEST", 8 * 11 * 5 - 1)
    with pytest.raises(KinapticError, match="8 points of 11 samples are 440 numbers, more than the 439"):
        study.trajectories(samples=11)


def test_protocols_waveforms_and_silence(ca1: kn.Synapse) -> None:
    over = {"protocol": [None, PAIRING, CALCIUM]}
    made = kn.scan(ca1, None, over, until="20 s", readouts=("weight at 5 s", "peak Ca"), engine="roadrunner")
    assert list(made.table["status"]) == ["ok"] * 3
    silence, pairing, trace = made.table["weight at 5 s"]
    assert silence == pytest.approx(1, abs=1e-8)
    assert made.table["peak Ca"][2] == pytest.approx(1.5, abs=0.02)
    assert len({silence, pairing, trace}) == 3


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"engine": "copasi"}, UnknownName, "unknown engine 'copasi'"),
        ({"until": "0 s"}, KinapticError, "scan(until='0 s'): give a positive time"),
        ({"until": 60}, UnitError, "scan(until=…): 60 has no unit"),
        ({"rtol": 0.1}, SimulationFailed, "rtol=0.1 is outside"),
        ({"workers": 1.5}, KinapticError, "workers=1.5"),
        ({"workers": True}, KinapticError, "workers=True"),
        ({"time_limit": "0 s"}, KinapticError, "time_limit='0 s'): give a positive time"),
        ({"most": "10"}, KinapticError, "most='10'): give a whole number"),
        ({"rtol": "1e-6"}, KinapticError, "rtol='1e-6'): give a number"),
        ({"readouts": None}, KinapticError, "readouts=None: give texts"),
        ({"time_limit": 3}, UnitError, "scan(time_limit=…): 3 has no unit"),
        ({"readouts": ["wait"]}, UnknownName, "unknown readout 'wait': did you mean weight"),
        ({"readouts": ["status"]}, KinapticError, "the table has a column of that name already"),
        ({"readouts": ["weight at 9 s"]}, KinapticError, "the run ends 0.1416 min after the protocol ended"),
        ({"synapse": "ca1"}, KinapticError, "scan('ca1', …): give a synapse"),
        ({"protocol": "stdp"}, KinapticError, "scan(…, protocol='stdp'): give a protocol"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(
    ca1: kn.Synapse, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    given: dict[str, Any] = {
        "synapse": ca1,
        "protocol": PAIRING,
        "over": {"delay": ["1 ms"]},
        "until": "20 s",
    } | changed
    with pytest.raises(error, match=re.escape(message)):
        kn.scan(**given)
