"""Interaction is nil where theory says so, has the sign and the size that it must, and is not made up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kinaptic.analysis import hill
from kinaptic.analysis.interaction import bliss, loewe
from kinaptic.errors import FitRefused, KinapticError, UnitError, UnknownName

A = (0.0, *np.geomspace(0.01, 30, 8).tolist())
B = (0.0, *np.geomspace(1, 3000, 8).tolist())  # the same agent in units a hundred times smaller
Surface = Callable[[float, float], float]


def grid(surface: Surface, a: Any = A, b: Any = B) -> pd.DataFrame:
    made = pd.DataFrame([(x, z, surface(x, z)) for x in a for z in b], columns=["pka", "pp1", "weight"])
    made = made.sample(frac=1, random_state=2)  # in no order
    made.attrs["units"] = {"pka": "uM", "pp1": "nM"}
    return made


def curve(dose: float, start: float = 1.6, end: float = 1.0, ec50: float = 0.4, slope: float = 1.3) -> float:
    return start + (end - start) / (1 + (ec50 / dose) ** slope) if dose else start


def sham(x: float, z: float) -> float:
    return curve(x + z / 100)


def independent(x: float, z: float) -> float:
    """Each agent leaves untouched what it would leave alone."""
    return 1.0 + 0.6 * (1 - x / (x + 0.5)) * (1 - z**2 / (z**2 + 900))


def test_a_sham_combination_has_index_one() -> None:
    found = loewe(grid(sham), "pka", "pp1", "weight")
    assert list(found.columns) == ["dose_a", "dose_b", "response", "combination_index", "reason"]
    assert len(found) == 81
    none = (found["dose_a"] == 0) & (found["dose_b"] == 0)
    np.testing.assert_allclose(found.loc[~none, "combination_index"], 1.0, rtol=1e-6)
    assert (found.loc[~none, "reason"] == "").all()
    assert found.loc[none, "combination_index"].isna().all()
    assert found.loc[none, "reason"].to_list() == ["no agent"]


@pytest.mark.parametrize("strength", [3.0, -0.004])
def test_the_index_is_how_far_doses_go(strength: float) -> None:
    """Where a and b are worth a + b + k·a·b of either, the index is (a + b) / (a + b + k·a·b)."""

    def surface(x: float, z: float) -> float:
        return curve(x + z / 100 + strength * x * z / 100)

    found = loewe(grid(surface), "pka", "pp1", "weight")
    both = found[(found["dose_a"] > 0) & (found["dose_b"] > 0)]
    x, z = both["dose_a"], both["dose_b"] / 100
    np.testing.assert_allclose(both["combination_index"], (x + z) / (x + z + strength * x * z), rtol=1e-6)
    assert ((both["combination_index"] < 1) == (strength > 0)).all()


def test_agents_of_different_slopes_add_along_isoboles() -> None:
    """A surface made by solving d_a / D_a + d_b / D_b = 1 for the effect, whatever the curves."""

    def both(x: float, z: float) -> float:
        low, high = 0.0, 1.0  # of the effect
        for _ in range(200):
            share = (low + high) / 2
            odds = share / (1 - share)
            more = x / (0.5 * odds ** (1 / 0.8)) + z / (30 * odds ** (1 / 2.0)) > 1
            low, high = (share, high) if more else (low, share)
        return 1.6 - 0.6 * low

    found = loewe(
        grid(both, a=A[:-1], b=B[:6]), "pka", "pp1", "weight", alone=(alone(0.5, 0.8), alone(30, 2.0))
    )
    np.testing.assert_allclose(found["combination_index"].dropna(), 1.0, rtol=1e-5)
    assert found["reason"].to_list() == ["no agent"] + [""] * (len(found) - 1)


def alone(ec50: float, slope: float, end: float = 1.0) -> hill.HillFit:
    doses = np.geomspace(ec50 / 200, ec50 * 200, 15)
    return hill.fit(doses, [curve(dose, 1.6, end, ec50, slope) for dose in doses])


def test_what_one_agent_does_not_reach_has_a_reason() -> None:
    def surface(x: float, z: float) -> float:  # pp1 alone goes down to 1.3 only
        return curve(x, curve(z, 1.6, 1.3, 20.0))

    found = loewe(grid(surface), "pka", "pp1", "weight")
    beyond = (found["response"] < 1.3) & (found["dose_b"] > 0)
    assert beyond.sum() > 20
    assert set(found.loc[beyond, "reason"]) == {"pp1 alone does not reach this response, only 1.3 to 1.6"}
    assert (found["combination_index"].isna() == (found["reason"] != "")).all()
    one = (found["dose_b"] == 0) & (found["dose_a"] > 0)  # pp1 is not asked where there is none
    np.testing.assert_allclose(found.loc[one, "combination_index"], 1.0, rtol=1e-6)
    first = found[(found["reason"] == "") & (found["dose_a"] > 0) & (found["dose_b"] > 0)].iloc[0]
    y = first["response"]
    of_a = 0.4 * ((1.6 - y) / (y - 1.0)) ** (1 / 1.3)
    of_b = 20.0 * ((1.6 - y) / (y - 1.3)) ** (1 / 1.3)
    assert first["combination_index"] == pytest.approx(
        first["dose_a"] / of_a + first["dose_b"] / of_b, rel=1e-6
    )


def test_a_response_beyond_the_control_has_a_reason_too() -> None:
    def surface(x: float, z: float) -> float:  # together, at the highest doses, they turn round
        return 1.7 if (x, z) == (A[-1], B[-1]) else sham(x, z)

    found = loewe(grid(surface), "pka", "pp1", "weight")
    assert np.isnan(found["combination_index"].iloc[-1])
    assert found["reason"].iloc[-1] == "pka alone does not reach this response, only 1 to 1.6"
    assert found["combination_index"].isna().sum() == 2


def test_independent_agents_have_no_excess() -> None:
    found = bliss(grid(independent), "pka", "pp1", "weight", full=1.0)
    assert list(found.columns) == ["dose_a", "dose_b", "response", "effect", "expected", "excess"]
    np.testing.assert_allclose(found["excess"], 0, atol=1e-12)
    np.testing.assert_allclose(found["effect"], [(1.6 - y) / 0.6 for y in found["response"]], atol=1e-12)
    assert found["effect"].iloc[0] == 0
    assert found.attrs["scale"] == "0 at 1.6 (no agent), 1 at 1 (as given)"
    assert found[["dose_a", "dose_b"]].to_numpy().tolist() == [[x, z] for x in A for z in B]


def test_bliss_by_hand() -> None:
    """Effects 0.2 and 0.5 are expected to make 0.6, and make 0.75."""
    table = pd.DataFrame({"x": [0, 1, 0, 1], "z": [0, 0, 2, 2], "y": [10.0, 8.0, 5.0, 2.5]})
    found = bliss(table, "x", "z", "y", full=0.0).set_index(["dose_a", "dose_b"])
    np.testing.assert_allclose(found["effect"], [0, 0.5, 0.2, 0.75])
    np.testing.assert_allclose(found["expected"], [0, 0.5, 0.2, 0.6])
    np.testing.assert_allclose(found["excess"], [0, 0, 0, 0.15], atol=1e-15)
    # by default the full effect is what the two do together: 0.2 and 0.5 are 4/15 and 2/3 of it
    extreme = bliss(table, "x", "z", "y")
    assert extreme.attrs["scale"] == "0 at 10 (no agent), 1 at 2.5 (most extreme of the grid)"
    assert extreme["excess"].iloc[-1] == pytest.approx(1 - (1 - (1 - 4 / 15) * (1 - 2 / 3)))
    up = table.assign(y=20 - table["y"])  # the same, upwards
    np.testing.assert_allclose(bliss(up, "x", "z", "y", full=20.0)["excess"], found["excess"], atol=1e-15)


def test_bliss_of_a_sham_is_not_zero() -> None:
    """The known limit of the model: an agent with itself seems to interact."""
    found = bliss(grid(sham), "pka", "pp1", "weight", full=1.0)
    assert found["excess"].abs().max() > 0.05


def test_agents_that_act_apart_are_refused_by_bliss() -> None:
    def surface(x: float, z: float) -> float:
        return curve(x) + 0.1 * z / (z + 20)

    with pytest.raises(KinapticError, match=r"effect at pka 0, pp1 \d+.* is -0\.\d+ of the full one"):
        bliss(grid(surface), "pka", "pp1", "weight")
    with pytest.raises(KinapticError, match=r"effect at pka 0, pp1 97.* is 1\.37 of the full one"):
        bliss(grid(independent), "pka", "pp1", "weight", full=1.2)

    def slightly(x: float, z: float) -> float:  # within what is taken for nothing
        return curve(x) + 0.02 * z / (z + 20)

    assert bliss(grid(slightly), "pka", "pp1", "weight")["effect"].min() < -0.02


def test_scales_that_are_none() -> None:
    with pytest.raises(KinapticError, match=r"weight is 1\.6 without agents and 1\.6 at full effect"):
        bliss(grid(lambda *_: 1.6), "pka", "pp1", "weight")
    with pytest.raises(KinapticError, match=r"1\.6 at full effect"):
        bliss(grid(sham), "pka", "pp1", "weight", full=1.6)
    with pytest.raises(KinapticError, match="nan at full effect"):
        bliss(grid(sham), "pka", "pp1", "weight", full=np.nan)


@pytest.mark.parametrize("study", [bliss, loewe])
def test_grids_that_are_none(study: Callable[..., pd.DataFrame]) -> None:
    table = grid(sham)
    names = ("pka", "pp1", "weight")
    hole = (table["pka"] == A[3]) & (table["pp1"] == B[2])
    for wrong, why in (
        (table[~hole], r"lacks 1 of 81 points, first pka 0\.0985\d*, pp1 3\.13\d*; give every dose"),
        (table[table["pp1"] > 0], "lacks 9 of 81 points, first pka 0, pp1 0;"),
        (pd.concat([table, table[hole]]), r"pka 0\.0985\d*, pp1 3\.13\d* is there more than once"),
        (table.assign(weight=table["weight"].mask(hole)), r"weight is nan at pka 0\.0985\d*, pp1 3\.13"),
        (table.assign(pka=-table["pka"]), r"row \d+, pka -\d.*: give doses of 0 or more"),
    ):
        with pytest.raises(KinapticError, match=why):
            study(wrong, *names)
    with pytest.raises(KinapticError, match="both agents are 'pka'"):
        study(table, "pka", "pka", "weight")
    with pytest.raises(UnknownName, match="unknown column 'PP-1': did you mean pp1"):
        study(table, "pka", "PP-1", "weight")


def test_loewe_needs_two_curves() -> None:
    with pytest.raises(FitRefused, match="weight under pp1 alone: 3 doses do not determine"):
        loewe(grid(sham, b=B[:4]), "pka", "pp1", "weight")
    bare = grid(sham)
    bare.attrs = {}
    with pytest.raises(UnitError, match="column 'pka' has no unit"):
        loewe(bare, "pka", "pp1", "weight")
    given = loewe(bare, "pka", "pp1", "weight", alone=(alone(0.4, 1.3), alone(40.0, 1.3)))
    np.testing.assert_allclose(given["combination_index"].dropna(), 1.0, rtol=1e-6)
    # curves of half the potency: every dose is worth half
    weak = loewe(bare, "pka", "pp1", "weight", alone=(alone(0.8, 1.3), alone(80.0, 1.3)))
    np.testing.assert_allclose(weak["combination_index"].dropna(), 0.5, rtol=1e-6)
