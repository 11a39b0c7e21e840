"""How rows weigh a synapse: a protocol, a blocker, a readout some minutes after.

Weights are relative to the baseline. A blocker is washed in as the run begins, and its run is
divided by one without stimulus under the same blocker.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kinaptic.analysis.experiments.row import Range, Row, Verified
from kinaptic.pathways.stimulation import low_frequency, stdp, tetanus
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.pathways.perturbation import Perturbation
    from kinaptic.pathways.protocol import Protocol

    Blocker = tuple[Perturbation, ...]

NONE: Blocker = ()
SAME = (0.95, 1.05)
LTP = (1.05, None)
LTD = (None, 0.95)
LOST = (0.95, None)  # LTD is

HFS = tetanus("100 Hz", "1 s")
FOUR = tetanus("100 Hz", "1 s", trains=4, interval="5 min")
_LENGTHS = {HFS: 240.0, FOUR: 480.0}  # minutes that runs go on, so that rows share them
_LENGTH = 60.0


def lfs(rate: float) -> Protocol:
    """Return 900 pulses at a rate (1/s)."""
    return low_frequency(f"{rate} Hz", 900)


def pairing(delay: float, pairs: int = 60) -> Protocol:
    """Return pairs at 1 Hz, the postsynaptic spike `delay` (ms) after the presynaptic one."""
    return stdp(f"{delay} ms", pairs, rate="1 Hz")


def read(
    lab: Lab,
    protocol: Protocol,
    *,
    after: float,
    blocker: Blocker = NONE,
    name: str = "weight",
    synapse: Synapse | str = "ca1",
) -> float:
    """Return a readout `after` minutes, relative to the same synapse left alone.

    Parameters
    ----------
    lab : Lab
        Where runs are shared.
    protocol : Protocol
        The stimulus.
    after : float
        Minutes after its end.
    blocker : tuple of Perturbation
        What is washed in, or was there from birth.
    name : str
        Column of the traces.
    synapse : Synapse or str
        Which one, or a preset's name.
    """
    made = (Synapse.preset(synapse) if isinstance(synapse, str) else synapse).with_(*blocker)
    return lab.readout(made, protocol, name, after=after, minutes=_LENGTHS.get(protocol, _LENGTH))


def taken_off(
    lab: Lab,
    protocol: Protocol,
    *,
    after: float,
    blocker: Blocker,
    name: str = "weight",
    synapse: Synapse | str = "ca1",
) -> float:
    """Return what a blocker takes off a readout."""
    free = read(lab, protocol, after=after, name=name, synapse=synapse)
    return free - read(lab, protocol, after=after, blocker=blocker, name=name, synapse=synapse)


def weight_row(
    id_: str,
    title: str,
    source: str,
    verified: Verified,
    expected: float | Range,
    protocol: Protocol,
    *,
    after: float,
    blocker: Blocker = NONE,
    name: str = "weight",
    synapse: Synapse | str = "ca1",
    tolerance: float = 0.0,
    note: str = "",
) -> Row:
    """Return a row of a weight, or another readout, some minutes after a protocol."""
    measure = partial(read, protocol=protocol, after=after, blocker=blocker, name=name, synapse=synapse)
    title = f"{title}, {after:g} min"
    return Row(id_, title, source, verified, "1", expected, measure, tolerance, slow=True, note=note)


def block_row(
    id_: str,
    title: str,
    source: str,
    expected: float | Range,
    protocol: Protocol,
    *,
    after: float,
    blocker: Blocker,
    name: str = "weight",
    synapse: Synapse | str = "ca1",
    verified: Verified = "abs",
    tolerance: float = 0.0,
    note: str = "",
) -> Row:
    """Return a row of what a blocker takes off the weight."""
    measure = partial(taken_off, protocol=protocol, after=after, blocker=blocker, name=name, synapse=synapse)
    title = f"{title}, {after:g} min"
    return Row(id_, title, source, verified, "1", expected, measure, tolerance, slow=True, note=note)
