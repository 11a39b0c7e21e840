"""The first calibration: rates of AMPA-receptor phosphorylation and trafficking, by published weights.

``python -m kinaptic.analysis.calibration [MINUTES]`` records the enzymes under each protocol with
the whole synapse, searches the rates by differential evolution from the numbers in ``ampar.yaml``,
and prints targets, the score before and after, and the numbers found. Upstream numbers are not
searched: each comes from its own experiments.

Bounds keep the set physical: 40 to 90 receptors in the density, a tenth to a quarter of GluA1 on
the surface with S845 phosphate at rest, dephosphorylated slots looser than phosphorylated ones, and
a basal kinase, so that transmission does not hang on what CaMKII does at rest (T286A mice transmit).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, differential_evolution

from kinaptic.analysis.receptors import Receptors, receptors
from kinaptic.analysis.recordings import MINUTE, PROTOCOLS, Recording, record
from kinaptic.sbml.synapse import Synapse

Array = NDArray[np.float64]
SEED = 20261121
# Searched on a logarithmic scale between these bounds, in the units of ampar.yaml.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "S831_CaMKII": (1e-4, 0.3), "S831_CaMKII_cytosol": (1e-7, 1e-4), "S831_basal_on": (1e-6, 1e-4),
    "S831_PP1": (1e-6, 3e-3), "S831_basal_off": (1e-5, 6e-4), "S845_PKA": (2e-4, 0.03),
    "S845_basal_on": (1e-7, 1e-4), "S845_CaN": (1e-4, 0.03), "S845_PP1": (1e-6, 1e-3),
    "S845_basal_off": (5e-5, 1e-3), "slot_CaMKII": (1e-4, 0.3), "slot_basal_on": (3e-5, 5e-4),
    "slot_PP1": (1e-5, 0.02), "slot_CaN": (1e-5, 0.03), "slot_basal_off": (1e-6, 5e-4),
    "slot_capture": (5e-4, 0.05), "slot_escape": (0.01, 0.1), "pslot_escape": (3e-4, 0.01),
    "S845_loosening": (1.0, 3.0), "conductance_GluA1_pS831": (2.9, 3.9),
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A range for the weight some minutes after a protocol, and what it counts."""

    row: str  # of `kinaptic validate`
    protocol: str
    minutes: float
    low: float
    high: float
    control: str = ""  # unstimulated, under the same inhibitor
    counts: float = 1.0

    @property
    def label(self) -> str:
        """Row, protocol and time."""
        return f"{self.row}: {self.protocol}, {self.minutes:g} min"


TARGETS = (
    Target("W6", "1 Hz", 30, 0.75, 0.85, counts=1.5),
    Target("W6", "1 Hz", 60, 0.75, 0.90),
    Target("W6", "3 Hz", 30, 0.75, 0.85),
    Target("W6", "3 Hz", 60, 0.75, 0.90),
    Target("W6", "10 Hz", 30, 0.92, 1.08),
    Target("W6", "10 Hz", 60, 0.92, 1.08, counts=0.7),
    Target("W6", "50 Hz", 30, 1.10, 1.35, counts=1.5),
    Target("V21", "tetanus", 20, 1.35, 1.60, counts=1.5),
    Target("V27", "tetanus", 60, 1.20, 1.50),
    Target("V27", "tetanus", 180, 0.95, 1.12, counts=0.7),
    Target("W2", "pairs 10 ms", 30, 1.20, 1.40, counts=2.0),
    Target("W2", "pairs 10 ms", 60, 1.15, 1.40),
    Target("W2", "pairs 5 ms", 30, 1.20, 1.45),
    Target("W2", "pairs 40 ms", 30, 0.97, 1.12, counts=0.7),
    Target("W2", "pairs -10 ms", 30, 0.94, 1.04),
    Target("W2", "pairs -25 ms", 30, 0.94, 1.03),
    Target("W9", "1 Hz, calcineurin", 30, 0.96, 1.35, control="rest, calcineurin"),
    Target("W9", "1 Hz, PP1", 30, 0.96, 1.30, control="rest, PP1"),
    Target("W7", "tetanus, PKA", 20, 1.30, 1.60, control="rest, PKA", counts=0.4),
    Target("V27", "tetanus, PKA", 60, 1.15, 1.50, control="rest, PKA", counts=0.4),
    Target("V26", "tetanus, PP1", 20, 1.30, 1.70, control="rest, PP1", counts=0.4),
    Target("W7", "tetanus, T286A", 20, 0.95, 1.08),
    Target("W7", "tetanus, CaMKII", 20, 0.96, 1.04, control="rest, CaMKII"),
    Target("W3", "pairs 10 ms, NMDAR", 30, 0.96, 1.04),
)


