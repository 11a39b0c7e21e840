"""`validate`: hold the model against every row, and say what came out."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kinaptic.errors import UnknownName

if TYPE_CHECKING:
    import pandas as pd

    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.analysis.experiments.row import Row

# Modules `rows_*`: in the tube, in the spine, at the synapse, and by messenger.
GROUPS = (
    "in_vitro",
    "camkii",
    "spine",
    "synapse",
    "timing",
    "endocannabinoid",
    "nitric_oxide",
    "bdnf",
    "lasting",
    "metaplastic",
)

Progress = Callable[[int, int, str], None]


def group(name: str) -> tuple[Row, ...]:
    """Return the rows of one group."""
    found: tuple[Row, ...] = importlib.import_module(f"kinaptic.analysis.experiments.rows_{name}").ROWS
    return found


@functools.cache
def rows() -> tuple[Row, ...]:
    """Return all rows, group by group."""
    return tuple(row for name in GROUPS for row in group(name))


def chosen(ids: Iterable[str] = (), *, slow: bool = True) -> tuple[Row, ...]:
    """Return the rows named in `ids`, or all.

    Parameters
    ----------
    ids : iterable of str
        Rows, or the experiments that they belong to: ``"V2"`` stands for ``"V2.ec50"`` and the others.
    slow : bool
        Whether to keep those that take long.

    Raises
    ------
    UnknownName
        If an id names neither a row nor an experiment.
    """
    wanted = [ids] if isinstance(ids, str) else list(ids)
    for each in wanted:
        if not any(_named(row, each) for row in rows()):
            known = {r.id for r in rows()} | {r.id.partition(".")[0] for r in rows()}
            raise UnknownName("row", each, known)
    return tuple(
        r for r in rows() if (slow or not r.slow) and (not wanted or any(_named(r, each) for each in wanted))
    )


def validate(ids: Iterable[str] = (), *, progress: Progress | None = None, slow: bool = True) -> pd.DataFrame:
    """Repeat published experiments on the model and compare.

    Parameters
    ----------
    ids : iterable of str
        Rows or experiments, ``"V2.ec50"`` or ``"V2"``; all by default.
    progress : callable, optional
        Called with the number of rows done, the number in all, and the next row's title.
    slow : bool
        Whether to run the rows that take long: many spikes, or hours.

    Returns
    -------
    DataFrame
        One row each by ``id``: title, unit, expected (a value or [low, high]; None is open), tolerance, got,
        pass, verified, source, reason. Where an experiment could not be done, `got` is NaN and
        `reason` says why.

    Raises
    ------
    UnknownName
        If an id is not known.
    """
    import pandas as pd

    from kinaptic.analysis.experiments.lab import Lab

    lab = Lab()
    selected = chosen(ids, slow=slow)
    table = []
    for done, row in enumerate(selected):
        if progress is not None:
            progress(done, len(selected), row.title)
        got, reason = _measured(row, lab)
        table.append(
            {
                "id": row.id,
                "title": row.title,
                "unit": row.unit,
                "expected": list(row.expected) if isinstance(row.expected, tuple) else row.expected,
                "tolerance": row.tolerance,
                "got": got,
                "pass": row.passes(got),
                "verified": row.verified,
                "source": row.source,
                "reason": reason,
            }
        )
    if progress is not None:
        progress(len(selected), len(selected), "")
    return pd.DataFrame(table).set_index("id")


def _measured(row: Row, lab: Lab) -> tuple[float, str]:
    try:
        return float(row.measure(lab)), ""
    except Exception as why:
        return float("nan"), f"{type(why).__name__}: {why}"


def _named(row: Row, name: str) -> bool:
    return row.id == name or row.id.startswith(f"{name}.")
