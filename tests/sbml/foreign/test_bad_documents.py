"""No bad document takes this process down: each is refused, in words that help."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinaptic.errors import ForeignModelError, SimulationFailed
from kinaptic.sbml.foreign import intake, textfile, worker

BUILT = runpy.run_path(str(Path(__file__).with_name("bad_documents.py")))
BAD: list[Any] = list(BUILT["documents"]())
GOOD: str = BUILT["GOOD"]
EXPONENTIAL = BUILT["exponential"]


def runs(folder: Path) -> bool:
    """Return whether a good document is read as ever."""
    path = folder / "good.xml"
    path.write_text(GOOD, "utf-8")
    return intake.read(path).symbols["A"].value == 1.0


def test_the_battery_is_whole() -> None:
    assert len({each.name for each in BAD}) == len(BAD) >= 130


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_is_refused_in_words(bad: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("theirs.xml").write_bytes(bad.content)
    with pytest.raises(ForeignModelError, match=f"(?s){bad.words}") as refusal:
        intake.read("theirs.xml")
    said = str(refusal.value)
    assert "theirs.xml" in said or "missing.xml" in said
    assert len(said) < 1500, "a message is to be read"
    assert "ended without a result" not in said, "refused before it crashed something"


def test_good_documents_are_read_after_all_that(tmp_path: Path) -> None:
    assert runs(tmp_path)


# ---- What is no file with a document in it
def missing(folder: Path) -> Path:
    return folder / "missing.xml"


def a_folder(folder: Path) -> Path:
    return folder


def a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def a_loop(folder: Path) -> Path:
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop"


def a_dead_link(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "gone")
    return folder / "link"


def a_null_byte(folder: Path) -> Path:
    return folder / "a\0b.xml"


def a_very_long_name(folder: Path) -> Path:
    return folder / ("a" * 5000)


def a_device(folder: Path) -> Path:
    return Path("/dev/zero")


def a_large_file(folder: Path) -> Path:
    with (folder / "large.xml").open("wb") as file:
        file.truncate(100_000_000)  # sparse: no disk is filled, and reading it is what must not happen
    return folder / "large.xml"


def a_file_that_may_not_be_read(folder: Path) -> Path:
    path = folder / "secret.xml"
    path.write_text(GOOD, "utf-8")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    return path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes that have names")
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (missing, "No such file"),
        (a_folder, "is a folder"),
        (a_pipe, "no regular file"),
        (a_loop, "symbolic links"),
        (a_dead_link, "No such file"),
        (a_null_byte, "null"),
        (a_very_long_name, "name too long"),
        (a_device, "no regular file"),
        (a_large_file, "has 100 MB, and no more than 20 MB are read"),
        (a_file_that_may_not_be_read, "Permission denied"),
    ],
)
def test_no_file_is_refused(made: Callable[[Path], Path], words: str, tmp_path: Path) -> None:
    with pytest.raises(ForeignModelError, match=words):
        intake.read(made(tmp_path))


def test_a_large_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = a_large_file(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read"))
    with pytest.raises(ForeignModelError, match="100 MB"):
        textfile.read(path)


# ---- What does take a process down
@pytest.mark.parametrize("text", [BUILT["TWICE"], BUILT["law"](BUILT["LONG_SUM"])], ids=["twice", "sum"])
def test_roadrunner_crashes_in_the_child_only(text: str, tmp_path: Path) -> None:
    """What is refused before, given to roadrunner as it is."""
    with pytest.raises(SimulationFailed, match=r"ended without a result, by SIG\w+ .*this program goes on"):
        worker.call(eval, f"__import__('roadrunner').RoadRunner({text!r})")
    assert worker.call(eval, "6*7") == 42
    assert runs(tmp_path)


def test_a_crash_while_reading_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at depth, a long sum takes roadrunner down; the file is named all the same."""
    path = tmp_path / "long.xml"
    path.write_bytes(next(bad for bad in BAD if bad.name == "long sum").content)
    with monkeypatch.context() as patched:
        patched.setattr("kinaptic.sbml.foreign.outline.MOST_TERMS", 10**6)
        with pytest.raises(ForeignModelError, match=r"long\.xml: the process .*SIGSEGV .*program goes on"):
            intake.read(path)
    assert runs(tmp_path)


def test_what_takes_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions of which each calls another one twice: 2^40 terms."""
    path = tmp_path / "functions.xml"
    path.write_text(EXPONENTIAL(40), "utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(intake, "LONGEST", 0.5)
        with pytest.raises(ForeignModelError, match=r"functions\.xml: .* not done with it after 0\.5 s"):
            intake.read(path)
    assert runs(tmp_path)


@pytest.mark.slow
def test_what_takes_all_memory_is_given_up(tmp_path: Path) -> None:
    """Submodels of which each holds two of another: 2^30 models."""
    path = tmp_path / "submodels.xml"
    path.write_text(BUILT["doubling"](30), "utf-8")
    with pytest.raises(ForeignModelError, match=r"submodels\.xml: .*memory"):
        intake.read(path)
    assert runs(tmp_path)
