"""A small language for vector code: values with operators, written down as LLVM assembly.

A value of a `Function` holds one number for every lane, a condition one truth value for every lane.
All data lie in one block of memory, the image, in which every slot is one value: as many doubles as
there are lanes. The same program serves any number of lanes, one included.
"""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

BYTES = 8  # of a double


def literal(value: float) -> str:
    """Return a double as LLVM reads it without rounding."""
    return f"0x{struct.unpack('>Q', struct.pack('>d', value))[0]:016X}"


@dataclass(frozen=True)
class Value:
    """A number for every lane."""

    of: Function = field(repr=False)
    text: str

    def __add__(self, other: Value | float) -> Value:
        return self.of.arithmetic("fadd", self, other)

    def __radd__(self, other: float) -> Value:
        return self.of.arithmetic("fadd", other, self)

    def __sub__(self, other: Value | float) -> Value:
        return self.of.arithmetic("fsub", self, other)

    def __rsub__(self, other: float) -> Value:
        return self.of.arithmetic("fsub", other, self)

    def __mul__(self, other: Value | float) -> Value:
        return self.of.arithmetic("fmul", self, other)

    def __rmul__(self, other: float) -> Value:
        return self.of.arithmetic("fmul", other, self)

    def __truediv__(self, other: Value | float) -> Value:
        return self.of.arithmetic("fdiv", self, other)

    def __rtruediv__(self, other: float) -> Value:
        return self.of.arithmetic("fdiv", other, self)

    def __neg__(self) -> Value:
        return self.of.value(f"fneg {self.of.vector} {self.text}")

    def __lt__(self, other: Value | float) -> Condition:
        return self.of.compare("olt", self, other)

    def __le__(self, other: Value | float) -> Condition:
        return self.of.compare("ole", self, other)

    def __gt__(self, other: Value | float) -> Condition:
        return self.of.compare("ogt", self, other)

    def __ge__(self, other: Value | float) -> Condition:
        return self.of.compare("oge", self, other)

    def equals(self, other: Value | float) -> Condition:
        """Return where both are equal."""
        return self.of.compare("oeq", self, other)


@dataclass(frozen=True)
class Condition:
    """A truth value for every lane."""

    of: Function = field(repr=False)
    text: str

    def __and__(self, other: Condition) -> Condition:
        return self.of.condition(f"and {self.of.mask} {self.text}, {other.text}")

    def __or__(self, other: Condition) -> Condition:
        return self.of.condition(f"or {self.of.mask} {self.text}, {other.text}")

    def __invert__(self) -> Condition:
        return self.of.condition(f"xor {self.of.mask} {self.text}, {self.of.truth(True).text}")


@dataclass(frozen=True)
class Whole:
    """A whole number, the same for all lanes: an index, a count."""

    of: Function = field(repr=False)
    text: str

    def __add__(self, other: Whole | int) -> Whole:
        return self.of.whole(f"add i64 {self.text}, {_whole(other)}")

    def __mul__(self, other: Whole | int) -> Whole:
        return self.of.whole(f"mul i64 {self.text}, {_whole(other)}")


def _whole(value: Whole | int) -> str:
    return value.text if isinstance(value, Whole) else str(value)


