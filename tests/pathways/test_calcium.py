"""Spine calcium against the amplitudes of Sabatini (2002), and what its parts promise each other."""

from __future__ import annotations

import functools
from typing import TypedDict, Unpack

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from kinaptic.pathways.perturbation import Perturbation, inhibit, knockout, overexpress
from kinaptic.pathways.stimulation import spikes
from kinaptic.sbml.simulate import simulate
from kinaptic.sbml.synapse import Synapse

START = 10.0  # s: the protocol begins here
REST = 0.05  # uM
FIELD = 8  # co-active inputs of a tetanus
TETANUS = tuple(0.01 * np.arange(100))
BUFFERED = ("calcium", "buffer")
Settings = tuple[tuple[str, str], ...]


class Options(TypedDict, total=False):
    """How a synapse differs from the default one, and how long to look."""

    length: float
    inputs: int
    with_: tuple[Perturbation, ...]
    pathways: tuple[str, ...]
    settings: Settings
    step: float


@functools.cache
def traces(pre: tuple[float, ...], post: tuple[float, ...], **options: Unpack[Options]) -> pd.DataFrame:
    """Return traces around spikes at `pre` and `post` (s after the protocol begins)."""
    synapse = Synapse.of(*options.get("pathways", ("calcium",)), **dict(options.get("settings", ())))
    synapse = synapse.with_(*options.get("with_", ()))
    step = options.get("step", 0.0005)
    count = round(options.get("length", 0.4) / step)
    times = START - 0.01 + step * (np.arange(count) + 0.137)  # never on a spike
    protocol = spikes(pre, post, inputs=options.get("inputs"))
    return simulate(synapse, protocol, until=f"{times[-1] + 1} s", samples=tuple(times)).traces


def rise(found: pd.DataFrame, column: str = "Ca") -> float:
    """Return the peak above the first sample."""
    return float(found[column].max() - found[column].iloc[0])


def epsp(**options: Unpack[Options]) -> float:
    """Return what one presynaptic spike adds to calcium (uM)."""
    return rise(traces((0.0,), (), **options))


def bap(**options: Unpack[Options]) -> float:
    """Return what one back-propagating spike adds to calcium (uM)."""
    return rise(traces((), (0.0,), **options))


def paired(delay: float, **options: Unpack[Options]) -> pd.DataFrame:
    """Return traces of one pairing; `delay` = t_post - t_pre in s."""
    options["length"] = 0.6
    return traces((max(0.0, -delay),), (max(0.0, delay),), **options)


def at(distance: float) -> Settings:
    """Return the setting of a distance (um)."""
    return (("distance", f"{distance} um"),)


def test_rest_is_a_fixed_point() -> None:
    run = simulate(Synapse.of("calcium"), until="1 h")
    assert np.ptp(run.traces["Ca"]) == 0
    assert np.ptp(run.traces["V_spine"]) == 0
    assert 0.05 <= run.traces["Ca"].iloc[0] <= 0.1


def test_amplitudes_and_decay() -> None:
    """EPSP, spike and decay as Sabatini (2002) measured them; little calcium beyond 250 um."""
    assert 0.3 <= epsp() <= 0.7
    spike = {x: bap(settings=at(x)) for x in (20, 75, 100, 150, 250, 350)}
    for near in (20, 75, 100):
        assert 0.5 <= spike[near] <= 1.7
    assert list(spike.values()) == sorted(spike.values(), reverse=True)
    assert spike[250] < 0.15 * spike[75]
    assert spike[350] < 0.05
    calcium = traces((), (0.0,))["Ca"] - REST
    falling = calcium.iloc[calcium.argmax() + 10 : calcium.argmax() + 60]  # 5 to 30 ms after the peak
    decay = -1 / np.polyfit(falling.index, np.log(falling), 1)[0]
    assert 0.012 <= decay <= 0.02


def test_pairing_is_supralinear_in_one_order_only() -> None:
    parts = epsp() + bap()
    assert rise(paired(0.01)) / parts == pytest.approx(1.5, abs=0.15)
    assert rise(paired(-0.01)) < 0.9 * parts
    area = {delay: float((paired(delay)["Ca"] - REST).sum()) for delay in (0.01, -0.01)}
    alone = traces((0.0,), (), length=0.6)["Ca"] + traces((), (0.0,), length=0.6)["Ca"] - 2 * REST
    assert area[-0.01] == pytest.approx(alone.sum(), rel=0.02)  # in this order nothing is gained
    assert alone.sum() < 0.85 * area[0.01]
    assert rise(paired(0.01)) > rise(paired(0.02)) > rise(paired(0.05))


def test_trains_stay_physical() -> None:
    tetanus = traces(TETANUS, (), length=1.6, inputs=FIELD)["Ca"]
    assert 3 <= tetanus.max() <= 8
    assert tetanus.iloc[-1] < 0.12
    assert rise(traces(TETANUS, (), length=1.6, inputs=20)) < 11
    assert 0.4 <= epsp(inputs=FIELD) <= 1


def test_glutamate_saturates_receptors() -> None:
    """The receptors are not there for a hundred times what one pulse opens."""
    one = epsp(inputs=1, length=1.6)
    assert one < rise(traces(TETANUS, (), inputs=1, length=1.6)) < 8 * one


@pytest.mark.parametrize("distance", [100, 250])
def test_a_type_potassium_channels_gate_back_propagation(distance: float) -> None:
    control = bap(settings=at(distance))
    assert bap(settings=at(distance), with_=(knockout("KA"),)) > 1.2 * control
    assert bap(settings=at(distance), with_=(overexpress("KA", 3),)) < 0.5 * control


