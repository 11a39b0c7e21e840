"""What the command line prints: results on stdout, what is going on on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kinaptic.units import labelled

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from kinaptic.pathways.conditions import Condition
    from kinaptic.pathways.drug_table import Drug
    from kinaptic.pathways.parameters import Parameter
    from kinaptic.pathways.pathway import Pathway
    from kinaptic.pathways.presets import Preset
    from kinaptic.sbml.run import Run
    from kinaptic.sbml.synapse import Synapse

_PLAIN_WIDTH = 120  # columns where there is no terminal to ask
_HALVES = (  # of the weight, at the end of the run
    ("W_pre", "  presynaptic, n·p"),
    ("W_post", "  postsynaptic, q"),
    ("PPR", "  paired-pulse ratio"),
)
_THINNED = 200  # points of the weight in JSON

# Readout, its name, and the totals that it is a share of, with how many of it each makes.
_PEAKS = (
    ("Ca", "calcium", ()),
    ("CaMKII_active", "active CaMKII", (("CaMKII_total", 1),)),
    ("PKA_active", "active PKA", (("R2C2_total", 2),)),  # two catalytic subunits in a holoenzyme
    ("CaN_active", "active calcineurin", (("CaN_total", 1),)),
    ("PP1_active", "active PP1", (("PP1_total", 1),)),
)


def out() -> Console:
    """Return the console for results; made anew, so that redirected streams are honoured."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def err() -> Console:
    """Return the console for messages and progress."""
    from rich.console import Console

    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False)


def error(message: str) -> None:
    """Print one message in red on stderr."""
    err().print(message, style="red", soft_wrap=True)


def warning(message: str) -> None:
    """Print what may not be meant, in yellow on stderr; the command goes on."""
    err().print(f"Warning: {message}", style="yellow", soft_wrap=True)


def note(message: str) -> None:
    """Print what was done, on stderr."""
    err().print(message, style="dim", soft_wrap=True)


