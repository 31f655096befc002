# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: ARG002, ARG005, N818, SIM115, UP031  (MicroPython; a board's methods take what a board's take)
"""Plays a tape to the firmware: a board that answers from a file and allocates nothing while it does (MicroPython).

`play` does it in one go. Where garbage can be collected only between two calls from outside, as in the WebAssembly
build, make a `Session` and call its methods one by one.
"""

import gc
import sys
import time

# Start and settling are left out of what is counted a second.
SETTLED_MS = 20000
SLICE_MS = 500


class TapeEnd(Exception):
    """The tape has ended."""


class Player:
    """Answers in the order of the tape. An answer of another kind than was asked: this firmware was not recorded."""

    def __init__(self, path):
        self._file = open(path, "rb")
        self._mark = bytearray(1)
        self._one = bytearray(1)
        self._two = bytearray(2)
        self._four = bytearray(4)
        self.callback = None

    def expect(self, mark):
        """Goes on to the next answer, which must be of this kind; runs the timer's callback where it ran."""
        m = self._mark
        while True:
            if not self._file.readinto(m):
                raise TapeEnd
            if m[0] != 75:  # K
                break
            self.callback(None)
        if m[0] != mark:
            raise RuntimeError("the firmware asked for %s and the tape has %s" % (chr(mark), chr(m[0])))

    def u8(self):
        self._file.readinto(self._one)
        return self._one[0]

    def u16(self):
        b = self._two
        self._file.readinto(b)
        return b[0] | b[1] << 8

    def u32(self):
        b = self._four
        self._file.readinto(b)
        return b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24

    def into(self, buf):
        if len(buf):
            self._file.readinto(buf)

    def byte_into(self, buf, i):
        self._file.readinto(self._one)
        buf[i] = self._one[0]


class TapeClock:
    def __init__(self, player):
        self._player = player

    def now_ms(self):
        self._player.expect(110)
        return self._player.u32()

    def ticks_ms(self):
        self._player.expect(116)
        return self._player.u32()

    def ticks_us(self):
        self._player.expect(117)
        return self._player.u32()

    def sleep_until(self, t_ms):
        self._player.expect(115)


class TapeWire:
    def __init__(self, player):
        self._player = player

    def open(self):
        pass

    def read_into(self, buf):
        self._player.expect(114)
        n = self._player.u16()
        for i in range(n):
            self._player.byte_into(buf, i)
        return n

    def write(self, buf, n):
        self._player.expect(119)
        return self._player.u16()


class TapeI2C:
    def __init__(self, player):
        self._player = player

    def _status(self):
        self._player.expect(105)
        status = self._player.u8()
        if status:
            raise OSError(status)

    def readfrom_mem_into(self, address, register, buf):
        self._status()
        self._player.into(buf)

    def readfrom_into(self, address, buf):
        self._status()
        self._player.into(buf)

    def writeto_mem(self, address, register, buf):
        self._status()

    def writeto(self, address, buf):
        self._status()


class TapeLines:
    def __init__(self, player):
        self._player = player

    def make(self):
        return TapeI2C(self._player)


class Reads:
    """A pin or a converter that is only read."""

    def __init__(self, player, mark, wide):
        self._player = player
        self._mark = mark
        self._wide = wide

    def value(self):
        self._player.expect(self._mark)
        return self._player.u16() if self._wide else self._player.u8()


class Drives:
    """An output: takes what it is told."""

    def value(self, level=None):
        return 0

    def duty_u16(self, duty=None):
        return 0

    def freq(self, hz=None):
        return 0

    def on(self):
        pass

    def off(self):
        pass

    def deinit(self):
        pass

    __call__ = value


class TapeBoard:
    """What the application uses of a board."""

    name = "pico"
    kind = 1
    serial = "SIM00001"
    reset_cause = 0
    hard_timer = True
    watchdog_ms = 5000
    heap_free = gc.mem_free

    def __init__(self, player, storage):
        self._player = player
        self.clock = TapeClock(player)
        self.wire = TapeWire(player)
        self.storage_path = storage
        self.guard_read = Reads(player, 103, True).value
        self.guard_read_shared = Reads(player, 71, True).value
        self.supply_read = Reads(player, 112, True).value
        self.external_ok = Reads(player, 120, False)
        self.button_a = Reads(player, 97, False)
        self.button_b = Reads(player, 98, False)
        self.oximeter_lines = TapeLines(player)
        self.cuff_lines = TapeLines(player)
        self.pump = Drives()
        self.pump_enable = Drives()
        self.bleed = Drives()
        self.dump = Drives()
        self.external_test = Drives()
        self.led_red = Drives()
        self.led_yellow = Drives()
        self.buzzer = Drives()

    def start_timer(self, period_ms, callback):
        self._player.callback = callback

    def start_watchdog(self):
        return self._feed

    def _feed(self):
        pass

    def reset(self):
        raise RuntimeError("the firmware restarted the board")


