"""What the ids of a document stand for: kind, value, unit, and what sets them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import libsbml

from kinaptic.sbml.foreign.contents import Kind, SetBy, Symbol
from kinaptic.sbml.foreign.unit_text import Factors, named, ratio, unit_text
from kinaptic.units import registry

_SIZES = {3.0: "volume", 2.0: "area", 1.0: "length"}  # of compartments, by their dimensions


def symbols(model: libsbml.Model) -> dict[str, Symbol]:
    """Return every id with a value: compartments, species, parameters, reactions with stoichiometries."""
    reader = _Reader(model)
    found: list[Symbol] = [reader.compartment(each) for each in model.getListOfCompartments()]
    found += [reader.species(each) for each in model.getListOfSpecies()]
    found += [reader.parameter(each) for each in model.getListOfParameters()]
    for reaction in model.getListOfReactions():
        found.append(Symbol(reaction.getId(), "reaction", False, None, reader.rate))
        found += [reader.stoichiometry(each) for each in references(reaction) if each.isSetId()]
    return {each.id: each for each in found}


def references(reaction: libsbml.Reaction) -> Iterator[libsbml.SpeciesReference]:
    """Yield the reactants and the products of a reaction."""
    yield from reaction.getListOfReactants()
    yield from reaction.getListOfProducts()


def seconds(model: libsbml.Model) -> float | None:
    """Return the length of the model's unit of time (s); None if it has none, or one of another kind."""
    text = unit_text(_time(model))
    if not text:
        return None
    found: Any = registry().Quantity(text).to_base_units()
    if str(found.units) != "second" or not 0 < found.magnitude < math.inf:
        return None
    return float(found.magnitude)


def _time(model: libsbml.Model) -> Factors:
    return named(model, model.getTimeUnits() if model.getLevel() > 2 else "time")


class _Reader:
    def __init__(self, model: libsbml.Model) -> None:
        self.model = model
        self.rules: dict[str, SetBy] = {
            rule.getVariable(): "assignment" if rule.isAssignment() else "rate"
            for rule in model.getListOfRules()
        }
        self.begins = {each.getSymbol() for each in model.getListOfInitialAssignments()}
        self.reacting = {
            each.getSpecies() for reaction in model.getListOfReactions() for each in references(reaction)
        }
        extent = self._general("substance") if model.getLevel() < 3 else named(model, model.getExtentUnits())
        self.rate = unit_text(ratio(extent, _time(model)))

    def compartment(self, each: libsbml.Compartment) -> Symbol:
        size = float(each.getSize()) if each.isSetSize() else 1.0 if each.getLevel() == 1 else None
        unit = unit_text(self._size_unit(each))
        return self._plain(each, "compartment", size, unit)

    def parameter(self, each: libsbml.Parameter) -> Symbol:
        value = float(each.getValue()) if each.isSetValue() else None
        return self._plain(each, "parameter", value, unit_text(named(self.model, each.getUnits())))

    def stoichiometry(self, each: libsbml.SpeciesReference) -> Symbol:
        value = float(each.getStoichiometry())
        return self._plain(each, "stoichiometry", None if math.isnan(value) else value, "1")

    def species(self, each: libsbml.Species) -> Symbol:
        name, boundary = each.getId(), bool(each.getBoundaryCondition())
        set_by = self._set_by(name)
        if not set_by and name in self.reacting and not boundary:
            set_by = "reactions"
        return Symbol(
            name,
            "species",
            bool(each.getConstant()),
            self._unless_set(name, self._beginning(each)),
            unit_text(self._species_unit(each)),
            amount=bool(each.getHasOnlySubstanceUnits()),
            boundary=boundary,
            compartment=each.getCompartment(),
            set_by=set_by,
        )

    def _plain(self, each: libsbml.SBase, kind: Kind, value: float | None, unit: str) -> Symbol:
        name = each.getId()
        # Level 1 does not say what is constant
        constant = bool(each.getConstant()) or (each.getLevel() == 1 and name not in self.rules)
        return Symbol(name, kind, constant, self._unless_set(name, value), unit, set_by=self._set_by(name))

    # ---- Values
    def _set_by(self, name: str) -> SetBy:
        return self.rules.get(name) or ("initial assignment" if name in self.begins else "")

    def _unless_set(self, name: str, value: float | None) -> float | None:
        """Return a value that is given, unless something else takes its place."""
        return None if name in self.begins or self.rules.get(name) == "assignment" else value

    def _beginning(self, each: libsbml.Species) -> float | None:
        """Return what a species begins with: the amount or the concentration, whichever its id stands for."""
        amount = float(each.getInitialAmount()) if each.isSetInitialAmount() else None
        concentration = float(each.getInitialConcentration()) if each.isSetInitialConcentration() else None
        if self._has_amount(each):
            if amount is not None or concentration is None:
                return amount
            size = self._size(each)
            return None if size is None else concentration * size
        if concentration is not None or amount is None:
            return concentration
        size = self._size(each)
        return amount / size if size else None

    def _size(self, species: libsbml.Species) -> float | None:
        """Return what the compartment of a species measures at first, if the document says it."""
        compartment = self.model.getCompartment(species.getCompartment())
        return self.compartment(compartment).value

    def _has_amount(self, species: libsbml.Species) -> bool:
        compartment = self.model.getCompartment(species.getCompartment())
        return bool(species.getHasOnlySubstanceUnits()) or compartment.getSpatialDimensionsAsDouble() == 0

    # ---- Units
    def _species_unit(self, each: libsbml.Species) -> Factors:
        given = each.getSubstanceUnits()
        substance = named(self.model, given) if given else self._general("substance")
        if self._has_amount(each):
            return substance
        size, compartment = each.getSpatialSizeUnits(), self.model.getCompartment(each.getCompartment())
        return ratio(substance, named(self.model, size) if size else self._size_unit(compartment))

    def _size_unit(self, each: libsbml.Compartment) -> Factors:
        if each.getUnits():
            return named(self.model, each.getUnits())
        return self._general(_SIZES.get(each.getSpatialDimensionsAsDouble(), ""))

    def _general(self, quantity: str) -> Factors:
        """Return the unit that the model has for a quantity, such as its volumes."""
        if self.model.getLevel() < 3 or not quantity:
            return named(self.model, quantity)
        return named(self.model, getattr(self.model, f"get{quantity.title()}Units")())
