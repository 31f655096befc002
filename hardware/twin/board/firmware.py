# SPDX-License-Identifier: Apache-2.0
"""Puts the firmware on the board: runs `boot.py` and `main.py` as a board does, and again after each restart."""

import gc
import os
import sys

from board.faults import clear_fault
from board.interpreter import MICROPYTHON
from board.simulated import FirmwareEnded

_PROMPT = "\r\n>>> "


class BoardClock:
    """The clock that the firmware gets: milliseconds since its start, and the only way for it to wait."""

    def __init__(self, board):
        self._board = board
        self._crystal = board.crystal
        self._start_us = board.crystal.counted_us()

    def now_ms(self):
        """Milliseconds since the firmware started; does not wrap."""
        return (self._crystal.counted_us() - self._start_us) // 1000

    def ticks_ms(self):
        """As on the board: wraps at 2^30; safe in a timer's callback."""
        return (self._crystal.counted_us() - self._start_us) // 1000 & 0x3FFFFFFF

    def ticks_us(self):
        """As on the board: wraps at 2^30."""
        return self._crystal.counted_us() - self._start_us & 0x3FFFFFFF

    def sleep_until(self, t_ms):
        """Returns at `t_ms`, or earlier when bytes arrive; at once if it is past.

        Bytes that were left unread cut the sleep to 1 ms, so that a loop that never reads them still lets time pass.
        """
        board = self._board
        target_us = self._crystal.when_us(self._start_us + t_ms * 1000)
        if board.rx and target_us > board.timeline.now_us + 1000:
            target_us = board.timeline.now_us + 1000
        board.advance(target_us, True)


class BoardWire:
    """The wire that the firmware gets: USB serial of the simulated board."""

    def __init__(self, board):
        self.read_into = board.usb_read_into
        self.write = board.usb_write

    def open(self):
        """Every byte is data already."""

    def close(self):
        """Nothing to give back."""


class AtPrompt(BaseException):
    """No firmware runs, and the interpreter's prompt is to be a real one."""


class Firmware:
    """The firmware in `folder`. `run()` runs it for good; it returns never, the host ends it.

    With `real_prompt` it ends in AtPrompt where a board gives the interpreter's prompt; otherwise one is played here.
    """

    def __init__(self, board, folder, board_name, real_prompt=False):
        self._board = board
        self._folder = folder
        self._name = board_name
        self._real_prompt = real_prompt
        self._path = list(sys.path)

    def run(self, cause="power_on"):
        """Starts the firmware, and starts it again after each restart."""
        board = self._board
        board.restart(cause)
        while True:
            cause = self._one_life()
            if board.makes_room is not None:
                clear_fault(board, "memory_held")  # a restart frees whatever held memory
            board.flash.mount()
            os.chdir(board.flash.storage_path)  # mounting anew leaves it, and boot.py has no other path
            if cause == "bootloader":
                board.running = board.dead = False
                while board.off_us == 0:  # silent until the power is cycled
                    cause = self._idle()
            board.restart(cause)

    def _one_life(self):
        """One run of the firmware, then the prompt; gives the cause of the restart that ended it."""
        board = self._board
        self._purge()
        board.running = True
        board.started_us = board.timeline.now_us
        try:
            self._boot_and_main()
        except FirmwareEnded as ended:
            return ended.cause
        except SystemExit:
            return "soft_reset"
        except Exception as failure:
            board.traceback(failure)
        board.running = False
        return self._prompt()

    def _boot_and_main(self):
        board = self._board
        path = self._folder + "/boot.py"
        if _exists(path):
            with open(path) as f:
                code = compile(f.read(), path, "exec")
            try:
                exec(code, {"__name__": "__main__", "__file__": path})
            except Exception as failure:
                board.traceback(failure)  # the board prints it and goes on to main.py
        if not _exists(self._folder + "/main.py"):
            return
        import main

        boards = __import__("vitals.boards." + self._name, None, None, ("Board",))
        main.run(boards.Board(clock=BoardClock(board), wire=BoardWire(board), storage_path=board.flash.storage_path))

    def _prompt(self):
        """The interpreter's prompt: Ctrl-D restarts it, anything else is met with another prompt."""
        board = self._board
        if self._real_prompt:
            raise AtPrompt
        version = ".".join(str(part) for part in sys.implementation.version[:3])
        form = "MicroPython v%s, simulated; %s\r\n" if MICROPYTHON else "MicroPython, simulated by CPython %s; %s\r\n"
        banner = form % (version, board.port.machine_name)
        board.console(banner + 'Type "help()" for more information.' + _PROMPT)
        buf = bytearray(64)
        while True:
            n = board.usb_read_into(buf)
            for i in range(n):
                if buf[i] == 4:
                    board.console("\r\nMPY: soft reboot\r\n")
                    return "soft_reset"
                if buf[i] == 1:
                    board.console("\r\nraw REPL; CTRL-B to exit\r\n>")
                elif buf[i] in (2, 3, 13):
                    board.console(_PROMPT)
            ended = self._idle()
            if ended:
                return ended

    def _idle(self):
        """Time without firmware; the cause of a restart that came in it, or None."""
        board = self._board
        try:
            board.advance(board.timeline.now_us + 1000000, True)
        except FirmwareEnded as ended:
            return ended.cause
        return None

    def _purge(self):
        """Forgets the firmware's modules, so that it starts from nothing."""
        for name in list(sys.modules):
            if name in ("boot", "main", "vitals") or name.startswith("vitals."):
                del sys.modules[name]
        sys.path[:] = self._path
        gc.collect()


def _exists(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def prepare_path(folder):
    """Lets the firmware's imports find its own folder first."""
    if not MICROPYTHON:
        sys.dont_write_bytecode = True
    sys.path.insert(0, folder)
