"""Exported files in other tools: libSBML finds nothing in them, and others compute the same numbers.

What a file gives elsewhere is compared with what `simulate` integrates, in every species and in all
that a rule sets, relative to its largest value in the run.
"""

from __future__ import annotations

import importlib.util
import itertools
import logging
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import libsbml
import numpy as np
import pytest
from numpy.typing import NDArray

import kinaptic as kn
from kinaptic.sbml import document, engine
from kinaptic.sbml.simulate import event_times, expected_counters

Array = NDArray[np.float64]
Stimulus = kn.Protocol | kn.Waveform | None

BOUND = 1e-6  # of a state's largest value
NOTHING = 1e-9  # µM (mV, one): what never is more than that is compared with it
AFTER_EVENT = np.array([0.5, 2, 6]) * 1e-3  # s
PRESETS = ("ca1", "l23", "l5", "striatum")
PAIRINGS = kn.stdp("10 ms", pairs=3, rate="2 Hz")
CALCIUM = kn.Waveform([0, 0.02, 0.2, 1], [0.07, 2, 0.5, 0.07], unit="uM", time_unit="s", max_step="1 s")
PROTOCOLS: dict[str, Stimulus] = {
    "rest": None,
    "pairings": kn.stdp("-10 ms", pairs=60, rate="1 Hz"),
    "theta bursts": kn.theta_burst(),
    "spike list": kn.spikes(pre=[0, 0.5, 0.7], post=[0.51]),
    "composed": kn.tetanus("100 Hz", "1 s") + kn.gap("5 min") + kn.low_frequency("1 Hz", pulses=900),
    "voltage step": kn.depolarization("5 s", to="0 mV"),
    "recorded calcium": CALCIUM,
}
PERTURBED: dict[str, tuple[str, tuple[kn.Perturbation, ...]]] = {
    "messengers out": ("l5", (kn.knockout("bdnf"), kn.knockout("nitric_oxide"))),
    "enzymes": ("striatum", (kn.knockout("PDE4"), kn.overexpress("CaMKII", 3), kn.inhibit("PKA", by=0.9))),
    "drugs": ("ca1", (kn.drug("AM251", "1 uM"), kn.drug("okadaic acid", "1 uM"))),
    "chelator and clamp": ("ca1", (kn.drug("BAPTA", "10 mM"), kn.clamp("cAMP", "0.3 uM"))),
}
RUNS: dict[str, tuple[tuple[kn.Perturbation, ...], Stimulus]] = {
    "pairings": ((), PAIRINGS),
    "theta bursts": ((), kn.theta_burst(bursts=2, trains=2, interval="2 s")),
    "voltage step": ((), kn.depolarization("1 s", to="0 mV")),
    "recorded calcium": ((), CALCIUM),
    "chelator": ((kn.drug("EGTA", "1 mM"),), PAIRINGS),
}
TUBE = kn.Synapse.of("calmodulin", "camkii", Ca="70 nM", PP1="0.1 uM", PP1_activity=1)


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


# ---- libSBML
def quick(preset: str, protocol: str) -> Any:
    """Return a case; those that are like one here or in `test_document.py` are for the long suite."""
    new = protocol in ("rest", "composed", "voltage step", "recorded calcium")
    return pytest.param(preset, protocol, marks=() if new and preset == "striatum" else pytest.mark.slow)


@pytest.mark.parametrize(
    ("preset", "protocol"), [quick(*case) for case in itertools.product(PRESETS, PROTOCOLS)]
)
def test_libsbml_finds_nothing_in_the_file(preset: str, protocol: str, tmp_path: Path) -> None:
    file = exported(kn.Synapse.preset(preset), PROTOCOLS[protocol], tmp_path)
    assert document.problems(file.read_text("utf-8")) == []


@pytest.mark.parametrize("case", PERTURBED)
def test_libsbml_finds_nothing_in_a_perturbed_one(case: str, tmp_path: Path) -> None:
    preset, done = PERTURBED[case]
    file = exported(kn.Synapse.preset(preset).with_(*done), PAIRINGS, tmp_path)
    assert document.problems(file.read_text("utf-8")) == []


# ---- What is compared
def exported(synapse: kn.Synapse, protocol: Stimulus, folder: Path) -> Path:
    file = folder / "exported.xml"
    synapse.export(file, protocol)
    return file


