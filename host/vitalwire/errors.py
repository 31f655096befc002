# SPDX-License-Identifier: Apache-2.0
"""Everything that can go wrong for a user, one class for each cause.

The message of an error says what went wrong and where; `hint` says what to do next. The command line prints both on
one line, `vitalwire: what; hint`, and ends with `exit_code`. A caller of the library catches `VitalwireError` or a
subclass.
"""

from __future__ import annotations

from typing import ClassVar


class VitalwireError(Exception):
    """Base of all errors that Vitalwire raises on purpose. `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what}; {hint}" if hint else what)
        self.what = what
        self.hint = hint


class CheckFailed(VitalwireError):
    """The thing that was checked is not good (a damaged file, a refused command): exit code 1."""


class Refused(CheckFailed):
    """The board refused a command. `refusal` is its reason, a word of the protocol such as `busy` or `not_found`."""

    def __init__(self, what: str, hint: str = "", *, refusal: str = "") -> None:
        super().__init__(what, hint)
        self.refusal = refusal


class UsageError(VitalwireError):
    """The request itself is wrong: an unknown name, a value out of range, a file that cannot be read. Exit code 2."""

    exit_code = 2


class NoBoard(VitalwireError):
    """No board was found where one was asked for: exit code 3."""

    exit_code = 3


class AmbiguousBoard(VitalwireError):
    """More than one board fits what was asked; nothing is guessed. Exit code 3."""

    exit_code = 3


class PortBusy(VitalwireError):
    """Another program holds the port: exit code 4."""

    exit_code = 4


class NoPermission(VitalwireError):
    """The system does not let this user open the port, or write to the record: exit code 4."""

    exit_code = 4


class LinkLost(VitalwireError):
    """The link to the board ended or fell silent: exit code 5."""

    exit_code = 5


class HungUp(LinkLost):
    """The other end of a network link closed it before it said anything, as one does whose board somebody else has:
    exit code 4."""

    exit_code = 4


class Incompatible(VitalwireError):
    """What answers speaks another protocol version, or none that we know: exit code 6."""

    exit_code = 6


class NotVitalwire(Incompatible):
    """The port opened, but what is behind it said no hello: another device, a bare board, a board at its REPL."""


class CrashLoop(Incompatible):
    """The board starts over and over; its firmware cannot be used as it is."""


class SinkDown(VitalwireError):
    """Where something is delivered to is not there at present, or the connection broke: it is tried again. Exit code 5
    where it never came."""

    exit_code = 5


class SinkRefused(VitalwireError):
    """Where something is delivered to does not want us: wrong password, missing rights, an expired certificate. A
    person must act: exit code 4."""

    exit_code = 4


class ItemRefused(VitalwireError):
    """The counterpart understood an item and does not take it. The first `delivered` of the batch were delivered, the
    next one is what it refused; it is counted and left out, and the rest of the batch comes again."""

    def __init__(self, what: str, hint: str = "", *, delivered: int = 0) -> None:
        super().__init__(what, hint)
        self.delivered = delivered


__all__ = [
    "AmbiguousBoard",
    "CheckFailed",
    "CrashLoop",
    "Incompatible",
    "LinkLost",
    "NoBoard",
    "NoPermission",
    "NotVitalwire",
    "PortBusy",
    "Refused",
    "UsageError",
    "VitalwireError",
]
