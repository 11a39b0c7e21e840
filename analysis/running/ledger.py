"""The ledger of a store: which runs are done and in which shard, and which somebody is at.

SQLite in WAL mode: a transaction is there as a whole or not at all, whenever its process is killed,
and several processes may write. Numbers are in the shards; all that the ledger knows of runs that
are done can be read off them again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from kinaptic.analysis.running.identity import SIZE

FORMAT = 1
_WAIT = 60.0  # s for another process to end its transaction
_AT_ONCE = 500  # keys of a query
_TABLES = (
    "create table if not exists runs "
    "(key blob primary key, shard text not null, place integer not null) without rowid",
    "create index if not exists by_shard on runs (shard)",
    "create table if not exists claims (key blob primary key, owner text not null) without rowid",
    "create table if not exists studies (study blob primary key, keys blob not null) without rowid",
)


class OtherFormat(Exception):
    """A ledger that another version of Kinaptic wrote."""


class Ledger:
    """A ledger, open.

    Parameters
    ----------
    path : Path
        Its file, made if it is not there.

    Raises
    ------
    OtherFormat
        If another version wrote it so that this one cannot read it.
    sqlite3.DatabaseError
        If it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
        self._base.text_factory = lambda text: text.decode("utf-8", "replace")  # of a damaged page
        try:
            (state,) = self._base.execute("pragma integrity_check(1)").fetchone()
            if state != "ok":
                raise sqlite3.DatabaseError(state.splitlines()[-1])
            (found,) = self._base.execute("pragma user_version").fetchone()
            if found not in (0, FORMAT):
                raise OtherFormat(f"its format is {found}; this version of Kinaptic reads {FORMAT}")
            self._base.execute("pragma journal_mode = wal")
            self._base.execute(
                "pragma synchronous = full"
            )  # a power cut loses no run that was said to be done
            with self._transaction():
                for each in _TABLES:
                    self._base.execute(each)
                self._base.execute(f"pragma user_version = {FORMAT}")
        except BaseException:
            self._base.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("begin immediate")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has ended it already
                self._base.execute("rollback")
            raise
        self._base.execute("commit")

    def done(self, keys: Sequence[bytes]) -> dict[bytes, tuple[str, int]]:
        """Return shard and place in it of those runs that are done."""
        rows = self._select("select key, shard, place from runs where key in", keys)
        return {key: (shard, place) for key, shard, place in rows}

    def _select(self, start: str, keys: Sequence[bytes]) -> Iterator[tuple[bytes, str, int]]:
        for first in range(0, len(keys), _AT_ONCE):
            some = keys[first : first + _AT_ONCE]
            yield from self._base.execute(f"{start} ({','.join('?' * len(some))})", some)

    def record(self, shard: str, keys: Iterable[bytes]) -> None:
        """Write down that a shard holds these runs, in this order; nobody is at them any more."""
        rows = [(key, shard, place) for place, key in enumerate(keys)]
        with self._transaction():
            self._base.executemany("insert or replace into runs values (?, ?, ?)", rows)
            self._base.executemany("delete from claims where key = ?", [(key,) for key, *_ in rows])

    def claim(self, keys: Sequence[bytes], owner: str, is_alive: Callable[[str], bool]) -> list[bytes]:
        """Take on those runs that are not done, and that nobody is at, ourselves included; return them."""
        with self._transaction():
            done = self.done(keys)
            rows = self._base.execute("select key, owner from claims").fetchall()
            dead = {each for each in {each for _, each in rows} if each != owner and not is_alive(each)}
            self._base.executemany("delete from claims where owner = ?", [(each,) for each in dead])
            taken = {key for key, each in rows if each not in dead}
            mine = [key for key in dict.fromkeys(keys) if key not in done and key not in taken]
            self._base.executemany("insert or replace into claims values (?, ?)", [(k, owner) for k in mine])
        return mine

    def release(self, owner: str, keys: Iterable[bytes] | None = None) -> None:
        """Give up what an owner took on and did not finish, all or some."""
        with self._transaction():
            if keys is None:
                self._base.execute("delete from claims where owner = ?", (owner,))
            else:
                rows = [(owner, key) for key in keys]
                self._base.executemany("delete from claims where owner = ? and key = ?", rows)

    def forget(self, shard: str, set_aside: Callable[[], bool]) -> int | None:
        """Strike out the runs of a shard, and return how many there were.

        `set_aside` is called while nobody else can write; if it returns False, for somebody else
        has mended the shard meanwhile, nothing is struck out, and None returned.
        """
        with self._transaction():
            if not set_aside():
                return None
            return self._base.execute("delete from runs where shard = ?", (shard,)).rowcount

    def shards(self) -> set[str]:
        """Return the shards that it knows."""
        return {shard for (shard,) in self._base.execute("select distinct shard from runs")}

    def study(self, study: bytes) -> list[bytes] | None:
        """Return the runs of a study that was written down, in the order of its table."""
        row = self._base.execute("select keys from studies where study = ?", (study,)).fetchone()
        if row is None:
            return None
        return [row[0][first : first + SIZE] for first in range(0, len(row[0]), SIZE)]

    def write_study(self, study: bytes, keys: Iterable[bytes]) -> None:
        """Write down which runs a study has."""
        with self._transaction():
            row = (study, b"".join(keys))
            self._base.execute("insert or replace into studies values (?, ?)", row)
