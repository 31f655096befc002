# SPDX-License-Identifier: Apache-2.0
"""One limit and its state: threshold, delay, hysteresis, a worse limit, the saturation index, latching, escalation.

The semantics are those of the host's `alarms/judge.py`; `tests/vectors/alarms/` holds both to them. Values and
thresholds are in tenths of the unit, times in ms.
"""

from micropython import const

from vitals.link import wire

RULES = const(7)

FRESH_MS = const(3000)
FORGET_MS = const(30000)

SPO2 = const(0)
PULSE = const(1)
SBP = const(2)
DBP = const(3)

# input, whether it is a low limit, whether the input is measured by the cuff; by wire.RULE_*
OF_RULE = (
    (SPO2, True, False),
    (PULSE, True, False),
    (PULSE, False, False),
    (SBP, True, True),
    (SBP, False, True),
    (DBP, True, True),
    (DBP, False, True),
)

_CLEAR = wire.ALARM_STATE_CLEAR
_PENDING = wire.ALARM_STATE_PENDING
_ACTIVE = wire.ALARM_STATE_ACTIVE
_ACKNOWLEDGED = wire.ALARM_STATE_ACKNOWLEDGED
_LATCHED = wire.ALARM_STATE_LATCHED
RAISED = (_ACTIVE, _ACKNOWLEDGED, _LATCHED)
SOUNDING = (_ACTIVE, _LATCHED)


