# SPDX-License-Identifier: Apache-2.0
"""A `/metrics` page for Prometheus. A value that is absent or old is not on it: nothing is repeated.

| metric | labels besides serial, bed, simulated | what |
|---|---|---|
| `vitalwire_spo2_percent`, `vitalwire_perfusion_percent` | | the oximeter's, while not older than `expire` |
| `vitalwire_systolic_mmhg`, `vitalwire_diastolic_mmhg`, `vitalwire_mean_mmhg` | | the cuff's, `cuff_expire` |
| `vitalwire_pulse_bpm`, `vitalwire_quality_percent` | source | of either |
| `vitalwire_reading_timestamp_seconds`, `vitalwire_reading_age_seconds` | source | when it was measured |
| `vitalwire_readings_total` | source | counts them, those without a value too |
| `vitalwire_alarms_total` | priority | counts how often one was raised |
| `vitalwire_alarm_active` | name, priority | 1 while it is |
| `vitalwire_link_up` | | 1 while the board is heard, else 0 |
| `vitalwire_board_info` | firmware, profile | 1 |
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..errors import SinkRefused, UsageError
from ..items import Event, Origin, Reading
from .base import Delivery, Sink, SinkKind
from .present import age_ms, gap_begins, heard
from .urls import SinkUrl

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PORT: Final = 9464
EXPIRE_S: Final = 10
CUFF_EXPIRE_S: Final = 3600
_LABELS: Final = ("serial", "bed", "simulated")
_GAUGES: Final = (
    ("vitalwire_spo2_percent", "spo2_pct", "Oxygen saturation by pulse oximetry, %"),
    ("vitalwire_perfusion_percent", "perfusion_pct", "Perfusion index, %"),
    ("vitalwire_systolic_mmhg", "sbp_mmhg", "Systolic blood pressure, mmHg"),
    ("vitalwire_diastolic_mmhg", "dbp_mmhg", "Diastolic blood pressure, mmHg"),
    ("vitalwire_mean_mmhg", "map_mmhg", "Mean blood pressure, mmHg"),
)
_BY_SOURCE: Final = (
    ("vitalwire_pulse_bpm", "pulse_bpm", "Pulse rate, 1/min"),
    ("vitalwire_quality_percent", "quality", "Quality of the reading, 0 to 100"),
)
_PRIORITIES: Final = ("high", "medium", "low")


@dataclass
class _Board:
    """What is known of one board. `at` of a reading: when it was measured, on the monotonic clock, in s."""

    origin: Origin
    latest: dict[str, tuple[Reading, float]] = field(default_factory=dict)  # by source
    readings: Counter[str] = field(default_factory=Counter)
    raised: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(_PRIORITIES, 0)))
    active: dict[str, str] = field(default_factory=dict)  # alarm -> priority
    up: bool = True


class Metrics:
    """What is on the page. `take` and `collect` may be called from different threads."""

    def __init__(
        self, expire_s: int = EXPIRE_S, cuff_expire_s: int = CUFF_EXPIRE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._expire_s = {"oximeter": expire_s, "cuff": cuff_expire_s}
        self._clock = clock
        self._boards: dict[str, _Board] = {}
        self._lock = threading.Lock()

    def meet(self, origin: Origin) -> None:
        """The board is there, though nothing has come of it yet."""
        with self._lock:
            self._board(origin)

    def take(self, delivery: Delivery, now_ms: int) -> None:
        """One item. `now_ms` is UTC."""
        item = delivery.item
        with self._lock:
            board = self._board(delivery.origin)
            if isinstance(item, Reading):
                self._reading(board, item, delivery, now_ms)
            elif isinstance(item, Event):
                self._event(board, item)

    def _board(self, origin: Origin) -> _Board:
        board = self._boards.setdefault(origin.board, _Board(origin))
        board.origin = origin
        return board

    def _reading(self, board: _Board, reading: Reading, delivery: Delivery, now_ms: int) -> None:
        source = reading.source
        board.readings[source] += 1
        age = age_ms(delivery, reading, now_ms)
        known = board.latest.get(source)
        if source not in self._expire_s or age is None or (known and reading.utc_ms < known[0].utc_ms):
            return
        board.latest[source] = (reading, self._clock() - age / 1000)
        if source == "oximeter" and not delivery.late:
            board.up = True

    def _event(self, board: _Board, event: Event) -> None:
        if event.alarm:
            if event.state == "cleared":
                board.active.pop(event.name, None)
            else:
                board.active[event.name] = event.priority
            if event.state == "raised":
                board.raised[event.priority] += 1
        up = heard(event)
        if up is not None:
            board.up = up
        if up is False:
            board.latest.clear()
        elif gap_begins(event):
            board.latest.pop("oximeter", None)

    # ------------------------------------------------------------ the page

    def collect(self) -> Iterator[Metric]:
        """Called for every scrape."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        def gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(name, text, labels=(*_LABELS, *labels))

        def counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
            return CounterMetricFamily(name, text, labels=(*_LABELS, *labels))

        values: dict[str, GaugeMetricFamily] = {f: gauge(name, text) for name, f, text in _GAUGES}
        values |= {f: gauge(name, text, "source") for name, f, text in _BY_SOURCE}
        at = gauge("vitalwire_reading_timestamp_seconds", "When the present reading was measured, UTC", "source")
        age = gauge("vitalwire_reading_age_seconds", "How long ago the present reading was measured", "source")
        readings = counter("vitalwire_readings", "Readings, those without a value too", "source")
        raised = counter("vitalwire_alarms", "How often an alarm was raised", "priority")
        active = gauge("vitalwire_alarm_active", "1 while the alarm is raised", "name", "priority")
        link = gauge("vitalwire_link_up", "1 while the board is heard")
        info = gauge("vitalwire_board_info", "The board", "firmware", "profile")
        with self._lock:
            for board in self._boards.values():
                labels = _labels(board.origin)
                for source, reading, old_s in self._present(board):
                    for name, family in values.items():
                        value = getattr(reading, name)
                        if value is not None:
                            more = [source] if name in ("pulse_bpm", "quality") else []
                            family.add_metric([*labels, *more], value)
                    at.add_metric([*labels, source], reading.utc_ms / 1000)
                    age.add_metric([*labels, source], round(old_s, 3))
                _count(readings, labels, board.readings)
                _count(raised, labels, board.raised)
                for name, priority in board.active.items():
                    active.add_metric([*labels, name, priority], 1)
                link.add_metric(labels, int(board.up))
                info.add_metric([*labels, board.origin.firmware, board.origin.profile], 1)
        yield from (*values.values(), at, age, readings, raised, active, link, info)

    def _present(self, board: _Board) -> Iterator[tuple[str, Reading, float]]:
        now_s = self._clock()
        for source, (reading, at_s) in board.latest.items():
            if now_s - at_s <= self._expire_s[source]:
                yield source, reading, now_s - at_s


