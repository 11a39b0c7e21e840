"""Endocannabinoids: the spine makes 2-AG and anandamide, CB1 receptors of the bouton answer."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_DAGL = "uniprot:Q5YLM1"
_CB1R = "uniprot:P20272"
_GI = ("uniprot:P10824", "uniprot:P54311")

PATHWAY = Pathway(
    name="endocannabinoid",
    title="Endocannabinoids: 2-AG, anandamide, TRPV1 and presynaptic CB1 receptors",
    summary=(
        "Spikes switch diacylglycerol lipase on for a third of a second, and it turns what phospholipase "
        "C has made of diacylglycerol into 2-AG; large calcium finds diacylglycerol of its own. Both reach "
        "CB1 receptors, which desensitise. Their Gi closes presynaptic calcium channels; its alpha subunit "
        "slows the presynaptic cyclase already at low activity, its beta-gamma subunits drive it at high "
        "activity. Anandamide opens TRPV1 in the spine."
    ),
    file=__file__,
    needs=("Ca", "DAG", "buffer_uptake"),
    gives={
        "AG2": Port("uM", "2-AG around the synapse", kind="species", compartment="surround"),
        "AEA": Port("uM", "anandamide around the synapse", kind="species", compartment="surround"),
        "CB1R_active": Port("uM", "CB1 receptors that are active", kind="species", compartment="bouton"),
    },
    collects={
        "AG2_elsewhere": Port("uM", "2-AG from other synapses"),
        "DAGL_phos": Port("1/s", "phosphorylation of diacylglycerol lipase, which stops it"),
    },
    contributes={
        "VGCC_inhibition": "VGCC_inhibition_CB1R",
        "AC_pre_inhibition": "AC_pre_inhibition_CB1R",
        "AC_pre_stimulation": "AC_pre_stimulation_CB1R",
        "Ca_elsewhere": "Ca_TRPV1",
    },
    molecules={
        "DAGL": Molecule("diacylglycerol lipase alpha", (_DAGL,)),
        "DAGL_p": Molecule("diacylglycerol lipase alpha, phosphorylated by CaMKII", (_DAGL,)),
        "DAGL_active": Molecule("diacylglycerol lipase alpha, active", (_DAGL,)),
        "AG2": Molecule("2-arachidonoylglycerol", ("chebi:52392",)),
        "AEA": Molecule("anandamide", ("chebi:2700",)),
        "CB1R": Molecule("cannabinoid receptor 1", (_CB1R,)),
        "CB1R_active": Molecule("cannabinoid receptor 1, active", (_CB1R,)),
        "CB1R_desensitised": Molecule("cannabinoid receptor 1, desensitised", (_CB1R,)),
        "Gi": Molecule("Gi, trimeric", _GI),
        "Gi_active": Molecule("Gi, active", _GI),
    },
    enzymes={
        "DAGL": Enzyme(
            totals=("DAGL_total",),
            activity=("DAGL_kcat",),
            meaning="diacylglycerol lipase alpha, which makes 2-AG (tetrahydrolipstatin)",
        ),
        "MAGL": Enzyme(
            totals=("MAGL_total",),
            activity=("MAGL_kcat",),
            meaning="monoacylglycerol lipase, which breaks 2-AG (JZL184)",
        ),
        "FAAH": Enzyme(
            totals=("FAAH_total",),
            activity=("FAAH_kcat",),
            meaning="fatty acid amide hydrolase, which breaks anandamide (URB597)",
        ),
        "CB1R": Enzyme(
            totals=("CB1R_total",),
            activity=("CB1R_activity",),
            meaning="cannabinoid receptor 1; a competitive antagonist (AM251) leaves less of its binding",
        ),
        "Gi": Enzyme(
            totals=("Gi_total",),
            activity=("Gi_on",),
            meaning="Gi/o of the bouton; pertussis toxin uncouples it",
        ),
        "TRPV1": Enzyme(
            totals=("TRPV1_conductance",),
            activity=("TRPV1_activity",),
            meaning="TRPV1 of the spine, opened by anandamide (AMG9810)",
        ),
    },
    metaplastic={
        "DAGL_ready": "diacylglycerol lipase that CaMKII has left to work, of all",
        "CB1R_ready": "CB1 receptors that are not desensitised, of all",
    },
    readouts={
        "AG2": "2-AG around the synapse (uM)",
        "AEA": "anandamide around the synapse (uM)",
        "CB1R_active": "active CB1 receptors (uM)",
        "Gi_active": "active Gi in the bouton (uM)",
    },
)
