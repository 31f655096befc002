# SPDX-License-Identifier: Apache-2.0
"""One small record in flash, kept in two copies, so that a cut in the middle of a write never loses it.

A save goes to the copy that is not the newest good one: cut after any byte, the older record is still whole. Each
copy is `b"VW"`, a format byte, a counter (u32), the payload's length (u16), the payload, and the CRC-32 of all of it.
This file imports nothing of the project: boot.py uses it before anything else is loaded.
"""

import binascii
import struct

from micropython import const

_HEAD = const("<2sBIH")
_HEAD_SIZE = const(9)
_MAGIC = const(b"VW")
_FORMAT = const(1)
_SUFFIXES = (".a", ".b")


class TwoCopies:
    """The record `name` in the folder `path`, of at most `max_bytes`.

    After `load()`: `found` counts the copies that exist, `bad` those that are not whole; `counter` is that of the
    newest whole copy.
    """

    def __init__(self, path, name, max_bytes):
        base = path + "/" + name if path else name
        self._files = [base + suffix for suffix in _SUFFIXES]
        self._max_bytes = max_bytes
        self._newest = None
        self.counter = 0
        self.found = 0
        self.bad = 0

    def load(self):
        """The payload of the newest whole copy; None if there is none. A copy that cannot be read counts as bad."""
        self._newest = None
        self.counter = 0
        self.found = 0
        self.bad = 0
        newest = None
        for i in range(2):
            copy = self._read(i)
            # The counter may wrap: newer is what is ahead by less than half of its range.
            if copy and (newest is None or 0 < ((copy[0] - self.counter) & 0xFFFFFFFF) < 0x80000000):
                self.counter, newest = copy
                self._newest = i
        return newest

    def save(self, payload):
        """Writes `payload` over the older copy and reads it back. Raises OSError if it was not stored, ValueError if
        it is too long; the newest copy of before is whole either way."""
        if len(payload) > self._max_bytes:
            raise ValueError("a record of %d bytes, %d is the most" % (len(payload), self._max_bytes))
        alone = self._newest is None and self.bad
        self._write(payload)
        if alone:
            # Neither copy was whole: make both so, or the bad one would be found at every start.
            self._write(payload)
        self.bad = 0

    def _write(self, payload):
        target = 1 if self._newest == 0 else 0
        counter = (self.counter + 1) & 0xFFFFFFFF
        data = struct.pack(_HEAD, _MAGIC, _FORMAT, counter, len(payload)) + payload
        data += struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)
        with open(self._files[target], "wb") as f:
            f.write(data)
        with open(self._files[target], "rb") as f:
            if f.read(len(data) + 1) != data:
                raise OSError("%s reads back otherwise than it was written" % self._files[target])
        self._newest = target
        self.counter = counter

    def _read(self, i):
        size = _HEAD_SIZE + self._max_bytes + 4
        try:
            with open(self._files[i], "rb") as f:
                data = f.read(size + 1)
        except OSError as error:
            if error.args and error.args[0] == 2:  # ENOENT: never written
                return None
            self.found += 1
            self.bad += 1
            return None
        self.found += 1
        copy = _parse(data)
        if copy is None:
            self.bad += 1
        return copy


def _parse(data):
    """(counter, payload) of a whole copy, else None."""
    if len(data) < _HEAD_SIZE + 4:
        return None
    magic, form, counter, length = struct.unpack_from(_HEAD, data, 0)
    end = _HEAD_SIZE + length
    if magic != _MAGIC or form != _FORMAT or len(data) != end + 4:
        return None
    if struct.unpack_from("<I", data, end)[0] != binascii.crc32(data[:end]) & 0xFFFFFFFF:
        return None
    return counter, data[_HEAD_SIZE:end]
