"""Sensitivities: indices of functions whose indices are known, and of a model against its own runs."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis import sensitivity as module
from kinaptic.analysis.indices import local_index, morris_indices, sobol_indices
from kinaptic.analysis.ranges import chosen, morris_design, sobol_design, unit_cube
from kinaptic.analysis.scan import scan
from kinaptic.analysis.sensitivity import Sensitivity, sensitivity
from kinaptic.errors import KinapticError, UnitError, UnknownName

CAMKII = kn.Synapse.of("calmodulin", "camkii", Ca="0.07 uM", PP1="1 uM", PP1_activity="1")
PULSE = kn.Waveform([0.0, 0.1, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s")
ACTIVE = "CaMKII_active at 2 s"
TWO = {"CaM_total": ("40 uM", "60 uM"), "CaMKII_Kd_C2N2": ("0.01 uM", "0.2 uM")}


def run(**given: Any) -> Sensitivity:
    options: dict[str, Any] = {"readouts": ACTIVE, "until": "15 s", "progress": False}
    return sensitivity(CAMKII, PULSE, **(options | given))


@pytest.fixture(scope="module")
def local() -> Sensitivity:
    return run(readouts=(ACTIVE, "peak CaMKII_active"))


@pytest.fixture(scope="module")
def morris() -> Sensitivity:
    return run(method="morris", parameters=TWO, samples=4)


@pytest.fixture(scope="module")
def sobol() -> Sensitivity:
    return run(method="sobol", parameters=TWO, samples=128, second_order=True)


def active(*edits: kn.Perturbation) -> float:
    """Return the readout of one run, by the other engine."""
    times = [PULSE.end + 2.0]
    made = kn.simulate(CAMKII.with_(*edits), PULSE, until="15 s", samples=times, rtol=1e-9)
    return float(made.traces["CaMKII_active"].iloc[-1])


# -- functions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [-2.5, 0.0, 0.3, 4.0])
def test_the_local_index_of_a_monomial_is_its_power(power: float) -> None:
    p = 0.7 * np.array([1, 1.05, 1 / 1.05, 1.025, 1 / 1.025])
    for factor in (3.0, -3.0):
        found = local_index(factor * p**power, 0.05)
        assert found["S"] == pytest.approx(power, abs=1e-12)
        assert found["discrepancy"] == pytest.approx(0, abs=1e-12)


def test_the_discrepancy_is_three_quarters_of_the_error() -> None:
    p = np.array([1, 1.1, 1 / 1.1, 1.05, 1 / 1.05])
    found = local_index(np.exp(2 * p), 0.1)  # d ln y / d ln p = 2 p
    error = float(found["S"]) - 2
    assert error > 1e-3
    assert found["discrepancy"] == pytest.approx(0.75 * error, rel=0.05)


@pytest.mark.parametrize("y", [[0, 1, 1, 1, 1], [1, 2, -1, 1.5, 0.5], [1, 1, 0, 1, 1]])
def test_a_readout_of_nothing_has_no_relative_change(y: list[float]) -> None:
    found = local_index(np.array(y, dtype=float), 0.01)
    assert np.isnan(found["S"])
    assert found["status"] == "the readout is 0 or changes its sign, so it has no relative change"


def test_effects_of_a_linear_function_are_its_slopes() -> None:
    slopes = np.array([3.0, -2.0, 0.0, 0.5])
    design = morris_design(4, 10, seed=0)
    for found, slope in zip(morris_indices(design, design @ slopes, seed=0), slopes, strict=True):
        assert found["mu_star"] == pytest.approx(abs(slope), abs=1e-12)
        assert found["mu"] == pytest.approx(slope, abs=1e-12)
        assert found["sigma"] == pytest.approx(0, abs=1e-12)
        assert found["mu_star_conf"] == pytest.approx(0, abs=1e-12)


def test_effects_are_those_of_salib() -> None:
    from SALib.analyze.morris import analyze

    design = morris_design(3, 30, seed=2)
    y = np.exp(design @ [1.0, -2.0, 0.5]) + design[:, 0] * design[:, 2]
    theirs = analyze(unit_cube(3), design, y, num_levels=4, num_resamples=1000, seed=0)
    ours = pd.DataFrame(morris_indices(design, y, seed=0))
    for name in ("mu_star", "mu", "sigma"):
        np.testing.assert_allclose(ours[name], np.asarray(theirs[name]), rtol=1e-10)
    np.testing.assert_allclose(ours["mu_star_conf"], np.asarray(theirs["mu_star_conf"], float), rtol=0.1)


def test_effects_of_a_product_spread() -> None:
    """The effect of x is y where it is taken, which the trajectories visit at 0, 1/3, 2/3 and 1."""
    design = morris_design(2, 2000, seed=1)
    x, y = morris_indices(design, design[:, 0] * design[:, 1], seed=0)
    for found in (x, y):
        assert found["mu_star"] == pytest.approx(0.5, abs=0.02)
        assert found["sigma"] == pytest.approx(np.std([0, 1 / 3, 2 / 3, 1]), abs=0.02)


def test_ishigamis_shares_of_the_variance() -> None:
    """sin x + a sin² y + b z⁴ sin x on (-π, π)³, by the parts of its variance in closed form."""
    a, b, pi = 7.0, 0.1, np.pi
    first = [0.5 * (1 + b * pi**4 / 5) ** 2, a**2 / 8, 0.0]
    together = b**2 * pi**8 * (1 / 18 - 1 / 50)  # of x and z
    total = sum(first) + together
    x, y, z = (sobol_design(3, 2048, seed=0, second_order=True) * 2 * pi - pi).T
    values = np.sin(x) + a * np.sin(y) ** 2 + b * z**4 * np.sin(x)
    found, pairs = sobol_indices(values, 3, seed=0, second_order=True)
    wanted = [first[0] + together, first[1], together]
    for its, part, whole in zip(found, first, wanted, strict=True):
        assert its["S1"] == pytest.approx(part / total, abs=0.02)
        assert its["ST"] == pytest.approx(whole / total, abs=0.02)
        assert 0 < float(its["ST_conf"]) < 0.1
    assert pairs[0, 2][0] == pytest.approx(together / total, abs=0.04)
    assert pairs[0, 1][0] == pytest.approx(0, abs=0.04)
    assert list(pairs) == [(0, 1), (0, 2), (1, 2)]


def test_intervals_follow_from_the_seed_alone() -> None:
    """SALib takes a seed of 0 for none."""
    values = sobol_design(2, 16, seed=0, second_order=False).sum(axis=1)
    once, again, other = (sobol_indices(values, 2, seed)[0] for seed in (0, 0, 5))
    assert once == again
    assert once != other


# -- a model -----------------------------------------------------------------------------------------


def test_local_indices_are_finite_differences_of_runs(local: Sensitivity) -> None:
    assert local.table["status"].eq("ok").all()
    assert set(local.table["parameter"]) == {each.name for each in chosen(CAMKII, None, "test")}
    rows = local.table[local.table["readout"] == ACTIVE].set_index("parameter")
    for name in ("CaM_total", "T286_rate", "CaMKII_Kd_C2N2", "GluN2B_on"):
        value, unit = rows["value"][name], rows["parameter_unit"][name]
        more, less = (active(kn.edit(name, f"{value * by} {unit}")) for by in (1.005, 0.995))
        assert rows.loc[name, "S"] == pytest.approx((more - less) / (0.01 * active()), rel=1e-3), name
    assert rows["discrepancy"].max() < 1e-3


def test_the_table_says_what_was_varied_and_where_its_range_is_from(local: Sensitivity) -> None:
    assert len(local.table) == 2 * 20
    row = local.table.set_index("parameter").loc["GluN2B_on"].iloc[0]
    known = CAMKII.numbers(acute=True)["GluN2B_on"]
    assert (row["value"], (row["low"], row["high"])) == (known.value, known.range)
    assert (row["unit"], row["parameter_unit"], row["sampling"]) == ("uM", "1/uM/s", "logarithmic")
    assert row["source"] == known.source
    assert local.table.attrs["recipe"] == local.scan.recipe
    assert len(local.scan.table) == 1 + 4 * 20
    assert local.scan.plan.rtol == 1e-8
    assert repr(local) == (f"<Sensitivity: local, 20 parameters on {ACTIVE}, peak CaMKII_active, all ok>")


def test_ranked_by_size_whatever_the_sign(local: Sensitivity) -> None:
    ranked = local.ranked("peak CaMKII_active")
    assert set(ranked["readout"]) == {"peak CaMKII_active"}
    assert ranked["S"].abs().is_monotonic_decreasing
    assert (ranked["S"] < 0).any()
    assert local.ranked().equals(local.ranked(ACTIVE))
    with pytest.raises(UnknownName, match="unknown readout 'peak CaMKII': did you mean peak CaMKII_active"):
        local.ranked("peak CaMKII")


def test_a_number_at_nothing_has_no_relative_change(local: Sensitivity) -> None:
    without = CAMKII.with_(kn.edit("Ng_total", "0 uM"))
    made = sensitivity(
        without, PULSE, parameters=["Ng_total", "T286_rate"], readouts=ACTIVE, until="15 s", progress=False
    )
    assert np.isnan(made.table["S"][0])
    assert made.table["status"][0].startswith("its value is 0, which has no relative change")
    assert np.isnan(made.table["low"][0])
    assert (made.table["sampling"][0], made.table["source"][0]) == ("", "no range")
    assert made.table["S"][1] > 0.1
    assert len(made.scan.table) == 5
    assert made.ranked()["parameter"].tolist() == ["T286_rate", "Ng_total"]
    assert "1 of 2 rows with a remark" in repr(made)
    with pytest.raises(
        KinapticError, match="Ng_total is 0, which has no relative change; try method='morris'"
    ):
        sensitivity(without, PULSE, parameters="Ng_total")


def test_effects_are_those_of_the_runs(morris: Sensitivity) -> None:
    table, design = morris.scan.table, morris_design(2, 4, seed=0)
    np.testing.assert_allclose(table["CaM_total"], 40 + 20 * design[:, 0])
    np.testing.assert_allclose(table["CaMKII_Kd_C2N2"], 0.01 * 20 ** design[:, 1])
    first = (
        kn.edit("CaM_total", f"{table['CaM_total'][0]} uM"),
        kn.edit("CaMKII_Kd_C2N2", f"{table['CaMKII_Kd_C2N2'][0]} uM"),
    )
    assert table[ACTIVE][0] == pytest.approx(active(*first), rel=1e-4)
    moves, changes = np.diff(design.reshape(4, 3, 2), axis=1), np.diff(table[ACTIVE].to_numpy().reshape(4, 3))
    for i, name in enumerate(TWO):
        moved = moves[:, :, i] != 0
        effects = changes[moved] / moves[:, :, i][moved]
        row = morris.table.set_index("parameter").loc[name]
        assert row["mu_star"] == pytest.approx(np.abs(effects).mean())
        assert row["sigma"] == pytest.approx(np.std(effects, ddof=1))
        assert row["source"] == "as given"


def test_shares_are_those_of_a_dense_grid(sobol: Sensitivity) -> None:
    """Variances of the same readout over a grid of Gauss and Legendre's nodes, one for each number."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    nodes, weights = (nodes + 1) / 2, weights / 2
    over = {
        "CaM_total": [f"{40 + 20 * x} uM" for x in nodes],
        "CaMKII_Kd_C2N2": [f"{0.01 * 20**x} uM" for x in nodes],
    }
    grid = kn.scan(CAMKII, PULSE, over, until="15 s", readouts=ACTIVE, progress=False)
    y = grid.table[ACTIVE].to_numpy().reshape(8, 8)
    mean = weights @ y @ weights
    variance = weights @ (y - mean) ** 2 @ weights
    of_first, of_second = (weights @ (m - mean) ** 2 / variance for m in (y @ weights, weights @ y))
    rows = sobol.table.set_index("parameter")
    assert rows.loc["CaM_total", "S1"] == pytest.approx(of_first, abs=0.05)
    assert rows.loc["CaMKII_Kd_C2N2", "S1"] == pytest.approx(of_second, abs=0.05)
    assert rows.loc["CaM_total", "ST"] == pytest.approx(1 - of_second, abs=0.05)
    assert rows.loc["CaMKII_Kd_C2N2", "ST"] == pytest.approx(1 - of_first, abs=0.05)
    assert sobol.pairs is not None
    assert [sobol.pairs["parameter"][0], sobol.pairs["other"][0]] == list(TWO)
    assert sobol.pairs["S2"][0] == pytest.approx(1 - of_first - of_second, abs=0.1)


