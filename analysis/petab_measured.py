"""Weights that were measured with an error, each with the protocol that it was measured after.

They are the paired recordings (`kinaptic.analysis.experiments.paired`) and the points of
``published.yaml`` that have a mean and its standard error. What has a range only is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from kinaptic.analysis.experiments.paired import recordings
from kinaptic.analysis.experiments.paired import rows as recorded
from kinaptic.analysis.published import Point, PointSet, point_sets
from kinaptic.pathways.drugs import drug
from kinaptic.pathways.perturbation import Perturbation
from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.stimulation import stdp


@dataclass(frozen=True)
class Measured:
    """A response after a protocol over that before.

    Attributes
    ----------
    name : str
        Of the experiment; a PEtab identifier.
    protocol : Protocol
        What was done.
    minutes : float
        When it was read, after the end of the protocol.
    mean, sem : float
        Ratio and its standard error.
    n : int or None
        How many experiments, where it is known.
    source : str
        BibTeX key, and where in the paper.
    under : tuple of Perturbation
        What the synapse was under from before the baseline on.
    note : str
        In how far the protocol is not to the letter.
    """

    name: str
    protocol: Protocol
    minutes: float
    mean: float
    sem: float
    n: int | None
    source: str
    under: tuple[Perturbation, ...] = ()
    note: str = ""

    @property
    def key(self) -> str:
        """BibTeX key of the paper."""
        return self.source.split(",")[0]

    @property
    def time(self) -> float:
        """When it was read (s of run time)."""
        return self.protocol.end + 60.0 * self.minutes


def _trains(number: int, every: str, delay: str, rate: str) -> Protocol:
    """Return trains of five pairings."""
    return stdp(delay, number, rate=every, pre_spikes=5, post_spikes=5, burst_rate=rate)


# From the axis of a set of points to its protocol. Other sets have recordings only, or are left out.
_PROTOCOLS: Mapping[str, Callable[[str], Protocol]] = {
    "bi_poo_1998": lambda delay: stdp(delay, 60, rate="1 Hz"),
    "sjostrom_2001_window": lambda delay: _trains(15, "0.1 Hz", delay, "20 Hz"),
    "sjostrom_2001_pre_post": lambda rate: _trains(15, "0.1 Hz", "10 ms", rate),
    "sjostrom_2001_post_pre": lambda rate: _trains(15, "0.1 Hz", "-10 ms", rate),
    "markram_1997_rates": lambda rate: _trains(10, "0.25 Hz", "5 ms", rate),
    "fino_2010": lambda delay: stdp(delay, 100, rate="1 Hz"),
    "cui_2016_window": lambda delay: stdp(delay, 100, rate="1 Hz"),
    "cui_2016_rate_post_pre": lambda rate: stdp("-15 ms", 10, rate=rate),
    "cui_2016_rate_pre_post": lambda rate: stdp("15 ms", 10, rate=rate),
    "cui_2016_pairs_post_pre": lambda pairs: stdp("-15 ms", int(pairs), rate="1 Hz"),
    "cui_2016_pairs_pre_post": lambda pairs: stdp("15 ms", int(pairs), rate="1 Hz"),
}
_LEFT_OUT = {
    "wittenberg_wang_2006": "70 to 100 pairs; which point had how many is not known",
    "dudek_bear_1992": "spans, without a mean and its error",
}


def measured(preset: str) -> tuple[Measured, ...]:
    """Return what was measured on a preset; nothing for a name that is none.

    A number that is published on two curves is there once.
    """
    found: dict[tuple[object, ...], Measured] = {}
    for each in (*_paired(preset), *_points(preset)):
        found.setdefault((each.key, each.protocol, each.under, each.mean, each.sem), each)
    return tuple(found.values())


def left_out(preset: str) -> dict[str, str]:
    """Return the sets of published points on a preset that no measurement is made of: paper → reason."""
    return {
        point_sets()[name].paper: why
        for name, why in _LEFT_OUT.items()
        if point_sets()[name].preset == preset
    }


def _paired(preset: str) -> Iterator[Measured]:
    for each in recordings():
        if each.preset != preset:
            continue
        # In the pipette of the presynaptic cell, hence there before the baseline.
        under = (drug("MK-801 pre", "1 mM", acute=False),) if each.MK801_pre else ()
        source = f"{each.source}, as compiled in Chindemi2022"
        n = int(recorded()[each.name]["n"])
        yield Measured(each.name, each.protocol, _minutes(preset), each.ratio, each.sem, n, source, under)


def _points(preset: str) -> Iterator[Measured]:
    for name, protocol in _PROTOCOLS.items():
        kept = point_sets()[name]
        if kept.preset != preset:
            continue
        for number, point in enumerate(kept.points, start=1):
            mean, sem, n = point.numbers()
            if point.recording is not None or mean is None or sem is None:
                continue
            made = protocol(_quantity(point, kept))
            which, note = f"{name}_{number}", _pooled(point, kept)
            yield Measured(which, made, _minutes(preset), mean, sem, n, kept.source, note=note)


def _minutes(preset: str) -> float:
    """Return how long after the protocol weights are read, as in the rows of `kinaptic validate`."""
    return 50.0 if preset == "striatum" else 30.0


def _quantity(point: Point, kept: PointSet) -> str:
    return f"{point.x:g}" if kept.unit == "1" else f"{point.x!r} {kept.unit}"


def _pooled(point: Point, kept: PointSet) -> str:
    """Return what a point was pooled over, and what else its set says of the protocol."""
    if point.over is None:
        return kept.protocol
    low, high = point.over
    return f"{kept.protocol}; {kept.x} pooled over {low:g} to {high:g} {kept.unit}"
