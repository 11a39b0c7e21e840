"""Derivatives of expressions by the states, and by intermediate terms that are treated like states."""

from __future__ import annotations

from collections.abc import Collection

from kinaptic.sbml.ensemble.expression import STEPS, Graph, Level, Node

Gradient = dict[Node, Node]


class Derivatives:
    """Gradients within one graph.

    Parameters
    ----------
    graph : Graph
        Holds the terms, and is given those of the derivatives.
    cuts : collection of Node
        Terms to differentiate by as if they were states, and not through.
    """

    def __init__(self, graph: Graph, cuts: Collection[Node] = ()) -> None:
        self.graph = graph
        self._known: dict[Node, Gradient] = {cut: {cut: graph.number(1)} for cut in cuts}

    def of(self, node: Node) -> Gradient:
        """Return the derivatives of a node: state or cut → derivative. A cut is one by itself."""
        graph = self.graph
        for each in graph.needed([node], self._known):  # parts first, so that no depth is too deep
            if graph.levels[each] is Level.STATE:
                self._known[each] = self._derived(each)
        return self._known.get(node, {})

    def inside(self, cut: Node) -> Gradient:
        """Return the derivatives of what a cut is made of."""
        for part in self.graph.parts(cut):
            self.of(part)
        return self._derived(cut)

    def _derived(self, node: Node) -> Gradient:
        graph = self.graph
        name, *arguments = graph.terms[node]
        if name == "symbol":
            return {node: graph.number(1)}
        if name in STEPS:
            return {}  # steps: where they jump, no derivative is to be had
        if name == "select":
            condition, *branches = arguments
            yes, no = (self._known.get(b, {}) for b in branches)
            zero = graph.number(0)
            found = {s: graph.select(condition, yes.get(s, zero), no.get(s, zero)) for s in {**yes, **no}}
            return {s: d for s, d in found.items() if graph.value(d) != 0}
        total: Gradient = {}
        for argument, slope in zip(arguments, self._slopes(node), strict=True):
            for symbol, inner in self._known.get(argument, {}).items():
                term = graph.mul(slope, inner)
                total[symbol] = graph.add(total[symbol], term) if symbol in total else term
        return {symbol: slope for symbol, slope in total.items() if graph.value(slope) != 0}

    def _slopes(self, node: Node) -> tuple[Node, ...]:
        """Return the derivative of a term by each of its parts."""
        graph = self.graph
        name, *arguments = graph.terms[node]
        one, zero, a = graph.number(1), graph.number(0), arguments[0]
        match name:
            case "add":
                return one, one
            case "sub":
                return one, graph.number(-1)
            case "neg":
                return (graph.number(-1),)
            case "mul":
                return arguments[1], a
            case "reciprocal":
                return (graph.neg(graph.mul(node, node)),)
            case "exp":
                return (node,)
            case "log":
                return (graph.reciprocal(a),)
            case "sqrt":
                return (graph.div(graph.number(0.5), node),)
            case "sin":
                return (graph.call("cos", a),)
            case "cos":
                return (graph.neg(graph.call("sin", a)),)
            case "abs":
                return (graph.select(graph.call("lt", a, zero), graph.number(-1), one),)
            case "min" | "max":
                first = graph.call("lt", *(arguments if name == "min" else arguments[::-1]))
                return graph.select(first, one, zero), graph.select(first, zero, one)
            case "pow":
                b = arguments[1]
                by_base = graph.mul(b, graph.pow(a, graph.sub(b, one)))
                if graph.levels[b] < Level.STATE:
                    return by_base, zero
                return by_base, graph.mul(node, graph.call("log", a))
        raise AssertionError(f"no derivative of {name}")
