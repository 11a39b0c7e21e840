"""A calibration: two rates of TrkB, by its phosphorylation in BDNF.

``python -m kinaptic.analysis.experiments.calibration_trkb`` searches autophosphorylation and
internalisation from the numbers of the published model (Jain & Bhalla 2009, synSynth7) and prints data,
course and score before and after. The published numbers give 1.7 to 7 times the phosphate that was
measured; the SBML file of that model holds internalised receptors constant, which hides a part of it.

Four points and two numbers: a fit, not a test. The dose of downstream kinases is not used.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from kinaptic.pathways.perturbation import clamp, edit
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

# NIH 3T3 cells with TrkB at 37 degC, BDNF stepped to 7.3 nM: Yuen & Mobley 1999, Fig. 2, in nM as
# transcribed in FindSim (Jain2009_Fig2B).
DOSE = "7.3 nM"
SECONDS = (30.0, 300.0, 900.0, 1800.0)
MEASURED = np.array([1.0, 14.5, 9.5, 7.5])  # nM of phosphorylated pairs
PUBLISHED: Mapping[str, float] = {"TrkB_autophosphorylation": 0.02, "TrkB_internalisation": 0.01}  # 1/s


def course(rates: Mapping[str, float] | None = None) -> NDArray[np.float64]:
    """Return phosphorylated TrkB (nM) at the measured times, with these rates (1/s) or the pathway's own."""
    receptor = Synapse.of("bdnf", Ca="0.05 uM").with_(clamp("BDNF", DOSE, acute=True))
    receptor = receptor.with_(*(edit(name, f"{rate!r} 1/s") for name, rate in (rates or {}).items()))
    run = simulate(receptor, until=f"{SECONDS[-1]} s", samples=[0.0, *SECONDS])
    return 1e3 * np.asarray(run.traces["pTrkB"], dtype=np.float64)[1:]


def misfit(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by what power of e each point is off."""
    off: NDArray[np.float64] = np.log(found / MEASURED)
    return off


def score(found: NDArray[np.float64]) -> float:
    """Return the root mean square of `misfit`."""
    return float(np.sqrt(np.mean(misfit(found) ** 2)))


def search() -> dict[str, float]:
    """Return the rates (1/s) that fit best, from the published ones."""
    names = tuple(PUBLISHED)

    def off_by(logs: NDArray[np.float64]) -> NDArray[np.float64]:
        return misfit(course({n: float(np.exp(x)) for n, x in zip(names, logs, strict=True)}))

    best = least_squares(off_by, np.log(list(PUBLISHED.values())), diff_step=np.array([1e-2]))
    return {n: float(np.exp(x)) for n, x in zip(names, best.x, strict=True)}


def report() -> str:
    """Return the data, and course and score before and after the search."""
    found = search()
    rows = {
        "measured": MEASURED,
        "published": course(PUBLISHED),
        "found": course(found),
        "bdnf.yaml": course(),
    }
    lines = [
        f"{name:10} {'  '.join(f'{v:5.2f}' for v in values)} nM   score {score(values):.3f}"
        for name, values in rows.items()
    ]
    lines += [f"{name}: {rate:.3g} 1/s" for name, rate in found.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(report())
