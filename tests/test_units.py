"""Quantities at the door: a unit is asked for where it matters, and the dimension must be right."""

from __future__ import annotations

import pytest

from kinaptic import units
from kinaptic.errors import UnitError, UnknownName
from kinaptic.units import MODEL_UNITS, model_unit, parse, registry


@pytest.mark.parametrize(
    ("value", "unit", "magnitude"),
    [
        ("10 ms", "s", 0.01),
        ("60 min", "s", 3600),
        ("100 Hz", "1/s", 100),
        ("0.3 mM", "uM", 300),
        ("300 nM", "uM", 0.3),
        ("0.5 µM", "uM", 0.5),
        ("2 /uM/s", "1/uM/s", 2),
        ("1 1/nM/s", "1/uM/s", 1000),
        ("-65 mV", "mV", -65),
        ("1 aL", "fL", 1e-3),
        ("1 mol", "zmol", 1e21),
        ("50 percent", "1", 0.5),
        ("7", "1", 7),
        (7, "1", 7),
        (2.5, "1", 2.5),
    ],
)
def test_quantities_are_converted(value: object, unit: str, magnitude: float) -> None:
    assert parse(value, unit, "x") == pytest.approx(magnitude)


def test_a_pint_quantity_is_taken() -> None:
    assert parse(registry().Quantity(3, "minute"), "s", "x") == 180


@pytest.mark.parametrize(
    ("value", "unit", "message"),
    [
        (10, "s", r"stdp\(delay=…\): 10 has no unit; write '10 s'"),
        (0.25, "uM", "0.25 has no unit; write '0.25 uM'"),
        ("10", "s", "'10' has no unit; expected a quantity in s"),
        ("10 mV", "s", "is in mV; expected a quantity in s"),
        ("10 s", "1", "is in s; expected a quantity in 1"),
        ("10 parsnips", "s", "cannot read '10 parsnips' as a quantity"),
        ("ten ms", "s", "cannot read 'ten ms'"),
        ("", "s", "has no unit|cannot read"),
        (None, "s", "None is not a quantity; write for instance '1 s'"),
        (True, "1", "True is not a quantity"),
        ([1, 2], "s", "expected a quantity in s|cannot read"),
        ("nan ms", "s", "not a finite number"),
        (float("inf"), "1", "not a finite number"),
    ],
)
def test_what_is_no_quantity_is_refused(value: object, unit: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        parse(value, unit, "stdp(delay=…)")


def test_every_model_unit_can_be_read_by_pint() -> None:
    for text in MODEL_UNITS:
        assert parse(1 if text == "1" else f"1 {text}", text, "x") == pytest.approx(1)


def test_model_units_are_told_apart() -> None:
    ids = [unit.sbml for unit in MODEL_UNITS.values()]
    assert len(set(ids)) == len(ids)
    assert model_unit("1/uM/s").sbml == "per_uM_s"
    with pytest.raises(UnknownName, match="unknown unit 'um/S': did you mean um/s or uM/s"):
        model_unit("um/S")


def test_sbml_and_pint_agree_on_every_unit() -> None:
    """The definition that goes into the SBML is the unit that users write."""
    import antimony
    import libsbml

    ureg = registry()
    lines = [
        f"unit {u.sbml} = {u.antimony}; p_{u.sbml} = 1; p_{u.sbml} has {u.sbml};"
        for u in MODEL_UNITS.values()
    ]
    antimony.clearPreviousLoads()
    assert antimony.loadAntimonyString("model m()\n" + "\n".join(lines) + "\nend") >= 0
    parsed = libsbml.readSBMLFromString(antimony.getSBMLString("m"))
    antimony.clearPreviousLoads()
    kinds = {"dimensionless": "dimensionless", "litre": "liter", "metre": "meter"}
    model = parsed.getModel()
    for text, unit in MODEL_UNITS.items():
        definition = model.getUnitDefinition(unit.sbml)
        product = ureg.Quantity(1.0, "dimensionless")
        for i in range(definition.getNumUnits()):
            part = definition.getUnit(i)
            kind = libsbml.UnitKind_toString(part.getKind())
            factor = part.getMultiplier() * 10.0 ** part.getScale()
            product = product * ureg.Quantity(factor, kinds.get(kind, kind)) ** part.getExponentAsDouble()
        expected = ureg.Quantity(1.0, "dimensionless" if text == "1" else text)
        assert product.to(expected.units).magnitude == pytest.approx(1), text


@pytest.mark.parametrize("number", ["10", "0.3", "1e-3", "-50", ".5", "123.456", "1E-06"])
@pytest.mark.parametrize(
    ("given", "wanted"),
    [("ms", "s"), ("nM", "uM"), ("mM", "uM"), ("min", "s"), ("h", "s"), ("nm", "um"), ("kHz", "Hz"),
     ("", "1"), ("percent", "1")],
)  # fmt: skip
def test_the_short_way_gives_what_pint_does_to_the_last_bit(number: str, given: str, wanted: str) -> None:
    """Most quantities are a number and a unit, whose factor is remembered."""
    text = f"{number} {given}".strip()
    assert parse(text, wanted, "x") == units._magnitude(text, wanted, "x")
