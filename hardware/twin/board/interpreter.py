# SPDX-License-Identifier: Apache-2.0
"""What differs between MicroPython and CPython around the firmware: exceptions as text, the names a board goes by."""

import io
import os
import sys

MICROPYTHON = sys.implementation.name == "micropython"


def traceback_text(exception):
    """The traceback as the board's interpreter prints it."""
    if MICROPYTHON:
        text = io.StringIO()
        sys.print_exception(exception, text)
        return text.getvalue()
    import traceback

    return "".join(traceback.format_exception(exception))


class Named:
    """A module with some attributes of its own before those of the real one."""

    def __init__(self, real, **own):
        self._real = real
        for name in own:
            setattr(self, name, own[name])

    def __getattr__(self, name):
        return getattr(self._real, name)


class _Implementation:
    """`sys.implementation` with a board's name in it."""

    def __init__(self, machine_name):
        real = sys.implementation
        self.name = real.name
        self.version = real.version
        self._mpy = getattr(real, "_mpy", 0)
        self._machine = machine_name


class _Uname:
    """What `os.uname()` gives on a board."""

    def __init__(self, port):
        self.sysname = self.nodename = port.sysname
        self.release = "%d.%d.%d" % tuple(sys.implementation.version[:3])
        self.version = "simulated"
        self.machine = port.machine_name


def name_the_board(port):
    """Lets `sys.implementation._machine` and `os.uname()` say which board this is, as they do on one."""
    uname = _Uname(port)
    if MICROPYTHON:
        sys.modules["sys"] = Named(sys, implementation=_Implementation(port.machine_name))
        sys.modules["os"] = Named(os, uname=lambda: uname)
    else:
        sys.implementation._machine = port.machine_name
        os.uname = lambda: uname
