# SPDX-License-Identifier: Apache-2.0
"""A session's record as items: the facts and the pulse wave that its capture gives, run through the session's own code.

`Walk` is fed the inputs of a capture, whole or as it grows; `open_record` reads one that is on disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vitalwire_protocol.codec import NibpResult, Ppg, Trigger, name_of

from ..errors import CheckFailed, UsageError
from ..items import Event, Item, Origin, Wave, wave_of
from ..link.events import Received
from ..link.readings import Reading
from ..session.core import Core
from ..session.facts import AlarmEvidence, CuffOscillogram, Fact, Happening, Vitals
from ..session.inputs import Input, Kind, Setup
from ..session.snapshot import profile_words
from . import folder as names
from .capture import Capture, read_capture
from .rebuild import setup_of


def item_of_fact(fact: Fact, cuff: tuple[str | None, int | None] = (None, None)) -> Item | None:
    """The item that a fact of a session is; None for what is evidence of another one. `cuff`: what started the cycle
    that a reading of the cuff is of, and its number."""
    if isinstance(fact, Vitals):
        if fact.source == "gap":
            reasons = dict(fact.reasons)
            return Event(fact.utc_ms, "gap", reasons.get("link", ""), reasons.get("gap", ""), flags=fact.flags)
        return Reading(
            utc_ms=fact.utc_ms,
            device_ms=fact.device_ms,
            boot=fact.boot,
            seq=fact.seq,
            source="cuff" if fact.source == "cuff" else "manual" if fact.source == "manual" else "oximeter",
            spo2_pct=fact.spo2_pct,
            pulse_bpm=fact.pulse_bpm,
            perfusion_pct=fact.perfusion_pct,
            quality=fact.quality,
            sbp_mmhg=fact.sbp_mmhg,
            map_mmhg=fact.map_mmhg,
            dbp_mmhg=fact.dbp_mmhg,
            reasons=tuple(pair for pair in fact.reasons if pair[0] != "quality"),
            flags=fact.flags,
            trigger=cuff[0],
            cycle=cuff[1],
            doubts=tuple(word for name, word in fact.reasons if name == "quality"),
        )
    if isinstance(fact, Happening):
        return Event(
            fact.utc_ms,
            fact.kind,
            fact.name,
            fact.state,
            fact.priority,
            fact.value,
            fact.limit,
            fact.detail,
            fact.by,
            fact.device_ms,
        )
    assert isinstance(fact, CuffOscillogram | AlarmEvidence)
    return None


class Walk:
    """Takes the inputs of one session in order and gives its items; a pure function of them."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._core = Core(setup)
        self._offset_ms = setup.started_utc_ms - setup.started_t_ms

    @property
    def origin(self) -> Origin:
        """Who the items are of, as far as the board has said it by now."""
        who, setup = self._core.session.identity, self.setup
        return Origin(
            board=who.serial if who else "",
            bed=setup.bed or (who.bed if who else ""),
            firmware=who.firmware if who else "",
            session=f"{setup.session:08x}",
            patient=setup.patient,
            simulated=self._core.session.simulated,
            profile=profile_words(setup.profile),
            started_utc_ms=setup.started_utc_ms,
        )

    def feed(self, inputs: Iterable[Input]) -> Iterator[Item]:
        """What these inputs cause."""
        core, cuffs = self._core, dict[int, tuple[str | None, int | None]]()
        for given in inputs:
            if given.kind == Kind.SENT:
                continue
            facts = core.apply(given)
            core.take_output()  # it was sent then
            waves: list[Wave] = []
            for event in core.seen:
                if not isinstance(event, Received):
                    continue
                message = event.message
                if isinstance(message, Ppg):
                    wave = self._wave(message, event)
                    if wave is not None:
                        waves.append(wave)
                elif isinstance(message, NibpResult):
                    cuffs[message.t_ms] = (name_of(Trigger, message.trigger), message.cycle)
            for fact in facts:
                if isinstance(fact, Vitals) and fact.source == "cuff":
                    item = item_of_fact(fact, cuffs.pop(fact.device_ms or 0, (None, None)))
                else:
                    item = item_of_fact(fact)
                if item is not None:
                    yield item
            yield from waves

    def _wave(self, message: Ppg, event: Received) -> Wave | None:
        # A batch carries the time of its last sample; it is no later than its arrival, as in the session.
        last_utc_ms = min(event.utc_ms, event.t_ms + self._offset_ms)
        hello = self._core.client.hello
        return wave_of(message, last_utc_ms, None if hello is None else hello.boot, self._core.session.flags)


class Record:
    """A session that was recorded. Iterating gives its items in the order in which they arrived.

        for item in vitalwire.open_record("20260101T000000Z_bed-3"):
            ...

    `state` is `closed`, `not closed` (it is still being written, or its program was killed) or `damaged`; then `why`
    says what is wrong, and what lies before the damage is there. Each iteration begins anew.
    """

    def __init__(self, folder: Path, capture: Capture) -> None:
        self.folder = folder
        self.setup = setup_of(capture)
        self.state = capture.state
        self.why = str(capture.bad or "")
        self._capture = capture
        self._origin: Origin | None = None

    @property
    def origin(self) -> Origin:
        """Who it is of."""
        if self._origin is None:
            walk = Walk(self.setup)
            for given in self._capture.inputs:
                for _ in walk.feed((given,)):
                    pass
                if walk.origin.board:
                    break
            self._origin = walk.origin
        return self._origin

    def __iter__(self) -> Iterator[Item]:
        return Walk(self.setup).feed(self._capture.inputs)

    def readings(self) -> Iterator[Reading]:
        """Its readings of oximeter and cuff, and those that a person entered."""
        return (item for item in self if isinstance(item, Reading))

    def events(self) -> Iterator[Event]:
        """Its alarms, marks, actions and gaps."""
        return (item for item in self if isinstance(item, Event))

    def waves(self) -> Iterator[Wave]:
        """The pulse wave, batch by batch."""
        return (item for item in self if isinstance(item, Wave))


def open_record(session: str | Path | None = None) -> Record:
    """The record of a session: its folder, its name in the default folder (whole or a unique beginning), or the latest.

    Raises UsageError where there is none, and CheckFailed where it does not even begin to read.
    """
    folder = names.find_session(None if session is None else Path(session))
    try:
        capture = read_capture(folder / names.CAPTURE)
    except OSError as error:
        raise UsageError(f"{folder / names.CAPTURE}: {error.strerror}", "see `vitalwire verify`") from None
    except MemoryError:
        raise CheckFailed(f"{folder / names.CAPTURE} is too large for this computer") from None
    return Record(folder, capture)


__all__ = ["Record", "Walk", "item_of_fact", "open_record"]
