# SPDX-License-Identifier: Apache-2.0
"""A guarded session from a program of somebody's own: alarms, board and record as `vitalwire monitor` has them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from .alarms.rules import DEFAULT_LIMITS
from .errors import LinkLost, UsageError
from .feed import Feed, Plan, Summary
from .items import Item
from .planned import versions
from .pump import Pump
from .record.folder import default_folder
from .record.follow import Follow, follow
from .session.patient import by_refusal, code_refusal
from .session.snapshot import Snapshot

EVERY_S: Final = (120, 7_200)
MINUTES_MAX: Final = 720
BED_MAX: Final = 32
"""What a board takes: the cuff's interval, the length of a session, the bed label."""
END_S: Final = 30.0
"""The board is told that the session ends, and the cuff is emptied; that takes some seconds."""


class AttachedSession:
    """A session on one board, run by a thread of its own. Use it in a `with`: its end ends the session.

    `items` are read from the record that it writes, so that nobody who iterates slowly loses any or holds anything up.
    """

    def __init__(self, plan: Plan, pump: Callable[[Plan, Feed], Pump] = Pump) -> None:
        self._feed = Feed(size=16)
        self._pump = pump(plan, self._feed)
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._error: BaseException | None = None
        self._snapshot: Snapshot | None = None
        self._begun = threading.Event()

    def __enter__(self) -> AttachedSession:
        """Begins it, and waits until the board has answered. Raises VitalwireError where it cannot."""
        self._thread.start()
        while self.folder is None and self._thread.is_alive():
            self._thread.join(0.01)
        self._raise()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def _run(self) -> None:
        try:
            self._pump.run()
        except BaseException as error:
            self._error = error

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    @property
    def folder(self) -> Path | None:
        """Where it is recorded; None before the board has answered."""
        return self._pump.summary.folder

    @property
    def snapshot(self) -> Snapshot | None:
        """How things stand: current values only, alarms, the phase and what is due. None before there is anything."""
        for update in self._feed.take(0):
            self._snapshot = update.snapshot
        return self._snapshot

    @property
    def summary(self) -> Summary:
        """What it came to; complete once it has ended."""
        return self._pump.summary

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def items(self) -> Iterator[Item]:
        """Everything from the session's begin on, each as soon as it is recorded, until the session has ended. Raises
        the VitalwireError that ended it, where one did."""
        with self.follow() as followed:
            yield from followed.until(lambda: not self.running)
        self._raise()

    def follow(self) -> Follow:
        """The record it writes, to be followed by hand."""
        if self.folder is None:
            raise LinkLost("the session has not begun", "use it in a `with`")
        return follow(self.folder)

    def act(self, name: str, detail: str = "", /, **values: Any) -> None:
        """What a person does: `start_cuff`, `stop_cuff`, `acknowledge`, `silence`, and what else the keys of `monitor`
        do. Returns at once; what came of it is an event. May be called from any thread."""
        self._pump.act(name, detail, **values)

    def end(self) -> Summary:
        """Ends the session: cuff emptied, record closed. May be called twice. Raises what ended it before."""
        if self._thread.is_alive():
            self._pump.act("quit", "library")
            self._thread.join(END_S)
            if self._thread.is_alive():
                raise LinkLost("the session did not end", "see that the cuff is empty, or switch the board off")
        self._raise()
        return self._pump.summary


def attach_session(
    port: str | None = None,
    *,
    profile: str | None = None,
    patient: str = "",
    by: str = "",
    every_s: int | None = None,
    minutes: float | None = None,
    bed: str = "",
    out: Path | None = None,
) -> AttachedSession:
    """A guarded session on the board at `port`, begun with `with`.

    `profile`: a name or a file, whose limits and phases hold; a profile with phases needs `patient` (a code, never a
    name) and `by`. Without one the default limits guard. `every_s`: the cuff's interval, 120 to 7200 s, None for none
    (a profile with phases has one of its own); `minutes`: how long, None until `end`; `out`: the folder of sessions.
    Raises UsageError.
    """
    for name, said, why in (("patient", patient, code_refusal(patient)), ("by", by, by_refusal(by))):
        if said and why:
            raise UsageError(f"{name}: {why}")
    if every_s is not None and not EVERY_S[0] <= every_s <= EVERY_S[1]:
        raise UsageError(f"every_s: a cuff interval is from {EVERY_S[0]} to {EVERY_S[1]} s, not {every_s}")
    if minutes is not None and not 0 < minutes <= MINUTES_MAX:
        raise UsageError(f"minutes: a session is at most {MINUTES_MAX} minutes long, not {minutes:g}")
    if not bed.isprintable() or len(bed) > BED_MAX:
        raise UsageError(f"bed: at most {BED_MAX} characters, and none that does not print")
    limits, kept, text, unsigned = DEFAULT_LIMITS, dict[str, str](), "", True
    if profile is not None:
        from . import profiles
        from .session.profile_sign import record_of

        found = profiles.find(profile)
        loaded = profiles.load(found)
        limits, kept = loaded.limits, record_of(loaded)
        text = "" if loaded.only_limits else profiles.read_text(found.path)
        unsigned = kept["state"] != "signed"
        if loaded.phases and not (patient and by):
            raise UsageError(f"profile {loaded.name} has phases", "give patient and by")
        if loaded.phases and every_s is not None:
            raise UsageError(f"profile {loaded.name} says itself when readings start", "leave every_s out")
    plan = Plan(
        port=port,
        out=out or default_folder(),
        limits=limits,
        every_s=every_s,
        minutes=minutes,
        bed=bed,
        unsigned=unsigned,
        versions=versions(),
        profile=kept,
        profile_text=text,
        patient=patient,
        by=by,
    )
    return AttachedSession(plan)


__all__ = ["AttachedSession", "attach_session"]
