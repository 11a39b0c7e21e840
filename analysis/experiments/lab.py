"""A laboratory: it makes the runs that rows ask for, each of them once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from kinaptic.errors import KinapticError
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import waveform_drive
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.simulate import simulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.pathways.protocol import Protocol
    from kinaptic.sbml.run import Run
    from kinaptic.sbml.synapse import Synapse

T = TypeVar("T")

MINUTE = 60.0
_AFTERMATH = 60.0  # s after a protocol that are sampled every second
_RTOL = 1e-6


class Lab:
    """Runs shared between the rows of one validation.

    Runs are values, so that one made for a row serves every other that asks for the same synapse,
    protocol and length. They are made by the ensemble engine, which agrees with roadrunner to 1e-5.
    """

    def __init__(self) -> None:
        self._states: dict[Synapse, Mapping[str, float]] = {}
        self._runs: dict[tuple[object, ...], Run] = {}
        self._courses: dict[tuple[object, ...], pd.DataFrame] = {}
        self._others: dict[tuple[object, ...], Any] = {}

    def once(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what `make` gives, which is called once for each key."""
        if key not in self._others:
            self._others[key] = make()
        found: T = self._others[key]
        return found

    def state(self, synapse: Synapse) -> Mapping[str, float]:
        """Return the state of rest: concentration (µM) by species."""
        if synapse not in self._states:
            self._states[synapse] = synapse.model().initial
        return self._states[synapse]

    def run(
        self, synapse: Synapse, protocol: Protocol | None, *, minutes: float, times: Sequence[float] = ()
    ) -> Run:
        """Return a run that ends `minutes` after its protocol.

        Parameters
        ----------
        synapse : Synapse
            What to stimulate.
        protocol : Protocol or None
            How.
        minutes : float
            Length after the protocol.
        times : sequence of float
            Sample times (s of run time); by default every minute, and every second of the first
            minute after the protocol.
        """
        key = (synapse, protocol, minutes, tuple(times))
        if key not in self._runs:
            end = (0.0 if protocol is None else protocol.end) + minutes * MINUTE
            samples = list(times) or _by_the_minute(protocol, end)
            self._runs[key] = simulate(
                synapse, protocol, until=f"{end!r} s", samples=samples, rtol=_RTOL, engine="ensemble"
            )
        return self._runs[key]

    def readout(
        self, synapse: Synapse, protocol: Protocol, name: str, *, after: float, minutes: float
    ) -> float:
        """Return a readout `after` minutes, relative to the same synapse left alone.

        Parameters
        ----------
        synapse : Synapse
            With inhibitors or without. Inhibitors shift the baseline, so the run is divided by an
            unstimulated one under the same inhibitors, at the same time.
        protocol : Protocol
            The stimulus.
        name : str
            Column of the traces, such as ``"weight"``.
        after : float
            Minutes after the protocol.
        minutes : float
            How long the run goes on after the protocol; runs of one length are shared.
        """
        run = self.run(synapse, protocol, minutes=minutes)
        value = run.at(after, name)
        if not any(p.acute for p in synapse.perturbations):
            return value / float(run.traces[name].iloc[0])
        control = self.run(synapse, None, minutes=protocol.end / MINUTE + minutes)
        return value / control.at(protocol.end / MINUTE + after, name)

    def course(
        self, synapse: Synapse, stimulus: Waveform | None, *, times: Sequence[float], names: Sequence[str]
    ) -> pd.DataFrame:
        """Return any species or variables of the model at `times` (s of run time).

        Parameters
        ----------
        synapse : Synapse
            What to follow.
        stimulus : Waveform or None
            Calcium to play in, or nothing.
        times : sequence of float
            Ascending.
        names : sequence of str
            Species or variables; unlike the traces of a run they need not be declared readouts.
        """
        key = (synapse, stimulus, tuple(times), tuple(names))
        if key not in self._courses:
            model = replace(synapse.model(stimulus), readouts=tuple(names))

            def expected(values: Mapping[str, float]) -> Mapping[str, float]:
                del values
                return {} if stimulus is None else waveform_drive.expected_counts(stimulus, times[-1])

            (values,) = batch.run([model], [np.asarray(times)], rtol=_RTOL, expected=[expected])
            if isinstance(values, KinapticError):
                raise values
            self._courses[key] = pd.DataFrame(values, index=pd.Index(times, name="time"), columns=list(names))
        return self._courses[key]


def _by_the_minute(protocol: Protocol | None, end: float) -> list[float]:
    times: NDArray[np.float64] = np.arange(0.0, end, MINUTE)
    if protocol is not None:
        after = protocol.end + np.arange(0.0, end - protocol.end, MINUTE)
        early = protocol.end + np.arange(0.5, min(_AFTERMATH, end - protocol.end))
        times = np.concatenate([times, after, early])
    return [min(float(t), end) for t in np.unique(np.append(times, end).round(9))]
