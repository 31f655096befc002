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


def autocorrelate(ring, mask, end, n, work, acf, lag_min, lag_max):
    """Normalised autocorrelation of the last n pairs before index `end` of a detrended ring, in 1/1000, into acf[lag].

    Pairs are averaged (so 25 values a second), the mean is removed and the rest scaled to 11 bits: n <= 200. Negative
    correlation is kept as 0. Returns the largest absolute value found, in the ring's unit (0: nothing but a constant).
    """
    total = 0
    base = end - 2 * n
    for i in range(n):
        j = base + 2 * i
        v = (ring[j & mask] + ring[(j + 1) & mask]) >> 1
        work[i] = v
        total += v - 8388608
    mean = 8388608 + total // n
    peak = 0
    for i in range(n):
        v = work[i] - mean
        if v < 0:
            v = 0 - v
        if v > peak:
            peak = v
    shift = 0
    while (peak >> shift) > 2047:
        shift += 1
    energy = 0
    for i in range(n):
        v = (work[i] - mean) >> shift
        work[i] = v + 4096
        energy += v * v
    head = energy
    tail = energy
    for lag in range(1, lag_max + 1):
        v = work[n - lag] - 4096
        head -= v * v
        v = work[lag - 1] - 4096
        tail -= v * v
        if lag >= lag_min:
            c = 0
            for i in range(n - lag):
                c += (work[i] - 4096) * (work[i + lag] - 4096)
            scale = ((head >> 1) + (tail >> 1)) >> 11
            c >>= 11
            if c > 0 and scale > 0:
                acf[lag] = c * 1000 // scale
            else:
                acf[lag] = 0
    return peak


def next_upstroke(ring, mask, start, stop, half):
    """Index in [start, stop) of the first steepest rise, or -1: none within `half` samples either side is steeper.

    The rise is taken over 4 samples (80 ms). The ring must hold start - half - 2 to stop + half + 2.
    """
    for n in range(start, stop):
        d = ring[(n + 2) & mask] - ring[(n - 2) & mask]
        if d <= 0:
            continue
        steepest = True
        for k in range(1, half + 1):
            if ring[(n + k + 2) & mask] - ring[(n + k - 2) & mask] > d:
                steepest = False
                break
            if ring[(n - k + 2) & mask] - ring[(n - k - 2) & mask] >= d:
                steepest = False
                break
        if steepest:
            return n
    return -1


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
