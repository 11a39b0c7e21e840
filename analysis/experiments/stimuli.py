"""Calcium as experiments drive it into a spine or a tube."""

from __future__ import annotations

import functools

import numpy as np

from kinaptic.pathways.protocol import LEAD
from kinaptic.pathways.waveform import Waveform

_STEP = 0.002  # s; sampling of what is played
_BEFORE = 0.5  # s of rest before the first pulse
REST = 0.05  # µM, in the spines of Chang2019


def pulse_times(pulses: int, rate: float) -> list[float]:
    """Return the beginnings (s of run time) of the pulses of `uncaging` and `steps`."""
    return [LEAD + _BEFORE + i / rate for i in range(pulses)]


@functools.cache
def uncaging(pulses: int, rate: float) -> Waveform:
    """Return the calcium of a spine under glutamate uncaging in low magnesium, as in Chang2019.

    Every pulse adds 4 µM that decay with 0.1 s; in a train the amplitude falls to a half.

    Parameters
    ----------
    pulses : int
        How many.
    rate : float
        Per second.
    """
    time = np.arange(0.0, _BEFORE + (pulses - 1) / rate + 2.0, _STEP)
    calcium = np.full(time.shape, REST)
    for i, start in enumerate(pulse_times(pulses, rate)):
        since = time - (start - LEAD)
        amplitude = 4.0 * (0.5 + 0.5 * np.exp(-i / 5))
        calcium += np.where(since > _STEP / 2, amplitude * np.exp(-(since - _STEP) / 0.1), 0.0)
    calcium[time > time[-1] - _BEFORE] = REST
    coarse = f"{0.01 * float(calcium.max()):.3g} uM"  # a hundredth of the peak
    name = f"uncaging {pulses} x {rate:g} Hz"
    return Waveform(time, calcium, unit="uM", time_unit="s", extend="rest", tolerance=coarse, name=name)


@functools.cache
def steps(pulses: int, rate: float, *, width: float = 0.2, height: float = 20.0) -> Waveform:
    """Return square pulses of saturating calcium, as of Ca-calmodulin in DeKoninck1998.

    Parameters
    ----------
    pulses : int
        How many.
    rate : float
        Per second.
    width, height : float
        Of a pulse (s, µM); the flanks take 5 ms.
    """
    flank = 0.005
    starts = np.array(pulse_times(pulses, rate)) - LEAD
    corners = np.concatenate([[0.0], (starts[:, None] + [0, flank, width, width + flank]).ravel()])
    levels = np.concatenate([[REST], np.tile([REST, height, height, REST], pulses)])
    time = np.unique(np.concatenate([np.arange(0.0, corners[-1] + 1.0, flank), corners]).round(6))
    calcium = np.interp(time, corners, levels)
    return Waveform(time, calcium, unit="uM", time_unit="s", name=f"steps {pulses} x {rate:g} Hz")
