# SPDX-License-Identifier: Apache-2.0
"""Courses of putting and flushing, against streams that take much, little or nothing."""

import json

from vitals.link import framing, outbox, wire


class Stream:
    """Takes at most `room` bytes a call."""

    def __init__(self, room):
        self.room = room
        self.data = bytearray()
        self.longest = 0

    def write(self, buf, n):
        self.longest = max(self.longest, n)
        n = min(n, self.room)
        self.data += bytes(buf[:n])
        return n


def put(box, t_ms, rank, size=20):
    """A message that can be told from the others by its event value."""
    end = wire.pack_event(box.body, framing.HEADER, wire.EVENT_HAS_VALUE, 1, 0, t_ms, b"x" * size)
    return box.put(wire.EVENT, end, t_ms, rank)


def trickle():
    """A stream that takes seven bytes at a time, and a ring that wraps again and again."""
    box = outbox.Outbox(512)
    stream = Stream(7)
    accepted = []
    for t_ms in range(300):
        if put(box, t_ms, outbox.URGENT, t_ms % 60):
            accepted.append(t_ms)
        for _ in range(1 + t_ms % 12):
            box.flush(stream)
    while box.pending:
        box.flush(stream)
    return {"data": bytes(stream.data).hex(), "accepted": accepted, "dropped": box.dropped, "ring": len(box._ring)}


def stalled():
    """Nobody reads: by rank, how many frames find room, and what is left to what must arrive."""
    box = outbox.Outbox(2048)
    blocked = Stream(0)
    found = {}
    for name in ("STREAM", "READING", "URGENT"):
        found[name] = 0
        while put(box, 0, getattr(outbox, name)):
            found[name] += 1
            box.flush(blocked)
    found["pending"] = box.pending
    found["dropped"] = box.dropped
    free = Stream(1000)
    box.flush(free)
    found["data"] = bytes(free.data).hex()
    found["after"] = [put(box, 1, outbox.STREAM), box.pending > 0]
    return found


def zeros():
    """When a zero leads: at the start, after an idle second; not between."""
    seen = []
    box = outbox.Outbox(512)
    for t_ms in (0, 10, 1009, 2009, 2010):
        put(box, t_ms, outbox.URGENT)
        stream = Stream(1000)
        box.flush(stream)
        seen.append([t_ms, stream.data[0] == 0, bytes(stream.data).count(b"\0")])
    return seen


def clock():
    """Device time is 32 bits on the wire, whatever the clock has reached."""
    times = []
    for t_ms in (0, 0x3FFFFFFF, 0x40000000, 0xFFFFFFFF, 0x100000005):
        box = outbox.Outbox(512)
        put(box, 1, outbox.URGENT)
        box.put(wire.EVENT, framing.HEADER + 10, t_ms, outbox.URGENT)
        stream = Stream(1000)
        box.flush(stream)
        times.append(bytes(stream.data).hex())
    return times


print(json.dumps({"trickle": trickle(), "stalled": stalled(), "zeros": zeros(), "clock": clock()}))
