"""The report of a scan: one page that works alone, in a real browser, and says all there is to say."""

from __future__ import annotations

import base64
import html
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis import interactive, points, readouts, report, scan_figure
from kinaptic.analysis.running.plan import Plan
from kinaptic.errors import KinapticError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

    Open = Callable[..., Page]

CA1 = kn.Synapse.preset("ca1")
TUBE = kn.Synapse.of("calmodulin", "camkii", Ca="1 uM", PP1="0 uM", PP1_activity=1)
PAIRING = kn.stdp("10 ms", pairs=5, rate="1 Hz")
GENOTYPES = [None, kn.knockout("PKA"), kn.inhibit("calcineurin", by=0.8)]
DELAYS = ["30 ms", "-10 ms", "10 ms"]
CURVES: dict[str, list[Any]] = {"genotype": GENOTYPES, "delay": DELAYS}
HOSTILE = '</script><img src="x" onerror="document.title=1"> %{x} <b>bold</b>'


def scanned(over: Any, names: tuple[str, ...] = ("weight", "peak Ca"), **given: Any) -> kn.Scan:
    """Return a scan that nothing was run for: its readouts count up from one."""
    synapse, protocol = given.get("synapse", CA1), given.get("protocol", PAIRING)
    made = points.read(synapse, protocol, over)
    table = made.table()
    for name in names:
        table[name] = np.arange(1.0, len(table) + 1)
        table.attrs["units"][name] = "1" if name.startswith("weight") else "uM"
    table["status"] = "ok"
    recipe: dict[str, str | float] = {"engine": "none", "kinaptic": "0.0", "rtol": 1e-6, "until": 60.0}
    return kn.Scan(table, Plan(made, 60.0, readouts.read(names)), recipe)


def failing(study: kn.Scan, rows: Any, reason: str) -> kn.Scan:
    study.table.loc[rows, "status"] = reason
    study.table.loc[rows, [each.text for each in study.plan.readouts]] = np.nan
    return study


def written(study: kn.Scan, folder: Path, **given: Any) -> str:
    return report.write(study, folder / "study.html", **given).read_text("utf-8")


def without_code(page: str) -> str:
    return re.sub(r"(?s)<(script|style)\b.*?</\1>", "", page)


def texts_of(page: str) -> dict[str, str]:
    """Return the texts of a page by section, tags left out; what comes first is the head."""
    parts = ["head", *re.split(r'<section aria-labelledby="(\w+)">', without_code(page))]
    plain = (html.unescape(re.sub(r"<[^>]+>", " ", part)) for part in parts[1::2])
    return {name: " ".join(text.split()) for name, text in zip(parts[::2], plain, strict=True)}


