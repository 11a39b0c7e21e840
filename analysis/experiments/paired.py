"""Paired recordings: pre- and postsynaptic cell patched, EPSPs compared before and after pairings."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from kinaptic.pathways.stimulation import stdp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kinaptic.pathways.protocol import Protocol

_PRESETS = {"L5TTPC": "l5", "L23PC": "l23"}  # by the postsynaptic cell
_KEYS = {
    "Markram et al. 1997": "Markram1997",
    "Egger et al. 1999": "Egger1999",
    "Sjostrom et al. 2001": "Sjostrom2001",
    "Rodriguez-Moreno and Paulsen 2008": "RodriguezMoreno2008",
    "Sjostrom and Hausser 2006": "Sjostrom2006",
}
_MK801_PRE = ("rmp08_01", "rmp08_03")  # with MK-801 in the presynaptic pipette


@dataclass(frozen=True)
class Recording:
    """One experiment.

    Attributes
    ----------
    name : str
        As in the compilation: ``"sjs01_08"``.
    preset : str
        The synapse.
    protocol : Protocol
        What was done.
    ratio, sem : float
        EPSP after over before; mean and its standard error.
    source : str
        BibTeX key.
    MK801_pre : bool
        Whether presynaptic NMDA receptors were blocked.
    """

    name: str
    preset: str
    protocol: Protocol
    ratio: float
    sem: float
    source: str
    MK801_pre: bool


@functools.cache
def recordings() -> tuple[Recording, ...]:
    """Return the fourteen experiments of ``PairedRecordings.csv`` (Chindemi 2022)."""
    return tuple(_recording(line) for line in rows().values())


@functools.cache
def rows() -> Mapping[str, dict[str, str]]:
    """Return the rows of ``PairedRecordings.csv`` as they are, by name."""
    folder = resources.files("kinaptic.analysis.experiments")
    text = folder.joinpath("PairedRecordings.csv").read_text(encoding="utf-8")
    return {row["id"]: row for row in csv.DictReader(x for x in text.splitlines() if not x.startswith("#"))}


def _recording(line: dict[str, str]) -> Recording:
    spikes, rate = int(line["spikes_per_train"]), f"{line['train_rate_hz']} Hz"
    delay, sweeps = f"{line['delay_ms']} ms", int(line["sweeps"])
    if spikes == 1:
        protocol = stdp(delay, sweeps, rate=rate)
    else:
        every = f"{1 / float(line['sweep_period_s'])!r} Hz"
        protocol = stdp(delay, sweeps, rate=every, pre_spikes=spikes, post_spikes=spikes, burst_rate=rate)
    return Recording(
        line["id"],
        _PRESETS[line["post"]],
        protocol,
        float(line["epsp_ratio_mean"]),
        float(line["epsp_ratio_sem"]),
        _KEYS[line["reference"]],
        line["id"] in _MK801_PRE,
    )
