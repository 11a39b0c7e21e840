"""The operational threshold theta_M: the rate at which depression turns into potentiation.

It is measured as experimenters do (Dudek & Bear 1992; Bienenstock, Cooper & Munro 1982): so many
pulses at one rate after another, and the rate at which the weight crosses its baseline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinaptic.pathways.stimulation import low_frequency

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from kinaptic.pathways.protocol import Protocol

RATES = ("1 Hz", "3 Hz", "5 Hz", "10 Hz", "20 Hz", "30 Hz", "50 Hz")
PULSES = 900
READOUT = "weight at 30 min"
UNTIL = "46 min"  # lead, 900 pulses at 1 Hz, and half an hour
UNIT = "Hz"
_LEAST = 1e-3  # change of the weight that is one


def probe() -> Protocol:
    """Return the protocol whose ``rate`` is varied."""
    return low_frequency(RATES[0], PULSES)


def theta_m(rates: ArrayLike, weights: ArrayLike) -> tuple[float, str]:
    """Return the threshold and, where there is none, NaN and the reason.

    Parameters
    ----------
    rates : array_like, shape (n,)
        Ascending (Hz).
    weights : array_like, shape (n,)
        Relative to the baseline. The crossing is interpolated on a logarithmic axis of rates.

    Returns
    -------
    float
        Highest rate (Hz) at which the weight comes up through 1.
    str
        Why it is NaN; empty where it is not.
    """
    x, y = np.log(np.asarray(rates, dtype=float)), np.asarray(weights, dtype=float) - 1
    if not np.isfinite(y).all():
        return float("nan"), "a probe failed"
    y = np.where(np.abs(y) < _LEAST, 0, y)
    up = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    if not up.size:
        if (y >= 0).all():
            return float("nan"), "no threshold: no rate depresses"
        return float("nan"), "no threshold: no higher rate brings the weight back to 1"
    i = int(up[-1])
    share = y[i] / (y[i] - y[i + 1])
    return float(np.exp(x[i] + share * (x[i + 1] - x[i]))), ""
