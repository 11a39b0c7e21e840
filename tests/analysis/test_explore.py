"""The page of `explore` shows the runs that its lines of Python give, and says what is wrong in words."""

from __future__ import annotations

import base64
import contextlib
import itertools
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from xml.etree import ElementTree as ET

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import kinaptic as kn
from kinaptic.analysis import explore, explore_view
from kinaptic.analysis.explore_view import Settings
from kinaptic.errors import KinapticError, PerturbationError, UnknownName
from kinaptic.pathways.drug_table import drugs
from kinaptic.pathways.presets import presets
from kinaptic.sbml.figure_data import FigureData

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGE = Path(explore.__file__).with_name("explore_app.py")
PLAIN = Settings(pairs=5, rate=5.0)
TREATED = Settings(pairs=5, rate=5.0, delay=-15, distance=80, drug="FK506", dose="2 uM", without=("camkii",))
needs_marimo = pytest.mark.skipif(
    find_spec("marimo") is None, reason="marimo is not installed (the extra explore)"
)


# ---- What is run


@pytest.mark.parametrize("settings", [PLAIN, TREATED])
def test_the_lines_of_python_give_the_number_of_the_page(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = explore_view.code(settings)
    assert len(lines.splitlines()) == 4
    exec(lines, {})  # noqa: S102 - that they run is what is tested
    assert float(capsys.readouterr().out) == explore_view.numbers(settings)["weight"]


def test_the_lines_say_what_was_set() -> None:
    assert explore_view.code(TREATED).splitlines()[1:3] == [
        'synapse = kn.Synapse.preset("ca1", distance="80 um").with_(kn.knockout("camkii"), '
        'kn.drug("FK506", "2 uM"))',
        'run = kn.simulate(synapse, kn.stdp("-15 ms", 5, rate="5 Hz"), until="61 min", engine="ensemble")',
    ]
    assert ".with_" not in explore_view.code(PLAIN)


def test_the_run_is_that_of_simulate() -> None:
    synapse = kn.Synapse.preset("ca1", distance="80 um")
    synapse = synapse.with_(kn.knockout("camkii"), kn.drug("FK506", "2 uM"))
    wanted = kn.simulate(synapse, kn.stdp("-15 ms", 5, rate="5 Hz"), until="61 min", engine="ensemble")
    found = explore_view.run(TREATED)
    assert found.recipe == wanted.recipe
    assert found.recipe["engine"] == "ensemble"
    assert found.weight.equals(wanted.weight)


def test_the_numbers_are_the_weight_its_halves_and_the_control() -> None:
    plain, treated = (explore_view.numbers(each) for each in (TREATED.control, TREATED))
    assert treated["weight"] == pytest.approx(treated["W_pre"] * treated["W_post"], rel=1e-3)
    assert treated["control"] == plain["control"] == plain["weight"]
    assert treated["control"] != treated["weight"]
    assert treated["Ca"] == explore_view.run(TREATED).traces["Ca"].max()


def test_the_control_is_the_same_without_drug_and_knockouts_and_is_run_once() -> None:
    assert TREATED.control == Settings(pairs=5, rate=5.0, delay=-15, distance=80)
    before = explore_view.run(TREATED.control)
    assert explore_view.run(replace(TREATED, dose="1 uM").control) is before


def test_what_was_not_run_yet_is_new() -> None:
    explore_view.run(PLAIN)
    assert not explore_view.is_new(replace(PLAIN, delay=-3, drug="AM251", dose="1 uM"))
    assert explore_view.is_new(replace(PLAIN, without=("pka", "plc")))
    assert explore_view.is_new(replace(PLAIN, drug="BAPTA", dose="1 mM"))  # brings a pathway with it
    assert not explore_view.is_new(replace(PLAIN, without=("endocannabinoid",), drug="AM251", dose="1 uM"))


def test_what_does_not_fit_is_refused_in_words() -> None:
    with pytest.raises(PerturbationError, match="AM251 acts on CB1R of pathway endocannabinoid"):
        explore_view.numbers(replace(PLAIN, without=("endocannabinoid",), drug="AM251", dose="1 uM"))
    with pytest.raises(KinapticError, match="leaves no pathway"):
        explore_view.numbers(replace(PLAIN, without=presets()["ca1"].pathways))


# ---- What the controls offer


def test_rates_are_a_logarithmic_scale() -> None:
    rates = explore_view.rates()
    assert (rates[0], rates[-1]) == (0.1, 50)
    ratios = [after / before for before, after in itertools.pairwise(rates)]
    assert all(1.3 < ratio < 1.7 for ratio in ratios)
    assert {0.1, 1.0, 5.0, 10.0, 20.0, 50.0} <= set(rates)


def test_doses_surround_the_usual_one() -> None:
    steps, usual, unit = explore_view.doses("K252a")
    assert (usual, unit) == (200, "nM")
    assert steps == [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]
    assert explore_view.doses("ifenprodil")[0][-5:] == [2, 3, 5, 10, 20]
    with pytest.raises(UnknownName, match=r"unknown drug 'AM25'.*AM251"):
        explore_view.doses("AM25")


@pytest.mark.parametrize("name", drugs())
def test_every_dose_of_every_drug_can_be_given(name: str) -> None:
    steps, usual, unit = explore_view.doses(name)
    assert usual in steps
    assert f"{usual:g} {unit}" == drugs()[name].dose
    assert steps == sorted(set(steps))
    for dose in steps:
        assert kn.drug(name, f"{dose:g} {unit}").target == name


def test_units_are_written_as_one_reads_them() -> None:
    assert [explore_view.shown(unit) for unit in ("uM", "ug/ml", "nM")] == ["µM", "µg/ml", "nM"]


# ---- Charts


def svg(address: str) -> str:
    head, _, body = address.partition(",")
    assert head == "data:image/svg+xml;base64"
    text = base64.b64decode(body).decode()
    ET.fromstring(text)  # noqa: S314 - our own
    return text


def test_charts_are_svg_with_units() -> None:
    charts = {title: svg(address) for title, address in explore_view.charts(PLAIN).items()}
    assert list(charts) == [
        "Weight over time",
        "Calcium around one pairing",
        "Active CaMKII over time",
        "Active calcineurin over time",
        "Active PKA over time",
        "Active PP1 over time",
    ]
    assert "time from the first pairing (min)" in charts["Weight over time"]
    assert "spine calcium (µM)" in charts["Calcium around one pairing"]
    assert "active PKA (nM)" in charts["Active PKA over time"]
    assert "active CaMKII (µM)" in charts["Active CaMKII over time"]
    assert not any("control" in chart or "knocked out" in chart for chart in charts.values())


def test_charts_show_the_control_and_what_is_missing() -> None:
    charts = {title: svg(address) for title, address in explore_view.charts(TREATED).items()}
    assert "control" in charts["Weight over time"]
    assert "control" in charts["Calcium around one pairing"]
    assert [title for title, chart in charts.items() if "knocked out" in chart] == ["Active CaMKII over time"]


def lines(draw: explore_view.Chart, settings: Settings) -> dict[str, Any]:
    """Return what a chart draws, by the colour of the line: x and y."""
    axes = Figure().add_subplot()
    draw(axes, *(FigureData(explore_view.run(each)) for each in (settings, settings.control)))
    return {to_hex(cast(str, line.get_color())).upper(): line.get_data() for line in axes.lines}


def test_lines_are_the_traces_of_the_run_and_of_its_control() -> None:
    run, control = explore_view.run(TREATED), explore_view.run(TREATED.control)
    drawn = lines(explore_view._weight, TREATED)
    for colour, each, readout in (
        ("#000000", run, "weight"),
        ("#0072B2", run, "W_pre"),
        ("#D55E00", run, "W_post"),
        (explore_view._FAINT.upper(), control, "weight"),
    ):
        time, values = drawn[colour]
        assert list(values) == list(each.traces[readout])
        assert time[-1] == pytest.approx(
            (each.traces.index[-1] - 10) / 60
        )  # minutes from the protocol's start
    time, calcium = lines(explore_view._calcium, TREATED)["#000000"]
    inside = (time >= -30) & (time <= 180)  # ms from the third presynaptic spike
    third = run.traces["Ca"].loc[10.385:10.595]  # its presynaptic spike is 15 ms after 10.4 s
    assert list(calcium[inside]) == list(third)
    assert list(time[inside]) == pytest.approx([(each - 10.415) * 1e3 for each in third.index])


def test_activities_are_shown_in_their_unit_until_a_while_after_the_pairings() -> None:
    data = FigureData(explore_view.run(replace(PLAIN, pairs=2)))  # more would be drawn as mean and range
    axes = Figure().add_subplot()
    explore_view._enzyme(axes, data, data, of=("PKA_active", "PKA", "#CC79A7"))
    assert axes.get_xlim() == pytest.approx((-10, 2 * data.length + 30))  # s
    (line,) = axes.lines
    shown = data.time <= 2 * data.length + 30
    assert list(cast(Any, line.get_ydata())) == list(1e3 * data["PKA_active"][shown])  # nM


# ---- The server


def test_what_launch_cannot_serve_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="unknown preset 'ca2': did you mean ca1"):
        explore.launch("ca2")
    monkeypatch.setattr(explore, "find_spec", lambda _: None)
    with pytest.raises(KinapticError, match=r"needs marimo: pip install 'kinaptic\[explore\]'"):
        explore.launch()
    monkeypatch.setattr(explore, "find_spec", lambda name: name)
    for port in (0, 65536, True, "2718"):
        with pytest.raises(KinapticError, match="give a number from 1 to 65535"):
            explore.launch(port=cast(int, port))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            KinapticError, match=rf"port={port}\): cannot be served there .*give another port"
        ):
            explore.launch(port=port)


