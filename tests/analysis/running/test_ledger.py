"""The ledger: what is done, who is at what, and that two never are at the same."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kinaptic.analysis.running.ledger import FORMAT, Ledger, OtherFormat
from kinaptic.analysis.running.owners import Owner

KEYS = [bytes([i]) * 32 for i in range(4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_runs_that_are_recorded_are_done_for_everybody(path: Path) -> None:
    one, other = Ledger(path), Ledger(path)
    assert one.done(KEYS) == {}
    one.record("a.parquet", KEYS[:2])
    assert other.done(KEYS) == {KEYS[0]: ("a.parquet", 0), KEYS[1]: ("a.parquet", 1)}
    assert other.shards() == {"a.parquet"}
    assert other.forget("a.parquet", lambda: False) is None  # somebody has mended it
    assert len(one.done(KEYS)) == 2
    assert other.forget("a.parquet", lambda: True) == 2
    assert one.done(KEYS) == {}
    one.close()
    other.close()


def test_it_is_written_ahead_and_brought_to_the_disk(path: Path) -> None:
    made = Ledger(path)
    assert made._base.execute("pragma journal_mode").fetchone() == ("wal",)
    assert made._base.execute("pragma synchronous").fetchone() == (2,)
    made.close()


def test_what_somebody_is_at_is_left_alone(path: Path) -> None:
    one, other = Ledger(path), Ledger(path)
    assert one.claim([*KEYS[:3], KEYS[0]], "one", lambda _: True) == KEYS[:3]
    assert one.claim(KEYS[:3], "one", lambda _: True) == []  # by itself as well
    assert other.claim(KEYS, "other", lambda _: True) == KEYS[3:]
    one.record("a.parquet", KEYS[:1])
    one.release("one", KEYS[1:2])
    assert other.claim(KEYS, "other", lambda _: True) == KEYS[1:2]
    assert other.claim(KEYS, "other", lambda name: name != "one") == KEYS[2:3]  # one has died
    other.release("other")
    assert one.claim(KEYS, "one", lambda _: True) == KEYS[1:]
    one.close()
    other.close()


def test_a_study_is_written_down_once(path: Path) -> None:
    made = Ledger(path)
    assert made.study(b"s") is None
    made.write_study(b"s", KEYS)
    made.write_study(b"s", KEYS)
    assert made.study(b"s") == KEYS
    made.close()


def test_more_keys_than_a_query_takes(path: Path) -> None:
    made, many = Ledger(path), [i.to_bytes(32) for i in range(2345)]
    made.record("a.parquet", many)
    assert made.done(many) == {key: ("a.parquet", i) for i, key in enumerate(many)}
    made.close()


def test_another_format_is_refused(path: Path) -> None:
    base = sqlite3.connect(path)
    base.execute(f"pragma user_version = {FORMAT + 1}")
    base.close()
    with pytest.raises(OtherFormat, match=f"its format is {FORMAT + 1}; this version .* reads {FORMAT}"):
        Ledger(path)


def test_what_is_no_ledger_is_refused(path: Path) -> None:
    path.write_text("this is not a database, although it is long enough to be one " * 40)
    with pytest.raises(sqlite3.DatabaseError):
        Ledger(path)


def test_an_owner_lives_as_long_as_its_process(tmp_path: Path) -> None:
    code = "import sys\nfrom pathlib import Path\nfrom kinaptic.analysis.running.owners import Owner\n"
    code += "one = Owner(Path(sys.argv[1]))\nprint(one.name, flush=True)\nsys.stdin.read()\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    mine = Owner(tmp_path)
    assert mine.is_alive(mine.name)
    assert mine.is_alive(name)
    process.kill()
    process.communicate()
    assert not mine.is_alive(name)
    assert not mine.is_alive("never there")
    mine.leave()
    assert list(tmp_path.iterdir()) == []
