"""The README holds: its Python runs as it stands, its commands exist, its table is what the demo prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kinaptic.cli import app

BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
DEMO = ["run", "ca1", "--protocol", "stdp(delay='10 ms', pairs=60, rate='1 Hz')"]


@pytest.fixture(scope="module")
def readme(checkout: Path) -> str:
    return (checkout / "README.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [found["code"] for found in BLOCK.finditer(text) if found["language"] == language]


def test_python_runs(readme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "readme"}
    for number, code in enumerate(blocks(readme, "python"), start=1):
        exec(compile(code, f"README, Python block {number}", "exec"), names)  # noqa: S102
    assert {path.name for path in tmp_path.iterdir()} == {
        "pairing.png", "pka_ko.xml", "pka_ko.omex", "window.svg", "study.html", "results",
    }  # fmt: skip


def test_commands_exist(readme: str) -> None:
    lines = "\n".join(blocks(readme, "console")).splitlines()
    commands = {words[2] for line in lines if (words := line.split())[:2] == ["$", "kinaptic"]}
    assert commands == {
        "run", "pathways", "check", "cite", "export", "validate", "scan", "dose", "curve", "explore",
        "threshold", "conditions",
    }  # fmt: skip
    for command in commands:
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


def test_table_is_what_the_demo_prints(readme: str) -> None:
    shown = readme.partition("<!-- demo -->")[2].partition("```text\n")[2].partition("```")[0]
    printed = CliRunner().invoke(app, DEMO).stdout
    words = [re.split(r"\s+", text.strip()) for text in (shown, printed)]
    assert len(words[0]) == len(words[1]), printed
    for ours, theirs in zip(*words, strict=True):
        assert ours == theirs or float(ours.rstrip("%")) == pytest.approx(float(theirs.rstrip("%")), rel=0.02)


def test_links_lead_somewhere(readme: str, checkout: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", readme)
    assert targets
    assert [target for target in targets if not (checkout / target).exists()] == []
