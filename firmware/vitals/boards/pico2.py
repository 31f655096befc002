# SPDX-License-Identifier: Apache-2.0
"""Raspberry Pi Pico 2 (RP2350): the pins of the Pico."""

from vitals.boards import common
from vitals.boards.pico import PINS
from vitals.link import wire


class Board(common.Board):
    name = "pico2"
    kind = wire.BOARD_PICO2
    pins = PINS
    hard_timer = True
