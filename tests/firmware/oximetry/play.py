# SPDX-License-Identifier: Apache-2.0
"""Plays a file of samples into `Oximetry` and prints its readings as JSON; runs under either interpreter.

FILE: one line of JSON {"lost": {index: samples lost before it}}, then int32 pairs red, infrared at 100 samples/s.
Readings come once a second; samples go in by tens, as the application hands them over.
"""

import json
import sys
from array import array

from vitals.oximetry.oximeter import Oximetry


def readings(path, averaging_s):
    with open(path, "rb") as file:
        lost = json.loads(file.readline())["lost"]
        samples = array("i", file.read())
    oximetry = Oximetry(averaging_s=averaging_s)
    red = array("i", [0] * 10)
    ir = array("i", [0] * 10)
    out = []
    for start in range(0, len(samples) // 2 - 9, 10):
        for i in range(10):
            red[i] = samples[2 * (start + i)]
            ir[i] = samples[2 * (start + i) + 1]
        oximetry.feed(red, ir, 10, lost.get(str(start), 0))
        if start % 100 == 90:
            oximetry.compute(start * 10 + 100)
        elif start % 20:
            continue
        out.append(
            (
                start + 10,
                oximetry.spo2_x10,
                oximetry.pulse_x10,
                oximetry.perfusion_x100,
                oximetry.quality,
                oximetry.spo2_reason,
                oximetry.pulse_reason,
                oximetry.perfusion_reason,
                oximetry.finger,
                oximetry.led_red,
                oximetry.led_ir,
            )
        )
    return out


if __name__ == "__main__":
    print(json.dumps(readings(sys.argv[1], int(sys.argv[2]))))
