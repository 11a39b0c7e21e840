"""The commands that are studies: scan, dose, screen, sensitivity, curve, threshold and explore."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinaptic import files
from kinaptic.errors import KinapticError
from kinaptic.options import (
    OUTPUT,
    ProtocolText,
    grouped,
    stimulus_of,
    synapse_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from kinaptic.sbml.synapse import Synapse

_RUNS = "Runs"


def _run_option(text: str, metavar: str) -> Any:
    return typer.Option(metavar=metavar, help=text, rich_help_panel=_RUNS)


def _output(text: str, metavar: str = "FILE") -> Any:
    return typer.Option(metavar=metavar, help=text, rich_help_panel=OUTPUT)


Until = Annotated[str | None, _run_option("Length of a run; 60 min by default.", "TIME")]
Readout = Annotated[
    list[str] | None, _run_option("What to read off: weight, 'peak Ca'. Several times.", "TEXT")
]
Workers = Annotated[
    str | None, _run_option("How many processes, all (one a core), or a Dask scheduler: tcp://…", "WHERE")
]
Store = Annotated[Path | None, _run_option("Keep what is done here; run again, it goes on.", "FOLDER")]
Limit = Annotated[str | None, _run_option("Stop a run after this time by the clock: '2 min'.", "TIME")]
Out = Annotated[Path | None, _output("Write the table: .csv or .parquet.")]
Plot = Annotated[Path | None, _output("Write the figure: .png, .svg or .pdf.")]
Report = Annotated[Path | None, _output("Write it all as one web page: .html.")]
AsJson = Annotated[
    bool, typer.Option("--json", metavar="", help="Print JSON in place of the table.", rich_help_panel=OUTPUT)
]


def places_of(workers: Workers = None, store: Store = None, time_limit: Limit = None) -> dict[str, Any]:
    """Return what the options say of where runs go, what is kept, and when one is stopped."""
    given: dict[str, Any] = {"store": store, "time_limit": time_limit}
    if workers is not None:
        given["workers"] = int(workers) if workers.lstrip("-").isdigit() else workers
    return given


def runs_of(
    until: Until = None, workers: Workers = None, store: Store = None, time_limit: Limit = None
) -> dict[str, Any]:
    """Return what the options say of the length of runs besides."""
    return places_of(workers, store, time_limit) | ({} if until is None else {"until": until})


def add(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (scan, dose, screen, sensitivity, curve, threshold, explore):
        app.command()(command)


@grouped(runs=places_of)
def scan(
    runs: dict[str, Any],
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="A study file: what to run, and over what.")],
    out: Out = None,
    plot: Plot = None,
    report: Report = None,
    yes: Annotated[
        bool, typer.Option("--yes", metavar="", help="Run more than a million points unasked.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    r"""Run a protocol over and over, varied, as a study file says: a table, a row a run.

    [bold]format: 1
    synapse: ca1
    protocol: stdp('10 ms', 60, rate='1 Hz')
    over:
      genotype: \[wild type, knockout('pka')]
      delay: \[-10 ms, 10 ms][/]

    For example:

    [bold]kinaptic scan study.yaml --store results --workers all --report study.html[/]
    """
    from kinaptic.analysis import study_file

    _check(out, plot, report)
    read = study_file.read(study)
    found = read.run(**runs, most=sys.maxsize if yes else _asked(read))
    _finish(found, found.table, as_json, out, plot, report, read.title)


@grouped(synapse=synapse_of, runs=runs_of)
def dose(
    synapse: Synapse,
    runs: dict[str, Any],
    agent: Annotated[
        str,
        typer.Argument(metavar="AGENT", help="A drug, or \"inhibit('CaMKII', ic50='0.4 uM')\" and the like."),
    ],
    doses: Annotated[
        str, typer.Argument(metavar="DOSES", help="A range, '1 nM .. 100 uM', or some: '1 nM, 1 uM'.")
    ],
    protocol: ProtocolText = None,
    readout: Annotated[
        str, _run_option("What responds: weight, 'weight at 30 min', 'peak Ca'.", "TEXT")
    ] = "weight",
    other: Annotated[str | None, _run_option("Another agent, on a grid with the first.", "AGENT")] = None,
    other_doses: Annotated[str | None, _run_option("Its doses.", "DOSES")] = None,
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Give an agent at one dose after another: responses, and the Hill curve with its EC50.

    For example:

    [bold]kinaptic dose ca1 "inhibit('CaMKII')" "1 nM .. 100 uM" -p "stdp('10 ms', 60, rate='1 Hz')"[/]
    """
    from kinaptic import console
    from kinaptic.analysis.dose_response import dose_response
    from kinaptic.errors import FitRefused

    _check(out, plot)
    second = {} if other is None and other_doses is None else _second(other, other_doses)
    found = dose_response(
        synapse,
        stimulus_of(protocol, None, None, None, None),
        _agent(agent),
        _doses(doses),
        readout,
        **second,
        **runs,
    )
    _finish(found, found.table, as_json, out, plot)
    if not as_json and not found.other:
        try:
            console.out().print(f"\n{found.fit()}", soft_wrap=True)
        except FitRefused as why:
            console.out().print(f"\nNo Hill curve: {why}", soft_wrap=True)


