# SPDX-License-Identifier: Apache-2.0
"""The board's clock: milliseconds since the start that do not wrap."""

import time


class McuClock:
    """`now_ms()` must be called at least once in 6 days, half of the 2^30 ms after which `ticks_ms` wraps.

    `wait(timeout_ms)`, if given, sleeps up to that long and may return early because bytes arrived.
    """

    def __init__(self, wait=None):
        self._last = time.ticks_ms()
        self._ms = 0
        self._wait = wait or time.sleep_ms

    def now_ms(self):
        ticks = time.ticks_ms()
        self._ms += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._ms

    def ticks_ms(self):
        """Free-running, wraps at 2^30; safe in a timer's callback."""
        return time.ticks_ms()

    def ticks_us(self):
        """For the length of a piece of work; take differences modulo 2^30."""
        return time.ticks_us()

    def sleep_until(self, t_ms):
        """Returns at `t_ms`, or earlier if bytes arrived; at once if it is past."""
        left = t_ms - self.now_ms()
        if left > 0:
            self._wait(left)
