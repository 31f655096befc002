# SPDX-License-Identifier: Apache-2.0
"""One monitored session: what the link says and what people do -> rows, alarms, commands, and what may be shown.

Sans-I/O: times come in, nothing here reads a clock, a port or a file. Each method returns the facts that it caused, in
order; commands for the board are taken with `take_commands`.
"""

from __future__ import annotations

from typing import Any, Final

from vitalwire_protocol.codec import (
    Abort,
    Acknowledge,
    CalibrationStored,
    CuffStart,
    Heartbeat,
    Hello,
    NibpResult,
    Observe,
    Oscillogram,
    Outcome,
    Ppg,
    Refusal,
    ResetCause,
    Status,
    name_of,
)

from ..link import events as link
from ..link.commands import Command
from ..link.hello import Identity, identity
from .alarm_rules import conduct_of
from .audio import SILENCING, Audio
from .bedside import Bedside
from .boardside import BoardSide
from .calibration import CalibrationAge
from .course.checkin import Equipment
from .course.course import Course
from .evidence import Evidence
from .facts import Fact, Happening, Vitals
from .gaps import Gaps
from .inputs import Setup
from .journal import Journal
from .oscillograms import Oscillograms
from .profile_read import parse_profile
from .snapshot import Snapshot, profile_words
from .watch import Watch

_PAUSED: Final = int(Status.AUDIO_PAUSED)
WAVE_MS: Final = 8000
"""How much of the wave a screen gets."""
HEAR_MS: Final = 5000
"""So long a board has, after nobody watched, to be there before the session ends because its time is over."""
OBSERVE_S: Final = 300
"""The board observes a cuff for no longer than this."""


