"""Documents that nobody can run: one good document, what was done to it, and what is to be said of that."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

MATHML = 'xmlns="http://www.w3.org/1998/Math/MathML"'
CORE = "http://www.sbml.org/sbml/level3/version2/core"
COMP = "http://www.sbml.org/sbml/level3/version1/comp/version1"

GOOD = f"""<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="{CORE}" level="3" version="2">
  <model id="small" timeUnits="second" substanceUnits="umol" volumeUnits="litre" extentUnits="umol">
    <listOfFunctionDefinitions>
      <functionDefinition id="twice">
        <math {MATHML}><lambda><bvar><ci>x</ci></bvar><apply><times/><cn>2</cn><ci>x</ci></apply></lambda></math>
      </functionDefinition>
    </listOfFunctionDefinitions>
    <listOfUnitDefinitions>
      <unitDefinition id="umol">
        <listOfUnits><unit kind="mole" exponent="1" scale="-6" multiplier="1"/></listOfUnits>
      </unitDefinition>
    </listOfUnitDefinitions>
    <listOfCompartments>
      <compartment id="cell" spatialDimensions="3" size="2" constant="true"/>
    </listOfCompartments>
    <listOfSpecies>
      <species id="A" compartment="cell" initialConcentration="1" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/>
      <species id="B" compartment="cell" initialAmount="3" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/>
    </listOfSpecies>
    <listOfParameters>
      <parameter id="k" value="0.5" constant="true"/>
      <parameter id="total" constant="false"/>
      <parameter id="clock" value="0" constant="false"/>
      <parameter id="begun" constant="false"/>
      <parameter id="count" value="0" constant="false"/>
    </listOfParameters>
    <listOfInitialAssignments>
      <initialAssignment symbol="begun"><math {MATHML}><ci>A</ci></math></initialAssignment>
    </listOfInitialAssignments>
    <listOfRules>
      <assignmentRule variable="total"><math {MATHML}><apply><plus/><ci>A</ci><ci>B</ci></apply></math></assignmentRule>
      <rateRule variable="clock"><math {MATHML}><cn>1</cn></math></rateRule>
    </listOfRules>
    <listOfReactions>
      <reaction id="decay" reversible="false">
        <listOfReactants><speciesReference species="A" stoichiometry="1" constant="true"/></listOfReactants>
        <listOfProducts><speciesReference id="yield" species="B" stoichiometry="1" constant="true"/></listOfProducts>
        <kineticLaw><math {MATHML}><apply><times/><ci>cell</ci><ci>k</ci><ci>A</ci></apply></math></kineticLaw>
      </reaction>
    </listOfReactions>
    <listOfEvents>
      <event id="dose" useValuesFromTriggerTime="true">
        <trigger initialValue="true" persistent="true">
          <math {MATHML}><apply><geq/><ci>clock</ci><cn>5</cn></apply></math>
        </trigger>
        <listOfEventAssignments>
          <eventAssignment variable="count"><math {MATHML}><cn>1</cn></math></eventAssignment>
        </listOfEventAssignments>
      </event>
    </listOfEvents>
  </model>
