# SPDX-License-Identifier: Apache-2.0
"""One sink and its thread: opens it, delivers in order, goes on after it was away. Nothing else ever waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ..errors import ItemRefused, SinkDown, SinkRefused, VitalwireError
from ..items import Event, Item, Origin, Reading
from ..sinks.base import Delivery, Sink
from .spool import Spool, Waiting

BATCH: Final = 64
LATE_MS: Final = 5_000
"""What waited longer for its sink is marked late."""
FIRST_PAUSE_S: Final = 0.5
PAUSE_MAX_S: Final = 30.0
REFUSED_PAUSE_S: Final = 60.0
IDLE_S: Final = 1.0
State = Literal["starting", "up", "down", "refused"]


@dataclass(frozen=True)
class Standing:
    """How a sink does. `waiting` is what it has not got yet; `dropped` what it never gets, as the bound was reached;
    `refused` what it did not want; `repeated` what may have come twice."""

    name: str
    state: State
    why: str
    delivered: int
    waiting: int
    dropped: int
    refused: int
    repeated: int
    ever_up: bool

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def kind_of(item: Item) -> str:
    """`reading`, `event` or `wave`."""
    return "reading" if isinstance(item, Reading) else "event" if isinstance(item, Event) else "wave"


class Worker:
    """Owns a sink and its spool. `put` may be called from one other thread, and never waits for the sink."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        spool: Spool,
        say: Callable[[str], None],
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        """`name`: what it is called in what is said; `say` gets a sentence when its state changes."""
        self.name, self.sink, self.spool = name, sink, spool
        self.problem: VitalwireError | None = None
        """Why it does not deliver at present."""
        self._say, self._now_ms, self._first_pause_s = say, now_ms, first_pause_s
        self._state: State = "starting"
        self._delivered = self._refused = self._repeated = self._dropped_said = self._dropped_told = 0
        self._ever_up = False
        self._suspect = min(spool.left_over, BATCH)  # of an earlier run: these may have arrived
        self._origin: Origin | None = None
        self._news = threading.Condition()
        self._after = 0
        self._ending = self._hurry = self._hurried = False
        self._down_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"sink {name}", daemon=True)

    def resume(self, stream: str) -> None:
        """Items of `stream` that an earlier run put into the spool are not taken again."""
        last = self.spool.last()
        if last is not None and last[0] == f"{stream}-{last[1]}":
            self._after = last[1]

    @property
    def after(self) -> int:
        """The number of the last item that an earlier run took; 0 where there was none."""
        return self._after

    def start(self) -> None:
        """Starts its thread."""
        self._thread.start()

    def put(self, number: int, key: str, item: Item, origin: Origin, late: bool) -> None:
        """Takes an item, where the sink wants such ones."""
        self._origin = origin
        if number > self._after and kind_of(item) in self.sink.wants:
            self.spool.put(number, key, item, origin, late, self._now_ms())
        with self._news:
            self._news.notify()

    def standing(self) -> Standing:
        """How it does now."""
        return Standing(
            self.name,
            self._state,
            self.problem.what if self.problem else "",
            self._delivered,
            self.spool.waiting,
            self.spool.dropped,
            self._refused,
            self._repeated,
            self._ever_up,
        )

    def hurry(self) -> None:
        """The end comes: a sink that is away is tried once more at once, instead of after its pause."""
        with self._news:
            self._hurry = True
            self._news.notify()

    def end(self, drain_s: float, keep: bool = True) -> None:
        """Delivers what waits, for at most `drain_s`, and ends. What is left stays in the spool; `keep` False: where
        nothing is, the spool goes."""
        end_s = time.monotonic() + drain_s
        self.hurry()
        while self.spool.waiting and time.monotonic() < end_s and self._thread.is_alive():
            if self._state == "refused":
                break
            time.sleep(0.02)
        with self._news:
            self._ending = True
            self._news.notify()
        self._thread.join(max(0.5, min(10.0, drain_s)))
        if self._thread.is_alive():
            return  # stuck in its sink: it goes with the program, and its spool stays as it is
        self.spool.close(keep)

    # ------------------------------------------------------------ its thread

    def _run(self) -> None:
        pause_s = self._first_pause_s
        while not self._ending:
            try:
                self._connect()
                pause_s = self._first_pause_s
                while not self._ending:
                    self._deliver()
            except SinkRefused as error:
                self._lost("refused", error)
                self._pause(REFUSED_PAUSE_S)
            except SinkDown as error:
                self._lost("down", error)
                self._pause(pause_s)
                pause_s = min(2 * pause_s, PAUSE_MAX_S)
            except VitalwireError as error:  # the spool does not read
                self._lost("refused", error)
                return
            except Exception as error:
                self._lost("down", SinkDown(f"{self.name}: {type(error).__name__}: {error}", "report this: it is ours"))
                self._pause(PAUSE_MAX_S)
        self.sink.close()

    def _connect(self) -> None:
        origin = self._wait_for_origin()
        if origin is None:
            return
        self.sink.open(origin)
        if self._ever_up and self._state != "up":
            away_s = time.monotonic() - self._down_s
            self._say(f"{self.name} is back after {away_s:.0f} s; {self.spool.waiting} that waited are delivered now")
        elif self._state in ("down", "refused"):
            self._say(f"{self.name} is there now; {self.spool.waiting} that waited are delivered now")
        self._state, self._ever_up, self.problem = "up", True, None

    def _wait_for_origin(self) -> Origin | None:
        """Who it is all of: from the first item, or from what an earlier run left."""
        while not self._ending:
            if self._origin is None and self.spool.waiting:
                self._origin = self.spool.first(1)[0].origin
            if self._origin is not None:
                return self._origin
            self._wait(IDLE_S)
        return None

    def _deliver(self) -> None:
        if self._state != "up":
            return
        batch = self.spool.first(BATCH)
        if not batch:
            if not self._wait(IDLE_S):
                self.sink.idle()
            return
        self._tell_dropped(batch[0])
        made = [self._delivery(waiting, place < self._suspect) for place, waiting in enumerate(batch)]
        self._suspect = max(self._suspect, len(batch))  # until it is acknowledged, all of it may have arrived
        refused = None
        try:
            self.sink.deliver(made)
            taken = good = len(batch)
        except ItemRefused as error:
            refused, good = error, max(0, min(error.delivered, len(batch) - 1))
            taken = good + 1
        self._suspect = max(0, self._suspect - taken) if refused is None else 0
        self._delivered += good
        self._repeated += sum(delivery.repeated for delivery in made[:good])
        self.spool.done(batch[taken - 1].place)
        if refused is not None:
            self._refused += 1
            if self._refused <= 3 or self._refused % 100 == 0:
                self._say(f"{self.name} did not take item {batch[good].number}: {refused}; {self._refused} in all")

    def _delivery(self, waiting: Waiting, repeated: bool) -> Delivery:
        item = waiting.item
        flagged = not isinstance(item, Event) and "late" in item.flags
        late = waiting.late or flagged or self._now_ms() - waiting.put_ms > LATE_MS
        return Delivery(waiting.number, item, waiting.origin, waiting.key, late, repeated)

    def _say_dropped(self) -> None:
        dropped = self.spool.dropped
        if dropped > self._dropped_said:
            lost, self._dropped_said = dropped - self._dropped_said, dropped
            why = f" ({self.spool.trouble})" if self.spool.trouble else ""
            self._say(f"{self.name}: {lost} items are lost, as its buffer was full{why}; {dropped} in all")

    def _tell_dropped(self, before: Waiting) -> None:
        """Says what is lost to who receives as well, in its place in the order."""
        lost = self.spool.dropped - self._dropped_told
        if lost <= 0:
            return
        self._say_dropped()
        if "event" in self.sink.wants:
            what = Event(
                before.item.utc_ms, "record", "stream_dropped", "lost", value=lost, detail="the buffer was full"
            )
            self.sink.deliver([Delivery(before.number, what, before.origin, f"{before.key}-dropped-{lost}", late=True)])
        self._dropped_told += lost

    def _lost(self, state: State, error: VitalwireError) -> None:
        self.sink.close()
        if self._state != state or self.problem is None or self.problem.what != error.what:
            named = "" if error.what.startswith(self.name) else f"{self.name}: "
            self._say(f"{named}{error}; {self.spool.waiting} wait")
        if self._state in ("up", "starting"):
            self._down_s = time.monotonic()
        self._state, self.problem = state, error
        self._say_dropped()

    def _wait(self, seconds: float) -> bool:
        """Waits for news; False where none came."""
        with self._news:
            if self._ending or (self._state == "up" and self.spool.waiting):
                return True
            return self._news.wait(seconds)

    def _pause(self, seconds: float) -> None:
        """Lets time pass before the next attempt; at the end of the stream one more is made at once."""
        end_s = time.monotonic() + seconds
        with self._news:
            while not self._ending and (left_s := end_s - time.monotonic()) > 0:
                if self._hurry and not self._hurried:
                    self._hurried = True
                    return
                self._news.wait(left_s)


__all__ = ["BATCH", "LATE_MS", "Standing", "Worker", "kind_of"]
