"""Which state remembers: the parts of a primed synapse put back to rest, one at a time, before a test.

A part is a single state, or a pathway: the states that it declares, and for `nmdar_exchange` GluN2B in and
beside the density, which stands in camkii.ant. Put back, the part is as it is at the baseline, while all else
keeps its history. What the test then does, against what it does to the primed synapse as it is, is what that
part remembers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from kinaptic.analysis.probes import refuse
from kinaptic.analysis.scan import scan
from kinaptic.errors import KinapticError, UnknownName
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml.assemble import defined

if TYPE_CHECKING:
    from kinaptic.sbml.run import Run
    from kinaptic.sbml.synapse import Synapse
    from kinaptic.units import Quantity

AFTER = 30.0  # min after the test, when the weight is read
PRIMED, NAIVE = "as it is", "naive"
_WORK = {"nmdar_exchange": {"GluN2B", "GluN2B_out"}}  # of the camkii pathway, moved by this one


def ablate(run: Run, at: Quantity, test: Protocol, parts: Iterable[str] = (), **options: Any) -> pd.DataFrame:
    """Return what a test does to a primed synapse, and what it does with one part after another put back.

    Parameters
    ----------
    run : Run
        The priming.
    at : quantity
        When the test begins, after the end of the priming.
    test : Protocol
        What is tested.
    parts : iterable of str, optional
        Pathways or single states; by default all pathways that have states. A species that is put back
        alone takes nothing from what it is bound to, so that there is more or less of it in all.
    **options
        As for `kinaptic.scan`: engine, rtol, workers, store, progress.

    Returns
    -------
    DataFrame
        A row for the synapse as it is, one for each part put back, the largest effect first, and one for a
        synapse without a history. ``weight`` is that 30 min after the test, relative to the same state left
        alone; ``effect`` is what it has more (or less) than the synapse as it is; ``status`` is "ok" or why a
        run failed.

    Raises
    ------
    UnknownName
        If a part is no pathway and no state of the synapse, or a pathway without states.
    KinapticError
        As `kinaptic.scan`.
    """
    if not isinstance(test, Protocol):
        raise KinapticError(f"ablate(test={test!r}): give a protocol such as kn.low_frequency('20 Hz', 900)")
    if not isinstance(parts, Iterable):
        raise KinapticError(f"ablate(parts={parts!r}): give names of pathways or states, such as ['ampar']")
    refuse(options, "ablate", "the weight is read 30 min after the test")
    primed = run.clone(at)
    named = [parts] if isinstance(parts, str) else list(parts)
    chosen = {part: states(primed, part) for part in (named or primed.pathways)}
    for part in named:
        if not chosen[part]:
            known = [each for each in primed.pathways if states(primed, each)]
            raise UnknownName("part with states", part, known)
    synapses = {PRIMED: primed, NAIVE: replace(primed, start=None)}
    synapses |= {part: _back(primed, names) for part, names in chosen.items() if names}
    table = tested(list(synapses.values()), test, **options)
    table.insert(0, "part", list(synapses))
    table.insert(2, "effect", table["weight"] - table["weight"][0])
    table.attrs["units"] = {"weight": "1", "effect": "1"}
    order = table["effect"].abs().where(~table["part"].isin([PRIMED, NAIVE]), -1.0)
    order[0], order[1] = float("inf"), -2.0
    return table.loc[order.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def tested(synapses: list[Synapse], test: Protocol, **options: Any) -> pd.DataFrame:
    """Return ``weight`` of each 30 min after a test, relative to it left alone, and ``status``."""
    minutes = test.end / 60 + AFTER
    settings = {"until": f"{minutes!r} min", **options}
    over = {"synapse": synapses}
    done = scan(synapses[0], test, over, readouts="weight", **settings).table
    alone = scan(synapses[0], None, over, readouts="weight", **settings).table
    status = done["status"].where(done["status"] != "ok", alone["status"])
    return pd.DataFrame({"weight": done["weight"] / alone["weight"], "status": status})


def states(synapse: Synapse, part: str) -> tuple[str, ...]:
    """Return the states of a part: those of a pathway, and those of others that are its work; or the one."""
    if synapse.start is None:
        raise KinapticError("this synapse has no history; ablate a clone of a run")
    known = [name for name, _ in synapse.start.state]
    if part in synapse.pathways:
        own = defined(pathway(part).antimony) | _WORK.get(part, set())
        return tuple(name for name in known if name in own)
    if part not in known:
        raise UnknownName("pathway or state of this synapse", part, [*synapse.pathways, *known])
    return (part,)


def _back(primed: Synapse, names: tuple[str, ...]) -> Synapse:
    assert primed.start is not None  # noqa: S101 - it is a clone
    return replace(primed, start=primed.start.back(names))
