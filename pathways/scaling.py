"""Homeostatic scaling of all synapses of the cell."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Pathway, Port

PATHWAY = Pathway(
    name="scaling",
    title="Homeostatic synaptic scaling by CaMKIV",
    summary=(
        "CaMKIV in the nucleus follows the calcium of the soma. Less of it than the cell is used to, for a "
        "day or two, and every synapse has more AMPA and NMDA receptors by the same factor; more of it, and "
        "every synapse has fewer."
    ),
    file=__file__,
    needs=("soma_Ca",),
    gives={
        "scaling": Port(
            "1", "receptors of every synapse of the cell, of those at habitual activity", neutral=1.0
        )
    },
    contributes={"receptor_scale": "ln(scaling)"},
    enzymes={"CaMKIV": Enzyme.by("CaMKIV_activity", meaning="CaMKIV of the nucleus")},
    metaplastic={"scaling": "receptors of every synapse of the cell, of those at habitual activity"},
)
