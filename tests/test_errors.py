"""Errors form a small tree, and an unknown name is answered with the nearest known ones."""

from __future__ import annotations

import inspect

import pytest

from kinaptic import errors
from kinaptic.errors import KinapticError, UnknownName


def test_every_error_is_a_kinaptic_error() -> None:
    found = [
        each for _, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__
    ]
    assert len(found) > 8
    assert [each for each in found if not issubclass(each, KinapticError)] == [errors.KinapticWarning]
    assert all(each.__doc__ for each in found)


def test_errors_are_also_what_python_calls_them() -> None:
    assert issubclass(UnknownName, KeyError)
    assert issubclass(errors.UnitError, ValueError)
    assert issubclass(errors.TimeLimit, errors.SimulationFailed)
    assert issubclass(errors.SimulationFailed, RuntimeError)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("camki", "did you mean camkii?"),
        ("CAMP", "did you mean cAMP?"),
        ("calcinurin", "did you mean calcineurin?"),
        ("tot", "did you mean CaMKII_total?"),
        ("zzz", "known: CaMKII_total, cAMP, calcineurin, camkii"),
    ],
)
def test_the_nearest_names_are_offered(name: str, near: str) -> None:
    known = ["camkii", "calcineurin", "cAMP", "CaMKII_total"]
    assert str(UnknownName("target", name, known)).startswith(f"unknown target {name!r}: {near}")


def test_long_lists_are_cut_and_remedies_added() -> None:
    message = str(UnknownName("thing", "?", [f"x{i:02}" for i in range(30)], "in presets.yaml"))
    assert "x19 and 10 more in presets.yaml" in message
    assert "x20" not in message
    assert str(UnknownName("thing", "?", [])) == "unknown thing '?': none are known"


def test_the_message_is_not_quoted() -> None:
    with pytest.raises(UnknownName) as raised:
        raise UnknownName("preset", "ca2", ["ca1"])
    assert str(raised.value) == "unknown preset 'ca2': did you mean ca1?"
