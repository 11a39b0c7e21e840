"""The curves that experimenters draw, over the model: window, frequency, number of pairs, distance.

Each is a scan with the protocol of the experiments that its preset is held against, and comes with
their published points.

>>> window = stdp_window(Synapse.preset("ca1"))
>>> window.plot().savefig("window.svg")
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kinaptic.analysis.experiments.weighing import lfs, pairing
from kinaptic.analysis.points import read as read_points
from kinaptic.analysis.published import CurveName, published
from kinaptic.analysis.readouts import read as read_readouts
from kinaptic.analysis.scan import scan
from kinaptic.errors import KinapticError, UnknownName
from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.stimulation import stdp
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml.synapse import Synapse

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from kinaptic.analysis.axes import Stimulus
    from kinaptic.analysis.scan_result import Scan
    from kinaptic.units import Quantity

    Values = Iterable[Quantity] | None
    Counts = Iterable[int] | None
    Over = Mapping[str, Iterable[Any]] | None

# Arguments of `scan` that a curve passes on as they are.
_OPTIONS = [n for n, p in inspect.signature(scan).parameters.items() if p.kind is p.KEYWORD_ONLY]


@dataclass(frozen=True, eq=False, repr=False)
class Curve:
    """A curve of the model, and what was published of it; made by `stdp_window` and its like.

    Attributes
    ----------
    name : str
        Which curve: ``"stdp_window"``.
    x : str
        Its axis, a column of `table`.
    scan : Scan
        The runs behind it.
    published : DataFrame, shape (points, 19)
        Published points for this preset, as `kinaptic.analysis.published.published` gives them.
    """

    name: CurveName
    x: str
    scan: Scan
    published: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """The table of the scan: a row for each point of the model's curve."""
        return self.scan.table

    def plot(self) -> Figure:
        """Return a figure of the curve with the published points on the same axes.

        Raises
        ------
        KinapticError
            If no point of the scan is ok, or there are more lines than can be told apart.
        """
        from kinaptic.analysis.curve_figure import figure

        return figure(self)

    def __repr__(self) -> str:
        return f"<Curve: {self.name}, {len(self.table)} points, {len(self.published)} published>"


@dataclass(frozen=True)
class _Experiment:
    """How a curve is measured on one preset: protocol, axis, its values, other lines, minutes after."""

    protocol: Protocol
    x: str
    values: tuple[str | int, ...]
    over: Mapping[str, tuple[str, ...]]
    after: int = 30


def _in(unit: str, *numbers: float) -> tuple[str, ...]:
    return tuple(f"{number:g} {unit}" for number in numbers)


_WIDE = (-100, -80, -60, -50, -40, -30, -25, -20, -15, -10, -7, -5, -3, -1)
_DELAYS = _in("ms", *_WIDE, 0, *(-d for d in reversed(_WIDE)))
# In a train of 20 Hz a delay beyond 25 ms is nearer to the next spike.
_SHORT = _in("ms", -25, -20, -15, -10, -7, -5, -3, -1, 0, 1, 3, 5, 7, 10, 15, 20, 25)
_RATES = _in("Hz", 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50)
_IN_TRAINS = _in("Hz", 2, 5, 10, 15, 20, 30, 40, 50)
_SLOW = _in("Hz", 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2.5, 4, 5)
_PAIRS = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 100)
_DISTANCES = _in("um", *range(20, 301, 20))
_BOTH = {"delay": ("10 ms", "-10 ms")}
_BOTH_STRIATUM = {"delay": ("-15 ms", "15 ms")}


def _trains(rate: str) -> Protocol:
    """Return fifteen trains of five pairings, as in Sjostrom2001 and Sjostrom2006."""
    return stdp("10 ms", 15, rate="0.1 Hz", pre_spikes=5, post_spikes=5, burst_rate=rate)


