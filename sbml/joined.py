"""Several models as one SBML document, their ids prefixed, and what binds them as assignment rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

import libsbml

from kinaptic.errors import ModelError
from kinaptic.pathways.parameters import Parameter
from kinaptic.sbml import document
from kinaptic.units import model_unit

_UNIT = re.compile(r'(      <unitDefinition [^>]*?id="(\w+)".*?</unitDefinition>\n)', flags=re.DOTALL)
LISTS = ("Compartments", "Species", "Parameters", "InitialAssignments", "Rules", "Reactions", "Events")
_NAMED = re.compile(r'(\b(?:id|metaid|species|variable|symbol|compartment)="|\babout="#|<ci> )(\w+)')


def joined(
    models: Mapping[str, str], bonds: Mapping[str, str], numbers: Mapping[str, Parameter], name: str
) -> str:
    """Return one document.

    Parameters
    ----------
    models : mapping of str to str
        Prefix → SBML, as `kinaptic.sbml.model.Model.sbml` has it. They share their units.
    bonds : mapping of str to str
        Parameter of the whole, prefixed → formula (Level 3) over ids of the whole that it follows.
    numbers : mapping of str to Parameter
        What bonds need besides: id → value, unit, source and meaning.
    name : str
        Of the whole.

    Raises
    ------
    ModelError
        If a number has the id of something else, a bond is of a parameter that is not there, or libSBML
        cannot read its formula.
    """
    first = next(iter(models.values()))
    parts = {each: "".join(_list(text, each, prefix) for prefix, text in models.items()) for each in LISTS}
    lists = "".join(
        f"    <listOf{each}>\n{content}    </listOf{each}>\n" for each, content in parts.items() if content
    )
    head = _with_units(first[: first.index("    <listOfCompartments>")], models.values())
    whole = document.read(f"{head}{lists}  </model>\n</sbml>\n")
    model = whole.getModel()
    model.setName(name)
    for each, number in numbers.items():
        _add(model, each, number)
    for parameter, formula in bonds.items():
        bound, math = model.getParameter(parameter), libsbml.parseL3Formula(formula)
        if bound is None or math is None:
            raise ModelError(f"{parameter} cannot follow {formula}")
        bound.setConstant(False)
        bound.unsetValue()
        rule = model.createAssignmentRule()
        rule.setVariable(parameter)
        rule.setMath(math)
    return document.write(whole)


def _with_units(head: str, texts: Iterable[str]) -> str:
    """Return the head with the units of all: each text has those that it uses."""
    units = {unit: text for each in texts for text, unit in _UNIT.findall(each)}
    start, end = head.index("    <listOfUnitDefinitions>\n"), head.index("    </listOfUnitDefinitions>")
    return f"{head[:start]}    <listOfUnitDefinitions>\n{''.join(units.values())}{head[end:]}"


def _add(model: libsbml.Model, name: str, number: Parameter) -> None:
    if model.getElementBySId(name) is not None:
        raise ModelError(f"{name} is there already; name a site otherwise")
    made = model.createParameter()
    made.setId(name)
    made.setValue(number.value)
    made.setUnits(model_unit(number.unit).sbml)
    made.setConstant(True)
    made.setNotes(f'<p xmlns="http://www.w3.org/1999/xhtml">{escape(number.source)}</p>')


def _list(text: str, name: str, prefix: str) -> str:
    """Return the elements of one list, with a prefix before every id in them."""
    start = text.find(f"<listOf{name}>")
    if start < 0:
        return ""
    inside = text[start + len(f"<listOf{name}>\n") : text.index(f"    </listOf{name}>", start)]
    return _NAMED.sub(rf"\g<1>{prefix}\g<2>", inside)
