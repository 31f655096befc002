# SPDX-License-Identifier: Apache-2.0
"""The pause of the board's sound: timed, visible, and broken by anything worse than what it was given for."""

from micropython import const

# A reminder is due every 2 to 3 minutes (practice under IEC 60601-1-8), so no pause is longer than that.
MAX_PAUSE_S = const(180)
BUTTON_PAUSE_S = const(120)


class AudioPause:
    """`paused` says whether the sound is paused; changes come from `take_change()` as (paused, t_ms)."""

    def __init__(self):
        self.paused = False
        self._until_ms = 0
        self._priority = 0
        self._changes = []

    def pause(self, seconds, priority, t_ms):
        """Pauses for `seconds` (0 ends a pause) while the worst sounding alarm has `priority` (wire.PRIORITY_*).

        Returns False, and changes nothing, for a time outside 0..180 s.
        """
        self.advance(t_ms)
        if not 0 <= seconds <= MAX_PAUSE_S:
            return False
        if seconds == 0:
            self._end(t_ms)
            return True
        self._until_ms = t_ms + 1000 * seconds
        self._priority = priority
        if not self.paused:
            self.paused = True
            self._changes.append((True, t_ms))
        return True

    def alarm(self, priority, t_ms):
        """An alarm became active: one that is worse than those the pause was given for is heard at once."""
        self.advance(t_ms)
        if self.paused and priority > self._priority:
            self._end(t_ms)

    def end(self, t_ms):
        """Ends the pause; a session's silence ends with the session."""
        self.advance(t_ms)
        self._end(t_ms)

    def advance(self, t_ms):
        """Ends a pause that was over by `t_ms`, at its own time."""
        if self.paused and t_ms >= self._until_ms:
            self._end(self._until_ms)

    def next_deadline(self):
        """When the pause ends, ms; None if there is none."""
        return self._until_ms if self.paused else None

    def take_change(self):
        """(paused, t_ms) of the oldest change that nobody has taken, or None."""
        return self._changes.pop(0) if self._changes else None

    def _end(self, t_ms):
        if self.paused:
            self.paused = False
            self._changes.append((False, t_ms))
        # Nobody takes changes outside the loop; two are all that one turn can make, eight are room enough.
        while len(self._changes) > 8:
            self._changes.pop(0)
