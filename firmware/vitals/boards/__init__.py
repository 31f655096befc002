# SPDX-License-Identifier: Apache-2.0
"""Pins, buses, clock and wire of each supported board. Only files here, and `boot.py`, import `machine` and `time`."""

import sys

_BY_CHIP = (("RP2350", "pico2"), ("RP2040", "pico"), ("ESP32S3", "esp32s3"))


def name_of(machine):
    """'pico', 'pico2' or 'esp32s3' for MicroPython's name of the machine; None for one that is not supported."""
    for chip, name in _BY_CHIP:
        if chip in machine:
            return name
    return None


def detect():
    """The Board class for the board that this runs on.

    Raises RuntimeError for a board that is not supported: wiring cannot be guessed.
    """
    machine = getattr(sys.implementation, "_machine", "")
    name = name_of(machine)
    if name == "pico":
        from vitals.boards.pico import Board
    elif name == "pico2":
        from vitals.boards.pico2 import Board
    elif name == "esp32s3":
        from vitals.boards.esp32s3 import Board
    else:
        raise RuntimeError("Vitalwire does not know the board '%s'; add a file for it to vitals/boards" % machine)
    return Board
