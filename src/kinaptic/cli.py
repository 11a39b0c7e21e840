"""The command line: ``kinaptic run``, what there is, checks, export and validation, and studies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from kinaptic import __version__, files, studies
from kinaptic.errors import KinapticError
from kinaptic.interrupt import INTERRUPTED
from kinaptic.options import (
    OUTPUT,
    Also,
    Preset,
    ProtocolText,
    WaveformExtend,
    WaveformFile,
    WaveformTime,
    WaveformUnit,
    Without,
    grouped,
    stimulus_of,
    synapse_of,
)

if TYPE_CHECKING:
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.synapse import Synapse
_FAILED = 2


class _Commands(TyperGroup):
    """Turns what Kinaptic raises on purpose into one message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        from kinaptic import console

        try:
            return super().invoke(ctx)
        except KinapticError as problem:
            console.error(f"Error: {problem}")
            raise typer.Exit(_FAILED) from None
        except KeyboardInterrupt:
            console.error("Stopped by Ctrl-C.")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; Ctrl-C ends it at once with exit code 130."""
    from kinaptic import interrupt

    # What Ctrl-C leaves for the system to clean up is cleaned up, and nothing to tell a user of.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    sys.exit(interrupt.run(_command))


def _command() -> int:
    try:
        app(prog_name="kinaptic")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    finally:
        studies.end_processes()
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kinaptic {__version__}")
        raise typer.Exit


@app.callback()
def _front(
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Simulate the biochemistry of synaptic plasticity: calcium in, weight out.

    For example:

    [bold]kinaptic run ca1 -p "stdp('10 ms', 60, rate='1 Hz')" --plot run.png[/]
    """


@app.command()
@grouped(synapse=synapse_of)
def run(
    synapse: Synapse,
    protocol: ProtocolText = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Length of the run; by default until 60 min after the protocol."),
    ] = None,
    waveform: WaveformFile = None,
    unit: WaveformUnit = None,
    time_unit: WaveformTime = None,
    extend: WaveformExtend = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", rich_help_panel=OUTPUT, help="Write the traces: .csv, or .parquet with pyarrow."
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", rich_help_panel=OUTPUT, help="Write the figure: .png, .svg or .pdf."),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", metavar="", rich_help_panel=OUTPUT, help="Print one JSON object in place of the table."
        ),
    ] = False,
    rtol: Annotated[
        float, typer.Option(metavar="NUMBER", help="Relative tolerance of the integration.")
    ] = 1e-6,
    engine: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Integrator: roadrunner (which auto takes), or ensemble, ten times as fast."
        ),
    ] = "auto",
    time_limit: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Give up after this time by the clock, such as '10 min'."),
    ] = None,
) -> None:
    """Run a protocol on a synapse: weight 30 and 60 min after it, and the peaks on the way.

    Quantities carry units and stand in quotes. Results go to stdout, progress and messages to stderr.

    For example:

    [bold]kinaptic run ca1 -p "stdp('10 ms', 60, rate='1 Hz')" --plot stdp.png[/]

    [bold]kinaptic run ca1 -p "tetanus('100 Hz', '1 s')" --knockout pka --out ltp.csv[/]

    [bold]kinaptic run l5 --waveform spine3.csv --unit uM --time-unit ms --json[/]
    """
    from kinaptic import console
    from kinaptic.sbml.simulate import simulate

    files.check(out, files.TABLES, "--out")
    files.check(plot, files.PICTURES, "--plot")
    stimulus = stimulus_of(protocol, waveform, unit, time_unit, extend)
    length = until or f"{(0.0 if stimulus is None else stimulus.end) + 3600!r} s"
    with console.progress("preparing the model") as show:
        found = simulate(
            synapse,
            stimulus,
            until=length,
            engine=engine,
            rtol=rtol,
            time_limit=time_limit,
            progress=_pace(stimulus, length, show),
        )
    if out is not None:
        files.write_table(found.traces, out, found.recipe)
    if plot is not None:
        figure = found.plot()
        files.guarded(plot, lambda: figure.savefig(plot))
    if as_json:
        typer.echo(console.run_json(found))
    else:
        console.print_run(found)
    for what, path in (("Traces", out), ("Figure", plot)):
        if path is not None:
            console.note(f"{what}: {path}")


@app.command()
def pathways(
    name: Annotated[
        str | None, typer.Argument(help="A pathway or a preset; all of them if left out.")
    ] = None,
) -> None:
    """List pathways and presets, or show one: ports, targets, species, and every number with its source.

    For example:

    [bold]kinaptic pathways camkii[/]
    """
    from kinaptic import console
    from kinaptic.errors import UnknownName
    from kinaptic.pathways import catalogue
    from kinaptic.pathways.presets import presets

    if name is None:
        console.print_overview(catalogue.pathways(), presets())
    elif name in presets():
        console.print_preset(name, presets()[name])
    elif name in catalogue.pathways():
        console.print_pathway(catalogue.pathway(name), catalogue.ports())
    else:
        raise UnknownName("pathway or preset", name, {*catalogue.pathways(), *presets()})


