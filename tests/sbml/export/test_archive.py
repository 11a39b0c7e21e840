"""A COMBINE archive is complete, valid, the same each time, and gives in other tools what we simulate."""

from __future__ import annotations

import dataclasses
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import basico
import libcombine
import numpy as np
import pandas as pd
import pytest
from pybtex.database import parse_string

import kinaptic as kn
from kinaptic.pathways.citations import bibliography, doi
from kinaptic.sbml import engine, simulate
from kinaptic.sbml.export import archive, numbers, sedml
from kinaptic.sbml.export.formats import Job

if TYPE_CHECKING:
    from numpy.typing import NDArray

CA1 = kn.Synapse.preset("ca1").with_(kn.drug("AM251", "2 uM"), kn.knockout("nitric_oxide"))
TUBE = kn.Synapse.of("calmodulin", "calcineurin", Ca="1 uM")
SPINE = kn.Synapse.of("calcium", "calmodulin", "camkii", PP1="0.1 uM", PP1_activity=1)
PAIRS = kn.stdp("10 ms", pairs=3, rate="1 Hz")
# Close: tellurium has one absolute tolerance, which roadrunner multiplies by the states at each spike,
# so that it fails where a state has been falling for a second.
CLOSE = kn.stdp("10 ms", pairs=3, rate="20 Hz")
TRACE = kn.Waveform([0.0, 0.05, 1.0], [0.07, 1.5, 0.07], unit="uM", time_unit="s", max_step="1 s")
RUNS: dict[str, tuple[kn.Synapse, kn.Protocol | kn.Waveform]] = {
    "events": (SPINE, PAIRS),
    "waveform": (TUBE, TRACE),
    "knock-out": (SPINE.with_(kn.knockout("camkii")), PAIRS),
}
FORMATS = {
    ".": "http://identifiers.org/combine.specifications/omex",
    "./README.md": "http://purl.org/NET/mediatypes/text/markdown",
    "./model.xml": "http://identifiers.org/combine.specifications/sbml.level-3.version-2",
    "./simulation.sedml": "http://identifiers.org/combine.specifications/sed-ml",
    "./protocol.sedml": "http://identifiers.org/combine.specifications/sed-ml",
    "./spike.sedml": "http://identifiers.org/combine.specifications/sed-ml",
    "./metadata.rdf": "http://identifiers.org/combine.specifications/omex-metadata",
    "./parameters.csv": "http://purl.org/NET/mediatypes/text/csv",
    "./references.bib": "http://purl.org/NET/mediatypes/application/x-bibtex",
}
NOTHING = 1e-9  # µM; a concentration that never is more is not compared
SED = "{http://sed-ml.org/sed-ml/level1/version4}"
TELLURIUM = """
import sys, tellurium
for path in sys.argv[1:]:
    tellurium.executeCombineArchive(path, saveOutputs=True, outputDir=path.removesuffix(".omex"))
"""
LIBSEDML = """
import sys, libsedml
for path in sys.argv[1:]:
    found = libsedml.readSedMLFromFile(path)
    log = found.getErrorLog()
    errors = [log.getError(i).getMessage() for i in range(log.getNumErrors())]
    print(found.getLevel(), found.getVersion(), errors)
"""


@dataclasses.dataclass(frozen=True)
class Written:
    """An archive on disk, and what is in it."""

    job: Job
    files: dict[str, str]


def written(
    synapse: kn.Synapse, protocol: kn.Protocol | kn.Waveform | None, path: Path, until: float
) -> Written:
    synapse.export(path, protocol, until=f"{until!r} s")
    with zipfile.ZipFile(path) as packed:
        files = {name: packed.read(name).decode() for name in packed.namelist()}
    return Written(Job(synapse, protocol, path, until), files)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archives")


@pytest.fixture(scope="module")
def ca1(folder: Path) -> Written:
    return written(CA1, CLOSE, folder / "ca1.omex", 30.0)


