# SPDX-License-Identifier: Apache-2.0
"""The watchdog: once started, only a restart of the chip stops it."""


class Watchdog:
    """Bites `timeout_us` after the last feeding, whatever the firmware does; `dead` is for tests of other layers."""

    def __init__(self, board):
        self._board = board
        self._timeline = board.timeline
        self._crystal = board.crystal
        self.dead = False
        self.timeout_us = 0  # 0 is not started
        self._deadline_us = 0
        self._entry = None

    def start(self, timeout_us):
        """Starts it, or starts it anew with another time-out."""
        self.timeout_us = timeout_us
        self.feed()

    def feed(self):
        """Puts the bite off. The entry in the queue is moved only when it comes due, so feeding is cheap."""
        self._deadline_us = self._crystal.when_us(self._crystal.counted_us() + self.timeout_us)
        if self._entry is None or self._entry[0] > self._deadline_us:
            self._timeline.cancel(self._entry)
            self._entry = self._timeline.at(self._deadline_us, self._due)

    def stop(self):
        """As after a restart of the chip."""
        self._timeline.cancel(self._entry)
        self._entry = None
        self.timeout_us = 0

    def _due(self, entry):
        if self._deadline_us > self._timeline.now_us:
            self._timeline.again(entry, self._deadline_us)
            return
        self._entry = None
        if not self.dead:
            self._board.trap = "watchdog"
