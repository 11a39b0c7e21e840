"""The AMPA-receptor pathway alone, for many parameter sets at once.

The receptors only listen to the enzymes upstream; they give nothing back. So with the enzymes'
time courses recorded from the whole synapse, this part alone gives the same weight as the whole,
a thousand times faster. The equations are those of ``ampar.ant``, read from its SBML.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import libsbml
import numpy as np
from numpy.typing import NDArray

from kinaptic.errors import ModelError
from kinaptic.pathways.catalogue import pathway
from kinaptic.sbml import document
from kinaptic.sbml.assemble import antimony_model, assemble

Array = NDArray[np.float64]
INPUTS = pathway("ampar").needs
READOUTS = ("weight_post", "GluA1_pS845", "GluA1_pS831", "AMPAR_psd")
_LONGEST_STEP = 4.0  # s; receptors leave slots in ten seconds at the fastest
_ROUNDING = 1e-9  # s
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Receptors:
    """The pathway as two functions over arrays; the last axis runs over parameter sets."""

    species: tuple[str, ...]
    rates: Callable[[Array, Mapping[str, Any], Sequence[float]], Array]
    read: Callable[[Array, Mapping[str, Any], Sequence[float]], tuple[Array, ...]]

    def rest(self, numbers: Mapping[str, Any], inputs: Sequence[float], count: int) -> Array:
        """Return the resting state, by implicit Euler with growing steps; shape (species, count)."""
        size, step = len(self.species), 1.0
        state = np.zeros((size, count))
        for name, total in (
            ("GluA1_int", "GluA1_total"),
            ("GluA2_int", "GluA2_total"),
            ("slot", "slot_total"),
        ):
            state[self.species.index(name)] = numbers[total]
        for _ in range(30):
            slope = self.rates(state, numbers, inputs)
            jacobian = np.empty((count, size, size))
            for column in range(size):
                moved = state.copy()
                moved[column] += 1e-6
                jacobian[:, :, column] = ((self.rates(moved, numbers, inputs) - slope) / 1e-6).T
            change = np.linalg.solve(np.eye(size) - step * jacobian, (step * slope).T[:, :, None])
            state = np.maximum(state + change[:, :, 0].T, 0.0)
            step *= 2.5
        return state

    def follow(
        self, state: Array, numbers: Mapping[str, Any], edges: Array, inputs: Array, when: Sequence[float]
    ) -> list[tuple[Array, ...]]:
        """Return the readouts at the times `when` (s), inputs constant between `edges`; Heun's method."""
        found: list[tuple[Array, ...]] = []
        for low, high, held in zip(edges, edges[1:], inputs, strict=False):
            while len(found) < len(when) and when[len(found)] <= low + _ROUNDING:
                found.append(self.read(state, numbers, held))
            if len(found) == len(when):
                return found
            pieces = int(np.ceil((high - low) / _LONGEST_STEP))
            step = (high - low) / pieces
            for _ in range(pieces):
                slope = self.rates(state, numbers, held)
                state = state + step / 2 * (slope + self.rates(state + step * slope, numbers, held))
        raise ModelError(f"the recording ends at {edges[-1]:g} s, before {when[-1]:g} s")


@functools.cache
def receptors() -> Receptors:
    """Return the pathway's equations, compiled from its SBML."""
    assembly = assemble(("ampar",), dict.fromkeys(INPUTS, 0.0))
    constants = {n for n, p in assembly.parameters.items() if p.formula is None}
    text = document.to_sbml(antimony_model("ampar", assembly.body, "", dict.fromkeys(constants, 1.0)))
    parsed = document.read(text)
    model = parsed.getModel()
    species = tuple(model.getSpecies(i).getId() for i in range(model.getNumSpecies()))
    rules = {
        model.getRule(i).getVariable(): _python(model.getRule(i).getMath())
        for i in range(model.getNumRules())
    }
    flows: dict[str, list[str]] = {s: [] for s in species}
    laws = []
    for i in range(model.getNumReactions()):
        reaction = model.getReaction(i)
        laws.append(f"flow{i} = {_python(reaction.getKineticLaw().getMath())}")
        for j in range(reaction.getNumReactants()):
            flows[reaction.getReactant(j).getSpecies()].append(f"-flow{i}")
        for j in range(reaction.getNumProducts()):
            flows[reaction.getProduct(j).getSpecies()].append(f"+flow{i}")
    shared = [f"{s} = state[{i}]" for i, s in enumerate(species)]
    shared += [f"{n} = numbers[{n!r}]" for n in sorted(constants - set(INPUTS)) if n not in rules]
    shared += [f"{n} = inputs[{i}]" for i, n in enumerate(INPUTS)]
    ordered = _ordered(rules)
    inner = [f"{n} = {rules[n]}" for n in ordered if n not in READOUTS]
    slopes = [
        f"slope[{i}] = ({''.join(flows[s])})/{model.getSpecies(s).getCompartment()}"
        for i, s in enumerate(species)
    ]
    rates = _function([*shared, *inner, *laws, "slope = np.empty_like(state)", *slopes, "return slope"])
    read = _function([*shared, *(f"{n} = {rules[n]}" for n in ordered), f"return {', '.join(READOUTS)}"])
    return Receptors(species, rates, read)


def _python(tree: libsbml.ASTNode) -> str:
    return str(libsbml.formulaToL3String(tree)).replace("^", "**")


def _ordered(rules: Mapping[str, str]) -> list[str]:
    """Return the rules' variables, each after those it uses."""
    done: list[str] = []

    def visit(name: str) -> None:
        for used in _NAME.findall(rules[name]):
            if used in rules and used not in done:
                visit(used)
        if name not in done:
            done.append(name)

    for name in rules:
        visit(name)
    return done


def _function(lines: Sequence[str]) -> Any:
    """Return a function of state, numbers and inputs; the text comes from our own ``ampar.ant``."""
    space: dict[str, Any] = {"np": np}
    body = "\n".join(f"    {line}" for line in lines)
    exec(compile(f"def made(state, numbers, inputs):\n{body}\n", "ampar.ant", "exec"), space)  # noqa: S102
    return space["made"]
