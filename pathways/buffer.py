"""An explicit calcium buffer in the spine: chelator or indicator."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

PATHWAY = Pathway(
    name="buffer",
    title="Explicit calcium buffer: BAPTA, EGTA or an indicator",
    summary=(
        "Binds the spine's free calcium by mass action, each part by origin, beyond the endogenous "
        "capacity that the calcium pathway has built in. BAPTA at 10 mM by default; four parameters "
        "make it another chelator, an indicator or a fixed buffer. Resting calcium is unchanged."
    ),
    file=__file__,
    needs=("Ca_NMDAR", "Ca_VGCC", "Ca_rest"),
    gives={
        "buffer_flux_NMDAR": Port(
            "uM/s", "calcium from NMDA receptors that an explicit buffer takes up", optional=True
        ),
        "buffer_flux_VGCC": Port(
            "uM/s", "calcium from voltage-gated channels that an explicit buffer takes up", optional=True
        ),
        "buffer_uptake": Port(
            "1/s", "rate at which an explicit buffer takes up calcium from elsewhere", optional=True
        ),
    },
    molecules={"Buffer*": Molecule("BAPTA", ("chebi:60888",))},
    enzymes={"chelator": Enzyme(totals=("Buffer_total",), meaning="the explicit calcium buffer")},
    readouts={"Buffer_occupied": "fraction of the explicit buffer that holds calcium"},
)
