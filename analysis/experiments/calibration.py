"""The calibration: one set of numbers for all synapses, protocols and inhibitors, by the whole model.

``python -m kinaptic.analysis.experiments.calibration [MINUTES]`` starts from the numbers in use, searches
them by least squares (steps of Levenberg and Marquardt on residuals that vanish well within a target's
range), and prints targets, the score before and after, and the numbers found. Every evaluation runs
every protocol on the whole synapse, by the ensemble engine; nothing is reduced or played in.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kinaptic.analysis.experiments.knobs import KNOBS, Knob, present, turned
from kinaptic.analysis.experiments.targets import TARGETS, Target
from kinaptic.errors import KinapticError
from kinaptic.pathways.perturbation import Perturbation
from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml import build
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.model import Model
from kinaptic.sbml.simulate import expected_counters
from kinaptic.sbml.synapse import Synapse

Array = NDArray[np.float64]
Experiment = tuple[str, Protocol | None, tuple[Perturbation, ...]]  # a preset, what is done, under what
MINUTE = 60.0
_RTOL = 1e-5
_STEP = 0.02  # of a natural logarithm: for differences
_MISSING = 30.0  # residual of what has no value
_EASE = 0.7  # share of the way from the middle of a range to its limit that costs nothing


def measure(sets: Sequence[Mapping[Knob, float]], targets: Sequence[Target] = TARGETS) -> Array:
    """Return what each target comes to with each set of numbers, shape (sets, targets).

    NaN where a run fails.
    """
    times = _times(targets)
    experiments = [(values, *experiment) for values in sets for experiment in times]
    found = iter(_outcomes(experiments, [t for _ in sets for t in times.values()], _readouts(targets)))
    tables = [{experiment: next(found) for experiment in times} for _ in sets]
    return np.array([[_read(table, times, targets, target) for target in targets] for table in tables])


def _outcomes(
    experiments: Sequence[tuple[Mapping[Knob, float], str, Protocol | None, tuple[Perturbation, ...]]],
    times: Sequence[Array],
    readouts: tuple[str, ...],
) -> list[Array | KinapticError]:
    """Return the readouts of each experiment at its times, shape (times, readouts), or why there are none."""
    points = [
        (turned(Synapse.preset(p), values).with_(*under), what) for values, p, what, under in experiments
    ]
    outcomes: list[Array | KinapticError] = []
    models: list[Model] = []
    for made in build.models(points):
        outcomes.append(made if isinstance(made, KinapticError) else np.empty(0))
        if not isinstance(made, KinapticError):
            models.append(made)
    good = [i for i, outcome in enumerate(outcomes) if not isinstance(outcome, KinapticError)]
    expected = [expected_counters(*points[i], float(times[i][-1])) for i in good]
    runs = batch.run(models, [times[i] for i in good], rtol=_RTOL, readouts=readouts, expected=expected)
    for i, run in zip(good, runs, strict=True):
        outcomes[i] = run
    return outcomes


def _read(
    table: Mapping[Experiment, Array | KinapticError],
    times: Mapping[Experiment, Array],
    targets: Sequence[Target],
    target: Target,
) -> float:
    """Return a target's value: relative to its start, or to the same inhibitors without a protocol."""

    def at(experiment: Experiment, when: float) -> float:
        outcome = table[experiment]
        if isinstance(outcome, KinapticError):
            return float("nan")
        column = _readouts(targets).index(target.readout)
        return float(outcome[np.searchsorted(times[experiment], when), column])

    experiment, when = (target.preset, target.protocol, target.under), _when(target)
    if target.protocol is None:
        return at(experiment, when)
    if any(p.acute for p in target.under):
        return at(experiment, when) / at((target.preset, None, target.under), when)
    return at(experiment, when) / at(experiment, 0.0)


def _readouts(targets: Sequence[Target]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t.readout for t in targets))


def _when(target: Target) -> float:
    return (0.0 if target.protocol is None else target.protocol.end) + target.minutes * MINUTE


def _times(targets: Sequence[Target]) -> dict[Experiment, Array]:
    """Return which runs are needed, and the times (s) at which they are read."""
    found: dict[Experiment, set[float]] = {}
    for target in targets:
        found.setdefault((target.preset, target.protocol, target.under), {0.0}).add(_when(target))
        if target.protocol is not None and any(p.acute for p in target.under):
            found.setdefault((target.preset, None, target.under), {0.0}).add(_when(target))
    # a run has some length
    return {e: np.array(sorted(t if len(t) > 1 else {*t, 1.0})) for e, t in found.items()}


