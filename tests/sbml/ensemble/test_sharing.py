"""Functions that are alike become one, and go on doing each its own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kinaptic.sbml.ensemble import machine, program
from kinaptic.sbml.ensemble.lanes import Function
from kinaptic.sbml.ensemble.sharing import shared

Array = NDArray[np.float64]


def functions(lanes: int, places: list[tuple[int, int, int]], factor: float = 2.0) -> list[Function]:
    """Return functions that compute c = factor · a − b with slots of their own, and one that calls all."""
    parts = []
    for number, (a, b, c) in enumerate(places):
        f = Function(f"part_{number}", lanes)
        f.store(c, f.load(a) * factor - f.load(b))
        parts.append(f)
    whole = Function("go", lanes, public=True)
    for part in parts:
        whole.call(part.name)
    return [*parts, whole]


def run(texts: list[str], lanes: int, image: Array) -> Array:
    first = Function("none", lanes)
    declared = program._declarations(first.vector, first.suffix)
    text = "\n".join((*texts, *declared, "attributes #0 = { nounwind }", "!0 = !{}"))
    loaded = machine.Loaded(machine.compiled(text, machine.host()), ("go",))
    memory = np.zeros((len(image) + 1) * lanes + 8)
    begin = (-memory.ctypes.data % 64) // 8
    given = memory[begin : begin + image.size].reshape(image.shape)
    given[:] = image
    loaded.entries["go"](given.ctypes.data, 0)
    return given.copy()


@pytest.mark.parametrize("lanes", [1, 4, 8])
def test_alike_ones_share_a_body_and_keep_their_places(lanes: int) -> None:
    places = [(0, 1, 8), (2, 3, 9), (1, 1, 10), (8, 9, 11), (4, 5, 4)]
    given = np.random.default_rng(1).normal(size=(12, lanes))
    made = functions(lanes, places)
    texts = shared(made)
    wanted = given.copy()
    for a, b, c in places:  # in this order: a later one reads what an earlier one wrote
        wanted[c] = 2 * wanted[a] - wanted[b]
    np.testing.assert_allclose(run(texts, lanes, given), wanted, rtol=1e-15)
    np.testing.assert_array_equal(run(texts, lanes, given), run([f.text for f in made], lanes, given))
    bodies = [t for t in texts if t.startswith("define internal")]
    assert len(bodies) == 3  # one for three of them; two work on fewer slots, each in its own way


def test_two_are_left_as_they_are_and_so_is_what_differs_in_a_number() -> None:
    made = [*functions(4, [(0, 1, 2), (1, 2, 3)])[:2], *functions(4, [(0, 1, 2)] * 2, factor=3.0)[:2]]
    for number, function in enumerate(made):
        function.name = f"f{number}"
    texts = shared(made)
    assert sorted(texts) == sorted(f.text for f in made)
