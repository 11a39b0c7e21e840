"""Models of others run under our protocols, and are perturbed and studied like our own."""

from __future__ import annotations

from pathlib import Path

import antimony
import libsbml
import numpy as np
import pytest
import roadrunner

import kinaptic as kn
from kinaptic.errors import ForeignModelError, KinapticError, ModelError, PerturbationError, UnknownName
from kinaptic.sbml.foreign import compose

# Two compartments, an event, rules, an initial assignment, nanomolar and minutes: nothing as in our models.
THEIRS = """
model theirs
  unit substance = 1e-9 mole; unit volume = litre; unit extent = 1e-9 mole; unit time_unit = 60 second
  unit nM = 1e-9 mole/litre; unit per_min = 1 / 60 second
  compartment cytosol, density; cytosol = 2e-15; density = 1e-15; cytosol has volume; density has volume
  species Ca in cytosol, kinase in cytosol, active in cytosol, anchored in density
  Ca = 100; kinase = K_total; active = 0; anchored = 5
  K_total = 400; K_total has nM
  on: kinase -> active; cytosol*k_on*kinase*Ca^2/(Ca^2 + K_Ca^2)
  off: active -> kinase; cytosol*k_off*active
  move: active -> anchored; cytosol*k_move*active
  back: anchored -> kinase; density*k_back*anchored
  k_on = 30; k_off = 6; k_move = 1; k_back = 0.05; K_Ca = 700
  k_on has per_min; k_off has per_min; k_move has per_min; k_back has per_min; K_Ca has nM
  fraction := anchored*density/(K_total*cytosol)
  fed' = 0.1; fed = 0
  at (time > 2): fed = fed + 1
end
"""
PAIRING = kn.stdp("10 ms", pairs=3, rate="1 Hz")


def sbml_of(text: str) -> str:
    antimony.clearPreviousLoads()
    assert antimony.loadAntimonyString(text) >= 0, antimony.getLastError()
    return str(antimony.getSBMLString(antimony.getMainModuleName()))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("foreign") / "theirs.xml"
    path.write_text(sbml_of(THEIRS), "utf-8")
    return path


@pytest.fixture(scope="module")
def alone(file: Path) -> kn.Synapse:
    return kn.Synapse.from_sbml(file)


@pytest.fixture(scope="module")
def driven(file: Path) -> kn.Synapse:
    return kn.Synapse.from_sbml(file, {"weight": "1 + anchored/100", "active": "active"}, calcium="Ca")


def states_of(runner: roadrunner.RoadRunner) -> list[str]:
    count = runner.model.getNumRateRules() + runner.model.getNumFloatingSpecies()
    return [runner.model.getStateVectorId(i) for i in range(count)]


# ---- As the file says
def test_without_calcium_it_runs_as_the_file_says(alone: kn.Synapse, file: Path) -> None:
    times = [0.0, 30.0, 90.0, 300.0]
    run = kn.simulate(alone, until="5 min", samples=times, rtol=1e-9)
    runner = roadrunner.RoadRunner(str(file))
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-10, 1e-23
    names = ["[kinase]", "[active]", "[anchored]", "fraction", "fed"]
    runner.timeCourseSelections = names
    expected = runner.simulate(times=[each / 60 for each in times])  # its time is in minutes
    found = run.traces[[name.strip("[]") for name in names]].to_numpy()
    np.testing.assert_allclose(found, np.array(expected), rtol=1e-7, atol=1e-9)
    assert run.traces.attrs["units"]["kinase"] == "nM" or "l" in run.traces.attrs["units"]["kinase"]


def test_events_that_are_due_at_once_are_given_once(tmp_path: Path) -> None:
    text = "model due\n p = 2; q = 0\n at (p > 1), t0=false: p = p + 2\n"
    text += " q' = 1; at 1 after (p > 1), t0=false: q = q + 10\nend"
    path = tmp_path / "due.xml"
    path.write_text(sbml_of(text), "utf-8")
    made = kn.Synapse.from_sbml(path, time_unit="s")
    run = kn.simulate(made, until="2 s", samples=[0.0, 0.5, 2.0])
    np.testing.assert_allclose(run.traces["p"], [4, 4, 4])
    np.testing.assert_allclose(run.traces["q"], [0, 0.5, 11], rtol=1e-9)  # 10 is from the time of its trigger
    less = kn.simulate(made.with_(kn.edit("p", "0.5")), until="2 s", samples=[0.0, 2.0])
    np.testing.assert_allclose(less.traces["p"], [0.5, 0.5])