def residuals(values: Array, targets: Sequence[Target] = TARGETS) -> Array:
    """Return the misfits: 0 well within a range, the square root of `counts` at its limit, linear beyond."""
    low, high, counts = (np.array([getattr(t, n) for t in targets]) for n in ("low", "high", "counts"))
    off = (values - (low + high) / 2) / ((high - low) / 2)
    excess = np.sign(off) * np.maximum(np.abs(off) - _EASE, 0) / (1 - _EASE)
    limited = np.clip(np.where(np.isfinite(excess), excess, _MISSING), -_MISSING, _MISSING)
    # beyond three, with the square root: a hopeless target must not outweigh all others
    size = np.abs(limited)
    tamed = np.sign(limited) * np.where(size < 3, size, np.sqrt(np.maximum(6 * size - 9, 0)))
    found: Array = np.sqrt(counts) * tamed
    return found


def score(values: Array, targets: Sequence[Target] = TARGETS) -> Array:
    """Return the sum of squared misfits."""
    total: Array = np.sum(residuals(values, targets) ** 2, axis=-1)
    return total


def _side_by_side(sets: Sequence[Mapping[Knob, float]], targets: Sequence[Target]) -> Array:
    """Return what `measure` does, by all cores."""
    import loky

    cores = loky.cpu_count()
    parts = [list(sets[i::cores]) for i in range(cores) if i < len(sets)]
    found = loky.get_reusable_executor(cores).map(measure, parts, itertools.repeat(targets))
    result = np.empty((len(sets), len(targets)))
    for i, part in enumerate(found):
        result[i::cores] = part
    return result


def search(
    start: Mapping[Knob, float],
    *,
    minutes: float,
    knobs: Sequence[Knob] = KNOBS,
    targets: Sequence[Target] = TARGETS,
) -> dict[Knob, float]:
    """Return the best numbers found in some minutes, from `start`, turning `knobs` towards `targets`."""
    ends = time.monotonic() + minutes * MINUTE
    low, high = (np.log([getattr(k, n) for k in knobs]) for n in ("low", "high"))
    at = np.clip(np.log([start[k] for k in knobs]), low, high)

    def sets(points: Array) -> list[dict[Knob, float]]:
        return [dict(start) | dict(zip(knobs, np.exp(p), strict=True)) for p in points]

    best = residuals(measure(sets(at[None]), targets), targets)[0]
    damping = 0.1
    while time.monotonic() < ends:
        steps = np.where(at + _STEP <= high, _STEP, -_STEP)
        moved = residuals(_side_by_side(sets(at + np.diag(steps)), targets), targets)
        jacobian = ((moved - best) / steps[:, None]).T
        tries = damping * np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
        candidates = np.array([_stepped(at, best, jacobian, d, low, high) for d in tries])
        found = residuals(_side_by_side(sets(candidates), targets), targets)
        index = int(np.argmin(np.sum(found**2, axis=1)))
        gain = float(np.sum(best**2) - np.sum(found[index] ** 2))
        if gain <= 0:
            damping *= 30
            if damping > 1e6:
                break
            continue
        at, best, damping = candidates[index], found[index], float(tries[index])
        numbers = ", ".join(f"{k.label} {v:.4g}" for k, v in zip(knobs, np.exp(at), strict=True))
        sys.stderr.write(f"score {np.sum(best**2):.2f}, damping {damping:g}: {numbers}\n")
    return sets(at[None])[0]


def _stepped(at: Array, misfit: Array, jacobian: Array, damping: float, low: Array, high: Array) -> Array:
    """Return a damped Gauss-Newton step, no longer than a factor of e, within the bounds."""
    free = np.ones(at.size, dtype=bool)
    for _ in range(at.size):  # numbers at their bounds that want to leave are held, one round after the other
        part = jacobian[:, free]
        step = np.zeros(at.size)
        normal = part.T @ part
        scale = np.diag(np.maximum(np.diag(normal), 1e-3 * np.max(np.diag(normal))))  # Marquardt's
        step[free] = np.linalg.solve(normal + damping * scale, -part.T @ misfit)
        out = free & (((at >= high) & (step > 0)) | ((at <= low) & (step < 0)))
        if not out.any():
            break
        free &= ~out
    stepped: Array = np.clip(at + np.clip(step, -1, 1), low, high)
    return stepped


def table(before: Array, after: Array, targets: Sequence[Target] = TARGETS) -> str:
    """Return a Markdown table of the targets before and after."""
    lines = ["| target | range | before | after | |", "|---|---|---|---|---|"]
    for target, first, last in zip(targets, before, after, strict=True):
        verdict = "" if target.low <= last <= target.high else "miss"
        span = f"{target.low:.3g} to {target.high:.3g}"
        lines.append(f"| {target.label} | {span} | {first:.3g} | {last:.3g} | {verdict} |")
    return "\n".join(lines)


def report(minutes: float) -> str:
    """Search for some minutes, and return targets, scores and numbers as text."""
    start = present()
    found = search(start, minutes=minutes)
    before, after = measure([start, found])
    scores = f"score before {score(before):.1f}, after {score(after):.1f}"
    numbers = [f"{k.label}: {start[k]:.3g} -> {found[k]:.3g}" for k in KNOBS]
    return "\n".join([table(before, after), "", scores, "", *numbers, ""])


if __name__ == "__main__":
    sys.stdout.write(report(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0))