class Session:
    """Everything between the link and the record."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.finished = False
        self.identity: Identity | None = None
        """Who the board is; None before it has said so."""
        self._journal = Journal(setup.started_utc_ms - setup.started_t_ms)
        self.profile = parse_profile(setup.profile_text, "the session's profile") if setup.profile_text else None
        conduct = self.profile.conduct if self.profile else None
        self._watch = Watch(setup.limits, self._journal.offset_ms, self.profile)
        self._audio = Audio(self._journal, *((conduct.audio_pause_s, conduct.remind_s) if conduct else ()))
        self._board = BoardSide(setup, conduct_of(self.profile))
        self._gaps = Gaps(self._journal.offset_ms)
        self._bedside = Bedside(setup, self._journal, self._watch, self._board, self._gaps)
        self._oscillograms = Oscillograms(setup, self._journal)
        self._calibration = CalibrationAge(self._journal)
        self._course: Course | None = None
        if self.profile and self.profile.phases:
            self._course = Course(self.profile, self._journal, setup.patient, setup.by, self._equipment)
        self._evidence = Evidence(setup.profile.get("hash", "default limits"), self._bedside.wave)
        self._commands: list[Command] = []
        self._later: list[Command] = []  # behind everything that guards
        self._link, self._link_detail = "connecting", ""
        self._not_recorded = ""
        self._frames_lost = 0
        self._why_ended = ""
        self._by = setup.by  # who acts where nothing else is said
        self._ends_ms = None if setup.minutes is None else setup.started_t_ms + round(setup.minutes * 60_000)
        self._mark(setup.simulated)

    # ------------------------------------------------------------ what is so

    @property
    def why_ended(self) -> str:
        """Why the session ended or ends, in a word; empty while it goes on."""
        return self._why_ended

    @property
    def simulated(self) -> bool:
        """Whether anything in this session came from a simulated board."""
        return "simulated" in self.flags

    @property
    def flags(self) -> tuple[str, ...]:
        """What marks every value of this session: `simulated`, `unsigned`, `replayed`."""
        return self._bedside.flags

    @property
    def uncalibrated(self) -> bool:
        """Whether the board says that it is not calibrated."""
        return bool(self._bedside.status & Status.UNCALIBRATED)

    @property
    def calibration_overdue(self) -> str:
        """Which calibrations are overdue since when, in words; empty where none is, or none is known."""
        return self._calibration.overdue

    @property
    def confirmed_end(self) -> bool:
        """Whether the board has confirmed that the session is over there too."""
        return self._board.confirmed_end or not self._board.began

    def next_deadline(self) -> int | None:
        """When `advance` next has something to do, or None."""
        parts = (self._watch, self._board, self._oscillograms, self._audio, self._evidence)
        times = [self._bedside.stale_at(), *(part.next_deadline() for part in parts)]
        if self._course is not None and not self._why_ended:
            times.append(self._course.next_deadline())
        if not self._why_ended:
            times.append(self._ends_ms)
        return min((t for t in times if t is not None), default=None)

    def take_commands(self) -> list[Command]:
        """The commands for the board, in order."""
        lists = (self._commands, self._audio.commands, self._bedside.commands, self._board.take(), self._later)
        out = [command for commands in lists for command in commands] if any(lists) else []
        if out:
            self._commands, self._audio.commands, self._bedside.commands, self._later = [], [], [], []
        return out

    def snapshot(self, t_ms: int) -> Snapshot:
        """What may be shown at `t_ms`."""
        board, bedside = self.identity, self._bedside
        return Snapshot(
            t_ms=t_ms,
            utc_ms=t_ms + self._journal.offset_ms,
            started_t_ms=self.setup.started_t_ms,
            board=board.serial if board else "",
            bed=self.setup.bed or (board.bed if board else ""),
            firmware=f"{board.board} {board.firmware}" if board else "",
            simulated=self.simulated,
            unsigned=self.setup.unsigned,
            link=self._link,
            link_detail=self._link_detail,
            guard=self._board.word if self._link == "up" or self._why_ended else "not known",
            oximetry=bedside.oximetry,
            cuff=bedside.cuff,
            cuff_phase=bedside.cuff_phase,
            cuff_pressure_mmhg=bedside.cuff_pressure_mmhg,
            next_cuff_t_ms=self._course.cuff.next_ms if self._course else bedside.next_cuff_ms(t_ms),
            every_s=bedside.every_s,
            ends_t_ms=self._ends_ms,
            alarms=self._watch.shown(),
            audio_paused=self._audio.state == "paused",
            not_recorded=self._not_recorded,
            notices=self._journal.notices,
            frames_lost=self._frames_lost,
            finished=self.finished,
            uncalibrated=self.uncalibrated,
            calibration_overdue=self.calibration_overdue,
            audio=self._audio.shown(),
            limits=self._watch.absolute,
            course=self._course.shown(t_ms) if self._course else None,
            wave=bedside.wave.since(t_ms - WAVE_MS),
            profile=profile_words(self.setup.profile),
        )

    # ------------------------------------------------------------ time, people, the recorder

    def begin(self, t_ms: int) -> list[Fact]:
        """The first fact of every session."""
        said = "limits not signed by a clinician" if self.setup.unsigned else ""
        if profile := self.setup.profile:
            said = f"profile {profile.get('name')} version {profile.get('version')} {profile.get('hash')}: "
            said += str(profile.get("signature"))
        begun = self._journal.note(t_ms, "session", "session", "begun", detail=said, by=self.setup.by)
        return [begun] if self._course is None else [begun, *self._pursue(self._course.begin(t_ms), t_ms)]

    def advance(self, t_ms: int) -> list[Fact]:
        """Lets time pass. Call it at exactly `next_deadline()`."""
        facts: list[Fact] = [*self._watch.advance(t_ms), *self._bedside.advance(t_ms), *self._audio.advance(t_ms)]
        facts += self._evidence.advance(t_ms)
        if self._course is not None and not self._why_ended:
            facts += self._pursue(self._course.advance(t_ms), t_ms)
        if self._ends_ms is not None and t_ms >= self._ends_ms and not self._why_ended:
            facts += self.end(t_ms, "time")
        self._board.advance(t_ms)
        self._later += self._oscillograms.take(t_ms)
        self._file(facts)
        return facts + self._finish(t_ms)

    def end(self, t_ms: int, why: str) -> list[Fact]:
        """Begins the end: the cuff is emptied and the session ended on the board; `finished` says when it is over."""
        if self._why_ended:
            return []
        self._why_ended = why
        self._bedside.ending = True
        self._board.end(t_ms)
        return [self._journal.note(t_ms, "session", "session", "ending", detail=why), *self._finish(t_ms)]

    def action(self, name: str, t_ms: int, values: dict[str, Any] | None = None) -> list[Fact]:
        """Something a person did: `start_cuff`, `stop_cuff`, `acknowledge`, `silence`, `quit`, `note`, or `observe`:
        a cuff that somebody else inflates is measured along, for at most `detail` seconds. `values` are what belongs to
        it, `detail` and `by` among them."""
        given = {"by": self._by, **(values or {})}
        if self._course is not None and (done := self._course.action(name, t_ms, given)) is not None:
            return self._pursue(done, t_ms)
        detail = str(given.get("detail", ""))
        facts: list[Fact] = [self._journal.note(t_ms, "operator", name, detail=detail, by=str(given.get("by", "")))]
        if name == "start_cuff":
            self._commands.append(CuffStart.request())
        elif name == "stop_cuff":
            self._commands.append(Abort.request())
        elif name == "observe":
            seconds = int(detail) if detail.isdecimal() else OBSERVE_S
            self._commands.append(Observe.request(max(1, min(seconds, OBSERVE_S))))
        elif name == "acknowledge":
            events, rules = self._watch.acknowledge(t_ms, str(given["rule"]) if given.get("rule") else None)
            self._commands += [Acknowledge.request(rule) for rule in rules]
            facts += events
        elif name in SILENCING:
            found, switched = self._audio.perform(name, t_ms, given)
            facts += found
            if switched is not None:
                facts += self._watch.switch(switched, name == "alarm_off", t_ms)
                self._board.hold(self._watch.absolute)
        elif name == "quit":
            facts += self.end(t_ms, detail or "operator")
        return facts

    def recorder(self, state: str, why: str, t_ms: int) -> list[Fact]:
        """Recording failed or works again."""
        failed = state == "failed"
        self._not_recorded = why if failed else ""
        if not failed:
            self._journal.say(f"recording works again{'; ' + why if why else ''}")
        return [
            self._journal.note(t_ms, "record", "recording", state, detail=why),
            *self._watch.condition("not_recorded", failed, t_ms, why),
        ]

    def clock_set(self, step_ms: int, t_ms: int) -> list[Fact]:
        """The computer's clock was set; the session's times are not."""
        return [self._journal.clock_set(step_ms, t_ms)]

    def away(self, since_ms: int, why: str, t_ms: int, values: dict[str, Any]) -> list[Fact]:
        """Nobody here has watched since `since_ms`: the program was `stopped`, or it `slept` with its computer."""
        said = self._journal.away(since_ms, why, t_ms, values)
        self._by = said.by or self._by
        facts: list[Fact] = [said, *self._gaps.begin(since_ms, "away"), *self._bedside.blank(t_ms)]
        self._bedside.heard_again(t_ms)
        if self._ends_ms is not None:  # its time may be over: the board is to hear of that
            self._ends_ms = max(self._ends_ms, t_ms + HEAR_MS)
        return facts

    # ------------------------------------------------------------ the link

    def handle(self, event: link.LinkEvent, t_ms: int) -> list[Fact]:
        """One thing that the link has to say."""
        if isinstance(event, link.Received) and isinstance(event.message, Ppg):  # most of all there is, and for show
            self._bedside.samples(event.message, event)
            return []
        facts = self._handle(event, t_ms)
        self._later += [*self._oscillograms.take(t_ms), *self._calibration.take(self._board.guarding)]
        if self._course is not None and (facts or self._course.wants):
            facts += self._follow(facts, t_ms)
        if facts:
            self._file(facts)
        if self._board.notice:
            facts.append(self._journal.note(t_ms, "board", "session", "notice", detail=self._board.notice))
            self._journal.say(self._board.notice)
            self._board.notice = ""
        return facts + self._finish(t_ms) if self._why_ended else facts

    def _handle(self, event: link.LinkEvent, t_ms: int) -> list[Fact]:
        note = self._journal.note
        match event:
            case link.Received():
                if self._link == "silent" and isinstance(event.message, Heartbeat):
                    self._link, self._link_detail = "up", ""
                    self._bedside.heard_again(t_ms)
                return self._received(event, t_ms)
            case link.Connected():
                return self._connected(event.hello, t_ms)
            case link.LinkUp():
                self._link, self._link_detail = "connecting", ""
                return [note(t_ms, "link", "link", "open")]
            case link.LinkDown():
                return self._lost("down", event.why, t_ms, t_ms, "unplugged")
            case link.Silent():
                return self._lost("silent", "no heartbeat for 3 s", t_ms, event.since_ms, "silent")
            case link.Incompatible():
                return self._lost("down", event.why, t_ms, t_ms, "incompatible")
            case link.Stopped():
                return self._lost("stopped", event.why, t_ms, t_ms, "stopped")
            case link.NoHello():
                self._link_detail = event.why
                return [note(t_ms, "link", "no_hello", detail=event.why)]
            case link.Restarted():
                return self._restarted(event, t_ms)
            case link.Lost():
                self._frames_lost += event.frames
                return [note(t_ms, "link", "frames_lost", value=event.frames, detail=f"from frame {event.first_seq}")]
            case link.Answered():
                return self._answered(event, t_ms)
            case link.TimedOut():
                self._board.timed_out(event)
                missed = self._oscillograms.timed_out(event, t_ms)
                return [note(t_ms, "link", "no_answer", detail=event.why), *missed]
            case link.Notice():
                self._journal.say(event.text)
                return [note(t_ms, "link", "notice", detail=event.text)]
            case link.Console():
                return [note(t_ms, "board", "console", detail=event.text)]

    def _received(self, event: link.Received, t_ms: int) -> list[Fact]:
        message = event.message
        if isinstance(message, Oscillogram):
            return self._oscillograms.part(message)
        if isinstance(message, CalibrationStored):
            return self._calibration.stored(message, t_ms)
        facts = self._bedside.message(message, event)
        if isinstance(message, Heartbeat):
            facts += self._audio.board_says(bool(message.status & _PAUSED), t_ms)
        if isinstance(message, NibpResult):
            row = next((fact for fact in facts if isinstance(fact, Vitals)), None)
            if row is not None:
                facts += self._oscillograms.result(message, row, t_ms)
        return facts

    def _connected(self, hello: Hello, t_ms: int) -> list[Fact]:
        who = self.identity = identity(hello)
        self._mark(self.setup.simulated or who.simulated)
        self._link, self._link_detail = "up", ""
        self._board.connected(hello)
        self._bedside.connected(hello, t_ms)
        self._calibration.connected(min(hello.minor, self.setup.minor))
        said = f"{who} boot {hello.boot} ({name_of(ResetCause, hello.reset_cause)})"
        facts: list[Fact] = [self._journal.note(t_ms, "link", "board", "connected", detail=said)]
        facts += self._oscillograms.connected(hello, who.serial, t_ms)
        return facts + list(self._watch.condition("link_lost", False, t_ms))

    def _lost(self, word: str, why: str, t_ms: int, since_ms: int, gap: str) -> list[Fact]:
        self._link, self._link_detail = word, why
        if word in ("down", "stopped"):  # nothing that is sent from now on is heard
            self._board.disconnected()
            self._oscillograms.disconnected()
        facts: list[Fact] = [self._journal.note(t_ms, "link", "link", word, detail=why)]
        facts += self._gaps.begin(since_ms, gap)
        facts += self._watch.condition("link_lost", True, t_ms, why)
        return facts + self._bedside.blank(t_ms)

    def _restarted(self, event: link.Restarted, t_ms: int) -> list[Fact]:
        cause = "" if event.cause is None else name_of(ResetCause, event.cause)
        shown = self._bedside.oximetry
        facts: list[Fact] = [self._journal.note(t_ms, "board", "restarted", value=event.boot, detail=cause)]
        facts += self._oscillograms.drop("the board started again", t_ms)
        facts += self._gaps.begin(shown.t_ms if shown else t_ms, "restarted")
        facts += self._watch.board_restarted(t_ms)
        facts += self._watch.condition("board_restarted", True, t_ms, cause)
        return facts + self._bedside.blank(t_ms)

    def _answered(self, event: link.Answered, t_ms: int) -> list[Fact]:
        self._board.answered(event, t_ms)
        missed = self._oscillograms.answered(event, t_ms)
        if event.command != CuffStart.TYPE or event.outcome != Outcome.REFUSED:
            return missed
        why = event.detail or name_of(Refusal, event.refusal).replace("_", " ")
        self._journal.say(f"the board refused to start the cuff: {why}")
        return [self._journal.note(t_ms, "cuff", "start", "refused", detail=why)]

    # ------------------------------------------------------------ inside

    def _mark(self, simulated: bool) -> None:
        marks = (("simulated", simulated), ("unsigned", self.setup.unsigned), ("replayed", self.setup.replayed))
        words = tuple(word for word, so in marks if so)
        self._bedside.flags = self._gaps.flags = words

    def _follow(self, facts: list[Fact], t_ms: int) -> list[Fact]:
        """Tells the course what was measured now, and what is known of the board."""
        course, found = self._course, list[Fact]()
        assert course is not None
        course.flags = self._bedside.flags
        for fact in facts:
            if isinstance(fact, Vitals) and fact.source in ("oximeter", "cuff") and "late" not in fact.flags:
                found += course.vitals(fact)
        return self._pursue(found, t_ms) if found or course.wants else []

    def _equipment(self) -> Equipment:
        return self._bedside.equipment(self._link == "up", self.calibration_overdue)

    def _pursue(self, facts: list[Fact], t_ms: int) -> list[Fact]:
        """Does what the course asks for."""
        course = self._course
        assert course is not None
        while course.wants:
            what, *rest = course.wants.pop(0)
            if what == "cuff" and not self._bedside.cuff_phase:
                self._commands.append(CuffStart.request())
            elif what == "interval":
                self._board.interval(rest[0])
                self._bedside.interval(rest[0], t_ms)
            elif what == "phase":
                facts += self._watch.set_phase(rest[0], t_ms)
            elif what == "baseline":
                facts += self._watch.set_baseline(rest[0], t_ms)
            elif what == "same_limb":
                self._bedside.same_limb = rest[0]
            elif what == "end":
                facts += self.end(t_ms, rest[0])
        return facts

    def _file(self, facts: list[Fact]) -> None:
        """Begins the evidence of the alarms among `facts`."""
        for fact in facts:
            if isinstance(fact, Happening) and fact.kind == "physiological" and fact.state in ("raised", "worse"):
                limit = self._watch.limit(fact.name)
                if limit is not None and self.setup.evidence:
                    now = self._bedside
                    total_s = round(self._watch.delay_of(limit).total_s, 2)
                    self._evidence.raised(fact, limit.source, limit.delay_s, total_s, now.oximetry, now.cuff)

    def _finish(self, t_ms: int) -> list[Fact]:
        if self.finished or not self._why_ended or not self._board.finished:
            return []
        self.finished = True
        said = self._why_ended + ("" if self.confirmed_end else "; the board did not confirm that it ended the session")
        missed = self._oscillograms.drop("the session ended before it came", t_ms)
        missed += self._evidence.advance(t_ms, ending=True)
        return [*missed, *self._gaps.end(t_ms), self._journal.note(t_ms, "session", "session", "ended", detail=said)]