def csv_of(page: str) -> pd.DataFrame:
    found = re.search(r'download="(\S+)" href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    assert found
    assert found[1] == "study.csv"
    text = base64.b64decode(found[2]).decode()
    assert text.startswith("# {")
    return pd.read_csv(io.StringIO(text), comment="#", index_col=0)


@pytest.fixture
def page(tmp_path: Path, opened: Open) -> Page:
    """The report of a sweep of delays and genotypes, opened."""
    return opened(report.write(scanned(CURVES), tmp_path / "study.html"))


def column(table: Locator, index: int) -> list[str]:
    return table.locator(f"tbody tr:visible > :nth-child({index})").all_inner_texts()


def test_a_chart_for_each_readout_and_a_line_for_each_genotype(page: Page) -> None:
    assert page.locator(".chart").count() == 2
    for chart in page.locator(".chart").all():
        assert chart.locator(".scatterlayer .trace").count() == 3
        assert chart.locator(".scatterlayer .point").count() == 9
        texts = ["wild type", "knockout('PKA')", "inhibit('calcineurin', by=0.8)"]
        assert chart.locator(".legendtext").all_text_contents() == texts
        assert chart.locator(".xtitle").text_content() == "delay (ms)"
    titles = [each.text_content() for each in page.locator(".ytitle").all()]
    assert titles == ["weight", "peak Ca (µM)"]


def test_a_point_tells_its_numbers_and_the_legend_hides_lines(page: Page) -> None:
    page.locator("#chart-2 .scatterlayer .trace").nth(1).locator(".point").first.hover(force=True)
    hover = page.locator("#chart-2 .hoverlayer .hovertext")
    hover.wait_for()
    told = [each.text_content() for each in hover.locator("text.nums tspan.line").all()]
    assert told == ["knockout('PKA')", "delay −10 ms", "peak Ca 5 µM", "point 4"]
    chart = page.locator("#chart-1")
    chart.locator(".legendtoggle").first.click(force=True)
    chart.locator(".scatterlayer .trace").nth(2).wait_for(state="detached")
    assert chart.locator(".scatterlayer .trace").count() == 2
    assert page.locator("#chart-2 .scatterlayer .trace").count() == 3


def test_heads_sort_by_number_and_by_text(page: Page) -> None:
    table = page.locator("section[aria-labelledby=table] table")
    delay, genotype = (table.get_by_role("button", name=name) for name in ("delay (ms)", "genotype"))
    delay.click()
    assert column(table, 3) == ["-10"] * 3 + ["10"] * 3 + ["30"] * 3
    assert column(table, 1) == ["1", "4", "7", "2", "5", "8", "0", "3", "6"]  # stable
    delay.click()
    assert column(table, 3) == ["30"] * 3 + ["10"] * 3 + ["-10"] * 3
    assert table.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    genotype.click()
    assert column(table, 2)[0].startswith("inhibit")
    assert table.locator("th[aria-sort]").all_inner_texts() == [genotype.inner_text()]


def test_points_without_a_number_sort_last(tmp_path: Path, opened: Open) -> None:
    study = failing(scanned({"delay": DELAYS}), [1], "no baseline")
    table = opened(report.write(study, tmp_path / "a.html")).locator("section[aria-labelledby=table] table")
    for order in (["1", "3", "–"], ["3", "1", "–"]):
        table.get_by_role("button", name="weight").click()
        assert column(table, 3) == order


def test_what_is_typed_keeps_the_rows_that_have_it(page: Page) -> None:
    box = page.locator("section[aria-labelledby=table] [data-table]")
    assert box.locator("output").inner_text() == "9 of 9 rows"
    box.get_by_label("Rows with").fill("pka  -10")
    assert column(box.locator("table"), 1) == ["4"]
    assert box.locator("output").inner_text() == "1 of 9 rows"
    box.get_by_label("Rows with").fill("<b>")
    assert box.locator("output").inner_text() == "0 of 9 rows"


def test_dark_screen_and_light_paper(tmp_path: Path, opened: Open) -> None:
    path = report.write(scanned(CURVES), tmp_path / "study.html")
    page = opened(path, color_scheme="dark")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    ink = "document.querySelector('#chart-1 .xtitle').style.fill"
    width = "document.querySelector('#chart-1 .main-svg').width.baseVal.value"
    assert (page.evaluate(paper), page.evaluate(ink)) == ("rgb(22, 24, 27)", "rgb(232, 232, 232)")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (page.evaluate(paper), page.evaluate(ink)) == ("rgb(255, 255, 255)", "rgb(27, 27, 27)")
    assert page.evaluate(width) == 660
    assert page.locator("section[aria-labelledby=table] .controls").is_hidden()
    page.emulate_media(media="screen", color_scheme="light")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert page.evaluate(width) < 660


def test_a_narrow_screen_scrolls_one_way_only(tmp_path: Path, opened: Open) -> None:
    study = scanned({"protocol": [PAIRING, kn.tetanus("100 Hz", "1 s"), None], "genotype": GENOTYPES})
    narrow = opened(report.write(study, tmp_path / "a.html"), viewport={"width": 420, "height": 800})
    assert narrow.evaluate("document.documentElement.scrollWidth") == 420
    assert narrow.locator("#chart-1 .point").count() == 9
    assert narrow.locator("#chart-1 .xtick").count() == 3


def test_many_lines_are_coloured_and_more_are_a_heat_map(tmp_path: Path, opened: Open) -> None:
    distances, delays = [f"{i} um" for i in range(1, 41)], [f"{i} ms" for i in range(1, 101)]
    page = opened(report.write(scanned({"distance": distances, "delay": delays}), tmp_path / "a.html"))
    assert page.locator("#chart-1 .scatterlayer .js-line").count() == 40
    assert page.locator("#chart-1 .colorbar .cbtitle").text_content() == "distance (µm)"
    pairs, distances = list(range(1, 11)), [f"{i} um" for i in range(1, 301)]
    more = scanned({"distance": distances, "pairs": pairs, "delay": ["1 ms", "2 ms"]})
    page = opened(report.write(more, tmp_path / "b.html"))
    assert page.locator("#chart-1 .heatmaplayer image").count() == 1


def test_the_page_is_accessible_html(page: Page) -> None:
    assert page.evaluate("document.compatMode + document.documentElement.lang") == "CSS1Compaten"
    assert page.locator("h1").all_inner_texts() == [page.title()] == ["ca1; 5 x 1 Hz, +10 ms, delay varied"]
    order = ["Curves", "Table", "Points that failed", "Recipe", "Numbers", "References"]
    assert page.locator("h2").all_inner_texts() == order
    assert page.locator("table").count() == page.locator("table > caption").count() == 5
    unnamed = "[...document.querySelectorAll('[tabindex],[role=img]')].filter(e => !e.ariaLabel).length"
    assert page.evaluate(unnamed) == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    digits = colour * 2 if len(colour) == 3 else colour
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_texts_stand_out_light_and_dark(tmp_path: Path) -> None:
    rules = re.findall(r":root \{(.*?)\}", written(scanned(CURVES), tmp_path))
    assert len(rules) == 2
    for rule in rules:
        shades = {name: luminance(colour) for name, colour in re.findall(r"--(\w+): #(\w+);", rule)}
        for ink in ("ink", "pale", "link"):
            for paper in ("paper", "shade"):
                low, high = sorted((shades[ink], shades[paper]))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, paper, rule)


