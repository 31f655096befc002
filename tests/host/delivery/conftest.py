# SPDX-License-Identifier: Apache-2.0
"""Lets these tests import `sink_bench`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
