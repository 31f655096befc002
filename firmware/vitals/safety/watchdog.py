# SPDX-License-Identifier: Apache-2.0
"""Feeds the hardware watchdog only when every part of the loop has reported, and names the one that has not.

A loop that turns while one of its parts is dead must not look alive: each part reports at the end of its own work in
each turn, and a single missing report leaves the watchdog hungry for that turn.
"""


class Supervisor:
    """`names` are the parts that must report in each turn (at most 30); `feed()` feeds the watchdog.

    `missing` is the tuple of names that did not report in the last turn, () if all did. `starved` counts the turns
    without a feed since the last feed. In service mode simply build none: the watchdog cannot be stopped once started.
    """

    def __init__(self, names, feed):
        if not 0 < len(names) <= 30:
            raise ValueError("1 to 30 parts, not %d" % len(names))
        self._names = tuple(names)
        self._feed = feed
        self._all = (1 << len(names)) - 1
        self._reported = 0
        self.missing = ()
        self.starved = 0
        self.biting = False

    def starve(self, on=True):
        """Lets the watchdog bite, to prove that it does."""
        self.biting = on

    def part(self, name):
        """The number under which the part of this name reports. Raises ValueError for a name that is not supervised."""
        return self._names.index(name)

    def report(self, number):
        """The part has done its work in this turn."""
        self._reported |= 1 << number

    def end_turn(self):
        """Call once at the end of each turn: feeds if all have reported. Returns whether it fed."""
        reported = self._reported
        self._reported = 0
        if self.biting:
            return False
        if reported & self._all == self._all:
            self._feed()
            self.starved = 0
            if self.missing:
                self.missing = ()
            return True
        self.starved += 1
        self._name_missing(reported)
        return False

    def _name_missing(self, reported):
        # On its own: a function with a comprehension over its locals allocates at each call, whichever way it goes.
        self.missing = tuple([name for i, name in enumerate(self._names) if not (reported >> i) & 1])