def hostile(study: kn.Scan) -> kn.Scan:
    """Return a scan with markup wherever a name or a message can be."""
    axis, *others = study.plan.points.axes
    shown = (HOSTILE, *axis.shown[1:])
    made = replace(study.plan.points, axes=(replace(axis, shown=shown), *others))
    table = study.table.replace({axis.name: {axis.shown[0]: HOSTILE}})
    table.attrs = study.table.attrs
    table.loc[4, "status"] = HOSTILE
    return kn.Scan(table, replace(study.plan, points=made), {HOSTILE: HOSTILE})


def test_names_never_become_markup(tmp_path: Path, opened: Open) -> None:
    path = report.write(hostile(scanned(CURVES)), tmp_path / "study.html", title=HOSTILE)
    page = opened(path)
    assert page.title() == HOSTILE
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("img, main b, main script").count() == 0
    assert page.locator("#chart-1 .scatterlayer .trace").count() == 3
    assert HOSTILE.replace(" ", "") == (
        page.locator("#chart-1 .legendtext").first.text_content() or ""
    ).replace(" ", "")
    page.locator("#chart-1 .scatterlayer .point").first.hover(force=True)
    hover = page.locator("#chart-1 .hoverlayer .hovertext tspan.line").first
    assert hover.text_content() == HOSTILE
    assert page.locator("section[aria-labelledby=failed] > ul > li").inner_text().startswith(HOSTILE)
    assert csv_of(path.read_text("utf-8")).loc[0, "genotype"] == HOSTILE


def test_the_same_scan_gives_the_same_bytes(tmp_path: Path) -> None:
    first = report.write(scanned(CURVES), tmp_path / "study.html").read_bytes()
    (tmp_path / "b").mkdir()
    assert report.write(scanned(CURVES), tmp_path / "b" / "study.html").read_bytes() == first
    references = texts_of(first.decode())["references"]
    keys = re.findall(r"\[(\w+)\]", references)
    assert keys == sorted(keys)
    assert str(tmp_path) not in first.decode()


def test_nothing_is_loaded_and_papers_are_linked(tmp_path: Path) -> None:
    study = scanned({"preset": ["ca1", "l5"], "genotype": [None, kn.drug("AM251", "2 uM")]})
    page = written(study, tmp_path)
    links = re.findall(r'(?:href|src)="([^"]*)"', without_code(page))
    outside = [link for link in links if not link.startswith("data:text/csv")]
    assert all(link.startswith("https://doi.org/10.") for link in outside)
    listed = texts_of(page)["references"]
    synapses = [kn.Synapse.preset(name) for name in ("ca1", "l5")]
    synapses += [each.with_(kn.drug("AM251", "2 uM")) for each in synapses]
    cited = {line for each in synapses for line in each.cite().splitlines()}
    assert len(cited) > len(synapses[0].cite().splitlines()) > 30
    assert len(outside) == sum(" doi:" in line for line in cited)
    for line in cited:
        assert line in listed


