"""Results on disk: small Parquet files, each complete or not there at all.

A shard is written under another name, brought to the disk (fsync) and renamed, so that a process
that is killed leaves none that is half written. It is called by the hash of its bytes, so that damage
is seen. A shard says all about itself, which runs it holds and what was read off them, so that a
lost ledger can be made anew.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kinaptic.analysis.running.identity import SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SUFFIX = ".parquet"
FORMAT = b"1"
_FORMAT_KEY = b"kinaptic.shard"


class Damaged(Exception):
    """A shard that cannot be read; what it held is run again."""


@dataclass(frozen=True)
class Results:
    """What came of some runs.

    Attributes
    ----------
    keys : list of bytes
        Their identities.
    numbers : ndarray, shape (runs, readouts)
        What was read off them, NaN where a run failed.
    status : list of str
        ``"ok"``, or why a run failed.
    alone : list of str
        Why the ensemble could not run it, so that roadrunner did; empty where it could.
    """

    keys: list[bytes]
    numbers: Array
    status: list[str]
    alone: list[str]


def write(folder: Path, results: Results) -> str:
    """Write a shard and return its name, which is a hash of what is in it."""
    content = _packed(results)
    called = _name(content)
    descriptor, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(folder / called)
    except BaseException:  # Ctrl-C included: leave no half file behind
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync(folder)
    return called


def _packed(results: Results) -> bytes:
    texts = (results.status, results.alone)
    columns = [pa.array(results.keys, pa.binary(SIZE)), *(pa.array(each, pa.string()) for each in texts)]
    columns += [pa.array(column) for column in results.numbers.T]
    names = ["key", "status", "alone", *(f"r{i}" for i in range(results.numbers.shape[1]))]
    table = pa.table(columns, names=names).replace_schema_metadata({_FORMAT_KEY: FORMAT})
    stream = io.BytesIO()
    pq.write_table(table, stream, write_statistics=False)
    return stream.getvalue()


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32] + SUFFIX


def _sync(folder: Path) -> None:
    """Bring a rename to the disk; Windows has no handle of a folder, and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> Results:
    """Return what a shard holds.

    Raises
    ------
    Damaged
        If it is not there, or not as it was written.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise Damaged(f"{path.name} is not there") from None
    except OSError as why:
        raise Damaged(f"{path.name}: {why.strerror}") from None
    if _name(content) != path.name:
        raise Damaged(f"{path.name} is not as it was written")
    table = pq.ParquetFile(io.BytesIO(content)).read()
    if (table.schema.metadata or {}).get(_FORMAT_KEY) != FORMAT:
        raise Damaged(f"{path.name}: not a shard of this format")
    keys, status, alone, *columns = table.columns
    numbers = np.column_stack([column.to_numpy() for column in columns])
    return Results(keys.to_pylist(), numbers, status.to_pylist(), alone.to_pylist())


def present(folder: Path) -> Iterator[Path]:
    """Yield the shards of a folder, in order of their names."""
    yield from sorted(folder.glob(f"*{SUFFIX}"))
