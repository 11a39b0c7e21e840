"""One text for every processor: wide registers are used where there are any; the cache on disk holds."""

from __future__ import annotations

import platform
import re

import llvmlite.binding as llvm
import numpy as np
import pytest

import kinaptic as kn
from kinaptic.errors import KinapticError
from kinaptic.sbml import store
from kinaptic.sbml.ensemble import batch, machine
from kinaptic.sbml.ensemble import program as programs
from kinaptic.sbml.ensemble.machine import Processor

LINUX, MAC = "x86_64-unknown-linux-gnu", "arm64-apple-darwin"
# What holds a vector of so many doubles, in each processor's assembly.
PROCESSORS = {
    "AVX-512": (Processor(LINUX, "skylake-avx512", "", 8), r"%zmm\d"),
    "AVX2": (Processor(LINUX, "haswell", "", 4), r"%ymm\d"),
    "SSE2": (Processor(LINUX, "x86-64", "", 2), r"%xmm\d"),
    "NEON, Apple": (Processor(MAC, "apple-m1", "", 2), r"v\d+\.2d|\.2d\tv\d"),
    "NEON, Graviton": (Processor("aarch64-unknown-linux-gnu", "neoverse-n1", "", 2), r"\.2d"),
}


@pytest.fixture(scope="module")
def tube() -> str:
    return kn.Synapse.of("calmodulin", "calcineurin", Ca="1 uM").model().structure


@pytest.mark.parametrize("name", PROCESSORS)
def test_the_same_text_fills_the_registers_of_every_processor(name: str, tube: str) -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    processor, register = PROCESSORS[name]
    assembly, _ = programs.written(tube, ("CaN_active",), {}, processor.lanes)
    text = machine.target(processor).emit_assembly(llvm.parse_assembly(assembly))
    arithmetic = re.findall(r"^\s+v?f?n?m?(?:add|sub|mul|mla|mls)\S*\s.*$", text, re.MULTILINE)
    wide = [line for line in arithmetic if re.search(register, line)]
    assert len(wide) > 200
    assert len(wide) > 0.8 * len([line for line in arithmetic if re.search(r"xmm|ymm|zmm|\bv\d|\bd\d", line)])
    assert machine.compiled(assembly, processor)  # as an object, too


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="runs code for x86")
def test_code_for_an_older_processor_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = kn.Synapse.of("calmodulin", "calcineurin", Ca="1 uM").model()
    times = [np.linspace(0, 2, 9)] * 4
    wanted = batch.run([model] * 4, times, rtol=1e-6)
    own = machine.host()
    older = Processor(own.triple, "haswell" if own.lanes > 2 else "x86-64", "", 4 if own.lanes > 2 else 2)
    monkeypatch.setattr(machine, "host", lambda: older)
    programs.program.cache_clear()
    found = batch.run([model] * 4, times, rtol=1e-6)
    programs.program.cache_clear()
    for one, other in zip(found, wanted, strict=True):
        assert not isinstance(one, KinapticError)
        assert not isinstance(other, KinapticError)
        assert one == pytest.approx(other, rel=1e-12, abs=1e-15)


def test_what_is_on_disk_is_loaded_and_what_is_damaged_is_made_again(
    tube: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("KINAPTIC_CACHE", str(tmp_path_factory.mktemp("cache")))
    made: list[str] = []
    own = programs.written

    def counted(text: str, readouts: tuple[str, ...], folded: dict[str, float], lanes: int) -> object:
        made.append(text)
        return own(text, readouts, folded, lanes)

    monkeypatch.setattr(programs, "written", counted)

    def load() -> None:
        programs.program.cache_clear()
        programs.program(tube, ("CaN_active",), (), 1)

    load()
    load()
    assert len(made) == 1
    (kept,) = (store.folder() / "ensemble").glob("*.bin")
    kept.write_bytes(kept.read_bytes()[:-100])
    load()
    assert len(made) == 2
    programs.program.cache_clear()


def test_the_mark_tells_processors_apart() -> None:
    marks = {processor.mark for processor, _ in PROCESSORS.values()}
    assert len(marks) == len(PROCESSORS)
    assert machine.host().lanes in (2, 4, 8)
