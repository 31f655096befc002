# SPDX-License-Identifier: Apache-2.0
"""The cuff's inner loops in plain code; `kernels_viper` holds the same arithmetic for the compiler.

The record is an array('H') of smoothed pressure, 25 values a second, in 1/200 mmHg. No intermediate passes 2^30.
"""

# State of the smoothing: array('i') of STATE_SIZE
COUNT = 0  # samples so far
SUM = 1  # of the last 8
ROUGH = 2  # sum of the second differences' sizes, each at most 1000
LAST = 3  # the newest sample, which waits for the one after it
BEFORE = 4  # and the one before it
STATE_SIZE = 5


def smooth(x, n, st, raw, out):
    """Puts the mean of 8 samples into the record, every fourth sample; x[0..n-1] in 0.01 mmHg, from 0 to 32767.

    A lone sample that lies off both its neighbours by more than 1.5 mmHg is taken for a glitch. `raw` is an array('i')
    of 8. Value k of the record is the mean of the samples 4 k - 1 to 4 k + 6.
    """
    count = st[0]
    total = st[1]
    rough = st[2]
    last = st[3]
    before = st[4]
    for i in range(n):
        v = last
        last = x[i]
        if v > before + 150 and v > last + 150:
            v = before if before > last else last
        elif v + 150 < before and v + 150 < last:
            v = before if before < last else last
        before = v
        total += v - raw[count & 7]
        d = v - 2 * raw[(count + 7) & 7] + raw[(count + 6) & 7]
        if d < 0:
            d = 0 - d
        if d > 1000:
            d = 1000
        raw[count & 7] = v
        count += 1
        if count >= 8:
            rough += d
            if count & 3 == 0:
                k = total >> 2
                if k > 65535:
                    k = 65535
                out[(count - 8) >> 2] = k
    st[0] = count
    st[1] = total
    st[2] = rough
    st[3] = last
    st[4] = before


def next_rise(rec, start, stop, half):
    """Index in [start, stop) of the first steepest rise, or -1: none within `half` values either side is steeper.

    The rise is taken over 80 ms. The record must hold start - half - 1 to stop + half + 1.
    """
    n = start
    while n < stop:
        d = rec[n + 1] - rec[n - 1]
        steeper = 0
        for k in range(1, half + 1):
            if rec[n + k + 1] - rec[n + k - 1] > d:
                steeper = k
                break
            if rec[n - k + 1] - rec[n - k - 1] >= d:
                steeper = 1
                break
        if steeper == 0:
            return n
        n += steeper
    return -1


def slopes(rec, base, n, out):
    """Puts the n rises over 80 ms behind value `base` of the record into array('i') `out`, at most 2000 off 4096.

    The record must hold base to base + n + 1.
    """
    peak = 1
    for i in range(n):
        rise = rec[base + i + 2] - rec[base + i]
        out[i] = rise + 65536
        if rise < 0:
            rise = 0 - rise
        if rise > peak:
            peak = rise
    for i in range(n):
        out[i] = (out[i] - 65536 + peak) * 2000 // peak + 2096
