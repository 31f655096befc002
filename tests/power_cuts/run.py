# SPDX-License-Identifier: Apache-2.0
"""Takes the power from a simulated board at every write of a flash, kills the host at random, and counts what is lost.

    python tests/power_cuts/run.py [--step 16] [--kills 200] [--heals 12] [--out FILE]

One JSON object a line: each part with what it counted. Exit code 1 if a board was bricked or a setting lost.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import vitalwire
from vitalwire import board_files
from vitalwire.link.whole_board import WholeBoard
from vitalwire.service.flash.build import Build, compile_build, write_build
from vitalwire.service.flash.deploy import Order
from vitalwire.service.flash.prompt import Prompt, open_prompt
from vitalwire.service.flash.run import Target, flash
from vitalwire_protocol.codec import ConfigKey, ConfigSet, ServiceEnter

HERE = Path(__file__).resolve().parent
CALIBRATE = """
import sys
sys.path.insert(0, 'copy_a')
from vitals.store.storage import Storage
from vitals.store.calibrating import Calibrator
c = Calibrator(Storage(''))
print(c.set_guard(2648, 5156, 9000), c.set_cuff(10, 16384, 9000))
"""
LABEL = """
import sys
sys.path.insert(0, 'copy_a')
from vitals.store.storage import Storage
from vitals.store.config import Config
print(Config(Storage('')).set(0, 'another bay'))
"""


class Quiet:
    """Progress that nobody watches."""

    def step(self, text: str, total: int | None = None) -> None: ...
    def advance(self, amount: int) -> None: ...
    def note(self, text: str) -> None: ...


def builds(folder: Path) -> tuple[Build, Build]:
    """The firmware, and one that differs in every module's neighbour: its version and one file."""
    source = folder / "source"
    shutil.copytree(board_files.firmware(), source, ignore=shutil.ignore_patterns("__pycache__"))
    package = source / "vitals" / "__init__.py"
    package.write_text(package.read_text().replace("(0, 1, 0)", "(0, 9, 0)"))
    boot = source / "boot.py"
    boot.write_text(boot.read_text() + "# of another version\n")
    return compile_build("pico", "x64"), compile_build("pico", "x64", source)


def put(board: WholeBoard, build: Build, folder: Path) -> str:
    """Flashes; returns the firmware that says hello."""
    order = Order(lambda _state: build, folder / "kept", datetime.now(UTC))
    outcome = flash(Target(str(board.port_link), None, None), order, Quiet())[1]
    assert outcome.after is not None
    return outcome.after.firmware


def in_service(board: WholeBoard) -> Prompt:
    with vitalwire.open_board(board.port) as opened:
        opened.command(ServiceEnter.request(), wait=False)
    return open_prompt(str(board.port_link), 20)


def check(base: Path, journal: Path | None, step: int) -> dict[str, Any]:
    """All cuts of a journal, on two cores."""

    def shard(number: int) -> dict[str, Any]:
        command = [sys.executable, "-m", "micropython_unix", "-X", "heapsize=64M", str(HERE / "check.py"), str(base)]
        command += [str(journal or "-"), str(step), str(number), "2", str(board_files.firmware())]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.stdout.strip().startswith("{"):
            raise SystemExit(f"check.py failed: {done.stdout[-500:]} {done.stderr[-500:]}")
        return dict(json.loads(done.stdout))

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(shard, (0, 1))
    merged: dict[str, Any] = {"writes": first["writes"], "cuts": first["cuts"] + second["cuts"]}
    for key in ("states", "settings"):
        merged[key] = {k: first[key].get(k, 0) + second[key].get(k, 0) for k in {**first[key], **second[key]}}
    merged["problems"] = first["problems"] + second["problems"]
    merged["bricked"] = merged["states"].get("bricked", 0)
    merged["settings_lost"] = sum(n for key, n in merged["settings"].items() if key.endswith("lost"))
    return merged


def recorded(folder: Path, image: Path | None, act: Any) -> tuple[Path, Path]:
    """(flash before, journal) of what `act` does with a board that begins at its prompt with `image`."""
    board_folder, journal, base = folder / "board", folder / "journal", folder / "base.img"
    board_folder.mkdir(parents=True)
    if image is not None:
        shutil.copy(image, board_folder / "flash.img")
    board = WholeBoard(board_folder, journal=journal)
    board.start()
    try:
        act(board, lambda: (shutil.copy(board.image, base), journal.write_bytes(b"")))
    finally:
        board.close()
    return base, journal


