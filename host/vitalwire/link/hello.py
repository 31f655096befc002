# SPDX-License-Identifier: Apache-2.0
"""What a board's hello says, and whether it may be believed. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vitalwire_protocol.codec import (
    SCHEMA_HASH,
    VERSION_MAJOR,
    VERSION_MINOR,
    BoardKind,
    Capabilities,
    Fault,
    name_of,
)

if TYPE_CHECKING:
    from vitalwire_protocol.codec import Hello


FLASH: Final = "`vitalwire flash` puts working firmware on it"
EQUAL: Final = "`vitalwire flash` makes them equal"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a board is, read from its hello."""

    serial: str
    bed: str
    interpreter: str
    firmware: str
    board: str
    simulated: bool
    service: bool

    def __str__(self) -> str:
        return f"{self.serial} ({self.bed})" if self.bed else self.serial


def identity(hello: Hello) -> Identity:
    """Reads serial number, bed label and interpreter from the hello's text lines; missing lines are empty."""
    serial, bed, interpreter, *_ = [*hello.identity.splitlines(), "", "", ""]
    return Identity(
        serial=serial,
        bed=bed,
        interpreter=interpreter,
        firmware=f"{hello.firmware_major}.{hello.firmware_minor}.{hello.firmware_patch}",
        board=name_of(BoardKind, hello.board),
        simulated=bool(hello.capabilities & Capabilities.SIMULATED) or serial.startswith("SIM"),
        service=bool(hello.service),
    )


def refusal(hello: Hello) -> str | None:
    """Why this board's messages must not be read, or None. The major version is judged from the frame, not here."""
    if hello.minor == VERSION_MINOR and hello.schema_hash != SCHEMA_HASH:
        return (
            f"board {identity(hello)} says protocol {VERSION_MAJOR}.{VERSION_MINOR}, but its messages are laid out"
            f" differently (schema {hello.schema_hash:08x}, ours {SCHEMA_HASH:08x})"
        )
    return None


def wrong_major(major: int) -> tuple[str, str]:
    """The sentence for intact frames of another major version, and what to do."""
    newer = "install a newer vitalwire on this computer" if major > VERSION_MAJOR else FLASH
    return f"the board speaks protocol version {major} and this program version {VERSION_MAJOR}", newer


def in_service(hello: Hello) -> str:
    """The sentence for a board in service mode: it measures nothing, and what is sent to it goes into its prompt."""
    cause = "" if hello.reset_fault == Fault.NONE else f", because of {name_of(Fault, hello.reset_fault)}"
    return f"board {identity(hello)} is in service mode{cause}; it measures nothing"


def notices(hello: Hello, minor: int) -> list[str]:
    """What a person should know about a board that may be used. `minor`: of the protocol, as the program speaks it that
    talked with the board; of a record that is rebuilt that may be an older one than this."""
    who = identity(hello)
    said = []
    if hello.minor != minor:
        said.append(
            f"board {who} speaks protocol {VERSION_MAJOR}.{hello.minor} and this program"
            f" {VERSION_MAJOR}.{minor}; what both know works, {EQUAL}"
        )
    return said


__all__ = ["EQUAL", "FLASH", "Identity", "identity", "in_service", "notices", "refusal", "wrong_major"]
