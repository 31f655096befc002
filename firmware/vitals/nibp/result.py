# SPDX-License-Identifier: Apache-2.0
"""What one cuff cycle came to."""


class Result:
    """As on the wire, in its scaled integers; None where there is no value.

    `sbp_x10`, `map_x10`, `dbp_x10` (0.1 mmHg), `pulse_x10` (0.1 / min), `quality` (0-100), `peak_amplitude_x100`
    (0.01 mmHg), `peak_pressure_x10` (0.1 mmHg), `outcome` (`wire.NIBP_OUTCOME_*`), `trigger`, `attempt` (1 or 2),
    `beats`, `algorithm`, `direction` (`wire.CUFF_DIRECTION_*`), `doubts` (`wire.NIBP_DOUBT_*`),
    `flags` (`wire.READING_FLAGS_*`), `cycle`, `started_ms`.
    """

    def __init__(self, cycle, trigger, attempt, started_ms, flags, algorithm):
        self.cycle = cycle
        self.trigger = trigger
        self.attempt = attempt
        self.started_ms = started_ms
        self.flags = flags
        self.algorithm = algorithm
        self.outcome = None
        self.sbp_x10 = None
        self.map_x10 = None
        self.dbp_x10 = None
        self.pulse_x10 = None
        self.quality = None
        self.peak_amplitude_x100 = None
        self.peak_pressure_x10 = None
        self.beats = 0
        self.direction = 0
        self.doubts = 0
