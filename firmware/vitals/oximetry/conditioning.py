# SPDX-License-Identifier: Apache-2.0
"""Two optical channels: drift removed, halved to 50 values a second, with a note of what spoiled them and when.

Counts fall when the pulse arrives (blood absorbs light); the detrended rings hold the pulse upright, in 1/8 count.
"""

from array import array

from micropython import const

from vitals.signal import kernels

# State of a detrended channel, as `signal.kernels_plain` describes it: a file's own numbers take no memory.
_COUNT = const(0)
_SECOND = const(3)
_CLIPPED_AT = const(4)
_JUMPED_AT = const(5)
_CEILING = const(6)
_RISING = const(7)
_STATE_SIZE = const(8)
_MEMORY = const(200)

RATE_HZ = const(100)
OUT_RATE_HZ = const(50)
MASK = const(511)  # rings of 512 values: 10.2 s
_CEILING_COUNTS = const(260000)  # of 262143: the converter is at its end
_LONG_AGO = const(-1000000)


class Channel:
    """One colour: the state of its detrending and the ring of its results."""

    def __init__(self):
        self.state = array("i", bytes(4 * _STATE_SIZE))
        self.out = array("i", bytes(4 * (MASK + 1)))
        self._raw = array("i", bytes(4 * 128))
        self._mean = array("i", bytes(4 * 128))
        self.clear()

    def clear(self):
        """Forgets every sample."""
        for buffer in (self.state, self._raw, self._mean, self.out):
            for i in range(len(buffer)):
                buffer[i] = 0
        self.state[_CEILING] = _CEILING_COUNTS
        self.state[_CLIPPED_AT] = _LONG_AGO
        self.state[_JUMPED_AT] = _LONG_AGO
        self.state[_RISING] = 0

    def feed(self, samples, n):
        kernels.detrend(samples, n, self.state, self._raw, self._mean, self.out, MASK)

    def baseline(self):
        """The slow part of the signal now, in counts."""
        return self.state[_SECOND] >> 10

    def level(self):
        """Mean of the newest 8 samples, in counts."""
        raw = self._raw
        count = self.state[_COUNT]
        total = 0
        for i in range(1, 9):
            total += raw[(count - i) & 127]
        return total >> 3


class Conditioning:
    """Red and infrared side by side, on one count of samples."""

    def __init__(self):
        self.red = Channel()
        self.ir = Channel()
        self._lost_at = 0
        self._restarted_at = 0
        self.freeze()

    def clear(self):
        self.red.clear()
        self.ir.clear()
        self.freeze()
        self._lost_at = _LONG_AGO
        self._restarted_at = 0

    def feed(self, red, ir, n, lost):
        """n samples of each colour; `lost` samples are missing before them."""
        if lost:
            self._lost_at = self.count
        self.red.feed(red, n)
        self.ir.feed(ir, n)

    def restart(self):
        """What came so far is not to be used with what comes (a finger was put on, a LED's current changed)."""
        self._restarted_at = self.count

    @property
    def count(self):
        """Samples since `clear`."""
        return self.ir.state[_COUNT]

    def freeze(self):
        """Takes down where the signal stands: `newest` (index one past the newest value in the rings `red.out` and
        `ir.out`) and the slow part of each colour (counts). Samples may come while a reading is made of what was."""
        self.newest = self.count >> 1
        self.red_level = self.red.baseline()
        self.ir_level = self.ir.baseline()

    def usable(self):
        """How many of the newest ring values nothing has spoiled: at most what the ring holds."""
        red = self.red.state
        ir = self.ir.state
        spoiled = max(
            self._restarted_at, self._lost_at, red[_CLIPPED_AT], ir[_CLIPPED_AT], red[_JUMPED_AT], ir[_JUMPED_AT]
        )
        n = (self.count - spoiled - _MEMORY) >> 1
        return min(max(n, 0), MASK - 7)

    def clipped_within(self, samples):
        newest = max(self.red.state[_CLIPPED_AT], self.ir.state[_CLIPPED_AT])
        return self.count - newest <= samples

    def jumped_within(self, samples):
        newest = max(self.red.state[_JUMPED_AT], self.ir.state[_JUMPED_AT])
        return self.count - newest <= samples

    def lost_within(self, samples):
        return self.count - self._lost_at <= samples
