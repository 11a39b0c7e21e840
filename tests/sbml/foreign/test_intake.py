"""Good documents of others are read as they are meant: text, symbols, units, submodels, older Levels."""

from __future__ import annotations

import copy
import hashlib
import pickle
import runpy
from pathlib import Path
from typing import Any

import pytest
import roadrunner

import kinaptic as kn
from kinaptic.errors import ForeignModelError
from kinaptic.sbml.foreign import intake, outline
from kinaptic.sbml.foreign.intake import Document, Symbol
from kinaptic.units import parse, registry

BUILT = runpy.run_path(str(Path(__file__).with_name("bad_documents.py")))
GOOD: str = BUILT["GOOD"]
CORE: str = BUILT["CORE"]
MATHML: str = BUILT["MATHML"]
COMP = 'xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"'


def read(text: str | bytes, folder: Path, name: str = "theirs.xml") -> Document:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return intake.read(path)


def changed(*pairs: tuple[str, str]) -> str:
    text = GOOD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def simulated(text: str, end: float, *names: str) -> list[float]:
    """Return what roadrunner finds at `end`."""
    runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance = 1e-9
    return [float(value) for value in runner.simulate(0, end, 2, list(names))[-1]]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read(GOOD, tmp_path_factory.mktemp("intake"))


# ---- The document
def test_what_is_known_of_a_document(good: Document) -> None:
    assert (good.name, good.level, good.version) == ("theirs", 3, 2)
    assert good.text == GOOD
    assert good.digest == hashlib.sha256(GOOD.encode()).hexdigest()
    assert good.seconds == 1.0
    assert good.timed, "it has an event"


def test_it_can_be_sent_and_used_as_a_key(good: Document) -> None:
    sent = pickle.loads(pickle.dumps(good))  # noqa: S301
    assert sent == good == copy.deepcopy(good)
    assert len({good, sent}) == 1


def test_symbols(good: Document) -> None:
    litre, micromolar = "l", "umol/l"
    assert list(good.symbols.values()) == [
        Symbol("cell", "compartment", True, 2.0, litre),
        Symbol("A", "species", False, 1.0, micromolar, compartment="cell", set_by="reactions"),
        Symbol("B", "species", False, 1.5, micromolar, compartment="cell", set_by="reactions"),
        Symbol("k", "parameter", True, 0.5, ""),
        Symbol("total", "parameter", False, None, "", set_by="assignment"),
        Symbol("clock", "parameter", False, 0.0, "", set_by="rate"),
        Symbol("begun", "parameter", False, None, "", set_by="initial assignment"),
        Symbol("count", "parameter", False, 0.0, ""),
        Symbol("decay", "reaction", False, None, "umol/s"),
        Symbol("yield", "stoichiometry", True, 1.0, "1"),
    ]
    assert list(good.symbols) == [each.id for each in good.symbols.values()]


def test_values_are_what_roadrunner_begins_with(good: Document) -> None:
    species = {n: f"[{n}]" for n, each in good.symbols.items() if each.kind == "species"}
    known = {n: each.value for n, each in good.symbols.items() if each.value is not None and n != "yield"}
    runner = roadrunner.RoadRunner(good.text)
    assert {n: float(runner.getValue(species.get(n, n))) for n in known} == known


def test_amounts_and_boundaries(tmp_path: Path) -> None:
    amounts = read(changed(('hasOnlySubstanceUnits="false"', 'hasOnlySubstanceUnits="true"')), tmp_path)
    a = amounts.symbols["A"]
    assert (a.amount, a.value, a.unit) == (True, 2.0, "umol"), "1 umol/l in 2 l"
    held = read(changed(('boundaryCondition="false"', 'boundaryCondition="true"')), tmp_path).symbols["A"]
    assert (held.boundary, held.set_by) == (True, "")
    point = changed(
        ('spatialDimensions="3" size="2"', 'spatialDimensions="0"'),
        (" initialConcentration", " initialAmount"),
    )
    a = read(point, tmp_path).symbols["A"]
    assert (a.amount, a.value, a.unit) == (False, 1.0, "umol"), "in a point, there is no concentration"


