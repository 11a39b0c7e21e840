"""What is read off a run: a small language, each form of which is checked against arithmetic."""

from __future__ import annotations

import re

import numpy as np
import pytest

from kinaptic.analysis import readouts
from kinaptic.errors import KinapticError, UnitError, UnknownName

TIMES = np.array([0.0, 10.0, 20.0, 60.0])
TRACE = np.array([2.0, 5.0, 1.0, 3.0])


@pytest.mark.parametrize(
    ("text", "column", "unit", "value"),
    [
        ("Ca", "Ca", "uM", 3.0),
        (" Ca   at  5 s ", "Ca at 5 s", "uM", 1.0),
        ("Ca at 0.75min", "Ca at 0.75min", "uM", 3.0),
        ("Ca at rest", "Ca at rest", "uM", 2.0),
        ("peak Ca", "peak Ca", "uM", 5.0),
        ("lowest Ca", "lowest Ca", "uM", 1.0),
    ],
)
def test_every_form(text: str, column: str, unit: str, value: float) -> None:
    (readout,) = readouts.read(text)
    assert readout.text == column
    assert readout.name == "Ca"
    assert readout.unit({"Ca": "uM"}) == unit
    assert readout.value(TIMES, TRACE, readout.time(60.0, 15.0)) == value


def test_an_area_is_above_rest() -> None:
    (readout,) = readouts.read("area Ca")
    assert (readout.text, readout.unit({"Ca": "uM"})) == ("area Ca", "uM*s")
    times = np.union1d(np.geomspace(0.01, 60, 60), 0.0)
    decay = 0.5 + np.exp(-times / 3)
    assert readout.value(times, decay, 60.0) == pytest.approx(3 - 60, rel=1e-3)  # above 1.5, where it began


def test_the_area_of_a_pure_number_is_a_time() -> None:
    (readout,) = readouts.read(["area weight"])
    assert readout.unit({"weight": "1"}) == "s"


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ([], KinapticError, "readouts is empty"),
        (["Ca", " Ca"], KinapticError, "readout 'Ca' is there twice"),
        ("Ca weight", KinapticError, "readout 'Ca weight' is not understood; write for instance 'weight'"),
        ("Peak Ca", KinapticError, "is not understood"),
        ("Ca at", KinapticError, "is not understood"),
        ("", KinapticError, "is not understood"),
        ([3], KinapticError, "readout 3 is not understood"),
        ("Ca at 30", UnitError, "readout 'Ca at 30': '30' has no unit"),
        ("Ca at 3 mV", UnitError, "expected a quantity in s"),
        ("Ca at -3 s", KinapticError, "times count from the end of the protocol"),
    ],
)
def test_what_is_not_understood_is_refused(texts: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        readouts.read(texts)


def test_a_time_after_the_run_is_refused() -> None:
    (readout,) = readouts.read("Ca at 30 min")
    assert readout.time(3600.0, 1800.0) == 3600.0
    with pytest.raises(
        KinapticError, match="the run ends 20 min after the protocol ended; give until='70 min'"
    ):
        readout.time(3600.0, 2400.0)


def test_an_unknown_trace_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown readout 'CaMKII': did you mean CaMKII_active"):
        readouts.refuse_unknown(readouts.read(["Ca", "peak CaMKII"]), ["Ca", "CaMKII_active"])
