"""Calmodulin's nine calcium states, and neurogranin."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_STATES = tuple(f"CaM_C{c}N{n}" for n in range(3) for c in range(3))

PATHWAY = Pathway(
    name="calmodulin",
    title="Calmodulin, nine lobe states, with neurogranin",
    summary=(
        "Two lobes with two calcium sites each, in sequence: nine states by exact mass action "
        "(Pepke 2010). Neurogranin holds the calcium-free state. Its targets take calmodulin from "
        "the same pool, so they compete for it."
    ),
    file=__file__,
    needs=("Ca",),
    gives={
        state: Port(
            "uM",
            f"free calmodulin with {state[5]} Ca on the C and {state[7]} on the N lobe",
            kind="species",
            compartment="spine",
        )
        for state in _STATES
    },
    molecules={
        "CaM_C?N?": Molecule("calmodulin", ("uniprot:P0DP29",)),
        "Ng": Molecule("neurogranin", ("uniprot:Q04940",)),
        "Ng_CaM": Molecule("neurogranin with apo-calmodulin", ("uniprot:Q04940", "uniprot:P0DP29")),
    },
    enzymes={
        "calmodulin": Enzyme(totals=("CaM_total",), meaning="calmodulin"),
        "neurogranin": Enzyme(totals=("Ng_total",), meaning="neurogranin"),
    },
    readouts={"Ca4CaM": "free calmodulin with four calcium ions (uM)"},
)
