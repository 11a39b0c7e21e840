"""scipy's `solve_ivp`, as one would use it without a compiler: Python functions, exact Jacobian.

The integration is stopped at each spike, whose times are known beforehand, the events of the model
are applied, and it goes on from there.
"""

from __future__ import annotations

import functools
from typing import Literal

import numpy as np
from benchmarks import equations
from benchmarks.cases import Array, Case, text
from benchmarks.engines import ABSOLUTE, Solve, check_counts, one_by_one
from scipy.integrate import solve_ivp

_NUDGE = 1e-9  # s; rounding of the clock is no reason to give an event at the next stop


def scipy(case: Case, *, method: Literal["LSODA", "BDF", "Radau"]) -> Solve:
    """Return `solve_ivp` with a method: ``"LSODA"``, ``"BDF"`` or ``"Radau"``."""
    first = case.models[0]
    made = _equations(text(first), first.readouts)
    places = {counter: made.states.index(counter) for counter in case.counts[0]}
    clock = made.states.index("clock")

    def solve_one(run: int, rtol: float) -> Array:
        model, times, end = case.models[run], case.times[run], case.times[run][-1]
        own = made.functions(model.values)
        state, begin = np.array([model.initial.get(name, 0.0) for name in made.states]), 0.0
        blocks = [state[None, :]]  # the first sample is at 0
        for stop in [*case.events[run][case.events[run] < end], end]:
            inside = times[(times > begin) & (times <= stop)]
            visited = inside if stop == end else np.append(inside, stop)
            found = solve_ivp(
                own["rhs"], (begin, stop), state, method=method, t_eval=visited, jac=own["jacobian"],
                rtol=rtol, atol=ABSOLUTE * rtol, first_step=min(1e-6, stop - begin),
            )  # fmt: skip
            if not found.success:
                raise RuntimeError(f"scipy {method} at rtol {rtol:g}: {found.message} ({case.title})")
            blocks.append(found.y[:, : len(inside)].T)
            state, begin = found.y[:, -1].copy(), stop
            if stop < end:
                state[clock] = stop + _NUDGE
                state = own["kicked"](state)
                state[clock] = stop
        check_counts(f"scipy {method}", case, run, {name: state[i] for name, i in places.items()})
        return np.array([own["readouts"](y) for y in np.vstack(blocks)])

    return one_by_one(solve_one)


@functools.cache
def _equations(source: str, readouts: tuple[str, ...]) -> equations.Equations:
    return equations.read(source, readouts)
