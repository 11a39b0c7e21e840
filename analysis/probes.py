"""The operational threshold of plasticity: a standard family of probes on one state, side by side.

Every probe begins with the same state, that of a clone (`Run.clone`), and what it changes is compared
with the same state left alone. So the threshold is measured and never a variable of the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kinaptic.analysis import threshold as found
from kinaptic.analysis.scan import scan
from kinaptic.errors import KinapticError, UnknownName
from kinaptic.pathways.stimulation import low_frequency, stdp
from kinaptic.sbml.simulate import clones
from kinaptic.sbml.synapse import Synapse
from kinaptic.units import parse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kinaptic.pathways.protocol import Protocol
    from kinaptic.sbml.run import Run
    from kinaptic.units import Quantity

    Array = np.ndarray[Any, np.dtype[np.float64]]
    Probes = str | Sequence[Quantity]

PULSES, PAIRS = 900, 60
AFTER = 30.0  # min after a probe, when its weight is read
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "rates": ("0.5 Hz", "1 Hz", "3 Hz", "5 Hz", "10 Hz", "15 Hz", "20 Hz", "30 Hz", "50 Hz"),
    "delays": tuple(f"{d} ms" for d in (-50, -25, -15, -10, -5, 0, 5, 10, 15, 20)),
}
_UNITS = {"rates": "Hz", "delays": "ms"}
UNITS = {"theta_m_hz": "Hz", "theta_m_calcium": "uM", "theta_m_delay": "ms", "ltd_hz": "Hz", "ceiling": "1"}
_TINY = 1e-12  # uM, of a calcium whose logarithm is taken
_READOUT = f"weight at {AFTER:g} min"


@dataclass(frozen=True, eq=False, repr=False)
class Threshold:
    """Where a synapse in some state turns from depression to potentiation; made by `threshold`.

    Attributes
    ----------
    theta_m_hz : float
        Highest rate (Hz) at which the weight comes up through 1; NaN where there is none.
    theta_m_calcium : float
        Mean calcium (µM) during the probe that would leave the weight at 1.
    theta_m_delay : float
        With probes over delays, the delay (ms) in place of the rate.
    ltd_hz : float
        Lowest rate (Hz) that leaves 0.95 of the weight.
    slope : float
        Of the weight at theta_M, per decade of the rate (per ms of the delay).
    ceiling : float
        Largest weight that a probe leaves.
    reason : str
        Why something is NaN that this family of probes could give; empty where nothing is.
    table : DataFrame
        A row for each probe: ``rate`` (Hz) or ``delay`` (ms), ``weight`` half an hour after it, relative to
        the same state left alone, and ``calcium`` (µM): what the probe brings in all, spread over its length,
        on top of rest. What is still there after its last pulse counts, a hundredth or two.
    """

    theta_m_hz: float
    theta_m_calcium: float
    theta_m_delay: float
    ltd_hz: float
    slope: float
    ceiling: float
    reason: str
    table: pd.DataFrame

    def plot(self) -> Figure:
        """Return a figure: the weight against rate or delay, with the threshold."""
        from kinaptic.analysis.threshold_figure import figure

        return figure({"": self})

    def __repr__(self) -> str:
        axis = str(self.table.columns[0])
        what = f"{self.theta_m_hz:.3g} Hz" if axis == "rate" else f"{self.theta_m_delay:.3g} ms"
        return f"<Threshold: theta_M {what}, {self.theta_m_calcium:.3g} uM, ceiling {self.ceiling:.3g}>"


def threshold(synapse: Synapse, probes: Probes = "rates", **options: Any) -> Threshold:
    """Measure where stimulation of a synapse turns from depression to potentiation.

    Parameters
    ----------
    synapse : Synapse
        At its baseline, or a clone of a run.
    probes : {"rates", "delays"} or sequence of quantity
        900 pulses at 0.5 to 50 Hz (Dudek1992), or 60 pairings at 1 Hz over -50 to 20 ms; or rates or
        delays of your own, ascending.
    **options
        As for `kinaptic.scan`: engine, rtol, workers, store, time_limit, progress.

    Returns
    -------
    Threshold

    Raises
    ------
    UnknownName, UnitError, KinapticError
        If something given does not fit.
    """
    (made,) = thresholds([synapse], probes, **options)
    return made


def threshold_over_time(
    run: Run, at: Iterable[Quantity], probes: Probes = "rates", **options: Any
) -> pd.DataFrame:
    """Measure the threshold at some times after a protocol: how it slides.

    Parameters
    ----------
    run : Run
        Its state is cloned at each time.
    at : iterable of quantity
        Times after the end of the protocol, ascending.
    probes, **options
        As for `threshold`.

    Returns
    -------
    DataFrame, shape (times, 7)
        Over minutes after the protocol (index ``minutes``): the numbers of a `Threshold`, with their units in
        ``attrs["units"]``.

    Raises
    ------
    UnknownName, UnitError, KinapticError
        If something given does not fit.
    """
    if isinstance(at, str) or not isinstance(at, Iterable):
        raise KinapticError(f"threshold_over_time(at={at!r}): give a list of times, such as ['5 min', '1 h']")
    minutes = [parse(each, "min", "threshold_over_time(at=…)") for each in at]
    made = thresholds(clones(run, minutes), probes, **options)
    columns = [name for name in Threshold.__dataclass_fields__ if name != "table"]
    rows = [[getattr(each, name) for name in columns] for each in made]
    table = pd.DataFrame(rows, index=pd.Index(minutes, name="minutes"), columns=columns)
    table.attrs["units"] = {"minutes": "min"} | {name: UNITS[name] for name in columns if name in UNITS}
    return table


def thresholds(synapses: Sequence[Synapse], probes: Probes = "rates", **options: Any) -> list[Threshold]:
    """Measure the thresholds of several synapses, all probes side by side; see `threshold`."""
    for synapse in synapses:
        if not isinstance(synapse, Synapse):
            raise KinapticError(
                f"threshold({synapse!r}): give a synapse; of a run it is run.threshold('30 min')"
            )
    refuse(options, "threshold", "the probes say that")
    family, values = _family(probes)
    axis = "rate" if family == "rates" else "delay"
    numbers = np.array([parse(each, _UNITS[family], f"threshold(probes={probes!r})") for each in values])
    if numbers.size < 2 or not np.all(np.diff(numbers) > 0):
        raise KinapticError(f"threshold(probes={probes!r}): give at least two, ascending")
    protocol = probe(family)
    each = [protocol.with_(**{axis: value}) for value in values]
    settings = {"until": f"{math.ceil(max(p.end for p in each) / 60 + AFTER)} min", **options}
    over = {"synapse": list(synapses), axis: list(values)}
    wanted = [_READOUT, "area Ca"]
    table = scan(synapses[0], protocol, over, readouts=wanted, **settings).table
    alone = [f"weight at {p.end / 60 + AFTER!r} min" for p in each]
    once = list(dict.fromkeys(alone))
    # Calcium of the same state left alone is no part of the probe's: it may still be falling.
    once += ["area Ca", "Ca"]
    controls = scan(synapses[0], None, {"synapse": list(synapses)}, readouts=once, **settings).table
    recipe = {**table.attrs["recipe"], "synapse": "", "over": f"{axis}: {len(values)} probes"}
    shape = (len(synapses), len(values))
    weights = table[_READOUT].to_numpy(dtype=float).reshape(shape) / controls[alone].to_numpy(dtype=float)
    lengths = np.array([p.duration for p in each])
    rest, area = controls[["Ca"]].to_numpy(dtype=float), controls[["area Ca"]].to_numpy(dtype=float)
    calcium = rest + (table["area Ca"].to_numpy(dtype=float).reshape(shape) - area) / lengths
    status = np.column_stack([table["status"].to_numpy().reshape(shape), controls["status"].to_numpy()])
    measured = []
    for i, synapse in enumerate(synapses):
        failed = next((text for text in status[i] if text != "ok"), "")
        read = _read(axis, numbers, weights[i], calcium[i], failed)
        read.table.attrs["recipe"] = {**recipe, "synapse": str(synapse)}
        measured.append(read)
    return measured


def refuse(options: Mapping[str, Any], what: str, why: str) -> None:
    """Refuse options of a scan that are not the user's to give here."""
    for name in ("until", "readouts", "over"):
        if name in options:
            raise KinapticError(f"{what}({name}=…): leave it out, {why}")


