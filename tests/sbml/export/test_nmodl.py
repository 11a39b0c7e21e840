"""A mechanism has what the model has but for calcium, says where it is from, and refuses what is amiss."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import libsbml
import pytest

import kinaptic as kn
from kinaptic.errors import ExportError
from kinaptic.sbml import build
from kinaptic.sbml.export import nmodl_blocks, nmodl_cut, nmodl_math, nmodl_names
from kinaptic.sbml.export.nmodl_network import Reaction

BOUTON = kn.Synapse.of("bouton", Glu="0 uM")
RECORDED = kn.Waveform([0, 1, 2, 3, 4], [0.05, 0.05, 2, 0.05, 0.05], unit="uM", time_unit="s", max_step="2 s")


def test_a_whole_preset(tmp_path: Path) -> None:
    synapse = kn.Synapse.preset("ca1")
    synapse.export(tmp_path / "ca1.mod")
    text = (tmp_path / "ca1.mod").read_text("ascii")
    assert max(map(len, text.splitlines())) < 500
    model = synapse.model(None)
    lines = text.partition("\nPARAMETER {\n")[2].partition("\n}\n")[0].splitlines()
    given = [re.fullmatch(r"    (\w+) = (\S+) \(\S+\) : \S.*", line) for line in lines]
    values = {each[1]: float(each[2]) for each in given if each}
    assert len(values) == len(lines) > 400
    outside = {name for name in values if name not in model.values}  # the cell brings calcium as a whole
    assert {name: values.pop(name) for name in outside} == {"Ca_NMDAR": 0, "Ca_VGCC": 0}
    assert values == {name: model.values[name] for name in values}
    assert {"spine", "T286_rate", "Glu_tau", "release_mean_rest"} <= values.keys()
    assert not {"NMDAR_conductance", "V_rest", "Ca_rest", "VGCC_R_conductance"} & values.keys()
    without = build.recipe(build.replaced_calcium(synapse), None).structure.states
    begin = text.partition("\nINITIAL {\n")[2].partition("assign()")[0]
    states = {name: float(value) for name, value in re.findall(r"^    (\w+) = (\S+)$", begin, re.MULTILINE)}
    raised = {name.removesuffix("_raised") for name in states if name.endswith("_raised")}
    assert {name.removesuffix("_raised") for name in states} >= {*without, "Glu"}
    assert {"Ca_store", "Ca_TRPV1"} <= raised < without.keys()
    assert {name: states[name] for name in without if name not in raised} == {
        name: model.initial[name] for name in without if name not in raised
    }
    assert "Ca_elsewhere = Ca_store + Ca_TRPV1" in text
    assert "~ BDNF_pTrkB2 <-> 2 TrkB_int (" in " ".join(text.split())
    assert "[Pepke2010]" in text


def test_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    code = "import kinaptic as kn; kn.Synapse.of('bouton', Glu='0 uM').export('vesicles.mod')"
    written = []
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
        written.append((tmp_path / "vesicles.mod").read_bytes())
    assert written[0] == written[1]


def test_what_was_done_is_told_and_done(tmp_path: Path) -> None:
    synapse = kn.Synapse.of("calmodulin", "camkii", Ca="0.1 uM", PP1="0.1 uM", PP1_activity=1)
    changed = synapse.with_(kn.inhibit("CaMKII", by=0.9), kn.clamp("PP1", "0.2 uM"))
    changed.export(tmp_path / "inhibited.mod")
    text = (tmp_path / "inhibited.mod").read_text("ascii")
    assert "CaMKII_activity = 0.1 (1) :" in text.replace("0.09999999999999998", "0.1")
    assert "PP1 = 0.2 (uM) :" in text
    said = " ".join(text.partition("Done to it")[2].partition("\n\n")[0].split())
    assert all(str(each) in said for each in changed.perturbations)


# ---- what is refused


@pytest.mark.parametrize("stimulus", [kn.low_frequency("1 Hz", pulses=2), RECORDED])
def test_a_protocol_is_for_neuron_to_give(stimulus: kn.Protocol | kn.Waveform, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"cannot go into a NEURON mechanism.*export without a protocol"):
        kn.Synapse.preset("ca1").export(tmp_path / "ca1.mod", stimulus)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "what", [kn.inhibit("NMDAR"), kn.clamp("Ca", "1 uM"), kn.knockout("calcium"), kn.drug("AP5", "50 uM")]
)
def test_what_is_done_to_calcium_is_for_the_cell(what: kn.Perturbation, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="would do nothing; leave it out, and do it to the cell"):
        kn.Synapse.preset("ca1").with_(what).export(tmp_path / "ca1.mod")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ca1-synapse", "1ca", "STATE", "double", "step", "µ"])
def test_names_that_no_mechanism_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="a mechanism is named after its file"):
        BOUTON.export(tmp_path / f"{name}.mod")
    with pytest.raises(ExportError, match="the model has a docked of its own"):
        BOUTON.export(tmp_path / "docked.mod")
    assert list(tmp_path.iterdir()) == []


def test_calcium_alone_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing else; add pathways"):
        kn.Synapse.of("calcium").export(tmp_path / "alone.mod")


@pytest.mark.parametrize(("text", "what"), [("tan(x)", "tan"), ("time*x", "time")])
def test_functions_that_nmodl_does_not_have(text: str, what: str) -> None:
    with pytest.raises(ExportError, match=f"somewhere: NMODL has no word for '{what}.*piecewise, or export"):
        nmodl_math.tree(libsbml.parseL3Formula(text), {"x": "x"}, "somewhere")


def test_rates_that_are_too_long() -> None:
    network = nmodl_cut.network(BOUTON, BOUTON.model(None))
    endless = Reaction("endless", ("RIM",), (), nmodl_math.product([ast.Name("RIM_total")] * 80))
    with pytest.raises(ExportError, match=r"endless: .*no rate of more than 400 characters.*assignment rule"):
        nmodl_blocks.blocks("vesicles", dataclasses.replace(network, reactions=(endless,)))


# ---- names and mathematics


def test_names_that_are_taken() -> None:
    ids = ["t", "double", "new_A", "A0", "DA", "A_raised", "A", "_A", "STATE", "STATE_", "slot"]
    assert list(nmodl_names.safe(ids, states=["A"]).values()) == [
        *("t_", "double_", "new_A_", "A0_", "DA_", "A_raised_", "A", "x_A", "STATE_", "STATE__", "slot")
    ]


def test_texts_are_spelled_in_ascii() -> None:
    assert nmodl_names.plain("  Sjöström, 5 µM ± 1 at 30 °C –\n α-CaMKII₂ ☃") == (
        "Sjostrom, 5 uM +- 1 at 30 degrees C - alpha-CaMKII2 ?"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-x^2", "-AG^2"),
        ("(-x)^2", "(-AG)^2"),
        ("x^-2", "AG^(-2)"),
        ("(x^2)^3", "(AG^2)^3"),
        ("x - (y - z)", "AG - (w - tau)"),
        ("x/(y*z)", "AG / (w * tau)"),
        ("ln(x) + sqrt(y) + abs(z)", "log(AG) + sqrt(w) + fabs(tau)"),
        ("!(x < y) && y != z || x >= 1e-5", "!(AG < w) && w != tau || AG >= 1e-05"),
        ("piecewise(x, x > y, z, x > z, y)", "choice(AG > w, AG, choice(AG > tau, tau, w))"),
    ],
)
def test_mathematics(text: str, written: str) -> None:
    named = {"x": "AG", "y": "w", "z": "tau"}
    assert nmodl_math.text(nmodl_math.tree(libsbml.parseL3Formula(text), named, "test")) == written
