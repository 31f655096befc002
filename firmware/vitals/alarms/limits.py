# SPDX-License-Identifier: Apache-2.0
"""The absolute limits that the board judges by itself: threshold, delay and hysteresis, in integers.

The semantics are those of the host's engine; `tests/vectors/alarms/` holds both to them:

* a low limit is passed by a value *below* its threshold, a high limit by one *above* it; the threshold itself is good;
* clear -> pending when a value passes the limit, pending -> active when it has been passed for the whole delay: at the
  deadline exactly, whenever somebody looks. With no delay clear -> active at once;
* pending -> clear as soon as a value no longer passes the limit; active -> clear only when a value is back by the
  hysteresis as well (for a low limit: threshold + hysteresis or more);
* active -> acknowledged by a person; acknowledged -> clear like active. Nothing latches;
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

from vitals.link import wire

ITEM = wire.SET_LIMITS_ITEM
ITEM_SIZE = const(8)
RULES = const(7)
QUEUE = const(32)

FRESH_MS = const(3000)
FORGET_MS = const(30000)

SPO2 = const(0)
PULSE = const(1)
SBP = const(2)
DBP = const(3)

# input, whether it is a low limit, whether the input is measured by the cuff; by wire.RULE_*
_OF_RULE = {
    wire.RULE_SPO2_LOW: (SPO2, True, False),
    wire.RULE_PULSE_LOW: (PULSE, True, False),
    wire.RULE_PULSE_HIGH: (PULSE, False, False),
    wire.RULE_SBP_LOW: (SBP, True, True),
    wire.RULE_SBP_HIGH: (SBP, False, True),
    wire.RULE_DBP_LOW: (DBP, True, True),
    wire.RULE_DBP_HIGH: (DBP, False, True),
}
_RULES_OF = {
    SPO2: (wire.RULE_SPO2_LOW,),
    PULSE: (wire.RULE_PULSE_LOW, wire.RULE_PULSE_HIGH),
    SBP: (wire.RULE_SBP_LOW, wire.RULE_SBP_HIGH),
    DBP: (wire.RULE_DBP_LOW, wire.RULE_DBP_HIGH),
}

# In force until a host has set others: (rule, priority, threshold x10, hysteresis x10, delay in 0.1 s). SpO2 90 % and
# pulse 50-120/min are what monitors ship with; systolic 180 and diastolic 110 mmHg are one clinic's hold limits for
# esketamine; 90/50 mmHg are the usual lower limits for resting adults. The host's defaults are the same numbers. They
# are a starting point that a clinician reviews and replaces.
DEFAULTS = (
    (wire.RULE_SPO2_LOW, wire.PRIORITY_HIGH, 900, 10, 50),
    (wire.RULE_PULSE_LOW, wire.PRIORITY_MEDIUM, 500, 20, 100),
    (wire.RULE_PULSE_HIGH, wire.PRIORITY_MEDIUM, 1200, 20, 100),
    (wire.RULE_SBP_LOW, wire.PRIORITY_MEDIUM, 900, 50, 0),
    (wire.RULE_SBP_HIGH, wire.PRIORITY_MEDIUM, 1800, 50, 0),
    (wire.RULE_DBP_LOW, wire.PRIORITY_MEDIUM, 500, 50, 0),
    (wire.RULE_DBP_HIGH, wire.PRIORITY_MEDIUM, 1100, 50, 0),
)

# Made once: these are asked for in every turn of the loop.
_SOUNDING = (wire.ALARM_STATE_ACTIVE,)
_SHOWING = (wire.ALARM_STATE_ACTIVE, wire.ALARM_STATE_ACKNOWLEDGED)


def item_ok(item):
    """Whether (rule, priority, threshold, hysteresis, delay_ds) makes sense, in wire units."""
    rule, priority, threshold, hysteresis, delay_ds = item
    if rule not in _OF_RULE or not wire.PRIORITY_LOW <= priority <= wire.PRIORITY_HIGH:
        return False
    if not 0 < threshold <= 0xFFFF or not 0 <= hysteresis <= 0xFFFF or not 0 <= delay_ds <= 0xFFFF:
        return False
    # A limit that no value could ever clear again is a mistake.
    return _OF_RULE[rule][1] or hysteresis < threshold


class Change:
    """One limit changed its state at `t_ms`. `value` and `limit` are in wire units (x10), None where there is none."""

    __slots__ = ("limit", "priority", "rule", "state", "t_ms", "value")

    def __init__(self, rule, state, priority, value, limit, t_ms):
        self.rule = rule
        self.state = state
        self.priority = priority
        self.value = value
        self.limit = limit
        self.t_ms = t_ms


class _Limit:
    """One rule with its numbers, its state and the last value it judged."""

    def __init__(self, rule, item):
        self.rule = rule
        _, self.low, self.cuff = _OF_RULE[rule]
        self.state = wire.ALARM_STATE_CLEAR
        self.value = None  # None: absent, or too old to count
        self.value_ms = 0
        self.counted_ms = 0  # of the delay, up to `mark_ms`
        self.mark_ms = 0  # since when `counted_ms` counts on (value there) or is kept (value absent)
        self.take(item)

    def take(self, item):
        self.item = item
        _, self.priority, self.threshold, self.hysteresis, delay_ds = item
        self.delay_ms = 100 * delay_ds

    def passed(self, value):
        return value < self.threshold if self.low else value > self.threshold

    def good(self, value):
        if self.low:
            return value >= self.threshold + self.hysteresis
        return value <= self.threshold - self.hysteresis

    def deadline(self):
        if self.state != wire.ALARM_STATE_PENDING:
            return None
        if self.value is None:
            return self.mark_ms + FORGET_MS
        due_ms = self.mark_ms + self.delay_ms - self.counted_ms
        if not self.cuff and self.value_ms + FRESH_MS < due_ms:
            return self.value_ms + FRESH_MS
        return due_ms


class Limits:
    """All limits of the board.

    `crc` is the CRC-32 of the items in force, packed as in `set_limits`, in the order in which they came. `set_by_host`
    says whether they are a host's or the board's own defaults. `overflowed` counts changes lost from a full queue.
    """

    def __init__(self):
        self._limits = []  # in the order in which they came: dictionaries keep none under MicroPython
        self._of_rule = [None] * RULES
        self._queue = []
        self.crc = 0
        self.set_by_host = False
        self.overflowed = 0
        self._replace(DEFAULTS, 0)

    # ------------------------------------------------------------ what is in force

    def load(self, items, t_ms):
        """Replaces all limits at `t_ms` by `items`, tuples (rule, priority, threshold, hysteresis, delay_ds).

        A rule that is not named is off. A rule that goes on keeps its state, and is judged anew at once by the value
        that it last saw. Returns wire.REFUSAL_NONE, or wire.REFUSAL_BAD_VALUE if an item makes no sense or a rule is
        named twice; then nothing has changed.
        """
        items = [tuple(item) for item in items]
        if len(items) > RULES or len(set([item[0] for item in items])) != len(items):
            return wire.REFUSAL_BAD_VALUE
        for item in items:
            if not item_ok(item):
                return wire.REFUSAL_BAD_VALUE
        self.advance(t_ms)
        self._replace(items, t_ms)
        self.set_by_host = True
        return wire.REFUSAL_NONE

    def load_packed(self, data, t_ms):
        """As `load`, from the bytes of `set_limits`."""
        if len(data) % ITEM_SIZE:
            return wire.REFUSAL_BAD_VALUE
        return self.load([struct.unpack_from(ITEM, data, i) for i in range(0, len(data), ITEM_SIZE)], t_ms)

    def reset(self, t_ms):
        """Back to the board's defaults, all states clear, all values forgotten: no session inherits another's."""
        self.advance(t_ms)
        for limit in self._limits:
            limit.value = None
            self._turn(limit, wire.ALARM_STATE_CLEAR, t_ms)
        self._of_rule = [None] * RULES
        self._replace(DEFAULTS, t_ms)
        self.set_by_host = False

    def items(self):
        """The items in force, in the order in which they came."""
        return [limit.item for limit in self._limits]

    # ------------------------------------------------------------ judging

    def observe(self, source, value, t_ms):
        """A value (x10, None if absent) of SPO2, PULSE, SBP or DBP, for every rule about it."""
        for rule in _RULES_OF[source]:
            self.update(rule, value, t_ms)

    def update(self, rule, value, t_ms):
        """A value (x10, None if absent) for one rule at `t_ms`. A rule that is off judges nothing."""
        self.advance(t_ms)
        limit = self._find(rule)
        if limit is None:
            return
        if value is None:
            self._absent(limit, t_ms)
        else:
            self._present(limit, value, t_ms)

    def acknowledge(self, rule, t_ms):
        """A person has seen it. Returns whether the rule was active."""
        self.advance(t_ms)
        limit = self._find(rule)
        if limit is None or limit.state != wire.ALARM_STATE_ACTIVE:
            return False
        self._turn(limit, wire.ALARM_STATE_ACKNOWLEDGED, t_ms)
        return True

    def advance(self, t_ms):
        """Does whatever was due by `t_ms`, each at its own deadline, in order of time, then of rule."""
        while True:
            first, first_ms = None, None
            for rule in range(RULES):
                limit = self._find(rule)
                due_ms = limit.deadline() if limit else None
                if due_ms is not None and (first_ms is None or due_ms < first_ms):
                    first, first_ms = limit, due_ms
            if first is None or first_ms > t_ms:
                return
            self._due(first, first_ms)

    def next_deadline(self):
        """When `advance` next has something to do, ms; None if no limit is pending."""
        first_ms = None
        for limit in self._limits:
            due_ms = limit.deadline()
            if due_ms is not None and (first_ms is None or due_ms < first_ms):
                first_ms = due_ms
        return first_ms

    # ------------------------------------------------------------ what came of it

    def state(self, rule):
        """wire.ALARM_STATE_* of a rule; a rule that is off is clear."""
        limit = self._find(rule)
        return limit.state if limit else wire.ALARM_STATE_CLEAR

    def states(self):
        """A Change for every rule in force as it stands, for a host that has just come."""
        return [self._change(limit, None) for limit in self._limits]

    def sounding(self):
        """The worst priority that is active and not acknowledged, wire.PRIORITY_NONE if there is none."""
        return self._worst(_SOUNDING)

    def showing(self):
        """The worst priority that is active, acknowledged or not."""
        return self._worst(_SHOWING)

    def take_change(self):
        """The oldest Change that nobody has taken, or None."""
        return self._queue.pop(0) if self._queue else None

    # ------------------------------------------------------------ inside

    def _find(self, rule):
        return self._of_rule[rule] if 0 <= rule < RULES else None

    def _replace(self, items, t_ms):
        before = self._of_rule
        self._limits = []
        self._of_rule = [None] * RULES
        packed = bytearray(ITEM_SIZE * len(items))
        for i, item in enumerate(items):
            struct.pack_into(ITEM, packed, ITEM_SIZE * i, *item)
            limit = before[item[0]]
            if limit is None:
                limit = _Limit(item[0], item)
            else:
                limit.take(item)
            self._limits.append(limit)
            self._of_rule[item[0]] = limit
        self.crc = binascii.crc32(packed) & 0xFFFFFFFF
        # In the order of the rules' numbers: those that go on are judged anew, then those that are off now clear.
        for limit in self._of_rule:
            if limit is not None and limit.value is not None and (limit.cuff or t_ms < limit.value_ms + FRESH_MS):
                self._judge(limit, t_ms)
        for rule in range(RULES):
            if before[rule] is not None and self._of_rule[rule] is None:
                self._turn(before[rule], wire.ALARM_STATE_CLEAR, t_ms)

    def _due(self, limit, t_ms):
        if limit.value is None:
            self._turn(limit, wire.ALARM_STATE_CLEAR, t_ms)
        elif t_ms == limit.mark_ms + limit.delay_ms - limit.counted_ms:
            self._turn(limit, wire.ALARM_STATE_ACTIVE, t_ms)
        else:
            self._absent(limit, t_ms)

    def _present(self, limit, value, t_ms):
        if limit.value is None:
            limit.mark_ms = t_ms
        limit.value = value
        limit.value_ms = t_ms
        self._judge(limit, t_ms)

    def _judge(self, limit, t_ms):
        state = limit.state
        if state == wire.ALARM_STATE_CLEAR:
            if limit.passed(limit.value):
                limit.counted_ms = 0
                limit.mark_ms = t_ms
                self._turn(limit, wire.ALARM_STATE_PENDING if limit.delay_ms else wire.ALARM_STATE_ACTIVE, t_ms)
        elif state == wire.ALARM_STATE_PENDING:
            if not limit.passed(limit.value):
                self._turn(limit, wire.ALARM_STATE_CLEAR, t_ms)
            elif limit.counted_ms + t_ms - limit.mark_ms >= limit.delay_ms:
                # only after a shorter delay was loaded: the deadline of a delay that stood is met in advance()
                self._turn(limit, wire.ALARM_STATE_ACTIVE, t_ms)
        elif limit.good(limit.value):
            self._turn(limit, wire.ALARM_STATE_CLEAR, t_ms)

    def _absent(self, limit, t_ms):
        if limit.cuff or limit.value is None:
            return
        limit.value = None
        if limit.state == wire.ALARM_STATE_PENDING:
            limit.counted_ms += t_ms - limit.mark_ms
            limit.mark_ms = t_ms

    def _turn(self, limit, state, t_ms):
        if limit.state == state:
            return
        limit.state = state
        if len(self._queue) >= QUEUE:
            self._queue.pop(0)
            self.overflowed += 1
        self._queue.append(self._change(limit, t_ms))

    def _change(self, limit, t_ms):
        return Change(limit.rule, limit.state, limit.priority, limit.value, limit.threshold, t_ms)

    def _worst(self, states):
        worst = wire.PRIORITY_NONE
        for limit in self._limits:
            if limit.state in states and limit.priority > worst:
                worst = limit.priority
        return worst
