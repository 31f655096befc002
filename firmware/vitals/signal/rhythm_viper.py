# SPDX-License-Identifier: Apache-2.0
"""The inner loops of `rhythm_plain`, line for line, compiled to machine code; a test holds both to the same."""
# ruff: noqa: F821  (ptr32 is a word of the viper compiler)

import micropython


@micropython.viper
def halve(ring: ptr32, mask: int, end: int, n: int, work: ptr32):
    base = end - 2 * n
    for i in range(n):
        work[i] = (ring[(base + 2 * i) & mask] + ring[(base + 2 * i + 1) & mask]) >> 1


@micropython.viper
def sizes(work: ptr32, start: int, n: int, out: ptr32):
    for i in range(n):
        v = work[start + i] - 8388608
        if v < 0:
            v = 0 - v
        out[i] = v


@micropython.viper
def limit(work: ptr32, start: int, n: int, size: int):
    for i in range(start, start + n):
        v = ((work[i] - 8388608) << 8) // size
        if v > 384:
            v = 384
        if v < 0 - 384:
            v = 0 - 384
        work[i] = v + 4096


@micropython.viper
def correlate(work: ptr32, n: int, acf: ptr32, last: int):
    total = 0
    for i in range(n):
        total += work[i] - 4096
    mean = 4096 + total // n
    energy = 0
    for i in range(n):
        v = work[i] - mean
        energy += v * v
    head = energy
    tail = energy
    acf[0] = 2000
    for lag in range(1, last + 1):
        v = work[n - lag] - mean
        head -= v * v
        v = work[lag - 1] - mean
        tail -= v * v
        c = 0
        for i in range(n - lag):
            c += (work[i] - mean) * (work[i + lag] - mean)
        scale = ((head >> 1) + (tail >> 1)) >> 11
        v = 0
        if scale > 0:
            if c < 0:
                v = 0 - ((0 - c) >> 11) * 1000 // scale
            else:
                v = (c >> 11) * 1000 // scale
        if v < 0 - 1000:
            v = 0 - 1000
        if v > 1000:
            v = 1000
        acf[lag] = v + 1000


@micropython.viper
def follow(levels: ptr32, before: ptr32, n: int, acf: ptr32, last_x16: int) -> int:
    for k in range(n):
        before[k] = levels[k]
    top = 0
    best_x16 = 0
    period = 6 << 16
    for k in range(n):
        p = (period + 2048) >> 12
        own_x16 = p
        period += period // 50
        v = 500
        if p <= last_x16:
            i = p >> 4
            v += acf[i] + (((acf[i + 1] - acf[i]) * (p & 15)) >> 4) - 1000
            i = p >> 5
            part = acf[i] + (((acf[i + 1] - acf[i]) * ((p >> 1) & 15)) >> 4)
            p = p // 3
            i = p >> 4
            other = acf[i] + (((acf[i + 1] - acf[i]) * (p & 15)) >> 4)
            if other > part:
                part = other
            part -= 1000
            if part > 0:
                part += part >> 1
            v -= part + ((k * 91) >> 4)
            if v > 2000:
                v = 2000
        else:
            v = 0
        if v < 0:
            v = 0
        best = 6000 - 1875
        for j in range(13):
            m = k + j - 6
            if m >= 0 and m < n:
                way = before[m] - 20 * (j - 6) * (j - 6)
                if way > best:
                    best = way
        v += best
        levels[k] = v
        if v > top:
            top = v
            best_x16 = own_x16
    for k in range(n):
        v = levels[k] + 6000 - top
        if v < 0:
            v = 0
        levels[k] = v
    return best_x16


@micropython.viper
def rises(ring: ptr32, mask: int, start: int, stop: int, at: ptr32, rise: ptr32, most: int) -> int:
    n = 0
    before = ring[(start + 1) & mask] - ring[(start - 3) & mask]
    here = ring[(start + 2) & mask] - ring[(start - 2) & mask]
    for i in range(start, stop):
        after = ring[(i + 3) & mask] - ring[(i - 1) & mask]
        if here > 0 and here >= before and here > after and n < most:
            at[n] = i
            rise[n] = here
            n += 1
        before = here
        here = after
    return n


@micropython.viper
def lean(ring: ptr32, mask: int, start: int, n: int, out: ptr32):
    total = 0
    for i in range(start, start + n):
        d = ring[(i + 2) & mask] - ring[(i - 2) & mask]
        if d < 0:
            d = 0 - d
        total += d
    usual = total // n
    if usual < 1:
        usual = 1
    squares = 0
    cubes = 0
    for i in range(start, start + n):
        d = ((ring[(i + 2) & mask] - ring[(i - 2) & mask]) << 4) // usual
        if d > 64:
            d = 64
        if d < 0 - 64:
            d = 0 - 64
        squares += d * d
        cubes += d * d * d
    out[0] = squares
    out[1] = 268435456 + cubes


