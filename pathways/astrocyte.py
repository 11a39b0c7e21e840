"""An astrocyte's process: 2-AG in, glutamate out, on presynaptic NMDA receptors."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Pathway

PATHWAY = Pathway(
    name="astrocyte",
    title="Astrocyte between 2-AG and presynaptic NMDA receptors",
    summary=(
        "CB1 receptors of an astrocyte turn 2-AG of this synapse and its neighbours into IP3 and a slow rise "
        "of calcium, which lets glutamate out beside the bouton. There presynaptic NMDA receptors see it, as "
        "timing depression in young cortex needs (Min2012)."
    ),
    file=__file__,
    needs=("AG2", "AG2_elsewhere"),
    contributes={"Glu_spill": "Glu_astro"},
    enzymes={
        "astrocyte_CB1R": Enzyme.by("astro_IP3_gain", meaning="CB1 receptors of the astrocyte"),
        "EAAT": Enzyme.by("glial_uptake", meaning="uptake of glutamate by glia (TBOA)"),
    },
    readouts={
        "astro_Ca": "calcium of the astrocyte's process (uM)",
        "Glu_astro": "glutamate that it lets out (uM)",
    },
)
