"""What is kept on disk between sessions: model structures, compiled models, equilibrated baselines.

An entry is a file named after the hash of everything that it follows from, so that it never grows
stale and two processes that make it at once write the same bytes. A file is written under another
name and then renamed, and begins with a checksum: what is damaged is made again, never used.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

_SUFFIX = ".bin"
_MOST = 400  # entries of a kind; compiled models take about a megabyte each


def folder() -> Path:
    """Return the cache's folder: ``KINAPTIC_CACHE``, or the user's cache directory."""
    chosen = os.environ.get("KINAPTIC_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("kinaptic"))


def key(*parts: str) -> str:
    """Return the hash of some texts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:".encode())
        digest.update(part.encode())
    return digest.hexdigest()


def remember(kind: str, entry: str, make: Callable[[], bytes]) -> bytes:
    """Return an entry, from disk if it is there and sound, else made and kept.

    Parameters
    ----------
    kind : str
        Sort of entry, a sub-folder: ``"compiled"``.
    entry : str
        Its `key`, over everything that it follows from.
    make : callable
        Makes it.

    Returns
    -------
    bytes
        A cache that cannot be read or written is gone without.
    """
    path = folder() / kind / f"{entry}{_SUFFIX}"
    kept = _read(path)
    if kept is not None:
        return kept
    made = make()
    with contextlib.suppress(OSError):  # read-only home, full disk: the work is done all the same
        _write(path, made)
    return made


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
        os.utime(path)  # the entries used least recently go first
    except OSError:
        return None
    checksum, payload = content[:32], content[32:]
    return payload if hashlib.sha256(payload).digest() == checksum else None


def _write(path: Path, payload: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        Path(name).replace(path)
    except BaseException:  # Ctrl-C included: leave no half file behind
        Path(name).unlink(missing_ok=True)
        raise
    _prune(path.parent)


def _prune(kind: Path) -> None:
    entries = list(kind.glob(f"*{_SUFFIX}"))
    if len(entries) <= _MOST:
        return
    ages = []
    for each in entries:
        with contextlib.suppress(OSError):  # another process was faster
            ages.append((each.stat().st_mtime, each))
    for _, each in sorted(ages)[: len(ages) - _MOST]:
        each.unlink(missing_ok=True)


@functools.cache
def source(*files: str) -> str:
    """Return the hash of some source files: what other code made is another entry."""
    return key(*(Path(file).read_text(encoding="utf-8") for file in files))


@functools.cache
def processor() -> str:
    """Return a mark of this processor: compiled models hold machine code for its features."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        features = next(line for line in lines if line.startswith(("flags", "Features")))
    except (OSError, StopIteration):
        features = platform.processor()
    return hashlib.sha256(f"{platform.machine()} {features}".encode()).hexdigest()[:16]
