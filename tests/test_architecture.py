"""Dependencies point one way, folders and modules stay what the layout says, and importing is light."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

# analysis → sbml → pathways → units → errors. The front door (cli, __init__) sees all and is seen by none.
RANK = {"version": 0, "errors": 0, "units": 1, "files": 1, "pathways": 2, "sbml": 3, "analysis": 4}
FRONT_DOOR = 5
# A run starts studies of itself, so that users find them where they look: decision 13. A PEtab problem is
# written as every other format, and takes its measurements from the table of experiments: decision 14.
LOOKS_UP = {
    ("kinaptic.sbml.run", "kinaptic.analysis.ablation"),
    ("kinaptic.sbml.run", "kinaptic.analysis.probes"),
    ("kinaptic.sbml.run", "kinaptic.analysis.screen"),
    ("kinaptic.sbml.export.petab", "kinaptic.analysis.petab"),
}
FOLDERS = ("src/kinaptic", "pathways", "sbml", "analysis")
HEAVY = {"pandas", "roadrunner", "pint", "matplotlib", "scipy", "tellurium"}
NOT_OURS = {".git", ".hypothesis", ".venv", "build", "dist", "__pycache__"}
# A folder that only one machine has. Web addresses and shebangs do not match.
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])(?:/(?:home|Users|root|work|opt|mnt|tmp)/\w|[A-Z]:\\\w|file:/{2}/)")


def imports(source: str) -> Iterator[tuple[str, int]]:
    """Yield every module that `source` imports, and by how many dots.

    Imports inside functions and under ``TYPE_CHECKING`` count: a dependency put off, or seen by
    the type checker only, still ties two folders together.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, 0
        elif isinstance(node, ast.ImportFrom):
            if node.module == "kinaptic":  # from kinaptic import units
                for alias in node.names:
                    yield f"kinaptic.{alias.name}", 0
            else:
                yield node.module or "", node.level


def rank(module: str) -> int:
    """Return the rank of ``kinaptic.…``."""
    parts = module.split(".")
    return RANK.get(parts[1], FRONT_DOOR) if len(parts) > 1 else FRONT_DOOR


def complaints(source: str, module: str) -> list[str]:
    """Return what is wrong with the imports of `module`."""
    found = []
    for name, dots in imports(source):
        if dots > 1:
            found.append(f"{module} imports from a parent folder by dots; write kinaptic.…")
        elif (module, name) in LOOKS_UP:
            continue
        elif dots == 0 and name.split(".")[0] == "kinaptic" and rank(name) > rank(module):
            found.append(f"{module} imports {name}, which is above it")
        elif dots == 0 and name.split(".")[0] in ("pathways", "sbml", "analysis"):
            found.append(f"{module} imports {name}, which is there in a checkout only; write kinaptic.{name}")
    return found


def modules(checkout: Path) -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    found = {}
    for folder in FOLDERS:
        base = checkout / folder
        for path in python_files(base):
            stem = path.relative_to(base).with_suffix("").parts
            root = ("kinaptic",) if folder == "src/kinaptic" else ("kinaptic", folder)
            found[".".join(root + stem)] = path
    return found


def files(base: Path) -> Iterator[Path]:
    """Yield the files of the project below `base`, without following symlinks."""
    for folder, inner, names in os.walk(base):
        inner[:] = [d for d in inner if d not in NOT_OURS and not d.endswith(("_cache", ".egg-info"))]
        yield from (Path(folder, name) for name in names)


def python_files(base: Path) -> list[Path]:
    """Return the Python files below `base`, in order."""
    return sorted(path for path in files(base) if path.suffix == ".py")


def test_dependencies_point_one_way(checkout: Path) -> None:
    found = modules(checkout)
    assert {"kinaptic.errors", "kinaptic.units", "kinaptic.pathways.pathway"} <= set(found)
    assert [c for name, path in found.items() for c in complaints(path.read_text("utf-8"), name)] == []


@pytest.mark.parametrize(
    "source",
    [
        "import kinaptic.sbml",
        "from kinaptic.analysis.figures import draw",
        "from kinaptic import sbml",
        "from kinaptic import Synapse",
        "import kinaptic",
        "from ..sbml import assemble",
        "import sbml.assemble",
        "def f():\n    from kinaptic.sbml import assemble",
        "if TYPE_CHECKING:\n    from kinaptic.sbml.synapse import Synapse",
    ],
)
def test_a_pathway_may_not_look_up(source: str) -> None:
    assert len(complaints(source, "kinaptic.pathways.camkii")) == 1


def test_a_pathway_may_look_down_and_sideways() -> None:
    below = "from kinaptic import errors, units\nimport re\n"
    beside = "from . import protocols\nimport kinaptic.pathways.pathway\n"
    assert complaints(below + beside, "kinaptic.pathways.camkii") == []


def test_every_package_is_listed(checkout: Path) -> None:
    settings = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    packages = {name.rpartition(".")[0]: path.parent for name, path in modules(checkout).items()}
    with_init = {name: where for name, where in packages.items() if (where / "__init__.py").exists()}
    mapped = {name: checkout / where for name, where in settings["package-dir"].items()}
    assert sorted(settings["packages"]) == sorted(mapped)
    assert mapped == with_init
    assert packages == with_init, "a folder with modules lacks its __init__.py"


def test_modules_are_short(checkout: Path) -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in python_files(checkout)}
    assert [f"{path.name}: {n} lines" for path, n in lengths.items() if n >= 500] == []


def test_no_file_names_a_machine(checkout: Path) -> None:
    found = []
    for path in files(checkout):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:  # a picture
            continue
        found += [f"{path.relative_to(checkout)}: {m[0]}" for m in MACHINE_PATH.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", ["see /{}/me/x", "'/{}/x.csv'", "open(/{}/a)"])
@pytest.mark.parametrize("folder", ["home", "Users", "tmp"])
def test_machine_paths_are_recognised(text: str, folder: str) -> None:
    assert MACHINE_PATH.search(text.format(folder))
    assert not MACHINE_PATH.search(f"https://example.org/{folder}/x")


def test_constraints_pin_versions_and_nothing_else(checkout: Path) -> None:
    lines = (checkout / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_import_is_light() -> None:
    code = "import sys, kinaptic; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert HEAVY & set(loaded.split()) == set()
