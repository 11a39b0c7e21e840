"""Rows at the synapse: spikes in, calcium and weight out.

Weights are relative to the baseline. A blocker is washed in as the run begins, and its run is
divided by one without stimulus under the same blocker. Blockers: KN-62 stops kinase activity that
calmodulin drives and autophosphorylation, not autonomous activity; H-89 stops PKA's catalysis;
FK506 calcineurin's, which still binds calmodulin; okadaic acid that of PP1 and PP2A.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kinaptic.analysis.experiments.fits import decay_time
from kinaptic.analysis.experiments.row import Row
from kinaptic.analysis.experiments.weighing import HFS, LTP, SAME, block_row, lfs, pairing, read, weight_row
from kinaptic.pathways.perturbation import inhibit, knockout
from kinaptic.pathways.stimulation import spikes
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.analysis.experiments.weighing import Blocker

KN62: Blocker = (inhibit("CaMKII_activity", 1.0), inhibit("T286_rate", 1.0))
T286A: Blocker = (knockout("T286"),)
H89: Blocker = (inhibit("PKA", 1.0),)
FK506: Blocker = (inhibit("calcineurin", 1.0),)
PP1_BLOCK: Blocker = (inhibit("PP1", 1.0),)
OKADAIC: Blocker = (inhibit("PP1", 1.0), inhibit("PP2A", 1.0))
AP5: Blocker = (inhibit("NMDAR", 1.0),)

_DELAYS = (5, 10, 20, 40, 80)  # ms; pairings that the time constant of W2 is fitted to


def _w2_tau(lab: Lab) -> float:
    """Return the time constant (ms) of LTP against delay: one exponential that ends at no change."""
    from scipy.optimize import curve_fit

    gains = [read(lab, pairing(d), after=30) - 1 for d in _DELAYS]
    if gains[0] < 0.01:
        raise ValueError(f"no LTP to fit: {gains[0]:+.3f} at {_DELAYS[0]} ms")

    def decay(delay: NDArray[np.float64], size: float, tau: float) -> NDArray[np.float64]:
        return size * np.exp(-delay / tau)

    found, _ = curve_fit(
        decay, np.array(_DELAYS, float), np.array(gains), p0=(gains[0], 17.0), bounds=(0, (10.0, 1e3))
    )
    return float(found[1])


def _camp_rise(lab: Lab) -> float:
    """Return the highest cAMP in the minute after a tetanus, relative to rest."""
    trace = lab.run(Synapse.preset("ca1"), HFS, minutes=240.0).traces["cAMP"]
    return float(trace.max() / trace.iloc[0])


# ---- W22: calcium of single events, in the calcium pathway of the preset
_NEAR, _MIDDLE, _FAR = "60 um", "160 um", "300 um"


def _single(lab: Lab, *, pre: bool, distance: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return time since the event (s) and calcium above rest (µM)."""
    protocol = spikes(pre=[0.0]) if pre else spikes(post=[0.0])
    times = [0.0, *np.arange(9.999, 10.4, 0.0005)]
    synapse = Synapse.preset("ca1", distance=distance)
    calcium = lab.run(synapse, protocol, minutes=0.01, times=np.round(times, 6).tolist()).traces["Ca"]
    return calcium.index.to_numpy() - protocol.end, calcium.to_numpy() - float(calcium.iloc[0])


def _rest_calcium(lab: Lab) -> float:
    return float(lab.run(Synapse.preset("ca1"), None, minutes=60.0).traces["Ca"].iloc[-1])


def _peak(lab: Lab, *, pre: bool, distance: str) -> float:
    return float(_single(lab, pre=pre, distance=distance)[1].max())


def _far(lab: Lab) -> float:
    return _peak(lab, pre=False, distance=_FAR) / _peak(lab, pre=False, distance=_NEAR)


def _between(lab: Lab) -> float:
    """Return where the middle stands between far (0) and near (1)."""
    near, middle, far = (_peak(lab, pre=False, distance=d) for d in (_NEAR, _MIDDLE, _FAR))
    return (middle - far) / (near - far)


