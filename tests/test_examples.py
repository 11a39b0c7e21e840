"""The examples run as they stand, from an empty folder, and write what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kinaptic.analysis import study_file

SCRIPTS = ("protocol", "perturbations", "dose_response", "export")


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_runs(name: str, checkout: Path, tmp_path: Path) -> None:
    script = checkout / "examples" / f"{name}.py"
    text = script.read_text(encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout
    written = re.findall(r'(?:savefig|report|Path)\("(.*?)"', text)
    assert written
    assert all((tmp_path / each).stat().st_size > 1000 for each in written)
    assert all(f"{each}" in text.split('"""')[1] for each in written), "its head says what it writes"


def test_there_is_one_for_each_script_of_the_readme(checkout: Path) -> None:
    found = sorted(path.stem for path in (checkout / "examples").glob("*.py"))
    assert found == sorted(SCRIPTS)


def test_the_study_file_is_understood(checkout: Path) -> None:
    read = study_file.read(checkout / "examples" / "study.yaml")
    assert len(read.over["genotype"]) == 3  # type: ignore[call-overload]