class Function:
    """A function that works on an image; written by calling its methods in the order of execution.

    Parameters
    ----------
    name : str
        What it is called.
    lanes : int
        Width of a value.
    public : bool
        Whether it can be found from outside.
    """

    def __init__(self, name: str, lanes: int, *, public: bool = False) -> None:
        self.name, self.lanes, self.public = name, lanes, public
        self.vector = f"<{lanes} x double>" if lanes > 1 else "double"
        self.mask = f"<{lanes} x i1>" if lanes > 1 else "i1"
        self._lines: list[str] = []
        self._variables: list[str] = []
        self._numbers = itertools.count()

    @property
    def text(self) -> str:
        """LLVM assembly of the function."""
        linkage = "" if self.public else "internal "
        body = "\n".join(("start:", *self._variables, *self._lines, "  ret void"))
        return f"define {linkage}void @{self.name}(ptr noalias %image, i64 %limit) #0 {{\n{body}\n}}\n"

    # ---- making values

    def _new(self, instruction: str) -> str:
        name = f"%v{next(self._numbers)}"
        self._lines.append(f"  {name} = {instruction}")
        return name

    def value(self, instruction: str) -> Value:
        """Return the value of an instruction."""
        return Value(self, self._new(instruction))

    def condition(self, instruction: str) -> Condition:
        """Return the truth value of an instruction."""
        return Condition(self, self._new(instruction))

    def whole(self, instruction: str) -> Whole:
        """Return the whole number of an instruction."""
        return Whole(self, self._new(instruction))

    def constant(self, number: float) -> Value:
        """Return the same number for every lane."""
        if self.lanes == 1:
            return Value(self, literal(number))
        return Value(self, "<" + ", ".join([f"double {literal(number)}"] * self.lanes) + ">")

    def truth(self, value: bool) -> Condition:
        """Return the same truth value for every lane."""
        one = "true" if value else "false"
        return Condition(self, one if self.lanes == 1 else "<" + ", ".join([f"i1 {one}"] * self.lanes) + ">")

    def _given(self, value: Value | float) -> str:
        return value.text if isinstance(value, Value) else self.constant(value).text

    def arithmetic(self, operation: str, a: Value | float, b: Value | float) -> Value:
        """Return a sum, difference, product or quotient."""
        return self.value(f"{operation} contract {self.vector} {self._given(a)}, {self._given(b)}")

    def compare(self, how: str, a: Value | float, b: Value | float) -> Condition:
        """Return a comparison, which is false for what is not a number."""
        return self.condition(f"fcmp {how} {self.vector} {self._given(a)}, {self._given(b)}")

    def select(self, condition: Condition, yes: Value | float, no: Value | float) -> Value:
        """Return `yes` in the lanes where the condition holds, else `no`."""
        return self.value(
            f"select {self.mask} {condition.text}, {self.vector} {self._given(yes)}, "
            f"{self.vector} {self._given(no)}"
        )

    def fused(self, a: Value | float, b: Value | float, c: Value | float) -> Value:
        """Return a · b + c, in one instruction where the processor has it."""
        arguments = ", ".join(f"{self.vector} {self._given(x)}" for x in (a, b, c))
        return self.value(f"call {self.vector} @llvm.fmuladd.{self.suffix}({arguments})")

    def intrinsic(self, function: str, *arguments: Value) -> Value:
        """Return a function that LLVM knows, such as ``sqrt`` or ``fabs``."""
        given = ", ".join(f"{self.vector} {a.text}" for a in arguments)
        return self.value(f"call {self.vector} @llvm.{function}.{self.suffix}({given})")

    def minimum(self, a: Value, b: Value | float) -> Value:
        """Return the smaller one; b where one is not a number."""
        b = b if isinstance(b, Value) else self.constant(b)
        return self.select(a < b, a, b)

    def maximum(self, a: Value, b: Value | float) -> Value:
        """Return the larger one; b where one is not a number."""
        b = b if isinstance(b, Value) else self.constant(b)
        return self.select(a > b, a, b)

    @property
    def limit(self) -> Whole:
        """The whole number that the function was called with."""
        return Whole(self, "%limit")

    @property
    def suffix(self) -> str:
        """How LLVM calls the type in the names of its functions."""
        return f"v{self.lanes}f64" if self.lanes > 1 else "f64"

    def power_of_two(self, exponent: Value) -> Value:
        """Return 2 to a whole power from −1022 to 1023, by writing the exponent of a double."""
        whole = f"<{self.lanes} x i64>" if self.lanes > 1 else "i64"
        shifted = exponent + 1023.0
        number = self._new(f"fptosi {self.vector} {shifted.text} to {whole}")
        by = "52" if self.lanes == 1 else "<" + ", ".join(["i64 52"] * self.lanes) + ">"
        bits = self._new(f"shl {whole} {number}, {by}")
        return self.value(f"bitcast {whole} {bits} to {self.vector}")

    # ---- memory

    def address(self, slot: Whole | int, lane: Whole | int = 0) -> str:
        """Return the address of a slot of the image, of one lane of it."""
        if isinstance(slot, int) and isinstance(lane, int):
            return self._new(f"getelementptr i8, ptr %image, i64 {(slot * self.lanes + lane) * BYTES}")
        offset = _whole_of(self, slot) * self.lanes + lane
        return self._new(f"getelementptr double, ptr %image, i64 {offset.text}")

    def load(self, slot: Whole | int) -> Value:
        """Return a slot of the image."""
        return self.value(f"load {self.vector}, ptr {self.address(slot)}, align {BYTES * self.lanes}")

    def store(self, slot: Whole | int, value: Value | float) -> None:
        """Write a slot of the image."""
        address = self.address(slot)
        self._lines.append(
            f"  store {self.vector} {self._given(value)}, ptr {address}, align {BYTES * self.lanes}"
        )

    def load_lane(self, slot: Whole | int, lane: Whole) -> str:
        """Return one lane of a slot, as the name of a double."""
        return self._new(f"load double, ptr {self.address(slot, lane)}, align {BYTES}")

    # ---- addresses that a lane holds: of its own sample times, of its own output

    def pointer(self, slot: int, lane: Whole) -> str:
        """Return the address that one lane of a slot holds."""
        return self._new(f"load ptr, ptr {self.address(slot, lane)}, align {BYTES}")

    def set_pointer(self, slot: int, lane: Whole, pointer: str) -> None:
        """Write an address into one lane of a slot."""
        self.line(f"store ptr {pointer}, ptr {self.address(slot, lane)}, align {BYTES}")

    def offset(self, pointer: str, count: Whole | int) -> str:
        """Return the address some doubles further on."""
        return self._new(f"getelementptr double, ptr {pointer}, i64 {_whole(count)}")

    # ---- control

    def call(self, function: str) -> None:
        """Call another function on the same image."""
        self._lines.append(f"  call void @{function}(ptr %image, i64 0)")

    def anywhere(self, condition: Condition) -> str:
        """Return whether a condition holds in any lane, as the name of an i1."""
        if self.lanes == 1:
            return condition.text
        bits = self._new(f"bitcast {self.mask} {condition.text} to i{self.lanes}")
        return self._new(f"icmp ne i{self.lanes} {bits}, 0")

    def nowhere(self, condition: Condition) -> str:
        """Return whether a condition holds in no lane, as the name of an i1."""
        return self._new(f"xor i1 {self.anywhere(condition)}, true")

    def _label(self) -> str:
        return f"b{next(self._numbers)}"

    def line_value(self, instruction: str) -> str:
        """Write an instruction as it is, and return the name of its result."""
        return self._new(instruction)

    def line(self, text: str) -> None:
        """Write a line as it is."""
        self._lines.append(f"  {text}")

    @contextlib.contextmanager
    def when(self, test: str) -> Iterator[None]:
        """Run what follows only if an i1 is true."""
        inside, after = self._label(), self._label()
        self._lines += [f"  br i1 {test}, label %{inside}, label %{after}", f"{inside}:"]
        yield
        self._lines += [f"  br label %{after}", f"{after}:"]

    @contextlib.contextmanager
    def loop(self, count: Whole | int) -> Iterator[Loop]:
        """Run what follows `count` times, or until ``loop.leave_if(test)``."""
        variable, top, body, after = f"%i{next(self._numbers)}", self._label(), self._label(), self._label()
        self._variables.append(f"  {variable} = alloca i64")
        self._lines += [f"  store i64 0, ptr {variable}", f"  br label %{top}", f"{top}:"]
        index = self.whole(f"load i64, ptr {variable}")
        test = self._new(f"icmp slt i64 {index.text}, {_whole(count)}")
        self._lines += [f"  br i1 {test}, label %{body}, label %{after}", f"{body}:"]
        yield Loop(self, index, after)
        following = index + 1
        self._lines += [f"  store i64 {following.text}, ptr {variable}", f"  br label %{top}", f"{after}:"]

    def leave_if(self, test: str, after: str) -> None:
        """Go to a label if an i1 is true."""
        stay = self._label()
        self._lines += [f"  br i1 {test}, label %{after}, label %{stay}", f"{stay}:"]


@dataclass(frozen=True)
class Loop:
    """A loop while it is written."""

    of: Function
    index: Whole
    after: str

    def leave_if(self, test: str) -> None:
        """Leave the loop if an i1 is true."""
        self.of.leave_if(test, self.after)


def _whole_of(function: Function, value: Whole | int) -> Whole:
    return value if isinstance(value, Whole) else Whole(function, str(value))
