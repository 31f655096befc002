# SPDX-License-Identifier: Apache-2.0
"""What waits to be sent: one ring of whole frames, bounded, in order, that never waits for the host.

A frame that finds no room is dropped and counted; its sequence number is used up, so that the host sees the gap. The
less a frame matters the more room it must find: samples stop first, then readings, and the last quarter is kept for
what must arrive (answers, events, alarms, cuff results).
"""

from micropython import const

from vitals.link import cobs, framing

STREAM = const(0)
READING = const(1)
URGENT = const(2)

# A receiver that joined late, or sat through text of the console, finds its step at the first zero.
IDLE_MS = const(1000)
_CHUNK = const(256)


class Outbox:
    """Pack a payload into `body` from `framing.HEADER`, then `put` it. `dropped` counts frames that found no room."""

    def __init__(self, size=4096):
        self.body = bytearray(framing.MAX_BODY)
        self._slices = framing.Slices(self.body)
        self._frame = bytearray(framing.MAX_FRAME + 1)
        self._ring = bytearray(size)
        self._size = size
        self._tail = 0
        self.pending = 0
        self._chunk = bytearray(_CHUNK)
        self.sequence = 0
        self.dropped = 0
        self._break = True
        self._last_ms = 0
        # By rank: what must stay free after the frame.
        self._reserve = (size // 2, size // 4, 0)

    def room(self, rank):
        """Bytes that a frame of this rank may take now."""
        return self._size - self.pending - self._reserve[rank]

    def put(self, type_, end, t_ms, rank):
        """Frames body[HEADER:end] as a message of this type and device time. Returns whether there was room."""
        n = framing.seal(self.body, self._slices, type_, self.sequence, t_ms, end)
        self.sequence = (self.sequence + 1) & 0xFFFF
        start = 1
        if self._break or t_ms - self._last_ms >= IDLE_MS:
            start = 0
            self._frame[0] = 0
        stop = cobs.encode_into(self.body, n, self._frame, 1)
        self._frame[stop] = 0
        n = stop + 1 - start
        if n > self.room(rank):
            self.dropped += 1
            return False
        self._break = False
        self._last_ms = t_ms
        self._append(start, n)
        return True

    def _append(self, start, n):
        head = self._tail + self.pending
        if head >= self._size:
            head -= self._size
        first = self._size - head
        if first > n:
            first = n
        cobs.copy(self._frame, start, self._ring, head, first)
        if n > first:
            cobs.copy(self._frame, start + first, self._ring, 0, n - first)
        self.pending += n

    def flush(self, stream):
        """Hands over what the stream takes now; `pending` is what is left."""
        while self.pending:
            n = self._size - self._tail
            if n > self.pending:
                n = self.pending
            if n > _CHUNK:
                n = _CHUNK
            cobs.copy(self._ring, self._tail, self._chunk, 0, n)
            taken = stream.write(self._chunk, n)
            self._tail += taken
            if self._tail == self._size:
                self._tail = 0
            self.pending -= taken
            if taken < n:
                break

    def clear(self):
        """Forgets what waits, as whole frames: the rest of a frame that was begun would be taken for another."""
        self.pending = 0
        self._tail = 0
        self._break = True