def test_numbers_of_one_reaction_can_be_set(tmp_path: Path) -> None:
    parsed = libsbml.readSBMLFromString(sbml_of("model local\n S = 1; J: S -> ; k*S; k = 1\nend"))
    law = parsed.getModel().getReaction("J").getKineticLaw()
    parsed.getModel().removeParameter("k")
    own = law.createLocalParameter()
    own.setId("k")
    own.setValue(2.0)
    path = tmp_path / "local.xml"
    path.write_text(libsbml.writeSBMLToString(parsed), "utf-8")
    made = kn.Synapse.from_sbml(path, time_unit="s")
    run = kn.simulate(made.with_(kn.edit("J_k", "0.5")), until="2 s", samples=2, rtol=1e-9)
    assert run.traces["S"].iloc[-1] == pytest.approx(np.exp(-1), rel=1e-6)


def test_units_of_the_file_are_known(alone: kn.Synapse) -> None:
    table = alone.parameters
    assert table.loc["k_on", "value"] == 30
    assert alone.with_(kn.edit("k_on", "0.5 1/s")).parameters.loc["k_on", "value"] == pytest.approx(30)
    assert alone.with_(kn.edit("K_total", "0.2 uM")).parameters.loc["K_total", "value"] == pytest.approx(200)


# ---- Driven
def test_calcium_follows_ours(driven: kn.Synapse) -> None:
    run = kn.simulate(driven, PAIRING, until="60 s", rtol=1e-8, samples=600)
    spine = kn.Synapse.of("calcium")
    ours = kn.simulate(
        spine.with_(kn.edit("distance", "60 um")), PAIRING, until="60 s", rtol=1e-8, samples=600
    )
    np.testing.assert_allclose(run.traces["Ca"], 1000 * ours.traces["Ca"], rtol=1e-5)
    assert run.traces["Ca"].max() > 500  # nM
    assert run.weight.iloc[0] == pytest.approx(1, abs=1e-12)
    assert run.weight.iloc[-1] > 1.001


def test_a_hand_written_merge_agrees(driven: kn.Synapse, tmp_path: Path) -> None:
    """The same experiment with the calcium of our run as a table, integrated by scipy."""
    from scipy.integrate import solve_ivp
    from scipy.interpolate import PchipInterpolator

    fine = [10 + i + np.geomspace(1e-5, 0.5, 1500) for i in range(3)]  # after each spike
    grid = np.unique(np.concatenate([np.linspace(0, 20, 2001), *fine]).round(9))
    run = kn.simulate(driven, PAIRING, until="20 s", rtol=1e-9, samples=list(grid))
    calcium = PchipInterpolator(grid, run.traces["Ca"])

    def rates(seconds: float, y: np.ndarray) -> list[float]:
        kinase, active, anchored = y
        ca = float(calcium(seconds))
        on, off, move = 30 * kinase * ca**2 / (ca**2 + 700**2), 6 * active, active
        back = 0.05 * anchored
        return [(off - on + back / 2) / 60, (on - off - move) / 60, (2 * move - back) / 60]

    found = solve_ivp(rates, (0, 20), [400, 0, 5], method="LSODA", rtol=1e-9, atol=1e-9, max_step=0.005)
    assert run.traces["active"].iloc[-1] == pytest.approx(found.y[1, -1], rel=1e-4)
    assert run.weight.iloc[-1] == pytest.approx((1 + found.y[2, -1] / 100) / 1.05, rel=1e-6)


def test_recorded_calcium(driven: kn.Synapse) -> None:
    trace = kn.Waveform([0.0, 1.0, 3.0], [0.1, 2.0, 0.1], unit="uM", time_unit="s", max_step="2 s")
    run = kn.simulate(driven, trace, until="20 s", samples=[0.0, 10.5, 11.0, 12.0, 20.0], rtol=1e-9)
    np.testing.assert_allclose(run.traces["Ca"], [100, 1050, 2000, 1050, 100], rtol=1e-6)


def test_it_can_rest_before_the_run(file: Path) -> None:
    still = file.with_name("still.xml")
    still.write_text(sbml_of(THEIRS.replace("at (time > 2): fed = fed + 1", "")), "utf-8")
    restless = kn.Synapse.from_sbml(still, {"anchored": "anchored"}, calcium="Ca")
    rested = kn.Synapse.from_sbml(still, {"weight": "anchored"}, calcium="Ca", settle="10 h")
    first = kn.simulate(restless, None, until="10 h", rtol=1e-9).traces["anchored"].iloc[-1]
    run = kn.simulate(rested, None, until="10 min", rtol=1e-9)
    assert run.model.initial["anchored"] == pytest.approx(first, rel=1e-6)
    assert run.weight.to_numpy() == pytest.approx(1, abs=1e-5)
    with pytest.raises(ForeignModelError, match=r"events or depends on time.*settle"):
        kn.Synapse.from_sbml(file, {}, calcium="Ca", settle="1 h")


# ---- Perturbed
def final(synapse: kn.Synapse, name: str = "anchored", **options: object) -> float:
    return float(kn.simulate(synapse, until="30 min", rtol=1e-9).traces[name].iloc[-1])


