"""NEURON compiles mechanisms, finds their units consistent, and runs them as `simulate` runs the synapse."""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import libsbml
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

import kinaptic as kn
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml import engine, simulate
from kinaptic.sbml.export import nmodl_blocks, nmodl_kinetics, nmodl_math, nmodl_names
from kinaptic.sbml.export.nmodl_network import Network, Reaction
from kinaptic.sbml.model import Model

Array = NDArray[np.float64]
Runs = Callable[..., dict[str, Array]]
TOOLS = Path(sys.executable).parent  # NEURON's wheel puts its own beside Python

SPINE = kn.Synapse.of(
    "calmodulin",
    "camkii",
    "ampar",
    Ca="0.1 uM",
    PP1="0.1 uM",
    PP1_activity=1,
    PP1_active="0.1 uM",
    PKA_active="0.05 uM",
    CaN_active="0.01 uM",
)
BOUTON = kn.Synapse.of("bouton", Glu="0 uM")
# Without currents and stores its calcium stays at rest, so that a NetCon's spikes are all that happens.
GLUTAMATE = kn.Synapse.of(
    "calcium",
    "plc",
    "bouton",
    NMDAR_conductance="0 nS",
    AMPAR_conductance="0 nS",
    VGCC_R_conductance="0 nS",
    VGCC_T_conductance="0 nS",
    VGCC_L_conductance="0 nS",
    ER_presence="0",
)
STORES = kn.Synapse.of("plc", Ca="0.05 uM", Glu="0 uM")
SYNAPSES = {"kinase": SPINE, "vesicles": BOUTON, "glutamate": GLUTAMATE, "stores": STORES}
RECORDED = kn.Waveform(
    [0.0, 1.0, 2.0, 2.02, 5.0, 5.1, 6.0, 7.0, 8.0],
    [0.1, 0.1, 0.1, 5.0, 5.0, 0.2, 0.1, 0.1, 0.1],
    unit="uM",
    time_unit="s",
    max_step="5 s",
)
RUN = """
import json, sys
import numpy as np
from neuron import h
h.load_file("stdrun.hoc")
task = json.loads(sys.stdin.read())
section = h.Section(name="section")
section.L = section.diam = 0.5
made = getattr(h, task["mechanism"])(section(0.5))
for name, value in task["numbers"].items():
    setattr(made, name, value)
if task["calcium"]:
    times, levels = (h.Vector(each) for each in task["calcium"])
    levels.play(section(0.5)._ref_cai, times, True)
parts = [(name, h.Vector(times), h.Vector(levels)) for name, (times, levels) in task["parts"].items()]
for name, when, part in parts:
    part.play(getattr(made, "_ref_" + name), when, True)
cons = [(h.NetCon(None, made, 0, 0, weight), times) for weight, times in task["spikes"]]
start = h.FInitializeHandler(lambda: [con.event(t) for con, times in cons for t in times])
h.cvode.active(task["atol"] is not None)
if task["atol"] is None:
    h.dt, h.steps_per_ms = task["dt"], 1 / task["dt"]
else:
    h.cvode.atol(task["atol"])
samples = h.Vector(task["samples"])
kept = {name: h.Vector().record(getattr(made, "_ref_" + name), samples) for name in task["names"]}
h.finitialize(-70)
h.continuerun(task["samples"][-1] + 1)
np.savez(task["result"], **{name: np.array(each) for name, each in kept.items()})
"""


# ---- tools


@functools.cache
def missing() -> str:
    """Return what stands in the way of NEURON, or an empty text."""
    if importlib.util.find_spec("neuron") is None or not (TOOLS / "nrnivmodl").exists():
        return "NEURON is not installed"
    absent = [name for name in ("g++", "make") if shutil.which(name) is None]
    return f"nrnivmodl needs {' and '.join(absent)}" if absent else ""


@pytest.fixture(scope="module")
def neuron() -> None:
    if missing() and os.environ.get("KINAPTIC_NEURON") == "required":
        pytest.fail(missing())
    if missing():
        pytest.skip(missing())


