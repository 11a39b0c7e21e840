"""One function for many: those that do the same to other slots share one body, each with a list of places.

A network of many like parts (synapses along a dendrite, isoforms of an enzyme) is code of many like
functions. Written once, it compiles in the time of one part and stays in the processor's cache.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kinaptic.sbml.ensemble.lanes import Function

# A place is the address of a slot that is known when the code is written; "·" marks what is put in later.
_PLACE = re.compile(r"getelementptr i8, ptr %image, i64 (\d+)$", re.MULTILINE)
_HOLE = re.compile(r"^  (%\w+) = getelementptr i8, ptr %image, i64 ·(\d+)$", re.MULTILINE)
_CALL = re.compile(r"call void @(\w+)\(ptr %image, i64 0\)")
_FEWEST = 3  # alike: for fewer, looking places up costs more than the code it saves


@dataclass(frozen=True)
class _Body:
    """What a function does, its places numbered in the order of their first mention."""

    text: str
    places: tuple[int, ...]


def shared(functions: Sequence[Function]) -> list[str]:
    """Return the assembly of functions and of the tables that they read.

    Parameters
    ----------
    functions : sequence of Function
        In which only public ones use their limit.
    """
    alike: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for function in functions:
        body = _body(function)
        alike.setdefault(body.text, []).append((function.name, body.places))
    calls: dict[str, str] = {}
    written = []
    for text, members in alike.items():
        first = members[0][0]
        if len(members) < _FEWEST:
            written += [_placed(text, places).replace("@·", f"@{name}") for name, places in members]
            continue
        for row, (name, _) in enumerate(members):
            calls[name] = f"call void @{first}(ptr %image, i64 {row})"
        rows = [places for _, places in members]
        written += [_table(first, rows), _looking_up(text, first, len(rows[0]))]
    return [_CALL.sub(lambda call: calls.get(call[1], call[0]), each) for each in written]


def _body(function: Function) -> _Body:
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        return f"getelementptr i8, ptr %image, i64 ·{numbers.setdefault(match[1], len(numbers))}"

    text = _PLACE.sub(numbered, function.text.replace(f"@{function.name}(", "@·(", 1))
    return _Body(text, tuple(map(int, numbers)))


def _placed(text: str, places: Sequence[int]) -> str:
    return _HOLE.sub(lambda m: f"  {m[1]} = getelementptr i8, ptr %image, i64 {places[int(m[2])]}", text)


def _table(name: str, rows: Sequence[Sequence[int]]) -> str:
    count = len(rows[0])
    lines = (f"[{count} x i32] [{', '.join(f'i32 {place}' for place in row)}]" for row in rows)
    return f"@{name}_places = internal constant [{len(rows)} x [{count} x i32]] [{', '.join(lines)}]\n"


def _looking_up(text: str, name: str, count: int) -> str:
    row = f"start:\n  %row = getelementptr [{count} x i32], ptr @{name}_places, i64 %limit"

    def looked_up(match: re.Match[str]) -> str:
        v, number = match[1], match[2]
        return (
            f"  {v}.a = getelementptr i32, ptr %row, i64 {number}\n"
            f"  {v}.n = load i32, ptr {v}.a, align 4, !invariant.load !0\n"
            f"  {v}.w = zext i32 {v}.n to i64\n"
            f"  {v} = getelementptr i8, ptr %image, i64 {v}.w"
        )

    return _HOLE.sub(looked_up, text).replace("start:", row, 1).replace("@·", f"@{name}")
