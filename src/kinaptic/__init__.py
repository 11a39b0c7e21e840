"""Kinaptic: the biochemistry that turns calcium into synaptic change.

>>> import kinaptic as kn
>>> synapse = kn.Synapse.preset("ca1")
>>> run = kn.simulate(synapse, kn.stdp(delay="10 ms", pairs=60, rate="1 Hz"), until="60 min")
>>> run.summary()

Names are loaded when they are first used, so that ``import kinaptic`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from kinaptic.version import __version__ as __version__

if TYPE_CHECKING:
    from kinaptic.analysis.bands import Bands, bands
    from kinaptic.analysis.curves import Curve, distance_curve, frequency_curve, pairs_curve, stdp_window
    from kinaptic.analysis.dose_response import DoseResponse, dose_response
    from kinaptic.analysis.experiments.rows import validate
    from kinaptic.analysis.probes import Threshold, threshold
    from kinaptic.analysis.scan import scan
    from kinaptic.analysis.scan_result import Scan
    from kinaptic.analysis.screen import Screen, screen
    from kinaptic.analysis.sensitivity import Sensitivity, sensitivity
    from kinaptic.pathways.conditions import condition
    from kinaptic.pathways.drugs import drug
    from kinaptic.pathways.perturbation import Perturbation, clamp, edit, inhibit, knockout, overexpress
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.pathways.stimulation import (
        depolarization,
        firing,
        gap,
        low_frequency,
        poisson,
        sleep,
        spikes,
        stdp,
        tetanus,
        theta_burst,
    )
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.dendrite import Dendrite, Site
    from kinaptic.sbml.dendrite_run import DendriteRun
    from kinaptic.sbml.run import Run
    from kinaptic.sbml.simulate import simulate
    from kinaptic.sbml.synapse import Synapse

_HOMES = {
    "kinaptic.analysis.bands": ("Bands", "bands"),
    "kinaptic.analysis.curves": (
        "Curve",
        "distance_curve",
        "frequency_curve",
        "pairs_curve",
        "stdp_window",
    ),
    "kinaptic.analysis.dose_response": ("DoseResponse", "dose_response"),
    "kinaptic.analysis.experiments.rows": ("validate",),
    "kinaptic.analysis.probes": ("Threshold", "threshold"),
    "kinaptic.analysis.scan": ("scan",),
    "kinaptic.analysis.scan_result": ("Scan",),
    "kinaptic.analysis.screen": ("Screen", "screen"),
    "kinaptic.analysis.sensitivity": ("Sensitivity", "sensitivity"),
    "kinaptic.pathways.conditions": ("condition",),
    "kinaptic.pathways.drugs": ("drug",),
    "kinaptic.pathways.perturbation": ("Perturbation", "clamp", "edit", "inhibit", "knockout", "overexpress"),
    "kinaptic.pathways.protocol": ("Protocol",),
    "kinaptic.pathways.stimulation": (
        "depolarization",
        "firing",
        "gap",
        "low_frequency",
        "poisson",
        "sleep",
        "spikes",
        "stdp",
        "tetanus",
        "theta_burst",
    ),
    "kinaptic.pathways.waveform": ("Waveform",),
    "kinaptic.sbml.dendrite": ("Dendrite", "Site"),
    "kinaptic.sbml.dendrite_run": ("DendriteRun",),
    "kinaptic.sbml.run": ("Run",),
    "kinaptic.sbml.simulate": ("simulate",),
    "kinaptic.sbml.synapse": ("Synapse",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Bands", "Curve", "Dendrite", "DendriteRun", "DoseResponse", "Perturbation", "Protocol", "Run",
    "Scan", "Screen", "Sensitivity", "Site", "Synapse", "Threshold", "Waveform", "bands", "clamp",
    "condition", "depolarization", "distance_curve", "dose_response", "drug", "edit", "firing",
    "frequency_curve", "gap", "inhibit", "knockout", "low_frequency", "overexpress", "pairs_curve",
    "poisson", "scan", "screen", "sensitivity", "simulate", "sleep", "spikes", "stdp", "stdp_window",
    "tetanus", "theta_burst", "threshold", "validate",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        from kinaptic.errors import UnknownName

        raise AttributeError(str(UnknownName("name in kinaptic", name, __all__)))
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
