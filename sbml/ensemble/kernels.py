"""The functions of one model: rates, Jacobian, factorisation, solve, readouts and events as vector code."""

from __future__ import annotations

from collections.abc import Sequence

from kinaptic.sbml.ensemble.elimination import eliminate
from kinaptic.sbml.ensemble.expression import Level, Node
from kinaptic.sbml.ensemble.jacobian import Jacobian, jacobian
from kinaptic.sbml.ensemble.lanes import Function, Value
from kinaptic.sbml.ensemble.layout import Layout
from kinaptic.sbml.ensemble.linear import Linear
from kinaptic.sbml.ensemble.lowering import Lowering, Output, to_slot
from kinaptic.sbml.ensemble.network import Network
from kinaptic.sbml.ensemble.triggers import onset

NOW = "t"  # the slot with a lane's time
_TOGETHER = 1e-12  # of time: what is due within that is due now; the rounding of time is less
_MOST_AT_ONCE = 1000  # events that set each other off at one moment


class Kernels:
    """Writes the functions of a network; the regions of its image are added as they are needed.

    Parameters
    ----------
    network : Network
        The model.
    layout : Layout
        With the integrator's regions in it.
    lanes : int
        Width of a value.
    """

    def __init__(self, network: Network, layout: Layout, lanes: int) -> None:
        self.network, self.graph, self.at, self.lanes = network, network.graph, layout, lanes
        self.lowering = Lowering(self.graph, layout, lanes)
        self.functions = self.lowering.functions
        layout.add("parameters", len(network.parameters))
        layout.add("discrete", len(network.discrete))
        self.held = self._symbols(network.parameters, Level.PARAMETER, "parameters")
        self.held |= self._symbols(network.discrete, Level.DISCRETE, "discrete")

    def write(self, readouts: Sequence[str]) -> None:
        """Write all of them."""
        wide = jacobian(self.network)
        known = self._constants([*self.network.rates, *wide.entries.values()])
        self._rates(known)
        slots = self._jacobian(wide, known)
        plan = eliminate(wide.size, wide.entries)
        linear = Linear(self.graph, self.at, self.lanes, wide=wide, plan=plan, slots=slots)
        self.functions += linear.write()
        self._read(readouts)
        self._events()

    def _symbols(self, names: Sequence[str], level: Level, region: str) -> dict[Node, int]:
        return {self.graph.symbol(name, level): self.at[region] + i for i, name in enumerate(names)}

    def _states(self, region: str) -> dict[Node, int]:
        return self._symbols(self.network.states, Level.STATE, region)

    # ---- what changes from run to run only, or at events only

    def _constants(self, outputs: Sequence[Node]) -> dict[Node, int]:
        """Write ``prepare`` and ``refresh``, and return where the terms lie that states do not enter."""
        graph, levels = self.graph, self.graph.levels
        needed = graph.needed(outputs)
        used = {p for n in needed if levels[n] is Level.STATE for p in graph.parts(n)} | set(outputs)
        terms = sorted(
            n for n in used if levels[n] in (Level.PARAMETER, Level.DISCRETE) and n not in self.held
        )
        first = self.at.add("constants", len(terms))
        where = {node: first + i for i, node in enumerate(terms)}
        self.lowering.write("prepare", [Output(n, to_slot(where[n])) for n in terms], self.held)
        changing = [n for n in terms if levels[n] is Level.DISCRETE]
        still = {n: slot for n, slot in where.items() if levels[n] is Level.PARAMETER}
        self.lowering.write("refresh", [Output(n, to_slot(where[n])) for n in changing], self.held | still)
        return self.held | where

    # ---- rates and what they depend on

    def _rates(self, known: dict[Node, int]) -> None:
        """``b`` becomes minus the right-hand side of a stage: the matrix is −W as well."""

        def output(i: int, node: Node) -> Output:
            def write(f: Function, rate: Value) -> None:
                f.store(self.at["b"] + i, f.load(self.at["rest"] + i) - rate)

            return Output(node, write)

        outputs = [output(i, node) for i, node in enumerate(self.network.rates)]
        self.lowering.write("rates", outputs, known | self._states("stage"))

    def _jacobian(self, wide: Jacobian, known: dict[Node, int]) -> dict[Node, int]:
        """Write ``jacobian``, and return where each entry's value lies."""
        moving = sorted({n for n in wide.entries.values() if self.graph.levels[n] is Level.STATE})
        first = self.at.add("jacobian", len(moving))
        here = known | self._states("y")
        where = {node: first + i for i, node in enumerate(moving) if node not in here}
        self.lowering.write("jacobian", [Output(n, to_slot(slot)) for n, slot in where.items()], here)
        return here | where

    # ---- readouts and events

    def _read(self, readouts: Sequence[str]) -> None:
        first = self.at["readouts"]
        outputs = [Output(self.network.readouts[name], to_slot(first + i)) for i, name in enumerate(readouts)]
        self.lowering.write("read", outputs, self.held | self._states("y"))

    def _events(self) -> None:
        """Write ``schedule`` (when the next event is) and ``happen`` (what the one that is due does)."""
        graph, events = self.graph, self.network.events
        now = graph.symbol("·now", Level.STATE)
        here = self.held | self._states("y") | {now: self.at[NOW]}
        rates = dict(
            zip((graph.symbol(n, Level.STATE) for n in self.network.states), self.network.rates, strict=True)
        )
        onsets = [onset(graph, e.trigger, now=now, rates=rates, name=e.name) for e in events]
        self.at.add("onsets", len(events))
        first = self.at["onsets"]
        self.lowering.write(
            "onsets", [Output(node, to_slot(first + i)) for i, node in enumerate(onsets)], here
        )
        most = max((len(e.changes) for e in events), default=0)
        self.at.add("changes", most)
        place = {name: self.at["y"] + i for i, name in enumerate(self.network.states)}
        place |= {name: self.at["discrete"] + i for i, name in enumerate(self.network.discrete)}
        for number, event in enumerate(events):
            slots = {name: self.at["changes"] + i for i, name in enumerate(event.changes)}
            self.lowering.write(
                f"event_{number}",
                [Output(node, to_slot(slots[name])) for name, node in event.changes.items()],
                here,
            )
        self.functions.append(self._schedule())
        self.functions.append(self._happen(place))

    def _schedule(self) -> Function:
        f = Function("schedule", self.lanes)
        # The lanes that are not asked for keep their times: computed anew, they would be rounded anew.
        mask = f.load(self.at["fire"]) > 0.5
        f.call("onsets")
        t = f.load(self.at[NOW])
        soon = self._soon(f, t)
        earliest = f.constant(float("inf"))
        for i in range(len(self.network.events)):
            at = f.load(self.at["onsets"] + i)
            true = at <= soon
            before = f.load(self.at["true"] + i) > 0.5
            # A trigger that was true goes on being so; one that has come true by an event fires now.
            following = f.select(true, f.select(before, float("inf"), t), at)
            kept = f.load(self.at["next"] + i)
            waits = kept <= soon  # it is due, and goes on being so whatever the others do
            following = f.select(mask & ~waits, following, kept)
            f.store(self.at["next"] + i, following)
            f.store(
                self.at["true"] + i, f.select(mask, f.select(true, 1.0, 0.0), f.load(self.at["true"] + i))
            )
            earliest = f.minimum(following, earliest)
        f.store(self.at["t_event"], earliest)
        return f

    def _soon(self, f: Function, t: Value) -> Value:
        return f.fused(f.intrinsic("fabs", t) + 1.0, _TOGETHER, t)

    def _happen(self, place: dict[str, int]) -> Function:
        f = Function("happen", self.lanes)
        at = self.at
        mask = f.load(at["fire"]) > 0.5
        with f.loop(_MOST_AT_ONCE) as loop:
            soon = self._soon(f, f.load(at[NOW]))
            pending = mask & (f.load(at["t_event"]) <= soon)
            loop.leave_if(f.nowhere(pending))
            # One event in a lane at a time: what it sets may set off another.
            free = pending
            for number, event in enumerate(self.network.events):
                due = free & (f.load(at["next"] + number) <= soon)
                free = free & ~due
                with f.when(f.anywhere(due)):
                    f.call(f"event_{number}")
                    for i, name in enumerate(event.changes):
                        new, slot = f.load(at["changes"] + i), place[name]
                        f.store(slot, f.select(due, new, f.load(slot)))
                    f.store(at["true"] + number, f.select(due, 1.0, f.load(at["true"] + number)))
                    f.store(at["next"] + number, f.select(due, float("inf"), f.load(at["next"] + number)))
            f.call("refresh")
            f.call("schedule")
        # Spikes of two kinds take turns in a pairing: begin with what suited the event before the last.
        last = f.load(at["h_event"])
        f.store(at["h"], f.select(mask, f.load(at["h_before"]), f.load(at["h"])))
        f.store(at["h_before"], f.select(mask, last, f.load(at["h_before"])))
        f.store(at["fresh"], f.select(mask, 1.0, f.load(at["fresh"])))
        return f