def test_a_seed_makes_the_same_again(morris: Sensitivity) -> None:
    again = run(method="morris", parameters=TWO, samples=4)
    pd.testing.assert_frame_equal(again.table, morris.table, check_exact=True)
    other = run(method="morris", parameters=TWO, samples=4, seed=1)
    assert not other.scan.table.equals(morris.scan.table)


# -- what fails --------------------------------------------------------------------------------------


def failing(monkeypatch: pytest.MonkeyPatch, points: list[int]) -> None:
    """Make points of the next scans fail."""
    real = scan

    def flawed(*args: Any, **options: Any) -> kn.Scan:
        made = real(*args, **options)
        made.table.loc[points, ACTIVE] = np.nan
        made.table.loc[points, "status"] = "it went wrong"
        return made

    monkeypatch.setattr(module, "scan", flawed)


def test_a_failed_step_is_a_row_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, [7])
    made = run(parameters=["CaM_total", "Ng_total", "T286_rate"])
    assert made.table["status"].tolist() == ["ok", "point 7 failed: it went wrong", "ok"]
    assert made.table["S"].isna().tolist() == [False, True, False]


def test_an_effect_is_lost_with_a_failed_point_on_either_side(
    morris: Sensitivity, monkeypatch: pytest.MonkeyPatch
) -> None:
    design, y = morris_design(2, 4, seed=0), morris.scan.table[ACTIVE].to_numpy().copy()
    failing(monkeypatch, [4])  # the middle of the second of four trajectories: its two effects are lost
    made = run(method="morris", parameters=TWO, samples=4)
    assert made.table["status"].tolist() == ["1 of 4 effects lost: point 4 failed: it went wrong"] * 2
    kept = np.array([0, 1, 2, 6, 7, 8, 9, 10, 11])
    wanted = morris_indices(design[kept], y[kept], seed=0)
    assert made.table["mu_star"].tolist() == [each["mu_star"] for each in wanted]
    failing(monkeypatch, [0])  # the first effect of the first trajectory
    made = run(method="morris", parameters=TWO, samples=4)
    first = int(np.abs(design[1] - design[0]).argmax())
    assert made.table["status"][first] == "1 of 4 effects lost: point 0 failed: it went wrong"
    assert made.table["status"][1 - first] == "ok"
    assert made.table["mu"][1 - first] == morris.table["mu"][1 - first]


