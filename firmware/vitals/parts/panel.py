# SPDX-License-Identifier: Apache-2.0
"""What a person at the board sees, hears and presses: lights, buzzer, two buttons."""

from vitals.alarms.audio import BUTTON_PAUSE_S
from vitals.link import wire
from vitals.safety.faults import mask_of

# A person has to act at once: the cuff may hurt the limb.
_HIGH = mask_of(
    wire.FAULT_CUFF_NOT_EMPTY,
    wire.FAULT_BLOCKED,
    wire.FAULT_PUMP_STUCK,
    wire.FAULT_OVER_PRESSURE,
    wire.FAULT_OVER_TIME,
    wire.FAULT_INTERLOCK,
    wire.FAULT_EXTERNAL_TRIPPED,
)
# The board does not guard as it should; shown only while a session relies on it.
_MEDIUM = mask_of(
    wire.FAULT_OXIMETER_BUS,
    wire.FAULT_OXIMETER_ID,
    wire.FAULT_OXIMETER_FIFO,
    wire.FAULT_CUFF_BUS,
    wire.FAULT_CUFF_ID,
    wire.FAULT_CUFF_STALE,
    wire.FAULT_CUFF_INTEGRITY,
    wire.FAULT_CUFF_SATURATED,
    wire.FAULT_GUARD_RANGE,
    wire.FAULT_CHANNEL_MISMATCH,
    wire.FAULT_SUPPLY_LOW,
    wire.FAULT_TIMER_MISSING,
)


def fault_priority(standing, in_session):
    """wire.PRIORITY_* of the faults that stand (a mask by fault number)."""
    if standing & _HIGH:
        return wire.PRIORITY_HIGH
    if in_session and standing & _MEDIUM:
        return wire.PRIORITY_MEDIUM
    return wire.PRIORITY_NONE


class Panel:
    """`annunciator` and the buttons are drivers; `limits`, `faults` and `audio` say what there is to show."""

    def __init__(self, annunciator, button_a, button_b, limits, faults, audio):
        self.annunciator = annunciator
        self.button_a = button_a
        self.button_b = button_b
        self._limits = limits
        self._faults = faults
        self._audio = audio
        self._sounding = wire.PRIORITY_NONE
        self.held = False  # a test shows something of its own
        self._with_deadline = (annunciator, audio, button_a, button_b)

    def advance(self, t_ms, in_session):
        """Shows and sounds the worst that there is."""
        self._audio.advance(t_ms)
        technical = fault_priority(self._faults.standing, in_session)
        showing = self._limits.showing()
        sounding = self._limits.sounding()
        if technical > showing:
            showing = technical
        if technical > sounding:
            sounding = technical
        if sounding > self._sounding:
            self._audio.alarm(sounding, t_ms)
        self._sounding = sounding
        if self.held:
            return
        self.annunciator.show(showing, wire.PRIORITY_NONE if self._audio.paused else sounding, t_ms)

    def next_deadline(self):
        first = None
        for part in self._with_deadline:
            deadline = part.next_deadline()
            if deadline is not None and (first is None or deadline < first):
                first = deadline
        return first

    def pause(self, seconds, t_ms):
        """Pauses the sound of what sounds now. Returns whether the time is allowed."""
        return self._audio.pause(seconds, self._sounding, t_ms)

    def pressed_b(self, t_ms):
        """Button B: pauses the sound, or ends the pause."""
        self._audio.pause(0 if self._audio.paused else BUTTON_PAUSE_S, self._sounding, t_ms)
