"""Every preset under every kind of protocol: the numbers of roadrunner at a far tighter tolerance."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from numpy.typing import NDArray

import kinaptic as kn
from kinaptic.errors import KinapticError
from kinaptic.pathways.perturbation import Perturbation
from kinaptic.pathways.presets import presets
from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml import build, engine
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.model import Model

Array = NDArray[np.float64]
Stimulus = Protocol | kn.Waveform | None
AFTER = 20.0  # s of run after the last spike


def _wave() -> kn.Waveform:
    times = np.arange(0, 3, 0.004)
    return kn.Waveform(times, 0.05 + 0.8 * np.exp(-(((times - 1) / 0.3) ** 2)), unit="uM", time_unit="s")


STIMULI: dict[str, Stimulus] = {
    "none": None,
    "post before pre": kn.stdp(delay="-10 ms", pairs=5, rate="5 Hz"),
    "both at once": kn.stdp(delay="0 ms", pairs=3, rate="1 Hz"),
    "pre before post": kn.stdp(delay="25 ms", pairs=4, rate="10 Hz"),
    "bursts": kn.stdp(delay="10 ms", pairs=4, rate="2 Hz", post_spikes=3, burst_rate="100 Hz"),
    "tetanus": kn.tetanus(rate="100 Hz", duration="0.2 s", trains=2, interval="3 s"),
    "low frequency": kn.low_frequency(rate="3 Hz", pulses=15),
    "theta bursts": kn.theta_burst(),
    "list": kn.spikes(pre=[0, 0.1, 0.11, 0.5], post=[0.02, 0.3, 0.5]),
    "random": kn.poisson("10 Hz", "5 Hz", duration="3 s", seed=1),
    "composed": kn.stdp(delay="10 ms", pairs=2, rate="1 Hz")
    + kn.gap("20 s")
    + kn.stdp(delay="-10 ms", pairs=2, rate="5 Hz"),
    "waveform": _wave(),
}


@functools.cache
def synapse(preset: str) -> kn.Synapse:
    return kn.Synapse.preset(preset)


def case(made: kn.Synapse, stimulus: Stimulus) -> tuple[Model, Array]:
    end = (0.0 if stimulus is None else float(stimulus.end)) + AFTER
    times = np.r_[0, np.linspace(0, end, 150)[1:] + 0.00037]  # on no spike
    return build.model(made, stimulus), times


def compared(model: Model, times: Array) -> float:
    """Largest difference, each readout against its largest value, but at least a billionth of its unit."""
    (found,) = batch.run([model], [times], rtol=1e-6)
    assert not isinstance(found, KinapticError), found
    wanted = engine.run(model, times, [], rtol=1e-10, expected=lambda _: {})
    size = np.abs(wanted).max(axis=0)
    return float((np.abs(found - wanted) / np.maximum(size, 1e-9)).max())


@pytest.mark.parametrize("stimulus", STIMULI)
def test_every_protocol_on_ca1(stimulus: str) -> None:
    assert compared(*case(synapse("ca1"), STIMULI[stimulus])) < 1e-5


@pytest.mark.parametrize("preset", [name for name in presets() if name != "ca1"])
@pytest.mark.parametrize("stimulus", ["bursts", "list", "waveform"])
def test_the_other_presets(preset: str, stimulus: str) -> None:
    assert compared(*case(synapse(preset), STIMULI[stimulus])) < 1e-5


@pytest.mark.parametrize(
    "perturbation",
    [
        kn.knockout("pka"),
        kn.knockout("T286"),
        kn.inhibit("CaMKII", by=0.9),
        kn.overexpress("calcineurin", factor=3),
        kn.clamp("cAMP", "0.1 uM"),
        kn.clamp("Ca", "0.4 uM"),
        kn.edit("T286_rate", "1 1/s"),
    ],
    ids=str,
)
def test_perturbed_synapses(perturbation: Perturbation) -> None:
    made = synapse("ca1").with_(perturbation)
    assert compared(*case(made, STIMULI["bursts"])) < 1e-5
