# SPDX-License-Identifier: Apache-2.0
"""Judges amplitudes as they come, from a file of JSON [[amplitudes, noise], ...]; prints a verdict after each beat."""

import json
import sys
from array import array

from vitals.nibp import course

with open(sys.argv[1]) as file:
    given = json.load(file)
said = []
for amplitudes, noise in given:
    amplitudes = array("H", amplitudes)
    said.append([course.judge(amplitudes, n, noise) for n in range(len(amplitudes) + 1)])
print(json.dumps({"names": [course.UNCLEAR, course.TOO_LOW, course.ENOUGH], "said": said}))
