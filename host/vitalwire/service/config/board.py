# SPDX-License-Identifier: Apache-2.0
"""Reads and changes the settings of a board, and the file that they are exported to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from vitalwire_protocol.codec import ConfigGet, ConfigSet

from ...errors import CheckFailed, Refused, UsageError
from ...given_files import read_json
from ...link.board import Board
from .settings import FALLBACK, SETTINGS, from_wire, to_wire

FORMAT: Final = "vitalwire-board-config"


def read(board: Board) -> dict[str, str]:
    """Name -> text as on the wire of every setting that this board's firmware has."""
    found = {}
    for name, setting in SETTINGS.items():
        try:
            found[name] = board.command(ConfigGet.request(setting.key)).detail
        except Refused as refused:
            if refused.refusal != "not_found":
                raise
    return found


def change(board: Board, wanted: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Sets what differs; `wanted` as on the wire. Returns name -> (before, after). Each is read back.

    Raises Refused where the board says no: what was set before it stays, and is named.
    """
    before = read(board)
    unknown = [name for name in wanted if name not in before]
    if unknown:
        raise CheckFailed(f"the board's firmware has no setting {unknown[0]}", "update it: vitalwire flash")
    done: dict[str, tuple[str, str]] = {}
    for name, text in wanted.items():
        if before[name] == text:
            continue
        try:
            board.command(ConfigSet.request(SETTINGS[name].key, text))
        except Refused as refused:
            so_far = f"; {', '.join(done)} had been set before it" if done else ""
            what = f"{name}: {refused.what}{so_far}"
            raise Refused(what, _why(refused.refusal), refusal=refused.refusal) from None
        if board.command(ConfigGet.request(SETTINGS[name].key)).detail != text:
            raise CheckFailed(f"{name}: the board does not read back what was set", "run `vitalwire selftest flash`")
        done[name] = (before[name], text)
    return done


def exported(board: Board, now: datetime) -> dict[str, Any]:
    """The file's content."""
    who = board.identity
    return {
        "format": FORMAT,
        "version": 1,
        "serial": who.serial,
        "board": who.board,
        "firmware": who.firmware,
        "exported_utc": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "settings": {name: from_wire(name, text) for name, text in read(board).items()},
    }


def load(path: Path) -> tuple[str, dict[str, str]]:
    """(serial, name -> text as on the wire) of an exported file, all of it checked. Raises UsageError."""
    content = read_json(path, "name a file of `config export`")
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("version") != 1:
        raise UsageError(f"{path} holds no settings of a board", "name a file of `config export`")
    settings = content.get("settings")
    if not isinstance(settings, dict) or not isinstance(content.get("serial"), str):
        raise UsageError(f"{path} holds no settings of a board", "name a file of `config export`")
    wanted = {}
    for name, value in settings.items():
        if name not in SETTINGS:
            raise UsageError(f"{path}: there is no setting {name!r}", f"there are {', '.join(SETTINGS)}")
        try:
            wanted[name] = to_wire(name, _text(name, value))
        except UsageError as error:
            raise UsageError(f"{path}: {error.what}", error.hint) from None
    return content["serial"], wanted


def _text(name: str, value: Any) -> str:
    """As a person would write it; what is of the wrong kind becomes text that `to_wire` refuses."""
    if name == FALLBACK:
        if value is None:
            return ""  # only this means none
        packed = value.get("packed") if isinstance(value, dict) else None
        if not isinstance(packed, str) or not packed:
            raise UsageError(f"{FALLBACK}: what is there are no packed limits", "null means none; export it again")
        return packed
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _why(refusal: str) -> str:
    return {
        "session_open": "end the session first: what it is guarded by stays as it began",
        "bad_value": "the board takes no such value",
        "cuff_not_empty": "wait until the cuff is empty",
        "storage": "its flash cannot be written: run `vitalwire selftest flash`",
    }.get(refusal, "")


__all__ = ["FORMAT", "change", "exported", "load", "read"]
