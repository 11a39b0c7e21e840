"""What `Synapse.check` looks at: valid SBML, detailed balance, a true baseline, a silent kinase."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import libsbml
import numpy as np

from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.stimulation import stdp
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import build, document, engine

if TYPE_CHECKING:
    import roadrunner
    from numpy.typing import NDArray

    from kinaptic.sbml.model import Model
    from kinaptic.sbml.synapse import Synapse

CYCLE = 1e-6  # |sum of ln K| around a cycle
DRIFT = 1e-6  # of a state, per minute
_FLOOR = 1e-3  # µM, mV, one: what is less is compared with that
_HOUR = 3600.0  # s
_ACTIVE = 0.05  # fraction of CaMKII, at rest
_RESTING_CALCIUM = 0.1  # µM; above it CaMKII may well be active


def findings(synapse: Synapse) -> list[str]:
    """Return what is wrong with a synapse's model; an empty list when all is well.

    Parameters
    ----------
    synapse : Synapse
        Perturbations that begin with a run are in the files that are checked, and are left out
        of what is asked of the baseline.
    """
    found = []
    for what, model in _files(synapse):
        found += [f"{what}: {message}" for message in document.problems(model.sbml)]
        found += [f"{what}: {message}" for message in without_identity(model.sbml)]
    resting = replace(synapse, perturbations=tuple(p for p in synapse.perturbations if not p.acute))
    model = resting.model()
    return found + broken_cycles(model) + drifting(model) + active_at_rest(model)


def _files(synapse: Synapse) -> Iterator[tuple[str, Model]]:
    yield "without a protocol", synapse.model()
    members = [pathway(name) for name in synapse.pathways]
    if any(m.on_pre or m.on_post for m in members):
        yield "with pairings", synapse.model(stdp("10 ms", pairs=2, rate="1 Hz"))
    if any("Ca" in m.needs for m in members) and not build.on_calcium(synapse):
        trace = Waveform([0.0, 1.0, 2.0], [0.1, 1.0, 0.1], unit="uM", time_unit="s", max_step="1 s")
        yield "with recorded calcium", synapse.model(trace)


def without_identity(sbml: str) -> list[str]:
    """Return the species of an SBML text that lack an SBO term or identifiers."""
    parsed = document.read(sbml)
    model = parsed.getModel()
    found = []
    for i in range(model.getNumSpecies()):
        species = model.getSpecies(i)
        terms = [species.getCVTerm(j) for j in range(species.getNumCVTerms())]
        if not species.isSetSBOTerm() or not any(term.getNumResources() for term in terms):
            found.append(f"species {species.getId()} has no SBO term or no identifier")
    return found


@dataclass(frozen=True)
class _Reversible:
    """A reversible reaction: its participants by stoichiometry, negative for reactants."""

    name: str
    participants: dict[str, float]

    def side(self, sign: int) -> dict[str, float]:
        return {s: abs(n) for s, n in self.participants.items() if n * sign > 0}


def broken_cycles(model: Model) -> list[str]:
    """Return the cycles of reversible reactions around which energy would be made or lost.

    The equilibrium constant of each reaction is what its rate law gives: the forward rate, with
    no product there, over the backward rate, with no reactant there, at concentrations of one.
    For every cycle, that is every combination of reactions after which nothing has changed, the
    logarithms have to add up to nothing.

    Parameters
    ----------
    model : Model
        With or without a protocol.
    """
    reactions = _reversible(model.source.document)
    # An input at zero (no agonist, no calcium) is set to one, so that what it drives can be seen.
    absent = {n for n, p in model.parameters.items() if p.value == 0 and p.unit == "uM"} - {"zero_uM"}
    runner = engine.prepare(model.structure, {**model.values, **dict.fromkeys(absent, 1.0)})
    # A modifier at zero would hide the rates it multiplies.
    engine.set_state(runner, {name: value or 1.0 for name, value in model.initial.items()})
    found, logs = [], []
    for reaction in reactions:
        forward, backward, lawful = _parts(runner, reaction)
        if not lawful:
            found.append(f"{reaction.name} is written as reversible, but its rate is not mass action")
        if forward == 0 and backward == 0:  # knocked out
            logs.append(math.nan)
        else:
            logs.append(math.inf if 0 in (forward, backward) else math.log(forward / backward))
    alive = [(r, log) for r, log in zip(reactions, logs, strict=True) if not math.isnan(log)]
    for cycle in _cycles(_stoichiometry([r for r, _ in alive])):
        total = sum(weight * alive[i][1] for i, weight in cycle.items())
        if not abs(total) < CYCLE:
            names = ", ".join(f"{'' if w > 0 else 'back '}{alive[i][0].name}" for i, w in cycle.items())
            found.append(f"detailed balance is broken, ln K adds up to {total:.3g} around: {names}")
    return found


def _reversible(sbml: str) -> list[_Reversible]:
    parsed = document.read(sbml)
    model = parsed.getModel()
    found = []
    for i in range(model.getNumReactions()):
        reaction = model.getReaction(i)
        if not reaction.getReversible():
            continue
        participants: dict[str, float] = {}
        for sign, sides in ((-1, reaction.getListOfReactants()), (1, reaction.getListOfProducts())):
            for reference in _references(sides):
                name, number = reference.getSpecies(), sign * reference.getStoichiometry()
                participants[name] = participants.get(name, 0.0) + number
        found.append(_Reversible(reaction.getId(), participants))
    return found


def _references(sides: libsbml.ListOfSpeciesReferences) -> list[libsbml.SpeciesReference]:
    return [sides.get(i) for i in range(sides.size())]


def _parts(runner: roadrunner.RoadRunner, reaction: _Reversible) -> tuple[float, float, bool]:
    """Return the forward and the backward rate constant, and whether both sides are mass action."""
    held = set(runner.model.getBoundarySpeciesIds())
    known = engine.state(runner, reaction.participants)

    def rate(reactants: float, products: float) -> float:
        for sign, value in ((-1, reactants), (1, products)):
            for name in reaction.side(sign):
                if name not in held:
                    runner.setValue(f"[{name}]", value)
        return float(runner.getValue(reaction.name))

    sides = []
    for sign in (-1, 1):
        one, two = (rate(x, 0.0) if sign < 0 else -rate(0.0, x) for x in (1.0, 2.0))
        taking = reaction.side(sign)
        order = sum(n for name, n in taking.items() if name not in held)
        constant = one / math.prod(known[name] ** n for name, n in taking.items() if name in held)
        sides.append((constant, one >= 0 and math.isclose(two, one * 2**order, rel_tol=1e-9)))
    (forward, lawful), (backward, also) = sides
    together = rate(1.0, 1.0)
    engine.set_state(runner, {name: known[name] for name in known.keys() - held})
    return forward, backward, lawful and also and math.isfinite(together)


def _stoichiometry(reactions: list[_Reversible]) -> NDArray[np.float64]:
    species = sorted({name for r in reactions for name in r.participants})
    matrix = np.zeros((len(species), len(reactions)))
    for column, reaction in enumerate(reactions):
        for name, number in reaction.participants.items():
            matrix[species.index(name), column] = number
    return matrix


def _cycles(matrix: NDArray[np.float64]) -> list[dict[int, float]]:
    """Return a basis of the null space, by elimination so that each cycle has few reactions."""
    reduced = matrix.copy()
    pivots: list[int] = []
    for column in range(reduced.shape[1]):
        row = len(pivots)
        if row == len(reduced):
            break
        best = row + int(np.argmax(np.abs(reduced[row:, column])))
        if abs(reduced[best, column]) < 1e-9:
            continue
        reduced[[row, best]] = reduced[[best, row]]
        reduced[row] /= reduced[row, column]
        others = np.arange(len(reduced)) != row
        reduced[others] -= np.outer(reduced[others, column], reduced[row])
        pivots.append(column)
    cycles = []
    for free in sorted(set(range(reduced.shape[1])) - set(pivots)):
        cycle = {free: 1.0}
        for row, pivot in enumerate(pivots):
            if abs(reduced[row, free]) > 1e-9:
                cycle[pivot] = -float(reduced[row, free])
        cycles.append(dict(sorted(cycle.items())))
    return cycles


def drifting(model: Model) -> list[str]:
    """Return the states that are not at rest, at first and over an hour without a stimulus."""
    names = tuple(model.initial)
    if not names:
        return []
    runner = engine.prepare(model.structure, model.values)
    engine.set_state(runner, model.initial)
    start = np.array([model.initial[name] for name in names])
    rates = engine.rates(runner, names)
    slopes = 60 * np.array([rates[name] for name in names])
    course = engine.run(replace(model, readouts=names), [0.0, _HOUR], (), rtol=1e-9, expected=lambda _: {})
    hour = (course[-1] - course[0]) / (_HOUR / 60)
    found = []
    for name, value, slope, mean in zip(names, start, slopes, hour, strict=True):
        scale = max(abs(value), _FLOOR)
        worst = max(abs(slope), abs(mean)) / scale
        if not worst < DRIFT:
            found.append(f"the baseline drifts: {name} by {worst:.2g} of its {value:.3g} a minute")
    return found


def active_at_rest(model: Model) -> list[str]:
    """Return a line if CaMKII is active at resting calcium."""
    if "CaMKII_total" not in model.values:
        return []
    runner = engine.prepare(model.structure, model.values)
    engine.set_state(runner, model.initial)
    rest = engine.state(runner, ("Ca", "CaMKII_active", "CaMKII_psd_active"))
    values = model.values
    total = values["CaMKII_total"] * values["spine"]
    if total == 0 or rest["Ca"] > _RESTING_CALCIUM:
        return []
    active = rest["CaMKII_active"] * values["spine"] + rest["CaMKII_psd_active"] * values["psd"]
    if active < _ACTIVE * total:
        return []
    return [f"{active / total:.1%} of CaMKII is active at {rest['Ca']:.3g} uM calcium; at rest it is silent"]
