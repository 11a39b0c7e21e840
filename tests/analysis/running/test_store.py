"""A study with a store: stopped in any way it goes on, and its table is that of one that was not."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis.running import batches, identity, ledger, store, workers
from kinaptic.errors import KinapticWarning, StoreError

PAIRING = kn.stdp("10 ms", pairs=2, rate="2 Hz")
OVER = {"delay": ["-10 ms", "10 ms", "20 ms"], "distance": [f"{d} um" for d in range(20, 120, 5)]}
READOUTS = ("weight", "peak Ca")


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def undisturbed(ca1: kn.Synapse) -> kn.Scan:
    return kn.scan(ca1, PAIRING, OVER, until="15 s", readouts=READOUTS)


@pytest.fixture(scope="module")
def full(ca1: kn.Synapse, undisturbed: kn.Scan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with the whole study in it."""
    folder = tmp_path_factory.mktemp("stores") / "full"
    made = kept(ca1, folder)
    assert same(made, undisturbed)
    return folder


@pytest.fixture
def copy(full: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(full, tmp_path / "copy"))


def kept(synapse: kn.Synapse, folder: Path, over: Any = None, **options: Any) -> kn.Scan:
    varied = OVER if over is None else over
    return kn.scan(synapse, PAIRING, varied, until="15 s", readouts=READOUTS, store=folder, **options)


def same(one: kn.Scan, other: kn.Scan) -> bool:
    """Return whether two tables are the same to the last byte, what is attached to them included."""
    return pickle.dumps((one.table, one.table.attrs)) == pickle.dumps((other.table, other.table.attrs))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which every point that is run is added."""
    ran: list[int] = []
    real = batches.compute

    def compute(rows: Any, plan: Any) -> Any:
        ran.extend(rows.tolist())
        return real(rows, plan)

    monkeypatch.setattr(workers, "compute", compute)
    return ran


def test_what_is_done_is_not_done_again(
    ca1: kn.Synapse, copy: Path, undisturbed: kn.Scan, counted: list[int]
) -> None:
    assert same(kept(ca1, copy), undisturbed)
    assert counted == []


def test_more_points_run_only_what_is_new(
    ca1: kn.Synapse, copy: Path, undisturbed: kn.Scan, counted: list[int]
) -> None:
    more = {"distance": [*OVER["distance"], "150 um"], "delay": ["10 ms", "-10 ms"]}
    made = kept(ca1, copy, more)
    assert len(counted) == 2
    both = made.table.merge(undisturbed.table, on=["delay", "distance"], suffixes=("", "_before"))
    assert len(both) == 40
    assert (both["weight"] == both["weight_before"]).all()


def test_failures_are_kept_but_not_those_of_the_clock(
    ca1: kn.Synapse, tmp_path: Path, counted: list[int]
) -> None:
    over = {"calcium_out": ["0 mM", "2 mM"]}
    first = kept(ca1, tmp_path / "s", over)
    assert "VGCC_reversal" in first.table["status"][0]
    assert same(kept(ca1, tmp_path / "s", over), first)
    assert counted == [0, 1]
    long = kn.stdp("10 ms", pairs=60, rate="1 Hz")
    for limit in ("1 ms", None):
        made = kn.scan(ca1, long, {"pairs": [50, 60]}, until="40 min", store=tmp_path / "s", time_limit=limit)
        assert (made.table["status"] == "ok").all() == (limit is None)
    assert len(counted) == 6


def test_points_that_are_alike_are_all_in_the_table(ca1: kn.Synapse, tmp_path: Path) -> None:
    over = [
        {"genotype": None},
        {"genotype": kn.inhibit("pka", by=0.0)},
        {"genotype": kn.overexpress("PKA", 1.0)},
    ]
    for _ in range(2):
        made = kept(ca1, tmp_path / "s", over)
        assert made.table["weight"].nunique() == 1
        assert list(made.table["status"]) == ["ok"] * 3


# ---- Damage
def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[40 : len(content) // 2] = b"x" * (len(content) // 2 - 40)
    path.write_bytes(content)


def test_a_damaged_shard_is_run_again(
    ca1: kn.Synapse, copy: Path, undisturbed: kn.Scan, counted: list[int]
) -> None:
    shards = sorted((copy / "shards").glob("*.parquet"))
    damage(shards[0])
    shards[1].unlink()
    with pytest.warns(KinapticWarning, match=r"a shard was damaged .* its [48] runs are run again") as said:
        assert same(kept(ca1, copy), undisturbed)
    assert len(said) == 2
    assert len(counted) in (12, 16)  # the last shard is half as long
    assert len(list((copy / "shards").glob("*.damaged-1"))) == 1
    ran = len(counted)
    assert same(kept(ca1, copy), undisturbed)
    assert len(counted) == ran


def test_a_damaged_ledger_is_made_again_from_the_shards(
    ca1: kn.Synapse, copy: Path, undisturbed: kn.Scan, counted: list[int]
) -> None:
    damage(copy / "ledger.sqlite")
    with pytest.warns(KinapticWarning, match="ledger was damaged .* made again .* nothing is lost"):
        assert same(kept(ca1, copy), undisturbed)
    assert counted == []
    assert (copy / "ledger.sqlite.damaged-1").exists()
    (copy / "ledger.sqlite").unlink()
    assert same(kept(ca1, copy), undisturbed)
    assert counted == []


def test_a_damaged_page_of_the_ledger_is_seen(ca1: kn.Synapse, copy: Path, undisturbed: kn.Scan) -> None:
    path = copy / "ledger.sqlite"
    content = path.read_bytes()
    size = int.from_bytes(content[16:18])
    assert len(content) > 3 * size
    for page in range(1, len(content) // size):
        path.write_bytes(content[: page * size] + b"\xff" * size + content[(page + 1) * size :])
        with pytest.warns(KinapticWarning, match="its ledger was damaged"):
            assert same(kept(ca1, copy), undisturbed), page


def test_a_ledger_of_another_version_is_refused(ca1: kn.Synapse, copy: Path) -> None:
    base = sqlite3.connect(copy / "ledger.sqlite")
    base.execute(f"pragma user_version = {ledger.FORMAT + 1}")
    base.close()
    with pytest.raises(StoreError, match=r"another version of Kinaptic wrote it .* or give another folder"):
        kept(ca1, copy)


def test_a_folder_that_is_none_of_a_store_is_left_alone(ca1: kn.Synapse, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(StoreError, match="other things in it; give an empty one, or a new name"):
        kept(ca1, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(StoreError, match="that is a file; give a folder"):
        kept(ca1, tmp_path / "thesis.tex")


# ---- Processes
SCRIPT = """
import os, resource, sys
import kinaptic as kn
from kinaptic.errors import KinapticError
{before}
try:
    made = kn.scan(
        kn.Synapse.preset("ca1"), kn.stdp("10 ms", pairs=2, rate="2 Hz"), {over!r}, until="15 s",
        readouts={readouts!r}, store={folder!r}, progress=False,
    )
    print(made)
