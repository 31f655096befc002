# SPDX-License-Identifier: Apache-2.0
"""Two buttons to ground. A press counts once it has been seen twice, 20 ms apart; a held button counts once."""

from micropython import const

DEBOUNCE_MS = const(20)


class Button:
    """`advance(t_ms)` returns True once for each press. `down` is the debounced state."""

    def __init__(self, pin):
        self._pin = pin
        self.down = pin.value() == 0
        self._changed_ms = None

    def advance(self, t_ms):
        low = self._pin.value() == 0
        if low == self.down:
            self._changed_ms = None
            return False
        if self._changed_ms is None:
            self._changed_ms = t_ms
            return False
        if t_ms - self._changed_ms < DEBOUNCE_MS:
            return False
        self._changed_ms = None
        self.down = low
        return low

    def next_deadline(self):
        """When a change that was seen is to be looked at again, ms; None if there is none."""
        return None if self._changed_ms is None else self._changed_ms + DEBOUNCE_MS
