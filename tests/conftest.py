"""What every test stands on: a cache of its own, no screen, the same examples each time."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("same-each-time", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("same-each-time")

os.environ["MPLBACKEND"] = "Agg"


def pytest_configure(config: pytest.Config) -> None:
    """Start from an empty cache, which the workers share, so that no earlier run is tested by mistake."""
    if not hasattr(config, "workerinput"):
        cache = tempfile.TemporaryDirectory(prefix="kinaptic-tests-")
        os.environ["KINAPTIC_CACHE"] = cache.name
        config.add_cleanup(cache.cleanup)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Root of the source tree; tests that need it are skipped when only the wheel is there."""
    root = Path(__file__).parents[1]
    if not (root / "pyproject.toml").exists():
        pytest.skip("needs the source tree, and these tests run against an installed wheel")
    return root
