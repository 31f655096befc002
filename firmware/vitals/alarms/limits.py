# SPDX-License-Identifier: Apache-2.0
"""The absolute limits that the board judges by itself, in integers.

The semantics are those of the host's engine; `tests/vectors/alarms/` holds both to them:

* a low limit is passed by a value *below* its threshold, a high limit by one *above* it; the threshold itself is good;
* clear -> pending when a value passes the limit, pending -> active when it has been passed for the whole delay: at the
  deadline exactly, whenever somebody looks. With no delay clear -> active at once;
* pending -> clear as soon as a value no longer passes the limit; active -> clear only when a value is back by the
  hysteresis as well (for a low limit: threshold + hysteresis or more);
* the delay is counted from where the newest beats that passed the limit began, if that was before the value passed,
  which is an average: until they are back by the hysteresis, or else from where the value passed. For an alarm the
  value must be beyond the limit too;
* a worse limit (override) does not wait; the saturation index is a third way to raise `spo2_low`;
* active -> acknowledged by a person; acknowledged -> clear like active. A latching limit whose value is good again is
  latched until a person acknowledges it. What nobody acknowledges gets one priority higher after every escalation time;
* where a deadline and a value fall on the same millisecond, the deadline comes first.

Absence is not a value. An absent value never raises and never clears an alarm. While a limit is pending, time
without a value does not count towards its delay; what had been counted is kept for 30 s, then the limit is clear
again, and that is a change like any other. A value of the oximeter counts for 3 s after it came, then it is absent.
A value of the cuff counts until the next result: a cycle without a result says nothing about the pressure, so absence
is passed over and the last result stands.
"""

import binascii
import struct

from micropython import const

from vitals.alarms.condition import CONDITIONS, Condition
from vitals.alarms.limit import OF_RULE, RAISED, RULES, SOUNDING, Limit
from vitals.link import wire

ITEM_SIZE = const(8)
# A limit and a worse one of each rule, and the saturation index.
ITEMS = const(15)
QUEUE = const(32)
# Every limit may be latching.
_LATCHING = const((1 << 7) - 1)
# `latching` and `escalate_s` before the items of a fallback.
_FALLBACK_HEAD = const(4)

# In force until a host has set others, where no fallback is set up: (rule, priority, threshold x10, hysteresis x10,
# delay in 0.1 s). SpO2 90 % and
# pulse 50-120/min are what monitors ship with; systolic 180 and diastolic 110 mmHg are one clinic's hold limits for
# esketamine; 90/50 mmHg are the usual lower limits for resting adults. The host's defaults are the same numbers. They
# are a starting point that a clinician reviews and replaces.
DEFAULTS = (
    (wire.RULE_SPO2_LOW, wire.PRIORITY_HIGH, 900, 10, 104),
    (wire.RULE_PULSE_LOW, wire.PRIORITY_MEDIUM, 500, 20, 100),
    (wire.RULE_PULSE_HIGH, wire.PRIORITY_MEDIUM, 1200, 20, 100),
    (wire.RULE_SBP_LOW, wire.PRIORITY_MEDIUM, 900, 50, 0),
    (wire.RULE_SBP_HIGH, wire.PRIORITY_MEDIUM, 1800, 50, 0),
    (wire.RULE_DBP_LOW, wire.PRIORITY_MEDIUM, 500, 50, 0),
    (wire.RULE_DBP_HIGH, wire.PRIORITY_MEDIUM, 1100, 50, 0),
)


def items_ok(items):
    """Whether items (rule, priority, threshold, hysteresis, delay_ds) in wire units make sense, each by itself and all
    together: each rule once, a worse limit with its limit and beyond it, the index with its limit."""
    by_rule = [None] * ITEMS
    for item in items:
        rule, priority, threshold, hysteresis, delay_ds = item
        if not 0 <= rule < ITEMS or by_rule[rule] or not wire.PRIORITY_LOW <= priority <= wire.PRIORITY_HIGH:
            return False
        if not 0 < threshold <= 0xFFFF or not 0 <= hysteresis <= 0xFFFF or not 0 <= delay_ds <= 0xFFFF:
            return False
        if rule >= RULES:
            if hysteresis or delay_ds:  # it neither waits nor clears
                return False
        elif not OF_RULE[rule][1] and hysteresis >= threshold:
            return False  # no value could ever clear it again
        by_rule[rule] = item
    for rule in range(RULES):
        worse, item = by_rule[RULES + rule], by_rule[rule]
        if worse and (not item or worse[2] == item[2] or (worse[2] < item[2]) != OF_RULE[rule][1]):
            return False
    return not by_rule[wire.RULE_SATURATION_INDEX] or by_rule[wire.RULE_SPO2_LOW] is not None


