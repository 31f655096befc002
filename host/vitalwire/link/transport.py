# SPDX-License-Identifier: Apache-2.0
"""Bytes to and from a board, whatever lies between: USB serial, a socket, RFC 2217, a pty, a simulated board."""

from __future__ import annotations

import contextlib
import select
import time
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from ..clock import Clock, SystemClock
from ..errors import HungUp, LinkLost
from .port_errors import busy, holders, port_error

if TYPE_CHECKING:
    from .sim_options import SimOptions
    from .urlhandlers.protocol_sim import Serial as SimSerial

CHUNK: Final = 4096
WRITE_TIMEOUT_S: Final = 2.0
"""A board takes bytes within milliseconds; one that takes none for this long is gone or hangs."""
SLICE_S: Final = 0.05
"""Where the system cannot wait for a port and a time at once, it is asked this often."""


class Transport(Protocol):
    """An open way to one board. Made by `open_transport`; not for use by two threads at once."""

    clock: Clock
    name: str
    simulated: bool

    def read(self, timeout_s: float) -> bytes:
        """Returns what has arrived, as soon as there is any; b"" after `timeout_s`. Raises LinkLost."""
        ...

    def write(self, data: bytes) -> None:
        """Hands all of `data` to the system. Raises LinkLost."""
        ...

    def close(self) -> None:
        """Ends it; may be called twice. A simulated board's process ends with it."""
        ...


def open_transport(name: str) -> Transport:
    """Opens `name`, a URL with `://` or a device; `opening.open_port` also takes serial numbers and bed labels.

    Raises UsageError, NoBoard, PortBusy, NoPermission or LinkLost, each in a sentence.
    """
    if name.startswith("sim:"):
        return _open_sim(name)
    return _open_serial(name)


class SerialTransport:
    """A port of this computer or of another one, through pyserial."""

    simulated = False

    def __init__(self, name: str, port: Any) -> None:
        """`port`: an open pyserial port whose `timeout` is `SLICE_S`, or 0 where it has a file number to wait on."""
        self.name = name
        self.clock: Clock = SystemClock()
        self._port = port
        self._fd = _file_number(port)
        self._silent = name.startswith("socket://")

    def read(self, timeout_s: float) -> bytes:
        try:
            if self._fd is not None:
                ready, _, _ = select.select([self._fd], [], [], max(timeout_s, 0.0))
                data = bytes(self._port.read(CHUNK)) if ready else b""
            else:
                data = self._read_in_slices(timeout_s)
            self._silent = self._silent and not data
            return data
        except (OSError, ValueError, TypeError) as error:
            # pyserial lets a TypeError out where the port was closed under it.
            raise self._lost(error) from error

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except (OSError, ValueError, TypeError) as error:
            raise self._lost(error) from error

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._port.close()

    def _read_in_slices(self, timeout_s: float) -> bytes:
        end = time.monotonic() + timeout_s
        while True:
            if first := self._port.read(1):
                return bytes(first + self._port.read(self._port.in_waiting))
            if time.monotonic() >= end:
                return b""

    def _lost(self, error: Exception) -> LinkLost:
        if "timeout" in str(error).lower():
            return LinkLost(f"{self.name}: the board takes no more bytes", "unplug it and plug it in again")
        if self._silent:
            what = f"{self.name} hung up before it said anything: another program has the board, or it is gone"
            return HungUp(what, "end that program (a monitor, a stream), then try again")
        return LinkLost(f"{self.name}: the link to the board ended", "check the cable and that the board has power")


class SimTransport:
    """A simulated board. Its clock is virtual: it moves only inside `read`."""

    simulated = True

    def __init__(self, name: str, port: SimSerial) -> None:
        self.name = name
        self.clock: Clock = port.clock
        self.port = port
        """The pyserial port; `port.twin` acts on the simulated world, for tests."""

    @property
    def options(self) -> SimOptions:
        """What was asked for in the URL."""
        return self.port.options

    @property
    def interpreter(self) -> str:
        """`micropython`, or `cpython` where that package is not installed."""
        return self.port.twin.interpreter if self.port.twin else ""

    def read(self, timeout_s: float) -> bytes:
        try:
            return self.port.read_available(timeout_s)
        except OSError as error:
            raise LinkLost(f"{self.name} is closed") from error

    def write(self, data: bytes) -> None:
        try:
            self.port.write(data)
        except OSError as error:
            raise LinkLost(f"{self.name} is closed") from error

    def truth(self) -> dict[str, Any]:
        """What is so in the simulated world now."""
        if self.port.twin is None:
            raise LinkLost(f"{self.name} is closed")
        return self.port.twin.state()

    def do(self, what: str, **values: object) -> None:
        """Acts on the simulated world, as `hardware/twin/README.md` says."""
        if self.port.twin is None:
            raise LinkLost(f"{self.name} is closed")
        self.port.twin.do(what, **values)

    def close(self) -> None:
        self.port.close()


def _open_sim(name: str) -> SimTransport:
    from .urlhandlers.protocol_sim import Serial

    port = Serial()
    port.port = name
    try:
        port.open()
    except OSError as error:
        raise port_error(name, error) from error
    return SimTransport(name, port)


def _open_serial(name: str) -> SerialTransport:
    import serial

    register_url_handlers()
    options: dict[str, Any] = {"do_not_open": True, "timeout": SLICE_S}
    if not name.startswith("rfc2217:"):  # which has no such thing
        options["write_timeout"] = WRITE_TIMEOUT_S
    if "://" not in name:
        options["exclusive"] = True
    try:
        _check_address(name)
        port = serial.serial_for_url(name, **options)
        # DTR and RTS stay as the system sets them on opening, both on: the Pico sends only while DTR is on, and an
        # ESP32 is reset only by one being on and the other off. Whoever switches them one after the other resets it.
        port.dtr = port.rts = True
        port.open()
        if _file_number(port) is not None:
            port.timeout = 0  # `select` waits, and then everything there is gets read at once
    except (OSError, ValueError, AttributeError, TypeError, NotImplementedError) as error:
        raise port_error(name, error) from error
    # A program that does not lock (a serial terminal) would share the port, and each would get half of the bytes.
    if name.startswith(("/dev/tty", "/dev/serial/")) and (others := holders(name)):
        port.close()
        raise busy(name, others)
    return SerialTransport(name, port)


def _check_address(name: str) -> None:
    """Raises ValueError for a network URL without host or port, for which pyserial has no words of its own."""
    if name.startswith(("socket://", "rfc2217://")):
        parts = urlsplit(name)
        if not parts.hostname or parts.port is None:
            raise ValueError("it has no host or no port")


def register_url_handlers() -> None:
    """Makes `sim://` known to pyserial in this process."""
    import serial

    package = "vitalwire.link.urlhandlers"
    if package not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append(package)


def _file_number(port: Any) -> int | None:
    try:
        return int(port.fileno())
    except (OSError, AttributeError, ValueError):
        return None


__all__ = ["SerialTransport", "SimTransport", "Transport", "open_transport", "register_url_handlers"]
