"""Runs of a dendrite, by relaxation: every synapse alone, then in the field of what the others made.

A round integrates each synapse by itself, many side by side. What each makes beyond its rest reaches the
others by static kernels of distance (`kinaptic.sbml.dendrite`) and is the field that they are integrated in
next, until no weight changes any more: four to six rounds. So the cost grows with the number of synapses
and no faster. That fields are drawn as straight lines and rounds end is an error of 3e-4 at most in what
was measured (docs/dendrite.md).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinaptic.errors import KinapticError, ProtocolError, UnknownName
from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.protocol import LEAD, Protocol
from kinaptic.pathways.trains import Regime, SpikeList, Step
from kinaptic.sbml import build, fields, simulate
from kinaptic.sbml.dendrite import LINKS, Site
from kinaptic.sbml.joined import joined
from kinaptic.sbml.run import MINUTE, Run
from kinaptic.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from kinaptic.sbml.dendrite import Dendrite
    from kinaptic.sbml.engine import Expected
    from kinaptic.sbml.ensemble.image import Runnable
    from kinaptic.sbml.model import Model

    Array = NDArray[np.float64]

MOST_ROUNDS = 12
CONVERGED = 1e-4  # change of a weight from one round to the next
CORNERS = 1e-3  # of a field's largest value: how far its line may be from the course
_FADING = np.geomspace(0.7, 60.0, 25) + 1.37e-4  # s after a spike, off others, while messengers fade
_BEGIN = 1e-3  # s: fields begin here, for an event at time 0 is taken differently by different tools
_UNSURE = 1e-3  # s; whether a corner so near the end was met is a matter of rounding


@dataclass(frozen=True, eq=False, repr=False)
class DendriteRun:
    """What a run of a dendrite gives; made by `Dendrite.simulate`.

    Attributes
    ----------
    dendrite : Dendrite
        What ran.
    protocols : mapping of str to Protocol or None
        By site, spikes of the soma in all of them.
    runs : mapping of str to Run
        By site: traces, weights, metaplasticity, clones … of each. The model of one, in the field of the
        others, is written when it is asked for.
    rounds : int
        How often each synapse was integrated.
    change : float
        Largest change of a weight in the last round; 0 where synapses were not coupled.
    """

    dendrite: Dendrite
    protocols: Mapping[str, Protocol | None]
    runs: Mapping[str, Run]
    rounds: int
    change: float
    courses: Mapping[str, pd.DataFrame]  # traces by site, which all else is read off

    def __repr__(self) -> str:
        last = next(iter(self.courses.values())).index[-1] / MINUTE
        return f"<DendriteRun: {len(self.courses)} sites, {last:.4g} min, {self.rounds} rounds>"

    @property
    def weights(self) -> pd.DataFrame:
        """Weight of each site (columns) over time (s), relative to its baseline."""
        return pd.DataFrame({name: course["weight"] for name, course in self.courses.items()})

    def at(self, minutes: float, readout: str = "weight") -> pd.Series[float]:
        """Return a readout of every site some minutes after the last of the protocols, by site.

        Raises
        ------
        UnknownName, KinapticError
            If a site has no such readout, or the run is shorter.
        """
        end = max((p.end for p in self.protocols.values() if p is not None), default=0.0)
        when = end + minutes * MINUTE
        found = {}
        for name, course in self.courses.items():
            if readout not in course:
                raise UnknownName("readout", readout, map(str, course.columns), f"at {name}")
            if not 0 <= when <= course.index[-1] + 1e-6:
                raise KinapticError(
                    f"{minutes:g} min after the protocols, at {when / MINUTE:.4g} min, is not in this run of "
                    f"{course.index[-1] / MINUTE:.4g} min; run it longer"
                )
            found[name] = float(np.interp(when, course.index.to_numpy(), course[readout].to_numpy()))
        return pd.Series(found, name=readout)

    def plot(self) -> Figure:
        """Return a figure: the weights over time, and where the synapses sit."""
        from kinaptic.sbml.dendrite_figure import figure

        return figure(self)


class _Runs(Mapping[str, Run]):
    """Runs by site, each made when it is asked for: its model takes longer to write than to integrate."""

    def __init__(self, makers: Mapping[str, Callable[[], Run]]) -> None:
        self._makers, self._made = makers, dict[str, Run]()

    def __getitem__(self, name: str) -> Run:
        if name not in self._makers:
            raise UnknownName("site", name, self._makers)
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


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
    ready = _prepared(dendrite.sites, given, links)
    rests = _rests(dendrite.sites) if links else []
    around = [each.field for each in ready]
    courses = _round(ready, around, times, rtol)
    rounds, change = 1, 0.0
    while links:
        around = _around(courses, rests, links, times)
        found = _round(ready, around, times, rtol)
        pairs = zip(found, courses, strict=True)
        change = max(float(np.max(np.abs(a["weight"] - b["weight"]))) for a, b in pairs)
        courses, rounds = found, rounds + 1
        if change < CONVERGED:
            break
        if rounds == MOST_ROUNDS:
            raise KinapticError(
                f"after {rounds} rounds weights still change by {change:.2g}: these synapses are bound too "
                "closely to be taken one by one; put them farther apart"
            )
    makers = {
        each.site.name: functools.partial(_run, each, there, course, rtol)
        for each, there, course in zip(ready, around, courses, strict=True)
    }
    named = {each.site.name: course for each, course in zip(ready, courses, strict=True)}
    stimuli = {each.site.name: each.protocol for each in ready}
    return DendriteRun(dendrite, stimuli, _Runs(makers), rounds, change, named)


def coupled(dendrite: Dendrite, protocols: Mapping[str, Protocol | None]) -> str:
    """Return the whole dendrite as one document; see `Dendrite.sbml`."""
    given = _shared(dendrite.sites, protocols)
    models = [site.synapse.model(each) for site, each in zip(dendrite.sites, given, strict=True)]
    names = [site.name for site in dendrite.sites]
    rests = _rests(dendrite.sites)
    units = {name: unit for model in models for name, unit in model.source.units.items()}
    bonds, numbers = dict[str, list[str]](), dict[str, Parameter]()
    for port, kernel in _links(dendrite).items():
        for i, j in zip(*np.nonzero(kernel), strict=True):
            quiet = rests[j][LINKS[port].source]
            term, needed = _bond(port, names[i], names[j], float(kernel[i, j]), quiet, units)
            bonds.setdefault(f"{names[i]}_{port}", []).append(term)
            numbers |= needed
    parts = {f"{name}_": model.sbml for name, model in zip(names, models, strict=True)}
    rules = {name: " + ".join(terms) for name, terms in bonds.items()}
    return joined(parts, rules, numbers, f"{len(names)} synapses of a dendrite")


def _bond(
    port: str, here: str, there: str, kernel: float, quiet: float, units: Mapping[str, str]
) -> tuple[str, dict[str, Parameter]]:
    """Return what one synapse hears of another, as a formula, and the numbers in it."""
    source = LINKS[port].source
    reaches, at_rest, one = f"{here}_{port}_of_{there}", f"{there}_{source}_at_rest", f"one_{source}"
    numbers = {
        reaches: Parameter(
            value=kernel,
            unit=units[port],
            source=f"assumed: what {units[source]} of {source} at {there} are at {here}, by their distance",
        ),
        at_rest: Parameter(
            value=quiet,
            unit=units[source],
            source=f"assumed: computed, {source} of {there} without stimulation",
        ),
        one: Parameter(value=1.0, unit=units[source], source="assumed: definition, the unit of what is made"),
    }
    return f"{reaches}*({there}_{source} - {at_rest})/{one}", numbers


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


def _rests(sites: Sequence[Site]) -> list[Mapping[str, float]]:
    """Return what each synapse makes at its baseline: that of the run that a clone comes from."""
    bases = [build.first(site.synapse) for site in sites]
    bases = [replace(s, perturbations=tuple(p for p in s.perturbations if not p.acute)) for s in bases]
    kinds = list(dict.fromkeys(bases))
    silent = _prepared([Site(f"s{i}", kind, 0.0) for i, kind in enumerate(kinds)], [None] * len(kinds), {})
    courses = _round(silent, [None] * len(kinds), np.array([0.0, LEAD / 2]), rtol=1e-6)
    made = {
        kind: {
            link.source: float(course[link.source].iloc[0])
            for link in LINKS.values()
            if link.source in course
        }
        for kind, course in zip(kinds, courses, strict=True)
    }
    return [made[base] for base in bases]


def _collects(site: Site, port: str) -> bool:
    members = [pathway(name) for name in site.synapse.pathways]
    return any(port in (*each.collects, *each.needs) for each in members)


@dataclass(frozen=True)
class _Ready:
    """A synapse of the dendrite, built once for whatever field it will be in.

    Attributes
    ----------
    site : Site
        Where it sits.
    protocol : Protocol or None
        What it is given.
    field : Field or None
        One that says nothing, with the ports that others reach; None where none does.
    model : Model
        In that field.
    """

    site: Site
    protocol: Protocol | None
    field: fields.Field | None
    model: Model

    def within(self, field: fields.Field | None) -> Runnable:
        """Return what is integrated in some field: the same text, with tables of its own."""
        if field is None:
            return self.model
        corners = {fields.CORNERS: float(len(field.times))}
        return _Within(
            self.model.structure,
            {**self.model.values, **corners},
            self.model.initial,
            self.model.readouts,
            fields.tables(field, self.model.structure),
        )


@dataclass(frozen=True)
class _Within:
    """A model in a field, as the ensemble takes it."""

    structure: str
    values: Mapping[str, float]
    initial: Mapping[str, float]
    readouts: tuple[str, ...]
    tables: tuple[Array, ...]


def _prepared(
    sites: Sequence[Site], given: Sequence[Protocol | None], links: Mapping[str, Array]
) -> list[_Ready]:
    """Build every synapse once."""
    silent: list[fields.Field | None] = []
    for i in range(len(sites)):
        ports = [port for port, kernel in links.items() if kernel[i].any()]
        silence = tuple((port, (0.0, 0.0)) for port in ports)
        silent.append(fields.Field((_BEGIN, 2 * _BEGIN), silence) if ports else None)
    stimuli = [p if f is None else fields.Surrounded(p, f) for p, f in zip(given, silent, strict=True)]
    models = build.models(zip((site.synapse for site in sites), stimuli, strict=True))
    found = []
    for site, protocol, silence_there, model in zip(sites, given, silent, models, strict=True):
        if isinstance(model, KinapticError):
            raise model
        sources = [link.source for link in LINKS.values() if link.source in model.source.units]
        shown = tuple(dict.fromkeys((*model.readouts, *sources)))
        found.append(_Ready(site, protocol, silence_there, replace(model, readouts=shown)))
    return found


def _round(
    ready: Sequence[_Ready], around: Sequence[fields.Field | None], times: Array, rtol: float
) -> list[pd.DataFrame]:
    """Integrate every synapse once, and return its traces."""
    from kinaptic.sbml.ensemble import batch

    models = [each.within(field) for each, field in zip(ready, around, strict=True)]
    pairs = zip(ready, around, strict=True)
    expected = [_expected(each.site, each.protocol, field, float(times[-1])) for each, field in pairs]
    outcomes = batch.run(models, [times] * len(models), rtol=rtol, expected=expected)
    found = []
    for each, values in zip(ready, outcomes, strict=True):
        if isinstance(values, KinapticError):
            raise type(values)(f"{each.site.name}: {values}")
        columns = list(each.model.readouts)
        found.append(pd.DataFrame(values, index=pd.Index(times, name="time"), columns=columns))
    return found


def _run(each: _Ready, around: fields.Field | None, course: pd.DataFrame, rtol: float) -> Run:
    """Return what came out at one site as a run; its model has the field that it was in."""
    stimulus = each.protocol if around is None else fields.Surrounded(each.protocol, around)
    model, units = build.model(each.site.synapse, stimulus), each.model.source.units
    recipe: dict[str, str | float] = {
        "model": model.digest,
        "engine": "ensemble",
        "kinaptic": __version__,
        "rtol": rtol,
        "until": float(course.index[-1]),
        "protocol": "none" if each.protocol is None else str(each.protocol),
        "synapse": f"{each.site.synapse}; {each.site.name} of a dendrite",
    }
    traces = course.copy()
    traces.attrs["units"] = {"time": "s"} | {str(name): units[str(name)] for name in traces}
    traces.attrs["recipe"] = recipe
    return Run(each.site.synapse, each.protocol, traces, replace(model, readouts=each.model.readouts), recipe)


def _expected(site: Site, protocol: Protocol | None, field: fields.Field | None, end: float) -> Expected:
    """Return what the counters must show at the end, those of the field among them."""
    own = simulate.expected_counters(site.synapse, protocol, end)
    if field is None:
        return own
    low, high = (fields.expected_count(field, end + each) for each in (-_UNSURE, _UNSURE))
    corners = {fields.COUNTER: float(low)} if low == high else {}
    return lambda values: {**own(values), **corners}


def _around(
    courses: Sequence[pd.DataFrame],
    rests: Sequence[Mapping[str, float]],
    links: Mapping[str, Array],
    times: Array,
) -> list[fields.Field | None]:
    """Return the field around each synapse: what the others make beyond their rest."""
    after = times >= _BEGIN
    heard: dict[str, Array] = {}
    for port, kernel in links.items():
        made = np.zeros((len(courses), int(np.count_nonzero(after))))
        for i, (course, rest) in enumerate(zip(courses, rests, strict=True)):
            if LINKS[port].source in course:
                trace = course[LINKS[port].source].to_numpy()
                made[i] = trace[after] - rest[LINKS[port].source]
        heard[port] = kernel @ made
    found: list[fields.Field | None] = []
    for i in range(len(courses)):
        there = {port: all_of_it[i] for port, all_of_it in heard.items() if links[port][i].any()}
        found.append(fields.corners(times[after], there, CORNERS) if there else None)
    return found


def _times(end: float, given: Sequence[Protocol | None]) -> Array:
    """Return the sample times (s): dense after the events of any synapse, and while messengers fade."""
    events = np.unique(np.concatenate([np.empty(0), *(simulate.event_times(each) for each in set(given))]))
    usual = simulate.sample_times(end, events, None)
    fading = events[:, None] + _FADING
    fading = fading[fading < np.minimum(np.append(events[1:], end), end)[:, None]]  # before the next event
    return np.unique([*usual, *fading, min(_BEGIN, end)])


def _shared(sites: Sequence[Site], protocols: Mapping[str, Protocol | None]) -> list[Protocol | None]:
    """Return the protocol of each site, spikes of the soma given to all."""
    names = [site.name for site in sites]
    if not isinstance(protocols, Mapping):
        raise KinapticError(
            f"Dendrite.simulate({protocols!r}): give protocols by site, such as {{'{names[0]}': kn.stdp(…)}}"
        )
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
            f"protocols[{name!r}]: other sites bring spikes of the soma, and with sleep, firing or voltage "
            "steps all sites need the same ones; give this one the same postsynaptic spikes"
        )
    pre = np.empty(0) if protocol is None else protocol.spike_times("pre")
    length = max(
        [*(at[-1] - LEAD for at in (pre, post) if at.size), 0 if protocol is None else protocol.duration]
    )
    try:
        merged = SpikeList(tuple((pre - LEAD).tolist()), tuple((post - LEAD).tolist()), float(length))
    except ProtocolError as problem:
        raise KinapticError(
            f"spikes of the soma that the protocols of all sites bring to {name}: {problem}; let them be at "
            "the same times, or 1 ms apart"
        ) from None
    return Protocol((merged,), inputs=None if protocol is None else protocol.inputs)
