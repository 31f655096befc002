# SPDX-License-Identifier: Apache-2.0
"""A simulated board with a recording in its world, for the firmware's drivers alone: no host, no application loop.

Runs under MicroPython (and CPython). The search path holds this folder, the firmware and the simulated board.
"""

import sys

from board import machine
from board.pins import read_pinout
from board.ports import PORTS
from board.simulated import SimulatedBoard
from board.timeline import FOREVER
from world.world import World

BOARD = "pico"
PATIENT = {"points": [{"t_s": 0, "finger": False, "pulse_bpm": 70, "sbp_mmhg": 120, "dbp_mmhg": 78}]}

sys.modules["machine"] = machine


class Bench:
    """One board whose time is moved by `at(t_us)`; `bus(name)` is the firmware's own bus on its wires."""

    def __init__(self, pinout, seed, ppg=None, cuff=None):
        self.wiring = read_pinout(pinout, BOARD)
        self.world = World(PATIENT, seed, ppg, cuff)
        self.board = SimulatedBoard(PORTS[BOARD](), self.world, self.wiring, "SIM00001", seed)
        self.board.limit_us = FOREVER
        machine.attach(self.board)

    def bus(self, name):
        from vitals.boards.common import Lines
        from vitals.boards.pico import Board
        from vitals.drivers.bus import Bus

        number = Board.oximeter_bus if name == "oximeter" else Board.cuff_bus
        return Bus(Lines(number, Board.pins[name + "_scl"], Board.pins[name + "_sda"]))

    @property
    def now_us(self):
        return self.board.timeline.now_us

    def at(self, t_us):
        """Lets time pass until `t_us`; a time that has passed already (inside a transfer) changes nothing."""
        if t_us > self.board.timeline.now_us:
            self.board.advance(t_us)
