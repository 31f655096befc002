# SPDX-License-Identifier: Apache-2.0
"""Keeps the board in step with the session: opened there, with our limits, until it is ended.

Nothing is assumed. Every heartbeat says which session is open on the board and which limits it holds; where that is not
ours, the one request that mends it is sent. So a reboot, a session that somebody else left open, and a lost answer
all take the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from vitalwire_protocol.codec import (
    Abort,
    Capabilities,
    ConfigGet,
    ConfigKey,
    ConfigSet,
    CuffStart,
    Heartbeat,
    Hello,
    Outcome,
    Refusal,
    SessionBegin,
    SessionEnd,
    SetInterval,
    SetLimits,
    Status,
    name_of,
)

from ..alarms.rules import Conduct, Limit
from ..alarms.wire import CONDUCT_MINOR, WireLimits, wire_limits
from ..link.commands import Command
from ..link.events import Answered, TimedOut
from .inputs import Setup

RETRY_MS: Final = 5000
"""After a refusal the same request is not sent again sooner than this."""
END_MS: Final = 3000
"""How long the end waits for the board to confirm."""
MAX_MINUTES: Final = 12 * 60
"""A session that nobody ends, ends on the board after this."""


class BoardSide:
    """What the board was told and what it confirmed. `take` gives the commands to send; answers come back in."""

    def __init__(self, setup: Setup, conduct: Conduct) -> None:
        self._setup = setup
        self._conduct = conduct
        self._limits: tuple[Limit, ...] = setup.limits
        self._takes_conduct = True
        self._pack()
        self._out: list[Command] = []
        self._waiting: int | None = None  # the command type that is under way
        self._not_before_ms = 0
        self._connected = False
        self._heartbeat: Heartbeat | None = None
        self._ending_since_ms: int | None = None
        self._every_s = setup.every_s or 0
        self._interval_asked = True
        self._first_reading_asked = False
        self._has_waveform = False
        self._waveform_asked = False
        self._waveform_was_off = False
        self.finished = False
        self.confirmed_end = False
        """Whether the board has said that no session of ours is open there any more."""
        self.began = False
        """Whether the board has confirmed the session at least once."""
        self.notice = ""
        """A sentence about what the board refused; read and emptied by the caller."""

    # ------------------------------------------------------------ what is so

    @property
    def guarding(self) -> bool:
        """The board holds this session and these limits, as far as it last said."""
        beat = self._heartbeat
        return (
            self._connected
            and beat is not None
            and beat.session == self._setup.session
            and beat.limits_crc == self._crc
        )

    @property
    def holds_session(self) -> bool:
        return self._heartbeat is not None and self._heartbeat.session == self._setup.session

    @property
    def limits_differ(self) -> bool:
        """Our session is open there, with other limits than ours."""
        beat = self._heartbeat
        return beat is not None and beat.session == self._setup.session and beat.limits_crc != self._crc

    @property
    def word(self) -> str:
        """For the screen."""
        if self._ending_since_ms is not None:
            return "ending"
        if not self._connected:
            return "not known"
        if self.guarding:
            return "guarding"
        return "not guarding" if self.began else "preparing"

    def hold(self, limits: Iterable[Limit]) -> None:
        """The limits that the board is to hold from now on; sent with the next heartbeat that says it does not."""
        self._limits = tuple(limits)
        self._pack()

    def _pack(self) -> None:
        self._wire: WireLimits = wire_limits(self._limits, self._conduct if self._takes_conduct else Conduct())
        self._crc = self._wire.crc if self._takes_conduct else self._wire.crc_of_items

    def _set_limits(self) -> SetLimits:
        return SetLimits.request(self._wire.latching, self._wire.escalate_s, self._wire.items)

    def interval(self, every_s: int | None) -> None:
        """The interval of readings that the board starts by itself from now on; None: it starts none."""
        self._every_s, self._interval_asked = every_s or 0, False
        self._first_reading_asked = True  # whoever sets intervals asks for single readings too

    # ------------------------------------------------------------ inputs

    def connected(self, hello: Hello) -> None:
        """A board said hello, for the first time or again."""
        self._has_waveform = bool(hello.capabilities & Capabilities.PPG_STREAM)
        self._connected, self._waiting, self._heartbeat, self._not_before_ms = True, None, None, 0
        self._takes_conduct = hello.minor >= CONDUCT_MINOR
        self._pack()

    def disconnected(self) -> None:
        self._connected, self._waiting = False, None
        if self._ending_since_ms is not None:
            self.finished = True

    def heartbeat(self, beat: Heartbeat, t_ms: int) -> None:
        """Compares what the board has with what it should have, and mends one thing."""
        self._heartbeat = beat
        if self._waiting is not None or t_ms < self._not_before_ms or not self._connected:
            return
        session = self._setup.session
        if self._ending_since_ms is not None:
            if beat.session == session:
                self._send(SessionEnd.request(session))
            else:
                self.finished = self.confirmed_end = True
        elif beat.session is None:
            self._send(self._begin(t_ms))
        elif beat.session != session:
            self.notice = f"session {beat.session:08x} was still open on the board; it was ended"
            self._send(SessionEnd.request(beat.session))
        elif beat.limits_crc != self._crc:
            self._send(self._set_limits())
        elif not self._interval_asked:
            self._interval_asked = True
            self._send(SetInterval.request(self._every_s))
        elif self._has_waveform and not self._waveform_asked:
            # Before the first cuff cycle: a board saves no setting while the cuff is inflated.
            self._waveform_asked = True
            self._send(ConfigGet.request(ConfigKey.PPG_STREAM))
        elif self._setup.every_s and not self._first_reading_asked:
            # The interval counts from the session's begin, so the first reading would come too late for a baseline.
            self._first_reading_asked = True
            self._out.append(CuffStart.request())

    def answered(self, answer: Answered, t_ms: int) -> None:
        """The board's answer to one of our requests."""
        if answer.command == SetInterval.TYPE and answer.outcome == Outcome.REFUSED:
            self._interval_asked = False
        if answer.command != self._waiting or answer.outcome == Outcome.ACCEPTED:
            return
        self._waiting = None
        good = answer.outcome == Outcome.DONE and answer.refusal == Refusal.NONE
        if not good:
            self._not_before_ms = t_ms + RETRY_MS
            why = answer.detail or name_of(Refusal, answer.refusal).replace("_", " ")
            self.notice = f"the board refused {_WORDS.get(answer.command, 'a request')}: {why}"
        elif answer.command == SessionBegin.TYPE:
            self.began = True
            self._send(self._set_limits())
        elif answer.command == ConfigGet.TYPE and answer.detail in ("", "0"):
            self._waveform_was_off = True
            self._send(ConfigSet.request(ConfigKey.PPG_STREAM, "1"))
        elif answer.command == SessionEnd.TYPE and self._ending_since_ms is not None:
            self.finished = self.confirmed_end = True
        elif answer.command == SessionEnd.TYPE:
            self._send(self._begin(t_ms))

    def timed_out(self, event: TimedOut) -> None:
        if event.command == self._waiting:
            self._waiting = None

    def end(self, t_ms: int) -> None:
        """Empties the cuff and ends the session on the board, or gives up after `END_MS`."""
        if self._ending_since_ms is not None:
            return
        self._ending_since_ms = t_ms
        if not self._connected:
            self.finished = True
            return
        beat = self._heartbeat
        if beat is None or beat.status & (Status.CUFF_ACTIVE | Status.CUFF_PRESSURISED):
            self._out.append(Abort.request())
        self._send(SessionEnd.request(self._setup.session))
        if self._waveform_was_off:
            self._out.append(ConfigSet.request(ConfigKey.PPG_STREAM, "0"))

    def advance(self, t_ms: int) -> None:
        if self._ending_since_ms is not None and t_ms >= self._ending_since_ms + END_MS:
            self.finished = True

    def next_deadline(self) -> int | None:
        if self._ending_since_ms is None or self.finished:
            return None
        return self._ending_since_ms + END_MS

    def take(self) -> list[Command]:
        """The commands to send now."""
        out, self._out = self._out, []
        return out

    # ------------------------------------------------------------ inside

    def _send(self, command: Command) -> None:
        self._waiting = command.TYPE
        self._out.append(command)

    def _begin(self, t_ms: int) -> SessionBegin:
        setup = self._setup
        minutes = MAX_MINUTES
        if setup.minutes is not None:
            left_ms = setup.started_t_ms + setup.minutes * 60_000 - t_ms
            minutes = max(1, min(MAX_MINUTES, int(left_ms // 60_000) + 2))
        self._interval_asked = True
        return SessionBegin.request(setup.session, self._every_s, minutes, int(setup.same_limb))


_WORDS: Final = {
    ConfigGet.TYPE: "to say whether it sends the waveform",
    ConfigSet.TYPE: "to send the waveform",
    SessionBegin.TYPE: "to begin the session",
    SessionEnd.TYPE: "to end the session",
    SetInterval.TYPE: "the interval of the cuff",
    SetLimits.TYPE: "the limits",
}
