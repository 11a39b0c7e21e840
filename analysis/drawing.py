"""What the figures of studies have in common: colours, style, and how an axis is labelled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm, Normalize

from kinaptic.sbml.figure import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY)
STYLE: dict[Any, Any] = {  # keys are a Literal of hundreds in matplotlib's types
    "font.size": 8,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text, for a journal's fonts
    "pdf.fonttype": 42,
}
_DECADES = 2  # that positive numbers span where they are better drawn on a logarithmic axis


def norm(values: np.ndarray[Any, np.dtype[np.float64]]) -> Normalize:
    """Return how a colour follows values."""
    return (LogNorm if is_logarithmic(values) else Normalize)(values.min(), values.max())


def is_logarithmic(values: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Return whether values are better drawn on a logarithmic axis."""
    return bool(values.min() > 0 and math.log10(values.max() / values.min()) >= _DECADES)