@contextmanager
def progress(what: str) -> Iterator[Callable[[float, str], None]]:
    """Show a bar on stderr while it is a terminal; yield a function of the fraction done and a text."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = err()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def show(fraction: float, text: str = what) -> None:
            bar.update(task, total=1.0, completed=fraction, description=text)

        yield show


@dataclass(frozen=True)
class Result:
    """One line of what a run came to."""

    key: str  # for programs
    name: str  # for people
    value: float
    unit: str  # a model unit
    rest: float | None = None  # before the protocol
    total: float | None = None  # of which the value is a share


def results(run: Run) -> list[Result]:
    """Return the weight 30 and 60 min after the protocol, and the peaks."""
    found = []
    if "weight" in run.traces:
        last = (float(run.traces.index[-1]) - run.end) / 60
        after = "into the run" if run.protocol is None else "after"
        for minutes in (30, 60):
            if minutes <= last + 1e-6:
                name = f"weight {minutes} min {after}"
                found.append(Result(f"weight_{minutes}min", name, run.at(minutes), "1", rest=1.0))
        if last < 60 - 1e-6:
            name = f"weight at the end ({last:.3g} min {after})"
            found.append(Result("weight_end", name, float(run.weight.iloc[-1]), "1", rest=1.0))
    if "W_pre" in run.traces and "W_post" in run.traces:
        found += [Result(f"{r}_end", name, *_ends(run, r)) for r, name in _HALVES]
    units = run.traces.attrs["units"]
    for readout, name, totals in _PEAKS:
        if readout not in run.traces:
            continue
        values = run.traces[readout]
        total = sum(run.model.values.get(n, 0.0) * count for n, count in totals) or None
        rest, peak = float(values.iloc[0]), float(values.max())
        found.append(Result(f"peak_{readout}", f"peak {name}", peak, units[readout], rest, total))
    return found


def _ends(run: Run, readout: str) -> tuple[float, str, float]:
    """Return the last value of a readout, its unit and its value at rest."""
    values = run.traces[readout]
    return float(values.iloc[-1]), run.traces.attrs["units"][readout], float(values.iloc[0])


def print_run(run: Run) -> None:
    """Print a run: protocol, synapse, and a short table."""
    from rich.table import Table
    from rich.text import Text

    from kinaptic.sbml.wording import sentence

    console = out()
    console.print(Text(sentence(run.protocol), style="bold"), soft_wrap=True)
    console.print(Text(described(run.synapse), style="dim"), soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for name, side in (("", "left"), ("", "right"), ("at rest", "right"), ("of all", "right")):
        table.add_column(name, justify="right" if side == "right" else "left", no_wrap=True)
    for each in results(run):
        if each.key.startswith("weight"):
            table.add_row(each.name, f"{each.value:.3f}", "1.000", "", style="bold")
            continue
        if each.key.endswith("_end"):
            table.add_row(each.name, f"{each.value:.3f}", f"{each.rest:.3f}", "")
            continue
        rest = "" if each.rest is None else quantity(each.rest, each.unit)
        share = "" if each.total is None else f"{each.value / each.total:.1%}"
        table.add_row(each.name, quantity(each.value, each.unit), rest, share)
    console.print()
    console.print(table)


def described(synapse: Synapse) -> str:
    """Return the synapse and what was done to it in a line."""
    from kinaptic.sbml.wording import changes

    return "; ".join([f"{synapse.name} ({', '.join(synapse.pathways)})", *changes(synapse)])


def run_json(run: Run) -> str:
    """Return a run as one JSON object: summary, units, recipe, and the weight, thinned."""
    import numpy as np

    lines = results(run)
    found: dict[str, Any] = {
        "synapse": run.synapse.name,
        "pathways": list(run.synapse.pathways),
        "absent": list(run.synapse.absent),
        "perturbations": [str(p) for p in run.synapse.perturbations],
        "protocol": None if run.protocol is None else str(run.protocol),
        "protocol_end": run.end,
        "summary": {line.key: line.value for line in lines},
        "rest": {line.key: line.rest for line in lines if line.rest is not None},
        "share": {line.key: line.value / line.total for line in lines if line.total is not None},
        "units": {line.key: line.unit for line in lines} | {"protocol_end": "s", "time": "s", "weight": "1"},
        "recipe": run.recipe,
    }
    if "weight" in run.traces:
        index = run.traces.index.to_numpy(dtype=float)
        times = np.linspace(index[0], index[-1], min(_THINNED, index.size))
        weight = np.interp(times, index, run.weight.to_numpy(dtype=float))
        found["weight"] = {"time": [round(float(t), 3) for t in times], "value": weight.tolist()}
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def quantity(value: float, unit: str) -> str:
    """Write a quantity for people: three digits, nM below 0.1 µM."""
    if unit == "uM" and 0 < abs(value) < 0.1:
        return f"{number(value * 1e3)} nM"
    return f"{number(value)} {unit.replace('uM', 'µM')}" if unit != "1" else number(value)


def number(value: float) -> str:
    """Write a number with three digits, zeros included: ``"3.20"``, ``"0.0150"``, ``"1.2e-05"``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    exponent = math.floor(math.log10(abs(value)))
    return f"{value:.{max(0, 2 - exponent)}f}" if -4 <= exponent < 5 else f"{value:.3g}"


def print_overview(pathways: Mapping[str, Pathway], presets: Mapping[str, Preset]) -> None:
    """Print the presets and the pathways."""
    console = out()
    table = _table("preset", "synapse", "pathways")
    for name, preset in presets.items():
        table.add_row(name, preset.title, ", ".join(preset.pathways))
    console.print(table)
    console.print()
    table = _table("pathway", "what it is", "numbers", "targets")
    for name, each in pathways.items():
        table.add_row(name, each.title, str(len(each.parameters)), ", ".join(each.enzymes))
    console.print(table)
    console.print("\nOne of them in full: kinaptic pathways NAME", style="dim")


