"""Trees of numbers in a text become tables of a run; anything else stays where it is."""

from __future__ import annotations

import numpy as np
import pytest

import kinaptic as kn
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml import build, document
from kinaptic.sbml.ensemble import batch
from kinaptic.sbml.ensemble.tables import lift
from kinaptic.sbml.model import Model
from kinaptic.sbml.structure import Structure


def text_of(formula: str) -> str:
    """Return a model in which an event, once a second up to t = 9.5, sets x to a formula of the counter n."""
    return document.to_sbml(
        "model m()\n  clock = 0; clock' = 1; n = 0; n' = 0; other = 7; x = -1; x' = 0\n"
        f"  E: at (clock >= n + 1 && n < 9), t0=false, fromTrigger=false: x = {formula}, n = n + 1\nend"
    )


def tree(values: list[float], first: int = 0, half: float = 0.5) -> str:
    if len(values) == 1:
        return repr(values[0])
    middle = len(values) // 2
    below, above = tree(values[:middle], first, half), tree(values[middle:], first + middle, half)
    return f"piecewise({below}, n < {first + middle - half!r}, {above})"


def run(text: str) -> np.ndarray:
    made = Model("m", Structure(text, text, {}, {}, {}), {}, {}, ("x",))
    found = batch.run([made] * 3, [np.arange(0.5, 10)] * 3, rtol=1e-6)[2]
    assert isinstance(found, np.ndarray)
    return found[:, 0]


def test_a_tree_is_a_table_that_is_read_as_the_tree_was() -> None:
    values = [3.5, -2.0, 1e-7, 4.0, 5.0, -6e8]
    lifted = lift(text_of(tree(values)))
    assert [table.tolist() for table in lifted.tables] == [values]
    np.testing.assert_array_equal(run(text_of(tree(values))), [-1, *values, *[values[-1]] * 3])


def test_a_table_that_begins_later_gives_its_first_entry_before() -> None:
    values = [1.0, 2.0, 3.0, 4.0]
    assert len(lift(text_of(tree(values, first=3))).tables) == 1
    np.testing.assert_array_equal(run(text_of(tree(values, first=3))), [-1, 1, 1, 1, 1, 2, 3, 4, 4, 4])


def test_a_counter_on_the_edge_counts_as_beyond() -> None:
    np.testing.assert_array_equal(
        run(text_of(tree([1.0, 2.0, 3.0], half=0.0))), [-1, 1, 2, 3, 3, 3, 3, 3, 3, 3]
    )


def test_a_table_inside_a_formula() -> None:
    formula = f"piecewise(2*{tree([1.0, 2.0, 3.0, 4.0])}, n < 3, other)"
    (table,) = lift(text_of(formula)).tables
    assert table.tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(run(text_of(formula)), [-1, 2, 4, 6, 7, 7, 7, 7, 7, 7])


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        (
            "piecewise(1, n < 0.5, piecewise(2, n < 2.5, 3))",
            [-1, 1, 2, 2, 3, 3, 3, 3, 3, 3],
        ),  # not one by one
        ("piecewise(1, n < 1.5, piecewise(2, n < 0.5, 3))", [-1, 1, 1, 3, 3, 3, 3, 3, 3, 3]),  # not ascending
        ("piecewise(1, n < 0.5, other)", [-1, 1, 7, 7, 7, 7, 7, 7, 7, 7]),
        ("piecewise(1, n > 0.5, 2)", [-1, 2, 1, 1, 1, 1, 1, 1, 1, 1]),
        ("piecewise(1, n < 0.5, piecewise(2, x < 1.5, 3))", [-1, 1, 2, 3, 3, 3, 3, 3, 3, 3]),  # two counters
    ],
)
def test_what_is_no_table_stays(formula: str, wanted: list[float]) -> None:
    lifted = lift(text_of(formula))
    assert not lifted.tables
    assert "<piecewise>" in lifted.text
    np.testing.assert_array_equal(run(text_of(formula)), wanted)


def test_lists_that_differ_in_numbers_share_a_text() -> None:
    synapse = kn.Synapse.preset("ca1")
    lists = [[0.0, 0.1, 0.25], [0.1, 0.3, 0.35, 0.5, 1.0], np.linspace(0.2, 5, 40).tolist()]
    models = [build.model(synapse, kn.spikes(pre=times)) for times in lists]
    assert len({model.structure for model in models}) == 3
    assert len({lift(model.structure).text for model in models}) == 1
    at = [LEAD + np.array(times)[:, None] + [-1e-3, 1e-3] for times in lists]
    found = batch.run(models, [np.ravel(each) for each in at], rtol=1e-6, readouts=("spikes_pre",))
    for times, counts in zip(lists, found, strict=True):
        assert isinstance(counts, np.ndarray)
        before_and_after = np.arange(len(times))[:, None] + [0, 1]
        np.testing.assert_array_equal(counts[:, 0], np.ravel(before_and_after))


def test_an_initial_value_by_formula_is_not_taken_from_the_text() -> None:
    text = document.to_sbml("model m()\n  a = 3; x = 2*a; x' = -x; end")
    assert lift(text).begins == {"a": 3.0}
