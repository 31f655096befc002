# SPDX-License-Identifier: Apache-2.0
"""`--on-alarm COMMAND`: runs a command for every alarm that is raised, gets worse, or that nobody answered.

The alarm is on its standard input as one JSON object and in `VITALWIRE_ALARM`. Nothing waits for the command: there are
at most `RUNNING_MAX` at a time, and what does not run is said once.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import subprocess
import threading
from collections.abc import Callable
from typing import Final

from ..errors import UsageError
from ..feed import Feed, Update
from ..record.rows import utc_text
from ..session.facts import Happening

RUNNING_MAX: Final = 4
WAITING_MAX: Final = 64
TIMEOUT_S: Final = 60.0
STATES: Final = ("raised", "worse", "escalated")


def words_of(command: str) -> list[str]:
    """The words of a command line; no shell reads them. Raises UsageError where they do not read."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--on-alarm: {error}", "quote it as for a shell") from None
    if not words:
        raise UsageError("--on-alarm: there is no command")
    return words


class HookedFeed(Feed):
    """A feed that hands every alarm to a command as well; `say` is told once what went wrong."""

    def __init__(self, words: list[str], say: Callable[[str], None], every_s: float = 0.1) -> None:
        super().__init__(every_s=every_s, each_fact=True)
        self._words, self._say = words, say
        self._alarms: queue.Queue[Happening | None] = queue.Queue(WAITING_MAX)
        self._told: set[str] = set()
        for _ in range(RUNNING_MAX):
            threading.Thread(target=self._work, name="on-alarm", daemon=True).start()

    def put(self, update: Update) -> None:
        """As ever; the command is never waited for."""
        for fact in update.facts:
            if isinstance(fact, Happening) and fact.kind in ("physiological", "technical") and fact.state in STATES:
                try:
                    self._alarms.put_nowait(fact)
                except queue.Full:
                    self._once("the alarm command is too slow: alarms were left out")
        super().put(update)

    def close(self) -> None:
        super().close()
        for _ in range(RUNNING_MAX):
            with contextlib.suppress(queue.Full):
                self._alarms.put_nowait(None)

    def _work(self) -> None:
        while (alarm := self._alarms.get()) is not None:
            text = json.dumps(about(alarm))
            try:
                done = subprocess.run(
                    self._words,
                    input=text.encode(),
                    env={**os.environ, "VITALWIRE_ALARM": text},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=TIMEOUT_S,
                    check=False,
                )
            except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                self._once(f"the alarm command did not run: {getattr(error, 'strerror', None) or error}")
            else:
                if done.returncode:
                    self._once(f"the alarm command ended with exit code {done.returncode}")

    def _once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._say(f"vitalwire: {text}")


def about(alarm: Happening) -> dict[str, object]:
    """An alarm for a program; what is not known is left out."""
    values = {
        "time_utc": utc_text(alarm.utc_ms),
        "kind": alarm.kind,
        "rule": alarm.name,
        "state": alarm.state,
        "priority": alarm.priority,
        "value": alarm.value,
        "limit": alarm.limit,
        "detail": alarm.detail,
    }
    return {name: value for name, value in values.items() if value not in (None, "")}
