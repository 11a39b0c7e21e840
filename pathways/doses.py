"""Doses: a range written as text, and an agent given at one dose after another."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from kinaptic.errors import KinapticError, PerturbationError, UnitError
from kinaptic.pathways import drugs
from kinaptic.pathways.perturbation import Perturbation, inhibit, overexpress
from kinaptic.units import Quantity, parse, unit_text

PER_DECADE = 3  # doses of a range, in each factor of ten
RANGE = ".."
Doses = str | Iterable[Quantity]


def read(doses: Doses, *, per_decade: int = PER_DECADE, what: str = "doses") -> tuple[str, ...]:
    """Return doses as quantities.

    Parameters
    ----------
    doses : str or iterable of quantity
        A range such as ``"1 nM .. 100 uM"``, whose ends are among them, log-spaced; or one by one.
    per_decade : int
        How many of a range there are in each factor of ten.
    what : str
        How messages call them.

    Returns
    -------
    tuple of str
        With units, in the order given.

    Raises
    ------
    UnitError, KinapticError
        If they cannot be meant so.
    """
    if isinstance(doses, str):
        if RANGE not in doses:
            raise KinapticError(f"{what}={doses!r}: give a range such as '1 nM .. 100 uM', or a list")
        return spaced(doses, per_decade, what)
    if not isinstance(doses, Iterable):
        raise KinapticError(f"{what}={doses!r}: give a range such as '1 nM .. 100 uM', or a list")
    found = tuple(str(each) for each in doses)
    if not found:
        raise KinapticError(
            f"{what}: the list is empty; give at least one, or a range such as '1 nM .. 100 uM'"
        )
    unit = unit_text(next((each for each in found if _bare(each) != 0), found[0]))
    found = tuple(f"0 {unit}" if _bare(each) == 0 and unit != "1" else each for each in found)
    for each in found:
        if parse(_bare(each), unit, what) < 0:
            raise KinapticError(f"{what}: {each!r} is negative; a dose is not")
    return found


def spaced(text: str, per_decade: int = PER_DECADE, what: str = "range") -> tuple[str, ...]:
    """Return the quantities of a range, log-spaced, in the unit of its upper end; see `read`."""
    ends = [each.strip() for each in text.split(RANGE)]
    if len(ends) != 2 or not all(ends):
        raise KinapticError(f"{what}={text!r}: write two quantities, such as '1 nM .. 100 uM'")
    if isinstance(per_decade, bool) or not isinstance(per_decade, int) or per_decade < 1:
        raise KinapticError(f"per_decade={per_decade!r}: give how many in a factor of ten, 1 or more")
    unit = unit_text(ends[1])
    low, high = (parse(_bare(each), unit, what) for each in ends)
    if low <= 0:
        raise KinapticError(
            f"{what}={text!r}: log-spaced values cannot begin at {ends[0]}; give a positive one, or a list"
        )
    if low >= high:
        raise KinapticError(f"{what}={text!r}: the range is upside down; write {ends[1]} .. {ends[0]}")
    count = max(2, round(per_decade * math.log10(high / low)) + 1)
    name = "" if unit == "1" else f" {unit}"
    return tuple(f"{value:.6g}{name}" for value in np.geomspace(low, high, count))


def _bare(text: str) -> Quantity:
    """Return a pure number as a number, which a quantity without unit has to be."""
    try:
        return float(text)
    except ValueError:
        return text


def agent(given: Perturbation | str) -> Perturbation:
    """Return what is dosed: a perturbation, or a drug by its name."""
    if isinstance(given, str):
        return drugs.drug(given, "0 uM")
    if not isinstance(given, Perturbation):
        raise PerturbationError(
            f"agent={given!r}: give a drug's name, or a perturbation such as "
            "kn.inhibit('CaMKII', ic50='0.4 uM')"
        )
    if given.kind == "knockout":
        raise PerturbationError(
            f"agent=knockout({given.target!r}): a knock-out has no doses; give kn.inhibit({given.target!r}) "
            f"or kn.overexpress({given.target!r}, 1)"
        )
    return given


def at(given: Perturbation, dose: Quantity) -> Perturbation | None:
    """Return an agent at a dose; None at dose 0 of an agent that then does nothing.

    Parameters
    ----------
    given : Perturbation
        Of `inhibit`: by so much of an ideal inhibitor, whose IC50 it has; or, for a pure number, by
        that fraction. Of `drug`: that drug. Of `overexpress`: the factor. Of `clamp` and `edit`: the value.
    dose : quantity
        What it is given at.

    Raises
    ------
    UnitError, PerturbationError
        If the dose does not suit the agent.
    """
    bare = _bare(dose) if isinstance(dose, str) else dose
    nothing = isinstance(bare, int | float) and bare == 0
    match given.kind:
        case "drug":
            made = drugs.drug(given.target, "0 uM" if nothing else dose, acute=None if given.acute else False)
            return None if parse(made.value, "uM", given.target) == 0 else made
        case "inhibit":
            if isinstance(bare, int | float):
                if given.ic50:
                    raise UnitError(
                        f"inhibit({given.target!r}, ic50={given.ic50!r}) is dosed by concentrations, "
                        f"not {dose!r}"
                    )
                return None if nothing else inhibit(given.target, by=float(bare), acute=given.acute)
            made = inhibit(given.target, dose=dose, ic50=given.ic50 or None, acute=given.acute)
            return None if made.factor == 1 else made
        case "overexpress":
            if not isinstance(bare, int | float):
                raise UnitError(
                    f"overexpress({given.target!r}) is dosed by factors, which have no unit: not {dose!r}"
                )
            return overexpress(given.target, float(bare))
    return replace(given, value=str(dose))
