"""Stimulation as experimenters name it: pairings, tetani, lists of spikes, voltage steps, silence.

Each function returns a `Protocol`. Quantities are strings with units; every argument is checked
here, by the name that the user gave it.

>>> stdp("10 ms", pairs=60, rate="1 Hz")
<Protocol: 60 pairings at 1 Hz, post 10 ms after pre>
>>> tetanus("100 Hz", "1 s") + gap("10 min") + low_frequency("1 Hz", 900)
<Protocol: 100 pulses at 100 Hz, then 10 min of silence, then 900 pulses at 1 Hz; 3 inputs together>
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

import numpy as np
from numpy.typing import NDArray

from kinaptic.errors import ProtocolError
from kinaptic.pathways.protocol import MAX_SPIKES, Call, Protocol
from kinaptic.pathways.trains import (
    MIN_INTERVAL,
    Gap,
    Regime,
    SpikeList,
    Step,
    Train,
    check_interval,
    check_rate,
    count,
    rate_text,
    time_text,
)
from kinaptic.units import Quantity, parse

# Assumed: fibres under a field electrode rarely meet on one stretch of dendrite; no count is published.
FIELD_INPUTS = 3

_P = ParamSpec("_P")


def _made(function: Callable[_P, Protocol]) -> Callable[_P, Protocol]:
    """Make a function's protocols know how they were made, for `Protocol.with_`."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def make(*args: _P.args, **kwargs: _P.kwargs) -> Protocol:
        protocol = function(*args, **kwargs)
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        kept = {n: tuple(v) if _is_list(v) else v for n, v in given.arguments.items()}
        object.__setattr__(protocol, "call", Call(make, kept))
        return protocol

    return make


def _is_list(value: object) -> bool:
    """Return whether an argument is a list, which its owner could change afterwards."""
    return np.iterable(value) and not isinstance(value, str)


@_made
def stdp(
    delay: Quantity,
    pairs: int,
    *,
    rate: Quantity,
    pre_spikes: int = 1,
    post_spikes: int = 1,
    burst_rate: Quantity | None = None,
    inputs: int | None = None,
) -> Protocol:
    """Pair presynaptic with postsynaptic spikes.

    Parameters
    ----------
    delay : quantity
        t_post - t_pre of the first spikes of a pairing, of either sign; ``"0 ms"`` is coincident.
    pairs : int
        Number of pairings.
    rate : quantity
        Pairings per second: ``"1 Hz"``.
    pre_spikes, post_spikes : int
        Spikes of each side in a pairing.
    burst_rate : quantity, optional
        Rate within a burst; needed when a side has more than one spike.
    inputs : int, optional
        Synapses active together; by default the model's own number.

    Raises
    ------
    ProtocolError, UnitError
        Naming the argument and what to do.
    """
    return _train(
        Train(
            bursts=count("stdp(pairs=…)", pairs),
            rate=_rate("stdp(rate=…)", rate),
            pre_spikes=count("stdp(pre_spikes=…)", pre_spikes),
            post_spikes=count("stdp(post_spikes=…)", post_spikes),
            burst_rate=None if burst_rate is None else _rate("stdp(burst_rate=…)", burst_rate),
            delay=parse(delay, "s", "stdp(delay=…)"),
        ),
        inputs,
    )


@_made
def tetanus(
    rate: Quantity,
    duration: Quantity,
    *,
    trains: int = 1,
    interval: Quantity | None = None,
    inputs: int | None = FIELD_INPUTS,
) -> Protocol:
    """Stimulate the presynaptic fibres at a constant rate, once or in several trains.

    Parameters
    ----------
    rate, duration : quantity
        ``"100 Hz"`` for ``"1 s"``: a whole number of pulses.
    trains : int
        How often the train is given.
    interval : quantity, optional
        From the start of one train to the start of the next; needed when there are several.
    inputs : int or None
        Synapses active together. The default of 3 is an assumption; None takes the model's number.

    Raises
    ------
    ProtocolError, UnitError
        Naming the argument and what to do.
    """
    hertz = _rate("tetanus(rate=…)", rate)
    seconds = parse(duration, "s", "tetanus(duration=…)")
    check_interval("tetanus(duration=…)", seconds)
    pulses = round(hertz * seconds)
    if pulses < 1 or abs(hertz * seconds - pulses) > 1e-6 * pulses:
        near = f"'{max(1, pulses) / hertz:.6g} s'"
        raise ProtocolError(
            f"tetanus(duration=…): {rate_text(hertz)} for {time_text(seconds)} is {hertz * seconds:.4g} "
            f"pulses, not a whole number; take a duration such as {near}"
        )
    return _train(
        Train(
            bursts=pulses,
            rate=hertz,
            trains=count("tetanus(trains=…)", trains),
            interval=None if interval is None else _time("tetanus(interval=…)", interval),
        ),
        inputs,
    )


