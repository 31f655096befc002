# SPDX-License-Identifier: Apache-2.0
"""Looks at everything, one thing after the other, and tells what it finds."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import re
import time
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from vitalwire_protocol.codec import Heartbeat

from ... import __version__, errors
from ...given_files import write_whole
from ...link.board import Board
from ...link.opening import open_board
from ...link.ports import find_candidates, resolve_port
from ...link.transport import open_transport
from ..config.board import read
from ..config.settings import from_wire
from . import finding, host
from .finding import Finding

LINE_S: Final = 3.0
OURS: Final = __version__
ANSWER_S: Final = 2.0
LABEL: Final = "label"
"""What is kept of the bed label only to leave it out."""


def of_host(drives: list[Path] | None = None) -> Iterator[Finding]:
    """What can be said without a board."""
    yield host.watch_clock()
    yield from host.extras()
    yield host.sessions_folder()
    yield from host.boot_loaders(drives)


def of_board(port: str | None, about: dict[str, Any]) -> Iterator[Finding]:
    """What can be said of the board at `port`; what it said goes into `about`."""
    try:
        place = resolve_port(port, ask=_ask)
    except errors.VitalwireError as error:
        yield Finding("no_board", "problem", error.what, error.hint)
        return
    try:
        with open_board(place, service=True) as board:
            yield from _of_open(board, place, about)
    except errors.NotVitalwire as error:
        yield finding.at_prompt(place) if _answers_as_a_prompt(place) else finding.of_error(place, error)
    except errors.VitalwireError as error:
        yield finding.of_error(place, error)


def _answers_as_a_prompt(place: str) -> bool:
    """Whether an empty line is answered by MicroPython's prompt. Only for what is known to be none of our firmware."""
    try:
        with contextlib.closing(open_transport(place)) as transport:
            # An empty line, and out of the raw prompt; then out of a line that was begun, or of a paste.
            for keys in (b"\r\x02", b"\x03\x03\x02"):
                transport.write(keys)
                said = b""
                end = time.monotonic() + ANSWER_S  # something that talks on and on is no prompt
                while time.monotonic() < end and (data := transport.read(0.5)):
                    said = (said + data)[-4096:]
                    if said.endswith(b"\n>>> "):
                        return True
            return False
    except errors.VitalwireError:
        return False


def _of_open(board: Board, place: str, about: dict[str, Any]) -> Iterator[Finding]:
    who, hello = board.identity, board.hello
    about[LABEL] = who.bed
    about["board"] = {
        "serial": who.serial, "board": who.board, "firmware": who.firmware, "interpreter": who.interpreter,
        "protocol_minor": hello.minor, "boot": hello.boot, "reset_cause": hello.reset_cause,
        "reset_fault": hello.reset_fault, "capabilities": hello.capabilities, "service": who.service,
    }  # fmt: skip
    yield from finding.of_hello(who, hello, OURS, place)
    if who.service:
        return
    status = None
    for received in board.messages(duration_s=LINE_S):
        if isinstance(received.message, Heartbeat):
            status = received.message.status
            about["heartbeat"] = {
                "status": status, "supply_mv": received.message.supply_mv, "heap_free": received.message.heap_free,
                "tick_worst_ms": received.message.tick_worst_ms, "frames_dropped": received.message.frames_dropped,
            }  # fmt: skip
    about["line"] = board.client.decoder.counters.as_dict()
    yield finding.of_line(board.client.decoder.counters, LINE_S)
    if status is None:
        yield Finding("heartbeat", "problem", "no heartbeat came", "take its power away and give it back")
    else:
        yield from finding.of_status(status)
    settings = read(board)
    settings.pop("bed_label", None)
    about["settings"] = {name: from_wire(name, text) for name, text in settings.items()}


def bundle(path: Path, findings: list[Finding], about: dict[str, Any]) -> None:
    """Writes one file for whoever helps: no patient, no reading, no session, no label, no name of a user.

    Raises UsageError where it cannot be written.
    """
    label = about.pop(LABEL, "")
    packages = {d.metadata["Name"]: d.version for d in metadata.distributions() if d.metadata["Name"]}
    content = {
        "findings.json": [one.as_json() for one in findings],
        "board.json": about,
        "host.json": {
            "vitalwire": __version__, "python": platform.python_version(), "system": platform.system(),
            "release": platform.release(), "machine": platform.machine(), "packages": dict(sorted(packages.items())),
            "ports": [f"{c.kind} {c.serial}" for c in find_candidates()],
        },
    }  # fmt: skip
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, json.dumps(_without_names(part, label), indent=1, ensure_ascii=False, default=str))
    write_whole(path, data.getvalue(), "name a file that can be written to")


def _without_names(part: Any, label: str) -> Any:
    """Without the home folder, the name of the user, and the bed label, in which people write more than they should.

    Only in what is said, and of label and user only whole words: a bed called 1 does not change every number.
    """
    if isinstance(part, dict):
        return {name: _without_names(one, label) for name, one in part.items()}
    if isinstance(part, list):
        return [_without_names(one, label) for one in part]
    if not isinstance(part, str):
        return part
    home = Path.home()
    part = part.replace(str(home), "~")
    user = home.name if len(home.name) > 2 and home.name != "root" else ""
    for word, instead in ((label, "LABEL"), (user, "USER")):
        if word:
            part = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", instead, part)
    return part


def _ask(device: str) -> Any:
    with open_board(device, service=True) as board:
        return board.identity


__all__ = ["bundle", "of_board", "of_host"]
