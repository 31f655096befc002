# SPDX-License-Identifier: Apache-2.0
"""What a profile amounts to, as one hash, and whether what was signed is still what it says.

The hash is over the values that are in force, defaults included, in one canonical form: comments, layout, the order of
sections and 90 or 90.0 do not matter; every value, text and source does. A signature names a person and a time and
shows any later change. It is no proof of identity: whoever can write the file can sign it again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from .profile import Approval, Profile

_CONTENT: Final = "vitalwire profile content 1\n"
_SEAL: Final = "vitalwire profile seal 1\n"


class Signed(Enum):
    """Whether anybody stands for a profile."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    CHANGED = "changed since it was signed"
    """Its content is not what was signed, or who and when is not what was sealed: it counts as unsigned."""


def canonical(profile: Profile) -> str:
    """The content of a profile in its one form. Values that are absent are left out, so that a later version of this
    program, with more to say, gives an old profile the same hash."""
    content = _plain(profile)
    content.pop("approval", None)
    if profile.only_limits:  # the source of a limit there may be the name of the file
        for limit in content["limits"]:
            limit.pop("source")
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_hash(profile: Profile) -> str:
    """SHA-256 over the canonical content, as `sha256:` and 64 hex digits."""
    return _hash(_CONTENT + canonical(profile))


def sign(profile: Profile, by: str, utc: datetime) -> Approval:
    """What `by` puts to a profile at `utc` (with a zone; kept to the second)."""
    content = content_hash(profile)
    when = utc.astimezone(UTC).replace(microsecond=0)
    return Approval(by, when, content, _seal(content, by, when))


def state(profile: Profile) -> Signed:
    """Whether the profile is signed as it stands."""
    approval = profile.approval
    if approval is None:
        return Signed.UNSIGNED
    same = approval.content == content_hash(profile)
    sealed = approval.seal == _seal(approval.content, approval.by, approval.utc)
    return Signed.SIGNED if same and sealed else Signed.CHANGED


def state_text(profile: Profile) -> str:
    """The state in words, for a screen and a report."""
    approval = profile.approval
    if approval is None:
        return "not signed by a clinician"
    who = f"{approval.by} on {approval.utc:%Y-%m-%d %H:%M} UTC"
    if state(profile) is Signed.SIGNED:
        return f"signed by {who}"
    if approval.content != content_hash(profile):
        return f"CHANGED since it was signed by {who}: it counts as not signed"
    return f"the signature of {who} was altered: it counts as not signed"


def record_of(profile: Profile) -> dict[str, str]:
    """What a session's record keeps of the profile that it ran under."""
    return {
        "name": profile.name or "limits only",
        "version": profile.version,
        "hash": content_hash(profile),
        "state": state(profile).name.lower(),
        "signature": state_text(profile),
    }


def approval_text(approval: Approval) -> str:
    """The section that a signed file ends with."""
    return (
        "[approval]\n"
        "# Written by `vitalwire profile sign`. Any change to a value above or here makes this profile unsigned.\n"
        f"by = {json.dumps(approval.by, ensure_ascii=False)}\n"
        f"utc = {approval.utc:%Y-%m-%dT%H:%M:%SZ}\n"
        f'content = "{approval.content}"\n'
        f'seal = "{approval.seal}"\n'
    )


def _seal(content: str, by: str, utc: datetime) -> str:
    return _hash(_SEAL + json.dumps([content, by, f"{utc.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"]))


def _hash(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Dataclasses as objects without what is absent; numbers that are whole as whole numbers."""
    if is_dataclass(value):
        pairs = ((item.name, getattr(value, item.name)) for item in fields(value))
        return {name: _plain(part) for name, part in pairs if not _absent(part)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def _absent(value: Any) -> bool:
    return value is None or value is False or value in ((), "")
