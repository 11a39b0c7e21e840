"""A protocol written on the command line, read without running it as a program.

Only calls of the known constructors with literal arguments, joined by ``+``, mean anything:

>>> read("stdp(delay='10 ms', pairs=60, rate='1 Hz') + gap('10 min') + low_frequency('1 Hz', 900)")
<Protocol: 60 pairings at 1 Hz, post 10 ms after pre, then 10 min of silence, then 900 pulses at 1 Hz; ...>
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from kinaptic.errors import ProtocolError, UnknownName
from kinaptic.pathways import stimulation
from kinaptic.pathways.protocol import Protocol

CONSTRUCTORS: Mapping[str, Callable[..., Protocol]] = {
    function.__name__: function
    for function in (
        stimulation.stdp,
        stimulation.tetanus,
        stimulation.theta_burst,
        stimulation.low_frequency,
        stimulation.spikes,
        stimulation.poisson,
        stimulation.depolarization,
        stimulation.gap,
    )
}
EXAMPLE = "stdp(delay='10 ms', pairs=60, rate='1 Hz')"


def read(text: str) -> Protocol:
    """Return the protocol that `text` describes.

    Parameters
    ----------
    text : str
        For instance ``"tetanus('100 Hz', '1 s') + gap('10 min') + low_frequency('1 Hz', 900)"``.
        A leading ``kn.``, as in a script, is understood.

    Raises
    ------
    UnknownName
        If a constructor or an argument is not known; with the nearest ones.
    ProtocolError
        If the text is not of that form, or the protocol could not run.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as problem:
        raise ProtocolError(_unreadable(text.strip(), problem)) from None
    except (ValueError, RecursionError, MemoryError):  # a null byte, or absurd nesting
        raise ProtocolError(f"cannot read this protocol; write for instance {EXAMPLE}") from None
    try:
        return _protocol(tree.body)
    except RecursionError:
        raise ProtocolError("this protocol has too many parts; give times as spikes(pre=[…])") from None


def _protocol(node: ast.expr) -> Protocol:
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Add):
            return _protocol(node.left) + _protocol(node.right)
        raise ProtocolError(
            f"{_shown(node)}: protocols are joined by + only; to repeat one, use pairs=, pulses= or trains="
        )
    if isinstance(node, ast.Call):
        return _call(node)
    if isinstance(node, ast.Name | ast.Attribute):
        name = _name(node)
        if name in CONSTRUCTORS:
            raise ProtocolError(f"{name} needs its arguments: {usage(name)}")
        raise UnknownName("protocol", name, CONSTRUCTORS)
    raise ProtocolError(f"{_shown(node)} is not a protocol; write for instance {EXAMPLE}")


def _call(node: ast.Call) -> Protocol:
    name = _name(node.func)
    if name.startswith("Waveform"):
        raise ProtocolError("a recorded waveform is no protocol here: give its file as --waveform FILE")
    if name not in CONSTRUCTORS:
        raise UnknownName("protocol", name, CONSTRUCTORS)
    constructor = CONSTRUCTORS[name]
    known = inspect.signature(constructor).parameters
    given: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise ProtocolError(f"{name}(**…): write every argument out, as in {usage(name)}")
        if keyword.arg not in known:
            raise UnknownName(f"argument of {name}", keyword.arg, known, f"It is {usage(name)}")
        if keyword.arg in given:
            raise ProtocolError(f"{name}: {keyword.arg} is given twice; keep one")
        given[keyword.arg] = _literal(keyword.value, f"{name}({keyword.arg}=…)")
    placed = [_literal(value, f"{name}(…)") for value in node.args]
    try:
        inspect.signature(constructor).bind(*placed, **given)
    except TypeError as problem:
        raise ProtocolError(f"{name}: {problem}; it is {usage(name)}") from None
    return constructor(*placed, **given)


def _literal(node: ast.expr, where: str) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise ProtocolError(
            f"{where}: {_shown(node)} is not a plain value; give a number, a list, or a quantity in quotes "
            "such as '10 ms'"
        ) from None


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _PREFIXES:
        return node.attr
    return node.id if isinstance(node, ast.Name) else _shown(node)


_PREFIXES = ("kn", "kinaptic")


def usage(name: str) -> str:
    """Return how a constructor is called: ``"gap(duration)"``."""
    shown = []
    for parameter in inspect.signature(CONSTRUCTORS[name]).parameters.values():
        default = parameter.default
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")  # from here on by name
        shown.append(parameter.name if default is parameter.empty else f"{parameter.name}={default!r}")
    return f"{name}({', '.join(shown)})"


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _unreadable(text: str, problem: SyntaxError) -> str:
    at = max(0, (problem.offset or 1) - 1)
    lines = text.splitlines() or [""]
    line = lines[min((problem.lineno or 1) - 1, len(lines) - 1)]
    near = line[at : at + 20] or line[-20:]
    where = f" at {near!r}" if near else ""
    return f"cannot read the protocol{where}; quantities go in quotes, for instance {EXAMPLE}"
