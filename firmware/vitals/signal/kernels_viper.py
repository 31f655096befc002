# SPDX-License-Identifier: Apache-2.0
"""The inner loops of `kernels_plain`, line for line, compiled to machine code; a test holds both to the same."""
# ruff: noqa: F821  (ptr32 is a word of the viper compiler)

import micropython


@micropython.viper
def detrend(x: ptr32, n: int, st: ptr32, raw: ptr32, mean: ptr32, out: ptr32, mask: int):
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


@micropython.viper
def extent(ring: ptr32, mask: int, start: int, n: int) -> int:
    low = high = ring[start & mask]
    for i in range(1, n):
        v = ring[(start + i) & mask]
        if v < low:
            low = v
        if v > high:
            high = v
    return high - low


@micropython.viper
def sort(values: ptr32, n: int):
    for i in range(1, n):
        v = values[i]
        j = i - 1
        while j >= 0 and values[j] > v:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = v


@micropython.viper
def unpack(fifo: ptr8, n: int, red: ptr32, ir: ptr32):
    j = 0
    for i in range(n):
        red[i] = (int(fifo[j]) & 3) << 16 | int(fifo[j + 1]) << 8 | int(fifo[j + 2])
        ir[i] = (int(fifo[j + 3]) & 3) << 16 | int(fifo[j + 4]) << 8 | int(fifo[j + 5])
        j += 6
