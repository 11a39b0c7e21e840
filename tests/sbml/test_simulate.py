"""Runs are values: repeatable, independent of each other, and what the exported file gives elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import roadrunner

import kinaptic as kn
from kinaptic.errors import KinapticError, SimulationFailed, TimeLimit, UnitError, UnknownName
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml import engine
from kinaptic.sbml.simulate import sample_times

SHORT = kn.stdp("10 ms", pairs=3, rate="2 Hz")
DEMO = kn.stdp("10 ms", pairs=60, rate="1 Hz")
PERTURBED: dict[str, list[kn.Perturbation]] = {
    "untouched": [],
    "a pathway out": [kn.knockout("pka")],
    "an enzyme out": [kn.knockout("PDE4")],
    "an acute inhibitor": [kn.inhibit("calcineurin", by=0.8)],
    "a chronic inhibitor": [kn.inhibit("camkii", by=0.5, acute=False)],
    "too much": [kn.overexpress("CaMKII", 2)],
    "a number": [kn.edit("distance", "150 um")],
    "a clamped species": [kn.clamp("cAMP", "0.3 uM", acute=True)],
    "a clamped variable": [kn.clamp("PKA_active", "0.02 uM")],
}


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def demo(ca1: kn.Synapse) -> kn.Run:
    return kn.simulate(ca1, DEMO, until="60 min")


@pytest.fixture(scope="module")
def short(ca1: kn.Synapse) -> kn.Run:
    return kn.simulate(ca1, SHORT, until="20 s")


def distance(one: pd.DataFrame, other: pd.DataFrame) -> pd.Series[float]:
    """Return the largest difference of each readout, relative to its largest value."""
    assert list(one.index) == list(other.index)
    scale = one.abs().max().clip(lower=1e-30)
    return (one - other).abs().max() / scale


def test_a_run_is_a_table_with_units(short: kn.Run) -> None:
    assert short.traces.index.name == "time"
    assert short.traces.index[0] == 0
    assert short.traces.index[-1] == 20
    wanted = {"weight", "Ca", "CaMKII_active", "PKA_active", "CaN_active", "PP1_active", "V_spine"}
    assert wanted <= set(short.traces.columns)
    units = short.traces.attrs["units"]
    assert (units["time"], units["weight"], units["Ca"], units["V_spine"]) == ("s", "1", "uM", "mV")
    assert set(units) == {"time", *short.traces.columns}
    assert short.traces.attrs["recipe"]["kinaptic"] == kn.__version__


def test_nothing_happens_before_the_protocol(demo: kn.Run) -> None:
    before = demo.traces[demo.traces.index < LEAD]
    assert len(before) > 2
    assert (before - before.iloc[0]).abs().max().max() < 1e-8
    assert before["weight"].iloc[0] == pytest.approx(1, abs=1e-12)


def test_two_runs_are_bit_identical(ca1: kn.Synapse, demo: kn.Run) -> None:
    pd.testing.assert_frame_equal(
        kn.simulate(ca1, DEMO, until="60 min").traces, demo.traces, check_exact=True
    )


def test_a_run_depends_on_nothing_before_it(ca1: kn.Synapse, short: kn.Run) -> None:
    other = ca1.with_(kn.knockout("T286"), kn.edit("distance", "200 um"))
    first = kn.simulate(other, SHORT, until="20 s")
    with pytest.raises(TimeLimit):
        kn.simulate(ca1, DEMO, until="60 min", time_limit="1 ns")
    again = kn.simulate(ca1, SHORT, until="20 s")
    second = kn.simulate(other, SHORT, until="20 s")
    pd.testing.assert_frame_equal(again.traces, short.traces, check_exact=True)
    pd.testing.assert_frame_equal(first.traces, second.traces, check_exact=True)
    assert not first.traces.equals(again.traces)


def test_another_process_with_an_empty_cache_finds_the_same(short: kn.Run, tmp_path: Path) -> None:
    code = (
        "import kinaptic as kn, sys; run = kn.simulate(kn.Synapse.preset('ca1'), "
        "kn.stdp('10 ms', pairs=3, rate='2 Hz'), until='20 s'); "
        "sys.stdout.buffer.write(run.traces.to_numpy().tobytes())"
    )
    environment = os.environ | {"KINAPTIC_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    assert done.stdout == short.traces.to_numpy().tobytes()


def test_results_do_not_depend_on_the_samples(ca1: kn.Synapse) -> None:
    few = [5.0, 10.03, 10.5003, 11.3, 15.0, 20.0]
    many = sorted({*few, *np.round(np.arange(0.00013, 20, 0.01), 6).tolist()})
    # at the tolerance that makes errors of integration small against the bound
    sparse = kn.simulate(ca1, SHORT, until="20 s", samples=few, rtol=1e-9).traces
    dense = kn.simulate(ca1, SHORT, until="20 s", samples=many, rtol=1e-9).traces.loc[few]
    assert distance(dense, sparse).max() < 1e-6
    usual = kn.simulate(ca1, SHORT, until="20 s", samples=few).traces
    often = kn.simulate(ca1, SHORT, until="20 s", samples=many).traces.loc[few]
    assert distance(often, usual).max() < 1e-5


def test_the_default_tolerance_is_tight_enough(ca1: kn.Synapse, demo: kn.Run) -> None:
    tight = kn.simulate(ca1, DEMO, until="60 min", rtol=1e-9)
    assert distance(tight.traces, demo.traces).max() < 1e-4


@pytest.mark.parametrize("name", PERTURBED)
def test_the_exported_file_is_what_was_simulated(ca1: kn.Synapse, name: str) -> None:
    synapse = ca1.with_(*PERTURBED[name])
    run = kn.simulate(synapse, SHORT, until="20 s", rtol=1e-11)
    runner = roadrunner.RoadRunner(synapse.sbml(SHORT))
    runner.reset()
    engine.set_tolerance(runner, 1e-11)
    species = {*runner.model.getFloatingSpeciesIds(), *runner.model.getBoundarySpeciesIds()}
    runner.timeCourseSelections = [f"[{n}]" if n in species else n for n in run.traces.columns]
    values = np.array(runner.simulate(times=run.traces.index.tolist()))
    elsewhere = pd.DataFrame(values, index=run.traces.index, columns=run.traces.columns)
    assert distance(run.traces, elsewhere).max() < 1e-9


def test_copasi_finds_the_same(ca1: kn.Synapse) -> None:
    basico = pytest.importorskip("basico")
    times = [0.0, 5.0, 10.003, 10.02, 10.3, 10.505, 10.54, 11.03, 12.0, 20.0]
    run = kn.simulate(ca1, SHORT, until="20 s", samples=times, rtol=1e-10)
    loaded = basico.load_model_from_string(run.model.sbml)
    found = basico.run_time_course(
        values=times, use_sbml_id=True, use_concentrations=True, model=loaded,
        r_tol=1e-10, a_tol=1e-13, max_steps=10**6,
    )  # fmt: skip
    basico.remove_datamodel(loaded)
    found = found[list(run.traces.columns)].set_axis(run.traces.index)
    assert distance(run.traces, found).max() < 1e-6


def test_every_moiety_is_conserved(ca1: kn.Synapse) -> None:
    model = ca1.model(SHORT)
    runner = engine.prepare(model.structure, model.values)
    matrix = np.array(runner.getFullStoichiometryMatrix())
    names = tuple(runner.model.getFloatingSpeciesIds())
    assert matrix.shape[0] == len(names)
    _, singular, right = np.linalg.svd(matrix.T)
    moieties = right[int(np.sum(singular > 1e-9)) :]
    assert len(moieties) > 5
    times = [0.0, 9.0, 10.03, 10.5003, 11.2, 20.0, 600.0]
    course = engine.run(replace(model, readouts=names), times, (10.7,), rtol=1e-8, expected=lambda _: {})
    index = [runner.model.getCompartmentIndexForFloatingSpecies(i) for i in range(len(names))]
    amounts = course * np.array(runner.model.getCompartmentVolumes())[index]
    held = amounts @ moieties.T
    size = np.abs(amounts) @ np.abs(moieties.T)
    assert np.max(np.abs(held - held[0]) / size) < 1e-9


def test_an_acute_inhibitor_starts_from_the_untreated_baseline(ca1: kn.Synapse) -> None:
    untreated = ca1.model().initial
    acute = ca1.with_(kn.inhibit("PDE4", by=0.9)).model().initial
    chronic = ca1.with_(kn.inhibit("PDE4", by=0.9, acute=False)).model().initial
    assert acute == untreated
    assert chronic["cAMP"] > 1.5 * untreated["cAMP"]
    run = kn.simulate(ca1.with_(kn.inhibit("PDE4", by=0.9)), until="10 min")
    assert run.traces["cAMP"].iloc[0] == pytest.approx(untreated["cAMP"], rel=1e-9)
    assert run.traces["cAMP"].iloc[-1] > 1.5 * untreated["cAMP"]
    rest = kn.simulate(ca1.with_(kn.inhibit("PDE4", by=0.9, acute=False)), until="10 min")
    assert rest.traces["cAMP"].max() == pytest.approx(rest.traces["cAMP"].min(), rel=1e-6)


def test_recorded_calcium_is_played(ca1: kn.Synapse) -> None:
    trace = kn.Waveform(
        [0.0, 0.02, 0.2, 1.0], [0.07, 2.0, 0.5, 0.07], unit="uM", time_unit="s", max_step="1 s"
    )
    run = kn.simulate(ca1, trace, until="30 s")
    assert run.traces["Ca"].max() == pytest.approx(2.0, rel=0.05)
    assert run.traces["Ca"].iloc[-1] == pytest.approx(0.07, rel=1e-6)
    assert "weight" in run.traces


def test_a_protocol_may_be_cut_short(ca1: kn.Synapse) -> None:
    run = kn.simulate(ca1, DEMO, until="13.5 s")
    assert run.traces.index[-1] == 13.5
    on_a_spike = kn.simulate(ca1, DEMO, until="12 s")
    assert on_a_spike.traces.index[-1] == 12
    early = kn.simulate(ca1, DEMO, until="60 s", samples=[0.0, 11.5])
    assert list(early.traces.index) == [0, 11.5]


def test_nothing_is_printed(ca1: kn.Synapse, capfd: pytest.CaptureFixture[str]) -> None:
    """SUNDIALS writes past Python's streams when steps get as small as the rounding of time."""
    for rtol in (1e-6, 1e-11):
        kn.simulate(ca1, SHORT, until="20 s", rtol=rtol)
    assert capfd.readouterr() == ("", "")


