# SPDX-License-Identifier: Apache-2.0
"""Captures pressures, 100 a second, from a file of JSON [{"cmmhg": [...], "dump": false}, ...]; prints beats."""

import json
import sys

from vitals.nibp.capture import Capture

with open(sys.argv[1]) as file:
    given = json.load(file)
capture = Capture()
said = []
for one in given:
    cmmhg = one["cmmhg"]
    capture.begin(cmmhg[0], 0)
    dumped_at = None
    found_early = 0
    for k, value in enumerate(cmmhg):
        capture.feed(value)
        if one.get("dump") and capture.dumped():
            dumped_at = k
            break
    found_early = capture.beats
    capture.finish(dumped_at is not None)
    steps = 0
    while not capture.sweep():
        steps += 1
    n = capture.beats
    said.append(
        {
            "beats": [[capture.pressure_cmmhg[i], capture.amplitude_mmmhg[i], capture.t_10ms[i]] for i in range(n)],
            "left_out": capture.left_out,
            "noise_mmmhg": capture.noise_mmmhg,
            "period_10ms": capture.period_10ms,
            "end_cmmhg": capture.end_cmmhg,
            "dumped_at": dumped_at,
            "found_early": found_early,
            "steps": steps,
        }
    )
print(json.dumps(said))