def test_what_is_changed_is_what_the_file_would_have(alone: kn.Synapse, tmp_path: Path) -> None:
    def with_text(*changes: tuple[str, str]) -> float:
        text = THEIRS
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "changed.xml"
        path.write_text(sbml_of(text), "utf-8")
        return final(kn.Synapse.from_sbml(path))

    cases = {
        kn.edit("k_on", "20 1/min"): [("k_on = 30", "k_on = 20")],
        kn.knockout("k_off"): [("k_off = 6", "k_off = 0")],
        kn.overexpress("anchored", 3): [("anchored = 5", "anchored = 15")],
        kn.edit("K_total", "300 nM"): [("K_total = 400", "K_total = 300")],  # the kinase begins at it
        kn.edit("density", "3e-15 l"): [("density = 1e-15", "density = 3e-15")],
        kn.inhibit("move", by=0.75): [("k_move = 1;", "k_move = 0.25;")],
        kn.inhibit("move", dose="3 uM", ic50="1 uM"): [("k_move = 1;", "k_move = 0.25;")],
        kn.clamp("active", "7 nM"): [
            ("active in cytosol", "$active in cytosol"),
            ("active = 0", "active = 7"),
        ],
    }
    base = final(alone)
    for done, changes in cases.items():
        expected = with_text(*changes)
        assert abs(expected / base - 1) > 1e-3, str(done)
        assert final(alone.with_(done)) == pytest.approx(expected, rel=1e-7), str(done)


def test_perturbations_of_what_makes_the_calcium(driven: kn.Synapse) -> None:
    peak = {
        name: float(kn.simulate(driven.with_(*done), PAIRING, until="20 s").traces["Ca"].max())
        for name, done in {
            "none": (),
            "receptors": (kn.knockout("NMDAR"),),
            "far": (kn.edit("kn_distance", "200 um"),),
            "drug": (kn.drug("AP5", "50 uM"),),
        }.items()
    }
    assert peak["receptors"] < 0.9 * peak["none"]
    assert peak["far"] < peak["none"]
    assert peak["drug"] < peak["none"]


def test_what_does_not_fit_is_refused(alone: kn.Synapse, driven: kn.Synapse, file: Path) -> None:
    with pytest.raises(UnknownName, match="unknown target 'k_onn': did you mean k_on"):
        alone.with_(kn.knockout("k_onn"))
    with pytest.raises(UnknownName, match="unknown target 'NMDARs'"):
        driven.with_(kn.knockout("NMDARs"))
    with pytest.raises(PerturbationError, match="anchored is a species, which has an amount and no activity"):
        alone.with_(kn.inhibit("anchored"))
    with pytest.raises(PerturbationError, match=r"fraction.*set by assignment"):
        alone.with_(kn.edit("fraction", "1"))
    with pytest.raises(PerturbationError, match="Ca follows our calcium"):
        driven.with_(kn.edit("Ca", "100 nM"))
    with pytest.raises(PerturbationError, match="a reaction is inhibited"):
        alone.with_(kn.clamp("move", "1"))
    with pytest.raises(ModelError, match="calcium='Ca'"):
        kn.simulate(alone, PAIRING, until="20 s")
    with pytest.raises(ModelError, match="model of others"):
        alone.without("camkii")
    with pytest.raises(UnknownName, match="unknown id 'ca': did you mean Ca"):
        kn.Synapse.from_sbml(file, calcium="ca")
    with pytest.raises(UnknownName, match=r"unknown id 'actve': did you mean active\? in readouts\['x'\]"):
        kn.Synapse.from_sbml(file, {"x": "actve"})
    with pytest.raises(ForeignModelError, match="is no formula"):
        kn.Synapse.from_sbml(file, {"x": "active +* 2"})
    with pytest.raises(KinapticError, match="an id of theirs itself"):
        kn.Synapse.from_sbml(file, {"active": "anchored"})
    with pytest.raises(ForeignModelError, match=r"no concentration.*calcium_unit"):
        kn.Synapse.from_sbml(file, calcium="k_on")


def test_units_that_the_file_does_not_say(tmp_path: Path) -> None:
    bare = "model bare\n compartment c = 1; species Ca in c = 1; species X in c = 0\n"
    bare += "J: -> X; c*k*Ca; k = 1\nend"
    path = tmp_path / "bare.xml"
    path.write_text(sbml_of(bare), "utf-8")
    with pytest.raises(ForeignModelError, match=r"bare does not say its unit of time.*time_unit='s'"):
        kn.Synapse.from_sbml(path)
    with pytest.raises(ForeignModelError, match=r"in which unit Ca is.*calcium_unit='uM'"):
        kn.Synapse.from_sbml(path, calcium="Ca", time_unit="s")
    made = kn.Synapse.from_sbml(path, {"X": "X"}, calcium="Ca", time_unit="min", calcium_unit="mM")
    trace = kn.Waveform([0.0, 1.0], [0.1, 0.1], unit="uM", time_unit="s", max_step="2 s", extend="hold")
    run = kn.simulate(made, trace, until="120 s", samples=2)
    assert run.traces["X"].iloc[-1] == pytest.approx(2e-4)  # 0.1 µM for two minutes, in mM
    with pytest.raises(PerturbationError, match="gives it no unit, so that a bare number is meant"):
        made.with_(kn.edit("k", "1 1/s"))
    assert made.with_(kn.edit("k", "0.5")).parameters.loc["k", "value"] == 0.5


