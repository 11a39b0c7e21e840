"""The options that several commands share, and the synapse and stimulus that they describe."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from kinaptic.errors import KinapticError

if TYPE_CHECKING:
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.synapse import Synapse

_STIMULUS, _SYNAPSE, OUTPUT = "Stimulus", "Synapse (each can be given several times)", "Output"

Preset = Annotated[
    str, typer.Argument(metavar="PRESET", help="ca1, l5, l23 or striatum; see [bold]kinaptic pathways[/].")
]
ProtocolText = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        "-p",
        metavar="TEXT",
        rich_help_panel=_STIMULUS,
        help="As in a script: stdp, tetanus, theta_burst, low_frequency, spikes, poisson, depolarization, "
        "gap, joined by +.",
    ),
]
WaveformFile = Annotated[
    Path | None,
    typer.Option(
        "--waveform",
        metavar="FILE",
        rich_help_panel=_STIMULUS,
        help="Recorded calcium (.csv, .tsv, .txt, .npy, .npz) in place of a protocol.",
    ),
]
WaveformUnit = Annotated[
    str | None,
    typer.Option(
        "--unit",
        metavar="UNIT",
        rich_help_panel=_STIMULUS,
        help="Unit of its calcium, unless the file says: uM.",
    ),
]
WaveformTime = Annotated[
    str | None,
    typer.Option(
        "--time-unit",
        metavar="UNIT",
        rich_help_panel=_STIMULUS,
        help="Unit of its time, unless the file says: ms.",
    ),
]
WaveformExtend = Annotated[
    str | None,
    typer.Option(
        "--extend", metavar="rest|hold", rich_help_panel=_STIMULUS, help="What follows its last sample."
    ),
]


def _many(option: str, metavar: str, text: str) -> Any:
    return typer.Option(option, metavar=metavar, help=text, rich_help_panel=_SYNAPSE)


_Texts = list[str] | None
Knockout = Annotated[
    _Texts, _many("--knockout", "NAME", "Remove a pathway or an enzyme, before the baseline: pka.")
]
Inhibit = Annotated[
    _Texts, _many("--inhibit", "NAME=PART", "Block part of an activity as the run begins: PKA=0.9.")
]
Drug = Annotated[_Texts, _many("--drug", "NAME=DOSE", "Give a drug as the run begins: AM251='1 uM'.")]
ConditionName = Annotated[
    _Texts,
    _many(
        "--condition",
        "NAME",
        "An age or a disease, before the baseline: aged. It warns, no more, where it was not found in "
        "PRESET.",
    ),
]
Overexpress = Annotated[
    _Texts, _many("--overexpress", "NAME=FACTOR", "Multiply an amount, before the baseline: CaMKII=3.")
]
Clamp = Annotated[_Texts, _many("--clamp", "NAME=VALUE", "Hold what a pathway gives: cAMP='0.1 uM'.")]
Setting = Annotated[_Texts, _many("--set", "NAME=VALUE", "Set a parameter of the preset: distance='150 um'.")]
Without = Annotated[
    _Texts, _many("--without", "PATHWAY", "Leave a pathway out; its outputs take neutral values.")
]
Also = Annotated[_Texts, _many("--also", "PATHWAY", "Add a pathway that the preset does not have: buffer.")]


def grouped(**makers: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let commands share groups of options: an argument of a command is what a group's maker makes of them.

    Parameters
    ----------
    **makers : callable
        By the name of the command's argument; the maker's own arguments are the options.
    """

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        taken = {name: inspect.signature(make).parameters for name, make in makers.items()}

        @functools.wraps(command)
        def call(**given: Any) -> None:
            made = {
                name: makers[name](**{o: given.pop(o) for o in options}) for name, options in taken.items()
            }
            command(**made, **given)

        own, hints = inspect.signature(command).parameters, _hints(command, besides=taken)
        parameters: list[inspect.Parameter] = []
        for name, each in own.items():
            parameters += taken[name].values() if name in taken else [each]
        for make in makers.values():
            hints |= _hints(make)
        # Arguments, its own options, those of groups.
        parameters.sort(key=lambda each: (each.default is not each.empty) * (1 + (each.name not in own)))
        read = [each.replace(annotation=hints[each.name]) for each in parameters]
        call.__signature__ = inspect.Signature(read)  # type: ignore[attr-defined]
        call.__annotations__ = hints
        return call

    return wrap


