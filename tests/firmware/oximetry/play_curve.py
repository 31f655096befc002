# SPDX-License-Identifier: Apache-2.0
"""Prints what curves say."""

import json

from vitals.oximetry.curve import Curve

curve = Curve()
said = {"textbook": [(r, curve.spo2_x10(r)) for r in range(250, 1850, 10)]}
line = Curve(((400, 990), (1400, 700)))
said["two_knots"] = [line.spo2_x10(r) for r in (400, 900, 1400, 1401)]
said["refused"] = []
for knots in (((400, 990),), ((400, 990), (300, 900)), ((400, 900), (500, 950)), ((400, 990), (9000, 100))):
    try:
        Curve(knots)
    except ValueError as error:
        said["refused"].append(str(error))
print(json.dumps(said))
