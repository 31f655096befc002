# SPDX-License-Identifier: Apache-2.0
"""The crystal that the microcontroller counts time by. It may run fast or slow against the world's time."""


class Crystal:
    """Turns the world's time into the microcontroller's, both integer us, and back. Reading it allocates nothing."""

    def __init__(self, timeline):
        self._timeline = timeline
        self.ppm = 0  # above zero is fast
        self._from_us = 0  # when it began to run so, in the world's time
        self._ahead_us = 0  # by how much it was ahead then

    def run_at(self, ppm):
        """From now on it is fast by `ppm`, or slow if below zero; what it has counted so far stays."""
        now_us = self._timeline.now_us
        self._ahead_us = self.counted_us() - now_us
        self._from_us = now_us
        self.ppm = ppm

    def counted_us(self):
        """The microcontroller's time now."""
        now_us = self._timeline.now_us
        return now_us + self._ahead_us + (now_us - self._from_us) * self.ppm // 1000000

    def when_us(self, counted_us):
        """The first moment of the world at which the microcontroller's time is this, as long as nothing changes."""
        since_us = counted_us - self._ahead_us - self._from_us
        return self._from_us - (-since_us * 1000000 // (1000000 + self.ppm))
