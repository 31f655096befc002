# SPDX-License-Identifier: Apache-2.0
"""What answers at a prompt may be anything: a sentence, before anything is written."""

from __future__ import annotations

import re
from typing import Any

import pytest

from vitalwire import board_files
from vitalwire.errors import CheckFailed
from vitalwire.service.flash import prompt as prompt_module
from vitalwire.service.flash.prompt import Prompt


class Answering:
    """A transport whose board gives one answer to everything."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def exec(self, _command: str) -> bytes:
        return self._answer


def answer(machine: Any = "Pico with RP2040", unique: Any = b"\xe6\x61", flash: Any = (4096, 0, 0, 300)) -> bytes:
    return repr((machine, 4870, (1, 28, 0), unique, flash)).encode()


@pytest.mark.parametrize(
    "said",
    [
        b"nonsense",
        b"",
        b"(1, 2)",
        b"[" * 5000,
        b"\xff\x00",
        answer(machine=5),
        answer(unique="text"),
        answer(flash=5),
        answer(flash=("a", 0, 0, "b")),
        answer().replace(b"(1, 28, 0)", b"'abc'"),
        b"a thread of the board prints\r\n" + answer(),
    ],
)
def test_an_answer_that_is_none_is_a_sentence(said: bytes) -> None:
    with pytest.raises(CheckFailed, match="COM3: a prompt answers, but not as"):
        Prompt("COM3", Answering(said)).state()


@pytest.mark.parametrize(
    ("unique", "serial"),
    [(b"SIM00001", "SIM00001"), (b"\xe6a", "E661"), (b"SIM/../x", b"SIM/../x".hex().upper()), (b"SIM\xff", "53494DFF")],
)
def test_a_serial_number_is_no_path(unique: bytes, serial: str) -> None:
    assert Prompt("COM3", Answering(answer(unique=unique))).state().serial == serial


def test_what_is_called_at_the_boards_prompt_is_in_the_firmware() -> None:
    """It goes as text to the board, where no search for callers finds it."""
    bootlog = (board_files.firmware() / "vitals" / "store" / "bootlog.py").read_text(encoding="utf-8")
    called = re.findall(r"_log\.(\w+)\(", prompt_module._RESTART)
    assert called
    for name in called:
        assert f"def {name}(" in bootlog