def test_a_value_is_not_given_where_something_else_sets_it(tmp_path: Path) -> None:
    size = f'<initialAssignment symbol="cell"><math {MATHML}><cn>4</cn></math></initialAssignment>'
    found = read(
        changed(("<listOfInitialAssignments>", f"<listOfInitialAssignments>{size}")), tmp_path
    ).symbols
    assert found["cell"].value is None
    assert found["A"].value == 1.0
    assert found["B"].value is None, "an amount in a volume that is not known yet"


def test_time_is_seen(tmp_path: Path) -> None:
    start, end = GOOD.index("    <listOfEvents>"), GOOD.index("  </model>")
    still = GOOD[:start] + GOOD[end:]
    assert not read(still, tmp_path).timed
    time = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'
    assert read(still.replace("<cn>1</cn>", time), tmp_path).timed


def test_where_it_comes_from(tmp_path: Path) -> None:
    annotation = """<annotation><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns:bqmodel="http://biomodels.net/model-qualifiers/"><rdf:Description rdf:about="#m">
      <bqmodel:isDescribedBy><rdf:Bag><rdf:li rdf:resource="https://identifiers.org/pubmed:10659856"/>
      </rdf:Bag></bqmodel:isDescribedBy>
      <bqmodel:is><rdf:Bag><rdf:li rdf:resource="urn:miriam:biomodels.db:B12"/>
      </rdf:Bag></bqmodel:is></rdf:Description></rdf:RDF></annotation><listOfFunctionDefinitions>"""
    text = changed(
        ('id="small"', 'id="small" metaid="m" name="A model"'), ("<listOfFunctionDefinitions>", annotation)
    )
    cited = "A model; https://identifiers.org/pubmed:10659856; urn:miriam:biomodels.db:B12"
    assert read(text, tmp_path).cited == cited
    assert read(GOOD, tmp_path).cited == "theirs"


# ---- Text
@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("ISO-8859-1", "latin-1"),
        ("us-ascii", "ascii"),
        ("", "utf-8"),
    ],
)
def test_encodings(declared: str, encoding: str, tmp_path: Path) -> None:
    name = "calcium" if encoding == "ascii" else "Ca²⁺" if encoding != "latin-1" else "µM"
    text = changed(('id="small"', f'id="small" name="{name}"'))
    said = text.replace("UTF-8", declared) if declared else text.replace(' encoding="UTF-8"', "")
    found = read(said.encode(encoding), tmp_path)
    assert found.text == text
    assert found.cited == name


def test_without_a_declaration(tmp_path: Path) -> None:
    found = read(GOOD.partition("\n")[2], tmp_path)
    assert found.text == GOOD.replace("?>\n", "?>", 1), "lines keep their numbers"


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    wrong = GOOD.replace("<ci>k</ci>", "<ci>kk</ci>").encode("utf-16")
    with pytest.raises(ForeignModelError, match=r"line 39: .*'kk'"):
        read(wrong, tmp_path)


# ---- Units
@pytest.mark.parametrize(
    ("unit", "text", "seconds"),
    [
        ('kind="second" exponent="1" scale="0" multiplier="60"', "min", 60.0),
        ('kind="second" exponent="1" scale="0" multiplier="3600"', "h", 3600.0),
        ('kind="second" exponent="1" scale="-3" multiplier="1"', "ms", 1e-3),
        ('kind="second" exponent="1" scale="0" multiplier="0.001"', "ms", 1e-3),
        ('kind="second" exponent="1" scale="1" multiplier="2.5"', "(25*s)", 25.0),
        ('kind="dimensionless" exponent="1" scale="0" multiplier="1"', "1", None),
        ('kind="metre" exponent="1" scale="0" multiplier="1"', "m", None),
        ('kind="hertz" exponent="-1" scale="3" multiplier="1"', "1/kHz", 1e-3),
    ],
)
def test_the_unit_of_time(unit: str, text: str, seconds: float | None, tmp_path: Path) -> None:
    definition = f'<unitDefinition id="tick"><listOfUnits><unit {unit}/></listOfUnits></unitDefinition>'
    found = read(
        changed(
            ('timeUnits="second"', 'timeUnits="tick"'),
            ("</listOfUnitDefinitions>", f"{definition}</listOfUnitDefinitions>"),
            ('id="clock"', 'id="clock" units="tick"'),
        ),
        tmp_path,
    )
    assert found.symbols["clock"].unit == text
    assert found.seconds == (None if seconds is None else pytest.approx(seconds, rel=1e-12))


