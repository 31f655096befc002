# SPDX-License-Identifier: Apache-2.0
"""The live screen as a view of `monitor`. A terminal that goes away ends the screen, never the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...feed import Feed, Update
from ...pump import Pump
from .app import LiveApp

if TYPE_CHECKING:
    from ..monitor_run import Quitting


class LiveView:
    """Runs the program; once it has ended, what the session does until its end is not shown any more."""

    idle_s = 0.5

    def __init__(self, pump: Pump, feed: Feed) -> None:
        self._pump, self._feed = pump, feed
        self._app: LiveApp | None = None

    def run(self, quitting: Quitting) -> None:
        """Until the session ends, or the terminal is gone."""
        self._app = LiveApp(
            self._feed, self._pump.act, quitting.interrupt, quitting.tick, lambda: str(self._pump.summary.folder or "")
        )
        try:
            self._app.run()
        except OSError:  # the terminal is gone; the session goes on
            pass
        finally:
            self._app = None

    def show(self, updates: list[Update], folder: str) -> None:
        """What comes after the screen has ended is in the record."""

    def ask(self, question: str) -> None:
        """Shows a question below the trends."""
        if self._app is not None:
            self._app.question = question
