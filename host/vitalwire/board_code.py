# SPDX-License-Identifier: Apache-2.0
"""The firmware's own oscillometry, run here under CPython: all in integers, so the numbers are those of the board.

The firmware's packages are called `vitals` and `micropython`. They are found only while they are loaded, and forgotten
by the interpreter afterwards, so that nothing else here can take them for its own.
"""

from __future__ import annotations

import importlib
import sys
import threading
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final, NamedTuple

from . import board_files

_OWN: Final = ("vitals", "micropython")
_LOCK: Final = threading.RLock()
"""The firmware's modules share buffers, as there is one loop on a board."""


class Judged(NamedTuple):
    """What the firmware made of an oscillogram, in the scaled integers of the wire; None where there is no value."""

    outcome: int
    sbp_x10: int | None
    map_x10: int | None
    dbp_x10: int | None
    pulse_x10: int | None
    quality: int | None
    peak_amplitude_x100: int | None
    doubts: int


class _Finder:
    """Finds the firmware and what stands in for MicroPython, and nothing else."""

    def __init__(self) -> None:
        self._folders = [str(board_files.firmware()), str(board_files.twin() / "cpython")]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] not in _OWN:
            return None
        return PathFinder.find_spec(name, self._folders if path is None else path, target)


@contextmanager
def _imports() -> Iterator[None]:
    """Lets the firmware be imported, and leaves everything as it was."""
    finder = _Finder()
    before = _take_out()
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # these folders are what goes on a board, and nothing but that
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        sys.dont_write_bytecode = writes
        _take_out()
        sys.modules.update(before)


def _take_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] in _OWN]
    return {name: sys.modules.pop(name) for name in names}


@cache
def _oscillometry() -> Any:
    with _LOCK, _imports():
        return importlib.import_module("vitals.nibp.oscillometry")


def algorithm() -> int:
    """The version of the oscillometry that this program carries."""
    return int(_oscillometry().ALGORITHM)


def most_beats() -> int:
    """An oscillogram has no more beats than this."""
    return int(_oscillometry().BEATS_MOST)


def judge(
    pressure_cmmhg: Sequence[int],
    amplitude_mmmhg: Sequence[int],
    t_10ms: Sequence[int],
    *,
    direction: int = 0,
    left_out: int = 0,
    noise_mmmhg: int = 0,
    begin_cmmhg: int = 0,
    end_cmmhg: int = 0,
) -> Judged:
    """Judges one oscillogram, all of it in the integers of the wire. Raises OverflowError where one is none of 16
    bits."""
    meter = _oscillometry().Oscillometry()
    beats = [array("H", numbers) for numbers in (pressure_cmmhg, amplitude_mmmhg, t_10ms)]
    with _LOCK:
        meter.evaluate(*beats, len(beats[0]), direction, left_out, noise_mmmhg, begin_cmmhg, end_cmmhg)
    return Judged(
        meter.outcome,
        meter.sbp_x10,
        meter.map_x10,
        meter.dbp_x10,
        meter.pulse_x10,
        meter.quality,
        meter.peak_amplitude_x100,
        getattr(meter, "doubts", 0),  # version 1 of the algorithm had none
    )


__all__ = ["Judged", "algorithm", "judge", "most_beats"]
