"""The command line: what it prints where, its exit codes, its files, and its ear for Ctrl-C."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import kinaptic as kn
from kinaptic import __version__, console
from kinaptic.cli import app
from kinaptic.errors import KinapticError
from kinaptic.options import synapse_of
from kinaptic.pathways import calls
from kinaptic.pathways.conditions import conditions
from kinaptic.sbml.synapse import Synapse

PAIRINGS = "stdp('10 ms', 3, rate='5 Hz')"
SHORT = ["run", "ca1", "-p", PAIRINGS, "--until", "1 min"]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_run_prints_a_table() -> None:
    result = call(*SHORT)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "3 pairings at 5 Hz, post 10 ms after pre"
    assert lines[1].startswith("ca1 (calcium, ")
    for name in ("weight at the end", "peak calcium", "active CaMKII", "active PKA", "active calcineurin"):
        assert any(name in line for line in lines), result.stdout
    assert result.stderr == ""


def test_run_lasts_until_an_hour_after_the_protocol() -> None:
    result = call("run", "ca1", "-p", "gap('1 s') + stdp('10 ms', 1, rate='1 Hz')", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["recipe"]["until"] == pytest.approx(found["protocol_end"] + 3600)
    assert {"weight_30min", "weight_60min"} <= set(found["summary"])
    assert "weight_end" not in found["summary"]


def test_json_is_one_object() -> None:
    result = call(
        *SHORT, "--json", "--knockout", "pka", "--inhibit", "CaMKII=90%", "--set", "distance=150 um"
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["perturbations"] == ["pka knocked out", "CaMKII inhibited by 90%, from the start of the run"]
    assert set(found["summary"]) == {
        "weight_end", "W_pre_end", "W_post_end", "PPR_end",
        "peak_Ca", "peak_CaMKII_active", "peak_CaN_active", "peak_PP1_active",
    }  # fmt: skip
    assert set(found["units"]) >= set(found["summary"])
    assert 0 < found["share"]["peak_CaMKII_active"] < 1
    assert len(found["weight"]["time"]) == len(found["weight"]["value"]) == 200
    assert found["weight"]["value"][0] == pytest.approx(1, abs=1e-9)
    assert {"model", "engine", "kinaptic", "rtol"} <= set(found["recipe"])


def test_files_carry_units_and_recipe(tmp_path: Path) -> None:
    table, figure = tmp_path / "x.csv", tmp_path / "x.svg"
    result = call(*SHORT, "--without", "ampar", "--out", str(table), "--plot", str(figure))
    assert result.exit_code == 0, result.output
    assert "without ampar" in result.stdout
    assert f"Traces: {table}" in result.stderr
    assert figure.read_text("utf-8").startswith("<?xml")
    recipe = json.loads(table.read_text("utf-8").splitlines()[0].removeprefix("# "))
    assert recipe["protocol"] == "3 pairings at 5 Hz, post 10 ms after pre"
    traces = pd.read_csv(table, comment="#", index_col=0)
    assert traces.index.name == "time (s)"
    assert traces.index[-1] == pytest.approx(60)
    assert {"Ca (uM)", "V_spine (mV)", "CaMKII_active (uM)"} <= set(traces.columns)


def test_waveform(tmp_path: Path) -> None:
    file = tmp_path / "spine.csv"
    rows = [(t, 70 + 900 * math.exp(-(t - 100) / 60) * (t >= 100)) for t in range(0, 1000, 2)]
    file.write_text("time,Ca\n" + "\n".join(f"{t},{c:.3f}" for t, c in rows), "utf-8")
    refused = call("run", "ca1", "--waveform", str(file), "--until", "1 min")
    assert refused.exit_code == 2
    assert "unit" in refused.stderr
    units = ("--unit", "nM", "--time-unit", "ms")
    result = call("run", "ca1", "--waveform", str(file), *units, "--until", "1 min")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Recorded calcium spine: 0.998 s, peak 0.97 µM")


def test_export(tmp_path: Path) -> None:
    file = tmp_path / "model.xml"
    assert call("export", "ca1", str(file), "-p", PAIRINGS, "--knockout", "pka").exit_code == 0
    assert 'level="3" version="2"' in file.read_text("utf-8")
    on_stdout = call("export", "ca1", "-", "-p", PAIRINGS, "--knockout", "pka")
    assert on_stdout.stdout == file.read_text("utf-8") + "\n"


def test_pathways() -> None:
    everything = call("pathways").stdout
    assert "ca1" in everything
    assert "camkii" in everything
    one = call("pathways", "pp1").stdout
    for text in ("PP1_total", "uM", "inhibitor-1", "uniprot:", "when absent", "assumed:"):
        assert text in one
    assert "calcium_out" in call("pathways", "l5").stdout


def test_pathways_show_what_they_collect_and_add() -> None:
    assert "release_gain" in call("pathways", "bouton").stdout
    lines = call("pathways", "nitric_oxide").stdout.splitlines()
    assert any(line.split() == ["refill_gain", "NO_refill_gain*NO_mark", "bouton"] for line in lines)


def test_a_pathway_can_be_added() -> None:
    assert "[Rodrigues2023]" in call("cite", "ca1", "--also", "buffer").stdout
    refused = call("cite", "ca1", "--also", "bufer")
    assert refused.exit_code == 2
    assert "did you mean buffer" in refused.output


def test_cite() -> None:
    cited = call("cite", "ca1").stdout
    assert "doi:10." in cited
    without = call("cite", "ca1", "--without", "pka").stdout
    assert set(without.splitlines()) < set(cited.splitlines())


def test_conditions() -> None:
    lines = call("conditions").stdout.splitlines()
    assert lines[0].split() == ["condition", "what", "it", "is", "changes", "found", "in"]
    for name, each in conditions().items():
        (line,) = [line for line in lines if line.split()[:1] == [name]]
        assert each.title.split()[0] in line
    assert "kinaptic conditions NAME" in lines[-1]


def test_a_condition_is_shown_with_what_differs_and_who_found_it() -> None:
    result = call("conditions", "aged")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "aged: Aged CA1 (rat of two years)"
    assert "Found in ca1." in result.stdout
    (head,) = [i for i, line in enumerate(lines) if line.split()[:2] == ["number", "times"]]
    words = " ".join(" ".join(lines[head:]).split())
    for change in conditions()["aged"].changes:
        (line,) = [line for line in lines[head:] if line.startswith(change.target)]
        assert line.split()[1] == f"{change.factor:g}"
        assert f"{change.source}; {change.note}" in words
    assert "Reese2008" not in words  # of another condition


def test_conditions_come_before_knockouts_and_those_before_drugs() -> None:
    options = ("--drug", "AM251=1 uM", "--knockout", "pka", "--condition", "aged")
    result = call("run", "ca1", *options, "--until", "10 s", "--engine", "ensemble", "--json")
    assert (result.exit_code, result.stderr) == (0, "")  # aged was found in ca1: nothing to warn of
    found = json.loads(result.stdout)
    done = (*kn.condition("aged"), kn.knockout("pka"), kn.drug("AM251", "1 uM"))
    synapse = Synapse.preset("ca1").with_(*done)
    assert found["perturbations"] == [str(each) for each in done]
    given = synapse_of("ca1", condition=["aged"], knockout=["pka"], drug=["AM251=1 uM"])
    assert given == synapse  # with the sources of its numbers
    run = kn.simulate(synapse, until="10 s", engine="ensemble")
    assert found["rest"]["peak_CaN_active"] == pytest.approx(float(run.traces["CaN_active"].iloc[0]))
    plain = kn.simulate(Synapse.preset("ca1"), until="10 s", engine="ensemble")
    assert found["rest"]["peak_CaN_active"] > 1.05 * float(plain.traces["CaN_active"].iloc[0])


def test_several_conditions_in_the_order_given() -> None:
    names = ["juvenile", "amyloid"]
    wanted = [change for name in names for change in kn.condition(name)]
    assert synapse_of("ca1", condition=names) == Synapse.preset("ca1").with_(*wanted)


def test_a_condition_of_another_cell_type_is_a_warning_and_no_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ("--condition", "huntington", "--condition", "amyloid", "--condition", "huntington")
    result = call("export", "ca1", "-", *given)
    assert result.exit_code == 0
    assert result.stderr == "Warning: huntington was found in striatum, not in ca1\n"
    assert result.stdout.startswith("<?xml")
    synapse_of("striatum", condition=["huntington"])
    assert capsys.readouterr().err == ""
    synapse_of("striatum", condition=["juvenile"])
    assert capsys.readouterr().err == "Warning: juvenile was found in ca1, l5, l23, not in striatum\n"


def test_what_is_refused_is_not_warned_of_besides() -> None:
    result = call("run", "ca1", "--condition", "huntington", "--without", "bdnf")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert "MEK_TrkB" in line


def test_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Synapse, "check", lambda _synapse: ["a cycle is open"])
    found = call("check", "ca1")
    assert (found.exit_code, found.stdout) == (1, "a cycle is open\n")
    monkeypatch.setattr(Synapse, "check", lambda _synapse: [])
    clean = call("check", "l5", "--without", "pka")
    assert clean.exit_code == 0
    assert "without pka" in clean.stdout


@pytest.fixture
def experiments(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Replace the experiments by three rows; return the ids that were asked for."""
    from kinaptic.analysis.experiments import rows

    asked: list[tuple[str, ...]] = []

    def validate(ids: Any = (), *, progress: Any = None, slow: bool = True) -> pd.DataFrame:
        asked.append(tuple(ids))
        progress(1, 3, "V1")
        return pd.DataFrame(
            {
                "id": ["V1", "V2.ec50", "V3"],
                "title": ["one", "two", "three"],
                "unit": ["uM", "1", "1"],
                "expected": [0.62, [1.1, None], [1.0, 2.0]],
                "tolerance": [0.1, 0.0, 0.0],
                "got": [0.6, 0.9, float("nan")],
                "pass": [True, False, False],
                "verified": ["R", "abs", "calc"],
                "source": ["A", "B", "C"],
                "reason": ["", "", "SimulationFailed: at 3 s"],
            }
        ).set_index("id")

    monkeypatch.setattr(rows, "validate", validate)
    return asked