def test_no_unit_of_time(tmp_path: Path) -> None:
    found = read(changed((' timeUnits="second"', "")), tmp_path)
    assert found.seconds is None
    assert found.symbols["decay"].unit == ""


def test_units_are_what_pint_makes_of_them(tmp_path: Path) -> None:
    """Every kind of unit of SBML, with a prefix, to a power, and divided."""
    dimensions = {
        "ampere": "A", "becquerel": "1/s", "candela": "cd", "coulomb": "A*s", "farad": "s^4*A^2/m^2/kg",
        "gram": "g", "gray": "m^2/s^2", "henry": "kg*m^2/s^2/A^2", "hertz": "1/s", "item": "count",
        "joule": "kg*m^2/s^2", "katal": "mol/s", "kelvin": "kelvin", "kilogram": "kg", "litre": "dm^3",
        "lumen": "cd*steradian", "lux": "lumen/m^2", "metre": "m", "mole": "mol", "newton": "kg*m/s^2",
        "ohm": "kg*m^2/s^3/A^2", "pascal": "kg/m/s^2", "radian": "radian", "second": "s",
        "siemens": "A^2*s^3/kg/m^2", "sievert": "m^2/s^2", "steradian": "steradian", "tesla": "kg/s^2/A",
        "volt": "kg*m^2/s^3/A", "watt": "kg*m^2/s^3", "weber": "kg*m^2/s^2/A", "avogadro": "avogadro_number",
    }  # fmt: skip
    units = '<unit kind="{0}" exponent="2" scale="-3" multiplier="1"/>'
    units += '<unit kind="second" exponent="-1" scale="0" multiplier="3"/>'
    definitions = "".join(
        f'<unitDefinition id="u_{kind}"><listOfUnits>{units.format(kind)}</listOfUnits></unitDefinition>'
        for kind in dimensions
    )
    parameters = "".join(
        f'<parameter id="p_{kind}" value="1" units="u_{kind}" constant="true"/>' for kind in dimensions
    )
    found = read(
        changed(
            ("</listOfUnitDefinitions>", f"{definitions}</listOfUnitDefinitions>"),
            ("<listOfParameters>", f"<listOfParameters>{parameters}"),
        ),
        tmp_path,
    ).symbols
    for kind, meaning in dimensions.items():
        unit: Any = registry().Quantity(found[f"p_{kind}"].unit)
        wanted: Any = registry().Quantity(f"1e-6*({meaning})^2/(3*s)")
        assert (unit / wanted).to("dimensionless").magnitude == pytest.approx(1.0, rel=1e-12), kind
    assert found["p_mole"].unit == "mmol^2/(3*s)"
    assert found["p_kilogram"].unit == "g^2/(3*s)"


def test_a_concentration_that_quantities_are_read_in(good: Document) -> None:
    assert parse("3 nM", good.symbols["A"].unit, "test") == pytest.approx(3e-3, rel=1e-12)


def test_an_undefined_unit_is_no_unit(tmp_path: Path) -> None:
    """roadrunner looks at no unit, so it is no reason to refuse the document."""
    assert read(changed(('volumeUnits="litre"', 'volumeUnits="pint"')), tmp_path).symbols["A"].unit == ""


# ---- Levels 1 and 2
def test_level_1(tmp_path: Path) -> None:
    found = read(BUILT["_ONE"], tmp_path)
    assert (found.level, found.version) == (1, 2)
    assert found.symbols["A"].value == 1.0
    assert found.symbols["c"].constant
    assert simulated(found.text, 1.0, "A")[0] == pytest.approx(0.367879, rel=1e-5)