def print_preset(name: str, preset: Preset) -> None:
    """Print a preset."""
    console = out()
    console.print(f"{name}: {preset.title}", style="bold")
    console.print(f"Pathways: {', '.join(preset.pathways)}\n")
    console.print(_numbers("set by the preset", preset.parameters))


def print_pathway(each: Pathway, ports: Mapping[str, Any]) -> None:
    """Print a pathway: what it takes and gives, targets, species, numbers.

    Parameters
    ----------
    each : Pathway
        The one to print.
    ports : mapping
        Port id → (port, names of the pathways that give it).
    """
    console = out()
    console.print(f"{each.name}: {each.title}", style="bold")
    console.print(f"{each.summary}\n")
    if each.replaces:
        console.print(f"Stands in for: {each.replaces}\n")
    table = _table("takes", "unit", "meaning", "from")
    for need in each.needs:
        port, givers = ports.get(need, (None, ()))
        unit, meaning = (port.unit, port.meaning) if port else ("", "")
        table.add_row(need, unit, meaning, ", ".join(givers))
    _print_filled(console, table)
    table = _table("gives", "unit", "meaning", "when absent")
    for name, port in each.gives.items():
        table.add_row(name, port.unit, port.meaning, f"{port.neutral:g}")
    _print_filled(console, table)
    table = _table("collects", "unit", "meaning")
    for name, port in each.collects.items():
        table.add_row(name, port.unit, port.meaning)
    _print_filled(console, table)
    table = _table("adds to", "what", "of")
    for name, what in each.contributes.items():
        table.add_row(name, what, ", ".join(ports[name][1]) if name in ports else "")
    _print_filled(console, table)
    table = _table("target", "meaning", "knock-out, overexpression", "inhibition")
    for name, enzyme in each.enzymes.items():
        table.add_row(name, enzyme.meaning, ", ".join(enzyme.totals), ", ".join(enzyme.activity))
    _print_filled(console, table)
    table = _table("species", "molecule", "identity")
    for pattern, molecule in each.molecules.items():
        table.add_row(pattern, molecule.name, ", ".join(molecule.parts))
    _print_filled(console, table)
    console.print(_numbers("number", each.parameters))


def _numbers(title: str, parameters: Mapping[str, Parameter]) -> Table:
    from rich.text import Text

    table = _table(title, "value", "unit", "source and note")
    for name, each in parameters.items():
        about = Text(each.source if each.formula is None else f"= {each.formula}; {each.source}")
        if each.note:
            about.append(f"; {each.note}", style="dim")
        table.add_row(name, "" if each.value is None else f"{each.value:g}", each.unit, about)
    return table


def print_drugs(table: Mapping[str, Drug]) -> None:
    """Print the drugs."""
    console = out()
    shown = _table("drug", "also", "what it does", "acts on", "usual dose")
    for name, each in table.items():
        acts_on = ", ".join(action.target for action in each.actions)
        shown.add_row(name, ", ".join(each.aliases), each.title, acts_on, each.dose.replace("u", "µ"))
    console.print(shown)
    console.print("\nOne of them in full: kinaptic drugs NAME", style="dim")


def print_drug(name: str, each: Drug) -> None:
    """Print a drug: what it acts on, how, and at which concentration."""
    from rich.text import Text

    from kinaptic.pathways.drugs import homes, usual

    console = out()
    console.print(f"{name}: {each.title}", style="bold")
    if each.aliases:
        console.print(f"Also: {', '.join(each.aliases)}")
    console.print()
    dose = each.dose.replace("u", "µ")
    shown = _table("acts on", "pathway", "how", "constant", f"at {dose}", "source and note")
    for action in each.actions:
        about = Text(action.source)
        if action.note:
            about.append(f"; {action.note}", style="dim")
        pathways = " or ".join(homes(action.target))
        shown.add_row(action.target, pathways, action.how, action.constant, usual(each, action), about)
    console.print(shown)


