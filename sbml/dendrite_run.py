"""Runs of a dendrite, by relaxation: every synapse alone, then in the field of what the others made.

A round integrates each synapse by itself, many side by side. What each makes beyond its rest reaches the
others by static kernels of distance (`kinaptic.sbml.dendrite`) and is the field that they are integrated in
next, until no weight changes any more: three or four rounds. So the cost grows with the number of synapses
and no faster. That fields are drawn as straight lines and rounds end is an error of less than 1e-3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinaptic.errors import KinapticError, UnknownName
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.stimulation import spikes
from kinaptic.pathways.trains import Regime, Step
from kinaptic.sbml import build, fields, simulate
from kinaptic.sbml.dendrite import LINKS
from kinaptic.sbml.joined import joined
from kinaptic.sbml.run import MINUTE, Run
from kinaptic.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from kinaptic.sbml.dendrite import Dendrite, Site
    from kinaptic.sbml.engine import Expected

    Array = NDArray[np.float64]

MOST_ROUNDS = 8
CONVERGED = 1e-4  # change of a weight from one round to the next
CORNERS = 1e-3  # of a field's largest value: how far its line may be from the course
_FADING = np.geomspace(0.7, 60.0, 25)  # s after the last spike of a burst, while messengers fade
_UNSURE = 1e-3  # s; whether a corner so near the end was met is a matter of rounding


@dataclass(frozen=True, eq=False)
class DendriteRun:
    """What a run of a dendrite gives; made by `Dendrite.simulate`.

    Attributes
    ----------
    dendrite : Dendrite
        What ran.
    runs : mapping of str to Run
        By site: traces, weights, metaplasticity, clones … of each.
    rounds : int
        How often each synapse was integrated.
    change : float
        Largest change of a weight in the last round; 0 where synapses were not coupled.
    """

    dendrite: Dendrite
    runs: Mapping[str, Run]
    rounds: int
    change: float

    @property
    def weights(self) -> pd.DataFrame:
        """Weight of each site (columns) over time (s), relative to its baseline."""
        return pd.DataFrame({name: run.weight for name, run in self.runs.items()})

    def at(self, minutes: float, readout: str = "weight") -> pd.Series[float]:
        """Return a readout of every site some minutes after the last of the protocols, by site."""
        end = max(run.end for run in self.runs.values())
        return pd.Series(
            {n: r.at(minutes + (end - r.end) / MINUTE, readout) for n, r in self.runs.items()}, name=readout
        )

    def plot(self) -> Figure:
        """Return a figure: the weights over time, and where the synapses sit."""
        from kinaptic.sbml.dendrite_figure import figure

        return figure(self)


def relaxed(
    dendrite: Dendrite,
    protocols: Mapping[str, Protocol | None],
    end: float,
    *,
    rtol: float,
    coupled: bool,
) -> DendriteRun:
    """Return the run of a dendrite; see `Dendrite.simulate`."""
    for site in dendrite.sites:
        if "weight" not in site.synapse.units():
            raise KinapticError(
                f"{site.name} has no weight: give its synapse the pathway 'ampar', 'bouton' or both"
            )
    given = _shared(dendrite.sites, protocols)
    times = _times(end, given)
    links = _links(dendrite) if coupled else {}
    around: list[fields.Field | None] = [None] * len(given)
    runs = _round(dendrite.sites, given, around, times, rtol)
    rounds, change = 1, 0.0
    while links:
        around = _around(runs, links, times)
        found = _round(dendrite.sites, given, around, times, rtol)
        change = max(float(np.max(np.abs(a.weight - b.weight))) for a, b in zip(found, runs, strict=True))
        runs, rounds = found, rounds + 1
        if change < CONVERGED:
            break
        if rounds == MOST_ROUNDS:
            raise KinapticError(
                f"after {rounds} rounds weights still change by {change:.2g}: these synapses are bound too "
                "closely to be taken one by one; put them farther apart"
            )
    return DendriteRun(
        dendrite, {s.name: run for s, run in zip(dendrite.sites, runs, strict=True)}, rounds, change
    )


def coupled(dendrite: Dendrite, protocols: Mapping[str, Protocol | None]) -> str:
    """Return the whole dendrite as one document; see `Dendrite.sbml`."""
    given = _shared(dendrite.sites, protocols)
    models = [site.synapse.model(each) for site, each in zip(dendrite.sites, given, strict=True)]
    names = [site.name for site in dendrite.sites]
    silent: list[None] = [None] * len(names)
    at_rest = _round(dendrite.sites, silent, silent, np.array([0.0, LEAD / 2]), rtol=1e-6)
    rest = [run.traces.iloc[0] for run in at_rest]
    bonds = {}
    for port, kernel in _links(dendrite).items():
        source = LINKS[port].source
        for i, name in enumerate(names):
            heard = np.flatnonzero(kernel[i])
            if heard.size:
                terms = (
                    f"{float(kernel[i, j])!r}*({names[j]}_{source} - {float(rest[j][source])!r})"
                    for j in heard
                )
                bonds[f"{name}_{port}"] = " + ".join(terms)
    parts = {f"{name}_": model.sbml for name, model in zip(names, models, strict=True)}
    return joined(parts, bonds, f"{len(names)} synapses of a dendrite")


def _links(dendrite: Dendrite) -> dict[str, Array]:
    """Return the kernels that connect anything: both ends have what they need."""
    found = {}
    for port, link in LINKS.items():
        units = [site.synapse.units() for site in dendrite.sites]
        hears = np.array([_collects(site, port) for site in dendrite.sites])
        makes = np.array([link.source in each for each in units])
        if hears.any() and makes.any():
            kernel = dendrite.kernel(port) * hears[:, None] * makes[None, :]
            if kernel.any():
                found[port] = kernel
    return found


def _collects(site: Site, port: str) -> bool:
    return any(port in pathway(name).collects for name in site.synapse.pathways)


def _round(
    sites: Sequence[Site],
    given: Sequence[Protocol | None],
    around: Sequence[fields.Field | None],
    times: Array,
    rtol: float,
) -> list[Run]:
    """Integrate every synapse once."""
    from kinaptic.sbml.ensemble import batch

    stimuli = [p if f is None else fields.Surrounded(p, f) for p, f in zip(given, around, strict=True)]
    models = build.models(zip((site.synapse for site in sites), stimuli, strict=True))
    ready, expected = [], []
    for site, model, protocol, field in zip(sites, models, given, around, strict=True):
        if isinstance(model, KinapticError):
            raise model
        sources = [link.source for link in LINKS.values() if link.source in model.source.units]
        ready.append(replace(model, readouts=tuple(dict.fromkeys((*model.readouts, *sources)))))
        expected.append(_expected(site, protocol, field, float(times[-1])))
    outcomes = batch.run(ready, [times] * len(ready), rtol=rtol, expected=expected)
    runs = []
    for site, model, protocol, values in zip(sites, ready, given, outcomes, strict=True):
        if isinstance(values, KinapticError):
            raise type(values)(f"{site.name}: {values}")
        traces = pd.DataFrame(values, index=pd.Index(times, name="time"), columns=list(model.readouts))
        traces.attrs["units"] = {"time": "s"} | {name: model.source.units[name] for name in model.readouts}
        recipe: dict[str, str | float] = {
            "model": model.digest, "engine": "ensemble", "kinaptic": __version__, "rtol": rtol,
            "until": float(times[-1]), "protocol": "none" if protocol is None else str(protocol),
            "synapse": f"{site.synapse}; {site.name} of a dendrite",
        }  # fmt: skip
        traces.attrs["recipe"] = recipe
        runs.append(Run(site.synapse, protocol, traces, model, recipe))
    return runs


def _expected(site: Site, protocol: Protocol | None, field: fields.Field | None, end: float) -> Expected:
    """Return what the counters must show at the end, those of the field among them."""
    own = simulate.expected_counters(site.synapse, protocol, end)
    if field is None:
        return own
    low, high = (fields.expected_count(field, end + each) for each in (-_UNSURE, _UNSURE))
    corners = {fields.COUNTER: float(low)} if low == high else {}
    return lambda values: {**own(values), **corners}


def _around(runs: Sequence[Run], links: Mapping[str, Array], times: Array) -> list[fields.Field | None]:
    """Return the field around each synapse: what the others make beyond their rest."""
    after = times >= LEAD / 2
    found: list[fields.Field | None] = []
    for i in range(len(runs)):
        courses = {}
        for port, kernel in links.items():
            heard = np.flatnonzero(kernel[i])
            if heard.size:
                made = np.array([runs[int(j)].traces[LINKS[port].source].to_numpy() for j in heard])
                courses[port] = kernel[i, heard] @ (made - made[:, :1])[:, after]
        found.append(fields.corners(times[after], courses, CORNERS) if courses else None)
    return found


def _times(end: float, given: Sequence[Protocol | None]) -> Array:
    """Return the sample times (s): dense after the events of any synapse, and while messengers fade."""
    events = np.unique(np.concatenate([np.empty(0), *(simulate.event_times(each) for each in set(given))]))
    usual = simulate.sample_times(end, events, None)
    last = events[np.diff(events, append=np.inf) > _FADING[0]]  # of each burst
    fading = (last[:, None] + _FADING).ravel()
    return np.unique([*usual, *fading[fading < end]])


def _shared(sites: Sequence[Site], protocols: Mapping[str, Protocol | None]) -> list[Protocol | None]:
    """Return the protocol of each site, spikes of the soma given to all."""
    names = [site.name for site in sites]
    for name, each in protocols.items():
        if name not in names:
            raise UnknownName("site", name, names)
        if each is not None and not isinstance(each, Protocol):
            raise KinapticError(f"protocols[{name!r}]: {each!r} is no protocol; give kn.stdp(…) and the like")
    given = [protocols.get(name) for name in names]
    post = np.unique(np.concatenate([np.empty(0), *(p.spike_times("post") for p in given if p is not None)]))
    post = post[np.diff(post, prepend=-np.inf) > 1e-9]  # one spike, if two protocols differ in rounding
    if len({_held(p) for p in given}) > 1:
        raise KinapticError(
            "sleep, changed firing and voltage steps are the cell's: give them to every site alike"
        )
    return [p if _heard(p, post) else _listed(p, post, name) for p, name in zip(given, names, strict=True)]


def _held(protocol: Protocol | None) -> tuple[tuple[float, Step | Regime], ...]:
    if protocol is None:
        return ()
    pairs = zip(protocol.starts, protocol.segments, strict=True)
    return tuple((start, each) for start, each in pairs if isinstance(each, Step | Regime))


def _heard(protocol: Protocol | None, post: Array) -> bool:
    """Return whether a protocol has all spikes of the soma."""
    own = np.empty(0) if protocol is None else protocol.spike_times("post")
    return own.size == post.size and bool(np.allclose(own, post, rtol=0, atol=1e-9))


def _listed(protocol: Protocol | None, post: Array, name: str) -> Protocol:
    """Return a protocol as lists of spikes, with those of the soma that others bring."""
    if _held(protocol):
        raise KinapticError(
            f"protocols[{name!r}]: lists of spikes and what is held for a while do not go together"
        )
    pre = np.empty(0) if protocol is None else protocol.spike_times("pre")
    listed = [[f"{t - LEAD!r} s" for t in at.tolist()] for at in (pre, post)]
    made = spikes(pre=listed[0], post=listed[1])
    return made if protocol is None else replace(made, inputs=protocol.inputs)
