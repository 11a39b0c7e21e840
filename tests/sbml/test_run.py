"""What a run gives back: times counted from the protocol, a summary, clear refusals."""

from __future__ import annotations

import pytest

import kinaptic as kn
from kinaptic.errors import KinapticError, UnknownName


@pytest.fixture(scope="module")
def run() -> kn.Run:
    return kn.simulate(kn.Synapse.preset("ca1"), kn.stdp("10 ms", pairs=5, rate="1 Hz"), until="32 min")


def test_minutes_are_counted_from_the_end_of_the_protocol(run: kn.Run) -> None:
    assert run.protocol is not None
    assert run.end == run.protocol.end == pytest.approx(15.01)
    assert run.at(0) == pytest.approx(float(run.weight.loc[:15.1].iloc[-1]), rel=1e-2)
    assert run.at(30) == pytest.approx(float(run.weight.loc[1800:1830].iloc[-1]), rel=1e-4)
    assert run.at(30, "cAMP") > 0


def test_the_summary_shows_weight_and_peaks(run: kn.Run) -> None:
    table = run.summary()
    assert list(table.columns) == ["value", "unit"]
    assert "weight 30 min after" in table.index
    assert "weight 60 min after" not in table.index
    assert table.loc["peak calcium", "value"] == run.traces["Ca"].max()
    assert "of all" in str(table.loc["peak active CaMKII", "unit"])


def test_the_weight_is_what_it_is_made_of(run: kn.Run) -> None:
    weights = run.weights
    assert list(weights) == ["W", "W_pre", "W_post", "n", "p", "q", "PPR", "inv_cv2", "failure_rate"]
    assert not weights.isna().any(axis=None)
    first, last = weights.iloc[0], weights.iloc[-1]
    assert last["W"] == pytest.approx(last["W_pre"] * last["W_post"], rel=1e-9)
    assert last["W_pre"] == pytest.approx(last["n"] * last["p"] / (first["n"] * first["p"]), rel=1e-6)
    assert last["W_post"] == pytest.approx(last["q"] / first["q"], rel=1e-6)
    assert 5 < first["q"] < 30  # pA
    half = kn.simulate(kn.Synapse.of("bouton", Glu="0 uM"), until="1 s").weights
    assert half[["q", "W_post"]].isna().all(axis=None)
    assert (half["W"] == half["W_pre"]).all()


def test_what_is_not_there_is_refused(run: kn.Run) -> None:
    with pytest.raises(KinapticError, match=r"before 60 min; simulate\(…, until='61 min'\) or longer"):
        run.at(60)
    with pytest.raises(UnknownName, match="unknown readout 'CaMKI_active': did you mean CaMKII_active"):
        run.at(1, "CaMKI_active")
    bare = kn.simulate(kn.Synapse.of("calmodulin", Ca="1 uM"), until="1 s")
    with pytest.raises(KinapticError, match=r"has no weight .*add the pathway 'ampar'"):
        _ = bare.weight
    assert bare.end == 0
    assert "peak calcium" not in bare.summary().index
