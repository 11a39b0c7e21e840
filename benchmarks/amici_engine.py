"""AMICI: the model as C++ with a symbolic sparse Jacobian, integrated by CVODES with KLU."""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import amici
import numpy as np
from amici import MeasurementChannel
from amici.importers.sbml import SbmlImporter
from amici.sim import sundials
from benchmarks.cases import Array, Case, text
from benchmarks.engines import ABSOLUTE, Solve, check_counts, one_by_one


def amici_klu(case: Case) -> Solve:
    """Return AMICI, one compiled model for all runs; sensitivities are left out.

    Numbers, delays among them, and initial state are set for each run. Sizes of compartments are
    compiled in, so the runs of a case must agree in them.
    """
    # It warns of steps too small to move time, after spikes; the results are checked instead.
    logging.getLogger(sundials.run_simulation.__module__).setLevel(logging.ERROR)
    model = _compiled(case)
    solver = model.create_solver()
    solver.set_max_steps(10**7)
    solver.set_return_data_reporting_mode(sundials.RDataReporting_observables_likelihood)
    parameters, states = model.get_free_parameter_ids(), model.get_state_ids()

    def solve_one(run: int, rtol: float) -> Array:
        given = case.models[run]
        model.set_free_parameters([given.values[name] for name in parameters])
        model.set_initial_state([given.initial.get(name, 0.0) for name in states])
        model.set_timepoints(case.times[run])
        solver.set_relative_tolerance(rtol)
        solver.set_absolute_tolerance(ABSOLUTE * rtol)
        found = sundials.run_simulation(model, solver)
        if found.status != sundials.AMICI_SUCCESS:
            raise RuntimeError(f"AMICI at rtol {rtol:g}: status {found.status} ({case.title})")
        values = np.asarray(found.y)
        readouts = len(given.readouts)
        check_counts("AMICI", case, run, dict(zip(case.counts[run], values[-1, readouts:], strict=True)))
        return values[:, :readouts]

    return one_by_one(solve_one)


def _compiled(case: Case) -> Any:
    """Return the case's model, compiled once for each structure; needs a C++ compiler."""
    model = case.models[0]
    name = f"kinaptic_{hashlib.sha256(model.structure.encode()).hexdigest()[:12]}"
    folder = Path(_folder().name) / name
    if not folder.exists():
        watched = [*model.readouts, *case.counts[0]]
        SbmlImporter(text(model), from_file=False).sbml2amici(
            name,
            folder,
            observation_model=[MeasurementChannel(id_=f"y_{w}", name=w, formula=w) for w in watched],
            generate_sensitivity_code=False,
            compute_conservation_laws=False,
            simplify=None,  # takes longer, and the model runs no faster
        )
    return amici.import_model_module(name, folder).get_model()


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    # CMake looks for SWIG on the PATH; pip put it beside this Python.
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    return tempfile.TemporaryDirectory(prefix="kinaptic-amici-")
