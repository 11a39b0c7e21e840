"""The page of metaplasticity: its tables and sentences say what was measured."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis.ablation import NAIVE, PRIMED
from kinaptic.analysis.experiments import metaplasticity_day, rows_metaplastic
from kinaptic.analysis.experiments import metaplasticity_page as page
from kinaptic.analysis.experiments.lab import Lab
from kinaptic.analysis.experiments.weighing import HFS

FEW = ("3 Hz", "30 Hz")
GIVEN = {"s1": kn.tetanus("100 Hz", "0.1 s"), "s2": None}
Both = tuple[kn.DendriteRun, kn.DendriteRun]


def cells(table: str) -> list[list[str]]:
    """Return the cells of a Markdown table, without its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


@pytest.fixture(scope="module")
def primed() -> dict[str, tuple[float, kn.Threshold]]:
    histories = {name: page.HISTORIES[name] for name in (NAIVE, "20 min after priming")}
    return page.curves(histories, FEW)


def test_the_curve_of_a_history_is_that_of_its_clone(primed: dict[str, tuple[float, kn.Threshold]]) -> None:
    run = kn.simulate(kn.Synapse.preset("ca1"), page.PRIMING, until="25 min", engine="ensemble")
    weight, found = primed["20 min after priming"]
    assert weight == pytest.approx(run.at(20), rel=1e-4)
    again = run.threshold("20 min", FEW, progress=False)
    np.testing.assert_allclose(found.table, again.table, rtol=1e-4)
    assert primed[NAIVE][0] == 1.0
    assert primed[NAIVE][1].theta_m_hz < found.theta_m_hz


def test_the_table_has_the_numbers_and_the_reasons(primed: dict[str, tuple[float, kn.Threshold]]) -> None:
    for (name, (weight, each)), row in zip(primed.items(), cells(page.curve_table(primed)), strict=True):
        assert row[:3] == [name, f"{weight:.2f}", f"{each.theta_m_hz:.1f}"]
        assert row[3] == f"{each.theta_m_calcium:.3f}"
        assert row[4:] == ["none", f"{each.slope:.2f}", f"{each.ceiling:.2f}", each.reason]


@pytest.fixture(scope="module")
def slid() -> pd.DataFrame:
    return page.sliding({"a train": HFS}, (5, 60), (*FEW, "50 Hz"))


def test_theta_slides_back(slid: pd.DataFrame) -> None:
    found = slid
    assert list(found.index) == [("a train", 5.0), ("a train", 60.0)]
    run = kn.simulate(kn.Synapse.preset("ca1"), HFS, until="62 min", engine="ensemble")
    np.testing.assert_allclose(found["weight"], [run.at(5), run.at(60)], rtol=1e-4)
    early, late = found["theta_m_hz"]
    assert early > late > 14.7  # of a naive synapse, and here too
    (panel,) = page.sliding_figure(found, 14.2).axes
    course = next(line for line in panel.lines if line.get_label() == "a train")
    np.testing.assert_array_equal(course.get_ydata(), found["theta_m_hz"])
    row = cells(page.sliding_table(found))[1]
    assert row[:4] == ["a train", "60", f"{found['weight'].iloc[1]:.2f}", f"{late:.1f}"]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (
            {PRIMED: 0.9, "ampar": 1.05, "bouton": 0.95, "pka": 0.88, "plc": 0.901, NAIVE: 1.1},
            "Without a history a test leave 1.10 of the weight, with it 0.90. It is `ampar` that does most "
            "of it: with that part alone as at rest they leave 1.05; `bouton` adds to it; `pka` works "
            "against it.",
        ),
        (
            {PRIMED: 1.2, "scaling": 1.0, "camkii": 1.1, "pka": 1.15, "plc": 1.21, "pp1": 1.22, NAIVE: 0.9},
            "Without a history a test leave 0.90 of the weight, with it 1.20. It is `scaling` that does most "
            "of it: with that part alone as at rest they leave 1.00; `camkii` and `pka` add to it; `pp1` and "
            "`plc` work against it.",
        ),
        (
            {PRIMED: 0.9, "ampar": 0.85, NAIVE: 1.1},
            "Without a history a test leave 1.10 of the weight, with it 0.90. No single part does it.",
        ),
    ],
)
def test_the_sentence_names_what_does_it(weights: dict[str, float], said: str) -> None:
    found = pd.DataFrame({"part": list(weights), "weight": list(weights.values())})
    found["effect"] = found["weight"] - weights[PRIMED]
    found = found.sort_values("effect", key=np.abs, ascending=False)
    assert page.verdict(found, "a test") == said


