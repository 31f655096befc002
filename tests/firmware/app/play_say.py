# SPDX-License-Identifier: Apache-2.0
"""Text that the board says before a restart: on a wire that takes a part a call, as USB does, or on a full one."""

import json
import sys

sys.path.insert(0, sys.argv[1])

from vitals import start


class Clock:
    """Moves only while it sleeps."""

    def __init__(self):
        self.ms = 0

    def now_ms(self):
        return self.ms

    def sleep_until(self, t_ms):
        self.ms = t_ms


class Wire:
    """Takes `part` bytes a call, `room` in all."""

    def __init__(self, part, room):
        self.part = part
        self.room = room
        self.got = b""

    def write(self, buf, n):
        taken = min(n, self.part, self.room)
        self.got += bytes(buf[:taken])
        self.room -= taken
        return taken


class Board:
    """What `_say` uses of a board."""

    def __init__(self, wire):
        self.clock = Clock()
        self.wire = wire


TEXT = "Traceback (most recent call last):\r\n" + '  File "main.py"\r\n' * 20 + "ValueError: what matters\r\n"
whole, stalled = Board(Wire(64, 10000)), Board(Wire(64, 100))
start._say(whole, TEXT)
start._say(stalled, TEXT)
print(json.dumps([whole.wire.got.decode() == TEXT, len(stalled.wire.got), stalled.clock.ms]))
