# SPDX-License-Identifier: Apache-2.0
"""Records what the cuff's pressure does over one measurement and finds the beats in it.

While the pressure changes beats are found once a second, as far as the record goes; that is enough to decide when to
stop or to inflate further. At the end the whole record is gone through again.
"""

from vitals.link import wire
from vitals.nibp.beats import Beats
from vitals.nibp.record import Record


class Capture:
    """One deflation or inflation at 100 samples/s. Buffers are made once; `begin` starts a new record.

    The oscillogram, as on the wire: `beats` entries of `pressure_cmmhg`, `amplitude_mmmhg` and `t_10ms`; `direction`
    (`wire.CUFF_DIRECTION_*`), `left_out` (beats that are not listed), `noise_mmmhg`, `begin_cmmhg`, `end_cmmhg`.
    """

    def __init__(self):
        self.record = Record()
        self._beats = Beats(self.record)
        self.pressure_cmmhg = self._beats.pressure_cmmhg
        self.amplitude_mmmhg = self._beats.amplitude_mmmhg
        self.t_10ms = self._beats.t_10ms
        self._work = None
        self.begin(0, 0)

    def begin(self, pressure_cmmhg, start_10ms, direction=wire.CUFF_DIRECTION_DEFLATION):
        """Starts a record at a pressure; `start_10ms` is the time since the start of the cycle."""
        self.direction = direction
        self.record.begin(pressure_cmmhg)
        self._beats.begin(start_10ms)
        self.begin_cmmhg = self.end_cmmhg = min(65535, max(0, pressure_cmmhg))
        self.noise_mmmhg = 0

    def attend(self, pressure_cmmhg):
        """From here on, at this pressure, beats count; until now the pressure was turning, which looks like one."""
        self._beats.attend()
        self.begin_cmmhg = min(65535, max(0, pressure_cmmhg))

    @property
    def beats(self):
        """How many beats are listed."""
        return self._beats.count

    @property
    def left_out(self):
        """How many were found but are not listed, because the pressure was disturbed at them."""
        return self._beats.left_out

    @property
    def full(self):
        """True when the record can hold no more."""
        return self.record.full

    @property
    def periodicity(self):
        """Autocorrelation of the last seconds, 1/1000."""
        return self.record.periodicity

    @property
    def period_10ms(self):
        """The usual length of a beat, or None."""
        return None if self.record.period is None else 4 * self.record.period

    def feed(self, pressure_cmmhg):
        """One sample. Returns True when beats were looked for (once a second)."""
        if not self.record.feed(pressure_cmmhg):
            return False
        self._beats.scan(self._beats.ready())
        self.noise_mmmhg = self.record.noise_mmmhg
        return True

    def dumped(self):
        """True when the pressure fell as through an opened valve in the samples that are kept back."""
        return self.record.dumped()

    def fall_rate(self):
        """How fast the pressure falls, 0.01 mmHg/s, over the second before the filter's delay."""
        return self.record.fall_rate()

    def finish(self, dumped):
        """Ends the record; `dumped` drops what is kept back. Call `sweep` until it returns True."""
        self.record.finish(dumped)
        self.end_cmmhg = self.record.last_cmmhg()
        self.noise_mmmhg = min(65535, self.record.noise_mmmhg)
        self._work = self._beats.work()

    def sweep(self):
        """Goes on finding beats in the finished record; True when done. One call is a few milliseconds' work."""
        if self._work is not None:
            for _ in self._work:
                return False
            self._work = None
        return True
