"""A row: one published measurement, the experiment that repeats it, and what must come out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kinaptic.analysis.experiments.lab import Lab

Range = tuple[float | None, float | None]
Verified = Literal["R", "abs", "recalled", "calc"]


@dataclass(frozen=True)
class Row:
    """One measurement that the model is held against; a declaration, which runs nothing itself.

    Attributes
    ----------
    id : str
        Experiment and readout: ``"V2.ec50"``.
    title : str
        What is done and read, in a phrase.
    source : str
        BibTeX key and figure or table.
    verified : {"R", "abs", "recalled", "calc"}
        How the expected value is known: read in a data file or paper, stated in an abstract,
        recalled by experts and not found in print, or calculated (the output of a published
        model, or what follows from other rows).
    unit : str
        Of what is measured; ``"1"`` for ratios and fractions.
    expected : float or (low, high)
        Value, or range; None leaves a side open.
    measure : callable
        From a laboratory to the value.
    tolerance : float
        What `expected` may be missed by, in the same unit.
    slow : bool
        Whether it needs a run of many spikes or hours.
    note : str
        What was left to choose, and how it was chosen.
    """

    id: str
    title: str
    source: str
    verified: Verified
    unit: str
    expected: float | Range
    measure: Callable[[Lab], float] = field(repr=False)
    tolerance: float = 0.0
    slow: bool = False
    note: str = ""

    def passes(self, got: float) -> bool:
        """Return whether `got` is as expected; what is not a number is not."""
        if not math.isfinite(got):
            return False
        low, high = self.expected if isinstance(self.expected, tuple) else (self.expected, self.expected)
        return (low is None or got >= low - self.tolerance) and (high is None or got <= high + self.tolerance)
