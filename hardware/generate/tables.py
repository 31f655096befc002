# SPDX-License-Identifier: Apache-2.0
"""The tables of `hardware/`, read once and typed: pins, headers, parts, risks, netlist."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

HARDWARE = Path(__file__).resolve().parent.parent
ROOT = HARDWARE.parent
BOARDS = {"pico": "Raspberry Pi Pico", "pico2": "Raspberry Pi Pico 2", "esp32s3": "ESP32-S3-DevKitC-1"}
CHIPS = {"pico": "RP2040", "pico2": "RP2350", "esp32s3": "ESP32S3"}


class Signal(NamedTuple):
    """One row of pinout.csv; `boot_order` is its place in boot.py, None where it does no harm."""

    name: str
    function: str
    direction: str
    gpio: dict[str, int]
    boot_order: int | None
    notes: str


def rows(name: str) -> list[dict[str, str]]:
    with (HARDWARE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def signals() -> list[Signal]:
    return [
        Signal(
            row["signal"],
            row["function"],
            row["direction"],
            {board: int(row[board]) for board in BOARDS},
            int(row["boot_order"]) if row["boot_order"] else None,
            row["notes"],
        )
        for row in rows("pinout.csv")
    ]


def headers() -> dict[tuple[str, str], str]:
    """{(board, GPIO number or supply pin): pin of the header}."""
    return {(row["board"], row["gpio"]): row["header"] for row in rows("headers.csv")}


class Pin(NamedTuple):
    """One end of a net: 'U5', '4', 'A-'."""

    ref: str
    number: str
    name: str


def netlist() -> dict[str, list[Pin]]:
    """{net: its pins} of circuit/netlist.txt."""
    found = {}
    for line in (HARDWARE / "circuit" / "netlist.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            net, _, pins = line.partition(": ")
            found[net] = [Pin(*pin.split(".", 2)) for pin in pins.split()]
    return found


def ends(net: str, nets: dict[str, list[Pin]]) -> list[Pin]:
    """The pins on a net, those of the microcontroller left out."""
    return [pin for pin in nets[net] if pin.ref != "U1"]
