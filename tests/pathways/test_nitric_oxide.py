"""Nitric oxide: how much reaches the bouton, what a few pM do there, and which activity leaves a mark."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from kinaptic.pathways.catalogue import pathway
from kinaptic.pathways.perturbation import Perturbation, clamp, edit, inhibit, knockout
from kinaptic.pathways.protocol import Protocol
from kinaptic.pathways.stimulation import low_frequency, stdp, tetanus
from kinaptic.sbml import engine
from kinaptic.sbml.build import baseline
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

REST = {"CaM_C2N2": "2e-7 uM", "Ca_pre": "0 uM"}  # the composed spine at rest
PULSE = ({"[CaM_C2N2]": 3.0, "Ca_pre": 3.0}, {"[CaM_C2N2]": 0.0, "Ca_pre": 0.0})
ALONE = Synapse.of("nitric_oxide", **REST)
MOLECULE = 1e21 / 6.02214076e23  # zmol


def course(synapse: Synapse, steps: Sequence[tuple[float, Mapping[str, float]]], readout: str) -> np.ndarray:
    """Return `readout` ten times a second while inputs are stepped: (seconds, inputs) each."""
    model = synapse.model()
    runner = engine.prepare(model.structure, model.values)
    engine.set_tolerance(runner, 1e-8)
    engine.set_state(runner, model.initial)
    runner.timeCourseSelections = ["time", readout]
    start, blocks = 0.0, []
    for seconds, inputs in steps:
        for name, value in inputs.items():
            runner.setValue(name, value)
        blocks.append(np.array(runner.simulate(start, start + seconds, round(10 * seconds) + 1))[:-1])
        start += seconds
    return np.vstack(blocks)[:, 1]


def pulse(readout: str, *done: Perturbation, seconds: float = 60.0) -> np.ndarray:
    """Return the answer to a second of strong activity on both sides."""
    return course(ALONE.with_(*done), [(1.0, PULSE[0]), (seconds, PULSE[1])], readout)


def at(nitric_oxide: str, *done: Perturbation) -> dict[str, float]:
    """Return the state of the bouton that is kept at a concentration of nitric oxide."""
    return baseline(ALONE.with_(clamp("NO", nitric_oxide), *done))[0]


def test_one_enzyme_gives_three_picomolar_half_a_micrometre_away() -> None:
    plenty = {"CaM_C2N2": "100 uM", "oxygen": "1 M", "arginine": "1 M"}
    one = {"nNOS_total": f"{MOLECULE / 0.02} uM", "nNOS_kcat": "40 1/s"}
    water = {"NO_diffusion": "3300 um^2/s", "NO_distance": "0.5 um"}
    synapse = Synapse.of("nitric_oxide", Ca_pre="0 uM", **plenty, **one, **water)
    expected = 40 * MOLECULE / (4 * math.pi * 3300 * 0.5)
    assert expected == pytest.approx(3.2e-6, rel=0.01)
    assert course(synapse, [(1.0, {})], "NO")[-1] == pytest.approx(expected, rel=0.01)


def test_ten_picomolar_give_thirty_nanomolar_cgmp_with_pde5() -> None:
    """Batchelor 2010: cells answer with 30 nM or more at 10 pM, and without PDE5 already at 1 pM."""
    assert 0.025 < at("10 pM")["cGMP"] < 0.045
    assert at("1 pM")["cGMP"] < 0.01
    assert 0.025 < at("1 pM", inhibit("PDE5", 1.0, acute=False))["cGMP"] < 0.045


def test_cyclase_is_half_active_at_its_half_maximal_concentration() -> None:
    fresh = edit("sGC_desensitising", "0 1/uM/s")
    for concentration, active in (("0.9 nM", 0.5), ("0.1 nM", 0.1), ("8.1 nM", 0.9)):  # Hill coefficient 1
        assert at(concentration, fresh)["sGC_NO"] == pytest.approx(active * 0.3, rel=1e-4)


def test_cyclase_switches_off_and_desensitises_as_in_cells() -> None:
    """Bellamy & Garthwaite 2001: 3.7 /s on removal, 6.9 s at 70 nM; hardly at 100 pM for a minute."""
    donor = [(20.0, {"NO_donor": 0.07}), (1.0, {"NO_donor": 0.0})]
    active = course(ALONE, donor, "[sGC_NO]")
    assert math.log(active[10] / active[79]) == pytest.approx(6.9 / 6.9, rel=0.05)
    assert math.log(active[200] / active[202]) == pytest.approx(0.2 * 3.7, rel=0.02)
    assert course(ALONE, [(60.0, {"NO_donor": 1e-4})], "[sGC_desensitised]")[-1] < 0.01 * 0.3


def test_at_rest_nothing_is_made_and_nothing_marked() -> None:
    rest = baseline(ALONE)[0]
    assert course(ALONE, [(1.0, {})], "NO")[-1] < 1e-7  # 0.1 pM
    assert rest["cGMP"] < 1e-4
    assert rest["NO_mark"] < 1e-6


def test_a_second_of_strong_activity_leaves_a_mark_for_hours() -> None:
    mark = pulse("NO_mark", seconds=7200.0)
    assert 1e-5 < pulse("NO").max() < 1e-4  # tens of pM
    assert 0.25 < mark.max() < 1
    assert mark[-1] / mark.max() == pytest.approx(math.exp(-1), rel=0.02)
    assert pulse("PKG_active")[70] < 0.1 * pulse("PKG_active").max()  # while the kinase is off within seconds


@pytest.mark.parametrize("silent", ["[CaM_C2N2]", "Ca_pre"])
def test_the_mark_needs_both_sides(silent: str) -> None:
    mark = course(ALONE, [(1.0, {**PULSE[0], silent: 0.0}), (60.0, PULSE[1])], "NO_mark")
    assert mark.max() < 1e-3


def test_a_donor_marks_active_boutons_only() -> None:
    """Arancio 1995, 1996: nitric oxide or cGMP together with weak presynaptic activity."""
    active = [(10.0, {"NO_donor": 5e-5, "Ca_pre": 0.1})]
    silent = [(10.0, {"NO_donor": 5e-5})]
    assert course(ALONE, active, "NO_mark")[-1] > 0.2
    assert course(ALONE, silent, "NO_mark")[-1] < 1e-6


@pytest.mark.parametrize(
    ("target", "readout"), [("nNOS", "NO"), ("NO_transfer", "NO"), ("sGC", "[cGMP]"), ("PKG", "PKG_active")]
)
def test_blocked_where_it_is_made_or_heard(target: str, readout: str) -> None:
    untreated = pulse(readout).max()
    assert pulse(readout, inhibit(target, 1.0)).max() < 1e-3 * untreated
    assert pulse("NO_mark", inhibit(target, 1.0)).max() < 1e-3


def test_a_blocked_synthase_still_binds_calmodulin() -> None:
    assert pulse("[nNOS_CaM]", inhibit("nNOS", 1.0)).max() == pytest.approx(pulse("[nNOS_CaM]").max())


def test_block_of_phosphodiesterase_raises_cgmp() -> None:
    assert pulse("[cGMP]", inhibit("PDE5", 1.0)).max() > 1.5 * pulse("[cGMP]").max()
    assert pulse("[cGMP]", inhibit("PDE2", 1.0)).max() > 1.01 * pulse("[cGMP]").max()


def test_consumption_takes_little_on_so_short_a_way() -> None:
    """Carboxy-PTIO, 0.1 mM at 1e4 /M/s: 1 /s; oxyhaemoglobin, 20 uM at 4e7 /M/s: 800 /s."""
    untreated = pulse("NO").max()
    assert pulse("NO", edit("NO_scavenging", "1 1/s")).max() > 0.99 * untreated
    assert 0.75 < pulse("NO", edit("NO_scavenging", "800 1/s")).max() / untreated < 0.9


def test_every_enzyme_can_be_knocked_out() -> None:
    for name, enzyme in pathway("nitric_oxide").enzymes.items():
        if enzyme.totals:
            rest = baseline(ALONE.with_(knockout(name)))[0]
            assert all(np.isfinite(v) and v > -1e-9 for v in rest.values()), name


def test_model_is_clean() -> None:
    assert ALONE.check() == []


# ---- In the whole synapse
@functools.cache
def whole(protocol: Protocol, *done: Perturbation) -> tuple[float, float]:
    """Return the mark that nitric oxide leaves on release, and its concentration (uM), at their peaks."""
    core = ("calcium", "calmodulin", "calcineurin", "camkii", "pp1", "pka", "ampar", "bouton")
    synapse = Synapse.of(*core, "nitric_oxide", distance="60 um").with_(*done)
    traces = simulate(synapse, protocol, until=f"{protocol.end + 30} s").traces
    return traces["NO_mark"].max(), traces["NO"].max()


def test_strong_protocols_potentiate_release_and_weak_ones_do_not() -> None:
    for strong in (tetanus("100 Hz", "1 s"), tetanus("50 Hz", "1 s"), stdp("10 ms", 60, rate="1 Hz")):
        assert 0.5 < whole(strong)[0] < 1, strong
    for weak in (stdp("-10 ms", 60, rate="1 Hz"), low_frequency("1 Hz", 900)):
        assert whole(weak)[0] < 0.3, weak


def test_block_of_the_synthase_takes_the_presynaptic_part() -> None:
    mark, nitric_oxide = whole(tetanus("100 Hz", "1 s"), inhibit("nNOS", 1.0))
    assert mark < 1e-6
    assert nitric_oxide < 1e-12