def translated(folder: Path) -> Path:
    """Compile the mechanisms of a folder, unoptimised: that takes a quarter of the time."""
    command = [str(TOOLS / "nrnivmodl"), "-incflags", "-O0", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("Thread Safe") == len(list(folder.glob("*.mod"))), done.stderr
    return folder


def python(folder: Path, code: str, told: str = "") -> str:
    """Run Python where mechanisms were compiled; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=told,
        cwd=folder,
        env=os.environ | {"NEURON_MODULE_OPTIONS": "-nogui"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run(
    folder: Path,
    mechanism: str,
    names: Sequence[str],
    samples: Array,
    *,
    calcium: tuple[Array, Array] | None = None,
    parts: Mapping[str, tuple[Array, Array]] | None = None,
    pre: Sequence[float] | Array = (),
    post: Sequence[float] | Array = (),
    numbers: Mapping[str, float] | None = None,
    atol: float | None = 1e-3,
    dt: float = 0.025,
    said: str = "",
) -> dict[str, Array]:
    """Run a mechanism in NEURON: times in s, calcium and its parts in µM; what it prints has to be `said`."""
    task = {
        "mechanism": mechanism,
        "names": list(names),
        "samples": (1e3 * samples).tolist(),
        "calcium": None if calcium is None else [(1e3 * calcium[0]).tolist(), (1e-3 * calcium[1]).tolist()],
        "parts": {name: [(1e3 * t).tolist(), each.tolist()] for name, (t, each) in (parts or {}).items()},
        "spikes": [(1.0, [1e3 * t for t in pre]), (-1.0, [1e3 * t for t in post])] if [*pre, *post] else [],
        "numbers": dict(numbers or {}),
        "atol": atol,
        "dt": dt,
        "result": "result.npz",
    }
    assert python(folder, RUN, json.dumps(task)) == said
    with np.load(folder / "result.npz") as found:
        return dict(found)


def played(waveform: kn.Waveform, end: float) -> tuple[Array, Array]:
    """Return times (s of the run) and levels (µM) of the line that a waveform is."""
    times, values = waveform.knots()
    return (
        np.concatenate([[0.0], LEAD + np.asarray(times), [end + 1]]),
        np.concatenate([[waveform.rest], values, [waveform.final]]),
    )


def reference(
    synapse: kn.Synapse, stimulus: kn.Protocol | kn.Waveform, names: Sequence[str], samples: Array
) -> dict[str, Array]:
    """Return readouts and states of the model that `simulate` runs, by its engine, at tight tolerance."""
    model = dataclasses.replace(synapse.model(stimulus), readouts=tuple(names))
    pauses = simulate.pauses(float(samples[-1]), simulate.event_times(stimulus))
    values = engine.run(model, samples, pauses, rtol=1e-9, expected=lambda _: {})
    return dict(zip(names, values.T, strict=True))


def errors(found: Mapping[str, Array], right: Mapping[str, Array], least: float = 1e-12) -> dict[str, float]:
    """Return the largest error of each trace, of its largest value; the latter is at least `least`."""
    return {
        name: float(np.abs(found[name] - trace).max() / max(least, np.abs(trace).max()))
        for name, trace in right.items()
    }


def shown(model: Model, of: str) -> list[str]:
    """Return states and readouts of a model that are in the text of a mechanism, too."""
    declared = set(re.findall(r"^    (\w+) \(\S+\)", of, flags=re.MULTILINE))
    return [name for name in dict.fromkeys((*model.readouts, *model.initial)) if name in declared]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("written")
    for name, synapse in SYNAPSES.items():
        synapse.export(folder / f"{name}.mod")
    return {path.stem: path.read_text("ascii") for path in folder.glob("*.mod")}


@pytest.fixture(scope="module")
def compiled(neuron: None, texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled")
    for name, text in (texts | {"everything": nmodl_blocks.blocks("everything", everything())}).items():
        (folder / f"{name}.mod").write_text(text, "ascii")
    return translated(folder)


# ---- NEURON runs what `simulate` runs


def test_calcium_of_the_cell_drives_it(compiled: Path, texts: dict[str, str]) -> None:
    names = shown(SPINE.model(RECORDED), texts["kinase"])
    assert len(names) > 60
    assert {"weight", "CaMKII_active", "Ca"} <= set(names)
    samples = np.linspace(0, 30, 300) + 0.0137
    right = reference(SPINE, RECORDED, names, samples)
    assert np.ptp(right["weight"]) > 0.005
    found = run(compiled, "kinase", names, samples, calcium=played(RECORDED, 30))
    assert max(errors(found, right).values()) < 3e-7
    assert found["weight"][0] == pytest.approx(1, abs=1e-9)  # six digits of its baseline would not do


def test_presynaptic_spikes_release(compiled: Path, texts: dict[str, str]) -> None:
    protocol = kn.tetanus("50 Hz", "400 ms")
    names = shown(BOUTON.model(protocol), texts["vesicles"])
    assert {"weight", "docked", "facilitation", "release", "PPR"} <= set(names)
    samples = np.linspace(0, 20, 2001) + 0.0037
    right = reference(BOUTON, protocol, names, samples)
    assert np.ptp(right["docked"]) > 1
    found = run(compiled, "vesicles", names, samples, pre=protocol.spike_times("pre"))
    assert max(errors(found, right).values()) < 5e-6
    assert "USEION" not in texts["vesicles"]


def test_presynaptic_spikes_bring_glutamate(compiled: Path, texts: dict[str, str]) -> None:
    protocol = kn.low_frequency("5 Hz", pulses=5)
    names = shown(GLUTAMATE.model(protocol), texts["glutamate"])
    assert {"Glu", "mGluR5_Glu", "DAG", "Ca_pre", "weight"} <= set(names)
    assert not {"AMPAR_open", "NMDAR_open", "bAP_onset", "V_EPSP", "Ca_NMDAR"} & set(names)
    samples = np.unique(
        np.concatenate([np.linspace(0, 14, 200) + 0.0137, 10.2 + np.linspace(0.0003, 0.05, 100)])
    )
    right = reference(GLUTAMATE, protocol, names, samples)
    assert right["Glu"].max() > 500
    found = run(compiled, "glutamate", names, samples, pre=protocol.spike_times("pre"))
    assert max(errors(found, right).values()) < 5e-6


def test_fixed_step_leaves_negative_states_as_they_are(compiled: Path, texts: dict[str, str]) -> None:
    """NEURON sets negative states of a KINETIC block to zero when the step is fixed."""
    names = shown(STORES.model(RECORDED), texts["stores"])
    recorded = kn.Waveform(
        [0.0, 0.5, 1.5, 2.0], [0.05, 2.0, 2.0, 0.05], unit="uM", time_unit="s", max_step="2 s"
    )
    samples = np.linspace(0.5, 13, 51)
    right = reference(STORES, recorded, names, samples)
    assert right["Ca_store"].min() < -1e-3
    found = run(compiled, "stores", names, samples, calcium=played(recorded, 13), atol=None, dt=0.5)
    assert max(errors(found, right).values()) < 5e-4


def test_numbers_may_be_set_for_an_instance(compiled: Path) -> None:
    """Those that follow from them, such as how pCaMKII lets go of calmodulin, are computed anew."""
    names, samples = ["CaMKII_active", "pCaMKII_off_C2N2", "weight"], np.linspace(0, 20, 50) + 0.0137
    edits = kn.edit("T286_rate", "3 1/s", acute=True), kn.edit("CaMKII_trapping", "20", acute=True)
    changed = SPINE.with_(*edits)
    right = reference(changed, RECORDED, names[:1], samples)
    numbers = {"T286_rate": 3.0, "CaMKII_trapping": 20.0}
    calcium = played(RECORDED, 20)
    found = run(compiled, "kinase", names, samples, calcium=calcium, numbers=numbers)
    assert max(errors(found, right).values()) < 1e-7
    as_it_was = run(compiled, "kinase", names, samples, calcium=calcium)
    assert errors(as_it_was, right)["CaMKII_active"] > 0.01
    assert found["pCaMKII_off_C2N2"][0] != as_it_was["pCaMKII_off_C2N2"][0]


def test_a_cell_away_from_rest_is_told(compiled: Path) -> None:
    said = "kinase: cai is 0.0002 mM, but the initial state is that of rest at 0.0001 mM\n"
    calcium = np.array([0.0, 2.0]), np.array([0.2, 0.2])
    found = run(compiled, "kinase", ["Ca"], np.array([0.5]), calcium=calcium, said=said)
    assert found["Ca"] == pytest.approx(0.2)


@pytest.mark.parametrize("name", ["kinase", "glutamate"])
def test_example_of_the_head_runs(compiled: Path, texts: dict[str, str], name: str) -> None:
    code = re.findall(r"^    (.*)$", texts[name].partition("In Python")[2].partition("Publications")[0], re.M)
    assert code[0] == "from neuron import h"
    printed = python(compiled, "\n".join([*code, "print(time[-1], min(weight), max(weight))"]))
    end, low, high = map(float, printed.split())
    assert 100000 < end <= 120000
    assert low < 1 < high or high - low > 1e-4


# ---- all that a network may have

NAMED = nmodl_names.safe(
    [
        *("box", "t", "v", "AG", "DAG", "w", "x"),  # compartment, number, states
        *("pair", "back", "level", "gain", "tau", "kick", "double", "tall", "push"),
    ],
    states=("v", "AG", "DAG", "w", "x"),
)


def everything() -> Network:
    """Return a network with taken names, choices, roots, dimers, catalysts, and spikes of both sides."""

    def math(text: str) -> ast.expr:
        return nmodl_math.tree(libsbml.parseL3Formula(text), NAMED, "test")

    def number(value: float, unit: str) -> Parameter:
        return Parameter(value=value, unit=unit, source="assumed: for the test")

    return Network(
        numbers={
            "box": number(2.0, "fL"),
            "t_": number(3.0, "1/s"),
            "pair": number(2.0, "1/uM/s"),
            "back": number(0.7, "1/s"),
            "level": number(0.5, "uM"),
            "gain": number(4.0, "uM/s"),
            "tau": number(0.2, "s"),
            "kick": number(1.0, "uM"),
            "double_": Parameter(formula="2*t", unit="1/s", source="derived: for the test"),
        },
        formulas={
            "double_": math("2*t"),
            "tall": math("sqrt(AG*level)"),
            "push": math("piecewise(gain, AG > level && !(v < w), -gain)"),
        },
        states={"v_": 0.0, "AG": 1.0, "DAG_": 0.2, "w": 0.4, "x": 0.1},
        homes=dict.fromkeys(("v_", "AG", "DAG_", "w"), "box"),
        rates={"x": math("push - x/tau")},
        reactions=(
            Reaction("dimerise", ("AG", "AG"), ("DAG_",), math("box*(pair*AG^2 - back*DAG)")),
            Reaction("clear", ("DAG_",), (), math("box*double*DAG")),
            Reaction("catalyse", ("v_", "w"), ("w", "AG"), math("box*pair*v*w")),
            Reaction("make", (), ("v_",), math("box*back*level")),
            Reaction("turn", ("w",), ("v_",), math("box*back*(level - level*exp(-w/level))")),
        ),
        spikes={
            "pre": {"AG": math("AG + kick"), "x": math("x - kick*AG/level")},
            "post": {"w": math("w + tall")},
        },
        calcium=None,
        units=dict.fromkeys(("v_", "AG", "DAG_", "w", "x", "tall"), "uM") | {"push": "uM/s"},
        meanings={"AG": "a molecule"},
        renamed={},
    )


def everything_by_hand(pre: float, post: float, samples: Array) -> dict[str, Array]:
    """Return the same, integrated by SciPy from one spike to the next."""

    def rates(_: float, y: Array) -> list[float]:
        v, ag, dag, w, x = y
        dimerise, catalyse = 2 * ag**2 - 0.7 * dag, 2 * v * w
        turn = 0.7 * (0.5 - 0.5 * np.exp(-w / 0.5))
        push = 4.0 if ag > 0.5 and not v < w else -4.0
        clear = 2 * 3.0 * dag
        return [
            0.35 + turn - catalyse,
            catalyse - 2 * dimerise,
            dimerise - clear,
            -turn,
            push - x / 0.2,
        ]

    y, now, parts = np.array([0.0, 1.0, 0.2, 0.4, 0.1]), 0.0, []
    for then in (pre, post, samples[-1] + 1e-9):
        inside = samples[(samples > now) & (samples < then)]
        course = solve_ivp(
            rates, (now, then), y, t_eval=[*inside, then], rtol=1e-9, atol=1e-11, max_step=2e-3
        )
        parts.append(course.y[:, : inside.size])
        y, now = course.y[:, -1], then
        if now == pre:
            y = y + np.array([0, 1, 0, 0, -y[1] / 0.5])
        elif now == post:
            y = y + np.array([0, 0, 0, np.sqrt(y[1] * 0.5), 0])
    found = dict(zip(("v_", "AG", "DAG_", "w", "x"), np.hstack(parts), strict=True))
    return found | {"tall": np.sqrt(found["AG"] * 0.5)}


def test_all_that_a_network_may_have(compiled: Path) -> None:
    samples = np.linspace(0.0037, 3.0037, 301)
    right = everything_by_hand(1.0, 2.0, samples)
    assert right["x"].min() < -1
    assert right["x"].max() > 0.4
    found = run(compiled, "everything", list(right), samples, pre=[1.0], post=[2.0])
    assert max(errors(found, right).values()) < 3e-6
    fixed = run(compiled, "everything", list(right), samples.round(3), pre=[1.0], post=[2.0], atol=None)
    right = everything_by_hand(1.0, 2.0, samples.round(3))
    assert max(errors(fixed, right).values()) < 2e-4


def test_statements_of_a_network() -> None:
    found = list(nmodl_kinetics.statements(everything()))
    assert found[:4] == [
        "~ 2 AG <-> DAG_ (box * pair, box * back)",
        "~ DAG_ -> (box * double_)",
        "~ v_ + w <-> w + AG (box * pair, 0)",
        "~ v_ << (box * back * level)",
    ]
    assert found[-2:] == [
        "~ x_raised << (push + 1 / tau * 1000.0 (uM))",
        "~ x_raised -> (1 / tau)",
    ]


# ---- units


def test_units_are_consistent(neuron: None, texts: dict[str, str], tmp_path: Path) -> None:
    """NEURON's modlunit, which also sees that a thousand milliseconds are a second."""
    texts = texts | {"everything": nmodl_blocks.blocks("everything", everything())}
    for name, text in texts.items():
        assert unit_problems(name, text, tmp_path) == ""
    wrong = texts["kinase"].replace("COMPARTMENT (1000)*spine", "COMPARTMENT spine")
    assert "inconsistent reaction units" in unit_problems("wrong", wrong, tmp_path)


def unit_problems(name: str, text: str, folder: Path) -> str:
    (folder / f"{name}.mod").write_text(text, "ascii")
    done = subprocess.run(
        [str(TOOLS / "modlunit"), f"{name}.mod"], cwd=folder, capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr).replace(f"Checking units of {name}.mod", "").strip()


# ---- whole presets, which take a minute to compile


@pytest.mark.slow
def test_whole_synapse_in_a_pairing(neuron: None, tmp_path: Path) -> None:
    """What is recorded of a run's calcium, with its spikes, gives the run's weight in NEURON."""
    synapse, protocol = kn.Synapse.preset("ca1"), kn.stdp("10 ms", pairs=5, rate="1 Hz")
    synapse.export(tmp_path / "ca1.mod")
    text = (tmp_path / "ca1.mod").read_text("ascii")
    assert unit_problems("ca1", text, tmp_path) == ""
    assert "cai does not tell Ca_NMDAR and Ca_VGCC, so" in text
    translated(tmp_path)
    names = shown(synapse.model(protocol), text)
    assert len(names) > 200
    close = np.array([*np.arange(0, 0.06, 1e-4), *np.arange(0.06, 1, 1e-3)])
    even = [0.0, *np.linspace(0.0137, 60, 1201)]  # and no sample on a spike
    grid = np.unique([*even, *(simulate.event_times(protocol)[:, None] + close + 1.37e-5).ravel()])
    parts = ("Ca_NMDAR", "Ca_VGCC")
    run_here = reference(synapse, protocol, [*dict.fromkeys([*names, "Ca", *parts])], grid)
    keep = np.flatnonzero(np.diff(grid, prepend=-1) > 5e-4)
    samples, right = grid[keep], {name: run_here[name][keep] for name in names}
    found = run(
        tmp_path,
        "ca1",
        names,
        samples,
        calcium=(grid, run_here["Ca"]),
        parts={name: (grid, run_here[name]) for name in parts},
        pre=protocol.spike_times("pre"),
        post=protocol.spike_times("post"),
        atol=1e-2,  # as it is in NEURON unless set
    )
    wrong = errors(found, right, least=1e-9)
    assert wrong.pop("scaling_change") < 1e-2  # of 1e-9, with 1000 added to it
    assert wrong["weight"] < 2e-5
    assert wrong["CaMKII_active"] < 1e-4
    assert max(wrong.values()) < 1e-3


@pytest.mark.slow
def test_every_preset_compiles_and_stays_at_rest(neuron: None, tmp_path: Path) -> None:
    presets = ("ca1", "l5", "l23", "striatum")
    for name in presets:
        kn.Synapse.preset(name).export(tmp_path / f"{name}.mod")
        assert unit_problems(name, (tmp_path / f"{name}.mod").read_text("ascii"), tmp_path) == ""
    translated(tmp_path)
    for name in presets:
        found = run(tmp_path, name, ["weight", "CaMKII_active"], np.array([1.0, 3600.0]))
        assert found["weight"] == pytest.approx(1, abs=1e-6)
        assert found["CaMKII_active"][1] == pytest.approx(found["CaMKII_active"][0], rel=1e-5)
