"""The table of rows: ``python -m kinaptic.analysis.experiments.validation_page docs/validation.md``."""

from __future__ import annotations

import sys
from pathlib import Path

from kinaptic.analysis.experiments.rows import rows, validate

_INTRODUCTION = """# Validation

Published experiments, repeated on the model by `kinaptic validate`. One parameter set serves all rows; a
row that misses stays in the table. `verified` tells how the expected value is known: R, read in a data file
or the paper; abs, stated in its abstract; recalled, not found in print; calc, the output of a published
model or a consequence of other rows. Ids that end in `.composed` repeat a test-tube row with every pathway
present, those in `.shared` inside the whole synapse.

This page is made by `python -m kinaptic.analysis.experiments.validation_page docs/validation.md`.
"""


def page() -> str:
    """Return the page as Markdown."""
    found = validate()
    notes = {row.id: row for row in rows()}
    met = int(found["pass"].sum())
    lines = [_INTRODUCTION, f"{met} of {len(found)} rows are met.\n"]
    lines += ["| row | what | expected | got | | verified | source |", "|---|---|---|---|---|---|---|"]
    for name, row in found.iterrows():
        expected = _range(row["expected"], row["tolerance"])
        verdict = "" if row["pass"] else "miss"
        cells = [name, row["title"], expected, f"{row['got']:.3g}", verdict, row["verified"], row["source"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += ["\n## What was left to choose\n"]
    lines += [f"- {name}: {row.note}" for name, row in notes.items() if row.note]
    return "\n".join(lines) + "\n"


def _range(expected: object, tolerance: float) -> str:
    if isinstance(expected, list | tuple):
        low, high = expected
        if low is None:
            text = f"at most {high:g}"
        elif high is None:
            text = f"at least {low:g}"
        else:
            text = f"{low:g} to {high:g}"
    else:
        text = f"{expected:g}"
    return f"{text} ± {tolerance:g}" if tolerance else text


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
