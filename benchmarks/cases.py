"""What is run: the postsynaptic half of ``ca1`` under a protocol, where to sample it, what to expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import kinaptic as kn
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import build, document, drive, waveform_drive
from kinaptic.sbml.model import Model

Array = NDArray[np.float64]
Stimulus = Protocol | Waveform

AFTERWARDS = 1800.0  # s that a run goes on after its protocol
# Rates that differ from run to run, each by 20 to 50 % up or down.
VARIED = (
    "NMDAR_binding", "Ca_extrusion", "CaN_on", "T286_rate", "T286_dephos_psd", "GluN2B_on", "PP1_T286_kcat",
    "I1_kcat_PKA", "AC1_kcat_CaM", "PDE4_kcat", "S845_PKA", "slot_CaMKII",
)  # fmt: skip
_AFTER_EVENT = np.array([1.3, 3.1, 7.3, 15.7, 40.3, 90.7, 200.3, 400.9, 700.1]) * 1e-3  # s
_WATCHED = 20  # events that are followed closely
_OFF_EVENTS = 1e-4  # s; what a sample on the very time of an event shows differs between simulators


@dataclass(frozen=True)
class Case:
    """Runs of one structure.

    Attributes
    ----------
    title : str
        For tables.
    models : tuple of Model
        One for each run; they differ in numbers.
    events : tuple of ndarray
        Times (s) at which each run is kicked, ascending.
    times : tuple of ndarray
        Sample times (s) of each run, the first 0.
    counts : tuple of mapping of str to int
        What the counters of each run must show at its end.
    """

    title: str
    models: tuple[Model, ...]
    events: tuple[Array, ...]
    times: tuple[Array, ...]
    counts: tuple[Mapping[str, int], ...]

    def __post_init__(self) -> None:
        if len({model.structure for model in self.models}) != 1:
            raise ValueError(f"{self.title}: the runs of a case share one structure")


def half() -> kn.Synapse:
    """Return ``ca1`` without bouton and messengers: what the comparisons between simulators run."""
    synapse = kn.Synapse.preset("ca1")
    for name in ("plc", "endocannabinoid", "nitric_oxide", "bdnf", "consolidation", "bouton"):
        synapse = synapse.without(name)
    return synapse


def sweep(count: int) -> Case:
    """Return pairings with delays from -50 to 50 ms, a different one and different rates in each run."""
    delays = [f"{ms} ms" for ms in range(-50, 51, 5)]
    return case([kn.stdp(delay=delay, pairs=60, rate="1 Hz") for delay in delays], count)


def single() -> Case:
    """Return one run: 60 pairings at 1 Hz, rates as they are in the preset."""
    return case([kn.stdp(delay="10 ms", pairs=60, rate="1 Hz")])


def others(count: int) -> list[Case]:
    """Return other protocols, each in `count` runs with different rates."""
    stimuli: list[Stimulus] = [
        kn.tetanus("100 Hz", "1 s", trains=4, interval="5 min"),
        kn.low_frequency("1 Hz", 900),
        kn.theta_burst(),
        waveform(),
    ]
    return [case([stimulus], count) for stimulus in stimuli]


def waveform() -> Waveform:
    """Return ten calcium transients, one a second, as a trace of one sample per millisecond."""
    time = np.arange(0, 12, 1e-3)
    since = time[:, None] - np.arange(0.5, 10)
    rise, fast, slow = (np.exp(-np.clip(since, 0, None) / tau) for tau in (2e-3, 20e-3, 120e-3))
    transients = np.where(since > 0, 3.0 * fast + 0.5 * slow - 3.5 * rise, 0.0)
    return Waveform(time, 0.06 + transients.sum(axis=1), unit="uM", time_unit="s", name="10 transients")


def case(stimuli: Sequence[Stimulus], count: int | None = None) -> Case:
    """Return a case whose runs take the stimuli in turn.

    Parameters
    ----------
    stimuli : sequence of Protocol or Waveform
        They share one structure.
    count : int, optional
        How many runs, with different rates; by default a single one, with the rates of the preset.
    """
    synapse = half()
    bases = [build.model(synapse, stimulus) for stimulus in stimuli]
    ends = [stimulus.end + AFTERWARDS for stimulus in stimuli]
    lags = [base.values.get(build.post_lag(synapse), 0.0) for base in bases]
    events = [_events(stimulus, lag) for stimulus, lag in zip(stimuli, lags, strict=True)]
    times = [samples(e, end) for e, end in zip(events, ends, strict=True)]
    counts = [_counts(*each) for each in zip(stimuli, ends, lags, strict=True)]
    random = np.random.default_rng(1)
    turns = [run % len(stimuli) for run in range(count or 1)]
    return Case(
        title=_title(stimuli),
        models=tuple(bases[i] if count is None else _varied(bases[i], random) for i in turns),
        events=tuple(events[i] for i in turns),
        times=tuple(times[i] for i in turns),
        counts=tuple(counts[i] for i in turns),
    )


def samples(events: Array, end: float) -> Array:
    """Return about 300 sample times (s) from 0 to `end`, denser after events and never at one."""
    watched = events[:: max(1, len(events) // _WATCHED)]
    after = (watched[:, None] + _AFTER_EVENT).ravel()
    grid = np.unique(np.concatenate([np.linspace(0, end, 121), after[after < end]]).round(6))
    nearest = np.searchsorted(events, grid)
    before, behind = events[np.maximum(nearest - 1, 0)], events[np.minimum(nearest, len(events) - 1)]
    off = np.minimum(np.abs(grid - before), np.abs(grid - behind)) > _OFF_EVENTS
    return np.asarray(grid[off], dtype=np.float64)


def text(model: Model) -> str:
    """Return the SBML that every simulator gets: `model.structure` with the numbers of `model` in it."""
    parsed = document.read(model.structure)
    inside = parsed.getModel()
    known = {name: v for name, v in model.values.items() if inside.getElementBySId(name) is not None}
    document.set_values(parsed, known, model.initial)
    return document.write(parsed)


def _varied(model: Model, random: np.random.Generator) -> Model:
    changed = {}
    for name in VARIED:
        if name not in model.parameters:  # a waveform takes the place of the calcium pathway
            continue
        factor = 1 + random.choice([-1, 1]) * random.uniform(0.2, 0.5)
        changed[name] = model.parameters[name].model_copy(update={"value": model.values[name] * factor})
    return replace(model, parameters={**model.parameters, **changed})


def _events(stimulus: Stimulus, lag: float) -> Array:
    if isinstance(stimulus, Waveform):
        return LEAD + stimulus.knots()[0]
    return np.unique(np.concatenate([stimulus.spike_times("pre"), stimulus.spike_times("post") + lag]))


def _counts(stimulus: Stimulus, end: float, lag: float) -> Mapping[str, int]:
    if isinstance(stimulus, Waveform):
        return waveform_drive.expected_counts(stimulus, end)
    return drive.expected_counts(stimulus, end, post_lag=lag)


def _title(stimuli: Sequence[Stimulus]) -> str:
    if len(stimuli) == 1:
        return stimuli[0].label
    return f"{stimuli[0].label} to {stimuli[-1].label}"
