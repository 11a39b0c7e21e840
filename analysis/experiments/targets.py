"""What the calibration aims at: ranges for the weight, and others, some time after a protocol.

Ranges guide the search and are a little narrower than those of the rows, which `kinaptic validate`
judges by. Each names its row.
"""

from __future__ import annotations

from dataclasses import dataclass

from kinaptic.analysis.experiments.paired import recordings
from kinaptic.analysis.experiments.weighing import FOUR, HFS, lfs, pairing
from kinaptic.pathways.drugs import drug
from kinaptic.pathways.perturbation import Perturbation, inhibit, knockout
from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.stimulation import depolarization, stdp


@dataclass(frozen=True)
class Target:
    """A range for a readout some minutes after a protocol.

    Attributes
    ----------
    row : str
        Of `kinaptic validate`.
    preset : str
        Synapse.
    protocol : Protocol or None
        What is done; None looks at the baseline.
    minutes : float
        After its end.
    low, high : float
        Range, relative to the baseline, or to the same synapse left alone under the same inhibitors.
    under : tuple of Perturbation
        Inhibitors and mutations.
    readout : str
        Column of the traces.
    counts : float
        What a miss counts.
    """

    row: str
    preset: str
    protocol: Protocol | None
    minutes: float
    low: float
    high: float
    under: tuple[Perturbation, ...] = ()
    readout: str = "weight"
    counts: float = 1.0

    @property
    def label(self) -> str:
        """Row, protocol, inhibitors and time."""
        what = "rest" if self.protocol is None else f"{self.protocol.label}, {self.minutes:g} min"
        return "; ".join([f"{self.row} ({self.preset}): {what}", *map(str, self.under), self.readout])


KN62 = (inhibit("CaMKII_activity", 1.0), inhibit("T286_rate", 1.0))
H89 = (drug("H-89", "10 uM"),)
ANISOMYCIN = (drug("anisomycin", "20 uM"),)
L_NAME = (drug("L-NAME", "100 uM"),)
AM251 = (drug("AM251", "2 uM"),)
STRONG = stdp("10 ms", 15, rate="0.1 Hz", pre_spikes=5, post_spikes=5, burst_rate="50 Hz")
DEPRESSING = stdp("-15 ms", 100, rate="0.2 Hz")

