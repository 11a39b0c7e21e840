"""Sleep: Homer1a in the density, what it takes from synapses of which size, and how waking mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

import kinaptic as kn
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.sbml import engine
from kinaptic.sbml.build import baseline
from kinaptic.sbml.simulate import event_times, pauses

HOUR = 3600.0
NIGHT = kn.sleep("8 h")
MEMBERS = ("cell_activity", "scaling", "sleep")
USUAL = kn.Synapse.of(*MEMBERS, spine_volume="1")


def course(
    protocol: Protocol, hours: Sequence[float], name: str = "sleep_scale", synapse: kn.Synapse = USUAL
) -> NDArray[np.float64]:
    """Return a variable some hours after the protocol began."""
    model = replace(synapse.model(protocol), readouts=(name,))
    times = LEAD + HOUR * np.asarray(hours, dtype=float)
    stops = pauses(float(times[-1]), event_times(protocol))
    found: NDArray[np.float64] = engine.run(model, times, stops, rtol=1e-9, expected=lambda _: {})[:, 0]
    return found


def left(size: float, *done: kn.Perturbation, protocol: Protocol = NIGHT) -> float:
    """Return what a night leaves of the receptors of a synapse on a spine of some size."""
    synapse = kn.Synapse.of(*MEMBERS, spine_volume=size).with_(*done)
    return float(course(protocol, [protocol.duration / HOUR], synapse=synapse)[0])


def test_model_is_clean() -> None:
    assert USUAL.check() == []


def test_at_rest_it_has_taken_nothing() -> None:
    rest = baseline(USUAL)[0]
    assert rest["sleep_loss"] == pytest.approx(0, abs=1e-12)
    assert course(NIGHT, [-1e-3]) == pytest.approx([1], abs=1e-12)
    assert rest["Homer1a"] == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("protocol", [kn.gap("24 h") + kn.spikes(post=[0]), kn.firing("24 h", 3)])
def test_homer1a_stays_out_of_the_density_of_one_that_is_awake(protocol: Protocol) -> None:
    assert course(protocol, [1, 8, 23], "Homer1a_psd").tolist() == [0, 0, 0]
    assert course(protocol, [1, 8, 23]) == pytest.approx([1, 1, 1], abs=1e-12)


def test_a_night_is_the_solution_of_its_equations() -> None:
    p = USUAL.parameters["value"]
    plastic = 1 / (1 + (1 / p["sleep_spared_size"]) ** p["sleep_spared_steepness"])

    def rates(_: float, y: np.ndarray) -> list[float]:
        noradrenaline, adenosine, scale = y
        homer = p["Homer1a_share"] * (1 - noradrenaline) * adenosine  # Homer1a itself is 1 all night
        return [
            (p["noradrenaline_asleep"] - noradrenaline) / p["noradrenaline_tau"],
            (p["adenosine_asleep"] - adenosine) / p["adenosine_tau"],
            -p["sleep_downscaling"] * homer * plastic * scale,
        ]

    hours = [0.05, 1, 4, 8]
    seconds = [HOUR * h for h in hours]
    wanted = solve_ivp(rates, (0, seconds[-1]), [1, 1, 1], "LSODA", seconds, rtol=1e-11, atol=1e-13).y[2]
    assert course(NIGHT, hours) == pytest.approx(wanted, rel=1e-6)
    assert 0.7 < wanted[-1] < 0.85  # 18 % of the mean contact: de Vivo 2017


def test_the_largest_are_spared() -> None:
    small, usual, large, largest = (left(size) for size in (0.3, 1.0, 3.0, 6.0))
    assert small < usual < 0.85 < 0.93 < large < largest
    assert large - usual > 5 * (usual - small)  # an edge, above the usual size


def test_waking_restores_it() -> None:
    day = NIGHT + kn.gap("16 h") + kn.spikes(post=[0])
    asleep, soon, late = course(day, [8, 8.5, 24])
    assert asleep < soon < late < 1
    assert late == pytest.approx(1 - (1 - asleep) * np.exp(-16 / 8), abs=1e-3)


@pytest.mark.parametrize(
    "done",
    [
        kn.knockout("Homer1a"),
        kn.inhibit("Homer1a", 1.0),
        kn.knockout("sleep_downscaling"),
        kn.clamp("noradrenaline", "1"),
    ],
    ids=str,
)
def test_what_keeps_homer1a_out_keeps_receptors(done: kn.Perturbation) -> None:
    assert left(1.0, done) == pytest.approx(1, abs=1e-9)


def test_adenosine_draws_it_in_and_a_busy_cell_makes_more() -> None:
    assert left(1.0, kn.clamp("adenosine", "0.5")) > left(1.0) + 0.05
    assert left(1.0, protocol=kn.sleep("8 h", 2)) < left(1.0) - 0.05
    assert left(1.0, protocol=kn.sleep("8 h", 0)) > left(1.0) + 0.05


def test_it_does_without_homeostatic_scaling() -> None:
    alone = kn.Synapse.of("cell_activity", "sleep", spine_volume="1")
    assert course(NIGHT, [8], synapse=alone) == pytest.approx([left(1.0)], rel=1e-6)


@pytest.mark.parametrize("name", ["cell_activity", "nmdar_exchange", "spine_size", "scaling", "excitability"])
def test_every_other_slow_pathway_can_be_missing(name: str) -> None:
    synapse = kn.Synapse.preset("ca1").with_(kn.knockout(name))
    assert "sleep_scale" in synapse.units()
    assert synapse.numbers(acute=False)["Homer1a_soma_Ca"].formula == "soma_Ca_habitual"
