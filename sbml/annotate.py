"""SBO terms and MIRIAM identifiers, so that other tools know what every element is."""

from __future__ import annotations

import libsbml

from kinaptic.errors import ModelError
from kinaptic.pathways.pathway import Molecule

_COMPARTMENTS = {
    "spine": ("dendritic spine head, cytosol", "go:0043197"),
    "psd": ("postsynaptic density", "go:0014069"),
    "cleft": ("synaptic cleft", "go:0043083"),
    "surround": ("extracellular space around the synapse", "go:0005615"),
    "bouton": ("presynaptic bouton, cytosol", "go:0098793"),
    "cell": ("stretch of dendrite that shares newly made protein", "go:0044307"),
}
_REACTIONS = {  # the first word of a reaction's id: SBO term, GO term
    "bind": ("SBO:0000177", "go:0005488"),  # non-covalent binding; binding
    "phos": ("SBO:0000216", "go:0016310"),  # phosphorylation; the same
    "dephos": ("SBO:0000330", "go:0016311"),  # dephosphorylation; the same
    "move": ("SBO:0000185", "go:0006810"),  # translocation reaction; transport
    "make": ("SBO:0000393", "go:0009058"),  # production; biosynthetic process
    "break": ("SBO:0000179", "go:0009056"),  # degradation; catabolic process
    "clear": ("SBO:0000179", "go:0009056"),
    "open": ("SBO:0000181", "go:0007186"),  # conformational transition; signalling by a coupled receptor
}
_BY_UNIT = {
    "per_s": "SBO:0000035",  # forward unimolecular rate constant, continuous case
    "per_uM_s": "SBO:0000036",  # forward bimolecular rate constant, continuous case
    "uM": "SBO:0000196",  # concentration of an entity pool
    "mV": "SBO:0000259",  # voltage
    "nS": "SBO:0000257",  # conductance
    "pS": "SBO:0000257",
    "nF": "SBO:0000258",  # capacitance
    "GOhm": "SBO:0000254",  # resistance
    "s_unit": "SBO:0000346",  # temporal measure
}
_DESCRIPTION = "SBO:0000002"  # quantitative systems description parameter


def annotate(document: libsbml.SBMLDocument, molecules: dict[str, Molecule]) -> None:
    """Write SBO terms and identifiers into a document, in place.

    Parameters
    ----------
    document : libsbml.SBMLDocument
        A flat model.
    molecules : dict of str to Molecule
        What each species is.

    Raises
    ------
    ModelError
        If a species is not in `molecules`.
    """
    model = document.getModel()
    for i in range(model.getNumCompartments()):
        compartment = model.getCompartment(i)
        name, term = _COMPARTMENTS[compartment.getId()]
        compartment.setName(name)
        compartment.setSBOTerm("SBO:0000290")  # physical compartment
        _identify(compartment, (term,), libsbml.BQB_IS)
    for i in range(model.getNumSpecies()):
        _species(model.getSpecies(i), molecules)
    for i in range(model.getNumReactions()):
        reaction = model.getReaction(i)
        verb = reaction.getId().split("_")[0]
        if verb not in _REACTIONS:
            raise ModelError(
                f"reaction {reaction.getId()}: its id begins with none of {', '.join(_REACTIONS)}; rename it"
            )
        term, process = _REACTIONS[verb]
        reaction.setSBOTerm(term)
        reaction.setName(reaction.getId().replace("_", " "))
        _identify(reaction, (process,), libsbml.BQB_IS_VERSION_OF)
    for i in range(model.getNumParameters()):
        parameter = model.getParameter(i)
        parameter.setSBOTerm(_BY_UNIT.get(parameter.getUnits(), _DESCRIPTION))


def _species(species: libsbml.Species, molecules: dict[str, Molecule]) -> None:
    try:
        molecule = molecules[species.getId()]
    except KeyError:
        raise ModelError(
            f"species {species.getId()} has no molecule; add it to its pathway's `molecules`"
        ) from None
    species.setName(molecule.name)
    whole = len(molecule.parts) == 1
    if all(part.startswith("chebi:") for part in molecule.parts):
        species.setSBOTerm("SBO:0000247")  # simple chemical
    elif whole:
        species.setSBOTerm("SBO:0000252")  # polypeptide chain
    else:
        species.setSBOTerm("SBO:0000297")  # protein complex
    _identify(species, molecule.parts, libsbml.BQB_IS_VERSION_OF if whole else libsbml.BQB_HAS_PART)


def _identify(element: libsbml.SBase, parts: tuple[str, ...], qualifier: int) -> None:
    element.setMetaId(f"meta_{element.getId()}")
    term = libsbml.CVTerm(libsbml.BIOLOGICAL_QUALIFIER)
    term.setBiologicalQualifierType(qualifier)
    for part in parts:
        term.addResource(_uri(part))
    element.addCVTerm(term)


def _uri(compact: str) -> str:
    prefix, accession = compact.split(":", 1)
    if prefix in ("chebi", "go"):  # their accessions carry the prefix
        return f"https://identifiers.org/{prefix.upper()}:{accession}"
    return f"https://identifiers.org/{prefix}:{accession}"