def test_progress_is_told_and_changes_nothing(ca1: kn.Synapse, short: kn.Run) -> None:
    told: list[float] = []
    run = kn.simulate(ca1, SHORT, until="20 s", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 20
    pd.testing.assert_frame_equal(run.traces, short.traces, check_exact=True)


def test_a_time_limit_ends_a_run(ca1: kn.Synapse) -> None:
    with pytest.raises(TimeLimit, match=r"stopped at .* over the time limit of 0.001 s; raise time_limit"):
        kn.simulate(ca1, DEMO, until="60 min", time_limit="1 ms")
    assert issubclass(TimeLimit, SimulationFailed)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to a process there")
def test_ctrl_c_ends_a_long_run_on_its_way(tmp_path: Path) -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # deaf in the background
        "import kinaptic as kn; synapse = kn.Synapse.preset('ca1'); "
        "protocol = kn.low_frequency('5 Hz', pulses=9000); "
        "kn.simulate(synapse, protocol, until='60 min', progress=lambda t: print(t, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert float(process.stdout.readline()) > 0  # it is on its way
    process.send_signal(signal.SIGINT)
    said, complaint = process.communicate(timeout=60)
    assert max(map(float, said.split()), default=0) < 3600
    assert process.returncode != 0
    assert "KeyboardInterrupt" in complaint


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"until": 60}, UnitError, "has no unit"),
        ({"until": "60 mV"}, UnitError, "expected a quantity in s"),
        ({"until": "-1 s"}, KinapticError, "positive time"),
        ({"until": "1 min", "engine": "roadruner"}, UnknownName, "did you mean roadrunner"),
        ({"until": "1 min", "samples": 1}, KinapticError, "at least 2"),
        ({"until": "1 min", "samples": [0.0, 61.0]}, KinapticError, "ascending times"),
        ({"until": "1 min", "samples": [2.0, 1.0]}, KinapticError, "ascending times"),
        ({"until": "1 min", "samples": [0.0]}, KinapticError, "ascending times"),
        ({"until": "1 min", "rtol": 1e-3}, SimulationFailed, "lose spikes"),
        ({"until": "1 min", "protocol": "60 pairings"}, KinapticError, r"kn\.stdp"),
    ],
)
def test_what_does_not_fit_is_refused(
    ca1: kn.Synapse, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kn.simulate(ca1, **options)  # type: ignore[arg-type]


def test_samples_are_dense_after_spikes() -> None:
    events = np.array([10.0, 11.0])
    times = sample_times(3600.0, events, None)
    assert times[0] == 0
    assert times[-1] == 3600
    assert np.all(np.diff(times) > 0)
    assert np.sum((times > 10) & (times < 10.03)) >= 8
    assert not set(events) & set(times[1:-1])
    assert len(sample_times(3600.0, np.arange(10.0, 2010.0, 0.1), None)) < 62_010
    np.testing.assert_array_equal(sample_times(10.0, events, 3), [0, 5, 10])
