# SPDX-License-Identifier: Apache-2.0
"""Frames: header, payload, CRC-32, then COBS and a zero. Bytes in, checked bodies out; nothing here waits or raises.

A body is `<BBHI` (major version, message type, sequence, device time in ms), the payload, and the CRC-32 of both.
"""

import struct
from binascii import crc32

from micropython import const

from vitals.link import cobs, wire

HEADER = const(8)
CRC = const(4)
MAX_BODY = const(512)
# What a host may send: the longest command, `set_limits` with every rule, is far below.
MAX_RECEIVED = const(256)
# COBS adds one byte for every 254 begun, and the zero ends the frame.
MAX_FRAME = const(MAX_BODY + MAX_BODY // 254 + 2)


class Slices:
    """Memoryviews `buf[0:n]`, each made once: the lengths in use are few, and a new slice for each frame is garbage."""

    def __init__(self, buf):
        self._whole = memoryview(buf)
        self._views = {}

    def first(self, n):
        view = self._views.get(n)
        if view is None:
            view = self._whole[0:n]
            if len(self._views) < 64:
                self._views[n] = view
        return view


def seal(body, slices, type_, sequence, t_ms, end):
    """Writes header and CRC around the payload at body[HEADER:end]. Returns the length of the body."""
    # Halves of 16 bits: a 32-bit mask is a heap number on the board, even where the result is small.
    struct.pack_into("<BBHHH", body, 0, wire.VERSION_MAJOR, type_, sequence, t_ms & 0xFFFF, (t_ms >> 16) & 0xFFFF)
    struct.pack_into("<I", body, end, crc32(slices.first(end)))
    return end + CRC


class Receiver:
    """Turns bytes of any kind into checked bodies, in step again at the next zero.

    After each `feed` a body may be ready: `type` is its message type (else None), its payload lies in
    `body[HEADER:end]` until the next call. Each way a frame can be wrong has its counter.
    """

    def __init__(self):
        self.body = bytearray(MAX_RECEIVED + MAX_RECEIVED // 254 + 1)
        self._slices = Slices(self.body)
        self._n = 0
        self._too_long = False
        self.type = None
        self.end = 0
        self.sequence = 0
        self.frames = 0
        self.bad_cobs = 0
        self.bad_crc = 0
        self.too_short = 0
        self.too_long = 0
        self.wrong_version = 0

    def feed(self, data, start, end):
        """Takes data[start:end] up to the first zero. Returns where to go on; look at `type` after each call."""
        self.type = None
        body = self.body
        n = self._n
        size = len(body)
        i = start
        while i < end:
            b = data[i]
            i += 1
            if b:
                if n < size:
                    body[n] = b
                    n += 1
                else:
                    self._too_long = True
                continue
            self._n = 0
            self._finish(n)
            return i
        self._n = n
        return i

    def _finish(self, n):
        if self._too_long:
            self._too_long = False
            self.too_long += 1
            return
        if n == 0:
            return  # a leading zero, or an idle line
        body = self.body
        n = cobs.decode_in_place(body, n)
        if n < 0:
            self.bad_cobs += 1
        elif n < HEADER + CRC:
            self.too_short += 1
        elif n > MAX_RECEIVED:
            self.too_long += 1
        elif struct.unpack_from("<I", body, n - CRC)[0] != crc32(self._slices.first(n - CRC)):
            self.bad_crc += 1
        elif body[0] != wire.VERSION_MAJOR:
            self.wrong_version += 1
        else:
            self.frames += 1
            self.sequence = body[2] | body[3] << 8
            self.end = n - CRC
            self.type = body[1]
