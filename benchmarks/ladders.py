"""Models of growing size, from the preset ``ca1``: more isoforms of its enzymes, more synapses, more spikes.

The larger ones are its SBML with parts copied under a prefix. They begin at the baseline of ``ca1``.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace

import numpy as np
from benchmarks import copies
from benchmarks.cases import Array, half, samples, text

import kinaptic as kn
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml import build, drive
from kinaptic.sbml.assemble import declared_species
from kinaptic.sbml.model import Model
from kinaptic.sbml.structure import Structure

AFTERWARDS = 100.0  # s that a run goes on after its last spike
PAIRINGS = 100  # in a network of synapses, dealt out to all of them
COMMON = ("calcium", "calmodulin")  # the pathways that all isoforms read
_FEW = ("calcium", "calmodulin", "calcineurin")
CLOCKWORK = {"clock", "clock_speed", "counter_drift", "zero"}  # one for all synapses
DIFFUSION, EXCHANGE, CELL = 0.01, 0.005, 5.0  # fL/s between neighbours, fL/s with the cell, fL of it
_FIVE = kn.stdp(delay="10 ms", pairs=5, rate="1 Hz")
_VARIED = "Ca_extrusion"  # 1/s; differs from lane to lane, so that each has steps of its own


@dataclass(frozen=True)
class Rung:
    """One model of a ladder.

    Attributes
    ----------
    size : int
        What grows: states, synapses or spikes.
    states : int
        Species and variables that have a rate.
    model : Model
        To be run; its numbers are in the text.
    events : ndarray
        Times (s) at which it is kicked, ascending.
    varied : mapping of str to float
        Constants that differ from run to run, with their values.
    """

    size: int
    states: int
    model: Model = field(repr=False)
    events: Array = field(repr=False)
    varied: dict[str, float] = field(repr=False)

    @property
    def times(self) -> Array:
        """Sample times (s), dense after spikes and never at one."""
        return samples(self.events, float(self.events[-1]) + AFTERWARDS)

    def runs(self, count: int) -> list[Model]:
        """Return runs of the model."""
        return [self._run(1 + 0.02 * i) for i in range(count)]

    def _run(self, factor: float) -> Model:
        changed = {
            name: Parameter(value=value * factor, unit="1/s", source="assumed: each run of its own")
            for name, value in self.varied.items()
        }
        return replace(self.model, parameters={**self.model.parameters, **changed})


def species(count: int) -> Rung:
    """Return ``ca1`` with several isoforms of everything downstream of calmodulin, under five pairings.

    With none at all it is a synapse of three pathways.
    """
    model = build.model(half() if count else kn.Synapse.of(*_FEW), _FIVE)
    if count == 0:
        return _rung(text(model), model, _FIVE)
    parts = copies.Parts(text(model))
    common = {s for name in COMMON for s in declared_species(pathway(name).antimony)}
    private = parts.following({copies.own(s) for s in parts.elements["Species"]} - common)
    prefixes = ["", *(f"i{i}_" for i in range(1, count))]
    return _rung(parts.document(parts.written(private, prefixes)), model, _FIVE)


def synapses(count: int) -> Rung:
    """Return synapses ``ca1`` that share cAMP, each with its two neighbours and with the cell.

    A hundred pairings, one a second, are dealt out to them in turn: the network as a whole sees as many
    spikes whatever its size.
    """
    protocol = kn.stdp(delay="10 ms", pairs=PAIRINGS, rate="1 Hz")
    model = build.model(half(), protocol)
    parts = copies.Parts(text(model))
    prefixes = [f"s{i}_" for i in range(count)]
    elements = parts.written(parts.names - CLOCKWORK, prefixes)
    messengers = [f"{prefix}cAMP" for prefix in prefixes]
    elements["Compartments"].append(copies.compartment("cell", CELL))
    elements["Species"].append(copies.species("cell_cAMP", within="cell", begins=model.initial["cAMP"]))
    elements["Parameters"] += [
        copies.parameter("diffusion", DIFFUSION),
        copies.parameter("exchange", EXCHANGE),
    ]
    elements["Reactions"] += [
        *(copies.even_out(a, b, by="diffusion") for a, b in itertools.pairwise(messengers)),
        *(copies.even_out(a, "cell_cAMP", by="exchange") for a in messengers),
    ]
    given = {}
    for turn, prefix in enumerate(prefixes):
        given[f"{prefix}stim_1_start"] = model.values["stim_1_start"] + turn
        given[f"{prefix}stim_1_rate"] = 1.0 / count
        given[f"{prefix}stim_1_bursts"] = float(PAIRINGS // count)
    made = copies.with_values(parts.document(elements), given)
    readouts = [
        f"{prefix}{name}" for prefix in dict.fromkeys((prefixes[0], prefixes[-1])) for name in model.readouts
    ]
    rung = _rung(made, model, protocol, prefix=prefixes[0])
    return replace(rung, size=count, model=replace(rung.model, readouts=tuple(readouts)))


def train(spikes: int) -> Rung:
    """Return ``ca1`` under a regular train of presynaptic spikes at 20 Hz."""
    return _driven(kn.low_frequency(rate="20 Hz", pulses=spikes), spikes)


def listed(spikes: int) -> Rung:
    """Return ``ca1`` under as many presynaptic spikes at irregular times, 20 a second on average."""
    gaps = np.random.default_rng(1).uniform(0.02, 0.08, spikes)
    return _driven(kn.spikes(pre=(np.cumsum(gaps) - gaps[0]).tolist()), spikes)


def _driven(protocol: Protocol, spikes: int) -> Rung:
    model = build.model(half(), protocol)
    return replace(_rung(text(model), model, protocol), size=spikes)


def _rung(written: str, model: Model, protocol: Protocol, *, prefix: str = "") -> Rung:
    events = np.unique(np.concatenate([protocol.spike_times("pre"), protocol.spike_times("post")]))
    clockwork = {name: model.parameters[name] for name in drive.CONSTANTS if name in model.parameters}
    made = Model(model.name, Structure(written, written, {}, {}, {}), clockwork, {}, model.readouts)
    return Rung(
        _states(written), _states(written), made, events, {f"{prefix}{_VARIED}": model.values[_VARIED]}
    )


def _states(written: str) -> int:
    """Return the number of species and variables that have a rate."""
    still = len(re.findall(r'<species [^>]*boundaryCondition="true"', written))
    return written.count("<species ") - still + written.count("<rateRule ")
