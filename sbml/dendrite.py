"""Synapses of one dendrite: where they sit, and how far what one makes reaches the others."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kinaptic.errors import KinapticError, UnknownName
from kinaptic.pathways import presets
from kinaptic.pathways.parameters import Parameter, read_parameters
from kinaptic.sbml.wording import SET_BY_USER
from kinaptic.units import Quantity, parse

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kinaptic.pathways.protocol import Protocol
    from kinaptic.sbml.dendrite_run import DendriteRun
    from kinaptic.sbml.synapse import Synapse

    Array = NDArray[np.float64]

_NUMBERS = Path(presets.__file__).with_name("dendrite.yaml")


@dataclass(frozen=True)
class Site:
    """Where a synapse sits.

    Attributes
    ----------
    name : str
        For tables.
    synapse : Synapse
        What sits there.
    position : float
        Distance from the branch point (um).
    branch : int
        Which branch.
    """

    name: str
    synapse: Synapse
    position: float
    branch: int = 0

    def __post_init__(self) -> None:
        name = self.name
        if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
            raise KinapticError(f"Site({name!r}): a name begins ids, so give letters and digits: 's1'")
        if isinstance(self.synapse, str) or not hasattr(self.synapse, "pathways"):
            raise KinapticError(
                f"Site({name!r}, {self.synapse!r}): give a synapse, such as kn.Synapse.preset('ca1')"
            )
        number = isinstance(self.position, int | float) and not isinstance(self.position, bool)
        if not number or not 0 <= self.position < math.inf:
            raise KinapticError(
                f"Site({self.name!r}, position={self.position!r}): give micrometres from the branch point, "
                "0 or more"
            )

    def apart(self, other: Site) -> float:
        """Return the distance to another site along the dendrite (um)."""
        if self.branch == other.branch:
            return abs(self.position - other.position)
        return self.position + other.position


@dataclass(frozen=True)
class Link:
    """How a port hears others.

    Attributes
    ----------
    source : str
        What of another synapse it follows: a variable or a species of its model.
    weigh : callable
        From distance (um), whether a branch point lies between, and numbers to port over source.
    """

    source: str
    weigh: Callable[[float, bool, Mapping[str, float]], float]


def _around_a_point(r: float, reach: float, numbers: Mapping[str, float]) -> float:
    """Return the concentration at r of that at the source: it spreads into space and is lost on the way."""
    radius = numbers["source_radius"]
    beyond = max(r - radius, 0.0)
    shorter = reach / math.sqrt(numbers["glial_uptake_of_messengers"])
    return radius / max(r, radius) * math.exp(-beyond / shorter)


def _nitric_oxide(r: float, _across: bool, n: Mapping[str, float]) -> float:
    return math.exp(-r / n["NO_length"]) / (n["full_angle"] * n["NO_diffusion"] * r)


def _protein(r: float, across: bool, n: Mapping[str, float]) -> float:
    return (n["PRP_across"] if across else 1.0) * math.exp(-r / n["PRP_reach"])


LINKS: Mapping[str, Link] = {
    "NO_elsewhere": Link("NO_made", _nitric_oxide),
    "AG2_elsewhere": Link("AG2", lambda r, _, n: _around_a_point(r, n["AG2_reach"], n)),
    "BDNF_elsewhere": Link("BDNF", lambda r, _, n: _around_a_point(r, n["BDNF_reach"], n)),
    "PRP_supply": Link("PRP_made", _protein),
}


@dataclass(frozen=True)
class Dendrite:
    """Some synapses of one cell; made by `Dendrite.branch` or `Dendrite.of`.

    They share spikes of the soma, sleep and firing, and, as far as each reaches, newly made protein in the
    dendrite and nitric oxide, 2-AG and BDNF in the space between them. Each has an astrocyte's process of
    its own if its synapse has the pathway ``astrocyte``.

    Attributes
    ----------
    sites : tuple of Site
        Each with a name and a place of its own.
    settings : tuple of (str, float)
        Numbers of the spread that the user set, see `parameters`.
    """

    sites: tuple[Site, ...]
    settings: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.sites or len({site.name for site in self.sites}) < len(self.sites):
            raise KinapticError("a dendrite has at least one site, and each has a name of its own")
        for one, other in itertools.combinations(self.sites, 2):
            if not one.apart(other) > 0:
                raise KinapticError(f"{one.name} and {other.name} sit at one place; move one of them")
        for name, value in self.settings:
            if name == "PRP_across" and not 0 <= value <= 1:
                raise KinapticError(f"Dendrite({name}={value:g}): give a part of one, from 0 to 1")
            if value < 0 or (value == 0 and name != "PRP_across"):
                raise KinapticError(f"Dendrite({name}={value:g}): give a positive number")
        for site in self.sites:
            if site.synapse.foreign:
                raise KinapticError(f"{site.synapse.name} is a model of others; a dendrite takes our own")

    @classmethod
    def branch(cls, synapse: Synapse, at: Sequence[Quantity], **settings: Quantity) -> Dendrite:
        """Return synapses of one kind along one branch, named ``s1``, ``s2`` and so on.

        Parameters
        ----------
        synapse : Synapse
            What sits at each place.
        at : sequence of quantity
            Distances from the branch point: ``["0 um", "2 um", "10 um"]``.
        **settings : quantity
            Numbers of the spread: ``glial_uptake_of_messengers=3``, ``AG2_reach="10 um"``; see `parameters`.

        Raises
        ------
        UnknownName, UnitError, KinapticError
            If a setting or a place does not fit.
        """
        if isinstance(at, str):
            raise KinapticError(
                f"Dendrite.branch(at={at!r}): give a list of places, such as ['0 um', '2 um']"
            )
        where = [parse(each, "um", "Dendrite.branch(at=…)") for each in at]
        return cls.of(*(Site(f"s{i}", synapse, x) for i, x in enumerate(where, start=1)), **settings)

    @classmethod
    def of(cls, *sites: Site, **settings: Quantity) -> Dendrite:
        """Return a dendrite of sites, on one or several branches; for the settings see `branch`."""
        known, chosen = _spread(), []
        for name, value in settings.items():
            if name not in known:
                raise UnknownName("number of the spread", name, known)
            chosen.append((name, parse(value, known[name].unit, f"Dendrite({name}=…)")))
        return cls(sites, tuple(chosen))

    @property
    def parameters(self) -> pd.DataFrame:
        """Numbers of the spread between synapses: value, unit, source, by parameter (DataFrame)."""
        import pandas as pd

        own = dict(self.settings)
        rows = {
            name: {
                "value": self.numbers[name],
                "unit": p.unit,
                "source": SET_BY_USER if name in own else p.source,
            }
            for name, p in _spread().items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")

    @property
    def numbers(self) -> Mapping[str, float]:
        """Value of each number of the spread."""
        return {name: p.value for name, p in _spread().items() if p.value is not None} | dict(self.settings)

    def kernel(self, port: str) -> Array:
        """Return what each site (rows) hears of each other (columns) at a port.

        Parameters
        ----------
        port : str
            ``"NO_elsewhere"``, ``"AG2_elsewhere"``, ``"BDNF_elsewhere"`` or ``"PRP_supply"``.

        Returns
        -------
        ndarray, shape (sites, sites)
            Port over source in their units; zero on the diagonal.

        Raises
        ------
        UnknownName
            If there is no such port.
        """
        if port not in LINKS:
            raise UnknownName("port", port, LINKS)
        found = np.zeros((len(self.sites), len(self.sites)))
        for j, there in enumerate(self.sites):
            if LINKS[port].source not in there.synapse.units():
                continue  # it makes none
            numbers = {**there.synapse.model().values, **self.numbers}
            for i, here in enumerate(self.sites):
                if i != j:
                    across = here.branch != there.branch
                    found[i, j] = LINKS[port].weigh(here.apart(there), across, numbers)
        return found

    def simulate(
        self,
        protocols: Mapping[str, Protocol | None],
        *,
        until: Quantity = "60 min",
        rtol: float = 1e-6,
        coupled: bool = True,
    ) -> DendriteRun:
        """Run a protocol on each synapse, all together.

        Parameters
        ----------
        protocols : mapping of str to Protocol or None
            By site; those left out are silent. Presynaptic spikes reach their own site; postsynaptic ones
            are spikes of the soma and reach all. Sleep, firing and voltage steps are the cell's: give them
            to all.
        until : quantity
            Length of the run.
        rtol : float
            Relative tolerance of each integration.
        coupled : bool
            Whether synapses hear each other; False shows what each does alone.

        Returns
        -------
        DendriteRun

        Raises
        ------
        UnknownName, KinapticError
            If a site is unknown, or the protocols do not fit one cell.
        SimulationFailed
            If a synapse cannot be integrated.
        """
        from kinaptic.sbml.dendrite_run import relaxed

        end = parse(until, "s", "Dendrite.simulate(until=…)")
        if end <= 0:
            raise KinapticError(f"Dendrite.simulate(until={until!r}): give a positive time, such as '60 min'")
        return relaxed(self, protocols, end, rtol=rtol, coupled=coupled)

    def sbml(self, protocols: Mapping[str, Protocol | None] | None = None) -> str:
        """Return all synapses as one SBML document, bound to each other by rules.

        Ids have the name of their site in front: ``s1_CaMKII``. It is the system that `simulate` relaxes.

        Parameters
        ----------
        protocols : mapping of str to Protocol or None, optional
            As for `simulate`.
        """
        from kinaptic.sbml.dendrite_run import coupled

        return coupled(self, protocols or {})

    def export(self, path: str | Path, protocols: Mapping[str, Protocol | None] | None = None) -> None:
        """Write `sbml` to a file."""
        Path(path).write_text(self.sbml(protocols), encoding="utf-8")


@functools.cache
def _spread() -> Mapping[str, Parameter]:
    return read_parameters(_NUMBERS)
