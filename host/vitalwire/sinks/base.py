# SPDX-License-Identifier: Apache-2.0
"""What a sink is. A package of somebody else adds one with an entry point in the group `vitalwire.sinks` whose object
is a `SinkKind`; nothing else is needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from ..errors import ItemRefused, SinkDown, SinkRefused
from ..items import Item, Origin
from .urls import SinkUrl

GROUP: Final = "vitalwire.sinks"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An item on its way to a sink.

    `number` counts the items of the stream from 1 and stays the same in a repeat; `key` is unique for the stream, for
    counterparts that drop repeats. `late`: it waited, on the board or here, before it could be delivered. `repeated`:
    it may have arrived before, as when a connection broke before the acknowledgement came.
    """

    number: int
    item: Item
    origin: Origin
    key: str = ""
    late: bool = False
    repeated: bool = False


class Sink(ABC):
    """One counterpart. All methods are called in one thread that is the sink's own: they may wait, but for no longer
    than about 10 s each. The order is `open`, then `deliver` and `idle`, at the end `close`; after SinkDown `close`
    and, after a pause that grows to 30 s, `open` again."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event"})
    """Which items it is given: `reading`, `event`, `wave`."""

    @abstractmethod
    def open(self, origin: Origin) -> None:
        """Connects. Raises SinkDown or SinkRefused."""

    @abstractmethod
    def deliver(self, batch: Sequence[Delivery]) -> None:
        """Returns once the counterpart has all of them, in order. Raises SinkDown, SinkRefused or ItemRefused."""

    def idle(self) -> None:  # noqa: B027  # most sinks have nothing to do
        """About once a second while there is nothing to deliver. Raises SinkDown where the connection is gone."""

    @abstractmethod
    def close(self) -> None:
        """Ends the connection; may be called at any time, raises nothing."""


@dataclass(frozen=True)
class SinkKind:
    """A kind of sink, as an entry point names it. `make` imports what the sink needs; `modules` are the libraries that
    must be there, `extra` is what installs them (`pip install 'vitalwire[EXTRA]'`)."""

    name: str
    schemes: tuple[str, ...]
    """Of the URLs that it takes: the first is the usual one."""
    summary: str
    example: str
    make: Callable[[SinkUrl], Sink]
    """Raises UsageError for a URL that it cannot use; connects to nothing."""
    options: dict[str, str] = field(default_factory=dict)
    """What may stand behind the `?` of the URL, each with a line of help."""
    modules: tuple[str, ...] = ()
    extra: str = ""
    keeps: bool = True
    """Whether what could not be delivered is kept for another run: not where it is only good at once, as a server's."""


__all__ = ["GROUP", "Delivery", "ItemRefused", "Sink", "SinkDown", "SinkKind", "SinkRefused"]
