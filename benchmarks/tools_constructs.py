"""The rows of the table of tools: what is exported, when it is looked at, what it is compared with."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import kinaptic as kn
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml import build, document, engine
from kinaptic.sbml.model import Model
from kinaptic.sbml.simulate import event_times, expected_counters

Array = NDArray[np.float64]
Stimulus = kn.Protocol | kn.Waveform | None

RTOL = 1e-11  # of the reference
NOTHING = 1e-9  # µM (mV, one): what never is more than that is compared with it
AFTERWARDS = 30.0  # s that a run goes on
_AFTER_EVENT = np.array([0.5, 1.3, 3.1, 7.3, 15.7, 40.3, 90.7, 200.3, 400.9, 700.1]) * 1e-3  # s
_OFF_EVENTS = 1e-4  # s; what a sample on the very time of an event shows differs between tools
_PAIRINGS = kn.stdp("10 ms", pairs=3, rate="2 Hz")
_JOINED = kn.tetanus("50 Hz", "100 ms", inputs=None) + kn.gap("2 s") + _PAIRINGS
_RECORDED = kn.Waveform(  # rests where `ca1` does
    [0, 0.02, 0.2, 1], [0.05, 2, 0.5, 0.05], unit="uM", time_unit="s", max_step="1 s", name="a transient"
)


@dataclass(frozen=True)
class Construct:
    """A synapse under a protocol.

    Attributes
    ----------
    title : str
        What is new in it.
    protocol : Protocol, Waveform or None
        What is written into the file.
    done : tuple of Perturbation
        To the preset ``ca1``.
    """

    title: str
    protocol: Stimulus
    done: tuple[kn.Perturbation, ...] = ()

    @functools.cached_property
    def synapse(self) -> kn.Synapse:
        """What is exported."""
        return kn.Synapse.preset("ca1").with_(*self.done)

    @functools.cached_property
    def model(self) -> Model:
        """What `simulate` runs."""
        return self.synapse.model(self.protocol)

    @property
    def end(self) -> float:
        """End of the run (s)."""
        return (LEAD if self.protocol is None else float(self.protocol.end)) + AFTERWARDS

    @functools.cached_property
    def events(self) -> Array:
        """Times (s) at which something happens: spikes where they arrive, edges, corners of a waveform."""
        lag = self.model.values.get(build.post_lag(self.synapse), 0.0)
        post = self.protocol.spike_times("post") if isinstance(self.protocol, kn.Protocol) else np.empty(0)
        return np.unique([*event_times(self.protocol), *(post + lag)])

    @functools.cached_property
    def times(self) -> Array:
        """Sample times (s), dense after events and never at one."""
        soon = (self.events[:, None] + _AFTER_EVENT).ravel()
        grid = np.unique([*np.linspace(0, self.end, 121), *soon[soon < self.end]])
        return grid[self.apart(grid)]

    def apart(self, times: Array) -> NDArray[np.bool_]:
        """Return which of some times (s) are at no event."""
        return np.array([np.min(np.abs(self.events - t), initial=np.inf) > _OFF_EVENTS for t in times])

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """Species and other states that can change, and readouts."""
        parsed = document.read(self.model.sbml)
        inside = parsed.getModel()
        ruled = {rule.getVariable(): rule.isRate() for rule in inside.getListOfRules()}
        species = [s.getId() for s in inside.getListOfSpecies()]
        free = [n for n in species if n in ruled or not inside.getSpecies(n).getBoundaryCondition()]
        states = [name for name, rate in ruled.items() if rate]
        shown = [name for name in self.model.readouts if name in ruled or name in free]
        return tuple(dict.fromkeys([*free, *states, *shown]))

    @functools.cached_property
    def largest(self) -> Array:
        """Largest absolute value of each of `names` in the run."""
        largest: Array = np.max(np.abs(self.reference(self.names, self.times)), axis=0)
        return np.maximum(largest, NOTHING)

    def reference(self, names: Sequence[str], times: Array) -> Array:
        """Return what `simulate` integrates at a tight tolerance, shape (times, names)."""
        model = replace(self.model, readouts=tuple(names))
        counted = expected_counters(self.synapse, self.protocol, float(times[-1]))
        return engine.run(model, times, (), rtol=RTOL, expected=counted)


def seen_by(tool: str, of: Construct) -> Construct:
    """Return what a tool is given of a row: a NEURON mechanism has no pairings, but calcium from outside."""
    return replace(of, protocol=_RECORDED) if tool == "nmodl" and of.done else of


def _constructs() -> tuple[Construct, ...]:
    return (
        Construct("rest", None),
        Construct("regular train", kn.tetanus("50 Hz", "400 ms")),
        Construct("pairings, pre and post", _PAIRINGS),
        Construct("bursts in pairings", kn.stdp("-15 ms", 3, rate="2 Hz", post_spikes=3, burst_rate="50 Hz")),
        Construct("theta bursts", kn.theta_burst(bursts=3, trains=2, interval="2 s")),
        Construct("spike list", kn.spikes(pre=[0, 0.021, 0.7], post=[0.034, 0.71])),
        Construct("voltage step", kn.depolarization("1 s", to="0 mV")),
        Construct("train, pause, pairings", _JOINED),
        Construct("recorded calcium", _RECORDED),
        Construct("pathway knocked out", _PAIRINGS, (kn.knockout("pka"),)),
        Construct("enzyme knocked out", _PAIRINGS, (kn.knockout("T286"),)),
        Construct("drug", _PAIRINGS, (kn.drug("okadaic acid", "1 uM"),)),
        Construct("clamp", _PAIRINGS, (kn.clamp("cAMP", "0.3 uM", acute=True),)),
        Construct("chelator", _PAIRINGS, (kn.drug("BAPTA", "10 mM"),)),
    )


CONSTRUCTS = {each.title: each for each in _constructs()}
