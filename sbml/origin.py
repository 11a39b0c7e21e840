"""Where a model comes from, written into its file: synapse, changes, protocol, papers, version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

import libsbml

from kinaptic.pathways.citations import doi, formatted
from kinaptic.sbml.wording import changes, sentence
from kinaptic.version import __version__

if TYPE_CHECKING:
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.synapse import Synapse

LICENCE = "Apache-2.0"
CREATOR = "The Kinaptic developers"
NAMESPACE = "urn:kinaptic:origin"  # of the annotation that a program reads
_XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True)
class Origin:
    """What a model was made of.

    Attributes
    ----------
    synapse : Synapse
        As the user gave it.
    protocol : Protocol, Waveform or None
        What is written into it.
    """

    synapse: Synapse
    protocol: Protocol | Waveform | None

    @property
    def history(self) -> tuple[str, ...]:
        """What was done to the synapse, in order: numbers that were set, then perturbations."""
        return tuple(changes(self.synapse))

    @property
    def protocol_text(self) -> str:
        """The protocol in words."""
        return sentence(self.protocol)


def sign(document: libsbml.SBMLDocument, origin: Origin, keys: Iterable[str]) -> None:
    """Write into a document, in place, who made it, of what, and what it rests on.

    Parameters
    ----------
    document : libsbml.SBMLDocument
        A flat model, otherwise complete.
    origin : Origin
        What it was made of.
    keys : iterable of str
        BibTeX keys of the publications behind its numbers.
    """
    model, papers = document.getModel(), sorted(keys)
    model.setMetaId("meta_model")
    model.setSBOTerm("SBO:0000062")  # continuous framework
    model.setNotes(_notes(origin, papers))
    model.appendAnnotation(annotation(origin))
    described(model, papers, libsbml.MODEL_QUALIFIER)
    history, creator = libsbml.ModelHistory(), libsbml.ModelCreator()
    creator.setName(CREATOR)
    creator.setOrganization("Kinaptic")
    history.addCreator(creator)
    model.setModelHistory(history)


def described(element: libsbml.SBase, keys: Iterable[str], kind: int = libsbml.BIOLOGICAL_QUALIFIER) -> None:
    """Name the publications that an element rests on, those that have a DOI."""
    found = [each for key in keys if (each := doi(key))]
    if not found:
        return
    if not element.isSetMetaId():
        element.setMetaId(f"meta_{element.getId()}")
    term = libsbml.CVTerm(kind)
    if kind == libsbml.MODEL_QUALIFIER:
        term.setModelQualifierType(libsbml.BQM_IS_DESCRIBED_BY)
    else:
        term.setBiologicalQualifierType(libsbml.BQB_IS_DESCRIBED_BY)
    for each in found:
        term.addResource(f"https://identifiers.org/doi:{each}")
    element.addCVTerm(term)


def _notes(origin: Origin, papers: list[str]) -> str:
    history = origin.history or ("nothing",)
    parts = [
        f"<p>{escape(str(origin.synapse.name))}, written by Kinaptic {__version__}. Licence: {LICENCE}.</p>",
        f"<p>Pathways: {escape(', '.join(origin.synapse.pathways))}.</p>",
        f"<p>Done to it, in order:</p>{_list('ol', history)}",
        f"<p>Protocol: {escape(origin.protocol_text)}.</p>",
        "<p>Units: s, fL, zmol; concentrations are in uM. Constants carry their sources in their notes.</p>",
    ]
    if papers:
        parts.append(f"<p>Publications behind the numbers:</p>{_list('ul', map(formatted, papers))}")
    return f'<body xmlns="{_XHTML}">{"".join(parts)}</body>'


def _list(kind: str, items: Iterable[str]) -> str:
    return f"<{kind}>{''.join(f'<li>{escape(item)}</li>' for item in items)}</{kind}>"


def annotation(origin: Origin) -> str:
    """Return what a program may read of an origin, as XML."""
    synapse = origin.synapse
    about = {
        "version": __version__,
        "licence": LICENCE,
        "synapse": synapse.name,
        "pathways": " ".join(synapse.pathways),
        "absent": " ".join(synapse.absent),
    }
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in about.items() if value)
    steps = "".join(f"<step>{escape(each)}</step>" for each in origin.history)
    protocol = f"<protocol>{escape(origin.protocol_text)}</protocol>"
    return f'<origin xmlns="{NAMESPACE}" {attributes}>{steps}{protocol}</origin>'
