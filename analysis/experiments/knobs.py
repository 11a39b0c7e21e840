"""The numbers that the calibration searches, with their bounds, and how a synapse gets them.

They are those for which no measurement at the time scale of plasticity exists, each marked
``assumed:`` in its ``.yaml``. Numbers without a preset are shared by all synapses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kinaptic.sbml.synapse import Synapse


@dataclass(frozen=True)
class Knob:
    """A number that is searched, on a logarithmic scale between bounds in its unit."""

    number: str
    low: float
    high: float
    preset: str = ""  # the only synapse that has it so; empty for all that do not set their own

    @property
    def label(self) -> str:
        """The number, and the preset that has it to itself."""
        return f"{self.number} ({self.preset})" if self.preset else self.number


RECEPTORS = (
    Knob("S831_CaMKII", 1e-4, 0.3), Knob("S831_CaMKII_cytosol", 1e-7, 1e-4),
    Knob("S831_basal_on", 1e-6, 1e-4), Knob("S831_PP1", 1e-6, 3e-3), Knob("S831_basal_off", 1e-5, 6e-4),
    Knob("S845_PKA", 2e-4, 0.03), Knob("S845_basal_on", 1e-7, 1e-4), Knob("S845_CaN", 1e-4, 0.03),
    Knob("S845_PP1", 1e-6, 1e-3), Knob("S845_basal_off", 5e-5, 1e-3), Knob("slot_CaMKII", 1e-4, 0.3),
    Knob("slot_basal_on", 3e-5, 5e-4), Knob("slot_PP1", 1e-5, 0.02), Knob("slot_CaN", 1e-5, 0.03),
    Knob("slot_basal_off", 1e-6, 5e-4), Knob("slot_capture", 5e-4, 0.05), Knob("slot_escape", 0.01, 0.1),
    Knob("pslot_escape", 3e-4, 0.01), Knob("S845_loosening", 1.0, 3.0),
    Knob("conductance_GluA1_pS831", 2.9, 3.9),
)  # fmt: skip
MESSENGERS = (
    Knob("PLC_kcat_Ca", 0.5, 20), Knob("DAGL_kcat", 0.1, 5, "ca1"), Knob("CB1R_off", 0.05, 2),
    Knob("AC_inhibition_half", 0.03, 0.3), Knob("AC_inhibition_max", 1, 10),
    Knob("AC_stimulation_half", 0.25, 1), Knob("AC_stimulation_max", 1, 10), Knob("PLC_off_Ca", 40, 150),
    Knob("VGCC_inhibition_max", 0.2, 5), Knob("NO_mark_rate", 3, 300), Knob("NO_release_gain", 0.02, 0.6),
    Knob("I1_pre_PKG", 1, 1000), Knob("I1_pre_other", 0.01, 0.3), Knob("I1_other", 0.001, 0.03),
    Knob("I1_pre_CaN", 0.1, 3), Knob("CaN_pre_off", 0.1, 2), Knob("preNMDAR_flux", 3, 60),
    Knob("RIM_PP1", 0.001, 0.2), Knob("RIM_PKA", 1e-4, 0.01), Knob("RIM_floor", 0.3, 0.75),
    Knob("mGluR5_on_Gq", 0.1, 3), Knob("mGluR5_off_Gq", 0.1, 1), Knob("RIM_p_reference", 0.3, 0.8),
    Knob("DAG_freed_half", 3, 40), Knob("DAG_reserve", 1, 40),
)  # fmt: skip
PRESETS = (
    Knob("NMDAR_conductance", 0.3, 2.5, "l5"), Knob("VGCC_R_conductance", 0.002, 0.01, "l5"),
    Knob("DAGL_kcat", 0.2, 10, "l5"), Knob("DAGL_kcat", 0.2, 10, "l23"),
    Knob("coactive_inputs", 1, 8, "l23"), Knob("NMDAR_conductance", 0.5, 3, "l23"),
    Knob("NO_release_gain", 0.1, 1, "l5"), Knob("AC_stimulation_max", 0.01, 5, "l5"),
    Knob("AC_stimulation_max", 0.01, 5, "l23"), Knob("DAGL_kcat", 0.2, 20, "striatum"),
    Knob("preNMDAR_flux", 3, 60, "l5"), Knob("preNMDAR_flux", 3, 60, "l23"),
    Knob("AC_stimulation_half", 0.05, 1, "striatum"), Knob("Ca_spike_local", 15, 30, "l5"),
    Knob("Ca_spike_local", 15, 30, "l23"), Knob("Ca_spike_local", 7, 18, "striatum"),
)  # fmt: skip
KNOBS = RECEPTORS + MESSENGERS + PRESETS


def turned(synapse: Synapse, values: Mapping[Knob, float]) -> Synapse:
    """Return a preset's synapse with knobs at `values`, as far as they are its own."""
    own = dict(synapse.settings)
    known, set_by_preset = synapse.assembly.parameters, frozenset(own)
    for knob, value in values.items():
        elsewhere = knob.preset not in ("", synapse.name) or knob.number not in known
        if elsewhere or (not knob.preset and knob.number in set_by_preset):
            continue
        own[knob.number] = own.get(knob.number, known[knob.number]).model_copy(
            update={"value": value, "range": None}
        )
    return replace(synapse, settings=tuple(own.items()))


def present(knobs: Sequence[Knob] = KNOBS) -> dict[Knob, float]:
    """Return the numbers now in use."""
    values = {name: Synapse.preset(name or "ca1").values(acute=True) for name in {k.preset for k in knobs}}
    return {knob: values[knob.preset][knob.number] for knob in knobs}
