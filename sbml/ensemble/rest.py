"""Resting states: many models left to themselves for as long as it takes.

A step of a Rosenbrock method that is long against every time constant is a step of Newton's method, so
that the state at the end is a root of the rates to the rounding of numbers, whatever the tolerance on the
way; and what the reactions conserve, the steps conserve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kinaptic.sbml.ensemble import batch, machine
from kinaptic.sbml.ensemble.image import Outcome

_LONG = 3e7  # s; hundreds of times the slowest turnover, and cheap: the steps grow with it
_RTOL = 1e-6


@dataclass(frozen=True)
class Resting:
    """A model without a protocol, as `batch.run` takes it."""

    structure: str
    values: Mapping[str, float] = field(hash=False)
    initial: Mapping[str, float] = field(hash=False)
    readouts: tuple[str, ...]


def rested(models: Sequence[Resting]) -> list[Outcome]:
    """Return the readouts of models at rest, shape (1, readouts) each, or why there are none.

    All are run in full vectors, so that a model's rest does not depend on how many are asked for.

    Raises
    ------
    Unsupported
        If a model holds what this engine does not run.
    """
    return batch.run(models, [np.array([_LONG])] * len(models), rtol=_RTOL, lanes=machine.host().lanes)
