"""What is said about the files of the presets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.presets import preset
from kinaptic.sbml import document
from kinaptic.sbml.origin import LICENCE
from kinaptic.version import __version__

if TYPE_CHECKING:
    import libsbml

    from kinaptic.sbml.model import Model
    from kinaptic.sbml.run import Run

_MINUTES = (30, 60)  # after the protocol
_SET = {  # numbers to play with
    "stim_1_delay": "time from the presynaptic to the postsynaptic spike; negative for post before pre",
    "stim_1_rate": "pairings per second",
    "stim_1_bursts": "number of pairings; 0 leaves the synapse at rest",
    "protocol_start": "when the first presynaptic spike comes",
    "distance": "from the soma along the dendrite; spikes come later and smaller from farther",
    "calcium_out": "calcium outside the cell",
    "NMDAR_conductance": "all NMDA receptors of the synapse; 0 blocks them",
    "VGCC_L_conductance": "L-type calcium channels of the spine",
    "CaMKII_activity": "activity of CaMKII; 0 blocks it, 0.1 leaves a tenth",
    "PKA_activity": "activity of PKA",
    "CaN_activity": "activity of calcineurin",
    "CB1R_activity": "activity of CB1 receptors of the bouton",
    "TrkB_activity": "activity of TrkB",
}
_SHOWN = {
    "weight": "synaptic weight n·p·q, relative to the baseline: W_pre times W_post",
    "W_pre": "its presynaptic factor, n·p",
    "W_post": "its postsynaptic factor, q",
    "release_probability": "p",
    "PPR": "paired-pulse ratio",
    "Ca": "free calcium in the spine",
    "V_spine": "voltage of the spine head",
    "CaMKII_active": "active CaMKII of the spine",
    "PKA_active": "active PKA",
    "CaN_active": "active calcineurin",
    "AG2": "2-arachidonoylglycerol around the synapse",
    "spikes_pre": "presynaptic spikes given so far",
    "spikes_post": "postsynaptic spikes given so far",
}
_FRONT = f"""# The presets as SBML files

Each file is one synapse with 60 pairings at 1 Hz in it, the postsynaptic spike 10 ms after the presynaptic.
SBML Level 3 Version 2; units are s, fL and zmol, so that concentrations are in µM. The initial state is the
baseline; the first spike comes at 10 s. Every number carries its source in its notes, every species, reaction
and compartment an identifier; the notes of each model list the papers.

Written by Kinaptic {__version__}. Licence: {LICENCE}. Each file is what

```python
kn.Synapse.preset("ca1").export("ca1.xml", kn.stdp("10 ms", pairs=60, rate="1 Hz"))
```

writes; `python -m kinaptic.sbml.built sbml` renews all that are not up to date, and this page. For other
protocols, drugs and formats export files of your own: [docs/exchange.md](../docs/exchange.md).
"""
_OPEN = """## Opening one

Run for 3700 s to see an hour after the pairings. Change numbers before a run, and reset the model after that.
The initial state does not follow: a synapse with other numbers begins in the state of rest of the old
ones, so hold a run against one with `stim_1_bursts` = 0.

**tellurium, libroadrunner.** Keep the relative tolerance at 1e-6 or below, or spikes are lost. Give an
absolute one for each state: roadrunner multiplies a single one by the states at every spike, and fails where
a state is next to nothing.

```python
import tellurium as te

r = te.loadSBMLModel("ca1.xml")
states = len(r.integrator.getAbsoluteToleranceVector())
r.integrator.absolute_tolerance = [1e-12] * states
r.integrator.initial_time_step = 1e-8  # or CVODE complains at each spike
found = r.simulate(0, 3700, 3701, ["time", "weight"])
r["stim_1_bursts"] = 0
r.reset()
rest = r.simulate(0, 3700, 3701, ["time", "weight"])
```

**COPASI.** *File, Import SBML*; *Tasks, Time Course*, duration 3700, method Deterministic (LSODA) as it is;
it takes half a minute. Numbers are under *Model, Biochemical, Global Quantities*, with their ids as names. In
Python:

```python
import basico

basico.load_model("ca1.xml")
found = basico.run_time_course(duration=3700, intervals=370, use_sbml_id=True)["weight"]
```

**AMICI.** Compiling takes a C++ compiler and a minute.

```python
from amici import MeasurementChannel, import_model_module
from amici.importers.sbml import SbmlImporter

shown = [MeasurementChannel(id_="y", name="weight", formula="weight")]
importer = SbmlImporter("ca1.xml")
importer.sbml2amici("ca1", "ca1_amici", observation_model=shown, compute_conservation_laws=False)
model = import_model_module("ca1", "ca1_amici").get_model()
solver = model.create_solver()
solver.set_max_steps(10**7)
```
"""


def readme(runs: Mapping[str, Run]) -> str:
    """Return the page about files.

    Parameters
    ----------
    runs : mapping of str to Run
        The protocol of the files on each preset, for an hour after it and more.
    """
    models = {name: run.model for name, run in runs.items()}
    parts = [_FRONT, _overview(runs), *map(_entry, models), _pathways(models)]
    values = [_numbers(made) for made in models.values()]
    units = next(iter(models.values())).source.units
    knobs = ([_code(n), *(v[n] for v in values), units[n], why] for n, why in _SET.items())
    shown = ([_code(n), units[n], why] for n, why in _SHOWN.items())
    parts += ["## Numbers to change\n", _table(["number", *models, "unit", "what it sets"], knobs)]
    parts += ["## Variables to look at\n", _table(["variable", "unit", "what it is"], shown)]
    return "\n".join([*parts, _OPEN])


def _overview(runs: Mapping[str, Run]) -> str:
    rows = []
    for name, run in runs.items():
        parsed = document.read(run.model.sbml)
        sizes = _sizes(parsed.getModel())
        weights = (f"{run.at(after):.2f}" for after in _MINUTES)
        rows.append([f"[{name}.xml]({name}.xml)", *map(str, sizes.values()), *weights])
    heads = [f"weight {after} min after" for after in _MINUTES]
    return _table(["file", *sizes, *heads], rows)


def _sizes(model: libsbml.Model) -> dict[str, int]:
    rules = [model.getRule(i).isRate() for i in range(model.getNumRules())]
    return {
        "species": model.getNumSpecies(),
        "reactions": model.getNumReactions(),
        "parameters": model.getNumParameters(),
        "rate rules": sum(rules),
        "assignment rules": len(rules) - sum(rules),
        "events": model.getNumEvents(),
    }


def _entry(name: str) -> str:
    chosen = preset(name)
    own, pathways = (", ".join(map(_code, each)) for each in (chosen.parameters, chosen.pathways))
    return f"## {name}.xml\n\n{chosen.title}.\n\n- Pathways: {pathways}\n- Numbers of its own: {own}\n"


def _pathways(names: Iterable[str]) -> str:
    members = dict.fromkeys(each for name in names for each in preset(name).pathways)
    return "## Pathways\n\n" + "".join(f"- `{each}`: {pathway(each).title}\n" for each in members)


def _numbers(model: Model) -> dict[str, str]:
    return {name: f"{value:.12g}" for name, value in model.values.items()}


def _code(name: str) -> str:
    return f"`{name}`"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
