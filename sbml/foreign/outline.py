"""A look at XML before libSBML parses it: what would crash or stall a parser is refused here.

Expat reads without recursion, and nothing is kept but counts.
"""

from __future__ import annotations

import re
import xml.parsers.expat
from dataclasses import dataclass, field

from kinaptic.errors import ForeignModelError

DEEPEST = 1_000  # elements in one another. libSBML crashes at 5,000 in maths, takes 4 s for 3,000 in notes
MOST_TERMS = 3_000  # operations in one another, a sum of n terms being n - 1. roadrunner crashes at 4,200
MOST_ATTRIBUTES = 1_000  # of an element; libSBML looks at each pair of them
_SBML = "http://www.sbml.org/sbml/level"
_PACKAGE = re.compile(r"http://www\.sbml\.org/sbml/level\d+/version\d+/(\w+)/")
_WITH_MATHS = {"math", "kineticLaw", "algebraicRule", "parameterRule", "compartmentVolumeRule"}
_WITH_MATHS |= {"specieConcentrationRule", "speciesConcentrationRule"}  # formulas of Level 1
_OPERATION = re.compile(r"[-+*/^,(]")
_ROOTS = {
    "html": "a web page; download the file itself, not the page about it",
    "cellml": "CellML; convert it to SBML",
    "model": "perhaps CellML; convert it to SBML",
    "sedML": "SED-ML, a description of a simulation; name the SBML file that it refers to",
    "neuroml": "NeuroML; convert it to SBML",
    "omexManifest": "the table of contents of a COMBINE archive; name the SBML file beside it",
}


@dataclass
class Outline:
    """What stands in a document, as far as it matters before it is parsed.

    Attributes
    ----------
    required : dict of str to bool
        The packages that its root names, and whether they change the maths.
    sources : list of str
        Other files that submodels are taken from.
    """

    required: dict[str, bool] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)


def outline(text: str, where: str) -> Outline:
    """Return the outline of SBML text.

    Parameters
    ----------
    text : str
        Of the file.
    where : str
        The file's name, for messages.

    Raises
    ------
    ForeignModelError
        If it is not well-formed, has a document type, is not SBML, or is nested deeper than the tools
        bear.
    """
    reader = _Reader(where)
    try:
        reader.parser.Parse(text.encode(), True)
    except xml.parsers.expat.ExpatError as why:
        raise ForeignModelError(
            f"{where}, line {why.lineno}: not well-formed XML: {xml.parsers.expat.ErrorString(why.code)}; "
            "is the file complete, or edited by hand?"
        ) from None
    reader.refuse_depth()
    return reader.found


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.found = Outline()
        self.parser = xml.parsers.expat.ParserCreate("utf-8", " ")  # names are "namespace name"
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        # of each open element: how many children it has, and the operations in one another within
        self._open: list[list[int]] = []
        self._deepest = self._most = (0, 0)  # how many, in which line

    def _doctype(self, name: str, *_: object) -> None:
        if name.lower() == "html":
            self._refuse(f"no SBML: this is {_ROOTS['html']}")
        self._refuse(
            "it has a document type (DOCTYPE), which SBML has not, and by which a file can include others or "
            "grow without bounds; remove it, and write out the entities that it defines"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open:
            self._root(name, attributes)
        if len(attributes) > MOST_ATTRIBUTES:
            self._refuse(f"an element has {len(attributes)} attributes, of which SBML has a dozen")
        local = name.rpartition(" ")[2]
        if self._open:
            self._open[-1][0] += 1
        self._open.append([0, _infix(attributes)])
        self._deepest = max(self._deepest, (len(self._open), self._line), key=lambda each: each[0])
        if local == "externalModelDefinition":
            self.found.sources.append(next((v for k, v in attributes.items() if k.endswith("source")), ""))

    def _end(self, name: str) -> None:
        children, within = self._open.pop()
        local = name.rpartition(" ")[2]
        if local in _WITH_MATHS:
            self._most = max(self._most, (within, self._line), key=lambda each: each[0])
            within = 0
        # an operator and n operands are n - 1 operations in one another
        within += max(1, children - 2) if local == "apply" else 1
        if self._open:
            self._open[-1][1] = max(self._open[-1][1], within)

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if local != "sbml":
            what = _ROOTS.get(local, "of another kind")
            self._refuse(f"no SBML: its outermost element is <{local}>: {what}")
        if not namespace.startswith(_SBML):
            self._refuse(
                f"no SBML: the namespace of <sbml> is {namespace!r}, and those of SBML begin with {_SBML}…"
            )
        for key, value in attributes.items():
            space, _, attribute = key.rpartition(" ")
            if attribute == "required" and space:
                package = _PACKAGE.match(space)
                self.found.required[package[1] if package else space] = value.strip() in ("true", "1")

    def refuse_depth(self) -> None:
        """Refuse what is nested deeper than the tools bear."""
        (depth, line), (operations, end) = self._deepest, self._most
        if depth > DEEPEST:
            self._refuse(f"{depth} elements stand in one another; more than {DEEPEST} are not read", line)
        if operations > MOST_TERMS:
            self._refuse(
                f"an expression has {operations} operations in one another (a sum of so many terms counts "
                f"as that); roadrunner bears {MOST_TERMS}. Give parts of it names, by assignment rules",
                end,
            )

    @property
    def _line(self) -> int:
        return int(self.parser.CurrentLineNumber)

    def _refuse(self, why: str, line: int = 0) -> None:
        raise ForeignModelError(f"{self.where}, line {line or self._line}: {why}")


def _infix(attributes: dict[str, str]) -> int:
    """Return how many operations a formula of Level 1, which is text, has at most in one another."""
    return len(_OPERATION.findall(attributes.get("formula", "")))
