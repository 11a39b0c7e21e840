"""mGluR5, Gq and phospholipase C: DAG counts glutamate that comes just after calcium."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_MGLUR5 = "uniprot:P31424"
_GQ = "uniprot:P82471"
_PLC = "uniprot:P10687"
_PKC = "uniprot:P63319"
_CALCIUM, _GLUTAMATE, _GTP = "chebi:29108", "chebi:29985", "chebi:37565"
_DAG, _AA = "chebi:18035", "chebi:15843"

PATHWAY = Pathway(
    name="plc",
    title="mGluR5, Gq, phospholipase C, IP3 and its stores, DAG and protein kinase C",
    summary=(
        "A glutamate pulse frees a burst of Gq from receptors that hold it ready; GTP lasts a few "
        "milliseconds. Phospholipase C that calcium has primed before catches it, so that DAG and IP3 "
        "rise where a spike precedes glutamate; much calcium makes some by itself. IP3 opens stores, "
        "where a spine has them. Calcium, DAG and arachidonic acid switch protein kinase C on, which "
        "desensitises mGluR5. After Kim (2013) and Maki-Marttunen (2020)."
    ),
    file=__file__,
    needs=("Glu", "Ca", "buffer_uptake"),
    gives={
        "DAG": Port("uM", "diacylglycerol", kind="species", compartment="spine"),
        "IP3": Port("uM", "inositol trisphosphate", kind="species", compartment="spine"),
        "PKC_active": Port("uM", "active protein kinase C, times the activity left by inhibitors"),
        "mGluR_active": Port("uM", "mGluR5 with glutamate"),
    },
    collects={
        "AA": Port("uM", "free arachidonic acid in the spine"),
    },
    contributes={"Ca_elsewhere": "Ca_store"},
    molecules={
        "mGluR5": Molecule("mGluR5", (_MGLUR5,)),
        "mGluR5_Gq": Molecule("mGluR5 with Gq", (_MGLUR5, _GQ)),
        "mGluR5_Glu": Molecule("mGluR5 with glutamate", (_MGLUR5, _GLUTAMATE)),
        "mGluR5_Glu_Gq": Molecule("mGluR5 with glutamate and Gq", (_MGLUR5, _GLUTAMATE, _GQ)),
        "mGluR5_p": Molecule("mGluR5, desensitised by phosphorylation", (_MGLUR5,)),
        "Gq": Molecule("Gq, trimer with GDP", (_GQ,)),
        "Gq_GTP": Molecule("Gq alpha with GTP", (_GQ, _GTP)),
        "PLC": Molecule("phospholipase C beta", (_PLC,)),
        "PLC_Ca": Molecule("phospholipase C beta with calcium", (_PLC, _CALCIUM)),
        "PLC_Ca_Gq": Molecule("phospholipase C beta with calcium and Gq alpha", (_PLC, _CALCIUM, _GQ)),
        "PIP2": Molecule("phosphatidylinositol 4,5-bisphosphate", ("chebi:18348",)),
        "IP3": Molecule("inositol 1,4,5-trisphosphate", ("chebi:16595",)),
        "DAG": Molecule("diacylglycerol", (_DAG,)),
        "PKC": Molecule("protein kinase C", (_PKC,)),
        "PKC_Ca": Molecule("protein kinase C with calcium", (_PKC, _CALCIUM)),
        "PKC_DAG": Molecule("protein kinase C with DAG", (_PKC, _DAG)),
        "PKC_Ca_DAG": Molecule("protein kinase C with calcium and DAG", (_PKC, _CALCIUM, _DAG)),
        "PKC_AA": Molecule("protein kinase C with arachidonic acid", (_PKC, _AA)),
        "PKC_Ca_AA": Molecule("protein kinase C with calcium and arachidonic acid", (_PKC, _CALCIUM, _AA)),
        "PKC_Ca_DAG_AA": Molecule(
            "protein kinase C with calcium, DAG and arachidonic acid", (_PKC, _CALCIUM, _DAG, _AA)
        ),
    },
    enzymes={
        "mGluR5": Enzyme(
            totals=("mGluR5_total",),
            activity=("mGluR5_on_Glu",),
            meaning="mGluR5; an antagonist (MPEP) keeps glutamate from acting",
        ),
        "Gq": Enzyme(
            totals=("Gq_total",), activity=("Gq_exchange",), meaning="Gq and its exchange of GDP for GTP"
        ),
        "PLC": Enzyme(
            totals=("PLC_total",),
            activity=("PLC_kcat_Gq", "PLC_kcat_Ca"),
            meaning="phospholipase C beta (U73122); the trickle of other isoforms stays",
        ),
        "DAG_kinase": Enzyme(
            totals=("DAG_kinase_rate",),
            activity=("DAG_kinase_rate",),
            meaning="DAG kinase, the main sink of DAG",
        ),
        "IP3R": Enzyme(totals=("IP3R_flux",), activity=("IP3R_flux",), meaning="IP3 receptors of the stores"),
        "SERCA": Enzyme(
            totals=("SERCA_flux",),
            activity=("SERCA_flux",),
            meaning="the pump that fills stores (thapsigargin)",
        ),
        "PKC": Enzyme(
            totals=("PKC_total",),
            activity=("PKC_activity",),
            meaning="protein kinase C; an inhibitor of catalysis leaves its binding",
        ),
    },
    metaplastic={"mGluR5_ready": "mGluR5 that is not desensitised, of all"},
    readouts={
        "DAG": "diacylglycerol (uM)",
        "IP3": "inositol trisphosphate (uM)",
        "PKC_active": "active protein kinase C (uM)",
        "Ca_store": "spine calcium from stores (uM)",
    },
)
