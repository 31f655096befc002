# SPDX-License-Identifier: Apache-2.0
"""The store for what no host heard has room for every message that is kept in it."""

from __future__ import annotations

import re
from pathlib import Path

from vitalwire_protocol.generate import current_schema

READINGS = Path(__file__).resolve().parents[3] / "firmware" / "vitals" / "store" / "readings.py"


def test_an_entry_has_room_for_each_message_that_is_kept() -> None:
    room = {name: int(n) for name, n in re.findall(r"^(\w+_BYTES) = const\((\d+)\)", READINGS.read_text(), re.M)}
    bytes_of = {message.name: message.head_bytes for message in current_schema().messages}
    assert bytes_of["oximetry_reading"] <= room["OXIMETRY_BYTES"]
    assert max(bytes_of[name] for name in ("nibp_result", "event", "alarm")) <= room["OTHER_BYTES"]
