"""What is printed is what is simulated: the formulas are read back from the file and computed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import hypothesis
import libsbml
import numpy as np
import pytest
from hypothesis import strategies as st

import kinaptic as kn
from kinaptic.errors import ExportError
from kinaptic.sbml import document, engine
from kinaptic.sbml.export import tex_pieces
from kinaptic.sbml.export.tex import Printer

PAIRING = kn.stdp("10 ms", pairs=60, rate="1 Hz")
CA1 = kn.Synapse.preset("ca1")
SPINE = kn.Synapse.of("calcium", "calmodulin", "buffer")
TRACE = ([0.0, 0.05, 1.0, 2.0], [0.07, 1.5, 0.6, 0.07])
TUBE = kn.Synapse.of("calmodulin", "camkii", Ca="1 uM", PP1="0.1 uM", PP1_activity=1)
RECORDED = kn.Waveform(
    [0.0, 0.05, 1.0, 2.0], [0.07, 1.5, 0.6, 0.07], unit="uM", time_unit="s", max_step="1 s"
)
PROTOCOLS: dict[str, kn.Protocol | kn.Waveform | None] = {
    "rest": None,
    "bursts": kn.theta_burst(),
    "list": kn.spikes(pre=[0, 0.5, 0.7, 0.9, 1.2], post=[0.51]),
    "recorded": kn.Waveform(*TRACE, unit="uM", time_unit="s", max_step="1 s"),
    "step": kn.depolarization("5 s", to="0 mV") + kn.gap("1 s") + kn.stdp("-10 ms", pairs=2, rate="1 Hz"),
}


# ---- A reader of the printed mathematics: LaTeX to Python
def id_of(printed: str) -> str:
    """Return the id that stands in ``\\mathrm{A_{b,c}}`` or ``\\text{a b}`` (given without its command)."""
    return re.sub(r"_\{(.*)\}", r"_\1", printed).replace(",", "_").replace(" ", "_")


def group(text: str, start: int) -> int:
    """Return where the group that opens at `start` ends (after its brace)."""
    depth = 0
    for i in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return i + 1
    raise AssertionError(text[start:])


TOKENS = {
    r"\cdot": "*",
    r"\times": "*",
    r"\big/": "/",
    r"\left(": "(",
    r"\right)": ")",
    r"\bigl(": "(",
    r"\bigr)": ")",
    r"\exp": "exp",
    r"\ln": "log",
    r"\min": "min",
    r"\max": "max",
    r"\ge": ">=",
    r"\le": "<=",
    r"\lt": "<",
    r"\gt": ">",
    r"\ne": "!=",
    r"\text{ and }": " and ",
    r"\text{ or }": " or ",
}


IF = r"\text{if }"
COMMAND = re.compile(r"(\\(frac|sqrt|mathrm|text|Omega_)|v_|\^)(?=\{)")


def python(text: str) -> str:
    """Return printed mathematics as Python over ``N[id]``, ``V[compartment]`` and ``R[reaction]``."""
    made, i = "", 0
    while i < len(text):
        token = next((t for t in sorted(TOKENS, key=len, reverse=True) if text.startswith(t, i)), None)
        if token:
            made, i = made + TOKENS[token], i + len(token)
        elif text.startswith(r"\begin{cases}", i):
            end = matching(text, i)
            made, i = made + cases(text[i + 13 : end - 11]), end
        elif match := COMMAND.match(text, i):
            end = group(text, match.end())
            inside = text[match.end() + 1 : end - 1]
            if match[0] == r"\frac":
                below = group(text, end)
                made, end = made + f"(({python(inside)})/({python(text[end + 1 : below - 1])}))", below
            elif match[0] == "^":
                made += f"**({python(inside)})"
            elif match[0] == r"\sqrt":
                made += f"sqrt({python(inside)})"
            elif match[0] == r"\Omega_":
                made += python(inside).replace("N[", "V[")
            elif match[0] == "v_":
                made += python(inside).replace("N[", "R[")
            else:
                made += f"N[{id_of(inside)!r}]"
            i = end
        elif text.startswith("[", i):  # a concentration
            end = text.index("]", i)
            made, i = made + python(text[i + 1 : end]), end + 1
        else:
            assert text[i] in " +-().,0123456789{}T", text[i : i + 40]
            made, i = made + text[i], i + 1
    return made


def matching(text: str, start: int) -> int:
    """Return where the environment that begins at `start` ends."""
    depth = 0
    for match in re.compile(r"\\(begin|end)\{cases\}").finditer(text, start):
        depth += 1 if match[1] == "begin" else -1
        if depth == 0:
            return match.end()
    raise AssertionError(text[start:])


def cases(body: str) -> str:
    """Return the rows of a choice as a chain of conditions; what is inside other choices is left whole."""
    cells, depth = [""], 0
    for part in re.split(r"(\\begin\{cases\}|\\end\{cases\}|\\cr|&)", body):
        depth += {r"\begin{cases}": 1, r"\end{cases}": -1}.get(part, 0)
        if depth == 0 and part in (r"\cr", "&"):
            cells.append("")
        else:
            cells[-1] += part
    made = ""
    for result, condition in zip(cells[::2], cells[1::2], strict=True):
        if condition.strip() == r"\text{otherwise}":
            return f"({made}({python(result)}))"
        made += f"({python(result)}) if ({python(condition.replace(IF, '', 1))}) else "
    raise AssertionError(body)


class Numbers(dict[str, float]):
    """Values by id; what a rule sets is computed when it is asked for."""

    def __init__(self, values: Mapping[str, float], rules: Mapping[str, str], **others: object) -> None:
        super().__init__(values)
        self.rules = rules
        self.space = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "N": self, **others}

    def __missing__(self, name: str) -> float:
        self[name] = self.compute(self.rules[name])
        return self[name]

    def compute(self, printed: str) -> float:
        """Return the value of a printed formula."""
        return float(eval(python(printed), {"min": min, "max": max}, self.space))  # noqa: S307


class Rates(dict[str, float]):
    """Rates by reaction; computed when they are asked for."""

    def __init__(self, numbers: Numbers, laws: Mapping[str, str]) -> None:
        super().__init__()
        self.numbers, self.laws = numbers, laws

    def __missing__(self, name: str) -> float:
        self[name] = self.numbers.compute(self.laws[name])
        return self[name]


class Page:
    """A Markdown document, taken apart."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.laws: dict[str, str] = {}
        self.derivatives: dict[str, str] = {}
        self.rules: dict[str, str] = {}
        self.events: dict[str, list[tuple[str, str, str]]] = {}  # sign, left, right; in order
        self.seen: list[str] = []
        event = ""
        for part in re.finditer(r"^### `(\w+)`:|^## |\$\$(.*?)\$\$", text, re.DOTALL | re.MULTILINE):
            if part[2] is None:
                event = part[1] or ""
            elif event:
                self.events.setdefault(event, []).append(self._change(part[2]))
            else:
                self._equation(*straight(part[2]).split(" = ", 1))

    def _equation(self, left: str, right: str) -> None:
        if match := re.fullmatch(r"v_\{\\text\{(.*)\}\}", left):
            kind, name = self.laws, id_of(match[1])
        elif match := re.fullmatch(r"\\frac\{d (.*)\}\{d t\}", left):
            kind, name = self.derivatives, bare(match[1])
        else:
            kind, name = self.rules, bare(left)
        assert name not in kind, f"{name} is printed twice"
        kind[name] = right

    def _change(self, printed: str) -> tuple[str, str, str]:
        line = straight(printed)
        for sign in (r"\text{when}", r"\text{if}"):
            if line.startswith(sign):
                return sign, "", line.removeprefix(sign).replace(r"\quad", "").strip()
        left, right = line.split(r" \leftarrow ", 1)
        return "", bare(left), right

    def table(self, heading: str) -> Iterator[list[str]]:
        """Yield the cells of the table under a heading, without its first two lines."""
        _, _, section = self.text.partition(f"\n## {heading}\n")
        rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")]
        for row in rows[2:]:
            yield [cell.strip().strip("`") for cell in row.strip("| ").split(" | ")]

    @property
    def constants(self) -> dict[str, float]:
        """The numbers that are given."""
        return {row[0]: float(row[1]) for row in self.table("Numbers") if row[0] not in self.rules}

    @property
    def initial(self) -> dict[str, float]:
        """The initial state."""
        return {row[0]: float(row[1]) for row in self.table("Initial state")}


