# SPDX-License-Identifier: Apache-2.0
"""Reads SpO2 from the firmware's curve: one line of JSON a job.

Arguments: the pinout (not used), and a file with a JSON list of {"knots": [[ratio_x1000, spo2_x10], ...] or null for
the firmware's own, "ratios_x1000": [...]}. A line: {"spo2_x10": [number or null, ...]}.
"""

import json
import sys

from vitals.oximetry.curve import TEXTBOOK, Curve

if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        jobs = json.load(file)
    for job in jobs:
        curve = Curve(TEXTBOOK if job["knots"] is None else [tuple(knot) for knot in job["knots"]])
        print(json.dumps({"spo2_x10": [curve.spo2_x10(ratio) for ratio in job["ratios_x1000"]]}))
