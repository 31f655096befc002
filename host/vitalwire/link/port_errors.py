# SPDX-License-Identifier: Apache-2.0
"""Why a port would not open, in a sentence with what to do next."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from ..errors import LinkLost, NoBoard, NoPermission, PortBusy, UsageError, VitalwireError

_LIST = "`vitalwire ports` lists the boards that are plugged in"
_BUSY = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)


def port_error(name: str, error: Exception) -> VitalwireError:
    """Turns what pyserial or the system raised while opening `name` into one of our errors."""
    if isinstance(error.__cause__, VitalwireError):
        return error.__cause__
    number = getattr(error, "errno", None)
    text = str(error)
    if "://" in name:
        if isinstance(error, ValueError):
            return UsageError(
                f"{name!r} is not a port that can be opened", "try sim://, socket://HOST:PORT or a device"
            )
        return NoBoard(
            f"nothing answers at {name}: {_plain(error)}", "start what serves the board there, then try again"
        )
    if number in _BUSY or (sys.platform == "win32" and "PermissionError" in text):
        return busy(name, holders(name))
    if number in (errno.EACCES, errno.EPERM):
        return NoPermission(f"you may not open {name}", _permission_hint(name))
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV) or "FileNotFoundError" in text:
        return NoBoard(f"there is no port {name}", _LIST)
    if "Could not configure port" in text or number in (errno.ENOTTY, errno.EISDIR):
        return UsageError(f"{name} is not a serial port", f"to read recorded bytes: vitalwire decode {name}; {_LIST}")
    return LinkLost(f"{name} cannot be opened: {_plain(error)}", "unplug the board, plug it in again and try again")


def busy(name: str, who: list[str]) -> PortBusy:
    """Another program holds the port; `who` names it where the system tells."""
    if who:
        return PortBusy(f"{name} is in use by {', '.join(who)}", "end that program, then try again")
    return PortBusy(f"{name} is in use by another program", "end it (a monitor, a serial terminal), then try again")


def holders(name: str) -> list[str]:
    """The other programs that have the device open, as `command (process 123)`. Linux tells; elsewhere it is empty.

    Only processes of this user can be seen.
    """
    target = os.path.realpath(name)
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            with os.scandir(process / "fd") as links:
                holds = any(os.readlink(link) == target for link in links)
            if holds:
                found.append(f"{(process / 'comm').read_text().strip()} (process {process.name})")
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return found


def _permission_hint(name: str) -> str:
    if sys.platform == "win32":
        return "start the program as a user who may"
    try:
        import grp

        group = grp.getgrgid(os.stat(name).st_gid).gr_name
    except (ImportError, OSError, KeyError):
        group = "dialout"
    if group in ("root", "wheel"):
        return "add a udev rule that gives the board's ports to a group of yours, then plug it in again"
    return f"join its group with `sudo usermod -aG {group} $USER`, log out and in, and try again"


def _plain(error: Exception) -> str:
    """The reason without the wrapping that pyserial puts around it."""
    cause = error.__context__
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return getattr(error, "strerror", None) or str(error)


__all__ = ["busy", "holders", "port_error"]
