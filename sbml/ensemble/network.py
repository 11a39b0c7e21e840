"""Flat SBML as expressions: states and their rates, readouts, events. What is not understood is refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import libsbml

from kinaptic.sbml.ensemble import tables
from kinaptic.sbml.ensemble.expression import SWITCHES, Graph, Level, Node
from kinaptic.sbml.ensemble.refusals import Unsupported as Unsupported
from kinaptic.sbml.ensemble.refusals import assignments, elements, references, refuse
from kinaptic.sbml.ensemble.triggers import NOW, settled

TIME = "·time"  # no id in SBML


@dataclass(frozen=True)
class Event:
    """An event without delay: when it fires, and what it sets from old values."""

    name: str
    trigger: Node
    starts_true: bool  # a trigger that is true at time zero does not fire
    changes: Mapping[str, Node] = field(hash=False)


@dataclass(frozen=True)
class Network:
    """A model as expressions.

    Attributes
    ----------
    graph : Graph
        Holds all nodes.
    parameters : tuple of str
        What stays as it is during a run: constants, sizes of compartments, held species.
    discrete : tuple of str
        What only events change.
    states : tuple of str
        What has a rate; the last one is time where a rate depends on it.
    rates : tuple of Node
        Rate of each state: species in concentration/s.
    begins : mapping of str to float
        The value that the text gives, for those of all these that it gives one: not by a formula, and not
        as an amount, which depend on numbers that may be given anew.
    readouts : mapping of str to Node
        Everything that can be read out.
    events : tuple of Event
        In the order of the document.
    """

    graph: Graph = field(hash=False)
    parameters: tuple[str, ...]
    discrete: tuple[str, ...]
    states: tuple[str, ...]
    rates: tuple[Node, ...]
    begins: Mapping[str, float] = field(hash=False)
    readouts: Mapping[str, Node] = field(hash=False)
    events: tuple[Event, ...]


def read(text: str, folded: Mapping[str, float]) -> Network:
    """Return the network of an SBML text.

    Parameters
    ----------
    text : str
        Flat SBML, valid.
    folded : mapping of str to float
        Constants to put into the expressions as numbers.

    Raises
    ------
    Unsupported
        If the model holds what this engine does not run; the message says what.
    """
    document = libsbml.readSBMLFromString(text)
    refuse(document)
    for option in ("expandFunctionDefinitions", "promoteLocalParameters"):
        properties = libsbml.ConversionProperties()
        properties.addOption(option, True)
        if document.convert(properties) != libsbml.LIBSBML_OPERATION_SUCCESS:
            raise Unsupported(
                f"its function definitions or local parameters cannot be written out ({option})"
            )
    try:
        return _Reader(document.getModel(), folded).network()
    except RecursionError:
        raise Unsupported("its rules lead in a circle, or from one to the next too often") from None


class _Reader:
    """Reads one model; lives as long as that takes."""

    def __init__(self, model: libsbml.Model, folded: Mapping[str, float]) -> None:
        self.model = model
        self.folded = folded
        self.graph = Graph()
        self.species = {s.getId(): s for s in elements(model.getListOfSpecies())}
        rules = elements(model.getListOfRules())
        self.assigned = {r.getVariable(): r.getMath() for r in rules if r.isAssignment()}
        self.driven = {r.getVariable(): r.getMath() for r in rules if r.isRate()}
        self.symbols: dict[str, Node] = {}
        self.computed: dict[str, Node] = {}
        self.volumes: set[Node] = set()
        self.uses_time = False

    def network(self) -> Network:
        self._declare()
        rates = self._rates()
        events = [self._event(e) for e in elements(self.model.getListOfEvents())]
        readouts = {name: self._named(name) for name in (*self.symbols, *self.assigned)}
        self._refuse_switches(rates.values())
        if self.uses_time or not rates:  # a run needs a state
            rates[TIME] = self.graph.number(1)
        moving = {self.graph.symbol(name, Level.STATE): rate for name, rate in rates.items()}
        levels = {name: self.graph.levels[node] for name, node in self.symbols.items()}
        return Network(
            self.graph,
            tuple(name for name, level in levels.items() if level is Level.PARAMETER),
            tuple(name for name, level in levels.items() if level is Level.DISCRETE),
            tuple(rates),
            tuple(rates.values()),
            self._begins({**self.symbols, **rates}),
            readouts,
            tuple(self._settled(event, moving) for event in events),
        )

    # ---- what there is

    def _declare(self) -> None:
        """Give every name that is not computed from others a symbol, with what it changes with."""
        model = self.model
        changed = {a.getVariable() for a in assignments(model)}
        reacting = {
            r.getSpecies() for reaction in elements(model.getListOfReactions()) for r in references(reaction)
        }
        moving = {n for n, s in self.species.items() if n in reacting and not s.getBoundaryCondition()}
        moving |= self._moving()
        for name in self._names():
            if name in self.assigned:
                continue
            if name in moving:
                self.symbols[name] = self.graph.symbol(name, Level.STATE)
            elif name in changed:
                self.symbols[name] = self.graph.symbol(name, Level.DISCRETE)
            elif name in self.folded:
                self.symbols[name] = self.graph.number(self.folded[name])
            else:
                self.symbols[name] = self.graph.symbol(name, Level.PARAMETER)

    def _names(self) -> list[str]:
        model = self.model
        lists = (model.getListOfCompartments(), model.getListOfSpecies(), model.getListOfParameters())
        return [e.getId() for each in lists for e in elements(each)]

    def _moving(self) -> set[str]:
        """Return what has a rate rule that is not zero whatever the values of what is not folded."""
        probe = _Reader(self.model, {})
        probe.assigned = {}
        changing = {*self.driven, *self.assigned, *(a.getVariable() for a in assignments(self.model))}
        held = self.folded.keys() - changing
        for name in self._names():
            graph = probe.graph
            probe.symbols[name] = (
                graph.number(self.folded[name]) if name in held else graph.symbol(name, Level.STATE)
            )
        return {name for name, rate in self.driven.items() if probe.graph.value(probe.formula(rate)) != 0}

    def _rates(self) -> dict[str, Node]:
        graph = self.graph
        self.volumes = {self._named(c.getId()) for c in elements(self.model.getListOfCompartments())}
        rates: dict[str, list[Node]] = {
            name: [] for name, node in self.symbols.items() if graph.levels[node] is Level.STATE
        }
        for reaction in elements(self.model.getListOfReactions()):
            law = self.formula(reaction.getKineticLaw().getMath())
            for sign, side in ((-1, reaction.getListOfReactants()), (1, reaction.getListOfProducts())):
                for reference in elements(side):
                    name = reference.getSpecies()
                    if name not in rates or name in self.driven or self.species[name].getBoundaryCondition():
                        continue
                    flow = self._per_volume(law, self.species[name].getCompartment())
                    count = graph.number(sign * reference.getStoichiometry())
                    rates[name].append(graph.mul(count, flow))
        for name, rate in self.driven.items():
            if name in rates:
                rates[name] = [self.formula(rate)]
        return {name: graph.sum(terms) for name, terms in rates.items()}

    def _per_volume(self, law: Node, compartment: str) -> Node:
        """Return amount per time as concentration per time; a volume that is a factor of the law cancels."""
        graph, volume = self.graph, self._named(compartment)
        for factor in graph.factors(law):
            flow = graph.factor(law, factor) if factor in self.volumes else None
            if flow is not None:
                return graph.mul(graph.div(factor, volume), flow)
        return graph.div(law, volume)

    def _event(self, event: libsbml.Event) -> Event:
        trigger = event.getTrigger()
        changes = {
            a.getVariable(): self.formula(a.getMath()) for a in elements(event.getListOfEventAssignments())
        }
        condition = self.formula(trigger.getMath())
        return Event(event.getId() or "an event", condition, trigger.getInitialValue(), changes)

    def _settled(self, event: Event, rates: Mapping[Node, Node]) -> Event:
        now = self.graph.symbol(NOW, Level.STATE)
        values = settled(self.graph, event.changes.values(), now=now, rates=rates)
        return replace(event, changes=dict(zip(event.changes, values, strict=True)))

    def _refuse_switches(self, rates: Iterable[Node]) -> None:
        """Refuse rates that jump or bend between events: a step would go over that."""
        graph = self.graph
        for node in graph.needed(rates):
            if graph.terms[node][0] in SWITCHES and graph.levels[node] is Level.STATE:
                raise Unsupported("a rate switches with time or with a state")

    def _begins(self, names: Iterable[str]) -> dict[str, float]:
        """Return the initial values that the text gives as such."""
        model, found = self.model, {TIME: 0.0}
        for compartment in elements(model.getListOfCompartments()):
            if compartment.isSetSize():
                found[compartment.getId()] = compartment.getSize()
        for name, species in self.species.items():
            if species.isSetInitialConcentration():
                found[name] = species.getInitialConcentration()
        for parameter in elements(model.getListOfParameters()):
            if parameter.isSetValue():
                found[parameter.getId()] = parameter.getValue()
        by_formula = {i.getSymbol() for i in elements(model.getListOfInitialAssignments())}
        return {n: found[n] for n in names if n in found and n not in by_formula}

    # ---- formulas

    def _named(self, name: str) -> Node:
        if name in self.assigned:
            if name not in self.computed:
                self.computed[name] = self.formula(self.assigned[name])
            return self.computed[name]
        if name in self.symbols:
            return self.symbols[name]
        reaction = self.model.getReaction(name)
        if reaction is None:
            raise Unsupported(f"'{name}' in a formula is neither a species, a parameter nor a compartment")
        return self.formula(reaction.getKineticLaw().getMath())

    def formula(self, math: libsbml.ASTNode) -> Node:
        """Return a formula as a node."""
        values: list[Node] = []  # of what was read and has not yet been put into a term
        waiting = [(math, False)]  # a stack, because formulas can be nested more deeply than calls
        while waiting:
            part, read = waiting.pop()
            if part is None:
                raise Unsupported("a formula is missing")
            kind, count = tables.kind(part), part.getNumChildren()
            if kind not in _OPERATIONS and not tables.is_table(part):
                values.append(self._leaf(part))
            elif read:
                first = len(values) - count
                values[first:] = [self._term(part, values[first:])]
            else:
                waiting.append((part, True))
                waiting.extend((part.getChild(i), False) for i in reversed(range(count)))
        return values[0]

    def _term(self, math: libsbml.ASTNode, parts: list[Node]) -> Node:
        """Return what a function or an operation makes of its parts."""
        if not tables.is_table(math):
            return _OPERATIONS[tables.kind(math)](self.graph, parts)
        for name in tables.numbers_of(math.getName()):
            self.symbols[name] = self.graph.symbol(name, Level.PARAMETER)
            parts.append(self.symbols[name])
        return self.graph.call("lookup", *parts)

    def _leaf(self, math: libsbml.ASTNode) -> Node:
        """Return a number or what a name stands for."""
        kind = tables.kind(math)
        if math.isNumber():
            return self.graph.number(math.getValue())
        if kind == libsbml.AST_NAME:
            return self._named(math.getName())
        if kind == libsbml.AST_NAME_TIME:
            self.uses_time = True
            return self.graph.symbol(TIME, Level.STATE)
        if kind in _CONSTANTS:
            return _CONSTANTS[kind](self.graph)
        raise Unsupported(f"'{libsbml.formulaToL3String(math)}' is not among the functions that it knows")


def _fold(name: str, empty: float | bool) -> Callable[[Graph, list[Node]], Node]:
    """Return an operation on any number of terms from one on two."""

    def operation(graph: Graph, terms: list[Node]) -> Node:
        if not terms:
            return graph.truth(empty) if isinstance(empty, bool) else graph.number(empty)
        total = terms[0]
        for term in terms[1:]:
            total = (
                graph.add(total, term)
                if name == "add"
                else (graph.mul(total, term) if name == "mul" else graph.call(name, total, term))
            )
        return total

    return operation


def _minus(graph: Graph, terms: list[Node]) -> Node:
    return graph.neg(terms[0]) if len(terms) == 1 else graph.sub(*terms)


def _chain(name: str, *, swapped: bool = False) -> Callable[[Graph, list[Node]], Node]:
    """Return a comparison, of more than two terms as well: a < b < c."""

    def operation(graph: Graph, terms: list[Node]) -> Node:
        total = graph.truth(True)
        for a, b in itertools.pairwise(terms):
            one = graph.call(name, b, a) if swapped else graph.call(name, a, b)
            total = one if graph.terms[total] == ("true",) else graph.call("and", total, one)
        return total

    return operation


def _not_equal(graph: Graph, terms: list[Node]) -> Node:
    return graph.call("not", graph.call("eq", *terms))


def _piecewise(graph: Graph, terms: list[Node]) -> Node:
    if len(terms) % 2 == 0:
        raise Unsupported("a piecewise formula has no value of last resort")
    result = terms[-1]
    for yes, condition in reversed(list(zip(terms[:-1:2], terms[1::2], strict=True))):
        result = graph.select(condition, yes, result)
    return result


def _log(graph: Graph, terms: list[Node]) -> Node:
    base, argument = terms
    return graph.div(graph.call("log", argument), graph.call("log", base))


def _root(graph: Graph, terms: list[Node]) -> Node:
    degree, argument = terms
    return graph.pow(argument, graph.reciprocal(degree))


def _tanh(graph: Graph, terms: list[Node]) -> Node:
    # 1 - 2/(exp(2x) + 1) holds its value where exp overflows
    one, two = graph.number(1), graph.number(2)
    return graph.sub(one, graph.div(two, graph.add(graph.call("exp", graph.mul(two, terms[0])), one)))


def _sinh(graph: Graph, terms: list[Node]) -> Node:
    up = graph.call("exp", terms[0])
    return graph.mul(graph.number(0.5), graph.sub(up, graph.reciprocal(up)))


def _cosh(graph: Graph, terms: list[Node]) -> Node:
    up = graph.call("exp", terms[0])
    return graph.mul(graph.number(0.5), graph.add(up, graph.reciprocal(up)))


def _tan(graph: Graph, terms: list[Node]) -> Node:
    return graph.div(graph.call("sin", terms[0]), graph.call("cos", terms[0]))


def _exclusive_or(graph: Graph, terms: list[Node]) -> Node:
    total = graph.truth(False)
    for term in terms:
        either = graph.call("or", total, term)
        total = graph.call("and", either, graph.call("not", graph.call("and", total, term)))
    return total


def _implies(graph: Graph, terms: list[Node]) -> Node:
    return graph.call("or", graph.call("not", terms[0]), terms[1])


def _call(name: str) -> Callable[[Graph, list[Node]], Node]:
    return lambda graph, terms: graph.call(name, *terms)


_CONSTANTS: dict[int, Callable[[Graph], Node]] = {
    libsbml.AST_CONSTANT_E: lambda graph: graph.number(2.718281828459045),
    libsbml.AST_CONSTANT_PI: lambda graph: graph.number(3.141592653589793),
    libsbml.AST_CONSTANT_TRUE: lambda graph: graph.truth(True),
    libsbml.AST_CONSTANT_FALSE: lambda graph: graph.truth(False),
}
_OPERATIONS: dict[int, Callable[[Graph, list[Node]], Node]] = {
    libsbml.AST_PLUS: _fold("add", 0.0),
    libsbml.AST_TIMES: _fold("mul", 1.0),
    libsbml.AST_MINUS: _minus,
    libsbml.AST_DIVIDE: lambda graph, terms: graph.div(*terms),
    libsbml.AST_POWER: lambda graph, terms: graph.pow(*terms),
    libsbml.AST_FUNCTION_POWER: lambda graph, terms: graph.pow(*terms),
    libsbml.AST_FUNCTION_EXP: _call("exp"),
    libsbml.AST_FUNCTION_LN: _call("log"),
    libsbml.AST_FUNCTION_LOG: _log,
    libsbml.AST_FUNCTION_ROOT: _root,
    libsbml.AST_FUNCTION_ABS: _call("abs"),
    libsbml.AST_FUNCTION_FLOOR: _call("floor"),
    libsbml.AST_FUNCTION_CEILING: _call("ceil"),
    libsbml.AST_FUNCTION_SIN: _call("sin"),
    libsbml.AST_FUNCTION_COS: _call("cos"),
    libsbml.AST_FUNCTION_TAN: _tan,
    libsbml.AST_FUNCTION_SINH: _sinh,
    libsbml.AST_FUNCTION_COSH: _cosh,
    libsbml.AST_FUNCTION_TANH: _tanh,
    libsbml.AST_FUNCTION_MIN: _fold("min", 0.0),
    libsbml.AST_FUNCTION_MAX: _fold("max", 0.0),
    libsbml.AST_FUNCTION_PIECEWISE: _piecewise,
    libsbml.AST_RELATIONAL_LT: _chain("lt"),
    libsbml.AST_RELATIONAL_LEQ: _chain("le"),
    libsbml.AST_RELATIONAL_GT: _chain("lt", swapped=True),
    libsbml.AST_RELATIONAL_GEQ: _chain("le", swapped=True),
    libsbml.AST_RELATIONAL_EQ: _chain("eq"),
    libsbml.AST_RELATIONAL_NEQ: _not_equal,
    libsbml.AST_LOGICAL_AND: _fold("and", True),
    libsbml.AST_LOGICAL_OR: _fold("or", False),
    libsbml.AST_LOGICAL_NOT: _call("not"),
    libsbml.AST_LOGICAL_XOR: _exclusive_or,
    libsbml.AST_LOGICAL_IMPLIES: _implies,
}
