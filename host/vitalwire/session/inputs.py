# SPDX-License-Identifier: Apache-2.0
"""Everything that can decide something in a session, as plain data.

A session is a pure function of these inputs in their order. Live they come from the pump, which writes each one to the
capture before the session sees it; a rebuild reads the same ones back from the capture.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, NamedTuple

from vitalwire_protocol.codec import VERSION_MAJOR, VERSION_MINOR

from ..alarms.rules import Limit


class Kind(IntEnum):
    """What an input is. The numbers are those in `capture.vwire`; they are only ever appended."""

    OPEN = 1
    """The set-up of the session, always the first record (JSON)."""
    RECEIVED = 2
    """Bytes from the board."""
    SENT = 3
    """Bytes to the board: decides nothing, but says what was asked."""
    LINK = 4
    """The link came up or went down (JSON: `state` is `up` or `down`, `name`, `why`)."""
    EXPIRED = 5
    """A deadline of the session passed; the time of the input is the deadline itself."""
    ACTION = 6
    """A person did something (JSON: `action`, and what belongs to it)."""
    RECORDER = 7
    """Recording failed or works again (JSON: `state` is `failed` or `recovered`, `why`, `lost`)."""
    CLOCK = 8
    """The computer's clock was set (JSON: `step_ms`). Times of the session go on from where it began."""
    AWAY = 9
    """Until now nobody here watched (JSON: `since_ms` on the session's clock, `why` is `stopped` where the program was
    ended and started again, or `slept` where it stood still, and `by` who went on). What fell due meanwhile follows."""


class Input(NamedTuple):
    """One input: when it took effect on the session's monotonic clock and in UTC, and what it was."""

    kind: Kind
    t_ms: int
    utc_ms: int
    data: bytes = b""

    def json(self) -> dict[str, Any]:
        """The payload of a record that carries JSON; an empty payload is an empty object."""
        value = json.loads(self.data) if self.data else {}
        return value if isinstance(value, dict) else {}


def json_input(kind: Kind, t_ms: int, utc_ms: int, **values: Any) -> Input:
    """Makes an input whose payload is JSON; keys are sorted, so that equal inputs have equal bytes."""
    return Input(kind, t_ms, utc_ms, json.dumps(values, sort_keys=True, separators=(",", ":")).encode())


_LATER: Final = ("profile", "profile_text", "patient", "by", "evidence", "replayed")
"""What captures from before it was known do not say; it is left out where there is none."""


@dataclass(frozen=True)
class Setup:
    """What is fixed when a session opens.

    `started_t_ms` and `started_utc_ms` are the same moment on both clocks. `every_s` is the cuff interval (None: no
    readings by themselves); `minutes` is how long the session is to last (None: until somebody ends it).
    `oscillograms`, `evidence`: whether the oscillograms of the cuff cycles are fetched, and whether what alarms were
    raised on is filed; captures from before that was done do not say so. `profile` is what `profile_sign.record_of`
    says of the profile; empty where there is none. `profile_text` is the profile itself, as TOML. `patient` is a code,
    never a name; `by` is the person who begins the session. `replayed`: a record runs again under other rules, and what
    the board judged by its own does not count.
    """

    session: int
    client: int
    started_t_ms: int
    started_utc_ms: int
    limits: tuple[Limit, ...] = ()
    every_s: int | None = None
    minutes: float | None = None
    bed: str = ""
    port: str = ""
    simulated: bool = False
    unsigned: bool = True
    same_limb: bool = False
    oscillograms: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    profile: dict[str, str] = field(default_factory=dict)
    profile_text: str = ""
    patient: str = ""
    by: str = ""
    evidence: bool = False
    replayed: bool = False

    @property
    def minor(self) -> int:
        """Of the protocol, as the program spoke it that made this record: it asked no board for what came later."""
        major, _, minor = str(self.versions.get("protocol", "")).partition(".")
        return int(minor) if major == str(VERSION_MAJOR) and minor.isdecimal() else VERSION_MINOR

    def as_json(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in (
            "profile",
            "profile_text",
            "patient",
            "by",
            "evidence",
            "replayed",
        ):  # captures from before they were known
            if not values[name]:
                del values[name]
        values["limits"] = [limit.as_json() for limit in self.limits]
        return values

    def as_input(self) -> Input:
        return json_input(Kind.OPEN, self.started_t_ms, self.started_utc_ms, **self.as_json())

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Setup:
        """Reads back `as_json`; raises ValueError in words where it is not a set-up."""
        try:
            known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
            known["limits"] = tuple(Limit(**item) for item in known.get("limits", ()))
            return cls(**known)
        except (TypeError, KeyError) as error:
            raise ValueError(f"the set-up of the session does not read: {error}") from None