@_made
def low_frequency(rate: Quantity, pulses: int, *, inputs: int | None = FIELD_INPUTS) -> Protocol:
    """Stimulate the presynaptic fibres slowly, as for long-term depression (900 pulses at 1 Hz).

    Parameters
    ----------
    rate : quantity
        Pulses per second.
    pulses : int
        How many.
    inputs : int or None
        Synapses active together. The default of 3 is an assumption; None takes the model's number.

    Raises
    ------
    ProtocolError, UnitError
        Naming the argument and what to do.
    """
    number = count("low_frequency(pulses=…)", pulses)
    return _train(Train(bursts=number, rate=_rate("low_frequency(rate=…)", rate)), inputs)


@_made
def theta_burst(
    pulses: int = 4,
    burst_rate: Quantity = "100 Hz",
    *,
    bursts: int = 10,
    rate: Quantity = "5 Hz",
    trains: int = 1,
    interval: Quantity | None = None,
    inputs: int | None = FIELD_INPUTS,
) -> Protocol:
    """Stimulate the presynaptic fibres in bursts at theta rhythm.

    Parameters
    ----------
    pulses : int
        Pulses in a burst.
    burst_rate : quantity
        Rate within a burst.
    bursts : int
        Bursts in a train.
    rate : quantity
        Bursts per second.
    trains : int
        How often the train is given.
    interval : quantity, optional
        From the start of one train to the start of the next; needed when there are several.
    inputs : int or None
        Synapses active together. The default of 3 is an assumption; None takes the model's number.

    Raises
    ------
    ProtocolError, UnitError
        Naming the argument and what to do.
    """
    return _train(
        Train(
            bursts=count("theta_burst(bursts=…)", bursts),
            rate=_rate("theta_burst(rate=…)", rate),
            pre_spikes=count("theta_burst(pulses=…)", pulses),
            burst_rate=_rate("theta_burst(burst_rate=…)", burst_rate),
            trains=count("theta_burst(trains=…)", trains),
            interval=None if interval is None else _time("theta_burst(interval=…)", interval),
        ),
        inputs,
    )


Times = Sequence[Quantity] | NDArray[Any]


@_made
def spikes(pre: Times = (), post: Times = (), *, inputs: int | None = None) -> Protocol:
    """Stimulate at given times, counted from the beginning of the protocol.

    Parameters
    ----------
    pre, post : sequence
        Seconds as numbers, or quantities such as ``"30 ms"``; strictly increasing, 1 ms or more
        apart, up to 10,000 on a side.
    inputs : int, optional
        Synapses active together; by default the model's own number.

    Raises
    ------
    ProtocolError, UnitError
        Naming the argument, the place in the list and what to do.
    """
    return Protocol((SpikeList(_times("spikes(pre=…)", pre), _times("spikes(post=…)", post)),), inputs)


@_made
def poisson(
    pre: Quantity | None = None,
    post: Quantity | None = None,
    *,
    duration: Quantity,
    seed: int,
    inputs: int | None = None,
) -> Protocol:
    """Stimulate at random times: a Poisson process with a dead time of 1 ms, of the rate asked for.

    Times are drawn once, here, and rounded to a microsecond: the same seed is the same protocol.

    Parameters
    ----------
    pre, post : quantity, optional
        Mean rate of each side, below 1 kHz; a side left out is silent.
    duration : quantity
        How long; the protocol ends then.
    seed : int
        Of numpy's PCG64; pre and post draw independently, and neither depends on the other's rate.
    inputs : int, optional
        Synapses active together; by default the model's own number.

    Raises
    ------
    ProtocolError, UnitError
        Naming the argument and what to do.
    """
    if pre is None and post is None:
        raise ProtocolError("poisson: pre and post are both left out; give at least one a rate")
    seconds = _time("poisson(duration=…)", duration)
    seed = count("poisson(seed=…)", seed, least=0)
    drawn: dict[str, tuple[float, ...]] = {}
    named = []
    for stream, (side, rate) in enumerate((("pre", pre), ("post", post))):
        if rate is None:
            continue
        hertz = _rate(f"poisson({side}=…)", rate)
        if hertz * seconds > 2 * MAX_SPIKES:  # do not draw millions to refuse them afterwards
            raise ProtocolError(
                f"poisson({side}=…): {rate_text(hertz)} for {time_text(seconds)} is about "
                f"{hertz * seconds:.0f} spikes, more than the {MAX_SPIKES} that a run may have; lower one"
            )
        drawn[side] = _poisson(hertz, seconds, np.random.default_rng([seed, stream]))
        named.append(f"{side} {rate_text(hertz)}")
    if not any(drawn.values()):
        raise ProtocolError("poisson: not one spike was drawn; raise a rate or the duration, or change seed")
    origin = f"Poisson, {', '.join(named)}, seed {seed}"
    return Protocol((SpikeList(**drawn, length=seconds, origin=origin),), inputs)


