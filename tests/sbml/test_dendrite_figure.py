"""The figure of a dendrite: a line for each site, and each site at its place with its weight for a colour."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

import kinaptic as kn
from kinaptic.sbml.figure import BLUE, VERMILLION

PAIRINGS = kn.stdp("10 ms", pairs=5, rate="5 Hz")


@pytest.fixture(scope="module")
def small() -> kn.Synapse:
    """A bouton that 2-AG quiets."""
    return kn.Synapse.of("calcium", "endocannabinoid", "bouton", DAG="0.5 uM")


@pytest.fixture(scope="module")
def run(small: kn.Synapse) -> kn.DendriteRun:
    sites = [kn.Site("a", small, 2), kn.Site("b", small, 5), kn.Site("c", small, 3, branch=1)]
    return kn.Dendrite.of(*sites).simulate({"b": PAIRINGS}, until="2 min", coupled=False)


def dots(panel: Any, *, rings: bool = False) -> dict[tuple[float, float], Any]:
    """Return the sites of the lower panel by place, or the rings around some of them."""
    marks = [line for line in panel.lines if line.get_marker() == "o"]
    lines = [line for line in marks if (line.get_color() == "white") == rings]
    return {(float(line.get_xdata()[0]), float(line.get_ydata()[0])): line for line in lines}


def boxes(made: Any, texts: Any) -> list[Any]:
    """Return what texts take of a figure, in pixels."""
    canvas = FigureCanvasAgg(made)
    canvas.draw()  # type: ignore[no-untyped-call]
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    return [each.get_window_extent(renderer) for each in texts]


def ends(line: Any) -> Any:
    """Return x and y of a line."""
    return line.get_data()


def test_weights_of_all_sites_over_minutes(run: kn.DendriteRun) -> None:
    above, _, _ = run.plot().axes
    courses = [line for line in above.lines if line.get_linestyle() == "-"]
    assert len(courses) == 3
    weights = run.weights
    for line in courses:
        np.testing.assert_allclose(ends(line)[0], weights.index.to_numpy(dtype=float) / 60)
    stimulated = [line for line in courses if line.get_color() == VERMILLION]
    assert [list(ends(line)[1]) for line in stimulated] == [list(weights["b"])]
    assert above.get_xlabel() == "time (min)"
    legend = above.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "not stimulated (2)",
        "b: 5 pairings at 5 Hz, post 10 ms after pre",
    ]


def test_sites_stand_at_their_places_in_the_colour_of_their_weight(run: kn.DendriteRun) -> None:
    _, below, bar = run.plot().axes
    found = dots(below)
    assert set(found) == {(2, 0), (5, 0), (3, -1)}
    last = run.weights.iloc[-1]
    span = max(float((last - 1).abs().max()), 0.05)
    shades = mpl.colormaps["PuOr_r"]
    for name, place in {"a": (2, 0), "b": (5, 0), "c": (3, -1)}.items():
        assert found[place].get_color() == pytest.approx(shades((last[name] - 1 + span) / (2 * span)))
    rings = dots(below, rings=True)
    assert {place: to_hex(ring.get_markeredgecolor()) for place, ring in rings.items()} == {
        (5, 0): VERMILLION.lower()
    }
    assert rings[5, 0].get_markersize() > found[5, 0].get_markersize() + 3  # white is seen between them
    assert sorted(text.get_text() for text in below.texts) == ["a", "b", "c"]
    assert below.get_xlabel() == "distance from the branch point (µm)"
    assert bar.get_ylabel() == "weight at\nthe end"


def test_many_sites_share_a_colour_and_lose_their_names(small: kn.Synapse) -> None:
    branch = kn.Dendrite.branch(small, [f"{i} um" for i in range(30)])
    some = branch.simulate({f"s{i}": PAIRINGS for i in range(1, 9)}, until="12 s", coupled=False)
    above, below, _ = some.plot().axes
    legend = above.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["not stimulated (22)", "stimulated (8)"]
    assert sum(line.get_color() == BLUE for line in above.lines) == 8
    assert {text.get_text() for text in below.texts} == {f"s{i}" for i in range(1, 9)}


def test_spikes_of_the_soma_alone_mark_no_site(small: kn.Synapse) -> None:
    branch = kn.Dendrite.branch(small, ["0 um", "1 um"])
    made = branch.simulate({"s1": kn.spikes(post=["0.1 s"])}, until="12 s", coupled=False)
    above, below, _ = made.plot().axes
    legend = above.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["not stimulated (2)"]
    assert len(dots(below)) == 2
    assert not dots(below, rings=True)


def test_a_legend_leaves_out_what_is_said_of_inputs(small: kn.Synapse) -> None:
    given = kn.tetanus("100 Hz", "0.1 s")
    assert str(given) == "10 pulses at 100 Hz; 3 inputs together"
    made = kn.Dendrite.branch(small, ["0 um"]).simulate({"s1": given}, until="12 s", coupled=False)
    legend = made.plot().axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["s1: 10 pulses at 100 Hz"]


def test_names_do_not_meet(small: kn.Synapse) -> None:
    """Close ones stand in two lines; where there is no room in these, silent ones go without."""
    places = {"strong": 0, "near": 3, "silent": 4, "far": 60}
    dendrite = kn.Dendrite.of(*(kn.Site(name, small, x) for name, x in places.items()))
    made = dendrite.simulate({"strong": PAIRINGS, "near": PAIRINGS}, until="12 s", coupled=False).plot()
    texts = made.axes[1].texts
    assert sorted(text.get_text() for text in texts) == ["far", "near", "strong"]
    found = boxes(made, texts)
    assert not any(a.overlaps(b) for i, a in enumerate(found) for b in found[:i])


def test_nothing_sticks_out(run: kn.DendriteRun) -> None:
    made = run.plot()
    width, height = (int(each) for each in made.bbox.size)
    texts = [text for axes in made.axes for text in (*axes.texts, axes.xaxis.label, axes.yaxis.label)]
    legend = made.axes[0].get_legend()
    assert legend is not None
    for box in boxes(made, (*texts, legend)):
        assert 0 <= box.x0 <= box.x1 <= width, box
        assert 0 <= box.y0 <= box.y1 <= height, box
