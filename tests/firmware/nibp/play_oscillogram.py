# SPDX-License-Identifier: Apache-2.0
"""Judges oscillograms from a file of JSON [[pressures, amplitudes, times], ...]; prints what came out of each."""

import json
import sys
from array import array

from vitals.nibp.oscillometry import Oscillometry

with open(sys.argv[1]) as file:
    given = json.load(file)
meter = Oscillometry()
said = []
for pressure, amplitude, t_10ms in given:
    meter.evaluate(array("H", pressure), array("H", amplitude), array("H", t_10ms), len(pressure))
    said.append((meter.outcome, meter.sbp_x10, meter.map_x10, meter.dbp_x10, meter.pulse_x10, meter.quality))
print(json.dumps(said))
