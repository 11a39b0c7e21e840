"""The commands that are studies: what they print where, what they write, and their exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import kinaptic as kn
from kinaptic.analysis import probes
from kinaptic.cli import app

PAIRING = ["-p", "stdp('10 ms', 3, rate='5 Hz')"]
STUDY = """\
format: 1
title: Two genotypes
synapse: ca1
protocol: stdp('10 ms', 3, rate='5 Hz')
over:
  genotype: [wild type, knockout('PKA')]
  delay: [-10 ms, 10 ms]
until: 12 s
readouts: [weight, peak Ca]
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, "utf-8")
    return path


def test_scan_prints_the_table_and_writes_files(study: Path, tmp_path: Path) -> None:
    endings = {"out": "csv", "plot": "svg", "report": "html"}
    files = {option: tmp_path / f"x.{ending}" for option, ending in endings.items()}
    options = [text for option, path in files.items() for text in (f"--{option}", str(path))]
    result = call("scan", str(study), "--store", str(tmp_path / "s"), *options)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["genotype", "delay", "(ms)", "weight", "peak", "Ca", "(µM)", "status"]
    assert len(lines) == 5
    assert lines[4].startswith("knockout('PKA')")
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["Table", "Figure", "Report"]
    recipe = json.loads(files["out"].read_text("utf-8").splitlines()[0].removeprefix("# "))
    assert recipe["points"] == 4
    table = pd.read_csv(files["out"], comment="#", index_col=0)
    assert list(table.columns) == ["genotype", "delay (ms)", "weight", "peak Ca (uM)", "status"]
    assert "<title>Two genotypes" in files["report"].read_text("utf-8")
    again = call("scan", str(study), "--store", str(tmp_path / "s"), "--json")
    found = json.loads(again.stdout)
    assert [row["weight"] for row in found["rows"]] == pytest.approx(list(table["weight"]), rel=1e-8)
    assert found["units"]["delay"] == "ms"


def test_a_mistake_is_one_line(study: Path) -> None:
    study.write_text(STUDY.replace("delay:", "dealy:"))
    result = call("scan", str(study))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"{study}, line 7: unknown key of over 'dealy': did you mean delay?" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "x.xls"], "--out x.xls: the ending says the format; it can be .csv, .parquet"),
        (["--report", "x.pdf"], "--report x.pdf: the ending says the format; it can be .html"),
        (["--plot", "gone/x.svg"], "--plot gone/x.svg: there is no folder gone"),
        (["--workers", "0"], "workers=0: give how many processes"),
        (["--workers", "some"], "workers='some': give how many processes"),
        (["--time-limit", "3"], "3"),
    ],
)
def test_options_are_checked(study: Path, options: list[str], said: str) -> None:
    result = call("scan", str(study), *options)
    assert result.exit_code == 2
    assert said in result.stderr


def large(path: Path) -> Path:
    values = ", ".join(f"{i} ms" for i in range(1, 1002))
    text = STUDY.replace("[-10 ms, 10 ms]", f"[{values}]\n  pairs: [{', '.join(map(str, range(1, 1001)))}]")
    path.write_text(text, "utf-8")
    return path


def test_a_very_large_one_is_asked_about(study: Path) -> None:
    result = call("scan", str(large(study)))
    assert result.exit_code == 2
    assert "has 2,002,000 points; if that is meant, say --yes" in result.stderr


def test_on_a_terminal_it_asks(study: Path) -> None:
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "kinaptic", "scan", str(large(study))],
        stdin=there, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.write(here, b"n\n")
    out, err = process.communicate(timeout=120)
    os.close(here)
    os.close(there)
    assert "has 2,002,000 points. Run them all? [y/N]" in err
    assert (out, process.returncode) == ("", 1)


