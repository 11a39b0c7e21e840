"""Who is at work on a store: a lock file each, which the system lets go of when its process ends.

A process that is killed, by kill -9 as well, loses its lock with its life; so no clock and no guess
is needed to tell whether a run that somebody began is still under way.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from filelock import FileLock, Timeout

_SUFFIX = ".lock"


class Owner:
    """One process, as long as it works on a store.

    Parameters
    ----------
    folder : Path
        Where the lock files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._lock = FileLock(folder / f"{self.name}{_SUFFIX}")
        self._lock.acquire()
        for each in folder.glob(f"*{_SUFFIX}"):
            self.is_alive(each.stem)  # the traces of those that were killed go

    def leave(self) -> None:
        """Let go of the lock."""
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)

    def is_alive(self, name: str) -> bool:
        """Return whether another owner still works; the trace of one that does not is removed."""
        if name == self.name:
            return True
        path = self.folder / f"{name}{_SUFFIX}"
        if not path.exists():
            return False
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        path.unlink(missing_ok=True)
        return False
