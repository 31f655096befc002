# SPDX-License-Identifier: Apache-2.0
"""`vitalwire info`."""

from __future__ import annotations

from typing import Any

import click

from vitalwire_protocol.codec import (
    SCHEMA_HASH,
    VERSION_MAJOR,
    Calibration,
    Capabilities,
    Fault,
    Heartbeat,
    OximetryReading,
    ResetCause,
    Status,
    name_of,
    names_of,
)

from ..errors import CheckFailed, Incompatible
from ..link.board import Board
from ..link.calibration import MINOR, day_of, lacking, overdue_words
from ..link.opening import open_board
from ..link.readings import reason_word
from ..link.words import reason_text
from ..service.calibrate.run import read_stored
from .common import json_option, port_argument, print_json, say

HEARTBEAT_S = 2.5


@click.command()
@port_argument
@json_option
def command(port: str | None, as_json: bool) -> None:
    """Say what a board is, what it runs and how it is.

    Opening the port does not reset the board and disturbs no session on it; but a port can be open only once.

    \b
    Examples:
      vitalwire info                    the only board that is plugged in
      vitalwire info bed4 --json
      vitalwire info sim://             a simulated board
    """
    with open_board(port, service=True) as board:
        about = _about(board)
        if as_json:
            print_json(about)
        else:
            for key, value in about.items():
                if not key.endswith("_reason"):
                    click.echo(f"{key.replace('_', ' '):<14} {_text(value, about.get(_reason_of(key)))}")
        for text in board.notices:
            say(f"note: {text}")


def _about(board: Board) -> dict[str, Any]:
    who, hello = board.identity, board.hello
    about: dict[str, Any] = {
        "port": board.name,
        "serial": who.serial,
        "bed": who.bed,
        "simulated": board.simulated,
        "board": who.board,
        "firmware": who.firmware,
        "interpreter": who.interpreter,
        "protocol": f"{VERSION_MAJOR}.{hello.minor}",
        "schema": f"{hello.schema_hash:08x}",
        "same_schema": hello.schema_hash == SCHEMA_HASH,
        "service_mode": who.service,
        "capabilities": names_of(Capabilities, hello.capabilities),
        "starts": hello.boot,
        "last_reset": name_of(ResetCause, hello.reset_cause),
        "reset_fault": None if hello.reset_fault == Fault.NONE else name_of(Fault, hello.reset_fault),
    }
    about |= _calibration(board)
    heartbeat, oximetry = _heard(board)
    if heartbeat is not None:
        about |= {
            "status": names_of(Status, heartbeat.status),
            "session": heartbeat.session,
            "supply_v": None if heartbeat.supply_mv is None else heartbeat.supply_mv / 1000,
            "heap_free_bytes": heartbeat.heap_free,
            "worst_tick_ms": heartbeat.tick_worst_ms,
            "frames_dropped": heartbeat.frames_dropped,
        }
    if oximetry is not None:
        for name, value, reason in (
            ("spo2_pct", oximetry.spo2_pct, oximetry.spo2_reason),
            ("pulse_bpm", oximetry.pulse_bpm, oximetry.pulse_reason),
            ("perfusion_pct", oximetry.perfusion_pct, oximetry.perfusion_reason),
        ):
            about |= {name: value, _reason_of(name): reason_word(value, reason)}
    return about


def _calibration(board: Board) -> dict[str, Any]:
    """Each channel's calibration, and what is to be said of it today; nothing of a board that does not tell."""
    if board.identity.service or board.hello.minor < MINOR:
        return {}
    try:
        stored = read_stored(board)
    except (CheckFailed, Incompatible):
        return {}
    today = day_of(board.clock.utc_ms())
    missing, late = lacking(stored, _fitted(board)), overdue_words(stored, today)
    said = [f"NEVER DONE: {', '.join(missing)}"] if missing else []
    said += [f"OVERDUE: {late}"] if late else []
    channels = {one.name: f"{one.done or '?'}, due {one.due or '?'}" for one in stored.values()}
    return {
        "calibration": "; ".join(said) or "good",
        "calibrations": [f"{name} {when}" for name, when in channels.items()],
    }


def _fitted(board: Board) -> list[Calibration]:
    has = board.hello.capabilities
    pressure = [Calibration.GUARD, Calibration.CUFF] if has & Capabilities.CUFF else []
    return pressure + ([Calibration.CURVE] if has & Capabilities.OXIMETER else [])


def _heard(board: Board) -> tuple[Heartbeat | None, OximetryReading | None]:
    """The first heartbeat and the first reading of the oximeter; each comes once a second, from a board that has it."""
    heartbeat: Heartbeat | None = None
    oximetry: OximetryReading | None = None
    for received in board.messages(duration_s=HEARTBEAT_S):
        if isinstance(received.message, Heartbeat):
            heartbeat = heartbeat or received.message
        elif isinstance(received.message, OximetryReading):
            oximetry = oximetry or received.message
        if heartbeat and (oximetry or not board.hello.capabilities & Capabilities.OXIMETER):
            break
    return heartbeat, oximetry


def _reason_of(key: str) -> str:
    return f"{key.partition('_')[0]}_reason"


def _text(value: object, reason: str | None = None) -> str:
    """A value in words; of a measured one with `reason` also why it is absent or doubtful."""
    if reason is not None:
        said = "" if reason == "ok" else f"  {reason_text(reason)}"
        return ("-" if value is None else str(value)) + said
    if value is None or value == "" or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