@pytest.fixture(scope="module")
def runs(folder: Path) -> dict[str, Written]:
    return {name: written(*run, folder / f"{name}.omex", 25.0) for name, run in RUNS.items()}


@pytest.fixture(scope="module")
def reports(folder: Path, runs: dict[str, Written]) -> dict[str, dict[str, pd.DataFrame]]:
    """What tellurium makes of the archives: run → document → report."""
    return by_tellurium([each.job.path for each in runs.values()])


def by_tellurium(paths: list[Path]) -> dict[str, dict[str, pd.DataFrame]]:
    """Execute archives in a process of its own, for tellurium changes what libSBML returns."""
    for path in paths:
        path.with_suffix("").mkdir()
    subprocess.run([sys.executable, "-c", TELLURIUM, *map(str, paths)], check=True, capture_output=True)
    return {
        path.stem: {
            each.name.removesuffix("_report.csv"): pd.read_csv(each)
            for each in sorted(path.with_suffix("").glob("*_report.csv"))
        }
        for path in paths
    }


def reference(job: Job, names: list[str], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return any variables at any times, shape (times, names), as `kn.simulate` integrates them."""
    events = simulate.event_times(job.protocol)
    end = float(times[-1])
    expected = simulate.expected_counters(job.synapse, job.protocol, end)
    model = dataclasses.replace(job.model, readouts=tuple(names))
    return engine.run(model, times, simulate.pauses(end, events), rtol=1e-10, expected=expected)


def worst(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """Return the largest error of all columns that are more than nothing, relative to their maximum."""
    largest = np.abs(wanted).max(axis=0)
    counts = largest > NOTHING
    assert counts.sum() > 0.5 * counts.size
    return float((np.abs(found - wanted).max(axis=0)[counts] / largest[counts]).max())


def ids(frame: pd.DataFrame) -> list[str]:
    return [column.split(" (")[0] for column in frame.columns]


# ---- The archive


def test_manifest_names_every_file_and_its_format(ca1: Written) -> None:
    manifest = ET.fromstring(ca1.files["manifest.xml"])  # noqa: S314 - ours
    assert {each.get("location"): each.get("format") for each in manifest} == FORMATS
    assert {f"./{name}" for name in ca1.files} == FORMATS.keys() - {"."} | {"./manifest.xml"}
    assert [each.get("location") for each in manifest if each.get("master")] == ["./simulation.sedml"]


def test_libcombine_reads_it(ca1: Written) -> None:
    opened = libcombine.CombineArchive()
    assert opened.initializeFromArchive(str(ca1.job.path))
    entries = {opened.getEntry(i).getLocation() for i in range(opened.getNumEntries())}
    assert entries == FORMATS.keys() - {".", "./metadata.rdf"}  # which it keeps apart
    assert opened.getMasterFile().getLocation() == "./simulation.sedml"
    assert opened.extractEntryToString("./model.xml") == ca1.job.model.sbml
    opened.cleanUp()


def test_model_is_the_one_that_is_simulated(ca1: Written) -> None:
    assert ca1.files["model.xml"] == CA1.sbml(CLOSE)


def test_the_same_bytes_each_time(ca1: Written, folder: Path) -> None:
    again = folder / "under another name.omex"
    archive.write(Job(CA1, CLOSE, again, 30.0))
    assert again.read_bytes() == ca1.job.path.read_bytes()
    with zipfile.ZipFile(again) as packed:
        assert {each.date_time for each in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {(each.create_system, each.external_attr >> 16) for each in packed.infolist()} == {(3, 0o644)}


# ---- SED-ML


def test_libsedml_finds_nothing(ca1: Written, tmp_path: Path) -> None:
    names = [name for name in ca1.files if name.endswith(".sedml")]
    for name in names:
        (tmp_path / name).write_text(ca1.files[name], encoding="utf-8")
    code = [sys.executable, "-c", LIBSEDML, *(str(tmp_path / name) for name in names)]
    said = subprocess.run(code, check=True, capture_output=True, text=True).stdout
    assert said.splitlines() == ["1 4 []"] * 3


def test_every_target_is_one_element_of_the_model(ca1: Written) -> None:
    model = ET.fromstring(ca1.files["model.xml"])  # noqa: S314 - ours
    document = ET.parse(io.StringIO(ca1.files["simulation.sedml"]))  # noqa: S314 - ours
    spaces = dict(re.findall(r'xmlns:(\w+)="([^"]+)"', ca1.files["simulation.sedml"]))
    targets = [t for each in document.iter(f"{SED}variable") if (t := each.get("target"))]
    assert len(targets) > 180
    for target in targets:
        assert len(model.findall(target.removeprefix("/sbml:sbml/"), spaces)) == 1, target


def test_report_has_every_readout_and_species_with_its_unit(ca1: Written) -> None:
    document = ET.fromstring(ca1.files["protocol.sedml"])  # noqa: S314 - ours
    labels = [each.attrib["label"] for each in document.iter(f"{SED}dataSet")]
    model = ET.fromstring(ca1.job.model.sbml)  # noqa: S314 - ours
    species = {each.attrib["id"] for each in model.iter() if each.tag.endswith("}species")}
    assert {label.split(" (")[0] for label in labels} == {"time", *ca1.job.model.readouts, *species}
    assert len(set(labels)) == len(labels)
    assert {"time (s)", "weight", "Ca (uM)", "V_spine (mV)", "CaM_C0N0 (uM)"} <= set(labels)


def test_plots_show_what_there_is(ca1: Written, runs: dict[str, Written]) -> None:
    def curves(text: str) -> dict[str, list[str]]:
        plots = ET.fromstring(text).iter(f"{SED}plot2D")  # noqa: S314 - ours
        return {
            plot.attrib["id"]: [each.attrib["name"] for each in plot.iter(f"{SED}curve")] for plot in plots
        }

    assert curves(ca1.files["simulation.sedml"]) == {
        "plot_weight": ["weight", "W_pre", "W_post"],
        "plot_calcium": ["Ca (uM)"],
        "plot_enzymes": ["CaMKII_active (uM)", "PKA_active (uM)", "CaN_active (uM)", "PP1_active (uM)"],
    }
    assert curves(runs["waveform"].files["simulation.sedml"]) == {
        "plot_calcium": ["Ca (uM)"],
        "plot_enzymes": ["CaN_active (uM)"],
    }


def test_what_is_run_follows_from_the_protocol() -> None:
    def spans(protocol: kn.Protocol | kn.Waveform | None, until: float) -> list[tuple[str, float, float]]:
        return [(each.file, each.start, each.end) for each in sedml.courses(protocol, until)]

    whole = ("simulation.sedml", 0.0, 60.0)
    close = ("spike.sedml", pytest.approx(11.01 - 0.0461), pytest.approx(11.01 + 0.2539))
    end = float(PAIRS.end)
    assert spans(None, 60.0) == [whole]
    assert spans(PAIRS, 60.0) == [whole, ("protocol.sedml", 0.0, end + 10), close]
    assert spans(PAIRS, end + 10) == [("simulation.sedml", 0.0, end + 10), close]
    assert spans(PAIRS, 11.2) == [("simulation.sedml", 0.0, 11.2)]
    assert spans(TRACE, 60.0) == [whole, ("protocol.sedml", 0.0, float(TRACE.end) + 10)]
    assert spans(kn.gap("5 s"), 60.0) == [whole, ("protocol.sedml", 0.0, 25.0)]


@pytest.mark.parametrize(
    "protocol",
    [
        kn.stdp("10 ms", pairs=60, rate="1 Hz"),
        kn.stdp("3 ms", pairs=60, rate="20 Hz"),
        kn.stdp("-10 ms", pairs=30, rate="0.1 Hz", post_spikes=3, burst_rate="50 Hz"),
        kn.theta_burst(),
        kn.tetanus("100 Hz", "1 s", trains=4, interval="5 min"),
        kn.low_frequency("1 Hz", pulses=900),
        kn.depolarization("5 s", to="0 mV"),
    ],
)
@pytest.mark.parametrize("until", [60.0, 3600.0])
def test_samples_keep_off_events(protocol: kn.Protocol, until: float) -> None:
    for course in sedml.courses(protocol, until):
        samples = np.linspace(course.start, course.end, course.steps + 1)[:-1]
        for lag in (0.0, 1.5e-4):  # from the soma to the synapse
            sides = (protocol.spike_times("pre"), protocol.spike_times("post") + lag, protocol.step_edges)
            events = np.concatenate(sides)
            assert np.abs(events[:, None] - samples).min() > 1.5e-6, course


# ---- Other tools


@pytest.mark.parametrize("run", RUNS)
def test_tellurium_reports_what_simulate_gives(
    run: str, runs: dict[str, Written], reports: dict[str, dict[str, pd.DataFrame]]
) -> None:
    job = runs[run].job
    assert list(reports[run]) == sorted(
        each.file.removesuffix(".sedml") for each in sedml.courses(*RUNS[run][1:], 25.0)
    )
    for document, report in reports[run].items():
        report.columns = pd.Index(ids(report))
        times = report.pop("time").to_numpy()
        assert times.size == (500 if document == "spike" else 2000)
        found = kn.simulate(
            job.synapse, job.protocol, until=f"{float(times[-1])!r} s", rtol=1e-10, samples=list(times)
        )
        readouts = list(job.model.readouts)
        assert worst(report[readouts].to_numpy(), found.traces.to_numpy()) < 1e-6
        names = [str(name) for name in report]
        assert worst(report.to_numpy(), reference(job, names, times)) < 1e-6


@pytest.mark.slow
def test_tellurium_runs_a_preset(ca1: Written) -> None:
    (reports,) = by_tellurium([ca1.job.path]).values()
    for report in reports.values():
        names, times = ids(report)[1:], report["time (s)"].to_numpy()
        assert worst(report.to_numpy()[:, 1:], reference(ca1.job, names, times)) < 1e-6
    drawn = {each.name for each in ca1.job.path.with_suffix("").glob("*.pdf")}
    assert len(drawn) == 9


@pytest.mark.parametrize("run", ["ca1", *RUNS])
def test_copasi_gives_what_simulate_gives(run: str, ca1: Written, runs: dict[str, Written]) -> None:
    each = ca1 if run == "ca1" else runs[run]
    loaded = basico.load_model(str(each.job.path))
    try:
        settings = basico.get_task_settings("Time-Course")
        table = basico.run_time_course(use_sbml_id=True)
        plots = list(basico.get_plots().index)
    finally:
        basico.remove_datamodel(loaded)
    assert settings["problem"]["StepNumber"] == 1999
    assert settings["problem"]["Duration"] == each.job.until
    assert settings["method"]["Relative Tolerance"] == float(sedml.RELATIVE)
    assert all(name.endswith(": the whole run") for name in plots)
    wanted = kn.simulate(
        each.job.synapse,
        each.job.protocol,
        until=f"{each.job.until!r} s",
        rtol=1e-9,
        samples=np.linspace(0, each.job.until, 2000).tolist(),
    ).traces
    moving = [name for name in wanted if np.ptp(wanted[name]) > 0]  # COPASI lists nothing else
    assert worst(table[moving].to_numpy(), wanted[moving].to_numpy()) < 1e-6


# ---- Where it comes from


def test_table_has_every_number(ca1: Written) -> None:
    model = ca1.job.model
    table = pd.read_csv(io.StringIO(ca1.files["parameters.csv"]), keep_default_na=False)
    pd.testing.assert_frame_equal(table, numbers.table(model))
    assert list(table.columns) == list(numbers.COLUMNS)
    assert dict(zip(table["id"], table["value"], strict=True)) == dict(model.values)
    row = table.set_index("id").loc["CaMKII_off_C1"]
    assert (row["formula"], row["key"]) == ("CaMKII_on_C1*CaMKII_Kd_Ca_C1", "")
    assert row["value"] == pytest.approx(33)
    row = table.set_index("id").loc["CaMKII_on_C1"]
    assert (row["unit"], row["key"], row["doi"]) == ("1/uM/s", "Pepke2010", "10.1371/journal.pcbi.1000675")


def test_bibliography_has_what_the_numbers_use(ca1: Written) -> None:
    found = parse_string(ca1.files["references.bib"], "bibtex").entries
    keys = ca1.job.model.sources
    assert "Lan1999" in keys  # of the drug
    assert list(found) == list(keys)
    assert all(found[key] == bibliography().entries[key] for key in keys)


def test_every_entry_of_the_bibliography_survives() -> None:
    everything = bibliography().entries
    found = parse_string(archive._bibtex(everything), "bibtex").entries
    assert {key for key in everything if found[key] != everything[key]} == set()


def test_metadata_tell_what_was_done(ca1: Written) -> None:
    described = ET.fromstring(ca1.files["metadata.rdf"])[0]  # noqa: S314 - ours
    dc, rdf = "{http://purl.org/dc/elements/1.1/}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    label = "{http://www.w3.org/2000/01/rdf-schema#}label"
    assert re.fullmatch(
        r"http://omex-library\.org/kinaptic-[0-9a-f]{16}\.omex", described.attrib[f"{rdf}about"]
    )
    assert described.findtext(f"{dc}title") == f"ca1: {CLOSE}"
    said = described.findtext(f"{dc}description", "")
    assert "AM251 2 uM, from the start of the run; nitric_oxide knocked out" in said
    assert str(CLOSE) in said
    assert described.findtext(f".//{dc}creator//{label}") == "The Kinaptic developers"
    assert described.findtext(f".//{{http://purl.org/dc/terms/}}license//{label}") == "Apache-2.0"
    papers = described.findall("{http://biomodels.net/model-qualifiers/}isDescribedBy")
    keys = [(each.findtext(f".//{label}") or "").split("]")[0].removeprefix("[") for each in papers]
    assert keys == list(ca1.job.model.sources)
    cited = {each.attrib[f"{rdf}resource"] for paper in papers for each in paper.iter(f"{dc}identifier")}
    assert cited == {f"https://identifiers.org/doi:{doi(key)}" for key in keys if doi(key)}


def test_readme_says_what_is_there(ca1: Written) -> None:
    text = ca1.files["README.md"]
    assert text.startswith(f"# ca1: {CLOSE}\n\nSchaffer collateral")
    assert "1. AM251 2 uM, from the start of the run\n2. nitric_oxide knocked out\n" in text
    assert "It begins 10 s into the run." in text
    assert set(re.findall(r"^\| `(\S+)` \|", text, re.MULTILINE)) == ca1.files.keys() - {"README.md"}
    assert "Held" not in text


def test_readme_of_nothing_and_of_what_is_held(folder: Path) -> None:
    plain = written(TUBE, None, folder / "plain.omex", 5.0).files["README.md"]
    assert "Protocol: No stimulation.\n" in plain
    assert "1. Ca held at 1 µM" in plain
    held = TUBE.with_(kn.clamp("CaN_active", "0.1 uM"))
    content = written(held, None, folder / "held.omex", 5.0).files
    reported = 'label="CaN_active (uM)"' in content["simulation.sedml"]
    assert reported != ("so not in it: CaN_active = 0.1 uM." in content["README.md"])
