"""One model and the numbers in which experiments differ: what the tables of a PEtab problem say.

An experiment has two periods. Before time 0 (PEtab's time -inf) the clock of the protocol stands
still and the synapse comes to rest, so that the baseline follows the numbers that a fit tries. At
time 0 the clock starts, what is washed in is washed in, and the weight is from there on relative to
that rest.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kinaptic.analysis.experiments.knobs import KNOBS, Knob, turned
from kinaptic.analysis.petab_places import Places, places
from kinaptic.errors import ExportError, KinapticError
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.perturbation import Perturbation
from kinaptic.pathways.presets import preset
from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml import build, document, inline
from kinaptic.sbml.model import Model
from kinaptic.sbml.origin import Origin
from kinaptic.sbml.synapse import Synapse

AT_REST, FROM_REST = "at_rest", "from_rest"  # conditions of every experiment
_CLOCK = "clock_speed"
_REFERENCES = {"release_mean_rest": "release_mean", "weight_post_rest": "weight_post"}
_SEARCHED = "_searched"  # of a number that is searched and yet differs between experiments
_ROUNDING = 1e-12

Values = dict[str, float]
Changes = dict[str, str]  # what is set → to which value or expression


@dataclass(frozen=True)
class Experiment:
    """A protocol on a synapse.

    Attributes
    ----------
    name : str
        PEtab identifier.
    protocol : Protocol
        What is done.
    under : tuple of Perturbation
        What the synapse is under from before the baseline on: changes of numbers, not of pathways.
    """

    name: str
    protocol: Protocol
    under: tuple[Perturbation, ...] = ()

    def on(self, synapse: Synapse) -> Synapse:
        """Return `synapse` as the experiment has it."""
        try:
            return synapse.with_(*self.under)
        except KinapticError as why:
            given = ", ".join(map(str, self.under))
            raise ExportError(
                f"{self.name} was measured under {given}, which does not go with this synapse: {why}"
            ) from None


@dataclass(frozen=True)
class Study:
    """A synapse and experiments on it, as one model and what is set in it.

    Attributes
    ----------
    synapse : Synapse
        What all experiments share.
    experiments : tuple of Experiment
        The model, as it stands, runs the protocol of the first.
    """

    synapse: Synapse
    experiments: tuple[Experiment, ...]

    @functools.cached_property
    def places(self) -> Places:
        """Where the trains of all protocols stand in the model."""
        return places(each.protocol for each in self.experiments)

    @functools.cached_property
    def model(self) -> Model:
        """The model that is written."""
        first = self.experiments[0].protocol
        made = self.synapse.model(self.places.protocol(first.inputs))
        numbers = dict(made.parameters)
        for name, value in self.places.values(first).items():
            numbers[name] = numbers[name].model_copy(update={"value": value})
        return replace(made, parameters=numbers, origin=Origin(self.synapse, first))

    @functools.cached_property
    def calibrated(self) -> dict[str, Parameter]:
        """The numbers of this synapse that the calibration searches."""
        own = preset(self.synapse.name).parameters
        names = [
            k.number for k in KNOBS if k.preset == self.synapse.name or not (k.preset or k.number in own)
        ]
        now = self.synapse.numbers(acute=True)
        return {name: now[name] for name in names if name in now and name in self._settable}

    @functools.cached_property
    def searched(self) -> dict[str, tuple[float, float]]:
        """Those of them that a fit may change, with their ranges: all that were not set by hand."""
        return {name: number.range for name, number in self.calibrated.items() if number.range is not None}

    def parameter(self, number: str) -> str:
        """Return the name under which a number is searched.

        What conditions set is no parameter of a PEtab problem; a number that is both gets a second name.
        """
        return number + _SEARCHED if number in self._differing else number

    def everywhere(self) -> dict[str, Changes]:
        """Return the conditions of every experiment: coming to rest, and starting from there."""
        body, held = self.synapse.assembly.body, self.synapse.clamps(acute=True)
        references = {
            name: inline.written_out(port, body, held)  # AMICI compiles no rule variable here
            for name, port in _REFERENCES.items()
            if name in self._settable
        }
        return {AT_REST: {_CLOCK: "0.0"}, FROM_REST: {_CLOCK: "1.0"} | references}

    def before(self, experiment: Experiment) -> Changes:
        """Return what an experiment sets besides while the synapse comes to rest."""
        rest, _ = self._numbers[experiment]
        changes = {
            n: self._said(n, rest)
            for n in self._differing
            if n in self.searched or rest.now[n] != self._own.now[n]
        }
        if experiment.under:  # other totals: the amounts that there are to begin with
            initial = experiment.on(self.synapse).model(self.places.protocol(None)).initial
            changes |= {n: repr(v) for n, v in initial.items() if v != self.model.initial[n]}
        return changes

    def after(self, experiment: Experiment) -> Changes:
        """Return what an experiment sets at time 0: what is washed in, and its protocol."""
        rest, run = self._numbers[experiment]
        washed_in = {n: self._said(n, run) for n in self._differing if not run.agrees(rest, n)}
        return washed_in | {n: repr(v) for n, v in self.places.values(experiment.protocol).items()}

    @functools.cached_property
    def _settable(self) -> Mapping[str, str]:
        """What the file has and nothing but a condition changes: id → kind of element."""
        parsed = document.read(self.model.sbml)  # kept here: its parts do not outlive it
        model = parsed.getModel()
        lists = model.getListOfParameters(), model.getListOfSpecies(), model.getListOfCompartments()
        elements = [each.get(i) for each in lists for i in range(each.size())]
        return {each.getId(): each.getElementName() for each in elements if each.getConstant()}

    @functools.cached_property
    def _turned(self) -> Values:
        """The searched numbers, each at another value than now."""
        now = _given(self.calibrated)
        return {name: 2 * now[name] or 1.0 for name in self.searched}

    @functools.cached_property
    def _own(self) -> _Numbers:
        """Numbers as the file has them."""
        now = _given(self.model.parameters)
        return _Numbers(now, now | self._turned)

    @functools.cached_property
    def _numbers(self) -> dict[Experiment, tuple[_Numbers, _Numbers]]:
        """Numbers of each experiment at rest and from time 0 on, without those that are set anyway."""
        knobs = {Knob(n, *self.searched[n], self.synapse.name): v for n, v in self._turned.items()}
        other = turned(self.synapse, knobs)
        found = {}
        for each in self.experiments:
            now, then = self._periods(each, self.synapse), self._periods(each, other)
            found[each] = _Numbers(now[0], then[0]), _Numbers(now[1], then[1])
        return found

    def _periods(self, experiment: Experiment, synapse: Synapse) -> tuple[Values, Values]:
        made = experiment.on(synapse)
        resting = replace(made, perturbations=tuple(p for p in made.perturbations if not p.acute))
        apart = {*self.places.names, *_REFERENCES}

        def numbers(of: Synapse, inputs: int | None) -> Values:
            found = _given(build.recipe(of, self.places.protocol(inputs)).numbers)
            return {name: value for name, value in found.items() if name not in apart}

        return numbers(resting, None), numbers(made, experiment.protocol.inputs)

    @functools.cached_property
    def _differing(self) -> tuple[str, ...]:
        """Numbers of the file, those of protocols apart, that are not the same everywhere and always."""
        periods = [period for both in self._numbers.values() for period in both]
        found = dict.fromkeys(n for each in periods for n in each.now if not each.agrees(self._own, n))
        differing = tuple(n for n in found if n in self._settable)
        volume = next((n for n in differing if self._settable[n] == "compartment"), None)
        if volume is not None:
            raise ExportError(
                f"{volume} is another as the run begins: amounts would stay in PEtab, concentrations stay in "
                "Kinaptic; change it before the baseline (acute=False)"
            )
        return differing

    def _said(self, number: str, period: _Numbers) -> str:
        """Return the value of a number; where it follows a searched one, as an expression."""
        value = period.now[number]
        if number not in self.searched:
            return repr(value)
        # Two points of a straight line: perturbations multiply, add, or set.
        slope = (period.turned[number] - value) / (self._turned[number] - self._own.now[number])
        offset = value - slope * self._own.now[number]
        if slope == 0.0:
            return repr(value)
        scaled = self.parameter(number) if slope == 1.0 else f"{slope!r}*{self.parameter(number)}"
        return scaled if abs(offset) <= _ROUNDING * abs(value) else f"{scaled} + {offset!r}"


@dataclass(frozen=True)
class _Numbers:
    """Numbers as they are, and as they would be with the searched ones at other values."""

    now: Values
    turned: Values

    def agrees(self, other: _Numbers, name: str) -> bool:
        """Return whether a number is the same in both, and stays so whatever is searched."""
        return self.now[name] == other.now[name] and self.turned[name] == other.turned[name]


def _given(numbers: Mapping[str, Parameter]) -> Values:
    """Return the values of numbers that follow from no others."""
    return {name: number.value for name, number in numbers.items() if number.value is not None}
