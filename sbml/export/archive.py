"""COMBINE archive: a model, what to run and draw, where its numbers come from, in one file.

Written by zipfile: libCOMBINE stamps its entries with the time of day.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from kinaptic import files
from kinaptic.pathways.citations import bibliography
from kinaptic.sbml.export import archive_readme, metadata, numbers, sedml
from kinaptic.sbml.export.formats import Job
from kinaptic.sbml.origin import Origin

if TYPE_CHECKING:
    from pybtex.database import Entry

_SPECIFICATIONS = "http://identifiers.org/combine.specifications/"
_TYPES = "http://purl.org/NET/mediatypes/"
_FORMATS = {  # of files by their ending
    ".xml": f"{_SPECIFICATIONS}sbml.level-3.version-2",
    ".sedml": f"{_SPECIFICATIONS}sed-ml",  # without a version: libCOMBINE knows none after 3
    ".rdf": f"{_SPECIFICATIONS}omex-metadata",
    ".csv": f"{_TYPES}text/csv",
    ".bib": f"{_TYPES}application/x-bibtex",
    ".md": f"{_TYPES}text/markdown",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell: no entry is of a date
_UNIX, _MODE = 3, 0o644 << 16  # the same attributes on every platform


def write(job: Job) -> None:
    """Write a COMBINE archive.

    It holds the model as it is simulated, SED-ML for the whole run, for the protocol and for one
    spike of it, metadata, a table of all numbers, their bibliography and a text to read first.

    Raises
    ------
    KinapticError
        If the file cannot be written.
    """
    content = contents(job)
    packed = _packed({"manifest.xml": _manifest(content), **content})
    files.guarded(job.path, lambda: job.path.write_bytes(packed))


def contents(job: Job) -> dict[str, str]:
    """Return the files of the archive but for its manifest: name → text."""
    model = job.model
    origin = Origin(job.synapse, job.protocol)
    planned = sedml.courses(job.protocol, job.until)
    return {
        "README.md": archive_readme.text(model, origin, planned),
        sedml.MODEL: model.sbml,
        **{course.file: sedml.text(model, course) for course in planned},
        "metadata.rdf": metadata.rdf(model, origin),
        "parameters.csv": numbers.csv(model),
        "references.bib": _bibtex(model.sources),
    }


def _bibtex(keys: Iterable[str]) -> str:
    """Return the entries of some publications."""
    everything = bibliography().entries
    return "\n".join(_entry(key, everything[key]) for key in keys)


def _entry(key: str, entry: Entry) -> str:
    """Return an entry as it was read; pybtex's own writer escapes what is escaped already."""
    people = {role: " and ".join(map(str, persons)) for role, persons in entry.persons.items()}
    fields = ",\n".join(f"  {name} = {{{value}}}" for name, value in {**people, **entry.fields}.items())
    return f"@{entry.type}{{{key},\n{fields}\n}}\n"


def _manifest(names: Iterable[str]) -> str:
    root = ET.Element("omexManifest", xmlns=f"{_SPECIFICATIONS}omex-manifest")
    ET.SubElement(root, "content", location=".", format=f"{_SPECIFICATIONS}omex")
    for name in names:
        made = ET.SubElement(root, "content", location=f"./{name}", format=_format(name))
        if name == sedml.MASTER:
            made.set("master", "true")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _format(name: str) -> str:
    return next(uri for ending, uri in _FORMATS.items() if name.endswith(ending))


def _packed(content: Mapping[str, str]) -> bytes:
    """Return a zip whose bytes follow from its content alone."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, text in content.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _MODE
            packed.writestr(entry, text.encode())
    return stream.getvalue()
