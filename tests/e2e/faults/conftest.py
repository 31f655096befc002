# SPDX-License-Identifier: Apache-2.0
"""Lets the tests of staged faults import their bench, which imports the simulated board's host end."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
for _folder in (_HERE, _HERE.parents[1] / "twin" / "support"):
    sys.path.insert(0, str(_folder))
