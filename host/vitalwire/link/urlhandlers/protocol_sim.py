# SPDX-License-Identifier: Apache-2.0
"""`sim://` for pyserial: a simulated board behind the interface of a serial port.

Virtual time passes only inside `read` and `read_available`; a write takes effect at the present virtual time. The
speed is nothing but a sleep in here after the board has run, so the board's bytes do not depend on it. Any program
that uses pyserial can have a board this way, after
`serial.protocol_handler_packages.append("vitalwire.link.urlhandlers")`.
"""

from __future__ import annotations

import time
from typing import Any, Final

from serial import PortNotOpenError, SerialBase, SerialException

from ...clock import VirtualClock
from ...errors import VitalwireError
from ..sim_options import SimOptions, parse_sim_url
from ..twin_process import TwinProcess

BLOCKING_S: Final = 1.0
"""A read without time-out lets time pass in steps of this, so that Ctrl-C is heard."""
BEHIND_S: Final = 1.0
"""A board that cannot keep up with the wanted speed this far behind is not hurried afterwards."""


class Serial(SerialBase):
    """A simulated board as a serial port. Baud rate and the like are accepted and mean nothing, as on USB."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.twin: TwinProcess | None = None
        self.clock = VirtualClock()
        self._buffer = bytearray()
        self._origin = (0.0, 0)
        super().__init__(*args, **kwargs)

    def open(self) -> None:
        """Starts the simulated board. Raises SerialException whose cause is the precise VitalwireError."""
        if self.port is None:
            raise SerialException("the port must be set before it is opened")
        if self.is_open:
            raise SerialException("the port is open already")
        try:
            options = parse_sim_url(self.port)
            twin = TwinProcess(options)
            twin.start()
        except VitalwireError as error:
            raise SerialException(str(error)) from error
        self.twin = twin
        self.clock = VirtualClock(options.start_utc_ms)
        self._buffer.clear()
        self._origin = (time.monotonic(), twin.now_us)
        self.is_open = True

    def close(self) -> None:
        """Ends the simulated board."""
        self.is_open = False
        twin, self.twin = self.twin, None
        if twin is not None:
            twin.close()

    @property
    def options(self) -> SimOptions:
        """What was asked for in the URL."""
        return self._twin().options

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read without time passing."""
        return len(self._buffer)

    def read_available(self, timeout_s: float | None) -> bytes:
        """Everything that has arrived, as soon as there is any; b"" after `timeout_s` of virtual time."""
        if not self._buffer:
            self._run(BLOCKING_S if timeout_s is None else timeout_s)
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes, fewer where the port's `timeout` (virtual seconds) passes first."""
        start_ms = self.clock.monotonic_ms()
        while len(self._buffer) < size:
            if self.timeout is None:
                self._run(BLOCKING_S)
                continue
            left_s = self.timeout - (self.clock.monotonic_ms() - start_ms) / 1000
            got = len(self._buffer)
            self._run(max(left_s, 0.0))
            if left_s <= 0 and len(self._buffer) == got:
                break
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def write(self, b: Any, /) -> int:
        """Hands all bytes to the board at the present virtual time."""
        data = bytes(b)
        self._twin().write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits on this side."""

    def reset_input_buffer(self) -> None:
        self._twin()
        self._buffer.clear()

    def reset_output_buffer(self) -> None:
        self._twin()

    def _twin(self) -> TwinProcess:
        if self.twin is None:
            raise PortNotOpenError()
        return self.twin

    def _run(self, duration_s: float) -> None:
        twin = self._twin()
        now_us, data = twin.run_until(twin.now_us + round(duration_s * 1e6))
        self.clock.advance_to(now_us // 1000)
        self._buffer += data
        self._keep_pace(now_us, twin.options.speed)

    def _keep_pace(self, now_us: int, speed: float | None) -> None:
        if speed is None:
            return
        started_s, started_us = self._origin
        wait_s = started_s + (now_us - started_us) / 1e6 / speed - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        elif wait_s < -BEHIND_S:
            self._origin = (time.monotonic(), now_us)

    def _reconfigure_port(self) -> None:
        """A simulated USB port has nothing to configure."""

    def _update_break_state(self) -> None: ...

    def _update_rts_state(self) -> None: ...

    def _update_dtr_state(self) -> None: ...

    @property
    def cts(self) -> bool:
        return True

    @property
    def dsr(self) -> bool:
        return True

    @property
    def ri(self) -> bool:
        return False

    @property
    def cd(self) -> bool:
        return True


__all__ = ["Serial"]
