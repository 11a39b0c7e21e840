"""A study file says what a script says; every mistake is named with its line and key."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import kinaptic as kn
from kinaptic.analysis import study_file
from kinaptic.errors import KinapticError, StudyFileError

STUDY = """\
format: 1
title: Kinase and phosphatase
synapse:
  preset: ca1
  set: {distance: 120 um}
  with: drug('AM251', '1 uM')
protocol: stdp('10 ms', 3, rate='2 Hz')
over:
  genotype: [wild type, knockout('PKA'), "inhibit('calcineurin', by=0.8) + overexpress('CaMKII', 2)"]
  delay: [-10 ms, 10 ms]
until: 20 s
readouts: [weight, peak Ca]
rtol: 1e-6
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_it_is_the_scan_of_the_script(tmp_path: Path) -> None:
    read = study_file.read(written(tmp_path, STUDY))
    assert read.title == "Kinase and phosphatase"
    synapse = kn.Synapse.preset("ca1", distance="120 um").with_(kn.drug("AM251", "1 uM"))
    both = (kn.inhibit("calcineurin", by=0.8), kn.overexpress("CaMKII", 2))
    wanted = kn.scan(
        synapse,
        kn.stdp("10 ms", 3, rate="2 Hz"),
        {"genotype": [None, kn.knockout("PKA"), both], "delay": ["-10 ms", "10 ms"]},
        until="20 s",
        readouts=("weight", "peak Ca"),
    )
    found = read.run()
    pd.testing.assert_frame_equal(found.table, wanted.table, check_exact=True)
    assert found.recipe == wanted.recipe


def test_conditions_are_genotypes(tmp_path: Path) -> None:
    with_one = STUDY.replace("with: drug('AM251', '1 uM')", "with: condition('aged')")
    text = with_one.replace(
        """knockout('PKA'), "inhibit('calcineurin', by=0.8) + overexpress('CaMKII', 2)"]""",
        """kn.condition('juvenile'), "condition('amyloid') + knockout('PKA')"]""",
    )
    read = study_file.read(written(tmp_path, text))
    assert read.synapse.perturbations == kn.condition("aged")
    genotypes = [None, kn.condition("juvenile"), (*kn.condition("amyloid"), kn.knockout("PKA"))]
    assert isinstance(read.over, dict)
    assert read.over["genotype"] == genotypes


def test_a_condition_in_a_file_is_that_of_a_script(tmp_path: Path) -> None:
    text = STUDY.replace("knockout('PKA'), ", "condition('aged'), ")
    read = study_file.read(written(tmp_path, text))
    synapse = kn.Synapse.preset("ca1", distance="120 um").with_(kn.drug("AM251", "1 uM"))
    both = (kn.inhibit("calcineurin", by=0.8), kn.overexpress("CaMKII", 2))
    over = {"genotype": [None, kn.condition("aged"), both], "delay": ["-10 ms", "10 ms"]}
    wanted = kn.scan(
        synapse, kn.stdp("10 ms", 3, rate="2 Hz"), over, until="20 s", readouts=("weight", "peak Ca")
    )
    found = read.run()
    pd.testing.assert_frame_equal(found.table, wanted.table, check_exact=True)
    assert found.recipe == wanted.recipe


def test_the_shortest(tmp_path: Path) -> None:
    path = written(
        tmp_path, "format: 1\nsynapse: l5\nover: {pairs: [1, 2]}\nprotocol: stdp('5 ms', 1, rate='1 Hz')\n"
    )
    read = study_file.read(path)
    assert (read.synapse, read.over) == (kn.Synapse.preset("l5"), {"pairs": [1, 2]})
    assert read.options == {}


