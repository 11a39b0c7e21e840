"""Nitric oxide: made in the density, heard in the bouton, written down where it had been active."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_NNOS = "uniprot:P29476"
_CALMODULIN = "uniprot:P0DP29"
_GUANYLYL_CYCLASE = ("uniprot:P19686", "uniprot:P20595")  # alpha1, beta1
_NO = "chebi:16480"

PATHWAY = Pathway(
    name="nitric_oxide",
    title="Nitric oxide, guanylyl cyclase, cGMP and PKG in the bouton",
    summary=(
        "Ca4CaM switches on the synthase that PSD-95 holds beside NMDA receptors. A few pM of nitric "
        "oxide reach the bouton at once, where guanylyl cyclase answers with tens of nM of cGMP. PKG, "
        "where the bouton itself was active in the same second, leaves a mark that raises release for hours."
    ),
    file=__file__,
    needs=("CaM_C2N2", "Ca_pre"),
    gives={
        "NO": Port("uM", "nitric oxide at the bouton"),
        "NO_made": Port("zmol/s", "nitric oxide that this synapse makes"),
        "cGMP": Port("uM", "cGMP in the bouton", kind="species", compartment="bouton"),
        "PKG_active": Port("uM", "active PKG in the bouton"),
    },
    collects={"NO_elsewhere": Port("uM", "nitric oxide from other synapses")},
    contributes={
        "release_gain": "NO_release_gain*NO_mark",
        "refill_gain": "NO_refill_gain*NO_mark",
        "I1_pre_kinase": "I1_pre_PKG*PKG_active",
    },
    molecules={
        "nNOS": Molecule("neuronal nitric oxide synthase", (_NNOS,)),
        "nNOS_CaM": Molecule("neuronal nitric oxide synthase with Ca4CaM", (_NNOS, _CALMODULIN)),
        "sGC": Molecule("soluble guanylyl cyclase", _GUANYLYL_CYCLASE),
        "sGC_NO": Molecule("guanylyl cyclase with nitric oxide, active", (*_GUANYLYL_CYCLASE, _NO)),
        "sGC_desensitised": Molecule("guanylyl cyclase, desensitised", _GUANYLYL_CYCLASE),
        "cGMP": Molecule("3',5'-cyclic GMP", ("chebi:16356",)),
    },
    enzymes={
        "nNOS": Enzyme(
            totals=("nNOS_total",),
            activity=("nNOS_kcat",),
            meaning="neuronal nitric oxide synthase (L-NAME, L-NNA); a blocked one still binds calmodulin",
        ),
        "sGC": Enzyme(
            totals=("sGC_total",), activity=("sGC_kcat",), meaning="soluble guanylyl cyclase (ODQ)"
        ),
        "PDE5": Enzyme(
            totals=("PDE5_total",),
            activity=("PDE5_kcat",),
            meaning="phosphodiesterase 5 (sildenafil, zaprinast)",
        ),
        "PDE2": Enzyme(
            totals=("PDE2_total",), activity=("PDE2_kcat",), meaning="phosphodiesterase 2 (BAY 60-7550)"
        ),
        "PKG": Enzyme(
            totals=("PKG_total",),
            activity=("PKG_activity",),
            meaning="PKG of the bouton (KT5823, Rp-8-Br-cGMPS)",
        ),
        "NO_transfer": Enzyme(
            activity=("NO_passing",),
            meaning="nitric oxide on its way; inhibited by a scavenger that catches it",
        ),
    },
    readouts={
        "NO": "nitric oxide at the bouton (uM)",
        "cGMP": "cGMP in the bouton (uM)",
        "PKG_active": "active PKG in the bouton (uM)",
        "NO_mark": "lasting mark of PKG on release, 0 to 1",
    },
)
