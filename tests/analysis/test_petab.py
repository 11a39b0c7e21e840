"""A written problem, read by the PEtab library and run by roadrunner, gives what `simulate` gives."""

from __future__ import annotations

import csv
import math
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import roadrunner
from petab.v2 import Problem, lint_problem

import kinaptic as kn
from kinaptic.analysis.experiments.knobs import Knob, turned
from kinaptic.analysis.petab import ASKED
from kinaptic.analysis.petab_measured import Measured, left_out, measured
from kinaptic.analysis.petab_study import Experiment, Study
from kinaptic.analysis.petab_tables import texts
from kinaptic.analysis.published import point_sets
from kinaptic.errors import ExportError, KinapticError
from kinaptic.pathways.presets import presets
from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml.synapse import Synapse

# petab 0.8 calls pandas in ways that go away.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")

LONG = 3e7  # s; hundreds of times the slowest turnover
FEW = kn.stdp("5 ms", 3, rate="1 Hz")
FILES = {"README.md", "conditions.tsv", "experiments.tsv", "measurements.tsv", "model.xml", "observables.tsv",
         "parameters.tsv", "problem.yaml"}  # fmt: skip
COUNTS = {"ca1": 8, "l5": 22, "l23": 4, "striatum": 13}


class Player:
    """Runs the experiments of a problem; all it knows is in its files, and what PEtab says of them."""

    def __init__(self, folder: Path) -> None:
        self.problem = Problem.from_yaml(folder / "problem.yaml")
        self.runner = roadrunner.RoadRunner(str(folder / "model.xml"))
        model = self.runner.model
        count = model.getNumRateRules() + model.getNumFloatingSpecies()
        self.states = [model.getStateVectorId(i) for i in range(count)]
        self.species = {*model.getFloatingSpeciesIds(), *model.getBoundarySpeciesIds()}
        self.numbers = set(model.getGlobalParameterIds())
        integrator = self.runner.integrator
        integrator.relative_tolerance = 1e-8
        integrator.absolute_tolerance = [1e-12] * count
        integrator.initial_time_step = 1e-8
        integrator.maximum_num_steps = 50_000

    @property
    def nominal(self) -> dict[str, float]:
        """What the table of parameters has as values."""
        return {each.id: each.nominal_value for each in self.problem.parameters}

    def weight(self, name: str, at: float, parameters: Mapping[str, float] | None = None) -> float:
        """Return the observable of an experiment at a time, with some values of parameters."""
        chosen = self.nominal | dict(parameters or {})
        self.runner.resetToOrigin()
        for number in self.numbers & chosen.keys():
            self.runner.setValue(number, chosen[number])
        self.runner.reset()
        for period in self.problem[name].sorted_periods:
            self._begin(period.condition_ids, chosen)
            if period.time == -math.inf:
                self.runner.simulate(0, LONG, 2)
            else:
                assert period.time == 0
                self.runner.simulate(0, at, 2)
        (observable,) = self.problem.observables
        return self._value(str(observable.formula))

    def _begin(self, conditions: list[str], parameters: Mapping[str, float]) -> None:
        """Evaluate what conditions say with the values before them, and set it all together."""
        found = {}
        for change in (c for each in conditions for c in self.problem[each].changes):
            assert change.target_id not in found
            expression = change.target_value
            values = {each: parameters.get(str(each)) for each in expression.free_symbols}
            known = {each: self._value(str(each)) if v is None else v for each, v in values.items()}
            found[change.target_id] = float(expression.subs(known))
        states = {name: self._value(name) for name in self.states}
        self.runner.reset()  # of clock and integrator; numbers stay
        for name, value in (states | found).items():
            self.runner.setValue(f"[{name}]" if name in self.species else name, value)

    def _value(self, name: str) -> float:
        return float(self.runner.getValue(f"[{name}]" if name in self.species else name))


def simulated(synapse: Synapse, protocol: Protocol, at: float) -> float:
    """Return the weight that Kinaptic gives, by the other engine."""
    times = [0.0, at]
    run = kn.simulate(synapse, protocol, until=f"{at!r} s", samples=times, rtol=1e-8, engine="ensemble")
    return float(run.weight.iloc[-1])


