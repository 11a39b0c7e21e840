"""Synapses of one dendrite: what reaches whom, and relaxed runs against the whole system in one piece."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import kinaptic as kn
from kinaptic.errors import KinapticError, UnitError, UnknownName
from kinaptic.sbml import dendrite_run, document, engine
from kinaptic.sbml.dendrite import LINKS
from kinaptic.units import model_unit

Array = NDArray[np.float64]

PAIRINGS = kn.stdp("10 ms", pairs=10, rate="5 Hz")
BURST = kn.tetanus("50 Hz", "0.2 s")
STRONG = kn.tetanus("100 Hz", "1 s", trains=4, interval="5 min")
WEAK = kn.tetanus("100 Hz", "1 s")


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def small() -> kn.Synapse:
    """A bouton that 2-AG quiets, its own and that of its neighbours."""
    return kn.Synapse.of("calcium", "endocannabinoid", "bouton", DAG="0.5 uM")


@pytest.fixture(scope="module")
def pair(small: kn.Synapse) -> kn.Dendrite:
    return kn.Dendrite.branch(small, ["0 um", "1 um"])


@pytest.fixture(scope="module")
def together(pair: kn.Dendrite) -> kn.DendriteRun:
    return pair.simulate({"s1": PAIRINGS}, until="2 min")


@pytest.fixture(scope="module")
def apart(pair: kn.Dendrite) -> kn.DendriteRun:
    return pair.simulate({"s1": PAIRINGS}, until="2 min", coupled=False)


@pytest.fixture(scope="module")
def tree(ca1: kn.Synapse) -> kn.Dendrite:
    places = {"a": (2.0, 0), "b": (5.0, 0), "c": (1.0, 1), "d": (2.1, 0)}
    return kn.Dendrite.of(*(kn.Site(name, ca1, x, branch) for name, (x, branch) in places.items()))


def whole(dendrite: kn.Dendrite, protocols: dict[str, Any], times: Array) -> Array:
    """Return the weights of all sites, the system integrated in one piece by roadrunner."""
    runner = engine._new(dendrite.sbml(protocols))
    runner.reset()
    engine.set_tolerance(runner, 1e-8)
    runner.timeCourseSelections = [f"{site.name}_weight" for site in dendrite.sites]
    return np.array(runner.simulate(times=times.tolist()))


# Kernels


def test_nitric_oxide_spreads_from_a_point(ca1: kn.Synapse, tree: kn.Dendrite) -> None:
    """C = made·exp(-r/λ)/(4π·D·r): zmol/s over um²/s and um is uM; the branch point does not matter."""
    v = ca1.model().values
    found = tree.kernel("NO_elsewhere")
    for (i, j), r in {(0, 1): 3.0, (0, 2): 3.0, (1, 2): 6.0, (0, 3): 0.1}.items():
        wanted = math.exp(-r / v["NO_length"]) / (4 * math.pi * v["NO_diffusion"] * r)
        assert found[i, j] == pytest.approx(wanted, rel=1e-6)
        assert found[j, i] == pytest.approx(wanted, rel=1e-6)


def test_two_ag_and_bdnf_fade_around_a_synapse(tree: kn.Dendrite) -> None:
    for port, reach in (("AG2_elsewhere", 4.2), ("BDNF_elsewhere", 4.5)):
        found = tree.kernel(port)
        assert found[0, 1] == pytest.approx(0.3 / 3 * math.exp(-2.7 / reach))
        assert found[0, 2] == pytest.approx(found[0, 1])  # across the branch point, as far
        assert found[0, 3] == 1  # nearer than the radius of the source
        assert found[1, 2] == pytest.approx(0.3 / 6 * math.exp(-5.7 / reach))


def test_protein_goes_along_the_branch_and_less_across(tree: kn.Dendrite) -> None:
    found = tree.kernel("PRP_supply")
    assert found[0, 1] == pytest.approx(math.exp(-3 / 35))
    assert found[0, 2] == pytest.approx(0.25 * math.exp(-3 / 35))
    assert found[2, 0] == found[0, 2]


@pytest.mark.parametrize("port", sorted(LINKS))
def test_kernels_in_general(ca1: kn.Synapse, port: str) -> None:
    line = kn.Dendrite.branch(ca1, ["0 um", "0.5 um", "2 um", "10 um", "100 um", "300 um"]).kernel(port)
    assert line.shape == (6, 6)
    assert (np.diag(line) == 0).all()
    assert (np.diff(line[1:, 0]) < 0).all()
    assert line[5, 0] < 1e-3 * line[1, 0]
    units = ca1.units()
    over = {"NO_elsewhere": ("uM", "zmol/s"), "PRP_supply": ("uM/s", "uM/s")}.get(port, ("uM", "uM"))
    assert (units[port], units[LINKS[port].source]) == over


def test_glial_uptake_takes_messengers_and_not_protein(ca1: kn.Synapse) -> None:
    places = ["0 um", "3 um"]
    usual = kn.Dendrite.branch(ca1, places)
    more = kn.Dendrite.branch(ca1, places, glial_uptake_of_messengers=4)
    for port, reach in (("AG2_elsewhere", 4.2), ("BDNF_elsewhere", 4.5)):
        ratio = more.kernel(port)[1, 0] / usual.kernel(port)[1, 0]
        assert ratio == pytest.approx(math.exp(-2.7 / reach))  # half the reach
    for port in ("NO_elsewhere", "PRP_supply"):
        assert (more.kernel(port) == usual.kernel(port)).all()


def test_one_source_of_nitric_oxide_is_little_and_many_are_not(ca1: kn.Synapse) -> None:
    """At 3 um a tenth of what a synapse makes for itself arrives; forty around it make several times that."""
    v = ca1.model().values
    own = math.exp(-v["NO_distance"] / v["NO_length"]) / (4 * math.pi * v["NO_diffusion"] * v["NO_distance"])
    crowd = kn.Dendrite.branch(ca1, [f"{0.5 * i} um" for i in range(41)]).kernel("NO_elsewhere")[20]
    assert crowd[14] == crowd[26] < 0.11 * own  # 3 um away
    assert crowd.sum() > 2 * own


def test_settings_and_their_table(ca1: kn.Synapse) -> None:
    made = kn.Dendrite.branch(ca1, ["0 um", "3 um"], AG2_reach="0.01 mm", PRP_across=0)
    table = made.parameters
    assert table.index.name == "parameter"
    assert table.loc["AG2_reach", "value"] == pytest.approx(10)
    assert table.loc["AG2_reach", "unit"] == "um"
    assert table.loc["BDNF_reach", "value"] == 4.5
    assert (table["source"].str.len() > 0).all()
    assert made.kernel("AG2_elsewhere")[0, 1] == pytest.approx(0.1 * math.exp(-0.27))


# Sites and what is refused


def test_sites_of_a_branch(pair: kn.Dendrite, small: kn.Synapse) -> None:
    assert [(site.name, site.position, site.branch) for site in pair.sites] == [("s1", 0, 0), ("s2", 1, 0)]
    assert all(site.synapse is small for site in pair.sites)


@pytest.mark.parametrize(
    ("places", "settings", "error", "message"),
    [
        ([], {}, KinapticError, "a dendrite has at least one site"),
        (["2 um", "2 um"], {}, KinapticError, "s1 and s2 sit at one place"),
        (["2"], {}, UnitError, r"Dendrite.branch\(at=…\): '2' has no unit"),
        (["2 um"], {"AG2_range": "3 um"}, UnknownName, "did you mean AG2_reach"),
        (["2 um"], {"AG2_reach": "3 s"}, UnitError, r"Dendrite\(AG2_reach=…\): '3 s' is in s"),
    ],
)
def test_bad_branches(
    small: kn.Synapse, places: list[str], settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kn.Dendrite.branch(small, places, **settings)


def test_bad_sites(small: kn.Synapse, pair: kn.Dendrite, tmp_path: Path) -> None:
    with pytest.raises(KinapticError, match="each has a name of its own"):
        kn.Dendrite.of(kn.Site("a", small, 0.0), kn.Site("a", small, 1.0))
    with pytest.raises(UnknownName, match="unknown port 'NO': did you mean NO_elsewhere"):
        pair.kernel("NO")
    (tmp_path / "theirs.xml").write_text(small.sbml(), encoding="utf-8")
    theirs = kn.Synapse.from_sbml(tmp_path / "theirs.xml", {"calcium": "Ca"})
    with pytest.raises(KinapticError, match="is a model of others; a dendrite takes our own"):
        kn.Dendrite.branch(theirs, ["0 um"])


def test_bad_protocols(pair: kn.Dendrite, ca1: kn.Synapse) -> None:
    wrong: Any = "stdp"
    for protocols, error, message in (
        ({"s3": None}, UnknownName, "unknown site 's3'"),
        ({"s1": wrong}, KinapticError, r"protocols\['s1'\]: 'stdp' is no protocol"),
    ):
        with pytest.raises(error, match=message):
            pair.simulate(protocols)
        with pytest.raises(error, match=message):
            pair.sbml(protocols)
    whole_cell = kn.Dendrite.branch(ca1, ["0 um", "3 um"])
    night = kn.sleep("1 h")
    for protocols in ({"s1": night}, {"s1": night, "s2": kn.sleep("2 h")}, {"s1": kn.firing("1 h", 0)}):
        with pytest.raises(KinapticError, match="are the cell's: give them to every site alike"):
            whole_cell.simulate(protocols)
    with pytest.raises(KinapticError, match=r"protocols\['s2'\]: other sites bring spikes of the soma"):
        whole_cell.simulate({"s1": night + PAIRINGS, "s2": night})


def test_sites_may_differ_in_pathways(small: kn.Synapse) -> None:
    """One makes no nitric oxide: it hears none and is heard by none."""
    full = kn.Synapse.of("calcium", "calmodulin", "nitric_oxide", "bouton")
    mixed = kn.Dendrite.of(kn.Site("a", full, 0.0), kn.Site("b", small, 1.0), kn.Site("c", full, 2.0))
    text = mixed.sbml()
    assert "a_NO_elsewhere" in text
    assert "b_NO_elsewhere" not in text


def test_the_branch_point_is_one_place(ca1: kn.Synapse) -> None:
    with pytest.raises(KinapticError, match="a and b sit at one place"):
        kn.Dendrite.of(kn.Site("a", ca1, 0.0), kn.Site("b", ca1, 0.0, 1)).kernel("NO_elsewhere")


# Spikes, sleep, and each alone


def test_spikes_of_the_soma_reach_all_and_others_only_their_own(small: kn.Synapse) -> None:
    three = kn.Dendrite.branch(small, ["0 um", "3 um", "6 um"])
    given = {"s1": PAIRINGS, "s3": BURST + kn.gap("5 s") + BURST}
    run = three.simulate(given, until="20 s", coupled=False)
    soma = PAIRINGS.spike_times("post")
    for name, found in run.runs.items():
        assert isinstance(found.protocol, kn.Protocol)
        assert found.protocol.spike_times("post") == pytest.approx(soma, abs=1e-9)
        wanted = given[name].spike_times("pre") if name in given else np.empty(0)
        assert found.protocol.spike_times("pre") == pytest.approx(wanted, abs=1e-9)
    assert run.runs["s1"].protocol is PAIRINGS  # what has them all stays as it was given
    assert run.runs["s2"].traces["Ca"].max() > 0.1  # spikes of the soma alone raise calcium there


def test_inputs_of_a_protocol_stay(small: kn.Synapse) -> None:
    two = kn.Dendrite.branch(small, ["0 um", "3 um"])
    many = kn.tetanus("50 Hz", "0.2 s", inputs=20)
    run = two.simulate({"s1": many, "s2": PAIRINGS}, until="15 s", coupled=False)
    assert run.runs["s1"].protocol.inputs == 20  # type: ignore[union-attr]
    assert run.runs["s1"].model.values["coactive_inputs"] == 20


def test_spikes_that_differ_by_rounding_are_one(pair: kn.Dendrite) -> None:
    third = kn.stdp("10 ms", 13, rate=f"{10 / 3!r} Hz")
    tenth = kn.stdp("10 ms", 40, rate="10 Hz")
    run = pair.simulate({"s1": tenth, "s2": third}, until="15 s", coupled=False)
    assert {each.protocol.n_post for each in run.runs.values()} == {40}  # type: ignore[union-attr]


def test_uncoupled_is_each_alone(pair: kn.Dendrite, small: kn.Synapse) -> None:
    run = pair.simulate({"s1": PAIRINGS, "s2": BURST}, until="1 min", coupled=False)
    assert run.rounds == 1
    assert run.change == 0
    times = run.weights.index.to_numpy()
    for found in run.runs.values():
        alone = kn.simulate(
            small, found.protocol, until="1 min", samples=times.tolist(), engine="ensemble"
        ).traces
        assert set(alone) <= set(found.traces)
        scale = np.maximum(alone.abs().max().to_numpy(), 1e-6)
        assert np.max(np.abs(found.traces[list(alone)].to_numpy() - alone.to_numpy()) / scale) < 1e-5
    assert list(run.weights) == ["s1", "s2"]
    assert run.runs["s2"].recipe["synapse"] == f"{small}; s2 of a dendrite"
    assert run.runs["s2"].traces.attrs["recipe"] == run.runs["s2"].recipe


def test_sleep_is_given_to_all() -> None:
    enzymes = dict.fromkeys(("CaMKII_active", "CaMKII_psd_active", "CaN_active", "PP1_active"), "0.1 uM")
    names = ("calcium", "ampar", "cell_activity", "scaling", "sleep")
    tired = kn.Synapse.of(*names, spine_volume=1, PKA_active="0.1 uM", **enzymes)
    night = kn.sleep("1 min")
    two = kn.Dendrite.branch(tired, ["0 um", "3 um"])
    run = two.simulate({"s1": night, "s2": night}, until="2 min", coupled=False)
    times = run.weights.index.to_list()
    alone = kn.simulate(tired, night, until="2 min", samples=times, engine="ensemble")
    for each in run.runs.values():
        assert each.protocol is night
        assert each.weight.iloc[-1] < 0.9999  # sleep takes receptors
        for name in ("weight", "scaling", "sleep_scale"):
            found, wanted = each.traces[name], alone.traces[name]
            assert found.to_numpy() == pytest.approx(wanted.to_numpy(), rel=1e-6)


def test_a_dendrite_left_alone_stays_at_rest(pair: kn.Dendrite) -> None:
    run = pair.simulate({}, until="5 min")
    assert run.weights.to_numpy() == pytest.approx(np.ones((len(run.weights), 2)), abs=1e-6)
    assert run.rounds == 2


def test_synapses_that_share_nothing_are_run_once() -> None:
    deaf = kn.Synapse.of("calcium", "bouton")
    run = kn.Dendrite.branch(deaf, ["0 um", "1 um"]).simulate({"s1": BURST}, until="20 s")
    assert run.rounds == 1
    assert run.weights["s2"].to_numpy() == pytest.approx(1, abs=1e-9)


# Together


def test_the_relaxed_run_is_that_of_the_whole(
    pair: kn.Dendrite, together: kn.DendriteRun, apart: kn.DendriteRun
) -> None:
    found = together.weights
    wanted = whole(pair, {"s1": PAIRINGS}, found.index.to_numpy())
    assert np.max(np.abs(found.to_numpy() - wanted)) < 1e-4
    assert (
        np.min(np.max(np.abs(apart.weights.to_numpy() - wanted), axis=0)) > 1e-2
    )  # each is changed by the other
    assert together.rounds == 3
    assert 0 < together.change < dendrite_run.CONVERGED


def test_a_neighbour_hears_what_its_kernel_says(together: kn.DendriteRun) -> None:
    """Rows hear columns: what the second synapse hears of the first stands in the second row."""
    made = together.runs["s1"].traces["AG2"]
    kernel, times = np.array([[0.0, 0.01], [0.5, 0.0]]), made.index.to_numpy()
    courses = list(together.courses.values())
    rests = [{"AG2": course["AG2"].iloc[0]} for course in courses]
    _, field = dendrite_run._around(courses, rests, {"AG2_elsewhere": kernel}, times)
    assert field is not None
    after = times >= field.times[0]
    line = np.interp(times[after], field.times, dict(field.values)["AG2_elsewhere"])
    wanted = 0.5 * (made.to_numpy() - made.iloc[0])[after]
    assert np.max(np.abs(line - wanted)) <= 1.001 * dendrite_run.CORNERS * np.max(wanted)
    assert np.max(wanted) > 0.01  # uM


def test_what_is_made_spreads_by_the_numbers_of_its_source(ca1: kn.Synapse) -> None:
    fast = ca1.with_(kn.edit("NO_diffusion", "4400 um^2/s"))
    found = kn.Dendrite.of(kn.Site("a", ca1, 0.0), kn.Site("b", fast, 3.0)).kernel("NO_elsewhere")
    assert found[0, 1] < 0.6 * found[1, 0]


def test_what_a_run_tells(together: kn.DendriteRun, pair: kn.Dendrite) -> None:
    end = PAIRINGS.end
    at = together.at(1)
    assert isinstance(at, pd.Series)
    assert at.name == "weight"
    for name, run in together.runs.items():
        weight = run.weight
        assert at[name] == pytest.approx(np.interp(end + 60, weight.index, weight), abs=1e-9)
    assert together.at(0.5, "CB1R_active").name == "CB1R_active"
    with pytest.raises(UnknownName, match="unknown readout"):
        together.at(0.5, "CB1R_activ")
    assert together.dendrite is pair
    assert {run.traces.attrs["units"]["AG2"] for run in together.runs.values()} == {"uM"}


def test_clones_of_a_site_begin_as_it_was(together: kn.DendriteRun) -> None:
    run = together.runs["s2"]
    clone = run.clone("10 s")
    found = kn.simulate(clone, None, until="1 s", samples=2, engine="ensemble")
    when = run.end + 10
    assert found.weight.iloc[0] == pytest.approx(np.interp(when, run.weight.index, run.weight), abs=1e-3)
    assert found.weight.iloc[0] < 0.99  # as the neighbour's 2-AG had left it
    assert clone.start is not None
    assert not any("elsewhere" in name or "field" in name for name, _ in clone.start.state)


def test_rounds_that_do_not_settle_are_refused(pair: kn.Dendrite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dendrite_run, "MOST_ROUNDS", 2)
    monkeypatch.setattr(dendrite_run, "CONVERGED", 0.0)
    with pytest.raises(
        KinapticError, match=r"after 2 rounds weights still change by .* put them farther apart"
    ):
        pair.simulate({"s1": PAIRINGS}, until="30 s")


def test_the_whole_as_a_file(pair: kn.Dendrite, tmp_path: Path) -> None:
    pair.export(tmp_path / "pair.xml", {"s1": BURST})
    text = (tmp_path / "pair.xml").read_text(encoding="utf-8")
    assert text == pair.sbml({"s1": BURST})
    assert document.problems(text) == []
    parsed = document.read(text)
    rules = {rule.getVariable() for rule in parsed.getModel().getListOfRules() if rule.isAssignment()}
    assert {"s1_AG2_elsewhere", "s2_AG2_elsewhere"} <= rules
    assert parsed.getModel().getName() == "2 synapses of a dendrite"
    assert parsed.getModel().getParameter("s1_spikes_pre") is not None
    assert model_unit("uM").sbml in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("apart", "protocols", "minutes", "error", "by_coupling"),
    [
        (1, {"s1": WEAK, "s2": kn.tetanus("100 Hz", "0.2 s")}, 2, 1e-4, 0.02),  # what 2-AG does
        (2, {"s1": STRONG, "s2": WEAK}, 90, 1e-4, 0.3),  # newly made protein is captured
    ],
    ids=["minutes", "capture"],
)
def test_the_relaxed_run_of_the_preset_is_that_of_the_whole(
    ca1: kn.Synapse,
    apart: float,
    protocols: dict[str, Any],
    minutes: float,
    error: float,
    by_coupling: float,
) -> None:
    two = kn.Dendrite.branch(ca1, ["0 um", f"{apart} um"])
    found = two.simulate(protocols, until=f"{minutes} min")
    alone = two.simulate(protocols, until=f"{minutes} min", coupled=False).weights.to_numpy()
    wanted = whole(two, protocols, found.weights.index.to_numpy())
    assert np.max(np.abs(found.weights.to_numpy() - wanted)) < error
    assert np.min(np.max(np.abs(alone - wanted), axis=0)) > 1e-2
    assert np.max(np.abs(alone - wanted)) > by_coupling


@pytest.mark.slow
def test_a_weak_train_is_captured_by_a_strong_neighbour(ca1: kn.Synapse) -> None:
    """What a weak train leaves lasts near a strong one (Frey & Morris 1997), and not far away."""
    sites = kn.Site("strong", ca1, 0.0), kn.Site("near", ca1, 3.0), kn.Site("far", ca1, 60.0, 1)
    dendrite = kn.Dendrite.of(*sites)
    protocols = {"strong": STRONG, "near": WEAK, "far": WEAK}
    runs = {
        coupled: dendrite.simulate(protocols, until="256 min", coupled=coupled) for coupled in (True, False)
    }
    late = {
        coupled: {
            name: np.interp(WEAK.end + 240 * 60, run.weight.index, run.weight)
            for name, run in made.runs.items()
        }
        for coupled, made in runs.items()
    }
    assert runs[False].runs["near"].at(20) > 1.3
    assert late[False]["near"] < 1.05  # alone it is forgotten
    assert late[True]["near"] > 1.3
    assert late[True]["far"] == pytest.approx(late[False]["far"], abs=0.02)
    assert late[True]["strong"] > 1.5
