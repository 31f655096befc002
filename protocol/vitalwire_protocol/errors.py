# SPDX-License-Identifier: Apache-2.0
"""Why a frame was not taken: one exception a cause, so that a decoder can count each."""

from __future__ import annotations


class FrameError(Exception):
    """Any reason to drop one frame. The stream goes on at the next zero."""


class TooShort(FrameError):
    """Fewer bytes than a header and a CRC."""


class TooLong(FrameError):
    """More bytes than a body may have."""


class BadCrc(FrameError):
    """The CRC does not fit: the bytes were damaged, or this is not a frame."""


class WrongVersion(FrameError):
    """An intact frame of another major version. `major` says which."""

    def __init__(self, major: int, known: int) -> None:
        super().__init__(f"frame of protocol version {major}; this program speaks version {known}")
        self.major = major


class UnknownType(FrameError):
    """An intact frame of a message that this minor version does not know. `type` is its number."""

    def __init__(self, type_: int) -> None:
        super().__init__(f"message type {type_:#04x} is not known")
        self.type = type_


class BadPayload(FrameError):
    """An intact frame whose payload cannot be its message: a fault of the sender, not of the line."""


class BadValue(ValueError):
    """A message to be sent holds a value that its field cannot carry. The text names message and reason."""
