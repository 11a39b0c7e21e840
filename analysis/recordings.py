"""Time courses of the enzymes under each calibration protocol, from runs of the whole synapse."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinaptic.analysis.receptors import INPUTS
from kinaptic.pathways.perturbation import Perturbation, inhibit, knockout
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.stimulation import low_frequency, stdp, tetanus
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

Array = NDArray[np.float64]
MINUTE = 60.0
_PER_SECOND = 25  # samples that a mean is taken over, while spikes come
_AFTER = 20.0  # s that spikes still tell
_OFF_EVENTS = 1.37e-5  # s; no sample on the time of a spike


def _pairs(delay: str) -> Protocol:
    return stdp(delay, 60, rate="1 Hz")


_TETANUS = tetanus("100 Hz", "1 s")
_SLOW = low_frequency("1 Hz", 900)
_NOTHING: tuple[Perturbation, ...] = ()
# Protocol, inhibitors, and how many minutes after it are looked at.
PROTOCOLS: Mapping[str, tuple[Protocol | None, tuple[Perturbation, ...], float]] = {
    **{f"{f} Hz": (low_frequency(f"{f} Hz", 900), _NOTHING, 61) for f in (1, 3, 10, 50)},
    "tetanus": (_TETANUS, _NOTHING, 181),
    **{f"pairs {d} ms": (_pairs(f"{d} ms"), _NOTHING, 61) for d in (5, 10, 40, -10, -25)},
    "1 Hz, calcineurin": (_SLOW, (inhibit("calcineurin", 1),), 31),
    "rest, calcineurin": (None, (inhibit("calcineurin", 1),), 47),
    "1 Hz, PP1": (_SLOW, (inhibit("PP1", 1),), 31),
    "rest, PP1": (None, (inhibit("PP1", 1),), 47),
    "tetanus, PP1": (_TETANUS, (inhibit("PP1", 1),), 31),
    "tetanus, PKA": (_TETANUS, (inhibit("PKA", 1),), 61),
    "rest, PKA": (None, (inhibit("PKA", 1),), 62),
    "tetanus, T286A": (_TETANUS, (knockout("T286"),), 31),
    "tetanus, CaMKII": (_TETANUS, (inhibit("CaMKII", 1),), 31),
    "rest, CaMKII": (None, (inhibit("CaMKII", 1),), 47),
    "pairs 10 ms, NMDAR": (_pairs("10 ms"), (inhibit("NMDAR", 1),), 31),
}


@dataclass(frozen=True)
class Recording:
    """What the enzymes did.

    Attributes
    ----------
    edges : ndarray, shape (bins + 1,)
        Times (s of run time) between which the means are taken.
    means : ndarray, shape (bins, inputs)
        Mean of each input of the AMPA-receptor pathway (µM) in each bin.
    end : float
        End of the protocol (s of run time).
    genetic : bool
        Whether the synapse differs already at rest, and so has a baseline of its own.
    """

    edges: Array
    means: Array
    end: float
    genetic: bool = False


def record(synapse: Synapse, name: str) -> Recording:
    """Return the time courses under the protocol `name` of `PROTOCOLS`."""
    protocol, inhibitors, minutes = PROTOCOLS[name]
    end = LEAD if protocol is None else protocol.end
    edges = _edges(protocol, end, minutes * MINUTE)
    last_spike = 0.0 if protocol is None else end + _AFTER
    times, bins = [], []
    for index, (low, high) in enumerate(itertools.pairwise(edges)):
        count = int((high - low) * _PER_SECOND) if low < last_spike else 3
        times.append(low + (np.arange(count) + 0.5) / count * (high - low) + _OFF_EVENTS)
        bins.append(np.full(count, index))
    samples, where = np.concatenate(times), np.concatenate(bins)
    run = simulate(
        synapse.with_(*inhibitors),
        protocol,
        until=f"{samples[-1] + 1:.6f} s",
        samples=samples.tolist(),
        rtol=1e-6,
    )
    counts = np.bincount(where)
    means = [np.bincount(where, run.traces[i].to_numpy()) / counts for i in INPUTS]
    genetic = any(not p.acute for p in inhibitors)
    return Recording(edges, np.stack(means, axis=1), end, genetic)


def _edges(protocol: Protocol | None, end: float, after: float) -> Array:
    """Return bin edges: a second while short protocols last, five for long ones, then wider."""
    if protocol is None:
        return np.arange(0.0, end + after + 5, 5.0)
    width = 1.0 if end < 330 else 5.0
    during = np.arange(0.0, end + MINUTE, width)
    early = np.arange(during[-1], during[-1] + 10 * MINUTE, 5.0)[1:]
    late = np.arange(early[-1], end + after + 8, 8.0)[1:]
    return np.concatenate([during, early, late])
