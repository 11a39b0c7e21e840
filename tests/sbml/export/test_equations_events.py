"""Events are told in the words of the rules, and lists of times as tables."""

from __future__ import annotations

import libsbml

from kinaptic.sbml.export.equations_events import Names, steps


def test_steps_are_in_order_or_none() -> None:
    def tree(inner: str) -> libsbml.ASTNode:
        return libsbml.parseL3Formula(f"piecewise({inner}, n < 1.5, piecewise(7, n < 2.5, 8))")

    found = steps(tree("piecewise(5, n < 0.5, 6)"))
    assert found is not None
    assert (found.counter, found.bounds) == ("n", (0.5, 1.5, 2.5))
    assert [leaf.getValue() for leaf in found.leaves] == [5, 6, 7, 8]
    assert steps(tree("piecewise(5, n < 3.5, 6)")) is None  # not in order
    assert steps(tree("piecewise(5, k < 0.5, 6)")) is None  # another counter
    assert steps(tree("piecewise(5, n > 0.5, 6)")) is None  # another question
    assert steps(libsbml.parseL3Formula("piecewise(5, n < 0.5, 6)")) is None  # two leaves are no table


def test_a_rule_is_found_in_what_was_written_out() -> None:
    rules = {
        name: libsbml.parseL3Formula(text)
        for name, text in {"v": "k*a", "w": "v + b", "same": "w", "x": "d*(one + same)", "y": "k*a*c"}.items()
    }
    names = Names(rules)

    def back(text: str) -> str:
        return str(libsbml.formulaToL3String(names.back(libsbml.parseL3Formula(text))))

    assert back("e - d*(one + (k*a + b))") == "e - x"
    assert back("d*(one + k*a + b)") == "x"
    assert back("k*a*c/2") == "y / 2"
    assert back("k*b") == "k * b"