@micropython.viper
def lift(ring: ptr32, mask: int, start: int, n: int, length: int, shift: int, out: ptr32) -> int:
    first = ring[start & mask] - 8388608
    slope = 0
    if length:
        slope = ring[(start + length) & mask] - 8388608 - first
    else:
        length = 1
    total = 0
    low = 2047
    high = 0 - 2047
    for i in range(n):
        v = (ring[(start + i) & mask] - 8388608 - first - slope * i // length) >> shift
        if v > 2047:
            v = 2047
        if v < 0 - 2047:
            v = 0 - 2047
        if v < low:
            low = v
        if v > high:
            high = v
        total += v
        out[i] = v + 4096
    mean = total // n
    for i in range(n):
        out[i] -= mean
    return high - low


@micropython.viper
def dot(a: ptr32, b: ptr32, n: int, out: ptr32):
    aa = 0
    ab = 0
    bb = 0
    for i in range(n):
        va = a[i] - 4096
        vb = b[i] - 4096
        aa += va * va
        ab += va * vb
        bb += vb * vb
    out[3] = 0
    if ab < 0:
        ab = 0 - ab
        out[3] = 1
    out[0] = aa
    out[1] = ab
    out[2] = bb


@micropython.viper
def add(total: ptr32, a: ptr32, n: int):
    for i in range(n):
        total[i] += a[i] - 4096


@micropython.viper
def others(total: ptr32, a: ptr32, n: int, shift: int, out: ptr32):
    for i in range(n):
        out[i] = ((total[i] - 8388608 - a[i] + 4096) >> shift) + 4096


@micropython.viper
def chain(at: ptr32, rise: ptr32, score: ptr32, before: ptr32, n: int, period_x16: int, costs: ptr32) -> int:
    first = 0
    end = 0
    longest = 110
    if period_x16:
        longest = period_x16 * 71 >> 9
    for i in range(n):
        best = 0
        link = 0
        while first < i and at[i] - at[first] > longest:
            first += 1
        for j in range(first, i):
            interval = (at[i] - at[j]) << 4
            value = 0
            if period_x16:
                q = ((interval << 5) + (period_x16 >> 1)) // period_x16
                if q >= 16 and q <= 71:
                    value = score[j] - 1024 - costs[q]
            else:
                if interval >= 240:
                    value = score[j] - 1024
            if value > best:
                best = value
                link = j + 1
        own = rise[i]
        if own > 77:
            own = 77
        if not period_x16:
            own -= 29
        score[i] = best + own + 1024
        before[i] = link
        if not end or score[i] > score[end - 1]:
            end = i + 1
    return end


@micropython.viper
def gather(index: ptr32, source: ptr32, fault: ptr8, head: int, since: int, sound: int, most: int, out: ptr32) -> int:
    n = 0
    i = 1
    while i <= 64 and i <= head and n < most:
        k = (head - i) & 63
        if index[k] < since:
            break
        if source[k] and not (sound and fault[k]):
            out[n] = source[k]
            n += 1
        i += 1
    return n


@micropython.viper
def weigh(
    index: ptr32,
    ratio: ptr32,
    share: ptr32,
    fault: ptr8,
    head: int,
    since: int,
    middle: int,
    reach: int,
    about: int,
    out: ptr32,
):
    n = 0
    weight = 0
    total = 0
    square = 0
    i = 1
    while i <= 64 and i <= head:
        k = (head - i) & 63
        if index[k] < since:
            break
        off = ratio[k] - middle
        if ratio[k] and not fault[k] and off <= reach and off >= 0 - reach:
            part = share[k] * (ratio[k] - about)
            n += 1
            weight += share[k]
            total += part
            part = part >> 6
            square += part * part
        i += 1
    out[0] = n
    out[1] = weight
    out[2] = 268435456 + total
    out[3] = square


@micropython.viper
def near(values: ptr32, n: int, middle: int, reach: int, out: ptr32):
    count = 0
    total = 0
    for i in range(n):
        off = values[i] - middle
        if off <= reach and off >= 0 - reach:
            total += off
            count += 1
    out[0] = count
    out[1] = 268435456 + total


@micropython.viper
def shift_to(value: int, limit: int) -> int:
    shift = 0
    while (value >> shift) > limit:
        shift += 1
    return shift
