# SPDX-License-Identifier: Apache-2.0
"""The technical faults that stand right now, by wire.FAULT_*, and the changes that the host has yet to be told.

A part says what it sees; this registry decides when that is a fault: `report()` takes effect at once, `observe()` only
when the sighting has lasted, and a fault clears only when it has stayed away (hysteresis in time). Times are exact:
a fault is raised at the deadline, not when somebody happened to look.
"""

from micropython import const

from vitals.link import wire

# FAULT_* are numbered from 0 without gaps; the registry has room for this many, and a mask of them stays a small int.
CAPACITY = const(30)
QUEUE = const(32)

RAISE_MS = const(500)
CLEAR_MS = const(2000)


def mask_of(*faults):
    """The bit mask of some faults, by their numbers."""
    mask = 0
    for fault in faults:
        mask |= 1 << fault
    return mask


# Which faults set a status bit of the heartbeat.
_STATUS = (
    (
        mask_of(wire.FAULT_OXIMETER_BUS, wire.FAULT_OXIMETER_ID, wire.FAULT_OXIMETER_FIFO),
        wire.STATUS_OXIMETER_FAULT,
    ),
    (
        mask_of(
            wire.FAULT_CUFF_BUS,
            wire.FAULT_CUFF_ID,
            wire.FAULT_CUFF_STALE,
            wire.FAULT_CUFF_INTEGRITY,
            wire.FAULT_CUFF_SATURATED,
            wire.FAULT_CHANNEL_MISMATCH,
            wire.FAULT_OVER_PRESSURE,
            wire.FAULT_OVER_TIME,
            wire.FAULT_CUFF_NOT_EMPTY,
            wire.FAULT_PUMP_STUCK,
            wire.FAULT_BLOCKED,
            wire.FAULT_EXTERNAL_MISSING,
            wire.FAULT_INTERLOCK,
            wire.FAULT_TIMER_MISSING,
        ),
        wire.STATUS_CUFF_FAULT,
    ),
    (mask_of(wire.FAULT_GUARD_RANGE), wire.STATUS_GUARD_FAULT),
    (mask_of(wire.FAULT_SUPPLY_LOW), wire.STATUS_SUPPLY_LOW),
    (mask_of(wire.FAULT_EXTERNAL_TRIPPED), wire.STATUS_EXTERNAL_TRIPPED),
    (mask_of(wire.FAULT_CONFIG_CORRUPT), wire.STATUS_CONFIG_DEFAULTED),
)

_ABSENT = const(0)
_COMING = const(1)
_STANDING = const(2)
_GOING = const(3)


class Change:
    """One fault raised or cleared: `event` is wire.EVENT_FAULT_RAISED or _CLEARED; `value` is an int or None."""

    def __init__(self, event, fault, t_ms, value):
        self.event = event
        self.fault = fault
        self.t_ms = t_ms
        self.value = value


class Faults:
    """The registry. `standing` is a bit mask by fault number; `overflowed` counts changes lost from a full queue."""

    def __init__(self, raise_ms=RAISE_MS, clear_ms=CLEAR_MS):
        self._raise_ms = raise_ms
        self._clear_ms = clear_ms
        self._state = bytearray(CAPACITY)
        self._since_ms = [0] * CAPACITY
        self._value = [None] * CAPACITY
        self._moving = 0
        self._queue = []
        self.standing = 0
        self.overflowed = 0

    def report(self, fault, t_ms, value=None):
        """The fault is there, without doubt: raised now. A fault that stands already is not raised again."""
        self.advance(t_ms)
        self._check(fault)
        if self._state[fault] in (_ABSENT, _COMING):
            self._enter(fault, t_ms, value)
        self._settle(fault, _STANDING)

    def resolve(self, fault, t_ms):
        """The fault is gone, without doubt: cleared now."""
        self.advance(t_ms)
        self._check(fault)
        if self._state[fault] in (_STANDING, _GOING):
            self._leave(fault, t_ms)
        self._settle(fault, _ABSENT)

    def observe(self, fault, present, t_ms, value=None):
        """What is seen at `t_ms`. Raised once seen for `raise_ms` without a break, cleared once away for `clear_ms`."""
        self.advance(t_ms)
        self._check(fault)
        state = self._state[fault]
        if present and state == _ABSENT:
            self._value[fault] = value
            self._wait(fault, _COMING, t_ms)
        elif present and state == _GOING:
            self._settle(fault, _STANDING)
        elif not present and state == _COMING:
            self._settle(fault, _ABSENT)
        elif not present and state == _STANDING:
            self._wait(fault, _GOING, t_ms)

    def advance(self, t_ms):
        """Raises and clears whatever was due by `t_ms`, each at its own deadline, in order of time."""
        while self._moving:
            fault, due_ms = self._next()
            if due_ms > t_ms:
                return
            if self._state[fault] == _COMING:
                self._enter(fault, due_ms, self._value[fault])
                self._settle(fault, _STANDING)
            else:
                self._leave(fault, due_ms)
                self._settle(fault, _ABSENT)

    def next_deadline(self):
        """When `advance` next has something to do, ms; None if nothing is waiting."""
        return self._next()[1] if self._moving else None

    def is_standing(self, fault):
        """Whether this fault stands."""
        return bool((self.standing >> fault) & 1)

    def status(self):
        """The bits of wire.STATUS_* that the standing faults set."""
        bits = 0
        for mask, status in _STATUS:
            if self.standing & mask:
                bits |= status
        return bits

    def take_change(self):
        """The oldest change that nobody has taken, or None."""
        return self._queue.pop(0) if self._queue else None

    # ------------------------------------------------------------ inside

    def _check(self, fault):
        if not 0 < fault < CAPACITY:
            raise ValueError("fault %d is not a wire.FAULT_* number" % fault)

    def _wait(self, fault, state, t_ms):
        self._state[fault] = state
        self._since_ms[fault] = t_ms
        self._moving |= 1 << fault

    def _settle(self, fault, state):
        self._state[fault] = state
        self._moving &= ~(1 << fault)

    def _next(self):
        best, best_ms = 0, None
        for fault in range(1, CAPACITY):
            if (self._moving >> fault) & 1:
                wait_ms = self._raise_ms if self._state[fault] == _COMING else self._clear_ms
                due_ms = self._since_ms[fault] + wait_ms
                if best_ms is None or due_ms < best_ms:
                    best, best_ms = fault, due_ms
        return best, best_ms

    def _enter(self, fault, t_ms, value):
        self.standing |= 1 << fault
        self._push(Change(wire.EVENT_FAULT_RAISED, fault, t_ms, value))

    def _leave(self, fault, t_ms):
        self.standing &= ~(1 << fault)
        self._push(Change(wire.EVENT_FAULT_CLEARED, fault, t_ms, None))

    def _push(self, change):
        if len(self._queue) >= QUEUE:
            self._queue.pop(0)
            self.overflowed += 1
        self._queue.append(change)