@grouped(synapse=synapse_of, runs=runs_of)
def screen(
    synapse: Synapse,
    runs: dict[str, Any],
    protocol: ProtocolText = None,
    targets: Annotated[
        list[str] | None,
        _run_option("enzymes (the default), pathways, parameters, or names. Several times.", "NAME"),
    ] = None,
    change: Annotated[
        list[str] | None,
        _run_option("knockout, halve, double; all three by default. Several times.", "CHANGE"),
    ] = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", metavar="", help="Change two at a time as well.", rich_help_panel=_RUNS)
    ] = False,
    readout: Readout = None,
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Change every enzyme, pathway or parameter in turn, and rank what matters.

    For example:

    [bold]kinaptic screen ca1 -p "stdp('10 ms', 60, rate='1 Hz')" --change knockout --plot screen.svg[/]
    """
    from kinaptic.analysis import screen as screens

    _check(out, plot)
    found = screens.screen(
        synapse,
        stimulus_of(protocol, None, None, None, None),
        targets=targets or "enzymes",
        changes=change or tuple(screens.CHANGES),
        pairs=pairs,
        readouts=readout or screens.READOUTS,
        **runs,
    )
    _finish(found, found.table, as_json, out, plot)


@grouped(synapse=synapse_of, runs=runs_of)
def sensitivity(
    synapse: Synapse,
    runs: dict[str, Any],
    protocol: ProtocolText = None,
    method: Annotated[str, _run_option("local, morris or sobol.", "NAME")] = "local",
    parameter: Annotated[
        list[str] | None, _run_option("Only these; all that have a range by default. Several times.", "NAME")
    ] = None,
    samples: Annotated[int | None, _run_option("Trajectories of morris, samples of sobol.", "NUMBER")] = None,
    seed: Annotated[int, _run_option("Of what is drawn.", "NUMBER")] = 0,
    readout: Readout = None,
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Which parameters a readout hangs on: near their values, or over the ranges that they may have.

    For example:

    [bold]kinaptic sensitivity ca1 -p "stdp('10 ms', 60, rate='1 Hz')" --plot tornado.svg[/]
    """
    from kinaptic.analysis.sensitivity import sensitivity as analysed

    _check(out, plot)
    found = analysed(
        synapse,
        stimulus_of(protocol, None, None, None, None),
        method=method,  # type: ignore[arg-type]  # it is checked there
        parameters=parameter or None,
        samples=samples,
        seed=seed,
        readouts=readout or "weight",
        **runs,
    )
    _finish(found, found.table, as_json, out, plot)


@grouped(synapse=synapse_of, runs=places_of)
def curve(
    synapse: Synapse,
    runs: dict[str, Any],
    name: Annotated[str, typer.Argument(metavar="CURVE", help="window, frequency, pairs or distance.")],
    out: Out = None,
    plot: Plot = None,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Draw a curve as experimenters do, over the model, with published points in the figure.

    For example:

    [bold]kinaptic curve ca1 window --plot window.svg[/]
    """
    from kinaptic.analysis import curves
    from kinaptic.errors import UnknownName

    known = {
        "window": curves.stdp_window,
        "frequency": curves.frequency_curve,
        "pairs": curves.pairs_curve,
        "distance": curves.distance_curve,
    }
    if name not in known:
        raise UnknownName("curve", name, known)
    _check(out, plot, report)
    found = known[name](synapse, **runs)
    _finish(found, found.table, as_json, out, plot)
    if report is not None:
        _report(found.scan, report, "")


@grouped(synapse=synapse_of, runs=places_of)
def threshold(
    synapse: Synapse,
    runs: dict[str, Any],
    after: Annotated[
        str | None, typer.Option(metavar="PROTOCOL", help="What comes before; by default nothing.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long after that; 30 min by default. Needs --after."),
    ] = None,
    probes: Annotated[str, typer.Option(metavar="FAMILY", help="rates or delays.")] = "rates",
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Measure where stimulation turns from depression to potentiation, at rest or after a protocol.

    For example:

    [bold]kinaptic threshold ca1 --after "tetanus('100 Hz', '1 s')" --at "20 min"[/]
    """
    from kinaptic import console
    from kinaptic.analysis import probes as probing

    _check(out, plot)
    if after is not None:
        synapse = _later(synapse, after, "30 min" if at is None else at)
    elif at is not None:
        raise KinapticError(f"--at {at}: needs --after PROTOCOL, from the end of which it counts")
    found = probing.threshold(synapse, probes, **runs)
    _finish(found, found.table, as_json, out, plot)
    if not as_json:
        console.out().print(f"\n{str(found).strip('<>')}", soft_wrap=True)
    if found.reason:
        typer.echo(f"\n{found.reason}", err=True)


def explore(
    preset: Annotated[
        str, typer.Argument(metavar="PRESET", help="Which synapse the page begins with.")
    ] = "ca1",
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Of this machine; a free one by default.")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", metavar="", help="Open the page in the browser.")
    ] = True,
) -> None:
    r"""Open a page with sliders for delay, rate, distance and dose, and see at once what the synapse does.

    Needs the extra explore: pip install 'kinaptic\[explore]'.
    """
    from kinaptic.analysis.explore import launch

    launch(preset, port, browser)


