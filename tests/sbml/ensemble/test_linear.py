"""The LU without pivoting, on the matrices that it meets: the kernel's solution against LAPACK's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import kinaptic as kn
from kinaptic.errors import KinapticError
from kinaptic.sbml import build
from kinaptic.sbml.ensemble import batch, machine, network, program
from kinaptic.sbml.ensemble.derivatives import Derivatives
from kinaptic.sbml.ensemble.expression import Level, Node
from kinaptic.sbml.model import Model

Array = NDArray[np.float64]
ENTRIES = ("prepare", "jacobian", "factor", "solve")
FOLDED = {"clock_speed": 1.0, "counter_drift": 0.0, "zero": 0.0}
PLAIN: dict[str, Callable[..., float]] = {
    "neg": np.negative, "reciprocal": np.reciprocal, "exp": np.exp, "log": np.log, "sqrt": np.sqrt,
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "pow": np.power,
}  # fmt: skip
STEPS = 10.0 ** np.arange(-9, 8, 2)  # s


class Kernels:
    """The functions of a model's program, callable one by one, for one run at a time."""

    def __init__(self, text: str) -> None:
        assembly, plan = program.written(text, (), FOLDED, 1)
        for name in ENTRIES:
            assembly = assembly.replace(f"define internal void @{name}(", f"define void @{name}(")
        self.loaded = machine.Loaded(machine.compiled(assembly, machine.host()), ENTRIES)
        self.plan = plan
        self.memory = np.zeros(int(str(plan["size"])) + 8)
        begin = (-self.memory.ctypes.data % 64) // 8
        self.image = self.memory[begin:]

    def region(self, name: str) -> Array:
        first, count = self.plan["regions"][name]  # type: ignore[index]
        return self.image[first : first + count]

    def call(self, name: str) -> None:
        self.loaded.entries[name](self.image.ctypes.data, 0)

    def solve(self, shift: float, right: Array) -> Array:
        self.region("shift")[:] = shift
        self.region("b")[:] = right
        self.call("factor")
        self.call("solve")
        return self.region("b").copy()


class Slopes:
    """All derivatives of all rates, without unknowns of their own for sums."""

    def __init__(self, found: network.Network) -> None:
        self.graph, derivatives = found.graph, Derivatives(found.graph)
        column = {self.graph.symbol(name, Level.STATE): j for j, name in enumerate(found.states)}
        rows = [derivatives.of(rate) for rate in found.rates]
        self.entries = {(i, column[by]): node for i, row in enumerate(rows) for by, node in row.items()}
        self.size, self.order = len(rows), self.graph.needed(self.entries.values())

    def matrix(self, values: dict[str, float]) -> Array:
        worth: dict[Node, float] = {}
        for each in self.order:
            name, *parts = self.graph.terms[each]
            if name in ("number", "symbol"):
                worth[each] = np.float64(values[parts[0]] if name == "symbol" else parts[0])
            else:
                worth[each] = float(PLAIN[name](*(worth[p] for p in parts)))
        matrix = np.zeros((self.size, self.size))
        for place, node in self.entries.items():
            matrix[place] = worth[node]
        return matrix


@pytest.fixture(scope="module")
def made() -> Model:
    return build.model(kn.Synapse.preset("ca1"), kn.stdp(delay="10 ms", pairs=3, rate="5 Hz"))


def test_no_growth_along_a_run(made: Model) -> None:
    found, kernels = network.read(made.structure, FOLDED), Kernels(made.structure)
    names = tuple(n for n in found.states if n != network.TIME)
    times = np.array([0.0, 10.0005, 10.0105, 10.03, 30.0])
    (run,) = batch.run([dataclasses.replace(made, readouts=names)], [times], rtol=1e-6)
    assert not isinstance(run, KinapticError)
    generator, worst, slopes = np.random.default_rng(0), 0.0, Slopes(found)
    for state in run:
        values = {**found.begins, **made.values, **made.initial, **dict(zip(names, state, strict=True))}
        for region in ("parameters", "discrete"):
            kernels.region(region)[:] = [values[n] for n in getattr(found, region)]
        kernels.region("y")[:] = [values[n] for n in found.states]
        kernels.call("prepare")
        kernels.call("jacobian")
        full = slopes.matrix(values)
        for shift in 1 / (STEPS * program.METHOD.gamma):
            matrix = full - shift * np.eye(len(full))
            right = generator.normal(size=len(full))
            x = kernels.solve(shift, right)
            residual = np.abs(matrix @ x - right)
            worst = max(worst, float((residual / (np.abs(matrix) @ np.abs(x) + np.abs(right))).max()))
            exact = np.linalg.solve(matrix, right)
            assert np.abs(x - exact).max() <= 1e-5 * np.abs(exact).max()
    assert worst < 1e-11  # backward error, entry by entry: what pivoting would give is 1e-15
