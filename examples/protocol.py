"""A protocol: sixty pairings of a pre- and a postsynaptic spike, 10 ms apart, and the hour after them.

Writes protocol.svg. Run it with: python examples/protocol.py
"""

import kinaptic as kn

synapse = kn.Synapse.preset("ca1")  # which pathways, which numbers, whose papers
pairing = kn.stdp(delay="10 ms", pairs=60, rate="1 Hz")

run = kn.simulate(synapse, pairing, until="60 min")
print(f"weight at the end: {run.weight.iloc[-1]:.3f}")
print(run.weights.iloc[-1].round(3).to_string())  # what it is made of: n, p and q, and how a lab would see it
print(run.traces[["Ca", "CaMKII_active", "PKA_active"]].max().round(3).to_string())  # peaks in uM

run.plot().savefig("protocol.svg")
