# SPDX-License-Identifier: Apache-2.0
"""The host: takes its commands, answers each as the protocol says, and notices when nobody is there any more."""

from micropython import const

from vitals.link import framing, requests, wire

# A host pings once a second. This long without a word means that nobody guards the session but the board.
LOST_MS = const(5000)
HELLO_EVERY_MS = const(2000)
_RECEIVE = const(128)
# A flood from the host must not keep the loop from its work.
_READS = const(4)

# A handler's word for "accepted; the answer comes later".
LATER = const(-1)


def parser_of(command):
    """The parser of a command; None for one that is not known."""
    parser = wire.PARSERS.get(command)
    if parser is None and wire.SELFTEST_RUN <= command <= wire.CALIBRATION_CLEAR:
        from vitals.link import wire_service

        parser = wire_service.PARSERS.get(command)
    return parser


class Host:
    """Bytes from the wire to `actions` (parts.actions), answers to `telemetry`.

    `spoken`: a host has spoken since the start; `present`: and less than 5 s ago.
    """

    def __init__(self, stream, telemetry, actions):
        self._stream = stream
        self._telemetry = telemetry
        self._actions = actions
        self.receiver = framing.Receiver()
        self.requests = requests.Requests()
        self._buffer = bytearray(_RECEIVE)
        self.spoken = False
        self.present = False
        self.bad_payload = 0
        self._heard_ms = 0
        self._hello_ms = 0
        # The one command whose answer comes later: a cuff cycle.
        self._waiting = None

    def next_deadline(self):
        """ms: the next hello, or when the host counts as lost; None if there is neither."""
        if not self.spoken:
            return self._hello_ms
        return self._heard_ms + LOST_MS if self.present else None

    def advance(self, t_ms):
        """Reads what has arrived, does what it says, and notices silence."""
        # Before anything is read: a host that went on pinging through a restart must learn of it all the same.
        if not self.spoken and t_ms >= self._hello_ms:
            self._hello_ms = t_ms + HELLO_EVERY_MS
            self._actions.hello(t_ms)
        for _ in range(_READS):
            n = self._stream.read_into(self._buffer)
            at = 0
            while at < n:
                at = self.receiver.feed(self._buffer, at, n)
                if self.receiver.type is not None:
                    self._take(self.receiver.type, t_ms)
            if n < _RECEIVE:
                break
        if self.present and t_ms - self._heard_ms >= LOST_MS:
            self.present = False
            self._actions.host_lost(t_ms)

    def _take(self, command, t_ms):
        body = self.receiver.body
        end = self.receiver.end
        # A command with a run begins with the length of its head, so its own parser must find the client.
        parser = parser_of(command) or wire.parse_identify
        asked = parser(body, framing.HEADER, end) or wire.parse_identify(body, framing.HEADER, end)
        if asked is None:
            self.bad_payload += 1
            return
        client, number = asked[0], asked[1]
        self._heard_ms = t_ms
        if not self.present:
            again = self.spoken
            self.spoken = self.present = True
            self._actions.host_returned(t_ms, again)
        kind = self.requests.classify(client, number, command)
        if kind == requests.STALE:
            refusal = wire.REFUSAL_BAD_VALUE
            detail = "an old request; use a new number"
            self._telemetry.answer(t_ms, client, number, command, wire.OUTCOME_REFUSED, refusal, None, detail)
            return
        answer = self.requests.answer
        if kind == requests.REPEAT:
            # Emptying the cuff twice harms nobody, and must never depend on an answer that got lost.
            if command == wire.ABORT or command == wire.VENT:
                self._actions.perform(command, asked, t_ms)
        else:
            self._perform(command, body, end, answer, t_ms)
            if answer.outcome == wire.OUTCOME_DONE:
                self._telemetry.answer(
                    t_ms, client, number, command, wire.OUTCOME_ACCEPTED, wire.REFUSAL_NONE, None, ""
                )
        self._send(client, answer, t_ms)
        if kind == requests.NEW and answer.outcome == wire.OUTCOME_ACCEPTED:
            self._waiting = (client, number, command)

    def _perform(self, command, body, end, answer, t_ms):
        parser = parser_of(command)
        actions = self._actions
        actions.value = None
        actions.detail = ""
        if parser is None:
            refusal = wire.REFUSAL_UNKNOWN_COMMAND
        else:
            fields = parser(body, framing.HEADER, end)
            if fields is None or fields[0] == 0 or None in fields:
                refusal = wire.REFUSAL_BAD_VALUE
                actions.detail = "too short, or no client"
            else:
                refusal = actions.perform(command, fields, t_ms)
        if refusal == wire.REFUSAL_NONE:
            answer.outcome = wire.OUTCOME_DONE
        elif refusal == LATER:
            answer.outcome = wire.OUTCOME_ACCEPTED
            refusal = wire.REFUSAL_NONE
        else:
            answer.outcome = wire.OUTCOME_REFUSED
        answer.refusal = refusal
        answer.value = actions.value
        answer.detail = actions.detail

    def _send(self, client, answer, t_ms):
        self._telemetry.answer(
            t_ms,
            client,
            answer.number,
            answer.command,
            answer.outcome,
            answer.refusal,
            answer.value,
            answer.detail,
        )

    def finish(self, value, t_ms):
        """The cycle that a host asked for has ended with this outcome: the one `done`."""
        if self._waiting is None:
            return
        client, number, command = self._waiting
        self._waiting = None
        answer = self.requests.find(client, number)
        if answer is not None:
            answer.outcome = wire.OUTCOME_DONE
            answer.value = value
        self._telemetry.answer(t_ms, client, number, command, wire.OUTCOME_DONE, wire.REFUSAL_NONE, value, "")
