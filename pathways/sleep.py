"""Sleep: Homer1a scales synapses down and spares the largest."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Pathway

PATHWAY = Pathway(
    name="sleep",
    title="Downscaling in sleep by Homer1a",
    summary=(
        "Homer1a, which the cell's activity makes, enters the density in sleep, when noradrenaline is low, "
        "and removes receptors by way of mGluR5. Synapses on the largest spines are spared. Waking restores "
        "the others."
    ),
    file=__file__,
    needs=("soma_Ca", "noradrenaline", "adenosine", "asleep", "spine_volume"),
    contributes={"receptor_scale": "ln(sleep_scale)"},
    enzymes={
        "Homer1a": Enzyme.by("Homer1a_share", meaning="Homer1a, on mGluR5 in the density"),
    },
    metaplastic={"sleep_scale": "receptors that sleep has left, of those before"},
)