def test_level_2_and_what_it_does_not_say(tmp_path: Path) -> None:
    """Its standard would have moles and seconds; most documents that are silent mean others."""
    text: str = BUILT["_TWO"]
    silent = read(text, tmp_path)
    assert (silent.level, silent.version) == (2, 4)
    assert (silent.symbols["A"].unit, silent.symbols["J"].unit, silent.seconds) == ("", "", None)
    assert silent.symbols["c"].unit == "l"
    units = "".join(
        f'<unitDefinition id="{name}"><listOfUnits><unit {unit}/></listOfUnits></unitDefinition>'
        for name, unit in (("substance", 'kind="mole" scale="-9"'), ("time", 'kind="second" multiplier="60"'))
    )
    said = read(
        text.replace("<listOfC", f"<listOfUnitDefinitions>{units}</listOfUnitDefinitions><listOfC", 1),
        tmp_path,
    )
    assert (said.symbols["A"].unit, said.symbols["J"].unit, said.seconds) == ("nmol/l", "nmol/min", 60.0)


# ---- Submodels, packages
SUBMODEL = f'<sbml xmlns="{CORE}" {COMP} level="3" version="2">'


def composed(definitions: str) -> str:
    return (
        f'{SUBMODEL}<model id="top"><comp:listOfSubmodels><comp:submodel comp:id="a" comp:modelRef="small"/>'
        f'<comp:submodel comp:id="b" comp:modelRef="small"/></comp:listOfSubmodels></model>'
        f"{definitions}</sbml>"
    )


def test_submodels_are_put_together(tmp_path: Path) -> None:
    inside = GOOD[GOOD.index("<model") : GOOD.index("</sbml>")].replace("<model", "<comp:modelDefinition", 1)
    inside = inside.replace("</model>", "</comp:modelDefinition>")
    text = composed(f"<comp:listOfModelDefinitions>{inside}</comp:listOfModelDefinitions>")
    check_two(read(text, tmp_path))


def check_two(found: Document) -> None:
    assert "comp:" not in found.text
    assert {"a__A", "b__A", "a__decay", "b__cell"} <= set(found.symbols)
    assert found.symbols["b__A"].compartment == "b__cell"
    alone = simulated(GOOD, 6.0, "[A]", "[B]", "count")
    assert simulated(found.text, 6.0, "[a__A]", "[b__B]", "a__count") == pytest.approx(alone, rel=1e-6)


def external(source: str) -> str:
    listed = f'<comp:externalModelDefinition comp:id="small" comp:source="{source}"/>'
    return composed(f"<comp:listOfExternalModelDefinitions>{listed}</comp:listOfExternalModelDefinitions>")


def test_submodels_in_files_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models of others, 50%20 ä?"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "small one.xml").write_text(GOOD, "utf-8")
    check_two(read(external("parts/small one.xml"), folder))
    monkeypatch.chdir(folder / "parts")
    check_two(intake.read("../theirs.xml"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("<sbml", "<!DOCTYPE sbml>\n<sbml"), "part.xml, line 2: it has a document type"),
        (GOOD.replace("<sbml", '<sbml xmlns:q="http://q" q:required="true"'), "part.xml needs .*'http://q'"),
        (GOOD.replace('id="A"', 'id="B"', 1), "put together.*Duplicate 'id'|Duplicate 'id'"),
        (external("theirs.xml"), "theirs.xml"),
    ],
    ids=["document type", "package", "duplicate", "circle"],
)
def test_files_of_submodels_are_looked_at_too(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "part.xml").write_text(text, "utf-8")
    with pytest.raises(ForeignModelError, match=f"(?s){words}"):
        read(external("part.xml"), tmp_path)


def test_packages_that_change_no_maths_are_let_be(tmp_path: Path) -> None:
    for package in ("layout", "fbc", "groups", "unheardof"):
        address = f"http://www.sbml.org/sbml/level3/version1/{package}/version1"
        text = changed(("<sbml", f'<sbml xmlns:p="{address}" p:required="false"'))
        assert read(text, tmp_path).symbols["A"].value == 1.0, package


