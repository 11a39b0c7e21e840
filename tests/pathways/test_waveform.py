"""Recorded calcium: what is read, what is refused and with which words, and the bound of thinning."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinaptic.errors import KinapticError, UnitError, UnknownName, WaveformError
from kinaptic.pathways.protocol import LEAD
from kinaptic.pathways.thinning import MAX_KNOTS, noise, thin
from kinaptic.pathways.waveform import Waveform

Array = NDArray[np.float64]


def recording(
    pulses: int = 3, rate: float = 5.0, step: float = 5e-4, rest: float = 0.07
) -> tuple[Array, Array]:
    """Return times (s) and calcium (µM) of transients of 2 µM that rise in 2 ms and decay in 20 ms."""
    time = np.arange(0, pulses / rate + 0.5, step)
    values = np.full_like(time, rest)
    for k in range(pulses):
        since = np.maximum(time - 0.05 - k / rate, 0)
        values += 2.9 * (np.exp(-since / 0.02) - np.exp(-since / 0.002))
    return time, values


def advised(message: object) -> str:
    """Return the tolerance that a message advises."""
    return str(message).partition("tolerance='")[2].partition("'")[0]


def made(time: Any, values: Any, **options: Any) -> Waveform:
    return Waveform(time, values, **{"unit": "uM", "time_unit": "s", **options})


class TestValue:
    def test_reads_units_and_starts_at_zero(self) -> None:
        time, values = recording()
        trace = Waveform(1e3 * time - 40, 1e3 * values, unit="nM", time_unit="ms")
        np.testing.assert_allclose(trace.time, time, atol=1e-12)
        np.testing.assert_allclose(trace.values, values)
        assert trace.rest == pytest.approx(0.07)
        assert trace.peak == pytest.approx(values.max())
        assert trace.duration == pytest.approx(time[-1], abs=0.11)
        assert trace.tolerance == 0.01
        assert made(time, 0.07 + 0.1 * (values - 0.07)).tolerance == pytest.approx(0.01 * 0.2721, rel=1e-3)

    def test_equal_by_content_and_hashable(self) -> None:
        time, values = recording()
        trace, again = made(time, values), made(list(1e3 * time), list(values), time_unit="ms", name="again")
        shifted = made(time, values + 1e-6)
        assert made(time, values, name="other") == trace
        assert {trace: 1}[made(time, values)] == 1
        assert trace != shifted
        assert trace.digest != shifted.digest
        assert trace.digest != made(time, values, extend="hold").digest
        assert trace != "trace"
        np.testing.assert_allclose(again.time, trace.time, rtol=1e-12)

    def test_is_frozen(self) -> None:
        time, values = recording()
        trace = made(time, values)
        values[:] = 50.0  # the caller's own array is not the value's
        assert trace.peak < 3
        for copy in (trace, pickle.loads(pickle.dumps(trace))):  # noqa: S301
            assert copy == trace
            with pytest.raises(ValueError, match="read-only"):
                copy.values[0] = 1.0
            with pytest.raises(ValueError, match="read-only"):
                copy.time[0] = 1.0
            with pytest.raises(AttributeError):
                copy.rest = 0.1  # type: ignore[misc]
        for line in trace.knots():
            with pytest.raises(ValueError, match="read-only"):
                line[0] = 1.0

    def test_says_what_it_is(self) -> None:
        time, values = recording()
        trace = made(time, values, name="spine 3")
        assert trace.label == "spine 3"
        assert str(trace).startswith("Waveform('spine 3', calcium, 2200 samples over 1.099 s, rest 0.07 uM")
        assert "trace" in made(time, values).label
        assert "held at 0.07 uM" in str(made(time, values, extend="hold"))

    def test_rest_of_a_noisy_trace_is_its_opening_median(self) -> None:
        time, values = recording(step=2e-4)
        noisy = values + np.random.default_rng(1).normal(0, 0.01, values.size)
        assert made(time, np.abs(noisy)).rest == pytest.approx(0.07, abs=0.003)

    def test_noise_is_seen_through_transients(self) -> None:
        _, values = recording(10, step=1e-4)
        scatter = np.random.default_rng(2).normal(0, 0.02, values.size)
        assert noise(values) < 0.001
        assert noise(values + scatter) == pytest.approx(0.02, rel=0.05)

    def test_pandas_pint_and_lists(self) -> None:
        from kinaptic.units import registry

        time, values = recording()
        table = pd.DataFrame({"time [ms]": 1e3 * time, "Ca (uM)": values})
        expected = made(time, values)
        unnamed = Waveform(table["time [ms]"], table["Ca (uM)"])
        np.testing.assert_allclose(unnamed.time, expected.time, rtol=1e-12)
        np.testing.assert_array_equal(unnamed.values, expected.values)
        quantities = registry().Quantity(1e3 * values, "nM"), registry().Quantity(time, "s")
        np.testing.assert_allclose(Waveform(quantities[1], quantities[0]).values, values)
        assert Waveform(time.tolist(), values.tolist(), unit="µM", time_unit="s") == expected
        spine = table["Ca (uM)"].rename("Ca (spine 3)")
        assert Waveform(time, spine, unit="uM", time_unit="s") == expected


class TestEnd:
    def cut(self) -> tuple[Array, Array]:
        time, values = recording()
        keep = time < 0.49  # 0.3 µM above rest
        return time[keep], values[keep]

    def test_a_cut_trace_must_say_what_follows(self) -> None:
        with pytest.raises(
            WaveformError, match=r"ends at .* not at its resting level 0\.07 uM.*extend='rest'"
        ):
            made(*self.cut())

    def test_rest_returns_within_the_stated_time(self) -> None:
        time, values = self.cut()
        trace = made(time, values, extend="rest", settle="50 ms")
        knots, line = trace.knots()
        assert knots[-1] == pytest.approx(time[-1] + 0.05)
        assert knots[-1] == trace.duration == pytest.approx(trace.end - LEAD)
        assert line[-1] == trace.final == trace.rest
        assert line[-2] == values[-1]

    def test_hold_stays(self) -> None:
        time, values = self.cut()
        trace = made(time, values, extend="hold")
        knots, line = trace.knots()
        assert knots[-1] == time[-1] == trace.duration
        assert line[-1] == trace.final == values[-1]

    def test_a_trace_that_ends_at_rest_needs_nothing(self) -> None:
        trace = made(*recording())
        _, line = trace.knots()
        assert line[-1] == trace.rest
        assert trace.extend is None

    def test_extend_is_one_of_two(self) -> None:
        with pytest.raises(WaveformError, match="extend='repeat' is not known; use 'rest', 'hold'"):
            made(*recording(), extend="repeat")


def with_value(index: int, value: float) -> tuple[Array, Array]:
    time, values = recording()
    values[index] = value
    return time, values


def with_time(index: int, value: float) -> tuple[Array, Array]:
    time, values = recording()
    time[index] = value
    return time, values


class TestRefused:
    """Every bad input has its own message, with what, where and the remedy."""

    TIME, VALUES = recording()
    CASES: tuple[tuple[str, tuple[Any, Any], dict[str, Any], str], ...] = (
        ("lengths", (TIME[:-1], VALUES), {}, r"2199 times but 2200 values"),
        ("empty", ([], []), {}, r"time is empty"),
        ("one point", ([0.0], [0.07]), {}, r"one sample is not a trace.*clamp it"),
        ("two columns", (TIME, np.stack([VALUES, VALUES], 1)), {}, r"shape \(2200, 2\).*one column"),
        ("text", (TIME, ["0.07"] * 2200), {}, r"values are of type .*, not plain numbers"),
        ("objects", (TIME, np.array([None, "x"] * 1100, dtype=object)), {}, r"values are not numbers"),
        ("dates", (pd.date_range("2024", periods=2200), VALUES), {}, r"time are of type datetime64"),
        ("NaN", with_value(700, np.nan), {}, r"value is nan at index 700 \(time 0\.35 s\), 1 in all"),
        ("inf", with_value(700, np.inf), {}, r"value is inf at index 700"),
        ("NaN in time", with_time(5, np.nan), {}, r"time is nan at index 5, 1 in all"),
        ("back", with_time(4, 0.0), {}, r"does not increase at index 4 \(0\.0015 then 0 s\), 1 in all"),
        ("twice", with_time(4, 0.0015), {}, r"time does not increase at index 4"),
        ("no unit", (TIME, VALUES), {"unit": None}, r"no unit of concentration; pass unit='uM'"),
        ("no time unit", (TIME, VALUES), {"time_unit": None}, r"no unit of time; pass time_unit='s'"),
        (
            "unknown unit",
            (TIME, VALUES),
            {"unit": "uMolar/x"},
            r"unit='uMolar/x' is not a unit of concentration",
        ),
        ("metres", (TIME, VALUES), {"unit": "um"}, r"unit='um' is not a unit of conc.*did you mean uM\?"),
        ("unknown time", (TIME, VALUES), {"time_unit": "mS"}, r"time_unit='mS' is not .* did you mean ms\?"),
        ("a number", (TIME, VALUES), {"unit": 1.0}, r"unit=1\.0 is not a unit of concentration"),
        ("negative", with_value(700, -0.01), {}, r"negative calcium -0\.01 uM at index 700"),
        ("in mM", (TIME, 1e-3 * VALUES), {}, r"resting level 7e-05 uM is 7e-05 uM, .*fit unit='mM'"),
        ("in nM", (TIME, 1e3 * VALUES), {}, r"resting level 70 uM is 70 uM, outside .*fit unit='nM'"),
        ("uM as nM", (TIME, VALUES), {"unit": "nM"}, r"resting level 0\.07 nM is 7e-05 uM.*fit unit='uM'"),
        ("F/F0", (TIME, VALUES + 0.93), {}, r"resting level 1 uM .*no usual unit fits.*F/F0"),
        ("dF/F", (TIME, VALUES - 0.07), {}, r"rests at 0 and rises to 2\.02: this looks like dF/F"),
        ("dF/F said", (TIME, VALUES), {"unit": "dF/F"}, r"'dF/F' is a fluorescence.*calibrate"),
        ("ΔF/F said", (TIME, VALUES), {"unit": "ΔF/F0"}, r"is a fluorescence.*calibrate"),
        ("peak", with_value(700, 120.0), {}, r"peak 120 uM at time 0\.35 s is above 100 uM"),
        ("begun late", (TIME[110:], VALUES[110:]), {}, r"begin within a transient; put resting samples"),
        ("coarse", (TIME[::20], VALUES[::20]), {}, r"too coarse: a step of 10 ms at .*max_step='10 ms'"),
        ("ms as s", (1e3 * TIME, VALUES), {}, r"too coarse: a step of 500 ms.*in a smaller unit"),
        ("short", (TIME[:800:20], VALUES[:800:20]), {"time_unit": "us"}, r"lasts 0\.00039 ms in all"),
        ("s as ms", (20 * TIME, VALUES), {"time_unit": "ms"}, r"faster than 5 uM/ms.*in a larger unit"),
        ("quantity", (TIME, VALUES), {"quantity": "voltage"}, r"quantity='voltage' cannot be played"),
        ("tolerance", (TIME, VALUES), {"tolerance": "0 uM"}, r"tolerance='0 uM' must be positive"),
    )

    @pytest.mark.parametrize(
        ("data", "options", "message"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
    )
    def test_refused(self, data: tuple[Any, Any], options: dict[str, Any], message: str) -> None:
        with pytest.raises(WaveformError, match=message) as caught:
            made(*data, **options)
        assert isinstance(caught.value, ValueError)

    def test_messages_differ(self) -> None:
        heads = set()
        for name, data, options, _ in self.CASES:
            with pytest.raises(KinapticError) as caught:
                made(*data, **options)
            heads.add(str(caught.value))
            assert str(caught.value).startswith("waveform: "), name
        assert len(heads) == len(self.CASES)

    def test_dff_with_noise_is_not_called_negative(self) -> None:
        noisy = self.VALUES - 0.07 + np.random.default_rng(3).normal(0, 0.02, self.VALUES.size)
        with pytest.raises(WaveformError, match="this looks like dF/F"):
            made(self.TIME, noisy)

    def test_a_coarse_trace_is_taken_when_meant(self) -> None:
        time, values = [0.0, 1.0, 1.2, 3.0, 3.5, 4.0], [0.1, 0.1, 1.0, 1.0, 0.1, 0.1]
        with pytest.raises(WaveformError, match=r"200 ms at time 1 s .* by 0\.9 uM, 2 such steps.*'500 ms'"):
            made(time, values)
        knots, line = made(time, values, max_step="500 ms").knots()
        assert (knots.tolist(), line.tolist()) == (time, values)

    def test_bare_numbers_are_no_quantities(self) -> None:
        for option in ({"max_step": 0.1}, {"tolerance": 0.01}, {"settle": 1}):
            with pytest.raises(UnitError, match="has no unit"):
                made(self.TIME, self.VALUES, **option)

    def test_a_sensible_neighbour_of_each_limit_is_taken(self) -> None:
        time, values = recording()
        for rest in (0.021, 0.499):
            assert made(time, values - 0.07 + rest).rest == pytest.approx(rest)
        slow = made([0, 1, 2, 3, 4], [0.1, 99, 99, 0.1, 0.1], max_step="1 s")
        assert slow.peak == 99


class TestRead:
    @pytest.fixture
    def table(self) -> pd.DataFrame:
        time, values = recording()
        return pd.DataFrame({"time": 1e3 * time, "Ca": values})

    def check(self, trace: Waveform) -> None:
        time, values = recording()
        np.testing.assert_allclose(trace.time, time, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(trace.values, values, rtol=1e-9)

    def test_header_line(self, table: pd.DataFrame, tmp_path: Path) -> None:
        path = tmp_path / "spine3.csv"
        path.write_text("# from a rig\n# unit: uM, time_unit: ms\n" + table.to_csv(index=False), "utf-8")
        trace = Waveform.read(path)
        self.check(trace)
        assert trace.label == "spine3"

    @pytest.mark.parametrize("separator", [",", "\t", ";", " "])
    def test_column_names(self, table: pd.DataFrame, tmp_path: Path, separator: str) -> None:
        path = tmp_path / "trace.txt"
        names = ["time(ms)", "Ca(uM)"]
        table.to_csv(path, sep=separator, index=False, header=names)
        self.check(Waveform.read(str(path)))
        self.check(Waveform.read(path, time="time", column="Ca"))

    def test_arguments_and_no_names(self, table: pd.DataFrame, tmp_path: Path) -> None:
        path = tmp_path / "trace.tsv"
        table.to_csv(path, sep="\t", index=False, header=False)
        self.check(Waveform.read(path, unit="uM", time_unit="ms"))
        with pytest.raises(WaveformError, match="no unit of concentration"):
            Waveform.read(path, time_unit="ms")

    def test_one_of_several_columns(self, table: pd.DataFrame, tmp_path: Path) -> None:
        path = tmp_path / "trace.csv"
        table["other"] = 1.0
        table.to_csv(path, index=False)
        with pytest.raises(
            WaveformError, match=r"2 columns beside time \(Ca, other\); choose one: column='Ca'"
        ):
            Waveform.read(path, unit="uM", time_unit="ms")
        self.check(Waveform.read(path, column="Ca", unit="uM", time_unit="ms"))
        with pytest.raises(UnknownName, match="did you mean Ca"):
            Waveform.read(path, column="ca", unit="uM", time_unit="ms")

    @pytest.mark.parametrize("suffix", [".npy", ".npz"])
    def test_numpy(self, table: pd.DataFrame, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"trace{suffix}"
        if suffix == ".npy":
            np.save(path, table.to_numpy())
        else:
            np.savez(path, Ca=table["Ca"], time=table["time"])
        self.check(Waveform.read(path, unit="uM", time_unit="ms"))

    def test_contradictions(self, table: pd.DataFrame, tmp_path: Path) -> None:
        path = tmp_path / "trace.csv"
        path.write_text("# unit: nM\n" + table.to_csv(index=False, header=["t (ms)", "Ca (uM)"]), "utf-8")
        with pytest.raises(WaveformError, match=r"'uM' in .* contradicts 'nM' in the header of trace\.csv"):
            Waveform.read(path)
        plain = tmp_path / "plain.csv"
        table.to_csv(plain, index=False, header=["t (ms)", "Ca (uM)"])
        with pytest.raises(WaveformError, match=r"unit='nM' contradicts 'uM' in column 'Ca \(uM\)'"):
            Waveform.read(plain, unit="nM")
        with pytest.raises(WaveformError, match=r"time_unit='s' contradicts 'ms' in column 't \(ms\)'"):
            Waveform.read(plain, time_unit="s")

    def test_fluorescence_is_not_overruled(self, table: pd.DataFrame, tmp_path: Path) -> None:
        path = tmp_path / "trace.csv"
        table.to_csv(path, index=False, header=["t (ms)", "GCaMP (dF/F)"])
        with pytest.raises(WaveformError, match="is a fluorescence"):
            Waveform.read(path, unit="uM")

    def test_unusable_files(self, tmp_path: Path) -> None:
        for name, text, message in (
            ("none.csv", None, "there is no file"),
            ("empty.csv", "# unit: uM\n", "has no samples"),
            ("one.csv", "Ca (uM)\n0.07\n", "has one column"),
            ("text.csv", "t (s),Ca (uM)\n0,low\n1,high\n", "not"),
        ):
            path = tmp_path / name
            if text is not None:
                path.write_text(text, "utf-8")
            with pytest.raises(WaveformError, match=message):
                Waveform.read(path)
        np.save(tmp_path / "wide.npy", np.ones((4, 3)))
        with pytest.raises(WaveformError, match=r"shape \(4, 3\); expected \(samples, 2\)"):
            Waveform.read(tmp_path / "wide.npy")
        np.savez(tmp_path / "odd.npz", time=np.ones(3), Ca=np.ones(4))
        with pytest.raises(WaveformError, match="differ in shape"):
            Waveform.read(tmp_path / "odd.npz")


class TestThinning:
    @settings(max_examples=150)
    @given(
        steps=st.lists(st.floats(1e-4, 10.0), min_size=1, max_size=120),
        seed=st.integers(0, 2**32 - 1),
        rough=st.floats(0, 1),
        tolerance=st.floats(1e-3, 0.5),
    )
    def test_bound_holds_for_any_trace(
        self, steps: list[float], seed: int, rough: float, tolerance: float
    ) -> None:
        draw = np.random.default_rng(seed)
        time = np.concatenate([[0.0], np.cumsum(steps)])
        walk = np.cumsum(draw.normal(0, 0.2 * (1 - rough), time.size)) + draw.normal(0, rough, time.size)
        values = np.abs(walk)
        thinned = thin(time, values, tolerance=tolerance)
        line = np.interp(time, thinned.times, thinned.values)
        assert np.max(np.abs(line - values)) <= tolerance + 1e-12 * values.max()
        assert thinned.error <= tolerance + 1e-12 * values.max()
        assert np.all(np.diff(thinned.times) > 0)
        assert np.isin(thinned.times, time).all()
        assert np.all(thinned.values >= 0)
        assert (thinned.times[0], thinned.times[-1]) == (time[0], time[-1])
        assert (thinned.values[0], thinned.values[-1]) == (values[0], values[-1])

    def test_straight_lines_need_only_their_corners(self) -> None:
        corners = np.array([0.0, 1.0, 1.5, 4.0, 5.0]), np.array([0.1, 0.1, 2.0, 2.0, 0.1])
        time = np.linspace(0, 5, 50_001)
        thinned = thin(time, np.interp(time, *corners), tolerance=1e-6)
        np.testing.assert_allclose(thinned.times, corners[0], atol=2e-4)
        np.testing.assert_allclose(thinned.values, corners[1], atol=2e-6)

    def test_a_long_recording_keeps_little_and_its_area(self) -> None:
        time, values = recording(60, rate=1.0, step=1e-4)
        trace = made(time, values)
        thinned = trace.thinned()
        assert len(time) > 600_000
        assert len(thinned.times) < 1500
        assert thinned.error <= 0.01
        assert abs(thinned.area_error) < 1e-6
        assert made(time, values).knots()[0] is trace.knots()[0], "equal traces are thinned once"

    def test_calcium_rests_between_transients(self) -> None:
        time, values = recording(3, rate=0.2, step=1e-3)
        times, line = made(time, values).knots()
        quiet = np.interp(np.arange(2.0, 4.9, 0.01), times, line)
        assert np.abs(quiet - 0.07).max() < 0.005 * 0.07
        assert np.interp(0.02, times, line) == 0.07

    def test_finer_tolerance_keeps_more(self) -> None:
        trace = made(*recording(5))
        kept = [len(trace.knots(tolerance)[0]) for tolerance in (0.05, 0.01, 0.002)]
        assert kept == sorted(kept)
        assert kept[0] < kept[-1]
        asked = made(*recording(5), tolerance="50 nM")
        assert len(asked.knots()[0]) == kept[0]

    def test_noise_is_refused_with_advice_that_works(self) -> None:
        time, values = recording(20, step=2e-4)
        noisy = np.abs(values + np.random.default_rng(4).normal(0, 0.02, values.size))
        with pytest.raises(WaveformError, match=r"scatter by about 0\.02 uM, so smooth") as caught:
            made(time, noisy).knots()
        assert len(made(time, noisy, tolerance=advised(caught.value)).knots()[0]) < 1125

    def test_too_many_knots_are_refused(self) -> None:
        time, values = recording(150)
        with pytest.raises(WaveformError, match=rf"{MAX_KNOTS} knots .* or play a shorter") as caught:
            made(time, values, tolerance="0.003 uM").knots()
        assert len(made(time, values, tolerance=advised(caught.value)).knots()[0]) > 0.7 * MAX_KNOTS

    def test_tolerance_must_be_positive(self) -> None:
        with pytest.raises(WaveformError, match="must be positive"):
            made(*recording()).knots(0.0)