except KinapticError as why:
    print(type(why).__name__, why)
"""


def started(folder: Path, before: str = "") -> subprocess.Popen[str]:
    code = SCRIPT.format(folder=str(folder), over=OVER, readouts=READOUTS, before=before)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=120)[0].strip()


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition() and process.poll() is None:
        time.sleep(0.002)


def test_kill_9_loses_only_what_was_under_way(
    ca1: kn.Synapse, tmp_path: Path, undisturbed: kn.Scan, counted: list[int]
) -> None:
    folder = tmp_path / "s"
    shards = folder / "shards"
    killed = 0
    for wanted in (1, 3, 4):
        process = started(folder)
        wait_for(lambda wanted=wanted: len(list(shards.glob("*.parquet"))) >= wanted, process)  # type: ignore[misc]
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        said(process)
    assert killed == 3
    there = 8 * len(list(shards.glob("*.parquet")))
    assert 32 <= there < len(undisturbed.table)
    assert same(kept(ca1, folder), undisturbed)
    assert len(counted) == len(undisturbed.table) - there


def test_a_shard_that_the_ledger_does_not_know_is_not_lost(
    ca1: kn.Synapse, copy: Path, undisturbed: kn.Scan, counted: list[int]
) -> None:
    """A process was killed between the two writes."""
    base = sqlite3.connect(copy / "ledger.sqlite")
    (shard,) = base.execute("select shard from runs limit 1").fetchone()
    base.execute("delete from runs where shard = ?", (shard,))
    base.commit()
    base.close()
    assert same(kept(ca1, copy), undisturbed)
    assert counted == []


def test_two_processes_share_the_work(ca1: kn.Synapse, tmp_path: Path, undisturbed: kn.Scan) -> None:
    folder = tmp_path / "s"
    before = "from kinaptic.analysis.running import workers\nreal = workers.compute\n"
    before += "def counting(rows, plan):\n    print(len(rows)); return real(rows, plan)\n"
    before += "workers.compute = counting\n"
    both = [said(each).split("\n") for each in [started(folder, before), started(folder, before)]]
    assert [lines[-1] for lines in both] == [repr(undisturbed)] * 2
    ran = [sum(map(int, lines[:-1])) for lines in both]
    assert sum(ran) == len(undisturbed.table)  # none twice
    assert same(kept(ca1, folder), undisturbed)


def test_runs_of_a_process_that_died_are_taken_over(
    ca1: kn.Synapse, copy: Path, undisturbed: kn.Scan
) -> None:
    shutil.rmtree(copy / "shards")
    (copy / "ledger.sqlite").unlink()
    (copy / "shards").mkdir()
    made = ledger.Ledger(copy / "ledger.sqlite")
    made.claim([key for key in identity.of_runs(undisturbed.plan) if key], "999-dead", lambda _: False)
    made.close()
    assert same(kept(ca1, copy), undisturbed)


def test_a_full_disk_is_said_and_loses_nothing(ca1: kn.Synapse, tmp_path: Path, undisturbed: kn.Scan) -> None:
    """A limit on the size of files makes the system refuse a write, as a full disk does."""
    limit = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "from kinaptic.analysis.running import shards\nreal, done = shards.write, []\n"
    limit += "def write(*given):\n    done.append(1)\n"
    limit += "    if len(done) == 3: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))\n"
    limit += "    return real(*given)\nshards.write = write\n"
    found = said(started(tmp_path / "s", limit))
    assert found.startswith("StoreError"), found
    assert "the disk is full" in found
    assert "what was done is safe: mend it and run again" in found
    assert len(list((tmp_path / "s" / "shards").glob("*"))) == 2  # and no half file
    assert same(kept(ca1, tmp_path / "s"), undisturbed)


@pytest.mark.parametrize("inside", [False, True])
def test_a_folder_that_cannot_be_written_is_said(copy: Path, tmp_path: Path, inside: bool) -> None:
    before = "import kinaptic.analysis.running.store\nwarm = {'delay': ['10 ms']}\n"
    before += "kn.scan(kn.Synapse.preset('ca1'), kn.stdp('10 ms', 2, rate='2 Hz'), warm, until='15 s')\n"
    before += "if os.getuid() == 0: os.setuid(65534)\n"  # nothing is forbidden to root
    for each in [copy, *copy.rglob("*")]:
        each.chmod(0o555 if each.is_dir() else 0o444)
    if os.getuid() == 0:  # let the other user come this far
        for parent in [tmp_path, *tmp_path.parents][:3]:
            parent.chmod(0o755)
    found = said(started(copy if inside else copy / "new", before))
    for each in [copy, *copy.rglob("*")]:
        each.chmod(0o755)
    assert found.startswith("StoreError"), found
    assert "cannot be written" in found


def test_ten_thousand_rows_come_back_from_a_few_shards(ca1: kn.Synapse, tmp_path: Path) -> None:
    """How long it takes is measured by `make bench`; here that nothing is built or run."""
    folder = tmp_path / "s"
    over = {"AC1_total": [f"{0.1 + i / 1000:.3f} uM" for i in range(100)], "delay": ["10 ms"]}
    first = kept(ca1, folder, over, rtol=1e-5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "of_runs", None)
        assert same(kept(ca1, folder, over, rtol=1e-5), first)
    pd.testing.assert_frame_equal(first.table, kept(ca1, folder, over, rtol=1e-5).table)


LIMITED = """
import kinaptic as kn
made = kn.scan(kn.Synapse.preset("ca1"), kn.stdp("10 ms", 60, rate="1 Hz"), {{"pairs": list(range(50, 66))}},
               until="40 min", store={folder!r}, time_limit="1 ms", progress=False)
