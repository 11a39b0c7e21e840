"""What a study varies: every combination, in order; and what cannot be meant is refused at the door."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis import points
from kinaptic.analysis.axes import call_text
from kinaptic.errors import (
    KinapticError,
    ModelError,
    PerturbationError,
    ProtocolError,
    UnitError,
    UnknownName,
)
from kinaptic.units import registry, unit_text

PAIRING = kn.stdp("10 ms", pairs=5, rate="1 Hz")


@pytest.fixture(scope="module")
def ca1() -> kn.Synapse:
    return kn.Synapse.preset("ca1")


def test_a_grid_is_every_combination_the_last_key_fastest(ca1: kn.Synapse) -> None:
    over = {"genotype": [None, kn.knockout("pka")], "delay": ["-50 ms", "0.01 s", "10.5 ms"]}
    made = points.read(ca1, PAIRING, over)
    table = made.table()
    assert list(table["genotype"]) == ["wild type"] * 3 + ["knockout('pka')"] * 3
    assert list(table["delay"]) == [-50.0, 10.0, 10.5] * 2
    assert table.attrs["units"] == {"delay": "ms"}
    assert table["delay"].dtype == float
    assert table.index.name == "point"
    assert made.inputs() == [
        (synapse, PAIRING.with_(delay=delay))
        for synapse in (ca1, ca1.with_(kn.knockout("pka")))
        for delay in ("-50 ms", "10 ms", "10.5 ms")
    ]


def test_every_kind_of_key_at_once(ca1: kn.Synapse) -> None:
    over = {
        "preset": ["ca1", "l5"],
        "genotype": [(kn.inhibit("PKA", by=0.25), kn.overexpress("CaMKII", 2))],
        "distance": ["0.1 mm"],
        "protocol": [PAIRING],
        "pairs": [7],
        "rate": ["120 1/min"],
    }
    made = points.read(ca1.with_(kn.knockout("T286")), PAIRING, over)
    assert made.table().iloc[1].to_dict() == {
        "preset": "l5",
        "genotype": "inhibit('PKA', by=0.25) + overexpress('CaMKII', factor=2)",
        "distance": 0.1,
        "protocol": "5 x 1 Hz, +10 ms",
        "pairs": 7,
        "rate": 120.0,
    }
    assert made.table().attrs["units"] == {"distance": "mm", "pairs": "1", "rate": "1/min"}
    wanted = kn.Synapse.preset("l5").with_(
        kn.knockout("T286"), kn.edit("distance", "0.1 mm"), *made.axes[1].values[0]
    )
    assert made.inputs()[1] == (wanted, kn.stdp("10 ms", pairs=7, rate="2 Hz"))


@pytest.mark.parametrize("form", ["mappings", "table"])
def test_points_may_be_listed(ca1: kn.Synapse, form: str) -> None:
    rows = [(20.0, "1 Hz"), (-20.0, "2 Hz"), (20.0, "2 Hz")]
    over: Any = [{"delay": f"{delay} ms", "rate": rate} for delay, rate in rows]
    if form == "table":
        over = pd.DataFrame(rows, columns=["delay", "rate"])
        over.attrs["units"] = {"delay": "ms"}
    made = points.read(ca1, PAIRING, over)
    assert list(made.table()["delay"]) == [20.0, -20.0, 20.0]
    assert list(made.table()["rate"]) == [1.0, 2.0, 2.0]
    assert made.inputs() == [(ca1, PAIRING.with_(delay=f"{delay} ms", rate=rate)) for delay, rate in rows]


def test_a_table_that_came_out_goes_in(ca1: kn.Synapse) -> None:
    over = {"distance": ["50 um", "0.1 mm"], "delay": ["-5 ms", "5 ms"]}
    made = points.read(ca1, PAIRING, over)
    again = points.read(ca1, PAIRING, made.table())
    pd.testing.assert_frame_equal(again.table(), made.table())
    assert [p for _, p in again.inputs()] == [p for _, p in made.inputs()]  # type: ignore[misc]


def test_some_points_are_those_points(ca1: kn.Synapse) -> None:
    over = {"distance": ["50 um", "100 um", "150 um"], "delay": ["-5 ms", "5 ms"], "genotype": [None]}
    made = points.read(ca1, PAIRING, over)
    rows = np.array([5, 0, 4])
    part = pickle.loads(pickle.dumps(made.take(rows)))  # noqa: S301 - as it is sent to a process
    assert part.inputs() == [made.inputs()[i] for i in rows]
    assert [len(axis.values) for axis in part.axes] == [2, 2, 1]


def test_points_of_one_baseline_come_together(ca1: kn.Synapse) -> None:
    over = {
        "delay": ["-5 ms", "5 ms"],
        "distance": ["50 um", "60 um"],
        "genotype": [None, kn.knockout("pka")],
    }
    made = points.read(ca1, PAIRING, over)
    order = made.order()
    assert sorted(order) == list(range(8))
    table = made.table().iloc[order]
    assert list(table["genotype"]) == ["wild type"] * 4 + ["knockout('pka')"] * 4
    assert list(table["distance"]) == [50.0, 50.0, 60.0, 60.0] * 2
    delays = points.read(ca1, PAIRING, {"delay": ["3 ms", "1 ms", "2 ms"]})
    assert list(delays.order()) == [0, 1, 2]


def test_a_point_that_cannot_be_is_told_without_the_others(ca1: kn.Synapse) -> None:
    over = {"rate": ["1 Hz", "40 Hz"], "burst_rate": ["50 Hz", "200 Hz"]}
    made = points.read(ca1, kn.stdp("10 ms", pairs=5, rate="1 Hz", post_spikes=2, burst_rate="50 Hz"), over)
    found = made.inputs()
    assert [isinstance(each, ProtocolError) for each in found] == [False, False, True, False]
    knockout = points.read(ca1, PAIRING, {"genotype": [None, kn.knockout("pka")], "AC1_total": ["0.1 uM"]})
    fine, failed = knockout.inputs()
    assert isinstance(fine, tuple)
    assert isinstance(failed, UnknownName)


def test_protocols_are_told_apart(ca1: kn.Synapse) -> None:
    alike = [PAIRING, PAIRING.with_(inputs=4), None]
    shown = points.read(ca1, None, {"protocol": alike}).table()["protocol"]
    assert list(shown) == [
        "5 pairings at 1 Hz, post 10 ms after pre",
        "5 pairings at 1 Hz, post 10 ms after pre; 4 inputs together",
        "no stimulus",
    ]
    traces = [
        kn.Waveform([0, 1, 2], [0.1, peak, 0.1], unit="uM", time_unit="s", max_step="1 s")
        for peak in (1.0, 2.0)
    ]
    labels = points.read(ca1, None, {"protocol": traces}).table()["protocol"]
    assert labels.nunique() == 2


def test_what_is_not_a_number_is_a_text(ca1: kn.Synapse) -> None:
    made = points.read(ca1, kn.spikes(pre=[0.0, 0.1]), {"pre": [[0.0, 0.2], [0.0]], "inputs": [None, 3]})
    assert list(made.table()["inputs"]) == ["none", "3"] * 2
    assert made.table().attrs["units"] == {}
    assert made.inputs()[3] == (ca1, kn.spikes(pre=[0.0], inputs=3))


def test_pure_numbers_and_pint_quantities(ca1: kn.Synapse) -> None:
    microns = np.linspace(10, 30, 3) * registry().Unit("um")
    made = points.read(ca1, PAIRING, {"distance": microns, "coactive_inputs": np.array([1, 2])})
    assert list(made.table()["distance"]) == [10.0, 10.0, 20.0, 20.0, 30.0, 30.0]
    assert made.table().attrs["units"] == {"distance": "µm", "coactive_inputs": "1"}
    synapse, _ = made.inputs()[2]  # type: ignore[misc]
    assert synapse.values(acute=True)["distance"] == pytest.approx(20)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (kn.knockout("pka"), "knockout('pka')"),
        (kn.inhibit("PKA", by=0.8), "inhibit('PKA', by=0.8)"),
        (kn.inhibit("PKA", by=0.8, acute=False), "inhibit('PKA', by=0.8, acute=False)"),
        (kn.overexpress("CaMKII", 3), "overexpress('CaMKII', factor=3)"),
        (kn.clamp("cAMP", "0.1 uM"), "clamp('cAMP', '0.1 uM')"),
        (kn.edit("distance", "9 um", acute=True), "edit('distance', '9 um', acute=True)"),
    ],
)
def test_a_genotype_reads_as_in_a_script(made: kn.Perturbation, text: str) -> None:
    assert call_text(made) == text
    assert eval(f"kn.{text}", {"kn": kn}) == made  # noqa: S307


@pytest.mark.parametrize(
    ("quantity", "unit"), [("10 ms", "ms"), ("-1e-3uM", "uM"), ("6.3 1/s", "1/s"), ("0.5", "1"), (3, "1")]
)
def test_units_stay_as_they_were_written(quantity: object, unit: str) -> None:
    assert unit_text(quantity) == unit


Refused = tuple[Any, type[Exception], str]
REFUSED: dict[str, Refused] = {
    "no key": ({}, KinapticError, "over is empty"),
    "no point": ([], KinapticError, "over is empty"),
    "no value": ({"delay": []}, KinapticError, "over['delay']: the list is empty"),
    "no list": ({"delay": "10 ms"}, KinapticError, "over['delay']: '10 ms' is not a list; write ['10 ms']"),
    "no mapping": (["10 ms"], KinapticError, "over: point 0 is '10 ms'; give a mapping"),
    "something else": (3, KinapticError, "over=3: give a mapping"),
    "unknown key": ({"dealy": ["1 ms"]}, UnknownName, "unknown key of over 'dealy': did you mean delay"),
    "unknown argument": ({"pulses": [3]}, UnknownName, "unknown key of over 'pulses'"),
    "unknown target": ({"genotype": [kn.knockout("pkaa")]}, UnknownName, "did you mean pka"),
    "unknown preset": ({"preset": ["ca2"]}, UnknownName, "did you mean ca1"),
    "no unit": ({"delay": [10.0]}, UnitError, "stdp(delay=…): 10.0 has no unit"),
    "no unit of a parameter": (
        {"distance": [10]},
        UnitError,
        "over['distance']: 10 has no unit; write '10 um'",
    ),
    "another dimension": (
        {"delay": ["1 ms", "1 mV"]},
        UnitError,
        "'1 mV' is in mV; expected a quantity in s",
    ),
    "not finite": ({"delay": ["nan ms"]}, UnitError, "'nan ms' is not a finite number"),
    "not a number": ({"distance": [float("nan")]}, UnitError, "over['distance']"),
    "half a pairing": ({"pairs": [2.5]}, ProtocolError, "stdp(pairs=…): 2.5 is not a whole number"),
    "twice": ({"delay": ["10 ms", "0.01 s"]}, KinapticError, "over['delay']: 10.0 ms is there twice"),
    "genotype twice": ({"genotype": [None, ()]}, KinapticError, "over['genotype']"),
    "no genotype": ({"genotype": ["pka"]}, PerturbationError, "'pka' is no genotype; give None"),
    "no protocol": ({"protocol": ["stdp"]}, ProtocolError, "'stdp' is no protocol"),
    "derived": ({"bAP_delay": ["1 ms"]}, PerturbationError, "bAP_delay is derived"),
    "unequal points": (
        [{"delay": "1 ms"}, {"delay": "2 ms", "rate": "1 Hz"}],
        KinapticError,
        "over: point 1 and point 0 differ in their keys ('rate')",
    ),
    "a hole": (
        pd.DataFrame({"delay": ["1 ms", float("nan")]}, dtype=object),
        KinapticError,
        "over: point 1 has no value for 'delay'",
    ),
    "a column twice": (
        pd.DataFrame([["1 ms", "2 ms"]], columns=["delay", "delay"]),
        KinapticError,
        "over: the table has column 'delay' twice",
    ),
    "a protocol without it": (
        {"protocol": [PAIRING, kn.tetanus("100 Hz", "1 s")], "delay": ["1 ms"]},
        ProtocolError,
        "over['delay']: '100 x 100 Hz' has no such argument; vary 'protocol' itself",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused(ca1: kn.Synapse, case: str) -> None:
    over, error, message = REFUSED[case]
    with pytest.raises(error, match=re.escape(message)):
        points.read(ca1, PAIRING, over)


def test_too_many_points_are_counted_not_made(ca1: kn.Synapse) -> None:
    delays = [f"{i} us" for i in range(1, 1001)]
    over = {"delay": delays, "pairs": range(1, 1002), "rate": ["1 Hz"]}
    with pytest.raises(
        KinapticError, match=re.escape("over has 1,001,000 points (1000 x 1001 x 1), more than")
    ):
        points.read(ca1, PAIRING, over)


def test_a_joined_protocol_has_no_arguments(ca1: kn.Synapse) -> None:
    joined = PAIRING + kn.gap("1 s") + PAIRING
    with pytest.raises(UnknownName, match="is joined from parts: vary 'protocol' itself"):
        points.read(ca1, joined, {"delay": ["1 ms"]})


def test_a_name_of_two_things_is_refused(ca1: kn.Synapse, monkeypatch: pytest.MonkeyPatch) -> None:
    own = kn.Synapse.numbers

    def with_delay(self: kn.Synapse, *, acute: bool) -> dict[str, Any]:
        found = own(self, acute=acute)
        return found | {"delay": found["distance"]}

    monkeypatch.setattr(kn.Synapse, "numbers", with_delay)
    with pytest.raises(KinapticError, match="could be an argument of the protocol or a parameter"):
        points.read(ca1, PAIRING, {"delay": ["1 ms"]})


CHANGED: list[Callable[[], kn.Synapse]] = [
    lambda: kn.Synapse.preset("ca1", distance="20 um"),
    lambda: kn.Synapse.preset("ca1").without("pka"),
    lambda: kn.Synapse.of("calmodulin", Ca="1 uM"),
]


@pytest.mark.parametrize("make", CHANGED)
def test_another_preset_may_not_drop_what_was_set(make: Callable[[], kn.Synapse]) -> None:
    with pytest.raises(ModelError, match="settings of its own, which another preset would drop"):
        points.read(make(), None, {"preset": ["ca1", "l5"]})


def test_a_parameter_that_one_preset_lacks_is_refused(
    ca1: kn.Synapse, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = kn.Synapse.numbers

    def less(self: kn.Synapse, *, acute: bool) -> dict[str, Any]:
        found = own(self, acute=acute)
        return {n: p for n, p in found.items() if self.name != "l5" or n != "distance"}

    monkeypatch.setattr(kn.Synapse, "numbers", less)
    with pytest.raises(UnknownName, match=r"unknown parameter 'distance'.* in l5, for over\['distance'\]"):
        points.read(ca1, PAIRING, {"preset": ["ca1", "l5"], "distance": ["1 um"]})


# ---- Drugs and doses
def test_drugs_at_doses(ca1: kn.Synapse) -> None:
    over = {"drug": ["AM251", None, kn.inhibit("CaMKII", ic50="0.4 uM")], "dose": ["0 uM", "100 nM", "1 uM"]}
    found = points.read(ca1, PAIRING, over)
    table = found.table()
    assert list(table["drug"]) == [
        d for d in ("AM251", "none", "inhibit('CaMKII', ic50='0.4 uM')") for _ in range(3)
    ]
    assert list(table["dose"][:3]) == [0, 0.1, 1]
    assert table.attrs["units"]["dose"] == "uM"
    given = [each[0].perturbations for each in found.inputs() if not isinstance(each, KinapticError)]
    assert given[0] == given[3] == given[5] == given[6] == ()
    assert given[2] == (kn.drug("AM251", "1 uM"),)
    assert given[7] == (kn.inhibit("CaMKII", dose="100 nM", ic50="0.4 uM"),)


def test_a_range_stands_for_a_list(ca1: kn.Synapse) -> None:
    found = points.read(ca1, PAIRING, {"rate": "1 Hz .. 10 Hz", "drug": ["AM251"], "dose": "1 nM .. 10 nM"})
    assert list(found.table()["rate"].unique()) == [1, 2.15443, 4.64159, 10]
    assert list(found.table()["dose"].unique()) == [1, 2.15443, 4.64159, 10]


@pytest.mark.parametrize(
    ("over", "error", "message"),
    [
        ({"drug": ["AM251"]}, KinapticError, r"over\['drug'\]: at which dose\? Give over\['dose'\] too"),
        ({"dose": ["1 uM"]}, KinapticError, r"over\['dose'\] says how much of what\?"),
        ({"drug": ["AM25"], "dose": ["1 uM"]}, UnknownName, "did you mean AM251"),
        ({"drug": ["AM251"], "dose": ["1 mV"]}, UnitError, "expected a quantity in uM"),
        ({"drug": ["AM251"], "dose": ["1 uM", "nan uM"]}, UnitError, "not a finite number"),
        ({"drug": ["AM251"], "dose": "1 uM .. 1 nM"}, KinapticError, "upside down; write 1 nM .. 1 uM"),
        ({"drug": [kn.knockout("pka")], "dose": ["1 uM"]}, PerturbationError, "a knock-out has no doses"),
        ({"drug": [kn.inhibit("nobody")], "dose": ["1 uM"]}, UnknownName, "unknown target 'nobody'"),
    ],
)
def test_bad_drugs_and_doses(ca1: kn.Synapse, over: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        points.read(ca1, PAIRING, over)
