# SPDX-License-Identifier: Apache-2.0
"""What was measured while no host listened: bounded, under the session that made it, sent when a host returns.

Entries are payloads as they go on the wire, with their device time. Results, alarms and events have room of their own
and the oldest give way. Readings of the oximeter come every second: when their room is full every second one is
dropped, and from then on only every second new one is kept. So they always cover the whole time without a host, the
more thinly the longer it was, and `dropped` says how many are missing.
"""

from array import array

from micropython import const

# A test holds these to the messages: what is longer would not be kept.
OXIMETRY_BYTES = const(22)
OTHER_BYTES = const(36)
OXIMETRY_ENTRIES = const(128)
OTHER_ENTRIES = const(48)


class _Ring:
    """Entries of one fixed size in one block of memory, oldest first."""

    def __init__(self, entries, entry_bytes):
        self.capacity = entries
        self.entry_bytes = entry_bytes
        self._data = bytearray(entries * entry_bytes)
        self._t_ms = array("I", bytes(4 * entries))
        self._type = bytearray(entries)
        self._length = bytearray(entries)
        self._first = 0
        self.count = 0

    def clear(self):
        self._first = 0
        self.count = 0

    def put(self, type_, t_ms, payload, n):
        at = (self._first + self.count) % self.capacity
        start = at * self.entry_bytes
        self._data[start : start + n] = payload[:n]
        self._type[at], self._length[at], self._t_ms[at] = type_, n, t_ms & 0xFFFFFFFF
        self.count += 1

    def oldest_ms(self):
        return self._t_ms[self._first] if self.count else None

    def take(self, buf):
        at = self._first
        n = self._length[at]
        start = at * self.entry_bytes
        buf[:n] = self._data[start : start + n]
        self.drop_oldest()
        return self._type[at], self._t_ms[at], n

    def drop_oldest(self):
        self._first = (self._first + 1) % self.capacity
        self.count -= 1

    def thin(self):
        """Keeps the first, third, fifth... entry. Returns how many went."""
        kept = 0
        for i in range(0, self.count, 2):
            self._move((self._first + i) % self.capacity, (self._first + kept) % self.capacity)
            kept += 1
        gone = self.count - kept
        self.count = kept
        return gone

    def _move(self, source, target):
        if source == target:
            return
        size = self.entry_bytes
        a, b = source * size, target * size
        self._data[b : b + size] = self._data[a : a + size]
        self._type[target] = self._type[source]
        self._length[target] = self._length[source]
        self._t_ms[target] = self._t_ms[source]


class Readings:
    """The store. `session` is whose readings these are, None if no session made any; `dropped` counts what this
    session's store had to let go."""

    def __init__(self, oximetry_entries=OXIMETRY_ENTRIES, other_entries=OTHER_ENTRIES):
        self._oximetry = _Ring(oximetry_entries, OXIMETRY_BYTES)
        self._other = _Ring(other_entries, OTHER_BYTES)
        self.session = None
        self.clear()

    def begin(self, session):
        """A new session begins: what an earlier one left and nobody fetched is gone. 0 is no session."""
        if not session:
            raise ValueError("a session's number is not 0")
        self.clear()
        self.session = session

    def clear(self):
        """Forgets everything, the session too."""
        self._oximetry.clear()
        self._other.clear()
        self.session = None
        self.dropped = 0
        self._restart()

    def add_oximetry(self, session, type_, t_ms, payload, n):
        """Keeps an oximeter's reading (n bytes of `payload`, at most 20). Returns whether it belongs here: only what
        the session in charge made does."""
        if session is None or session != self.session or n > OXIMETRY_BYTES:
            return False
        self._turn += 1
        if self._turn % self._every:
            self.dropped += 1
            return True
        if self._oximetry.count == self._oximetry.capacity:
            self.dropped += self._oximetry.thin()
            self._every *= 2
            self._turn = 0
        self._oximetry.put(type_, t_ms, payload, n)
        return True

    def add(self, session, type_, t_ms, payload, n):
        """Keeps a result, an alarm or an event (n bytes of `payload`, at most 32). Returns whether it belongs here."""
        if session is None or session != self.session or n > OTHER_BYTES:
            return False
        if self._other.count == self._other.capacity:
            self._other.drop_oldest()
            self.dropped += 1
        self._other.put(type_, t_ms, payload, n)
        return True

    @property
    def count(self):
        """How many entries wait."""
        return self._oximetry.count + self._other.count

    def take_into(self, buf):
        """Copies the oldest entry's payload to `buf` (at least 32 bytes), removes it, and returns
        (message type, device time in ms, length); None if there is none."""
        oximetry_ms, other_ms = self._oximetry.oldest_ms(), self._other.oldest_ms()
        if oximetry_ms is None and other_ms is None:
            return None
        if other_ms is None or (oximetry_ms is not None and oximetry_ms <= other_ms):
            ring = self._oximetry
        else:
            ring = self._other
        entry = ring.take(buf)
        if not self.count:
            self._restart()
        return entry

    def _restart(self):
        self._every = 1
        self._turn = 0