def straight(printed: str) -> str:
    """Return a formula on one line."""
    line = re.sub(r"\\(begin|end)\{aligned\}", "", printed)
    if r"\begin{cases}" not in line:
        line = line.replace("&", "").replace(r"\cr", "").replace(r"\quad", "").replace("{} ", "")
    return " ".join(line.split()).removeprefix("{}")


def bare(left: str) -> str:
    """Return the id on the left-hand side of an equation."""
    match = re.fullmatch(r"\[?\\(?:mathrm|text)\{(.*)\}\]?", left)
    assert match, left
    return id_of(match[1])


def printed(synapse: kn.Synapse, protocol: kn.Protocol | kn.Waveform | None, path: Path) -> Page:
    synapse.export(path, protocol)
    return Page(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return printed(CA1, PAIRING, tmp_path_factory.mktemp("equations") / "ca1.md")


def values(page: Page, state: Mapping[str, float]) -> Numbers:
    """Return the numbers of a page at a state."""
    numbers = Numbers({**page.constants, **state}, page.rules)
    numbers.space["V"] = {row[0]: float(row[2]) for row in page.table("Compartments")}
    numbers.space["R"] = Rates(numbers, page.laws)
    return numbers


# ---- The whole preset
def test_derivatives_as_printed_are_those_that_roadrunner_computes(page: Page) -> None:
    """At a random state far from rest, with the numbers as printed."""
    model = CA1.model(PAIRING)
    random = np.random.default_rng(7)
    state = {name: (value + 0.01) * random.uniform(0.5, 1.5) for name, value in page.initial.items()}
    runner = engine.prepare(model.structure, model.values)
    engine.set_state(runner, state)
    wanted = engine.rates(runner, state)
    assert wanted.keys() == page.derivatives.keys()
    numbers = values(page, state)
    found = {name: numbers.compute(each) for name, each in page.derivatives.items()}
    assert len(found) > 200
    assert found == pytest.approx(wanted, rel=1e-10, abs=1e-13)


def test_events_as_printed_are_those_that_roadrunner_gives(page: Page) -> None:
    """At the first presynaptic and at the first postsynaptic spike."""
    model = CA1.model(PAIRING)
    runner = engine.prepare(model.structure, model.values)
    engine.set_state(runner, model.initial)
    engine.set_tolerance(runner, 1e-9)
    arrival = 10.01 + model.values["distance"] / model.values["bAP_velocity"]
    lines = page.events["stim_1"]
    now = 0.0
    for spike, touched in ((10.0, "docked"), (arrival, "bAP_onset")):
        runner.simulate(now, spike - 1e-9, 2)
        before = engine.state(runner, page.initial)
        now = spike + 1e-9
        runner.simulate(spike - 1e-9, now, 2)
        after = engine.state(runner, page.initial)
        assert not happens(values(page, before), lines)
        found = event(values(page, before | {"clock": now}), lines)
        assert after[touched] != pytest.approx(before[touched], rel=1e-3)
        assert found == pytest.approx({name: after[name] for name in found}, rel=1e-5)


def happens(numbers: Numbers, lines: list[tuple[str, str, str]]) -> bool:
    (condition,) = (right for sign, _, right in lines if sign == r"\text{when}")
    return bool(numbers.compute(condition))


def event(numbers: Numbers, lines: list[tuple[str, str, str]]) -> dict[str, float]:
    """Return what an event sets."""
    assert happens(numbers, lines)
    found, holds = {}, True
    for sign, left, right in lines:
        if sign == r"\text{if}":
            holds = bool(numbers.compute(right))
        elif not sign and holds:
            found[left] = numbers.compute(right)
    return found


def test_events_have_the_names_of_what_they_write_out(page: Page) -> None:
    lines = {left: right for _, left, right in page.events["stim_1"] if left}
    assert lines["Glu"] == r"[\mathrm{Glu}] + \mathrm{release} \cdot \mathrm{Glu_{release}}"
    assert lines["docked"] == r"\mathrm{docked} - \mathrm{released}"


def test_numbers_and_state_are_those_of_the_model(page: Page) -> None:
    model = CA1.model(PAIRING)
    numbers = {row[0]: (float(row[1]), row[2], row[3]) for row in page.table("Numbers")}
    assert numbers.keys() == model.parameters.keys()
    for name, number in model.parameters.items():
        value, unit, source = numbers[name]
        assert value == (pytest.approx(model.values[name], rel=1e-8) if number.formula else number.value)
        assert unit.replace("µ", "u").replace("\\*", "*") == number.unit
        assert number.source.split()[0].rstrip(",") in source
    clocks = dict.fromkeys(("clock", "spikes_pre", "spikes_post", "pre_1_burst", "post_1_burst"), 0.0)
    assert page.initial == pytest.approx(dict(model.initial) | clocks, rel=1e-8)
    assert page.text.count("\n- [") == len(model.sources)


def test_who_reads_knows_what_it_is(page: Page, tmp_path: Path) -> None:
    perturbed = TUBE.with_(kn.inhibit("CaMKII", by=0.9), kn.edit("T286_rate", "1 1/s"))
    text = printed(perturbed, None, tmp_path / "page.md").text
    for said in (
        "Pathways: calmodulin, camkii.",
        "No stimulation",
        "Ca held at 1 µM",
        *map(str, (perturbed.perturbations)),
    ):
        assert said in text
    assert page.text.startswith("# ca1: Schaffer collateral on an apical")


# ---- Nothing left out, whatever is exported
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_everything_of_the_file_is_printed_once(protocol: str, tmp_path: Path) -> None:
    synapse = SPINE if PROTOCOLS[protocol] is not None else TUBE
    page = printed(synapse, PROTOCOLS[protocol], tmp_path / "page.md")
    parsed = document.read(synapse.sbml(PROTOCOLS[protocol]))
    model = parsed.getModel()
    rules = [model.getRule(i) for i in range(model.getNumRules())]
    assert page.laws.keys() == {model.getReaction(i).getId() for i in range(model.getNumReactions())}
    assert page.rules.keys() == {rule.getVariable() for rule in rules if rule.isAssignment()}
    assert page.derivatives.keys() == synapse.model(PROTOCOLS[protocol]).source.states.keys()
    for i in range(model.getNumEvents()):
        event = model.getEvent(i)
        assigned = {event.getEventAssignment(k).getVariable() for k in range(event.getNumEventAssignments())}
        assert {left for _, left, _ in page.events[event.getId()] if left} == assigned
    assert len(page.events) == model.getNumEvents()


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["l23", "striatum"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_everything_of_a_preset_is_printed_once(preset: str, protocol: str, tmp_path: Path) -> None:
    synapse = kn.Synapse.preset(preset).with_(kn.knockout("endocannabinoid"), kn.clamp("cAMP", "0.1 uM"))
    page = printed(synapse, PROTOCOLS[protocol], tmp_path / "page.md")
    assert page.derivatives.keys() == synapse.model(PROTOCOLS[protocol]).source.states.keys()


def test_reactions_as_chemists_write_them(page: Page) -> None:
    assert (
        r"`bind_CaM_Ng`: $\mathrm{CaM_{C0N0}} + \mathrm{Ng} \rightleftharpoons \mathrm{Ng_{CaM}}$"
        in page.text
    )
    assert r"\rightarrow 2\ \mathrm{TrkB_{int}}$" in page.text
    assert r"`make_PIP2`: $\emptyset \rightarrow \mathrm{PIP2}$" in page.text
    assert r"`break_cAMP_PDE1`: $\mathrm{cAMP} \rightarrow \emptyset$, by $\mathrm{PDE1_{CaM}}$" in page.text


def test_a_list_is_a_table(tmp_path: Path) -> None:
    page = printed(SPINE, PROTOCOLS["list"], tmp_path / "page.md")
    (looked_up,) = (right for _, left, right in page.events["stim_1"] if left == "pre_1_listed")
    assert looked_up == r"T_{1}\left(\mathrm{pre_{1,spike}}\right)"
    rows = [("0.5", "0.5"), ("1.5", "0.7"), ("2.5", "0.9"), ("otherwise", "1.2")]
    assert "".join(f"| {bound} | ${value}$ |\n" for bound, value in rows) in page.text


# ---- Formulas
SYMBOLS = {name: tex_pieces.named(name) for name in ("a", "b_c", "some_words", "D_e_F1")}
AT = {"a": 1.7, "b_c": -0.6, "some_words": 0.3, "D_e_F1": 2.9}


def expressions() -> st.SearchStrategy[str]:
    """Return formulas as text, whose values are finite whatever the tree."""
    leaves = st.sampled_from([*AT, "2", "0.25", "1e-7"])

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, inner)
        return st.one_of(
            pair.map(lambda p: f"({p[0]} + {p[1]})"),
            pair.map(lambda p: f"({p[0]} - {p[1]})"),
            pair.map(lambda p: f"({p[0]} * {p[1]})"),
            pair.map(lambda p: f"({p[0]} / D_e_F1 * {p[1]} / a / 2 * b_c)"),
            pair.map(lambda p: f"({p[0]} / (2 + ({p[1]})^2))"),
            pair.map(lambda p: f"min({p[0]}, {p[1]})"),
            pair.map(lambda p: f"piecewise({p[0]}, a < {p[1]}, {p[1]})"),
            pair.map(lambda p: f"piecewise({p[0]}, (a < {p[1]} && a > 1) || {p[0]} < 2, {p[1]}, a >= 9, a)"),
            inner.map(lambda e: f"(-{e})"),
            inner.map(lambda e: f"({e})^2"),
            inner.map(lambda e: f"exp(-(({e})^2))"),
            inner.map(lambda e: f"sqrt(1 + ({e})^2)"),
        )

    return st.recursive(leaves, grown, max_leaves=10)


def value(node: libsbml.ASTNode) -> float:
    """Return the value of a tree, computed from the tree itself."""
    parts = [node.getChild(i) for i in range(node.getNumChildren())]
    kind = node.getType()
    if kind == libsbml.AST_FUNCTION_PIECEWISE:
        for result, condition in zip(parts[::2], parts[1::2], strict=False):
            if value(condition):
                return value(result)
        return value(parts[-1])
    numbers = [value(part) for part in parts]
    if node.isNumber():
        return float(node.getValue())
    if node.isName():
        return AT[node.getName()]
    if kind == libsbml.AST_MINUS:
        return -numbers[0] if len(numbers) == 1 else numbers[0] - numbers[1]
    if kind == libsbml.AST_FUNCTION_ROOT:
        return math.sqrt(numbers[-1])
    made: dict[int, Callable[[list[float]], float]] = {
        libsbml.AST_PLUS: math.fsum,
        libsbml.AST_TIMES: math.prod,
        libsbml.AST_DIVIDE: lambda n: n[0] / n[1],
        libsbml.AST_POWER: lambda n: n[0] ** n[1],
        libsbml.AST_FUNCTION_POWER: lambda n: n[0] ** n[1],
        libsbml.AST_FUNCTION_EXP: lambda n: math.exp(n[0]),
        libsbml.AST_FUNCTION_MIN: min,
        libsbml.AST_RELATIONAL_LT: lambda n: n[0] < n[1],
        libsbml.AST_RELATIONAL_GT: lambda n: n[0] > n[1],
        libsbml.AST_RELATIONAL_GEQ: lambda n: n[0] >= n[1],
        libsbml.AST_LOGICAL_AND: all,
        libsbml.AST_LOGICAL_OR: any,
    }
    return float(made[kind](numbers))


@hypothesis.given(expressions(), st.sampled_from([8.0, 25.0, 60.0, 1000.0]))
@hypothesis.settings(max_examples=150)
def test_any_formula_means_the_same_in_print_however_it_is_broken(text: str, limit: float) -> None:
    node = libsbml.parseL3Formula(text)
    lines = Printer(SYMBOLS, (), r"\cr", limit).formula(node).lines(limit)
    numbers = Numbers(AT, {})
    assert numbers.compute(" ".join(lines)) == pytest.approx(value(node), rel=1e-9, abs=1e-12)


def test_lines_are_no_wider_than_they_may_be() -> None:
    node = libsbml.parseL3Formula(" + ".join(["a*b_c*some_words"] * 12))
    lines = Printer(SYMBOLS, (), r"\cr", 40.0).formula(node).lines(40.0)
    assert len(lines) > 3
    assert max(len(re.sub(r"\\(mathrm|text|cdot)|[{}_]", "", line)) for line in lines) < 60


def test_what_a_slash_divides_is_not_left_open() -> None:
    node = libsbml.parseL3Formula("(a + b_c + some_words + D_e_F1)/(a + some_words)*D_e_F1")
    text = " ".join(Printer(SYMBOLS, (), r"\cr", 20.0).formula(node).lines(20.0))
    assert text.startswith(r"\bigl(\bigl(\mathrm{a} + ")
    assert text.endswith(r" \big/ \bigl(\mathrm{a} + \text{some words}\bigr)\bigr) \cdot \mathrm{D_{e,F1}}")


def test_what_has_no_form_in_print_is_refused() -> None:
    for text in ("arccos(a)", "f(a, b_c)", "delay(a, 2)", "not(a < 2)", "root(3, a)"):
        with pytest.raises(ExportError, match=r"has no form in print; write the formula without it"):
            Printer(SYMBOLS, (), r"\cr", 80.0).formula(libsbml.parseL3Formula(text))