def measure(machine: Receptors, recordings: Mapping[str, Recording], sets: Array) -> dict[str, Array]:
    """Return what each target, and each physical bound, comes to.

    Parameters
    ----------
    machine : Receptors
        The AMPA-receptor pathway.
    recordings : mapping of str to Recording
        Enzymes, by protocol.
    sets : ndarray, shape (len(BOUNDS), count)
        Logarithms (base 10) of the parameters.
    """
    count = sets.shape[1]
    numbers = dict(_constants()) | {n: 10 ** sets[i] for i, n in enumerate(BOUNDS)}
    resting = recordings["1 Hz"].means[0]
    start = machine.rest(numbers, resting, count)
    at_rest = machine.read(start, numbers, resting)
    wanted: dict[str, set[float]] = {p: set() for p in PROTOCOLS}
    for target in TARGETS:
        for name in filter(None, (target.protocol, target.control)):
            wanted[name].add(_when(recordings[target.protocol], target.minutes))
    for name, recording in recordings.items():
        if recording.genetic:
            wanted[name].add(0.0)
    early = {p: _when(recordings[p], 10) for p in ("1 Hz", "tetanus")}
    for protocol, when in early.items():
        wanted[protocol].add(when)
    seen: dict[tuple[str, float], tuple[Array, ...]] = {}
    for name, times in wanted.items():
        ordered = sorted(times)
        recording = recordings[name]
        begin = machine.rest(numbers, recording.means[0], count) if recording.genetic else start
        found = machine.follow(begin, numbers, recording.edges, recording.means, ordered)
        seen |= {(name, t): f for t, f in zip(ordered, found, strict=True)}
    got = {}
    for target in TARGETS:
        when = _when(recordings[target.protocol], target.minutes)
        below = seen[target.control, when][0] if target.control else at_rest[0]
        if recordings[target.protocol].genetic:
            below = seen[target.protocol, 0.0][0]
        got[target.label] = seen[target.protocol, when][0] / below
    got["S845 phosphate at rest"], got["S831 phosphate at rest"] = at_rest[1], at_rest[2]
    got["S845 phosphate after 1 Hz"] = seen["1 Hz", early["1 Hz"]][1] / at_rest[1]
    got["S831 phosphate after 1 Hz"] = seen["1 Hz", early["1 Hz"]][2] / at_rest[2]
    got["S831 phosphate after tetanus"] = seen["tetanus", early["tetanus"]][2] / at_rest[2]
    got["receptors in the density"] = at_rest[3] * float(numbers["psd"]) * _MOLECULES
    return got


_MOLECULES = 602.2  # in a zmol, by Avogadro's number
RANGES: Mapping[str, tuple[float, float, float]] = {
    **{t.label: (t.low, t.high, t.counts) for t in TARGETS},
    "S845 phosphate at rest": (0.10, 0.25, 1.0),  # V17
    "S831 phosphate at rest": (0.05, 0.25, 1.0),
    "S845 phosphate after 1 Hz": (0.50, 0.75, 1.0),  # V18
    "S831 phosphate after 1 Hz": (0.85, 1.15, 1.0),  # V18
    "S831 phosphate after tetanus": (1.3, 2.2, 1.0),  # V19
    "receptors in the density": (40.0, 90.0, 1.0),
}


