# SPDX-License-Identifier: Apache-2.0
"""From one source to several sinks: numbers the items, hands each to every sink's worker, and says how they all do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from ..errors import CheckFailed, LinkLost, VitalwireError
from ..items import Item, Origin
from .worker import Standing, Worker

DRAIN_S: Final = 10.0


class Hub:
    """`start` it, `put` items in, `end` it; they are delivered by the workers' own threads."""

    def __init__(self, workers: Sequence[Worker], stream: str) -> None:
        """`stream`: what the keys of the items begin with; the same stream again gives the same keys."""
        self.workers = tuple(workers)
        self.count = 0
        self._stream = stream

    def name_run(self, run: str) -> None:
        """Keys of a source that begins anew with each run have the run's own name in them."""
        self._stream = f"{self._stream}-{run}"

    @property
    def wants(self) -> frozenset[str]:
        """Kinds of items that anybody wants."""
        return frozenset[str]().union(*(worker.sink.wants for worker in self.workers))

    def start(self) -> None:
        """Starts every worker."""
        for worker in self.workers:
            worker.start()

    def put(self, item: Item, origin: Origin, late: bool = False, number: int | None = None) -> None:
        """Takes the next item; `number` where the source counts them itself. Never waits for a sink."""
        self.count = self.count + 1 if number is None else number
        key = f"{self._stream}-{self.count}"
        for worker in self.workers:
            worker.put(self.count, key, item, origin, late)

    def all_refused(self) -> bool:
        """Whether no sink is left that could ever take anything without a person's help."""
        return all(worker.standing().state == "refused" for worker in self.workers)

    def end(self, drain_s: float = DRAIN_S, keep: bool = True) -> list[Standing]:
        """Gives what waits `drain_s` to be delivered, all sinks at the same time, and ends. How they stand at last.
        `keep`: as `Worker.end`."""
        end_s = time.monotonic() + drain_s
        standings = []
        for worker in self.workers:
            worker.hurry()
        for worker in self.workers:
            worker.end(max(0.0, end_s - time.monotonic()), keep)
            standings.append(worker.standing())
        return standings

    def problem(self) -> VitalwireError | None:
        """The worst that is left to say at the end, with the exit code that belongs to it; None where all is delivered.

        What refused us comes first, then what is not there or has not got everything yet, then what is lost for good.
        """
        bad = [(worker, worker.standing()) for worker in self.workers]
        for worker, standing in bad:
            if standing.state == "refused" and worker.problem is not None:
                return worker.problem
        for worker, standing in bad:
            if standing.waiting or (standing.state != "up" and worker.problem is not None):
                kept = f"{standing.waiting} items wait in {worker.spool.path}" if worker.spool.path else ""
                lost = f"{standing.waiting} items were not delivered" if standing.waiting and not kept else kept
                hint = "the same command delivers them" if kept and standing.waiting else ""
                why = standing.why.removeprefix(f"{worker.name}: ")
                return LinkLost(f"{worker.name}: {lost or 'it is not there'}" + (f" ({why})" if why else ""), hint)
        for worker, standing in bad:
            if standing.dropped or standing.refused:
                said = [
                    f"{count} {what}"
                    for count, what in (
                        (standing.dropped, "items were lost, as its buffer was full"),
                        (standing.refused, "were not taken"),
                    )
                    if count
                ]
                return CheckFailed(f"{worker.name}: {' and '.join(said)}", "give more with --spool-mb, or see above")
        return None


__all__ = ["DRAIN_S", "Hub"]
