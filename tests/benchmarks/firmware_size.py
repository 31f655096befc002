# SPDX-License-Identifier: Apache-2.0
"""The firmware as `vitalwire flash` puts it on each board, and how much its compiled files weigh."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from rows import Row
from vitalwire.service.compiled import PROCESSORS, compile_firmware

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


def rows() -> Iterator[Row]:
    for board, architecture in PROCESSORS.items():
        with tempfile.TemporaryDirectory() as folder:
            compile_firmware(FIRMWARE, Path(folder), architecture, board)
            total = sum(path.stat().st_size for path in Path(folder).rglob("*.mpy"))
        yield Row(f"firmware as .mpy for {board} ({architecture})", total / 1024, "KiB")
