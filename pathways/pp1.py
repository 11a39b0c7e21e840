"""PP1 and inhibitor-1: the gate that PKA closes and calcineurin opens."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_PP1 = "uniprot:P63088"
_I1 = "uniprot:P19103"

PATHWAY = Pathway(
    name="pp1",
    title="Protein phosphatase 1 and inhibitor-1",
    summary=(
        "PKA phosphorylates inhibitor-1 on Thr35, which then holds PP1. Calcineurin and, slowly, "
        "PP2A dephosphorylate it, free or under PP1, so that a rise of calcineurin sets PP1 free "
        "within seconds and PKA takes it back over minutes."
    ),
    file=__file__,
    needs=("PKA_active", "CaN_active"),
    gives={
        "PP1": Port("uM", "free protein phosphatase 1", kind="species", compartment="spine"),
        "PP1_active": Port("uM", "free PP1, times the activity left by inhibitors"),
        "PP1_activity": Port("1", "fraction of PP1's catalysis left by inhibitors", neutral=1.0),
    },
    molecules={
        "I1": Molecule("inhibitor-1", (_I1,)),
        "I1p": Molecule("inhibitor-1, pThr35", (_I1,)),
        "PP1": Molecule("protein phosphatase 1", (_PP1,)),
        "I1p_PP1": Molecule("PP1 held by inhibitor-1", (_I1, _PP1)),
    },
    enzymes={
        "PP1": Enzyme(
            totals=("PP1_total",),
            activity=("PP1_activity",),
            meaning="protein phosphatase 1; an inhibitor of catalysis leaves its binding",
        ),
        "I1": Enzyme(
            totals=("I1_total",), activity=("I1_on_PP1",), meaning="inhibitor-1 of PP1, switched on by PKA"
        ),
        "PP2A": Enzyme(
            totals=("PP2A_total",),
            activity=("I1_kcat_PP2A",),
            meaning="protein phosphatase 2A on inhibitor-1",
        ),
    },
    metaplastic={
        "PP1_active": "active PP1 (uM)",
        "I1p": "inhibitor-1 that PKA has switched on, free (uM)",
    },
    readouts={
        "PP1_active": "active PP1 (uM)",
    },
)