def test_failed_points_are_listed_by_reason(tmp_path: Path) -> None:
    study = failing(scanned(CURVES), [1, 4], "no baseline")
    failing(study, [8], "the time limit was over")
    texts = texts_of(written(study, tmp_path))
    assert texts["head"].endswith("9 points, 3 failed.")
    assert texts["failed"].split("Points that failed ")[1] == (
        "no baseline point 1: wild type, delay -10 ms point 4: knockout('PKA'), delay -10 ms "
        "the time limit was over point 8: inhibit('calcineurin', by=0.8), delay 10 ms"
    )
    assert "None." in texts_of(written(scanned(CURVES), tmp_path))["failed"]


def test_where_all_points_failed_the_report_says_so(tmp_path: Path, opened: Open) -> None:
    study = failing(scanned({"pairs": list(range(1, 61))}), slice(None), "no baseline")
    page = opened(report.write(study, tmp_path / "study.html"))
    assert "60 points, all failed." in page.locator("#summary").inner_text()
    assert "nothing to draw" in page.locator("section[aria-labelledby=curves]").inner_text()
    assert page.locator(".chart").count() == 0
    reason = page.locator("section[aria-labelledby=failed] > ul > li")
    assert reason.locator("li").count() == 51
    assert reason.locator("li").last.inner_text() == "and 10 more, which the CSV file has"


def test_a_thousand_rows_are_shown_and_all_are_in_the_file(tmp_path: Path) -> None:
    study = scanned({"distance": [f"{i} um" for i in range(1, 31)], "pairs": list(range(1, 41))})
    study.table["weight"] /= 3
    page = written(study, tmp_path)
    assert page.count('<tr><th scope="row" class="number">') == 1000
    assert "The first 1,000 of 1,200 points; 200 are left out here" in page
    found = csv_of(page)
    assert list(found.columns) == ["distance (um)", "pairs", "weight", "peak Ca (uM)", "status"]
    found.columns = study.table.columns
    pd.testing.assert_frame_equal(found, study.table, rtol=1e-8, check_dtype=False)


def test_every_number_is_there_with_its_source(tmp_path: Path) -> None:
    study = scanned({"CaMKII_total": ["1 uM", "2 uM"]}, ("CaMKII_active",), synapse=TUBE, protocol=None)
    page = written(study, tmp_path)
    numbers = page.partition('<h2 id="numbers">')[2]
    shown = re.findall(r'<tr><th scope="row">(\w+)</th><td class="number">(.*?)</td><td>(.*?)</td>', numbers)
    wanted = [
        (name, "varied" if name == "CaMKII_total" else f"{value:.6g}", unit)
        for name, value, unit in TUBE.parameters[["value", "unit"]].itertuples()
    ]
    assert shown == wanted
    assert len(shown) > 30
    texts = texts_of(page)["numbers"]
    for source in TUBE.parameters["source"]:
        assert source in texts


def test_a_genotype_tells_which_numbers_it_changes(tmp_path: Path) -> None:
    texts = texts_of(written(scanned(CURVES), tmp_path))["numbers"]
    assert "ca1, knockout('PKA'): what differs (1 numbers)" in texts
    assert "PKA knocked out; was" in texts
    gone = texts_of(written(scanned({"genotype": [kn.knockout("pka")]}), tmp_path))["numbers"]
    assert re.search(r"\d+ numbers of ca1 take no part\.", gone)


def test_a_drug_tells_its_numbers_and_its_papers(tmp_path: Path) -> None:
    texts = texts_of(written(scanned({"drug": ["AM251", None], "dose": ["1 uM", "0 uM"]}), tmp_path))
    assert "ca1, AM251 1 uM: what differs" in texts["numbers"]
    assert "CB1R_activity" in texts["numbers"]
    drugged = CA1.with_(kn.drug("AM251", "1 uM")).cite().splitlines()
    (paper,) = set(drugged) - set(CA1.cite().splitlines())
    assert paper.partition(" doi:")[0] in texts["references"]
    agents = scanned({"drug": BLOCKERS, "dose": ["1 uM"]}).table["drug"]
    assert agents[0] == "inhibit('CaMKII', ic50='0.4 uM')"  # what its doses mean is to be seen
    assert agents[1] == "inhibit('PKA', ic50='1 uM')"


