"""What a pathway is: one stem with three siblings, ``.py`` (declaration), ``.ant``, ``.yaml``.

The declaration says what the pathway takes from others, what it gives, the value each output
has when the pathway is absent, which molecule every species is, and what a spike does to it.
The kinetics are in the ``.ant`` file and the numbers, each with unit and source, in the ``.yaml``.
"""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from kinaptic.errors import ModelError
from kinaptic.pathways.parameters import Parameter, read_parameters


@dataclass(frozen=True)
class Port:
    """A quantity that one pathway gives and others may take.

    Parameters
    ----------
    unit : str
        A model unit, ``"uM"`` for every species.
    meaning : str
        What it is, in a phrase.
    neutral : float
        Its value when the giving pathway is absent (the null pathway): 0 for a missing enzyme.
    kind : {"variable", "species"}
        A species takes part in reactions of other pathways; a variable is only read.
    compartment : str
        Where a species lives: ``"spine"``, ``"psd"``, ``"cleft"``, ``"surround"``, ``"bouton"`` or
        ``"cell"``; see ``geometry.yaml``.
    optional : bool
        Whether a synapse may lack it without being asked: an added buffer.
    """

    unit: str
    meaning: str
    neutral: float = 0.0
    kind: Literal["variable", "species"] = "variable"
    compartment: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Enzyme:
    """What a lab can knock out, inhibit or overexpress, by its usual name.

    Parameters
    ----------
    totals : tuple of str
        Parameters that set how much of it there is (knock-out: 0, overexpression: × factor).
    activity : tuple of str
        Parameters proportional to its activity (inhibition by 0.9: × 0.1). Binding is left
        alone: a blocked enzyme still buffers what it binds.
    meaning : str
        What it is, in a phrase.
    """

    totals: tuple[str, ...] = ()
    activity: tuple[str, ...] = ()
    meaning: str = ""

    @classmethod
    def by(cls, *parameters: str, meaning: str) -> Enzyme:
        """Return one whose amount and activity are the same numbers: a channel's conductance."""
        return cls(totals=parameters, activity=parameters, meaning=meaning)


@dataclass(frozen=True)
class Molecule:
    """What a species is, for SBO and MIRIAM annotation.

    Parameters
    ----------
    name : str
        For people: ``"calmodulin"``.
    parts : tuple of str
        Compact identifiers: ``"uniprot:P0DP29"``, ``"chebi:29108"``, ``"go:0005954"``. More than
        one part makes a complex.
    """

    name: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Pathway:
    """A pathway's declaration; see the module's text.

    Parameters
    ----------
    name : str
        Stem of the three files, and the name users type.
    title, summary : str
        A line, and a short paragraph, for ``kinaptic pathways``.
    file : str
        ``__file__`` of the declaring module, to find the siblings.
    needs : tuple of str
        Ports of other pathways that it takes.
    gives : mapping of str to Port
        Ports that it offers.
    collects : mapping of str to Port
        Sums that it offers for others to add to, so that a new messenger can act here without a
        change of this pathway: inhibition of calcium channels, calcium from other sources. With
        nothing added the sum has its neutral value.
    contributes : mapping of str to str
        What it adds to sums that others collect: port → Antimony expression in the port's unit.
        Where nobody collects it, it acts on nothing.
    molecules : mapping of str to Molecule
        From shell patterns over species ids (``"CaM_C?N?"``) to what they are. Every species of
        the ``.ant`` is matched by exactly one pattern.
    enzymes : mapping of str to Enzyme
        Targets for perturbations.
    readouts : mapping of str to str
        Variables shown in ``run.traces``, with a phrase each.
    on_pre, on_post : mapping of str to str
        What a presynaptic spike, and a back-propagating spike on its arrival, adds:
        variable or species id → Antimony expression for its new value (old values on the right).
    on_step : mapping of str to str
        What a voltage step does at both of its edges: variable → expression for its new value, in which
        ``step_voltage`` stands for the voltage (mV), ``step_begins`` for that this is the first edge.
    on_regime : mapping of str to str
        The same for a stretch of sleep or of changed firing: ``regime_firing`` stands for the firing (of the
        habitual), ``regime_asleep`` for 1 in sleep and else 0, ``regime_begins`` for the first edge.
    metaplastic : mapping of str to str
        Variables that tell how plastic the synapse is, shown in ``run.metaplasticity``, with a phrase each.
    post_lag : str
        A variable (s) by which postsynaptic spikes arrive later than at the soma.
    replaces : str
        Name of a pathway that this one stands in for (same outputs): DARPP-32 for inhibitor-1.
    """

    name: str
    title: str
    summary: str
    file: str
    needs: tuple[str, ...] = ()
    gives: Mapping[str, Port] = field(default_factory=dict)
    collects: Mapping[str, Port] = field(default_factory=dict)
    contributes: Mapping[str, str] = field(default_factory=dict)
    molecules: Mapping[str, Molecule] = field(default_factory=dict)
    enzymes: Mapping[str, Enzyme] = field(default_factory=dict)
    readouts: Mapping[str, str] = field(default_factory=dict)
    on_pre: Mapping[str, str] = field(default_factory=dict)
    on_post: Mapping[str, str] = field(default_factory=dict)
    on_step: Mapping[str, str] = field(default_factory=dict)
    on_regime: Mapping[str, str] = field(default_factory=dict)
    metaplastic: Mapping[str, str] = field(default_factory=dict)
    post_lag: str = ""
    replaces: str = ""

    @functools.cached_property
    def antimony(self) -> str:
        """Kinetics: the text of the ``.ant`` sibling."""
        return self._sibling(".ant").read_text(encoding="utf-8")

    @functools.cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """Numbers: the ``.yaml`` sibling, validated."""
        return MappingProxyType(read_parameters(self._sibling(".yaml")))

    def molecule(self, species: str) -> Molecule:
        """Return what `species` is; raise `ModelError` unless exactly one pattern matches."""
        found = [m for pattern, m in self.molecules.items() if fnmatch.fnmatchcase(species, pattern)]
        if len(found) != 1:
            raise ModelError(
                f"pathway {self.name}: species {species} is matched by {len(found)} patterns of "
                f"`molecules`; give it exactly one in {Path(self.file).name}"
            )
        return found[0]

    def _sibling(self, suffix: str) -> Path:
        return Path(self.file).with_suffix(suffix)
