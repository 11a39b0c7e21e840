"""What can go wrong, as a small tree; every message says what, where, and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class KinapticError(Exception):
    """Root of everything that Kinaptic raises on purpose."""


class UnknownName(KinapticError, KeyError):
    """A name that is not known; the message offers the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        options = sorted(known)
        near = difflib.get_close_matches(name, options, n=3, cutoff=0.5)
        if not near:  # camkii for CaMKII_total, and the like
            near = [o for o in options if name.lower() in o.lower()][:3]
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(options[:20])}"
        super().__init__(f"unknown {kind} {name!r}: {hint}{' ' + remedy if remedy else ''}")

    def __str__(self) -> str:  # KeyError would print the message in quotes
        return str(self.args[0])


class UnitError(KinapticError, ValueError):
    """A quantity without a unit, or with one of the wrong dimension."""


class ProtocolError(KinapticError, ValueError):
    """A stimulation protocol that could not run as written."""


class WaveformError(KinapticError, ValueError):
    """A recorded waveform that cannot be trusted as it stands."""


class ProvenanceError(KinapticError, ValueError):
    """A number without a unit or a source, or a source that is not in the bibliography."""


class ModelError(KinapticError, ValueError):
    """A model that cannot be assembled: an unmet input, a clash of ids, invalid SBML."""


class PerturbationError(KinapticError, ValueError):
    """A perturbation that does not apply to the synapse it is given to."""


class SimulationFailed(KinapticError, RuntimeError):
    """A run that did not end well; no partial result is passed off as a whole one."""


class TimeLimit(SimulationFailed):
    """A run that was stopped at its time limit."""
