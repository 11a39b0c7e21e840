"""The page of neighbours: its tables against what dendrites give, and that it is up to date."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis.experiments import neighbours_page


@pytest.fixture(scope="module")
def reached() -> pd.DataFrame:
    return neighbours_page.reach((1,)).set_index("messenger")


def test_reach_of_one_is_its_kernel_times_what_it_makes(reached: pd.DataFrame) -> None:
    run = kn.simulate(
        kn.Synapse.preset("ca1"), kn.tetanus("100 Hz", "1 s"), until="20 min", engine="ensemble"
    )
    pair = kn.Dendrite.branch(run.synapse, ["0 um", "2 um"])
    two_ag = run.traces["AG2"]
    wanted = 1e3 * pair.kernel("AG2_elsewhere")[1, 0] * (two_ag.max() - two_ag.iloc[0])
    assert reached.loc["2-AG, nM", "2 µm"] == pytest.approx(wanted, rel=0.02)
    assert reached.loc["nitric oxide, pM", "own"] == pytest.approx(1e6 * run.traces["NO"].max(), rel=0.02)


def test_nitric_oxide_of_one_is_local_and_lipids_reach_micrometres(reached: pd.DataFrame) -> None:
    nitric_oxide = reached.loc["nitric oxide, pM"]
    assert nitric_oxide["2 µm"] < nitric_oxide["own"] / 5
    for messenger in ("2-AG, nM", "BDNF, pM"):
        row = reached.loc[messenger]
        assert row["1 µm"] > row["own"] / 10
        assert row["10 µm"] < row["own"] / 100
    assert 0.01 < float(reached["dip"]["2-AG, nM"]) < 0.1


@pytest.mark.slow
def test_weak_stimuli_near_each_other_last_and_far_apart_do_not() -> None:
    found = neighbours_page.clusters((2,)).set_index("stimulus").loc["two trains of 100 Hz, 5 min apart"]
    assert found["near, 4 h"] > 1.4
    assert found["far, 4 h"] < 1.15


def test_the_page_has_a_line_for_each_row(reached: pd.DataFrame) -> None:
    clustered = pd.DataFrame({"stimulus": ["weak"], "synapses": [2], "near, 4 h": [1.555]})
    quiet = pd.DataFrame({"preset": ["ca1"], "1 h": [1.1314]})
    text = neighbours_page.page(reached.reset_index(), clustered, quiet)
    assert "| ca1 | 1.131 |" in text
    assert "| weak | 2 | 1.55 |" in text or "| weak | 2 | 1.56 |" in text
    assert "| 2-AG, nM | 1 |" in text
    assert text.count("\n| ") == 2 + 3 + 2 + 1 + 2 + 1
    assert "nan" not in text
    assert np.isnan(float(reached["dip"]["BDNF, pM"]))


@pytest.mark.slow
def test_bdnf_of_many_neighbours_potentiates_a_silent_bouton() -> None:
    """And 2-AG quiets it for a while; nothing lasting comes of that in CA1."""
    row = (
        neighbours_page.silent(("ca1",)).set_index("the others get").loc["four trains of 100 Hz, 5 min apart"]
    )
    assert 0.05 < row["dip"] < 0.3
    assert 1.1 < row["1 h"] < 1.2
    assert row["1 h, without 2-AG"] == pytest.approx(row["1 h"], abs=0.005)
    assert row["1 h, without BDNF"] == pytest.approx(1, abs=0.005)


@pytest.mark.slow
def test_the_page_is_up_to_date(checkout: Path) -> None:
    text = (checkout / "docs" / "neighbours.md").read_text(encoding="utf-8")
    row = neighbours_page.reach((1,)).iloc[1]
    line = f"| {row['active']} | {row['messenger']} | {row['own']:.3g} | {row['1 µm']:.3g} |"
    assert line in text, "make it again: python -m kinaptic.analysis.experiments.neighbours_page docs"
