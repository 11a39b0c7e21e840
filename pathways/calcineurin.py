"""Calcineurin (PP2B) on the nine states of calmodulin."""

from __future__ import annotations

from kinaptic.pathways.calmodulin import PATHWAY as CALMODULIN
from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

PATHWAY = Pathway(
    name="calcineurin",
    title="Calcineurin, the closed nine-state scheme",
    summary=(
        "Calcineurin binds calmodulin in every calcium state and is active with Ca4CaM only. One "
        "set of affinities, closed around every square, meets the titrations of Stemmer & Klee "
        "(1994) at two calmodulin concentrations and that of O'Donnell (2011) without calcium."
    ),
    file=__file__,
    needs=("Ca", *CALMODULIN.gives),
    gives={"CaN_active": Port("uM", "calcineurin with Ca4CaM, times the activity left by inhibitors")},
    molecules={
        "CaN": Molecule("calcineurin", ("uniprot:P63329", "uniprot:P63100")),
        "CaN_C?N?": Molecule(
            "calcineurin with calmodulin", ("uniprot:P63329", "uniprot:P63100", "uniprot:P0DP29")
        ),
    },
    enzymes={
        "calcineurin": Enzyme(
            totals=("CaN_total",),
            activity=("CaN_activity",),
            meaning="PP2B; an inhibitor leaves its calmodulin binding",
        )
    },
    readouts={"CaN_active": "active calcineurin (uM)"},
)
