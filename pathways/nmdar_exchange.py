"""GluN2A for GluN2B: how activity changes the subunits of NMDA receptors."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Pathway

PATHWAY = Pathway(
    name="nmdar_exchange",
    title="Exchange of GluN2B for GluN2A in NMDA receptors",
    summary=(
        "GluN2B goes out of the density and comes back within half an hour, out faster where CaMKII is "
        "active on it. Over hours the calcium of spine and cell sets how much is called back: deprivation "
        "brings GluN2B, activity takes it. Less GluN2B means a shorter current and fewer places for CaMKII."
    ),
    file=__file__,
    needs=(
        "Ca_NMDAR",
        "Ca_VGCC",
        "firing",
        "CaMKII_psd_active",
        "GluN2B_sites",
    ),
    contributes={
        "NMDAR_2B_change": "GluN2B_change",
        "GluN2B_leaving": "GluN2B_leave + GluN2B_CK2*GluN2B_drive",
        "GluN2B_coming": "GluN2B_return*GluN2B_call",
    },
    enzymes={
        "CK2": Enzyme.by("GluN2B_CK2", meaning="casein kinase 2 on GluN2B S1480 (TBB)"),
    },
    metaplastic={
        "GluN2A_GluN2B": "GluN2A over GluN2B in the current of NMDA receptors",
        "Ca_history": "calcium above rest, of spine and cell, over hours (uM)",
    },
)
