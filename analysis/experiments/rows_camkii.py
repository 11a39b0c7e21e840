"""Rows of CaMKII in spines, with calcium played in: activation, memory of a train, frequency decoding.

The synapse is the CA1 preset with everything in it; rows with ``.alone`` repeat V9 with calmodulin
and CaMKII only, in the amounts of Chang2019, to tell what sharing calmodulin costs. Activity is that
of the cytosol, where the sensors of the papers are.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kinaptic.analysis.experiments.fits import crossing, since, two_exponentials
from kinaptic.analysis.experiments.preparations import kinase_and_calmodulin, spine, total, with_atp
from kinaptic.analysis.experiments.row import Row
from kinaptic.analysis.experiments.stimuli import pulse_times, steps, uncaging
from kinaptic.pathways.perturbation import knockout

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.sbml.synapse import Synapse

_PULSES, _RATE = 30, 0.5  # of V9
_FRAME = 1.0  # s after a pulse at which imaging sees the decay begin


def _lonely() -> Synapse:
    """Return calmodulin and CaMKII as in Chang2019."""
    return kinase_and_calmodulin(CaM_total="30 uM", CaMKII_total="70 uM")


# ---- CaMKII under uncaging: V8, V9, V10
def _times(pulses: list[float], tail: float) -> tuple[float, ...]:
    """Return sample times: before and after every pulse, and through the decay after the last."""
    after = np.geomspace(0.01, 1.9, 25)
    grid = [0.0, *(p - 0.01 for p in pulses), *(p + a for p in pulses for a in after)]
    end = pulses[-1]
    grid += list(end + np.geomspace(2.0, tail, 120))
    return tuple(float(t) for t in np.unique(np.round(grid, 6)))


def _activity(
    lab: Lab, synapse: Synapse, pulses: int, rate: float = _RATE, tail: float = 300.0
) -> pd.Series[float]:
    """Return the active fraction of CaMKII in the cytosol over time."""
    stimulus = uncaging(pulses, rate)
    course = lab.course(
        synapse, stimulus, times=_times(pulse_times(pulses, rate), tail), names=("CaMKII_active",)
    )
    return course["CaMKII_active"] / total(synapse, "CaMKII_total")


def _association(lab: Lab, synapse: Synapse, pulses: int) -> pd.Series[float]:
    """Return the fraction of CaMKII that carries calmodulin, over time."""
    stimulus = uncaging(pulses, _RATE)
    names = [n for n in lab.state(synapse) if n.startswith(("CaMKII_C", "pCaMKII_C"))]
    course = lab.course(synapse, stimulus, times=_times(pulse_times(pulses, _RATE), 300.0), names=names)
    return course.sum(axis=1) / total(synapse, "CaMKII_total")


def _v8_peak(lab: Lab) -> float:
    time, value = since(_activity(lab, spine(), 1), pulse_times(1, _RATE)[0])
    return float(time[np.argmax(value)])


def _v8_back(lab: Lab) -> float:
    time, value = since(_activity(lab, spine(), 1), pulse_times(1, _RATE)[0])
    peak = int(np.argmax(value))
    return crossing(time[peak:], value[peak:], 0.1 * value[peak])


def _v8_rise(lab: Lab) -> float:
    time, value = since(_association(lab, spine(), 1), pulse_times(1, _RATE)[0])
    return crossing(time, value, (1 - np.exp(-1)) * value.max())


def _v8_fall(lab: Lab) -> float:
    time, value = since(_association(lab, spine(), 1), pulse_times(1, _RATE)[0])
    peak = int(np.argmax(value))
    return crossing(time[peak:], value[peak:], np.exp(-1) * value[peak]) - float(time[peak])


def _troughs(series: pd.Series[float], pulses: int) -> NDArray[np.float64]:
    return np.array([series.loc[np.round(p - 0.01, 6)] for p in pulse_times(pulses, _RATE)])


def _v9_level(lab: Lab, synapse: Synapse) -> float:
    series = _activity(lab, synapse, _PULSES)
    return float(_troughs(series, _PULSES)[-1])


def _v9_plateau(lab: Lab, synapse: Synapse) -> float:
    """Return when the level before pulses reaches nine tenths of its highest."""
    troughs = _troughs(_activity(lab, synapse, _PULSES), _PULSES)
    above = troughs - troughs[0]
    return crossing(np.arange(_PULSES) / _RATE, above, 0.9 * above.max())


def _v9_decay(lab: Lab, synapse: Synapse, part: int) -> float:
    start = pulse_times(_PULSES, _RATE)[-1] + _FRAME
    return two_exponentials(*since(_activity(lab, synapse, _PULSES), start))[part]


def _v9_association(lab: Lab, synapse: Synapse) -> float:
    series = _association(lab, synapse, _PULSES)
    pulses = pulse_times(_PULSES, _RATE)
    highs = [
        series[(series.index > p) & (series.index < p + 1 / _RATE)].max() for p in (pulses[4], pulses[-1])
    ]
    rest = float(series.iloc[0])
    return (highs[1] - rest) / (highs[0] - rest)


def _v10_trough(lab: Lab) -> float:
    return float(_troughs(_activity(lab, spine().with_(knockout("T286")), _PULSES), _PULSES).max())


def _v10_decay(lab: Lab) -> float:
    series = _activity(lab, spine().with_(knockout("T286")), _PULSES)
    time, value = since(series, pulse_times(_PULSES, _RATE)[-1])
    peak = int(np.argmax(value))
    return crossing(time[peak:], value[peak:], np.exp(-1) * value[peak]) - float(time[peak])


# ---- V11: frequency decoding
_V11_RATES = (1.0, 2.5, 4.0)


def _autonomy(lab: Lab, synapse: Synapse) -> list[float]:
    """Return the phosphorylated fraction of CaMKII after 100 pulses at each rate."""
    names = [n for n in lab.state(synapse) if n.startswith(("pCaMKII", "ppCaMKII"))]
    found = []
    for rate in _V11_RATES:
        stimulus = steps(100, rate)
        course = lab.course(synapse, stimulus, times=(0.0, pulse_times(100, rate)[-1] + 0.25), names=names)
        found.append(float(course.iloc[-1].sum()) / total(synapse, "CaMKII_total"))
    return found


def _tube_of_v11() -> Synapse:
    """Return the kinase with calmodulin and ATP, without phosphatase."""
    return with_atp(kinase_and_calmodulin(CaM_total="2 uM", CaMKII_total="0.1 uM", T286_dephos="0 1/s"))


def _v11_monotone(lab: Lab, synapse: Synapse) -> float:
    return float(np.diff(_autonomy(lab, synapse)).min())


def _v11_steep(lab: Lab, synapse: Synapse) -> float:
    autonomy = _autonomy(lab, synapse)
    return autonomy[2] / autonomy[0]


def _v9(made: Synapse, suffix: str) -> tuple[Row, ...]:
    where = "calmodulin and CaMKII only" if suffix else "spine"
    decay = partial(_v9_decay, synapse=made)
    lee = "Lee2009, as quoted in Singh2018"
    return (
        Row(
            f"V9.level{suffix}",
            f"30 uncagings at 0.5 Hz: active CaMKII before the last, {where}",
            "Chang2019, CaMKII_SimRev.py",
            "calc",
            "1",
            (0.10, 0.60),
            partial(_v9_level, synapse=made),
            note="output of the published code, 0.35 to 0.5; no absolute level was measured",
        ),
        Row(
            f"V9.plateau{suffix}",
            f"30 uncagings at 0.5 Hz: time to 90 % of the plateau, {where}",
            "Chang2019, abstract",
            "abs",
            "s",
            (5.0, 20.0),
            partial(_v9_plateau, synapse=made),
            note="about 10 s, within a factor of two",
        ),
        Row(
            f"V9.fast{suffix}",
            f"Decay of CaMKII activity after V9: fast time constant, {where}",
            lee,
            "R",
            "s",
            (4.0, 10.0),
            partial(decay, part=0),
        ),
        Row(
            f"V9.fraction{suffix}",
            f"Decay of CaMKII activity after V9: fast fraction, {where}",
            lee,
            "R",
            "1",
            (0.55, 0.85),
            partial(decay, part=1),
        ),
        Row(
            f"V9.slow{suffix}",
            f"Decay of CaMKII activity after V9: slow time constant, {where}",
            lee,
            "R",
            "s",
            (25.0, 145.0),
            partial(decay, part=2),
        ),
        Row(
            f"V9.association{suffix}",
            f"30 uncagings at 0.5 Hz: CaM on CaMKII, last peak of fifth, {where}",
            "Chang2019, abstract",
            "abs",
            "1",
            (None, 1.2),
            partial(_v9_association, synapse=made),
            note="sustained, not accumulating",
        ),
    )


ROWS: tuple[Row, ...] = (
    Row(
        "V8.peak",
        "One uncaging, 4 uM: time to the peak of CaMKII activity",
        "Chang2019, abstract",
        "abs",
        "s",
        (None, 0.5),
        _v8_peak,
    ),
    Row(
        "V8.back",
        "One uncaging, 4 uM: time until a tenth of CaMKII activity is left",
        "Chang2019, abstract",
        "abs",
        "s",
        10.0,
        _v8_back,
        tolerance=5.0,
        note="about 10 s; half as tolerance",
    ),
    Row(
        "V8.rise",
        "One uncaging, 4 uM: time to 63 % of the CaM that binds CaMKII",
        "Chang2019, abstract",
        "abs",
        "s",
        (0.03, 0.2),
        _v8_rise,
        note="about 0.1 s, within a factor of two; faster than a frame cannot be seen",
    ),
    Row(
        "V8.fall",
        "One uncaging, 4 uM: time until CaM on CaMKII has fallen to 37 %",
        "Chang2019, abstract",
        "abs",
        "s",
        3.0,
        _v8_fall,
        tolerance=1.5,
        note="over about 3 s; half as tolerance",
    ),
    *_v9(spine(), ""),
    *_v9(_lonely(), ".alone"),
    Row(
        "V10.trough",
        "T286A, 30 uncagings at 0.5 Hz: highest activity before a pulse",
        "Chang2019, CaMKII_SimRev.py",
        "calc",
        "1",
        (None, 0.04),
        _v10_trough,
    ),
    Row(
        "V10.decay",
        "T286A: decay of activity after a pulse to 37 %",
        "Chang2019, CaMKII_SimRev.py",
        "calc",
        "s",
        (None, 2.0),
        _v10_decay,
    ),
    Row(
        "V11.monotone",
        "100 pulses of 200 ms at 1, 2.5, 4 Hz, tube: smallest step of autonomy",
        "DeKoninck1998, abstract",
        "abs",
        "1",
        (0.05, None),
        lambda lab: _v11_monotone(lab, _tube_of_v11()),
    ),
    Row(
        "V11.steep",
        "100 pulses of 200 ms, tube: autonomy at 4 Hz over that at 1 Hz",
        "DeKoninck1998",
        "recalled",
        "1",
        (4.0, None),
        lambda lab: _v11_steep(lab, _tube_of_v11()),
        note="more than in proportion to the rate",
    ),
    Row(
        "V11.monotone.spine",
        "100 pulses of 200 ms at 1, 2.5, 4 Hz, spine: smallest step of autonomy",
        "DeKoninck1998, abstract",
        "abs",
        "1",
        (0.05, None),
        lambda lab: _v11_monotone(lab, spine()),
    ),
    Row(
        "V11.steep.spine",
        "100 pulses of 200 ms, spine: autonomy at 4 Hz over that at 1 Hz",
        "DeKoninck1998",
        "recalled",
        "1",
        (4.0, None),
        lambda lab: _v11_steep(lab, spine()),
    ),
)
