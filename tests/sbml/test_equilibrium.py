"""Baselines: found once, kept on disk, many at a time, and one that fails leaves the others alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import kinaptic as kn
from kinaptic.errors import KinapticError, SimulationFailed
from kinaptic.sbml import build, equilibrium, store
from kinaptic.sbml.structure import Structure

Values = dict[str, float]


@pytest.fixture
def tube(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Structure, Values]:
    """Return a small model, with a cache of its own that no other test has filled."""
    model = kn.Synapse.of("calmodulin", Ca="1 uM").model()
    monkeypatch.setenv("KINAPTIC_CACHE", str(tmp_path_factory.mktemp("cache")))
    equilibrium._remembered.cache_clear()
    return model.source, dict(model.values)


@pytest.fixture
def integrated(monkeypatch: pytest.MonkeyPatch) -> list[Values]:
    """Return the numbers of every baseline that is integrated from here on."""
    seen: list[Values] = []
    own = equilibrium._integrated

    def integrated(structure: Structure, values: Sequence[Values], watch: tuple[str, ...]) -> Any:
        seen.extend(dict(each) for each in values)
        return own(structure, values, watch)

    monkeypatch.setattr(equilibrium, "_integrated", integrated)
    return seen


def test_many_are_what_each_is_alone(tube: tuple[Structure, Values]) -> None:
    structure, values = tube
    many = [values | {"Ca": calcium} for calcium in (0.1, 1.0, 10.0, 1.0)]
    found = equilibrium.settle_many(structure, many)
    for state, each in zip(found, many, strict=True):
        assert state == pytest.approx(equilibrium.settle(structure, each), rel=1e-6, abs=1e-12)
    bound = [each["CaM_C2N2"] for each in found if not isinstance(each, SimulationFailed)]
    assert bound[0] < bound[1] < bound[2]
    assert found[1] is not found[3]


def test_each_is_integrated_once(tube: tuple[Structure, Values], integrated: list[Values]) -> None:
    structure, values = tube
    other = values | {"Ca": 2.0}
    equilibrium.settle_many(structure, [values, other, values])
    assert integrated == [values, other]
    equilibrium.settle(structure, other)
    equilibrium.settle(structure, dict(reversed(other.items())))
    assert len(integrated) == 3
    equilibrium._remembered.cache_clear()  # as in another session
    equilibrium.settle(structure, other)
    assert len(integrated) == 3
    equilibrium.settle(
        structure, other, watch=("CaM_active",) if "CaM_active" in structure.units else ("Ca",)
    )
    assert len(integrated) == 4


def test_a_crowd_of_baselines_leaves_the_disk_alone(tube: tuple[Structure, Values]) -> None:
    structure, values = tube
    kept = store.folder() / "baseline"
    before = set(kept.glob("*"))
    equilibrium.settle_many(structure, [values | {"Ca": calcium} for calcium in (3.0, 4.0, 5.0)])
    assert set(kept.glob("*")) == before
    equilibrium.settle(structure, values | {"Ca": 3.0})
    assert len(set(kept.glob("*")) - before) == 1


def test_one_that_fails_leaves_the_others_alone() -> None:
    ca1 = kn.Synapse.preset("ca1")
    wrong = ca1.with_(kn.edit("CaM_on_C1", "-1 1/uM/s"))
    dry = ca1.with_(kn.edit("calcium_out", "0 mM"))
    protocol = kn.stdp("10 ms", pairs=2, rate="1 Hz")
    found = build.models([(ca1, protocol), (wrong, protocol), (dry, None), (wrong, None), (ca1, None)])
    assert isinstance(found[1], SimulationFailed)
    assert isinstance(found[2], KinapticError)
    assert "VGCC_reversal" in str(found[2])
    assert isinstance(found[3], SimulationFailed)
    with pytest.raises(SimulationFailed, match="no baseline: the resting synapse could not be integrated"):
        ca1.with_(kn.edit("CaM_on_C1", "-1 1/uM/s")).model(protocol)
    for made, alone in ((found[0], ca1.model(protocol)), (found[4], ca1.model())):
        assert not isinstance(made, KinapticError)
        assert made.digest == alone.digest
