"""Every format is named by its ending or by `to`, and what cannot be written is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import kinaptic as kn
from kinaptic.errors import ExportError, KinapticError, UnknownName
from kinaptic.sbml.export.formats import FORMATS

TUBE = kn.Synapse.of("calmodulin", Ca="1 uM")


def test_the_ending_says_the_format(tmp_path: Path) -> None:
    TUBE.export(tmp_path / "tube.xml")
    assert (tmp_path / "tube.xml").read_text("utf-8") == TUBE.sbml()


def test_formats_that_are_not_known(tmp_path: Path) -> None:
    with pytest.raises(KinapticError, match=r"tube\.doc.*\.doc names no format.*\.xml.*\.omex"):
        TUBE.export(tmp_path / "tube.doc")
    with pytest.raises(UnknownName, match="unknown format 'sbml-l3v3': did you mean sbml-l3v1"):
        TUBE.export(tmp_path / "tube.xml", to="sbml-l3v3")
    with pytest.raises(KinapticError, match=r"the ending says the format; it can be \.omex"):
        TUBE.export(tmp_path / "tube.xml", to="omex")
    with pytest.raises(KinapticError, match=r"until='-1 s'.*positive"):
        TUBE.export(tmp_path / "tube.xml", until="-1 s")
    with pytest.raises(KinapticError, match="there is no folder"):
        TUBE.export(tmp_path / "nowhere" / "tube.xml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", ["sbml-l2v4", "sbml-comp", "omex", "petab", "nmodl", "markdown", "latex"])
def test_models_of_others_have_fewer_formats(to: str, tmp_path: Path) -> None:
    class Theirs(kn.Synapse):
        foreign = True

    with pytest.raises(ExportError, match=f"theirs is a model of others, which {to} is not written for"):
        Theirs("theirs", TUBE.pathways).export(tmp_path / "theirs", to=to)
    assert list(tmp_path.iterdir()) == []


def test_first_format_of_an_ending_is_meant() -> None:
    first: dict[str, str] = {}
    for name, each in FORMATS.items():
        for suffix in each.suffixes:
            first.setdefault(suffix, name)
    assert first == {
        ".xml": "sbml",
        ".sbml": "sbml",
        ".ant": "antimony",
        ".txt": "antimony",
        ".omex": "omex",
        ".mod": "nmodl",
        ".md": "markdown",
        ".tex": "latex",
    }
