"""Larger SBML from small: parts of a flat model written again under prefixes, and joined by reactions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kinaptic.sbml import document

_LISTS = ("Compartments", "Species", "Parameters", "Rules", "Reactions", "Events")
# One child of a list, as libSBML indents it.
_CHILD = re.compile(r"^      <(?P<tag>\w+)[^>]*(?:/>|>.*?^      </(?P=tag)>)$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r'(?P<before>\b(?:id|species|variable|compartment)="|<ci> )(?P<name>\w+)')
_MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'


class Parts:
    """The elements of a flat model as texts.

    Parameters
    ----------
    text : str
        SBML as libSBML writes it, with its numbers and without initial assignments.
    """

    def __init__(self, text: str) -> None:
        self._head = text[: text.index(f"<listOf{_LISTS[0]}>")]
        self._tail = text[text.rindex(f"</listOf{_LISTS[-1]}>") :].split(">", 1)[1]
        self.elements: dict[str, list[str]] = {}
        for name in _LISTS:
            start, end = text.index(f"<listOf{name}>"), text.rindex(f"</listOf{name}>")
            self.elements[name] = [child[0] for child in _CHILD.finditer(text, start, end)]

    @property
    def names(self) -> set[str]:
        """Every id in the model."""
        return {own(e) for elements in self.elements.values() for e in elements}

    def following(self, names: Iterable[str]) -> set[str]:
        """Return some names, with everything that is computed from them or changes them."""
        found = set(names)
        movers = [e for name in ("Rules", "Reactions") for e in self.elements[name]]
        while more := {own(e) for e in movers if found & set(mentioned(e))} - found:
            found |= more
        return found

    def written(self, private: Iterable[str], prefixes: Sequence[str]) -> dict[str, list[str]]:
        """Return the elements, those of private names once for each prefix."""
        names = set(private)
        found = {}
        for name, elements in self.elements.items():
            kept = [e for e in elements if own(e) not in names]
            # A mark in place of the prefix: names are looked for once, not once for each copy.
            copied = "\n".join(_marked(e, names) for e in elements if own(e) in names)
            found[name] = [*kept, *(copied.replace("\0", prefix) for prefix in prefixes)]
        return found

    def document(self, elements: Mapping[str, Sequence[str]]) -> str:
        """Return a whole document of these elements."""
        lists = (
            f"    <listOf{name}>\n" + "\n".join(each) + f"\n    </listOf{name}>"
            for name, each in elements.items()
            if each
        )
        return self._head + "\n".join(lists).lstrip() + self._tail


def own(element: str) -> str:
    """Return the id that an element has, or that of the variable it is a rule for."""
    return str(re.findall(r'\b(?:id|variable)="(\w+)"', element)[0])


def mentioned(element: str) -> list[str]:
    """Return the names in an element, its own included."""
    return [match["name"] for match in _NAME.finditer(element)]


def _marked(element: str, names: set[str]) -> str:
    return _NAME.sub(lambda m: m["before"] + ("\0" if m["name"] in names else "") + m["name"], element)


def compartment(name: str, size: float) -> str:
    """Return a compartment."""
    return (
        f'      <compartment id="{name}" spatialDimensions="3" size="{size!r}" units="fL" constant="true"/>'
    )


def species(name: str, *, within: str, begins: float) -> str:
    """Return a species."""
    return (
        f'      <species id="{name}" compartment="{within}" initialConcentration="{begins!r}" '
        'hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/>'
    )


def parameter(name: str, value: float) -> str:
    """Return a constant."""
    return f'      <parameter id="{name}" value="{value!r}" constant="true"/>'


def even_out(one: str, other: str, *, by: str) -> str:
    """Return a reaction by which two species even out: by · (one − other)."""
    law = f"<apply><times/><ci> {by} </ci><apply><minus/><ci> {one} </ci><ci> {other} </ci></apply></apply>"
    sides = "".join(
        f'<listOf{side}><speciesReference species="{name}" stoichiometry="1" constant="true"/></listOf{side}>'
        for side, name in (("Reactants", one), ("Products", other))
    )
    return (
        f'      <reaction id="{one}_to_{other}" reversible="true">{sides}'
        f"<kineticLaw>{_MATH.format(law)}</kineticLaw></reaction>"
    )


def with_values(text: str, values: Mapping[str, float]) -> str:
    """Return a document with some constants at other values."""
    parsed = document.read(text)
    document.set_values(parsed, values, {})
    return document.write(parsed)
