# SPDX-License-Identifier: Apache-2.0
"""Plays alarm cases (see tests/vectors/alarms/README.md) into the board's limits and prints the changes of each case:
(t_ms, rule, state, value, priority, cause).

`play_limits.py FILE HOW`: HOW is `steps` (advance only at the steps), `deadlines` (at each deadline in between) or
`dense` (every 100 ms in between).
"""

import json
import sys

from vitals.alarms.limits import Limits
from vitals.link import wire

RULES = ("spo2_low", "pulse_low", "pulse_high", "sbp_low", "sbp_high", "dbp_low", "dbp_high")
CONDITIONS = {"no_finger": wire.RULE_NO_FINGER, "no_pulse": wire.RULE_NO_PULSE}
STATES = ("clear", "pending", "active", "acknowledged", "latched")
PRIORITIES = ("none", "low", "medium", "high")
CAUSES = ("", "delay", "override", "index", "escalated")
assert [getattr(wire, "RULE_" + name.upper()) for name in RULES] == list(range(7))
assert [getattr(wire, "RULE_" + name.upper() + "_OVERRIDE") for name in RULES] == list(range(7, 14))
assert [getattr(wire, "ALARM_STATE_" + name.upper()) for name in STATES] == list(range(5))
assert [getattr(wire, "ALARM_CAUSE_" + (name.upper() or "NONE")) for name in CAUSES] == list(range(5))
NAMES = list(RULES) + [None] * 8 + ["no_finger", "no_pulse"]


def load(limits, rows, conduct, t_ms):
    """The items of the limits, then the worse limits and the index as items of their own."""
    found = [(RULES.index(rule), PRIORITIES.index(priority), a, b, c) for rule, priority, a, b, c in rows]
    there = [item[0] for item in found]
    if conduct is None:
        return limits.load(found, t_ms)
    for rule, priority, threshold in conduct.get("overrides", ()):
        if RULES.index(rule) in there:
            found.append((7 + RULES.index(rule), PRIORITIES.index(priority), threshold, 0, 0))
    if "index" in conduct and wire.RULE_SPO2_LOW in there:
        priority, index = conduct["index"]
        found.append((wire.RULE_SATURATION_INDEX, PRIORITIES.index(priority), index, 0, 0))
    latching = sum([1 << RULES.index(rule) for rule in conduct.get("latching", ())])
    return limits.load(found, t_ms, latching, conduct.get("escalate_s", 0))


def pass_time(limits, now_ms, t_ms, how):
    if how == "dense":
        for t in range(now_ms + 100, t_ms, 100):
            limits.advance(t)
    elif how == "deadlines":
        while True:
            due_ms = limits.next_deadline()
            if due_ms is None or due_ms >= t_ms:
                break
            limits.advance(due_ms)


def taken(limits):
    changes = []
    while True:
        change = limits.take_change()
        if change is None:
            return changes
        priority, cause = PRIORITIES[change.priority], CAUSES[change.cause]
        changes.append((change.t_ms, NAMES[change.rule], STATES[change.state], change.value, priority, cause))


def play(case, how):
    limits = Limits()
    conduct = case.get("conduct")
    assert load(limits, case["limits"], conduct, 0) == wire.REFUSAL_NONE
    changes = taken(limits)
    deadlines = []
    now_ms = 0
    for step in case["steps"]:
        t_ms, action = step[0], step[1]
        pass_time(limits, now_ms, t_ms, how)
        now_ms = t_ms
        if action == "value":
            limits.update(RULES.index(step[2]), step[3], t_ms, *step[4:])
        elif action == "absent":
            limits.update(RULES.index(step[2]), None, t_ms)
        elif action == "acknowledge":
            limits.acknowledge(NAMES.index(step[2]), t_ms)
        elif action == "load":
            assert load(limits, step[2], conduct, t_ms) == wire.REFUSAL_NONE
        elif action == "condition":
            limits.see(CONDITIONS[step[2]], step[3], t_ms)
        elif action == "advance":
            limits.advance(t_ms)
        elif action == "deadline":
            deadlines.append((t_ms, limits.next_deadline()))
        else:
            raise ValueError(action)
        changes += taken(limits)
    return changes, deadlines


with open(sys.argv[1]) as f:
    print(json.dumps([play(case, sys.argv[2]) for case in json.load(f)]))
