# SPDX-License-Identifier: Apache-2.0
"""The log of events, the late readings, and the record of starts."""

import json
import os

from torn import PowerCut, cut_after
from vitals.link import wire
from vitals.store import bootlog
from vitals.store.bootlog import BootLog
from vitals.store.eventlog import EventLog
from vitals.store.readings import Readings
from vitals.store.storage import Storage

POWER_ON, WATCHDOG, SOFT = wire.RESET_CAUSE_POWER_ON, wire.RESET_CAUSE_WATCHDOG, wire.RESET_CAUSE_SOFT_RESET


def fresh(name):
    os.mkdir(name)
    return Storage(name)


# ------------------------------------------------------------ events


def events():
    storage = fresh("events")
    log = EventLog(storage, 5)
    log.add(wire.EVENT_BOOT, 0, None, 0)
    log.add(wire.EVENT_FAULT_RAISED, 9, -2147483648, (1 << 32) + 7)
    storage.blocked = True
    out = {"blocked": [log.flush(), list(log.read())]}
    storage.blocked = False
    out["flushed"] = [log.flush(), list(log.read()), list(EventLog(storage, 6).read()), log.flush()]
    return out


def event_overflow():
    storage = fresh("overflow")
    storage.blocked = True
    log = EventLog(storage, 1)
    for i in range(40):
        log.add(1, 0, i, i)
    storage.blocked = False
    log.flush()
    kept = [record[4] for record in log.read()]
    return [kept == list(range(8, 40)), log.lost]


def event_rotation():
    """Four hundred events, one at a time, in files of 40 records: never more than 80 kept, never fewer than 40."""
    storage = fresh("rotation")
    log = EventLog(storage, 1, file_records=40)
    counts, ordered = [], True
    for i in range(400):
        log.add(1, 0, i, i)
        log.flush()
        if i % 7 == 0:
            log = EventLog(storage, 1, file_records=40)
        values = [record[4] for record in log.read()]
        ordered = ordered and values == list(range(i + 1 - len(values), i + 1))
        counts.append(len(values))
    sizes = [os.stat("rotation/" + name)[6] for name in sorted(os.listdir("rotation"))]
    return [ordered, max(counts), min(counts[80:]), max(sizes)]


def event_torn():
    """A flush of two records cut after every byte: whole records stay readable, and so is what is added later."""
    sights = []
    for k in range(41):
        storage = fresh("torn-%d" % k)
        log = EventLog(storage, 1)
        log.add(1, 0, 100, 100)
        log.flush()
        log.add(1, 0, 200, 200)
        log.add(1, 0, 300, 300)
        cut_after(k)
        try:
            log.flush()
        except PowerCut:
            pass
        cut_after(None)
        again = EventLog(storage, 2)
        again.add(1, 0, 400, 400)
        again.flush()
        sight = [record[4] for record in again.read()]
        if not sights or sights[-1][1] != sight:
            sights.append((k, sight))
    return sights


# ------------------------------------------------------------ late readings


def drain(store):
    buf = bytearray(48)
    out = []
    while True:
        entry = store.take_into(buf)
        if entry is None:
            return out
        out.append([entry[0], entry[1], buf[: entry[2]].decode()])


def readings():
    out = {}
    store = Readings(8, 3)
    out["no_session"] = [store.add(7, 1, 0, b"x", 1), store.add_oximetry(None, 1, 0, b"x", 1), store.count]
    store.begin(7)
    out["other_session"] = [store.add(8, 1, 0, b"x", 1), store.add_oximetry(8, 1, 0, b"x", 1), store.count]
    out["too_long"] = [store.add(7, 1, 0, bytes(37), 37), store.add_oximetry(7, 1, 0, bytes(23), 23), store.count]
    out["fits"] = [store.add(7, 1, 0, b"r" * 36, 36), store.add_oximetry(7, 1, 1, b"o" * 22, 22)]
    out["back"] = drain(store)
    for t_ms in range(0, 5000, 1000):
        store.add_oximetry(7, 16, t_ms, b"o%d....." % t_ms, 5)
    store.add(7, 19, 2500, b"nibp", 4)
    store.add(7, 33, 3000, b"alarm", 5)
    out["count"] = store.count
    out["in_order_of_time"] = drain(store)
    store.add(7, 19, 1, b"mine", 4)
    store.begin(9)
    out["next_session"] = [store.count, store.session, drain(store)]
    store.add(9, 19, 1, b"mine", 4)
    store.clear()
    out["cleared"] = [store.count, store.session]
    try:
        store.begin(0)
        out["session_0"] = None
    except ValueError as error:
        out["session_0"] = str(error)
    return out


def thinning():
    """A long time without a host: the whole of it is covered, evenly, and what is missing is counted."""
    out = []
    for n in (8, 9, 16, 17, 100, 7200):
        store = Readings(8, 3)
        store.begin(1)
        for i in range(n):
            store.add_oximetry(1, 16, i, b"x", 1)
        dropped = store.dropped
        times = [entry[1] for entry in drain(store)]
        steps = sorted(set([b - a for a, b in zip(times, times[1:])]))
        out.append([n, times[0], times[-1], len(times), steps, dropped, store.dropped])
    # once drained, every reading is kept again
    for i in range(5):
        store.add_oximetry(1, 16, i, b"x", 1)
    out.append(store.count)
    return out


