# SPDX-License-Identifier: Apache-2.0
"""Configuration and calibration of a board, saved to a file of this computer before anything on it is touched."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from ...errors import CheckFailed, UsageError
from ...given_files import read_json, write_whole
from .prompt import Prompt

KEPT: Final = ("config.a", "config.b", "calib.a", "calib.b")
"""Both copies of both records: whole or not, as they lie there."""
FORMAT: Final = "vitalwire-board-settings"
PLACE: Final = "VITALWIRE_BOARDS"


def default_folder() -> Path:
    """Where settings of boards are saved: what `VITALWIRE_BOARDS` names, else ~/Vitalwire/boards."""
    named = os.environ.get(PLACE)
    return Path(named) if named else Path.home() / "Vitalwire" / "boards"


def read_settings(prompt: Prompt) -> dict[str, bytes]:
    """Name -> content of what is on the board; empty on a new one."""
    there = prompt.names()
    return {name: prompt.read(name) for name in KEPT if name in there}


def save_settings(settings: Mapping[str, bytes], serial: str, folder: Path, now: datetime) -> Path:
    """Writes them to a new file below `folder`, and to the disk, before it returns. Raises UsageError."""
    content = {
        "format": FORMAT,
        "version": 1,
        "serial": serial,
        "saved_utc": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": {name: base64.b64encode(data).decode() for name, data in settings.items()},
    }
    path = folder / f"{serial}-{now.strftime('%Y%m%dT%H%M%SZ')}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(content, indent=1) + "\n").encode(), "")
    except (OSError, UsageError) as error:
        why = error.what.removeprefix(f"{path}: ") if isinstance(error, UsageError) else error.strerror
        raise UsageError(
            f"the board's configuration and calibration cannot be saved to {path}: {why}",
            "name a folder that can be written to with --keep FOLDER; nothing was changed on the board",
        ) from None
    return path


def read_saved(path: Path) -> tuple[str, dict[str, bytes]]:
    """The serial number in such a file, and its settings. Raises UsageError where it cannot be used."""
    content = read_json(path, "name a file that `flash` saved")
    try:
        if content["format"] != FORMAT or content["version"] != 1:
            raise ValueError(f"{content['format']!r} of version {content['version']}")
        owner = str(content["serial"])
        files = {str(name): base64.b64decode(data, validate=True) for name, data in content["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} holds no saved settings of a board: {error}", "name a file that `flash` saved"
        ) from None
    if not set(files) <= set(KEPT):
        raise UsageError(f"{path} holds other files than settings", "name a file that `flash` saved")
    return owner, files


def load_settings(path: Path, serial: str) -> dict[str, bytes]:
    """The settings in such a file. Raises UsageError as `read_saved`, CheckFailed where they are of another board."""
    owner, files = read_saved(path)
    if owner != serial:
        raise CheckFailed(
            f"{path} is of board {owner}, and this is {serial}", "a calibration belongs to one board's sensors alone"
        )
    return files


def put_back(prompt: Prompt, settings: Mapping[str, bytes]) -> list[str]:
    """Writes what is not on the board as it is in `settings`; returns the names."""
    there = read_settings(prompt)
    lost = [name for name, data in settings.items() if there.get(name) != data]
    for name in lost:
        prompt.replace(name, settings[name])
    return lost


__all__ = ["KEPT", "default_folder", "load_settings", "put_back", "read_saved", "read_settings", "save_settings"]
