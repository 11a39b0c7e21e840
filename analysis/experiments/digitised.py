"""Digitised figures. They lie beside the modules, so that an installed wheel can validate itself."""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@functools.cache
def figure(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return abscissa (µM) and ordinate of a digitised figure, such as ``"Stemmer1994_Fig2A"``.

    Parameters
    ----------
    name : str
        Paper and figure. The files give concentrations in nM in their first column.
    """
    text = (
        resources.files("kinaptic.analysis.experiments").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    )
    rows = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
    header, numbers = rows[0], np.array(rows[1:], dtype=float)
    if not header[0].endswith("_nM"):
        raise ValueError(f"{name}.csv: its first column, {header[0]}, is not in nM")
    return numbers[:, 0] * 1e-3, numbers[:, 1]
