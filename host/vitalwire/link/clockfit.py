# SPDX-License-Identifier: Apache-2.0
"""When the board made a message, on the host's clock: offset and drift, fitted to messages as they arrive.

A message can only arrive late, never early, so of the messages of ten seconds the one with the smallest `arrival -
device time` is nearest the truth; the others are delay and are forgotten. A straight line through these minima is the
fit. Its slope is the median of all pairs' slopes (Theil and Sen), which up to a quarter of bad windows cannot move;
its height is the smallest remainder of the last minute. Until there is a minute of data the slope is zero.

The device's 32-bit milliseconds wrap every 49.7 days and are extended here. All times are ms.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import Final

WRAP: Final = 1 << 32
WINDOW_MS: Final = 10_000
WINDOWS: Final = 60  # ten minutes: crystals drift with temperature, and 1770 pairs are fitted in under a millisecond
RECENT: Final = 6
MIN_SPAN_MS: Final = 60_000  # below this a millisecond of jitter would be more than 17 ppm of false drift
MAX_DRIFT: Final = 500e-6  # a crystal is within 50 ppm, an RC oscillator may not be: beyond this it is not drift
EARLY_MS: Final = 250  # a message cannot arrive before it was made: this much means that a clock was set
LATE_MS: Final = 1_000  # the quickest message of three windows this late: the computer slept, or a clock was set
LATE_WINDOWS: Final = 3


class ClockFit:
    """Maps a board's milliseconds to the host's monotonic milliseconds. One for each start of a board."""

    def __init__(self) -> None:
        self.resets = 0
        """How often the fit was thrown away because the clocks had jumped."""
        self.round_trip_ms: int | None = None
        """The quickest question and answer so far: the fit is never wrong by more than this, drift apart."""
        self.restart()

    def restart(self) -> None:
        """Forgets everything: the board started again, or another board is there."""
        self._last: int | None = None
        self._forget()

    def _forget(self) -> None:
        self._windows: deque[tuple[int, int]] = deque()  # (device ms, arrival - device ms), one a window
        self._slopes: list[float] = []  # between every two windows, in order
        self._best: tuple[int, int] | None = None  # the window that is open
        self._window_ends = 0
        self._late_windows = 0
        self._base, self._height, self._drift = 0, 0.0, 0.0

    @property
    def ready(self) -> bool:
        """Whether there is anything to map with."""
        return self._best is not None or bool(self._windows)

    @property
    def drift_ppm(self) -> float:
        """How much slower the board's clock runs than the host's, in parts per million; 0.0 while not known."""
        return self._drift * 1e6

    @property
    def drift_known(self) -> bool:
        """Whether there was enough to tell the drift from delay."""
        return bool(self._windows) and self._windows[-1][0] - self._windows[0][0] >= MIN_SPAN_MS

    def extend(self, device_ms: int) -> int:
        """The 32-bit `device_ms` as a number that does not wrap; right within 24 days of the latest observation."""
        if self._last is None:
            return device_ms
        return self._last + (device_ms - self._last + WRAP // 2) % WRAP - WRAP // 2

    def is_behind(self, device_ms: int) -> bool:
        """Whether the board's clock has already shown a later time: then this is not the start that was fitted."""
        return self._last is not None and self.extend(device_ms) < self._last

    def observe(self, device_ms: int, arrived_ms: int) -> None:
        """A message that was made at `device_ms` and sent at once arrived at `arrived_ms`."""
        device = self.extend(device_ms)
        self._last = device if self._last is None else max(self._last, device)
        lag = arrived_ms - device
        if self.ready and lag - self._lag_at(device) < -EARLY_MS:
            self.resets += 1
            self._forget()
        if self._best is not None and device >= self._window_ends:
            self._close_window()
        if self._best is None:
            self._best, self._window_ends = (device, lag), device + WINDOW_MS
            if not self._windows:
                self._base, self._height = device, float(lag)
        elif lag < self._best[1]:
            self._best = (device, lag)
        # A quicker message corrects the height at once; it need not wait for its window to close.
        self._height += min(0.0, lag - self._lag_at(device))

    def observe_answer(self, device_ms: int, sent_ms: int, arrived_ms: int) -> None:
        """The board answered at `device_ms` a question that left at `sent_ms`; the answer arrived at `arrived_ms`."""
        round_trip = arrived_ms - sent_ms
        if self.round_trip_ms is None or round_trip < self.round_trip_ms:
            self.round_trip_ms = round_trip
        self.observe(device_ms, arrived_ms)

    def host_ms(self, device_ms: int) -> int | None:
        """The host's monotonic ms at which the board's clock showed `device_ms`; None before any observation."""
        if not self.ready:
            return None
        device = self.extend(device_ms)
        return device + round(self._lag_at(device))

    def _lag_at(self, device: int) -> float:
        return self._height + self._drift * (device - self._base)

    def _close_window(self) -> None:
        best = self._best
        self._best = None
        if best is None:
            return
        if self._windows and best[1] - self._lag_at(best[0]) > LATE_MS:
            self._late_windows += 1
            if self._late_windows >= LATE_WINDOWS:
                self.resets += 1
                self._forget()
            return
        self._late_windows = 0
        if self._windows and best[0] <= self._windows[-1][0]:  # a clock that goes back says nothing of its drift
            return
        self._add(best)
        self._fit()

    def _add(self, best: tuple[int, int]) -> None:
        """One window more, and the slopes from every other one to it; those of the oldest go when there are too many.
        The slopes are kept in order: to sort all of them anew for each window is most of what a long replay costs."""
        points = self._windows
        if len(points) == WINDOWS:
            old = points.popleft()
            for point in points:
                del self._slopes[bisect_left(self._slopes, _slope(old, point))]
        for point in points:
            insort(self._slopes, _slope(point, best))
        points.append(best)

    def _fit(self) -> None:
        points = self._windows
        if self.drift_known:
            self._drift = max(-MAX_DRIFT, min(MAX_DRIFT, _median(self._slopes)))
        self._base = points[-1][0]
        recent = list(points)[-RECENT:]
        self._height = min(lag - self._drift * (device - self._base) for device, lag in recent)


def _slope(a: tuple[int, int], b: tuple[int, int]) -> float:
    return (b[1] - a[1]) / (b[0] - a[0])


def _median(ordered: list[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


__all__ = ["ClockFit"]