def test_validate_lists_misses(experiments: list[tuple[str, ...]]) -> None:
    result = call("validate", "V1", "V2")
    assert result.exit_code == 0, result.output
    assert experiments == [("V1", "V2")]
    for text in ("0.62 ± 0.1 µM", "≥ 1.1", "1 to 2", "MISS", "SimulationFailed", "1 of 3 rows pass."):
        assert text in result.stdout
    assert call("validate", "--strict").exit_code == 1


def test_validate_json(experiments: list[tuple[str, ...]]) -> None:
    rows = json.loads(call("validate", "--json").stdout)["rows"]
    assert [row["id"] for row in rows] == ["V1", "V2.ec50", "V3"]
    assert all({"id", "expected", "tolerance", "got", "pass", "verified"} <= set(row) for row in rows)
    assert [row["pass"] for row in rows] == [True, False, False]
    assert rows[2]["got"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "ca3"], "did you mean ca1"),
        (["run", "ca1", "-p", "stpd('1 ms', 2, rate='1 Hz')"], "did you mean stdp"),
        (["run", "ca1", "--knockout", "pkaa"], "did you mean pka"),
        (["run", "ca1", "--condition", "age"], "unknown condition 'age': did you mean aged?"),
        (["conditions", "fragilex"], "unknown condition 'fragilex': did you mean fragile_x?"),
        (["run", "ca1", "--set", "distance=150"], "write '150 um'"),
        (["run", "ca1", "--set", "distance"], "NAME=VALUE"),
        (["run", "ca1", "--inhibit", "PKA=lots"], "not a number"),
        (["run", "ca1", "--inhibit", "PKA=1.5"], "from 0 to 1"),
        (["run", "ca1", "--overexpress", "CaMKII=0"], "positive factor"),
        (["run", "ca1", "--clamp", "Ca=1"], "no unit"),
        (["run", "ca1", "--out", "x.txt"], ".csv"),
        (["run", "ca1", "--plot", "not-there/x.png"], "no folder"),
        (["run", "ca1", "--waveform", "not-there.csv"], "no such file"),
        (["run", "ca1", "--waveform", "x.csv", "-p", PAIRINGS], "one of them"),
        (["run", "ca1", "--unit", "uM"], "--waveform"),
        (["run", "ca1", "--until", "5"], "no unit"),
        (["run", "ca1", "--rtol", "0.1"], "rtol"),
        (["pathways", "camk"], "did you mean camkii"),
        (["export", "ca1", "model.doc"], ".xml"),
        (["cite", "ca1", "--without", "darpp32"], "unknown pathway of this synapse"),
    ],
)
def test_what_goes_wrong_is_one_message(arguments: list[str], message: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["run", "pathways", "conditions", "check", "cite", "validate", "export"])
def test_help_has_an_example(command: str) -> None:
    text = call(command, "--help").stdout
    assert "For example:" in text
    assert f"kinaptic {command} " in text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("stdp(delay='10 ms', pairs=60, rate='1 Hz')", "60 pairings at 1 Hz, post 10 ms after pre"),
        ("kn.stdp('10 ms', 60, rate='1 Hz')", "60 pairings at 1 Hz, post 10 ms after pre"),
        ("spikes(pre=[0, '20 ms'], post=[0.03])", "2 pre and 1 post spikes in 30 ms"),
        (
            "(tetanus('100 Hz', '1 s') + gap('10 min')) + low_frequency('1 Hz', 900)",
            "100 pulses at 100 Hz, then 10 min of silence, then 900 pulses at 1 Hz; 3 inputs together",
        ),
    ],
)
def test_protocols_are_read(text: str, printed: str) -> None:
    assert str(calls.protocol(text)) == printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read"),
        ("stdp(delay=10 ms)", "in quotes"),
        ("stdp('10 ms', 60, rate='1 Hz'", "cannot read"),
        ("(" * 500, "cannot read"),
        ("gap('1 s')" + " + gap('1 s')" * 5000, ""),
        ("stdp", "needs its arguments: stdp(delay, pairs, *, rate, "),
        ("stdp('10 ms')", "missing a required argument: 'pairs'"),
        ("stdp('10 ms', 60, '1 Hz')", "too many positional arguments"),
        ("stdp(dealy='10 ms')", "did you mean delay?"),
        ("gap(duration='1 s', duration='2 s')", "given twice"),
        ("gap(**{'duration': '1 s'})", "write every argument out"),
        ("2 * gap('1 s')", "joined by + only"),
        ("gap(open('x'))", "not a plain value"),
        ("gap(f'{1} s')", "not a plain value"),
        ("__import__('os').system('true')", "unknown protocol"),
        ("gap.__class__('1 s')", "unknown protocol"),
        ("[gap('1 s')][0]", "is not a protocol"),
        ("lambda: 0", "is not a protocol"),
        ("Waveform.read('x.csv')", "--waveform FILE"),
        ("stdp(delay=10, pairs=60, rate='1 Hz')", "has no unit"),
    ],
)
def test_what_is_no_protocol_is_refused(text: str, message: str) -> None:
    with pytest.raises(KinapticError) as raised:
        calls.protocol(text)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (3.2001, "uM", "3.20 µM"),
        (0.0707, "uM", "70.7 nM"),
        (0.0, "uM", "0 µM"),
        (12345.6, "1", "12346"),
        (1.234e-7, "1", "1.23e-07"),
        (-70.0, "mV", "-70.0 mV"),
    ],
)
def test_numbers_are_readable(value: float, unit: str, text: str) -> None:
    assert console.quantity(value, unit) == text


def test_version_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kinaptic", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"kinaptic {__version__}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no fork: Ctrl-C is heard between spikes only")
def test_ctrl_c_is_heard_while_the_simulator_holds_the_lock() -> None:
    # PyDLL keeps Python's lock, as roadrunner does
    busy = "print('ready', flush=True), ctypes.PyDLL(None).sleep(60)"
    code = f"import ctypes, sys; from kinaptic import interrupt; sys.exit(interrupt.run(lambda: ({busy})[1]))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline() == b"ready\n"
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=30) == 130
        assert program.stderr.read() == b"Stopped by Ctrl-C.\n"
