"""The calibration runs the whole model, and its score says what it claims."""

from __future__ import annotations

import numpy as np
import pytest

from kinaptic.analysis.experiments import calibration
from kinaptic.analysis.experiments.knobs import KNOBS, Knob, present, turned
from kinaptic.analysis.experiments.targets import TARGETS, Target
from kinaptic.pathways.perturbation import inhibit
from kinaptic.pathways.stimulation import stdp
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

BRIEF = stdp("10 ms", 5, rate="2 Hz")
BLOCK = (inhibit("CaMKII", 0.5),)


def test_what_is_measured_is_what_runs_show() -> None:
    targets = (
        Target("free", "ca1", BRIEF, 2, 0.9, 1.1),
        Target("blocked", "ca1", BRIEF, 2, 0.9, 1.1, under=BLOCK),
        Target("rest", "ca1", None, 0, 0.1, 0.3, readout="GluA1_pS845"),
    )
    free, blocked, rest = calibration.measure([{}], targets)[0]
    when = BRIEF.end + 120
    run = simulate(Synapse.preset("ca1"), BRIEF, until=f"{when} s", samples=[0.0, when])
    assert free == pytest.approx(run.weight.iloc[-1], rel=1e-4)
    assert free > 1.005  # or nothing would be compared
    assert rest == pytest.approx(run.traces["GluA1_pS845"].iloc[0], rel=1e-4)
    under = Synapse.preset("ca1").with_(*BLOCK)
    stimulated, quiet = (
        simulate(under, p, until=f"{when} s", samples=[0.0, when]).weight.iloc[-1] for p in (BRIEF, None)
    )
    assert blocked == pytest.approx(stimulated / quiet, rel=1e-4)


def test_a_turned_knob_reaches_the_synapses_that_it_concerns() -> None:
    shared, own = Knob("RIM_PP1", 0.001, 0.3), Knob("DAGL_kcat", 0.2, 10, "l5")
    values = {shared: 0.2, own: 5.0}
    l5, ca1 = (turned(Synapse.preset(name), values).values(acute=True) for name in ("l5", "ca1"))
    assert (l5["RIM_PP1"], l5["DAGL_kcat"], ca1["RIM_PP1"]) == (0.2, 5.0, 0.2)
    assert ca1["DAGL_kcat"] == Synapse.preset("ca1").values(acute=True)["DAGL_kcat"]


def test_score_is_nothing_within_the_ranges_and_grows_outside() -> None:
    middle = np.array([[(t.low + t.high) / 2 for t in TARGETS]])
    assert calibration.score(middle).tolist() == [0.0]
    at_limit, beyond, missing = middle.copy(), middle.copy(), middle.copy()
    at_limit[0, 0], beyond[0, 0], missing[0, 0] = TARGETS[0].high, 2 * TARGETS[0].high, np.nan
    assert calibration.score(at_limit)[0] == pytest.approx(TARGETS[0].counts)
    assert calibration.score(beyond)[0] > 10 * TARGETS[0].counts
    assert calibration.score(missing)[0] > 100


def test_the_search_lowers_the_score_from_a_worse_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quadratic stands in for the model: the search is what is tested."""
    knobs = (Knob("RIM_PP1", 0.001, 1), Knob("RIM_PKA", 0.001, 1))
    best = np.log([0.1, 0.02])

    def pretended(sets: list[dict[Knob, float]], targets: object = None) -> np.ndarray:
        off = np.array([np.log([values[k] for k in knobs]) for values in sets]) - best
        middle = np.array([(t.low + t.high) / 2 for t in TARGETS])
        width = np.array([(t.high - t.low) / 2 for t in TARGETS])
        found = np.tile(middle, (len(sets), 1))
        found[:, :2] += off * width[:2] * 2
        return found

    monkeypatch.setattr(calibration, "measure", pretended)
    monkeypatch.setattr(calibration, "_side_by_side", pretended)
    start = {knobs[0]: 0.9, knobs[1]: 0.9}
    found = calibration.search(start, minutes=0.05, knobs=knobs)
    assert calibration.score(pretended([found]))[0] < 0.01 * calibration.score(pretended([start]))[0]


def test_numbers_in_use_are_within_the_bounds_of_the_search() -> None:
    for knob, value in present().items():
        assert knob.low <= value <= knob.high, knob.label
    assert len({(k.number, k.preset) for k in KNOBS}) == len(KNOBS)
