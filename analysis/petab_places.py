"""One model for many protocols: a place for every train that one of them has, silent in the others.

The numbers of a train (start, rate, counts, delay) are parameters of the model, so that protocols of
one shape differ in values alone. A model with a place for each shape serves them all: a train of no
spikes does nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.trains import Gap, Regime, Segment, SpikeList, Step, Train
from kinaptic.sbml import drive

_EDGES = "step_edge_count"  # shared by all voltage steps of a model


@dataclass(frozen=True)
class Places:
    """Where the trains of some protocols stand in one model.

    Attributes
    ----------
    segments : tuple of Train, SpikeList, Step or Regime
        One for each place; of regular trains the shape counts, not the numbers.
    """

    segments: tuple[Segment, ...]

    def protocol(self, inputs: int | None) -> Protocol:
        """Return a protocol with all places, whose numbers `values` are to be put into.

        Parameters
        ----------
        inputs : int or None
            Synapses that are active together.
        """
        parts = [part for each in self.segments for part in (each, Gap(1.0))]
        return Protocol(tuple(parts[:-1]), inputs)

    @property
    def names(self) -> tuple[str, ...]:
        """The numbers of the model that a protocol adds."""
        return tuple(_numbers(self.protocol(None)))

    def values(self, protocol: Protocol) -> dict[str, float]:
        """Return the numbers with which the model runs `protocol`, one of those it was made for.

        Raises
        ------
        KeyError
            If it is none of them.
        """
        told = _numbers(protocol)
        found: dict[str, float] = {}
        free = {place: _shape(each) for place, each in enumerate(self.segments, start=1)}
        for number, segment in enumerate(_stimuli(protocol), start=1):
            place = next((p for p, shape in free.items() if shape == _shape(segment)), None)
            if place is None:
                raise KeyError(f"the model has no place for {segment.label}")
            del free[place]
            own = f"stim_{number}_"
            found |= {
                f"stim_{place}_{name.removeprefix(own)}": value
                for name, value in told.items()
                if name.startswith(own)
            }
        for place in free:
            found |= dict.fromkeys(_counts(self.segments[place - 1], place), 0.0)
        if any(isinstance(each, Step | Regime) for each in self.segments):
            found[_EDGES] = told.get(_EDGES, 0.0)
        return found


def places(protocols: Iterable[Protocol]) -> Places:
    """Return the places that the trains of `protocols` need, in the order in which they are met."""
    needed: Counter[object] = Counter()
    made: list[Segment] = []
    for protocol in protocols:
        here: Counter[object] = Counter()
        for segment in _stimuli(protocol):
            here[_shape(segment)] += 1
            if here[_shape(segment)] > needed[_shape(segment)]:
                needed[_shape(segment)] += 1
                made.append(replace(segment, bursts=1, trains=1) if isinstance(segment, Train) else segment)
    return Places(tuple(made))


def _numbers(protocol: Protocol) -> dict[str, float]:
    """Return the numbers that a protocol adds to a model; what spikes and steps do there adds none."""
    heard = {"held": "regime_firing + regime_asleep"}
    text = drive.antimony(protocol, {}, on_post={}, on_step={"held": "step_voltage"}, on_regime=heard)
    return {name: value for name, (value, _, _) in text.parameters.items()}


def _stimuli(protocol: Protocol) -> Iterator[Segment]:
    """Yield the segments that the model has events for."""
    return (each for each in protocol.segments if not isinstance(each, Gap))


def _shape(segment: Segment) -> object:
    """Return what two segments share that differ in numbers of the model only."""
    if isinstance(segment, Train):
        sides = bool(segment.pre_spikes), bool(segment.post_spikes)
        return sides, segment.burst_rate is not None, segment.interval is not None
    held = isinstance(segment, Step | Regime)
    return type(segment) if held else segment  # the times of a list are not numbers of the model


def _counts(segment: Segment, place: int) -> tuple[str, ...]:
    """Return the numbers that silence a place when they are 0."""
    if isinstance(segment, Train):
        return (f"stim_{place}_{'bursts' if segment.interval is None else 'trains'}",)
    if isinstance(segment, SpikeList):
        return tuple(f"stim_{place}_{side}_spikes" for side in ("pre", "post") if getattr(segment, side))
    return ()  # a voltage step or a regime: see _EDGES