def end_processes() -> None:
    """End the processes of a study, which would wait for the next one and keep the command's pipes open."""
    loaded = sys.modules.get("kinaptic.analysis.running.processes")
    if loaded is not None:
        loaded.end()


# ---- What they have in common
def _agent(text: str) -> Any:
    from kinaptic.pathways import calls

    if "(" not in text:
        return text
    found = calls.perturbations(text)
    if any(each.source for each in found):
        raise KinapticError(f"AGENT {text}: an age or a disease has no doses; give it as --condition NAME")
    if len(found) != 1:
        raise KinapticError(f"AGENT {text}: give one; for two use --other")
    return found[0]


def _doses(text: str) -> str | list[str]:
    return text if ".." in text else [each.strip() for each in text.split(",")]


def _later(synapse: Synapse, after: str, at: str) -> Synapse:
    """Return the synapse as it is some time after the end of a protocol."""
    from kinaptic.pathways import calls
    from kinaptic.sbml.simulate import simulate
    from kinaptic.units import parse

    given, wait = calls.protocol(after), parse(at, "s", "--at")
    if wait < 0:
        raise KinapticError(
            f"--at {at}: counts from the end of --after and is not negative; write for instance '20 min'"
        )
    end = given.end + wait
    return simulate(synapse, given, until=f"{end!r} s", engine="ensemble", samples=[end]).clone(at)


def _second(other: str | None, doses: str | None) -> dict[str, Any]:
    if other is None or doses is None:
        raise KinapticError("--other and --other-doses belong together; give both")
    return {"other": _agent(other), "other_doses": _doses(doses)}


def _asked(read: Any) -> int:
    """Return how many points may be run; ask where they are very many and somebody is there."""
    from kinaptic.analysis.points import MOST
    from kinaptic.analysis.study_file import count as counted

    count = counted(read.over)
    if count <= MOST:
        return MOST
    if not sys.stdin.isatty():
        raise KinapticError(f"{read.path} has {count:,} points; if that is meant, say --yes")
    sys.stderr.write(f"{read.path} has {count:,} points. Run them all? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise typer.Exit(1)
    return count


def _check(out: Path | None, plot: Path | None, report: Path | None = None) -> None:
    files.check(out, files.TABLES, "--out")
    files.check(plot, files.PICTURES, "--plot")
    files.check(report, files.PAGES, "--report")


def _finish(
    study: Any,
    table: pd.DataFrame,
    as_json: bool,
    out: Path | None,
    plot: Path | None,
    report: Path | None = None,
    title: str = "",
) -> None:
    """Print the table, and write what was asked for."""
    from kinaptic import console

    recipe = table.attrs["recipe"]
    if out is not None:
        files.write_table(table, out, recipe)
    if as_json:
        typer.echo(console.table_json(table, recipe))
    else:
        console.print_table(table)
    if plot is not None:
        figure = study.plot()
        files.guarded(plot, lambda: figure.savefig(plot))
    for what, path in (("Table", out), ("Figure", plot)):
        if path is not None:
            console.note(f"{what}: {path}")
    if report is not None:
        _report(study, report, title)


def _report(study: Any, path: Path, title: str) -> None:
    from kinaptic import console

    study.report(path, title=title or None)
    console.note(f"Report: {path}")
