# SPDX-License-Identifier: Apache-2.0
"""Courses of sightings through the registry of faults, and what the watchdog's supervisor makes of reports."""

import json

from vitals.link import wire
from vitals.safety.faults import CAPACITY, Faults
from vitals.safety.watchdog import Supervisor

BUS, STALE, SUPPLY = wire.FAULT_CUFF_BUS, wire.FAULT_CUFF_STALE, wire.FAULT_SUPPLY_LOW


def course(*steps):
    """[changes as (t_ms, raised, fault, value)], standing faults, deadline at the end."""
    faults = Faults()
    for name, *arguments in steps:
        getattr(faults, name)(*arguments)
    return taken(faults), faults.standing, faults.next_deadline()


def taken(faults):
    changes = []
    while True:
        change = faults.take_change()
        if change is None:
            return changes
        changes.append((change.t_ms, change.event == wire.EVENT_FAULT_RAISED, change.fault, change.value))


def courses():
    return {
        "not_yet": course(("observe", BUS, True, 1000), ("advance", 1499)),
        "exactly": course(("observe", BUS, True, 1000, -7), ("advance", 1500)),
        "seen_late": course(("observe", BUS, True, 1000), ("observe", BUS, True, 9000)),
        "gone_in_time": course(("observe", BUS, True, 1000), ("observe", BUS, False, 1499), ("advance", 9000)),
        "gone_too_late": course(("observe", BUS, True, 1000), ("observe", BUS, False, 1500)),
        "clears_after_2_s": course(("report", BUS, 0), ("observe", BUS, False, 1000), ("advance", 3000)),
        "away_and_seen_away": course(
            ("report", BUS, 0),
            ("observe", BUS, False, 1000),
            ("observe", BUS, False, 2000),
            ("observe", BUS, False, 3000),
        ),
        "not_before": course(("report", BUS, 0), ("observe", BUS, False, 1000), ("advance", 2999)),
        "back_again": course(
            ("report", BUS, 0), ("observe", BUS, False, 1000), ("observe", BUS, True, 2999), ("advance", 9000)
        ),
        "reported_twice": course(("report", BUS, 0, 5), ("report", BUS, 10, 6)),
        "reported_while_coming": course(("observe", BUS, True, 0), ("report", BUS, 100), ("advance", 9000)),
        "resolved_at_once": course(("report", BUS, 0), ("resolve", BUS, 10)),
        "resolved_that_was_not_there": course(("resolve", BUS, 10)),
        "in_order_of_time": course(
            ("observe", SUPPLY, True, 100), ("observe", BUS, True, 50), ("observe", STALE, True, 100), ("advance", 9000)
        ),
    }


def status():
    names = {}
    for fault in range(1, wire.FAULT_TIMER_MISSING + 1):
        faults = Faults()
        faults.report(fault, 0)
        names[str(fault)] = faults.status()
    faults = Faults()
    faults.report(BUS, 0)
    faults.report(SUPPLY, 0)
    return {
        "each": names,
        "two": faults.status(),
        "none": Faults().status(),
        "standing": [faults.is_standing(BUS), faults.is_standing(STALE)],
    }


def overflow():
    faults = Faults()
    for t_ms in range(20):
        faults.report(BUS, 2 * t_ms)
        faults.resolve(BUS, 2 * t_ms + 1)
    return len(taken(faults)), faults.overflowed


def unknown():
    out = []
    for fault in (0, -1, CAPACITY):
        try:
            Faults().report(fault, 0)
            out.append(None)
        except ValueError as error:
            out.append(str(error))
    return out


def watchdog():
    fed = []
    supervisor = Supervisor(("oximeter", "cuff", "link"), lambda: fed.append(1))
    turns = []
    for reporting in (
        ("oximeter", "cuff", "link"),
        ("oximeter", "link"),
        (),
        ("link", "cuff", "oximeter"),
        ("cuff", "cuff", "cuff"),
    ):
        for name in reporting:
            supervisor.report(supervisor.part(name))
        turns.append((supervisor.end_turn(), len(fed), supervisor.missing, supervisor.starved))
    refused = []
    for names in ((), tuple([str(i) for i in range(31)])):
        try:
            Supervisor(names, None)
            refused.append(None)
        except ValueError as error:
            refused.append(str(error))
    return {"turns": turns, "refused": refused}


print(
    json.dumps(
        {
            "courses": courses(),
            "status": status(),
            "overflow": overflow(),
            "unknown": unknown(),
            "watchdog": watchdog(),
            "numbers": [BUS, STALE, SUPPLY, wire.FAULT_TIMER_MISSING, CAPACITY],
            "bits": [
                wire.STATUS_OXIMETER_FAULT,
                wire.STATUS_CUFF_FAULT,
                wire.STATUS_GUARD_FAULT,
                wire.STATUS_SUPPLY_LOW,
                wire.STATUS_EXTERNAL_TRIPPED,
                wire.STATUS_CONFIG_DEFAULTED,
            ],
        }
    )
)
