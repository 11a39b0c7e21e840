"""Spine calcium from glutamate and back-propagating spikes."""

from __future__ import annotations

from kinaptic.pathways.pathway import Enzyme, Molecule, Pathway, Port

# What of its somatic amplitude a spike keeps at the spine: it falls with distance, more with more
# A-type potassium channels, less where an EPSP has inactivated them, and with sodium channels lost.
_KA_AVAILABLE = "(one + exp((V_rest - KA_half)/KA_slope))/(one + exp((V_rest + V_EPSP - KA_half)/KA_slope))"
_INVASION = (
    "Na_available/(one + (distance*(one + KA_weight*KA_density*(one + KA_change)*" + _KA_AVAILABLE + ")"
    "/(bAP_length*(one + KA_weight)))^2)"
)

PATHWAY = Pathway(
    name="calcium",
    title="Spine calcium from NMDA receptors and voltage-gated channels",
    summary=(
        "Glutamate and back-propagating spikes set the voltage of dendrite and spine head; NMDA "
        "receptors and R, T and L type channels let calcium in, which is buffered and extruded. "
        "Free calcium is kept in two parts by origin, which add up exactly. Amplitudes follow "
        "Sabatini (2002); spikes fade with distance under the control of A-type potassium channels."
    ),
    file=__file__,
    needs=("buffer_flux_NMDAR", "buffer_flux_VGCC", "release", "receptor_scale"),
    gives={
        "Ca": Port("uM", "free calcium in the spine", neutral=0.05, kind="species", compartment="spine"),
        "Ca_rest": Port("uM", "free calcium at rest", neutral=0.07),
        "Ca_NMDAR": Port("uM", "free calcium above rest that came through NMDA receptors"),
        "Ca_VGCC": Port("uM", "free calcium above rest that came through voltage-gated channels"),
        "Glu": Port("uM", "glutamate in the cleft", kind="species", compartment="cleft"),
        "V_spine": Port("mV", "voltage of the spine head", neutral=-70.0),
        "V_dendrite": Port("mV", "voltage of the dendrite at the spine", neutral=-70.0),
    },
    collects={
        "NMDAR_2B_change": Port("1", "change of GluN2B in the density, of that at rest"),
        "KA_change": Port("1", "change of A-type potassium channels, of those at rest"),
        "spine_growth": Port("1", "change of the head's volume, of that at rest"),
        "Ca_elsewhere": Port("uM", "free calcium above rest that came from elsewhere, such as stores"),
    },
    molecules={
        "Ca": Molecule("calcium(2+)", ("chebi:29108",)),
        "Glu": Molecule("L-glutamate", ("chebi:29985",)),
    },
    enzymes={
        "NMDAR": Enzyme.by("NMDAR_conductance", meaning="NMDA receptors (AP5, MK-801)"),
        "AMPAR_current": Enzyme.by(
            "AMPAR_conductance", meaning="AMPA receptors' current (NBQX), not their number"
        ),
        "VGCC": Enzyme.by(
            "VGCC_R_conductance",
            "VGCC_T_conductance",
            "VGCC_L_conductance",
            meaning="all voltage-gated calcium channels",
        ),
        "VGCC_R": Enzyme.by("VGCC_R_conductance", meaning="R-type calcium channels (Cav2.3)"),
        "VGCC_T": Enzyme.by("VGCC_T_conductance", meaning="T-type calcium channels (Cav3)"),
        "VGCC_L": Enzyme.by("VGCC_L_conductance", meaning="L-type calcium channels (Cav1; nimodipine)"),
        "KA": Enzyme.by("KA_density", meaning="dendritic A-type potassium channels (Kv4.2)"),
        "calcium_extrusion": Enzyme(activity=("Ca_extrusion",), meaning="calcium pumps and exchangers"),
    },
    readouts={
        "Ca": "free calcium in the spine (uM)",
        "Ca_NMDAR": "its part from NMDA receptors (uM)",
        "Ca_VGCC": "its part from voltage-gated channels (uM)",
        "Ca_elsewhere": "its part from stores and elsewhere (uM)",
        "V_spine": "voltage of the spine head (mV)",
    },
    on_pre={"Glu": "Glu + release*Glu_release"},
    on_post={
        "bAP_onset": f"bAP_onset + {_INVASION}",
        "Na_available": "Na_available*(one - Na_loss*distance^2/(distance^2 + Na_loss_distance^2))",
    },
    on_step={"V_command": "piecewise(step_voltage - V_rest, step_begins, no_depolarisation)"},
    post_lag="bAP_delay",
)
