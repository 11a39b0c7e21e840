"""AMPA receptors: phosphorylation, trafficking, slots, and the postsynaptic weight."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_GLUA1, _GLUA2, _TARP = "uniprot:P19490", "uniprot:P19491", "uniprot:Q8VHW5"

PATHWAY = Pathway(
    name="ampar",
    title="AMPA receptors in four phospho-states over three pools, with slots",
    summary=(
        "GluA1/GluA2 receptors carry S831 (CaMKII, PP1) and S845 (PKA, calcineurin, PP1); S845 sends "
        "them to the membrane, S831 raises their conductance. Slots in the density hold a limited "
        "number, better when CaMKII has phosphorylated their TARP, worse when PP1 and calcineurin "
        "have freed it. The weight is the sum of receptors in slots times conductance."
    ),
    file=__file__,
    needs=("CaMKII_active", "CaMKII_psd_active", "PKA_active", "PP1_active", "CaN_active"),
    gives={"weight_post": Port("1", "receptors in slots times conductance, before it is made relative")},
    collects={
        "receptor_scale": Port(
            "1", "logarithm of receptors in all synapses, of those at rest", optional=True
        ),
        "slot_hold": Port("1/s", "phosphorylation of TARPs by newly made kinase"),
        "slot_release": Port("1/s", "dephosphorylation of TARPs by newly made phosphatase"),
    },
    molecules={
        "GluA1_*": Molecule("GluA1/GluA2 AMPA receptor", (_GLUA1, _GLUA2)),
        "GluA2_*": Molecule("GluA2/GluA3 AMPA receptor", (_GLUA2, "uniprot:P19492")),
        "slot": Molecule("free slot, TARP on its scaffold", (_TARP, "uniprot:P31016")),
        "pslot": Molecule("free slot, TARP phosphorylated", (_TARP, "uniprot:P31016")),
        "*slot_GluA1*": Molecule(
            "GluA1/GluA2 AMPA receptor in a slot", (_GLUA1, _GLUA2, _TARP, "uniprot:P31016")
        ),
        "*slot_GluA2": Molecule(
            "GluA2/GluA3 AMPA receptor in a slot", (_GLUA2, "uniprot:P19492", _TARP, "uniprot:P31016")
        ),
    },
    enzymes={
        "GluA1": Enzyme(totals=("GluA1_total",), meaning="GluA1/GluA2 receptors"),
        "slots": Enzyme(totals=("slot_total",), meaning="slots in the density"),
        "S831": Enzyme.by(
            "S831_CaMKII",
            "S831_CaMKII_cytosol",
            "S831_basal_on",
            meaning="phosphorylation of S831; knocked out it is S831A",
        ),
        "S845": Enzyme.by(
            "S845_PKA", "S845_basal_on", meaning="phosphorylation of S845; knocked out it is S845A"
        ),
        "TARP": Enzyme.by("slot_CaMKII", "slot_basal_on", meaning="phosphorylation of TARPs"),
    },
    readouts={
        "quantal_size": "response to one vesicle at -70 mV (pA)",
        "AMPAR_psd": "AMPA receptors in slots (uM of the density)",
        "GluA1_pS831": "fraction of GluA1 on the surface with S831 phosphate",
        "GluA1_pS845": "fraction of GluA1 on the surface with S845 phosphate",
    },
)
