"""Rows of spike timing: paired recordings, the window, distance, and what depression needs.

Weights are read half an hour after the protocol. Where a row says that depression is blocked, the
blocked synapse is divided by an unstimulated one under the same drug.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kinaptic.analysis.experiments.paired import Recording, recordings
from kinaptic.analysis.experiments.row import Range, Row, Verified
from kinaptic.analysis.experiments.weighing import LOST, LTD, LTP, SAME, block_row, pairing, read, weight_row
from kinaptic.pathways.drugs import drug
from kinaptic.pathways.perturbation import edit, overexpress
from kinaptic.pathways.stimulation import stdp
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.analysis.experiments.weighing import Blocker

AM251: Blocker = (drug("AM251", "2 uM"),)
MPEP: Blocker = (drug("MPEP", "10 uM"),)
FK506: Blocker = (drug("FK506", "10 uM"),)
MK801_PRE: Blocker = (drug("MK-801 pre", "1 mM"),)

_BI, _CUI = "Bi1998, abstract", "Cui2015, abstract"
_DELAYS = (-5, -10, -20, -40, -80)  # ms; pairings that the time constant of depression is fitted to
_LTD_PAIRING = stdp("-15 ms", 100, rate="0.2 Hz")
_TRAIN = stdp("10 ms", 15, rate="0.1 Hz", pre_spikes=5, post_spikes=5, burst_rate="50 Hz")
_FAR = Synapse.preset("l5", distance="300 um")
_COOPERATIVE = stdp("10 ms", 15, rate="0.1 Hz", pre_spikes=5, post_spikes=5, burst_rate="50 Hz", inputs=20)


def _paired(each: Recording) -> Row:
    """Return W1's row of one experiment."""
    blocked = ", presynaptic MK-801" if each.MK801_pre else ""
    return weight_row(
        f"W1.{each.name}",
        f"{each.protocol.label}{blocked}: weight in {each.preset}",
        f"{each.source}, as compiled in Chindemi2022",
        "R",
        each.ratio,
        each.protocol,
        after=30,
        blocker=MK801_PRE if each.MK801_pre else (),
        synapse=each.preset,
        tolerance=max(1.5 * each.sem, 0.10),
    )


def _depression_tau(lab: Lab) -> float:
    """Return the time constant (ms) of LTD against delay: one exponential that ends at no change."""
    import numpy as np
    from scipy.optimize import curve_fit

    losses = [1 - read(lab, pairing(d), after=30) for d in _DELAYS]
    if losses[1] < 0.01:
        raise ValueError(f"no LTD to fit: {-losses[1]:+.3f} at {_DELAYS[1]} ms")

    def decay(delay: NDArray[np.float64], size: float, tau: float) -> NDArray[np.float64]:
        return size * np.exp(-delay / tau)

    delays = -np.array(_DELAYS, float)
    found, _ = curve_fit(decay, delays, np.array(losses), p0=(losses[1], 34.0), bounds=(0, (10.0, 1e3)))
    return float(found[1])


def _difference(lab: Lab, *, near: str, far: str) -> float:
    """Return by how much an L5 synapse near the soma potentiates more than a far one."""
    weights = (read(lab, _TRAIN, after=30, synapse=Synapse.preset("l5", distance=d)) for d in (near, far))
    first, second = weights
    return first - second


_WINDOW = (
    *(
        weight_row(f"W2.{d}ms", f"60 pairs at 1 Hz, {d} ms: weight", _BI, "abs", LTD, pairing(d), after=30)
        for d in (-5, -10, -20)
    ),
    *(
        weight_row(
            f"W2.{d}ms",
            f"60 pairs at 1 Hz, {d} ms: weight",
            "Bi1998, exponential fit",
            "R",
            SAME,
            pairing(d),
            after=30,
            note="the window has closed",
        )
        for d in (-50, -100)
    ),
    Row(
        "W2.tau_LTD",
        "60 pairs at 1 Hz: time constant of LTD against delay",
        "Bi1998, exponential fit",
        "R",
        "ms",
        34.0,
        _depression_tau,
        tolerance=17.0,
        slow=True,
    ),
)

