"""What a NEURON mechanism is written from: states, what changes them, and what follows from them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml.export.nmodl_math import names

CALCIUM = "Ca"


@dataclass(frozen=True)
class Reaction:
    """A reaction among states; what is held constant is in its law only.

    Attributes
    ----------
    id : str
        As in the model.
    left, right : tuple of str
        Reactants and products, each as often as its stoichiometry says.
    law : ast.expr
        Amount per second (zmol/s).
    """

    id: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    law: ast.expr


@dataclass(frozen=True)
class Network:
    """A model that reads calcium; every name is one that NMODL can have.

    Attributes
    ----------
    numbers : mapping of str to Parameter
        Constants, those that follow from others included.
    formulas : mapping of str to ast.expr
        What follows from something else: numbers from numbers, variables from states.
    states : mapping of str to float
        Initial values: µM for species, the variable's own unit for the others.
    homes : mapping of str to str
        Compartment of each state that is a species.
    rates : mapping of str to ast.expr
        Change per second of the states that are no species.
    reactions : tuple of Reaction
        What changes the states that are.
    spikes : mapping of str to mapping of str to ast.expr
        ``"pre"`` and ``"post"``: what a spike sets states to, from old values.
    calcium : float or None
        Calcium (µM) that the initial state rests at; None where nothing reads calcium.
    units, meanings : mapping of str to str
        Of states and variables; a meaning only where one is known.
    renamed : mapping of str to str
        Ids of the model that have another name here, with that name.
    """

    numbers: Mapping[str, Parameter]
    formulas: Mapping[str, ast.expr]
    states: Mapping[str, float]
    homes: Mapping[str, str]
    rates: Mapping[str, ast.expr]
    reactions: tuple[Reaction, ...]
    spikes: Mapping[str, Mapping[str, ast.expr]]
    calcium: float | None
    units: Mapping[str, str]
    meanings: Mapping[str, str]
    renamed: Mapping[str, str]

    @property
    def given(self) -> list[str]:
        """Numbers with a value of their own."""
        return [name for name in self.numbers if name not in self.formulas]

    @property
    def derived(self) -> list[str]:
        """Numbers that follow from others, each after those that it needs."""
        return [name for name in self.formulas if name in self.numbers]

    @property
    def variables(self) -> list[str]:
        """What follows from states at every moment, each after what it needs."""
        return [name for name in self.formulas if name not in self.numbers]

    @property
    def names(self) -> set[str]:
        """Everything that has a name."""
        return {CALCIUM, *self.numbers, *self.formulas, *self.states}


def reached(whole: Network, roots: Iterable[str]) -> Network:
    """Return the part of a network that `roots`, and what acts on them, need; formulas come in order."""
    acting = _acting(whole)
    kept, waiting = set(roots), list(roots)
    while waiting:
        new = acting.get(waiting.pop(), set()) - kept
        kept |= new
        waiting += new
    return replace(
        whole,
        numbers={name: number for name, number in whole.numbers.items() if name in kept},
        formulas=_in_order({name: math for name, math in whole.formulas.items() if name in kept}),
        states={name: value for name, value in whole.states.items() if name in kept},
        rates={name: math for name, math in whole.rates.items() if name in kept},
        reactions=tuple(r for r in whole.reactions if kept & {*r.left, *r.right}),
        spikes={
            side: {name: math for name, math in changes.items() if name in kept & whole.states.keys()}
            for side, changes in whole.spikes.items()
        },
        calcium=whole.calcium if CALCIUM in kept else None,
        renamed={name: ours for name, ours in whole.renamed.items() if ours in kept},
    )


def _acting(on: Network) -> dict[str, set[str]]:
    """Return, for each name, those that it follows from or that its change involves."""
    acting: dict[str, set[str]] = {}
    for reaction in on.reactions:
        involved = {*reaction.left, *reaction.right}
        for state in involved:
            acting.setdefault(state, set()).update(involved, names(reaction.law))
    for state, home in on.homes.items():
        acting.setdefault(state, set()).add(home)
    for found in (on.formulas, on.rates, *on.spikes.values()):
        for name, math in found.items():
            acting.setdefault(name, set()).update(names(math))
    return acting


def _in_order(formulas: Mapping[str, ast.expr]) -> dict[str, ast.expr]:
    """Return formulas in the order of the model, but each after those that it needs."""
    placed: dict[str, ast.expr] = {}

    def place(name: str) -> None:
        if name in formulas and name not in placed:
            for needed in names(formulas[name]):
                place(needed)
            placed[name] = formulas[name]

    for name in formulas:
        place(name)
    return placed
