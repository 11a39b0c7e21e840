"""A drug alone: most leave transmission where it was, and none takes it away within the hour."""

from __future__ import annotations

import numpy as np
import pytest

from kinaptic.pathways.drug_table import drugs
from kinaptic.pathways.drugs import drug
from kinaptic.sbml import build
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.synapse import Synapse

# Enzymes that keep the resting synapse where it is, or make it stronger; agonists.
MOVERS = {
    "KN-62": (0.8, 1.0), "H-89": (0.65, 1.0), "FK506": (1.0, 1.3), "cyclosporin A": (1.0, 1.3),
    "okadaic acid": (1.0, 1.7), "isoproterenol": (1.0, 1.5), "forskolin": (1.2, 2.2), "rolipram": (1.0, 1.4),
    "BDNF": (1.3, 2.0), "WIN 55,212-2": (0.2, 0.5),
}  # fmt: skip


@pytest.fixture(scope="module")
def weights() -> dict[str, float]:
    """Weight an hour after each drug came, at the usual dose."""
    points = [(Synapse.preset("ca1").with_(drug(name, entry.dose)), None) for name, entry in drugs().items()]
    models = build.models(points)
    runs = batch.run(models, [np.array([0.0, 3600.0])] * len(models), rtol=1e-6, readouts=("weight",))  # type: ignore[arg-type]
    return {name: float(run[-1, 0]) for name, run in zip(drugs(), runs, strict=True)}  # type: ignore[index]


@pytest.mark.parametrize("name", drugs())
def test_the_resting_synapse_under_a_drug(weights: dict[str, float], name: str) -> None:
    low, high = MOVERS.get(name, (0.95, 1.05))
    assert low <= weights[name] <= high
