"""Protocols and perturbations written as text, read without running them as a program.

Only calls of the known constructors with literal arguments, joined by ``+``, mean anything; a
condition stands for all that it changes:

>>> protocol("stdp(delay='10 ms', pairs=60, rate='1 Hz') + gap('10 min') + low_frequency('1 Hz', 900)")
<Protocol: 60 pairings at 1 Hz, post 10 ms after pre, then 10 min of silence, then 900 pulses at 1 Hz; ...>
>>> perturbations("knockout('pka') + drug('AM251', '1 uM')")
(Perturbation(kind='knockout', ...), Perturbation(kind='drug', ...))
"""

from __future__ import annotations

import ast
import functools
import inspect
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kinaptic.errors import KinapticError, PerturbationError, ProtocolError, UnknownName
from kinaptic.pathways import conditions, drugs, perturbation, stimulation
from kinaptic.pathways.perturbation import Perturbation
from kinaptic.pathways.protocol import Protocol

UNTOUCHED = ("wild type", "none")  # genotypes without a perturbation
_PREFIXES = ("kn", "kinaptic")


def protocol(text: str) -> Protocol:
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
    found: Protocol = functools.reduce(operator.add, _PROTOCOLS.read(text))
    return found


def perturbations(text: str) -> tuple[Perturbation, ...]:
    """Return the perturbations that `text` describes, in order.

    Parameters
    ----------
    text : str
        For instance ``"knockout('pka') + inhibit('calcineurin', by=0.8)"``, or ``"condition('aged')"``;
        ``"wild type"`` for none.

    Raises
    ------
    UnknownName
        If a constructor or an argument is not known; with the nearest ones.
    PerturbationError
        If the text is not of that form.
    """
    if text.strip().lower() in UNTOUCHED:
        return ()
    made = _PERTURBATIONS.read(text)
    return tuple(each for some in made for each in (some if isinstance(some, tuple) else (some,)))


@dataclass(frozen=True)
class _Language:
    """What may be called, and how messages speak of it."""

    kind: str
    functions: Mapping[str, Callable[..., Any]]
    example: str
    repeat: str  # how to have a thing more than once
    error: type[KinapticError]

    def read(self, text: str) -> list[Any]:
        """Return what the calls in `text` make, in order."""
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except SyntaxError as problem:
            raise self.error(self._unreadable(text.strip(), problem)) from None
        except (ValueError, RecursionError, MemoryError):  # a null byte, or absurd nesting
            raise self.error(f"cannot read this {self.kind}; write for instance {self.example}") from None
        try:
            return self._parts(tree.body)
        except RecursionError:
            raise self.error(f"this {self.kind} has too many parts; give times as spikes(pre=[…])") from None

    def _parts(self, node: ast.expr) -> list[Any]:
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.Add):
                return self._parts(node.left) + self._parts(node.right)
            raise self.error(f"{_shown(node)}: {self.kind}s are joined by + only{self.repeat}")
        if isinstance(node, ast.Call):
            return [self._call(node)]
        if isinstance(node, ast.Name | ast.Attribute):
            name = _name(node)
            if name in self.functions:
                raise self.error(f"{name} needs its arguments: {self._usage(name)}")
            raise UnknownName(self.kind, name, self.functions)
        raise self.error(f"{_shown(node)} is not a {self.kind}; write for instance {self.example}")

    def _call(self, node: ast.Call) -> Any:
        name = _name(node.func)
        if name.startswith("Waveform"):
            raise self.error("a recorded waveform is no protocol here: give its file as --waveform FILE")
        if name not in self.functions:
            raise UnknownName(self.kind, name, self.functions)
        constructor = self.functions[name]
        known = inspect.signature(constructor).parameters
        given: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.error(f"{name}(**…): write every argument out, as in {self._usage(name)}")
            if keyword.arg not in known:
                raise UnknownName(f"argument of {name}", keyword.arg, known, f"It is {self._usage(name)}")
            if keyword.arg in given:
                raise self.error(f"{name}: {keyword.arg} is given twice; keep one")
            given[keyword.arg] = self._literal(keyword.value, f"{name}({keyword.arg}=…)")
        placed = [self._literal(value, f"{name}(…)") for value in node.args]
        try:
            inspect.signature(constructor).bind(*placed, **given)
        except TypeError as problem:
            raise self.error(f"{name}: {problem}; it is {self._usage(name)}") from None
        try:
            return constructor(*placed, **given)
        except TypeError as problem:  # a text where a number is meant
            raise self.error(f"{_shown(node)}: {problem}; it is {self._usage(name)}") from None

    def _literal(self, node: ast.expr, where: str) -> Any:
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            raise self.error(
                f"{where}: {_shown(node)} is not a plain value; give a number, a list, or a quantity in "
                "quotes such as '10 ms'"
            ) from None

    def _usage(self, name: str) -> str:
        """Return how a constructor is called: ``"gap(duration)"``."""
        shown: list[str] = []
        for parameter in inspect.signature(self.functions[name]).parameters.values():
            default = parameter.default
            if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
                shown.append("*")  # from here on by name
            shown.append(parameter.name if default is parameter.empty else f"{parameter.name}={default!r}")
        return f"{name}({', '.join(shown)})"

    def _unreadable(self, text: str, problem: SyntaxError) -> str:
        at = max(0, (problem.offset or 1) - 1)
        lines = text.splitlines() or [""]
        line = lines[min((problem.lineno or 1) - 1, len(lines) - 1)]
        near = line[at : at + 20] or line[-20:]
        where = f" at {near!r}" if near else ""
        return f"cannot read the {self.kind}{where}; quantities go in quotes, for instance {self.example}"


def _by_name(*functions: Callable[..., Any]) -> Mapping[str, Callable[..., Any]]:
    return {function.__name__: function for function in functions}


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _PREFIXES:
        return node.attr
    return node.id if isinstance(node, ast.Name) else _shown(node)


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:39]}…"


_PROTOCOLS = _Language(
    "protocol",
    _by_name(
        stimulation.stdp,
        stimulation.tetanus,
        stimulation.theta_burst,
        stimulation.low_frequency,
        stimulation.spikes,
        stimulation.poisson,
        stimulation.depolarization,
        stimulation.firing,
        stimulation.sleep,
        stimulation.gap,
    ),
    "stdp(delay='10 ms', pairs=60, rate='1 Hz')",
    "; to repeat one, use pairs=, pulses= or trains=",
    ProtocolError,
)
_PERTURBATIONS = _Language(
    "perturbation",
    _by_name(
        perturbation.knockout,
        perturbation.inhibit,
        perturbation.overexpress,
        perturbation.clamp,
        perturbation.edit,
        drugs.drug,
        conditions.condition,
    ),
    "knockout('pka')",
    "",
    PerturbationError,
)
