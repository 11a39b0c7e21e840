"""CaMKII: activation by calmodulin, autonomy, and the pool anchored in the density."""

from __future__ import annotations

from kinaptic.pathways.calmodulin import PATHWAY as CALMODULIN
from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_KINASE = "uniprot:P11275"
_CALMODULIN = "uniprot:P0DP29"
_GLUN2B = "uniprot:Q00960"

PATHWAY = Pathway(
    name="camkii",
    title="CaMKII with autonomy, calmodulin trapping and a GluN2B-bound pool",
    summary=(
        "Subunits bind every state of calmodulin (Pepke 2010); T286 is phosphorylated where the "
        "subunit and its neighbour both are open, weighted by the state of calmodulin, never on "
        "apo-calmodulin. Phosphorylated subunits trap calmodulin and stay active without it "
        "(Chang 2019). Open subunits anchor to GluN2B, where PP1 ends their autonomy."
    ),
    file=__file__,
    needs=("Ca", *CALMODULIN.gives, "PP1", "PP1_activity"),
    gives={
        "GluN2B_sites": Port("uM", "CaMKII sites on GluN2B in the density, free or not", neutral=12.0),
        "CaMKII_active": Port("uM", "active subunits in the cytosol, weighted by calmodulin state"),
        "CaMKII_autonomous": Port("uM", "autonomous subunits without calmodulin in the cytosol"),
        "CaMKII_psd_active": Port("uM", "active subunits anchored in the density, per volume of it"),
    },
    collects={
        "GluN2B_leaving": Port("1/s", "how fast receptors with GluN2B leave the density"),
        "GluN2B_coming": Port("1/s", "how fast those beside it come in"),
    },
    contributes={"DAGL_phos": "CaMKII_on_DAGL*CaMKII_active"},
    molecules={
        "CaMKII": Molecule("CaMKII subunit", (_KINASE,)),
        "CaMKII_C?N?": Molecule("CaMKII subunit with calmodulin", (_KINASE, _CALMODULIN)),
        "pCaMKII": Molecule("CaMKII subunit, pT286", (_KINASE,)),
        "ppCaMKII": Molecule("CaMKII subunit, pT286 and pT305/T306", (_KINASE,)),
        "pCaMKII_C?N?": Molecule("CaMKII subunit, pT286, with calmodulin", (_KINASE, _CALMODULIN)),
        "GluN2B": Molecule("free CaMKII site on GluN2B", (_GLUN2B,)),
        "GluN2B_out": Molecule("GluN2B beside the density", (_GLUN2B,)),
        "GluN2B_CaMKII": Molecule("CaMKII subunit on GluN2B", (_GLUN2B, _KINASE)),
        "GluN2B_pCaMKII": Molecule("CaMKII subunit, pT286, on GluN2B", (_GLUN2B, _KINASE)),
        "GluN2B_*CaMKII_C2N2": Molecule(
            "CaMKII subunit with Ca4CaM on GluN2B", (_GLUN2B, _KINASE, _CALMODULIN)
        ),
        "GluN2B_pCaMKII_PP1": Molecule(
            "PP1 at work on anchored CaMKII", (_GLUN2B, _KINASE, "uniprot:P63088")
        ),
    },
    enzymes={
        "CaMKII": Enzyme(
            totals=("CaMKII_total",),
            activity=("CaMKII_activity", "CaMKII_autonomous_activity", "T286_rate"),
            meaning="the kinase; an inhibitor of all its activity leaves its binding",
        ),
        "T286": Enzyme.by("T286_rate", meaning="autophosphorylation; knocked out it is the T286A mouse"),
        "GluN2B_anchoring": Enzyme(
            totals=("GluN2B_total",), activity=("GluN2B_on",), meaning="CaMKII's sites on GluN2B"
        ),
    },
    metaplastic={
        "CaMKII_autonomous": "autonomous CaMKII subunits in the cytosol (uM)",
        "CaMKII_psd_active": "active CaMKII subunits anchored in the density (uM)",
    },
    readouts={
        "CaMKII_active": "active CaMKII subunits in the cytosol (uM)",
        "CaMKII_psd_active": "active CaMKII subunits anchored in the density (uM)",
    },
)