def _labels(origin: Origin) -> list[str]:
    return [origin.board, origin.bed, "true" if origin.simulated else "false"]


def _count(family: Any, labels: list[str], counts: Counter[str]) -> None:
    for what, number in counts.items():
        family.add_metric([*labels, what], number)


class PrometheusSink(Sink):
    """Serves the page while it is open; the counts go on when it is opened again."""

    def __init__(self, host: str, port: int, shown: str, metrics: Metrics) -> None:
        self._host, self._port, self._shown, self._metrics = host, port, shown, metrics
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def open(self, origin: Origin) -> None:
        from prometheus_client import CollectorRegistry, start_http_server

        self.close()
        self._metrics.meet(origin)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self._metrics)
        try:
            self._server, self._thread = start_http_server(self._port, self._host, registry)
        except OSError as error:
            said = error.strerror or str(error)
            raise SinkRefused(f"{self._shown}: port {self._port} of {self._host} cannot be served: {said}") from None

    def deliver(self, batch: Sequence[Delivery]) -> None:
        now_ms = time.time_ns() // 1_000_000
        for delivery in batch:
            self._metrics.take(delivery, now_ms)

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            if self._thread is not None:
                self._thread.join(2)
            self._server = self._thread = None


def make(url: SinkUrl) -> Sink:
    """Raises UsageError for a URL that cannot be used."""
    if url.path not in ("", "/", "/metrics"):
        raise UsageError(f"--to {url.shown}: the page is /metrics, there is no {url.path}")
    expire_s = url.whole("expire", EXPIRE_S, 2, 3600)
    metrics = Metrics(expire_s, url.whole("cuff_expire", CUFF_EXPIRE_S, 60, 86_400))
    url.finish()
    return PrometheusSink(url.host or "127.0.0.1", PORT if url.port is None else url.port, url.shown, metrics)


KIND: Final = SinkKind(
    name="prometheus",
    schemes=("prometheus",),
    summary="a /metrics page for Prometheus to read; for this computer alone unless an address is named",
    example="prometheus://:9464",
    make=make,
    options={
        "expire": f"seconds after which a value of the oximeter is gone (2 to 3600, {EXPIRE_S})",
        "cuff_expire": f"the same for the cuff (60 to 86400, {CUFF_EXPIRE_S})",
    },
    modules=("prometheus_client",),
    extra="prometheus",
    keeps=False,
)

__all__ = ["KIND", "Metrics", "PrometheusSink", "make"]
