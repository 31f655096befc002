# SPDX-License-Identifier: Apache-2.0
"""Virtual time and what will happen in it."""

from heapq import heappop, heappush

FOREVER = 1 << 60  # us: later than any simulation ends


class Timeline:
    """Virtual time (integer us since the world began) and a queue of actions at exact instants.

    Actions at one instant happen in the order in which they were asked for, so a run repeats exactly.
    """

    def __init__(self):
        self.now_us = 0
        self.heap = []
        self._order = 0

    def at(self, due_us, action):
        """Calls `action()` at `due_us`; returns an entry for `cancel` and `again`."""
        entry = [due_us, self._order, action]
        self._order += 1
        heappush(self.heap, entry)
        return entry

    def again(self, entry, due_us):
        """Queues an entry that has just been taken out (a periodic timer), without making a new one."""
        entry[0] = due_us
        entry[1] = self._order
        self._order += 1
        heappush(self.heap, entry)

    def cancel(self, entry):
        """Forgets an entry; it stays in the queue as an empty one until its time."""
        if entry is not None:
            entry[2] = None

    def pop(self):
        """Takes out the earliest entry and sets the time to it."""
        entry = heappop(self.heap)
        self.now_us = entry[0]
        return entry
