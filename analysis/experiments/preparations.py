"""What is experimented on: spines of the CA1 preset, and tubes with a few proteins in them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kinaptic.pathways.perturbation import clamp, edit
from kinaptic.sbml.synapse import Synapse

TRACE = "0.1 nM"  # next to nothing; with less, fractions of a pool are lost in rounding
# What binds calmodulin, in the composed synapse; a tube holds traces of it unless it says otherwise.
_EMPTY = MappingProxyType(
    dict.fromkeys(("Ng_total", "CaN_total", "CaMKII_total", "GluN2B_total", "AC1_total", "PDE1_total"), TRACE)
)
# Inputs that the pathways of a tube would take from others.
_HELD = {"camkii": {"PP1": "0 uM", "PP1_activity": "1"}}


def spine() -> Synapse:
    """Return the spine of the rows: the CA1 synapse with everything in it."""
    return Synapse.preset("ca1")


def clamped(calcium: float) -> Synapse:
    """Return the spine at clamped calcium (µM)."""
    return spine().without("calcium").with_(clamp("Ca", f"{calcium!r} uM"))


def kinase_and_calmodulin(**numbers: str) -> Synapse:
    """Return the spine without any other target of calmodulin.

    Parameters
    ----------
    **numbers : str
        Parameters by name, as for `Synapse.preset`.
    """
    made = Synapse.preset("ca1", Ng_total="0 uM", GluN2B_total=TRACE, **numbers)
    for other in ("ampar", "pka", "pp1", "calcineurin"):
        made = made.without(other)
    return made


def tube(*pathways: str, calcium: float, contents: Mapping[str, str], composed: bool) -> Synapse:
    """Return a tube: `pathways` alone, or all pathways with nothing but the `contents`.

    Parameters
    ----------
    *pathways : str
        What the tube needs.
    calcium : float
        Clamped free calcium (µM).
    contents : mapping of str to str
        Totals, by parameter.
    composed : bool
        Whether all pathways of the CA1 synapse are there.
    """
    if composed:
        full = Synapse.preset("ca1", **(_EMPTY | contents)).without("calcium")
        return full.with_(clamp("Ca", f"{calcium!r} uM"))
    held = {name: value for pathway in pathways for name, value in _HELD.get(pathway, {}).items()}
    return Synapse.of(*pathways, Ca=f"{calcium!r} uM", **(held | dict(contents)))


def with_atp(synapse: Synapse) -> Synapse:
    """Return `synapse` with autophosphorylation that begins with the run, as when ATP is added."""
    rate = total(synapse, "T286_rate")
    return synapse.with_(edit("T286_rate", "0 1/s"), edit("T286_rate", f"{rate!r} 1/s", acute=True))


def total(synapse: Synapse, name: str) -> float:
    """Return the value of a constant of `synapse`, such as ``"CaMKII_total"``, in model units."""
    return synapse.values(acute=True)[name]