def test_nothing_but_results_on_stdout_and_plain_lines_on_stderr(study: Path) -> None:
    """A pipe is no terminal: no bar, no colours."""
    process = subprocess.run(
        [sys.executable, "-m", "kinaptic", "scan", str(study), "--json", "--workers", "2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert len(json.loads(process.stdout)["rows"]) == 4
    assert "\x1b" not in process.stderr


def test_dose(tmp_path: Path) -> None:
    inhibitor = "inhibit('CaMKII', ic50='0.4 uM')"
    more = [*PAIRING, "--until", "2 min", "--plot", str(tmp_path / "d.pdf")]
    result = call("dose", "ca1", inhibitor, "1 nM .. 100 uM", *more)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].split() == ["dose", "(µM)", "weight", "status"]
    assert "EC50 0." in result.stdout.splitlines()[-1]
    few = call("dose", "ca1", "AM251", "1 nM, 1 uM", *PAIRING, "--until", "12 s")
    assert "No Hill curve: weight: 2 doses do not determine a Hill curve" in few.stdout
    other = ["--other", "KN-62", "--other-doses", "1 uM"]
    grid = call("dose", "ca1", "AP5", "1 uM, 10 uM", *other, *PAIRING, "--until", "12 s", "--json")
    assert len(json.loads(grid.stdout)["rows"]) == 6
    lacking = call("dose", "ca1", "AP5", "1 uM", "--other", "KN-62")
    assert "--other and --other-doses belong together" in lacking.stderr
    unknown = call("dose", "ca1", "AM25", "1 uM")
    assert "unknown drug 'AM25': did you mean AM251" in unknown.stderr


def test_screen() -> None:
    targets = ["--targets", "CaMKII", "--targets", "PKA"]
    result = call("screen", "ca1", *PAIRING, *targets, "--change", "knockout", "--until", "12 s")
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 3
    assert "unknown target 'CamKI'" in call("screen", "ca1", "--targets", "CamKI").stderr


def test_sensitivity() -> None:
    result = call("sensitivity", "ca1", *PAIRING, "--parameter", "CaMKII_total", "--until", "12 s", "--json")
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)["rows"]
    assert row["parameter"] == "CaMKII_total"
    assert "unknown method 'fast'" in call("sensitivity", "ca1", "--method", "fast").stderr


def test_curve(tmp_path: Path) -> None:
    figure = tmp_path / "c.svg"
    result = call("curve", "ca1", "distance", "--plot", str(figure), "--report", str(tmp_path / "c.html"))
    assert result.exit_code == 0, result.output
    assert "distance (µm)" in result.stdout
    assert figure.exists()
    assert (tmp_path / "c.html").exists()
    assert "unknown curve 'windw': did you mean window" in call("curve", "ca1", "windw").stderr


