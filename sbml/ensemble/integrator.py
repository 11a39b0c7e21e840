"""The integrator as vector code: a Rosenbrock step for all lanes at once, each with its own time and step.

Method: `kinaptic.sbml.ensemble.rosenbrock`. A step never goes past a spike or a sample: it ends on it. At a
spike the event is applied, and the next step starts from nothing, which a one-step method can. At a sample
the state itself is read (after the event, if there is one): the method's interpolation would be of a lower
order, and the error five times larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from kinaptic.sbml.ensemble.lanes import BYTES, Condition, Function, Value, Whole
from kinaptic.sbml.ensemble.layout import Layout
from kinaptic.sbml.ensemble.rosenbrock import Tableau

SAFETY, SHRINK, GROW = 0.8, 0.2, 6.0  # of the next step: Hairer & Wanner 1996, IV.7
_ENOUGH = 1 << 40  # turns of a loop that ends itself
_AT_ONCE = 4  # states in one turn of a loop, which keeps sums apart and loops short
_SMALLEST = 1e-14  # of time: a smaller step no longer moves it
_AVERAGED = 120  # states at most: in a large network the quiet ones would hide the few that move
_SMALL = 0.3  # of a state's largest value so far: below that, its error is weighed against this


class Status(IntEnum):
    """Of a lane."""

    IDLE = 0
    RUNNING = 1
    DONE = 2
    STUCK = 3  # the step became too small to move time
    ENDLESS = 4  # more steps than allowed


LANE = (
    "status", "t", "h", "t_end", "t_event", "t_sample", "rtol", "atol", "steps_left", "fresh", "h_event",
    "h_before", "rejected", "new", "fire", "times_at", "output_at", "steps", "step", "shift", "norm",
)  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """How many there are of each."""

    states: int
    readouts: int
    events: int


def reserve(layout: Layout, sizes: Sizes, tableau: Tableau) -> None:
    """Add what the integrator needs to an image."""
    for name in LANE:
        layout.add(name)
    for name in ("y", "peak", "stage", "rest", "b"):
        layout.add(name, sizes.states)
    layout.add("k", sizes.states * (tableau.stages - 1))  # the last one is the error, and stays in b
    layout.add("readouts", sizes.readouts)
    layout.add("next", max(sizes.events, 1))
    layout.add("true", max(sizes.events, 1))


def write(layout: Layout, sizes: Sizes, tableau: Tableau, lanes: int) -> list[Function]:
    """Return the functions ``advance`` (steps until a lane ends), ``start`` and those that they call."""
    writer = _Integrator(layout, sizes, tableau, lanes)
    return [
        *writer.stages(),
        writer.finish(),
        writer.deliver(),
        writer.accept(),
        writer.start(),
        writer.advance(),
    ]


class _Integrator:
    def __init__(self, layout: Layout, sizes: Sizes, tableau: Tableau, lanes: int) -> None:
        self.at, self.sizes, self.tableau, self.lanes = layout, sizes, tableau, lanes

    def _k(self, stage: int) -> int:
        return self.at["k"] + stage * self.sizes.states

    def stages(self) -> list[Function]:
        """For each stage: where to evaluate the rates, and what to take from them."""
        return [self._stage(i) for i in range(self.tableau.stages)]

    def _stage(self, stage: int) -> Function:
        f = Function(f"stage_{stage}", self.lanes)
        a, c = self.tableau.A[stage], self.tableau.C[stage]
        onward = stage > 1 and a == (*self.tableau.A[stage - 1], 1.0)
        by_step = 1.0 / f.load(self.at["step"])
        with f.loop(self.sizes.states) as loop:
            i = loop.index
            if stage == 0:
                f.store(i + self.at["stage"], f.load(i + self.at["y"]))
                f.store(i + self.at["rest"], 0.0)
            else:
                last = f.load(i + self.at["b"])
                f.store(i + self._k(stage - 1), last)
                before = [f.load(i + self._k(j)) for j in range(stage - 1)] + [last]
                if onward:
                    here = f.load(i + self.at["stage"]) + last
                else:
                    here = self._sum(f, f.load(i + self.at["y"]), a, before)
                f.store(i + self.at["stage"], here)
                rest = self._sum(f, f.constant(0.0), c, before)
                f.store(i + self.at["rest"], -(rest * by_step))
        return f

    def _sum(self, f: Function, first: Value, weights: tuple[float, ...], values: list[Value]) -> Value:
        total = first
        for weight, value in zip(weights, values, strict=True):
            if weight:
                total = f.fused(value, weight, total)
        return total

    def finish(self) -> Function:
        """Weigh the error, which is the last stage's k, and put the new state into ``stage``."""
        f = Function("finish", self.lanes)
        at, states = self.at, self.sizes.states
        rtol, atol = f.load(at["rtol"]), f.load(at["atol"])
        f.store(at["norm"], 0.0)

        def weigh(i: Whole) -> Value:
            error = f.load(i + at["b"])
            old, new = f.load(i + at["y"]), f.load(i + at["stage"]) + error
            f.store(i + at["stage"], new)
            size = f.maximum(f.intrinsic("fabs", old), f.intrinsic("fabs", new))
            size = f.maximum(size, f.load(i + at["peak"]) * _SMALL)
            weighed = error / f.fused(size, rtol, atol)
            return weighed * weighed

        def add(values: list[Value]) -> None:
            total = values[0]
            for value in values[1:]:
                total = total + value
            f.store(at["norm"], f.load(at["norm"]) + total)

        with f.loop(states // _AT_ONCE) as loop:
            first = loop.index * _AT_ONCE
            add([weigh(first + j) for j in range(_AT_ONCE)])
        for j in range(states // _AT_ONCE * _AT_ONCE, states):
            add([weigh(Whole(f, str(j)))])
        f.store(at["norm"], f.intrinsic("sqrt", f.load(at["norm"]) * (1.0 / min(states, _AVERAGED))))
        return f

    def deliver(self) -> Function:
        """Lanes whose next sample is due (``fire``) write their readouts and look up the time after."""
        f = Function("deliver", self.lanes)
        at = self.at
        with f.loop(self.lanes) as loop:
            lane = loop.index
            due = f.load_lane(at["fire"], lane)
            with f.when(f.line_value(f"fcmp ogt double {due}, 0.5")):
                output = f.pointer(at["output_at"], lane)
                with f.loop(self.sizes.readouts) as inner:
                    value = f.load_lane(inner.index + at["readouts"], lane)
                    f.line(f"store double {value}, ptr {f.offset(output, inner.index)}, align {BYTES}")
                f.set_pointer(at["output_at"], lane, f.offset(output, self.sizes.readouts))
                times = f.pointer(at["times_at"], lane)
                following = f.line_value(f"load double, ptr {times}, align {BYTES}")
                f.line(f"store double {following}, ptr {f.address(at['t_sample'], lane)}, align {BYTES}")
                f.set_pointer(at["times_at"], lane, f.offset(times, 1))
        return f

    def accept(self) -> Function:
        """In the lanes of ``fire``, the new state takes the place of the old one."""
        f = Function("accept", self.lanes)
        mask = f.load(self.at["fire"]) > 0.5
        with f.loop(self.sizes.states) as loop:
            i = loop.index
            old, new = f.load(i + self.at["y"]), f.load(i + self.at["stage"])
            f.store(i + self.at["y"], f.select(mask, new, old))
            peak = f.load(i + self.at["peak"])
            higher = f.maximum(peak, f.maximum(f.intrinsic("fabs", old), f.intrinsic("fabs", new)))
            f.store(i + self.at["peak"], f.select(mask, higher, peak))
        return f

    def start(self) -> Function:
        """Make lanes that were filled anew (``new``) ready."""
        f = Function("start", self.lanes, public=True)
        at = self.at
        f.call("prepare")
        f.store(at["fire"], f.load(at["new"]))
        f.call("schedule")
        new = f.load(at["new"]) > 0.5
        due = new & (f.load(at["t_event"]) <= f.load(at["t"]))
        f.store(at["fire"], f.select(due, 1.0, 0.0))
        with f.when(f.anywhere(due)):
            f.call("happen")
        self._sample(f, new, f.load(at["t"]))
        f.store(at["new"], 0.0)
        return f

    def advance(self) -> Function:
        """Step until a lane ends, or as often as the limit says."""
        f = Function("advance", self.lanes, public=True)
        at = self.at
        with f.loop(f.limit) as loop:
            running = f.load(at["status"]).equals(Status.RUNNING)
            ends = self._choose_step(f, running)
            f.call("jacobian")
            f.call("factor")
            for stage in range(self.tableau.stages):
                f.call(f"stage_{stage}")
                f.call("rates")
                f.call("solve")
            f.call("finish")
            accepted = running & (f.load(at["norm"]) <= 1.0)
            t = f.load(at["t"])
            reached = f.select(ends, self._stop(f), t + f.load(at["step"]))
            f.store(at["fire"], f.select(accepted, 1.0, 0.0))
            f.call("accept")
            f.store(at["t"], f.select(accepted, reached, t))
            self._control(f, accepted)
            done = accepted & (reached >= f.load(at["t_end"]))
            hit = accepted & (reached >= f.load(at["t_event"]))
            with f.when(f.anywhere(hit)):
                f.store(at["fire"], f.select(hit, 1.0, 0.0))
                f.call("happen")
            self._sample(f, accepted, reached)
            ended = self._status(f, running, done)
            loop.leave_if(f.anywhere(ended))
        return f

    def _stop(self, f: Function) -> Value:
        """Return where the next step ends at the latest: at an event, a sample or the end."""
        at = self.at
        return f.minimum(f.minimum(f.load(at["t_event"]), f.load(at["t_sample"])), f.load(at["t_end"]))

    def _choose_step(self, f: Function, running: Condition) -> Condition:
        """Set ``step`` and ``shift``; return in which lanes the step ends on a stop."""
        at = self.at
        h, left = f.load(at["h"]), self._stop(f) - f.load(at["t"])
        ends = h * 1.000001 >= left
        # Two equal steps rather than one and a tiny rest.
        step = f.select(ends, left, f.select(h * 2.0 > left, left * 0.5, h))
        step = f.select(running, step, 1e-3)  # idle lanes keep company; what they compute goes nowhere
        f.store(at["step"], step)
        f.store(at["shift"], 1.0 / (step * self.tableau.gamma))
        return ends

    def _sample(self, f: Function, lanes: Condition, now: Value) -> None:
        """Write readouts in those of the lanes that have a sample now."""
        at = self.at
        with f.loop(_ENOUGH) as loop:
            due = lanes & (f.load(at["t_sample"]) <= now)
            loop.leave_if(f.nowhere(due))
            f.store(at["fire"], f.select(due, 1.0, 0.0))
            f.call("read")
            f.call("deliver")

    def _control(self, f: Function, accepted: Condition) -> None:
        """Choose the next step from the error of this one."""
        at = self.at
        norm, step, wanted = f.load(at["norm"]), f.load(at["step"]), f.load(at["h"])
        factor = f.intrinsic("log", f.maximum(norm, 1e-10)) * (-1.0 / self.tableau.order)
        factor = f.minimum(f.maximum(f.intrinsic("exp", factor) * SAFETY, SHRINK), GROW)
        factor = f.select(norm < 1e10, factor, SHRINK)  # also where it is not a number
        rejected = f.load(at["rejected"]) > 0.5
        factor = f.select(accepted & rejected, f.minimum(factor, 1.0), factor)
        proposed = step * factor
        # A step cut short by a stop says little: what was wanted before is taken up again.
        following = f.select(accepted, f.maximum(proposed, wanted), proposed)
        f.store(at["h"], following)
        f.store(at["rejected"], f.select(accepted, 0.0, 1.0))
        f.store(at["steps"], f.load(at["steps"]) + 1.0)
        first = accepted & (f.load(at["fresh"]) > 0.5)
        f.store(at["h_event"], f.select(first, following, f.load(at["h_event"])))
        f.store(at["fresh"], f.select(accepted, 0.0, f.load(at["fresh"])))

    def _status(self, f: Function, running: Condition, done: Condition) -> Condition:
        """Set the status of lanes that end here, and return which they are."""
        at = self.at
        t = f.load(at["t"])
        stuck = running & ~done & (f.load(at["h"]) <= (f.intrinsic("fabs", t) + 1e-6) * _SMALLEST)
        left = f.load(at["steps_left"]) - 1.0
        f.store(at["steps_left"], left)
        endless = running & ~done & (left <= 0.0)
        status = f.load(at["status"])
        status = f.select(endless, Status.ENDLESS, status)
        status = f.select(stuck, Status.STUCK, status)
        f.store(at["status"], f.select(done, Status.DONE, status))
        return done | stuck | endless