# Pairings of layer 2/3 as in RodriguezMoreno2008, of the striatum as in Cui2016.
_L23 = stdp("10 ms", 100, rate="0.2 Hz")
_EXPERIMENTS: Mapping[CurveName, Mapping[str, _Experiment]] = {
    "stdp_window": {
        "ca1": _Experiment(pairing(10), "delay", _DELAYS, {}),
        "l5": _Experiment(_trains("20 Hz"), "delay", _SHORT, {}),
        "l23": _Experiment(_L23, "delay", _DELAYS, {}),
        "striatum": _Experiment(pairing(-15, 100), "delay", _DELAYS, {}, after=50),
    },
    "frequency_curve": {
        "ca1": _Experiment(lfs(1), "rate", _RATES, {}),
        "l5": _Experiment(_trains("20 Hz"), "burst_rate", _IN_TRAINS, _BOTH),
        "striatum": _Experiment(pairing(-15, 10), "rate", _SLOW, _BOTH_STRIATUM, after=50),
    },
    "pairs_curve": {
        "ca1": _Experiment(pairing(10), "pairs", _PAIRS, _BOTH),
        "l5": _Experiment(_trains("50 Hz"), "pairs", _PAIRS[:9], {}),
        "l23": _Experiment(_L23, "pairs", _PAIRS, _BOTH),
        "striatum": _Experiment(pairing(-15), "pairs", _PAIRS, _BOTH_STRIATUM, after=50),
    },
    "distance_curve": {
        "ca1": _Experiment(pairing(10), "distance", _DISTANCES, {}),
        "l5": _Experiment(_trains("50 Hz"), "distance", _DISTANCES, {}),
    },
}


def stdp_window(
    synapse: Synapse, delays: Values = None, *, protocol: Stimulus = None, over: Over = None, **options: Any
) -> Curve:
    """Weight against the delay of pairings, t_post - t_pre.

    Parameters
    ----------
    synapse : Synapse
        What to stimulate. Published points are those of its preset.
    delays : iterable of quantity, optional
        By default -100 to 100 ms, in trains of ``l5`` -25 to 25 ms.
    protocol : Protocol, optional
        By default that of the experiments: 60 pairs at 1 Hz in ``ca1`` (Bi1998) and synapses of your
        own, 15 trains of 5 pairs at 20 Hz in ``l5`` (Sjostrom2001), 100 pairs at 0.2 Hz in ``l23``
        (RodriguezMoreno2008), 100 pairs at 1 Hz in ``striatum``, where pre before post depresses
        (Cui2016). One of your own needs the argument that is varied.
    over : mapping of str to list, optional
        What to vary besides, as for `kinaptic.scan`; a line for each.
    **options
        As for `kinaptic.scan`. By default ``readouts`` is the weight 30 min after the protocol, 50 min
        in ``striatum``, and ``until`` is long enough for the readouts.

    Returns
    -------
    Curve

    Raises
    ------
    KinapticError
        As `kinaptic.scan`; `UnknownName` if an option is none of its.
    """
    return _curve("stdp_window", synapse, delays, protocol, over, options)


def frequency_curve(
    synapse: Synapse, rates: Values = None, *, protocol: Stimulus = None, over: Over = None, **options: Any
) -> Curve:
    """Weight against the rate of stimulation, as Bienenstock, Cooper and Munro drew it.

    Parameters
    ----------
    synapse : Synapse
        As for `stdp_window`.
    rates : iterable of quantity, optional
        By default 0.5 to 50 Hz; in ``l5`` 2 to 50 Hz within trains, in ``striatum`` 0.05 to 5 Hz.
    protocol : Protocol, optional
        By default 900 pulses (Dudek1992); in ``l5`` 15 trains of 5 pairs, each side first by 10 ms
        (Sjostrom2001); in ``striatum`` 10 pairs, each side first by 15 ms (Cui2016).
    over, **options
        As for `stdp_window`, which also says what is returned and raised; ``over={"delay": […]}`` takes
        the place of the two delays.
    """
    return _curve("frequency_curve", synapse, rates, protocol, over, options)


