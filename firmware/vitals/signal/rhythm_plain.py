# SPDX-License-Identifier: Apache-2.0
"""Inner loops that find the period of a pulse in a detrended ring; `rhythm_viper` holds the same for the compiler.

Numbers as in `kernels_plain`: integers below 2^30, and nothing in a buffer is negative.

A signal is halved to 25 values a second, brought to one size (`limit`), and correlated with itself. A period is good
where the signal repeats after it and does not repeat after a half or a third of it: so neither a multiple of the period
nor a dicrotic notch is taken for it. `follow` then joins what each second says to what the seconds before said, as the
best path through a lattice of periods (Viterbi): a period drifts, and seldom jumps.
"""

BIAS = 1 << 23
LIMIT = 384  # a limited value is within this, and 256 is the usual size of the pulse
ACF_BIAS = 1000  # a correlation of -1 to 1 is kept as 0 to 2000
LAGS = 54  # correlations of lags 0 to 53
SURE = 6000  # level of the best period; 250 are a factor of e
DRIFT = 20  # lost for a drift by one step of 2 % a second, times its square: 5 % are usual
REACH = 6  # steps that a period may drift in a second
JUMP = 1875  # lost for a jump to any other period
SLOW_COST_X16 = 91  # lost with each step to a longer period, in 1/16: 200 an octave


def halve(ring, mask, end, n, work):
    """Means of the last n pairs before index `end` of a ring, into work[0..n-1]."""
    base = end - 2 * n
    for i in range(n):
        work[i] = (ring[(base + 2 * i) & mask] + ring[(base + 2 * i + 1) & mask]) >> 1


def sizes(work, start, n, out):
    """Sizes (without sign) of n values from `start`, into out[0..n-1]."""
    for i in range(n):
        v = work[start + i] - 8388608
        if v < 0:
            v = 0 - v
        out[i] = v


def limit(work, start, n, size):
    """Scales n values from `start` so that `size` becomes 256, and limits them; kept with 4096 added."""
    for i in range(start, start + n):
        v = ((work[i] - 8388608) << 8) // size
        if v > 384:
            v = 384
        if v < 0 - 384:
            v = 0 - 384
        work[i] = v + 4096


def correlate(work, n, acf, last):
    """Normalised autocorrelation of n limited values for lags 0 to `last`, in 1/1000 and with ACF_BIAS, into acf."""
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


def follow(levels, before, n, acf, last_x16):
    """One second of the lattice: how good each of n periods is, added to the best way to it; returns the best one, in
    1/16 of a lag. Period k is 6 lags made longer by 2 % k times; those beyond `last_x16` are nothing. `before` is room
    for n.
    """
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


def rises(ring, mask, start, stop, at, rise, most):
    """Where the rise over 4 values is largest among its neighbours, in [start, stop): indices and rises; how many."""
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


def lean(ring, mask, start, n, out):
    """How much faster the signal rises than it falls: out[0] = sum of squares and out[1] = 2^28 + sum of cubes of the
    rises over 4 values at n indices from `start`, scaled so that their mean size is 16 and limited to 64; n <= 1000."""
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


def lift(ring, mask, start, n, length, shift, out):
    """Takes n values of a ring from `start` out of it: about their line and their mean, scaled down by `shift`, limited
    to 2047 and kept with 4096 added, into out[0..n-1]. Returns largest less smallest.

    The line goes from the value at `start` to that at start + length, one beat later. So what drifts through the beat
    goes, and with it most of a breath. length 0: no line.
    """
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


def dot(a, b, n, out):
    """Sums of n lifted values: out[0] = a*a, out[1] = a*b as its magnitude, out[2] = b*b, out[3] = 1 if a*b < 0."""
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


def add(total, a, n):
    """Adds n lifted values to sums that are kept with BIAS."""
    for i in range(n):
        total[i] += a[i] - 4096


def others(total, a, n, shift, out):
    """What is left of sums without one of their beats, scaled down by `shift` to within 2047 and lifted."""
    for i in range(n):
        out[i] = ((total[i] - 8388608 - a[i] + 4096) >> shift) + 4096


def chain(at, rise, score, before, n, period_x16, costs):
    """Scores each of n candidates as the end of a chain; returns the last of the best one with 1 added, 0 without any.

    `at` are ring indices, `rise` strengths (64 is usual; more than 77 counts for no more). `before[i]` becomes the one
    before i in its chain, with 1 added; 0: none. With a period (1/16 of 20 ms) an interval of q/32 periods, q = 16 to
    71, costs costs[q]. With 0 any interval of 0.3 s and more is as good, and a beat must be stronger than 29.
    """
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


def gather(index, source, fault, head, since, sound, most, out):
    """The newest values of a ring of 64 that are not 0, of beats from ring index `since` on and, if `sound`, without
    fault; at most `most` (64 at most), newest first. Returns how many."""
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


def weigh(index, ratio, share, fault, head, since, middle, reach, about, out):
    """Sums over the beats without fault whose ratio is within `reach` of `middle`: out[0] = how many, out[1] = shares,
    out[2] = 2^28 + shares times (ratio - about), out[3] = sum of the squares of those products / 64."""
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


def near(values, n, middle, reach, out):
    """Of n values those within `reach` of `middle`: out[0] = how many, out[1] = 2^28 + sum of their distances."""
    count = 0
    total = 0
    for i in range(n):
        off = values[i] - middle
        if off <= reach and off >= 0 - reach:
            total += off
            count += 1
    out[0] = count
    out[1] = 268435456 + total


def shift_to(value, limit):
    """How far a value must be shifted right to be within a limit."""
    shift = 0
    while (value >> shift) > limit:
        shift += 1
    return shift
