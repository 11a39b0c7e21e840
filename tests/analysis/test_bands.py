"""Bands: quantiles over draws, held against runs of the draws one by one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection

import kinaptic as kn
from kinaptic.analysis import bands as module
from kinaptic.analysis import points, readouts
from kinaptic.analysis.bands import Bands, bands
from kinaptic.analysis.ranges import chosen, drawn, latin_hypercube
from kinaptic.analysis.running.plan import Plan
from kinaptic.errors import KinapticError, UnknownName

CAMKII = kn.Synapse.of("calmodulin", "camkii", Ca="0.07 uM", PP1="1 uM", PP1_activity="1")
PULSE = kn.Waveform([0.0, 0.1, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s")
LONG = kn.Waveform([0.0, 0.1, 2.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="2 s")
NAMES = ["CaM_total", "CaMKII_trapping", "T286_rate"]
LESS = kn.inhibit("T286_rate", by=0.5, acute=False)


@pytest.fixture(scope="module")
def study() -> kn.Scan:
    over = {"genotype": [None, LESS], "CaMKII_total": ["30 uM", "60 uM", "90 uM"]}
    wanted = ("CaMKII_active", "peak CaMKII_active")
    return kn.scan(CAMKII, PULSE, over, until="14 s", readouts=wanted, rtol=1e-7, progress=False)


@pytest.fixture(scope="module")
def made(study: kn.Scan) -> Bands:
    return bands(study, samples=20, parameters=NAMES, progress=False)


def test_quantiles_are_those_of_runs_with_the_draws(study: kn.Scan, made: Bands) -> None:
    """Draws stand before the genotype, so that half the rate is half of the drawn one."""
    values = drawn(chosen(CAMKII, NAMES, "test"), latin_hypercube(3, 20, seed=0))
    ends = []
    for _, draw in values.iterrows():
        edits = [kn.edit(name, draw[name]) for name in NAMES]
        synapse = CAMKII.with_(kn.edit("CaMKII_total", "90 uM"), *edits, LESS)
        run = kn.simulate(synapse, PULSE, until="14 s", samples=[14.0], rtol=1e-7)
        ends.append(run.traces["CaMKII_active"].iloc[-1])
    row = made.table[made.table["readout"] == "CaMKII_active"].iloc[5]
    assert row["genotype"] == study.table["genotype"][5]
    assert (row["point"], row["CaMKII_total"], row["draws"], row["status"]) == (5, 90.0, 20, "ok")
    wanted = np.quantile(ends, [0.05, 0.25, 0.75, 0.95])
    np.testing.assert_allclose([row[name] for name in ("5%", "25%", "75%", "95%")], wanted, rtol=1e-4)
    assert row["value"] == study.table["CaMKII_active"][5]


def test_the_table_is_tidy_and_its_parts_are_named(study: kn.Scan, made: Bands) -> None:
    assert len(made.table) == 6 * 2
    assert list(made.table.columns) == [
        *("point", "genotype", "CaMKII_total", "readout", "unit", "value"),
        *("5%", "25%", "75%", "95%", "draws", "status"),
    ]
    assert set(made.table["unit"]) == {"uM"}
    assert made.table.attrs["units"] == {"CaMKII_total": "uM"}
    np.testing.assert_array_equal(
        made.table["value"], study.table[["CaMKII_active", "peak CaMKII_active"]].to_numpy().T.ravel()
    )
    assert made.parameters == tuple(NAMES)
    assert len(made.scan.table) == 120
    assert made.scan.plan.rtol == 1e-7
    assert repr(made) == "<Bands: 6 points, 20 draws of 3 parameters, all ok>"


def test_every_point_runs_with_the_same_draws(made: Bands) -> None:
    draws = made.scan.table[NAMES].to_numpy().reshape(20, 6, 3)
    np.testing.assert_array_equal(draws, draws[:, :1].repeat(6, axis=1))
    assert len(np.unique(draws[:, 0, 0])) == 20


def test_what_the_study_varies_is_not_drawn() -> None:
    varied = kn.scan(CAMKII, PULSE, {"CaM_total": ["40 uM"]}, until="11 s", readouts="Ca", progress=False)
    found = bands(varied, samples=2, quantiles=[0.5], progress=False)
    everything = {each.name for each in chosen(CAMKII, None, "test")}
    assert set(found.parameters) == everything - {"CaM_total"}
    assert set(found.scan.table["CaM_total"]) == {40.0}
    assert found.table["50%"][0] == pytest.approx(0.07)
    with pytest.raises(KinapticError, match="the study itself varies 'CaM_total'; leave it out"):
        bands(varied, parameters=["CaM_total"])


def test_what_a_genotype_is_without_is_not_drawn() -> None:
    """With the pathway gone there is nothing to set, and every draw would fail."""
    both = kn.Synapse.of("calmodulin", "camkii", "pp1", Ca="0.07 uM", CaN_active="0 uM", PKA_active="0 uM")
    over = {"genotype": [None, kn.knockout("pp1")]}
    study = kn.scan(both, None, over, until="1 s", readouts="CaMKII_active", progress=False)
    found = bands(study, samples=2, quantiles=[0.5], progress=False)
    of_pp1 = set(both.numbers(acute=True)) - set(both.with_(kn.knockout("pp1")).numbers(acute=True))
    wanted = {each.name for each in chosen(both, None, "test")}
    assert of_pp1 & wanted
    assert set(found.parameters) == wanted - of_pp1
    assert found.table["draws"].tolist() == [2, 2]
    with pytest.raises(KinapticError, match="a genotype of the study is without 'PP1_total'; leave it out"):
        bands(study, parameters=["CaM_total", "PP1_total"])


def test_protocols_are_points_as_well() -> None:
    varied = kn.scan(CAMKII, None, {"protocol": [PULSE, LONG]}, until="14 s", readouts="peak CaMKII_active")
    found = bands(varied, samples=4, quantiles=(0.25, 0.5, 0.75), parameters=NAMES, progress=False)
    assert (found.table.loc[1, ["25%", "50%", "75%"]] > found.table.loc[0, ["25%", "50%", "75%"]]).all()
    (panel,) = found.plot().axes
    (bars,) = [each for each in panel.collections if isinstance(each, LineCollection)]
    np.testing.assert_allclose(
        [np.asarray(s)[:, 1] for s in bars.get_segments()], found.table[["25%", "75%"]]
    )
    (medians,) = [line for line in panel.lines if line.get_marker() == "_"]
    np.testing.assert_array_equal(medians.get_ydata(), found.table["50%"])


def test_failed_draws_are_left_out_and_counted(
    study: kn.Scan, made: Bands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of point 2 the second draw fails, of point 4 every one."""

    def flawed(*args: Any, **options: Any) -> kn.Scan:
        done = kn.scan(*args, **options)
        rows = [8, *range(4, 120, 6)]
        done.table.loc[rows, ["CaMKII_active", "peak CaMKII_active"]] = np.nan
        done.table.loc[rows, "status"] = "it went wrong"
        return done

    monkeypatch.setattr(module, "scan", flawed)
    found = bands(study, samples=20, parameters=NAMES, progress=False)
    assert found.table["draws"].tolist() == [20, 20, 19, 20, 0, 20] * 2
    assert found.table["status"][2] == "1 of 20 draws failed: it went wrong"
    left = np.delete(made.scan.table["CaMKII_active"].to_numpy().reshape(20, 6)[:, 2], 1)
    assert found.table["25%"][2] == pytest.approx(np.quantile(left, 0.25))
    assert found.table["5%"].isna().tolist() == [False, False, False, False, True, False] * 2
    assert "4 of 12 rows with a remark" in repr(found)


