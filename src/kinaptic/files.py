"""Files that commands write: refused before a long run if they could not be written after it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kinaptic.errors import KinapticError
from kinaptic.units import column_name

if TYPE_CHECKING:
    import pandas as pd

TABLES = (".csv", ".parquet")
PICTURES = (".png", ".svg", ".pdf")
PAGES = (".html",)


def check(path: Path | None, suffixes: Sequence[str], option: str) -> None:
    """Refuse, before a long run, a file that could not be written after it."""
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise KinapticError(f"{option} {path}: the ending says the format; it can be {', '.join(suffixes)}")
    if not path.parent.is_dir():
        raise KinapticError(f"{option} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise KinapticError(f"{option} {path}: this is a folder")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise KinapticError(f"{option} {path}: may not be written")


def write_table(table: pd.DataFrame, path: Path, recipe: Mapping[str, object]) -> None:
    """Write a table, units in the column names and the recipe in a comment or in the metadata."""
    units = table.attrs.get("units", {})
    shown = table.rename(columns=lambda name: column_name(name, units.get(name, "")))
    index = str(table.index.name or "row")
    shown.index.name = column_name(index, units.get(index, ""))
    if path.suffix.lower() == ".parquet":
        guarded(path, lambda: shown.to_parquet(path))
        return
    said = json.dumps(recipe, ensure_ascii=False)
    write(path, f"# {said}\n{shown.to_csv(float_format='%.9g', lineterminator=chr(10))}")


def write(path: Path, text: str) -> None:
    """Write a text as it is."""
    guarded(path, lambda: path.write_text(text, encoding="utf-8", newline="\n"))


def guarded(path: Path, make: Callable[[], object]) -> None:
    """Call `make`, which writes `path`, and say in a line why it could not."""
    try:
        make()
    except OSError as why:
        raise KinapticError(f"cannot write {path}: {why.strerror or why}") from None
