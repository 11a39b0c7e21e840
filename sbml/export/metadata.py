"""Metadata of an archive in RDF, as OMEX Metadata and BioSimulations have it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from kinaptic.pathways.citations import doi, formatted
from kinaptic.sbml.origin import CREATOR, LICENCE, Origin

if TYPE_CHECKING:
    from kinaptic.sbml.model import Model

_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "bqmodel": "http://biomodels.net/model-qualifiers/",
}


def rdf(model: Model, origin: Origin) -> str:
    """Return the metadata of an archive as RDF/XML.

    Title, description with everything that was done to the synapse, keywords, creator, licence and
    the publications behind the numbers. There is no date in it: a file written twice is the same.

    Parameters
    ----------
    model : Model
        What the archive holds.
    origin : Origin
        What the model was made of.
    """
    root = ET.Element("rdf:RDF", {f"xmlns:{prefix}": uri for prefix, uri in _NAMESPACES.items()})
    # Names the archive by its content, for its file may be renamed.
    about = {"rdf:about": f"http://omex-library.org/kinaptic-{model.digest[:16]}.omex"}
    archive = ET.SubElement(root, "rdf:Description", about)
    _text(archive, "dc:title", f"{model.name}: {origin.protocol_text}")
    _text(archive, "dc:description", _description(origin))
    for keyword in ("synaptic plasticity", *origin.synapse.pathways):
        _text(archive, "prism:keyword", keyword)
    creator = _node(archive, "dc:creator", CREATOR)
    _text(creator, "foaf:name", CREATOR)
    for tag in ("dcterms:license", "dc:license"):  # Dublin Core's, and the one that BioSimulations reads
        _node(archive, tag, LICENCE, f"https://identifiers.org/spdx:{LICENCE}")
    for key in model.sources:
        identifier = f"https://identifiers.org/doi:{found}" if (found := doi(key)) else ""
        _node(archive, "bqmodel:isDescribedBy", formatted(key), identifier)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _description(origin: Origin) -> str:
    done = "; ".join(origin.history) or "nothing"
    return (
        f"Biochemistry of a synapse and its plasticity. Pathways: {', '.join(origin.synapse.pathways)}. "
        f"Done to it, in order: {done}. Protocol: {origin.protocol_text}."
    )


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text


def _node(parent: ET.Element, tag: str, label: str, identifier: str = "") -> ET.Element:
    """Write something with a label, and with an identifier where it has one."""
    node = ET.SubElement(ET.SubElement(parent, tag), "rdf:Description")
    if identifier:
        ET.SubElement(node, "dc:identifier", {"rdf:resource": identifier})
    _text(node, "rdfs:label", label)
    return node
