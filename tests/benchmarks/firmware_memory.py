# SPDX-License-Identifier: Apache-2.0
"""The firmware's memory and ticks in a session of 30 minutes with cuff readings, on a bus that plays a recorded tape.

* On the desktop's MicroPython with a heap of 256 KB (64-bit): the session must run to its end. Worst tick there.
* On the official WebAssembly build, whose pointers are as wide as the board's: bytes allocated a second in steady state, and
  heap in use. It needs Node and the npm package `@micropython/micropython-webassembly-pyscript`, which is installed
  into a temporary folder; where there is no npm these rows are left out, and it says so.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path


from rows import Row
from vitalwire.service.compiled import compile_firmware
from vitalwire_protocol.codec import ConfigKey, ConfigSet, Identify, Ping, SessionBegin
from vitalwire_protocol.framing import encode_frame

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent / "board_tape"
MICROPYTHON = [sys.executable, "-m", "micropython_unix"]
NPM_PACKAGE = "@micropython/micropython-webassembly-pyscript"
SECONDS = 1800


def write_script(path: Path, seconds: int) -> None:
    """A host that opens a session with a cuff reading every five minutes and PPG batches on, and pings once a second."""
    script = [
        (1, Identify.request()),
        (2, ConfigSet.request(key=ConfigKey.PPG_STREAM, setting="1")),
        (3, SessionBegin.request(session=7, interval_s=300, max_minutes=240, same_limb=0)),
        *((second, Ping.request()) for second in range(4, seconds + 1)),
    ]
    with path.open("wb") as f:
        for number, (second, message) in enumerate(script, 1):
            frame = encode_frame(message._replace(client=1234, number=number), number, second * 1000)
            f.write(struct.pack("<IH", second, len(frame)) + frame)


def record(folder: Path, seconds: int) -> Path:
    tape, script, storage = folder / "session.tape", folder / "script", folder / "record"
    write_script(script, seconds)
    storage.mkdir()
    subprocess.run(
        [*MICROPYTHON, "-X", "heapsize=64M", HERE / "record_tape.py", ROOT, tape, script, f"{storage}/"], check=True
    )
    return tape


def compiled_firmware(folder: Path) -> Path:
    """The firmware as it is installed: compiled, so that no parser runs on the board. Built for this machine's words."""
    target = folder / "mpy"
    compile_firmware(ROOT / "firmware", target, "x64")
    return target


def play_on_desktop(tape: Path, folder: Path, heap: str, form: Path) -> dict[str, int]:
    storage = folder / f"desktop-{form.name}"
    storage.mkdir()
    program = folder / "play.py"
    program.write_text(
        f"import sys, json\nsys.path.insert(0, {str(HERE)!r})\nfrom play_tape import play\n"
        f"print(json.dumps(play({str(form)!r}, {str(tape)!r}, {str(storage) + '/'!r})))\n"
    )
    done = subprocess.run([*MICROPYTHON, "-X", f"heapsize={heap}", program], capture_output=True, text=True)
    # The interpreter does not always exit with an error after a traceback: what counts is the answer.
    last = (done.stdout.splitlines() or [""])[-1]
    if done.returncode or not last.startswith("{"):
        raise RuntimeError(f"with a heap of {heap} the session ended early:\n{done.stdout}{done.stderr}")
    found: dict[str, int] = json.loads(last)
    return found


def play_on_wasm(tape: Path, folder: Path, live_every_ms: int) -> dict[str, int]:
    modules = folder / "node"
    if not modules.exists():
        modules.mkdir()
        (modules / "package.json").write_text('{"private": true, "type": "module"}')
        subprocess.run(["npm", "install", "--silent", NPM_PACKAGE], cwd=modules, check=True, capture_output=True)
        shutil.copy(HERE / "play.mjs", modules)
    done = subprocess.run(
        ["node", "play.mjs", str(ROOT / "firmware"), str(HERE / "play_tape.py"), str(tape), str(live_every_ms)],
        cwd=modules,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr)[-2000:])
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tape = record(folder, SECONDS)
        desktop = play_on_desktop(tape, folder, "256k", compiled_firmware(folder))
        yield Row("session on a 256 KB heap (64-bit, .mpy)", desktop["seconds"] / 60, "min, no MemoryError")
        yield Row("cuff cycles in it", desktop["cycles"], "cycles")
        yield Row("worst tick, desktop MicroPython", desktop["worst_tick_us"], "us")
        if not (shutil.which("node") and shutil.which("npm")):
            print("No node and npm here: the heap was NOT MEASURED as on the board.", file=sys.stderr)
            return
        busy = play_on_wasm(tape, folder, 0)
        yield Row("allocated in steady state (32-bit)", busy["steady_bytes_per_s"], "bytes/s")
        yield Row("allocated while the cuff works (32-bit)", busy["cuff_bytes_per_s"], "bytes/s")
        yield Row("heap in use with garbage, at most (32-bit)", busy["peak_used"] / 1024, "KiB")
        live = play_on_wasm(tape, folder, 500)
        yield Row("heap in use when ready (32-bit)", live["ready"] / 1024, "KiB")
        yield Row("heap in use at the peak of a cuff cycle (32-bit)", live["peak_live_cuff"] / 1024, "KiB")
