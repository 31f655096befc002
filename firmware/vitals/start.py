# SPDX-License-Identifier: Apache-2.0
"""Builds the board and the application, and runs it; or holds the board safe in service mode and leaves the REPL."""

import sys

import vitals

# By the guard channel, 0.01 mmHg. The manifold that it sits on is ahead of the cuff while the valves are open, and one
# reading is off by a mmHg: at 10 there the cuff is below 15, so flash may be written.
_EMPTY_CMMHG = 1000
# A free cuff is empty by then; one that is not must not keep a crashed board from starting again.
_EMPTY_WITHIN_MS = 10000
_STEP_MS = 50
_HELLO_WITHIN_MS = 500
_SAY_WITHIN_MS = 200


def count_start():
    """What boot.py calls: counts this start and decides on service mode; `run` takes the decision from here.

    Nothing is saved yet: the cuff may still be emptying, and flash is not written while it is inflated.
    """
    from vitals.boards.common import reset_cause
    from vitals.store.bootlog import BootLog

    log = BootLog("")
    log.start(reset_cause(), save=False)
    vitals.boot_log = log


def run(board=None):
    """Runs the application; returns only in service mode, at the REPL. `board` replaces the one that is detected."""
    if board is None:
        from vitals.boards import detect

        board = detect()()
    log = vitals.boot_log
    if log is None:
        from vitals.store.bootlog import BootLog

        log = BootLog(board.storage_path)
        log.start(board.reset_cause, save=False)
    if log.service or _asked_by_buttons(board, log):
        _service(board, log)
        return
    if log.crashed:
        # Counted before anything can crash again, or a loop of crashes that are quick would never be noticed.
        _wait_until_empty(board, None)
        log.save()
    feed = []
    try:
        board.wire.open()
        from vitals.app import App

        app = App(board, log)
        feed.append(app.feed)
        app.run()
    except Exception as error:
        _crashed(board, log, error, feed[0] if feed else None)


def _cuff_empty(board):
    """By the guard channel alone; None if it gives no valid reading."""
    from vitals.drivers.guard import Guard

    cmmhg = Guard(board.guard_read_shared).sample()
    return None if cmmhg is None else cmmhg <= _EMPTY_CMMHG


def _asked_by_buttons(board, log):
    a, b = board.button_a.value() == 0, board.button_b.value() == 0
    if not (a and b):
        return False  # nearly always, and then what follows need not be loaded
    from vitals.service import mode

    return mode.requested_by_buttons(a, b, log.cause, _cuff_empty(board))


def _wait_until_empty(board, feed):
    """Valves are open; gives the cuff its time. Returns whether it is known to be empty."""
    clock = board.clock
    end_ms = clock.now_ms() + _EMPTY_WITHIN_MS
    while not _cuff_empty(board) and clock.now_ms() < end_ms:
        if feed:
            feed()
        step_ms = clock.now_ms() + _STEP_MS
        while clock.now_ms() < step_ms:
            clock.sleep_until(step_ms)


def _say(board, text):
    """Text on the wire for whoever listens; what finds no room within 200 ms is lost. The wire takes a part a call."""
    data = text.encode()
    clock = board.clock
    end_ms = clock.now_ms() + _SAY_WITHIN_MS
    while data:
        taken = board.wire.write(data, len(data))
        data = data[taken:]
        if not taken:
            if clock.now_ms() >= end_ms:
                break
            clock.sleep_until(clock.now_ms() + 5)


def _cut(board):
    """Everything off and open, whatever state the application left behind."""
    from vitals.drivers.pneumatics import Pneumatics

    return Pneumatics(board.pump, board.pump_enable, board.bleed, board.dump)


def _service(board, log):
    """Outputs safe, no watchdog, the reason in a hello and in words, then the REPL."""
    from vitals.service import mode
    from vitals.service.hello import say_hello

    outputs = _cut(board)
    _wait_until_empty(board, None)
    log.save()
    say_hello(board, log, _HELLO_WITHIN_MS)
    mode.hold(outputs, lambda line: _say(board, line + "\r\n"), log)
    close = getattr(board.wire, "close", None)
    if close:
        close()


def _crashed(board, log, error, feed):
    """An exception ended the loop: outputs safe, say it, record it once the cuff is empty, start again."""
    from vitals.link import wire
    from vitals.store import bootlog

    _cut(board)
    _say(board, "\r\n" + _traceback(error).replace("\n", "\r\n"))
    _wait_until_empty(board, feed)
    log.intend(bootlog.CRASHED, wire.FAULT_MEMORY if isinstance(error, MemoryError) else wire.FAULT_NONE)
    board.reset()


def _traceback(error):
    """The traceback as the interpreter prints it, its end if it is long."""
    if hasattr(sys, "print_exception"):
        import io

        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()[-600:]
    return "%s: %s\n" % (type(error).__name__, error)
