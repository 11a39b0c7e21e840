"""Many runs at once: a model becomes vector code, and each lane of the vector is a run of its own.

The way is one-directional: `network` reads flat SBML into expressions (`expression`), `triggers` turns
events into times, `elimination` plans the sparse LU, `lowering` and `integrator` write vector code in the
small language of `lanes`, `machine` compiles it, `program` keeps it, `batch` runs it.
"""

from __future__ import annotations

from pathlib import Path


def sources() -> tuple[str, ...]:
    """Return the files of this engine: what they made is another thing when they change."""
    return tuple(map(str, sorted(Path(__file__).parent.glob("*.py"))))