def test_numbers_that_cannot_be_computed_say_why(tmp_path: Path) -> None:
    study = scanned({"pairs": [1, 2]}, synapse=kn.Synapse.preset("ca1", calcium_out="0 mM"))
    texts = texts_of(written(study, tmp_path))["numbers"]
    assert re.search(r"These numbers cannot be computed: .*VGCC_reversal", texts)


LISTED = pd.DataFrame({"distance": [10.0, 50.0], "delay": [1.0, 2.0]})
LISTED.attrs["units"] = {"distance": "um", "delay": "ms"}
DRUGGED = (kn.knockout("PKA"), kn.drug("AM251", "2 uM"))
BLOCKERS = [kn.inhibit("CaMKII", ic50="0.4 uM"), kn.inhibit("PKA")]
AGENTS = ["AM251", None, *BLOCKERS, kn.drug("FK506", "1 uM", acute=False)]
TETANI = kn.tetanus("100 Hz", "1 s", trains=4, interval="5 min")
DISTAL = kn.Synapse.preset("l5", distance="80 um").with_(kn.knockout("pka"))
DESIGNS: list[tuple[kn.Synapse, Any, Any]] = [
    (CA1, PAIRING, CURVES),
    (DISTAL, PAIRING, {"distance": ["1 um"]}),
    (CA1, PAIRING, {"preset": ["ca1", "l5"], "pairs": [1, 2]}),
    (CA1, None, {"protocol": [None, PAIRING, TETANI]}),
    (CA1, PAIRING, LISTED),
    (CA1, kn.spikes(pre=["0 ms", "20 ms"]), {"genotype": [DRUGGED]}),
    (TUBE, None, {"CaMKII_total": ["1 uM"]}),
    (CA1, PAIRING, {"drug": AGENTS, "dose": ["1 uM", "0 uM"]}),
    (CA1, PAIRING, {"drug": [None, kn.drug("AM251", "2 uM"), kn.inhibit("PKA", dose="1 uM", ic50="10 nM")]}),
]


@pytest.mark.parametrize(("synapse", "protocol", "over"), DESIGNS)
def test_the_python_makes_the_same_scan(
    synapse: kn.Synapse, protocol: Any, over: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = scanned(over, ("CaMKII_active",), synapse=synapse, protocol=protocol)
    calls: list[Any] = []
    monkeypatch.setattr(kn, "scan", lambda *given, **options: calls.append((given, options)))
    exec(report._call(study), {})  # noqa: S102 - it is what a reader does
    ((given, options),) = calls
    assert options == {"until": "60 s", "readouts": ["CaMKII_active"], "engine": "auto", "rtol": 1e-6}
    again, first = points.read(*given), study.plan.points
    pd.testing.assert_frame_equal(again.table(), first.table())
    assert again.table().attrs == first.table().attrs
    assert again.inputs() == first.inputs()


def test_what_python_cannot_tell_is_left_open() -> None:
    joined = PAIRING + kn.gap("1 min") + PAIRING
    text = report._call(scanned({"genotype": [None]}, protocol=joined))
    assert "# ... stands for" in text
    assert "\nprotocol = ...\n" in text
    many = pd.DataFrame({"pairs": np.arange(1, 101), "inputs": np.arange(1, 101)})
    assert "\nover = ...\n" in report._call(scanned(many))


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("study.pdf", KinapticError, "a report is a web page; write study.html"),
        ("study", KinapticError, "a report is a web page; write study.html"),
        ("none/study.html", StoreError, "there is no folder .*none; make it first"),
        ("folder.html", StoreError, "this is a folder"),
    ],
)
def test_paths_that_do_not_fit_are_refused(
    tmp_path: Path, path: str, error: type[Exception], message: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(error, match=message):
        report.write(scanned(CURVES), tmp_path / path)
    with pytest.raises(KinapticError, match="the title is empty"):
        report.write(scanned(CURVES), tmp_path / "study.html", title=" ")


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "study.html"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError, match=r"cannot write .*study.html: No space left on device"):
        report.write(scanned(CURVES), path)
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_scan_that_ran_is_reported(tmp_path: Path, opened: Open) -> None:
    over = {"CaMKII_total": ["0.1 uM", "1 uM", "10 uM"]}
    wanted = ("CaMKII_active", "peak CaMKII_active")
    study = kn.scan(TUBE, None, over, until="2 s", readouts=wanted, engine="roadrunner")
    path = report.write(study, tmp_path / "study.html")
    page = opened(path)
    assert page.locator(".chart .scatterlayer .point").count() == 6
    recipe = texts_of(path.read_text("utf-8"))["recipe"]
    assert f"engine {study.recipe['engine']} kinaptic {study.recipe['kinaptic']} " in recipe
    assert "until (s) 2 " in recipe
    found = csv_of(path.read_text("utf-8"))
    np.testing.assert_allclose(found["CaMKII_active (uM)"], study.table["CaMKII_active"], rtol=1e-8)
    assert found["CaMKII_active (uM)"].is_monotonic_increasing


