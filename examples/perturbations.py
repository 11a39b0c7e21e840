"""Perturbations: which enzymes the sign of plasticity hangs on, over the delays of a pairing.

Keeps every run in the folder perturbations, so that it goes on where it was stopped, and writes
perturbations.svg and perturbations.html. Run it with: python examples/perturbations.py
"""

import kinaptic as kn

synapse = kn.Synapse.preset("ca1")
pairing = kn.stdp(delay="10 ms", pairs=60, rate="1 Hz")

study = kn.scan(
    synapse,
    pairing,
    over={
        "genotype": [None, kn.knockout("PKA"), kn.inhibit("calcineurin", by=0.8)],
        "delay": ["-50 ms", "-20 ms", "-10 ms", "10 ms", "20 ms", "50 ms"],
    },
    readouts=("weight", "peak CaMKII_active"),
    store="perturbations",
    workers="all",
)
print(study.table.pivot(index="delay", columns="genotype", values="weight").round(3))

study.plot().savefig("perturbations.svg")
study.report("perturbations.html")  # one page for a colleague: curves, table, recipe, sources
