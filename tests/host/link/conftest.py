# SPDX-License-Identifier: Apache-2.0
"""Lets the tests of the link import their helpers from this folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
