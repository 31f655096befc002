# SPDX-License-Identifier: Apache-2.0
"""Fits hills to beats from a file of JSON [[pressures, amplitudes, noise], ...]; prints the curves."""

import json
import sys
from array import array

from vitals.nibp import readout
from vitals.nibp.hill import DOWN, UP, Hill, exp2, log2, share

with open(sys.argv[1]) as file:
    given = json.load(file)
hill = Hill()
said = []
for pressure, amplitude, noise in given:
    n = len(pressure)
    kept = bytearray([1] * n)
    room = array("i", [0] * n)
    pressure = array("H", pressure)
    steps = 0
    for _ in hill.begin(pressure, amplitude, kept, n):
        steps += 1
    for _ in hill.fit(pressure, amplitude, kept, n, noise, room):
        steps += 1
    said.append(
        {
            "height": hill.height,
            "top": hill.top,
            "up": exp2(hill.width[UP]),
            "down": exp2(hill.width[DOWN]),
            "steep_up": hill.steep[UP] / 256,
            "steep_down": hill.steep[DOWN] / 256,
            "spread": hill.spread,
            "steps": steps,
            "curve": [hill.at(p) for p in range(3000, 18000, 500)],
            "unsure": hill.uncertainty(readout.systolic_slopes(hill)),
        }
    )
tables = [[log2(n) for n in (1, 2, 3, 100, 2970, 30000)], [exp2(log2(n)) for n in (800, 2970, 14000)]]
tables.append([share(q) for q in (-20000, -8192, -1024, 0, 1024, 8192, 20000)])
print(json.dumps({"fits": said, "tables": tables}))
