"""Where a dendrite begins and ends: clones and acute changes at its sites, and its runs taken further."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.errors import KinapticError
from kinaptic.pathways.protocol import LEAD
from kinaptic.sbml import dendrite_run, document
from kinaptic.sbml.joined import joined

FOUR = kn.tetanus("100 Hz", "1 s", trains=2, interval="1 min")
PAIR = kn.stdp("10 ms", pairs=2, rate="1 Hz")


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.fixture(scope="module")
def trained(ca1: kn.Synapse) -> kn.Run:
    return kn.simulate(ca1, FOUR, until="30 min", engine="ensemble")


def heard(run: kn.DendriteRun, site: str, readout: str = "PRP") -> pd.Series[float]:
    return run.courses[site][readout]


@pytest.mark.slow
def test_a_clone_still_makes_what_it_made(ca1: kn.Synapse, trained: kn.Run) -> None:
    """Its rest is that of the run that it comes from: what it makes beyond is heard, and never negative."""
    clone = trained.clone("2 min")
    pair = kn.Dendrite.of(kn.Site("a", clone, 0.0), kn.Site("b", ca1, 2.0))
    later = pair.simulate({}, until="20 min")
    whole = kn.Dendrite.branch(ca1, ["0 um", "2 um"]).simulate({"s1": FOUR}, until="30 min")
    rest = heard(whole, "s2").iloc[0]
    assert heard(later, "b").min() >= rest * (1 - 1e-6)
    # b has missed what came before the clone: it hears no less afterwards than it does in one run
    start = FOUR.end + 120
    gain = np.interp(start + 1200, heard(whole, "s2").index, heard(whole, "s2"))
    gain -= np.interp(start, heard(whole, "s2").index, heard(whole, "s2"))
    assert heard(later, "b").iloc[-1] - rest == pytest.approx(gain, rel=0.15)


def test_an_acute_change_is_heard_from_the_beginning(ca1: kn.Synapse) -> None:
    busy = ca1.with_(kn.edit("translation_activity", "20", acute=True))
    run = kn.Dendrite.of(kn.Site("a", busy, 0.0), kn.Site("b", ca1, 2.0)).simulate({}, until="5 min")
    course = heard(run, "b")
    assert course.iloc[-1] > 1.5 * course.iloc[0]


def test_an_astrocyte_hears_2ag_where_its_synapse_makes_none(ca1: kn.Synapse) -> None:
    mute = ca1.without("endocannabinoid").also("astrocyte")
    pair = kn.Dendrite.of(kn.Site("a", mute, 0.0), kn.Site("b", ca1, 0.5))
    kernel = dendrite_run._links(pair)["AG2_elsewhere"]
    assert kernel[0, 1] > 0


def test_models_that_differ_make_a_valid_file() -> None:
    """Each text has the units that it uses; the whole needs those of all."""
    parts = kn.Synapse.of("calmodulin", Ca="1 uM"), kn.Synapse.of("bouton", Glu="0 uM")
    texts = {f"s{i}_": part.model().sbml for i, part in enumerate(parts)}
    for whole in (texts, dict(reversed(texts.items()))):
        assert document.problems(joined(whole, {}, {}, "two of them")) == []


def test_protocols_keep_their_ends_when_spikes_of_the_soma_are_merged(ca1: kn.Synapse) -> None:
    pair = kn.Dendrite.branch(ca1, ["0 um", "2 um"])
    long = PAIR + kn.gap("40 s")
    merged, other = dendrite_run._shared(pair.sites, {"s1": long, "s2": kn.spikes(post=["0.5 s"])})
    assert merged is not None
    assert other is not None
    assert merged.end == pytest.approx(long.end)
    np.testing.assert_allclose(merged.spike_times("pre"), long.spike_times("pre"), rtol=0, atol=1e-12)
    np.testing.assert_allclose(other.spike_times("post"), np.array([0.01, 0.5, 1.01]) + LEAD)


def test_samples_are_not_on_spikes_and_not_more_than_needed(ca1: kn.Synapse) -> None:
    run = kn.Dendrite.branch(ca1, ["0 um"]).simulate({"s1": kn.low_frequency("1 Hz", 60)}, until="80 s")
    times = run.weights.index.to_numpy()
    spikes = kn.low_frequency("1 Hz", 60).spike_times("pre")
    assert np.abs(times[:, None] - spikes).min() > 1e-5
    assert times.size < 30 * spikes.size
    assert times[-1] == 80


def test_a_short_run_ends_when_it_is_told(ca1: kn.Synapse) -> None:
    run = kn.Dendrite.branch(ca1, ["0 um", "2 um"]).simulate({"s1": PAIR}, until="3 s")
    assert run.weights.index[-1] == 3


def test_a_site_is_not_taken_beyond_its_field(ca1: kn.Synapse) -> None:
    run = kn.Dendrite.branch(ca1, ["0 um", "2 um"]).simulate({"s1": PAIR}, until="1 min")
    site = run.runs["s2"]
    with pytest.raises(KinapticError, match=r"clone at 60 min: what its neighbours make is known up to"):
        site.clone("60 min")
    assert site.clone("30 s").start is not None
    with pytest.raises(KinapticError, match=r"ca1 was in the field of its neighbours; take parts away"):
        site.explain(targets=["consolidation"])


@pytest.mark.parametrize("engine", ["roadrunner", "ensemble"])
def test_a_spike_on_its_way_is_waited_for(ca1: kn.Synapse, engine: str) -> None:
    """It reaches the spine 0.15 ms after the soma: a clone at the end of the protocol has it."""
    run = kn.simulate(ca1, kn.spikes(pre=[0.0], post=[0.010]), until="12 s", engine=engine)
    later = kn.simulate(run.clone("0 s"), None, until="1 s", samples=5001, engine="ensemble")
    after = run.traces["Ca"][run.end :]
    assert later.traces["Ca"].max() == pytest.approx(after.max(), rel=0.02)
    assert later.traces["soma_Ca"].iloc[0] == pytest.approx(run.traces["soma_Ca"].max(), rel=1e-3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (PAIR, r"give protocols by site, such as \{'s1': kn.stdp"),
        ({"s1": kn.spikes(post=[0.0]), "s2": kn.spikes(post=[0.0005])}, "spikes of the soma .* 1 ms apart"),
        (
            {"s1": kn.sleep("1 min"), "s2": kn.sleep("1 min") + PAIR},
            "s1.*other sites bring spikes of the soma",
        ),
    ],
    ids=["no mapping", "too close", "asleep"],
)
def test_protocols_that_do_not_fit_one_cell(ca1: kn.Synapse, given: object, message: str) -> None:
    with pytest.raises(KinapticError, match=message):
        kn.Dendrite.branch(ca1, ["0 um", "2 um"]).simulate(given, until="1 min")  # type: ignore[arg-type]


def test_sites_that_cannot_be(ca1: kn.Synapse) -> None:
    for name in ("é", 1):
        with pytest.raises(KinapticError, match="a name begins ids, so give letters and digits"):
            kn.Site(name, ca1, 0.0)  # type: ignore[arg-type]
    with pytest.raises(KinapticError, match=r"Site\('a', 'ca1'\): give a synapse"):
        kn.Site("a", "ca1", 0.0)  # type: ignore[arg-type]
    with pytest.raises(KinapticError, match=r"give a list of places, such as \['0 um', '2 um'\]"):
        kn.Dendrite.branch(ca1, "10 um")
    with pytest.raises(KinapticError, match=r"Dendrite\(PRP_across=3\): give a part of one, from 0 to 1"):
        kn.Dendrite.branch(ca1, ["0 um", "2 um"], PRP_across=3)
    with pytest.raises(KinapticError, match="is not in this run"):
        kn.Dendrite.branch(ca1, ["0 um"]).simulate({"s1": PAIR}, until="5 s").at(0)