def test_charts_are_what_plotly_takes() -> None:
    import plotly.graph_objects as go

    texts = {"protocol": [PAIRING, kn.tetanus("100 Hz", "1 s"), None], "genotype": GENOTYPES}
    rates = {"rate": ["0.1 Hz", "1 Hz", "10 Hz", "20 Hz"], "distance": [f"{i} um" for i in range(1, 4)]}
    heat = {"genotype": GENOTYPES, "delay": DELAYS, "rate": ["0.1 Hz", "1 Hz", "10 Hz", "20 Hz"]}
    shades = {"distance": [f"{i} um" for i in range(1, 10)], "pairs": list(range(1, 11))}
    for over in (CURVES, texts, rates, heat, shades, LISTED):
        for chart in interactive.charts(scanned(over)):
            go.Figure(data=chart.data, layout=chart.layout)  # refuses names and values that it does not know


def test_colours_are_those_of_the_printed_figure_in_the_order_of_the_axes() -> None:
    study = scanned({"delay": DELAYS, "genotype": GENOTYPES})
    printed = [line.get_color() for line in scan_figure.figure(study, None).axes[0].lines[:3]]
    whole = {trace["name"]: trace["line"]["color"] for trace in interactive.charts(study)[0].data}
    assert list(whole.values()) == printed
    failing(study, [0], "no baseline")  # the first point of the first line
    assert {trace["name"]: trace["line"]["color"] for trace in interactive.charts(study)[0].data} == whole


def test_lines_run_upwards_and_wide_ranges_are_logarithmic() -> None:
    (chart,) = interactive.charts(scanned(CURVES, ("weight",)))
    assert chart.data[1]["x"] == [-10.0, 10.0, 30.0]
    assert chart.data[1]["y"] == [5.0, 6.0, 4.0]
    assert chart.layout["xaxis"]["type"] == "linear"
    assert chart.layout["shapes"][0]["y0"] == 1
    (wide,) = interactive.charts(scanned({"rate": ["0.1 Hz", "1 Hz", "10 Hz"]}, ("peak Ca",)))
    assert wide.layout["xaxis"]["type"] == "log"
    assert wide.layout["shapes"] == []


def test_a_heat_map_has_each_point_in_its_cell() -> None:
    over = {
        "genotype": GENOTYPES,
        "delay": ["20 ms", "-20 ms"],
        "distance": [f"{i} um" for i in (3, 1, 2)],
        "pairs": [1, 2],
    }
    study = failing(scanned(over, ("weight",)), [7], "no baseline")
    (chart,) = interactive.charts(study)
    (trace,) = chart.data
    assert trace["x"] == ["1", "2", "3"]
    assert trace["y"][1] == "wild type, delay 20 ms, pairs 2"
    assert len(trace["z"]) == 12
    for point, row in study.table.iterrows():
        name = f"{row['genotype']}, delay {row['delay']:g} ms, pairs {row['pairs']}"
        cell = trace["z"][trace["y"].index(name)][trace["x"].index(f"{row['distance']:g}")]
        assert cell == (None if point == 7 else row["weight"])


def test_a_sample_of_many_points_is_thinned_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactive, "MOST_DOTS", 10)
    over = pd.DataFrame({"distance": np.arange(1.0, 22), "delay": np.arange(1.0, 22)})
    over.attrs["units"] = {"distance": "um", "delay": "us"}
    (chart,) = interactive.charts(scanned(over, ("weight",)))
    assert chart.data[0]["x"] == [1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0]
    assert "One point in 3 is drawn: 7 of 21." in chart.note
    assert chart.data[0]["text"][1] == "delay 4 us"
