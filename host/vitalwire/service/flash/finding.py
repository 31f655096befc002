# SPDX-License-Identifier: Apache-2.0
"""What is behind a port: our firmware, its service mode, a MicroPython prompt; and the way from each to the prompt."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from vitalwire_protocol.codec import ServiceEnter

from ...errors import CheckFailed, CrashLoop, Incompatible, LinkLost, NotVitalwire, PortBusy, Refused, VitalwireError
from ...link.decoder import Decoder
from ...link.diagnosis import is_prompt
from ...link.hello import Identity
from ...link.opening import open_board
from ...link.transport import open_transport
from .prompt import Prompt, open_prompt

LISTEN_S: Final = 2.5
"""Our firmware says a hello every 2 s, or a heartbeat every second."""
PROMPT_S: Final = 15.0
START_S: Final = 20.0
BUSY_S: Final = 3.0
T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """What ran on the board, in words, and who it said it is."""

    what: str
    identity: Identity | None = None


def to_prompt(port: str, say: Callable[[str], None]) -> tuple[Found, Prompt]:
    """Brings the board at `port` to its prompt, from whatever it does. Refused while a session is open on it.

    Nothing is sent to a board of which nothing is known: at a prompt it would be run.
    """
    found = Found("MicroPython, without Vitalwire firmware")
    if _hears_firmware(port):
        try:
            found = _leave_application(port, say)
        except (NotVitalwire, Incompatible, CrashLoop) as error:
            found = Found(f"firmware that this program does not understand ({error.what})")
    return found, _prompt(port, found)


def _prompt(port: str, found: Found) -> Prompt:
    try:
        return open_prompt(port, PROMPT_S)
    except LinkLost as error:
        raise LinkLost(f"{error.what}; what runs there is {found.what}", error.hint) from error


def _free(port: str, opened: Callable[[str], T]) -> T:
    """Opens a port that may be busy for a moment: services look into every port that appears. Raises PortBusy after."""
    end = time.monotonic() + BUSY_S
    while True:
        try:
            return opened(port)
        except PortBusy:
            if time.monotonic() >= end:
                raise
        time.sleep(0.1)


def _hears_firmware(port: str) -> bool:
    """Whether messages of our firmware come by themselves; ends early at a prompt's sign."""
    transport = _free(port, open_transport)
    try:
        decoder = Decoder()
        end = time.monotonic() + LISTEN_S
        while (left_s := end - time.monotonic()) > 0:
            messages = decoder.feed(transport.read(left_s))
            if messages or decoder.counters.frames:
                return True
            if any(is_prompt(line) for line in decoder.take_console()):
                return False
        return False
    finally:
        transport.close()


def _leave_application(port: str, say: Callable[[str], None]) -> Found:
    with _free(port, lambda name: open_board(name, service=True)) as board:
        who = board.identity
        if who.service:
            return Found(f"Vitalwire {who.firmware} in service mode", who)
        try:
            board.command(ServiceEnter.request())  # the board itself refuses it while a session is open
        except Refused as error:
            raise Refused(f"board {who} does not go into service mode: {error.refusal}", _why(error.refusal)) from error
        say(f"board {who} runs Vitalwire {who.firmware}; it goes into service mode: pump off, valves open")
        return Found(f"Vitalwire {who.firmware}", who)


def handshake(port: str) -> Identity:
    """Waits for the hello of our firmware after a restart. Raises CheckFailed where none comes, or one from service."""
    end = time.monotonic() + START_S
    while True:
        try:
            with open_board(port, service=True) as board:
                if board.identity.service:
                    raise CheckFailed(f"board {board.identity} started into service mode", "run `vitalwire doctor`")
                return board.identity
        except VitalwireError as error:
            if isinstance(error, CheckFailed) or time.monotonic() >= end:
                raise CheckFailed(
                    f"the firmware is on the board, but it did not say hello: {error.what}",
                    "take its power away and give it back, then `vitalwire info`",
                ) from error
        time.sleep(0.3)


def _why(refusal: str) -> str:
    return {
        "session_open": "end the session first: `vitalwire monitor` does, or the board by itself after its time",
        "cuff_not_empty": "take the cuff off and wait until it is empty",
        "storage": "its flash cannot be written: hold both buttons while it gets power",
    }.get(refusal, "hold both buttons while the board gets power: that is service mode too")


__all__ = ["Found", "handshake", "to_prompt"]
