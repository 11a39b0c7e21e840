"""The presynaptic bouton: calcium, vesicles, release, and what changes release for good."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

_CALCINEURIN, _PP1, _INHIBITOR = "uniprot:P63329", "uniprot:P62137", "uniprot:P19103"

PATHWAY = Pathway(
    name="bouton",
    title="Presynaptic bouton: calcium channels, vesicles, release and its lasting change",
    summary=(
        "A spike lets calcium in through N, P/Q and R type channels; docked vesicles fuse with its fourth "
        "power, are replaced from a reserve and recycled, and lingering calcium facilitates. cAMP, PKA, "
        "calcineurin (by calcium and presynaptic NMDA receptors), PP1 and RIM1alpha hold release for "
        "hours. Messengers act on channels, cyclase, readiness and refilling. The glutamate released "
        "drives the spine."
    ),
    file=__file__,
    needs=("Glu",),
    gives={
        "release": Port("1", "glutamate of a presynaptic spike, relative", neutral=1.0, optional=True),
        "release_mean": Port("1", "mean number of vesicles that a sparse test pulse releases, n times p"),
        "Ca_pre": Port("uM", "calcium in the bouton above rest", optional=True),
    },
    collects={
        "VGCC_inhibition": Port("1", "inhibition of presynaptic calcium channels"),
        "AC_pre_inhibition": Port("1", "inhibition of the presynaptic cyclase"),
        "AC_pre_stimulation": Port("1", "stimulation of the presynaptic cyclase"),
        "release_gain": Port("1", "gain in the readiness of vesicles"),
        "refill_gain": Port("1", "gain in the refilling of docking sites"),
        "I1_pre_kinase": Port("1/s", "phosphorylation of presynaptic inhibitor-1 by kinases other than PKA"),
        "Glu_spill": Port("uM", "glutamate at the bouton from elsewhere"),
    },
    molecules={
        "cAMP_pre": Molecule("cyclic AMP in the bouton", ("chebi:17489",)),
        "CaN_pre": Molecule("presynaptic calcineurin", (_CALCINEURIN,)),
        "CaN_pre_Ca": Molecule("presynaptic calcineurin, active", (_CALCINEURIN, "chebi:29108")),
        "I1_pre": Molecule("presynaptic inhibitor-1", (_INHIBITOR,)),
        "I1p_pre": Molecule("presynaptic inhibitor-1, phosphorylated", (_INHIBITOR,)),
        "PP1_pre": Molecule("presynaptic PP1", (_PP1,)),
        "I1p_PP1_pre": Molecule("presynaptic PP1 held by inhibitor-1", (_INHIBITOR, _PP1)),
        "RIM": Molecule("RIM1alpha", ("uniprot:Q9JIR4",)),
        "RIM_p": Molecule("RIM1alpha, phosphorylated by PKA", ("uniprot:Q9JIR4",)),
    },
    enzymes={
        "VGCC_N": Enzyme.by(
            "VGCC_N_share", meaning="N-type calcium channels of the bouton (omega-conotoxin GVIA)"
        ),
        "VGCC_PQ": Enzyme.by(
            "VGCC_PQ_share", meaning="P/Q-type calcium channels of the bouton (omega-agatoxin IVA)"
        ),
        "VGCC_R_pre": Enzyme.by("VGCC_R_share", meaning="R-type calcium channels of the bouton (SNX-482)"),
        "preNMDAR": Enzyme.by(
            "preNMDAR_flux", meaning="presynaptic NMDA receptors (MK-801 in the presynaptic cell)"
        ),
        "AC_pre": Enzyme.by("AC_pre_rate", meaning="cyclase of the bouton"),
        "PKA_pre": Enzyme(
            totals=("PKA_pre_total",), activity=("PKA_pre_activity",), meaning="PKA of the bouton"
        ),
        "CaN_pre": Enzyme(
            totals=("CaN_pre_total",), activity=("CaN_pre_activity",), meaning="calcineurin of the bouton"
        ),
        "PP1_pre": Enzyme(
            totals=("PP1_pre_total",), activity=("PP1_pre_activity",), meaning="PP1 of the bouton"
        ),
        "RIM1": Enzyme(totals=("RIM_total",), meaning="RIM1alpha"),
    },
    readouts={
        "release_probability": "that an active zone releases at a sparse test pulse",
        "PPR": "second over first of two test pulses 50 ms apart",
        "inv_cv2": "1/CV^2 of the response to sparse test pulses",
        "failure_rate": "of sparse test pulses",
        "release": "glutamate of a spike at this moment, relative",
        "Ca_pre": "calcium in the bouton above rest (uM)",
        "PKA_pre": "active PKA in the bouton (uM)",
        "RIM_p": "phosphorylated RIM1alpha (uM)",
    },
    on_pre={
        "docked": "docked - released",
        "facilitation": "facilitation + facilitation_step*(one - facilitation)",
        "Ca_pre": "Ca_pre + Ca_spike*Ca_entry",
    },
)
