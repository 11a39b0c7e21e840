"""The report of a scan: one HTML page that holds all of it, and is read without a network.

Charts, the table (also as a CSV file inside the page), what failed and why, the recipe with the
Python that makes it again, every number that took part, and the papers behind them. The same scan
gives the same page to the last byte: nothing in it tells when, where or by whom it was made.
"""

from __future__ import annotations

import base64
import inspect
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from plotly.offline import get_plotlyjs

from kinaptic.analysis.axes import call_text, protocol_text
from kinaptic.analysis.interactive import charts, combination, number_text, quantity_text
from kinaptic.analysis.running.study import OK
from kinaptic.analysis.scan_figure import heading
from kinaptic.errors import KinapticError, StoreError
from kinaptic.pathways import doses, stimulation
from kinaptic.pathways.catalogue import ports
from kinaptic.pathways.presets import presets
from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml.synapse import Synapse
from kinaptic.units import column_name, labelled

if TYPE_CHECKING:
    from kinaptic.analysis.axes import Axis, Stimulus
    from kinaptic.analysis.points import Points, Rows
    from kinaptic.analysis.scan_result import Scan

MOST_ROWS = 1_000  # of the table that are shown
MOST_FAILED = 50  # points named under one reason
_TEMPLATE = Path(__file__).with_name("report.html.j2")
_UNKNOWN = "..."  # valid Python for what cannot be written as a call


def write(scan: Scan, path: str | Path, *, title: str | None = None) -> Path:
    """Write the report of a scan.

    Parameters
    ----------
    scan : Scan
        What to tell about. Where every point failed, the report says so and why.
    path : str or Path
        Where to, ending in ``.html``. A file that is there is replaced, and only by a whole one.
    title : str, optional
        Heading of the page; by default what was stimulated, and how.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    KinapticError
        If the path has another ending, or the title is empty.
    StoreError
        If there is no such folder, or the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() != ".html":
        raise KinapticError(f"report({str(path)!r}): a report is a web page; write {target.stem}.html")
    if title is not None and not title.strip():
        raise KinapticError(
            f"report(…, title={title!r}): the title is empty; give some words, or leave it out"
        )
    if target.is_dir():
        raise StoreError(f"report({str(path)!r}): this is a folder; give a file in it, such as study.html")
    if not target.parent.is_dir():
        raise StoreError(f"report({str(path)!r}): there is no folder {target.parent}; make it first")
    _save(target, _page(scan, title, target.stem))
    return target


def _save(target: Path, text: str) -> None:
    """Write under another name and rename, so that no half page is ever there."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(target)
    except OSError as why:
        raise StoreError(f"cannot write {target}: {why.strerror or why}; is the folder yours?") from None
    finally:
        part.unlink(missing_ok=True)


def _page(scan: Scan, title: str | None, stem: str) -> str:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    drawn, synapses = charts(scan), _synapses(scan.plan.points)
    cited = {line for each in synapses.values() for line in each.cite().splitlines()}
    return environment.from_string(_TEMPLATE.read_text("utf-8")).render(
        title=title or heading(scan) or "Scan",
        summary=_summary(scan),
        charts=drawn,
        figures=[{"data": each.data, "layout": each.layout} for each in drawn],
        plotly=get_plotlyjs(),
        table=_table(scan),
        csv=base64.b64encode(_csv(scan).encode()).decode(),
        stem=stem,
        failed=_failed(scan),
        recipe={
            "until (s)" if name == "until" else name: number_text(it) for name, it in scan.recipe.items()
        },
        call=_call(scan),
        numbers=_numbers(scan.plan.points, synapses),
        references=[line.partition(" doi:")[::2] for line in sorted(cited)],
    )


def _summary(scan: Scan) -> list[str]:
    """Return the sentences at the top: what was stimulated, how, what was varied, what came of it."""
    points, until = scan.plan.points, scan.plan.until
    kinds = {axis.kind for axis in points.axes}
    found = [] if "preset" in kinds else [f"The synapse is {points.synapse}."]
    if "protocol" not in kinds:
        varied = "".join(f", {axis.name} varied" for axis in points.axes if axis.kind == "argument")
        text = (
            str(points.protocol) if isinstance(points.protocol, Protocol) else protocol_text(points.protocol)
        )
        found.append(f"The protocol is {text}{varied}.")
    found.append(f"Each run lasts {f'{until / 60:.6g} min' if until >= 60 else f'{until:.6g} s'}.")
    found.append(f"Varied: {'; '.join(f'{axis.name} ({_values(axis)})' for axis in points.axes)}.")
    bad, count = int((scan.table["status"] != OK).sum()), len(scan.table)
    outcome = "all ok" if not bad else "all failed" if bad == count else f"{bad:,} failed"
    return [*found, f"{count:,} {'points' if count > 1 else 'point'}, {outcome}."]