def variables(file: Path) -> tuple[str, ...]:
    """Return everything in a file that reactions change or a rule sets."""
    parsed = libsbml.readSBMLFromFile(str(file))
    model = parsed.getModel()
    species = [s.getId() for s in model.getListOfSpecies() if not s.getBoundaryCondition()]
    return tuple(dict.fromkeys([*species, *(rule.getVariable() for rule in model.getListOfRules())]))


def samples(protocol: Stimulus, end: float = 60.0) -> list[float]:
    """Return times (s), dense where things move, that are at no event and no postsynaptic spike's arrival."""
    events = event_times(protocol)
    soon = (events[:, None] + AFTER_EVENT).ravel()
    grid = np.unique([0, 5, *np.arange(9.9037, 14, 0.05), *np.linspace(14, end, 12), *soon[soon < end]])
    kept: list[float] = grid[away(grid, events)].tolist()
    return kept


def away(times: Array, events: Array) -> NDArray[np.bool_]:
    """Return which times are at no event, and not as near after one as a spike takes from the soma."""
    return np.array([np.min(np.abs(events - t), initial=np.inf) > 4e-4 for t in times])


def ours(synapse: kn.Synapse, protocol: Stimulus, names: Sequence[str], times: Sequence[float]) -> Array:
    """Return what `simulate` integrates, shape (times, names)."""
    model = replace(synapse.model(protocol), readouts=tuple(names))
    counted = expected_counters(synapse, protocol, times[-1])
    return engine.run(model, times, (), rtol=1e-11, expected=counted)


def assert_same(found: Array, wanted: Array, names: Sequence[str], bound: float = BOUND) -> None:
    assert found.shape == wanted.shape == (len(wanted), len(names))
    assert np.all(np.isfinite(found))
    error = np.max(np.abs(found - wanted), axis=0) / np.maximum(np.max(np.abs(wanted), axis=0), NOTHING)
    worst = int(np.argmax(error))
    assert error[worst] < bound, f"{names[worst]}: {error[worst]:.2g}, as {np.sum(error > bound) - 1} more"


# ---- COPASI
def copasi(file: Path, names: Sequence[str], times: Sequence[float]) -> Array:
    basico = pytest.importorskip("basico", reason="COPASI is in the extra `test`")
    loaded = basico.load_model(str(file))
    try:
        found = basico.run_time_course(
            values=list(times), use_sbml_id=True, use_concentrations=True, model=loaded,
            r_tol=1e-9, a_tol=1e-12, max_steps=10**6,
        )  # fmt: skip
    finally:
        basico.remove_datamodel(loaded)
    return np.asarray(found[list(names)], dtype=np.float64)


LONG = ("voltage step", "chelator")


@pytest.mark.parametrize("case", [pytest.param(n, marks=[pytest.mark.slow] * (n in LONG)) for n in RUNS])
def test_copasi_computes_the_same(case: str, ca1: kn.Synapse, tmp_path: Path) -> None:
    done, protocol = RUNS[case]
    synapse, times = ca1.with_(*done), samples(protocol)
    file = exported(synapse, protocol, tmp_path)
    names = variables(file)
    assert len(names) > 300
    assert_same(copasi(file, names, times), ours(synapse, protocol, names, times), names)


def test_a_number_that_is_off_would_be_seen(tmp_path: Path) -> None:
    file, times = exported(TUBE, CALCIUM, tmp_path), samples(CALCIUM)
    names = variables(file)
    wanted = ours(TUBE, CALCIUM, names, times)
    assert_same(copasi(file, names, times), wanted, names)
    parsed = libsbml.readSBMLFromFile(str(file))
    number = parsed.getModel().getParameter("CaM_on_C1")
    number.setValue(number.getValue() * (1 + 1e-4))
    libsbml.writeSBMLToFile(parsed, str(file))
    with pytest.raises(AssertionError, match=r"CaMKII\w*: 0\.0001.* more"):
        assert_same(copasi(file, names, times), wanted, names)


