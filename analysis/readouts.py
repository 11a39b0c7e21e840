"""What a study reads off each run, in a small language.

================================  =====================================================================
``"weight"``                      at the end of the run
``"weight at 30 min"``            30 min after the end of the protocol
``"CaMKII_active at rest"``       at the beginning of the run, which is the baseline
``"peak Ca"``, ``"lowest Ca"``    the largest and the smallest value of the run
``"area Ca"``                     what it exceeds its baseline by, integrated over the run
================================  =====================================================================

A name is that of a column of ``run.traces``, or of any species or variable of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.interpolate import PchipInterpolator

from kinaptic.errors import KinapticError, UnknownName
from kinaptic.units import parse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Form = Literal["end", "at", "rest", "peak", "lowest", "area"]
_FORMS = "'weight' (at the end), 'weight at 30 min', 'weight at rest', 'peak Ca', 'lowest Ca' or 'area Ca'"
_DENSE: tuple[Form, ...] = ("peak", "lowest", "area")


@dataclass(frozen=True)
class Readout:
    """One number read off a run.

    Attributes
    ----------
    text : str
        As it heads its column.
    name : str
        Of the trace that it is read off.
    form : str
        How.
    after : float
        For ``"at"``: time (s) after the end of the protocol.
    """

    text: str
    name: str
    form: Form
    after: float = 0.0

    @property
    def dense(self) -> bool:
        """Whether it needs the course of the run, not only its value at one time."""
        return self.form in _DENSE

    def unit(self, units: Mapping[str, str]) -> str:
        """Return its unit, from those of the traces: that of an area has a second more."""
        unit = units[self.name]
        if self.form != "area":
            return unit
        return "s" if unit == "1" else f"{unit}*s"

    def time(self, end: float, protocol_end: float) -> float:
        """Return when it is read (s of run time), for those that are read at one time.

        Parameters
        ----------
        end : float
            Of the run (s).
        protocol_end : float
            Of the protocol (s of run time); 0 where there is none.

        Raises
        ------
        KinapticError
            If the run is over by then.
        """
        if self.form == "rest":
            return 0.0
        if self.form != "at":
            return end
        when = protocol_end + self.after
        if when > end * (1 + 1e-9):
            raise KinapticError(
                f"readout {self.text!r}: the run ends {(end - protocol_end) / 60:.4g} min after the protocol "
                f"ended; give until='{np.ceil(when / 60):g} min' or longer"
            )
        return min(when, end)

    def value(self, times: Array, trace: Array, when: float) -> float:
        """Return the number.

        Parameters
        ----------
        times, trace : ndarray, shape (samples,)
            The run (s, and the unit of the trace); its first sample is at rest where `dense`.
        when : float
            Its `time`, one of `times`.
        """
        match self.form:
            case "peak":
                return float(trace.max())
            case "lowest":
                return float(trace.min())
            case "area":
                return float(PchipInterpolator(times, trace - trace[0]).integrate(times[0], times[-1]))
        return float(trace[np.searchsorted(times, when)])


def read(texts: str | Iterable[str]) -> tuple[Readout, ...]:
    """Return the readouts that texts describe.

    Raises
    ------
    KinapticError
        If there are none, one is not of the forms above, or one is there twice.
    """
    if not isinstance(texts, str | Iterable):
        raise KinapticError(f"readouts={texts!r}: give texts, such as {_FORMS}")
    found = [_readout(text) for text in ([texts] if isinstance(texts, str) else texts)]
    if not found:
        raise KinapticError(f"readouts is empty; give at least one, such as {_FORMS}")
    for i, each in enumerate(found):
        if each in found[:i]:
            raise KinapticError(f"readout {each.text!r} is there twice; keep one")
    return tuple(found)


def refuse_unknown(readouts: Iterable[Readout], known: Iterable[str]) -> None:
    """Refuse a readout of a trace that the model does not have."""
    names = list(known)
    for each in readouts:
        if each.name not in names:
            raise UnknownName("readout", each.name, names)


def _readout(text: object) -> Readout:
    match text.split() if isinstance(text, str) else ():
        case [name]:
            return Readout(name, name, "end")
        case ["peak" | "lowest" | "area" as form, name]:
            return Readout(f"{form} {name}", name, form)
        case [name, "at", "rest"]:
            return Readout(f"{name} at rest", name, "rest")
        case [name, "at", *time] if time:
            after = parse(" ".join(time), "s", f"readout {text!r}")
            if after < 0:
                raise KinapticError(f"readout {text!r}: times count from the end of the protocol, from 0 on")
            return Readout(f"{name} at {' '.join(time)}", name, "at", after)
    raise KinapticError(f"readout {text!r} is not understood; write for instance {_FORMS}")
