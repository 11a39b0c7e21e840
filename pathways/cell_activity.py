"""The whole cell: its firing, its sleep, and the calcium of its soma."""

from __future__ import annotations

from kinaptic.pathways.pathway import Pathway, Port

PATHWAY = Pathway(
    name="cell_activity",
    title="Firing, sleep and waking of the whole cell",
    summary=(
        "The cell fires at its habitual rate unless a protocol says otherwise, and is awake unless it "
        "sleeps. Its spikes, those of a protocol among them, bring calcium into the soma. Noradrenaline "
        "falls within a minute of sleep, adenosine over hours."
    ),
    file=__file__,
    gives={
        "firing": Port("1", "firing of the cell, of its habitual rate", neutral=1.0),
        "soma_Ca": Port("uM", "calcium of the soma above rest", neutral=0.1),
        "asleep": Port("1", "1 while the animal sleeps"),
        "noradrenaline": Port("1", "noradrenaline, of that awake", neutral=1.0),
        "adenosine": Port("1", "adenosine, of that awake", neutral=1.0),
    },
    on_post={"soma_Ca": "soma_Ca + soma_Ca_spike"},
    on_regime={
        "firing": "piecewise(regime_firing, regime_begins, one)",
        "asleep": "piecewise(regime_asleep, regime_begins, not_asleep)",
    },
    metaplastic={"soma_Ca": "calcium of the soma above rest (uM)"},
)