print(len(made.table), made.table["status"].str.contains("over the time limit").sum())
"""


def test_two_processes_do_not_wait_for_what_neither_keeps(tmp_path: Path) -> None:
    """Runs that the clock stopped are left to others, who find the same."""
    code = LIMITED.format(folder=str(tmp_path / "s"))
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [said(each) for each in both] == ["16 16"] * 2


def test_a_shard_that_somebody_has_mended_meanwhile_is_used(ca1: kn.Synapse, copy: Path) -> None:
    shard = sorted((copy / "shards").glob("*.parquet"))[0]
    sound = shard.read_bytes()
    with store.opened(copy) as one:
        damage(shard)
        real = one.ledger.forget

        def mended(name: str, set_aside: Callable[[], bool]) -> int | None:
            shard.write_bytes(sound)  # the other process was first
            return real(name, set_aside)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(one.ledger, "forget", mended)
            found = one._read(shard.name)
    assert found is not None
    assert found.keys
    assert shard.exists()


def test_any_damage_of_the_ledger_is_seen(ca1: kn.Synapse, copy: Path, undisturbed: kn.Scan) -> None:
    path, random = copy / "ledger.sqlite", np.random.default_rng(0)
    content = path.read_bytes()
    for _ in range(25):
        broken = bytearray(content)
        start = int(random.integers(0, len(content) - 200))
        broken[start : start + 200] = random.bytes(200)
        path.write_bytes(broken)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", KinapticWarning)
            assert same(kept(ca1, copy), undisturbed)
        for each in copy.glob("ledger.sqlite*"):
            each.unlink()


def test_points_that_are_alike_are_run_once(ca1: kn.Synapse, tmp_path: Path, counted: list[int]) -> None:
    over = {"drug": [None, "AM251"], "dose": [f"{i} uM" for i in range(24)]}
    made = kept(ca1, tmp_path / "s", over)
    assert (made.table["status"] == "ok").all()
    assert len(counted) == 24  # nothing given, 24 times, and AM251 at 0 are one point


def test_what_others_raise_is_not_taken_for_the_store(ca1: kn.Synapse, tmp_path: Path) -> None:
    def broken(*_: int) -> None:
        raise ConnectionError("mine")

    with pytest.raises(ConnectionError, match="mine"):
        kept(ca1, tmp_path / "s", progress=broken)
    with pytest.raises(StoreError, match="give a folder"):
        kept(ca1, tmp_path / "a\0b")
    with pytest.raises(StoreError, match="store=5: give a folder"):
        kn.scan(ca1, PAIRING, OVER, store=5)  # type: ignore[arg-type]