TETANUS = "tetanus('50 Hz', '0.5 s')"


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave two short probes of each family."""
    monkeypatch.setattr(probes, "FAMILIES", {"rates": ("20 Hz", "50 Hz"), "delays": ("-10 ms", "10 ms")})
    monkeypatch.setattr(probes, "PULSES", 60)
    monkeypatch.setattr(probes, "PAIRS", 5)


def rows_of(result: Result) -> pd.DataFrame:
    assert result.exit_code == 0, result.output
    return pd.DataFrame(json.loads(result.stdout)["rows"])


@pytest.mark.usefixtures("brief")
def test_threshold_at_rest_prints_the_table_and_writes_files(tmp_path: Path) -> None:
    out, figure = tmp_path / "x.csv", tmp_path / "x.svg"
    result = call("threshold", "ca1", "--out", str(out), "--plot", str(figure))
    assert result.exit_code == 0, result.output
    wanted = kn.threshold(kn.Synapse.preset("ca1"))
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["rate", "(Hz)", "weight", "calcium", "(µM)"]
    assert [line.split() for line in lines[1:-2]] == [
        [f"{each:.4g}" for each in row] for row in wanted.table.itertuples(index=False)
    ]
    assert lines[-1] == repr(wanted).strip("<>")
    said = result.stderr.splitlines()
    assert said[:2] == [f"Table: {out}", f"Figure: {figure}"]
    assert wanted.reason in result.stderr
    table = pd.read_csv(out, comment="#", index_col=0)
    assert list(table.columns) == ["rate (Hz)", "weight", "calcium (uM)"]
    assert table.to_numpy() == pytest.approx(wanted.table.to_numpy(), rel=1e-8)
    recipe = json.loads(out.read_text("utf-8").splitlines()[0].removeprefix("# "))
    assert recipe["over"] == "rate: 2 probes"
    assert figure.read_text("utf-8").startswith("<?xml")


@pytest.mark.usefixtures("brief")
def test_threshold_after_a_protocol_is_that_of_a_clone() -> None:
    run = kn.simulate(
        kn.Synapse.preset("ca1"), kn.tetanus("50 Hz", "0.5 s"), until="40 min", engine="ensemble"
    )
    found = {
        at: rows_of(call("threshold", "ca1", "--after", TETANUS, *(["--at", at] if at else []), "--json"))
        for at in ("", "5 min")
    }
    for at, rows in found.items():
        wanted = kn.threshold(run.clone(at or "30 min")).table
        assert list(rows) == list(wanted)
        assert rows.to_numpy() == pytest.approx(wanted.to_numpy(), rel=1e-6)
    assert abs(found[""]["weight"][1] - found["5 min"]["weight"][1]) > 1e-4


@pytest.mark.usefixtures("brief")
def test_threshold_of_a_changed_synapse_over_delays() -> None:
    given = ("--condition", "aged", "--knockout", "PKA")
    result = call("threshold", "ca1", *given, "--probes", "delays", "--json")
    aged = kn.Synapse.preset("ca1").with_(*kn.condition("aged"), kn.knockout("PKA"))
    wanted = kn.threshold(aged, "delays").table
    assert rows_of(result).to_numpy() == pytest.approx(wanted.to_numpy(), rel=1e-6)
    assert json.loads(result.stdout)["units"] == {"delay": "ms", "weight": "1", "calcium": "uM"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--at", "20 min"], "--at 20 min: needs --after PROTOCOL"),
        (["--after", TETANUS, "--at", "-5 min"], "--at -5 min: counts from the end of --after"),
        (["--after", TETANUS, "--at", "20"], "--at: '20' has no unit"),
        (["--after", TETANUS, "--at", "20 mV"], "--at: '20 mV' is in mV; expected a quantity in s"),
        (["--after", TETANUS, "--at", "inf min"], "--at: 'inf min' is not a finite number"),
        (["--after", TETANUS, "--at", ""], "--at: cannot read ''"),
        (["--after", "tetnus('50 Hz', '0.5 s')"], "unknown protocol 'tetnus': did you mean tetanus?"),
        (["--probes", "rate"], "unknown family of probes 'rate': did you mean rates?"),
        (["--out", "x.xls"], "--out x.xls: the ending says the format"),
        (["--plot", "gone/x.svg"], "--plot gone/x.svg: there is no folder gone"),
    ],
)
def test_what_does_not_fit_a_threshold_is_refused(
    monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.setattr("kinaptic.sbml.simulate.simulate", lambda *_, **__: pytest.fail("it ran"))
    result = call("threshold", "ca1", *options)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert f"Error: {said}" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_help_of_threshold() -> None:
    text = call("threshold", "--help").stdout
    assert "kinaptic threshold ca1 --after " in text
    assert "Needs --after." in " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("name", ["aged", "huntington_late"])  # of several changes, and of one
def test_a_condition_has_no_doses(name: str) -> None:
    result = call("dose", "ca1", f"condition('{name}')", "1, 2", *PAIRING)
    assert result.exit_code == 2
    said = f"AGENT condition('{name}'): an age or a disease has no doses; give it as --condition NAME"
    assert said in result.stderr


def test_explore_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinaptic.analysis.explore.find_spec", lambda _: None)
    result = call("explore")
    assert result.exit_code == 2
    assert "kinaptic explore needs marimo: pip install 'kinaptic[explore]'" in result.stderr
