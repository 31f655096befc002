# SPDX-License-Identifier: Apache-2.0
"""A whole simulated board on a pseudo-terminal: its flash is a littlefs image in a file, and what lies there runs.

It starts as a board does: boot.py and main.py of its own flash, on simulated chips; where there are none, or they end,
the prompt of a real MicroPython. The two are processes that take turns on one image (`run.py` and `repl.py` of the
simulated board), behind one port that goes only with the power.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .. import board_files
from ..errors import LinkLost, PortBusy, UsageError, VitalwireError
from .boot_drive import BootDrive
from .sim_options import Fault, SimOptions, micropython_is_here
from .twin_process import TwinProcess

BLOCK: Final = 4096
FLASH_BLOCKS: Final = {"pico": 352, "pico2": 640, "esp32s3": 512}
"""What MicroPython's own builds leave for files, of 4 KB (ports/rp2 and ports/esp32)."""
POWER_LOST, BOOTLOADER = 4, 5
"""Exit codes of repl.py; any other is a restart."""
AT_PROMPT: Final = "at the prompt"
"""What run.py says where the firmware has left the prompt."""
_MICROPYTHON: Final = "import sys, micropython_unix as m; sys.exit(m.run_main(['micropython', *sys.argv[1:]]))"
"""The package's own `-m` keeps the exit code to itself."""
HEAP: Final = "24M"
"""Each restart leaves a copy of the flash behind until it is collected, and here it is as large as a real one."""
STEP_S: Final = 0.005
SLICE: Final = 64
"""Bytes of a USB packet."""


@dataclass
class Power:
    """When the power of a board goes while its prompt writes to the flash; None where it stays."""

    after_byte: int | None = None
    in_erase: int | None = None


