"""`screen`: every pathway, enzyme or parameter knocked out, halved, doubled, alone or in pairs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kinaptic.analysis.probes import thresholds
from kinaptic.analysis.readouts import read as read_readouts
from kinaptic.analysis.scan import scan
from kinaptic.errors import KinapticError, UnknownName
from kinaptic.pathways.catalogue import enzymes, pathway
from kinaptic.pathways.perturbation import Perturbation, knockout, overexpress
from kinaptic.sbml.fields import surrounded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kinaptic.analysis.axes import Stimulus
    from kinaptic.analysis.scan_result import Scan
    from kinaptic.sbml.run import Run
    from kinaptic.sbml.synapse import Synapse

    Genotype = tuple[Perturbation, ...]

CHANGES: Mapping[str, float] = {"knockout": 0.0, "halve": 0.5, "double": 2.0}
KINDS = ("pathways", "enzymes", "parameters")
THETA = "theta_M"
READOUTS = ("weight", "W_pre", "W_post")


@dataclass(frozen=True)
class Change:
    """One thing changed in a synapse."""

    target: str
    kind: str  # pathway, enzyme or parameter
    change: str

    def __str__(self) -> str:
        return f"{self.target} {self.change}"

    def genotype(self, synapse: Synapse) -> Genotype:
        """Return it as perturbations of `synapse`, there before the baseline.

        Raises
        ------
        KinapticError
            If it does not apply.
        """
        factor = CHANGES[self.change]
        if self.kind == "enzyme":
            enzyme = enzymes(synapse.pathways)[self.target]
            amounts: Iterable[str] = enzyme.totals or enzyme.activity  # an activity stands for what does it
        elif self.kind == "pathway" and factor:
            numbers = synapse.numbers(acute=False)
            totals = dict.fromkeys(t for each in pathway(self.target).enzymes.values() for t in each.totals)
            amounts = [each for each in totals if numbers[each].formula is None]
            if not amounts:
                raise KinapticError(f"pathway {self.target} has no amounts to {self.change}")
        else:
            amounts = [self.target]
        return tuple(overexpress(each, factor) if factor else knockout(each) for each in amounts)


@dataclass(frozen=True, eq=False, repr=False)
class Screen:
    """What came of a screen; made by `screen`, or by ``run.explain``.

    Attributes
    ----------
    table : DataFrame
        A row a change, the strongest effect on the first readout first: ``target``, ``kind``, ``change``
        (in pairs also ``other``, ``other change``); each readout, and its ``effect``, what it differs
        from the control by; in pairs its ``epistasis``; ``status``. ``attrs["units"]`` has the units.
    control : Series
        The readouts of the synapse as given.
    readouts : tuple of str
        Columns of the readouts.
    scan : Scan
        The runs behind it.
    """

    table: pd.DataFrame
    control: pd.Series[float]
    readouts: tuple[str, ...]
    scan: Scan

    def ranked(self, readout: str | None = None) -> pd.DataFrame:
        """Return the rows that are ok by the size of their effect on a readout, the first by default."""
        name = self._readout(readout)
        fine = self.table[self.table[_effect(name)].notna()]
        return fine.sort_values(_effect(name), key=np.abs, ascending=False, kind="stable")

    def plot(self, readout: str | None = None, *, most: int = 20) -> Figure:
        """Return the figure: the strongest effects as bars; of pairs a map of their epistasis."""
        from kinaptic.analysis.screen_figure import figure

        return figure(self, self._readout(readout), most)

    def _readout(self, name: str | None) -> str:
        if name is not None and name not in self.readouts:
            raise UnknownName("readout of this screen", name, self.readouts)
        return self.readouts[0] if name is None else name

    def __repr__(self) -> str:
        failed = int((self.table["status"] != "ok").sum())
        return f"<Screen: {len(self.table)} changes, {'all ok' if not failed else f'{failed} failed'}>"


def screen(
    synapse: Synapse,
    protocol: Stimulus,
    *,
    targets: str | Iterable[str] = "enzymes",
    changes: str | Iterable[str] = ("knockout", "halve", "double"),
    pairs: bool = False,
    readouts: str | Iterable[str] = READOUTS,
    **options: Any,
) -> Screen:
    """Change one thing after another in a synapse, and rank what matters.

    Parameters
    ----------
    synapse : Synapse
        What is changed.
    protocol : Protocol, Waveform or None
        How it is stimulated.
    targets : str or iterable of str
        ``"pathways"``, ``"enzymes"``, ``"parameters"``, or names of any of these. A pathway that is
        halved has half of everything that it can have less of.
    changes : str or iterable of str
        ``"knockout"``, ``"halve"``, ``"double"``: amounts, before the baseline. A parameter that is
        knocked out is 0.
    pairs : bool
        Whether to change two things at a time, besides each alone. Epistasis is ln(ab · control / (a · b)):
        0 where effects multiply.
    readouts : str or iterable of str
        As for `scan`; ``"theta_M"`` besides, the rate (Hz) at which 900 pulses turn from depression to
        potentiation, which takes ten runs for each change.
    **options
        As for `scan`: until, engine, rtol, workers, store, time_limit, most, progress.

    Returns
    -------
    Screen
        A change that does not apply, or fails, is a row with its reason.

    Raises
    ------
    UnknownName, KinapticError
        If something given does not fit.
    """
    if "over" in options:
        raise KinapticError("screen takes no over=…; say targets and changes, or use kn.scan")
    singles = _changes(synapse, targets, changes)
    rows: list[tuple[Change, ...]] = [(each,) for each in singles]
    if pairs:
        rows += [(a, b) for a, b in itertools.combinations(singles, 2) if a.target != b.target]
    given = [readouts] if isinstance(readouts, str) else list(readouts)
    wanted = [each if each == THETA else read_readouts(each)[0].text for each in given]
    if not wanted:
        raise KinapticError("screen(readouts=…) is empty; give at least one, such as 'weight'")
    plain = [each for each in wanted if each != THETA]
    genotypes, reasons = _genotypes(synapse, rows)
    runs = [(), *genotypes.values()]
    over = [{"genotype": each or None} for each in runs]
    found = scan(synapse, protocol, over, readouts=plain or READOUTS[:1], **options)
    values = found.table[[*plain]].copy()
    status = found.table["status"].to_list()
    units = dict(found.table.attrs["units"])
    if THETA in wanted:
        values[THETA], why = _thresholds(synapse, runs, options)
        status = [a if a != "ok" else b for a, b in zip(status, why, strict=True)]
        units[THETA] = "Hz"
    numbers = values[wanted].to_numpy(dtype=float)
    place = {row: i + 1 for i, row in enumerate(genotypes)}
    table = _table(rows, wanted, numbers, status, place, reasons, pairs=pairs)
    table.attrs = {"units": {name: units[name] for name in wanted}, "recipe": found.recipe}
    return Screen(table, pd.Series(numbers[0], index=wanted, name="control"), tuple(wanted), found)


def explain(
    run: Run, readout: str = "weight", *, targets: str | Iterable[str] = "pathways", **options: Any
) -> Screen:
    """Return what each part of a synapse has to do with a readout of a run, by taking it away.

    Parameters
    ----------
    run : Run
        The run to explain; it is done again without one part after another.
    readout : str
        As for `scan`.
    targets : str or iterable of str
        ``"pathways"``, ``"enzymes"``, or names.
    **options
        As for `scan`: engine (the ensemble by default, whatever ran the run), workers, store,
        time_limit, progress.

    Raises
    ------
    KinapticError
        If the run is that of a site of a dendrite, which is not done again without its neighbours.
    """
    if surrounded(run.model):
        raise KinapticError(
            f"{run.synapse.name} was in the field of its neighbours; take parts away in its Site and "
            "simulate the dendrite again"
        )
    settings: dict[str, Any] = {
        "until": f"{run.recipe['until']!r} s",
        "rtol": float(run.recipe["rtol"]),
    } | options
    return screen(
        run.synapse, run.protocol, targets=targets, changes="knockout", readouts=readout, **settings
    )


def _effect(readout: str) -> str:
    return f"{readout} effect"


def _epistasis(readout: str) -> str:
    return f"{readout} epistasis"


def _changes(synapse: Synapse, targets: str | Iterable[str], changes: str | Iterable[str]) -> list[Change]:
    names, how = _texts(targets, "targets"), _texts(changes, "changes")
    for each in how:
        if each not in CHANGES:
            raise UnknownName("change", each, CHANGES)
    found = dict.fromkeys(pair for name in names for pair in _targets(synapse, name))
    if not found or not how:
        raise KinapticError("a screen needs targets and changes; at least one of them is empty")
    return [Change(target, kind, change) for target, kind in found for change in dict.fromkeys(how)]


def _texts(given: object, what: str) -> list[str]:
    found: list[Any] = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    for each in found:
        if not isinstance(each, str):
            raise KinapticError(f"screen({what}=…): {each!r} is no name")
    return found


def _targets(synapse: Synapse, name: str) -> list[tuple[str, str]]:
    """Return targets and their kinds: all of a kind, or the one of that name."""
    numbers = synapse.numbers(acute=False).items()
    kinds: dict[str, Iterable[str]] = {
        "pathway": synapse.pathways,
        "enzyme": enzymes(synapse.pathways),
        "parameter": [n for n, p in numbers if p.formula is None and p.value],
    }
    if name in KINDS:
        return [(target, name[:-1]) for target in kinds[name[:-1]]]
    for kind in ("enzyme", "pathway", "parameter"):  # calcineurin is an enzyme first
        if name in kinds[kind]:
            return [(name, kind)]
    raise UnknownName("target", name, {*KINDS, *(n for names in kinds.values() for n in names)})


def _genotypes(
    synapse: Synapse, rows: Sequence[tuple[Change, ...]]
) -> tuple[dict[tuple[Change, ...], Genotype], dict[tuple[Change, ...], str]]:
    """Return the perturbations of each row, and for those that do not apply why."""
    genotypes, reasons = {}, {}
    for row in rows:
        try:
            made = tuple(each for change in row for each in change.genotype(synapse))
            synapse.with_(*made)
        except KinapticError as why:
            reasons[row] = str(why)
        else:
            genotypes[row] = made
    return genotypes, reasons


def _thresholds(
    synapse: Synapse, runs: Sequence[Genotype], options: Mapping[str, Any]
) -> tuple[list[float], list[str]]:
    """Return theta_M of each genotype, and ``"ok"`` or why there is none."""
    settings = {name: value for name, value in options.items() if name != "until"}
    found = thresholds([synapse.with_(*each) for each in runs], **settings)
    why = [next(iter(each.reason.split("; "))) if np.isnan(each.theta_m_hz) else "" for each in found]
    return [each.theta_m_hz for each in found], [f"theta_M: {each}" if each else "ok" for each in why]


def _table(
    rows: Sequence[tuple[Change, ...]],
    readouts: Sequence[str],
    numbers: np.ndarray[Any, np.dtype[np.float64]],
    status: Sequence[str],
    place: Mapping[tuple[Change, ...], int],
    reasons: Mapping[tuple[Change, ...], str],
    *,
    pairs: bool,
) -> pd.DataFrame:
    nothing = np.full(len(readouts), np.nan)

    def at(row: tuple[Change, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return numbers[place[row]] if row in place else nothing

    made = []
    for row in rows:
        values = at(row)
        line: dict[str, object] = {"target": row[0].target, "kind": row[0].kind, "change": row[0].change}
        if pairs:
            second = row[1] if len(row) == 2 else None
            line |= {
                "other": second.target if second else "",
                "other change": second.change if second else "",
            }
        line |= dict(zip(readouts, values, strict=True))
        line |= {_effect(n): v - c for n, v, c in zip(readouts, values, numbers[0], strict=True)}
        if pairs:
            with np.errstate(all="ignore"):
                together = (
                    np.log(values * numbers[0] / (at(row[:1]) * at(row[1:]))) if len(row) == 2 else nothing
                )
            line |= {_epistasis(n): e for n, e in zip(readouts, together, strict=True)}
        line["status"] = reasons[row] if row in reasons else status[place[row]]
        made.append(line)
    table = pd.DataFrame(made)
    order = (
        table[_effect(readouts[0])]
        .abs()
        .sort_values(ascending=False, kind="stable", na_position="last")
        .index
    )
    return table.loc[order].reset_index(drop=True)
