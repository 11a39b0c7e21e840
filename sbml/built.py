"""The presets as files that people download and open: ``python -m kinaptic.sbml.built sbml``.

A file that says the same as the model of now, but for the last digits of its initial state, is left as
it is: the search for the state of rest ends a little differently on another processor.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from kinaptic import files
from kinaptic.pathways.presets import presets
from kinaptic.pathways.stimulation import stdp
from kinaptic.sbml.built_readme import readme
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

PROTOCOL = stdp("10 ms", pairs=60, rate="1 Hz")
COMMAND = "python -m kinaptic.sbml.built sbml"
RELATIVE, ABSOLUTE = 1e-9, 1e-15  # numbers that differ by no more are the same number


def texts() -> dict[str, str]:
    """Return every file by its name."""
    runs = {
        name: simulate(Synapse.preset(name), PROTOCOL, until="75 min", engine="ensemble")
        for name in presets()
    }
    return {f"{name}.xml": run.model.sbml for name, run in runs.items()} | {"README.md": readme(runs)}


def write(folder: Path) -> list[str]:
    """Write the files that are not up to date; return their names.

    Parameters
    ----------
    folder : Path
        Where to; it must be there.

    Raises
    ------
    KinapticError
        If a file cannot be written.
    """
    wanted = {name: text for name, text in texts().items() if stale(folder / name, text)}
    for name, text in wanted.items():
        files.write(folder / name, text)
    return list(wanted)


def stale(path: Path, wanted: str) -> list[str]:
    """Return in which ways a file does not say what it should; nothing if it is up to date."""
    if not path.exists():
        return [f"{path.name} is not there"]
    found = path.read_text(encoding="utf-8")
    if path.suffix != ".xml":
        return [] if found == wanted else [f"{path.name} has another text"]
    try:
        one, other = ET.fromstring(found), ET.fromstring(wanted)  # noqa: S314 - files of our own
    except ET.ParseError as why:
        return [f"{path.name} is no XML: {why}"]
    return [f"{path.name}: {each}" for each in _differences(one, other, "")]


def _differences(found: ET.Element, wanted: ET.Element, above: str) -> Iterator[str]:
    """Yield where two trees differ, with their values."""
    name = found.get("id") or found.get("variable") or found.tag.rpartition("}")[2]
    where = f"{above}/{name}"
    if found.tag != wanted.tag or found.attrib.keys() != wanted.attrib.keys():
        yield f"{where} is another element"
        return
    pairs = [(found.text or "", wanted.text or ""), (found.tail or "", wanted.tail or "")]
    pairs += [(found.attrib[key], wanted.attrib[key]) for key in found.attrib]
    yield from (f"{where} says {one!r} and not {other!r}" for one, other in pairs if not _same(one, other))
    if len(found) != len(wanted):
        yield f"{where} has {len(found)} elements and not {len(wanted)}"
        return
    for one, other in zip(found, wanted, strict=True):
        yield from _differences(one, other, where)


def _same(found: str, wanted: str) -> bool:
    found, wanted = found.strip(), wanted.strip()
    if found == wanted:
        return True
    try:
        one, other = float(found), float(wanted)
    except ValueError:
        return False
    return abs(one - other) <= max(RELATIVE * max(abs(one), abs(other)), ABSOLUTE)


if __name__ == "__main__":
    written = write(Path(sys.argv[1]))
    sys.stdout.write(f"written: {', '.join(written) or 'nothing, all are up to date'}\n")
