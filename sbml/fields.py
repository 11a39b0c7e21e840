"""What surrounds a synapse, as straight lines over time: messengers that come from its neighbours.

A field sets ports that pathways collect (``NO_elsewhere``, ``AG2_elsewhere`` …). It is written as recorded
calcium is: one event that looks level, slope and the time of the next corner up in trees on a counter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinaptic.pathways.catalogue import ports
from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml.drive import CONSTANTS, DriveText, choice
from kinaptic.units import model_unit

if TYPE_CHECKING:
    from kinaptic.sbml.model import Model

Array = NDArray[np.float64]

COUNTER, CORNERS = "field_corner", "field_corners"  # how many it has met, and how many there are
SECONDS, COUNT = model_unit("s").sbml, model_unit("1").sbml
_SLOPES = {"uM": "uM/s", "uM/s": "uM/s^2"}  # unit of a port → of its slope


def surrounded(model: Model) -> bool:
    """Return whether a model is of a synapse in a field."""
    return CORNERS in model.parameters


@dataclass(frozen=True)
class Field:
    """Straight lines between corners that all ports share.

    Attributes
    ----------
    times : tuple of float
        Of the corners (s of run time), ascending, the first after 0.
    values : tuple of (str, tuple of float)
        Port → its value at each corner, in the port's unit.
    """

    times: tuple[float, ...]
    values: tuple[tuple[str, tuple[float, ...]], ...]

    @property
    def ports(self) -> tuple[str, ...]:
        """What it sets."""
        return tuple(name for name, _ in self.values)


@dataclass(frozen=True)
class Surrounded:
    """A protocol on a synapse that is not alone.

    Attributes
    ----------
    protocol : Protocol or None
        What the synapse itself is given.
    field : Field
        What comes from elsewhere meanwhile.
    """

    protocol: Protocol | None
    field: Field


def corners(times: Array, courses: Mapping[str, Array], tolerance: float) -> Field:
    """Return the corners that keep every course within a part of its largest value.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Ascending (s of run time), the first at 0.
    courses : mapping of str to ndarray, shape (n,)
        Port → course.
    tolerance : float
        Largest distance from a sample, of the largest value of that course.
    """
    names = list(courses)
    values = np.array([courses[name] for name in names])
    scaled = values / np.maximum(np.max(np.abs(values), axis=1, keepdims=True), 1e-300)
    kept = _farthest(times, scaled, tolerance)
    levels = tuple((name, tuple(row[kept].tolist())) for name, row in zip(names, values, strict=True))
    return Field(tuple(times[kept].tolist()), levels)


def _farthest(times: Array, values: Array, tolerance: float) -> NDArray[np.intp]:
    """Return which samples to keep: one too far from its line becomes a corner (Douglas and Peucker)."""
    kept = {0, len(times) - 1}
    open_stretches = [(0, len(times) - 1)]
    while open_stretches:
        first, last = open_stretches.pop()
        if last - first < 2:
            continue
        share = (times[first + 1 : last] - times[first]) / (times[last] - times[first])
        ends = values[:, [first]], values[:, [last]]
        apart = np.max(np.abs(values[:, first + 1 : last] - (ends[0] + share * (ends[1] - ends[0]))), axis=0)
        worst = int(np.argmax(apart))
        if apart[worst] > tolerance:
            middle = first + 1 + worst
            kept.add(middle)
            open_stretches += [(first, middle), (middle, last)]
    return np.array(sorted(kept), dtype=np.intp)


def antimony(field: Field, *, clock: bool) -> DriveText:
    """Return the Antimony text of a field.

    Parameters
    ----------
    field : Field
        What to follow.
    clock : bool
        Whether the text brings the clock, as it must where there is no protocol.
    """
    times, count = field.times, len(field.times)
    parameters = {n: CONSTANTS[n] for n in ("clock_speed", "counter_drift", "zero")}
    parameters[CORNERS] = (float(count), "1", "corners of what comes from other synapses")
    lines = [f"// ==== From other synapses: {count} corners"]
    if clock:
        lines.append(f"clock' = clock_speed; clock = 0; clock has {SECONDS};")
    lines += [
        f"{COUNTER}' = counter_drift; {COUNTER} = 0; {COUNTER} has {COUNT};",
        f"field_time' = zero; field_time = {times[0]!r}; field_time has {SECONDS};  // of the next corner",
    ]
    changes = {"field_time": choice([f"{t!r} {SECONDS}" for t in (*times[1:], times[-1])], COUNTER)}
    for name, levels in field.values:
        unit = ports()[name][0].unit
        slope = model_unit(_SLOPES[unit]).sbml
        slopes = (*(np.diff(levels) / np.diff(times)).tolist(), 0.0)
        lines.append(f"{name}' = {name}_slope; {name} = 0; {name} has {model_unit(unit).sbml};")
        # A state that only the event changes: the rate is zero, written so that its unit is right.
        lines.append(
            f"{name}_slope' = counter_drift*{name}_slope; {name}_slope = 0; {name}_slope has {slope};"
        )
        changes[name] = choice([f"{v:.15g} {model_unit(unit).sbml}" for v in levels], COUNTER)
        changes[f"{name}_slope"] = choice([f"{v:.15g} {slope}" for v in slopes], COUNTER)
    changes[COUNTER] = f"{COUNTER} + one"
    assigned = ", ".join(f"{name} = {value}" for name, value in changes.items())
    lines.append(
        f"field_event: at (clock >= field_time && {COUNTER} < {CORNERS} - half), t0=false, "
        f"fromTrigger=false: {assigned};"
    )
    lines += [f"{name} has {model_unit(unit).sbml};" for name, (_, unit, _) in parameters.items()]
    return DriveText("\n".join(lines), parameters, {COUNTER: count})


def tables(field: Field, structure: str) -> tuple[Array, ...]:
    """Return what the trees of a field hold, in the order in which a structure with such a field has them.

    Parameters
    ----------
    field : Field
        Which field.
    structure : str
        SBML with any field of the same ports; its event of corners is the last one with trees.
    """
    times = np.asarray(field.times)
    found = {"field_time": np.append(times[1:], times[-1])}
    for name, levels in field.values:
        found[name] = np.asarray(levels)
        found[f"{name}_slope"] = np.append(np.diff(levels) / np.diff(times), 0.0)
    event = structure[structure.index('id="field_event"') :]
    order = re.findall(r'<eventAssignment variable="(\w+)"', event[: event.index("</event>")])
    return tuple(found[name] for name in order if name != COUNTER)


def expected_count(field: Field, until: float) -> int:
    """Return what the counter of corners must show at `until` (s of run time)."""
    return int(np.count_nonzero(np.asarray(field.times) <= until))


def joined(first: DriveText, second: DriveText) -> DriveText:
    """Return two texts as one; what both declare is declared once."""
    lines = [line for line in second.text.splitlines() if line not in first.text.splitlines()]
    return DriveText(
        "\n".join([first.text, *lines]),
        {**first.parameters, **second.parameters},
        {**first.counters, **second.counters},
    )
