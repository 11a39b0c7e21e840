"""PEtab problems are studies: models, conditions and the measurements that they are held against."""

from __future__ import annotations

from kinaptic.sbml.export.formats import Job


def write(job: Job) -> None:
    """Write a PEtab 2 problem into a folder; see `kinaptic.analysis.petab`."""
    from kinaptic.analysis.petab import problem  # measurements are upstairs: decision 14

    problem(job.synapse, job.protocol, job.path)
