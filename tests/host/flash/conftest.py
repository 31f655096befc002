# SPDX-License-Identifier: Apache-2.0
"""Lets the tests of flashing import their bench from this folder."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from flash_bench import board, build, put  # the path above makes it found

__all__ = ["board", "build", "put"]
