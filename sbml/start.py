"""Where a clone begins: the state that a run had come to, in place of the baseline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kinaptic.errors import PerturbationError, UnknownName
from kinaptic.sbml import build

if TYPE_CHECKING:
    from kinaptic.sbml.synapse import Synapse


@dataclass(frozen=True)
class Start:
    """What a clone begins with.

    Attributes
    ----------
    synapse : Synapse
        The one that ran. Weights stay relative to its baseline.
    state : tuple of (str, float)
        Concentration of each species (µM) and value of each variable with a rate rule, at the time of
        the clone; what belonged to the protocol (its clock and counters) is not among them.
    words : str
        When, and after what.
    """

    synapse: Synapse
    state: tuple[tuple[str, float], ...]
    words: str

    def back(self, names: Iterable[str]) -> Start:
        """Return this start with some states as they are at the baseline.

        Raises
        ------
        UnknownName
            If there is no such state.
        """
        rest, _ = build.baseline(build.first(self.synapse))
        state = dict(self.state)
        chosen = list(names)
        for name in chosen:
            if name not in state:
                raise UnknownName("state", name, state)
            state[name] = rest[name]
        return replace(
            self, state=tuple(state.items()), words=f"{self.words}; {', '.join(chosen)} as at rest"
        )

    def refuse_amounts(self, begins: Mapping[str, str], now: Mapping[str, float]) -> None:
        """Refuse numbers that a state begins with and that differ from those of the run.

        Parameters
        ----------
        begins : mapping of str to str
            State → number that it begins with at the baseline.
        now : mapping of str to float
            The clone's numbers.

        Raises
        ------
        PerturbationError
            If there is one: nothing in the clone would follow from it.
        """
        then = build.model(self.synapse, None).values
        for state, number in begins.items():
            if state in dict(self.state) and then.get(number, now[number]) != now[number]:
                raise PerturbationError(
                    f"{number} is how much there is at the baseline, and this synapse begins {self.words}, "
                    f"with what it then had; change {number} before that run, or inhibit what it stands for"
                )
