"""Rows of nitric oxide, and of what tells presynaptic from postsynaptic change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinaptic.analysis.experiments.row import Row
from kinaptic.analysis.experiments.weighing import LTP, block_row, weight_row
from kinaptic.pathways.drugs import drug
from kinaptic.pathways.perturbation import clamp, inhibit
from kinaptic.pathways.stimulation import stdp
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.analysis.experiments.weighing import Blocker

L_NAME: Blocker = (drug("L-NAME", "100 uM"),)
PTIO: Blocker = (drug("carboxy-PTIO", "100 uM"),)
ODQ: Blocker = (drug("ODQ", "10 uM"),)
PKG_BLOCK: Blocker = (inhibit("PKG", 1.0),)


_STRONG = stdp("10 ms", 15, rate="0.1 Hz", pre_spikes=5, post_spikes=5, burst_rate="50 Hz")
_SJOSTROM, _HARDINGHAM = "Sjostrom2007, abstract", "Hardingham2013, abstract"
_NO_BLOCKS = (("L-NAME", L_NAME), ("carboxy-PTIO", PTIO), ("ODQ", ODQ), ("PKG", PKG_BLOCK))


def _clamped_cgmp(lab: Lab) -> float:
    tube = Synapse.of("nitric_oxide", CaM_C2N2="0 uM", Ca_pre="0 uM").with_(clamp("NO", "10 pM"))
    return 1e3 * float(lab.course(tube, None, times=(0.0, 1.0), names=("cGMP",))["cGMP"].iloc[0])


_DEPRESSING = stdp("-10 ms", 15, rate="0.1 Hz", pre_spikes=5, post_spikes=5, burst_rate="20 Hz")
_NITRIC_OXIDE = (
    *(
        row
        for name, blocker in _NO_BLOCKS
        for row in (
            block_row(
                f"W13.{name}",
                f"5 x 50 Hz, +10 ms: taken off by {name} in l5",
                _SJOSTROM,
                (0.05, None),
                _STRONG,
                after=30,
                blocker=blocker,
                synapse="l5",
                note="the bound is a choice",
            ),
            weight_row(
                f"W13.{name}.rest",
                f"5 x 50 Hz, +10 ms, {name}: weight in l5",
                _SJOSTROM,
                "abs",
                LTP,
                _STRONG,
                after=30,
                blocker=blocker,
                synapse="l5",
                note="reduced, not abolished",
            ),
            weight_row(
                f"W13.{name}.PPR",
                f"5 x 50 Hz, +10 ms, {name}: paired-pulse ratio in l5, of rest",
                _HARDINGHAM,
                "abs",
                1.0,
                _STRONG,
                after=30,
                blocker=blocker,
                name="PPR",
                synapse="l5",
                tolerance=0.02,
                note="no presynaptic change remains",
            ),
        )
    ),
    block_row(
        "W13.LTD",
        "100 pairs at 0.2 Hz, -15 ms: taken off the weight by L-NAME in l23",
        _HARDINGHAM,
        0.0,
        stdp("-15 ms", 100, rate="0.2 Hz"),
        after=30,
        blocker=L_NAME,
        synapse="l23",
        tolerance=0.05,
    ),
    Row(
        "W14",
        "NO clamped at 10 pM: cGMP in the bouton",
        "Batchelor2010, abstract",
        "abs",
        "nM",
        30.0,
        _clamped_cgmp,
        tolerance=10.0,
    ),
    weight_row(
        "W21.LTP.PPR",
        "5 x 50 Hz, +10 ms: paired-pulse ratio in l5, of rest",
        "Costa2017, abstract",
        "abs",
        (None, 0.98),
        _STRONG,
        after=30,
        name="PPR",
        synapse="l5",
    ),
    weight_row(
        "W21.LTP.CV",
        "5 x 50 Hz, +10 ms: 1/CV^2 in l5, of rest",
        "Costa2017, abstract",
        "abs",
        (1.05, None),
        _STRONG,
        after=30,
        name="inv_cv2",
        synapse="l5",
    ),
    weight_row(
        "W21.LTD.PPR",
        "5 x 20 Hz, -10 ms: paired-pulse ratio in l5, of rest",
        "Sjostrom2003, abstract",
        "abs",
        (1.02, None),
        _DEPRESSING,
        after=30,
        name="PPR",
        synapse="l5",
    ),
    weight_row(
        "W21.LTD.CV",
        "5 x 20 Hz, -10 ms: 1/CV^2 in l5, of rest",
        "Sjostrom2003, abstract",
        "abs",
        (None, 0.95),
        _DEPRESSING,
        after=30,
        name="inv_cv2",
        synapse="l5",
    ),
)

ROWS: tuple[Row, ...] = _NITRIC_OXIDE
