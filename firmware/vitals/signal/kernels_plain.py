# SPDX-License-Identifier: Apache-2.0
"""The inner loops in plain code; `kernels_viper` holds the same arithmetic for the compiler.

All numbers are integers below 2^30, and what is kept in a buffer is never negative (a detrended signal is kept with
`BIAS` added): viper reads a 32-bit word without its sign on a 64-bit machine.

`detrend` is a linear-phase band-pass. The baseline is a moving mean of 64 samples followed by one of 128, which is
subtracted from a moving mean of 8 centred on the same instant. At 100 samples/s the gain is 0.2 at 0.25 Hz, within
0.88-1.09 from 0.67 Hz (40 per minute) to 2.5 Hz and 0.8 at 4 Hz; a straight slope is removed entirely, and a step is
forgotten after `MEMORY` samples, which no recursive filter does. The result is `DELAY` samples late.
"""

BIAS = 1 << 23
DELAY = 95
MEMORY = 200
OUT_SCALE = 8  # detrended values are in 1/8 of the input's unit

# State of one detrended channel: array('i') of STATE_SIZE
COUNT = 0  # samples so far
SHORT = 1  # sum over 8
FIRST = 2  # sum over 64
SECOND = 3  # sum over 128 of FIRST / 8
CLIPPED_AT = 4  # COUNT of the last sample at or above CEILING
JUMPED_AT = 5  # COUNT of the last sample a quarter away from the one 8 samples earlier
CEILING = 6
RISING = 7  # 1: the pulse makes the input rise; 0: fall
STATE_SIZE = 8


def detrend(x, n, st, raw, mean, out, mask):
    """Feeds x[0..n-1] (0 <= x < 2^18) through one channel; every second result goes to the ring `out` (size mask + 1).

    `raw` and `mean` are array('i') of 128, `st` the state described above.
    """
    count = st[0]
    short = st[1]
    first = st[2]
    second = st[3]
    clipped_at = st[4]
    jumped_at = st[5]
    ceiling = st[6]
    rising = st[7]
    for i in range(n):
        v = x[i]
        k = count & 127
        before = raw[(count + 120) & 127]
        short += raw[(count + 36) & 127] - raw[(count + 28) & 127]
        first += v - raw[(count + 64) & 127]
        raw[k] = v
        m = first >> 3
        second += m - mean[k]
        mean[k] = m
        if v >= ceiling:
            clipped_at = count
        d = v - before
        if d < 0:
            d = 0 - d
        if (d << 2) > before:
            jumped_at = count
        if count & 1:
            y = short - (second >> 7)
            if not rising:
                y = 0 - y
            out[(count >> 1) & mask] = y + 8388608
        count += 1
    st[0] = count
    st[1] = short
    st[2] = first
    st[3] = second
    st[4] = clipped_at
    st[5] = jumped_at


def extent(ring, mask, start, n):
    """Largest less smallest of n values of a ring from index `start`."""
    low = high = ring[start & mask]
    for i in range(1, n):
        v = ring[(start + i) & mask]
        if v < low:
            low = v
        if v > high:
            high = v
    return high - low


def sort(values, n):
    """Sorts the first n non-negative values of an array('i') in place (insertion: n is a few tens at most)."""
    for i in range(1, n):
        v = values[i]
        j = i - 1
        while j >= 0 and values[j] > v:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = v


def unpack(fifo, n, red, ir):
    """n samples of two colours, each 18 bits in three bytes, the highest first, into two array('i')."""
    j = 0
    for i in range(n):
        red[i] = (fifo[j] & 3) << 16 | fifo[j + 1] << 8 | fifo[j + 2]
        ir[i] = (fifo[j + 3] & 3) << 16 | fifo[j + 4] << 8 | fifo[j + 5]
        j += 6
