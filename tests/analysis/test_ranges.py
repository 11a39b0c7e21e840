"""Ranges: which parameters have one, what is refused, and how it is sampled."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.analysis.ranges import Uncertain, chosen, drawn, latin_hypercube, morris_design, sobol_design
from kinaptic.errors import KinapticError, ModelError, UnitError, UnknownName

CAMKII = kn.Synapse.of("calmodulin", "camkii", Ca="0.07 uM", PP1="1 uM", PP1_activity="1")


def made(low: float, high: float) -> Uncertain:
    return Uncertain("x", 1.0, "uM", (low, high), "as given")


def test_by_default_all_with_a_range_in_their_yaml() -> None:
    found = {each.name: each for each in chosen(CAMKII, None, "test")}
    known = CAMKII.numbers(acute=True)
    by_definition = {"CaMKII_activity", "CaMKII_autonomous_activity"}  # set by who inhibits it
    ranged = {name for name, each in known.items() if each.range is not None}
    assert by_definition < ranged
    assert set(found) == ranged - by_definition
    kd = found["CaMKII_Kd_C2N2"]  # as pathways/camkii.yaml has it
    assert (kd.value, kd.unit, kd.span, kd.source) == (0.0567, "uM", (0.018, 0.164), "Pepke2010, Table 1")


def test_what_was_set_has_lost_its_range() -> None:
    changed = CAMKII.with_(kn.edit("CaM_total", "40 uM"), kn.inhibit("T286_rate", by=0.5, acute=False))
    names = {each.name for each in chosen(changed, None, "test")}
    assert {each.name for each in chosen(CAMKII, None, "test")} - names == {"CaM_total", "T286_rate"}
    with pytest.raises(
        KinapticError, match=r"'CaM_total' has no range .* give one, as parameters=\{'CaM_total'"
    ):
        chosen(changed, ["CaM_total"], "test")
    (named,) = chosen(changed, ["CaM_total"], "test", spans=False)
    assert (named.value, named.span, named.sampling) == (40.0, None, "")


def test_given_ranges_are_read_with_their_units() -> None:
    (kd, trapping) = chosen(
        CAMKII, {"CaMKII_Kd_C2N2": ("20 nM", "0.1 uM"), "CaMKII_trapping": (2, "50")}, "test"
    )
    assert kd.span == pytest.approx((0.02, 0.1))
    assert trapping.span == (2.0, 50.0)
    assert kd.source == trapping.source == "as given"


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        (["CaM_totl"], UnknownName, "unknown parameter 'CaM_totl': did you mean CaM_total or"),
        (["CaMKII_off_C1"], ModelError, "CaMKII_off_C1 is derived (CaMKII_on_C1*CaMKII_Kd_Ca_C1)"),
        (["CaMKII_on_C1"], KinapticError, "'CaMKII_on_C1' has no range in its .yaml"),
        (["CaM_total", "CaM_total"], KinapticError, "'CaM_total' is there twice"),
        ([], KinapticError, "parameters is empty"),
        ({"CaM_total": ("60 uM", "30 uM")}, KinapticError, "60 uM to 30 uM is upside down"),
        ({"CaM_total": ("60 uM", "60 uM")}, KinapticError, "60 uM to 60 uM is empty"),
        ({"CaM_total": (30, "60 uM")}, UnitError, "here(…): parameters['CaM_total']: 30 has no unit"),
        ({"CaM_total": ("30 ms", "60 uM")}, UnitError, "expected a quantity in uM"),
        ({"CaM_total": ("nan uM", "60 uM")}, UnitError, "not a finite number"),
        ({"CaMKII_trapping": (1, float("nan"))}, UnitError, "not a finite number"),
        ({"CaM_total": "30 uM"}, KinapticError, "give its lowest and highest value"),
        ({"CaM_total": ("30 uM",)}, KinapticError, "give its lowest and highest value"),
    ],
)
def test_what_cannot_be_varied_is_refused(wanted: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        chosen(CAMKII, wanted, "here(…)")


def test_a_number_that_changes_as_the_run_begins_is_refused() -> None:
    blocked = CAMKII.with_(kn.inhibit("CaMKII", by=0.5))
    with pytest.raises(KinapticError, match="CaMKII_activity is changed as the run begins"):
        chosen(blocked, {"CaMKII_activity": (0, 1)}, "test")


def test_a_synapse_without_ranges_is_refused() -> None:
    bare = CAMKII.with_(*(kn.edit(p.name, _text(p)) for p in chosen(CAMKII, None, "test")))
    with pytest.raises(KinapticError, match=r"no number of this synapse has a range in its \.yaml"):
        chosen(bare, None, "test")


def _text(each: Uncertain) -> str:
    return f"{each.value!r}" if each.unit == "1" else f"{each.value!r} {each.unit}"


@pytest.mark.parametrize(
    ("low", "high", "middle"),
    [
        (1.0, 100.0, 10.0),  # more than a decade: the geometric mean
        (1.0, 10.0, 5.5),  # a decade and no more
        (0.0, 100.0, 50.0),  # no logarithm of nothing
        (-80.0, -5.0, -42.5),
        (1e-9, 1e-3, 1e-6),
    ],
)
def test_more_than_a_decade_is_sampled_in_the_logarithm(low: float, high: float, middle: float) -> None:
    values = made(low, high).at(np.array([0.0, 0.5, 1.0]))
    assert values[1] == pytest.approx(middle)
    assert (values[0], values[2]) == (low, high)


def test_draws_are_quantities_that_a_scan_reads_back() -> None:
    tiny = Uncertain("a", 1.0, "1/uM/s", (1e-9, 1e-3), "as given")
    table = drawn([tiny, Uncertain("b", 1.0, "1", (0.0, 1.0), "as given")], np.array([[0.5, 0.25], [0, 1]]))
    assert [text.split(" ", 1)[1] for text in table["a"]] == ["1/uM/s"] * 2
    assert "e" not in table["a"][0]  # 1e-06 1/uM/s would be taken for a unit called e-06 1/uM/s
    assert [float(text.split()[0]) for text in table["a"]] == pytest.approx([1e-6, 1e-9])
    assert [float(text) for text in table["b"]] == [0.25, 1.0]


def test_a_latin_hypercube_has_a_point_in_every_slice() -> None:
    points = latin_hypercube(3, 20, seed=4)
    for column in points.T:
        assert sorted((column * 20).astype(int)) == list(range(20))
    np.testing.assert_array_equal(points, latin_hypercube(3, 20, seed=4))
    assert not np.array_equal(points, latin_hypercube(3, 20, seed=5))


def test_each_step_of_a_trajectory_moves_one_number_by_two_thirds() -> None:
    design = morris_design(5, 7, seed=0).reshape(7, 6, 5)
    moved = np.abs(np.diff(design, axis=1))
    np.testing.assert_allclose(moved.sum(axis=1), 2 / 3)  # each number once a trajectory
    np.testing.assert_allclose(moved.max(axis=2), 2 / 3)  # and one at a time
    assert set(np.round(design.ravel() * 3, 9)) == {0, 1, 2, 3}


def test_saltellis_design_crosses_two_matrices() -> None:
    blocks = sobol_design(3, 8, seed=0, second_order=False).reshape(8, 5, 3)
    for a, *crossed, b in blocks:
        for i, row in enumerate(crossed):
            np.testing.assert_array_equal(row, np.where(np.arange(3) == i, b, a))
    assert sobol_design(3, 8, seed=0, second_order=True).shape == (8 * 8, 3)
    np.testing.assert_array_equal(sobol_design(3, 8, seed=0, second_order=False).reshape(8, 5, 3), blocks)
