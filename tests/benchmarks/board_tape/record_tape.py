# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: ARG005, I001, SIM115  (MicroPython)
"""Records a tape of a session: all that the firmware gets from its board, in order (MicroPython or CPython).

usage: record_tape.py REPOSITORY TAPE SCRIPT STORAGE

The simulated board runs with the firmware in this process. Whatever the firmware asks its board (clock, buses,
converters, pins, wire) is answered by the simulated board and written to TAPE; `play_tape.py` then answers the same
firmware from it, without the simulated board's memory. SCRIPT holds what a host writes and when: `<IH` (second,
length) and the bytes, again and again; the tape ends at its last second. STORAGE is an empty folder, the board's
flash.
"""

import struct
import sys

REPOSITORY, TAPE, SCRIPT, STORAGE = sys.argv[1:5]
TWIN = REPOSITORY + "/hardware/twin"
sys.path[:0] = [TWIN, REPOSITORY + "/firmware"]
if sys.implementation.name != "micropython":
    sys.path.append(TWIN + "/cpython")

import board.simulated  # noqa: E402
import run as runner  # noqa: E402
from board.firmware import BoardClock, BoardWire  # noqa: E402
from board.interpreter import name_the_board  # noqa: E402


class Done(BaseException):
    """The tape is long enough."""


class ScriptedHost:
    """Reads everything, and writes what the script says."""

    def __init__(self, board, script):
        self.script = script
        board.host = self

    def turn(self, board):
        board.tx = bytearray()
        now_us = board.timeline.now_us
        while self.script and self.script[0][0] * 1000000 <= now_us:
            board.host_bytes(self.script.pop(0)[1])
        if not self.script:
            raise Done
        board.limit_us = self.script[0][0] * 1000000


def read_script(path):
    """[(second, bytes)] from the file."""
    found = []
    with open(path, "rb") as f:
        head = f.read(6)
        while head:
            second, size = struct.unpack("<IH", head)
            found.append((second, f.read(size)))
            head = f.read(6)
    return found


class Tape:
    """Writes what was answered. A `K` marks that the timer's callback ran at this place."""

    def __init__(self, path):
        self.file = open(path, "wb")

    def value(self, mark, form, ask):
        write = self.file.write
        form = "<" + form

        def answer(*args):
            got = ask(*args)
            write(mark)
            write(struct.pack(form, got))
            return got

        return answer

    def done(self, mark, do):
        write = self.file.write

        def act(*args):
            got = do(*args)
            write(mark)
            return got

        return act


class TapedI2C:
    def __init__(self, i2c, tape):
        self._i2c = i2c
        self._write = tape.file.write

    def _run(self, transfer, args, buf):
        try:
            transfer(*args)
        except OSError as problem:
            self._write(b"i" + struct.pack("<B", problem.errno))
            raise
        self._write(b"i\0")
        if buf is not None:
            self._write(bytes(buf))

    def readfrom_mem_into(self, address, register, buf):
        self._run(self._i2c.readfrom_mem_into, (address, register, buf), buf)

    def readfrom_into(self, address, buf):
        self._run(self._i2c.readfrom_into, (address, buf), buf)

    def writeto_mem(self, address, register, buf):
        self._run(self._i2c.writeto_mem, (address, register, buf), None)

    def writeto(self, address, buf):
        self._run(self._i2c.writeto, (address, buf), None)


def put_on_tape(board, tape):
    """Replaces the ways in which the firmware asks `board`, the firmware's own board object."""
    clock, wire = board.clock, board.wire
    clock.now_ms = tape.value(b"n", "I", clock.now_ms)
    clock.ticks_ms = tape.value(b"t", "I", clock.ticks_ms)
    clock.ticks_us = tape.value(b"u", "I", clock.ticks_us)
    clock.sleep_until = tape.done(b"s", clock.sleep_until)
    wire.write = tape.value(b"w", "H", wire.write)
    read_into = wire.read_into

    def taped_read_into(buf):
        n = read_into(buf)
        tape.file.write(b"r" + struct.pack("<H", n) + bytes(buf[:n]))
        return n

    wire.read_into = taped_read_into
    board.guard_read = tape.value(b"g", "H", board.guard_read)
    board.guard_read_shared = tape.value(b"G", "H", board.guard_read_shared)
    board.supply_read = tape.value(b"p", "H", board.supply_read)
    for mark, name in ((b"x", "external_ok"), (b"a", "button_a"), (b"b", "button_b")):
        pin = getattr(board, name)
        setattr(board, name, Answers(tape.value(mark, "B", pin.value)))
    for lines in (board.oximeter_lines, board.cuff_lines):
        make = lines.make
        lines.make = taped_make(make, tape)
    start_timer = board.start_timer

    def taped_start_timer(period_ms, callback):
        def taped_callback(timer):
            tape.file.write(b"K")
            callback(timer)

        start_timer(period_ms, taped_callback)

    board.start_timer = taped_start_timer


def taped_make(make, tape):
    """`make` of a bus's lines, whose bus goes on the tape."""
    return lambda: TapedI2C(make(), tape)


class Answers:
    """A pin that is only read."""

    def __init__(self, value):
        self.value = value


def main():
    # Writing the tape allocates, in the timer's callback too.
    board.simulated.heap_lock = board.simulated.heap_unlock = lambda: None
    simulated = runner.make_board(runner.parse_options('{"patient": "esketamine"}'))
    ScriptedHost(simulated, read_script(SCRIPT))
    name_the_board(simulated.port)
    simulated.restart("power_on")
    simulated.running = True
    boards = __import__("vitals.boards.pico", None, None, ("Board",))
    firmwares = boards.Board(clock=BoardClock(simulated), wire=BoardWire(simulated), storage_path=STORAGE)
    tape = Tape(TAPE)
    put_on_tape(firmwares, tape)

    from vitals.app import App
    from vitals.parts import identity
    from vitals.store.bootlog import BootLog

    # The interpreter's name is in the hello; its length must not decide how often the wire is asked.
    identity.text = lambda serial, bed_label: serial
    log = BootLog(firmwares.storage_path)
    log.start(firmwares.reset_cause, save=False)
    try:
        App(firmwares, log).run()
    except Done:
        tape.file.close()


main()