class Session:
    """The firmware on a tape, and what its ticks cost. Make it, then call `turns` until it returns False.

    What the heap grew by between the start and the end of a tick is what the firmware allocated in it, and did not give
    back. Both are read in one frame, because a frame can lie on the heap itself.
    """

    def __init__(self, firmware, tape, storage):
        self.before = _live()
        sys.path.insert(0, firmware)
        self._player = Player(tape)
        self._board = TapeBoard(self._player, storage)
        self.player = _live() - self.before
        self.app = None
        self.t_ms = 0
        self.grown = 0  # bytes, in ticks of steady state (cuff idle)
        self.steady_ms = 0
        self.cuff_grown = 0
        self.cuff_ms = 0
        self.peak_used = 0
        self.peak_live = 0
        self.peak_live_cuff = 0
        self.ready = 0
        self.worst_us = 0
        self.ticks = 0

    def load(self):
        """Imports and makes the application, as main.py does."""
        from vitals.app import App
        from vitals.parts import identity
        from vitals.store.bootlog import BootLog

        # The interpreter's name is in the hello; its length must not decide how often the wire is asked.
        identity.text = lambda serial, bed_label: serial
        log = BootLog(self._board.storage_path)
        log.start(self._board.reset_cause, save=False)
        self.app = App(self._board, log)

    def is_ready(self):
        """Call with the garbage collected: notes what the application holds."""
        self.ready = gc.mem_alloc() - self.before

    def turns(self, span_ms):
        """Turns the loop for a span of the board's time. Returns False once the tape has ended."""
        clock = self._board.clock
        end_ms = self.t_ms + span_ms
        try:
            while self.t_ms < end_ms:
                began_us = time.ticks_us()
                before = gc.mem_alloc()
                next_ms = self.app.turn()
                used = gc.mem_alloc()
                self._note(used - before, used, time.ticks_diff(time.ticks_us(), began_us), next_ms)
                clock.sleep_until(next_ms)
        except TapeEnd:
            return False
        return True

    def _note(self, grew, used, took_us, next_ms):
        passed_ms = next_ms - self.t_ms
        self.t_ms = next_ms
        self.ticks += 1
        if used > self.peak_used:
            self.peak_used = used
        if next_ms < SETTLED_MS:
            return
        if took_us > self.worst_us:
            self.worst_us = took_us
        if grew < 0:
            return  # collected in this tick
        if self.app.cuff.controller.active:
            self.cuff_grown += grew
            self.cuff_ms += passed_ms
        else:
            self.grown += grew
            self.steady_ms += passed_ms

    def look(self):
        """Call with the garbage collected: notes what is in use."""
        live = gc.mem_alloc() - self.before
        if live > self.peak_live:
            self.peak_live = live
        if self.app.cuff.controller.active and live > self.peak_live_cuff:
            self.peak_live_cuff = live

    def report(self):
        """What was measured, as a dict. Bytes of the heap are without the player's."""
        return {
            "seconds": self.t_ms // 1000,
            "ticks": self.ticks,
            "cycles": self.app.cuff.controller.cycle,
            "ready": self.ready - self.player,
            "steady_bytes_per_s": self.grown * 1000 // max(1, self.steady_ms),
            "cuff_bytes_per_s": self.cuff_grown * 1000 // max(1, self.cuff_ms),
            "peak_live": self.peak_live - self.player,
            "peak_live_cuff": self.peak_live_cuff - self.player,
            "peak_used": self.peak_used - self.before - self.player,
            "worst_tick_us": self.worst_us,
        }


def _live():
    gc.collect()
    return gc.mem_alloc()


def play(firmware, tape, storage):
    """Plays the whole tape in one go. Returns what was measured."""
    session = Session(firmware, tape, storage)
    session.load()
    gc.collect()
    session.is_ready()
    while session.turns(SLICE_MS):
        pass
    return session.report()
