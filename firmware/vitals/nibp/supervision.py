# SPDX-License-Identifier: Apache-2.0
"""What ends any cycle at once, whatever phase it is in: too much, too long, channels that disagree or fall silent."""

from vitals.link import wire
from vitals.nibp import limits


class Supervision:
    """Sees every sample, active or not. Pressures as measured (no zero taken off), 0.01 mmHg or None."""

    def __init__(self):
        self.pressure = None
        self.guard = None
        self.above_empty_since = None
        self.empty_since = None
        self.pressure_at = None
        self._guard_at = None
        self._differ_since = None

    def arm(self, t_ms):
        """A cycle begins: silence is counted from now."""
        self.pressure_at = t_ms
        self._guard_at = t_ms
        self._differ_since = None

    def see(self, t_ms, pressure, guard):
        """Takes in one sample."""
        self.pressure = pressure
        self.guard = guard
        if pressure is not None:
            self.pressure_at = t_ms
        if guard is not None:
            self._guard_at = t_ms
        highest = pressure
        if pressure is None or (guard is not None and guard > pressure):
            highest = guard
        if highest is None:
            self.empty_since = None  # not known to be empty
        elif highest >= limits.EMPTY:
            self.empty_since = None
            if self.above_empty_since is None:
                self.above_empty_since = t_ms
        elif pressure is not None:
            self.above_empty_since = None
            if self.empty_since is None:
                self.empty_since = t_ms
        if pressure is None or guard is None or abs(pressure - guard) < limits.MISMATCH:
            self._differ_since = None
        elif self._differ_since is None:
            self._differ_since = t_ms

    def judge(self, t_ms, observing):
        """The outcome that ends the cycle now, or OK."""
        pressure = self.pressure
        guard = self.guard
        if (pressure is not None and pressure > limits.OVER_PRESSURE) or (
            guard is not None and guard > limits.OVER_PRESSURE
        ):
            return wire.NIBP_OUTCOME_OVER_PRESSURE
        if self.differs(t_ms):
            return wire.NIBP_OUTCOME_CHANNEL_MISMATCH
        if self.above_empty_since is not None and t_ms - self.above_empty_since >= limits.OVER_TIME_MS:
            return wire.NIBP_OUTCOME_TIMEOUT
        if t_ms - self.pressure_at >= limits.SILENCE_MS:
            return wire.NIBP_OUTCOME_SENSOR_FAULT
        if not observing and t_ms - self._guard_at >= limits.SILENCE_MS:
            return wire.NIBP_OUTCOME_GUARD_FAULT
        return wire.NIBP_OUTCOME_OK

    def differs(self, t_ms):
        """True when the two channels have disagreed for as long as makes it a fault."""
        return self._differ_since is not None and t_ms - self._differ_since >= limits.MISMATCH_MS

    def silent_at(self, observing):
        """When silence would end the cycle if nothing came any more."""
        since = self.pressure_at if observing else min(self.pressure_at, self._guard_at)
        return since + limits.SILENCE_MS

    def rested(self, t_ms):
        """True when the cuff was empty for the whole rest."""
        return self.empty_since is not None and t_ms - self.empty_since >= limits.REST_MS