def cut_flash(folder: Path, step: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], Path, Path, Build]:
    """The sweeps: a bare board, an update, a setting saved."""
    old, new = builds(folder)

    def first(board: WholeBoard, begin: Any) -> None:
        open_prompt(str(board.port_link), 20).close()
        begin()
        put(board, old, folder)
        with vitalwire.open_board(board.port) as opened:
            opened.command(ConfigSet.request(key=ConfigKey.BED_LABEL, setting="bay 7"))
        prompt = in_service(board)
        assert prompt._exec(CALIBRATE) == "0 0"
        prompt.close()

    base, journal = recorded(folder / "bare", None, first)
    bare = {"part": "first flash of a bare board", **check(base, journal, step)}
    prepared = folder / "bare" / "board" / "flash.img"

    def update(board: WholeBoard, begin: Any) -> None:
        prompt = in_service(board)
        prompt.close()
        begin()
        assert put(board, new, folder) == "0.9.0"

    base, journal = recorded(folder / "update", prepared, update)
    updated = {"part": "update, with settings", **check(base, journal, step)}

    def save(board: WholeBoard, begin: Any) -> None:
        prompt = in_service(board)
        begin()
        assert prompt._exec(LABEL) == "0"
        prompt.close()

    save_base, save_journal = recorded(folder / "save", prepared, save)
    saved = {"part": "one setting saved", **check(save_base, save_journal, 1)}
    return bare, updated, saved, base, journal, new


def heal(folder: Path, base: Path, journal: Path, new: Build, count: int) -> dict[str, Any]:
    """From moments spread over the update: power back, and the next flash puts it right."""
    sys.path.insert(0, str(HERE))
    import check as checker  # reading the journal needs nothing of MicroPython

    ops = checker.read_journal(str(journal))
    healed = 0
    for n in range(count):
        data = bytearray(base.read_bytes())
        upto = (n * 2 + 1) * len(ops) // (2 * count)
        for kind, block, offset, bytes_ in ops[:upto]:
            del kind
            data[block * 4096 + offset : block * 4096 + offset + len(bytes_)] = bytes_
        _, block, offset, bytes_ = ops[upto]
        half = len(bytes_) // 2
        data[block * 4096 + offset : block * 4096 + offset + half] = bytes_[:half]
        place = folder / f"heal{n}"
        place.mkdir()
        (place / "flash.img").write_bytes(data)
        board = WholeBoard(place)
        board.start()
        try:
            healed += put(board, new, folder) == "0.9.0"
            with vitalwire.open_board(board.port) as opened:
                healed -= opened.identity.bed != "bay 7"
        finally:
            board.close()
    return {"part": "flashed again after a cut", "cuts": count, "healed": healed, "bricked": count - healed}


def kill_hosts(folder: Path, prepared: Path, kills: int) -> dict[str, Any]:
    """Kills the host program at random moments of flashes to and fro, and looks at the flash after each."""
    generator = random.Random(7)
    old, new = builds(folder / "k")
    for name, build in (("old", old), ("new", new)):
        write_build(build, folder / name)
    place = folder / "killed"
    place.mkdir()
    shutil.copy(prepared, place / "flash.img")
    board = WholeBoard(place)
    board.start()
    ended = bricked = lost = killed = 0
    try:
        while killed < kills:
            name = ("old", "new")[generator.randrange(2)]
            command = [sys.executable, "-m", "vitalwire.cli.main", "flash", str(board.port_link)]
            command += ["--build", str(folder / name), "--keep", str(folder / "kept")]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(generator.uniform(0.3, 7.0))
                ended += 1
                continue
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
            time.sleep(0.3)
            if board.failure is not None:
                raise board.failure
            shutil.copy(board.image, folder / "look.img")
            found = check(folder / "look.img", None, 1)
            bricked += found["bricked"] > 0
            lost += found["settings_lost"] > 0 or "config new" in found["settings"]
        return {
            "part": "host killed at random", "kills": killed, "flashes_that_ended_before": ended, "bricked": bricked,
            "settings_lost": lost, "flash_after_the_last": put(board, new, folder),
        }  # fmt: skip
    finally:
        board.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=16, help="bytes between cuts of one write")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--heals", type=int, default=12)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    lines: list[dict[str, Any]] = []

    def tell(line: dict[str, Any]) -> None:
        lines.append(line)
        print(json.dumps(line), flush=True)
        if given.out:
            given.out.write_text("".join(json.dumps(one) + "\n" for one in lines))

    with tempfile.TemporaryDirectory(prefix="vitalwire-power-") as name:
        folder = Path(name)
        bare, updated, saved, base, journal, new = cut_flash(folder, given.step)
        for line in (bare, updated, saved):
            tell(line)
        if given.heals:
            tell(heal(folder, base, journal, new, given.heals))
        if given.kills:
            tell(kill_hosts(folder, folder / "bare" / "board" / "flash.img", given.kills))
    return int(any(line.get("bricked") or line.get("settings_lost") for line in lines))


if __name__ == "__main__":
    sys.exit(main())