def test_a_server_that_ends_by_itself_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(explore, "find_spec", lambda name: name)
    monkeypatch.setattr(explore, "_command", lambda *_: [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(KinapticError, match="ended by itself, with exit code 3"):
        explore.launch()
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_server_listens_to_this_machine_only() -> None:
    command = explore._command("l5", 4321, open_browser=False)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[-3:] == ["--", "--preset", "l5"]
    assert "--headless" in command
    assert "--headless" not in explore._command("l5", 4321, open_browser=True)


@needs_marimo
def test_the_page_is_a_sound_notebook() -> None:
    marimo = [sys.executable, "-m", "marimo", "check", "--strict", str(PAGE)]
    checked = subprocess.run(marimo, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    script = subprocess.run([sys.executable, str(PAGE)], capture_output=True, text=True, check=False)
    assert (script.returncode, script.stderr) == (0, "")


@contextlib.contextmanager
def served(stop: signal.Signals) -> Iterator[str]:
    """Serve the page, yield its address, and see that `stop` ends it with nothing left behind."""
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # deaf in the background
        "from kinaptic.analysis.explore import launch; launch('l5', open_browser=False)"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            address = cast(IO[str], server.stderr).readline().split()[3].rstrip(";")
            yield address
            server.send_signal(stop)
            assert server.wait(20) == 0
            host, _, port = address.removeprefix("http://").partition(":")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, int(port)))
            assert "Traceback" not in cast(IO[str], server.stderr).read()
        finally:
            server.terminate()  # where the test failed; it ends the page's server too
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(20)
            server.kill()


@needs_marimo
def test_ctrl_c_ends_the_server() -> None:
    with served(signal.SIGINT):
        pass


@needs_marimo
def test_a_slider_moves_the_number(browser: Browser) -> None:
    with served(signal.SIGTERM) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        weight = page.locator("#kn-weight")
        shown = Settings(preset="l5")
        weight.wait_for()
        assert weight.inner_text() == f"{explore_view.numbers(shown)['weight']:.3f}"

        page.get_by_role("slider").first.focus()
        page.keyboard.press("Home")  # -100 ms
        moved = f"{explore_view.numbers(replace(shown, delay=-100))['weight']:.3f}"
        page.wait_for_function("text => document.querySelector('#kn-weight')?.innerText === text", arg=moved)
        assert 'kn.stdp("-100 ms", 60, rate="1 Hz")' in page.locator(".kn-code pre").inner_text()
        assert page.locator(".kn img").count() == 6

        page.locator("select").nth(1).select_option(label="AM251: CB1 receptor antagonist")
        page.get_by_role("switch").nth(8).click()
        page.get_by_role("alert").wait_for()
        assert "AM251 acts on CB1R of pathway endocannabinoid" in page.get_by_role("alert").inner_text()
        assert "Traceback" not in page.inner_text("body")

        page.set_viewport_size({"width": 420, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 420
        assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
        page.close()
