# SPDX-License-Identifier: Apache-2.0
"""How often the board started, why it started this time, and whether it should go into service mode.

boot.py uses this file before anything else is loaded; it imports only `twocopy`. The numbers for causes and faults are
those of the wire (RESET_CAUSE_*, FAULT_*), held equal by a test.

The hardware cannot tell a crash from a wanted restart (on the RP2040 `machine.reset()` is reported as the watchdog's),
so whoever restarts on purpose says so first, with `intend()`. Nothing tells the time across a reset either: the length
of a run is the last checkpoint that it wrote, so a run counts as at most 60 s shorter than it was. That errs towards
service mode, which is the safe side.
"""

import struct

from micropython import const

from .twocopy import TwoCopies

# wire.RESET_CAUSE_*
POWER_ON = const(0)
HARD_RESET = const(1)
WATCHDOG = const(2)
DEEP_SLEEP = const(3)
SOFT_RESET = const(4)
EXCEPTION = const(5)
BROWN_OUT = const(6)
REQUESTED = const(7)
UNKNOWN = const(8)
# wire.FAULT_*
NO_FAULT = const(0)
CRASH_LOOP = const(22)

# what a restart was wanted for
NOTHING = const(0)
RESTART = const(1)
SERVICE = const(2)
CRASHED = const(3)
WATCHDOG_TEST = const(4)  # the watchdog is to bite: no crash

CRASHES = const(3)
CRASH_WINDOW_S = const(300)
CHECKPOINT_S = const(60)

# boot, intent, fault of the intent, service flag, fault of the service flag, seconds of this run, seconds from the last
# crash to the start of this run, then three crashes, newest first: seconds run since the one before (0xFFFF: no crash)
# and fault
_RECORD = const("<IBBBBHHHBHBHB")
_NO_CRASH = const(0xFFFF)


class BootLog:
    """The record of starts in the folder `path`.

    After `start()`: `boot` (count of starts, from 1), `cause` (RESET_CAUSE_*), `fault` (FAULT_* that led to this start,
    NO_FAULT if none), `service` (whether service mode is wanted), `service_fault` (CRASH_LOOP if crashes led there).
    `stored` says whether this start could be saved: if not, the flash is full or broken.
    """

    def __init__(self, path):
        self._copies = TwoCopies(path, "boot", struct.calcsize(_RECORD))
        self.boot = 0
        self.cause = UNKNOWN
        self.fault = NO_FAULT
        self.service = False
        self.service_fault = NO_FAULT
        self.stored = False
        self._intent = NOTHING
        self._intent_fault = NO_FAULT
        self._run_s = 0
        self._since_s = 0
        self._crashes = []

    def start(self, hardware_cause, save=True):
        """Counts this start, and decides what it is. `hardware_cause` is RESET_CAUSE_* as the processor tells it.

        Service mode lasts until `leave_service()` or until power is taken away; three crashes within five minutes
        lead there too. Never raises: a board whose flash fails still starts, with `stored` False. With `save` False
        nothing is written: the caller calls `save()` as soon as the cuff is empty.
        """
        self._take(self._copies.load())
        intent, fault, run_s = self._intent, self._intent_fault, self._run_s
        self._intent, self._intent_fault, self._run_s = NOTHING, NO_FAULT, 0
        self.boot = (self.boot + 1) & 0xFFFFFFFF
        self.cause, self.fault = _cause(hardware_cause, intent, fault)
        if hardware_cause == POWER_ON and intent == NOTHING:
            self._crashes = []
            self._since_s = run_s = 0
            self.service, self.service_fault = False, NO_FAULT
        elif intent == SERVICE:
            self.service, self.service_fault = True, fault
        elif self.crashed and intent != WATCHDOG_TEST:
            self._crashed(self._since_s + run_s)
            run_s = -self._since_s
        self._since_s = min(self._since_s + run_s, CRASH_WINDOW_S)
        if save:
            self.save()

    def checkpoint(self, run_s):
        """The application says once in a while how long it has run, and may write to flash now. Writes at most once
        a minute, and no more after five: from then on a crash is not one of a loop."""
        step = min(run_s // CHECKPOINT_S * CHECKPOINT_S, CRASH_WINDOW_S)
        if step > self._run_s:
            self._run_s = step
            self.save()

    def intend(self, intent, fault=NO_FAULT):
        """Says why the restart that follows is wanted: RESTART, SERVICE, or CRASHED by an exception that was caught.
        Returns whether that could be stored."""
        self._intent, self._intent_fault = intent, fault
        return self.save()

    def leave_service(self):
        """The next start is the application's, with no crash on its record: what `vitalwire flash` does at the prompt.
        Returns whether that could be stored."""
        self.service, self.service_fault = False, NO_FAULT
        self._crashes = []
        self._intent, self._intent_fault = RESTART, NO_FAULT
        return self.save()

    @property
    def crashed(self):
        """Whether a crash led to this start: by the watchdog, or an exception."""
        return self.cause in (WATCHDOG, EXCEPTION)

    def crashes(self):
        """[(seconds run since the crash before, FAULT_*)] of the last crashes, newest first."""
        return list(self._crashes)

    # ------------------------------------------------------------ inside

    def _crashed(self, since_s):
        self._crashes.insert(0, (since_s, self.fault))
        del self._crashes[CRASHES:]
        # What was run before the first of the three does not lie between them.
        if len(self._crashes) == CRASHES and self._crashes[0][0] + self._crashes[1][0] < CRASH_WINDOW_S:
            self.service, self.service_fault = True, CRASH_LOOP

    def _take(self, payload):
        if payload is None or len(payload) != struct.calcsize(_RECORD):
            return
        fields = struct.unpack(_RECORD, payload)
        self.boot, self._intent, self._intent_fault, service, self.service_fault, self._run_s = fields[:6]
        self._since_s = fields[6]
        self.service = bool(service)
        self._crashes = [(fields[i], fields[i + 1]) for i in range(7, 13, 2) if fields[i] != _NO_CRASH]

    def save(self):
        """Writes the record. Returns whether it could be stored."""
        crashes = self._crashes + [(_NO_CRASH, 0)] * (CRASHES - len(self._crashes))
        payload = struct.pack(
            _RECORD,
            self.boot,
            self._intent,
            self._intent_fault,
            1 if self.service else 0,
            self.service_fault,
            self._run_s,
            self._since_s,
            crashes[0][0],
            crashes[0][1],
            crashes[1][0],
            crashes[1][1],
            crashes[2][0],
            crashes[2][1],
        )
        try:
            self._copies.save(payload)
            self.stored = True
        except OSError:
            self.stored = False
        return self.stored


def _cause(hardware_cause, intent, fault):
    if intent in (RESTART, SERVICE):
        return REQUESTED, fault
    if intent == CRASHED:
        return EXCEPTION, fault
    return hardware_cause, NO_FAULT
