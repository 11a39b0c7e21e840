"""Write recorded calcium into a model: a rate rule whose slope one event changes at every knot.

Between two knots of the thinned trace calcium is a straight line. One event per model, not per
knot: it looks the next slope and the next time up in balanced trees on a counter, which loads in
a fraction of a second where a ``piecewise`` of time with a thousand branches takes minutes. The
numbers of the trees are literals with units (a parameter each would take seconds to load, and a
bare literal is a libSBML warning). The first and the last event set the level itself, so that
nothing is left over of what an integrator rounds: calcium rests exactly where it rested before.
"""

from __future__ import annotations

import numpy as np

from kinaptic.pathways.protocol import LEAD
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml.drive import CONSTANTS, DriveText, choice
from kinaptic.units import model_unit

COUNTER = "waveform_knot"
SECONDS, COUNT, SLOPE = (model_unit(u).sbml for u in ("s", "1", "uM/s"))


def antimony(waveform: Waveform) -> DriveText:
    """Return the Antimony text in which calcium of the spine follows `waveform`.

    Parameters
    ----------
    waveform : Waveform
        What to follow, from `LEAD` into the run; before, calcium rests.

    Raises
    ------
    WaveformError
        If a noisy trace would keep too many knots.
    """
    times, values = waveform.knots()
    count = len(times)
    slopes = [f"{s:.12g} {SLOPE}" for s in (*(np.diff(values) / np.diff(times)), 0.0)]
    nexts = [f"{float(t)!r} {SECONDS}" for t in (*times[1:], times[-1])]
    event = {
        "waveform_slope": choice(slopes, COUNTER),
        "waveform_time": choice(nexts, COUNTER),
        "Ca": f"piecewise(waveform_first, {COUNTER} < half, "
        f"waveform_final, {COUNTER} > waveform_knots - one - half, Ca)",
        COUNTER: f"{COUNTER} + one",
    }
    parameters = {
        name: CONSTANTS[name] for name in ("protocol_start", "clock_speed", "counter_drift", "zero")
    }
    parameters |= {
        "waveform_rest": (waveform.rest, "uM", "calcium before the recording"),
        "waveform_first": (float(values[0]), "uM", "calcium where the recording begins"),
        "waveform_final": (waveform.final, "uM", "calcium after the recording"),
        "waveform_knots": (float(count), "1", "corners of the line that calcium follows"),
    }
    text = [
        f"// ==== Recorded calcium: {count} knots, each within {waveform.tolerance:.3g} uM of the samples",
        f"clock' = clock_speed; clock = 0; clock has {SECONDS};",
        f"{COUNTER}' = counter_drift; {COUNTER} = 0; {COUNTER} has {COUNT};",
        f"waveform_time' = zero; waveform_time = 0; waveform_time has {SECONDS};  // of the next knot",
        # A state that only the event changes: the rate is zero, written so that its unit is right.
        f"waveform_slope' = counter_drift*waveform_slope; waveform_slope = 0; waveform_slope has {SLOPE};",
        "species $Ca in spine; Ca = waveform_rest; Ca' = waveform_slope;",
        f"waveform_next := protocol_start + waveform_time; waveform_next has {SECONDS};",
        f"waveform_event: at (clock >= waveform_next && {COUNTER} < waveform_knots - half), t0=false, "
        "fromTrigger=false: " + ", ".join(f"{name} = {value}" for name, value in event.items()) + ";",
        *(f"{name} has {model_unit(unit).sbml};" for name, (_, unit, _) in parameters.items()),
    ]
    return DriveText("\n".join(text), parameters, {COUNTER: count})


def expected_counts(waveform: Waveform, until: float) -> dict[str, int]:
    """Return what the counter of knots must show at `until` (s of run time)."""
    times, _ = waveform.knots()
    return {COUNTER: int(np.count_nonzero(LEAD + times <= until))}
