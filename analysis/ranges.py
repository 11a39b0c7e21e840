"""Parameters that are not certain: within which range each may lie, and draws from these ranges.

A range is the one in the parameter's ``.yaml`` entry, or given. A positive range of more than a
decade is sampled uniformly in the logarithm, any other uniformly: nothing is known within a range
but its ends, and over decades it is the order of magnitude that is uncertain.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kinaptic.errors import KinapticError, ModelError, UnknownName
from kinaptic.units import Quantity, parse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.pathways.parameters import Parameter
    from kinaptic.sbml.synapse import Synapse

    Array = NDArray[np.float64]

Wanted = Mapping[str, tuple[Quantity, Quantity]] | Iterable[str] | None

_DECADE = 10.0
_DEFINITION = "assumed: definition"  # how the source of a number that is one by definition begins
_LEVELS = 4  # of each range that Morris' trajectories visit: its ends, and a third and two thirds of it


@dataclass(frozen=True)
class Uncertain:
    """A parameter to vary; made by `chosen`.

    Attributes
    ----------
    name : str
        Of the parameter.
    value : float
        That of the synapse, in `unit`.
    unit : str
        A model unit.
    span : tuple of float, optional
        Lowest and highest value, in `unit`; None where there is no range.
    source : str
        Where the range comes from: the source of the parameter's ``.yaml`` entry, or "as given".
    """

    name: str
    value: float
    unit: str
    span: tuple[float, float] | None
    source: str

    @property
    def logarithmic(self) -> bool:
        """Whether it is sampled uniformly in the logarithm."""
        return self.span is not None and self.span[0] > 0 and self.span[1] / self.span[0] > _DECADE

    @property
    def sampling(self) -> str:
        """How its range is sampled; empty where there is none."""
        return "" if self.span is None else "logarithmic" if self.logarithmic else "uniform"

    def at(self, fraction: Array) -> Array:
        """Return the values at fractions (0 to 1) of the range."""
        if self.span is None:
            raise KinapticError(f"parameter {self.name!r} has no range to draw from")
        low, high = self.span
        drawn = low * (high / low) ** fraction if self.logarithmic else low + (high - low) * fraction
        inside: Array = np.clip(drawn, low, high)  # rounding may step over the ends
        return inside


def chosen(synapse: Synapse, wanted: Wanted, where: str, *, spans: bool = True) -> tuple[Uncertain, ...]:
    """Return the parameters to vary, in the order of the synapse's or as they were given.

    Parameters
    ----------
    synapse : Synapse
        Whose parameters.
    wanted : mapping of str to (quantity, quantity), iterable of str, or None
        Ranges by name; names, whose ranges are those of their ``.yaml`` entries; or all parameters
        that have such a range, but for definitions (activity that an inhibitor leaves) and what is 0
        unless somebody gives it (an agonist in the bath), which an experimenter sets and are not
        uncertain. A parameter that the user or a perturbation has set has lost its range.
    where : str
        Who asks, for messages: ``"sensitivity(…)"``.
    spans : bool
        Whether names without a range are refused.

    Raises
    ------
    UnknownName
        If the synapse has no such parameter.
    ModelError
        If one is derived from others.
    UnitError
        If an end of a range has no unit, or one of another dimension.
    KinapticError
        If a range is missing or upside down, a name is there twice, there is none at all, or a
        perturbation changes one as the run begins.
    """
    known = synapse.numbers(acute=True)
    if wanted is None:
        wanted = [name for name, each in known.items() if _is_uncertain(each)]
        if not wanted:
            raise KinapticError(
                f"{where}: no number of this synapse has a range in its .yaml; "
                "give some, as parameters={'name': ('low unit', 'high unit')}"
            )
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if not names:
        raise KinapticError(f"{where}: parameters is empty; name at least one, or leave it out for all")
    for name in names:
        if names.count(name) > 1:
            raise KinapticError(f"{where}: parameter {name!r} is there twice; keep one")
    resting = synapse.numbers(acute=False)
    found = []
    for name in names:
        value = _settable(name, known, resting, where)
        span, source = known[name].range, known[name].source
        if isinstance(wanted, Mapping):
            span, source = _given(name, known[name].unit, wanted[name], where), "as given"
        if span is None and spans:
            raise KinapticError(
                f"{where}: parameter {name!r} has no range in its .yaml, or lost it when it was set; "
                f"give one, as parameters={{{name!r}: ('low {known[name].unit}', 'high {known[name].unit}')}}"
            )
        found.append(Uncertain(name, value, known[name].unit, span, source if span else "no range"))
    return tuple(found)


def _is_uncertain(parameter: Parameter) -> bool:
    return (
        bool(parameter.value) and parameter.range is not None and not parameter.source.startswith(_DEFINITION)
    )


def _settable(
    name: str, known: Mapping[str, Parameter], resting: Mapping[str, Parameter], where: str
) -> float:
    if name not in known:
        raise UnknownName("parameter", name, known, f"in {where}")
    value = known[name].value
    if value is None:
        raise ModelError(
            f"{where}: {name} is derived ({known[name].formula}); vary what it follows from instead"
        )
    if name not in resting or resting[name].value != value:  # what is set is set before the baseline too
        raise KinapticError(
            f"{where}: {name} is changed as the run begins, and a value set for it would hold before the "
            "baseline too; leave it out, or leave that perturbation out"
        )
    return value


def _given(name: str, unit: str, span: Any, where: str) -> tuple[float, float]:
    if isinstance(span, str) or not isinstance(span, Sequence) or len(span) != 2:
        raise KinapticError(f"{where}: parameters[{name!r}] is {span!r}; give its lowest and highest value")
    low, high = (parse(each, unit, f"{where}: parameters[{name!r}]") for each in span)
    if not low < high:
        raise KinapticError(
            f"{where}: parameters[{name!r}]: the range {span[0]} to {span[1]} is "
            f"{'upside down' if low > high else 'empty'}; give the lower value first, then a higher one"
        )
    return low, high


def drawn(parameters: Sequence[Uncertain], fractions: Array) -> pd.DataFrame:
    """Return quantities at fractions of the ranges, as `scan` takes them.

    Parameters
    ----------
    parameters : sequence of Uncertain
        With ranges.
    fractions : ndarray, shape (points, parameters)
        From 0, the lowest value, to 1, the highest.

    Returns
    -------
    DataFrame of str, shape (points, parameters)
        Quantities with their units.
    """
    columns = {
        each.name: [_text(value, each.unit) for value in each.at(fractions[:, i])]
        for i, each in enumerate(parameters)
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(fractions), name="point"), dtype=object)


def _text(value: float, unit: str) -> str:
    """Return a quantity in full and without an exponent, behind which 1/uM would not be read as a unit."""
    number = np.format_float_positional(value, trim="-")
    return number if unit == "1" else f"{number} {unit}"


def latin_hypercube(count: int, samples: int, seed: int) -> Array:
    """Return a Latin hypercube of `samples` points in `count` dimensions, from 0 to 1.

    Each dimension is cut into as many slices as there are points, with one point in each (McKay,
    Beckman & Conover 1979), so that few points still reach over every range.
    """
    from scipy.stats import qmc

    made: Array = qmc.LatinHypercube(count, rng=np.random.default_rng(seed)).random(samples)
    return made


def morris_design(count: int, samples: int, seed: int) -> Array:
    """Return Morris' trajectories (1991), shape (samples · (count + 1), count), from 0 to 1."""
    from SALib.sample.morris import sample

    made: Array = sample(unit_cube(count), samples, num_levels=_LEVELS, seed=seed)
    return made


def sobol_design(count: int, samples: int, seed: int, *, second_order: bool) -> Array:
    """Return Saltelli's points (2002), from 0 to 1.

    Shape (samples · (count + 2), count), or (samples · (2·count + 2), count) for second order.
    """
    from SALib.sample.sobol import sample

    made: Array = sample(unit_cube(count), samples, calc_second_order=second_order, seed=seed)
    return made


def unit_cube(count: int) -> dict[str, Any]:
    """Return what SALib calls a problem: so many numbers, each from 0 to 1."""
    return {"num_vars": count, "names": [f"x{i}" for i in range(count)], "bounds": [[0.0, 1.0]] * count}


def whole(value: object, least: int, what: str, remedy: str) -> int:
    """Return a whole number of at least `least`; refuse anything else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise KinapticError(f"{what}={value!r}: {remedy}")
    return int(value)
