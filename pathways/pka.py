"""PKA: calcium and Gs make cAMP, cAMP frees the catalytic subunit."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_AC1 = "uniprot:O88444"
_AC2 = "uniprot:P26769"
_AC8 = "uniprot:P40146"
_GS = "uniprot:P63095"
_CALMODULIN = "uniprot:P0DP29"
_PDE1 = "uniprot:Q01066"
_PDE4 = "uniprot:P14646"
_REGULATORY = "uniprot:P12369"
_CATALYTIC = "uniprot:P27791"
_PKI = "uniprot:P63249"
_CAMP = "chebi:17489"

PATHWAY = Pathway(
    name="pka",
    title="Adenylyl cyclases, cAMP, phosphodiesterases and PKA",
    summary=(
        "AC1 answers Ca4CaM and Gs together, AC8 the calcium that reaches its own calmodulin, AC2 "
        "stands for the cyclases that ignore calcium. PDE1 (Ca4CaM) and PDE4, which PKA speeds up, "
        "destroy cAMP. The R2C2 tetramer binds four cAMP in sequence and lets go of its catalytic "
        "subunits one by one (Urakubo 2008); PKI takes the first of them."
    ),
    file=__file__,
    needs=("Ca", "CaM_C2N2"),
    gives={
        "cAMP": Port("uM", "free cAMP", kind="species", compartment="spine"),
        "PKA_active": Port("uM", "free catalytic subunit, times the activity left by inhibitors"),
    },
    molecules={
        "AC1": Molecule("adenylyl cyclase 1", (_AC1,)),
        "AC1_CaM": Molecule("adenylyl cyclase 1 with Ca4CaM", (_AC1, _CALMODULIN)),
        "AC1_Gs": Molecule("adenylyl cyclase 1 with Gs", (_AC1, _GS)),
        "AC1_Gs_CaM": Molecule("adenylyl cyclase 1 with Gs and Ca4CaM", (_AC1, _GS, _CALMODULIN)),
        "AC8*": Molecule("adenylyl cyclase 8 with its calmodulin", (_AC8, _CALMODULIN)),
        "AC2": Molecule("calcium-independent adenylyl cyclase", (_AC2,)),
        "AC2_Gs": Molecule("calcium-independent adenylyl cyclase with Gs", (_AC2, _GS)),
        "PDE1": Molecule("phosphodiesterase 1", (_PDE1,)),
        "PDE1_CaM": Molecule("phosphodiesterase 1 with Ca4CaM", (_PDE1, _CALMODULIN)),
        "PDE4": Molecule("phosphodiesterase 4", (_PDE4,)),
        "pPDE4": Molecule("phosphodiesterase 4, phosphorylated by PKA", (_PDE4,)),
        "cAMP": Molecule("cyclic AMP", (_CAMP,)),
        "R2C2": Molecule("PKA holoenzyme", (_REGULATORY, _CATALYTIC)),
        "R2C2_*": Molecule("PKA holoenzyme with cAMP", (_REGULATORY, _CATALYTIC, _CAMP)),
        "R2C_*": Molecule("PKA with one catalytic subunit and cAMP", (_REGULATORY, _CATALYTIC, _CAMP)),
        "R2_*": Molecule("PKA regulatory subunits with cAMP", (_REGULATORY, _CAMP)),
        "PKAc": Molecule("free PKA catalytic subunit", (_CATALYTIC,)),
        "PKI": Molecule("PKA inhibitor", (_PKI,)),
        "PKI_PKAc": Molecule("PKA catalytic subunit with its inhibitor", (_PKI, _CATALYTIC)),
    },
    enzymes={
        "AC1": Enzyme(
            totals=("AC1_total",),
            activity=("AC1_kcat_CaM", "AC1_kcat_Gs_CaM"),
            meaning="adenylyl cyclase 1, the coincidence detector of Ca4CaM and Gs",
        ),
        "AC8": Enzyme(
            totals=("AC8_total",), activity=("AC8_kcat",), meaning="adenylyl cyclase 8, driven by calcium"
        ),
        "AC2": Enzyme(
            totals=("AC2_total",),
            activity=("AC2_kcat", "AC2_kcat_Gs"),
            meaning="calcium-independent cyclases, which make the resting cAMP",
        ),
        "PDE1": Enzyme(
            totals=("PDE1_total",), activity=("PDE1_kcat",), meaning="phosphodiesterase 1, driven by Ca4CaM"
        ),
        "PDE4": Enzyme(
            totals=("PDE4_total",),
            activity=("PDE4_kcat",),
            meaning="phosphodiesterase 4, sped up by PKA; the target of rolipram",
        ),
        "PKA": Enzyme(
            totals=("R2C2_total",),
            activity=("PKA_activity",),
            meaning="protein kinase A; an inhibitor of catalysis (H-89) leaves its binding",
        ),
        "PKI": Enzyme(
            totals=("PKI_total",), activity=("PKI_on",), meaning="the heat-stable inhibitor of PKA"
        ),
    },
    metaplastic={"PKA_active": "free catalytic subunits of PKA (uM)"},
    readouts={
        "cAMP": "free cAMP (uM)",
        "PKA_active": "active PKA catalytic subunit (uM)",
    },
)
