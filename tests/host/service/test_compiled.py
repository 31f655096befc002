# SPDX-License-Identifier: Apache-2.0
"""Compiling the firmware: constants go where they are used, nothing else changes, and the board says the same bytes."""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

import pytest

from vitalwire import board_files
from vitalwire.service.compiled import PROCESSORS, compile_firmware, inlined

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "twin" / "support"))

SOURCES = {
    "pack": "",
    "pack.numbers": "from micropython import const\nLOW = const(-3)\nHIGH = const(0x10)\nMASK = const(1 << 3)\n"
    "NAMED = const(7)\nhigh = HIGH + obj.HIGH\nTEXT = const('x')\n",
    "pack.user": "from pack import numbers\nfrom pack.numbers import (\n    NAMED,\n    high as top,\n)\n"
    "x = numbers.HIGH + numbers.LOW  # numbers.HIGH\ny = obj.numbers.HIGH, numbers.TEXT, top, 'numbers.HIGH'\n"
    "z = numbers.MASK + NAMED\n",
    "pack.bare": "def f():\n    from pack.numbers import NAMED\n    return NAMED\n",
    "pack.other": "from pack import numbers as n\nz = n.HIGH if n.LOW else n.thing\n",
}


def test_a_constant_of_another_module_becomes_its_number() -> None:
    user = inlined(SOURCES)["pack.user"].splitlines()
    assert user[5] == "x = 16 + (-3)  # numbers.HIGH", "comments and strings stay"
    assert user[6] == "y = obj.numbers.HIGH, numbers.TEXT, top, 'numbers.HIGH'", "only integers, only that module"
    assert user[7] == "z = 8 + 7", "reckoned or imported by name"


def test_a_constant_is_taken_out_of_an_import() -> None:
    assert inlined(SOURCES)["pack.user"].splitlines()[1:5] == ["from pack.numbers import high as top", "", "", ""]
    assert inlined(SOURCES)["pack.numbers"].splitlines()[0] == "pass", "the compiler knows `const` by itself"
    assert inlined(SOURCES)["pack.other"].splitlines()[0] == "from pack import numbers as n", (
        "it gives more than numbers"
    )
    assert inlined(SOURCES)["pack.bare"].splitlines() == ["def f():", "    pass", "    return 7"]
    assert inlined({**SOURCES, "last": "from pack import numbers\nx = numbers.LOW\n"})["last"].splitlines()[0] == "pass"


def test_another_name_of_the_module_counts_too() -> None:
    assert inlined(SOURCES)["pack.other"].splitlines()[1] == "z = 16 if (-3) else n.thing"


def test_a_constant_is_left_to_the_compiler_where_it_is_defined() -> None:
    numbers = inlined(SOURCES)["pack.numbers"].splitlines()
    assert numbers[1:5] == ["_LOW = const(-3)", "_HIGH = const(0x10)", "_MASK = const(1 << 3)", "_NAMED = const(7)"]
    assert numbers[5] == "high = _HIGH + obj.HIGH", "an attribute of something else is not this constant"


def test_lines_stay_where_they_are() -> None:
    firmware = board_files.firmware()
    sources = {p.relative_to(firmware).as_posix(): p.read_text(encoding="utf-8") for p in firmware.rglob("*.py")}
    named = {name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): s for name, s in sources.items()}
    for name, source in inlined(named).items():
        assert len(source.splitlines()) == len(named[name].splitlines())
        assert not re.search(r"\bwire\.REASON_OK\b", source), name


@pytest.mark.parametrize("board", PROCESSORS)
def test_compiles_for_every_board(board: str, tmp_path: Path) -> None:
    written = compile_firmware(board_files.firmware(), tmp_path, PROCESSORS[board], board)
    compiled = sum(path.stat().st_size for path in tmp_path.rglob("*.mpy"))
    assert 50_000 < compiled < 120 * 1024
    assert written == compiled + sum(path.stat().st_size for path in tmp_path.rglob("*.py"))
    names = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert {"boot.py", "main.py", "vitals/app.mpy", "vitals/link/wire.mpy"} <= names
    kept = {"pico", "pico2"} if board == "pico2" else {board}
    assert {n.split("/")[2].removesuffix(".mpy") for n in names if "/boards/" in n} == {
        *kept,
        "__init__",
        "clock",
        "common",
        "usb",
    }
    assert not {n for n in names if "_plain" in n}, "each has a twin in native code"
    assert {n for n in names if n.endswith(".py")} == {"boot.py", "main.py"}, "these are started by name"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="native code is compiled for x86-64 here: NOT TESTED")
def test_both_forms_say_the_same_bytes(tmp_path: Path) -> None:
    from twin_host import Twin

    from vitalwire_protocol.codec import CuffStart, Identify
    from vitalwire_protocol.framing import encode_frame

    compile_firmware(board_files.firmware(), tmp_path, "x64")
    said = []
    for folder in (None, tmp_path):
        with Twin("micropython", firmware=folder) as twin:
            twin.run(3)
            twin.write(encode_frame(Identify(0, 0, 5, 1), 0, 0))
            twin.write(encode_frame(CuffStart(0, 0, 5, 2), 1, 0))
            twin.run(60)
            said.append(twin.received)
    assert len(said[0]) > 10_000
    assert said[0] == said[1]
