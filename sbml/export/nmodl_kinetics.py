"""Rate laws as statements of a KINETIC block, of which NEURON makes a sparse Jacobian.

A law of mass action is written as a reaction, however complicated its coefficients are, and what a
variable loses in proportion to itself as a decay. NEURON then sees how states pull at each other, so
that its steps grow when the fast ones are at rest. What is left is a flux: it counts in full, but not in
the Jacobian.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kinaptic.errors import ExportError
from kinaptic.sbml.export import nmodl_names
from kinaptic.sbml.export.nmodl_math import (
    coefficient,
    factors,
    names,
    negative,
    number,
    product,
    quantity,
    terms,
    text,
    total,
)
from kinaptic.sbml.export.nmodl_network import Network, Reaction

RAISE = 1000.0  # of a variable's unit: far below zero for all that a synapse has, mV included
_LONGEST = 380  # nocmodl copies a rate into 400 characters, a blank before each token


def statements(of: Network) -> Iterator[str]:
    """Yield the statements of a network, species first.

    Raises
    ------
    ExportError
        If a rate is longer than NEURON's translator takes.
    """
    for each in of.reactions:
        yield from _reaction(each)
    falling = may_fall(of)
    for state, rate in of.rates.items():
        yield from _variable(state, rate, of.units[state] if state in falling else None)


def may_fall(of: Network) -> tuple[str, ...]:
    """Return the states, species aside, that no law keeps from falling below zero.

    NEURON's fixed step sets negative states of a KINETIC block to zero, without a word. A state whose rate
    takes nothing away but what is in proportion to the state itself stays positive; others are raised.
    """
    below = {state for state in of.rates if of.states[state] < 0}
    while True:
        more = {
            state
            for state, rate in of.rates.items()
            if state not in below and any(_takes_away(gain, of, below) for gain in _shares(state, rate)[0])
        }
        if not more:
            return tuple(state for state in of.rates if state in below)
        below |= more


def _takes_away(of: ast.expr, network: Network, below: set[str]) -> bool:
    """Return whether an expression of what is positive may be negative, as far as its form tells."""
    if any(isinstance(node, ast.Sub | ast.USub) for node in ast.walk(of)):
        return True
    for name in names(of):
        value = network.numbers[name].value if name in network.numbers else None
        if name in below or (value is not None and value < 0):
            return True
        if name in network.formulas and _takes_away(network.formulas[name], network, below):
            return True
    return False


# ---- species


def _reaction(of: Reaction) -> Iterator[str]:
    rates = _mass_action(of)
    if rates is None:
        for state in dict.fromkeys((*of.left, *of.right)):
            made = of.right.count(state) - of.left.count(state)
            if made:
                yield f"~ {state} << ({_short(_times(made, of.law), of.id)})"
        return
    forward, backward = (_short(rate, of.id) for rate in rates)
    if of.right:
        yield f"~ {_side(of.left)} <-> {_side(of.right)} ({forward}, {backward})"
    else:
        yield f"~ {_side(of.left)} -> ({forward})"


def _mass_action(of: Reaction) -> tuple[ast.expr, ast.expr] | None:
    """Return the coefficients there and back of a law of mass action; None if it is none."""
    if not of.left:
        return None
    above, below = factors(of.law)
    for place, factor in enumerate(above):
        match factor:
            case ast.BinOp(left=there, op=ast.Sub(), right=back) if of.right and not below:
                around = above[:place] + above[place + 1 :]
                forward = coefficient(product([*around, there]), of.left)
                backward = coefficient(product([*around, back]), of.right)
                if forward is not None and backward is not None:
                    return forward, backward
    forward = coefficient(of.law, of.left)
    return None if forward is None else (forward, number(0))


def _side(states: tuple[str, ...]) -> str:
    counted = {state: states.count(state) for state in states}
    return " + ".join(state if count == 1 else f"{count} {state}" for state, count in counted.items())


def _times(count: int, of: ast.expr) -> ast.expr:
    many = of if abs(count) == 1 else product([number(abs(count)), of])
    return negative(many) if count < 0 else many


# ---- variables


def _variable(state: str, rate: ast.expr, unit: str | None) -> Iterator[str]:
    """Yield the statements of a state that is no species; `unit` is given if it is raised."""
    gained, lost = _shares(state, rate)
    name = state
    if unit is not None:
        name = nmodl_names.raised(state)
        gained += [product([each, quantity(RAISE, unit)]) for each in lost]
    if gained:
        yield f"~ {name} << ({_short(total(gained), state)})"
    if lost:
        yield f"~ {name} -> ({_short(total(lost), state)})"


def _shares(state: str, rate: ast.expr) -> tuple[list[ast.expr], list[ast.expr]]:
    """Return the terms of a rate: what the state gains, and by what it is multiplied where it loses."""
    gained, lost = [], []
    for minus, term in terms(rate, state):
        share = coefficient(term, [state])
        if minus and share is not None and state not in names(share):
            lost.append(share)
        else:
            gained.append(negative(term) if minus else term)
    return gained, lost


def _short(of: ast.expr, where: str) -> str:
    found = text(of)
    if sum(len(token) + 1 for token in re.findall(r"[\w.]+|[^\w\s.]", found)) > _LONGEST:
        raise ExportError(
            f"{where}: NEURON's translator takes no rate of more than 400 characters ({found[:40]} ...); "
            "give a part of it a name, by an assignment rule in the pathway's .ant"
        )
    return found