def print_conditions(table: Mapping[str, Condition]) -> None:
    """Print the ages and diseases."""
    console = out()
    shown = _table("condition", "what it is", "changes", "found in")
    for name, each in table.items():
        shown.add_row(name, each.title, ", ".join(c.target for c in each.changes), ", ".join(each.presets))
    console.print(shown)
    console.print("\nOne of them in full: kinaptic conditions NAME", style="dim")


def print_condition(name: str, each: Condition) -> None:
    """Print an age or a disease: what is multiplied, by how much, and who found it."""
    console = out()
    console.print(f"{name}: {each.title}", style="bold")
    console.print(f"{each.summary} Found in {', '.join(each.presets)}.\n")
    shown = _table("number", "times", "source and note")
    for change in each.changes:
        shown.add_row(
            change.target, f"{change.factor:g}", "; ".join(filter(None, (change.source, change.note)))
        )
    console.print(shown)


def print_table(table: pd.DataFrame, most: int = 60) -> None:
    """Print the table of a study, units in its head; of a long one the first rows."""
    console = out()
    units = table.attrs.get("units", {})
    shown = _table(*(labelled(str(name), units.get(name, "")) for name in table))
    for _, row in table.head(most).iterrows():
        shown.add_row(*(_cell(each) for each in row))
    console.print(shown)
    if len(table) > most:
        console.print(f"… and {len(table) - most:,} more rows; --out FILE writes them all", style="dim")
    if "status" in table and (failed := int((table["status"] != "ok").sum())):
        console.print(f"{failed} of {len(table)} failed; the column status says why.", style="dim")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return str(value)


def table_json(table: pd.DataFrame, recipe: Mapping[str, object]) -> str:
    """Return the table of a study as JSON: ``{"rows": […], "units": {…}, "recipe": {…}}``."""
    rows = [{str(k): _plain(v) for k, v in row.items()} for row in table.to_dict(orient="records")]
    found = {"rows": rows, "units": table.attrs.get("units", {}), "recipe": recipe}
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def print_validation(table: pd.DataFrame) -> None:
    """Print the rows that the model is held against, and how many it meets."""
    from rich.text import Text

    console = out()
    shown = _table("row", "what is measured", "expected", "got", "")
    for name, row in table.iterrows():
        mark = Text("pass", style="green") if row["pass"] else Text("MISS", style="bold red")
        got = f"{row['got']:.3g}" if math.isfinite(row["got"]) else "failed"
        unit = "" if row.get("unit", "1") == "1" else f" {row['unit']}".replace("uM", "µM")
        expected = f"{expectation(row['expected'], row['tolerance'])}{unit}"
        shown.add_row(str(name), str(row["title"]), expected, got, mark)
    console.print(shown)
    console.print()
    for name, row in table.iterrows():
        if row.get("reason"):
            console.print(f"{name}: {row['reason']}", style="dim", soft_wrap=True)
    passed = int(table["pass"].sum())
    console.print(f"{passed} of {len(table)} rows pass.")


def expectation(expected: object, tolerance: float) -> str:
    """Write what was expected: ``"0.62 ± 0.1"``, ``"1.1 to 1.4"``, ``"≥ 1.1"``."""
    slack = f" ± {tolerance:.3g}" if tolerance else ""
    if not isinstance(expected, list | tuple):
        return f"{expected:.4g}{slack}"
    low, high = expected
    if low is None:
        return f"≤ {high:.4g}{slack}"
    return f"≥ {low:.4g}{slack}" if high is None else f"{low:.4g} to {high:.4g}{slack}"


def validation_json(table: pd.DataFrame) -> str:
    """Return the rows as JSON: ``{"rows": [{"id", "expected", "tolerance", "got", "pass", …}]}``."""
    rows = []
    for name, row in table.iterrows():
        each = {"id": str(name)} | {str(k): _plain(v) for k, v in row.items()}
        rows.append(each)
    return json.dumps({"rows": rows}, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, name in enumerate(columns):
        table.add_column(name, no_wrap=index == 0, overflow="fold")
    return table


def _print_filled(console: Console, table: Table) -> None:
    if table.row_count:
        console.print(table)
        console.print()
