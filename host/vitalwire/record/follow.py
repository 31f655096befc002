# SPDX-License-Identifier: Apache-2.0
"""A session that another program records at this moment, followed: its folder is the bus."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

from ..errors import CheckFailed, LinkLost, UsageError
from ..items import Item, Origin
from ..session.inputs import Input, Kind, Setup
from . import folder as names
from .files import is_written
from .items import Walk
from .tail import Tail

POLL_S: Final = 0.01
"""What an item waits for at most until it is seen; a look takes some microseconds."""
PIECE: Final = 1 << 20
QUIET_S: Final = 3.0
"""After so long without anything new it is looked whether anybody still writes. A session has a heartbeat a second."""
BEGIN_S: Final = 5.0
"""So long a session's file may be there without its first record."""


class Follow:
    """The items of a session while it is recorded, from its first one, until it is closed. Made by `follow`.

    It reads, and never holds up who writes. `number` counts the items from 1; as they are a pure function of the
    record, an item has the same number whenever the session is followed again. `caught_up`: what comes now, comes as
    it is recorded.
    """

    def __init__(self, folder: Path, file: BinaryIO) -> None:
        self.folder = folder
        self.number = 0
        self.caught_up = False
        self._file = file
        self._tail = Tail()
        self._walk: Walk | None = None
        self._items: Iterator[Item] = iter(())
        self._begin_s = self._heard_s = time.monotonic()
        self._abandoned = False

    def __enter__(self) -> Follow:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends it; may be called twice."""
        self._file.close()

    @property
    def closed(self) -> bool:
        """Whether the session was closed by who records it."""
        return self._tail.closed

    @property
    def abandoned(self) -> bool:
        """Whether it is not closed, and no program writes it: that was ended or killed, and may go on with it
        (`vitalwire monitor --resume`). Looked at where nothing came for 3 s, or when everything there is was read."""
        return self._abandoned and not self.closed

    @property
    def origin(self) -> Origin:
        """Who the session is of, as far as its board has said it."""
        return self._walk.origin if self._walk is not None else Origin(board="")

    def poll(self) -> Item | None:
        """The next item, or None where there is none at this moment. Raises CheckFailed for a record that was altered,
        LinkLost where it became shorter or went away."""
        item = next(self._items, None)
        while item is None and (inputs := self._read()):
            self._items = self._take(inputs)
            item = next(self._items, None)
        if item is not None:
            self.number += 1
        return item

    def __iter__(self) -> Iterator[Item]:
        """Waits for each item; ends when the session is closed, or `abandoned`."""
        return self.until(lambda: self.abandoned)

    def until(self, over: Callable[[], bool]) -> Iterator[Item]:
        """As iterating, and ends as well once `over` says so and all that was written by then is read."""
        while True:
            last = over()
            item = self.poll()
            while item is not None:
                yield item
                item = self.poll()
            if self.closed or last:
                return
            time.sleep(POLL_S)

    def _take(self, inputs: list[Input]) -> Iterator[Item]:
        if self._walk is None:
            if inputs[0].kind != Kind.OPEN:
                raise CheckFailed(f"{self.folder}: the capture has no beginning", "see `vitalwire verify`")
            try:
                self._walk = Walk(Setup.from_json(inputs[0].json()))
            except ValueError as error:
                raise CheckFailed(f"{self.folder}: the capture cannot be used: {error}") from None
        return self._walk.feed(inputs)

    def _read(self) -> list[Input]:
        """What was appended, as inputs; [] where nothing whole was."""
        while True:
            try:
                data = self._file.read(PIECE)
            except (OSError, ValueError) as error:
                raise LinkLost(f"{self.folder}: {error}") from None
            if not data:
                self._tail.feed(b"")  # which says what was wrong with the piece before
                if not self.caught_up or time.monotonic() - self._heard_s > QUIET_S:
                    self._heard_s = time.monotonic()
                    self._abandoned = not is_written(self.folder / names.CAPTURE)
                self.caught_up = True
                self._check_file()
                return []
            self._heard_s, self._abandoned = time.monotonic(), False
            inputs = self._tail.feed(data)
            if inputs:
                return inputs

    def _check_file(self) -> None:
        at = self._file.tell()
        try:
            size = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise LinkLost(f"{self.folder}: {error.strerror}") from None
        if size < at:
            raise CheckFailed(f"{self.folder}: the capture became shorter while it was read", "see `vitalwire verify`")
        if self._walk is None and time.monotonic() - self._begin_s > BEGIN_S:
            raise CheckFailed(f"{self.folder}: the capture has no beginning", "see `vitalwire verify`")


def follow(session: str | Path | None = None) -> Follow:
    """Follows a session: its folder, its name in the default folder (whole or a unique beginning), or the latest.

    A session that is over, or that its program has left unclosed, is given as a whole. Raises UsageError where there is
    none.
    """
    folder = names.find_session(None if session is None else Path(session))
    try:
        file = (folder / names.CAPTURE).open("rb")
    except OSError as error:
        raise UsageError(f"{folder / names.CAPTURE}: {error.strerror}", "see `vitalwire sessions`") from None
    return Follow(folder, file)


__all__ = ["Follow", "follow"]
