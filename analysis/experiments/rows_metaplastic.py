"""Rows of the plasticity of plasticity: priming, deprivation, homeostatic scaling, sleep."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from kinaptic.analysis.experiments.row import Range, Row, Verified
from kinaptic.analysis.probes import thresholds
from kinaptic.pathways.drugs import drug
from kinaptic.pathways.perturbation import edit
from kinaptic.pathways.stimulation import firing, gap, sleep, tetanus
from kinaptic.sbml.simulate import clones
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.analysis.probes import Threshold
    from kinaptic.pathways.perturbation import Perturbation
    from kinaptic.pathways.protocol import Protocol

PRIMING = tetanus("30 Hz", "0.2 s", trains=20, interval="5 s")
AP5: tuple[Perturbation, ...] = (drug("AP5", "50 uM"),)
# A receptor without GluN2A: all of the current, and of CaMKII's places, is GluN2B.
NO_GLUN2A = (edit("NMDAR_2A_share", "0"), edit("GluN2B_total", "48 uM"))
DARK, BUSY = firing("48 h", 0), firing("48 h", 2.5)
NIGHT = gap("16 h") + sleep("8 h")
_HOUR = 60.0  # min
_SPREAD = 0.9  # standard deviation of the logarithm of sizes
_POPULATION = 10  # synapses, at equal steps of probability


def naive(lab: Lab) -> Threshold:
    """Return the threshold of a synapse without a history."""
    return _threshold(lab, Synapse.preset("ca1"), None, 0.0)


def after(lab: Lab, protocol: Protocol, minutes: float, blocker: tuple[Perturbation, ...] = ()) -> Threshold:
    """Return the threshold some minutes after a protocol; a blocker is there during it, and washed out."""
    return _threshold(lab, Synapse.preset("ca1").with_(*blocker), protocol, minutes)


def _threshold(lab: Lab, synapse: Synapse, protocol: Protocol | None, minutes: float) -> Threshold:
    key = ("threshold", synapse, protocol, minutes)

    def measured() -> Threshold:
        probed = synapse
        if protocol is not None:
            run = lab.run(synapse, protocol, minutes=minutes, times=[protocol.end + 60 * minutes])
            (clone,) = clones(run, [minutes])
            probed = clone.washed()
        (found,) = thresholds([probed], progress=False)
        return found

    return lab.once(key, measured)


def _shift(lab: Lab, protocol: Protocol, minutes: float, blocker: tuple[Perturbation, ...] = ()) -> float:
    return after(lab, protocol, minutes, blocker).theta_m_hz / naive(lab).theta_m_hz


def _changed(lab: Lab, protocol: Protocol, minutes: float, rate: float) -> float:
    """Return how much larger the weight is that a probe leaves after a protocol, than without it."""
    primed, plain = after(lab, protocol, minutes).table, naive(lab).table
    at = int(np.argmin(np.abs(plain["rate"] - rate)))
    return float(primed["weight"][at] - plain["weight"][at])


def _without_glun2a(lab: Lab) -> float:
    mutant = Synapse.preset("ca1").with_(*NO_GLUN2A)
    return _threshold(lab, mutant, None, 0.0).theta_m_hz / naive(lab).theta_m_hz


def _scaled(lab: Lab, protocol: Protocol, *, hours: float, name: str = "weight", size: float = 1.0) -> float:
    """Return a readout some hours into a protocol, of rest."""
    synapse = Synapse.preset("ca1", spine_size_rest=size)
    run = lab.run(synapse, protocol, minutes=1, times=[1.0, *(_HOUR * 60 * h for h in (4, 24, 48))])
    column = run.weights[name] if name in run.weights else run.traces[name]
    return float(np.interp(_HOUR * 60 * hours, column.index, column) / column.iloc[0])


def _evenly(lab: Lab, protocol: Protocol) -> float:
    """Return by how much more a large synapse is scaled than a small one."""
    return _scaled(lab, protocol, hours=48, size=3.0) / _scaled(lab, protocol, hours=48, size=0.5)


def _slept(lab: Lab) -> tuple[np.ndarray, np.ndarray]:
    """Return the sizes of a population of synapses, ascending, and the weight of each after a night."""
    shares = (np.arange(_POPULATION) + 0.5) / _POPULATION
    sizes = np.exp(_SPREAD * norm.ppf(shares))
    end = NIGHT.end
    left = []
    for size in sizes.tolist():
        synapse = Synapse.preset("ca1", spine_size_rest=round(size, 4))
        run = lab.run(synapse, NIGHT, minutes=1, times=[end - 8 * 3600.0, end])
        left.append(float(run.weight.iloc[1] / run.weight.iloc[0]))
    return sizes, np.array(left)


def _night(lab: Lab) -> float:
    """Return the mean of synapses after a night, of that before it."""
    return float(_slept(lab)[1].mean())


def _spared(lab: Lab) -> float:
    """Return the mean of the largest fifth of synapses after a night, of that before it."""
    return float(_slept(lab)[1][-_POPULATION // 5 :].mean())


_HUANG, _KIRKWOOD = "Huang1992, abstract", "Kirkwood1996, abstract"
_TURRIGIANO, _WIERENGA, _VIVO = "Turrigiano1998", "Wierenga2005, abstract", "DeVivo2017, abstract"
_UP = "20 trains of 6 pulses at 30 Hz"


def _row(
    id_: str,
    title: str,
    source: str,
    verified: Verified,
    expected: float | Range,
    measure: Callable[[Lab], float],
    *,
    tolerance: float = 0.0,
    note: str = "",
) -> Row:
    return Row(id_, title, source, verified, "1", expected, measure, tolerance, slow=True, note=note)


ROWS: tuple[Row, ...] = (
    _row(
        "W18.primed",
        f"{_UP}: theta_M 20 min after, of that of a naive synapse",
        _HUANG,
        "abs",
        (1.1, None),
        partial(_shift, protocol=PRIMING, minutes=20),
        note="prior activity inhibits potentiation",
    ),
    _row(
        "W18.primed_LTP",
        f"{_UP}: weight that 900 pulses at 50 Hz add 20 min after, less that of a naive synapse",
        _HUANG,
        "abs",
        (None, -0.05),
        partial(_changed, protocol=PRIMING, minutes=20, rate=50),
    ),
    _row(
        "W18.primed_LTD",
        f"{_UP}: the same for 900 pulses at 5 Hz",
        "Christie1992, abstract",
        "abs",
        (None, -0.02),
        partial(_changed, protocol=PRIMING, minutes=20, rate=5),
        note="in the dentate gyrus, after 5 Hz",
    ),
    _row(
        "W18.fades",
        f"{_UP}: theta_M 90 min after, of that of a naive synapse",
        _HUANG,
        "recalled",
        (None, 1.3),
        partial(_shift, protocol=PRIMING, minutes=90),
        note="potentiation is back after 90 min",
    ),
    _row(
        "W18.AP5",
        f"{_UP} in AP5, washed out: theta_M 20 min after, of that of a naive synapse",
        _HUANG,
        "abs",
        (0.95, 1.05),
        partial(_shift, protocol=PRIMING, minutes=20, blocker=AP5),
    ),
    _row(
        "W18.dark",
        "48 h without firing: theta_M, of that of a naive synapse",
        _KIRKWOOD,
        "abs",
        (None, 0.9),
        partial(_shift, protocol=DARK, minutes=0),
        note="dark rearing in visual cortex",
    ),
    _row(
        "W18.dark_10Hz",
        "48 h without firing: weight that 900 pulses at 10 Hz add, less that of a naive synapse",
        _KIRKWOOD,
        "abs",
        (0.02, None),
        partial(_changed, protocol=DARK, minutes=0, rate=10),
    ),
    _row(
        "W18.busy",
        "48 h of 2.5 times the firing: theta_M, of that of a naive synapse",
        "Philpot2001, abstract",
        "abs",
        (1.1, None),
        partial(_shift, protocol=BUSY, minutes=0),
    ),
    _row(
        "W18.GluN2A_KO",
        "GluN2A knocked out: theta_M, of that of the wild type",
        "Philpot2007, abstract",
        "abs",
        (None, 0.9),
        _without_glun2a,
        note="as after dark rearing",
    ),
    _row(
        "W19.silence",
        "48 h without firing: weight",
        _TURRIGIANO,
        "recalled",
        (1.5, 2.3),
        partial(_scaled, protocol=DARK, hours=48),
        note="1.92 is recalled; 1.2 to 2 in later work",
    ),
    _row(
        "W19.silence_4h",
        "4 h without firing: weight",
        "Ibata2008, abstract",
        "recalled",
        (1.02, 1.3),
        partial(_scaled, protocol=DARK, hours=4),
    ),
    _row(
        "W19.raised",
        "48 h of 2.5 times the firing: weight",
        _TURRIGIANO,
        "recalled",
        (0.6, 0.8),
        partial(_scaled, protocol=BUSY, hours=48),
        note="bicuculline",
    ),
    _row(
        "W19.multiplicative",
        "48 h without firing: factor of a large synapse, of that of a small one",
        _WIERENGA,
        "abs",
        (0.9, 1.1),
        partial(_evenly, protocol=DARK),
    ),
    _row(
        "W19.PPR",
        "48 h without firing: paired-pulse ratio, of rest",
        _WIERENGA,
        "abs",
        (0.95, 1.05),
        partial(_scaled, protocol=DARK, hours=48, name="PPR"),
    ),
    _row(
        "W19.CV",
        "48 h without firing: 1/CV2, of rest",
        _WIERENGA,
        "abs",
        (0.95, 1.05),
        partial(_scaled, protocol=DARK, hours=48, name="inv_cv2"),
    ),
    _row(
        "W20.mean",
        "16 h awake, 8 h asleep: mean of a population, of that before sleep",
        _VIVO,
        "abs",
        0.82,
        _night,
        tolerance=0.06,
        note="area of contacts; ten synapses of log-normal sizes",
    ),
    _row(
        "W20.spared",
        "16 h awake, 8 h asleep: the largest fifth, of that before sleep",
        _VIVO,
        "abs",
        (0.93, None),
        _spared,
    ),
)
