"""SBML of the levels and versions that tools read. Conversion is strict: nothing is dropped."""

from __future__ import annotations

from kinaptic import files
from kinaptic.sbml.export.formats import Job


def l3v2(job: Job) -> None:
    """Write SBML Level 3 Version 2, as it is simulated."""
    files.write(job.path, job.model.sbml)