def _calcium_decay(lab: Lab) -> float:
    return 1e3 * decay_time(*_single(lab, pre=False, distance=_NEAR))


_HFS = "100 Hz for 1 s: weight"
_DUDEK, _MA, _HUANG = "Dudek1992, abstract", "Ma2008, as in MakiMarttunen2020, Table 2", "Huang1994, abstract"
_MULKEY, _GIESE, _BI = "Mulkey1994, abstract", "Giese1998, abstract", "Bi1998, abstract"
_SABATINI = "Sabatini2002"

ROWS: tuple[Row, ...] = (
    Row("W22.rest", "Calcium at rest", _SABATINI, "R", "uM", (0.05, 0.10), _rest_calcium),
    Row(
        "W22.EPSP",
        "Calcium of one EPSP above rest",
        _SABATINI,
        "R",
        "uM",
        (0.3, 0.7),
        partial(_peak, pre=True, distance=_NEAR),
    ),
    Row(
        "W22.bAP_near",
        "Calcium of one bAP above rest at 60 um",
        _SABATINI,
        "R",
        "uM",
        (0.5, 1.7),
        partial(_peak, pre=False, distance=_NEAR),
    ),
    Row(
        "W22.bAP_middle",
        "Calcium of one bAP at 160 um, from that at 300 um (0) to 60 um (1)",
        "Sjostrom2006",
        "R",
        "1",
        (0.05, 0.95),
        _between,
        note="between near and far",
    ),
    Row(
        "W22.bAP_far",
        "Calcium of one bAP at 300 um, of that at 60 um",
        "Sjostrom2006",
        "R",
        "1",
        (None, 0.4),
        _far,
        note="far less beyond 250 um",
    ),
    Row("W22.decay", "Decay of calcium after one bAP", _SABATINI, "R", "ms", (12.0, 20.0), _calcium_decay),
    *(
        weight_row(f"W2.{d}ms", f"60 pairs at 1 Hz, {d:+d} ms: weight", _BI, "abs", LTP, pairing(d), after=30)
        for d in (5, 10, 15)
    ),
    weight_row("W2.80ms", "60 pairs at 1 Hz, +80 ms: weight", _BI, "abs", SAME, pairing(80), after=30),
    Row(
        "W2.tau",
        "60 pairs at 1 Hz: time constant of LTP against delay",
        "Bi1998, exponential fit",
        "R",
        "ms",
        17.0,
        _w2_tau,
        tolerance=8.5,
        slow=True,
    ),
    weight_row(
        "W3",
        "60 pairs at 1 Hz, +10 ms, NMDAR blocked: weight",
        _BI,
        "abs",
        SAME,
        pairing(10),
        after=30,
        blocker=AP5,
    ),
    *(
        row
        for rate in (1, 3)
        for row in (
            weight_row(
                f"W6.{rate}Hz",
                f"900 at {rate} Hz: weight",
                "Dudek1992",
                "recalled",
                (0.75, 0.85),
                lfs(rate),
                after=30,
            ),
            weight_row(
                f"W6.{rate}Hz_60min",
                f"900 at {rate} Hz: weight",
                _DUDEK,
                "abs",
                (None, 0.95),
                lfs(rate),
                after=60,
                note="without signs of recovery for an hour",
            ),
        )
    ),
    weight_row(
        "W6.10Hz",
        "900 at 10 Hz: weight",
        _DUDEK,
        "abs",
        (0.90, 1.10),
        lfs(10),
        after=30,
        note="no lasting change",
    ),
    weight_row("W6.50Hz", "900 at 50 Hz: weight", "Dudek1992", "recalled", (1.10, 1.35), lfs(50), after=30),
    weight_row("W6.50Hz_60min", "900 at 50 Hz: weight", _DUDEK, "abs", LTP, lfs(50), after=60),
    weight_row("W7.20min", _HFS, _MA, "R", (1.3, 1.6), HFS, after=20, tolerance=0.15),
    weight_row(
        "W7.60min",
        _HFS,
        _HUANG,
        "abs",
        (1.10, None),
        HFS,
        after=60,
        note="longer than an hour, so still clearly there",
    ),
    weight_row(
        "W7.3h", _HFS, _HUANG, "abs", 1.0, HFS, after=180, tolerance=0.10, note="gone before three hours"
    ),
    weight_row(
        "W7.4h_H89",
        "100 Hz for 1 s, PKA blocked: weight",
        _HUANG,
        "abs",
        1.0,
        HFS,
        after=240,
        blocker=H89,
        tolerance=0.10,
    ),
    weight_row(
        "W7.T286A", "100 Hz for 1 s, T286A: weight", _GIESE, "abs", SAME, HFS, after=20, blocker=T286A
    ),
    weight_row(
        "V21.KN62",
        "100 Hz for 1 s, CaMKII blocked: weight",
        _MA,
        "R",
        SAME,
        HFS,
        after=20,
        blocker=KN62,
        tolerance=0.07,
    ),
    weight_row(
        "V21.H89",
        "100 Hz for 1 s, PKA blocked: weight",
        _MA,
        "R",
        1.4,
        HFS,
        after=20,
        blocker=H89,
        tolerance=0.13,
    ),
    weight_row(
        "V25.T286A", "100 Hz for 1 s, T286A: weight", _GIESE, "abs", SAME, HFS, after=60, blocker=T286A
    ),
    weight_row(
        "V27.KN62",
        "100 Hz for 1 s, CaMKII blocked: weight",
        _HUANG,
        "abs",
        SAME,
        HFS,
        after=60,
        blocker=KN62,
    ),
    block_row(
        "V27.H89",
        "100 Hz for 1 s: taken off the weight by PKA block",
        _HUANG,
        0.0,
        HFS,
        after=60,
        blocker=H89,
        tolerance=0.10,
        note="not blocked",
    ),
    weight_row(
        "W9.FK506",
        "900 at 1 Hz, calcineurin blocked: weight",
        _MULKEY,
        "abs",
        (0.95, None),
        lfs(1),
        after=30,
        blocker=FK506,
    ),
    weight_row(
        "W9.PP1",
        "900 at 1 Hz, PP1 blocked: weight",
        _MULKEY,
        "abs",
        (0.95, None),
        lfs(1),
        after=30,
        blocker=PP1_BLOCK,
    ),
    weight_row(
        "V26.FK506",
        "900 at 1 Hz, calcineurin blocked: weight",
        _MULKEY,
        "abs",
        (0.95, None),
        lfs(1),
        after=60,
        blocker=FK506,
    ),
    weight_row(
        "V26.okadaic",
        "900 at 1 Hz, PP1 and PP2A blocked: weight",
        _MULKEY,
        "abs",
        (0.95, None),
        lfs(1),
        after=60,
        blocker=OKADAIC,
    ),
    block_row(
        "V26.LTP",
        "100 Hz for 1 s: taken off the weight by PP1 block",
        _MULKEY,
        (None, 0.05),
        HFS,
        after=60,
        blocker=PP1_BLOCK,
        note="not reduced",
    ),
    weight_row(
        "V19.S831",
        "100 Hz for 1 s: S831 phosphate on surface GluA1, of rest",
        "Lee2000",
        "recalled",
        (1.3, 2.0),
        HFS,
        after=30,
        name="GluA1_pS831",
    ),
    weight_row(
        "V19.AP5",
        "100 Hz for 1 s, NMDAR blocked: S831 phosphate, of rest",
        "Lee2000",
        "abs",
        SAME,
        HFS,
        after=30,
        blocker=AP5,
        name="GluA1_pS831",
    ),
    weight_row(
        "V19.S845",
        "900 at 1 Hz: S845 phosphate on surface GluA1, of rest",
        "Lee2000",
        "abs",
        (None, 0.95),
        lfs(1),
        after=30,
        name="GluA1_pS845",
    ),
    Row(
        "PKA.calcium",
        "100 Hz for 1 s: highest cAMP, of rest",
        "MakiMarttunen2020",
        "recalled",
        "1",
        (1.2, None),
        _camp_rise,
        slow=True,
        note="calcium must be able to raise cAMP; the bound is a choice",
    ),
)