def test_points_ranges_drugs_and_protocols(tmp_path: Path) -> None:
    text = """\
format: 1
synapse: ca1
over:
  drug: [none, AM251, "inhibit('CaMKII', ic50='0.4 uM')"]
  dose: 1 nM .. 10 nM
  protocol: [none, "low_frequency('1 Hz', 3)", "gap('1 s') + stdp('1 ms', 1, rate='1 Hz')"]
"""
    read = study_file.read(written(tmp_path, text))
    assert isinstance(read.over, dict)
    assert read.over["drug"] == [None, "AM251", kn.inhibit("CaMKII", ic50="0.4 uM")]
    assert read.over["dose"] == "1 nM .. 10 nM"
    assert read.over["protocol"][1] == kn.low_frequency("1 Hz", 3)
    listed = "format: 1\nsynapse: ca1\nprotocol: stdp('1 ms', 1, rate='1 Hz')\nover:\n"
    listed += "- {delay: 1 ms, pairs: 2}\n- {delay: 2 ms, pairs: 1}\n"
    points = study_file.read(written(tmp_path, listed)).over
    assert points == [{"delay": "1 ms", "pairs": 2}, {"delay": "2 ms", "pairs": 1}]


def test_a_waveform_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "spine.csv").write_text("time (s),Ca (uM)\n0,0.07\n0.1,1.5\n0.2,0.5\n0.4,0.07\n")
    text = "format: 1\nsynapse: ca1\nwaveform: {file: spine.csv, max_step: 1 s}\n"
    text += "over: {CaMKII_total: [70 uM, 80 uM]}\n"
    read = study_file.read(written(tmp_path, text))
    assert isinstance(read.protocol, kn.Waveform)
    assert read.protocol.peak == 1.5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("until: 20 s", "untill: 20 s", r"line 11: unknown key 'untill': did you mean until\?"),
        ("  preset: ca1", "  prest: ca1", r"line 4: unknown key of synapse 'prest': did you mean preset"),
        ("preset: ca1", "preset: ca2", r"line 5: synapse: unknown preset 'ca2': did you mean ca1"),
        ("distance: 120 um", "distanse: 120 um", r"line 5: synapse: unknown parameter 'distanse': did you"),
        ("distance: 120 um", "distance: 120 mV", r"line 5: synapse: .*expected a quantity in um"),
        ("drug('AM251'", "drug('AM25'", r"line 6: synapse.with: unknown drug 'AM25': did you"),
        ("'1 uM')\nprotocol", "'1 mV')\nprotocol", r"line 6: synapse.with: .*expected a quantity in uM"),
        ("protocol: stdp(", "protocol: sdtp(", r"line 7: protocol: unknown protocol 'sdtp': did you"),
        ("rate='2 Hz'", "rates='2 Hz'", r"line 7: protocol: unknown argument of stdp 'rates'"),
        ("knockout('PKA')", "knockot('PKA')", r"line 9: over.genotype: unknown perturbation 'knockot'"),
        ("knockout('PKA')", "condition('age')", r"line 9: over.genotype: unknown condition 'age': did you"),
        ("knockout('PKA')", "condition", r"line 9: .*condition needs its arguments: condition\(name\)"),
        ("drug('AM251', '1 uM')", "conditio('aged')", r"line 6: .*'conditio': did you mean condition"),
        ("knockout('PKA')", "knockout('PKQ')", r"line 9: unknown target 'PKQ'|line 8: unknown target 'PKQ'"),
        ("  delay: [-10 ms, 10 ms]", "  drug: [condition('huntington_late')]", r"line 10: .*a genotype"),
        ("  delay: [", "  dealy: [", r"line 10: unknown key of over 'dealy': did you mean delay"),
        ("-10 ms, 10 ms]", "-10 ms, ten]", r"line 10: .*cannot read 'ten'"),
        ("-10 ms, 10 ms]", "-10 ms, .nan]", r"line 10: "),
        ("[-10 ms, 10 ms]", "10 ms", r"line 10: over.delay: is not a list; write \[10 ms\], or a range"),
        ("[-10 ms, 10 ms]", "10 ms .. 1 ms", r"line 10: .*upside down; write 1 ms .. 10 ms"),
        ("[-10 ms, 10 ms]", "[]", r"line 10: .*the list is empty"),
        ("until: 20 s", "until: 20", r"line 11: scan\(until=…\): 20 has no unit"),
        ("peak Ca", "peek Ca", r"line 12: readout 'peek Ca' is not understood"),
        ("peak Ca", "peak CaMKI", r"line 12: unknown readout 'CaMKI'"),
        ("rtol: 1e-6", "rtol: 1", r"line 13: rtol=1 is outside"),
        ("rtol: 1e-6", "engine: fast", r"unknown engine 'fast'"),
        ("format: 1", "format: 2", r"line 1: format: 2 is that of another version .* reads 1"),
        ("format: 1", "format: true", r"line 1: format: True is that of another version"),
        ("rtol: 1e-6", "engine: bogus", r"line 13: unknown engine 'bogus'"),
        ("-10 ms, 10 ms]", "-10 ms, 2001-13-45]", r"line 10: cannot be read"),
        ("format: 1\n", "", r"does not say which format it is in; begin it with 'format: 1'"),
        ("until: 20 s", "until: 20 s\nuntil: 30 s", r"line 12: until: is there twice; keep one"),
        ("readouts: [weight, peak Ca]", "readouts: {a: b}", r"line 12: readouts: is not a list of texts"),
        ("synapse:\n", "synapse: [\n", r"line \d+: is no YAML"),
        ("rtol: 1e-6", "waveform: {file: x.csv}", r"line 13: waveform: give protocol or waveform, not both"),
    ],
)  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in STUDY
    path = written(tmp_path, STUDY.replace(old, new))
    with pytest.raises(StudyFileError, match=message) as caught:
        study_file.read(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no keys; a study begins with 'format: 1'"),
        ("- a\n", "holds no keys"),
        ("format: 1\nsynapse: ca1\n", "lacks the key 'over'"),
        ("format: 1\nover: {pairs: [1]}\n", "lacks the key 'synapse'"),
        ("format: !!python/object:os.system 1\n", "line 1"),
        (
            "format: 1\nsynapse: ca1\nwaveform: {file: gone.csv}\nover: {CaMKII_total: [1 uM]}\n",
            "line 3: waveform",
        ),
    ],
)
def test_what_is_no_study(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyFileError, match=message):
        study_file.read(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"gone.yaml: cannot be read \(No such file or directory\)"):
        study_file.read(tmp_path / "gone.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyFileError, match="is no text in UTF-8"):
        study_file.read(tmp_path / "binary.yaml")


def test_a_large_one_is_read_and_refused_when_run(tmp_path: Path) -> None:
    values = ", ".join(f"{i} ms" for i in range(1, 1001))
    text = f"format: 1\nsynapse: ca1\nprotocol: stdp('10 ms', 1, rate='1 Hz')\nover:\n  delay: [{values}]\n"
    text += f"  pairs: [{', '.join(map(str, range(1, 1002)))}]\n"
    read = study_file.read(written(tmp_path, text))
    with pytest.raises(KinapticError, match=r"over has 1,001,000 points \(1000 x 1001\)"):
        read.run()


def test_one_drug_is_one(tmp_path: Path) -> None:
    text = "format: 1\nsynapse: ca1\nover:\n  drug: [\"drug('AM251','1 uM') + drug('nimodipine','1 uM')\"]\n"
    with pytest.raises(StudyFileError, match=r"line 4: over.drug: .*give one; several together"):
        study_file.read(written(tmp_path, text))


def test_the_point_that_is_wrong_is_named(tmp_path: Path) -> None:
    listed = "format: 1\nsynapse: ca1\nprotocol: stdp('1 ms', 1, rate='1 Hz')\nover:\n"
    listed += "- {delay: 1 ms}\n- {delay: 5 uM}\n- {delay: 2 ms}\n"
    with pytest.raises(StudyFileError, match=r"line 6: .*'5 uM'"):
        study_file.read(written(tmp_path, listed))


def test_a_grid_beyond_all_memory_is_counted_not_made(tmp_path: Path) -> None:
    values = ", ".join(f"{i} um" for i in range(1, 1001))
    counts = ", ".join(map(str, range(1, 1001)))
    text = "format: 1\nsynapse: ca1\nprotocol: stdp('10 ms', 1, rate='1 Hz')\nover:\n"
    text += f"  distance: [{values}]\n"
    text += f"  pairs: [{counts}]\n  inputs: [{counts}]\n  pre_spikes: [{counts}]\n"
    read = study_file.read(written(tmp_path, text))
    assert study_file.count(read.over) == 10**12
    with pytest.raises(KinapticError, match="1,000,000,000,000 points"):
        read.run()