class Limit:
    """`changed(limit, cause, t_ms)` is called after each change; `shown()` is the limit that a change tells of.

    `_counted_ms` of the delay had passed at `_mark_ms`; it goes on from there only while a value is there. `_own_ms` of
    it had passed when the value itself went beyond the limit, less than 0 while only the newest beats are. `_since_ms`
    is when the alarm last became active or was escalated, `_worse` whether the worse limit raised it, `_area` how much
    of the saturation index had been gathered at `_area_ms`.
    """

    def __init__(self, rule, changed):
        self.rule = rule
        _, low, self._cuff = OF_RULE[rule]
        self._sign = -1 if low else 1  # times a distance: above 0 is on the wrong side
        self._changed = changed
        self.state = _CLEAR
        self.value = None  # None: absent, or too old to count
        self._newest = None
        self._ago_ms = 0
        self._value_ms = self._mark_ms = self._counted_ms = self._own_ms = self._since_ms = 0
        self._worse = False
        self._area = self._area_ms = 0
        # All attributes are there from the start, so that nothing grows later.
        self._escalate_ms = self._threshold = self._hysteresis = self._delay_ms = 0
        self._priority = self._override_priority = self._index_priority = self.priority = wire.PRIORITY_NONE
        self._override = self._index = None
        self._latching = False

    def take(self, item, override, index, latching, escalate_ms):
        """New numbers; the state goes on. `override` and `index` are items or None."""
        _, self._priority, self._threshold, self._hysteresis, delay_ds = item
        self._delay_ms = 100 * delay_ds
        self._override = None if override is None else override[2]
        self._override_priority = self._priority if override is None else override[1]
        self._index = None if index is None else 1000 * index[2]  # tenths of a percent x ms
        self._index_priority = self._priority if index is None else index[1]
        self._latching = latching
        self._escalate_ms = escalate_ms
        if self.state not in RAISED:
            self.priority = self._priority

    def shown(self):
        return self._override if self._worse and self._override is not None else self._threshold

    def counts(self, t_ms):
        """Whether the value is still one to judge by."""
        return self.value is not None and (self._cuff or t_ms < self._value_ms + FRESH_MS)

    # ------------------------------------------------------------ time

    def deadline(self):
        """When time alone changes something, ms, or None."""
        if self.state == _PENDING:
            if self.value is None:
                return self._mark_ms + FORGET_MS
            due_ms = self._index_due()
            if self._own_ms >= 0:
                delay_ms = self._mark_ms + self._delay_ms - self._counted_ms
                if due_ms is None or delay_ms < due_ms:
                    due_ms = delay_ms
            if not self._cuff and (due_ms is None or self._value_ms + FRESH_MS < due_ms):
                return self._value_ms + FRESH_MS
            return due_ms
        if self._escalate_ms and self.state in SOUNDING and self.priority < wire.PRIORITY_HIGH:
            return self._since_ms + self._escalate_ms
        return None

    def _index_due(self):
        if self._index is None or self.value >= self._threshold:
            return None
        return self._area_ms - (self._area - self._index) // (self._threshold - self.value)

    def due(self, t_ms):
        """Does what is due at exactly `t_ms`."""
        if self.state in SOUNDING:
            self.priority += 1
            self._since_ms = t_ms
            self._changed(self, wire.ALARM_CAUSE_ESCALATED, t_ms)
            return
        if self.value is None:
            self._area = 0
            self.turn(_CLEAR, t_ms)
            return
        if self._waited(t_ms):
            return
        index_ms = self._index_due()
        if index_ms is not None and t_ms >= index_ms:
            self._raise(max(self._priority, self._index_priority), wire.ALARM_CAUSE_INDEX, t_ms)
        else:
            self.absent(t_ms)

    # ------------------------------------------------------------ values

    def present(self, value, t_ms, newest=None, ago_ms=0):
        """A new value; `newest` is that of the newest beats alone, which began `ago_ms` before, where the value is an
        average of many."""
        self._gather(t_ms)
        if self.value is None:
            self._mark_ms = t_ms
        self.value = value
        self._newest = newest
        self._ago_ms = ago_ms
        self._value_ms = t_ms
        if self._over(value) <= -self._hysteresis:
            self._area = 0
        self.judge(t_ms)

    def absent(self, t_ms):
        """It could not be measured, or is too old to count; a value of the cuff stands until the next."""
        if self._cuff or self.value is None:
            return
        self._gather(t_ms)
        self.value = None
        if self.state == _PENDING:
            self._counted_ms += t_ms - self._mark_ms
            self._mark_ms = t_ms

    def forget(self):
        """No session inherits another's values."""
        self.value = None
        self._area = 0

    def judge(self, t_ms):
        """What the present value asks for."""
        state = self.state
        beyond = self._override is not None and self._sign * (self.value - self._override) > 0
        if beyond and not (self._worse and state in RAISED):
            self._worse = True
            self._raise(max(self.priority, self._override_priority), wire.ALARM_CAUSE_OVERRIDE, t_ms)
            return
        over = self._over(self.value)
        passed = over > 0
        if state == _CLEAR:
            newest = self._newest
            ahead = newest is not None and self._delay_ms and self._over(newest) > 0
            if passed or ahead:
                self._counted_ms = self._ago_ms if ahead else 0
                self._mark_ms = t_ms
                self._own_ms = self._counted_ms if passed else -1
                if self._delay_ms:
                    self.turn(_PENDING, t_ms)
                self._waited(t_ms)
        elif state == _PENDING:
            self._wait_on(passed, t_ms)
        elif state == _LATCHED:
            if passed:
                self._raise(self.priority, wire.ALARM_CAUSE_DELAY, t_ms)
        elif over <= -self._hysteresis:
            self.turn(_LATCHED if self._latching and state == _ACTIVE else _CLEAR, t_ms)

    def _wait_on(self, passed, t_ms):
        """The delay is counted from where the newest beats went beyond the limit, if that was before the value did,
        until they are back by the hysteresis; from where the value did otherwise."""
        newest = self._newest
        lasts = passed if newest is None else self._over(newest) > -self._hysteresis
        if not (passed or lasts):
            self.turn(_CLEAR, t_ms)
            return
        if not passed:
            self._own_ms = -1
            return
        if self._own_ms < 0:
            self._own_ms = self._counted_ms + t_ms - self._mark_ms
        if not lasts:
            self._counted_ms -= self._own_ms
            self._own_ms = 0
        self._waited(t_ms)

    def _waited(self, t_ms):
        """Raises the alarm if the delay is over and the value beyond the limit."""
        if self._own_ms < 0 or t_ms < self._mark_ms + self._delay_ms - self._counted_ms:
            return False
        self._raise(self._priority, wire.ALARM_CAUSE_DELAY, t_ms)
        return True

    def acknowledge(self, t_ms):
        """What is over is over, what is not stays until a value clears it. Returns whether there was anything."""
        if self.state not in SOUNDING:
            return False
        self.turn(_ACKNOWLEDGED if self.state == _ACTIVE else _CLEAR, t_ms)
        return True

    def turn(self, state, t_ms):
        if self.state == state:
            return
        self.state = state
        self._changed(self, wire.ALARM_CAUSE_NONE, t_ms)
        if state == _CLEAR:
            self._worse = False
            self.priority = self._priority

    # ------------------------------------------------------------ inside

    def _over(self, value):
        """How far a value is beyond the limit; 0 or less: it is not."""
        return self._sign * (value - self._threshold)

    def _gather(self, t_ms):
        """Adds to the index what the last value was worth until now; never more than the index, so that it stays a
        small integer."""
        if self._index is None:
            self._area = 0
        elif self.value is not None:
            until_ms = min(t_ms, self._value_ms + FRESH_MS)
            if self.value < self._threshold and until_ms > self._area_ms:
                area = self._area + (self._threshold - self.value) * (until_ms - self._area_ms)
                self._area = min(area, self._index)
        elif t_ms >= self._value_ms + FRESH_MS + FORGET_MS:
            self._area = 0
        self._area_ms = t_ms

    def _raise(self, priority, cause, t_ms):
        self.priority = priority
        self._since_ms = t_ms
        self.state = _ACTIVE
        self._changed(self, cause, t_ms)
