"""Size of the spine: actin, volume, and the density that follows."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Pathway, Port

PATHWAY = Pathway(
    name="spine_size",
    title="Volume of the spine head and size of its density",
    summary=(
        "CaMKII makes the head grow within a minute, small ones more; part of it stays for hours. "
        "Calcineurin and cofilin make it shrink. A larger head dilutes calcium and has a lower neck "
        "resistance. The density, with slots and receptors, follows over hours where there is newly made "
        "protein."
    ),
    file=__file__,
    needs=("CaMKII_psd_active", "CaN_active", "PRP", "late_kinase_share"),
    gives={"spine_volume": Port("1", "volume of the spine head, of a usual one", neutral=1.0)},
    contributes={"spine_growth": "spine_change", "receptor_scale": "ln(psd_size)"},
    enzymes={
        "actin": Enzyme.by("enlargement_rate", meaning="polymerisation of actin (latrunculin)"),
        "cofilin": Enzyme.by("cofilin_rate", meaning="cofilin on actin"),
    },
    metaplastic={
        "spine_volume": "volume of the spine head, of a usual one",
        "psd_size": "size of the density, of that at rest",
    },
)
