# SPDX-License-Identifier: Apache-2.0
"""The pins of the board files and of boot.py are those of hardware/pinout.csv, and boot.py makes them safe first."""

from __future__ import annotations

import ast
import csv
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
FIRMWARE = ROOT / "firmware"
CHIP = {"pico": "RP2040", "pico2": "RP2350", "esp32s3": "ESP32S3"}
# What could harm somebody if it stayed on over a restart.
HARMFUL = ("pump_pwm", "pump_enable", "valve_bleed", "valve_dump", "external_test")


def pinout() -> list[dict[str, str]]:
    with (ROOT / "hardware" / "pinout.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def constant(path: Path, name: str) -> Any:
    """The literal that a module assigns to a name."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [getattr(t, "id", None) for t in node.targets] == [name]:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{path.name} has no {name}")


@pytest.mark.parametrize(("board", "file"), [("pico", "pico"), ("pico2", "pico"), ("esp32s3", "esp32s3")])
def test_board_files_agree_with_the_pinout(board: str, file: str) -> None:
    pins = constant(FIRMWARE / "vitals" / "boards" / f"{file}.py", "PINS")
    assert pins == {row["signal"]: int(row[board]) for row in pinout()}


def test_the_pico_2_has_the_pins_of_the_pico() -> None:
    source = (FIRMWARE / "vitals" / "boards" / "pico2.py").read_text(encoding="utf-8")
    assert "from vitals.boards.pico import PINS" in source
    assert "PINS = {" not in source


@pytest.mark.parametrize("board", CHIP)
def test_boot_makes_exactly_the_harmful_outputs_safe(board: str) -> None:
    safe = constant(FIRMWARE / "boot.py", "SAFE_LOW")[CHIP[board]]
    rows = {row["signal"]: row for row in pinout()}
    assert all(rows[signal]["safe_level"] == "low" for signal in HARMFUL)
    assert set(safe) == {int(rows[signal][board]) for signal in HARMFUL}
    assert safe[0] == int(rows["pump_enable"][board]), "the pump first"


def test_boot_is_safe_before_it_imports_anything_of_ours() -> None:
    body = ast.parse((FIRMWARE / "boot.py").read_text(encoding="utf-8")).body
    before = []
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            assert ast.unparse(node.value) == "outputs_safe()"
            break
        before.append(node)
    imported = [ast.unparse(node) for node in before if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imported == ["import sys", "from machine import Pin"]


def test_every_output_of_the_pinout_is_safe_when_low() -> None:
    outputs = [row for row in pinout() if row["direction"] == "out"]
    assert outputs
    assert all(row["safe_level"] == "low" for row in outputs)