def pairs_curve(
    synapse: Synapse, pairs: Counts = None, *, protocol: Stimulus = None, over: Over = None, **options: Any
) -> Curve:
    """Weight against the number of pairings.

    Parameters
    ----------
    synapse : Synapse
        As for `stdp_window`.
    pairs : iterable of int, optional
        By default 1 to 100; in ``l5`` 1 to 40 trains of five.
    protocol : Protocol, optional
        By default pairings at 1 Hz (0.2 Hz in ``l23``), each side first by 10 ms, in ``striatum`` by
        15 ms (Cui2016); in ``l5`` trains at 50 Hz.
    over, **options
        As for `stdp_window`, which also says what is returned and raised; ``over={"delay": […]}`` takes
        the place of the two delays.
    """
    return _curve("pairs_curve", synapse, pairs, protocol, over, options)


def distance_curve(
    synapse: Synapse,
    distances: Values = None,
    *,
    protocol: Stimulus = None,
    over: Over = None,
    **options: Any,
) -> Curve:
    """Weight against the distance of the synapse from the soma along the apical dendrite.

    Parameters
    ----------
    synapse : Synapse
        As for `stdp_window`.
    distances : iterable of quantity, optional
        By default 20 to 300 um.
    protocol : Protocol, optional
        By default 60 pairs at 1 Hz, +10 ms; in ``l5`` 15 trains of 5 at 50 Hz, +10 ms (Sjostrom2006).
    over, **options
        As for `stdp_window`, which also says what is returned and raised.
    """
    return _curve("distance_curve", synapse, distances, protocol, over, options)


def _curve(
    name: CurveName,
    synapse: Synapse,
    values: Iterable[Any] | None,
    protocol: Stimulus,
    over: Over,
    options: dict[str, Any],
) -> Curve:
    if not isinstance(synapse, Synapse):
        raise KinapticError(f"{name}({synapse!r}): give a synapse, such as kn.Synapse.preset('ca1')")
    for option in options:
        if option not in _OPTIONS:
            raise UnknownName(f"option of {name}", option, [*_OPTIONS, "protocol", "over"])
    if over is not None and not isinstance(over, Mapping):
        raise KinapticError(f"{name}(over={over!r}): give a mapping of keys to lists, as for kn.scan")
    usual = _EXPERIMENTS[name].get(synapse.name, _EXPERIMENTS[name]["ca1"])
    stimulus = usual.protocol if protocol is None else protocol
    if over is not None and usual.x in over:
        raise KinapticError(
            f"{name}(over=…): {usual.x!r} is the axis of the curve; give its values as second argument"
        )
    lines = over if over is not None else usual.over if protocol is None else {}
    varied = {**lines, usual.x: usual.values if values is None else values}
    varied = {key: _kept(each) for key, each in varied.items()}
    options = {"readouts": f"weight at {usual.after} min"} | options
    if "until" not in options and isinstance(stimulus, Protocol | Waveform):  # else scan refuses it
        options["readouts"] = _kept(options["readouts"])
        after = [each.after / 60 for each in read_readouts(options["readouts"])]
        options["until"] = _until(synapse, stimulus, varied, max(usual.after, *after))
    study = scan(synapse, stimulus, varied, **options)
    return Curve(name, usual.x, study, published(name, synapse.name))


def _kept(values: Any) -> Any:
    """Return values in a form that can be gone through twice; what is no list is for `scan` to refuse."""
    return tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else values


def _until(synapse: Synapse, protocol: Stimulus, over: Mapping[str, Any], after: float) -> str:
    """Return the length of runs in which the longest protocol has `after` minutes behind it."""
    points = read_points(synapse, protocol, over).inputs()
    stimuli = [each[1] for each in points if not isinstance(each, KinapticError)]
    longest = max((each.end for each in stimuli if each is not None), default=0.0)
    return f"{math.ceil(longest / 60 + after)} min"
