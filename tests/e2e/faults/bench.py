# SPDX-License-Identifier: Apache-2.0
"""A bench for staged faults: the shipped firmware on the simulated board, its commands, its messages, and the truth.

The bench speaks the control connection itself, so time is virtual and runs at full speed. What the board says is what
the protocol decodes from its bytes; what is so is what the world answers to `Q`. Times are seconds of virtual time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from twin_host import Twin

from vitalwire.link.decoder import Decoder
from vitalwire_protocol import codec
from vitalwire_protocol.codec import (
    Abort,
    Answer,
    CuffPhase,
    CuffPressure,
    CuffStart,
    Event,
    EventKind,
    Fault,
    Heartbeat,
    Hello,
    NibpOutcome,
    NibpResult,
    OximetryReading,
    Ping,
    SessionBegin,
    Vent,
)
from vitalwire_protocol.framing import encode_frame

EMPTY_MMHG = 15.0
"""At or below this a cuff counts as empty."""
NORMAL_MMHG = 300.0
"""Never exceeded while nothing but the staged fault's near miss is there."""
SINGLE_FAULT_MMHG = 330.0
"""Never exceeded under any single fault."""
STOP_S = 10.0
"""A stop command or a fault of the controller: below 15 mmHg within this."""
FAULT_S = 30.0
"""Any single electrical, valve or software fault: below 15 mmHg within this."""
ABOVE_S = 180.0
"""The longest that a cuff may be above 15 mmHg."""
REST_S = 30.0
"""The shortest that it must be below 15 mmHg between two inflations."""

CLIENT = 0x5EED
SESSION = 7
SAMPLE_S = 0.1


class Sample(NamedTuple):
    """The truth at one moment."""

    t_s: float
    cuff_mmhg: float
    manifold_mmhg: float
    pump: bool
    levels: dict[str, int]
    """Of the nets, 0..1000."""
    external_tripped: bool


SBP, DBP = 118, 76
"""Of the patient `calm`."""


def no_value(result: NibpResult) -> bool:
    """Whether a result carries no pressure at all."""
    return result.sbp_mmhg is None and result.map_mmhg is None and result.dbp_mmhg is None


def right(result: NibpResult) -> bool:
    """Whether a result carries the patient's pressures, within what one reading may be off."""
    return (
        result.sbp_mmhg is not None
        and result.dbp_mmhg is not None
        and abs(result.sbp_mmhg - SBP) <= 8
        and abs(result.dbp_mmhg - DBP) <= 8
    )


