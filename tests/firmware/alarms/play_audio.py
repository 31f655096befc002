# SPDX-License-Identifier: Apache-2.0
"""The pause of the board's sound: when it begins, when it ends, and what breaks it."""

import json

from vitals.alarms.audio import AudioPause
from vitals.link import wire

NONE, LOW, MEDIUM, HIGH = wire.PRIORITY_NONE, wire.PRIORITY_LOW, wire.PRIORITY_MEDIUM, wire.PRIORITY_HIGH


def course(*steps):
    """Applies the steps; returns what each returned, the changes, and the deadline after each."""
    audio = AudioPause()
    returned, deadlines, changes = [], [], []
    for name, *arguments in steps:
        returned.append(getattr(audio, name)(*arguments))
        deadlines.append(audio.next_deadline())
    while True:
        change = audio.take_change()
        if change is None:
            return {"returned": returned, "deadlines": deadlines, "changes": changes, "paused": audio.paused}
        changes.append(change)


print(
    json.dumps(
        {
            "before_its_end": course(("pause", 120, HIGH, 1000), ("advance", 120999)),
            "at_its_end": course(("pause", 120, HIGH, 1000), ("advance", 121000)),
            "seen_late": course(("pause", 120, HIGH, 1000), ("advance", 500000)),
            "ended_by_hand": course(("pause", 120, HIGH, 1000), ("pause", 0, HIGH, 5000)),
            "prolonged": course(("pause", 60, HIGH, 1000), ("pause", 60, HIGH, 31000), ("advance", 90999)),
            "longest": course(("pause", 180, LOW, 0)),
            "too_long": course(("pause", 181, LOW, 0)),
            "negative": course(("pause", 60, LOW, 0), ("pause", -1, LOW, 10)),
            "same_alarm_again": course(("pause", 120, MEDIUM, 0), ("alarm", MEDIUM, 500)),
            "worse_alarm": course(("pause", 120, MEDIUM, 0), ("alarm", HIGH, 500)),
            "any_alarm_where_none_was": course(("pause", 120, NONE, 0), ("alarm", LOW, 500)),
            "session_over": course(("pause", 120, HIGH, 0), ("end", 700)),
            "ending_nothing": course(("pause", 0, NONE, 0), ("end", 10), ("alarm", HIGH, 20)),
            "many_that_nobody_takes": course(*[("pause", i % 2, LOW, i) for i in range(1, 101)]),
        }
    )
)