def small() -> Synapse:
    """Return a synapse that compiles soon: calcium, calmodulin, CaMKII, receptors and bouton of CA1."""
    synapse = kn.Synapse.preset("ca1")
    for name in (
        "bdnf",
        "consolidation",
        "nitric_oxide",
        "endocannabinoid",
        "plc",
        "pka",
        "calcineurin",
        "pp1",
    ):
        synapse = synapse.without(name)
    return synapse


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def written(study: Study, folder: Path, known: tuple[Measured, ...] = ()) -> Player:
    """Write a study's files, and return what plays them."""
    for name, text in texts(study, known).items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return Player(folder)


@pytest.fixture(scope="module")
def striatum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A problem with a protocol that nobody measured."""
    folder = tmp_path_factory.mktemp("petab") / "striatum"
    kn.Synapse.preset("striatum").export(folder, FEW, to="petab")
    return folder


@pytest.fixture(scope="module")
def player(striatum: Path) -> Player:
    """What plays that problem."""
    return Player(striatum)


def first(preset: str, name: str) -> Measured:
    """Return a measurement by its name."""
    return next(m for m in measured(preset) if m.name == name)


# ---- What was measured
def test_every_mean_with_an_error_is_there_once() -> None:
    assert {name: len(measured(name)) for name in presets()} == COUNTS
    for name in presets():
        known = measured(name)
        assert max(Counter(m.name for m in known).values()) == 1
        assert max(Counter((m.key, m.protocol, m.under, m.mean) for m in known).values()) == 1
        numbers = {(m.key, m.mean, m.sem) for m in known}
        for each in (s for s in point_sets().values() if s.preset == name and s.paper not in left_out(name)):
            for point in each.points:
                mean, sem, _ = point.numbers()
                assert (each.source.split(",")[0], mean, sem) in numbers


def test_protocols_are_those_of_the_papers() -> None:
    slow = first("l5", "markram_1997_rates_1")
    assert str(slow.protocol).startswith(
        "10 pairings of 5 pre and 5 post spikes at 2 Hz, repeated at 0.25 Hz"
    )
    assert (slow.mean, slow.sem, slow.n) == (0.9886, 0.04, 2)
    assert first("striatum", "cui_2016_rate_post_pre_1").protocol == kn.stdp("-15 ms", 10, rate="0.1 Hz")
    assert first("ca1", "bi_poo_1998_5").protocol == kn.stdp("6.7 ms", 60, rate="1 Hz")
    assert first("ca1", "bi_poo_1998_5").time == pytest.approx(10 + 60.0067 + 1800)
    assert first("l23", "rmp08_03").under == (kn.drug("MK-801 pre", "1 mM", acute=False),)
    assert measured("mine") == ()


# ---- What is written
def test_the_library_finds_nothing_but_the_experiment_without_measurement(striatum: Path) -> None:
    (found,) = lint_problem(striatum / "problem.yaml")
    assert str(found).startswith(f"WARNING: Experiments {{'{ASKED}'}} are not used")
    assert {path.name for path in striatum.iterdir()} == FILES


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ca1", "l5", "l23"])
def test_presets_have_no_issue_at_all(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    kn.Synapse.preset(name).export(folder, to="petab")
    assert list(lint_problem(folder / "problem.yaml")) == []
    assert len(table(folder / "measurements.tsv")) == COUNTS[name]
    asked = {row["experimentId"] for row in table(folder / "experiments.tsv")}
    assert asked == {m.name for m in measured(name)}


def test_parameters_are_the_calibrated_numbers_with_their_ranges(striatum: Path) -> None:
    now = kn.Synapse.preset("striatum").numbers(acute=True)
    rows = table(striatum / "parameters.tsv")
    assert len(rows) > 40
    for row in rows:
        number = now[row["parameterId"]]
        assert (float(row["lowerBound"]), float(row["upperBound"])) == number.range
        assert float(row["nominalValue"]) == number.value
        assert (row["priorDistribution"] == "log-uniform") == (float(row["lowerBound"]) > 0)
        assert (row["estimate"], row["unit"]) == ("true", number.unit)
    own = {"DAGL_kcat", "AC_stimulation_half", "Ca_spike_local"}  # of this preset
    assert own <= {row["parameterId"] for row in rows}
    assert not {"TRPV1_conductance", "I1_other"} & {row["parameterId"] for row in rows}


def test_measurements_have_their_error_as_noise(striatum: Path) -> None:
    rows = table(striatum / "measurements.tsv")
    for row, each in zip(rows, measured("striatum"), strict=True):
        numbers = [float(row[column]) for column in ("measurement", "noiseParameters", "time")]
        assert numbers == [each.mean, each.sem, each.time]
        assert (row["experimentId"], row["source"]) == (each.name, each.source)
    assert {row["doi"] for row in rows} == {"10.1113/jphysiol.2010.188466", "10.7554/eLife.13185"}


def test_the_page_tells_what_the_tables_hold(striatum: Path, player: Player) -> None:
    page = (striatum / "README.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if re.match(r"\| \w+_\d", line)]
    assert [row[0] for row in rows] == [m.name for m in measured("striatum")]
    each = first("striatum", "cui_2016_pairs_post_pre_1")
    row = next(row for row in rows if row[0] == each.name)
    weight = player.weight(each.name, each.time)
    assert float(row[-2]) == pytest.approx(weight, abs=1e-4)
    assert float(row[-1]) == pytest.approx((weight - 1.34) / 0.13, abs=0.01)
    (score,) = re.findall(r"numbers as they are: ([\d.]+)\.$", page, re.MULTILINE)
    assert float(score) == pytest.approx(sum(float(row[-1]) ** 2 for row in rows), abs=0.3)
    for said in (
        "13 in all",
        "As the preset is.",
        f"Nothing was measured after `{ASKED}`",
        "[Cui2016] Cui et al.",
    ):
        assert said in page


def test_twice_the_same_bytes_and_without_the_library_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, striatum: Path
) -> None:
    monkeypatch.setitem(sys.modules, "petab.v2", None)
    kn.Synapse.preset("striatum").export(tmp_path, FEW, to="petab")  # into a folder that is there
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (striatum / name).read_bytes()


def test_a_number_set_by_hand_is_not_for_a_fit(tmp_path: Path) -> None:
    synapse = small().with_(kn.edit("slot_CaN", "0.01 1/uM/s"), kn.knockout("T286"))
    synapse.export(tmp_path, first("ca1", "bi_poo_1998_5").protocol, to="petab")
    assert list(lint_problem(tmp_path / "problem.yaml")) == []
    assert "slot_CaN" not in {row["parameterId"] for row in table(tmp_path / "parameters.tsv")}
    page = (tmp_path / "README.md").read_text("utf-8")
    assert "1. without pp1\n1. slot_CaN set to 0.01 1/uM/s\n1. T286 knocked out\n" in page
    assert "Of the calibrated numbers `slot_CaN`: set by hand, and kept so." in page
    assert "Wittenberg & Wang 2006: 70 to 100 pairs" in page
    assert "runs the protocol of `bi_poo_1998_5`: 60 pairings at 1 Hz, post 6.7 ms after pre" in page
    assert ASKED not in page


# ---- What it gives
def test_experiments_give_what_simulate_gives(player: Player) -> None:
    synapse = kn.Synapse.preset("striatum")
    each = first("striatum", "cui_2016_pairs_post_pre_1")
    assert player.weight(each.name, each.time) == pytest.approx(
        simulated(synapse, each.protocol, each.time), abs=1e-6
    )
    assert player.weight(ASKED, 60.0) == pytest.approx(simulated(synapse, FEW, 60.0), abs=1e-6)


def test_the_baseline_follows_the_numbers_that_are_tried(player: Player) -> None:
    tried = {name: value * (0.85, 1.2)[i % 2] for i, (name, value) in enumerate(player.nominal.items())}
    knobs = {Knob(name, 0.0, 1.0, "striatum"): value for name, value in tried.items()}
    synapse = turned(kn.Synapse.preset("striatum"), knobs)
    now = player.weight(ASKED, 600.0, tried)
    assert now == pytest.approx(simulated(synapse, FEW, 600.0), abs=1e-6)
    assert abs(now - player.weight(ASKED, 600.0)) > 1e-3


def test_one_model_runs_protocols_of_any_shape(tmp_path: Path) -> None:
    bursts = kn.stdp("-10 ms", 2, rate="2 Hz", pre_spikes=2, post_spikes=3, burst_rate="50 Hz")
    protocols = {
        "pairs": FEW,
        "other_pairs": kn.stdp("-20 ms", 2, rate="5 Hz"),
        "bursts_and_pairs": bursts + kn.gap("2 s") + FEW + kn.gap("1 s") + kn.stdp("8 ms", 2, rate="10 Hz"),
        "field": kn.tetanus("100 Hz", "0.05 s", trains=2, interval="2 s", inputs=5),
        "listed": kn.spikes(pre=["0 ms", "20 ms"], post=["25 ms"]),
        "step": kn.depolarization("0.5 s", "-10 mV"),
    }
    study = Study(small(), tuple(Experiment(*each) for each in protocols.items()))
    player = written(study, tmp_path)
    for name, protocol in protocols.items():
        expected = simulated(study.synapse, protocol, 40.0)
        assert abs(expected - 1) > 1e-4
        assert player.weight(name, 40.0) == pytest.approx(expected, abs=1e-6), name
    alone = roadrunner.RoadRunner(study.model.sbml)  # as it stands: the first
    alone.integrator.relative_tolerance = 1e-8
    alone.integrator.initial_time_step = 1e-8  # after a spike; its own guess would be lost in rounding
    alone.simulate(0, 40.0, 2)
    assert alone.getValue("weight") == pytest.approx(simulated(study.synapse, FEW, 40.0), abs=1e-6)


def test_what_an_experiment_is_under_and_what_the_synapse_is(tmp_path: Path) -> None:
    synapse = small().with_(kn.inhibit("CaMKII", by=0.5), kn.inhibit("slot_CaMKII", by=0.5))
    same = f"{synapse.values(acute=True)['slot_capture']!r} 1/uM/s"  # does not follow what is tried
    under = {
        "wild": (),
        "more": (kn.overexpress("CaMKII", 1.5),),  # another total
        "less": (kn.inhibit("S831_CaMKII", by=0.9, acute=False),),  # of what is searched
        "set": (
            kn.edit("slot_escape", "0.05 1/s"),
            kn.edit("GluN2B_total", "5 uM"),
            kn.edit("slot_capture", same),
        ),
    }
    study = Study(synapse, tuple(Experiment(name, FEW, each) for name, each in under.items()))
    player = written(study, tmp_path)
    assert "slot_CaMKII" not in player.nominal
    assert player.nominal["S831_CaMKII_searched"] == synapse.values(acute=True)["S831_CaMKII"]
    tried = {"S831_CaMKII_searched": 0.05, "slot_escape_searched": 0.03, "slot_capture_searched": 0.001}
    knobs = {Knob(n.removesuffix("_searched"), 0.0, 1.0, "ca1"): v for n, v in tried.items()}
    for name, each in under.items():
        for base, numbers in ((synapse, {}), (turned(synapse, knobs), tried)):
            expected = simulated(base.with_(*each), FEW, 300.0)
            assert player.weight(name, 300.0, numbers) == pytest.approx(expected, abs=1e-6), name
    unused = [each for each in player.problem.validate() if "not used" in str(each)]
    assert list(player.problem.validate()) == unused


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COUNTS))
def test_every_measurement_of_every_preset(name: str, tmp_path: Path) -> None:
    known = measured(name)
    study = Study(kn.Synapse.preset(name), tuple(Experiment(m.name, m.protocol, m.under) for m in known))
    player = written(study, tmp_path, known)
    for each in known:
        expected = simulated(study.synapse.with_(*each.under), each.protocol, each.time)
        assert player.weight(each.name, each.time) == pytest.approx(expected, abs=1e-6), each.name


# ---- What is refused
def test_refusals_come_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = kn.Synapse.preset("ca1")
    trace = kn.Waveform(np.arange(0, 2, 0.01), np.full(200, 0.1), unit="uM", time_unit="s")
    drugged = kn.Synapse.preset("l23").with_(kn.drug("MK-801 pre", "1 mM"))
    for synapse, protocol, words in (
        (kn.Synapse.of("calmodulin", Ca="1 uM"), None, "'synapse'.*'ca1' or 'l5'"),
        (preset, trace, "recorded calcium"),
        (
            preset.with_(kn.clamp("Ca", "0.1 uM", acute=True)),
            None,
            "Ca is clamped as the run begins",
        ),
        (preset.without("ampar").without("bouton"), None, "has no weight"),
        (drugged, None, "rmp08_01 was measured under MK-801 pre 1 mM.*given already"),
        (small().with_(kn.edit("spine", "0.2 fL", acute=True)), None, "spine is another"),
    ):
        with pytest.raises(ExportError, match=words):
            synapse.export(tmp_path / "problem", protocol, to="petab")
    (tmp_path / "file").touch()
    with pytest.raises(KinapticError, match="is a file"):
        preset.export(tmp_path / "file", to="petab")
    with pytest.raises(KinapticError, match="there is no folder"):
        preset.export(tmp_path / "no" / "problem", to="petab")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
