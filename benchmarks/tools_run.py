"""One file in one tool, in a process of its own: ``python -m benchmarks.tools_run TOOL CONSTRUCT OUT``.

Each tool takes a construct and an empty folder, writes there what it needs by `Synapse.export`, and
returns times, names and values. Its libraries are imported here and nowhere else: tellurium, for one,
changes what libSBML returns in the whole process.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.tools_constructs import CONSTRUCTS, RTOL, Array, Construct, seen_by

import kinaptic as kn
from kinaptic.errors import KinapticError
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml import engine

REFUSED = "refused: "  # begins what the process prints when a tool or a format cannot take a construct
_EVEN = 400  # samples, where a tool has no others


@dataclass(frozen=True)
class Course:
    """What a tool computed: values at times (s), shape (times, names)."""

    times: Sequence[float] | Array
    names: Sequence[str]
    values: Array


# ---- Tools that read SBML Level 3 Version 2
def copasi(of: Construct, folder: Path) -> Course:
    """Return what COPASI gives (LSODA)."""
    import basico

    loaded = basico.load_model(str(_written(of, folder, "exported.xml")))
    found = basico.run_time_course(
        values=of.times.tolist(), use_sbml_id=True, use_concentrations=True, model=loaded,
        r_tol=1e-9, a_tol=1e-12, max_steps=10**7,
    )  # fmt: skip
    return Course(found.index.to_numpy(), of.names, found[list(of.names)].to_numpy())


def amici(of: Construct, folder: Path) -> Course:
    """Return what AMICI gives (CVODES)."""
    import amici
    from amici.importers.sbml import SbmlImporter
    from amici.sim import sundials

    logging.getLogger(sundials.run_simulation.__module__).setLevel(logging.ERROR)  # steps after a spike
    # CMake looks for SWIG on the PATH; pip put it beside this Python.
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    SbmlImporter(_written(of, folder, "exported.xml")).sbml2amici(
        "exported",
        folder / "exported",
        observation_model=[amici.MeasurementChannel(id_=f"y_{n}", name=n, formula=n) for n in of.names],
        generate_sensitivity_code=False,
        compute_conservation_laws=False,
        simplify=None,
    )
    model = amici.import_model_module("exported", folder / "exported").get_model()
    model.set_timepoints(of.times)
    solver = model.create_solver()
    solver.set_max_steps(10**7)
    solver.set_relative_tolerance(RTOL)
    solver.set_absolute_tolerance(1e-3 * RTOL)
    found = sundials.run_simulation(model, solver)
    if found.status != sundials.AMICI_SUCCESS:
        raise RuntimeError(f"AMICI ends with status {found.status}")
    return Course(of.times, of.names, np.asarray(found.y))


def tellurium(of: Construct, folder: Path) -> Course:
    """Return what tellurium's roadrunner gives."""
    import tellurium

    return _by_roadrunner(of, tellurium.loadSBMLModel(str(_written(of, folder, "exported.xml"))))