def test_cooperative_inputs_rescue_distal_spikes() -> None:
    weak, strong = (rise(traces((0.0,), (0.01,), inputs=n, settings=at(250)), "Ca_VGCC") for n in (1, 20))
    assert strong > 3 * weak


@pytest.mark.parametrize(("distance", "least", "most"), [(30, 0.95, 1), (250, 0.3, 0.65)])
def test_spikes_fade_in_distal_trains(distance: float, least: float, most: float) -> None:
    train = tuple(0.05 * np.arange(10))
    voltage = traces((), train, length=0.6, settings=at(distance))["V_spine"] + 70
    ratio = voltage.loc[START + train[-1] :].max() / voltage.loc[: START + train[1]].max()
    assert least < ratio < most


@pytest.mark.parametrize(
    ("target", "of_epsp", "of_spike"),
    [
        ("NMDAR", (0, 0.01), (0.99, 1.01)),
        ("AMPAR_current", (0.5, 0.9), (0.99, 1.01)),
        ("VGCC", (0.95, 1.01), (0, 0.01)),
        ("VGCC_R", (0.95, 1.01), (0.2, 0.5)),
        ("VGCC_T", (0.95, 1.01), (0.8, 0.97)),
        ("VGCC_L", (0.95, 1.01), (0.7, 0.9)),
    ],
)
def test_blocked_channels(target: str, of_epsp: tuple[float, float], of_spike: tuple[float, float]) -> None:
    block = (inhibit(target, by=1.0),)
    assert of_epsp[0] <= epsp(with_=block) / epsp() <= of_epsp[1]
    assert of_spike[0] <= bap(with_=block) / bap() <= of_spike[1]


@pytest.mark.parametrize("outside", [1.2, 1.5, 2.5, 3.0])
def test_influx_scales_with_extracellular_calcium(outside: float) -> None:
    bath = (("calcium_out", f"{outside} mM"),)
    assert epsp(settings=bath) / epsp() == pytest.approx(outside / 2, rel=0.15)
    assert bap(settings=bath) / bap() == pytest.approx(outside / 2, rel=0.15)
    assert traces((), (0.0,), settings=bath)["Ca"].iloc[0] == REST


def test_magnesium_blocks() -> None:
    low, high = (epsp(settings=(("magnesium_out", outside),)) for outside in ("0.1 mM", "2 mM"))
    assert low > 4 * epsp()
    assert high < 0.7 * epsp()


def test_spikes_travel() -> None:
    near, far = (traces((), (0.0,), settings=at(x), step=0.0001)["V_spine"].argmax() for x in (20, 350))
    assert 0.0005 < 0.0001 * (far - near) < 0.002


def test_split_by_origin_is_exact() -> None:
    """The buffered parts add up to plain mass action of all calcium on all sites, integrated apart."""
    capacity, extrusion, total, on, dissociation = 24, 1785, 200, 450, 0.176
    # without inactivation the influx does not depend on calcium, and is read from the unbuffered run
    fixed: Settings = (("NMDAR_inactivation", "0 1/uM/s"),)
    pre, post = (0.0, 0.02), (0.01,)
    free = traces(pre, post, settings=fixed, step=0.0001, length=0.2)["Ca"] - REST
    influx = (1 + capacity) * np.gradient(free, free.index) + extrusion * free
    bound = total * REST / (REST + dissociation)

    def whole(t: float, y: NDArray[np.float64]) -> list[float]:
        binding = on * y[0] * (total - y[1]) - on * dissociation * y[1]
        entering = np.interp(t, influx.index, influx)
        return [(entering - binding - extrusion * (y[0] - REST)) / (1 + capacity), binding]

    span = (free.index[0], free.index[-1])
    expected = solve_ivp(
        whole, span, [REST, bound], "LSODA", t_eval=free.index[1:-1], rtol=1e-8, atol=1e-10, max_step=1e-3
    ).y[0]
    indicator = (*fixed, ("Buffer_total", f"{total} uM"), ("Buffer_exchange", "0 1/s"))
    found = traces(pre, post, pathways=BUFFERED, settings=indicator, step=0.0001, length=0.2)
    error = np.abs(found["Ca"].to_numpy()[1:-1] - expected)
    assert error.mean() < 1e-4  # at the upstroke the influx is read from samples 0.1 ms apart
    assert error[-1] < 1e-6
    assert np.allclose(found["Ca"], REST + found["Ca_NMDAR"] + found["Ca_VGCC"], atol=1e-12)
    assert found[["Ca_NMDAR", "Ca_VGCC"]].max().min() > 0.05 * expected.max()


def test_buffer_slows_and_lowers_calcium() -> None:
    bare = traces((), (0.0,))
    indicator = (("Buffer_total", "100 uM"), ("Buffer_exchange", "0 1/s"))
    slow = traces((), (0.0,), pathways=BUFFERED, settings=indicator)
    assert rise(slow) < 0.7 * rise(bare)
    late = bare.index > START + 0.1
    assert rise(slow[late][::-1]) > 5 * rise(bare[late][::-1])
    assert rise(paired(0.01, pathways=BUFFERED)) < 0.05
    none = traces((), (0.0,), pathways=BUFFERED, with_=(knockout("chelator"),))
    assert np.allclose(none["Ca"], bare["Ca"], atol=1e-6)
