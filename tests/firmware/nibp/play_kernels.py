# SPDX-License-Identifier: Apache-2.0
"""Runs the plain and the compiled inner loops of the cuff on the same numbers; prints what both made of them.

Under CPython there is only the plain one, which is then compared with itself.
"""

import json
import sys
from array import array

from vitals.nibp import kernels_plain

if sys.implementation.name == "micropython":
    from vitals.nibp import kernels_viper as compiled
else:
    compiled = kernels_plain


def run(kernels, seed):
    x = seed * 7919 + 1
    state = array("i", [0] * 5)
    last = array("i", [3000] * 8)
    state[1] = 24000
    state[3] = state[4] = 3000
    record = array("H", [0] * 400)
    batch = array("i", [0] * 10)
    for k in range(150):
        for i in range(10):
            x = (x * 16807) % 2147483647
            batch[i] = max(0, min(32767, 20000 - 12 * (10 * k + i) + x % (40 << (seed % 5)) + 400 * (k % 8 == 3)))
        kernels.smooth(batch, 10, state, last, record)
    rises = []
    at = 12
    while True:
        at = kernels.next_rise(record, at, 350, 4 + seed % 9)
        if at < 0:
            break
        rises.append(at)
        at += 1
    slopes = array("i", [0] * 100)
    kernels.slopes(record, 8 * seed, 100, slopes)
    return list(record), list(state), rises, list(slopes)


both = [[run(kernels_plain, seed), run(compiled, seed)] for seed in range(12)]
print(json.dumps({"same": [a == b for a, b in both], "digest": [[sum(a[0]), a[1], a[2], a[3]] for a, _ in both]}))
