# SPDX-License-Identifier: Apache-2.0
"""What is on a board, and what has to be written so that a build runs there. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ...errors import CheckFailed
from .build import ROOT_FILES, Build
from .manifest import NAME, digest

COPIES: Final = ("copy_a", "copy_b")
ACTIVE: Final = "active"
"""The file whose content is the name of the copy that runs."""
PACKAGE: Final = "vitals"
OLDEST_MICROPYTHON: Final = (1, 26)
PROCESSOR_NAMES: Final = (
    "", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin",
    "rv32imc", "rv64imc",
)  # fmt: skip
"""What `sys.implementation._mpy` counts (MicroPython, py/persistentcode.h)."""
_CHIPS: Final = (("RP2350", "pico2"), ("RP2040", "pico"), ("ESP32S3", "esp32s3"))


@dataclass(frozen=True)
class BoardState:
    """A board at its prompt. `files`: path -> SHA-256 of everything that is firmware; `copy` is that of `active`."""

    machine: str
    mpy: int
    micropython: tuple[int, int, int]
    serial: str
    free_bytes: int
    files: Mapping[str, str] = field(default_factory=dict)
    active: str | None = None
    manifest: str | None = None
    """Text of the manifest of the copy that runs."""

    @property
    def board(self) -> str | None:
        """`pico`, `pico2` or `esp32s3`; None for one that the firmware does not run on."""
        return next((name for chip, name in _CHIPS if chip in self.machine), None)

    @property
    def processor(self) -> str | None:
        """As mpy-cross calls it; None where MicroPython runs no native code."""
        number = self.mpy >> 10
        return PROCESSOR_NAMES[number] if 0 < number < len(PROCESSOR_NAMES) else None

    @property
    def mpy_version(self) -> str:
        """Of compiled files that it takes, as "6.3"."""
        return f"{self.mpy & 0xFF}.{self.mpy >> 8 & 3}"

    @property
    def version(self) -> str:
        """Of MicroPython."""
        return ".".join(map(str, self.micropython))

    @property
    def running(self) -> dict[str, str]:
        """The files of the firmware that starts there, by their path in a build; empty where none does."""
        root = {path: self.files[path] for path in ROOT_FILES if path in self.files}
        inside = f"{self.active}/" if self.active in COPIES else ""
        found = {p.removeprefix(inside): h for p, h in self.files.items() if p.startswith(f"{inside}{PACKAGE}/")}
        return {**root, **found} if found else {}


@dataclass(frozen=True)
class Plan:
    """Steps in their order: `folders` and `write` in `copy`, then the pointer, then `root`, then `remove`.

    `added`, `changed`, `removed`: against what runs now. `nothing`: the board is as the build is already.
    """

    copy: str
    folders: tuple[str, ...]
    write: Mapping[str, bytes]
    root: tuple[str, ...]
    stale: tuple[str, ...]
    """Files of the copy that do not belong to the build; removed before anything is written."""
    leftovers: bool
    """Whether a package from before there were copies lies beside them."""
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    nothing: bool

    @property
    def total_bytes(self) -> int:
        """To be written into the copy."""
        return sum(map(len, self.write.values()))


def check_fits(state: BoardState, build: Build) -> None:
    """Raises CheckFailed where this build cannot run on this board."""
    manifest = build.manifest
    if state.board is None:
        raise CheckFailed(f"this board says it is {state.machine!r}, which the firmware does not run on", _BOARDS)
    if state.board != manifest.board:
        raise CheckFailed(f"this build is for {manifest.board}, and the board is a {state.board}", "take its own build")
    if state.micropython < OLDEST_MICROPYTHON:
        raise CheckFailed(
            f"the board runs MicroPython {state.version}; the firmware needs 1.26 or newer",
            "download a build for this board from micropython.org and give it with --micropython FILE",
        )
    if state.processor != manifest.processor or state.mpy_version != manifest.mpy:
        raise CheckFailed(
            f"the board takes files for {state.processor or 'no processor'}, version {state.mpy_version}; this build is"
            f" for {manifest.processor}, version {manifest.mpy}",
            "install the MicroPython that belongs to the installed mpy-cross with --micropython FILE",
        )


_BOARDS: Final = "it runs on Raspberry Pi Pico, Pico 2 and ESP32-S3 boards"


def make_plan(state: BoardState, build: Build) -> Plan:
    """What to do so that `build` runs on the board of `state`."""
    wanted = {path: digest(data) for path, data in build.copied.items()}
    running = state.running
    new = build.manifest.files
    root = tuple(path for path in ROOT_FILES if state.files.get(path) != new[path])
    leftovers = any(path.startswith(f"{PACKAGE}/") for path in state.files)
    in_place = state.active in COPIES and _copy_files(state, state.active or "") == wanted
    copy = (state.active or "") if in_place else COPIES[state.active == COPIES[0]]
    there = _copy_files(state, copy)
    return Plan(
        copy=copy,
        folders=tuple(
            sorted({"/".join(path.split("/")[:n]) for path in wanted for n in range(1, path.count("/") + 1)})
        ),
        write={path: data for path, data in build.copied.items() if there.get(path) != wanted[path]},
        root=root,
        stale=tuple(path for path in there if path not in wanted),
        leftovers=leftovers,
        added=tuple(sorted(path for path in new if path not in running)),
        changed=tuple(sorted(path for path in new if path in running and running[path] != new[path])),
        removed=tuple(sorted(path for path in running if path not in new)),
        nothing=in_place and not root and not leftovers,
    )


def check_room(state: BoardState, plan: Plan) -> None:
    """Raises CheckFailed where the copy does not fit. Each file takes whole blocks of 4 KB at worst."""
    need = sum(-(-len(data) // 4096) * 4096 for data in plan.write.values())
    if need > state.free_bytes:
        raise CheckFailed(
            f"the board has {state.free_bytes // 1024} KB free and {need // 1024} KB are needed",
            "remove what does not belong to Vitalwire from it, for example with mpremote",
        )


def _copy_files(state: BoardState, copy: str) -> dict[str, str]:
    return {path.removeprefix(f"{copy}/"): h for path, h in state.files.items() if path.startswith(f"{copy}/")}


__all__ = ["ACTIVE", "COPIES", "NAME", "PACKAGE", "BoardState", "Plan", "check_fits", "check_room", "make_plan"]
