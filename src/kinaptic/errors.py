"""What can go wrong, as a small tree; every message says what, where, and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class KinapticError(Exception):
    """Root of everything that Kinaptic raises on purpose."""


class UnknownName(KinapticError, KeyError):
    """A name that is not known; the message offers the nearest ones.

    Parameters
    ----------
    kind : str
        What was looked for: ``"pathway"``.
    name : str
        As it was written.
    known : iterable of str
        What there is.
    remedy : str
        What to do, or where the name stood, after the nearest names.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        options = sorted(set(known))
        near = _nearest(str(name), options)
        if near:
            hint = f"did you mean {' or '.join(near)}?"
        elif options:
            more = f" and {len(options) - 20} more" if len(options) > 20 else ""
            hint = f"known: {', '.join(options[:20])}{more}"
        else:
            hint = "none are known"
        super().__init__(f"unknown {kind} {name!r}: {hint}{' ' + remedy if remedy else ''}")

    def __str__(self) -> str:  # KeyError would print the message in quotes
        return str(self.args[0])


def _nearest(name: str, options: list[str]) -> list[str]:
    """Return up to three options that look like `name`, small letters and capitals alike."""
    lowered: dict[str, list[str]] = {}
    for option in options:
        lowered.setdefault(option.lower(), []).append(option)
    close = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.5)
    if close:
        likeness = [difflib.SequenceMatcher(None, each, name.lower()).ratio() for each in close]
        close = [each for each, ratio in zip(close, likeness, strict=True) if ratio > likeness[0] - 0.15]
    else:  # tot for CaMKII_total, and the like
        close = [option for option in lowered if name.lower() in option]
    found = [option for each in close for option in lowered[each]]
    return sorted(found, key=lambda each: -difflib.SequenceMatcher(None, each, name).ratio())[:3]


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


class FitRefused(KinapticError, ValueError):
    """A fit whose numbers the data do not determine, such as an EC50 without plateaus."""


class StudyFileError(KinapticError, ValueError):
    """A study file that does not say what to run; names file, line and key."""


class ExportError(KinapticError, ValueError):
    """A model that a format cannot say, so that no file is written."""


class ForeignModelError(KinapticError, ValueError):
    """A document of others that cannot be run as it stands; says what is wrong with it, and where."""


class StoreError(KinapticError, OSError):
    """A folder of results that cannot be read or written as it stands."""


class KinapticWarning(UserWarning):
    """Something worth knowing that changes no result."""
