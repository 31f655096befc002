# SPDX-License-Identifier: Apache-2.0
"""The control connection: the host says how far time may run, and gets the bytes that the board wrote on the way."""

import json
import select
import socket
import struct

from board import faults

_LIMIT_US = 1 << 60
_LONGEST = 1 << 20
_LOOK_EVERY_US = 1000000  # virtual time between looks whether the host is still there


class HostGone(BaseException):
    """The connection has ended, and with it the process."""


class Control:
    """The host's side of a simulated board, over a connected stream socket."""

    def __init__(self, board, connection):
        self._board = board
        self._connection = connection
        self._in = bytearray()
        self._running = False  # a run was asked for and not yet answered
        self._poller = select.poll() if hasattr(select, "poll") else None
        if self._poller:
            self._poller.register(connection, select.POLLIN)
        board.host = self
        board.timeline.at(_LOOK_EVERY_US, self._look)

    def hello(self, about):
        """Says who this is."""
        self._send(b"H", json.dumps(about).encode())

    def turn(self, board):
        """Hands over what the board wrote, and obeys until the next run is asked for."""
        while True:
            if self._running:
                self._send(b"T", struct.pack("<Q", board.timeline.now_us) + bytes(board.tx))
                board.tx = bytearray()
                self._running = False
            kind, payload = self._receive()
            if kind == b"R":
                board.limit_us = min(struct.unpack("<Q", payload)[0], _LIMIT_US)
                self._running = True
                if board.limit_us > board.timeline.now_us and not board.tx:
                    return
            elif kind == b"W":
                board.host_bytes(payload)
            elif kind == b"D":
                self._answer(self._do, payload)
            elif kind == b"Q":
                self._answer(self._state, payload)
            elif kind == b"X":
                raise HostGone
            else:
                self._send(b"E", ("there is no frame of type %r" % kind).encode())

    def end(self):
        """Hands over what the board wrote last, to whoever waits for a run."""
        if self._running:
            self._send(b"T", struct.pack("<Q", self._board.timeline.now_us) + bytes(self._board.tx))
            self._running = False

    # ------------------------------------------------------------ frames

    def _send(self, kind, payload):
        try:
            self._connection.sendall(kind + struct.pack("<I", len(payload)) + payload)
        except OSError:
            raise HostGone

    def _receive(self):
        while True:
            have = self._in
            if len(have) >= 5:
                size = struct.unpack("<I", have[1:5])[0]
                if size > _LONGEST:
                    raise HostGone
                if len(have) >= 5 + size:
                    self._in = have[5 + size :]
                    return bytes(have[:1]), bytes(have[5 : 5 + size])
            self._fill()

    def _fill(self):
        try:
            data = self._connection.recv(512)
        except OSError:
            data = b""
        if not data:
            raise HostGone
        self._in.extend(data)

    def _look(self, entry):
        """In a long run without bytes: notices that the host has gone or wants to end."""
        self._board.timeline.again(entry, entry[0] + _LOOK_EVERY_US)
        if self._poller is not None:
            ready = bool(self._poller.poll(0))
        else:
            ready = bool(select.select([self._connection], [], [], 0)[0])
        if ready:
            self._fill()
            if self._in[:1] == b"X":
                raise HostGone

    # ------------------------------------------------------------ acts and questions

    def _answer(self, what, payload):
        room = self._board.makes_room
        if room is None:
            self._answer_now(what, payload)
            return
        if what == self._state:  # often, and mostly there is room enough
            try:
                self._answer_now(what, payload)
                return
            except MemoryError:
                pass
        with room:
            self._answer_now(what, payload)

    def _answer_now(self, what, payload):
        try:
            request = json.loads(payload)
            if not isinstance(request, dict):
                raise ValueError("a request is a JSON object")
            answer = what(request)
        except (ValueError, TypeError, KeyError) as problem:
            self._send(b"E", str(problem).encode())
            return
        self._send(b"O", json.dumps(answer).encode())

    def _state(self, request):
        what = request.get("what", "state")
        if what == "cuff":
            return self._cuff()
        if what != "state":
            raise ValueError("'what' is 'state' or 'cuff', not %s" % json.dumps(what))
        return self._board.state()

    def _cuff(self):
        """The part of the state that a test looks at many times a second: it costs a tenth of the whole."""
        board = self._board
        board.sync()
        world = board.world
        return {
            "t_us": board.timeline.now_us,
            "cuff_mmhg": world.cuff_mmmhg / 1000,
            "manifold_mmhg": world.manifold_mmmhg / 1000,
            "pump_running": world.pump_running,
            "external_tripped": world.external.tripped,
            "levels_permille": board.levels,
        }

    def _do(self, request):
        do = request.pop("do", None)
        action = getattr(self, "_do_" + do, None) if isinstance(do, str) else None
        if action is None:
            raise ValueError("cannot do %s; see 'The control connection' in hardware/twin/README.md" % json.dumps(do))
        action(**request)
        return {"t_us": self._board.timeline.now_us}

    def _do_fault(self, name, in_s=0, **arguments):
        board = self._board
        if in_s:
            faults.schedule(board, name, board.timeline.now_us + int(in_s * 1000000), arguments)
        else:
            faults.set_fault(board, name, arguments)

    def _do_clear(self, name):
        faults.clear_fault(self._board, name)

    def _do_press(self, button, ms=200):
        board = self._board
        board.set_button(button, True)
        board.timeline.at(board.timeline.now_us + int(ms * 1000), lambda entry: board.set_button(button, False))

    def _do_hold(self, button):
        self._board.set_button(button, True)

    def _do_release(self, button):
        self._board.set_button(button, False)

    def _do_unplug(self):
        faults.set_fault(self._board, "usb_unplug", {})

    def _do_plug(self):
        faults.clear_fault(self._board, "usb_unplug")

    def _do_stall(self):
        faults.set_fault(self._board, "usb_stall", {})

    def _do_resume(self):
        faults.clear_fault(self._board, "usb_stall")

    def _do_power_cycle(self, off_ms=1000):
        faults.set_fault(self._board, "brown_out", {"off_ms": off_ms})

    def _do_patient(self, **values):
        self._board.settle()
        self._board.world.set_patient(**values)

    def _do_play_cuff(self):
        self._board.settle()
        self._board.world.play_cuff()


def connect(address):
    """A connection to `HOST:PORT`. Raises ValueError in words."""
    try:
        host, port = address.rsplit(":", 1)
        place = socket.getaddrinfo(host, int(port), 0, socket.SOCK_STREAM)[0]
    except (ValueError, OSError, IndexError):
        raise ValueError("--connect wants HOST:PORT, not '%s'" % address)
    connection = socket.socket(place[0], place[1])
    try:
        connection.connect(place[-1])
        connection.setsockopt(6, 1, 1)  # TCP_NODELAY by its number: MicroPython has no name for it
    except OSError as problem:
        raise ValueError("nobody listens at %s (%s); the host starts first" % (address, problem))
    return connection
