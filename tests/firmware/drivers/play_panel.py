# SPDX-License-Identifier: Apache-2.0
"""Outputs and buttons: pneumatics with an interlock beside them, alarm patterns over time, presses."""

import json

from fakes import Output
from vitals.drivers.annunciator import Annunciator
from vitals.drivers.buttons import Button
from vitals.drivers.pneumatics import Pneumatics


def levels(outputs):
    return [output.level for output in outputs]


def pneumatics():
    outputs = [Output() for _ in range(4)]  # pump, enable, bleed, dump
    p = Pneumatics(*outputs)
    found = {"made": levels(outputs), "idle": [p.energised, p.pumping]}
    found["allowed"] = p.apply(1000, True, 1000, True)
    found["inflating"] = levels(outputs) + [p.energised, p.pumping]
    p.apply(0, False, 850, True)
    found["deflating"] = levels(outputs) + [p.energised, p.pumping]
    p.inhibited = True
    found["forbidden"] = p.apply(500, True, 1000, True)
    found["cut"] = levels(outputs) + [p.energised, p.pumping]
    found["still_safe"] = p.apply(0, False, 0, False)
    p.inhibited = False
    p.apply(500, False, 0, False)
    found["second_switch"] = [p.energised, p.pumping]
    return found


def tripped_in_between():
    """The interlock's tick comes after the outputs were looked at and before the last one is set."""
    outputs = [Output() for _ in range(4)]
    p = Pneumatics(*outputs)
    set_dump = outputs[3].value

    def value(level=None):
        set_dump(level)
        if level:
            p.inhibited = True
            p.cut()

    outputs[3].value = value
    return [p.apply(1000, True, 1000, True)] + levels(outputs)


def pattern(showing, sounding, end_ms, volume=100):
    """[when the lights and the buzzer changed], when the loop wakes only at the deadlines."""
    red, yellow, buzzer = Output(), Output(), Output()
    a = Annunciator(red, yellow, buzzer)
    a.volume(volume)
    times = {"red": [], "yellow": [], "buzzer": []}
    t_ms = 1000
    a.show(showing, sounding, t_ms)
    wakes = 0
    while t_ms <= 1000 + end_ms:
        for name, output in (("red", red), ("yellow", yellow), ("buzzer", buzzer)):
            if output.changes:
                if not (t_ms == 1000 and output.level == 0):
                    times[name].append([t_ms - 1000, output.level])
                output.changes = []
        deadline = a.next_deadline()
        if deadline is None:
            break
        assert deadline > t_ms, "a deadline that has passed would spin the loop"
        t_ms = deadline
        a.advance(t_ms)
        a.show(showing, sounding, t_ms)
        wakes += 1
    times["wakes"] = wakes
    return times


def silenced():
    """The sound stops at once, the light goes on; and everything is dark when nothing is shown."""
    red, yellow, buzzer = Output(), Output(), Output()
    a = Annunciator(red, yellow, buzzer)
    a.show(3, 3, 0)
    before = [red.level, buzzer.level]
    a.show(3, 0, 10)
    paused = [red.level, buzzer.level]
    a.show(0, 0, 20)
    return [before, paused, [red.level, yellow.level, buzzer.level], a.next_deadline()]


class Switch:
    def __init__(self):
        self.level = 1

    def value(self):
        return self.level


def presses(course):
    """Times at which a press counted, for [(t_ms, level)]."""
    switch = Switch()
    button = Button(switch)
    found = []
    for t_ms, level in course:
        switch.level = level
        if button.advance(t_ms):
            found.append(t_ms)
    return found


def held_at_start():
    switch = Switch()
    switch.level = 0
    button = Button(switch)
    return [button.advance(t_ms) for t_ms in (0, 20, 40, 1000)]


def wakes():
    switch = Switch()
    button = Button(switch)
    before = button.next_deadline()
    switch.level = 0
    button.advance(100)
    return [before, button.next_deadline(), button.advance(120), button.next_deadline()]


BOUNCE = [(0, 1), (100, 0), (105, 1), (110, 0), (120, 1), (130, 0), (140, 0), (150, 0), (400, 0), (500, 1), (520, 1)]
TWICE = [(0, 1), (100, 0), (120, 0), (200, 1), (220, 1), (300, 0), (320, 0)]

print(
    json.dumps(
        {
            "pneumatics": pneumatics(),
            "race": tripped_in_between(),
            "high": pattern(3, 3, 9000),
            "medium": pattern(2, 2, 16000, 50),
            "low": pattern(1, 1, 21000),
            "silenced": silenced(),
            "bounce": presses(BOUNCE),
            "twice": presses(TWICE),
            "held_at_start": held_at_start(),
            "wakes": wakes(),
        }
    )
)
