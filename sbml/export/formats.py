"""What a synapse can be written as, and which writer does it."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kinaptic import files
from kinaptic.errors import ExportError, KinapticError, UnknownName
from kinaptic.units import Quantity, parse

if TYPE_CHECKING:
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.model import Model
    from kinaptic.sbml.synapse import Synapse


@dataclass(frozen=True)
class Job:
    """What is to be written, and where.

    Attributes
    ----------
    synapse : Synapse
        Perturbations applied.
    protocol : Protocol, Waveform or None
        Goes into the file.
    path : Path
        File, or folder, to write.
    until : float
        Length of the run that is described (s).
    """

    synapse: Synapse
    protocol: Protocol | Waveform | None
    path: Path
    until: float

    @functools.cached_property
    def model(self) -> Model:
        """The very model that `simulate` runs."""
        return self.synapse.model(self.protocol)


@dataclass(frozen=True)
class Format:
    """Something to write a synapse as.

    Attributes
    ----------
    meaning : str
        In a phrase.
    suffixes : tuple of str
        What its files end in; the first format that has a suffix is the one it stands for. Empty
        for a format that is a folder.
    writer : str
        ``"module:function"`` that takes a `Job`, imported when used.
    """

    meaning: str
    suffixes: tuple[str, ...]
    writer: str

    def write(self, job: Job) -> None:
        """Write the file."""
        module, _, function = self.writer.partition(":")
        made: Callable[[Job], None] = getattr(importlib.import_module(module), function)
        made(job)


FORMATS = {
    "sbml": Format("SBML Level 3 Version 2", (".xml", ".sbml"), "kinaptic.sbml.export.levels:l3v2"),
    "sbml-l3v1": Format("SBML Level 3 Version 1", (".xml", ".sbml"), "kinaptic.sbml.export.levels:l3v1"),
    "sbml-l2v4": Format("SBML Level 2 Version 4", (".xml", ".sbml"), "kinaptic.sbml.export.levels:l2v4"),
    "sbml-comp": Format(
        "SBML with one submodel for each pathway (Hierarchical Model Composition)",
        (".xml", ".sbml"),
        "kinaptic.sbml.export.modular:write",
    ),
    "antimony": Format("Antimony, to read and edit", (".ant", ".txt"), "kinaptic.sbml.export.readable:write"),
    "omex": Format(
        "COMBINE archive: model, SED-ML with plots, metadata, numbers",
        (".omex",),
        "kinaptic.sbml.export.archive:write",
    ),
    "petab": Format(
        "PEtab 2 problem in a folder: model, conditions, published measurements",
        (),
        "kinaptic.sbml.export.petab:write",
    ),
    "nmodl": Format(
        "NEURON mechanism driven by the spine's cai", (".mod",), "kinaptic.sbml.export.nmodl:write"
    ),
    "markdown": Format(
        "equations and numbers, Markdown", (".md",), "kinaptic.sbml.export.equations:markdown"
    ),
    "latex": Format("equations and numbers, LaTeX", (".tex",), "kinaptic.sbml.export.equations:latex"),
}


_OF_OTHERS = ("sbml", "sbml-l3v1", "antimony")  # formats that need nothing but a document
AFTER = 3600.0  # s; a run ends that long after its protocol, unless said


def write(
    synapse: Synapse,
    protocol: Protocol | Waveform | None,
    path: str | Path,
    to: str | None,
    until: Quantity | None,
) -> None:
    """Write a synapse to `path`; see `Synapse.export`."""
    target = Path(path)
    end = 0.0 if protocol is None else float(protocol.end)
    length = end + AFTER if until is None else parse(until, "s", "export(until=…)")
    if length <= 0:
        raise KinapticError(f"export(until={until!r}): give a positive time, such as '60 min'")
    name = _named(target, to)
    if synapse.foreign and name not in _OF_OTHERS:
        raise ExportError(
            f"export({str(path)!r}): {synapse.name} is a model of others, which {name} is not written for; "
            f"there are {', '.join(_OF_OTHERS)}"
        )
    chosen = FORMATS[name]
    if chosen.suffixes:
        files.check(target, chosen.suffixes, "export(path, …)")
    chosen.write(Job(synapse, protocol, target, length))


def _named(path: Path, to: str | None) -> str:
    """Return the name of the format that is meant."""
    if to is not None:
        if to not in FORMATS:
            raise UnknownName("format", to, FORMATS, "in export(…, to=…)")
        return to
    for name, each in FORMATS.items():
        if path.suffix.lower() in each.suffixes:
            return name
    known = dict.fromkeys(suffix for each in FORMATS.values() for suffix in each.suffixes)
    raise KinapticError(
        f"export({str(path)!r}): {path.suffix or 'no suffix'} names no format; let the file end in one of "
        f"{', '.join(known)}, or give to=…, one of {', '.join(FORMATS)}"
    )
