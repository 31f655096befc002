# SPDX-License-Identifier: Apache-2.0
"""Into service mode, what it does, and out of it."""

import json
import os

from vitals.link import wire
from vitals.service import mode
from vitals.store.bootlog import BootLog

POWER_ON, WATCHDOG = wire.RESET_CAUSE_POWER_ON, wire.RESET_CAUSE_WATCHDOG


class Outputs:
    def __init__(self):
        self.cuts = 0

    def cut(self):
        self.cuts += 1


def started(name, cause):
    log = BootLog(name)
    log.start(cause)
    return log


def requests():
    out = {}
    for name, session_open, cuff_empty in (
        ("free", False, True),
        ("session", True, True),
        ("inflated", False, False),
        ("unknown", False, None),
        ("both", True, False),
    ):
        os.mkdir(name)
        log = started(name, POWER_ON)
        refusal = mode.request(log, session_open, cuff_empty)
        out[name] = [refusal, started(name, WATCHDOG).service]
    out["no_flash"] = mode.request(started("missing", POWER_ON), False, True)
    return out


def held(name):
    log = started(name, WATCHDOG)
    outputs, said = Outputs(), []
    mode.hold(outputs, said.append, log)
    return [outputs.cuts, said]


def words():
    os.mkdir("asked")
    mode.request(started("asked", POWER_ON), False, True)
    os.mkdir("loop")
    started("loop", POWER_ON)
    for _ in range(2):
        started("loop", WATCHDOG)
    return {"asked": held("asked"), "loop": held("loop")}


def buttons():
    return [
        [a, b, cause, empty, mode.requested_by_buttons(a, b, cause, empty)]
        for a in (False, True)
        for b in (False, True)
        for cause in (POWER_ON, WATCHDOG)
        for empty in (None, False, True)
    ]


print(json.dumps({"requests": requests(), "words": words(), "buttons": buttons()}))
