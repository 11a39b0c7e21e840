"""Read the two columns of a recorded trace from a file, with the units that the file states."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinaptic.errors import UnknownName, WaveformError
from kinaptic.pathways.waveform_check import unit_in

if TYPE_CHECKING:
    import pandas as pd

_HEADER = re.compile(r"\b(time_unit|unit)\s*[:=]\s*([^,;\s]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """Two columns of a file, and the units found: from where in the file to the unit."""

    time: NDArray[np.generic]
    values: NDArray[np.generic]
    units: Mapping[str, str | None]
    time_units: Mapping[str, str | None]


def read_columns(path: Path, *, time: str | None, column: str | None) -> Columns:
    """Return the columns `time` and `column` of the file; see `Waveform.read`."""
    if not path.is_file():
        raise WaveformError(f"waveform: there is no file {path}; check the name and the folder")
    header: dict[str, str] = {}
    if path.suffix.lower() in (".npy", ".npz"):
        table = _read_numpy(path)
    else:
        header, table = _read_text(path)
    names = [str(n) for n in table.columns]
    if len(names) < 2:
        raise WaveformError(f"waveform: {path.name} has one column, {names}; it needs time and calcium")
    time_name = _pick(time, names, 0, path)
    others = [n for n in names if n != time_name]
    if column is None and len(others) > 1:
        raise WaveformError(
            f"waveform: {path.name} has {len(others)} columns beside time ({', '.join(others[:8])}); "
            f"choose one: column={others[0]!r}"
        )
    value_name = _pick(column, names, names.index(others[0]), path)
    top = f"the header of {path.name}"
    found = {
        what: {f"column {name!r} of {path.name}": unit_in(name), top: header.get(what)}
        for what, name in (("unit", value_name), ("time_unit", time_name))
    }
    return Columns(
        table.iloc[:, names.index(time_name)].to_numpy(),
        table.iloc[:, names.index(value_name)].to_numpy(),
        found["unit"],
        found["time_unit"],
    )


def _pick(wanted: str | None, names: list[str], default: int, path: Path) -> str:
    if wanted is None:
        return names[default]
    if wanted in names:
        return wanted
    bare = {re.sub(r"\s*[(\[].*$", "", n): n for n in names}  # "Ca" for "Ca (uM)"
    if wanted in bare:
        return bare[wanted]
    raise UnknownName(f"column of {path.name}", wanted, names)


def _read_text(path: Path) -> tuple[dict[str, str], pd.DataFrame]:
    """Return the units of ``#`` lines and the table; tab, semicolon or comma is found out."""
    import pandas as pd

    header: dict[str, str] = {}
    first, row = "", 0
    with path.open(encoding="utf-8-sig") as lines:
        for row, line in enumerate(lines):  # noqa: B007
            if line.lstrip().startswith("#"):
                header.update({key.lower(): unit for key, unit in _HEADER.findall(line)})
            elif line.strip():
                first = line
                break
    if not first:
        raise WaveformError(f"waveform: {path.name} has no samples")
    separator = next((s for s in "\t;," if s in first), r"\s+")
    beside = r"\s+(?![(\[])" if separator == r"\s+" else separator  # the blank in "Ca (uM)" parts nothing
    names = [cell.strip().strip('"') for cell in re.split(beside, first.strip())]
    titled = not all(map(_is_number, names))
    table = pd.read_csv(
        path, sep=separator, comment="#", header=None, skiprows=row + titled, encoding="utf-8-sig"
    )
    if titled and len(names) != table.shape[1]:
        raise WaveformError(
            f"waveform: {path.name} has {len(names)} names ({', '.join(names)}) over {table.shape[1]} columns"
        )
    table.columns = pd.Index(names if titled else [f"column {i + 1}" for i in range(table.shape[1])])
    return header, table


def _read_numpy(path: Path) -> pd.DataFrame:
    """Return an (n, 2) array, or the one-dimensional arrays of an archive, as a table."""
    import pandas as pd

    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        if loaded.ndim != 2 or loaded.shape[1] != 2:
            raise WaveformError(f"waveform: {path.name} has shape {loaded.shape}; expected (samples, 2)")
        return pd.DataFrame(loaded, columns=["time", "values"])
    with loaded:
        arrays = {key: loaded[key] for key in loaded.files}
    if len({a.shape for a in arrays.values()}) > 1 or any(a.ndim != 1 for a in arrays.values()):
        shapes = ", ".join(f"{k} {a.shape}" for k, a in arrays.items())
        raise WaveformError(f"waveform: arrays of {path.name} differ in shape ({shapes})")
    order = sorted(arrays, key=lambda k: not k.lower().startswith("t"))  # time first
    return pd.DataFrame({key: arrays[key] for key in order})


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
