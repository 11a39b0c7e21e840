"""The whole cell: calcium of its soma, and the messengers of sleep, against their solutions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

import kinaptic as kn
from kinaptic.errors import ModelError
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.sbml import engine
from kinaptic.sbml.build import baseline
from kinaptic.sbml.simulate import event_times, pauses

CELL = kn.Synapse.of("cell_activity")
SPIKE, TAU, NA_TAU, ADENOSINE_TAU = 0.1, 1.0, 60.0, 28800.0


def course(
    synapse: kn.Synapse, protocol: Protocol | None, after: ArrayLike, name: str
) -> NDArray[np.float64]:
    """Return a variable some seconds after the protocol began."""
    model = replace(synapse.model(protocol), readouts=(name,))
    times = LEAD + np.asarray(after, dtype=float)
    stops = pauses(float(times[-1]), event_times(protocol))
    found: NDArray[np.float64] = engine.run(model, times, stops, rtol=1e-9, expected=lambda _: {})[:, 0]
    return found


def test_model_is_clean() -> None:
    assert CELL.check() == []


def test_at_rest_it_is_awake_and_fires_as_usual() -> None:
    rest = baseline(CELL)[0]
    wanted = {"firing": 1.0, "asleep": 0.0, "soma_Ca": SPIKE * TAU, "noradrenaline": 1.0, "adenosine": 1.0}
    assert rest == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_calcium_of_the_soma_is_that_of_its_spikes() -> None:
    busier = kn.Synapse.of("cell_activity", habitual_rate="3 1/s", soma_Ca_tau="2 s")
    assert baseline(busier)[0]["soma_Ca"] == pytest.approx(0.1 * 3 * 2)


@pytest.mark.parametrize("times", [0.0, 0.5, 3.0])
def test_calcium_follows_firing(times: float) -> None:
    after = np.array([0.5, 1.0, 3.0, 10.0])
    wanted = SPIKE * (times + (1 - times) * np.exp(-after / TAU))
    np.testing.assert_allclose(
        course(CELL, kn.firing("1 h", times), after, "soma_Ca"), wanted, rtol=1e-6, atol=1e-9
    )


def test_firing_is_back_when_the_stretch_is_over() -> None:
    assert course(CELL, kn.firing("60 s", 0), [59, 62, 90], "soma_Ca") == pytest.approx(
        [0, SPIKE * (1 - np.exp(-2)), SPIKE], abs=1e-7
    )


def test_a_spike_of_the_protocol_adds_to_it_and_one_of_the_axon_does_not() -> None:
    after = [0.5, 2.0]
    wanted = SPIKE * (1 + np.exp(-np.array(after)))
    assert course(CELL, kn.spikes(post=[0]), after, "soma_Ca") == pytest.approx(wanted, rel=1e-6)
    both = course(CELL, kn.spikes(pre=[0, 0.2, 0.4], post=[0]), after, "soma_Ca")
    assert both == pytest.approx(wanted, rel=1e-6)
    with pytest.raises(ModelError, match="nothing in cell_activity answers to presynaptic spikes"):
        course(CELL, kn.spikes(pre=[0]), after, "soma_Ca")


def test_noradrenaline_falls_in_a_minute_of_sleep_and_adenosine_in_hours() -> None:
    after = np.array([30.0, 60.0, 600.0, 4 * 3600.0])
    night = kn.sleep("8 h")
    np.testing.assert_allclose(
        course(CELL, night, after, "noradrenaline"), 0.3 + 0.7 * np.exp(-after / NA_TAU), rtol=1e-6
    )
    np.testing.assert_allclose(
        course(CELL, night, after, "adenosine"), 0.82 + 0.18 * np.exp(-after / ADENOSINE_TAU), rtol=1e-6
    )
    assert course(CELL, night, after, "soma_Ca") == pytest.approx([SPIKE] * 4)  # the same rate asleep


def test_firing_leaves_waking_as_it_is() -> None:
    for name in ("noradrenaline", "adenosine"):
        assert course(CELL, kn.firing("8 h", 3), [60, 7 * 3600], name) == pytest.approx([1, 1], abs=1e-12)
