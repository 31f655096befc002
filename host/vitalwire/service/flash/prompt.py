# SPDX-License-Identifier: Apache-2.0
"""A board at its MicroPython prompt, through mpremote's own library: what is there, files, restarts."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from ...errors import CheckFailed, LinkLost, UsageError, VitalwireError
from ...link.transport import open_transport
from .build import ROOT_FILES
from .plan import ACTIVE, COPIES, NAME, PACKAGE, BoardState

ANSWER_S: Final = 10.0
"""Between two bytes of an answer; hashing a file takes a board milliseconds, erasing flash some hundred."""
ENTER_S: Final = 0.5
"""A prompt answers at once; a board that restarts does not, and is asked again."""
AGAIN_S: Final = 0.2
CHUNK: Final = 1024
"""Bytes of a file a command; each costs a turn-around, and its text four times that on the board's heap at worst."""
_ASK: Final = """
import sys, os, machine
print(repr((getattr(sys.implementation, '_machine', ''), getattr(sys.implementation, '_mpy', 0),
 tuple(sys.implementation.version[:3]), machine.unique_id(), os.statvfs('/'))))
"""
_HASH: Final = """
import os, hashlib, binascii
_buf = bytearray(512)
_view = memoryview(_buf)
def _hash(path):
    h = hashlib.sha256()
    with open(path, 'rb') as f:
        n = f.readinto(_buf)
        while n:
            h.update(_view[:n])
            n = f.readinto(_buf)
    print(path + ' ' + binascii.hexlify(h.digest()).decode())
def _walk(folder):
    for entry in os.ilistdir(folder):
        path = folder + '/' + entry[0]
        if entry[1] & 0x4000:
            _walk(path)
        else:
            _hash(path)
for _name in {names!r}:
    try:
        _kind = os.stat(_name)[0]
    except OSError:
        continue
    if _kind & 0x4000:
        _walk(_name)
    else:
        _hash(_name)
"""
_REMOVE: Final = """
import os
def _remove(path):
    try:
        kind = os.stat(path)[0]
    except OSError:
        return
    if kind & 0x4000:
        for entry in list(os.ilistdir(path)):
            _remove(path + '/' + entry[0])
        os.rmdir(path)
    else:
        os.remove(path)
for _path in {paths!r}:
    _remove(_path)
"""
_FOLDERS: Final = """
import os
for _path in {paths!r}:
    try:
        os.mkdir(_path)
    except OSError as error:
        if error.errno != 17:
            raise
"""
_RESTART: Final = """
import machine
try:
    import sys
    sys.path.insert(0, {copy!r})
    from vitals.store.bootlog import BootLog
    _log = BootLog('')
    _log.start(8, False)
    _log.leave_service()
except Exception:
    pass
machine.reset()
"""


