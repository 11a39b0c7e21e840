"""`simulate` by the ensemble: the same run as by roadrunner, guarded in the same ways."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.errors import KinapticWarning, TimeLimit
from kinaptic.sbml.ensemble import batch

SHORT = kn.stdp("10 ms", pairs=3, rate="2 Hz")
PERTURBED: dict[str, list[kn.Perturbation]] = {
    "untouched": [],
    "a pathway out": [kn.knockout("pka")],
    "an acute inhibitor": [kn.inhibit("calcineurin", by=0.8)],
    "a number": [kn.edit("distance", "150 um")],
    "a clamped species": [kn.clamp("cAMP", "0.3 uM", acute=True)],
}


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


@pytest.mark.parametrize("name", PERTURBED)
def test_it_is_the_run_that_roadrunner_gives(ca1: kn.Synapse, name: str) -> None:
    synapse = ca1.with_(*PERTURBED[name])
    tight = kn.simulate(synapse, SHORT, until="60 s", rtol=1e-9)
    run = kn.simulate(synapse, SHORT, until="60 s", engine="ensemble")
    assert list(run.traces.columns) == list(tight.traces.columns)
    assert list(run.traces.index) == list(tight.traces.index)
    scale = tight.traces.abs().max().clip(lower=1e-9)
    assert ((run.traces - tight.traces).abs().max() / scale).max() < 1e-5
    assert run.recipe == {**tight.recipe, "engine": "ensemble", "rtol": 1e-6}
    assert run.traces.attrs["units"] == tight.traces.attrs["units"]


def test_repeated_it_is_the_same_to_the_last_bit(ca1: kn.Synapse) -> None:
    one, other = (kn.simulate(ca1, SHORT, until="20 s", engine="ensemble") for _ in range(2))
    pd.testing.assert_frame_equal(one.traces, other.traces, check_exact=True)


def test_other_samples_change_it_by_less_than_its_error(ca1: kn.Synapse) -> None:
    few, many = (
        kn.simulate(ca1, SHORT, until="60 s", engine="ensemble", samples=n).traces.iloc[-1] for n in (5, 997)
    )
    assert np.allclose(few, many, rtol=1e-5, atol=1e-9)


def test_what_it_does_not_support_runs_on_roadrunner(
    ca1: kn.Synapse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "unsupported", lambda *_, **__: "it has a delay")
    with pytest.warns(KinapticWarning, match="run by roadrunner, which is slower: it has a delay"):
        run = kn.simulate(ca1, SHORT, until="20 s", engine="ensemble")
    wanted = kn.simulate(ca1, SHORT, until="20 s", engine="roadrunner")
    assert run.recipe == wanted.recipe
    pd.testing.assert_frame_equal(run.traces, wanted.traces, check_exact=True)


def test_progress_is_told(ca1: kn.Synapse) -> None:
    told: list[float] = []
    kn.simulate(
        ca1, kn.low_frequency("5 Hz", pulses=100), until="60 s", engine="ensemble", progress=told.append
    )
    assert told == sorted(told)
    assert told[-1] == 60


def test_a_time_limit_ends_a_run(ca1: kn.Synapse) -> None:
    protocol = kn.low_frequency("5 Hz", pulses=900)
    with pytest.raises(TimeLimit, match=r"stopped at .* over the time limit of 0.001 s; raise time_limit"):
        kn.simulate(ca1, protocol, until="10 min", engine="ensemble", time_limit="1 ms")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to a process there")
def test_ctrl_c_ends_a_long_run_on_its_way() -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # deaf in the background
        "import kinaptic as kn; synapse = kn.Synapse.preset('ca1'); "
        "protocol = kn.low_frequency('5 Hz', pulses=9000); kn.simulate(synapse, protocol, "
        "until='60 min', engine='ensemble', samples=2, progress=lambda t: print(t, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert float(process.stdout.readline()) > 0  # it is on its way
    process.send_signal(signal.SIGINT)
    said, complaint = process.communicate(timeout=60)
    assert max(map(float, said.split()), default=0) < 3600
    assert process.returncode != 0
    assert "KeyboardInterrupt" in complaint


def test_libraries_that_share_types_with_libsbml_do_no_harm(tmp_path: Path) -> None:
    """With libSEDML in the process, as tellurium brings it, formulas come as its objects."""
    code = (
        "import libsbml, libsedml; import kinaptic as kn; "
        "tube = kn.Synapse.of('calmodulin', 'calcineurin', Ca='1 uM'); "
        "print(kn.simulate(tube, until='1 s', engine='ensemble').traces['CaN_active'].iloc[-1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"KINAPTIC_CACHE": str(tmp_path)},
    )
    tube = kn.Synapse.of("calmodulin", "calcineurin", Ca="1 uM")
    alone = kn.simulate(tube, until="1 s", engine="ensemble").traces["CaN_active"].iloc[-1]
    assert float(done.stdout) == pytest.approx(alone, rel=1e-12)
