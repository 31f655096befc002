# SPDX-License-Identifier: Apache-2.0
"""The external layer: a comparator and a timer on the guard port. No software is in it.

It cuts the pump's second switch and opens both valves by itself, and stays so until the power goes. Its self-test input
shifts the comparator's reference below zero: then it acts at any pressure, for as long as the input is high, unlatched.
"""

TRIP_MMMHG = 315000
# Over its tolerances the comparator trips between these: 300 mmHg normal, 330 under a single fault.
TRIP_RANGE_MMMHG = (300000, 330000)
TIMER_MMMHG = 15000
# 180 s above 15 mmHg is the limit, the emptying included: the interlock acts at 173 s, this layer after it.
TIMER_US = 175000000


class External:
    """State of the layer. Faults: `fitted` False (missing), `working` False (says it is well, and never acts)."""

    def __init__(self):
        self.fitted = True
        self.working = True
        self.test = False
        self.tripped = False
        self.cause = None
        self.trip_mmmhg = TRIP_MMMHG
        self.timer_us = TIMER_US
        self.above_us = 0

    def power_cycle(self):
        self.tripped = False
        self.cause = None
        self.above_us = 0

    def step(self, guard_mmmhg, dt_us):
        """Look at the pressure on the guard port for `dt_us`; True when this made it trip."""
        if guard_mmmhg <= TIMER_MMMHG or not self.fitted or not self.working:
            self.above_us = 0
            return False
        self.above_us += dt_us
        if self.tripped:
            return False
        if guard_mmmhg > self.trip_mmmhg:
            self.cause = "pressure"
        elif self.above_us > self.timer_us:
            self.cause = "timer"
        else:
            return False
        self.tripped = True
        return True

    @property
    def acts(self):
        """Whether it cuts the pump and opens the valves now."""
        return self.fitted and self.working and (self.tripped or self.test)

    @property
    def ok(self):
        """Level of its report: high while it is fitted and not acting. One that does not work says that all is well."""
        return self.fitted and not self.acts
