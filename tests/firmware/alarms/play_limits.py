# SPDX-License-Identifier: Apache-2.0
"""Plays alarm cases (see tests/vectors/alarms/README.md) into the board's limits and prints the changes of each case.

`play_limits.py FILE HOW`: HOW is `steps` (advance only at the steps), `deadlines` (at each deadline in between) or
`dense` (every 100 ms in between).
"""

import json
import sys

from vitals.alarms.limits import Limits
from vitals.link import wire

RULES = ("spo2_low", "pulse_low", "pulse_high", "sbp_low", "sbp_high", "dbp_low", "dbp_high")
STATES = ("clear", "pending", "active", "acknowledged")
PRIORITIES = ("none", "low", "medium", "high")
assert [getattr(wire, "RULE_" + name.upper()) for name in RULES] == list(range(7))
assert [getattr(wire, "ALARM_STATE_" + name.upper()) for name in STATES] == list(range(4))


def items(rows):
    return [(RULES.index(rule), PRIORITIES.index(priority), a, b, c) for rule, priority, a, b, c in rows]


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


def play(case, how):
    limits = Limits()
    assert limits.load(items(case["limits"]), 0) == wire.REFUSAL_NONE
    deadlines = []
    now_ms = 0
    for step in case["steps"]:
        t_ms, action = step[0], step[1]
        pass_time(limits, now_ms, t_ms, how)
        now_ms = t_ms
        if action == "value":
            limits.update(RULES.index(step[2]), step[3], t_ms)
        elif action == "absent":
            limits.update(RULES.index(step[2]), None, t_ms)
        elif action == "acknowledge":
            limits.acknowledge(RULES.index(step[2]), t_ms)
        elif action == "load":
            assert limits.load(items(step[2]), t_ms) == wire.REFUSAL_NONE
        elif action == "advance":
            limits.advance(t_ms)
        elif action == "deadline":
            deadlines.append((t_ms, limits.next_deadline()))
        else:
            raise ValueError(action)
    changes = []
    while True:
        change = limits.take_change()
        if change is None:
            return changes, deadlines
        changes.append((change.t_ms, RULES[change.rule], STATES[change.state], change.value))


with open(sys.argv[1]) as f:
    print(json.dumps([play(case, sys.argv[2]) for case in json.load(f)]))