def oldest_results_go():
    store = Readings(4, 3)
    store.begin(1)
    for i in range(5):
        store.add(1, 19, i, b"%d" % i, 1)
    return [store.dropped, drain(store)]


# ------------------------------------------------------------ starts


def started(name, hardware_cause):
    log = BootLog(name)
    log.start(hardware_cause)
    return log


def told(log):
    return [log.boot, log.cause, log.fault, log.service, log.service_fault, log.crashes()]


def starts():
    out = {}
    os.mkdir("plain")
    out["first"] = told(started("plain", POWER_ON))
    log = started("plain", POWER_ON)
    out["second"] = told(log)
    log.intend(bootlog.RESTART)
    out["requested"] = told(started("plain", WATCHDOG))
    log = started("plain", WATCHDOG)
    out["watchdog"] = told(log)
    log.intend(bootlog.CRASHED, wire.FAULT_MEMORY)
    out["exception"] = told(started("plain", WATCHDOG))
    out["soft"] = told(started("plain", SOFT))
    out["crashed"] = []
    for cause in (POWER_ON, SOFT, WATCHDOG, wire.RESET_CAUSE_EXCEPTION, wire.RESET_CAUSE_REQUESTED):
        log = BootLog("nowhere")
        log.start(cause, save=False)
        out["crashed"].append(log.crashed)
    out["power_on_forgives"] = told(started("plain", POWER_ON))
    return out


def crashes_after(*runs_s):
    """Crashes after runs of so many seconds each; returns whether the last start is service."""
    name = "loop-" + "-".join([str(run_s) for run_s in runs_s])
    os.mkdir(name)
    log = started(name, POWER_ON)
    for run_s in runs_s:
        for second in range(run_s + 1):
            log.checkpoint(second)
        log = started(name, WATCHDOG)
    return [log.service, log.service_fault, log.crashes()]


def crash_loop():
    os.mkdir("between")
    log = started("between", POWER_ON)
    for cause, run_s in ((WATCHDOG, 0), (SOFT, 240), (WATCHDOG, 60), (WATCHDOG, 0)):
        log.checkpoint(run_s)
        log = started("between", cause)
    return {
        "two": crashes_after(0, 0),
        "three_at_once": crashes_after(0, 0, 0),
        "three_in_299_s": crashes_after(1000, 200, 99),
        "three_in_300_s": crashes_after(0, 180, 120),
        "only_the_last_three_count": crashes_after(0, 0, 400, 0),
        "slow_then_fast": crashes_after(400, 400, 0, 0),
        "a_soft_reset_between_counts_as_time": [log.service, log.crashes()],
    }


def service():
    os.mkdir("service")
    log = started("service", POWER_ON)
    out = {"stored": log.intend(bootlog.SERVICE)}
    out["entered"] = told(started("service", WATCHDOG))
    log = started("service", SOFT)
    out["stays"] = told(log)
    out["left"] = [log.leave_service(), told(started("service", WATCHDOG))]
    started("service", POWER_ON).intend(bootlog.SERVICE)
    started("service", WATCHDOG)
    out["power_off"] = told(started("service", POWER_ON))
    name = "service-loop"
    os.mkdir(name)
    started(name, POWER_ON)
    for _ in range(3):
        log = started(name, WATCHDOG)
    out["loop"] = told(log)
    out["loop_left"] = [log.leave_service(), told(started(name, WATCHDOG)), told(started(name, WATCHDOG))]
    return out


def checkpoints():
    """Flash is written five times in an hour of running, not more."""
    os.mkdir("wear")
    log = started("wear", POWER_ON)
    counter = log._copies.counter
    writes = []
    for second in range(3600):
        log.checkpoint(second)
        if log._copies.counter != counter:
            counter = log._copies.counter
            writes.append(second)
    return writes


def no_flash():
    log = started("no-such-folder", POWER_ON)
    return [told(log), log.stored, log.intend(bootlog.SERVICE), log.leave_service()]


print(
    json.dumps(
        {
            "events": events(),
            "event_overflow": event_overflow(),
            "event_rotation": event_rotation(),
            "event_torn": event_torn(),
            "readings": readings(),
            "thinning": thinning(),
            "oldest_results_go": oldest_results_go(),
            "starts": starts(),
            "crash_loop": crash_loop(),
            "service": service(),
            "checkpoints": checkpoints(),
            "no_flash": no_flash(),
            "numbers": [
                [
                    bootlog.POWER_ON,
                    bootlog.WATCHDOG,
                    bootlog.SOFT_RESET,
                    bootlog.EXCEPTION,
                    bootlog.REQUESTED,
                    bootlog.UNKNOWN,
                ],
                [
                    POWER_ON,
                    WATCHDOG,
                    SOFT,
                    wire.RESET_CAUSE_EXCEPTION,
                    wire.RESET_CAUSE_REQUESTED,
                    wire.RESET_CAUSE_UNKNOWN,
                ],
                [bootlog.CRASH_LOOP, wire.FAULT_CRASH_LOOP, bootlog.NO_FAULT, wire.FAULT_NONE],
                [wire.FAULT_MEMORY],
            ],
        }
    )
)