_DISTANCE = (
    weight_row(
        "W4.near",
        "5 x 50 Hz at 0.1 Hz, +10 ms, 60 um: weight in l5",
        "Sjostrom2006, as compiled in Chindemi2022",
        "R",
        1.40,
        _TRAIN,
        after=30,
        synapse="l5",
        tolerance=0.10,
    ),
    Row(
        "W4.far",
        "5 x 50 Hz at 0.1 Hz, +10 ms: weight at 60 um less that at 300 um in l5, 30 min",
        "Sjostrom2006, abstract",
        "abs",
        "1",
        (0.2, None),
        partial(_difference, near="60 um", far="300 um"),
        slow=True,
        note="far clearly less; the bound is a choice",
    ),
    weight_row(
        "W4.cooperative",
        "5 x 50 Hz at 0.1 Hz, +10 ms, 300 um, twenty inputs together: weight in l5",
        "Sjostrom2006, abstract",
        "abs",
        LTP,
        _COOPERATIVE,
        after=30,
        synapse=_FAR,
        note="cooperative input restores LTP",
    ),
    block_row(
        "W5.KA",
        "5 x 50 Hz at 0.1 Hz, +10 ms: taken off by three times the A-type current in l5",
        "Sjostrom2006, abstract",
        (0.05, None),
        _TRAIN,
        after=30,
        blocker=(overexpress("KA", 3),),
        synapse=Synapse.preset("l5", distance="150 um"),
        note="spikes that arrive smaller potentiate less; the bound is a choice",
    ),
    block_row(
        "W5.bAP",
        "5 x 50 Hz at 0.1 Hz, +10 ms: taken off by halving the spike in l5",
        "Sjostrom2006, abstract",
        (0.05, None),
        _TRAIN,
        after=30,
        blocker=(edit("bAP_amplitude", "48 mV"),),
        synapse="l5",
        note="spikes that arrive smaller potentiate less; the bound is a choice",
    ),
)


_STRIATUM = (
    *(
        weight_row(
            f"W10.{pairs}",
            f"{pairs} pairs at 1 Hz, -15 ms: weight in striatum",
            _CUI,
            "abs",
            expected,
            pairing(-15, pairs),
            after=50,
            synapse="striatum",
        )
        for pairs, expected in ((5, LTP), (10, LTP), (25, SAME), (50, SAME), (75, LTP))
    ),
    weight_row(
        "W10.100",
        "100 pairs at 1 Hz, -15 ms: weight in striatum",
        "Cui2016, Figure 1",
        "R",
        1.56,
        pairing(-15, 100),
        after=50,
        synapse="striatum",
        tolerance=0.225,
        note="anti-Hebbian, as without a blocker of GABA receptors",
    ),
    weight_row(
        "W10.100_pre_post",
        "100 pairs at 1 Hz, +15 ms: weight in striatum",
        "Cui2016, Figure 1",
        "R",
        0.76,
        pairing(15, 100),
        after=50,
        synapse="striatum",
        tolerance=0.12,
    ),
    weight_row(
        "W10.10_pre_post",
        "10 pairs at 1 Hz, +15 ms: weight in striatum",
        _CUI,
        "abs",
        SAME,
        pairing(15, 10),
        after=50,
        synapse="striatum",
        note="depression needs 50 pairs",
    ),
    weight_row(
        "W10.AM251",
        "10 pairs at 1 Hz, -15 ms, CB1R blocked: weight in striatum",
        _CUI,
        "abs",
        SAME,
        pairing(-15, 10),
        after=50,
        blocker=AM251,
        synapse="striatum",
    ),
)

_BLOCKED: tuple[tuple[str, str, Blocker, str, Verified, Range], ...] = (
    ("CB1R", "CB1R", AM251, "Bender2006, abstract", "abs", LOST),
    ("mGluR", "mGluR5", MPEP, "Bender2006, abstract", "abs", LOST),
    ("calcineurin", "calcineurin", FK506, "RodriguezMoreno2008, as recalled", "recalled", LOST),
)
_NEEDS = (
    weight_row(
        "W11.control",
        "100 pairs at 0.2 Hz, -15 ms: weight in l23",
        "Bender2006, abstract",
        "abs",
        LTD,
        _LTD_PAIRING,
        after=30,
        synapse="l23",
    ),
    weight_row(
        "W11.PPR",
        "100 pairs at 0.2 Hz, -15 ms: paired-pulse ratio in l23, of rest",
        "Bender2006, abstract",
        "abs",
        (1.02, None),
        _LTD_PAIRING,
        after=30,
        name="PPR",
        synapse="l23",
    ),
    *(
        weight_row(
            f"W11.{name}",
            f"100 pairs at 0.2 Hz, -15 ms, {what} blocked: weight in l23",
            source,
            verified,
            expected,
            _LTD_PAIRING,
            after=30,
            blocker=blocker,
            synapse="l23",
        )
        for name, what, blocker, source, verified, expected in _BLOCKED
    ),
)

ROWS: tuple[Row, ...] = (*map(_paired, recordings()), *_WINDOW, *_DISTANCE, *_STRIATUM, *_NEEDS)
