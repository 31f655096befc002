# SPDX-License-Identifier: Apache-2.0
"""What the specifications stand on: a board with a world that does as it is told, and no host to wait for."""

import sys

ROOT = __file__.replace("\\", "/").rsplit("/tests/twin/spec/", 1)[0]
sys.path.insert(0, ROOT + "/hardware/twin")
if sys.implementation.name != "micropython":
    sys.path.append(ROOT + "/hardware/twin/cpython")

from board import machine  # noqa: E402
from board.pins import read_pinout  # noqa: E402
from board.ports import PORTS  # noqa: E402
from board.simulated import FirmwareEnded, SimulatedBoard  # noqa: E402


class WorldDouble:
    """A world whose pressure and light are set by the specification. Sample k from time 0 is (k, 1000 + k)."""

    def __init__(self):
        self.t_us = 0
        self.pump_permille = self.bleed_permille = 0
        self.pump_enable = self.dump_shut = self.external_test = False
        self.cuff_mmmhg = self.manifold_mmmhg = 0
        self.supply_mv = 6000
        self.external_ok = True
        self.ppg_t_us = 0
        self.light = None

    def advance_to(self, t_us):
        assert t_us >= self.t_us, "time went back"
        self.t_us = t_us

    def ppg(self, n, period_us, red, ir, led_red_ua, led_ir_ua, fullscale_na):
        self.light = (period_us, led_red_ua, led_ir_ua, fullscale_na)
        for i in range(n):
            k = (self.ppg_t_us + i * period_us) // period_us
            red[i] = k
            ir[i] = 1000 + k

    def power_cycle(self):
        pass


class NoHost:
    """Lets time run as far as anybody wants."""

    def __init__(self):
        self.heard = bytearray()

    def turn(self, board):
        self.heard.extend(board.tx)
        board.tx = bytearray()
        board.limit_us = 1 << 60


def make(name="pico"):
    """A board that has just been powered, as firmware finds it at its first line."""
    board = SimulatedBoard(PORTS[name](), WorldDouble(), read_pinout(ROOT + "/hardware/pinout.csv", name))
    board.host = NoHost()
    machine.attach(board)
    board.restart("power_on")
    board.running = True
    return board


def pass_ms(board, ms):
    """Firmware sleeps."""
    board.advance(board.timeline.now_us + int(ms * 1000), True)


def raises(kind, call, *arguments, **named):
    """The exception of `kind` that the call raises; any other outcome fails."""
    try:
        call(*arguments, **named)
    except kind as e:
        return e
    raise AssertionError("nothing was raised, expected " + kind.__name__)


def ending(call, *arguments):
    """Why the firmware's run ended in the call."""
    return raises(FirmwareEnded, call, *arguments).cause


def oximeter_bus(**settings):
    return machine.I2C(0, scl=machine.Pin(5), sda=machine.Pin(4), **settings)


def cuff_bus(**settings):
    return machine.I2C(1, scl=machine.Pin(3), sda=machine.Pin(2), **settings)