@_made
def depolarization(duration: Quantity, to: Quantity = "0 mV") -> Protocol:
    """Return a voltage step of the postsynaptic cell, as for depolarisation-induced suppression.

    Parameters
    ----------
    duration : quantity
        Length of the step: ``"5 s"``.
    to : quantity
        Voltage of the dendrite meanwhile, -120 to 60 mV.

    Raises
    ------
    ProtocolError, UnitError
        Naming the argument and what to do.
    """
    seconds = _time("depolarization(duration=…)", duration)
    return Protocol((Step(seconds, parse(to, "mV", "depolarization(to=…)")),))


@_made
def firing(duration: Quantity, times: float) -> Protocol:
    """Return a stretch in which the cell fires more or less than is its habit.

    It is the background of the whole cell, felt by its sensors of activity; the synapse itself is not
    stimulated.

    Parameters
    ----------
    duration : quantity
        Such as ``"48 h"``.
    times : float
        Of the habitual rate, 0 to 20: 0 is silence, as in tetrodotoxin, 2.5 as in bicuculline.

    Raises
    ------
    ProtocolError, UnitError
        Naming the argument and what to do.
    """
    return Protocol((Regime(_time("firing(duration=…)", duration), _multiple("firing", times)),))


@_made
def sleep(duration: Quantity, times: float = 1.0) -> Protocol:
    """Return a stretch of sleep; between protocols the animal is awake.

    Parameters
    ----------
    duration : quantity
        Such as ``"8 h"``.
    times : float
        Firing of the cell meanwhile, of its habitual rate.

    Raises
    ------
    ProtocolError, UnitError
        Naming the argument and what to do.
    """
    return Protocol((Regime(_time("sleep(duration=…)", duration), _multiple("sleep", times), asleep=True),))


@_made
def gap(duration: Quantity) -> Protocol:
    """Return silence, to put between protocols: ``a + gap("10 min") + b``."""
    return Protocol((Gap(_time("gap(duration=…)", duration)),))


def _train(train: Train, inputs: int | None) -> Protocol:
    return Protocol((train,), inputs)


def _rate(what: str, value: Quantity) -> float:
    hertz = parse(value, "1/s", what)
    check_rate(what, hertz)
    return hertz


def _multiple(function: str, times: object) -> float:
    """Return how much a cell fires, of its habitual rate."""
    if isinstance(times, bool) or not isinstance(times, int | float):
        raise ProtocolError(f"{function}(times={times!r}): give a multiple of the habitual rate, such as 2.5")
    return float(times)


def _time(what: str, value: Quantity) -> float:
    seconds = parse(value, "s", what)
    check_interval(what, seconds)
    return seconds


def _times(what: str, values: Times) -> tuple[float, ...]:
    if isinstance(values, str) or not np.iterable(values):
        raise ProtocolError(f"{what}: {values!r} is not a list; write [{values!r}]")
    if np.ndim(values) > 1:
        raise ProtocolError(f"{what}: the times have {np.ndim(values)} dimensions; give a plain list")
    return tuple(float(v) if isinstance(v, float) else _seconds(what, i, v) for i, v in enumerate(values))


def _seconds(what: str, index: int, value: object) -> float:
    if isinstance(value, str) or hasattr(value, "magnitude"):
        return parse(value, "s", f"{what}, time {index}")
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ProtocolError(f"{what}: time {index} is {value!r}; write seconds or a quantity like '30 ms'")
    return float(value)


def _poisson(rate: float, duration: float, random: np.random.Generator) -> tuple[float, ...]:
    mean = 1 / rate - MIN_INTERVAL  # of what comes after the dead time, so that the rate is kept
    times = np.zeros(1, dtype=np.int64)  # microseconds: rounding then never brings two spikes closer
    while times[-1] < duration * 1e6:
        # Inverse transform of uniform numbers: numpy keeps that stream from version to version.
        steps = np.rint((MIN_INTERVAL - mean * np.log1p(-random.random(256))) * 1e6).astype(np.int64)
        times = np.concatenate([times, times[-1] + np.cumsum(steps)])
    return tuple(float(t) / 1e6 for t in times[1:] if t < duration * 1e6)