class Prompt:
    """One board at its prompt. Every call raises LinkLost where the board is gone, CheckFailed where it says no."""

    def __init__(self, port: str, transport: Any) -> None:
        self.port = port
        self._transport = transport

    def close(self) -> None:
        """Gives the port back; may be called twice."""
        _close(self._transport)

    def state(self) -> BoardState:
        """What the board is and which firmware files are on it."""
        about = self._exec(_ASK)
        try:
            machine, mpy, version, unique, statvfs = ast.literal_eval(about)
            micropython = (int(version[0]), int(version[1]), int(version[2]))
            serial, free_bytes = _serial(unique), int(statvfs[0] * statvfs[3])
            if not isinstance(machine, str) or not isinstance(mpy, int):
                raise TypeError
        except (ValueError, TypeError, LookupError, SyntaxError, AttributeError, MemoryError, RecursionError):
            raise CheckFailed(
                f"{self.port}: a prompt answers, but not as MicroPython on a board does: {about[:60]!r}",
                "if a program of yours prints there meanwhile, take it off the board; else choose another port",
            ) from None
        said = self._exec(_HASH.replace("{names!r}", repr((*ROOT_FILES, ACTIVE, PACKAGE, *COPIES))))
        files = dict(line.rsplit(" ", 1) for line in said.splitlines() if " " in line)
        files.pop(ACTIVE, None)
        active = self._text(ACTIVE) if f"{ACTIVE} " in said else None
        manifest = f"{active}/{NAME}"
        return BoardState(
            machine=machine,
            mpy=mpy,
            micropython=micropython,
            serial=serial,
            free_bytes=free_bytes,
            files=files,
            active=active,
            manifest=self._text(manifest) if manifest in files else None,
        )

    def names(self) -> list[str]:
        """Files in the root folder."""
        with self._guarded():
            return [entry.name for entry in self._transport.fs_listdir() if not entry.st_mode & 0x4000]

    def read(self, path: str) -> bytes:
        """A file's content."""
        with self._guarded():
            return bytes(self._transport.fs_readfile(path, chunk_size=CHUNK))

    def write(self, path: str, data: bytes, progress: Callable[[int], None] | None = None) -> None:
        """Writes a file; `progress` gets the bytes that were written since it was last called."""
        done = 0

        def tell(written: int, _size: int) -> None:
            nonlocal done
            if progress is not None:
                progress(written - done)
            done = written

        with self._guarded():
            self._transport.fs_writefile(path, data, chunk_size=CHUNK, progress_callback=tell)

    def replace(self, path: str, data: bytes) -> None:
        """Puts `data` in the place of a file in one step: at any moment there is the old one or the new one, whole."""
        new = f"{path}.new"
        self.write(new, data)
        self._exec(f"import os\nos.rename({new!r}, {path!r})")

    def hashes(self, folder: str) -> dict[str, str]:
        """SHA-256 of every file below a folder."""
        said = self._exec(_HASH.replace("{names!r}", repr((folder,))))
        return dict(line.rsplit(" ", 1) for line in said.splitlines() if " " in line)

    def remove(self, *paths: str) -> None:
        """Removes files and whole folders; what is not there is no error."""
        if paths:
            self._exec(_REMOVE.replace("{paths!r}", repr(paths)))

    def make_folders(self, *paths: str) -> None:
        """Makes folders, outer ones first; what is there already is no error."""
        self._exec(_FOLDERS.replace("{paths!r}", repr(paths)))

    def restart(self, copy: str) -> None:
        """Leaves service mode, if the firmware in `copy` knows it, and restarts the board. Closes the port."""
        self._last(_RESTART.replace("{copy!r}", repr(copy)))

    def enter_bootloader(self) -> None:
        """Restarts the board into the boot loader of its chip. Closes the port."""
        self._last("import machine\nmachine.bootloader()")

    # ------------------------------------------------------------ inside

    def _text(self, path: str) -> str:
        return self.read(path).decode("utf-8", "replace")

    def _exec(self, command: str) -> str:
        with self._guarded():
            return bytes(self._transport.exec(command)).decode("utf-8", "replace").replace("\r\n", "\n").strip()

    def _last(self, command: str) -> None:
        """A command with which the board goes: its port may go before it has acknowledged. What follows proves it."""
        with contextlib.suppress(LinkLost), self._guarded():
            self._transport.exec_raw_no_follow(command)
        self.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """mpremote's exceptions into ours; what it prints is not for standard output."""
        from mpremote.transport import TransportError, TransportExecError

        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except TransportExecError as error:
            last = (str(error.error_output).strip().splitlines() or ["nothing"])[-1]
            raise CheckFailed(f"{self.port}: the board said {last!r}", _full(last)) from error
        except (TransportError, OSError, struct.error, ValueError, IndexError, SyntaxError) as error:
            raise LinkLost(
                f"{self.port}: the board went away while it was being written to",
                "nothing is broken: plug it in again and run `vitalwire flash` once more",
            ) from error


def open_prompt(port: str, within_s: float, *, patience: Callable[[float], None] = time.sleep) -> Prompt:
    """Waits until a board is at its prompt there. Raises PortBusy, NoPermission, or LinkLost where none comes.

    A program that runs there is ended by Ctrl-C, unless it is our application, which takes it for data. The port may
    go and come back meanwhile, as USB does in a restart; it may then be busy, or not ours yet, for a moment.
    """
    end = time.monotonic() + within_s
    while True:
        try:
            open_transport(port).close()  # says why it does not open, which mpremote does not
            return Prompt(port, _enter(port))
        except VitalwireError as error:
            if time.monotonic() >= end or isinstance(error, UsageError | CheckFailed):
                raise
        patience(AGAIN_S)


def _enter(port: str) -> Any:
    """mpremote's transport, at the prompt. Raises LinkLost where there is none now."""
    try:
        from mpremote.transport import TransportError
        from mpremote.transport_serial import SerialTransport
    except ImportError as error:
        raise CheckFailed("mpremote is not installed", "pip install 'vitalwire[flash]'") from error

    transport: Any = None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            transport = SerialTransport(port, 115200, timeout=ENTER_S)
            transport.serial.write_timeout = ANSWER_S
            transport.enter_raw_repl(soft_reset=False, timeout_overall=ENTER_S)
            transport.serial.timeout = ANSWER_S
        return transport
    except (TransportError, OSError) as error:
        if transport is not None:
            _close(transport)
        raise LinkLost(
            f"{port}: no MicroPython prompt answers",
            "hold both buttons while the board gets power (service mode), or put it into its boot loader and give"
            " --micropython FILE",
        ) from error


def _close(transport: Any) -> None:
    """mpremote sets lines first that not every port has, and then leaves it open."""
    with contextlib.suppress(OSError):
        transport.close()
    with contextlib.suppress(OSError):
        transport.serial.close()


def _full(said: str) -> str:
    if "28" in said or "ENOSPC" in said:
        return "its flash is full: remove what does not belong to Vitalwire from it"
    return "run `vitalwire flash` once more; if it says so again, its flash may be worn out"


def _serial(unique: bytes) -> str:
    """As the firmware says it: hex, and a simulated board's in letters."""
    return unique.decode() if re.fullmatch(rb"SIM[A-Za-z0-9._-]*", unique) else unique.hex().upper()


__all__ = ["Prompt", "open_prompt"]
