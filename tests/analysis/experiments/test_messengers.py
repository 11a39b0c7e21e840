"""A messenger that is knocked out changes what it carries, and leaves the rest alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kinaptic.analysis.experiments import messengers

LTP, BURST, LTD, DSE, LATE = messengers.EXPERIMENTS
EVERYTHING = [(experiment, side) for experiment in messengers.EXPERIMENTS for side in ("pre", "post")]
UNMOVED = 0.05  # what the row of nitric oxide and depression allows
# Without a messenger: what must change, and in which direction. CB1 receptors cut what trains release,
# and with it what the spine sees, so that much may change without them.
CHANGES = {
    "CB1R (endocannabinoids)": {(LTD, "pre"): 1, (DSE, "pre"): 1},
    "nNOS (nitric oxide)": {(LTP, "pre"): -1},
    "BDNF": {(LATE, "post"): -1},
    "protein synthesis": {(LATE, "post"): -1},
}
MAY_CHANGE = {
    "CB1R (endocannabinoids)": {(LTP, "pre"), (BURST, "pre"), (BURST, "post"), (LTD, "post"), (LTP, "post")},
    "nNOS (nitric oxide)": {(BURST, "pre"), (LATE, "pre")},
    "BDNF": {(BURST, "pre"), (BURST, "post"), (LATE, "pre")},
    "protein synthesis": {(BURST, "pre"), (BURST, "post"), (LATE, "pre")},
}


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return messengers.matrix()


@pytest.mark.parametrize("without", CHANGES)
def test_a_messenger_changes_what_it_carries(found: pd.DataFrame, without: str) -> None:
    difference = found.loc[without] - found.iloc[0]
    for where, sign in CHANGES[without].items():
        assert sign * difference[where] > 0.05, where
    for where in set(EVERYTHING) - CHANGES[without].keys() - MAY_CHANGE[without]:
        assert abs(difference[where]) < UNMOVED, where


def test_the_synapse_with_all_of_them_shows_each_change(found: pd.DataFrame) -> None:
    whole = found.iloc[0]
    assert whole[LTP, "post"] > 1.1
    assert whole[LTD, "pre"] < 0.9
    assert whole[DSE, "pre"] < 0.6
    assert whole[LATE, "post"] > 1.3


def test_the_page_is_up_to_date(found: pd.DataFrame, checkout: Path) -> None:
    page = (checkout / "docs" / "messengers.md").read_text(encoding="utf-8")
    assert messengers.table(found) in page, (
        "make it again: python -m kinaptic.analysis.experiments.messengers docs"
    )


def test_the_figure_shows_every_number(found: pd.DataFrame) -> None:
    made = messengers.figure(found)
    texts = [text.get_text() for text in made.axes[0].texts]
    numbers = [f"{value:.2f}" for value in np.ravel(found.to_numpy())]
    assert texts[: len(numbers)] == numbers