def scipy(of: Construct, folder: Path) -> Course:
    """Return what scipy gives (LSODA), with equations that sbmlode reads out of the file."""
    sbmlode: Any = importlib.import_module("sbmlode")
    script = folder / "equations.py"
    sbmlode.OdeSystem.from_sbml(str(_written(of, folder, "exported.xml"))).write(str(script))
    spec = importlib.util.spec_from_file_location("equations", script)
    if spec is None or spec.loader is None:
        raise RuntimeError("sbmlode wrote no Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.simulate(t_end=of.end, points=_EVEN + 1, rtol=1e-10, atol=1e-13)
    return Course(found["time"].to_numpy(), of.names, found[list(of.names)].to_numpy())


# ---- Other formats, read back
def level3_version1(of: Construct, folder: Path) -> Course:
    """Return what roadrunner gives of SBML Level 3 Version 1."""
    return _by_roadrunner(of, _roadrunner(str(_written(of, folder, "exported.xml", "sbml-l3v1"))))


def level2_version4(of: Construct, folder: Path) -> Course:
    """Return what roadrunner gives of SBML Level 2 Version 4."""
    return _by_roadrunner(of, _roadrunner(str(_written(of, folder, "exported.xml", "sbml-l2v4"))))


def submodels(of: Construct, folder: Path) -> Course:
    """Return what roadrunner gives of a model of submodels that libSBML has made flat."""
    import libsbml

    parsed = libsbml.readSBMLFromFile(str(_written(of, folder, "exported.xml", "sbml-comp")))
    options = libsbml.ConversionProperties()
    options.addOption("flatten comp", True)
    options.addOption("performValidation", False)
    if parsed.convert(options) != libsbml.LIBSBML_OPERATION_SUCCESS:
        raise RuntimeError(f"libSBML cannot flatten it: {parsed.getErrorLog().toString()}")
    # what is private to a submodel gets its id in front
    return _by_roadrunner(of, _roadrunner(libsbml.writeSBMLToString(parsed)), behind="__")


def antimony(of: Construct, folder: Path) -> Course:
    """Return what roadrunner gives of the Antimony text, translated by Antimony."""
    import antimony

    if antimony.loadAntimonyFile(str(_written(of, folder, "exported.ant"))) < 0:
        raise RuntimeError(antimony.getLastError())
    return _by_roadrunner(of, _roadrunner(antimony.getSBMLString(antimony.getMainModuleName())))


def archive(of: Construct, folder: Path) -> Course:
    """Return the report that tellurium makes of a COMBINE archive, at the tolerances in its SED-ML."""
    import pandas as pd
    import tellurium

    file = folder / "exported.omex"
    of.synapse.export(file, of.protocol, until=f"{of.end!r} s")
    tellurium.executeCombineArchive(str(file), saveOutputs=True, outputDir=str(folder))
    report = pd.read_csv(folder / "simulation_report.csv")
    ids = {label.rpartition(" ")[0] or label: label for label in report.columns}
    return _reported(of, report["time (s)"].to_numpy(), {n: report[ids[n]].to_numpy() for n in ids})


def neuron(of: Construct, folder: Path) -> Course:
    """Return what NEURON gives of the mechanism, played the recorded calcium (CVODE, its variable step)."""
    recorded = of.protocol if isinstance(of.protocol, kn.Waveform) else None
    # NEURON brings the calcium itself; any other protocol is for the writer to refuse
    of.synapse.export(folder / "exported.mod", None if recorded else of.protocol)
    translator = Path(sysconfig.get_path("scripts")) / "nrnivmodl"
    subprocess.run([translator, "-incflags", "-O0", "."], cwd=folder, check=True, capture_output=True)
    os.environ["NEURON_MODULE_OPTIONS"] = "-nogui"
    os.chdir(folder)  # where NEURON looks for what was compiled
    from neuron import h

    h.load_file("stdrun.hoc")
    spine = h.Section(name="spine")
    spine.L = spine.diam = 0.5
    made = h.exported(spine(0.5))
    if recorded:
        times, levels = recorded.knots()
        moments = h.Vector([0, *(1e3 * (LEAD + np.asarray(times))), 1e3 * of.end + 1])
        played = h.Vector([1e-3 * each for each in (recorded.rest, *levels, recorded.final)])
        played.play(spine(0.5)._ref_cai, moments, True)  # noqa: SLF001 - its pointers are called so
    h.cvode.active(True)
    h.cvode.atol(1e-4)  # times each state's scale, 1e-4; tighter is no better
    samples = h.Vector(1e3 * of.times)
    names = [name for name in of.names if hasattr(made, name)]
    kept = {name: h.Vector().record(getattr(made, f"_ref_{name}"), samples) for name in names}
    h.finitialize(-70)
    h.continuerun(1e3 * of.end + 1)
    return _reported(of, of.times, {name: np.array(each) for name, each in kept.items()})


def _reported(of: Construct, times: Array, columns: dict[str, Array]) -> Course:
    names = [name for name in of.names if name in columns]
    return Course(times, names, np.column_stack([columns[name] for name in names]))


def _written(of: Construct, folder: Path, name: str, to: str | None = None) -> Path:
    of.synapse.export(folder / name, of.protocol, to)
    return folder / name


def _roadrunner(document: str) -> Any:
    import roadrunner

    return roadrunner.RoadRunner(document)


def _by_roadrunner(of: Construct, runner: Any, behind: str = "") -> Course:
    """Return what a loaded roadrunner gives, by the ids of the flat model."""
    runner.reset()
    engine.set_tolerance(runner, RTOL)
    model = runner.model
    species = {*model.getFloatingSpeciesIds(), *model.getBoundarySpeciesIds()}
    known = {**dict(_short(species, behind)), **dict(_short(model.getGlobalParameterIds(), behind))}
    names = [name for name in of.names if name in known]
    runner.timeCourseSelections = [f"[{known[n]}]" if known[n] in species else known[n] for n in names]
    return Course(of.times, names, np.array(runner.simulate(times=of.times.tolist())))


def _short(ids: Sequence[str] | set[str], behind: str) -> Iterator[tuple[str, str]]:
    """Yield (id of the flat model, id here)."""
    return ((each.rpartition(behind)[2] if behind else each, each) for each in ids)


RUN: dict[str, Callable[[Construct, Path], Course]] = {
    "copasi": copasi,
    "amici": amici,
    "tellurium": tellurium,
    "scipy": scipy,
    "sbml-l3v1": level3_version1,
    "sbml-l2v4": level2_version4,
    "sbml-comp": submodels,
    "antimony": antimony,
    "omex": archive,
    "nmodl": neuron,
}


def main() -> None:
    """Run what is asked for; keep the course, or print why there is none."""
    tool, title, out = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        try:
            course = RUN[tool](seen_by(tool, CONSTRUCTS[title]), Path(folder))
        except KinapticError as why:
            print(f"{REFUSED}{why}")
            return
        np.savez(out, times=course.times, names=course.names, values=course.values)


if __name__ == "__main__":
    main()
