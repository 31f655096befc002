# SPDX-License-Identifier: Apache-2.0
"""A technical alarm that the board judges by itself: raised when its condition has lasted, cleared when it has stayed
away. It has the ways of a limit (`alarms.limit`), and no value.

The semantics and the times are those of the host's `alarms/conditions.py` and `TECHNICAL_RULES`.
"""

from micropython import const

from vitals.link import wire

_CLEAR_MS = const(2000)

# rule, how long it must last, ms; in order of the rules' numbers. Both are of medium priority.
CONDITIONS = ((wire.RULE_NO_FINGER, 4000), (wire.RULE_NO_PULSE, 10000))


class Condition:
    """`changed(condition, cause, t_ms)` is called after each change."""

    value = None

    def __init__(self, rule, delay_ms, changed):
        self.rule = rule
        self.state = wire.ALARM_STATE_CLEAR
        self.priority = wire.PRIORITY_MEDIUM
        self._delay_ms = delay_ms
        self._changed = changed
        self._there = False
        self._since_ms = 0

    def shown(self):
        return None

    def see(self, present, t_ms):
        """What is seen at `t_ms`; what was due by then has been done."""
        if present != self._there:
            self._there = present
            self._since_ms = t_ms

    def deadline(self):
        if self._there == (self.state != wire.ALARM_STATE_CLEAR):
            return None
        return self._since_ms + (self._delay_ms if self._there else _CLEAR_MS)

    def due(self, t_ms):
        self.turn(wire.ALARM_STATE_ACTIVE if self._there else wire.ALARM_STATE_CLEAR, t_ms)

    def acknowledge(self, t_ms):
        if self.state != wire.ALARM_STATE_ACTIVE:
            return False
        self.turn(wire.ALARM_STATE_ACKNOWLEDGED, t_ms)
        return True

    def forget(self):
        """No session inherits another's."""
        self._there = False

    def turn(self, state, t_ms):
        if self.state != state:
            self.state = state
            raised = state == wire.ALARM_STATE_ACTIVE
            self._changed(self, wire.ALARM_CAUSE_DELAY if raised else wire.ALARM_CAUSE_NONE, t_ms)