@dataclass
class WholeBoard:
    """One board. `start` gives it power and serves it; `port` is where, and is gone with the power.

    `bytes_per_s` paces the port, and the flash with it, as on a board; None is as fast as it goes. `journal` gets
    every write to the flash by the prompt. `bare`: without MicroPython, so that it starts in its boot loader. `faults`
    happen while firmware runs, counted from where the prompt last gave way to it.
    """

    folder: Path
    board: str = "pico"
    serial: str = "SIM00001"
    patient: str = "calm"
    bytes_per_s: int | None = None
    journal: Path | None = None
    bare: bool = False
    faults: tuple[Fault, ...] = ()
    power: Power = field(default_factory=Power)
    port: str = ""
    state: str = "off"
    """off, firmware, prompt, bootloader."""
    failure: VitalwireError | None = None
    """Why it stopped by itself, as where its flash cannot be used."""

    def start(self) -> str:
        """Gives it power; returns the path of its port.

        Raises UsageError where this computer cannot, PortBusy where another program has this board.
        """
        if sys.platform == "win32" or not micropython_is_here():
            raise UsageError("a whole simulated board needs MicroPython and pseudo-terminals", "use sim:// instead")
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.image.exists():
            self.image.write_bytes(b"\xff" * (BLOCK * FLASH_BLOCKS[self.board]))
        self._take_image()
        self._plug_in()
        self._ending = threading.Event()
        self._off = threading.Event()
        self._thread = threading.Thread(target=self._run, name="whole-board", daemon=True)
        self._thread.start()
        return self.port

    @property
    def image(self) -> Path:
        """The content of its flash."""
        return self.folder / "flash.img"

    @property
    def drive(self) -> Path:
        """Where its boot loader's drive appears."""
        return self.folder / "drive"

    @property
    def port_link(self) -> Path:
        """A name of its port that stays the same when the port goes and comes back."""
        return self.folder / "port"

    def give_power(self) -> str:
        """Ends a loss of power, after which the flash stays whole; returns the new port."""
        self.cut_power()
        self.power = Power()
        self._plug_in()
        self._off.clear()
        return self.port

    def cut_power(self) -> None:
        """Takes the power away now."""
        self._off.set()
        while self.state != "off" and self._thread.is_alive():
            time.sleep(STEP_S)

    def close(self) -> None:
        """Ends it; may be called twice."""
        self._ending.set()
        self._off.set()
        self._thread.join(10)
        self._unplug()
        self._lock.close()

    # ------------------------------------------------------------ inside

    def _take_image(self) -> None:
        """Two boards that write to one flash would ruin it."""
        import fcntl

        self._lock = self.image.open("rb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise PortBusy(
                f"another program runs the board in {self.folder}", "end it, or name another folder"
            ) from None

    def _plug_in(self) -> None:
        import tty

        self._outer, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._outer, False)
        self.port = os.ttyname(self._slave)
        new = self.folder / "port.new"
        new.unlink(missing_ok=True)
        new.symlink_to(self.port)
        new.replace(self.port_link)

    def _unplug(self) -> None:
        """The port is gone, as USB is without power: whoever has it open is told so by the system."""
        if self.port:
            self.port = ""
            self.port_link.unlink(missing_ok=True)
            os.close(self._outer)
            os.close(self._slave)

    def _run(self) -> None:
        cause = "power_on"
        if self.bare:
            self._bootloader()
        while not self._ending.is_set():
            if self._off.is_set():
                if self.state != "off":  # once: the next port may be there already
                    self._unplug()
                    self.state = "off"
                time.sleep(STEP_S)
                cause = "power_on"
                continue
            self.state = "firmware"
            if not self._firmware(cause):
                continue
            self.state = "prompt"
            ended = self._prompt()
            if ended == POWER_LOST:
                self._off.set()
            elif ended == BOOTLOADER:
                self._bootloader()
            cause = "hard_reset"

    def _bootloader(self) -> None:
        """The drive of the chip's boot loader instead of a port, until a UF2 is on it or the power goes."""
        self._unplug()
        drive = BootDrive(self.drive, self.board)
        drive.appear()
        self.state = "bootloader"  # said only once the drive is there, so that nobody looks for a port instead
        try:
            while not self._off.is_set() and not self._ending.is_set():
                if drive.take(self.image):
                    self._plug_in()
                    return
                time.sleep(STEP_S)
        finally:
            drive.vanish()

    def _firmware(self, cause: str) -> bool:
        """Serves what runs on the board; True once the prompt is all that does, False where power was taken away."""
        options = SimOptions(
            board=self.board, serial=self.serial, patient=self.patient, flash=self.folder, faults=self.faults
        )
        twin = _Whole(options, cause)
        try:
            twin.start()
            begin_s, begin_us = time.monotonic(), twin.now_us
            while not self._off.is_set():
                until_us = begin_us + int((time.monotonic() - begin_s) * 1e6)
                if twin.now_us >= until_us:
                    select.select([self._outer], [], [], STEP_S)
                else:
                    self._to_host(twin.run_until(min(until_us, twin.now_us + 20_000))[1])
                twin.write(self._from_host())
        except VitalwireError as error:
            if isinstance(error, LinkLost) and twin.at_prompt():
                return True
            self.failure = error
            self._off.set()
        finally:
            twin.close()
        return False

    def _prompt(self) -> int | None:
        """Serves the prompt until it ends; its exit code, None where the power was taken away."""
        import tty

        master, slave = os.openpty()
        tty.setraw(slave)
        process = subprocess.Popen(self._prompt_command(), stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        try:
            while not self._off.is_set():
                readable, _, _ = select.select([master, self._outer], [], [], 0.05)
                if master in readable:
                    try:
                        self._to_host(os.read(master, 4096))
                    except OSError:  # the other end is closed: the process has ended
                        break
                if self._outer in readable:
                    data = self._from_host()
                    while data:
                        self._pace(len(data[:SLICE]))
                        os.write(master, data[:SLICE])
                        data = data[SLICE:]
                elif not readable and process.poll() is not None:
                    break
            if self._off.is_set():
                process.kill()
                process.wait()
                return None
            return process.wait()
        finally:
            os.close(master)

    def _prompt_command(self) -> list[str]:
        command = [sys.executable, "-c", _MICROPYTHON, "-i", str(board_files.twin() / "repl.py")]
        given: dict[str, object] = {"image": self.image, "board": self.board, "serial": self.serial}
        given["paced"] = int(self.bytes_per_s is not None)
        given |= {"journal": self.journal} if self.journal else {}
        given |= {"cut-byte": self.power.after_byte} if self.power.after_byte is not None else {}
        given |= {"cut-erase": self.power.in_erase} if self.power.in_erase is not None else {}
        return command + [text for name, value in given.items() for text in (f"--{name}", str(value))]

    def _from_host(self) -> bytes:
        try:
            return os.read(self._outer, 4096)
        except (BlockingIOError, OSError):
            return b""

    def _to_host(self, data: bytes) -> None:
        """What nobody reads is lost after a while, as on a board."""
        give_up_s = time.monotonic() + 0.5
        while data and time.monotonic() < give_up_s and not self._off.is_set():
            self._pace(len(data[:SLICE]))
            try:
                data = data[os.write(self._outer, data[:SLICE]) :]
            except BlockingIOError:
                time.sleep(STEP_S)

    def _pace(self, size: int) -> None:
        if self.bytes_per_s is not None:
            time.sleep(size / self.bytes_per_s)


class _Whole(TwinProcess):
    """The process in which the firmware of a whole board runs."""

    def __init__(self, options: SimOptions, cause: str) -> None:
        super().__init__(options)
        self._cause = cause
        self.heap = HEAP

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "whole": True, "cause": self._cause}

    def at_prompt(self) -> bool:
        """Whether it ended because no firmware runs any more."""
        return AT_PROMPT in self._last_lines()


__all__ = ["Power", "WholeBoard"]
