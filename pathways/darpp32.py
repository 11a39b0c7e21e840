"""PP1 and DARPP-32: the striatal form of the gate that PKA closes and calcineurin opens."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_PP1 = "uniprot:P63088"
_DARPP32 = "uniprot:Q6J4I0"

PATHWAY = Pathway(
    name="darpp32",
    title="Protein phosphatase 1 and DARPP-32",
    summary=(
        "As pathway pp1, with DARPP-32 in the place of inhibitor-1: PKA phosphorylates Thr34, the "
        "phosphoprotein holds PP1 more loosely, and calcineurin and PP2A dephosphorylate it (Li 2012)."
    ),
    file=__file__,
    needs=("PKA_active", "CaN_active"),
    gives={
        "PP1": Port("uM", "free protein phosphatase 1", kind="species", compartment="spine"),
        "PP1_active": Port("uM", "free PP1, times the activity left by inhibitors"),
        "PP1_activity": Port("1", "fraction of PP1's catalysis left by inhibitors", neutral=1.0),
    },
    molecules={
        "D32": Molecule("DARPP-32", (_DARPP32,)),
        "D32p": Molecule("DARPP-32, pThr34", (_DARPP32,)),
        "PP1": Molecule("protein phosphatase 1", (_PP1,)),
        "D32p_PP1": Molecule("PP1 held by DARPP-32", (_DARPP32, _PP1)),
    },
    enzymes={
        "PP1": Enzyme(
            totals=("PP1_total",),
            activity=("PP1_activity",),
            meaning="protein phosphatase 1; an inhibitor of catalysis leaves its binding",
        ),
        "DARPP32": Enzyme(
            totals=("D32_total",), activity=("D32_on_PP1",), meaning="DARPP-32, switched on by PKA"
        ),
        "PP2A": Enzyme(
            totals=("PP2A_total",), activity=("D32_kcat_PP2A",), meaning="protein phosphatase 2A on DARPP-32"
        ),
    },
    metaplastic={
        "PP1_active": "active PP1 (uM)",
        "D32p": "DARPP-32 that PKA has switched on, free (uM)",
    },
    readouts={
        "PP1_active": "active PP1 (uM)",
    },
    replaces="pp1",
)
