"""Rows of single spines: rest, the anchored kinase, receptors, and two enzymes at two rates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kinaptic.analysis.experiments.fits import decay_time, since
from kinaptic.analysis.experiments.preparations import clamped, spine, total
from kinaptic.analysis.experiments.row import Row
from kinaptic.pathways.perturbation import clamp
from kinaptic.pathways.stimulation import low_frequency
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    import pandas as pd

    from kinaptic.analysis.experiments.lab import Lab

_AT_REST = (0.0, 1e-3)  # s


# ---- V12: hysteresis of the anchored pool
def _anchored(lab: Lab, synapse: Synapse, minutes: float) -> float:
    times = (0.0, minutes * 60) if minutes else _AT_REST
    names = ("CaMKII_psd_active",)
    course = lab.course(synapse, None, times=times, names=names)
    return float(course["CaMKII_psd_active"].iloc[-1]) / total(synapse, "GluN2B_total")


def _v12_naive(lab: Lab, calcium: float) -> float:
    return _anchored(lab, clamped(calcium), 0)


def _v12_stays(lab: Lab) -> float:
    return _anchored(lab, clamped(2.0).with_(clamp("Ca", "0.08 uM", acute=True)), 60)


# ---- V29: calcineurin and CaMKII at two rates, one spine under glutamate
_V29_PULSES = 100


def _v29(lab: Lab, rate: float) -> pd.DataFrame:
    protocol = low_frequency(f"{rate} Hz", _V29_PULSES, inputs=1)
    end = protocol.end
    times = [0.0, *np.linspace(10.0, end + 1, 400), *(end + np.geomspace(1.01, 600, 120))]
    return lab.run(spine(), protocol, minutes=10.0, times=np.round(times, 6).tolist()).traces


def _v29_rise(lab: Lab, enzyme: str, rate: float) -> float:
    trace = _v29(lab, rate)[enzyme]
    return float(trace.max() - trace.iloc[0])


def _v29_ratio(lab: Lab, enzyme: str) -> float:
    return _v29_rise(lab, enzyme, 20.0) / _v29_rise(lab, enzyme, 5.0)


def _v29_share(lab: Lab, enzyme: str, amount: str, rate: float) -> float:
    return _v29_rise(lab, enzyme, rate) / total(spine(), amount)


def _v29_decay(lab: Lab) -> float:
    traces = _v29(lab, 20.0)
    end = low_frequency("20 Hz", _V29_PULSES, inputs=1).end
    return decay_time(*since(traces["CaN_active"], end))


# ---- Rest
def _rest_camkii(lab: Lab, calcium: float) -> float:
    synapse = clamped(calcium)
    names = ("CaMKII_active", "CaMKII_psd_active")
    course = lab.course(synapse, None, times=_AT_REST, names=names)
    volume = total(synapse, "psd") / total(synapse, "spine")
    active = float(course["CaMKII_active"].iloc[0] + volume * course["CaMKII_psd_active"].iloc[0])
    return active / total(synapse, "CaMKII_total")


def _rest_state(lab: Lab, name: str, per: str = "", copies: float = 1.0) -> float:
    value = lab.state(spine())[name]
    return value / (copies * total(spine(), per)) if per else value


def _surface(state: Mapping[str, float], synapse: Synapse, *, phosphorylated: bool) -> tuple[float, float]:
    """Return GluA1 on the surface and inside (zmol), with or without phosphate on S845."""
    found = {True: 0.0, False: 0.0}
    for name, value in state.items():
        if "GluA1" in name and ("pS845" in name) == phosphorylated:
            volume = total(synapse, "psd" if "slot" in name else "spine")
            found["_int" not in name] += volume * value
    return found[True], found[False]


def _v17_s845(lab: Lab) -> float:
    state = lab.state(spine())
    with_, without = (_surface(state, spine(), phosphorylated=p)[0] for p in (True, False))
    return with_ / (with_ + without)


def _v17_surface(lab: Lab) -> float:
    outside, inside = _surface(lab.state(spine()), spine(), phosphorylated=False)
    return outside / (outside + inside)


ROWS: tuple[Row, ...] = (
    Row(
        "rest.CaMKII_50nM",
        "Active CaMKII at 50 nM Ca",
        "Pepke2010",
        "calc",
        "1",
        (None, 0.05),
        partial(_rest_camkii, calcium=0.05),
    ),
    Row(
        "rest.CaMKII_100nM",
        "Active CaMKII at 100 nM Ca",
        "Pepke2010",
        "calc",
        "1",
        (None, 0.05),
        partial(_rest_camkii, calcium=0.1),
    ),
    Row(
        "rest.cAMP",
        "Free cAMP at rest",
        "MakiMarttunen2020",
        "recalled",
        "uM",
        (0.05, 0.10),
        partial(_rest_state, name="cAMP"),
    ),
    Row(
        "rest.PKA",
        "Free catalytic subunit of PKA at rest",
        "MakiMarttunen2020",
        "recalled",
        "1",
        (None, 0.05),
        partial(_rest_state, name="PKAc", per="R2C2_total", copies=2.0),
    ),
    Row(
        "V12.off",
        "Anchored CaMKII active at 80 nM Ca, naive, of its sites",
        "Hayer2005, model 3",
        "calc",
        "1",
        (None, 0.1),
        partial(_v12_naive, calcium=0.08),
    ),
    Row(
        "V12.on",
        "Anchored CaMKII active at 0.5 uM Ca, of its sites",
        "Hayer2005, model 3",
        "calc",
        "1",
        (0.5, None),
        partial(_v12_naive, calcium=0.5),
    ),
    Row(
        "V12.stays",
        "Anchored CaMKII active after an hour at 80 nM Ca, from 2 uM, of its sites",
        "Hayer2005, model 3",
        "calc",
        "1",
        (0.5, None),
        _v12_stays,
    ),
    Row(
        "V17.S845",
        "S845 phosphate on surface GluA1 at rest",
        "Oh2006, abstract",
        "abs",
        "1",
        (0.10, 0.25),
        _v17_s845,
    ),
    Row(
        "V17.surface",
        "GluA1 without S845 phosphate that is on the surface",
        "MakiMarttunen2020, NeuroRD reactions",
        "R",
        "1",
        0.20,
        _v17_surface,
        tolerance=0.10,
        note="tolerance of a half; slots count as surface",
    ),
    Row(
        "V29.CaN_5Hz",
        "100 pulses of glutamate at 5 Hz: calcineurin that becomes active",
        "Fujii2013, abstract",
        "abs",
        "1",
        (0.10, None),
        partial(_v29_share, enzyme="CaN_active", amount="CaN_total", rate=5.0),
        note="clearly: a tenth of it",
    ),
    Row(
        "V29.CaMKII_5Hz",
        "100 pulses of glutamate at 5 Hz: CaMKII that becomes active",
        "Fujii2013, abstract",
        "abs",
        "1",
        (None, 0.02),
        partial(_v29_share, enzyme="CaMKII_active", amount="CaMKII_total", rate=5.0),
        note="next to none",
    ),
    Row(
        "V29.CaN_blind",
        "100 pulses of glutamate: rise of calcineurin, 20 Hz over 5 Hz",
        "Fujii2013, abstract",
        "abs",
        "1",
        (0.5, 2.0),
        partial(_v29_ratio, enzyme="CaN_active"),
        note="sublinear, nearly blind: at most doubled by four times the rate",
    ),
    Row(
        "V29.CaMKII_steep",
        "100 pulses of glutamate: rise of CaMKII, 20 Hz over 5 Hz",
        "Fujii2013, abstract",
        "abs",
        "1",
        (4.0, None),
        partial(_v29_ratio, enzyme="CaMKII_active"),
        note="supralinear: more than in proportion to the rate",
    ),
    Row(
        "V29.CaN_decay",
        "Calcineurin after 100 pulses of glutamate at 20 Hz: time constant of decay",
        "Fujii2013, as quoted in Rodrigues2023",
        "R",
        "s",
        95.0,
        _v29_decay,
        tolerance=47.5,
        note="25 degC; half as tolerance",
    ),
)