def unpacked(data):
    """The items of the bytes of `set_limits`; None if they are no whole number of items."""
    if len(data) % ITEM_SIZE:
        return None
    return [struct.unpack_from(wire.SET_LIMITS_ITEM, data, i) for i in range(0, len(data), ITEM_SIZE)]


def fallback_of(packed):
    """(items, latching, escalate_s) of `fallback_limits`, decoded; None if `set_limits` would refuse it."""
    if len(packed) < _FALLBACK_HEAD:
        return None
    latching, escalate_s = struct.unpack_from("<HH", packed)
    items = unpacked(packed[_FALLBACK_HEAD:])
    if not items or not items_ok(items) or latching & ~_LATCHING:
        return None
    return items, latching, escalate_s


class Change:
    """One limit changed at `t_ms`. `value` and `limit` are in wire units (x10), None where there is none; `cause`
    (wire.ALARM_CAUSE_*) says what raised it."""

    def __init__(self, rule, state, priority, value, limit, cause, t_ms):
        self.rule = rule
        self.state = state
        self.priority = priority
        self.value = value
        self.limit = limit
        self.cause = cause
        self.t_ms = t_ms


class Limits:
    """All limits of the board, and the conditions of the probe.

    `crc` is the CRC-32 of the items in force, packed as in `set_limits`, in the order in which they came, and behind
    them of `latching` and `escalate_s` where a host has sent these. `set_by_host` says whether they are a host's or the
    board's own: its fallback, or its defaults where it has none. `overflowed` counts changes lost from a full queue.
    """

    def __init__(self):
        self._items = []
        # Made once, while the heap is in one piece; a rule that is off is None in `_of_rule`.
        self._limits = [Limit(rule, self._note) for rule in range(RULES)]
        self._of_rule = [None] * RULES
        self._conditions = [Condition(rule, delay_ms, self._note) for rule, delay_ms in CONDITIONS]
        self._judged = []  # limits and conditions in order of the rules' numbers
        self._queue = []
        self.crc = 0
        self.set_by_host = False
        self.overflowed = 0
        self._fallback = (DEFAULTS, None, None)
        self._replace(DEFAULTS, None, None, 0)

    # ------------------------------------------------------------ what is in force

    def load(self, items, t_ms, latching=None, escalate_s=None):
        """Replaces all limits at `t_ms` by `items`, tuples (rule, priority, threshold, hysteresis, delay_ds).

        `latching` is a mask of rules, `escalate_s` 0 for never; None where the host does not know of them. A rule that
        is not named is off. A rule that goes on keeps its state, and is judged anew at once by the value that it last
        saw. Returns wire.REFUSAL_NONE, or wire.REFUSAL_BAD_VALUE if something makes no sense; then nothing has changed.
        """
        items = [tuple(item) for item in items]
        if not items_ok(items) or (latching or 0) & ~_LATCHING:
            return wire.REFUSAL_BAD_VALUE
        self.advance(t_ms)
        self._replace(items, latching, escalate_s, t_ms)
        self.set_by_host = True
        return wire.REFUSAL_NONE

    def load_packed(self, data, t_ms, latching=None, escalate_s=None):
        """As `load`, from the bytes of `set_limits`."""
        items = unpacked(data)
        return wire.REFUSAL_BAD_VALUE if items is None else self.load(items, t_ms, latching, escalate_s)

    def fall_back(self, packed, t_ms):
        """Takes `packed` (bytes, b"" for the defaults) as what `reset` goes back to, and goes back to it now. Not for
        a session that is open."""
        self._fallback = fallback_of(packed) or (DEFAULTS, None, None)
        self.reset(t_ms)

    def reset(self, t_ms):
        """Back to the board's own limits, all states clear, all values forgotten: no session inherits another's."""
        self.advance(t_ms)
        for one in self._judged:
            one.forget()
            one.turn(wire.ALARM_STATE_CLEAR, t_ms)
        self._of_rule = [None] * RULES
        items, latching, escalate_s = self._fallback
        self._replace(items, latching, escalate_s, t_ms)
        self.set_by_host = False

    def items(self):
        """The items in force, in the order in which they came."""
        return self._items

    # ------------------------------------------------------------ judging

    def observe(self, source, value, t_ms, newest=None, ago_ms=0):
        """A value (x10, None if absent) of SPO2, PULSE, SBP or DBP, for every rule about it; `newest` is that of the
        newest beats alone, which began `ago_ms` before; None where they have none."""
        for rule in range(RULES):
            if OF_RULE[rule][0] == source:
                self.update(rule, value, t_ms, newest, ago_ms)

    def update(self, rule, value, t_ms, newest=None, ago_ms=0):
        """A value as for `observe` for one rule at `t_ms`. A rule that is off judges nothing."""
        self.advance(t_ms)
        limit = self._find(rule)
        if limit is None:
            return
        if value is None:
            limit.absent(t_ms)
        else:
            limit.present(value, t_ms, newest, ago_ms)

    def see(self, rule, present, t_ms):
        """Whether the condition of wire.RULE_NO_FINGER or RULE_NO_PULSE is so."""
        self.advance(t_ms)
        self._find(rule).see(present, t_ms)

    def acknowledge(self, rule, t_ms):
        """A person has seen it. Returns whether the rule was active or latched."""
        self.advance(t_ms)
        one = self._find(rule)
        return one is not None and one.acknowledge(t_ms)

    def advance(self, t_ms):
        """Does whatever was due by `t_ms`, each at its own deadline, in order of time, then of rule."""
        while True:
            first, first_ms = None, None
            for one in self._judged:
                due_ms = one.deadline()
                if due_ms is not None and (first_ms is None or due_ms < first_ms):
                    first, first_ms = one, due_ms
            if first is None or first_ms > t_ms:
                return
            first.due(first_ms)

    def next_deadline(self):
        """When `advance` next has something to do, ms; None if nothing waits."""
        first_ms = None
        for one in self._judged:
            due_ms = one.deadline()
            if due_ms is not None and (first_ms is None or due_ms < first_ms):
                first_ms = due_ms
        return first_ms

    # ------------------------------------------------------------ what came of it

    def state(self, rule):
        """wire.ALARM_STATE_* of a rule; a rule that is off is clear."""
        one = self._find(rule)
        return one.state if one else wire.ALARM_STATE_CLEAR

    def states(self):
        """A Change for every rule in force as it stands, for a host that has just come."""
        return [self._change(one, wire.ALARM_CAUSE_NONE, None) for one in self._judged]

    def sounding(self):
        """The worst priority that nobody has acknowledged, wire.PRIORITY_NONE if there is none."""
        return self._worst(SOUNDING)

    def showing(self):
        """The worst priority that is raised, acknowledged or not."""
        return self._worst(RAISED)

    def take_change(self):
        """The oldest Change that nobody has taken, or None."""
        return self._queue.pop(0) if self._queue else None

    # ------------------------------------------------------------ inside

    def _find(self, rule):
        if 0 <= rule < RULES:
            return self._of_rule[rule]
        for condition in self._conditions:
            if condition.rule == rule:
                return condition
        return None

    def _replace(self, items, latching, escalate_s, t_ms):
        before = self._of_rule
        self._items = items
        self._of_rule = [None] * RULES
        size = ITEM_SIZE * len(items)
        packed = bytearray(size if latching is None else size + 4)
        extra = [None] * ITEMS  # worse limits and the index, by rule
        for i, item in enumerate(items):
            struct.pack_into(wire.SET_LIMITS_ITEM, packed, ITEM_SIZE * i, *item)
            if item[0] >= RULES:
                extra[item[0]] = item
        if latching is not None:
            struct.pack_into("<HH", packed, size, latching, escalate_s)
        self.crc = binascii.crc32(packed) & 0xFFFFFFFF
        for item in items:
            rule = item[0]
            if rule < RULES:
                limit = self._limits[rule]
                index = extra[wire.RULE_SATURATION_INDEX] if rule == wire.RULE_SPO2_LOW else None
                latches = bool((latching or 0) >> rule & 1)
                limit.take(item, extra[RULES + rule], index, latches, 1000 * (escalate_s or 0))
                self._of_rule[rule] = limit
        self._judged = [limit for limit in self._of_rule if limit is not None] + self._conditions
        # In the order of the rules' numbers: those that go on are judged anew, then those that are off now clear.
        for limit in self._of_rule:
            if limit is not None and limit.counts(t_ms):
                limit.judge(t_ms)
        for rule in range(RULES):
            if before[rule] is not None and self._of_rule[rule] is None:
                before[rule].turn(wire.ALARM_STATE_CLEAR, t_ms)
                before[rule].forget()

    def _note(self, one, cause, t_ms):
        if len(self._queue) >= QUEUE:
            self._queue.pop(0)
            self.overflowed += 1
        self._queue.append(self._change(one, cause, t_ms))

    def _change(self, one, cause, t_ms):
        return Change(one.rule, one.state, one.priority, one.value, one.shown(), cause, t_ms)

    def _worst(self, states):
        worst = wire.PRIORITY_NONE
        for one in self._judged:
            if one.state in states and one.priority > worst:
                worst = one.priority
        return worst
