# SPDX-License-Identifier: Apache-2.0
"""What the link has to say, as immutable values. `Client` returns them in the order in which things happened.

`t_ms` is always the host's monotonic clock in ms. Names of enumerations are those of `vitalwire_protocol.codec`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vitalwire_protocol.codec import Hello, Message


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The port is open; nothing has been said yet."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The port is gone. What was shown is no longer current."""

    why: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A board said a hello that we understand. Comes again after each reconnection and each restart of the board."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class Incompatible:
    """The board speaks a protocol that we must not read; its messages are dropped until another hello comes."""

    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The board is there and its program does not run: nothing is measured, and nothing is sent to it any more, until
    it says a hello again. `cause` is `service` (it chose service mode) or `repl` (it shows its prompt)."""

    why: str
    cause: str


@dataclass(frozen=True, slots=True)
class NoHello:
    """Nothing that answers here speaks Vitalwire (3 s after opening). `why` is a sentence, `cause` one word:
    `quiet`, `foreign`, `repl`, `traceback`, `crash_loop`."""

    why: str
    cause: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know and that stops nothing."""

    text: str


class Received(NamedTuple):
    """One message of the board. `t_ms`: when it arrived; `utc_ms`: when the board made it, by the clock fit."""

    message: Message
    t_ms: int
    utc_ms: int


@dataclass(frozen=True, slots=True)
class Lost:
    """`frames` frames never arrived, the first of them numbered `first_seq`."""

    frames: int
    first_seq: int


@dataclass(frozen=True, slots=True)
class Silent:
    """No heartbeat for 3 s. `since_ms` is when the last one (or the hello) arrived. Said once until one comes again."""

    since_ms: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The board's answer to request `number`: `refused`, or `accepted` and later one `done`; each comes at most once.

    `command`, `outcome`, `refusal` are numbers of the protocol; `value` and `detail` as the command defines them.
    """

    number: int
    command: int
    outcome: int
    refusal: int
    value: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Request `number` ended without an answer; whether the board did it is not known. `why` says what was missing."""

    number: int
    command: int
    why: str


@dataclass(frozen=True, slots=True)
class Console:
    """A line of text that the board printed: a traceback, a REPL prompt, a boot loader's talk."""

    text: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """The board started again. `boot` is its count of starts, `cause` a `ResetCause` or None where not yet known."""

    boot: int
    cause: int | None


LinkEvent = (
    LinkUp
    | LinkDown
    | Connected
    | Incompatible
    | NoHello
    | Notice
    | Received
    | Lost
    | Silent
    | Stopped
    | Answered
    | TimedOut
    | Console
    | Restarted
)

__all__ = [
    "Answered",
    "Connected",
    "Console",
    "Incompatible",
    "LinkDown",
    "LinkEvent",
    "LinkUp",
    "Lost",
    "NoHello",
    "Notice",
    "Received",
    "Restarted",
    "Silent",
    "Stopped",
    "TimedOut",
]