def score(got: Mapping[str, Array]) -> Array:
    """Return the misfit of each parameter set: 0 where every value is well within its range.

    A value counts from seven tenths of the way to its limit, squared in units of the remaining
    three tenths, linearly from three such units on; a value that is no number counts thirty.
    """
    total = np.zeros_like(next(iter(got.values())))
    for name, (low, high, counts) in RANGES.items():
        off = np.abs(got[name] - (low + high) / 2) / ((high - low) / 2)
        excess = np.where(np.isfinite(off), np.clip((off - 0.7) / 0.3, 0.0, 30.0), 30.0)
        total = total + counts * np.where(excess < 3, excess**2, 6 * excess - 9)
    return total


def search(recordings: Mapping[str, Recording], *, minutes: float) -> OptimizeResult:
    """Search the bounds for the best set, from the numbers in ``ampar.yaml``, for some minutes."""
    machine = receptors()
    started = time.monotonic()

    def misfit(sets: Array) -> Array:
        columns = sets.reshape(len(BOUNDS), -1)
        with np.errstate(all="ignore"):
            return score(measure(machine, recordings, columns))

    def late(*_: object, **__: object) -> bool:
        return time.monotonic() - started > minutes * MINUTE

    bounds = [(float(np.log10(low)), float(np.log10(high))) for low, high in BOUNDS.values()]
    evolve: Any = differential_evolution  # its stubs know neither vectorized functions nor such callbacks
    found: OptimizeResult = evolve(
        misfit, bounds, x0=present(), strategy="currenttobest1bin", popsize=8, mutation=(0.4, 0.9),
        recombination=0.8, maxiter=10_000, tol=1e-4, polish=False, vectorized=True, updating="deferred",
        rng=SEED, callback=late,
    )  # fmt: skip
    return found


def present() -> Array:
    """Return the logarithms of the numbers now in ``ampar.yaml``."""
    numbers = _constants()
    bounds = np.array(list(BOUNDS.values()))
    now = np.array([numbers[n] for n in BOUNDS])
    clipped: Array = np.log10(np.clip(now, bounds[:, 0], bounds[:, 1]))
    return clipped


def _constants() -> dict[str, float]:
    return Synapse.preset("ca1").values(acute=True)


def _when(recording: Recording, minutes: float) -> float:
    return recording.end + minutes * MINUTE


def table(before: Mapping[str, Array], after: Mapping[str, Array]) -> str:
    """Return a Markdown table of the targets before and after."""
    lines = ["| target | range | before | after | |", "|---|---|---|---|---|"]
    for name, (low, high, _) in RANGES.items():
        first, last = (float(np.ravel(g[name])[0]) for g in (before, after))
        verdict = "" if low <= last <= high else "miss"
        lines.append(f"| {name} | {low:g} to {high:g} | {first:.3g} | {last:.3g} | {verdict} |")
    return "\n".join(lines)


def report(minutes: float) -> str:
    """Record, search for some minutes, and return the targets, the scores and the numbers as text."""
    synapse = Synapse.preset("ca1")
    recordings = {name: record(synapse, name) for name in PROTOCOLS}
    before = measure(receptors(), recordings, present()[:, None])
    found = search(recordings, minutes=minutes)
    after = measure(receptors(), recordings, np.asarray(found.x)[:, None])
    scores = f"score before {score(before)[0]:.1f}, after {score(after)[0]:.1f}"
    numbers = [f"{n}: {v:.3g}" for n, v in zip(BOUNDS, 10 ** np.asarray(found.x), strict=True)]
    run = f"{scores}; {found.nit} generations, seed {SEED}"
    return "\n".join([table(before, after), "", run, "", *numbers, ""])


if __name__ == "__main__":
    sys.stdout.write(report(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0))
