"""BDNF: secretion by bursts, TrkB, and its arms to release and to translation."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_BDNF, _TRKB, _TPA = "uniprot:P23363", "uniprot:Q63604", "uniprot:P19637"
_MEK, _ERK = "uniprot:Q01986", "uniprot:P63086"
_AKT, _MTOR = "uniprot:P47196", "uniprot:P42346"


def _fraction(parameter: str, meaning: str) -> Enzyme:
    return Enzyme(activity=(parameter,), meaning=meaning)


PATHWAY = Pathway(
    name="bdnf",
    title="BDNF and TrkB, with ERK, mTOR and translation",
    summary=(
        "Bursts of calcium open granules of BDNF in the dendrite; tPA and plasmin cleave its precursor. "
        "BDNF pairs TrkB on both sides of the synapse, which phosphorylates itself, goes inside and "
        "returns. ERK, which calcium drives as well, and mTOR together switch translation on. What it "
        "makes keeps vesicles readier for hours."
    ),
    file=__file__,
    needs=("Ca",),
    gives={
        "BDNF": Port("uM", "mature BDNF around the synapse", kind="species", compartment="surround"),
        "pTrkB": Port("uM", "active TrkB dimers, times the activity left by inhibitors"),
        "ERK_active": Port("uM", "active ERK, times the activity left by inhibitors"),
        "mTOR_active": Port("uM", "active mTOR complex, times the activity left by inhibitors"),
        "translation": Port("1", "translation near the synapse, of its highest rate"),
    },
    collects={"BDNF_elsewhere": Port("uM", "BDNF from other synapses")},
    contributes={"release_gain": "release_protein_gain*release_protein"},
    molecules={
        "proBDNF": Molecule("precursor of BDNF", (_BDNF,)),
        "BDNF": Molecule("brain-derived neurotrophic factor", (_BDNF,)),
        "tPA": Molecule("tissue plasminogen activator", (_TPA,)),
        "TrkB": Molecule("TrkB on the surface", (_TRKB,)),
        "TrkB_int": Molecule("TrkB inside", (_TRKB,)),
        "BDNF_TrkB": Molecule("TrkB with BDNF", (_TRKB, _BDNF)),
        "BDNF_TrkB2": Molecule("TrkB pair with BDNF", (_TRKB, _BDNF)),
        "BDNF_pTrkB2": Molecule("TrkB pair with BDNF, phosphorylated", (_TRKB, _BDNF)),
        "MEK": Molecule("MEK1", (_MEK,)),
        "pMEK": Molecule("MEK1, phosphorylated", (_MEK,)),
        "ERK": Molecule("ERK2", (_ERK,)),
        "pERK": Molecule("ERK2, doubly phosphorylated", (_ERK,)),
        "Akt": Molecule("Akt", (_AKT,)),
        "pAkt": Molecule("Akt, phosphorylated", (_AKT,)),
        "mTOR": Molecule("mTOR complex 1", (_MTOR,)),
        "mTOR_on": Molecule("mTOR complex 1, active", (_MTOR,)),
    },
    enzymes={
        "BDNF": Enzyme(totals=("BDNF_granules",), meaning="BDNF in the granules of the dendrite"),
        "tPA": Enzyme(
            totals=("tPA_granules",), activity=("tPA_cleavage",), meaning="tPA and plasmin on proBDNF"
        ),
        "TrkB": Enzyme(
            totals=("TrkB_total",),
            activity=("TrkB_activity",),
            meaning="receptor of BDNF (K252a), on both sides of the synapse",
        ),
        "MEK": Enzyme(totals=("MEK_total",), activity=("MEK_activity",), meaning="MEK (U0126, PD98059)"),
        "ERK": Enzyme(totals=("ERK_total",), activity=("ERK_activity",), meaning="ERK"),
        "PI3K": _fraction("PI3K_activity", "PI3 kinase on Akt (LY294002, wortmannin)"),
        "Akt": Enzyme(totals=("Akt_total",), activity=("mTOR_Akt",), meaning="Akt, on mTOR"),
        "mTOR": Enzyme(totals=("mTOR_total",), activity=("mTOR_activity",), meaning="mTOR (rapamycin)"),
        "protein_synthesis": _fraction("translation_activity", "translation (anisomycin, cycloheximide)"),
    },
    metaplastic={"TrkB_surface": "TrkB on the surface, of all"},
    readouts={
        "BDNF": "mature BDNF around the synapse (uM)",
        "pTrkB": "active TrkB dimers (uM)",
        "ERK_active": "active ERK (uM)",
        "mTOR_active": "active mTOR complex (uM)",
        "translation": "translation near the synapse, of its highest rate",
        "release_protein": "what BDNF has made for release, of its highest amount",
    },
)
