"""Rules written out: an event may use states and constants only, as AMICI compiles no rule inside one."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping

_RULE = re.compile(r"^(\w+) := (.*);$", re.MULTILINE)
_ID = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


@functools.lru_cache(maxsize=128)
def rules(body: str) -> Mapping[str, str]:
    """Return the variables that assignment rules of an Antimony text set, with their expressions."""
    return dict(_RULE.findall(body))


def written_out(expression: str, body: str, held: Collection[str] = ()) -> str:
    """Return an expression with every variable of a rule replaced by what the rule says.

    Parameters
    ----------
    expression : str
        In Antimony.
    body : str
        The model's text, one statement a line (`kinaptic.sbml.assemble.Assembly.body`).
    held : collection of str
        Variables that a clamp holds constant; their rules do not count.
    """
    known = rules(body)

    def replaced(match: re.Match[str]) -> str:
        name = match[0]
        if name not in known or name in held:
            return name
        return f"({written_out(known[name], body, held)})"

    return _ID.sub(replaced, expression)