def test_too_few_effects_give_none(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, [1, 4, 7])
    made = run(method="morris", parameters=TWO, samples=4)
    assert made.table[["mu_star", "mu", "sigma", "mu_star_conf"]].isna().all(axis=None)
    assert made.table["status"].str.startswith("3 of 4 effects lost: point 1 failed").all()


def test_sobol_needs_every_point(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, [3, 17])
    with pytest.raises(
        KinapticError, match=r"2 of 32 points failed: 3, 17; point 3: it went wrong\. Narrow the ranges"
    ):
        run(method="sobol", parameters=TWO, samples=8)


def test_what_does_not_vary_has_no_variance_to_share() -> None:
    made = run(
        method="sobol", parameters={"T286_rate": ("20 1/s", "30 1/s")}, readouts="CaM_total", samples=4
    )
    assert made.table["ST"].isna().all()
    assert "no variance to share out" in made.table["status"][0]
    with pytest.raises(KinapticError, match="nothing to draw for 'CaM_total': the readout varies by no more"):
        made.plot()


def test_the_error_of_runs_is_no_variance() -> None:
    narrow = {"T286_dephos_psd": ("0.01 1/s", "0.0101 1/s")}
    made = run(method="sobol", parameters=narrow, readouts="peak CaMKII_active", samples=4)
    assert made.scan.table["peak CaMKII_active"].nunique() > 1
    assert made.table["ST"].isna().all()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"method": "sobel"}, UnknownName, "unknown method 'sobel': did you mean sobol?"),
        ({"parameters": ["CaM"]}, UnknownName, "in sensitivity(…, method='local')"),
        ({"parameters": ["CaMKII_on_C1"], "method": "morris"}, KinapticError, "has no range in its .yaml"),
        ({"parameters": {"CaM_total": ("1 mV", "2 mV")}}, UnitError, "expected a quantity in uM"),
        ({"samples": 8}, KinapticError, "takes no samples; leave samples=8 out"),
        ({"samples": 1, "method": "morris"}, KinapticError, "samples=1: give at least 2"),
        ({"samples": 48, "method": "sobol"}, KinapticError, "give 32 or 64"),
        ({"samples": 8.0, "method": "sobol"}, KinapticError, "samples=8.0: give at least 2, as a whole"),
        ({"seed": -1}, KinapticError, "seed=-1"),
        ({"step": 0.5}, KinapticError, "step=0.5; give a fraction"),
        ({"step": float("nan")}, KinapticError, "step=nan; give a fraction"),
        ({"second_order": True}, KinapticError, "come with method='sobol' only"),
        ({"readouts": "CaMKI_active"}, UnknownName, "did you mean CaMKII_active"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        run(**given)


# -- figures -----------------------------------------------------------------------------------------


def widths(panel: Any) -> list[float]:
    return [bar.get_width() for bar in panel.patches]


def labels(panel: Any) -> list[str]:
    return [text.get_text() for text in panel.get_yticklabels()]


def test_a_tornado_for_each_readout(local: Sensitivity) -> None:
    left, right = local.plot(most=6).axes
    for panel, name in ((left, ACTIVE), (right, "peak CaMKII_active")):
        top = local.ranked(name).head(6)
        assert labels(panel) == top["parameter"].tolist()
        assert widths(panel) == top["S"].tolist()
        assert len({bar.get_facecolor() for bar in panel.patches}) == 2  # more, and less
        assert panel.yaxis_inverted()
    assert left.get_xlabel() == "d ln CaMKII_active at 2 s / d ln parameter"
    assert len(local.plot(ACTIVE).axes) == 1


def test_effects_in_their_plane(morris: Sensitivity) -> None:
    (panel,) = morris.plot().axes
    texts = [text.get_text() for text in panel.texts]
    ranked = morris.ranked()
    assert texts == ["1", "2", f"1 {ranked['parameter'][0]}\n2 {ranked['parameter'][1]}"]
    assert panel.get_xlabel() == "µ* of CaMKII_active at 2 s (µM)"
    (points,) = [line for line in panel.lines if line.get_marker() == "o" and np.size(line.get_xdata())]
    np.testing.assert_array_equal(points.get_xdata(), ranked["mu_star"])
    np.testing.assert_array_equal(points.get_ydata(), ranked["sigma"])


def test_shares_with_their_intervals(sobol: Sensitivity) -> None:
    made = sobol.plot()
    (panel,) = made.axes
    ranked = sobol.ranked()
    assert labels(panel) == ranked["parameter"].tolist()
    assert widths(panel) == [*ranked["S1"], *ranked["ST"]]
    for form in ("svg", "pdf"):
        stream = io.BytesIO()
        made.savefig(stream, format=form)
        assert stream.tell() > 1000


def test_figures_that_cannot_be_are_refused(local: Sensitivity) -> None:
    with pytest.raises(UnknownName, match="unknown readout 'weight'"):
        local.plot("weight")
    with pytest.raises(KinapticError, match=r"plot\(most\)=0: give at least 1 parameter"):
        local.plot(most=0)
