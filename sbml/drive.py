"""Write a protocol into a model: one clock, counters, and one event for each segment.

The encoding is one that libRoadRunner, COPASI and AMICI run alike. The clock is a state that is
never reset; counters are states whose rate is zero, so that a simulator's reset restores them;
the time of the next spike is plain arithmetic on counters and parameters, so that start, rate,
counts, interval and delay can be changed in the written file; and pre- and postsynaptic spikes
of a segment share one event, so that coincident ones are both applied. Half a spike in ``n < N - half``
keeps tools apart from each other that differ in how they test equality.

The text carries no value of a regular train: trains that differ only in numbers share it. The
times of a spike list are literals (with units) in a balanced tree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from kinaptic.errors import ProtocolError
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.trains import SIDES, Gap, Regime, Side, SpikeList, Step, Train
from kinaptic.units import model_unit

TOLERANCE = 1e-5  # s: spikes nearer to each other than that are given together
SECONDS, COUNT = model_unit("s").sbml, model_unit("1").sbml
CONSTANTS: dict[str, tuple[float, str, str]] = {
    "protocol_start": (LEAD, "s", "beginning of the protocol; the time before shows the baseline"),
    "clock_speed": (1.0, "1", "seconds that the clock advances in a second"),
    "counter_drift": (0.0, "1/s", "rate of counters between spikes, which is none"),
    "spike_tolerance": (TOLERANCE, "s", "spikes nearer to each other than that are given together"),
    "zero": (0.0, "1", "what a counter starts again from"),
}


@dataclass(frozen=True)
class DriveText:
    """A protocol as part of a model.

    Attributes
    ----------
    text : str
        Antimony statements; they use ``one`` and ``half`` of the assembled model.
    parameters : mapping of str to (float, str, str)
        Value, unit (as in `kinaptic.units.MODEL_UNITS`) and note of every constant of `text`.
    counters : mapping of str to int
        The states that count spikes, ``spikes_pre`` and ``spikes_post`` (a silent side has
        none), and what they reach at the end.
    """

    text: str
    parameters: Mapping[str, tuple[float, str, str]] = field(hash=False)
    counters: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True)
class _Spikes:
    """One side of one segment: when its next spike is, whether there is one, what counts it."""

    next_id: str
    time: str  # of the next spike, as an expression
    left: str  # condition: there is a spike left
    states: Mapping[str, tuple[float, str]]  # initial value and unit
    updates: Mapping[str, str]

    @property
    def due(self) -> str:
        # The arithmetic again rather than `next_id`: AMICI compiles no rule variable inside an event.
        return f"clock >= {self.time} - spike_tolerance && {self.left}"


def antimony(
    protocol: Protocol,
    on_pre: Mapping[str, str],
    *,
    on_post: Mapping[str, str],
    on_step: Mapping[str, str] = MappingProxyType({}),
    on_regime: Mapping[str, str] = MappingProxyType({}),
    post_lag: str = "",
) -> DriveText:
    """Return the Antimony text of `protocol`, with all that it adds to a model.

    Parameters
    ----------
    protocol : Protocol
        What to write.
    on_pre, on_post : mapping of str to str
        What a spike does: id of a state → expression for its new value from old values. Where
        both sides spike together, the postsynaptic expressions see what the presynaptic did.
    on_step : mapping of str to str
        What a voltage step does at both of its edges, or at the first alone where another step follows
        at once: id of a state → expression for its new value, in which ``step_voltage`` stands for the
        voltage and ``step_begins`` for the condition that this is the first edge.
    on_regime : mapping of str to str
        The same for a regime, with ``regime_firing``, ``regime_asleep`` (1 or 0) and ``regime_begins``.
    post_lag : str
        By how much (s) postsynaptic spikes come later than at the soma: id of a constant, or an
        expression over constants (AMICI compiles no id that a rule defines here); empty for none.

    Raises
    ------
    ProtocolError
        If the protocol has no spikes.
    """
    totals = {f"spikes_{side}": n for side, n in (("pre", protocol.n_pre), ("post", protocol.n_post)) if n}
    if protocol.step_edges.size:
        totals["step_edges"] = protocol.step_edges.size
    if not totals:
        raise ProtocolError(f"'{protocol}' has no spikes; add a stimulus, or run without a protocol")
    parameters = dict(CONSTANTS)
    states: dict[str, tuple[float, str]] = dict.fromkeys(totals, (0.0, COUNT))
    rules: list[str] = []
    events: list[str] = []
    kicks: dict[Side, Mapping[str, str]] = {"pre": on_pre, "post": on_post}
    number = 0
    afterwards = (*protocol.segments[1:], None)
    for segment, start, then in zip(protocol.segments, protocol.starts, afterwards, strict=True):
        if isinstance(segment, Gap):
            continue
        number += 1
        if isinstance(segment, Step | Regime):
            parameters |= _held_parameters(segment, number, start)
            states[f"step_{number}_edge"] = (0.0, COUNT)
            on_edge = on_step if isinstance(segment, Step) else on_regime
            events.append(_held_event(number, on_edge, handed_on=type(then) is type(segment)))
            continue
        if isinstance(segment, Train):
            parameters |= _train_parameters(segment, number, start)
        else:
            parameters |= _list_parameters(segment, number, start)
        trains: dict[Side, _Spikes] = {}
        changes: dict[Side, dict[str, str]] = {}
        for side in SIDES:
            if not segment.count(side):
                continue
            lag = post_lag if side == "post" else ""
            if isinstance(segment, Train):
                spikes = _train_side(segment, number, side, lag)
            else:
                spikes = _list_side(segment, number, side, lag)
            trains[side] = spikes
            states |= spikes.states
            rules.append(f"{spikes.next_id} := {spikes.time}; {spikes.next_id} has {SECONDS};")
            changes[side] = {**spikes.updates, f"spikes_{side}": f"spikes_{side} + one", **kicks[side]}
        events.append(_event(number, trains, changes))
    statements = [
        f"clock' = clock_speed; clock = 0; clock has {SECONDS};",
        *(_state(name, value, unit) for name, (value, unit) in states.items()),
        *rules,
        *events,
    ]
    used = set(re.findall(r"\w+", " ".join(statements)))
    parameters = {name: entry for name, entry in parameters.items() if name in used}
    text = [
        "// ==== Protocol: a clock, counters, the time of the next spike, one event per segment",
        *statements,
        *(f"{name} has {model_unit(unit).sbml};" for name, (_, unit, _) in parameters.items()),
    ]
    return DriveText("\n".join(text), parameters, totals)


def expected_counts(protocol: Protocol, until: float, *, post_lag: float = 0.0) -> dict[str, int]:
    """Return what the counters must show at `until` (s of run time).

    A spike at `until` itself counts; whether a simulator has given it by then is a matter of
    rounding, so ask at a time that no spike is at.

    Parameters
    ----------
    protocol : Protocol
        What ran.
    until : float
        End of the run (s).
    post_lag : float
        Time (s) by which postsynaptic spikes came later than at the soma.
    """
    lags = {"pre": 0.0, "post": post_lag}
    times = {side: protocol.spike_times(side) + lags[side] for side in SIDES}
    found = {f"spikes_{side}": int(np.count_nonzero(t <= until)) for side, t in times.items() if t.size}
    if protocol.step_edges.size:
        found["step_edges"] = int(np.count_nonzero(protocol.step_edges <= until))
    return found


def _train_parameters(train: Train, number: int, start: float) -> dict[str, tuple[float, str, str]]:
    stem = f"stim_{number}_"
    first: Side = "pre" if train.pre_spikes else "post"
    found = {
        "start": (start + train.onset(first), "s", f"first {first} spike, counted from protocol_start"),
        "rate": (train.rate, "1/s", "bursts (single spikes, pairings) per second"),
        "bursts": (float(train.bursts), "1", "bursts (single spikes, pairings) in a train"),
    }
    if train.burst_rate is not None:
        found["burst_rate"] = (train.burst_rate, "1/s", "spikes per second in a burst")
        for side in SIDES:
            if train.spikes(side):
                found[f"{side}_spikes"] = (float(train.spikes(side)), "1", f"{side} spikes in a burst")
    if train.interval is not None:
        found["trains"] = (float(train.trains), "1", "how often the train is given")
        found["interval"] = (train.interval, "s", "from the start of one train to the start of the next")
    if train.pre_spikes and train.post_spikes:
        found["delay"] = (train.delay, "s", "t_post - t_pre of first spikes, at the soma")
    return {stem + name: entry for name, entry in found.items()}


def _train_side(train: Train, number: int, side: Side, lag: str) -> _Spikes:
    stim, own = f"stim_{number}_", f"{side}_{number}_"
    time = f"protocol_start + {stim}start"
    if side == "post" and train.pre_spikes:
        time += f" + {stim}delay"
    time += _plus(lag)
    levels = []  # counter, how many of it, from the innermost out
    if train.burst_rate is not None:
        levels.append((f"{own}spike", f"{stim}{side}_spikes"))
        time += f" + {own}spike/{stim}burst_rate"
    levels.append((f"{own}burst", f"{stim}bursts"))
    time += f" + {own}burst/{stim}rate"
    if train.interval is not None:
        levels.append((f"{own}train", f"{stim}trains"))
        time += f" + {own}train*{stim}interval"
    updates = {}
    inner: list[str] = []  # conditions: an inner level goes on, so that this one stays
    for counter, number_of in levels:
        more = f"{counter} < {number_of} - one - half"
        outermost = counter == levels[-1][0]
        step = f"{counter} + one" if outermost else f"{counter} + one, {more}, zero"
        if inner:
            updates[counter] = f"piecewise({counter}, {' || '.join(inner)}, {step})"
        else:
            updates[counter] = step if outermost else f"piecewise({step})"
        inner.append(more)
    last, number_of = levels[-1]
    return _Spikes(
        next_id=f"{own}next",
        time=time,
        left=f"{last} < {number_of} - half",
        states={counter: (0.0, COUNT) for counter, _ in levels},
        updates=updates,
    )


def _list_parameters(spikes: SpikeList, number: int, start: float) -> dict[str, tuple[float, str, str]]:
    stem = f"stim_{number}_"
    found = {f"{stem}start": (start, "s", "beginning of the list, counted from protocol_start")}
    for side in SIDES:
        if spikes.count(side):
            found[f"{stem}{side}_spikes"] = (float(spikes.count(side)), "1", f"{side} spikes in the list")
    return found


def _list_side(spikes: SpikeList, number: int, side: Side, lag: str) -> _Spikes:
    stim, own = f"stim_{number}_", f"{side}_{number}_"
    times = [float(t) for t in spikes.times(side)]
    time = f"protocol_start + {stim}start + {own}listed{_plus(lag)}"
    updates = {f"{own}spike": f"{own}spike + one"}
    if len(times) > 1:
        updates[f"{own}listed"] = choice([f"{t!r} {SECONDS}" for t in times[1:]], f"{own}spike")
    return _Spikes(
        next_id=f"{own}next",
        time=time,
        left=f"{own}spike < {stim}{side}_spikes - half",
        states={f"{own}spike": (0.0, COUNT), f"{own}listed": (times[0], SECONDS)},
        updates=updates,
    )


def choice(leaves: Sequence[str], counter: str, first: int = 0) -> str:
    """Return a balanced choice: ``leaves[i]`` where the counter is ``first + i``."""
    if len(leaves) == 1:
        return leaves[0]
    half = len(leaves) // 2
    below, above = choice(leaves[:half], counter, first), choice(leaves[half:], counter, first + half)
    return f"piecewise({below}, {counter} < {first + half - 0.5!r} {COUNT}, {above})"


def _held_parameters(held: Step | Regime, number: int, start: float) -> dict[str, tuple[float, str, str]]:
    stem = f"stim_{number}_"
    found = {
        f"{stem}start": (start, "s", "when it begins, counted from protocol_start"),
        f"{stem}length": (held.duration, "s", "how long it lasts"),
        "step_edge_count": (2.0, "1", "edges of what is held for a while"),
    }
    if isinstance(held, Step):
        return found | {f"{stem}to": (held.to, "mV", "voltage of the step")}
    return found | {
        f"{stem}firing": (held.firing, "1", "firing of the cell meanwhile, of its habitual rate"),
        f"{stem}asleep": (float(held.asleep), "1", "1 where it is asleep meanwhile"),
    }


def _held_event(number: int, on_edge: Mapping[str, str], *, handed_on: bool) -> str:
    """Write the event that is both edges of a voltage step or a regime.

    Where the next one of its kind begins as it ends, its end changes nothing: simulators give events of
    the same time in any order, so that it would undo the other's beginning.
    """
    edge, stim = f"step_{number}_edge", f"stim_{number}_"
    due = f"clock >= protocol_start + {stim}start + {edge}*{stim}length && {edge} < step_edge_count - half"
    changes = {edge: f"{edge} + one", "step_edges": "step_edges + one"}
    begins = f"{edge} < half"
    meant = {"step_voltage": f"{stim}to", "step_begins": begins, "regime_begins": begins}
    meant |= {"regime_firing": f"{stim}firing", "regime_asleep": f"{stim}asleep"}
    for name, value in on_edge.items():
        new = _substitute(value, meant)
        changes[name] = f"piecewise({new}, {begins}, {name})" if handed_on else new
    assignments = ", ".join(f"{name} = {value}" for name, value in changes.items())
    return f"stim_{number}: at ({due}), t0=false, fromTrigger=false: {assignments};"


def _plus(lag: str) -> str:
    return f" + {lag}" if lag.isidentifier() else f" + ({lag})" if lag else ""


def _state(name: str, value: float, unit: str) -> str:
    # Units of the rate: counters per second; a listed time is in seconds, its rate has no unit.
    rate = "counter_drift" if unit == COUNT else "zero"
    return f"{name}' = {rate}; {name} = {value!r}; {name} has {unit};"


def _event(number: int, trains: Mapping[Side, _Spikes], changes: Mapping[Side, Mapping[str, str]]) -> str:
    trigger = " || ".join(f"(clock >= {t.next_id} && {t.left})" for t in trains.values())
    if len(trains) == 1:  # the event is that side's spike
        (merged,) = changes.values()
    else:
        merged = _merge(changes["pre"], changes["post"], trains["pre"].due, trains["post"].due)
    assignments = ", ".join(f"{name} = {value}" for name, value in merged.items())
    return f"stim_{number}: at ({trigger}), t0=false, fromTrigger=false: {assignments};"


def _merge(pre: Mapping[str, str], post: Mapping[str, str], pre_due: str, post_due: str) -> dict[str, str]:
    """Return what one event assigns: pre, post, or first pre and then post where both are due."""
    after_pre = {name: f"piecewise({new}, {pre_due}, {name})" for name, new in pre.items()}
    merged = dict(after_pre)
    for name, new in post.items():
        merged[name] = f"piecewise({_substitute(new, after_pre)}, {post_due}, {after_pre.get(name, name)})"
    return merged


def _substitute(expression: str, values: Mapping[str, str]) -> str:
    """Put `values` in place of ids in an expression, all at once."""
    return re.sub(r"(?<![\w.])[A-Za-z_]\w*", lambda m: values.get(m[0], m[0]), expression)
