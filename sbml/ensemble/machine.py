"""LLVM, by llvmlite: assembly to machine code for a processor, and machine code into memory."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from dataclasses import dataclass

import llvmlite.binding as llvm

Entry = Callable[[int, int], None]  # (address of the image, limit)


@dataclass(frozen=True)
class Processor:
    """What machine code is for.

    Attributes
    ----------
    triple, name : str
        As LLVM calls them: ``"x86_64-unknown-linux-gnu"``, ``"znver5"``.
    features : str
        Those that it has (+) and those that it has not (−), by commas; empty for all that go with the name.
    lanes : int
        How many doubles its vector registers hold.
    """

    triple: str
    name: str
    features: str
    lanes: int

    @property
    def mark(self) -> str:
        """All of it as one text."""
        return f"{self.triple} {self.name} {self.features} {self.lanes}"


@functools.cache
def host() -> Processor:
    """Return the processor that this process runs on."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    lanes = 8 if features.get("avx512f") else 4 if features.get("avx") else 2
    return Processor(llvm.get_process_triple(), llvm.get_host_cpu_name(), features.flatten(), lanes)


def target(processor: Processor) -> llvm.TargetMachine:
    """Return LLVM's description of a processor."""
    return llvm.Target.from_triple(processor.triple).create_target_machine(
        cpu=processor.name,
        features=processor.features,
        opt=1,  # 2 and 3 take longer to compile and gain nothing on code without branches
        codemodel="jitdefault",
        jit=True,
    )


def compiled(assembly: str, processor: Processor) -> bytes:
    """Return machine code."""
    module = llvm.parse_assembly(assembly)
    module.verify()
    code: bytes = target(processor).emit_object(module)
    return code


class Loaded:
    """Machine code in memory, callable as long as this object lives."""

    def __init__(self, code: bytes, entries: tuple[str, ...]) -> None:
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target(host()))
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
        self.entries: dict[str, Entry] = {
            name: kind(self._engine.get_function_address(name)) for name in entries
        }
