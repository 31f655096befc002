# SPDX-License-Identifier: Apache-2.0
"""A little firmware that does on command (one byte) what the twin's tests want to see."""

import machine


class Probe:
    def __init__(self, board):
        self.clock = board.clock
        self.wire = board.wire
        self.path = board.storage_path
        self.ticks = 0
        self.fifo = bytearray(192)
        self.pump = machine.Pin(11, machine.Pin.OUT)
        self.i2c = machine.I2C(0, scl=machine.Pin(5), sda=machine.Pin(4), freq=400000, timeout=10000)
        self.watchdog = None
        self.timer = None

    def say(self, text):
        data = (text + "\n").encode()
        self.wire.write(data, len(data))

    def tick(self, _):
        self.ticks += 1
        self.pump.value(self.ticks & 1)

    def obey(self, command):
        if command == "w":
            self.watchdog = machine.WDT(timeout=2000)
        elif command == "t":
            self.timer = machine.Timer(-1, mode=machine.Timer.PERIODIC, period=20, callback=self.tick, hard=True)
        elif command == "P":
            self.pump.value(1)
        elif command == "o":
            write = self.i2c.writeto_mem
            for register, value in ((8, 0x10), (0x0A, 0x27), (0x0C, 0x24), (0x0D, 0x24), (9, 3)):
                write(0x57, register, bytes([value]))
            for register in (4, 5, 6):
                write(0x57, register, b"\x00")
        elif command == "f":
            written, lost, read = self.i2c.readfrom_mem(0x57, 4, 3)
            n = written - read & 31
            if n == 0 and lost:
                n = 32
            if n:
                self.i2c.readfrom_mem_into(0x57, 7, memoryview(self.fifo)[: n * 6])
            self.say(f"fifo {n} {lost} {sum(self.fifo[: n * 6])}")
        elif command == "s":
            with open(self.path + "new", "wb") as f:
                f.write(b"n" * 600)
            import os

            os.rename(self.path + "new", self.path + "kept")
            self.say("saved")
        elif command == "l":
            try:
                with open(self.path + "kept", "rb") as f:
                    self.say(f"kept {len(f.read())}")
            except OSError:
                self.say("kept nothing")
        elif command == "r":
            machine.reset()
        elif command == "S":
            machine.soft_reset()
        elif command == "x":
            raise ValueError("asked to")
        elif command == "?":
            self.say(f"ticks {self.ticks}")

    def run(self):
        self.say(f"up {machine.reset_cause()}")
        buf = bytearray(16)
        next_ms = self.clock.now_ms()
        while True:
            for i in range(self.wire.read_into(buf)):
                self.obey(chr(buf[i]))
            if self.watchdog:
                self.watchdog.feed()
            next_ms += 100
            self.clock.sleep_until(next_ms)


def run(board):
    Probe(board).run()
