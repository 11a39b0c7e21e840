"""The files of the presets are there, up to date, clean and small, and do what their page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kinaptic as kn
from kinaptic.pathways.presets import presets
from kinaptic.sbml import built, document, engine

FOLDER = Path(built.__file__).parent
REMEDY = f"; make them anew by {built.COMMAND}"
LARGEST = 1_500_000  # bytes: a repository keeps every version for ever
NAMES = [f"{name}.xml" for name in presets()]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return built.texts()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> Path:
    made = tmp_path_factory.mktemp("built")
    for name, text in texts.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


@pytest.mark.parametrize("name", NAMES)
def test_files_are_up_to_date(name: str, texts: dict[str, str]) -> None:
    found = built.stale(FOLDER / name, texts[name])
    assert not found, f"{'; '.join(found[:5])}{REMEDY}"


def test_their_page_is_up_to_date(checkout: Path, texts: dict[str, str]) -> None:
    found = built.stale(checkout / "sbml" / "README.md", texts["README.md"])
    assert not found, f"{found[0]}{REMEDY}"


@pytest.mark.parametrize("name", NAMES)
def test_files_are_clean_and_small(name: str, texts: dict[str, str]) -> None:
    assert document.problems(texts[name]) == []
    assert len(texts[name].encode()) < LARGEST


def test_every_preset_has_a_file(texts: dict[str, str]) -> None:
    assert [*texts] == [*NAMES, "README.md"]
    assert texts["striatum.xml"] == kn.Synapse.preset("striatum").sbml(built.PROTOCOL)


# ---- What counts as a difference
CHANGES = {  # what is replaced by what, and what is said of it
    "a digit": ('initialConcentration="34.729', 'initialConcentration="34.728', "CaM_C0N0 says"),
    "a formula": ("<plus/>", "<minus/>", "another element"),
    "a name in a formula": ("<ci> Glu_tau </ci>", "<ci> AMPAR_tau </ci>", "ci says ' AMPAR_tau '"),
    "a unit": ('value="0.0012" units="s_unit"', 'value="0.0012" units="uM"', "Glu_tau says 'uM'"),
    "a source": ("Clements1992, abstract", "Clements1992, Table 1", "says 'Clements1992, Table 1'"),
    "an attribute more": ('<reaction metaid="meta_clear_Glu"', '<reaction fast="false" ', "clear_Glu is"),
    "an element less": ('<speciesReference species="Glu" stoichiometry="1" constant="true"/>', "", "has 0"),
    "the end": ("</sbml>", "", "ca1.xml is no XML"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_different_is_found_and_renewed(
    what: str, texts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, said = CHANGES[what]
    assert old in texts["ca1.xml"]
    path = tmp_path / "ca1.xml"
    path.write_text(texts["ca1.xml"].replace(old, new, 1), encoding="utf-8")
    (found, *_) = built.stale(path, texts["ca1.xml"])
    assert said in found
    monkeypatch.setattr(built, "texts", lambda: {name: texts[name] for name in ("ca1.xml", "README.md")})
    assert built.write(tmp_path) == ["ca1.xml", "README.md"]
    assert path.read_text("utf-8") == texts["ca1.xml"]


def test_last_digits_are_no_difference_and_are_left(
    texts: dict[str, str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built, "texts", lambda: texts)
    assert built.write(folder) == []

    def nudged(match: re.Match[str]) -> str:
        return f'initialConcentration="{float(match[1]) * (1 + 3e-11) + 1e-16!r}"'

    text = re.sub(r'initialConcentration="([^"]+)"', nudged, texts["l5.xml"])
    assert text != texts["l5.xml"]
    (tmp_path / "l5.xml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(built, "texts", lambda: {"l5.xml": texts["l5.xml"]})
    assert built.write(tmp_path) == []
    assert (tmp_path / "l5.xml").read_text("utf-8") == text


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert built.stale(tmp_path / "l5.xml", "") == ["l5.xml is not there"]


# ---- What the page says
def test_numbers_and_variables_of_the_page_are_in_every_file(texts: dict[str, str]) -> None:
    page = texts["README.md"]
    named = set(re.findall(r"^\| `(\w+)` ", page, re.MULTILINE))
    assert {"stim_1_bursts", "CaMKII_activity", "weight", "Ca"} <= named
    for name in NAMES:
        parsed = document.read(texts[name])
        model = parsed.getModel()
        assert [each for each in named if model.getElementBySId(each) is None] == []
        counts = [model.getNumSpecies(), model.getNumReactions(), model.getNumParameters()]
        assert f"| [{name}]({name}) | {' | '.join(map(str, counts))} |" in page
    assert "| `calcium_out` | 2000 | 2500 | 2000 | 2000 | uM |" in page


def test_no_pairings_are_rest() -> None:
    model = kn.Synapse.preset("ca1").model(built.PROTOCOL)
    runner = engine.prepare(model.structure, {**model.values, "stim_1_bursts": 0.0})
    engine.set_state(runner, model.initial)
    engine.set_tolerance(runner, 1e-8)
    runner.simulate(0, 600, 2)
    found = engine.state(runner, model.initial)
    assert found == pytest.approx(dict(model.initial), rel=1e-6, abs=1e-8)
    assert runner["weight"] == pytest.approx(1, abs=1e-8)
