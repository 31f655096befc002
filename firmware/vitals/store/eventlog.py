# SPDX-License-Identifier: Apache-2.0
"""The log of events on the board: the last few hundred, kept over restarts, bounded in memory, flash and wear.

Records have one size, each with its own CRC, in two files that are filled in turn: when the one is full, the other is
emptied and begun. A write that was cut leaves a torn record at most, which reading passes over.
"""

import binascii
import os
import struct

from micropython import const

_RECORD = const("<IIBBBxi")
_SIZE = const(20)
_HAS_VALUE = const(1)
FILE_RECORDS = const(256)
PENDING = const(32)


class EventLog:
    """Events wait in memory until `flush()`; `lost` counts those that a full memory had to drop, oldest first."""

    def __init__(self, storage, boot, file_records=FILE_RECORDS):
        self._storage = storage
        self._boot = boot
        self._most = file_records * _SIZE
        self._files = (storage.file("events.0"), storage.file("events.1"))
        self._pending = []
        self.lost = 0
        self._current = self._find_current()

    def add(self, event, fault, value, t_ms):
        """Takes one event: wire.EVENT_*, wire.FAULT_*, value (int of 32 bits, or None), device time in ms."""
        if len(self._pending) >= PENDING:
            self._pending.pop(0)
            self.lost += 1
        data = struct.pack(
            _RECORD,
            self._boot & 0xFFFFFFFF,
            t_ms & 0xFFFFFFFF,
            event,
            fault,
            0 if value is None else _HAS_VALUE,
            0 if value is None else value,
        )
        self._pending.append(data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF))

    def flush(self):
        """Writes what waits, if flash may be written now. Returns whether nothing waits any more."""
        if not self._pending:
            return True
        if self._storage.blocked:
            return False
        try:
            self._write(b"".join(self._pending))
        except OSError:
            return False
        self._pending = []
        return True

    def read(self):
        """Yields (boot, t_ms, event, fault, value or None), oldest first, of what is in flash and whole."""
        for i in (1 - self._current, self._current):
            try:
                f = open(self._files[i], "rb")
            except OSError:
                continue
            with f:
                while True:
                    data = f.read(_SIZE)
                    if len(data) < _SIZE:
                        break
                    record = _parse(data)
                    if record:
                        yield record

    # ------------------------------------------------------------ inside

    def _write(self, data):
        used = _file_size(self._files[self._current])
        if used + len(data) > self._most:
            self._current = 1 - self._current
            used = 0
        # A cut may have left part of a record: fill up, so that records keep starting at multiples of their size.
        pad = b"\0" * (-used % _SIZE)
        with open(self._files[self._current], "ab" if used else "wb") as f:
            f.write(pad + data)

    def _find_current(self):
        """The file that holds the newest record: the later boot, or within one boot the later time."""
        newest, current = None, 0
        for i in (0, 1):
            last = self._last(self._files[i])
            if last and (newest is None or last[:2] >= newest[:2]):
                newest, current = last, i
        return current

    def _last(self, file):
        size = _file_size(file)
        if not size:
            return None
        with open(file, "rb") as f:
            for at in range(size // _SIZE - 1, -1, -1):
                f.seek(at * _SIZE)
                record = _parse(f.read(_SIZE))
                if record:
                    return record
        return None


def _file_size(file):
    try:
        return os.stat(file)[6]
    except OSError:
        return 0


def _parse(data):
    if struct.unpack_from("<I", data, _SIZE - 4)[0] != binascii.crc32(data[: _SIZE - 4]) & 0xFFFFFFFF:
        return None
    boot, t_ms, event, fault, flags, value = struct.unpack_from(_RECORD, data, 0)
    return boot, t_ms, event, fault, value if flags & _HAS_VALUE else None
