# SPDX-License-Identifier: Apache-2.0
"""Runs the plain and the compiled inner loops on the same numbers; prints digests of results and buffers.

Argument: seed. Under CPython there is only the plain one, which is then compared with itself.
"""

import json
import sys
from array import array

from vitals.signal import kernels_plain, rhythm_plain

if sys.implementation.name == "micropython":
    from vitals.signal import kernels_viper as compiled
    from vitals.signal import rhythm_viper as rhythm_compiled
else:
    compiled = kernels_plain
    rhythm_compiled = rhythm_plain


def digest(values, seen):
    for v in values:
        seen = (seen * 31 + v) % 1000003
    return seen


def rhythm(loops, kernels, ring, end, seed):
    """What the loops of the rhythm make of a ring whose last 450 values are filled."""
    said = []
    work = array("i", [0] * 200)
    sizes = array("i", [0] * 64)
    acf = array("i", [0] * 64)
    levels = array("i", [6000 - (k * 37 * (seed + 1)) % 6000 for k in range(100)])
    for pairs in (90, 200):
        loops.halve(ring, 511, end, pairs, work)
        loops.sizes(work, 5, 60, sizes)
        kernels.sort(sizes, 60)
        loops.limit(work, 0, pairs, max(1, sizes[30]))
        loops.correlate(work, pairs, acf, 53)
        said += [digest(work, 5), digest(sizes, 5), digest(acf, 5)]
        said += [loops.follow(levels, work, 100, acf, 16 * 52), digest(levels, 5)]
    at = array("i", [0] * 80)
    rise = array("i", [0] * 80)
    n = loops.rises(ring, 511, end - 380, end - 4, at, rise, 80)
    said += [n, digest(at, 5), digest(rise, 5)]
    largest = max(max(rise), 1)
    for i in range(n):
        rise[i] = rise[i] * 128 // largest
    score = array("i", [0] * 80)
    before = array("i", [0] * 80)
    costs = array("i", [(q - 32) * (q - 32) for q in range(72)])
    for period in (0, 30 * 16, 55 * 16):
        said += [loops.chain(at, rise, score, before, n, period, costs), digest(score, 5), digest(before, 5)]
    index = array("i", [end - 10 * (64 - i) for i in range(64)])
    ratio = array("i", [(i * 37 + seed) % 7 * 100 for i in range(64)])
    fault = bytearray([i % 5 == 0 for i in range(64)])
    values = array("i", [0] * 64)
    sums = array("i", [0] * 4)
    for head, sound in ((64, 1), (20, 0), (150, 1)):
        since = end - 400
        found = loops.gather(index, ratio, fault, head, since, sound, 30, values)
        loops.weigh(index, ratio, ratio, fault, head, since, 300, 250, 280, sums)
        said += [found, digest(values, 5)] + list(sums)
        loops.near(values, found, 300, 150, sums)
        said += [sums[0], sums[1], loops.shift_to(sums[1], 1000)]
    loops.lean(ring, 511, end - 398, 396, sums)
    said += list(sums)
    total = array("i", [8388608] * 110)
    beat = array("i", [0] * 110)
    other = array("i", [0] * 110)
    for start in range(end - 400, end - 110, 60):
        said.append(loops.lift(ring, 511, start, 50, 60, 3, beat))
        said.append(loops.lift(ring, 511, start, 50, 0, 12, other))
        loops.add(total, beat, 50)
        loops.dot(beat, other, 50, sums)
        said += list(sums)
    loops.others(total, beat, 50, 3, other)
    said += [digest(total, 5), digest(beat, 5), digest(other, 5)]
    return said


def run(kernels, loops, seed):
    x = seed * 7919 % 2147483646 + 1
    state = array("i", [0] * kernels_plain.STATE_SIZE)
    state[kernels_plain.CEILING] = 260000
    state[kernels_plain.RISING] = seed % 2
    other = array("i", state)
    rings = [array("i", [0] * 512) for _ in range(2)]
    raw = [array("i", [0] * 128) for _ in range(2)]
    mean = [array("i", [0] * 128) for _ in range(2)]
    samples = array("i", [0] * 25)
    level = 100000
    for batch in range(60):
        for which in range(2):
            for i in range(25):
                x = x * 16807 % 2147483647
                if batch == 40:
                    level = x % 262144
                pulse = ((batch * 25 + i) * 37 % 2000 - 1000) * (which + 1)
                samples[i] = min(262143, max(0, level + pulse + x % 300))
            kernels.detrend(samples, 25, other if which else state, raw[which], mean[which], rings[which], 511)
    said = [digest(b, 7) for b in rings + raw + mean] + list(state) + list(other)
    end = state[kernels_plain.COUNT] >> 1
    values = array("i", [rings[1][(end - 54 + i) & 511] for i in range(54)])
    fifo = bytearray([(x >> (i % 20)) * (i + 3) & 255 for i in range(25 * 6)])
    kernels.unpack(fifo, 25, samples, values)
    said += [digest(samples, 7), digest(values, 7), max(samples) < 262144, values[24]]
    said.append(kernels.extent(rings[0], 511, end - 300, 120))
    kernels.sort(values, 54)
    said.extend(list(values))
    return said + rhythm(loops, kernels, rings[0], end, seed)


plain = run(kernels_plain, rhythm_plain, int(sys.argv[1]))
print(json.dumps({"plain": plain, "compiled": run(compiled, rhythm_compiled, int(sys.argv[1]))}))
