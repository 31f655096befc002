# SPDX-License-Identifier: Apache-2.0
"""Whether a pulse beats in a pressure that is held with the pump off and the valves shut.

In a rigid vessel nothing pushes the pressure up again: it leaks, and the pumped air cools, so it only falls. An artery
under the cuff raises it with each beat, however slow or irregular. So two rises are a pulse; no rhythm is asked for.
"""

from micropython import const

_BUCKET_MS = const(80)  # the mean of eight samples: of the sensor's noise 0.01 mmHg is left
_WITHIN = const(6)  # a beat rises within half a second
_RISE_CMMHG = const(25)  # every simulated patient shows twice that at 80 mmHg
_APART_MS = const(300)  # one rise counts once
_RISES = const(2)
_BLIND_MS = const(500)  # after a valve has moved the manifold and the cuff even out


class Pulse:
    """Feed it every sample; `seen` says whether there is a pulse. `reset` where the pump or a valve has moved."""

    def __init__(self):
        self.reset(0)

    def reset(self, t_ms):
        """Begins anew: what was heard before belongs to another state of the valves."""
        self.seen = False
        self._from_ms = t_ms + _BLIND_MS
        self._bucket = None
        self._sum = self._n = self._rises = 0
        self._last = []
        self._rise_ms = t_ms - _APART_MS

    def feed(self, t_ms, cmmhg):
        """One pressure, 0.01 mmHg; None is no sample."""
        if cmmhg is None or t_ms < self._from_ms:
            return
        bucket = t_ms // _BUCKET_MS
        if bucket != self._bucket:
            if self._n:
                self._take(t_ms, self._sum // self._n)
            self._bucket = bucket
            self._sum = self._n = 0
        self._sum += cmmhg
        self._n += 1

    def _take(self, t_ms, mean):
        last = self._last
        if last and mean - min(last) >= _RISE_CMMHG and t_ms - self._rise_ms >= _APART_MS:
            self._rise_ms = t_ms
            self._rises += 1
            last.clear()
            if self._rises >= _RISES:
                self.seen = True
        last.append(mean)
        if len(last) > _WITHIN:
            del last[0]
