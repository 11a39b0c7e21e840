"""Every number of a model as a table: value, unit, formula, source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kinaptic.pathways.citations import doi

if TYPE_CHECKING:
    from kinaptic.sbml.model import Model

COLUMNS = ("id", "value", "unit", "formula", "source", "note", "key", "doi")


def table(model: Model) -> pd.DataFrame:
    """Return the numbers of a model.

    Numbers that only set the state before the baseline, such as totals, are in the table although
    they are in no SBML file: the initial state of the file follows from them.

    Parameters
    ----------
    model : Model
        Perturbations and protocol applied.

    Returns
    -------
    DataFrame, shape (numbers, 8)
        ``id``; ``value``, computed where it is derived; ``unit`` (one of
        `kinaptic.units.MODEL_UNITS`); ``formula`` where it is derived; ``source``; ``note``; ``key``
        (BibTeX) and ``doi`` where the source is a publication. Texts are empty where there is none.
    """
    rows = [
        (
            name,
            model.values[name],
            number.unit,
            number.formula or "",
            number.source,
            number.note,
            number.key or "",
            doi(number.key) if number.key else "",
        )
        for name, number in model.parameters.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def csv(model: Model) -> str:
    """Return the numbers of a model as CSV text; values have all their digits."""
    return str(table(model).to_csv(index=False, lineterminator="\n"))