@pytest.mark.slow
def test_a_case_has_its_parts_and_the_states_that_moved() -> None:
    case = page.CASES[1]
    text = page.case_text(case)
    head, said, parts, singles, states = text.split("\n\n")
    assert head == "### 900 pulses at 20 Hz: naive, and 20 min after priming"
    rows = {row[0]: (float(row[1]), float(row[2])) for row in cells(parts)}
    assert rows[PRIMED][0] < 1 < rows[NAIVE][0]  # opposite signs
    assert all(abs(effect) > 0.002 for name, (_, effect) in rows.items() if name != PRIMED)
    told = re.search(r"leave ([\d.]+) of the weight, with it ([\d.]+)\. It", " ".join(said.split()))
    assert told is not None
    np.testing.assert_allclose(
        [float(told[2]), float(told[1])], [rows[PRIMED][0], rows[NAIVE][0]], atol=0.006
    )
    most = max((name for name in rows if name not in (PRIMED, NAIVE)), key=lambda name: abs(rows[name][1]))
    assert f"It is {most.removesuffix(' as at rest')} that" in " ".join(said.split())
    alone = {row[0]: (float(row[1]), float(row[2])) for row in cells(singles)}
    assert {each: alone[each] for each in (PRIMED, NAIVE)} == {each: rows[each] for each in (PRIMED, NAIVE)}
    assert alone["`slot` as at rest"][1] > alone["`NO_mark` as at rest"][1] > 0.02
    moved = {row[0] for row in cells(states)}
    assert "`spine_volume`" in moved
    assert "`scaling`" not in moved
    assert "uM" not in states
    composed = re.search(
        r"comes to ([\d.]+) of the baseline, by the clone to ([\d.]+)\.", " ".join(said.split())
    )
    assert composed is not None
    assert float(composed[1]) == pytest.approx(float(composed[2]), abs=2e-4)


@pytest.fixture(scope="module")
def both() -> Both:
    """Two boutons that 2-AG quiets, in the place of whole synapses."""
    bouton = kn.Synapse.of("calcium", "endocannabinoid", "bouton", DAG="0.5 uM")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kn.Synapse, "preset", lambda _: bouton)
        return page.branch(("0 um", "2 um"), GIVEN, 0.05)


def test_a_branch_in_a_table(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "GIVEN", GIVEN)
    assert both[1].rounds == 1 < both[0].rounds
    rows = cells(page.branch_table(both, (0.05,)))
    for row, name in zip(rows, ("s1", "s2"), strict=True):
        assert row[0] == name
        assert row[2:] == [f"{run.at(3)[name]:.4f}" for run in both]
    assert [row[1] for row in rows] == ["10 pulses at 100 Hz", ""]
    said = " ".join(page.captured(both, 0.05).split())
    change = both[0].weights - both[1].weights
    assert f"by {both[0].at(3)['s1'] - both[1].at(3)['s1']:+.3f}, to" in said
    most, last = change["s2"].abs().max(), abs(change["s2"].iloc[-1])
    assert f"at any time is {most:.4f}, and {last:.4f} at the end" in said


@pytest.fixture(scope="module")
def days() -> dict[str, pd.DataFrame]:
    return metaplasticity_day.weights([0.5, 4.0], 0)