def probe(family: str) -> Protocol:
    """Return the protocol of a family, whose ``rate`` or ``delay`` is varied."""
    return low_frequency("1 Hz", PULSES) if family == "rates" else stdp("10 ms", PAIRS, rate="1 Hz")


def _family(probes: Probes) -> tuple[str, Sequence[Quantity]]:
    """Return which family probes belong to, and its members."""
    if isinstance(probes, str):
        if probes not in FAMILIES:
            raise UnknownName("family of probes", probes, FAMILIES)
        return probes, FAMILIES[probes]
    if not isinstance(probes, Iterable):
        raise KinapticError(f"threshold(probes={probes!r}): give 'rates', 'delays', or a list of quantities")
    values = list(probes)
    for family, unit in _UNITS.items():
        try:
            for each in values:
                parse(each, unit, "probes")
        except KinapticError:
            continue
        return family, values
    raise KinapticError(f"threshold(probes={probes!r}): give rates such as '5 Hz', or delays such as '10 ms'")


def _read(axis: str, numbers: Array, weights: Array, calcium: Array, failed: str = "") -> Threshold:
    x = np.log10(numbers) if axis == "rate" else numbers
    turn, begin = found.modification(x, weights), found.depression(x, weights)
    rated = axis == "rate"
    reasons = dict.fromkeys(each.why for each in (turn, begin if rated else turn) if each.why)
    if failed:
        reasons = {f"a probe failed: {failed}": None}
    table = pd.DataFrame({axis: numbers, "weight": weights, "calcium": calcium})
    table.attrs["units"] = {axis: "Hz" if rated else "ms", "weight": "1", "calcium": "uM"}
    return Threshold(
        theta_m_hz=float(10**turn.x) if rated else found.NAN,
        theta_m_calcium=float(np.exp(turn.at(np.log(np.maximum(calcium, _TINY))))),
        theta_m_delay=found.NAN if rated else turn.x,
        ltd_hz=float(10**begin.x) if rated else found.NAN,
        slope=turn.slope,
        ceiling=float(np.max(weights)),
        reason="; ".join(reasons),
        table=table,
    )