</sbml>
"""  # noqa: E501
LONG_SUM = f"<apply><plus/>{'<ci>A</ci>' * 10_000}</apply>"
LAW = "<apply><times/><ci>cell</ci><ci>k</ci><ci>A</ci></apply>"


_K = '<parameter id="k" value="1" constant="true"/>'
_COMPOSED = f'xmlns:comp="{COMP}" comp:required="true"'
_ROOT = f'<sbml xmlns="{CORE}" level="3" version="2"'
TWICE = f"{_ROOT}><model><listOfParameters>{_K * 2}</listOfParameters></model></sbml>"


@dataclass(frozen=True)
class Bad:
    """A document, and words (a regular expression) of the refusal."""

    name: str
    content: bytes
    words: str


def documents() -> Iterator[Bad]:
    """Yield every bad document."""
    yield from _other_things()
    yield from _encodings()
    yield from _markup()
    yield from _headers()
    for name, old, new, words in (*IDENTITY, *MATHS, *VALUES, *NOT_RUN):
        yield Bad(name, changed(old, new).encode(), words)
    yield from _depths()
    yield from _submodels()
    yield from _older()


def changed(old: str, new: str) -> str:
    """Return the good document with one thing in it replaced."""
    assert GOOD.count(old) >= 1, old
    return GOOD.replace(old, new, 1)


def law(maths: str) -> str:
    """Return the good document with another rate law."""
    return changed(LAW, maths)


# ---- Not SBML
def _other_things() -> Iterator[Bad]:
    yield Bad("empty", b"", "is empty")
    yield Bad("blank", b" \n\t\n", "is empty")
    yield Bad("web page", b"<!DOCTYPE html>\n<html><body>404</body></html>", "web page")
    yield Bad("web page without document type", b"<html><body>404</body></html>", "web page")
    yield Bad("pdf", b"%PDF-1.7\n%\xe2\xe3", "a PDF")
    yield Bad("gzip", gzip.compress(GOOD.encode(), mtime=0), r"compressed \(gzip\)")
    yield Bad("bzip2", b"BZh91AY&SY", r"compressed \(bzip2\)")
    yield Bad("xz", b"\xfd7zXZ\0\0", r"compressed \(xz\)")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("model.xml"), GOOD)
    yield Bad("archive", packed.getvalue(), "ZIP archive")
    yield Bad("cellml", b'<model xmlns="http://www.cellml.org/cellml/2.0#" name="m"/>', "CellML")
    sedml = b'<sedML xmlns="http://sed-ml.org/sed-ml/level1/version4" level="1" version="4"/>'
    yield Bad("sed-ml", sedml, "SED-ML")
    yield Bad("antimony", b"model m() A -> B; k*A; A = 1; k = 1; end", "begins with 'model m")
    yield Bad("json", b'{"model": 1}', "begins with")
    yield Bad("noise", random.Random(1).randbytes(10_000), "byte 0 is not UTF-8")  # noqa: S311
    yield Bad("noise after a header", GOOD.encode()[:60] + b"\x01\x02<<>>" * 99, "not well-formed")
    yield Bad("another root", b'<note xmlns="http://example.org"/>', "outermost element is <note>")


def _encodings() -> Iterator[Bad]:
    def declared(name: str) -> str:
        return GOOD.replace("UTF-8", name, 1)

    yield Bad("utf-16 without mark", declared("UTF-16").encode("utf-16-le"), "without the byte order mark")
    yield Bad("utf-16 that is not", declared("UTF-16").encode(), "'UTF-16'; UTF-8, UTF-16 with a byte")
    yield Bad("utf-32", declared("UTF-32").encode("utf-32"), "UTF-32")
    yield Bad("windows", declared("windows-1252").encode(), "'windows-1252'")
    yield Bad("ebcdic", declared("cp500").encode(), "'cp500'")
    yield Bad("unheard of", declared("klingon").encode(), "'klingon'")
    yield Bad(
        "latin-1 as utf-8", changed('id="small"', 'id="small" name="µ"').encode("latin-1"), "line 3.*UTF-8"
    )


def _markup() -> Iterator[Bad]:
    for share in (0.1, 0.33, 0.5, 0.77, 0.99):
        yield Bad(f"truncated at {share:.0%}", GOOD.encode()[: int(share * len(GOOD))], "not well-formed")
    yield Bad("null bytes", changed("small", "sm\0all").encode(), "line 3: not well-formed")
    yield Bad("null bytes at the end", GOOD.encode() + b"\0" * 100, "not well-formed")
    yield Bad("two roots", (GOOD + "<sbml/>").encode(), "junk after document element")
    yield Bad("tag left open", changed("</listOfRules>", "").encode(), "mismatched tag")
    yield Bad("attribute twice", changed('id="A"', 'id="A" id="A"').encode(), "duplicate attribute")
    yield Bad("unbound prefix", changed("<listOfRules>", "<x:y/><listOfRules>").encode(), "unbound prefix")
    yield Bad("unknown entity", changed("small", "&lol;").encode(), "undefined entity")
    yield Bad("control character", changed("small", "&#x1;").encode(), "invalid character number")
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    bomb = f'<!DOCTYPE sbml [<!ENTITY l0 "lol">{laughs}]>\n<sbml'
    yield Bad("billion laughs", changed("<sbml", bomb).replace("small", "&l9;").encode(), "document type")
    outside = '<!DOCTYPE sbml [<!ENTITY x SYSTEM "secret.txt">]>\n<sbml'
    yield Bad("external entity", changed("<sbml", outside).encode(), "document type")
    remote = '<!DOCTYPE sbml SYSTEM "http://example.org/sbml.dtd">\n<sbml'
    yield Bad("remote document type", changed("<sbml", remote).encode(), "line 2: it has a document type")
    many = " ".join(f'a{i}="1"' for i in range(1_000_000))
    yield Bad("a million attributes", f'<sbml xmlns="{CORE}" {many}/>'.encode(), "1000000 attributes")


def _headers() -> Iterator[Bad]:
    for name, old, new, words in (
        (
            "level 9",
            f'xmlns="{CORE}" level="3"',
            f'xmlns="{CORE.replace("3", "9", 1)}" level="9"',
            "Unknown Level",
        ),
        ("version 9", 'version="2">', 'version="9">', "Unknown Level"),
        ("level of another namespace", 'level="3"', 'level="2"', "inconsistent value for the 'level'"),
        ("no level", ' level="3" version="2"', "", "Missing or inconsistent value for the 'level'"),
        ("wrong namespace", CORE, "http://example.org/sbml", "namespace of <sbml>"),
        ("no namespace", f' xmlns="{CORE}"', "", "namespace of <sbml>"),
        ("maths in no namespace", f"<math {MATHML}><cn>1</cn>", "<math><cn>1</cn>", "MathML namespace"),
    ):
        yield Bad(name, changed(old, new).encode(), words)
    start, end = GOOD.index("  <model"), GOOD.index("</sbml>")
    yield Bad("no model", (GOOD[:start] + GOOD[end:]).encode(), "no model in it")
    for package in ("qual", "multi", "spatial", "distrib", "arrays", "unheardof"):
        address = f"http://www.sbml.org/sbml/level3/version1/{package}/version1"
        root = f'<sbml xmlns:p="{address}" p:required="true"'
        yield Bad(f"package {package}", changed("<sbml", root).encode(), f"package '{package}'")


# ---- Ids and references: name, what is replaced, by what, words
IDENTITY = (
    ("species twice", 'id="B" compartment', 'id="A" compartment', "line 19: Duplicate 'id'.*'A'"),
    ("parameter twice", 'id="clock" value', 'id="k" value', "Duplicate 'id'.*'k'"),
    ("species and parameter of one id", 'id="k" value', 'id="A" value', "Duplicate 'id'.*'A'"),
    ("reaction twice", '<reaction id="decay"', '<reaction id="k"', "Duplicate 'id'"),
    ("event twice", '<event id="dose"', '<event id="k"', "Duplicate 'id'"),
    ("function twice", 'functionDefinition id="twice"', 'functionDefinition id="k"', "Duplicate 'id'"),
    (
        "unit twice",
        "</listOfUnitDefinitions>",
        '<unitDefinition id="umol"/></listOfUnitDefinitions>',
        "Duplicate unit",
    ),
    ("id that begins with a digit", 'id="k" value', 'id="1k" value', "line 22: Invalid syntax for an 'id'"),
    ("id with a space", 'id="k" value', 'id="k 1" value', "line 22: Invalid syntax for an 'id'"),
    ("empty id", 'id="k" value', 'id="" value', "line 22: .*schema"),
    ("no id", '<parameter id="k"', "<parameter", "'id'"),
    ("species without compartment", 'id="A" compartment="cell"', 'id="A"', "'compartment'"),
    (
        "unknown compartment",
        'id="A" compartment="cell"',
        'id="A" compartment="nowhere"',
        "compartment 'nowhere'",
    ),
    ("unknown species in a reaction", 'species="A"', 'species="Z"', "line 37: .*'Z'"),
    ("unknown id in a law", "<ci>k</ci>", "<ci>kk</ci>", "'kk'"),
    ("unknown id in a rule", "<ci>B</ci>", "<ci>BB</ci>", "'BB'"),
    ("rule of nothing", 'Rule variable="total"', 'Rule variable="nothing"', "'nothing'"),
    ("event on nothing", 'Assignment variable="count"', 'Assignment variable="nothing"', "'nothing'"),
    ("initial assignment of nothing", 'symbol="begun"', 'symbol="nothing"', "'nothing'"),
    ("unknown attribute", 'id="k" value', 'colour="red" id="k" value', "'colour'"),
    ("unknown element", "<listOfRules>", "<listOfWishes/><listOfRules>", "listOfWishes"),
    ("lists in two copies", "</listOfRules>", "</listOfRules><listOfRules/>", "Only one of each kind"),
    ("number in words", 'value="0.5"', 'value="half"', "parameter value attribute must be a double"),
    (
        "neither true nor false",
        'value="0.5" constant="true"',
        'value="0.5" constant="maybe"',
        "parameter constant attribute",
    ),
    ("unit that refers to itself", 'kind="mole"', 'kind="umol"', "'umol' has a 'kind' attribute"),
)


# ---- Maths that cannot be
def _symbol(name: str) -> str:
    address = f"http://www.sbml.org/sbml/symbols/{name}"
    return f'<csymbol encoding="text" definitionURL="{address}">{name.rpartition("/")[2]}</csymbol>'


_LAMBDA = "<apply><times/><cn>2</cn><ci>x</ci></apply>"
_CALL = "<apply><ci>{}</ci><ci>A</ci></apply>"
_MUTUAL = (
    f'</functionDefinition><functionDefinition id="thrice"><math {MATHML}><lambda><bvar><ci>x</ci></bvar>'
    "<apply><ci>twice</ci><ci>x</ci></apply></lambda></math></functionDefinition>"
)
MATHS = (
    ("unknown function", LAW, _CALL.format("thrice"), "'thrice' which is not a function"),
    ("call of a parameter", LAW, _CALL.format("k"), "'k' which is not a function"),
    ("too many arguments", LAW, "<apply><ci>twice</ci><ci>A</ci><ci>k</ci></apply>", "argument"),
    ("too few arguments", LAW, "<apply><ci>twice</ci></apply>", "argument"),
    ("too many arguments of a sine", LAW, "<apply><sin/><ci>A</ci><ci>k</ci></apply>", "arguments"),
    ("a fraction of one", LAW, "<apply><divide/><ci>A</ci></apply>", "arguments"),
    ("unknown element in maths", LAW, "<wish/>", "wish"),
    ("matrix", LAW, "<matrix/>", "matrix"),
    ("text for a number", LAW, "<cn>many</cn>", "floating-point number"),
    ("function that calls itself", _LAMBDA, "<apply><ci>twice</ci><ci>x</ci></apply>", "ecursive"),
    (
        "functions that call each other",
        _LAMBDA + "</lambda></math>\n      </functionDefinition>",
        "<apply><ci>thrice</ci><ci>x</ci></apply></lambda></math>" + _MUTUAL,
        "ecursive",
    ),
    ("function of a species", _LAMBDA, "<ci>A</ci>", "'A'"),
    ("rules in a circle", "<plus/><ci>A</ci>", "<plus/><ci>total</ci>", "Circular .*'total'"),
    ("assignment by itself", f"<math {MATHML}><ci>A</ci>", f"<math {MATHML}><ci>begun</ci>", "begun"),
    ("rule of a constant", 'rateRule variable="clock"', 'rateRule variable="k"', "constant"),
    ("event on a constant", 'eventAssignment variable="count"', 'eventAssignment variable="k"', "constant"),
    ("two rules of one variable", 'rateRule variable="clock"', 'rateRule variable="total"', "Multiple rules"),
    ("rule of what reacts", 'rateRule variable="clock"', 'rateRule variable="A"', "'A'"),
    ("assignment of what has a rule", 'symbol="begun"', 'symbol="total"', "'total'"),
    ("empty maths", LAW, "", "does not run it"),
    ("random numbers", LAW, f"<apply>{_symbol('distrib/normal')}<ci>A</ci><ci>k</ci></apply>", "csymbol"),
)  # fmt: skip

# ---- Values that are missing or none
_A = 'initialConcentration="1"'
VALUES = (
    ("species without value", _A + " ", "", "line 18: species A has no initial value"),
    ("parameter without value", 'id="k" value="0.5"', 'id="k"', "parameter k has no value"),
    ("compartment without size", ' size="2"', "", "compartment cell has no size"),
    ("volume of zero", 'size="2"', 'size="0"', "compartment cell has the size 0"),
    ("negative volume", 'size="2"', 'size="-1"', "compartment cell has the size -1"),
    ("volume that is none", 'size="2"', 'size="NaN"', "compartment cell has"),
    ("infinite volume", 'size="2"', 'size="INF"', "compartment cell has the size inf"),
    ("no stoichiometry", 'species="A" stoichiometry="1"', 'species="A"', "species A takes part in .*decay"),
    ("initial value that is none", _A, 'initialConcentration="NaN"', "first step.*before it: A"),
    ("infinite initial value", _A, 'initialConcentration="INF"', "first step.*before it: A"),
    ("constant that is none", 'value="0.5"', 'value="NaN"', "No finite numbers before it: k"),
    ("infinite constant", 'value="0.5"', 'value="-INF"', "No finite numbers before it: k"),
    ("huge exponent", 'value="0.5"', 'value="1e999999999"', "parameter value attribute must be a double"),
    ("huge exponent in maths", LAW, '<cn type="e-notation">1<sep/>999999999</cn>', "exponential"),
    ("division by zero", LAW, "<apply><divide/><ci>A</ci><cn>0</cn></apply>", "first step.*division by zero"),
    ("amount and concentration", _A, _A + ' initialAmount="1"', "Cannot set both"),
)

# ---- Valid, and not run
_DELAY = _symbol("delay")
_ALGEBRAIC = (
    f"<algebraicRule><math {MATHML}><apply><minus/><ci>count</ci><ci>A</ci></apply></math></algebraicRule>"
)
NOT_RUN = (
    ("algebraic rule", "</listOfRules>", f"{_ALGEBRAIC}</listOfRules>", "algebraic rules are not run"),
    ("delay in maths", LAW, f"<apply>{_DELAY}<ci>A</ci><cn>1</cn></apply>", r"line 39: delay\(…\) in maths"),
    (
        "no kinetic law",
        f"<kineticLaw><math {MATHML}>{LAW}</math></kineticLaw>",
        "",
        "line 36: reaction decay has no kinetic law",
    ),
)


# ---- Depth, length
def _depths() -> Iterator[Bad]:
    deep = 50_000
    nest = "<apply><minus/>" * deep + "<ci>A</ci>" + "</apply>" * deep
    yield Bad("deep maths", law(nest).encode(), r"line 39: 5\d{4} elements stand in one another")
    notes = f'<notes><p xmlns="http://www.w3.org/1999/xhtml">{"<b>" * deep}x{"</b>" * deep}</p></notes>'
    yield Bad("deep notes", changed("<listOfFunction", notes + "<listOfFunction").encode(), "in one another")
    pieces = "<piecewise><piece><cn>1</cn><apply><lt/><ci>A</ci><cn>0</cn></apply></piece><otherwise>"
    nest = pieces * 2_500 + "<ci>A</ci>" + "</otherwise></piecewise>" * 2_500
    yield Bad("deep piecewise", law(nest).encode(), "in one another")
    for name, sign in (("sum", "plus"), ("product", "times")):
        terms = LONG_SUM.replace("plus", sign)
        yield Bad(f"long {name}", law(terms).encode(), "line 39: an expression has 10000 operations")
    sums = "<apply><plus/>" + "<ci>A</ci>" * 1_500
    nest = sums * 3 + "</apply>" * 3
    yield Bad("sums in sums", law(nest).encode(), "an expression has 4500 operations")


# ---- Submodels
def _submodels() -> Iterator[Bad]:
    def composed(submodels: str, definitions: str) -> bytes:
        return (
            f'{_ROOT} {_COMPOSED}><model id="top"><comp:listOfSubmodels>{submodels}</comp:listOfSubmodels>'
            f"</model>{definitions}</sbml>"
        ).encode()

    def taken(source: str) -> bytes:
        external = f'<comp:externalModelDefinition comp:id="M" comp:source="{source}"/>'
        listed = f"<comp:listOfExternalModelDefinitions>{external}</comp:listOfExternalModelDefinitions>"
        return composed('<comp:submodel comp:id="a" comp:modelRef="M"/>', listed)

    unknown = '<comp:submodel comp:id="a" comp:modelRef="M"/>'
    yield Bad("submodel of nothing", composed(unknown, ""), "'M' that does not exist")
    yield Bad("submodel elsewhere", taken("http://example.org/m.xml"), "only files beside it are read")
    yield Bad("submodel by its path", taken("/m.xml"), "only files beside it are read")
    yield Bad("submodel of a missing file", taken("missing.xml"), "cannot read .*missing.xml")
    circle = (
        '<comp:listOfModelDefinitions><comp:modelDefinition id="M"><comp:listOfSubmodels>'
        '<comp:submodel comp:id="b" comp:modelRef="M"/></comp:listOfSubmodels></comp:modelDefinition>'
        "</comp:listOfModelDefinitions>"
    )
    yield Bad("submodel of itself", composed(unknown, circle), "cannot reference own model")


# ---- Levels 1 and 2
_TWO = (
    '<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="old">'
    '<listOfCompartments><compartment id="c" size="1"/></listOfCompartments>'
    '<listOfSpecies><species id="A" compartment="c" initialConcentration="1"/></listOfSpecies>'
    '<listOfParameters><parameter id="p" value="1" constant="false"/></listOfParameters>'
    '<listOfReactions><reaction id="J" reversible="false">'
    '<listOfReactants><speciesReference species="A"/></listOfReactants>'
    f"<kineticLaw><math {MATHML}><ci>A</ci></math></kineticLaw></reaction></listOfReactions></model></sbml>"
)
_SPECIES = '<species name="A" compartment="c" initialAmount="1"/>'
_ONE = (
    '<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model name="old">'
    '<listOfCompartments><compartment name="c"/></listOfCompartments>'
    f"<listOfSpecies>{_SPECIES}</listOfSpecies>"
    '<listOfReactions><reaction name="J" reversible="false">'
    '<listOfReactants><speciesReference species="A"/></listOfReactants>'
    '<kineticLaw formula="A"/></reaction></listOfReactions></model></sbml>'
)


def _older() -> Iterator[Bad]:
    assigns = f'<eventAssignment variable="p"><math {MATHML}><cn>2</cn></math></eventAssignment>'
    event = f"<event><listOfEventAssignments>{assigns}</listOfEventAssignments></event>"
    events = f"</listOfReactions><listOfEvents>{event}</listOfEvents>"
    for name, text, old, new, words in (
        ("fast", _TWO, "<reaction", '<reaction fast="true"', "line 1: reaction J is fast"),
        ("event without trigger", _TWO, "</listOfReactions>", events, "trigger"),
        ("truth for a number", _TWO, "<ci>A</ci>", "<true/>", "numeric"),
        ("delay in Level 1", _ONE, 'formula="A"', 'formula="delay(A, 1)"', "delay"),
        ("formula that is none", _ONE, 'formula="A"', 'formula="A*("', "does not run it"),
        ("long formula", _ONE, 'formula="A"', f'formula="{"+".join(["A"] * 10_000)}"', "9999 operations"),
        (
            "species of Level 1 twice",
            _ONE,
            "</listOfSpecies>",
            f"{_SPECIES}</listOfSpecies>",
            "Duplicate 'id'",
        ),
    ):
        assert old in text
        yield Bad(name, text.replace(old, new, 1).encode(), words)


# ---- What grows without bounds
def exponential(count: int) -> str:
    """Return a document of functions that each call the one before twice: 2**count terms."""
    call = "<apply><ci>f{0}</ci><ci>x</ci></apply>"
    bodies = [
        "<ci>x</ci>",
        *(f"<apply><plus/>{call.format(i)}{call.format(i)}</apply>" for i in range(count)),
    ]
    functions = "".join(
        f'<functionDefinition id="f{i}"><math {MATHML}><lambda><bvar><ci>x</ci></bvar>{body}</lambda></math>'
        "</functionDefinition>"
        for i, body in enumerate(bodies)
    )
    text = law(f"<apply><ci>f{count}</ci><ci>A</ci></apply>")
    return text.replace("</listOfFunctionDefinitions>", f"{functions}</listOfFunctionDefinitions>")


def doubling(count: int) -> str:
    """Return a document of submodels that each hold the one before twice: 2**count models."""
    held = '<comp:submodel comp:id="{0}" comp:modelRef="m{1}"/>'
    models = '<comp:modelDefinition id="m0"/>' + "".join(
        f'<comp:modelDefinition id="m{i + 1}"><comp:listOfSubmodels>{held.format("a", i)}'
        f"{held.format('b', i)}</comp:listOfSubmodels></comp:modelDefinition>"
        for i in range(count)
    )
    return (
        f'{_ROOT} {_COMPOSED}><model id="top"><comp:listOfSubmodels>{held.format("a", count)}'
        f"</comp:listOfSubmodels></model><comp:listOfModelDefinitions>{models}"
        "</comp:listOfModelDefinitions></sbml>"
    )