def test_bands_lie_behind_the_curves_of_the_study(made: Bands) -> None:
    upper, lower = made.plot().axes
    rows = made.table[made.table["readout"] == "peak CaMKII_active"]
    shades = [each for each in lower.collections if isinstance(each, PolyCollection)]
    assert len(shades) == len([each for each in upper.collections if isinstance(each, PolyCollection)]) == 4
    for shade, (low, high), part in zip(
        shades, [("5%", "95%"), ("25%", "75%")] * 2, [rows[:3]] * 2 + [rows[3:]] * 2, strict=True
    ):
        corners = {tuple(corner) for corner in np.asarray(shade.get_paths()[0].vertices).round(9)}
        edges = zip([30.0, 60.0, 90.0] * 2, [*part[low], *part[high]], strict=True)
        assert {(x, round(y, 9)) for x, y in edges} <= corners
    curves = [line for line in lower.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(curves[1].get_ydata(), rows["value"][3:])
    assert shades[0].get_zorder() < curves[0].get_zorder()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"samples": 19}, KinapticError, "samples=19: give a whole number of at least 20"),
        ({"samples": 1, "quantiles": [0.5]}, KinapticError, "at least 2"),
        ({"samples": 20.0}, KinapticError, "samples=20.0"),
        ({"seed": -3}, KinapticError, "seed=-3"),
        ({"quantiles": ()}, KinapticError, "give ascending fractions between 0 and 1"),
        ({"quantiles": (0.9, 0.1)}, KinapticError, "give ascending fractions"),
        ({"quantiles": (5, 95)}, KinapticError, "give ascending fractions"),
        ({"quantiles": (float("nan"),)}, KinapticError, "give ascending fractions"),
        ({"until": "5 s"}, KinapticError, "bands(…, until=…): that is the study's"),
        (
            {"parameters": ["CaM_totals"]},
            UnknownName,
            "unknown parameter 'CaM_totals': did you mean CaM_total",
        ),
        ({"parameters": ["CaMKII_total"]}, KinapticError, "the study itself varies 'CaMKII_total'"),
        ({"parameters": {"CaM_total": ("2 uM", "1 uM")}}, KinapticError, "upside down"),
    ],
)
def test_what_does_not_fit_is_refused(
    study: kn.Scan, given: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        bands(study, **given)


def test_a_study_over_presets_or_no_study_is_refused() -> None:
    with pytest.raises(KinapticError, match=r"give what kn\.scan\(…\) returned"):
        bands("study")  # type: ignore[arg-type]
    over = points.read(kn.Synapse.preset("ca1"), None, {"preset": ["ca1", "l5"]})
    presets = kn.Scan(over.table(), Plan(over, 60.0, readouts.read("weight")), {})  # not run
    with pytest.raises(KinapticError, match="the study is over presets, each of which has ranges of its own"):
        bands(presets)
