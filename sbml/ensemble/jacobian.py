"""The Jacobian, kept sparse: a sum that many rates read is an unknown of its own.

Where sixteen rates read the sum of twenty states, the Jacobian has 320 entries for it. Written as one
more unknown z = g(y), with z's increment in a step following from those of y, it has twenty in z's row and
sixteen in z's column: the matrix [[J, B], [G, −1]] has the same Schur complement as the full one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kinaptic.sbml.ensemble.derivatives import Derivatives, Gradient
from kinaptic.sbml.ensemble.expression import Level, Node
from kinaptic.sbml.ensemble.network import Network

Entries = dict[tuple[int, int], Node]


@dataclass(frozen=True)
class Jacobian:
    """The derivatives of rates.

    Attributes
    ----------
    states : int
        Number of states: the first rows and columns.
    size : int
        Number of all unknowns.
    entries : mapping of (int, int) to Node
        Row and column → derivative. Rows of the added unknowns hold those of g; their diagonal, −1, is
        left out, as is the shift of the states' own.
    """

    states: int
    size: int
    entries: Mapping[tuple[int, int], Node] = field(hash=False)


def jacobian(network: Network) -> Jacobian:
    """Return the Jacobian of a network, widened where that saves entries."""
    cuts = _candidates(network)
    while True:
        found = _with(network, cuts)
        paying = _paying(found, len(network.states), cuts)
        if len(paying) == len(cuts):
            return found
        cuts = paying


def _candidates(network: Network) -> list[Node]:
    """Return what the model itself names: the variables of assignment rules that rates read."""
    graph = network.graph
    named = {n for n in network.readouts.values() if graph.terms[n][0] != "symbol"} - set(network.rates)
    return [n for n in graph.needed(network.rates) if n in named and graph.levels[n] is Level.STATE]


def _with(network: Network, cuts: list[Node]) -> Jacobian:
    graph, states = network.graph, len(network.states)
    column = {graph.symbol(name, Level.STATE): i for i, name in enumerate(network.states)}
    column |= {cut: states + i for i, cut in enumerate(cuts)}
    derivatives = Derivatives(graph, cuts)
    rows: list[Gradient] = [derivatives.of(rate) for rate in network.rates]
    rows += [derivatives.inside(cut) for cut in cuts]
    entries = {(i, column[by]): slope for i, row in enumerate(rows) for by, slope in row.items()}
    return Jacobian(states, len(column), entries)


def _paying(found: Jacobian, states: int, cuts: list[Node]) -> list[Node]:
    """Return the cuts that need fewer entries than what they stand for."""
    inputs, readers = [0] * found.size, [0] * found.size
    for row, column in found.entries:
        inputs[row] += 1
        readers[column] += 1
    places = enumerate(cuts, start=states)
    return [cut for i, cut in places if inputs[i] * readers[i] > inputs[i] + readers[i] + 1]