def _values(axis: Axis) -> str:
    shown = list(dict.fromkeys(axis.shown))
    if axis.unit and len(shown) > 3:
        low, high = min(shown), max(shown)
        return f"{len(shown):,} values, {number_text(low)} to {quantity_text(number_text(high), axis.unit)}"
    told = ", ".join(map(number_text, shown[:8]))
    return f"{told} and {len(shown) - 8:,} more" if len(shown) > 8 else quantity_text(told, axis.unit or "1")


def _table(scan: Scan) -> dict[str, Any]:
    """Return the first rows as texts, and the columns with whether they are numbers."""
    shown, units = scan.table.head(MOST_ROWS), scan.table.attrs["units"]
    columns = [shown[name].map(_cell) for name in shown]
    return {
        "heads": [(labelled(str(name), units.get(name, "")), name in units) for name in shown],
        "rows": list(zip(shown.index, zip(*columns, strict=True), strict=True)),
        "count": len(scan.table),
    }


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.6g}" if math.isfinite(value) else "–"


def _csv(scan: Scan) -> str:
    """Return the whole table as the command line writes one: units in its head, the recipe above it."""
    units = scan.table.attrs["units"]
    table = scan.table.rename(columns=lambda c: column_name(c, units.get(c, "")))
    recipe = json.dumps(scan.recipe, ensure_ascii=False)
    return f"# {recipe}\n{table.to_csv(float_format='%.9g', lineterminator=chr(10), index_label='point')}"


def _failed(scan: Scan) -> list[dict[str, Any]]:
    """Return each reason, with the points that failed for it."""
    axes = scan.plan.points.axes
    bad = scan.table[scan.table["status"] != OK]
    found = []
    for reason, rows in bad.groupby("status", sort=False):
        named = rows[[axis.name for axis in axes]].head(MOST_FAILED).itertuples(name=None)
        points = [(index, combination(axes, key)) for index, *key in named]
        found.append({"reason": reason, "count": len(rows), "points": points})
    return found


def _synapses(points: Points) -> dict[str, Synapse]:
    """Return the synapses that took part but for parameters that were varied; those as given first.

    Of a drug's doses the last that is not 0 stands for all: they change the same numbers.
    """
    axes = {axis.kind: axis for axis in points.axes}
    given = axes["preset"].values if "preset" in axes else (points.synapse,)
    found = {each.name: each for each in given}
    if "genotype" in axes:
        pairs = list(zip(axes["genotype"].values, axes["genotype"].shown, strict=True))
        found |= {f"{s.name}, {text}": s.with_(*done) for s in given for done, text in pairs if done}
    if "drug" in axes:
        levels = axes["dose"].values[::-1] if "dose" in axes else ()
        for agent, text in zip(axes["drug"].values, axes["drug"].shown, strict=True):
            if agent is None:
                continue
            done = {text: agent} if not levels else {f"{text} {x}": doses.at(agent, x) for x in levels}
            given_at = next(((name, each) for name, each in done.items() if each is not None), None)
            if given_at is not None:
                found |= {f"{s.name}, {given_at[0]}": s.with_(given_at[1]) for s in given}
    return found


def _numbers(points: Points, synapses: Mapping[str, Synapse]) -> list[dict[str, Any]]:
    """Return every number of the synapses as given, and of the others those that differ from them."""
    varied = {axis.name for axis in points.axes if axis.kind == "parameter"}
    whole: dict[str, dict[str, tuple[str, ...]]] = {}
    found = []
    for name, synapse in synapses.items():
        try:
            rows = {
                str(parameter): ("varied" if parameter in varied else _cell(value), *map(str, rest))
                for parameter, value, *rest in synapse.parameters.itertuples(name=None)
            }
        except KinapticError as why:  # a number that follows from others has no value
            found.append({"name": name, "rows": {}, "note": f"These numbers cannot be computed: {why}"})
            continue
        first = whole.setdefault(synapse.name, rows)
        gone = len(first.keys() - rows.keys())
        note = f"{gone} numbers of {synapse.name} take no part." if gone else ""
        changed = rows if first is rows else {k: row for k, row in rows.items() if first.get(k) != row}
        found.append(
            {"name": name if first is rows else f"{name}: what differs", "rows": changed, "note": note}
        )
    return found


