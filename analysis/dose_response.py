"""`dose_response`: an agent at one dose after another, alone or with another agent on a grid."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from kinaptic.analysis import hill, interaction
from kinaptic.analysis import schild as shifts
from kinaptic.analysis.axes import agent_text, call_text
from kinaptic.analysis.scan import scan
from kinaptic.errors import FitRefused, KinapticError, KinapticWarning, UnitError
from kinaptic.pathways import doses as dosing
from kinaptic.units import parse, unit_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from kinaptic.analysis.axes import Stimulus
    from kinaptic.analysis.hill import HillFit
    from kinaptic.analysis.scan_result import Scan
    from kinaptic.analysis.schild import SchildFit
    from kinaptic.pathways.perturbation import Perturbation
    from kinaptic.sbml.synapse import Synapse

DOSE, OTHER = "dose", "other dose"


@dataclass(frozen=True, eq=False, repr=False)
class DoseResponse:
    """What came of a dose-response study; made by `dose_response`.

    Attributes
    ----------
    table : DataFrame, shape (points, 3 or 4)
        ``dose`` and, with another agent, ``other dose``; the readout; ``status``. The control,
        without the agent, has dose 0. ``attrs["units"]`` names the units; concentrations are in µM.
    agent, other : str
        What was dosed, as in a script; `other` is empty where there was none.
    readout : str
        Column of the response.
    scan : Scan
        The runs behind it.
    """

    table: pd.DataFrame
    agent: str
    other: str
    readout: str
    scan: Scan

    @property
    def zeroed(self) -> bool:
        """Whether dose 0 is the control: of a drug and an inhibitor it is, of a clamped value it is not."""
        return _is_zeroed(self.agent)

    def fit(self) -> HillFit:
        """Return the Hill curve: ``.ec50``, ``.hill``, ``.bottom``, ``.top``, and ``.ci(name)`` of each.

        Raises
        ------
        FitRefused
            If the doses do not determine it, for instance as a plateau is not reached; it says what
            to add. Also for a grid of two agents, which has more than one curve.
        """
        if self.other:
            raise FitRefused("two agents have many curves; use .schild(), .bliss() or .loewe()")
        table = self._fine()
        control = table[self.readout][table[DOSE] == 0]
        dosed = table[table[DOSE] > 0]
        return hill.fit(
            dosed[DOSE],
            dosed[self.readout],
            unit=self.table.attrs["units"][DOSE],
            what=self.readout,
            control=control.tolist() if self.zeroed and len(control) else None,
        )

    def schild(self) -> SchildFit:
        """Return how the other agent shifts the curve: pA2, Schild slope, dose ratios; see `SchildFit`.

        Raises
        ------
        FitRefused
            If the other agent is not a surmountable antagonist of the first, or doses are lacking.
        """
        table = self._grid("schild")
        if not self.zeroed:
            table = table[table[self.agent] > 0]
        return shifts.schild(table, self.agent, _other_name(self), self.readout)

    def bliss(self, *, full: float | None = None) -> pd.DataFrame:
        """Return the excess over independence of both; see `kinaptic.analysis.interaction.bliss`."""
        grid = self._zeroed_grid("bliss")
        return interaction.bliss(grid, self.agent, _other_name(self), self.readout, full=full)

    def loewe(self) -> pd.DataFrame:
        """Return the combination index of both; see `kinaptic.analysis.interaction.loewe`."""
        return interaction.loewe(self._zeroed_grid("loewe"), self.agent, _other_name(self), self.readout)

    def plot(self, what: str = "curve") -> Figure:
        """Return a figure.

        Parameters
        ----------
        what : {"curve", "schild", "bliss", "loewe"}
            Responses over doses with the fitted curve, or why there is none; dose ratios over the doses
            of the competitor; maps of the excess over independence and of the combination index.

        Raises
        ------
        UnknownName, KinapticError, FitRefused
            If there is no such figure, or what it shows cannot be had.
        """
        from kinaptic.analysis.dose_figure import figure

        return figure(self, what)

    def _grid(self, what: str) -> pd.DataFrame:
        if not self.other:
            raise KinapticError(
                f"{what}() is about two agents; give dose_response(…, other=…, other_doses=…)"
            )
        names = {DOSE: self.agent, OTHER: _other_name(self)}  # messages then name the agents
        table = self._fine().rename(columns=names)
        table.attrs = {"units": {names.get(n, n): u for n, u in self.table.attrs["units"].items()}}
        return table

    def _zeroed_grid(self, what: str) -> pd.DataFrame:
        grid = self._grid(what)
        for each in (self.agent, self.other):
            if not _is_zeroed(each):
                raise KinapticError(f"{what}() needs agents that do nothing at dose 0, which {each} does not")
        return grid

    def _fine(self) -> pd.DataFrame:
        """Return the points that are ok, and say which are not."""
        fine = self.table["status"] == "ok"
        if not fine.all():
            first = self.table[~fine].iloc[0]
            warnings.warn(
                f"{(~fine).sum()} of {len(fine)} doses failed and take no part, the first at {first[DOSE]:g} "
                f"{self.table.attrs['units'][DOSE]}: {first['status']}",
                KinapticWarning,
                stacklevel=3,
            )
        return self.table[fine]

    def __repr__(self) -> str:
        both = f"{self.agent} with {self.other}" if self.other else self.agent
        return f"<DoseResponse: {self.readout}, {both}, {len(self.table)} points>"


def _is_zeroed(agent: str) -> bool:
    return agent.startswith(("drug(", "inhibit("))


def _other_name(study: DoseResponse) -> str:
    """Return what the other agent is called beside the first, of which it may be another helping."""
    return f"{study.other}, again" if study.other == study.agent else study.other


def dose_response(
    synapse: Synapse,
    protocol: Stimulus,
    agent: Perturbation | str,
    doses: dosing.Doses,
    readout: str = "weight",
    *,
    other: Perturbation | str | None = None,
    other_doses: dosing.Doses | None = None,
    per_decade: int = dosing.PER_DECADE,
    **options: Any,
) -> DoseResponse:
    """Run a protocol at one dose of an agent after another.

    Parameters
    ----------
    synapse : Synapse
        What is stimulated.
    protocol : Protocol, Waveform or None
        How.
    agent : Perturbation or str
        A drug by its name, or a perturbation that has doses: ``kn.drug``; ``kn.inhibit(x, ic50=…)``,
        an ideal inhibitor (its IC50 is 1 µM unless given) or, for pure numbers, the fraction blocked;
        ``kn.clamp`` and ``kn.edit``, whose value is the dose; ``kn.overexpress``, dosed by the factor.
    doses : str or list of quantity
        A range such as ``"1 nM .. 100 uM"``, log-spaced with its ends, or one by one. The control,
        without the agent, is added as dose 0. Where it is not what dose 0 would do (``kn.clamp``,
        ``kn.edit``, ``kn.overexpress``) it takes no part in a fit, and is a line in the figure.
    readout : str
        As for `scan`: ``"weight"``, ``"weight at 30 min"``, ``"peak Ca"``, ``"area CaMKII_active"`` …
    other : Perturbation or str, optional
        A second agent, on a grid with the first: a competitor, or a drug to combine it with.
    other_doses : str or list of quantity, optional
        Its doses; dose 0 is added.
    per_decade : int
        Doses of a range in each factor of ten.
    **options
        As for `scan`: until, engine, rtol, workers, store, time_limit, most, progress.

    Returns
    -------
    DoseResponse

    Raises
    ------
    UnknownName, UnitError, PerturbationError, KinapticError
        If something given does not fit; the message names it.
    """
    if not isinstance(readout, str):
        raise KinapticError(f"readout={readout!r}: give one, such as 'weight at 30 min'")
    if (other is None) != (other_doses is None):
        raise KinapticError("other=… and other_doses=… belong together; give both or none")
    for reserved in ("over", "readouts"):
        if reserved in options:
            raise KinapticError(f"dose_response takes no {reserved}=…; to vary more than doses use kn.scan")
    first = _Dosed("doses", agent, doses, per_decade)
    second = (
        None
        if other is None or other_doses is None
        else _Dosed("other_doses", other, other_doses, per_decade)
    )
    points = [
        (one, two) for two in (second.levels if second else (None,)) for one in first.levels
    ]  # a curve of the first agent after another
    over = [{"genotype": tuple(filter(None, (each.given for each in point if each)))} for point in points]
    found = scan(synapse, protocol, over, readouts=readout, **options)
    table = pd.DataFrame({DOSE: [one.dose for one, _ in points]}, index=found.table.index)
    units = {DOSE: first.unit, readout: found.table.attrs["units"][found.plan.readouts[0].text]}
    if second is not None:
        table[OTHER] = [two.dose for _, two in points if two is not None]
        units[OTHER] = second.unit
    table[readout] = found.table[found.plan.readouts[0].text]
    table["status"] = found.table["status"]
    table.attrs = {
        "units": units,
        "recipe": found.recipe | first.recipe("agent") | (second.recipe("other") if second else {}),
    }
    return DoseResponse(table, first.text, second.text if second else "", readout, found)


@dataclass(frozen=True)
class _Level:
    """An agent at a dose."""

    dose: float
    given: Perturbation | None


class _Dosed:
    """An agent and its doses, the control first."""

    def __init__(self, what: str, agent: Perturbation | str, doses: dosing.Doses, per_decade: int) -> None:
        self.agent = dosing.agent(agent)
        texts = dosing.read(doses, per_decade=per_decade, what=what)
        self.unit = _unit(texts)
        numbers = [float(f"{parse(_bare(each, self.unit), self.unit, what):.12g}") for each in texts]
        if len(set(numbers)) < len(numbers):
            raise KinapticError(f"{what}: a dose is there twice; keep one")
        if 0 in numbers and self.agent.kind in ("clamp", "edit"):
            raise KinapticError(
                f"{what}: dose 0 is the control, without the agent; to hold {self.agent.target} at 0 give "
                "kn.scan a genotype"
            )
        levels = {n: dosing.at(self.agent, each) for n, each in sorted(zip(numbers, texts, strict=True)) if n}
        self.levels = (_Level(0.0, None), *(_Level(n, given) for n, given in levels.items()))
        if len(self.levels) == 1:
            raise KinapticError(f"{what}: there is no dose above 0")

    @property
    def text(self) -> str:
        """The agent as in a script, with what its doses mean."""
        return agent_text(self.agent, self.unit)

    def recipe(self, name: str) -> dict[str, str | float]:
        """Return what is to be said of it beside the table."""
        given = self.levels[-1].given
        return {name: self.text, f"{name} at its highest dose": "" if given is None else call_text(given)}


def _unit(texts: Sequence[str]) -> str:
    """Return the unit that doses are shown in: µM for concentrations, else that of the first."""
    try:
        parse(texts[0], "uM", "dose")
    except UnitError:
        return unit_text(texts[0])
    return "uM"


def _bare(text: str, unit: str) -> str | float:
    return float(text) if unit == "1" else text