# ---- The command line
def test_the_command_line_writes_the_same_file_and_a_knock_out_means_the_same(
    ca1: kn.Synapse, tmp_path: Path
) -> None:
    file = tmp_path / "by_command.xml"
    words = ["export", "ca1", str(file), "-p", "stdp('10 ms', 3, rate='2 Hz')"]
    words += ["--knockout", "pka", "--knockout", "T286"]
    subprocess.run([sys.executable, "-m", "kinaptic", *words], check=True, capture_output=True)
    knocked_out = ca1.with_(kn.knockout("pka"), kn.knockout("T286"))
    assert file.read_bytes() == exported(knocked_out, PAIRINGS, tmp_path).read_bytes()

    names, times = variables(file), samples(PAIRINGS)
    assert not {"cAMP", "PKAc"} & set(names)
    found = copasi(file, names, times)
    assert_same(found, ours(knocked_out, PAIRINGS, names, times), names)
    traces = kn.simulate(knocked_out, PAIRINGS, until="60 s", samples=times, rtol=1e-10).traces
    shown = [name for name in names if name in traces]
    assert "Ca" in shown
    assert_same(found[:, [names.index(name) for name in shown]], traces[shown].to_numpy(), shown)
    assert np.max(found[:, names.index("pCaMKII_C2N2")]) == 0
    untouched = ours(ca1, PAIRINGS, shown, times)
    with pytest.raises(AssertionError, match="more"):
        assert_same(traces[shown].to_numpy(), untouched, shown, bound=1e-2)


# ---- scipy, from equations that another package reads out of the file
EVEN = 10.0107 / 200  # s, between samples, one of which then comes half a millisecond after a spike


def scipy(file: Path, names: Sequence[str], end: float, points: int) -> tuple[list[float], Array]:
    """Return evenly spaced times, and values."""
    sbmlode = pytest.importorskip("sbmlode", reason="sbmlode, which turns SBML into Python, is not installed")
    script = file.with_suffix(".py")
    sbmlode.OdeSystem.from_sbml(str(file)).write(str(script))
    found = imported(script).simulate(t_end=end, points=points, rtol=1e-10, atol=1e-13)
    return found["time"].tolist(), np.asarray(found[list(names)], dtype=np.float64)


def imported(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("equations", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("whole", "protocol"),
    [(False, CALCIUM), pytest.param(True, PAIRINGS, marks=pytest.mark.slow)],
    ids=["in the tube", "ca1"],
)
def test_scipy_computes_the_same(whole: bool, protocol: Stimulus, ca1: kn.Synapse, tmp_path: Path) -> None:
    synapse = ca1 if whole else TUBE
    file = exported(synapse, protocol, tmp_path)
    names = variables(file)
    times, found = scipy(file, names, 250 * EVEN, 251)
    assert np.all(away(np.array(times), event_times(protocol)))
    assert_same(found, ours(synapse, protocol, names, times), names)


# ---- AMICI
@pytest.mark.slow
@pytest.mark.parametrize("case", ["pairings", "recorded calcium"])
def test_amici_computes_the_same(
    case: str, ca1: kn.Synapse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    amici = pytest.importorskip("amici", reason="AMICI is in the extra `bench`; it is built from source")
    from amici.importers.sbml import SbmlImporter
    from amici.sim import sundials

    logging.getLogger(sundials.run_simulation.__module__).setLevel(logging.ERROR)  # steps after a spike
    # CMake looks for SWIG on the PATH; pip put it beside this Python.
    monkeypatch.setenv("PATH", os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]))
    done, protocol = RUNS[case]
    synapse, times = ca1.with_(*done), samples(protocol)
    file = exported(synapse, protocol, tmp_path)
    names = variables(file)
    module, folder = f"exported_{case.replace(' ', '_')}", tmp_path / "amici"
    SbmlImporter(file).sbml2amici(
        module,
        folder,
        observation_model=[amici.MeasurementChannel(id_=f"y_{n}", name=n, formula=n) for n in names],
        generate_sensitivity_code=False,
        compute_conservation_laws=False,
        simplify=None,
    )
    model = amici.import_model_module(module, folder).get_model()
    model.set_timepoints(times)
    solver = model.create_solver()
    solver.set_max_steps(10**7)
    solver.set_relative_tolerance(1e-11)
    solver.set_absolute_tolerance(1e-14)
    found = sundials.run_simulation(model, solver)
    assert found.status == sundials.AMICI_SUCCESS
    assert_same(np.asarray(found.y), ours(synapse, protocol, names, times), names)
