# SPDX-License-Identifier: Apache-2.0
"""What was planned -> the set-up of a session, and what `session.json` says of it."""

from __future__ import annotations

import platform
import re
import secrets
import zlib
from typing import Any

from vitalwire_protocol.codec import SCHEMA_HASH, VERSION_MAJOR, VERSION_MINOR

from . import __version__
from .feed import Plan
from .record.rows import utc_text
from .session.inputs import Setup
from .session.session import Session


def versions() -> dict[str, str]:
    """What made the record."""
    return {
        "vitalwire": __version__,
        "protocol": f"{VERSION_MAJOR}.{VERSION_MINOR}",
        "schema": f"{SCHEMA_HASH:08x}",
        "python": platform.python_version(),
        "system": platform.system(),
    }


def setup_of(plan: Plan, t_ms: int, utc_ms: int, simulated: bool) -> Setup:
    """The set-up of a new session that begins now. The same simulated session is the same, byte for byte."""
    if simulated:
        seed = _repeatable(plan.port or "")
        session, client = zlib.crc32(b"session " + seed) | 1, zlib.crc32(b"client " + seed) | 1
    else:
        session, client = secrets.randbits(32) | 1, secrets.randbits(32) | 1
    return Setup(
        session=session,
        client=client,
        started_t_ms=t_ms,
        started_utc_ms=utc_ms,
        limits=plan.limits,
        every_s=plan.every_s,
        minutes=plan.minutes,
        bed=plan.bed,
        port=plan.port or "",
        simulated=simulated,
        unsigned=plan.unsigned,
        same_limb=plan.same_limb,
        oscillograms=True,
        evidence=True,
        versions=plan.versions,
        profile=plan.profile,
        profile_text=plan.profile_text,
        patient=plan.patient,
        by=plan.by,
    )


def about(setup: Setup, session: Session) -> dict[str, Any]:
    """What `session.json` says from the start; the board has said who it is."""
    who = session.identity
    assert who is not None
    return {
        "session": f"{setup.session:08x}",
        "started_utc": utc_text(setup.started_utc_ms),
        "bed": setup.bed or who.bed,
        "board": {"serial": who.serial, "kind": who.board, "firmware": who.firmware},
        "interpreter": who.interpreter,
        "simulated": session.simulated,
        "port": setup.port,
        "every_s": setup.every_s,
        "minutes": setup.minutes,
        "limits": [limit.as_json() for limit in setup.limits],
        "limits_signed": not setup.unsigned,
        **({"patient": setup.patient} if setup.patient else {}),
        **({"by": setup.by} if setup.by else {}),
        **({"profile": setup.profile} if setup.profile else {}),
        **_series(session),
        "clocks": {"monotonic_ms": setup.started_t_ms, "utc_ms": setup.started_utc_ms},
        "versions": setup.versions,
        "finished": False,
    }


def _series(session: Session) -> dict[str, Any]:
    """What a list of one patient's sessions needs to know of the usual series."""
    profile = session.profile
    if profile is None or profile.series is None:
        return {}
    return {"series": {"sessions": profile.series.sessions, "weeks_most": profile.series.weeks_most}}


def _repeatable(url: str) -> bytes:
    """A simulated board's URL without its speed, which decides nothing."""
    return re.sub(r"[?&]speed=[^&]*", "", url).encode()