def _call(scan: Scan) -> str:
    """Return the Python that makes the scan again, as far as a text can tell it."""
    plan, points = scan.plan, scan.plan.points
    readouts = [each.text for each in plan.readouts]
    text = (
        f"synapse = {_synapse(points.synapse)}\nprotocol = {_protocol(points.protocol)}\n"
        f"over = {_over(points)}\n"
        f"study = kn.scan(\n    synapse,\n    protocol,\n    over,\n    until='{plan.until:.12g} s',\n"
        f"    readouts={readouts},\n    engine={plan.engine!r},\n    rtol={plan.rtol!r},\n)"
    )
    unknown = "# ... stands for what this text cannot tell: joined protocols, recorded traces, long lists\n"
    return f"import kinaptic as kn\n\n{unknown if _UNKNOWN in text else ''}{text}"


def _synapse(synapse: Synapse) -> str:
    preset = presets().get(synapse.name)
    own = preset.parameters if preset else {}
    # the note of a number that the user set is what the user wrote
    given = {name: p.note for name, p in synapse.settings if own.get(name) != p}
    given |= {name: f"{value!r} {ports()[name][0].unit}" for name, value in synapse.clamped}
    make, names = (Synapse.preset, (synapse.name,)) if preset else (Synapse.of, synapse.pathways)
    try:
        if make(*names, **given).with_(*synapse.perturbations) != synapse:
            return _UNKNOWN
    except KinapticError:
        return _UNKNOWN
    arguments = [*map(repr, names), *(f"{name}={value!r}" for name, value in given.items())]
    done = ", ".join(f"kn.{call_text(each)}" for each in synapse.perturbations)
    return f"kn.Synapse.{make.__name__}({', '.join(arguments)})" + (f".with_({done})" if done else "")


def _protocol(protocol: Stimulus) -> str:
    if protocol is None:
        return "None"
    call = protocol.call if isinstance(protocol, Protocol) else None
    if call is None or getattr(stimulation, call.name, None) is not call.function:
        return _UNKNOWN
    defaults = inspect.signature(call.function).parameters
    shown = {
        name: (_literal(value), _literal(defaults[name].default)) for name, value in call.arguments.items()
    }
    given = [f"{name}={value}" for name, (value, default) in shown.items() if value != default]
    return f"kn.{call.name}({', '.join(given)})"


def _over(points: Points) -> str:
    dosed = any(axis.kind == "dose" for axis in points.axes)
    values = {axis.name: [_value(axis, each, dosed) for each in axis.values] for axis in points.axes}
    lengths = [len(each) for each in values.values()]
    if math.prod(lengths) == len(points) and np.array_equal(_grid(lengths), points.codes):
        lines = [f"    {name!r}: [{', '.join(texts)}],\n" for name, texts in values.items()]
        return f"{{\n{''.join(lines)}}}"
    if len(points) > MOST_FAILED:
        return _UNKNOWN
    rows = [zip(values.items(), codes, strict=True) for codes in points.codes.tolist()]
    lines = [", ".join(f"{name!r}: {texts[code]}" for (name, texts), code in row) for row in rows]
    return "[\n" + "".join(f"    {{{line}}},\n" for line in lines) + "]"


def _grid(lengths: Sequence[int]) -> Rows:
    return np.indices(lengths, dtype=np.intp).reshape(len(lengths), -1).T


def _value(axis: Axis, value: Any, dosed: bool) -> str:
    match axis.kind:
        case "drug" if value is not None:
            plain = dosed and value == doses.agent(value.target) if value.kind == "drug" else False
            return repr(value.target) if plain else f"kn.{call_text(value)}"
        case "genotype":
            calls = [f"kn.{call_text(each)}" for each in value]
            return f"({', '.join(calls)})" if len(calls) > 1 else calls[0] if calls else "None"
        case "protocol":
            return _protocol(value)
        case "preset":
            return repr(value.name)
    return _literal(value)


def _literal(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    plain = value.item() if isinstance(value, np.generic) else value
    return repr(plain if plain is None or isinstance(plain, str | int | float) else str(plain))
