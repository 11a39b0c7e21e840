"""A store: a folder that keeps what came of runs, so that a study that was broken off goes on.

``ledger.sqlite`` says which runs are done and where, ``shards/`` hold what was read off them,
``owners/`` who is at work. Runs are known by what they are (`kinaptic.analysis.running.identity`),
so a store serves any number of studies, and a study that was extended runs only what is new.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np

from kinaptic.analysis.running import identity, shards
from kinaptic.analysis.running.ledger import Ledger, OtherFormat
from kinaptic.analysis.running.owners import Owner
from kinaptic.analysis.running.shards import Damaged, Results
from kinaptic.errors import KinapticWarning, StoreError

if TYPE_CHECKING:
    from kinaptic.analysis.running.plan import Plan

    Kept = dict[bytes, tuple[np.ndarray, str, str]]  # key → readouts, status, why alone

_P = ParamSpec("_P")
_T = TypeVar("_T")
_LEDGER = "ledger.sqlite"
_OUTSIDE = ("BUSY", "LOCKED", "READONLY", "CANTOPEN", "FULL", "IOERR")  # nothing is wrong with the ledger
_UNBUILT = bytes(identity.SIZE)  # stands for a point that cannot be built


def _explained(operation: Callable[_P, _T]) -> Callable[_P, _T]:
    """Turn what the system says during an operation of a store into what to do."""

    @functools.wraps(operation)
    def explained(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        path, safe = getattr(args[0], "folder", args[-1]), "what was done is safe: mend it and run again"
        try:
            return operation(*args, **kwargs)
        except StoreError:
            raise
        except OSError as why:
            if why.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StoreError(f"store {path}: the disk is full ({why.strerror}); {safe}") from None
            raise StoreError(f"store {path}: cannot be written ({why.strerror or why}); {safe}") from None
        except sqlite3.DatabaseError as why:
            raise StoreError(f"store {path}: {_said(why)}; {safe}") from None

    return explained


def _kind(why: sqlite3.DatabaseError) -> str:
    return str(getattr(why, "sqlite_errorname", "SQLITE_CORRUPT")).split("_")[1]


def _said(why: sqlite3.DatabaseError) -> str:
    match _kind(why):
        case "FULL" | "IOERR":
            return f"the disk is full, or fails ({why})"
        case "READONLY" | "CANTOPEN":
            return f"cannot be written ({why})"
        case "BUSY" | "LOCKED":
            return f"another process keeps its ledger locked ({why})"
    return f"its ledger was damaged meanwhile ({why})"


class Store:
    """A store, open; made by `opened`.

    Parameters
    ----------
    folder : Path
        Where it is.
    """

    @_explained
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _refuse_other(folder)
        self.shards = folder / "shards"
        owners = folder / "owners"
        for each in (folder, self.shards, owners):
            each.mkdir(parents=True, exist_ok=True)
        self.ledger = self._ledger()
        try:
            self.owner = Owner(owners)
            self._adopt()
        except BaseException:
            self.ledger.close()
            raise

    def close(self) -> None:
        """Leave it to others."""
        with contextlib.suppress(sqlite3.Error):  # a full disk: what was claimed dies with the owner's lock
            self.ledger.release(self.owner.name)
        self.ledger.close()
        self.owner.leave()

    @_explained
    def keys(self, plan: Plan) -> list[bytes | None]:
        """Return the identity of every point; read off the ledger where the study is known."""
        study = identity.of_study(plan)
        known = self.ledger.study(study)
        if known is not None and len(known) == len(plan.points):
            return [None if key == _UNBUILT else key for key in known]
        found = identity.of_runs(plan)
        self.ledger.write_study(study, (key or _UNBUILT for key in found))
        return found

    @_explained
    def load(self, keys: Sequence[bytes]) -> Kept:
        """Return what is kept of these runs; what is in damaged shards is struck out, and said."""
        done = self.ledger.done(keys)
        by_shard: dict[str, list[tuple[bytes, int]]] = {}
        for key, (shard, place) in done.items():
            by_shard.setdefault(shard, []).append((key, place))
        found: Kept = {}
        for shard, places in by_shard.items():
            kept = self._read(shard)
            if kept is not None:
                for key, place in places:
                    found[key] = (kept.numbers[place], kept.status[place], kept.alone[place])
        return found

    def _read(self, shard: str) -> Results | None:
        """Return what a shard holds; set it aside if it is damaged."""
        try:
            return shards.read(self.shards / shard)
        except Damaged as why:
            return self._set_aside(shard, str(why))

    @_explained
    def claim(self, keys: Sequence[bytes]) -> list[bytes]:
        """Take on those runs that are neither done nor under way elsewhere; return them."""
        return self.ledger.claim(keys, self.owner.name, self.owner.is_alive)

    @_explained
    def give_up(self, keys: Sequence[bytes]) -> None:
        """Leave runs that came to nothing to others."""
        self.ledger.release(self.owner.name, keys)

    @_explained
    def keep(self, results: Results) -> None:
        """Keep what came of runs, for good."""
        self.ledger.record(shards.write(self.shards, results), results.keys)

    def _ledger(self) -> Ledger:
        path = self.folder / _LEDGER
        try:
            return Ledger(path)
        except OtherFormat as why:
            raise StoreError(
                f"store {self.folder}: another version of Kinaptic wrote it ({why}); use that version, or "
                "give another folder"
            ) from None
        except sqlite3.DatabaseError as why:
            if _kind(why) in _OUTSIDE:
                raise
            self._move(path)
            warnings.warn(
                f"store {self.folder}: its ledger was damaged ({why}); it is set aside and made again from "
                "the shards, nothing is lost",
                KinapticWarning,
                stacklevel=2,
            )
            return Ledger(path)

    def _move(self, path: Path) -> Path:
        number = 1
        while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return aside

    def _adopt(self) -> None:
        """Write down shards that the ledger does not know: of a process killed between the two, or all."""
        known = self.ledger.shards()
        for path in shards.present(self.shards):
            if path.name not in known and (kept := self._read(path.name)) is not None:
                self.ledger.record(path.name, kept.keys)

    def _set_aside(self, shard: str, why: str) -> Results | None:
        """Set a damaged shard aside and say so; return what it holds if another process has mended it."""
        path, found, moved = self.shards / shard, [], []

        def still_damaged() -> bool:
            try:
                found.append(shards.read(path))
            except Damaged:
                if path.exists():
                    moved.append(self._move(path).name)
                return True
            return False

        runs = self.ledger.forget(shard, still_damaged)
        if runs is None:
            return found[0]
        aside = f"it is set aside as {moved[0]}, and " if moved else ""
        warnings.warn(
            f"store {self.folder}: a shard was damaged ({why}); {aside}its {runs} runs are run again",
            KinapticWarning,
            stacklevel=2,
        )
        return None


@contextlib.contextmanager
def opened(folder: str | Path) -> Iterator[Store]:
    """Open a store, made if it is not there.

    Raises
    ------
    StoreError
        If the folder is none of a store, cannot be written, the disk is full, or another version wrote it.
    """
    if not isinstance(folder, str | Path) or "\0" in str(folder):
        raise StoreError(f"store={folder!r}: give a folder")
    made = Store(Path(folder))
    try:
        yield made
    finally:
        made.close()


def _refuse_other(path: Path) -> None:
    """Refuse a file, and a folder that is none of a store."""
    if path.exists() and not path.is_dir():
        raise StoreError(f"store {path}: that is a file; give a folder")
    if path.is_dir() and any(path.iterdir()) and not (path / "shards").is_dir():
        raise StoreError(f"store {path}: the folder has other things in it; give an empty one, or a new name")
