"""Formulas and texts survive Markdown and LaTeX."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import kinaptic as kn
from kinaptic.sbml.export.equations_markup import Latex, Markdown

TUBE = kn.Synapse.of("calmodulin", "camkii", Ca="1 uM", PP1="0.1 uM", PP1_activity=1)


@pytest.fixture(scope="module")
def markdown(tmp_path_factory: pytest.TempPathFactory) -> str:
    return exported(tmp_path_factory.mktemp("markdown") / "ca1.md")


@pytest.fixture(scope="module")
def latex(tmp_path_factory: pytest.TempPathFactory) -> str:
    return exported(tmp_path_factory.mktemp("latex") / "ca1.tex")


def exported(path: Path) -> str:
    kn.Synapse.preset("ca1").export(path, kn.stdp("10 ms", pairs=60, rate="1 Hz"))
    return path.read_text("utf-8")


def test_markdown_leaves_formulas_alone(markdown: str) -> None:
    """GitHub renders Markdown first; what is left between dollars has to be the formula."""
    formulas = re.findall(r"\$\$.*?\$\$|\$[^$\n]+\$", markdown, re.DOTALL)
    assert len(formulas) > 900
    rendered = html.unescape(MarkdownIt("gfm-like", {"linkify": False}).render(markdown))
    kept = re.findall(r"\$\$.*?\$\$|\$[^$\n]+\$", rendered, re.DOTALL)
    assert kept == formulas


def test_formulas_are_the_same_in_markdown_and_latex(markdown: str, latex: str) -> None:
    displayed = [" ".join(f.split()) for f in re.findall(r"\\\[\n(.*?)\n\\\]", latex, re.DOTALL)]
    wanted = [" ".join(f.split()) for f in re.findall(r"\$\$(.*?)\$\$", markdown, re.DOTALL)]
    assert [f.replace(r"\\{}", r"\cr") for f in displayed] == wanted


def test_latex_can_be_compiled_as_far_as_that_is_seen(latex: str) -> None:
    environments: list[str] = []
    for which, name in re.findall(r"\\(begin|end)\{(\w+)\}", latex):
        if which == "begin":
            environments.append(name)
        else:
            assert environments.pop() == name
    assert environments == []
    assert latex.count(r"\left(") == latex.count(r"\right)")
    plain = re.sub(r"\\[\\{}_%&#$]", "", latex)  # what is escaped
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    body = plain.partition(r"\begin{document}")[2]
    prose = re.sub(r"\\\[.*?\\\]|\$[^$]*\$|\\begin\{longtable\}.*?\\endhead", "", body, flags=re.DOTALL)
    assert re.findall(r"[_^#%~]", prose) == []
    assert max(map(len, latex.splitlines())) < 2500
    for row in re.findall(r"^(?!\\).* & .*$", prose, re.MULTILINE):
        assert row.endswith(r"\\"), row
    assert re.findall(r"(\\item|\\\\|\\begin\{\w+\})\s*\[", latex) == []  # a bracket would be an option


def test_text_is_text() -> None:
    wild = r"50 % of A_b & C #1 costs $2 {x} ~y ^z \n *s* <b> | `c` _d_ α → µ é"
    rendered = MarkdownIt("gfm-like", {"linkify": False}).renderInline(Markdown().plain(wild))
    assert html.unescape(rendered) == wild
    made = Latex().plain(wild)
    assert r"50 \% of A\_b \& C \#1 costs \$2 \{x\} \textasciitilde{}y \textasciicircum{}z" in made
    assert r"\textbackslash{}n" in made
    assert made.endswith(r"\_d\_ \ensuremath{\alpha} \ensuremath{\rightarrow} µ é")


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    for ending in ("md", "tex"):
        for name in ("one", "two"):
            TUBE.export(tmp_path / f"{name}.{ending}")
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()
        assert str(tmp_path) not in (tmp_path / f"one.{ending}").read_text("utf-8")
