"""Numbers out of a text: a balanced tree of choices on a counter becomes a look-up in a table.

Recorded calcium and lists of spikes are written into SBML as such trees, ``piecewise(…, n < 511.5, …)``, with
their numbers as leaves. Taken out, a program need not know them: a list of ten thousand spikes compiles like
one of two, and lists that differ in their numbers share a program, each run with a table of its own.
"""

from __future__ import annotations

import functools
import itertools
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import libsbml
import numpy as np
from numpy.typing import NDArray

_NAME = "lifted_table_"  # of the function that stands in the text for a look-up
_ASSIGNED = re.compile(r"<eventAssignment .*?</eventAssignment>", re.DOTALL)
_TOKEN = re.compile(r"<(?P<end>/?)(?P<tag>\w+)(?P<rest>[^>]*)>(?P<text>[^<]*)")
_VALUE = re.compile(r'(?P<before><parameter id="(?P<name>\w+)") value="(?P<value>[^"]*)"')
_COMPUTED = re.compile(r'<initialAssignment [^>]*symbol="(\w+)"')
_LOOKUP = "<apply><ci> {name} </ci><apply><minus/><ci> {counter} </ci><cn> {first!r} </cn></apply></apply>"


@dataclass(frozen=True)
class Lifted:
    """A text without its tables.

    Attributes
    ----------
    text : str
        SBML with a call of a function of x in the place of each: entry 0 where x < 0, entry 1 where
        0 <= x < 1, and so on; the last one beyond.
    tables : tuple of ndarray
        Their entries.
    begins : mapping of str to float
        The values of parameters, which are not in the text any more.
    """

    text: str
    tables: tuple[NDArray[np.float64], ...] = field(repr=False)
    begins: Mapping[str, float] = field(repr=False, hash=False)


@dataclass(frozen=True)
class _Name:
    text: str


@dataclass(frozen=True)
class _Power:
    """The power of ten that a number goes on with."""

    exponent: str


@dataclass(frozen=True)
class _Below:
    """A condition: a counter is below a number."""

    counter: str
    number: float


@dataclass
class _Tree:
    """Numbers, and the edges between them, ascending."""

    counter: str
    edges: list[float]
    leaves: list[float]


@dataclass
class _Element:
    """An element of MathML that is being read."""

    tag: str
    start: int
    parts: list[object]
    trees: list[tuple[int, int, _Tree]]  # that lie in it, from where to where


@functools.lru_cache(maxsize=64)
def lift(text: str) -> Lifted:
    """Return a text without the tables in what its events assign."""
    if _NAME in text:
        return Lifted(text, (), {})
    text, begins = _without_values(text)
    pieces: list[str] = []
    tables: list[NDArray[np.float64]] = []
    done = 0
    for assignment in _ASSIGNED.finditer(text):
        for start, end, tree in _trees(assignment[0]):
            begin = assignment.start() + start
            call = _LOOKUP.format(name=f"{_NAME}{len(tables)}", counter=tree.counter, first=tree.edges[0])
            pieces += [text[done:begin], call]
            tables.append(np.array(tree.leaves))
            done = assignment.start() + end
    return Lifted("".join((*pieces, text[done:])), tuple(tables), begins)


def _without_values(text: str) -> tuple[str, dict[str, float]]:
    """Return a text without the values of the model's own parameters, and those."""
    end = text.find("<listOfReactions")  # beyond lie parameters of single reactions
    head, rest = (text, "") if end < 0 else (text[:end], text[end:])
    computed = {match[1] for match in _COMPUTED.finditer(text)}
    values = {match["name"]: float(match["value"]) for match in _VALUE.finditer(head)}
    begins = {name: value for name, value in values.items() if name not in computed}
    return _VALUE.sub(r"\g<before>", head) + rest, begins


def is_table(math: libsbml.ASTNode) -> bool:
    """Return whether an element is a look-up that was put there by `lift`."""
    return bool(kind(math) == libsbml.AST_FUNCTION and math.getName().startswith(_NAME))


def kind(math: libsbml.ASTNode) -> int:
    """Return what an element of a formula is, as one of libSBML's numbers.

    After tellurium was imported, libSBML hands out elements of libSEDML, whose ``getType`` gives a pointer.
    """
    return int(libsbml.ASTNode.getType(math))


def numbers_of(name: str) -> tuple[str, str]:
    """Return the names of a run's numbers for a table: where it lies, and its last index."""
    return f"{name}_place", f"{name}_last"


def numbers(tables: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """Return those numbers for the tables of a run, the address as the double of its bits."""
    found = {}
    for i, table in enumerate(tables):
        place, last = numbers_of(f"{_NAME}{i}")
        (found[place],) = struct.unpack("d", struct.pack("q", table.ctypes.data))
        found[last] = float(len(table) - 1)
    return found


def _trees(text: str) -> Iterator[tuple[int, int, _Tree]]:
    """Return the largest trees in an element, each with where it begins and ends."""
    if "<piecewise>" not in text:
        return
    open_: list[_Element] = [_Element("", 0, [], [])]
    for token in _TOKEN.finditer(text):
        if not token["end"]:
            open_.append(_Element(token["tag"], token.start(), [], []))
            if token["tag"] in ("cn", "ci", "sep"):
                open_[-1].parts.append(None if "rational" in token["rest"] else token["text"].strip())
        if token["end"] or token["rest"].endswith("/"):
            _close(open_.pop(), open_[-1], token.end() - len(token["text"]))
    for start, end, tree in open_[0].trees:
        if len(tree.edges) == round(tree.edges[-1] - tree.edges[0]) + 1 and _by_one(tree.edges):
            yield start, end, tree


def _by_one(edges: list[float]) -> bool:
    return all(b - a == 1.0 for a, b in itertools.pairwise(edges))


def _close(element: _Element, parent: _Element, end: int) -> None:
    """Hand what an element is to the one that it stands in."""
    made = _made(element)
    parent.parts.append(made)
    if isinstance(made, _Tree) and element.tag == "piecewise":
        parent.trees.append((element.start, end, made))
    elif not isinstance(made, _Tree):
        parent.trees += element.trees


def _made(element: _Element) -> object:
    """Return a number, name, condition or tree, or the tag of anything else."""
    match element.tag, element.parts:
        case "ci", [str(name)]:
            return _Name(name)
        case "cn", [str(number)]:
            return float(number)
        case "sep", [str(exponent)]:
            return _Power(exponent)
        case "cn", [str(number), _Power(exponent)]:
            return float(f"{number}e{exponent}")
        case "apply", ["minus", float(value)]:
            return -value
        case "apply", ["lt", _Name(counter), float(edge)]:
            return _Below(counter, edge)
        case "otherwise", [part]:
            return part
        case "piece", [part, _Below() as condition]:
            return part, condition
        case "piecewise", [(low, _Below() as condition), high]:
            return _joined(low, condition, high)
    return element.tag


def _joined(low: object, condition: _Below, high: object) -> object:
    sides = []
    for side in (low, high):
        tree = _Tree(condition.counter, [], [side]) if isinstance(side, float) else side
        if not isinstance(tree, _Tree) or tree.counter != condition.counter:
            return "piecewise"
        sides.append(tree)
    below, above = sides
    edges = [*below.edges, condition.number, *above.edges]
    return _Tree(condition.counter, edges, [*below.leaves, *above.leaves])