@app.command()
def drugs(
    name: Annotated[str | None, typer.Argument(help="A drug; all of them if left out.")] = None,
) -> None:
    """List the drugs that --drug knows, or show one: what it acts on, at which concentration, with sources.

    For example:

    [bold]kinaptic drugs AM251[/]
    """
    from kinaptic import console
    from kinaptic.pathways import drug_table

    if name is None:
        console.print_drugs(drug_table.drugs())
    else:
        known = drug_table.called(name)
        console.print_drug(known, drug_table.drugs()[known])


@app.command()
def conditions(
    name: Annotated[str | None, typer.Argument(help="One of them; all if left out.")] = None,
) -> None:
    """List the ages and diseases that --condition knows, or show one: what differs, and who found it.

    For example:

    [bold]kinaptic conditions aged[/]
    """
    from kinaptic import console
    from kinaptic.pathways import conditions as known

    if name is None:
        console.print_conditions(known.conditions())
    else:
        known.condition(name)  # refuses a name that is none
        console.print_condition(name, known.conditions()[name])


@app.command()
@grouped(synapse=synapse_of)
def check(
    synapse: Synapse,
) -> None:
    """Look for faults in a model: libSBML's findings, open thermodynamic cycles, a drifting baseline.

    Prints one finding a line and ends with exit code 1; without findings it ends with 0.

    For example:

    [bold]kinaptic check ca1 --without pka[/]
    """
    from kinaptic import console

    found = synapse.check()
    for each in found:
        typer.echo(each)
    if found:
        raise typer.Exit(1)
    console.out().print(f"{console.described(synapse)}: nothing to complain about", soft_wrap=True)


@app.command()
def cite(preset: Preset, also: Also = None, without: Without = None) -> None:
    """List the publications behind the numbers of a synapse, to paste into a paper.

    For example:

    [bold]kinaptic cite l5[/]
    """
    typer.echo(synapse_of(preset, also=also, without=without).cite())


@app.command()
def validate(
    rows: Annotated[
        list[str] | None, typer.Argument(metavar="ROW", help="Rows or experiments; all if left out.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print JSON in place of the table.")
    ] = False,
    fast: Annotated[
        bool, typer.Option("--fast", metavar="", help="Leave out the rows that take long.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", metavar="", help="End with exit code 1 if a row misses.")
    ] = False,
) -> None:
    """Repeat published experiments on the model, and say which come out as measured; misses are listed.

    For example:

    [bold]kinaptic validate V2 V6.ratio[/]
    """
    from kinaptic import console
    from kinaptic.analysis.experiments import rows as experiments

    with console.progress("preparing") as show:

        def report(done: int, count: int, title: str) -> None:
            show(done / max(1, count), f"{done} of {count}  {title[:60]}")

        table = experiments.validate(rows or (), progress=report, slow=not fast)
    if as_json:
        typer.echo(console.validation_json(table))
    else:
        console.print_validation(table)
    if strict and not table["pass"].all():
        raise typer.Exit(1)


@app.command()
@grouped(synapse=synapse_of)
def export(
    synapse: Synapse,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="What to write; a folder for petab. - is SBML on stdout."),
    ],
    protocol: ProtocolText = None,
    waveform: WaveformFile = None,
    unit: WaveformUnit = None,
    time_unit: WaveformTime = None,
    extend: WaveformExtend = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            rich_help_panel=OUTPUT,
            help="sbml, sbml-l3v1, sbml-l2v4, sbml-comp, antimony, omex, petab, nmodl, markdown or latex; "
            "by default what the ending of FILE stands for.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Length of the run in an archive; by default until 60 min after the protocol.",
        ),
    ] = None,
) -> None:
    """Write the model for COPASI, NEURON and other tools, the protocol in it, as it is simulated.

    For example:

    [bold]kinaptic export ca1 pka_ko.xml -p "stdp('10 ms', 60, rate='1 Hz')" --knockout pka[/]

    [bold]kinaptic export ca1 pairing.omex -p "stdp('10 ms', 60, rate='1 Hz')"[/]
    """
    from kinaptic import console

    stimulus = stimulus_of(protocol, waveform, unit, time_unit, extend)
    if str(file) == "-":
        typer.echo(synapse.sbml(stimulus))
        return
    with console.progress("writing the model"):
        synapse.export(file, stimulus, to, until=until)
    console.note(f"Written: {file}")


def _pace(stimulus: Protocol | Waveform | None, length: str, show: Any) -> Any:
    """Return a callback that turns the time reached into a bar: spikes cost much, quiet costs little."""
    import numpy as np

    from kinaptic.sbml.simulate import event_times
    from kinaptic.units import parse

    end = parse(length, "s", "--until")
    events = event_times(stimulus)
    quiet = max(5.0, 0.1 * events.size)

    def reached(time: float) -> None:
        work = int(np.searchsorted(events, time)) + quiet * time / end
        show(work / (int(np.searchsorted(events, end)) + quiet), f"{time / 60:.1f} of {end / 60:.1f} min")

    return reached


studies.add(app)
