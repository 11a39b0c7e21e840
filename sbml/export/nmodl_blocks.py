"""The blocks of an NMODL file, from NEURON to NET_RECEIVE.

The one conversion of seconds to NEURON's milliseconds is in the COMPARTMENT statements: NEURON divides
what reactions make by the compartment, and in one a thousand times as large a change per second becomes
one per millisecond.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from kinaptic.sbml.export.nmodl_kinetics import RAISE, may_fall, statements
from kinaptic.sbml.export.nmodl_math import CHOICE, text
from kinaptic.sbml.export.nmodl_names import plain, raised, renewed
from kinaptic.sbml.export.nmodl_network import CALCIUM

if TYPE_CHECKING:
    from kinaptic.pathways.parameters import Parameter
    from kinaptic.sbml.export.nmodl_network import Network

_WIDTH = 104
_TOLERANCE = "1e-5"  # of cvode.atol(), 0.01 unless set, which is meant for millivolts; this for micromolar
_OFF_REST = 0.01  # of resting calcium: a cell further off is told that it does not begin at rest
_THOUSAND = "(1000)"  # in parentheses, for NMODL, a change of units
_UNITS = {
    "molar": "1/liter",
    "mM": "millimolar",
    "uM": "micromolar",
    "fL": "femtoliter",
    "zmol": "1-21",  # 1e-21, as NEURON's table of units writes it; like (molar), without the mole
    "um": "micron",
    "mV": "millivolt",
    "nS": "nanosiemens",
    "pS": "picosiemens",
    "pA": "picoamp",
    "nF": "nanofarad",
    "GOhm": "gigaohm",
}
# NEURON has its look-up of a matrix element copied into each place that uses it, 2,600 of them in a whole
# synapse. As one function it leaves the compiler a sixth of the work. THREADSAFE must stand before it.
_LOOK_UP = """VERBATIM
#ifdef __cplusplus
/* one look-up of matrix elements for all places, or compilation takes minutes */
template <typename... Arguments>
static __attribute__((noinline)) double* matrix_element(Arguments... arguments) {
    return _nrn_thread_getelm(arguments...);
}
#define _nrn_thread_getelm matrix_element
#endif
ENDVERBATIM
"""


def blocks(name: str, of: Network) -> str:
    """Return the blocks that make `of` the mechanism `name`.

    Raises
    ------
    ExportError
        If a rate is longer than NEURON's translator takes.
    """
    falling = may_fall(of)
    declared = {
        "UNITS": _units(of),
        "PARAMETER": _parameters(of),
        "ASSIGNED": _assigned(of, falling),
        "STATE": _states(of, falling),
    }
    done = {
        "INITIAL": _initial(name, of, falling),
        "BREAKPOINT": ["SOLVE reactions METHOD sparse"],
        "BEFORE STEP": ["assign() : what is recorded belongs to the states of its time"],
        "PROCEDURE derive()": [*_exactly(of), *_formulas(of, of.derived)],
        "PROCEDURE assign()": [*_seen(of, falling), *_formulas(of, of.variables)],
        "KINETIC reactions": _kinetic(of, falling),
    }
    if any(of.spikes.values()):
        done["NET_RECEIVE (side)"] = _received(of, falling)
    written = [_block(head, lines) for head, lines in (declared | done).items()]
    if any(f"{CHOICE}(" in each for each in written):
        written.append(_choice())
    return "\n".join([_block("NEURON", _neuron(name, of, falling)), _LOOK_UP, *written])


def _block(head: str, lines: Iterable[str]) -> str:
    return "\n".join([f"{head} {{", *map(_wrapped, lines), "}", ""])


def _wrapped(line: str) -> str:
    """Return an indented line, over several where it is long; one with a comment stays whole."""
    if " : " in line:
        return f"    {line}"
    return textwrap.fill(
        line,
        _WIDTH,
        initial_indent=" " * 4,
        subsequent_indent=" " * 8,
        break_long_words=False,
        break_on_hyphens=False,
    )


# ---- declarations


def _neuron(name: str, of: Network, falling: Collection[str]) -> Iterator[str]:
    yield "THREADSAFE"
    yield f"POINT_PROCESS {name}"
    if of.calcium is not None:
        yield "USEION ca READ cai VALENCE 2"
        yield f"RANGE {CALCIUM}"
    for names in (of.variables, falling, of.derived, of.given):
        if names:
            yield f"RANGE {', '.join(names)}"


def _units(of: Network) -> Iterator[str]:
    used = " ".join([*(number.unit for number in of.numbers.values()), *of.units.values(), "molar mM"])
    for unit, meaning in _UNITS.items():
        if re.search(rf"\b{unit}\b", used):
            yield f"({unit}) = ({meaning})"


def _unit(of: str) -> str:
    """Return a model unit as NMODL has it, in parentheses: ``1/uM^2/s`` is ``(/uM2-s)``."""
    above, *below = of.replace("^", "").replace("*", "-").split("/")
    return f"({'' if below and above == '1' else above}{'/' if below else ''}{'-'.join(below)})"


def _parameters(of: Network) -> Iterator[str]:
    for name in of.given:
        number = of.numbers[name]
        yield f"{name} = {number.value!r} {_unit(number.unit)}{_source(number)}"


def _source(number: Parameter) -> str:
    return f" : {plain('; '.join(filter(None, (number.source, number.note))))}"


def _assigned(of: Network, falling: Collection[str]) -> Iterator[str]:
    if of.calcium is not None:
        yield "cai (mM) : calcium of the section"
        yield f"{CALCIUM} (uM) : the same"
    for name in of.derived:
        number = of.numbers[name]
        yield f"{name} {_unit(number.unit)}{_source(number)}"
    for name in (*of.variables, *falling):
        yield f"{name} {_unit(of.units[name])}{_meaning(of, name)}"


def _states(of: Network, falling: Collection[str]) -> Iterator[str]:
    for name in of.states:
        unit = _unit(of.units[name])
        if name in falling:
            yield f"{raised(name)} {unit} <{_TOLERANCE}> : {name} + {RAISE:g}"
        else:
            yield f"{name} {unit} <{_TOLERANCE}>{_meaning(of, name)}"


def _meaning(of: Network, name: str) -> str:
    return f" : {plain(of.meanings[name])}" if name in of.meanings else ""


# ---- what is done


def _initial(name: str, of: Network, falling: Collection[str]) -> Iterator[str]:
    yield "derive()"
    for state, value in of.states.items():
        yield f"{raised(state)} = {value + RAISE!r}" if state in falling else f"{state} = {value!r}"
    yield "assign()"
    if of.calcium is not None:
        low, high = of.calcium * (1 - _OFF_REST), of.calcium * (1 + _OFF_REST)
        said = f"{name}: cai is %g mM, but the initial state is that of rest at {of.calcium * 1e-3:.6g} mM"
        yield f"if ({CALCIUM} < {low:.9g} || {CALCIUM} > {high:.9g}) {{"
        yield f'    printf("{said}\\n", cai / 1 (mM))'
        yield "}"


def _exactly(of: Network) -> Iterator[str]:
    """Yield what puts numbers right that NEURON has cut to six digits; one that was set otherwise stays."""
    for name in of.given:
        value = of.numbers[name].value
        rounded = f"{value:g}"
        if value != float(rounded):
            yield f"if ({name} == {rounded}) {{"
            yield f"    {name} = {value!r}"
            yield "}"


def _seen(of: Network, falling: Collection[str]) -> Iterator[str]:
    """Yield what shows calcium, and states that are raised, as they are."""
    if of.calcium is not None:
        yield f"{CALCIUM} = {_THOUSAND}*cai"
    for state in falling:
        yield f"{state} = {raised(state)} - {RAISE:g} {_unit(of.units[state])}"


def _formulas(of: Network, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        line = f"{name} = {text(of.formulas[name])}"
        if "sqrt(" in line or f"{CHOICE}(" in line:  # here NEURON's check of units is at its end
            yield from ("UNITSOFF", line, "UNITSON")
        else:
            yield line


def _kinetic(of: Network, falling: Collection[str]) -> Iterator[str]:
    inside: dict[str, list[str]] = {}
    for state in of.states:
        volume = f"*{of.homes[state]}" if state in of.homes else ""
        inside.setdefault(volume, []).append(raised(state) if state in falling else state)
    for volume, states in inside.items():
        yield f"COMPARTMENT {_THOUSAND}{volume} {{{' '.join(states)}}}"
    yield "assign()"
    yield from statements(of)


def _received(of: Network, falling: Collection[str]) -> Iterator[str]:
    """Yield what spikes do; the sign of a NetCon's weight says whose, as NEURON's own plastic synapses do."""
    changed = dict.fromkeys(state for changes in of.spikes.values() for state in changes)
    yield f"LOCAL {', '.join(map(renewed, changed))}"
    yield "assign()"
    for whose, changes in (("side >= 0", of.spikes["pre"]), ("side < 0", of.spikes["post"])):
        if changes:
            yield f"if ({whose}) {{"
            yield from (f"    {renewed(state)} = {text(value)}" for state, value in changes.items())
            yield from (f"    {_set(state, of, falling)}" for state in changes)
            yield "}"


def _set(state: str, of: Network, falling: Collection[str]) -> str:
    if state in falling:
        return f"{raised(state)} = {renewed(state)} + {RAISE:g} {_unit(of.units[state])}"
    return f"{state} = {renewed(state)}"


def _choice() -> str:
    lines = ["if (condition) {", f"    {CHOICE} = yes", "} else {", f"    {CHOICE} = no", "}"]
    return _block(f"FUNCTION {CHOICE}(condition, yes, no)", lines)
