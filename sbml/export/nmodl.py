"""NMODL: the biochemistry of a synapse as a point process that a NEURON user puts on a spine.

The spine's calcium (``cai``) drives it, in place of the synapse's own calcium pathway, and presynaptic
spikes reach it by a ``NetCon``. Names and numbers are the model's: seconds, femtolitres, micromolar.

`nmodl_cut` takes the calcium pathway off the model, `nmodl_network` is what is left, `nmodl_kinetics`
writes its rate laws, `nmodl_blocks` the other blocks and `nmodl_header` the head of the file.
"""

from __future__ import annotations

import re

from kinaptic import files
from kinaptic.errors import ExportError
from kinaptic.sbml import build
from kinaptic.sbml.export import nmodl_blocks, nmodl_cut, nmodl_header
from kinaptic.sbml.export.formats import Job
from kinaptic.sbml.export.nmodl_names import RESERVED


def write(job: Job) -> None:
    """Write a NEURON mechanism; its name is the file's.

    Raises
    ------
    ExportError
        If a protocol is given, the calcium pathway is perturbed, the file's name can be none of a
        mechanism, or the model has something that NMODL cannot say.
    """
    _refuse(job)
    made = nmodl_cut.network(job.synapse, job.model)
    name = job.path.stem
    if name in made.names:
        raise ExportError(f"{job.path.name}: the model has a {name} of its own; name the file otherwise")
    files.write(job.path, nmodl_header.header(name, job.model, made) + nmodl_blocks.blocks(name, made))


def _refuse(job: Job) -> None:
    if job.protocol is not None:
        raise ExportError(
            f"'{job.protocol}' cannot go into a NEURON mechanism: there the cell brings calcium and a NetCon "
            "the spikes; export without a protocol, and give it in NEURON as the head of the file shows"
        )
    unheard = build.on_calcium(job.synapse)
    if unheard:
        raise ExportError(
            "the cell's calcium takes the place of the pathway that makes it, so that "
            f"'{unheard[0]}' would do nothing; leave it out, and do it to the cell in NEURON"
        )
    name = job.path.stem
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in RESERVED:
        raise ExportError(
            f"{job.path.name}: a mechanism is named after its file, so let it begin with a letter, have "
            "only letters, digits and underscores, and be no word of NMODL or C++: ca1_synapse.mod"
        )
