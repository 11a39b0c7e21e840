"""The head of an NMODL file: where it comes from, what drives it, how it is used."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kinaptic.pathways.citations import formatted
from kinaptic.sbml.export.nmodl_cut import ELSEWHERE, untold
from kinaptic.sbml.export.nmodl_kinetics import RAISE, may_fall
from kinaptic.sbml.export.nmodl_names import plain, raised
from kinaptic.sbml.origin import LICENCE
from kinaptic.sbml.wording import changes
from kinaptic.version import __version__

if TYPE_CHECKING:
    from kinaptic.sbml.export.nmodl_network import Network
    from kinaptic.sbml.model import Model

_WIDTH = 100


def header(name: str, model: Model, of: Network) -> str:
    """Return the TITLE and the COMMENT that a mechanism begins with.

    Parameters
    ----------
    name : str
        The mechanism's.
    model : Model
        What it was made of.
    of : Network
        What is in it.
    """
    said = [*_origin(model), *_driving(of), *_solving(of), *_naming(of)]
    lines = "\n".join(f"    {line}" for line in _example(name, of))
    papers = sorted({number.key for number in of.numbers.values() if number.key})
    parts = [
        f"TITLE {name}: biochemistry of synaptic plasticity, to be put on a dendritic spine\n\nCOMMENT",
        *map(_filled, said),
        f"In Python, in the folder where nrnivmodl was run:\n\n{lines}",
    ]
    if papers:
        parts += ["Publications behind the numbers:", "\n".join(_filled(f"- {formatted(k)}") for k in papers)]
    return "\n\n".join(parts) + "\nENDCOMMENT\n\n"


def _filled(paragraph: str) -> str:
    return textwrap.fill(plain(paragraph), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _origin(model: Model) -> Iterator[str]:
    yield f"Written by Kinaptic {__version__} from the synapse {model.name}. Licence: {LICENCE}."
    if model.origin is not None:
        synapse = model.origin.synapse
        yield f"Pathways: {', '.join(p for p in synapse.pathways if p != 'calcium')}."
        yield f"Done to it, in order: {'; '.join(changes(synapse)) or 'nothing'}."


def _driving(of: Network) -> Iterator[str]:
    if of.calcium is not None:
        yield (
            "Calcium of the section (cai) drives it. The initial state is that of rest at "
            f"{of.calcium * 1e-3:.6g} mM; for a cell that rests elsewhere, export the synapse with that as "
            "Ca_rest (as Ca, where calcium is held). Nothing here changes cai."
        )
    if ELSEWHERE in of.formulas:
        yield (
            f"{ELSEWHERE} is calcium above rest that stores and other channels of this model let in. It is "
            "shown only: a cell that should have it has to add it to its own."
        )
    constant = untold(of)
    if constant:
        yield (
            f"cai does not tell {' and '.join(constant)}, so that what depends on them stays at rest. "
            "A cell that knows them plays them in (Vector.play), in the units of this file."
        )
    if of.spikes["pre"]:
        yield "A presynaptic spike comes by a NetCon of any weight that is not negative."
    if of.spikes["post"]:
        yield (
            "A postsynaptic spike comes by a second NetCon, of negative weight, delayed by what it takes to "
            "the spine."
        )
    if "weight" in of.formulas:
        yield "weight is 1 at rest: the factor by which plasticity changes the conductance of the synapse."


def _solving(of: Network) -> Iterator[str]:
    yield (
        "Numbers are in the units of their papers: seconds, femtolitres, micromolar; NEURON's milliseconds "
        "come in by the factor 1000 of the COMPARTMENT statements. Constants may be set for each instance; "
        "those that follow from others are computed when a run is initialised."
    )
    yield (
        "Use the variable step, h.cvode.active(True), for all but short runs; each state has its own scale "
        "of h.cvode.atol(), and h.cvode.rtol() should stay 0. Record what is to be read (Vector.record): an "
        "instance shows values of its last step, which under the variable step is not where a run stops. "
        "nrnivmodl takes about a minute for a whole synapse."
    )
    falling = may_fall(of)
    if falling:
        yield (
            "NEURON's fixed step keeps the states of a KINETIC block from falling below zero. What may do so "
            f"is integrated with {RAISE:g} added to it ({', '.join(map(raised, falling))}) and shown without."
        )


def _naming(of: Network) -> Iterator[str]:
    if of.renamed:
        told = ", ".join(f"{ours} is {theirs}" for theirs, ours in of.renamed.items())
        yield f"Names that NEURON keeps for itself are changed: {told} of the model."


def _example(name: str, of: Network) -> Iterator[str]:
    """Yield lines of Python that run the mechanism and record what it is for."""
    shown = next(each for each in ("weight", *of.variables, *of.states) if each in of.names)
    yield "from neuron import h"
    yield 'h.load_file("stdrun.hoc")'
    yield 'spine = h.Section(name="spine")'
    yield "spine.L = spine.diam = 0.5  # um"
    yield f"synapse = h.{name}(spine(0.5))"
    if of.calcium is not None:
        rest = f"{of.calcium * 1e-3:.6g}"
        yield "# a transient of calcium; in a cell, channels and pumps that write cai take its place"
        yield "times = h.Vector([0, 10000, 10050, 11000, 12000])  # ms"
        yield f"levels = h.Vector([{rest}, {rest}, 1e-3, {rest}, {rest}])  # mM"
        yield "levels.play(spine(0.5)._ref_cai, times, True)"
    if of.spikes["pre"]:
        yield "stimulus = h.NetStim()"
        yield "stimulus.start, stimulus.number, stimulus.interval = 10000, 60, 1000  # ms, spikes, ms"
        yield "spikes = h.NetCon(stimulus, synapse, 0, 1, 1)  # threshold, delay (ms), weight"
    yield "h.cvode.active(True)"
    yield "time = h.Vector().record(h._ref_t)"
    yield f"{shown} = h.Vector().record(synapse._ref_{shown})"
    yield "h.finitialize(-70)"
    yield "h.continuerun(120000)"
