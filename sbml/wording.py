"""A synapse and a protocol in words, as figures, tables and files say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinaptic.pathways.catalogue import ports
from kinaptic.pathways.protocol import Protocol

if TYPE_CHECKING:
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.synapse import Synapse

SET_BY_USER = "assumed: set by the user of the model"


def sentence(protocol: Protocol | Waveform | None) -> str:
    """Return what was done to the synapse in words."""
    if protocol is None:
        return "No stimulation"
    if isinstance(protocol, Protocol):
        text = str(protocol)
        return text[:1].upper() + text[1:]
    name = f" {protocol.name}" if protocol.name else ""
    return f"Recorded calcium{name}: {protocol.duration:.3g} s, peak {protocol.peak:.3g} µM"


def changes(synapse: Synapse) -> list[str]:
    """Return in words how a synapse differs from its preset."""
    perturbed = {p.target for p in synapse.perturbations}
    found = [f"{name} held at {value:g} {ports()[name][0].unit}" for name, value in synapse.clamped]
    found += [f"without {name}" for name in synapse.absent if name not in perturbed]
    found += [f"{name} = {p.note}" for name, p in synapse.settings if p.source == SET_BY_USER]
    history = [] if synapse.start is None else [f"begins {synapse.start.words}"]
    return [f.replace(" uM", " µM").replace(" um", " µm").removesuffix(" 1") for f in found] + [
        *map(str, synapse.perturbations),
        *history,
    ]
