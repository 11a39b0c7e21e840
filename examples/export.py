"""Export: the synapse without PKA, the pairings written in, as SBML for COPASI and other tools.

Writes pka_ko.xml. Run it with: python examples/export.py
"""

from pathlib import Path

import kinaptic as kn

synapse = kn.Synapse.preset("ca1").with_(kn.knockout("PKA"))
pairing = kn.stdp(delay="10 ms", pairs=60, rate="1 Hz")

Path("pka_ko.xml").write_text(synapse.sbml(pairing), encoding="utf-8")
faults = synapse.check()
print(f"pka_ko.xml: {faults or 'nothing to complain about'}")
print(synapse.cite().splitlines()[0])  # the first of the papers behind its numbers
