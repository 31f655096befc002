# SPDX-License-Identifier: Apache-2.0
"""The wire of the real boards: USB serial, which MicroPython gives as standard input and output.

Reading: the stream's `readinto` waits until it has all that was asked for, so bytes are taken one by one, each after
`poll` has shown that it is there. Writing: POLLOUT proves room for one byte and no more; a longer write may wait
500 ms for a host that has stopped reading and then lose its end. So one byte goes out for each proof of room, at most
`BURST` of them a call, which bounds the time a call takes whatever the host does (about 3 ms on an RP2040).
"""

import select
import sys

import micropython
from micropython import const

BURST = const(64)
_CTRL_C = const(3)


class UsbWire:
    """`stdin` and `stdout` are binary streams that `select.poll` accepts."""

    def __init__(self, stdin=None, stdout=None):
        self._in = stdin or sys.stdin.buffer
        self._out = stdout or sys.stdout.buffer
        self._readable = select.poll()
        self._readable.register(self._in, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(self._out, select.POLLOUT)
        self._one = bytearray(1)

    def open(self):
        """From here on byte 0x03 is data, not Ctrl-C."""
        micropython.kbd_intr(-1)

    def close(self):
        """Gives Ctrl-C back to whoever sits at the console."""
        micropython.kbd_intr(_CTRL_C)

    def read_into(self, buf):
        """Takes what has arrived, at most len(buf) bytes. Returns how many; 0 if there are none."""
        n = 0
        one = self._one
        while n < len(buf) and self._ready(self._readable, select.POLLIN):
            if not self._in.readinto(one):
                break  # end of the stream
            buf[n] = one[0]
            n += 1
        return n

    def write(self, buf, n):
        """Sends buf[0:n] as far as there is room. Returns how many bytes were taken."""
        taken = 0
        one = self._one
        if n > BURST:
            n = BURST
        while taken < n and self._ready(self._writable, select.POLLOUT):
            one[0] = buf[taken]
            self._out.write(one)
            taken += 1
        return taken

    def wait(self, timeout_ms):
        """Sleeps until a byte arrives, at most `timeout_ms`."""
        for _ in self._readable.ipoll(timeout_ms):
            break

    def _ready(self, poller, event):
        for _, flags in poller.ipoll(0):
            return flags & event
        return 0