def test_a_stoichiometry_that_is_a_formula_is_not_driven(tmp_path: Path) -> None:
    two = """<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="two">
    <listOfCompartments><compartment id="C" size="1"/></listOfCompartments>
    <listOfSpecies><species id="Ca" compartment="C" initialConcentration="1"/></listOfSpecies>
    <listOfReactions><reaction id="J"><listOfReactants><speciesReference species="Ca"><stoichiometryMath>
    <math xmlns="http://www.w3.org/1998/Math/MathML"><cn> 2 </cn></math>
    </stoichiometryMath></speciesReference>
    </listOfReactants><kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><cn> 1 </cn></math>
    </kineticLaw></reaction></listOfReactions></model></sbml>"""
    path = tmp_path / "two.xml"
    path.write_text(two, "utf-8")
    made = kn.Synapse.from_sbml(path, {}, calcium="Ca", time_unit="s", calcium_unit="uM")
    with pytest.raises(ForeignModelError, match="reaction J has a stoichiometry that is a formula"):
        kn.simulate(made, PAIRING, until="20 s")


# ---- What is exported is what was simulated
def test_the_file_written_runs_elsewhere(driven: kn.Synapse, tmp_path: Path) -> None:
    done = driven.with_(
        kn.edit("K_total", "300 nM"), kn.inhibit("off", by=0.5), kn.edit("kn_distance", "40 um")
    )
    run = kn.simulate(done, PAIRING, until="60 s", rtol=1e-9, samples=[0.0, 9.0, 10.4, 12.6, 60.0])
    done.export(tmp_path / "merged.xml", PAIRING)
    runner = roadrunner.RoadRunner(str(tmp_path / "merged.xml"))
    runner.integrator.relative_tolerance = 1e-10
    # theirs are attomoles, ours zeptomoles and micromolar
    runner.integrator.absolute_tolerance = [
        1e-13 if n.startswith("kn_") else 1e-25 for n in states_of(runner)
    ]
    runner.timeCourseSelections = ["[Ca]", "[active]", "weight"]
    found = np.array(runner.simulate(times=[t / 60 for t in run.traces.index]))
    np.testing.assert_allclose(found, run.traces[["Ca", "active", "weight"]], rtol=1e-6, atol=1e-9)
    text = (tmp_path / "merged.xml").read_text("utf-8")
    assert "K_total set to 300 nM" in text
    assert text.count(compose.PREFIX) > 100


# ---- Studies
def test_it_goes_through_a_scan(driven: kn.Synapse) -> None:
    over = {"delay": ["-10 ms", "10 ms"], "k_off": ["3 1/min", "6 1/min"]}
    found = kn.scan(driven, PAIRING, over, until="30 s", readouts=("weight", "peak Ca"))
    assert list(found.table["status"]) == ["ok"] * 4
    single = kn.simulate(
        driven.with_(kn.edit("k_off", "3 1/min")), PAIRING.with_(delay="10 ms"), until="30 s"
    )
    row = found.table[(found.table["delay"] == 10) & (found.table["k_off"] == 3)]
    assert float(row["weight"].iloc[0]) == pytest.approx(single.weight.iloc[-1], rel=1e-6)


def test_dose_response_and_sensitivity(driven: kn.Synapse) -> None:
    agent = kn.inhibit("on", ic50="1 uM")
    curve = kn.dose_response(
        driven, PAIRING, agent, doses="0.1 uM .. 10 uM", readout="active at 0 s", until="20 s"
    )
    assert curve.table["active at 0 s"].is_monotonic_decreasing
    found = kn.sensitivity(driven, PAIRING, parameters=["k_on", "k_off"], readouts="active", until="20 s")
    slopes = found.table.set_index("parameter")["S"]
    up, down = (
        float(
            kn.simulate(driven.with_(kn.edit("k_on", f"{30 * f} 1/min")), PAIRING, until="20 s", rtol=1e-9)
            .traces["active"]
            .iloc[-1]
        )
        for f in (1.01, 0.99)
    )
    assert slopes["k_on"] == pytest.approx(np.log(up / down) / np.log(1.01 / 0.99), rel=1e-3)
    assert slopes["k_off"] < 0
