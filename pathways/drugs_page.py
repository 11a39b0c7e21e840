"""Write ``docs/drugs.md``: ``python -m kinaptic.pathways.drugs_page docs/drugs.md``."""

from __future__ import annotations

import sys
from pathlib import Path

from kinaptic.pathways.drug_table import Action, Drug, drugs
from kinaptic.pathways.drugs import homes, usual

_INTRODUCTION = """# Drugs

`synapse.with_(kn.drug("AM251", "1 uM"))`, or `kinaptic run ca1 --drug "AM251=1 uM"`. Names and aliases
are found whatever their capitals and hyphens. A drug becomes changed numbers of the model, before it is
compiled and exported; `synapse.parameters` and the SBML file tell for each number what it was.

- An inhibitor leaves 1/(1 + (dose/IC50)^h) of an activity, with h = 1 unless the table says otherwise. A
  competitive antagonist, in fast equilibrium, leaves 1/(1 + dose/Ki) of the agonist's on-rate. The time
  that a drug takes to act, or to leave, is not in it.
- A drug is washed in as the run begins, from the untreated baseline; with `acute=False` it is there
  before the baseline. A dose of 0 has no effect.
- A chelator comes with the pipette, before the baseline: it puts the pathway `buffer` into the synapse
  and sets how much of it there is. There is room for one.
- The first target of a drug is the chief one: a synapse that lacks it refuses the drug. Other targets are
  left out where they are not there.
- Drugs given together act independently: their factors multiply. Each can be given once.
- A dose is the concentration at the target. Slices take more than the tube; the usual dose is that of
  papers on slices and cultures.

`assumed:` in the source column says why a number was chosen; those that are "recalled" are in common use
and were not read again. This page is made by `python -m kinaptic.pathways.drugs_page docs/drugs.md`.

"""


def page() -> str:
    """Return the page as Markdown."""
    lines = ["| drug | usual dose | acts on | pathway | how | constant | effect at the usual dose | source |"]
    lines.append("|" + "---|" * 8)
    for name, entry in drugs().items():
        lines += [_row(name if first else "", entry, action) for first, action in _actions(entry)]
    lines += ["\n## Names and notes\n"]
    lines += [_about(name, entry) for name, entry in drugs().items()]
    return _INTRODUCTION + "\n".join(lines) + "\n"


def _actions(entry: Drug) -> list[tuple[bool, Action]]:
    return [(index == 0, action) for index, action in enumerate(entry.actions)]


def _row(name: str, entry: Drug, action: Action) -> str:
    dose = entry.dose.replace("u", "µ") if name else ""
    where = " or ".join(homes(action.target))
    cells = [name, dose, action.target, where, action.how, action.constant, usual(entry, action)]
    return f"| {' | '.join(cells)} | {action.source} |"


def _about(name: str, entry: Drug) -> str:
    """Return a drug in words: other names, what it does, and the notes on its actions."""
    also = f" ({', '.join(entry.aliases)})" if entry.aliases else ""
    notes = [f"{action.target}: {action.note}" for action in entry.actions if action.note]
    return f"- **{name}**{also} {entry.title}.{' ' if notes else ''}{'; '.join(notes)}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
