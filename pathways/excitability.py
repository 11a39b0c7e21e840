"""Dendritic excitability: A-type potassium channels that activity takes away."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Pathway

PATHWAY = Pathway(
    name="excitability",
    title="A-type potassium channels of the dendrite (Kv4.2)",
    summary=(
        "Strong stimulation takes Kv4.2 channels of the dendrite around the spine inside, for which PKA and "
        "calcium of NMDA receptors are needed. Back-propagating spikes are then larger there for the better "
        "part of an hour."
    ),
    file=__file__,
    needs=("Ca_NMDAR", "PKA_active"),
    contributes={"KA_change": "Kv42 - one"},
    enzymes={"Kv42": Enzyme.by("Kv42_internalisation", meaning="its way inside (S552A)")},
    metaplastic={"Kv42": "Kv4.2 channels in the dendrite's membrane, of those at rest"},
)
