"""Rows of BDNF: what releases it, what it does to TrkB, and what that does to the weight."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kinaptic.analysis.experiments.row import Row
from kinaptic.analysis.experiments.weighing import LTP, SAME, block_row, weight_row
from kinaptic.pathways.drugs import drug
from kinaptic.pathways.perturbation import clamp
from kinaptic.pathways.stimulation import stdp
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.analysis.experiments.weighing import Blocker

K252A: Blocker = (drug("K252a", "200 nM"),)
TRKB_FC: Blocker = (drug("TrkB-Fc", "5 ug/ml"),)
ANISOMYCIN: Blocker = (drug("anisomycin", "20 uM"),)


_BURSTS = stdp("10 ms", 25, rate="0.5 Hz", post_spikes=4, burst_rate="200 Hz")
_SINGLES = stdp("10 ms", 75, rate="0.5 Hz")
_EDELMANN = "Edelmann2015, abstract"


def _bathed(lab: Lab, blocker: Blocker = ()) -> float:
    """Return the weight an hour after BDNF of 50 ng/ml has come."""
    synapse = Synapse.preset("ca1").with_(*blocker, drug("BDNF", "50 ng/ml"))
    control = Synapse.preset("ca1").with_(*blocker)
    weights = [lab.run(each, None, minutes=60.0).at(60) for each in (synapse, control)]
    return weights[0] / weights[1]


def _pTrkB(lab: Lab, minutes: float) -> float:
    tube = Synapse.of("bdnf", Ca="0.05 uM").with_(clamp("BDNF", "7.3 nM", acute=True))
    times = [0.0, *(60.0 * m for m in (0.5, 5, 15, 30))]
    course = lab.course(tube, None, times=times, names=("pTrkB",))["pTrkB"]
    return 1e3 * float(course.loc[60.0 * minutes])


_BDNF = (
    weight_row("W15.burst", "25 x 1:4 at 0.5 Hz, +10 ms: weight", _EDELMANN, "abs", LTP, _BURSTS, after=30),
    *(
        block_row(
            f"W15.{kind}.{name}.off",
            f"{what}: taken off the weight by {name}",
            _EDELMANN,
            expected,
            protocol,
            after=30,
            blocker=blocker,
            tolerance=tolerance,
            note=note,
        )
        for kind, what, protocol, expected, tolerance, note in (
            ("burst", "25 x 1:4 at 0.5 Hz, +10 ms", _BURSTS, (0.05, None), 0.0, "the bound is a choice"),
            ("single", "75 x 1:1 at 0.5 Hz, +10 ms", _SINGLES, 0.0, 0.05, "not dependent on BDNF"),
        )
        for name, blocker in (("TrkB-Fc", TRKB_FC), ("K252a", K252A))
    ),
    Row(
        "W16",
        "BDNF of 50 ng/ml for an hour: weight",
        "Kang1995, abstract",
        "abs",
        "1",
        (1.1, None),
        _bathed,
        slow=True,
        note="the bound is a choice",
    ),
    *(
        Row(
            f"W16.{name}",
            f"BDNF of 50 ng/ml for an hour, {name}: weight",
            source,
            "abs",
            "1",
            SAME,
            partial(_bathed, blocker=blocker),
            slow=True,
        )
        for name, blocker, source in (
            ("K252a", K252A, "Kang1995, abstract"),
            ("anisomycin", ANISOMYCIN, "Kang1996, abstract"),
        )
    ),
    *(
        Row(
            f"W17.{minutes:g}min",
            f"BDNF of 7.3 nM: pTrkB after {minutes:g} min",
            "Yuen1999, as in Jain2009",
            "R",
            "nM",
            expected,
            partial(_pTrkB, minutes=minutes),
            tolerance=0.4 * expected,
        )
        for minutes, expected in ((0.5, 1.0), (5, 14.5), (15, 9.5), (30, 7.5))
    ),
)

ROWS: tuple[Row, ...] = _BDNF
