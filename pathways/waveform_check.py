"""What a calcium recording must satisfy before a model may follow it: one message per fault.

A wrong unit is the commonest fault and the worst: a trace in nM taken for µM saturates every
kinase and still looks like a result. Nothing is converted on a guess; the message names the
unit that would fit. Limits are those of cytosolic calcium in spines: 20-500 nM at rest, at most
100 µM in a nanodomain, a rise of at most 5 µM/ms.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

import numpy as np

from kinaptic.errors import UnitError, WaveformError
from kinaptic.pathways.thinning import Array, noise
from kinaptic.units import parse

REST_LOW, REST_HIGH = 0.02, 0.5  # µM
PEAK_HIGH = 100.0  # µM
RISE_HIGH = 5000.0  # µM/s
SHORTEST = 0.01  # s
STEP_HIGH = 0.005  # s, where calcium moves

_UNITS = {"uM": ("uM", "nM", "mM", "M", "pM", "umol/L"), "s": ("s", "ms", "us", "min", "h")}
_NAMES = {"uM": ("unit", "concentration"), "s": ("time_unit", "time")}
_FLUORESCENCE = re.compile(r"(d|Δ|∆|delta)\s*F|F\s*/\s*F|^\s*(a\.?u\.?|f0?|%|counts?)\s*$", re.IGNORECASE)
_FLUORESCENCE_REMEDY = (
    "calibrate it to a concentration first (indicator Kd, resting calcium, Fmin and Fmax); dF/F alone "
    "says neither where calcium rests nor how high it goes"
)


def column(data: object, what: str) -> Array:
    """Return `data` as a one-dimensional float array of at least two finite-length numbers."""
    array = np.asarray(getattr(data, "magnitude", data))
    if array.ndim != 1:
        raise WaveformError(
            f"waveform: {what} has shape {array.shape}; pass one column, for instance {what}[:, 0]"
        )
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as why:
            raise WaveformError(f"waveform: {what} are not numbers ({why})") from None
    if array.size == 0:
        raise WaveformError(f"waveform: {what} is empty; pass at least two samples")
    if array.dtype.kind not in "iuf":
        raise WaveformError(
            f"waveform: {what} are of type {array.dtype}, not plain numbers; convert them, times as "
            "elapsed seconds or milliseconds"
        )
    return array.astype(np.float64)


def unit_in(name: object) -> str | None:
    """Return the unit that a column name carries: ``"Ca (uM)"``, ``"time [ms]"``; else None."""
    found = re.search(r"[(\[]([^()\[\]]+)[)\]]\s*$", str(name))
    return found.group(1).strip() if found else None


def unit_of(data: object) -> str | None:
    """Return the unit that `data` itself carries: a pint array, or a pandas Series by its name."""
    if hasattr(data, "magnitude") and hasattr(data, "units"):
        return str(data.units)
    return unit_in(getattr(data, "name", ""))


def agreed(to: str, given: str | None, found: Mapping[str, str | None]) -> tuple[str, float]:
    """Return the unit of a column and its size in `to`, from what was given and what was found.

    Parameters
    ----------
    to : {"uM", "s"}
        The unit inside.
    given : str or None
        What the caller passed.
    found : mapping of str to str or None
        From where (for the message) to a unit found there: a column name, a header line.

    Raises
    ------
    WaveformError
        If there is none, it is unknown or of another dimension, or two disagree.
    """
    argument, dimension = _NAMES[to]
    if given is not None:
        text, where = given, f"{argument}={given!r}"
    else:
        named = [(unit, place) for place, unit in found.items() if unit]
        if not named:
            raise WaveformError(
                f"waveform: no unit of {dimension}; pass {argument}={_UNITS[to][0]!r} or whichever of "
                f"{', '.join(_UNITS[to][1:4])} it is"
            )
        text, where = named[0][0], f"unit {named[0][0]!r} in {named[0][1]}"
    size = _size(text, to)
    for place, unit in found.items():
        if unit is None or (given is not None and not _is_unit(unit, to)):
            continue  # "Ca (spine 3)" beside an explicit unit is only a name
        other = _size(unit, to)
        if not np.isclose(other, size, rtol=1e-9):
            raise WaveformError(f"waveform: {where} contradicts {unit!r} in {place}; correct one of them")
    return text, size


def _is_unit(text: str, to: str) -> bool:
    try:
        parse(f"1 {text}", to, "")
    except UnitError:
        return bool(_FLUORESCENCE.search(text)) and to == "uM"
    return True


def _size(text: object, to: str) -> float:
    argument, dimension = _NAMES[to]
    if to == "uM" and isinstance(text, str) and _FLUORESCENCE.search(text):
        raise WaveformError(
            f"waveform: unit {text!r} is a fluorescence, not a concentration; {_FLUORESCENCE_REMEDY}"
        )
    try:
        if not isinstance(text, str) or not text.strip():
            raise UnitError(f"{text!r} is not a name")
        return parse(f"1 {text}", to, argument)
    except UnitError:
        near = [u for u in _UNITS[to] if u.lower() == str(text).lower()]
        near = near or difflib.get_close_matches(str(text), _UNITS[to], n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"use one of {', '.join(_UNITS[to])}"
        raise WaveformError(f"waveform: {argument}={text!r} is not a unit of {dimension}; {hint}") from None


def check_samples(time: Array, values: Array, time_unit: str) -> None:
    """Refuse columns of different lengths, non-finite samples, and times that do not increase."""
    if len(time) != len(values):
        raise WaveformError(
            f"waveform: {len(time)} times but {len(values)} values; every sample needs its time"
        )
    if len(time) < 2:
        raise WaveformError(
            "waveform: one sample is not a trace; to hold calcium, clamp it: Synapse.of(…, Ca='1 uM')"
        )
    for what, array in (("time", time), ("value", values)):
        bad = np.flatnonzero(~np.isfinite(array))
        if bad.size:
            i = int(bad[0])
            at = f" (time {time[i]:g} {time_unit})" if what == "value" else ""
            raise WaveformError(
                f"waveform: {what} is {array[i]} at index {i}{at}, {bad.size} in all; cut or interpolate them"
            )
    back = np.flatnonzero(np.diff(time) <= 0)
    if back.size:
        i = int(back[0]) + 1
        raise WaveformError(
            f"waveform: time does not increase at index {i} ({time[i - 1]:g} then {time[i]:g} {time_unit}), "
            f"{back.size} in all; sort the samples and drop repeated times"
        )


def resting_level(values: Array) -> float:
    """Return the level a trace starts from: the median of its opening, up to the first move.

    A move is a departure beyond eight standard deviations of the sample noise; a trace without
    noise opens with its first value.
    """
    moved = np.flatnonzero(np.abs(values - values[0]) > 8 * noise(values))
    opening = values[: int(moved[0])] if moved.size else values
    return float(np.median(opening))


def check_level(time: Array, values: Array, unit: str, size: float) -> float:
    """Refuse what cannot be a concentration of free calcium; return the resting level (µM).

    Parameters
    ----------
    time, values : ndarray, shape (n,)
        Seconds and µM.
    unit : str
        As the caller wrote it.
    size : float
        One `unit` in µM.
    """
    rest, peak, scatter = resting_level(values), float(np.max(values)), noise(values)
    as_written = rest / size
    if rest < REST_LOW and peak > 0 and abs(rest) <= max(3 * scatter, 1e-3 * peak):
        raise WaveformError(
            f"waveform: rests at {as_written:.2g} and rises to {peak / size:.3g}: this looks like dF/F, not "
            f"{unit}; {_FLUORESCENCE_REMEDY}"
        )
    low = np.flatnonzero(values < 0)
    if low.size:
        i = int(low[0])
        raise WaveformError(
            f"waveform: negative calcium {values[i] / size:.3g} {unit} at index {i} (time {time[i]:g} s), "
            f"{low.size} in all; correct the background or the baseline"
        )
    floor = float(np.quantile(values, 0.05))
    if rest - floor > max(REST_LOW, 0.05 * (peak - rest), 6 * scatter):
        raise WaveformError(
            f"waveform: starts at {rest:.3g} uM and later falls to {floor:.3g} uM, so it seems to begin "
            "within a transient; put resting samples in front"
        )
    if not REST_LOW <= rest <= REST_HIGH:
        fits = [
            other
            for other in _UNITS["uM"][:4]
            if REST_LOW <= as_written * parse(f"1 {other}", "uM", "") <= REST_HIGH
            and peak / size * parse(f"1 {other}", "uM", "") <= PEAK_HIGH
        ]
        hint = (
            f"the numbers fit unit={fits[0]!r}: pass that if it is theirs"
            if fits
            else "no usual unit fits these numbers (F/F0 rests near 1); calibrate them"
        )
        raise WaveformError(
            f"waveform: resting level {as_written:.3g} {unit} is {rest:.3g} uM, outside "
            f"{REST_LOW:g}-{REST_HIGH:g} uM; {hint}"
        )
    if peak > PEAK_HIGH:
        i = int(np.argmax(values))
        raise WaveformError(
            f"waveform: peak {peak:.4g} uM at time {time[i]:g} s is above {PEAK_HIGH:g} uM, more than free "
            "calcium reaches in a spine; look for an artefact or a wrong calibration"
        )
    return rest


def check_pace(time: Array, values: Array, time_unit: str, *, max_step: float | None) -> None:
    """Refuse traces too short or too fast for calcium (seconds labelled ms), or too coarse.

    Parameters
    ----------
    time, values : ndarray, shape (n,)
        Seconds and µM.
    time_unit : str
        As the caller wrote it.
    max_step : float or None
        Longest step (s) allowed where calcium moves; None for 5 ms.
    """
    length = float(time[-1] - time[0])
    if length < SHORTEST:
        raise WaveformError(
            f"waveform: lasts {1e3 * length:.3g} ms in all, shorter than {1e3 * SHORTEST:g} ms; are the "
            f"times in a larger unit than time_unit={time_unit!r}?"
        )
    step, rise = np.diff(time), np.diff(values)
    pace = (rise - 8 * noise(values)) / step
    i = int(np.argmax(pace))
    if pace[i] > RISE_HIGH:
        raise WaveformError(
            f"waveform: rises by {rise[i]:.3g} uM within {1e3 * step[i]:.3g} ms at time {time[i]:g} s, "
            f"faster than {1e-3 * RISE_HIGH:g} uM/ms; are the times in a larger unit than "
            f"time_unit={time_unit!r}?"
        )
    longest = STEP_HIGH if max_step is None else max_step
    moves = np.abs(rise) > max(0.01, 0.01 * float(np.max(values)))
    coarse = np.flatnonzero(moves & (step > longest * (1 + 1e-6)))
    if coarse.size:
        i = int(coarse[0])
        widest = 1e3 * float(np.max(step[coarse]))
        raise WaveformError(
            f"waveform: too coarse: a step of {1e3 * step[i]:.4g} ms at time {time[i]:g} s while calcium "
            f"moves by {abs(rise[i]):.3g} uM, {coarse.size} such steps; sample at {1e3 * longest:.3g} ms or "
            f"finer, or pass max_step='{np.ceil(widest - 1e-3):.0f} ms' if straight lines between the "
            f"samples are what is meant (or are the times in a smaller unit than time_unit={time_unit!r}?)"
        )


def check_end(values: Array, rest: float, *, tolerance: float) -> None:
    """Refuse a trace that stops away from rest and does not say what follows."""
    end = resting_level(values[::-1])
    if abs(end - rest) > max(tolerance, 4 * noise(values)):
        raise WaveformError(
            f"waveform: ends at {end:.3g} uM, not at its resting level {rest:.3g} uM, and a run may be "
            "longer than the trace; record until calcium rests, or say what follows: extend='rest' returns "
            "to rest, extend='hold' stays there (calcium a little above rest for minutes multiplies the "
            "dose that the phosphatases see)"
        )
