"""What is installed is what the folders hold: modules, kinetics, numbers, bibliography, type marker."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib import metadata, resources
from pathlib import Path

import pytest

FOLDERS = {"src/kinaptic": "kinaptic"} | {
    name: f"kinaptic/{name}" for name in ("pathways", "sbml", "analysis")
}
SHIPPED = {".py", ".ant", ".j2", ".yaml", ".bib", ".csv", ".xml", ".typed"}


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the names in a wheel that is built from a copy, so that nothing stale gets in or stays."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(checkout / name, copy)
    for name in ("src", "pathways", "sbml", "analysis"):
        shutil.copytree(
            checkout / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(copy / "dist"),
        str(copy),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (copy / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_wheel_holds_every_module_and_data_file(checkout: Path, wheel: set[str]) -> None:
    expected = {
        path.name if path.parent == checkout else f"{inside}/{path.relative_to(checkout / folder).as_posix()}"
        for folder, inside in FOLDERS.items()
        for path in (checkout / folder).rglob("*")  # rglob does not enter the symlinks of src
        if path.is_file() and path.suffix in SHIPPED
    }
    assert "kinaptic/py.typed" in expected
    assert "kinaptic/pathways/references.bib" in expected
    assert {name for name in wheel if ".dist-info/" not in name} == expected


def test_wheel_takes_one_name_in_site_packages(wheel: set[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in wheel} == {"kinaptic"}


def test_every_installed_pathway_has_its_numbers() -> None:
    installed = {path.name for path in resources.files("kinaptic.pathways").iterdir()}
    assert "references.bib" in installed
    kinetics = {Path(name).stem for name in installed if name.endswith(".ant")}
    assert kinetics
    assert [k for k in kinetics if not {f"{k}.py", f"{k}.yaml"} <= installed] == []


def test_version_is_the_installed_one() -> None:
    import kinaptic

    assert kinaptic.__version__ == metadata.version("kinaptic")
