# SPDX-License-Identifier: Apache-2.0
"""The session on the board: whose readings these are, when the cuff inflates by itself, and when it all ends.

Kept in memory only: a board that restarts is in no session, tells so in its hello, and the host opens it anew.
"""

from micropython import const

from vitals.link import wire

INTERVAL_MIN_S = const(120)
INTERVAL_MAX_S = const(7200)
MINUTES_MAX = const(1440)


class Session:
    """`number` is the open session, None if there is none; `same_limb` and `interval_s` belong to it."""

    def __init__(self):
        self.number = None
        self.same_limb = False
        self.interval_s = 0
        self._ends_ms = 0
        self._due_ms = None

    def begin(self, number, interval_s, max_minutes, same_limb, t_ms):
        """Returns wire.REFUSAL_*; refused changes nothing. The first cycle by itself comes one interval from now."""
        if self.number is not None:
            return wire.REFUSAL_SESSION_OPEN
        if not number or not interval_ok(interval_s) or not 0 < max_minutes <= MINUTES_MAX or same_limb > 1:
            return wire.REFUSAL_BAD_VALUE
        self.number = number
        self.same_limb = bool(same_limb)
        self._ends_ms = t_ms + max_minutes * 60000
        self._schedule(interval_s, t_ms)
        return wire.REFUSAL_NONE

    def end(self):
        """Nothing of the session is left."""
        self.number = None
        self.same_limb = False
        self.interval_s = 0
        self._due_ms = None

    def set_interval(self, interval_s, t_ms):
        """0 ends the cycles by themselves. Returns wire.REFUSAL_*."""
        if self.number is None:
            return wire.REFUSAL_NO_SESSION
        if not interval_ok(interval_s):
            return wire.REFUSAL_BAD_VALUE
        self._schedule(interval_s, t_ms)
        return wire.REFUSAL_NONE

    def _schedule(self, interval_s, t_ms):
        self.interval_s = interval_s
        self._due_ms = t_ms + interval_s * 1000 if interval_s else None

    def expired(self, t_ms):
        """Whether the session's time is over."""
        return self.number is not None and t_ms >= self._ends_ms

    def cycle_due(self, t_ms):
        """Whether a cycle by itself is due. True once for each; cycles that were missed are not made up for."""
        due = self._due_ms
        if due is None or t_ms < due:
            return False
        interval_ms = self.interval_s * 1000
        self._due_ms = due + ((t_ms - due) // interval_ms + 1) * interval_ms
        return True

    def next_deadline(self):
        """ms; None outside a session."""
        if self.number is None:
            return None
        due = self._due_ms
        return due if due is not None and due < self._ends_ms else self._ends_ms


def interval_ok(interval_s):
    """None at all, or long enough for a limb to recover."""
    return interval_s == 0 or INTERVAL_MIN_S <= interval_s <= INTERVAL_MAX_S
