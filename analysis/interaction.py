"""Whether two agents together do more than expected of them: Bliss independence and Loewe additivity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinaptic.analysis import hill
from kinaptic.errors import KinapticError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kinaptic.analysis.hill import HillFit

    Floats = NDArray[np.float64]

_OUTSIDE = 0.05  # by which the effect of one agent may leave the range 0 to 1 of a fraction


def bliss(table: pd.DataFrame, a: str, b: str, response: str, *, full: float | None = None) -> pd.DataFrame:
    """Compare a grid of doses with what two agents do that act independently of one another.

    The effect is a fraction, 0 at the response without agents and 1 at the response `full`. Agents
    that act independently leave (1 - effect of a)(1 - effect of b) of the response untouched (Bliss
    1939, Ann Appl Biol 26:585; Greco, Bravo & Parsons 1995, Pharmacol Rev 47:331). Excess above 0 is
    synergy. What comes out depends on `full`: Bliss independence speaks of fractions of a whole.

    Parameters
    ----------
    table : DataFrame
        A full grid, one response a row, in any order, with dose 0 of either agent.
    a, b, response : str
        Columns.
    full : float, optional
        The response of effect 1; by default that of the grid which lies farthest from the control.

    Returns
    -------
    DataFrame, shape (points, 6)
        ``dose_a``, ``dose_b``, ``response``, ``effect``, ``expected`` and ``excess`` = effect -
        expected, sorted by dose; ``attrs["scale"]`` says of what the effect is a fraction.

    Raises
    ------
    KinapticError
        If the grid is not full or not finite, no response differs from the control, or an agent
        alone has an effect that is no fraction: below 0, or above 1, by more than 0.05.
    """
    grid = _grid(table, a, b, response)
    control = _control(grid)
    if full is None:
        whole, origin = float(grid["response"].iloc[_most_extreme(grid, control)]), "most extreme of the grid"
    else:
        whole, origin = float(full), "as given"
    if not np.isfinite(whole) or whole == control:
        raise KinapticError(
            f"bliss: {response} is {control:.4g} without agents and {whole:.4g} at full effect, and between "
            "them there is no scale; give full=…, or doses that change the response"
        )
    grid["effect"] = (control - grid["response"]) / (control - whole)
    _refuse_no_fraction(grid, a, b)
    of_a = grid.loc[grid["dose_b"] == 0].set_index("dose_a")["effect"]
    of_b = grid.loc[grid["dose_a"] == 0].set_index("dose_b")["effect"]
    alone_a, alone_b = grid["dose_a"].map(of_a), grid["dose_b"].map(of_b)
    grid["expected"] = alone_a + alone_b - alone_a * alone_b
    grid["excess"] = grid["effect"] - grid["expected"]
    grid.attrs["scale"] = f"0 at {control:.6g} (no agent), 1 at {whole:.6g} ({origin})"
    return grid


def loewe(
    table: pd.DataFrame, a: str, b: str, response: str, *, alone: tuple[HillFit, HillFit] | None = None
) -> pd.DataFrame:
    """Compare a grid of doses with what each agent does alone, dose for dose.

    The combination index is d_a / D_a + d_b / D_b, where D are the doses of each agent alone that
    give the response which d_a and d_b give together: 1 where one agent stands in for the other,
    below 1 where they help one another, above 1 where they hinder (Loewe 1953, Arzneimittelforschung
    3:285; Chou & Talalay 1984, Adv Enzyme Regul 22:27; Greco, Bravo & Parsons 1995, Pharmacol Rev
    47:331). D comes from Hill curves with plateaus of their own. Close to a plateau it is ill
    determined, and beyond the doses that were fitted it is extrapolated.

    Parameters
    ----------
    table : DataFrame
        A full grid, one response a row, in any order, with dose 0 of either agent.
    a, b, response : str
        Columns.
    alone : (HillFit, HillFit), optional
        Curves of each agent alone, in the units of the table; by default fitted to the rows with
        none of the other agent, which takes 5 doses or more, and ``attrs["units"]``.

    Returns
    -------
    DataFrame, shape (points, 5)
        ``dose_a``, ``dose_b``, ``response``, ``combination_index`` and ``reason``, sorted by dose.
        The index is NaN where there is a reason: no agent, or a response that one of them does not reach.
        Rows of one agent alone tell how well its curve fits: they would be 1.

    Raises
    ------
    FitRefused
        If an agent alone has no Hill curve; see `kinaptic.analysis.hill.fit`.
    KinapticError
        If the grid is not full or not finite.
    """
    grid = _grid(table, a, b, response)
    curves = alone or (_alone(table, grid, a, b, response), _alone(table, grid, b, a, response))
    y = grid["response"].to_numpy(dtype=float)
    index = np.zeros(len(grid))
    reason = np.full(len(grid), "", dtype=object)
    for name, column, each in zip((a, b), ("dose_a", "dose_b"), curves, strict=True):
        doses = grid[column].to_numpy(dtype=float)
        reached = (y > each.bottom) & (y < each.top)
        inside = reached & (doses > 0)
        index[inside] += doses[inside] / each.dose(y[inside])
        reason[(doses > 0) & ~reached & (reason == "")] = (
            f"{name} alone does not reach this response, only {each.bottom:.4g} to {each.top:.4g}"
        )
    reason[((grid["dose_a"] == 0) & (grid["dose_b"] == 0)).to_numpy()] = "no agent"
    index[reason != ""] = np.nan
    grid["combination_index"] = index
    grid["reason"] = pd.Series(reason, index=grid.index, dtype="str")
    return grid


def _alone(table: pd.DataFrame, grid: pd.DataFrame, agent: str, other: str, response: str) -> HillFit:
    mine, others = ("dose_a", "dose_b") if grid.attrs["agents"] == (agent, other) else ("dose_b", "dose_a")
    rows = grid[(grid[others] == 0) & (grid[mine] > 0)]
    what = f"{response} under {agent} alone"
    return hill.fit(
        rows[mine], rows["response"], unit=hill.unit_of(table, agent), what=what, control=_control(grid)
    )


def _grid(table: pd.DataFrame, a: str, b: str, response: str) -> pd.DataFrame:
    """Return the doses and responses of a full grid, sorted."""
    if a == b:
        raise KinapticError(f"both agents are {a!r}; give two columns of doses")
    columns = {"dose_a": a, "dose_b": b, "response": response}
    grid = pd.DataFrame({new: hill.column(table, old) for new, old in columns.items()})
    for row, (x, z, y) in enumerate(grid.to_numpy(dtype=float).tolist()):
        where = f"{a} {x:g}, {b} {z:g}"
        if not (0 <= x < np.inf and 0 <= z < np.inf):
            raise KinapticError(f"row {row}, {where}: give doses of 0 or more")
        if not np.isfinite(y):
            raise KinapticError(f"{response} is {y:g} at {where}; mend this run, or leave out the dose")
    given = pd.MultiIndex.from_frame(grid[["dose_a", "dose_b"]])
    if given.has_duplicates:
        twice = given[given.duplicated()][0]
        raise KinapticError(
            f"{a} {twice[0]:g}, {b} {twice[1]:g} is there more than once; give each point once"
        )
    levels = [sorted({0.0, *grid[name]}) for name in ("dose_a", "dose_b")]
    full = pd.MultiIndex.from_product(levels)
    missing = full.difference(given)
    if len(missing):
        raise KinapticError(
            f"the grid lacks {len(missing)} of {len(full)} points, first {a} {missing[0][0]:g}, "
            f"{b} {missing[0][1]:g}; give every dose of one agent with every one of the other, 0 included"
        )
    made = grid.sort_values(["dose_a", "dose_b"], ignore_index=True)
    made.attrs["agents"] = (a, b)
    return made


def _control(grid: pd.DataFrame) -> float:
    return float(grid["response"].iloc[0])  # sorted: both doses are 0


def _most_extreme(grid: pd.DataFrame, control: float) -> int:
    return int(np.argmax(np.abs(grid["response"].to_numpy(dtype=float) - control)))


def _refuse_no_fraction(grid: pd.DataFrame, a: str, b: str) -> None:
    one = grid[(grid["dose_a"] == 0) | (grid["dose_b"] == 0)]
    for x, z, effect in one[["dose_a", "dose_b", "effect"]].to_numpy(dtype=float).tolist():
        if not -_OUTSIDE <= effect <= 1 + _OUTSIDE:
            raise KinapticError(
                f"bliss: the effect at {a} {x:g}, {b} {z:g} is {effect:.3g} of the full one; independence "
                "speaks of fractions between 0 and 1: agents must act in one direction, and full=… be the "
                "most that either could do"
            )