CA1 = (
    *(
        Target("W6", "ca1", lfs(rate), minutes, 0.75, 0.85, counts=1.5)
        for rate in (1, 3)
        for minutes in (30, 60)
    ),
    Target("W6", "ca1", lfs(10), 30, 0.92, 1.08),
    Target("W6", "ca1", lfs(50), 30, 1.10, 1.35, counts=1.5),
    Target("V21", "ca1", HFS, 20, 1.35, 1.60, counts=1.5),
    Target("W7", "ca1", HFS, 60, 1.15, 1.50),
    Target("W7", "ca1", HFS, 180, 0.95, 1.09),
    Target("W7", "ca1", HFS, 20, 1.30, 1.60, under=H89, counts=0.5),
    Target("V27", "ca1", HFS, 60, 1.12, 1.50, under=H89, counts=0.5),
    Target("V21", "ca1", HFS, 20, 0.96, 1.05, under=KN62),
    Target("W7", "ca1", HFS, 20, 0.95, 1.05, under=(knockout("T286"),), counts=2.0),
    Target("W9", "ca1", lfs(1), 30, 0.96, 1.35, under=(inhibit("calcineurin", 1.0),)),
    Target("W9", "ca1", lfs(1), 30, 0.96, 1.30, under=(inhibit("PP1", 1.0),)),
    Target("W3", "ca1", pairing(10), 30, 0.96, 1.04, under=(inhibit("NMDAR", 1.0),)),
    *(Target("W2", "ca1", pairing(d), 30, 1.20, 1.45, counts=2.0) for d in (5, 10)),
    Target("W2", "ca1", pairing(15), 30, 1.08, 1.40),
    Target("W2", "ca1", pairing(40), 30, 0.97, 1.12, counts=0.7),
    Target("W2", "ca1", pairing(80), 30, 0.96, 1.04),
    *(Target("W2", "ca1", pairing(d), 30, 0.72, 0.88, counts=1.5) for d in (-5, -10, -20)),
    *(Target("W2", "ca1", pairing(d), 30, 0.96, 1.04, counts=1.5) for d in (-50, -100)),
    *(Target("W8", "ca1", FOUR, 60 * hours, 1.40, 2.00) for hours in (6, 8)),
    Target("V28", "ca1", FOUR, 180, 0.90, 1.12, under=H89),
    Target("V28", "ca1", FOUR, 180, 0.90, 1.12, under=ANISOMYCIN),
    Target("W12", "ca1", depolarization("5 s"), 0.02, 0.15, 0.45, readout="W_pre"),
    Target("W12", "ca1", depolarization("5 s", "-10 mV"), 0.02, 0.42, 0.58, readout="W_pre"),  # at 3.8 uM
    Target("V18", "ca1", lfs(1), 30, 0.50, 0.70, readout="GluA1_pS845"),
    Target("V18", "ca1", lfs(1), 30, 0.90, 1.10, readout="GluA1_pS831"),
    Target("V19", "ca1", HFS, 10, 1.3, 2.2, readout="GluA1_pS831"),
    Target("V17", "ca1", None, 0, 0.10, 0.25, readout="GluA1_pS845"),
    Target("V17", "ca1", None, 0, 0.05, 0.25, readout="GluA1_pS831"),
    Target("rest", "ca1", None, 60, 0.80, 1.10, under=H89),
    Target("physical", "ca1", None, 0, 3.3, 7.5, readout="AMPAR_psd"),  # uM: 40 to 90 receptors
)
# The change of sign between 20 and 50 Hz is asked for; single pairs in layer 5 are out of reach with it.
_COUNTS = {
    "sjs01_03": 3.0,
    "sjs01_08": 4.0,
    "sjs01_10": 4.0,
    "sjs01_06": 0.5,
    "rmp08_01": 0.5,
    "sjh06_01": 2.0,
}
CORTEX = (
    *(
        Target(
            f"W1.{each.name}",
            each.preset,
            each.protocol,
            30,
            each.ratio - max(1.5 * each.sem, 0.10),
            each.ratio + max(1.5 * each.sem, 0.10),
            under=(drug("MK-801 pre", "1 mM"),) if each.MK801_pre else (),
            counts=_COUNTS.get(each.name, 1.0),
        )
        for each in recordings()
    ),
    Target("W13", "l5", STRONG, 30, 1.05, 1.50, under=L_NAME),
    Target("W13", "l5", STRONG, 30, 0.97, 1.03, under=L_NAME, readout="W_pre"),
    Target("W21", "l5", STRONG, 30, 1.08, 1.40, readout="W_pre"),
    Target("W11", "l23", DEPRESSING, 30, 0.95, 1.05, under=AM251),
)
# That 25 and 50 pairings do nothing is out of reach with what fewer and more of them do.
STRIATUM = (
    *(Target("W10", "striatum", pairing(-15, pairs), 50, 1.05, 1.50) for pairs in (5, 10)),
    *(Target("W10", "striatum", pairing(-15, pairs), 50, 0.95, 1.05, counts=0.1) for pairs in (25, 50)),
    Target("W10", "striatum", pairing(-15, 75), 50, 1.05, 1.80),
    Target("W10", "striatum", pairing(-15, 100), 50, 1.34, 1.78),
    Target("W10", "striatum", pairing(15, 100), 50, 0.64, 0.88),
    Target("W10", "striatum", pairing(15, 10), 50, 0.95, 1.05),
    Target("W10", "striatum", pairing(-15, 10), 50, 0.95, 1.05, under=AM251),
)
RELEASE = tuple(
    Target("rest", name, None, 0, 0.95, 1.05, readout="release", counts=2.0)
    for name in ("ca1", "l5", "l23", "striatum")
)
TARGETS = CA1 + CORTEX + STRIATUM + RELEASE
