# SPDX-License-Identifier: Apache-2.0
"""Which port is meant. Boards are found by their USB descriptors; nothing that is not ours is opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..errors import AmbiguousBoard, NoBoard, VitalwireError

if TYPE_CHECKING:
    from .hello import Identity

USB_IDS: Final[dict[tuple[int, int], str]] = {
    (0x2E8A, 0x0005): "Raspberry Pi Pico or Pico 2",
    (0x303A, 0x4001): "ESP32-S3",
    (0x303A, 0x1001): "ESP32-S3, debug port",
}
"""Vendor and product ids under which MicroPython's USB port appears on the boards that the firmware runs on."""

_HOW = "plug one in and wait a moment, name a port, or try a simulated one: sim://"
_COM = re.compile(r"COM\d+", re.IGNORECASE)

Ask = Callable[[str], "Identity"]
"""Opens a device, waits for its hello and closes it; raises VitalwireError."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A port that may be a Vitalwire board, as its USB descriptor tells."""

    device: str
    kind: str
    serial: str

    def __str__(self) -> str:
        return f"{self.device} ({self.kind}{', ' + self.serial if self.serial else ''})"


def find_candidates(ports: Iterable[Any] | None = None) -> list[Candidate]:
    """The ports whose USB ids are those of a supported board, sorted by device. Opens nothing.

    `ports`: pyserial's descriptions of ports, those of this computer if None.
    """
    if ports is None:
        from serial.tools.list_ports import comports  # slow to import, and only needed here

        ports = comports()
    found = [
        Candidate(port.device, USB_IDS[port.vid, port.pid], (port.serial_number or "").lower())
        for port in ports
        if (port.vid, port.pid) in USB_IDS
    ]
    return sorted(found, key=lambda candidate: candidate.device)


def resolve_port(port: str | None, *, ask: Ask, find: Callable[[], list[Candidate]] = find_candidates) -> str:
    """The URL or device that `port` means.

    A URL with `://`, a path and `COMn` stand for themselves. Anything else is a serial number or bed label, whole or
    a unique prefix, in capitals or not; boards are asked for their label, by `ask`, only where no serial number fits.
    None is the only board that is plugged in. Raises NoBoard or AmbiguousBoard; nothing is guessed.
    """
    if port is not None and ("://" in port or "/" in port or "\\" in port or _COM.fullmatch(port)):
        return port
    candidates = find()
    if port is None:
        return _only(candidates, "no Vitalwire board is plugged in", "boards are plugged in")
    if not candidates:
        raise NoBoard(f"no board {port!r} is plugged in, nor any other", _HOW)
    if not port.strip():
        raise NoBoard("the port is empty text", _HOW)
    serials = [(candidate, candidate.serial) for candidate in candidates]
    fitting = _fitting(port, serials) or _fitting(port, _labels(candidates, ask))
    listed = ", ".join(map(str, candidates))
    return _only(
        fitting, f"no board has the serial number or bed label {port!r}; there are {listed}", f"boards fit {port!r}"
    )


def _only(candidates: list[Candidate], none: str, several: str) -> str:
    if not candidates:
        raise NoBoard(none, _HOW)
    if len(candidates) > 1:
        names = ", ".join(map(str, candidates))
        raise AmbiguousBoard(f"{len(candidates)} {several}: {names}", "name one by its port or serial number")
    return candidates[0].device


def _fitting(wanted: str, named: list[tuple[Candidate, str]]) -> list[Candidate]:
    wanted = wanted.casefold()
    whole = [candidate for candidate, name in named if name.casefold() == wanted]
    begun = [candidate for candidate, name in named if name.casefold().startswith(wanted)]
    return list(dict.fromkeys(whole or begun))


def _labels(candidates: list[Candidate], ask: Ask) -> list[tuple[Candidate, str]]:
    labels: list[tuple[Candidate, str]] = []
    for candidate in candidates:
        try:
            found = ask(candidate.device)
        except VitalwireError:
            continue  # busy, or a bare board: it cannot be the one that is meant
        labels += [(candidate, found.bed), (candidate, found.serial)]
    return labels


__all__ = ["USB_IDS", "Ask", "Candidate", "find_candidates", "resolve_port"]
