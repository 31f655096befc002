# SPDX-License-Identifier: Apache-2.0
"""MicroPython onto an ESP32-S3, by Espressif's own tool over the serial port of its boot loader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from ...errors import CheckFailed, LinkLost, UsageError

CHIP: Final = "esp32s3"
MAGIC: Final = 0xE9
"""First byte of an image for this family of chips (esptool documentation, firmware image format)."""
WITHIN_S: Final = 180.0


def command(port: str, file: Path) -> list[str]:
    """What is run: the image goes to the beginning of the flash; the part with files is not touched."""
    return [sys.executable, "-m", "esptool", "--chip", CHIP, "--port", port, "write-flash", "0", str(file)]


def check_file(file: Path) -> None:
    """Raises UsageError, or CheckFailed for what is no image for this chip."""
    try:
        with file.open("rb") as opened:
            first = opened.read(1)
    except OSError as error:
        raise UsageError(
            f"{file}: {error.strerror}", "download MicroPython for the ESP32-S3 from micropython.org"
        ) from None
    if first != bytes([MAGIC]):
        raise CheckFailed(f"{file} is no image for an ESP32-S3", "take the .bin file of MicroPython for this chip")


def install(port: str, file: Path) -> None:
    """Writes it. Raises CheckFailed without esptool, LinkLost where it fails."""
    check_file(file)
    try:
        import esptool  # noqa: F401
    except ImportError as error:
        raise CheckFailed("esptool is not installed", "pip install 'vitalwire[flash]'") from error
    try:
        done = subprocess.run(command(port, file), capture_output=True, text=True, timeout=WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        raise LinkLost(f"{port}: esptool did not end within {WITHIN_S:g} s", _BOOT) from None
    if done.returncode:
        last = ([line for line in (done.stdout + done.stderr).splitlines() if line.strip()] or ["nothing"])[-1]
        raise LinkLost(f"{port}: esptool said {last.strip()!r}", _BOOT)


_BOOT: Final = "hold BOOT while you press RESET on the board, then try again"

__all__ = ["CHIP", "check_file", "command", "install"]
