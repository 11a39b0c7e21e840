"""What the whole synapse costs against its postsynaptic half: 60 pairings and an hour after them."""

from __future__ import annotations

import numpy as np
from benchmarks.cases import half, samples
from benchmarks.compare import Row, spread
from benchmarks.timing import REPEATS, timed

import kinaptic as kn
from kinaptic.sbml import build, engine
from kinaptic.sbml.ensemble import batch

_PAIRING = kn.stdp(delay="10 ms", pairs=60, rate="1 Hz")
_HOUR = 3600.0  # s after the protocol
_MANY = 64
_RTOL = 1e-6


def whole() -> Row:
    """Time one run on each engine, and a run among many, of both, in turn."""
    synapses = {"postsynaptic half": half(), "whole synapse": kn.Synapse.preset("ca1")}
    models = {name: build.model(synapse, _PAIRING) for name, synapse in synapses.items()}
    spikes = np.concatenate([_PAIRING.spike_times("pre"), _PAIRING.spike_times("post")])
    times = samples(np.unique(spikes), _PAIRING.end + _HOUR)
    ways = {
        "roadrunner": lambda model: engine.run(model, times, [], rtol=_RTOL, expected=lambda _: {}),
        "ensemble, one run": lambda model: batch.run([model], [times], rtol=_RTOL),
        "ensemble, many runs": lambda model: batch.run([model] * _MANY, [times] * _MANY, rtol=_RTOL),
    }
    spent: dict[tuple[str, str], list[float]] = {(m, w): [] for m in models for w in ways}
    for turn in range(REPEATS + 1):
        for name, model in models.items():
            for way, run in ways.items():
                _, cpu = timed(lambda run=run, model=model: run(model))  # type: ignore[misc]
                if turn:  # the first is the warm-up
                    spent[name, way].append(cpu / (_MANY if way.endswith("many runs") else 1))
    rows = [
        {"synapse": name, "engine": way, "states": len(models[name].initial), "cpu": spread(seconds)}
        for (name, way), seconds in spent.items()
    ]
    return {"case": _PAIRING.label, "hours": _HOUR / 3600, "rtol": _RTOL, "rows": rows}
