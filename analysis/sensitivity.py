"""`sensitivity`: which parameters a readout hangs on, near their values or over their ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from kinaptic.analysis import indices
from kinaptic.analysis.ranges import (
    Uncertain,
    Wanted,
    chosen,
    drawn,
    morris_design,
    sobol_design,
    whole,
)
from kinaptic.analysis.running.study import OK
from kinaptic.analysis.scan import scan
from kinaptic.errors import KinapticError, UnknownName
from kinaptic.pathways.perturbation import edit
from kinaptic.units import Quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kinaptic.analysis.axes import Stimulus
    from kinaptic.analysis.indices import Pairs, Rows
    from kinaptic.analysis.scan_result import Scan
    from kinaptic.sbml.synapse import Synapse

Method = Literal["local", "morris", "sobol"]
LEADING: dict[str, str] = {"local": "S", "morris": "mu_star", "sobol": "ST"}  # the index that ranks
_SAMPLES = {"morris": 10, "sobol": 64}
_RTOL = 1e-8  # of local runs: an error of this size stands out tenfold to hundredfold in a difference


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity:
    """What came of a sensitivity analysis; made by `sensitivity`.

    Attributes
    ----------
    table : DataFrame, shape (parameters x readouts, …)
        A row for each readout and parameter: ``parameter``, ``readout``, its ``unit``, the indices, a
        ``status`` ("ok", or what is wrong or left out), and the parameter's ``value``, range
        (``low``, ``high``, NaN without one; local steps do not use it), ``parameter_unit``, ``sampling``
        ("uniform" or "logarithmic") and ``source`` of the range.
    scan : Scan
        The runs behind it.
    method : {"local", "morris", "sobol"}
        Which indices: ``S`` and its ``discrepancy``; ``mu_star``, ``mu``, ``sigma`` and ``mu_star_conf``;
        ``S1``, ``S1_conf``, ``ST`` and ``ST_conf``.
    pairs : DataFrame or None
        Second-order indices of Sobol, a row for each readout and pair, where asked for.
    """

    table: pd.DataFrame
    scan: Scan
    method: Method
    pairs: pd.DataFrame | None = None

    @property
    def readouts(self) -> tuple[str, ...]:
        """The readouts, in order."""
        return tuple(each.text for each in self.scan.plan.readouts)

    def ranked(self, readout: str | None = None) -> pd.DataFrame:
        """Return the rows of a readout (by default the first), the largest |S|, mu_star or ST on top.

        Parameters without an index come last.
        """
        name = self.readouts[0] if readout is None else readout
        if name not in self.readouts:
            raise UnknownName("readout", name, self.readouts)
        rows = self.table[self.table["readout"] == name]
        order = rows[LEADING[self.method]].abs().sort_values(ascending=False, kind="stable").index
        return rows.loc[order].reset_index(drop=True)

    def plot(self, readout: str | None = None, most: int = 20) -> Figure:
        """Return a figure of the parameters that matter most, a panel for each readout.

        Parameters
        ----------
        readout : str, optional
            Only this one.
        most : int
            Parameters to show or, for Morris, to name.

        Raises
        ------
        UnknownName, KinapticError
            If there is no such readout, or nothing to draw.
        """
        from kinaptic.analysis.sensitivity_figure import figure

        return figure(self, readout, most)

    def __repr__(self) -> str:
        unlike = int((self.table["status"] != OK).sum())
        state = "all ok" if not unlike else f"{unlike} of {len(self.table)} rows with a remark"
        count = self.table["parameter"].nunique()
        return f"<Sensitivity: {self.method}, {count} parameters on {', '.join(self.readouts)}, {state}>"


def sensitivity(
    synapse: Synapse,
    protocol: Stimulus,
    *,
    method: Method = "local",
    parameters: Wanted = None,
    readouts: str | Iterable[str] = ("weight",),
    until: Quantity = "60 min",
    samples: int | None = None,
    seed: int = 0,
    step: float = 0.01,
    second_order: bool = False,
    **options: Any,
) -> Sensitivity:
    """Return which parameters readouts hang on.

    ``"local"`` gives S = d ln y / d ln p at the synapse's own numbers, by central differences: each
    number times and over 1 + step, the others as they are. ``discrepancy`` is what halving the step
    changes of S: about three quarters of the error by curvature, and the noise of the integrator.
    At 0 a number has no relative change, and a readout none where it is 0 or changes its sign; such
    rows have a NaN and say why. A step may reach past the end of a range.

    ``"morris"`` screens whole ranges (Morris 1991): `samples` random trajectories on four levels, in
    each of which every parameter steps once by two thirds of its range. An elementary effect is the
    change of the readout over the fraction of the range, so it has the readout's unit. ``mu_star``
    is the mean of the absolute effects (Campolongo 2007), ``mu`` their mean, ``sigma`` their standard
    deviation: large where a parameter acts non-linearly or together with others. An effect is lost
    with a failed point on either side of its step, and the status counts them: the effects of one
    parameter are from trajectories independent of one another, so those left are a fair sample of
    where the model runs, and say nothing about where it fails.

    ``"sobol"`` shares out the variance of the readout (Sobol' 2001; estimators of Saltelli 2010 as in
    SALib): ``S1`` is the share of a parameter by itself, ``ST`` with all it does together with others,
    from `samples` x (parameters + 2) runs. The design is balanced only as a whole: if any point
    fails, there are no indices, and the points are named.

    Parameters vary independently of one another. A positive range of more than a decade is sampled
    uniformly in the logarithm, any other uniformly. ``…_conf`` are half widths of 95 % intervals from
    bootstraps; estimates may stray below 0 or above 1 within them.

    Parameters
    ----------
    synapse, protocol, readouts, until
        As for `scan`.
    method : {"local", "morris", "sobol"}
        Which.
    parameters : iterable of str, or mapping of str to (quantity, quantity), optional
        Names, or ranges by name: ``{"CaM_total": ("20 uM", "60 uM")}``. By default all whose ``.yaml``
        entry has a range, but for definitions (``PKA_activity``) and what is 0 unless it is given.
    samples : int, optional
        Morris: trajectories, at least 2 (10 by default). Sobol: a power of two (64 by default, a first
        look with wide intervals, which narrow with the root of the number).
    seed : int
        Of the samples and the bootstraps.
    step : float
        Of local differences, 1e-4 to 0.2.
    second_order : bool
        Whether Sobol gives ``pairs`` too, from nearly twice as many runs.
    **options
        To `scan`: ``workers``, ``store``, ``progress``, ``time_limit``, ``engine``, ``most`` and ``rtol``
        (1e-8 by default for ``"local"``).

    Raises
    ------
    UnknownName
        If there is no such method, parameter or readout.
    KinapticError
        If ranges, samples or step do not fit, or too many points failed; the message names them.

    References
    ----------
    Morris 1991, Technometrics 33:161. Campolongo, Cariboni & Saltelli 2007, Environ. Model. Softw.
    22:1509. Sobol' 2001, Math. Comput. Simul. 55:271. Saltelli et al. 2010, Comput. Phys. Commun.
    181:259.
    """
    where = f"sensitivity(…, method={method!r})"
    if method not in get_args(Method):
        raise UnknownName("method", method, get_args(Method), "of sensitivity(…)")
    whole(seed, 0, f"{where}: seed", "give a whole number from 0 on")
    count = _samples(method, samples, where)
    if not 1e-4 <= step <= 0.2:
        raise KinapticError(f"{where}: step={step!r}; give a fraction from 0.0001 to 0.2, such as 0.01")
    if second_order and method != "sobol":
        raise KinapticError(f"{where}: second-order indices come with method='sobol' only")
    varied = chosen(synapse, parameters, where, spans=method != "local")
    run = {"until": until, "readouts": readouts, **options}

    pairs = None
    if method == "local":
        study = scan(synapse, protocol, _steps(varied, step, where), **{"rtol": _RTOL, **run})
        found = indices.local(study, varied, step)
    elif method == "morris":
        design = morris_design(len(varied), count, seed)
        study = scan(synapse, protocol, drawn(varied, design), **run)
        found = indices.morris(study, design, seed)
    else:
        design = sobol_design(len(varied), count, seed, second_order=second_order)
        study = scan(synapse, protocol, drawn(varied, design), **run)
        found, shares = indices.sobol(study, len(varied), seed, second_order=second_order)
        pairs = _pairs(study, varied, shares) if second_order else None
    return Sensitivity(_table(study, varied, found), study, method, pairs)


def _samples(method: Method, samples: int | None, where: str) -> int:
    if method == "local":
        if samples is not None:
            raise KinapticError(f"{where} takes no samples; leave samples={samples!r} out")
        return 0
    count = _SAMPLES[method] if samples is None else samples
    remedy = "give at least 2, as a whole number"
    count = whole(count, 2, f"{where}: samples", remedy)
    if method == "sobol" and count & (count - 1):
        below = 1 << (count.bit_length() - 1)
        raise KinapticError(
            f"{where}: samples={count} is no power of two, without which Sobol' points are not balanced; "
            f"give {below} or {2 * below}"
        )
    return count


def _steps(varied: Sequence[Uncertain], step: float, where: str) -> pd.DataFrame:
    """Return the points of local differences: the synapse as it is, then four for each number but zeros.

    A point is one edit, not a row of all parameters, of which all but one would be as they are.
    """
    edits: list[object] = [None]
    for each in varied:
        unit = "" if each.unit == "1" else f" {each.unit}"
        factors = (1 + step, 1 / (1 + step), 1 + step / 2, 1 / (1 + step / 2)) if each.value else ()
        edits += [edit(each.name, f"{each.value * factor!r}{unit}") for factor in factors]
    if len(edits) == 1:
        raise KinapticError(
            f"{where}: {varied[0].name} is 0, which has no relative change; try method='morris'"
        )
    return pd.DataFrame({"genotype": pd.Series(edits, dtype=object)})


def _table(study: Scan, varied: Sequence[Uncertain], found: Sequence[Rows]) -> pd.DataFrame:
    units, rows = study.table.attrs["units"], []
    for readout, of_readout in zip(study.plan.readouts, found, strict=True):
        for each, its in zip(varied, of_readout, strict=True):
            low, high = each.span or (np.nan, np.nan)
            rows.append(
                {"parameter": each.name, "readout": readout.text, "unit": units[readout.text]}
                | its
                | {"value": each.value, "low": low, "high": high, "parameter_unit": each.unit}
                | {"sampling": each.sampling, "source": each.source}
            )
    table = pd.DataFrame(rows)
    table.attrs["recipe"] = study.recipe
    return table


def _pairs(study: Scan, varied: Sequence[Uncertain], found: Sequence[Pairs]) -> pd.DataFrame:
    rows = [
        (readout.text, varied[i].name, varied[j].name, *shares)
        for readout, pairs in zip(study.plan.readouts, found, strict=True)
        for (i, j), shares in pairs.items()
    ]
    return pd.DataFrame(rows, columns=["readout", "parameter", "other", "S2", "S2_conf"])
