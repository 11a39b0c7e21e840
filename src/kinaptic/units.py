"""Units: quantities as strings at the door, floats inside, and the units that models use.

Inside, time is in seconds, volume in femtolitres and substance in zeptomoles, so that a
concentration in zmol/fL is a concentration in µM and every state of a spine is of order one.
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kinaptic.errors import UnitError, UnknownName

if TYPE_CHECKING:
    import pint

Quantity = str | int | float  # what users write: "10 ms", "0.3 uM", or a pint quantity

_NUMBER = re.compile(
    r"\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"\s*(?P<unit>(?![eE][-+]?\d)[^\W\d].*?)?\s*"
)


@dataclass(frozen=True)
class ModelUnit:
    """A unit that a number of a model may carry."""

    text: str  # as written in the .yaml and in tables: "1/uM/s"
    sbml: str  # id of the unit definition in the SBML, and the name in Antimony
    antimony: str  # its Antimony definition


def _u(text: str, sbml: str, antimony: str) -> ModelUnit:
    return ModelUnit(text, sbml, antimony)


MODEL_UNITS: dict[str, ModelUnit] = {
    u.text: u
    for u in (
        _u("1", "one_unit", "dimensionless"),
        _u("s", "s_unit", "second"),
        _u("1/s", "per_s", "1 / second"),
        _u("fL", "fL", "1e-15 litre"),
        _u("zmol", "zmol", "1e-21 mole"),
        _u("uM", "uM", "1e-21 mole / 1e-15 litre"),
        _u("uM/s", "uM_per_s", "1e-21 mole / (1e-15 litre * second)"),
        _u("uM/s^2", "uM_per_s2", "1e-21 mole / (1e-15 litre * second^2)"),
        _u("1/uM", "per_uM", "1e-15 litre / 1e-21 mole"),
        _u("1/uM/s", "per_uM_s", "1e-15 litre / (1e-21 mole * second)"),
        _u("1/uM^2/s", "per_uM2_s", "(1e-15 litre)^2 / ((1e-21 mole)^2 * second)"),
        _u("1/uM^3/s", "per_uM3_s", "(1e-15 litre)^3 / ((1e-21 mole)^3 * second)"),
        _u("um^2/s", "um2_per_s", "(1e-6 metre)^2 / second"),
        _u("zmol/s", "zmol_per_s", "1e-21 mole / second"),
        _u("mV", "mV", "1e-3 volt"),
        _u("1/mV", "per_mV", "1 / 1e-3 volt"),
        _u("mV/s", "mV_per_s", "1e-3 volt / second"),
        _u("nS", "nS", "1e-9 siemens"),
        _u("pA", "pA", "1e-12 ampere"),
        _u("nF", "nF", "1e-9 farad"),
        _u("GOhm", "GOhm", "1e9 ohm"),
        _u("uM/s/pA", "uM_per_s_pA", "1e-21 mole / (1e-15 litre * second * 1e-12 ampere)"),
        _u("pA*s/zmol", "pA_s_per_zmol", "1e-12 ampere * second / 1e-21 mole"),
        _u("um", "um", "1e-6 metre"),
        _u("1/um", "per_um", "1 / 1e-6 metre"),
        _u("um/s", "um_per_s", "1e-6 metre / second"),
        _u("pS", "pS", "1e-12 siemens"),
        _u("pA/pS/mV", "pA_per_pS_mV_unit", "1e-12 ampere / (1e-12 siemens * 1e-3 volt)"),
        _u("1/zmol", "per_zmol", "1 / 1e-21 mole"),
        _u("kelvin", "kelvin_unit", "kelvin"),
    )
}


def model_unit(text: str) -> ModelUnit:
    """Return the model unit written `text`; raise `UnknownName` when there is none."""
    try:
        return MODEL_UNITS[text]
    except KeyError:
        raise UnknownName("unit", text, MODEL_UNITS) from None


@functools.cache
def registry() -> pint.UnitRegistry[float]:
    """Return the one pint registry (made at first use: pint costs a third of a second)."""
    import pint

    ureg: pint.UnitRegistry[float] = pint.UnitRegistry()
    ureg.define("molar = mole / litre = M")
    ureg.define("@alias ohm = Ohm")
    return ureg


def parse(value: object, unit: str, what: str) -> float:
    """Read a quantity and return its magnitude in `unit`.

    Parameters
    ----------
    value : str or pint.Quantity
        For instance ``"10 ms"``. A bare number is taken only where `unit` is ``"1"``.
    unit : str
        The unit wanted, as pint reads it: ``"s"``, ``"uM"``, ``"Hz"``, ``"1"``.
    what : str
        What is being read, for the message: ``"stdp(delay=…)"``.

    Raises
    ------
    UnitError
        If there is no unit, it is unknown, or its dimension is another one.
    """
    return _read(value, unit, what) if isinstance(value, str) else _magnitude(value, unit, what)


@functools.lru_cache(maxsize=4096)  # pint takes a tenth of a millisecond, and a study asks again and again
def _read(text: str, unit: str, what: str) -> float:
    plain = _NUMBER.fullmatch(text)
    factor = _factor(plain["unit"] or "", unit) if plain else None
    if plain is None or factor is None or not math.isfinite(float(plain["number"]) * factor):
        return _magnitude(text, unit, what)
    return float(plain["number"]) * factor


@functools.lru_cache(maxsize=1024)
def _factor(given: str, wanted: str) -> float | None:
    """Return what a number in one unit is multiplied by to be in another, as pint does it.

    None where pint has to look at the number: a temperature in degrees, an unknown unit.
    """
    ureg = registry()
    try:
        source, target = ureg.Unit(given or "dimensionless"), "dimensionless" if wanted == "1" else wanted
        one, three = (float(ureg.Quantity(n, source).to(target).magnitude) for n in (1.0, 3.0))
    except Exception:  # pint raises half a dozen unrelated types; the message is for `_magnitude` to find
        return None
    return one if three == 3.0 * one else None


def _magnitude(value: object, unit: str, what: str) -> float:
    import pint

    ureg = registry()
    if isinstance(value, bool) or value is None:
        raise UnitError(f"{what}: {value!r} is not a quantity; write for instance '1 {unit}'")
    if isinstance(value, int | float):
        if unit != "1":
            raise UnitError(f"{what}: {value!r} has no unit; write '{value:g} {unit}'")
        quantity = ureg.Quantity(float(value), "dimensionless")
    else:
        given: Any = value  # whatever pint makes of it
        try:
            quantity = ureg.Quantity(given)
        except Exception as why:  # pint raises half a dozen unrelated types
            raise UnitError(
                f"{what}: cannot read {value!r} as a quantity ({why}); write for instance '1 {unit}'"
            ) from None
    try:
        magnitude = float(quantity.to("dimensionless" if unit == "1" else unit).magnitude)
    except (pint.DimensionalityError, TypeError):
        found = f"is in {quantity.units:~P}" if not quantity.unitless else "has no unit"
        raise UnitError(f"{what}: {value!r} {found}; expected a quantity in {unit}") from None
    if not math.isfinite(magnitude):
        raise UnitError(f"{what}: {value!r} is not a finite number")
    return magnitude


def unit_text(value: object) -> str:
    """Return the unit of a quantity as it was written: ``"ms"``; ``"1"`` for a pure number."""
    if isinstance(value, str):
        found = _NUMBER.fullmatch(value)
        if found:
            return found["unit"] or "1"
    try:
        quantity = registry().Quantity(value)  # type: ignore[call-overload]
    except Exception:  # pint raises half a dozen unrelated types
        raise UnitError(f"cannot read {value!r} as a quantity; write for instance '10 ms'") from None
    return f"{quantity.units:~C}" or "1"


def labelled(name: str, unit: str) -> str:
    """Return a name with its unit, as an axis or the head of a table shows it."""
    return name if unit in ("", "1") else f"{name} ({unit.replace('uM', 'µM').replace('um', 'µm')})"


def column_name(name: str, unit: str) -> str:
    """Return a name with its unit as it was written, for the head of a file."""
    return name if unit in ("", "1") else f"{name} ({unit})"
