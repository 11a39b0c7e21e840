from __future__ import annotations

from collections.abc import Callable

import pytest

from kinaptic.analysis.experiments import lab as module
from kinaptic.analysis.experiments.lab import Lab
from kinaptic.analysis.experiments.preparations import spine, tube
from kinaptic.analysis.experiments.stimuli import pulse_times, steps, uncaging
from kinaptic.pathways.perturbation import inhibit
from kinaptic.pathways.stimulation import tetanus

SHORT = tetanus("100 Hz", "100 ms")


def _counted(made: list[object]) -> Callable[..., object]:
    def simulate(*given: object, **more: object) -> object:
        made.append((given, more))
        return object()

    return simulate


def test_a_run_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(module, "simulate", _counted(made))
    lab = Lab()
    first = lab.run(spine(), SHORT, minutes=1)
    assert lab.run(spine(), tetanus("100 Hz", "100 ms"), minutes=1) is first
    lab.run(spine(), SHORT, minutes=2)
    lab.run(spine().with_(inhibit("PKA", 1.0)), SHORT, minutes=1)
    assert len(made) == 3


def test_without_blocker_a_readout_is_relative_to_its_start() -> None:
    lab = Lab()
    got = lab.readout(spine(), SHORT, "GluA1_pS845", after=1, minutes=1)
    run = lab.run(spine(), SHORT, minutes=1)
    assert got == pytest.approx(run.at(1, "GluA1_pS845") / run.traces["GluA1_pS845"].iloc[0], rel=1e-12)


def test_with_a_blocker_it_is_relative_to_an_unstimulated_run_under_it() -> None:
    lab, blocked = Lab(), spine().with_(inhibit("PP1", 1.0))
    got = lab.readout(blocked, SHORT, "weight", after=1, minutes=1)
    stimulated = lab.run(blocked, SHORT, minutes=1)
    control = lab.run(blocked, None, minutes=SHORT.end / 60 + 1)
    assert control.at(SHORT.end / 60 + 1) != pytest.approx(1, abs=1e-6)  # the blocker alone moves it
    assert got == pytest.approx(stimulated.at(1) / control.at(SHORT.end / 60 + 1), rel=1e-12)


def test_a_course_reads_any_species() -> None:
    made = tube(
        "calmodulin", calcium=1.0, contents={"CaM_total": "25 uM", "Ng_total": "0 uM"}, composed=False
    )
    lab = Lab()
    course = lab.course(made, None, times=(0.0, 1.0), names=("CaM_C2N2", "CaM_C0N0"))
    assert course.iloc[1].to_dict() == pytest.approx(
        {str(n): lab.state(made)[str(n)] for n in course}, rel=1e-5
    )


def test_a_played_train_has_its_pulses() -> None:
    wave = uncaging(3, 0.5)
    assert wave.peak == pytest.approx(4.05, rel=0.01)
    assert wave.rest == pytest.approx(0.05)
    squares = steps(4, 2.5)
    assert squares.peak == pytest.approx(20)
    high = squares.values > 10
    assert int((high[1:] & ~high[:-1]).sum()) == 4
    assert pulse_times(2, 0.5)[1] - pulse_times(2, 0.5)[0] == pytest.approx(2.0)