# ---- Numbers inside of reactions
def test_local_parameters_become_ids(tmp_path: Path) -> None:
    """So that they can be set; they hide a number of the model that has the same id, as before."""
    local = '</math><listOfLocalParameters><localParameter id="k" value="3"/></listOfLocalParameters>'
    text = changed(("</math></kineticLaw>", f"{local}</kineticLaw>"))
    found = read(text, tmp_path)
    assert found.symbols["decay_k"] == Symbol("decay_k", "parameter", True, 3.0, "")
    assert found.symbols["k"].value == 0.5
    assert simulated(found.text, 1.0, "[A]") == pytest.approx(simulated(text, 1.0, "[A]"), rel=1e-8)
    assert simulated(found.text, 1.0, "[A]")[0] == pytest.approx(0.0497871, rel=1e-5)
    taken = text.replace('id="count"', 'id="decay_k"', 1).replace('variable="count"', 'variable="decay_k"', 1)
    assert read(taken, tmp_path).symbols["decay_k_1"].value == 3.0


# ---- What is not refused
def test_event_delays_priorities_and_rates_are_run(tmp_path: Path) -> None:
    rate_of = (
        '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/rateOf">rateOf</csymbol>'
    )
    priority = f"<priority><math {MATHML}><cn>1</cn></math></priority>"
    delay = f"</trigger>{priority}<delay><math {MATHML}><cn>2</cn></math></delay>"
    found = read(
        changed(
            ("</trigger>", delay),
            ("<apply><plus/><ci>A</ci><ci>B</ci></apply>", f"<apply>{rate_of}<ci>A</ci></apply>"),
        ),
        tmp_path,
    )
    assert simulated(found.text, 6.9, "count") == [0.0]
    assert simulated(found.text, 7.1, "count") == [1.0]
    assert simulated(found.text, 1e-9, "total")[0] == pytest.approx(-0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id="count" value="0"', 'id="count" value="INF"'),  # a number that nothing follows from
        ("<apply><plus/><ci>A</ci><ci>B</ci></apply>", "<apply><divide/><cn>0</cn><ci>clock</ci></apply>"),
        ('size="2" constant="true"', 'size="2" constant="true" units="litre"'),
        ('reversible="false"', 'reversible="true"'),
    ],
)
def test_what_roadrunner_runs_is_let_pass(old: str, new: str, tmp_path: Path) -> None:
    assert read(changed((old, new)), tmp_path).symbols["A"].value == 1.0


def test_lengths_within_the_limits_are_run(tmp_path: Path) -> None:
    """At both limits, so that they are not beyond what the tools bear."""
    law = BUILT["law"]
    count = outline.MOST_TERMS - 10
    assert read(law(f"<apply><max/>{'<ci>A</ci>' * 400}</apply>"), tmp_path).level == 3
    total = read(law(f"<apply><plus/>{'<ci>k</ci>' * count}</apply>"), tmp_path)
    nested = outline.DEEPEST - 20
    deep = "<apply><minus/>" * nested + "<ci>A</ci>" + "</apply>" * nested
    assert read(law(deep), tmp_path).level == 3
    assert simulated(total.text, 1e-3, "[A]")[0] == pytest.approx(1.0 - count * 0.5 * 1e-3 / 2.0, rel=1e-6)


def test_our_own_model_is_read(tmp_path: Path) -> None:
    synapse = kn.Synapse.of("calmodulin", "camkii", Ca="1 uM", PP1="0.1 uM", PP1_activity=1)
    model = synapse.model()
    found = read(model.sbml, tmp_path)
    assert found.seconds == 1.0
    assert not found.timed
    assert found.text == model.sbml
    for name, value in model.initial.items():
        assert found.symbols[name].value == pytest.approx(value, rel=1e-14)
        assert registry().Quantity(found.symbols[name].unit).to("uM").magnitude == pytest.approx(1.0)


@pytest.mark.slow
def test_a_whole_preset_is_read(tmp_path: Path) -> None:
    model = kn.Synapse.preset("ca1").model(kn.stdp("10 ms", pairs=5, rate="1 Hz"))
    found = read(model.sbml, tmp_path)
    assert found.timed
    assert set(model.initial) <= set(found.symbols)
    assert "identifiers.org" in found.cited
