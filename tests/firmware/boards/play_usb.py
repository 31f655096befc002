# SPDX-License-Identifier: Apache-2.0
"""What the USB wire does on a real terminal (MicroPython's unix port): echoes, or floods and says what was taken.

play_usb.py echo: sends back what comes, until byte 0x04 has come twice in a row.
play_usb.py flood: writes until nothing more is taken, then waits for a byte, then says how much that was.
"""

import sys
import time

from vitals.boards.usb import UsbWire


def echo(wire):
    buf = bytearray(64)
    last = 0
    while True:
        wire.wait(1000)
        n = wire.read_into(buf)
        sent = 0
        while sent < n:
            sent += wire.write(memoryview(buf)[sent:n], n - sent)
        for i in range(n):
            if buf[i] == 4 and last == 4:
                return
            last = buf[i]


def flood(wire):
    buf = bytearray(b"\x5a" * 64)
    taken = 0
    longest_ms = 0
    refused = 0
    while refused < 20:
        began = time.ticks_ms()
        n = wire.write(buf, len(buf))
        longest_ms = max(longest_ms, time.ticks_diff(time.ticks_ms(), began))
        taken += n
        refused = 0 if n else refused + 1
    one = bytearray(1)
    while not wire.read_into(one):
        wire.wait(100)
    while not wire.write(b"\0", 1):
        pass
    for b in b"%d %d\n" % (taken, longest_ms):
        while not wire.write(bytes((b,)), 1):
            pass


def main():
    wire = UsbWire()
    wire.open()
    wire.write(b"R", 1)
    (echo if sys.argv[1] == "echo" else flood)(wire)
    wire.close()


main()