def _hints(function: Callable[..., Any], besides: Container[str] = ()) -> dict[str, Any]:
    """Return what the arguments of a function are, some left out."""
    written = function.__annotations__.items()
    holder = SimpleNamespace(__annotations__={n: a for n, a in written if n != "return" and n not in besides})
    return get_type_hints(holder, globalns=function.__globals__, include_extras=True)


def synapse_of(
    preset: Preset,
    settings: Setting = None,
    also: Also = None,
    without: Without = None,
    condition: ConditionName = None,
    knockout: Knockout = None,
    inhibit: Inhibit = None,
    overexpress: Overexpress = None,
    clamp: Clamp = None,
    drug: Drug = None,
) -> Synapse:
    """Return the synapse that the options describe.

    Conditions come first, then genetic changes, then drugs. Of a condition that was not found in the
    preset it warns, on stderr, and applies it all the same.
    """
    from kinaptic.pathways import conditions, drugs, perturbation
    from kinaptic.sbml.synapse import Synapse

    overrides = dict(_pair(each, "--set", "distance='150 um'") for each in settings or ())
    made = Synapse.preset(preset, **{name: _bare(value) for name, value in overrides.items()})
    made = made.also(*also or ())
    for name in without or ():
        made = made.without(name)
    done = [change for name in condition or () for change in conditions.condition(name)]
    done += [perturbation.knockout(name) for name in knockout or ()]
    for each in overexpress or ():
        name, value = _pair(each, "--overexpress", "CaMKII=3")
        done.append(perturbation.overexpress(name, _number(value, "--overexpress", each)))
    for each in inhibit or ():
        name, value = _pair(each, "--inhibit", "PKA=0.9")
        done.append(perturbation.inhibit(name, by=_number(value, "--inhibit", each)))
    for each in drug or ():
        name, dose = _dose(each)
        done.append(drugs.drug(name, dose))
    for each in clamp or ():
        name, value = _pair(each, "--clamp", "cAMP='0.1 uM'")
        done.append(perturbation.clamp(name, value))
    made = made.with_(*done)
    _warn_where_not_found(preset, condition or ())
    return made


def _warn_where_not_found(preset: str, names: Iterable[str]) -> None:
    """Say which conditions were found in other presets than this one; it is no more than a warning."""
    from kinaptic import console
    from kinaptic.pathways.conditions import conditions

    for name in dict.fromkeys(names):
        places = conditions()[name].presets
        if preset not in places:
            console.warning(f"{name} was found in {', '.join(places)}, not in {preset}")


def stimulus_of(
    protocol: str | None, waveform: Path | None, unit: str | None, time_unit: str | None, extend: str | None
) -> Protocol | Waveform | None:
    """Return the protocol or the waveform that the options describe."""
    if waveform is None:
        for value, option in ((unit, "--unit"), (time_unit, "--time-unit"), (extend, "--extend")):
            if value is not None:
                raise KinapticError(f"{option} belongs to a recorded waveform: give --waveform FILE with it")
        from kinaptic.pathways import calls

        return None if protocol is None else calls.protocol(protocol)
    if protocol is not None:
        raise KinapticError(
            "--protocol and --waveform: give one of them; a recorded trace replaces the spikes"
        )
    if not waveform.is_file():
        raise KinapticError(f"--waveform {waveform}: there is no such file")
    from kinaptic.pathways.waveform import Waveform

    return Waveform.read(waveform, unit=unit, time_unit=time_unit, extend=extend)  # type: ignore[arg-type]


def _pair(text: str, option: str, example: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name.strip() or not value.strip():
        raise KinapticError(f"{option} {text}: write NAME=VALUE, for instance {option} {example}")
    return name.strip(), value.strip().strip("'\"")


def _dose(text: str) -> tuple[str, str | None]:
    """Return drug and dose; a name alone is for `drug` to refuse, which knows a usual dose."""
    return _pair(text, "--drug", "AM251='1 uM'") if "=" in text else (text.strip(), None)


def _number(value: str, option: str, text: str) -> float:
    try:
        return float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        raise KinapticError(f"{option} {text}: {value!r} is not a number") from None


def _bare(value: str) -> str | float:
    """Return a number without a unit as a number; whether it may lack one is for others to say."""
    try:
        return float(value)
    except ValueError:
        return value
