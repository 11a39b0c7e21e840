"""Rows of endocannabinoids and of what else phospholipase C makes.

Release in rows of suppression is that of sparse test pulses, relative to rest. Voltage steps go to
the dendrite; their calcium is set by the voltage.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kinaptic.analysis.experiments.fits import decay_time
from kinaptic.analysis.experiments.row import Row
from kinaptic.pathways.drugs import drug
from kinaptic.pathways.perturbation import clamp
from kinaptic.pathways.stimulation import depolarization
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    import pandas as pd

    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.analysis.experiments.weighing import Blocker
    from kinaptic.pathways.protocol import Protocol

AM251: Blocker = (drug("AM251", "2 uM"),)
JZL184: Blocker = (drug("JZL184", "1 uM"),)
BAPTA: Blocker = (drug("BAPTA", "10 mM"),)


# ---- W12: depolarisation-induced suppression of excitation
_STEP = depolarization("5 s")
_AFTER = np.array([0.5, 1, 2, 3, 5, 7, 10, 14, 18, 23, 30, 40, 50, 65, 80, 100, 120, 150, 180, 240])  # s
_VOLTAGES = (-50, -40, -35, -30, -25, -20, -15, -10, 0)  # mV


def _release(lab: Lab, protocol: Protocol, blocker: Blocker = ()) -> pd.Series[float]:
    """Return the release of sparse test pulses after a voltage step, over the time since (s)."""
    synapse = Synapse.preset("ca1").with_(*blocker)
    times = [0.0, *np.round(protocol.end + _AFTER, 6).tolist()]
    release = lab.run(synapse, protocol, minutes=4.0, times=times).traces["W_pre"]
    return release.iloc[1:].set_axis(_AFTER)


def _suppression(lab: Lab, protocol: Protocol, blocker: Blocker = ()) -> float:
    return 1.0 - float(_release(lab, protocol, blocker).min())


def _dse_decay(lab: Lab, blocker: Blocker = ()) -> float:
    """Return the time (s) in which suppression falls to 1/e of its greatest."""
    release = _release(lab, _STEP, blocker)
    return decay_time(_AFTER, float(release.iloc[-1]) - release.to_numpy())


def _dse_longer(lab: Lab, blocker: Blocker) -> float:
    return _dse_decay(lab, blocker) / _dse_decay(lab)


def _dse_half(lab: Lab) -> float:
    """Return the calcium (µM) that, held for 5 s by a voltage, halves release."""
    calcium, suppressed = [], []
    for voltage in _VOLTAGES:
        step = depolarization("5 s", f"{voltage} mV")
        times = np.round([0.0, 14.0, *(step.end + _AFTER)], 6).tolist()
        traces = lab.run(Synapse.preset("ca1"), step, minutes=4.0, times=times).traces
        calcium.append(float(traces["Ca"].loc[14.0]))
        suppressed.append(1.0 - float(traces["W_pre"].min()))
    if suppressed[-1] < 0.5:
        raise ValueError(f"release falls by {suppressed[-1]:.0%} at most")
    return float(np.interp(0.5, suppressed, calcium))


_SUPPRESSION = (
    Row(
        "W12.depth",
        "Voltage step of 5 s: greatest suppression of release",
        "Kreitzer2001, abstract",
        "abs",
        "1",
        (0.3, None),
        partial(_suppression, protocol=_STEP),
        slow=True,
        note="the bound is a choice",
    ),
    Row(
        "W12.decay",
        "Voltage step of 5 s: decay of the suppression",
        "Wilson2001, as recalled",
        "recalled",
        "s",
        17.5,
        _dse_decay,
        tolerance=7.5,
        slow=True,
    ),
    Row(
        "W12.half",
        "Calcium that halves release when held for 5 s",
        "Wang2001, abstract",
        "R",
        "uM",
        3.75,
        _dse_half,
        tolerance=1.9,
        slow=True,
        note="3.6 to 3.9 uM, of inhibition onto CA1 cells; the tolerance is a choice",
    ),
    Row(
        "W12.JZL184",
        "Decay of the suppression with MAGL blocked, of control",
        "Hashimotodani2007, abstract",
        "abs",
        "1",
        (1.3, None),
        partial(_dse_longer, blocker=JZL184),
        slow=True,
        note="the bound is a choice",
    ),
    Row(
        "W12.AM251",
        "Suppression with CB1R blocked",
        "Kreitzer2001, abstract",
        "abs",
        "1",
        (None, 0.05),
        partial(_suppression, protocol=_STEP, blocker=AM251),
        slow=True,
    ),
    Row(
        "W12.BAPTA",
        "Suppression with BAPTA in the postsynaptic cell",
        "Kreitzer2001, abstract",
        "abs",
        "1",
        (None, 0.05),
        partial(_suppression, protocol=_STEP, blocker=BAPTA),
        slow=True,
    ),
)

# ---- V16: protein kinase C
_PKC = (
    ("AA", {"AA": "50 uM"}, 2.5),
    ("DAG", {"DAG": "50 uM"}, 3.0),
    ("Ca", {"Ca": "1 uM"}, 5.5),
    ("Ca_AA", {"Ca": "1 uM", "AA": "50 uM"}, 12.1),
    ("Ca_DAG", {"Ca": "1 uM", "DAG": "50 uM"}, 12.0),
)


def _pkc(lab: Lab, added: dict[str, str]) -> float:
    """Return active PKC 15 s after something is added, of that in a tube to which nothing is."""
    tube = Synapse.of("plc", Ca="0.1 uM", Glu="0 uM")
    with_it = tube.with_(*(clamp(name, value, acute=True) for name, value in added.items()))
    found = []
    for each in (with_it, tube):
        course = lab.course(each, None, times=(0.0, 15.0), names=("PKC_active",))
        found.append(float(course["PKC_active"].iloc[-1]))
    return found[0] / found[1]


_KINASE = tuple(
    Row(
        f"V16.{name}",
        f"PKC after 15 s with {', '.join(f'{n} {v}' for n, v in added.items())}, of basal",
        "Schaechter1993, Figure 7",
        "R",
        "1",
        fold,
        partial(_pkc, added=added),
        tolerance=0.3 * fold,
        note="basal calcium 0.1 uM, DAG for a phorbol ester; shares of activity are fitted to these bars",
    )
    for name, added, fold in _PKC
)

ROWS: tuple[Row, ...] = (*_SUPPRESSION, *_KINASE)
