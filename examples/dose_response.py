"""Dose-response: how much of CaMKII has to be inhibited before potentiation is gone.

Writes dose_response.pdf. Run it with: python examples/dose_response.py
"""

import kinaptic as kn

synapse = kn.Synapse.preset("ca1")
pairing = kn.stdp(delay="10 ms", pairs=60, rate="1 Hz")

curve = kn.dose_response(
    synapse, pairing, agent=kn.inhibit("camkii", ic50="0.4 uM"), doses="1 nM .. 100 uM", readout="weight"
)
fit = curve.fit()
low, high = fit.ci("ec50")
print(fit)
print(f"EC50 {fit.ec50:.3g} uM, 95 % {low:.3g} to {high:.3g} uM; Hill slope {fit.hill:.2f}")

curve.plot().savefig("dose_response.pdf")
