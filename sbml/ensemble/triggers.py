"""When an event fires: the trigger, true from some moment on, as a formula for that moment.

Between events, what a trigger compares must run like a clock: at a constant rate, upwards. The moment
at which ``clock >= next`` comes true is then known, and steps can end on it exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from kinaptic.sbml.ensemble.derivatives import Derivatives
from kinaptic.sbml.ensemble.expression import SWITCHES, Graph, Level, Node
from kinaptic.sbml.ensemble.refusals import Unsupported

NEVER, ALREADY = math.inf, -math.inf
NOW = "·now"  # the symbol of the time at which an event is
_ROUNDING = 1e-12  # of time: what comes true within that is true


def onset(graph: Graph, trigger: Node, *, now: Node, rates: Mapping[Node, Node], name: str) -> Node:
    """Return when a trigger comes true (s), `NEVER`, or `ALREADY` where it does not depend on time.

    Parameters
    ----------
    graph : Graph
        Holds the nodes.
    trigger : Node
        A condition.
    now : Node
        The time at which the formula will be evaluated.
    rates : mapping of Node to Node
        Rate of each state.
    name : str
        Of the event, for messages.

    Raises
    ------
    Unsupported
        If the trigger compares what does not run like a clock.
    """
    operation, *parts = graph.terms[trigger]
    if graph.levels[trigger] is not Level.STATE:
        return graph.select(trigger, graph.number(ALREADY), graph.number(NEVER))
    if operation in ("and", "or"):
        inner = [onset(graph, part, now=now, rates=rates, name=name) for part in parts]
        return graph.call("max" if operation == "and" else "min", *inner)
    if operation == "not":
        return onset(graph, _negated(graph, parts[0], name), now=now, rates=rates, name=name)
    if operation not in ("lt", "le"):
        raise Unsupported(f"the trigger of {name} is not made of <, >, and, or, not")
    lead = graph.sub(parts[1], parts[0])
    if _switches(graph, lead):
        raise Unsupported(f"the trigger of {name} compares what switches with time or with a state")
    slope = _slope(graph, lead, rates)
    if slope is None or not slope > 0:
        raise Unsupported(f"the trigger of {name} depends on a state that is no clock")
    return graph.sub(now, graph.div(lead, graph.number(slope)))


def settled(graph: Graph, formulas: Iterable[Node], *, now: Node, rates: Mapping[Node, Node]) -> list[Node]:
    """Return what an event sets, with comparisons of clocks that hold at the very moment of the event.

    An event at ``time >= 5`` may set ``piecewise(1, time >= 5, 0)``. By the rounding of time it would be
    either; a clock within rounding of what it is compared with has reached it.
    """
    formulas, new = list(formulas), dict[Node, Node]()
    within = graph.mul(graph.number(_ROUNDING), graph.add(graph.number(1), graph.call("abs", now)))
    for node in graph.needed(formulas):
        name, *parts = graph.terms[node]
        slope = None
        if name in ("lt", "le") and graph.levels[node] is Level.STATE:
            lead = graph.sub(parts[1], parts[0])
            slope = None if _switches(graph, lead) else _slope(graph, lead, rates)
        if slope:
            ahead = graph.mul(graph.number(1 / slope), lead)  # by how much time; behind if it runs downwards
            reached = graph.call("le", graph.neg(within), ahead)
            new[node] = reached if slope > 0 else graph.call("not", reached)
        else:
            same = all(new.get(part, part) == part for part in graph.parts(node))
            new[node] = node if same else graph.rebuilt(node, [new[part] for part in graph.parts(node)])
    return [new[formula] for formula in formulas]


def _switches(graph: Graph, node: Node) -> bool:
    return any(graph.terms[n][0] in SWITCHES and graph.levels[n] is Level.STATE for n in graph.needed([node]))


def _slope(graph: Graph, lead: Node, rates: Mapping[Node, Node]) -> float | None:
    """Return the rate of what runs at a constant one."""
    gradient = Derivatives(graph).of(lead)
    return graph.value(graph.sum(graph.mul(by, rates[state]) for state, by in gradient.items()))


def _negated(graph: Graph, condition: Node, name: str) -> Node:
    """Return the opposite of a condition, without "not" in front of a comparison."""
    operation, *parts = graph.terms[condition]
    match operation:
        case "not":
            return int(parts[0])
        case "lt" | "le":
            return graph.call("le" if operation == "lt" else "lt", *reversed(parts))
        case "and" | "or":
            return graph.call(
                "or" if operation == "and" else "and", *(_negated(graph, part, name) for part in parts)
            )
    if graph.levels[condition] is Level.STATE:
        raise Unsupported(f"the trigger of {name} is not made of <, >, and, or, not")
    return graph.call("not", condition)
