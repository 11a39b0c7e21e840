"""Rows of change that lasts for hours, and of receptors under depression."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kinaptic.analysis.experiments.row import Row
from kinaptic.analysis.experiments.weighing import FOUR, lfs, taken_off, weight_row
from kinaptic.pathways.drugs import drug

if TYPE_CHECKING:
    from kinaptic.analysis.experiments.lab import Lab
    from kinaptic.analysis.experiments.weighing import Blocker

H89: Blocker = (drug("H-89", "10 uM"),)
ANISOMYCIN: Blocker = (drug("anisomycin", "20 uM"),)


_HUANG, _FREY = "Huang1994, abstract", "Frey1988, abstract"


def _early(lab: Lab, blocker: Blocker) -> float:
    return taken_off(lab, FOUR, after=20, blocker=blocker)


_LASTING = (
    *(
        weight_row(
            f"W8.{hours}h", "4 x 100 Hz for 1 s: weight", _HUANG, "abs", (1.4, None), FOUR, after=60 * hours
        )
        for hours in (6, 8)
    ),
    *(
        row
        for name, blocker, source in (("H89", H89, _HUANG), ("anisomycin", ANISOMYCIN, _FREY))
        for row in (
            Row(
                f"W8.early.{name}",
                f"4 x 100 Hz for 1 s: taken off the weight by {name}, 20 min",
                source,
                "abs",
                "1",
                0.0,
                partial(_early, blocker=blocker),
                tolerance=0.15,
                slow=True,
                note="normal early",
            ),
            weight_row(
                f"V28.3h.{name}",
                f"4 x 100 Hz for 1 s, {name}: weight",
                source,
                "abs",
                1.0,
                FOUR,
                after=180,
                blocker=blocker,
                tolerance=0.15,
                note="near baseline by three hours",
            ),
        )
    ),
    weight_row(
        "W8.8h.anisomycin",
        "4 x 100 Hz for 1 s, anisomycin: weight",
        _FREY,
        "abs",
        (None, 1.34),
        FOUR,
        after=480,
        blocker=ANISOMYCIN,
        note="+15 +- 19 % of the population spike, against +96 %",
    ),
    weight_row(
        "V18.S845",
        "900 at 1 Hz: S845 phosphate on surface GluA1, of rest",
        "Lee1998, abstract",
        "recalled",
        (0.5, 0.7),
        lfs(1),
        after=30,
        name="GluA1_pS845",
    ),
    weight_row(
        "V18.S831",
        "900 at 1 Hz: S831 phosphate on surface GluA1, of rest",
        "Lee1998, abstract",
        "abs",
        (0.9, 1.1),
        lfs(1),
        after=30,
        name="GluA1_pS831",
    ),
)

ROWS: tuple[Row, ...] = _LASTING
