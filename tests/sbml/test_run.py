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
