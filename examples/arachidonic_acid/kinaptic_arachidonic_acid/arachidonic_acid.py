"""Arachidonic acid: cut from the spine's membrane by calcium, heard on both sides of the synapse."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_CPLA2 = "uniprot:P50393"

PATHWAY = Pathway(
    name="arachidonic_acid",
    title="Arachidonic acid, a retrograde messenger cut by phospholipase A2",
    summary=(
        "Two calcium ions bring cytosolic phospholipase A2 to the membrane, where it sets arachidonic acid "
        "free. In the spine that helps PKC; in the bouton, if it is active meanwhile, it leaves a mark "
        "from which release grows slowly and lastingly (Williams & Bliss 1989)."
    ),
    file=__file__,
    needs=("Ca", "Ca_pre"),
    gives={
        "arachidonate": Port(
            "uM", "free arachidonic acid in the spine", kind="species", compartment="spine", optional=True
        ),
        "arachidonate_pre": Port(
            "uM", "free arachidonic acid in the bouton", kind="species", compartment="bouton", optional=True
        ),
    },
    contributes={
        "AA": "arachidonate",  # to PKC, where pathway plc is there
        "release_gain": "arachidonate_release_gain*arachidonate_expression",  # to the bouton
    },
    molecules={
        "cPLA2": Molecule("cytosolic phospholipase A2", (_CPLA2,)),
        "cPLA2_Ca": Molecule("cytosolic phospholipase A2 at the membrane", (_CPLA2, "chebi:29108")),
        "arachidonate*": Molecule("arachidonic acid", ("chebi:32395",)),
    },
    enzymes={
        "cPLA2": Enzyme(
            totals=("cPLA2_total",),
            activity=("cPLA2_kcat",),
            meaning="cytosolic phospholipase A2 (AACOCF3); a blocked one still binds calcium",
        ),
    },
    readouts={
        "arachidonate": "free arachidonic acid in the spine (uM)",
        "arachidonate_pre": "free arachidonic acid in the bouton (uM)",
        "arachidonate_expression": "what it has made of release, 0 to 1",
    },
)
