"""From the units of an SBML document to texts that pint reads."""

from __future__ import annotations

import math

import libsbml

Factors = tuple[tuple[str, float, float], ...]  # kind, what it is multiplied by, exponent; empty: not known

# What Levels 1 and 2 take a silent document to mean. Their second and their mole are left out: half of the
# documents that do not speak of time or substance count in minutes, nanomoles or numbers of molecules.
_DEFAULTS: dict[str, Factors] = {
    "volume": (("litre", 1.0, 1.0),),
    "area": (("metre", 1.0, 2.0),),
    "length": (("metre", 1.0, 1.0),),
}
_PREFIXES: dict[int, str] = dict(
    zip(range(-24, 27, 3), ("y", "z", "a", "f", "p", "n", "u", "m", "", *"kMGTPEZY"), strict=True)
) | {-2: "c", -1: "d", 1: "da", 2: "h"}
_NAMES = {  # in pint, where they take prefixes; other kinds are called the same there
    "mole": "mol", "litre": "l", "liter": "l", "second": "s", "metre": "m", "meter": "m", "gram": "g",
    "volt": "V", "ampere": "A", "siemens": "S", "farad": "F", "ohm": "ohm", "coulomb": "C", "hertz": "Hz",
    "joule": "J", "kelvin": "K", "newton": "N", "pascal": "Pa", "watt": "W",
}  # fmt: skip
_OTHERWISE = {"item": "count", "avogadro": "avogadro_number", "celsius": "degC"}  # without prefixes
_SECONDS = {60.0: "min", 3600.0: "h", 86400.0: "day", 604800.0: "week"}


def named(model: libsbml.Model, name: str) -> Factors:
    """Return what a unit is by its name: a definition of the document, a default, or a unit by itself."""
    defined = model.getUnitDefinition(name)
    if defined is not None:
        return tuple(_factor(each) for each in defined.getListOfUnits())
    level, version = model.getLevel(), model.getVersion()
    if level < 3 and name in _DEFAULTS:
        return _DEFAULTS[name]
    basic = libsbml.UnitKind_isValidUnitKindString(name, level, version)
    known = libsbml.UnitKind_forName(name) != libsbml.UNIT_KIND_INVALID
    return ((name, 1.0, 1.0),) if basic and known else ()


def _factor(unit: libsbml.Unit) -> tuple[str, float, float]:
    kind = str(libsbml.UnitKind_toString(unit.getKind()))
    return kind, float(unit.getMultiplier()) * 10.0 ** unit.getScale(), float(unit.getExponentAsDouble())


def ratio(above: Factors, below: Factors) -> Factors:
    """Return one unit divided by another; nothing if one of them is not known."""
    if not (above and below):
        return ()
    return (*above, *((kind, factor, -exponent) for kind, factor, exponent in below))


def unit_text(factors: Factors) -> str:
    """Return a unit as pint reads it: ``"umol/l"``; ``"1"`` for a pure number, empty for none.

    A factor that is no power of ten stays a number, ``"(55.5*mol)/l"``, which pint reads as a
    quantity.
    """
    if not factors:
        return ""
    above: list[str] = []
    below: list[str] = []
    number = 1.0
    for kind, factor, exponent in factors:
        if kind == "dimensionless":
            number *= factor**exponent
        elif exponent != 0:
            text, power = _one(kind, factor), abs(exponent)
            (above if exponent > 0 else below).append(text if power == 1 else f"{text}^{power:g}")
    if not _near(number, 1.0):
        above.insert(0, f"{number:.15g}")
    return "/".join(["*".join(above) or "1", *below])


def _one(kind: str, factor: float) -> str:
    """Return a unit of one kind with its factor: ``"umol"``, ``"min"``, ``"(55.5*mol)"``."""
    if kind == "kilogram":
        kind, factor = "gram", factor * 1e3
    if kind == "second":
        for length, name in _SECONDS.items():
            if _near(factor, length):
                return name
    name = _NAMES.get(kind) or _OTHERWISE.get(kind, kind)
    if _near(factor, 1.0):
        return name
    power = round(math.log10(factor)) if 0 < factor < math.inf else 0
    if kind in _NAMES and power in _PREFIXES and _near(factor, 10.0**power):
        return _PREFIXES[power] + name
    return f"({factor:.15g}*{name})"


def _near(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=1e-9)
