# SPDX-License-Identifier: Apache-2.0
"""How long a person waits for a list of 1,000 sessions, and for the check of one; and what keeping the head costs.

The list is that of the whole command, its start included. The sessions are short simulated ones with files of their
own; the list reads no capture as a whole, so that longer ones take no longer.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rows import Row, fastest_s
from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.feed import Plan
from vitalwire.pump import Pump
from vitalwire.record.folder import SESSION, read_session_json, write_session_json
from vitalwire.record.verify import verify

SESSIONS = 1000
MINUTES = 5.0
NOT_CLOSED_EVERY = 20


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        plan = Plan(
            "sim://?patient=esketamine&seed=1&speed=max", Path(name) / "one", DEFAULT_LIMITS, 120, MINUTES, bed="bay 2"
        )
        one = Pump(plan).run().folder
        assert one is not None
        many = Path(name) / "many"
        _copy(one, many)
        words = [sys.executable, "-m", "vitalwire.cli.main", "sessions", "--in", str(many)]
        yield Row(
            f"vitalwire sessions, {SESSIONS:,} of them",
            fastest_s(lambda: subprocess.run(words, check=True, capture_output=True), 5),
            "s",
        )
        began_s = time.process_time()
        if not verify(one).ok:
            raise RuntimeError("the session does not verify")
        spent_s = time.process_time() - began_s
        yield Row("verify, an hour of a session", spent_s * 60 / MINUTES, "s of processor")
        about = read_session_json(one)
        yield Row(
            "session.json written and on the disk", fastest_s(lambda: write_session_json(one, about)) * 1000, "ms"
        )


def _copy(one: Path, many: Path) -> None:
    """So many sessions, five hours apart; every twentieth as if its host had been killed."""
    about = read_session_json(one)
    for number in range(SESSIONS):
        started = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=5 * number)
        folder = many / f"{started:%Y%m%dT%H%M%SZ}_bay-2"
        shutil.copytree(one, folder)
        values = {**about, "started_utc": f"{started:%Y-%m-%dT%H:%M:%S}.000Z"}
        values["finished"] = bool(number % NOT_CLOSED_EVERY)
        (folder / SESSION).write_text(json.dumps(values, indent=2), encoding="utf-8")
