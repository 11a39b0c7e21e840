"""What a value is, as text that tells unequal values apart: for keys, where a label would not do."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.waveform import Waveform


def content(value: Any) -> str:
    """Return a text that is the same for equal values and another for others.

    Protocols print themselves as labels, and numpy leaves out the middle of long arrays, so their
    ``repr`` will not do.
    """
    if isinstance(value, Protocol):
        return f"protocol {value.segments!r} {value.inputs!r}"
    if isinstance(value, Waveform):
        return f"waveform {value.digest}"
    if isinstance(value, np.ndarray):
        exact = np.ascontiguousarray(value)
        return f"array {exact.dtype} {exact.shape} {hashlib.sha256(exact.tobytes()).hexdigest()}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} ({', '.join(map(content, value))})"
    if hasattr(value, "magnitude"):
        return f"quantity {content(value.magnitude)} {value.units}"
    return f"{type(value).__name__} {value!r}"
