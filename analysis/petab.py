"""PEtab 2: a synapse with the published weights that its preset is held against, to be fitted by other tools.

One model serves all experiments, for tools of PEtab 2 take one model only: protocols are numbers of
it (`kinaptic.analysis.petab_places`), and so is what an experiment was under.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from kinaptic import files
from kinaptic.analysis.petab_measured import Measured, measured
from kinaptic.analysis.petab_readme import readme
from kinaptic.analysis.petab_study import Experiment, Study
from kinaptic.analysis.petab_tables import YAML, texts
from kinaptic.errors import ExportError, KinapticError
from kinaptic.pathways.presets import presets
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml import build

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kinaptic.pathways.protocol import Protocol
    from kinaptic.sbml.synapse import Synapse

ASKED = "asked_for"  # name of the experiment that the user's protocol is, where it was not measured


def problem(synapse: Synapse, protocol: Protocol | Waveform | None, folder: Path) -> None:
    """Write a PEtab 2 problem into a folder, which is made if need be.

    Parameters
    ----------
    synapse : Synapse
        A preset, or one that was made from it: it is held against what was measured on its preset.
    protocol : Protocol, optional
        What the model does as it stands; where nothing was measured after it, an experiment
        without measurement.
    folder : Path
        Takes a listing (``problem.yaml``), the model, five tables and ``README.md``.

    Raises
    ------
    ExportError
        If nothing was measured on such a synapse, or PEtab cannot say what was done to it.
    KinapticError
        If the folder cannot be written.
    """
    _refuse_folder(folder)
    _refuse(synapse)
    if isinstance(protocol, Waveform):
        raise ExportError(
            "recorded calcium needs a model of its own, and a PEtab problem has that of the protocols that "
            "were measured after; export it to SBML"
        )
    known = measured(synapse.name)
    study = Study(synapse, _experiments(synapse, known, protocol))
    written = texts(study, known)
    _lint(written)
    written["README.md"] = readme(study, known)
    files.guarded(folder, lambda: folder.mkdir(exist_ok=True))
    for name, text in written.items():
        files.write(folder / name, text)


def _experiments(
    synapse: Synapse, known: Sequence[Measured], protocol: Protocol | None
) -> tuple[Experiment, ...]:
    """Return an experiment for each measurement, the protocol that was asked for first."""
    found = [Experiment(m.name, m.protocol, m.under) for m in known]
    for each in found:
        each.on(synapse)  # refuse here what does not go with it, not after the model is made
    if protocol is None:
        return tuple(found)
    alike = [each for each in found if each.protocol == protocol and not each.under]
    asked = alike[0] if alike else Experiment(ASKED, protocol)
    return (asked, *(each for each in found if each is not asked))


def _refuse_folder(folder: Path) -> None:
    """Refuse, before anything is computed, a folder that could not be made."""
    if folder.exists() and not folder.is_dir():
        raise KinapticError(f"export to PEtab: {folder} is a file; name a folder")
    if not folder.parent.is_dir():
        raise KinapticError(f"export to PEtab: there is no folder {folder.parent}")


def _refuse(synapse: Synapse) -> None:
    """Refuse a synapse that nothing was measured on, or that PEtab has no words for."""
    if not measured(synapse.name):
        having = " or ".join(repr(name) for name in presets() if measured(name))
        raise ExportError(
            f"nothing was measured on the synapse {synapse.name!r}, and a PEtab problem needs measurements; "
            f"start from Synapse.preset({having}), or export to SBML"
        )
    later = set(synapse.clamps(acute=True)) - set(synapse.clamps(acute=False))
    if later:
        raise ExportError(
            f"{', '.join(sorted(later))} is clamped as the run begins, and conditions of PEtab set values, "
            "they do not hold them; clamp before the baseline (acute=False), or export to SBML"
        )
    if "weight" not in build.recipe(synapse, None).readouts:
        raise ExportError(f"a synapse of {', '.join(synapse.pathways)} has no weight; export it to SBML")


def _lint(written: Mapping[str, str]) -> None:
    """Let the library of PEtab, where it is installed, look for errors."""
    try:
        from petab.v2 import lint_problem
    except ImportError:
        return
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # petab 0.8 calls pandas in ways that go away
        for name, text in written.items():
            files.write(Path(folder, name), text)
        found = lint_problem(Path(folder, YAML))
    if found.has_errors():
        raise ExportError(f"the PEtab problem is not valid: {'; '.join(map(str, found))}")