class Bench:
    """One simulated board and a host that pings it. Use as a context manager."""

    def __init__(self, interpreter: str = "micropython", patient: str = "calm", **options: Any) -> None:
        self.twin = Twin(interpreter, firmware=None, patient=patient, **options)
        self.decoder = Decoder()
        self.samples: list[Sample] = []
        self.messages: list[tuple[float, Any]] = []
        self.console: list[str] = []
        self.pinging = True
        self.sample_s = SAMPLE_S
        self._number = 0
        self._last: dict[str, int] = {}
        self._sequence = 0
        self._ping_s = 0.0

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *error: object) -> None:
        self.twin.__exit__(*error)

    # ------------------------------------------------------------ time

    @property
    def now_s(self) -> float:
        """Virtual time since the world began."""
        return float(self.twin.now_us) / 1e6

    def run(self, seconds: float) -> None:
        """Lets time pass."""
        self.until(lambda: False, seconds, required=False)

    def until(self, done: Callable[[], object], within_s: float, what: str = "", required: bool = True) -> float:
        """Lets time pass until `done()`; the time that took. Fails after `within_s`."""
        began_us = self.twin.now_us
        end_us = began_us + round(within_s * 1e6)
        while not done():
            if self.twin.now_us >= end_us:
                if required:
                    raise AssertionError(f"not within {within_s} s: {what or done}\n{self.story()}")
                break
            self._step(min(end_us, self.twin.now_us + round(self.sample_s * 1e6)))
        return (self.twin.now_us - began_us) / 1e6

    def _step(self, until_us: int) -> None:
        hellos = self.of(Hello)[-1:]
        # A board in service mode sits at its REPL, where a frame's bytes would be typing.
        if self.pinging and hellos and not hellos[0].service and self.now_s >= self._ping_s:
            self._ping_s = self.now_s + 1.0
            self.send(Ping)
        while self.twin.now_us < until_us:
            for message in self.decoder.feed(self.twin.step(until_us)):
                self.messages.append((self.now_s, message))
            self.console += self.decoder.take_console()
        self.look()

    def look(self) -> Sample:
        """The truth now, kept in `samples`."""
        state = self.twin.state("cuff")
        sample = Sample(
            state["t_us"] / 1e6,
            state["cuff_mmhg"],
            state["manifold_mmhg"],
            state["pump_running"],
            state["levels_permille"],
            state["external_tripped"],
        )
        self.samples.append(sample)
        return sample

    # ------------------------------------------------------------ commands

    def send(self, kind: Any, *fields: Any) -> int:
        """Sends a command; its number."""
        self._number += 1
        self._sequence += 1
        self._last[kind.__name__] = self._number
        message = kind(self._sequence, round(self.now_s * 1000), CLIENT, self._number, *fields)
        self.twin.write(encode_frame(message, self._sequence, round(self.now_s * 1000) % (1 << 32)))
        return self._number

    def ask(self, kind: Any, *fields: Any, within_s: float = 1.0) -> Answer:
        """Sends a command that is refused or done at once; its last answer."""
        number = self.send(kind, *fields)
        over = (codec.Outcome.REFUSED, codec.Outcome.DONE)
        self.until(lambda: [a for a in self.answers(number) if a.outcome in over], within_s, kind.__name__)
        return self.answers(number)[-1]

    def answers(self, number: int) -> list[Answer]:
        """All answers to a command."""
        return [m for _, m in self.messages if isinstance(m, Answer) and m.number == number]

    def last_number(self, kind: str) -> int:
        """The number of the last command of a kind."""
        return self._last[kind]

    def begin(self, session: int | None = SESSION, interval_s: int = 0, same_limb: int = 0) -> Hello:
        """Waits for the hello, and opens a session unless `session` is None."""
        self.until(lambda: self.of(Hello), 5, "a hello")
        if session is not None:
            answer = self.ask(SessionBegin, session, interval_s, 60, same_limb)
            assert answer.refusal == codec.Refusal.NONE, answer
        return self.of(Hello)[-1]

    def ask_start(self) -> str:
        """Asks for a cycle; the name of the refusal."""
        return codec.name_of(codec.Refusal, self._first_answer(self.send(CuffStart)).refusal)

    def _first_answer(self, number: int) -> Answer:
        self.until(lambda: self.answers(number), 1, "an answer to cuff_start")
        return self.answers(number)[0]

    def start(self) -> int:
        """Starts a cycle; waits through a rest if there is one. The request's number."""
        often_s = self.sample_s
        for _ in range(40):
            number = self.send(CuffStart)
            answer = self._first_answer(number)
            self.sample_s = often_s
            if answer.refusal != codec.Refusal.RESTING:
                break
            self.sample_s = 0.5  # nothing happens in a rest
            self.run(1)
        assert answer.outcome == codec.Outcome.ACCEPTED, f"{answer}\n{self.story()}"
        return number

    def inflate_to(self, mmhg: float, within_s: float = 30.0) -> None:
        """Starts a cycle and lets it inflate to a true cuff pressure."""
        self.start()
        self.until(lambda: self.samples[-1].cuff_mmhg >= mmhg, within_s, f"{mmhg} mmHg")

    def deflate_to(self, mmhg: float) -> None:
        """Starts a cycle and lets it go on until it deflates below a true cuff pressure."""
        self.start()
        self.until(lambda: self.phase == CuffPhase.DEFLATING, 40, "deflation")
        self.until(lambda: self.samples[-1].cuff_mmhg <= mmhg, 60, f"{mmhg} mmHg")

    def stop(self) -> None:
        """Sends the command that stops the cuff."""
        self.send(Abort)

    def vent(self) -> None:
        """Sends the command that opens the valves and releases a tripped interlock."""
        self.send(Vent)

    def fault(self, name: str, **arguments: Any) -> float:
        """Starts a fault; when."""
        self.twin.do("fault", name=name, **arguments)
        return self.now_s

    def clear(self, *names: str) -> None:
        """Ends faults."""
        for name in names:
            self.twin.do("clear", name=name)

    def press(self, button: str, ms: int = 200) -> None:
        """Presses a button."""
        self.twin.do("press", button=button, ms=ms)

    # ------------------------------------------------------------ what the board said

    def of(self, kind: Any, since_s: float = -1.0) -> list[Any]:
        """The messages of a kind that came after a time."""
        return [m for t_s, m in self.messages if isinstance(m, kind) and t_s > since_s]

    @property
    def phase(self) -> int | None:
        """The cuff's phase as last reported."""
        reports = self.of(CuffPressure)
        return reports[-1].phase if reports else None

    def events(self, since_s: float = -1.0) -> list[str]:
        """Names of events, with the fault's name where they have one."""
        names = []
        for event in self.of(Event, since_s):
            name = codec.name_of(EventKind, event.event)
            names.append(name if event.fault == Fault.NONE else f"{name} {codec.name_of(Fault, event.fault)}")
        return names

    def faults_raised(self, since_s: float = -1.0) -> list[str]:
        """Names of the faults that were raised."""
        return [name.split()[1] for name in self.events(since_s) if name.startswith("fault_raised")]

    def outcomes(self, since_s: float = -1.0) -> list[str]:
        """How cycles ended, by name."""
        return [codec.name_of(NibpOutcome, r.outcome) for r in self.of(NibpResult, since_s)]

    def result(self, within_s: float = 120.0) -> NibpResult:
        """Waits for the next result of the cuff."""
        before = len(self.of(NibpResult))
        self.until(lambda: len(self.of(NibpResult)) > before, within_s, "a result of the cuff")
        result = self.of(NibpResult)[-1]
        assert isinstance(result, NibpResult)
        return result

    def reading(self) -> OximetryReading:
        """The next reading of the oximeter."""
        before = len(self.of(OximetryReading))
        self.until(lambda: len(self.of(OximetryReading)) > before, 3, "a reading of the oximeter")
        reading = self.of(OximetryReading)[-1]
        assert isinstance(reading, OximetryReading)
        return reading

    def status(self) -> int:
        """Bits of the next heartbeat's status."""
        before = len(self.of(Heartbeat))
        self.until(lambda: len(self.of(Heartbeat)) > before, 3, "a heartbeat")
        return int(self.of(Heartbeat)[-1].status)

    # ------------------------------------------------------------ what was so

    def peak_mmhg(self, since_s: float = -1.0) -> float:
        """The highest true cuff pressure."""
        return max(s.cuff_mmhg for s in self.samples if s.t_s >= since_s)

    def empty_after_s(self, since_s: float) -> float:
        """How long after `since_s` the cuff was below 15 mmHg for good, as far as the trace goes."""
        above = [s.t_s for s in self.samples if s.cuff_mmhg > EMPTY_MMHG]
        assert self.samples[-1].cuff_mmhg <= EMPTY_MMHG, f"the cuff is not empty\n{self.story()}"
        return max(above, default=since_s) - since_s

    def longest_above_s(self) -> float:
        """The longest time without a break above 15 mmHg."""
        longest, began = 0.0, None
        for s in self.samples:
            if s.cuff_mmhg <= EMPTY_MMHG:
                began = None
            elif began is None:
                began = s.t_s
            else:
                longest = max(longest, s.t_s - began)
        return longest

    def shortest_rest_s(self) -> float:
        """The shortest time below 15 mmHg between two inflations; infinite if there was only one."""
        shortest, fell = float("inf"), None
        for before, s in zip(self.samples, self.samples[1:], strict=False):
            if before.cuff_mmhg > EMPTY_MMHG >= s.cuff_mmhg:
                fell = s.t_s
            elif before.cuff_mmhg <= EMPTY_MMHG < s.cuff_mmhg and fell is not None:
                shortest = min(shortest, before.t_s - fell)
        return shortest

    def empty(self, within_s: float, since_s: float | None = None) -> float:
        """Runs until the cuff is empty, and a little on; fails where that was later than `within_s` after `since_s`."""
        since_s = self.now_s if since_s is None else since_s
        self.until(lambda: self.samples[-1].cuff_mmhg <= EMPTY_MMHG, within_s + 1, "an empty cuff", required=False)
        self.run(1)
        took_s = self.empty_after_s(since_s)
        assert took_s <= within_s, f"empty after {took_s:.1f} s, allowed are {within_s:g}\n{self.story()}"
        return took_s

    def story(self) -> str:
        """What was so and what was said, for a test that fails: the truth once in a while, and every event."""
        lines = []
        for s in self.samples[:: max(1, len(self.samples) // 30)]:
            valves = f"bleed {s.levels['valve_bleed']} dump {s.levels['valve_dump']}"
            lines.append((s.t_s, f"cuff {s.cuff_mmhg:.1f} manifold {s.manifold_mmhg:.1f} pump {s.pump} {valves}"))
        for t_s, m in self.messages:
            if isinstance(m, Event):
                name = codec.name_of(EventKind, m.event)
                lines.append((t_s, f"event {name} {codec.name_of(Fault, m.fault)} {m.value}"))
            elif isinstance(m, NibpResult):
                lines.append((t_s, f"result {codec.name_of(NibpOutcome, m.outcome)} {m.sbp_mmhg} {m.dbp_mmhg}"))
            elif isinstance(m, Answer) and m.command != Ping.TYPE:
                lines.append((t_s, f"answer to {m.command:#x}: {m.outcome} {codec.name_of(codec.Refusal, m.refusal)}"))
            elif isinstance(m, Hello):
                lines.append((t_s, f"hello boot {m.boot} cause {m.reset_cause} {m.reset_fault} service {m.service}"))
        return "\n".join([f"{t_s:9.3f} {text}" for t_s, text in sorted(lines)] + self.console)
