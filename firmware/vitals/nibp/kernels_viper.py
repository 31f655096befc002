# SPDX-License-Identifier: Apache-2.0
"""The inner loops of `kernels_plain`, line for line, compiled to machine code; a test holds both to the same."""
# ruff: noqa: F821  (ptr16 and ptr32 are words of the viper compiler)

import micropython


@micropython.viper
def smooth(x: ptr32, n: int, st: ptr32, raw: ptr32, out: ptr16):
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


@micropython.viper
def next_rise(rec: ptr16, start: int, stop: int, half: int) -> int:
    n = start
    while n < stop:
        d = int(rec[n + 1]) - int(rec[n - 1])
        steeper = 0
        for k in range(1, half + 1):
            if int(rec[n + k + 1]) - int(rec[n + k - 1]) > d:
                steeper = k
                break
            if int(rec[n - k + 1]) - int(rec[n - k - 1]) >= d:
                steeper = 1
                break
        if steeper == 0:
            return n
        n += steeper
    return -1


@micropython.viper
def slopes(rec: ptr16, base: int, n: int, out: ptr32):
    peak = 1
    for i in range(n):
        rise = int(rec[base + i + 2]) - int(rec[base + i])
        out[i] = rise + 65536
        if rise < 0:
            rise = 0 - rise
        if rise > peak:
            peak = rise
    for i in range(n):
        out[i] = (out[i] - 65536 + peak) * 2000 // peak + 2096
