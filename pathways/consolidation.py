"""Consolidation: tags, plasticity-related protein, and the late state that holds for a day."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

PATHWAY = Pathway(
    name="consolidation",
    title="Synaptic tagging and capture, from early to late plasticity",
    summary=(
        "Anchored CaMKII sets a tag of potentiation, calcineurin one of depression; tags fade in an hour "
        "or two. Translation, which ERK and mTOR switch on, makes plasticity-related protein where PKA "
        "allows it, shared by the stretch of dendrite. A tagged synapse captures it: a kinase that "
        "keeps itself in place holds the slots of AMPA receptors, or a phosphatase releases them."
    ),
    file=__file__,
    needs=("CaMKII_psd_active", "CaN_active", "PKA_active", "translation"),
    gives={
        "PRP_made": Port("uM/s", "plasticity-related protein that this synapse makes"),
        "late_kinase_share": Port("1", "late kinase in its places, of all"),
        "PRP": Port("uM", "newly made plasticity-related protein", kind="species", compartment="cell"),
    },
    collects={"PRP_supply": Port("uM/s", "plasticity-related protein that other synapses make")},
    contributes={
        "slot_hold": "late_hold*late_kinase_activity*late_kinase_share",
        "slot_release": "late_release*late_phosphatase_activity*late_phosphatase_share",
    },
    molecules={
        "PRP": Molecule("plasticity-related protein", ("go:0048167",)),
        "late_kinase": Molecule("kinase that keeps itself active, as PKMzeta", ("uniprot:P09217",)),
        "late_phosphatase": Molecule("phosphatase of late depression", ("go:0004722",)),
    },
    enzymes={
        "PRP": Enzyme(totals=("PRP_rate",), activity=("late_capture",), meaning="plasticity-related protein"),
        "late_kinase": Enzyme(
            totals=("late_hold",),
            activity=("late_kinase_activity",),
            meaning="kinase of late potentiation, as PKMzeta (ZIP)",
        ),
        "late_phosphatase": Enzyme(
            totals=("late_release",),
            activity=("late_phosphatase_activity",),
            meaning="phosphatase of late depression",
        ),
    },
    metaplastic={
        "LTP_tag": "tag of potentiation, of a full one",
        "LTD_tag": "tag of depression, of a full one",
        "PRP": "plasticity-related protein (uM)",
    },
    readouts={
        "PRP": "plasticity-related protein (uM)",
        "LTP_tag": "tag of potentiation, of a full one",
        "LTD_tag": "tag of depression, of a full one",
        "late_kinase_share": "late kinase in its places, of all",
        "late_phosphatase_share": "late phosphatase in its places, of all",
    },
)
