"""The figure of a run: its panels, its units, and that nothing sticks out or collides."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.testing import assert_allclose

import kinaptic as kn
from kinaptic.sbml.figure_data import FigureData, smoothed

PAIRING = kn.stdp("10 ms", 4, rate="2 Hz")
DENSE = kn.stdp("10 ms", 12, rate="5 Hz", post_spikes=2, burst_rate="50 Hz")


def waveform() -> kn.Waveform:
    time = np.arange(0, 1, 0.002)
    calcium = 0.07 + np.exp(-np.clip(time - 0.1, 0, None) / 0.05) * (time >= 0.1)
    return kn.Waveform(time, calcium, unit="uM", time_unit="s")


def ca1(*perturbations: kn.Perturbation) -> kn.Synapse:
    return kn.Synapse.preset("ca1").with_(*perturbations)


CASES: dict[str, tuple[str, Callable[[], kn.Run]]] = {
    "pairing": ("abcde", lambda: kn.simulate(ca1(), PAIRING, until="61 min")),
    "dense": ("abcde", lambda: kn.simulate(ca1(kn.knockout("pka")), DENSE, until="5 min")),
    "two parts": ("abcde", lambda: kn.simulate(ca1(), PAIRING + kn.gap("4 min") + PAIRING, until="6 min")),
    "no receptors": ("abcde", lambda: kn.simulate(ca1().without("ampar"), PAIRING, until="2 min")),
    "no calcium channels": ("abcde", lambda: kn.simulate(ca1(kn.knockout("VGCC")), PAIRING, until="2 min")),
    "waveform": ("abcd", lambda: kn.simulate(ca1(), waveform(), until="2 min")),
    "rest": ("abc", lambda: kn.simulate(ca1(kn.inhibit("CaMKII")), until="5 min")),
    "tube": ("a", lambda: kn.simulate(kn.Synapse.of("calmodulin", Ca="1 uM"), until="10 s")),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, kn.Run, Figure]:
    letters, simulate = CASES[request.param]
    run = simulate()
    made = run.plot()
    FigureCanvasAgg(made).draw()  # type: ignore[no-untyped-call]
    return letters, run, made


Case = tuple[str, kn.Run, Figure]


def texts(axes: Axes) -> list[Text]:
    return [t for t in axes.texts if t.get_text()]


def test_panels_are_those_that_have_something_to_show(case: Case) -> None:
    letters, _, made = case
    bold = [t.get_text() for axes in made.axes for t in texts(axes) if t.get_fontsize() == 10]
    assert "".join(bold) == letters


def test_every_axis_says_what_and_in_which_unit(case: Case) -> None:
    _, _, made = case
    for axes in made.axes:
        assert axes.get_xlabel().rpartition(" ")[2] in ("(ms)", "(s)", "(min)")
        # the right half of a broken axis shares the left one's
        known = ("spine calcium (µM)", "relative to peak", "weight / baseline", "")
        assert axes.get_ylabel() in known
        assert axes.lines


def test_title_is_the_protocol_and_what_was_done(case: Case) -> None:
    _, run, made = case
    title = made.get_suptitle()
    assert title == title[:1].upper() + title[1:]
    if isinstance(run.protocol, kn.Protocol):
        assert title.replace("\n", " ")[1:] == str(run.protocol)[1:]
    below = made.texts[-1].get_text().replace("\n", " ")
    assert all(str(p) in below for p in run.synapse.perturbations)


def test_nothing_sticks_out_or_collides(case: Case) -> None:
    _, _, made = case
    canvas = FigureCanvasAgg(made)
    canvas.draw()  # type: ignore[no-untyped-call]
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    page = made.bbox
    written = [
        t for axes in made.axes for t in (*texts(axes), axes.xaxis.label, axes.yaxis.label) if t.get_text()
    ]
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in written]
    boxes += [(t.get_text(), t.get_window_extent(renderer)) for t in made.texts]
    boxes += [("legend", legend.get_window_extent(renderer)) for a in made.axes if (legend := a.get_legend())]
    for text, box in boxes:
        assert box.x0 >= page.x0, text
        assert box.x1 <= page.x1, text
        assert box.y0 >= page.y0, text
        assert box.y1 <= page.y1, text
    assert [(a, b) for (a, one), (b, two) in combinations(boxes, 2) if one.overlaps(two)] == []
    for one, two in combinations(made.axes, 2):
        assert not one.bbox.overlaps(two.bbox)
        assert min(one.bbox.height, two.bbox.height) > 0.06 * page.height


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_it_can_be_saved(case: Case, kind: str) -> None:
    _, _, made = case
    stream = io.BytesIO()
    made.savefig(stream, format=kind)
    assert len(stream.getvalue()) > 5000


def test_notebooks_get_a_picture(case: Case) -> None:
    _, _, made = case
    assert made._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_weight_is_labelled_at_30_and_60_minutes() -> None:
    run = CASES["pairing"][1]()
    written = [t.get_text() for t in run.plot().axes[-1].texts]
    for minutes in (30, 60):
        assert f"{run.at(minutes):.2f}, {minutes} min after" in written


def test_the_parts_of_calcium_are_stacked_to_the_whole() -> None:
    data = FigureData(CASES["two parts"][1]())
    burst = data.burst
    assert burst is not None
    assert (burst.number, burst.count, burst.single) == (5, 8, True)
    assert burst.zero == pytest.approx(2.01 + 240.0)
    rest = data["Ca"] - data["Ca_NMDAR"] - data["Ca_VGCC"] - data["Ca_elsewhere"]
    assert np.ptp(rest) < 1e-9


def test_smoothing_keeps_mean_and_range() -> None:
    time = np.linspace(0, 10, 1001)
    values = np.where((time >= 2) & (time < 8), time % 1, 0.5)
    seen, mean, least, most = smoothed(time, values, np.arange(2.0, 9.0))
    inside = (seen > 2) & (seen < 8)
    assert inside.sum() == 6
    assert_allclose(mean[inside], 0.495, atol=0.01)
    assert_allclose(least[inside], 0, atol=0.02)
    assert_allclose(most[inside], 0.99, atol=0.02)
    outside = (seen < 2) | (seen > 8)
    assert_allclose(mean[outside], 0.5)


def test_no_backend_is_picked() -> None:
    code = "import sys, kinaptic.sbml.figure; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