def test_a_day_by_size(days: dict[str, pd.DataFrame]) -> None:
    found = days
    rest = found["alone"].loc[metaplasticity_day.MORNING] / found["alone"].loc[metaplasticity_day.NIGHT]
    small, large = map(float, rest.to_numpy())
    assert small < 0.9 < large < 1
    assert list(found["stimulated"]) == [0.5]
    assert found["stimulated"][0.5][7.95] == pytest.approx(1, abs=1e-3)
    assert found["stimulated"][0.5][9.05] > 1.3
    rows = cells(metaplasticity_day.table(found).split("\n\n")[0])
    assert rows[0][:2] == ["0.50", f"{small:.3f}"]
    slept, awake = (float(found[name][0.5][24.0]) for name in ("stimulated", "awake"))
    assert rows[0][2:] == [f"{found['stimulated'][0.5][16.0]:.3f}", f"{slept:.3f}", f"{awake:.3f}"]
    assert rows[1][1:] == [f"{large:.3f}", "", "", ""]
    said = " ".join(metaplasticity_day.table(found).split("\n\n")[1].split())
    assert said.startswith(f"The mean over all is {(small + large) / 2:.3f}.")
    assert f"sleep leaves {slept / awake:.3f} of what it would have awake" in said
    assert f"of the same spine left alone {small:.3f}" in said
    assert awake > slept > 1
    left, right = metaplasticity_day.figure(found).axes
    assert [line.get_linestyle() for line in left.lines] == ["-", "-", "--", ":"]
    assert [np.shape(each.get_offsets())[0] for each in right.collections] == [2, 1]


def test_sizes_are_those_of_the_rows() -> None:
    assert len(page.SIZES) == rows_metaplastic._POPULATION
    spread = np.log(page.SIZES)
    assert spread[-1] == pytest.approx(rows_metaplastic._SPREAD * 1.6448536, rel=1e-6)


def test_the_page_is_written_whole(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    primed: dict[str, tuple[float, kn.Threshold]],
    slid: pd.DataFrame,
    both: Both,
    days: dict[str, pd.DataFrame],
) -> None:
    """Of what was measured for the tests above."""
    for name, found in {"curves": primed, "sliding": slid, "branch": both}.items():
        monkeypatch.setattr(page, name, lambda *_, found=found: found)
    monkeypatch.setattr(metaplasticity_day, "weights", lambda *_: days)
    monkeypatch.setattr(page, "case_text", lambda case: f"### {case.history}")
    monkeypatch.setattr(page, "GIVEN", GIVEN)
    monkeypatch.setattr(page, "HOURS", (0.01, 0.05))
    page.write(tmp_path)
    text = (tmp_path / "metaplasticity.md").read_text(encoding="utf-8")
    for each in (page.curve_table(primed), page.sliding_table(slid), metaplasticity_day.table(days)):
        assert each in text
    assert "### 48 h without firing\n\n### 20 min after priming\n\n### 20 min after priming\n" in text
    assert page.branch_table(both, (0.01, 0.05)) in text
    pictures = sorted(each.name for each in tmp_path.glob("*.png"))
    assert pictures == [f"metaplasticity_{name}.png" for name in ("branch", "curves", "day", "sliding")]
    assert all(f"]({name})" in text for name in pictures)


@pytest.mark.slow
@pytest.mark.parametrize("case", page.CASES, ids=lambda case: case.told)
def test_a_history_turns_the_sign_as_the_page_says(case: page.Case, checkout: Path) -> None:
    text = page.case_text(case)
    rows = {row[0]: float(row[1]) for row in cells(text.split("\n\n")[2])}
    if not case.distance:  # far out both depress, the one with a history eight times as much
        assert (rows[PRIMED] - 1) * (rows[NAIVE] - 1) < 0
    assert text in (checkout / "docs" / "metaplasticity.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_is_up_to_date(checkout: Path) -> None:
    text = (checkout / "docs" / "metaplasticity.md").read_text(encoding="utf-8")
    naive = rows_metaplastic.naive(Lab())
    assert f"| {NAIVE} | 1.00 | {naive.theta_m_hz:.1f} | {naive.theta_m_calcium:.3f} |" in text, (
        "make it again: python -m kinaptic.analysis.experiments.metaplasticity_page docs"
    )
