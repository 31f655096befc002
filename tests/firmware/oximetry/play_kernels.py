# SPDX-License-Identifier: Apache-2.0
"""Runs the plain and the compiled inner loops on the same numbers; prints digests of results and buffers.

Argument: seed. Under CPython there is only the plain one, which is then compared with itself.
"""

import json
import sys
from array import array

from vitals.signal import kernels_plain

if sys.implementation.name == "micropython":
    from vitals.signal import kernels_viper as compiled
else:
    compiled = kernels_plain


def digest(values, seen):
    for v in values:
        seen = (seen * 31 + v) % 1000003
    return seen


def run(kernels, seed):
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
    work = array("i", [0] * 200)
    acf = array("i", [0] * 54)
    for pairs in (90, 150, 200):
        said.append(kernels.autocorrelate(rings[0], 511, end, pairs, work, acf, 5, 53))
        said.append(digest(acf, 3))
    for half in (5, 20, 44):
        at = end - 380
        while at >= 0:
            at = kernels.next_upstroke(rings[1], 511, at + 1, end - 50, half)
            said.append(at)
    said.append(kernels.extent(rings[0], 511, end - 300, 120))
    said.append(kernels.steepest(rings[0], 511, end - 300, 120))
    sums = array("i", [0] * 4)
    for start in range(end - 400, end - 110, 37):
        kernels.regress(rings[0], start, rings[1], start + 3, 511, 100, 9, 10, sums)
        said.extend(list(sums))
    kernels.sort(acf, 54)
    said.extend(list(acf))
    return said


plain = run(kernels_plain, int(sys.argv[1]))
print(json.dumps({"plain": plain, "compiled": run(compiled, int(sys.argv[1]))}))
