"""A model's SBML as equations: rate laws, derivatives, rules, and which pathway each belongs to."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

import libsbml

from kinaptic.pathways.catalogue import pathway
from kinaptic.sbml import document
from kinaptic.sbml.assemble import declared_species
from kinaptic.sbml.export import tex_pieces as tex
from kinaptic.sbml.export.tex import Printer
from kinaptic.sbml.export.tex_pieces import Formula

LINE = 92.0  # digits: 17 cm of Computer Modern at 10 points, less a little for what is estimated
_SPELT = ("one", "half", "zero")  # constants that are written as the numbers that they are
_DEFINED = re.compile(r"(\w+)\s*(?:'\s*=|:=|:)")

Equation = tuple[str, str, list[str]]  # left-hand side, sign, lines of the right-hand side


class System:
    """The equations of a flat model.

    Parameters
    ----------
    sbml : str
        As `Model.sbml` gives it: species are concentrations, compartments constant, and no functions
        are defined.
    newline : str
        What ends a row of cases.
    """

    def __init__(self, sbml: str, newline: str) -> None:
        self._document = document.read(sbml)  # libSBML's objects die with it
        self.model = self._document.getModel()
        self.compartments = list(self.model.getListOfCompartments())
        self.species = {s.getId(): s for s in self.model.getListOfSpecies()}
        self.parameters = {p.getId(): p for p in self.model.getListOfParameters()}
        self.reactions = {r.getId(): r for r in self.model.getListOfReactions()}
        self.events = list(self.model.getListOfEvents())
        rules = list(self.model.getListOfRules())
        self.rules = {r.getVariable(): r.getMath() for r in rules if r.isAssignment()}
        self._slopes = {r.getVariable(): r.getMath() for r in rules if r.isRate()}
        self.symbols = self._symbols()
        self._volumes = [c.getId() for c in self.compartments]
        self._newline = newline

    @functools.cached_property
    def states(self) -> list[str]:
        """Ids of what has a derivative: species that reactions make, and what has a rate rule."""
        made = [s for s, each in self.species.items() if not each.getBoundaryCondition()]
        return [*(s for s in made if s not in self.rules and s not in self._slopes), *self._slopes]

    def scheme(self, name: str) -> tuple[str, list[str]]:
        """Return a reaction as chemists write it, and the species that take part unchanged."""
        reaction = self.reactions[name]
        sides = (
            " + ".join(map(_reacting, references)) or r"\emptyset"
            for references in (reaction.getListOfReactants(), reaction.getListOfProducts())
        )
        arrow = r" \rightleftharpoons " if reaction.getReversible() else r" \rightarrow "
        helpers = [tex.named(m.getSpecies()).whole.text for m in reaction.getListOfModifiers()]
        return arrow.join(sides), helpers

    def rate(self, reaction: str) -> Equation:
        """Return the rate law of a reaction (zmol/s)."""
        return self._equation(reaction, self.reactions[reaction].getKineticLaw().getMath())

    def rule(self, name: str) -> Equation:
        """Return what an assignment rule sets."""
        return self._equation(name, self.rules[name])

    def derivative(self, name: str) -> Equation:
        """Return the derivative of a state by time."""
        left = self.symbols[name].whole
        slope = self._slopes[name] if name in self._slopes else libsbml.parseL3Formula(self._balance(name))
        return rf"\frac{{d {left.text}}}{{d t}}", "=", self.lines(slope, left.width + 4)

    def beginning(self, name: str) -> float:
        """Return what a state begins with: µM, or the unit of a variable."""
        if name in self.species:
            return float(self.species[name].getInitialConcentration())
        return float(self.parameters[name].getValue())

    def change(self, name: str, value: libsbml.ASTNode) -> Equation:
        """Return what an event makes of a variable."""
        return self._equation(name, value, r"\leftarrow")

    def lines(self, math: libsbml.ASTNode, taken: float) -> list[str]:
        """Return a formula in lines that have room beside something `taken` wide."""
        limit = LINE - taken
        return Printer(self.symbols, self._volumes, self._newline, limit).formula(math).lines(limit)

    def _equation(self, name: str, math: libsbml.ASTNode, sign: str = "=") -> Equation:
        left = self.symbols[name].whole
        return left.text, sign, self.lines(math, left.width + 4)

    def _balance(self, species: str) -> str:
        """Return what reactions do to the concentration of a species, as a formula over their ids."""
        terms = self._fluxes.get(species)
        if terms is None:
            return "0"
        return f"1/{self.species[species].getCompartment()}*({' '.join(terms).removeprefix('+ ')})"

    @functools.cached_property
    def _fluxes(self) -> dict[str, list[str]]:
        """For each species, what reactions take and make of it."""
        found: dict[str, list[str]] = {}
        for name, reaction in self.reactions.items():
            for sign, side in (("-", reaction.getListOfReactants()), ("+", reaction.getListOfProducts())):
                for each in side:
                    count = each.getStoichiometry()
                    term = f"{sign} {name}" if count == 1 else f"{sign} {count:.17g}*{name}"
                    found.setdefault(each.getSpecies(), []).append(term)
        return found

    def _symbols(self) -> dict[str, Formula]:
        """Return how each id is written in a formula."""
        found = {name: tex.named(name) for name in self.parameters}
        for name in _SPELT:
            if name in self.parameters:
                found[name] = tex.number(self.parameters[name].getValue())
        for name in self.species:
            inside = tex.named(name).whole
            found[name] = Formula.of(f"[{inside.text}]", inside.width + 1)
        for each in self.compartments:
            found[each.getId()] = Formula.of(
                rf"\Omega_{{\mathrm{{{each.getId()}}}}}", 1.4 + len(each.getId())
            )
        for name in self.reactions:
            words = name.replace("_", " ")
            found[name] = Formula.of(rf"v_{{\text{{{words}}}}}", 1 + 0.75 * tex.letters(words))
        return found


def owners(names: Iterable[str]) -> Mapping[str, str]:
    """Return which of some pathways each species, reaction, rule and number is of."""
    found: dict[str, str] = {}
    for name in names:
        one = pathway(name)
        text = re.sub(r"//[^\n]*", "", one.antimony)
        defined = (m[1] for part in text.split(";") if (m := _DEFINED.match(part.strip())))
        for each in (*declared_species(one.antimony), *defined, *one.collects, *one.parameters):
            found.setdefault(each, name)
    return found


def _reacting(reference: libsbml.SpeciesReference) -> str:
    name = tex.named(reference.getSpecies()).whole.text
    count = reference.getStoichiometry()
    return name if count == 1 else rf"{tex.number(count).whole.text}\ {name}"
