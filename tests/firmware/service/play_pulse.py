# SPDX-License-Identifier: Apache-2.0
"""Plays held pressures to the detector of a pulse: what a vessel does, and what an arm does."""

import json

from vitals.service.pulse import Pulse

SAMPLE_MS = 10


def seen_at(cmmhg, seconds, pulse=None, begin_ms=0):
    """Seconds until a pulse is seen in the pressures `cmmhg(t_ms)`; None if it is not."""
    pulse = pulse or Pulse()
    for t_ms in range(begin_ms, begin_ms + seconds * 1000, SAMPLE_MS):
        pulse.feed(t_ms, cmmhg(t_ms))
        if pulse.seen:
            return (t_ms - begin_ms) / 1000
    return None


class Noise:
    """The same numbers on every interpreter: -width..width, triangular."""

    def __init__(self, width):
        self.width = width
        self.state = 1

    def __call__(self):
        total = 0
        for _ in range(2):
            self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
            total += (self.state >> 16) % (self.width + 1)
        return total - self.width


def vessel(fall_per_s, width):
    """A sealed vessel at 250 mmHg that loses so much, and a sensor that scatters by `width`."""
    noise = Noise(width)
    return lambda t_ms: 25000 - fall_per_s * t_ms // 1000 + noise()


def arm(beats_ms, amplitude):
    """Beats at these times: a rise of 150 ms, a fall over the next 500."""
    noise = Noise(6)

    def cmmhg(t_ms):
        swell = 0
        for beat in beats_ms:
            since = t_ms - beat
            if 0 <= since < 150:
                swell = amplitude * since // 150
            elif 150 <= since < 650:
                swell = amplitude * (650 - since) // 500
        return 8000 - t_ms // 200 + swell + noise()

    return cmmhg


def reset_in_between():
    """A valve moves between two single rises: neither is a pulse."""
    pulse = Pulse()
    one = seen_at(arm((2000,), 60), 4, pulse)
    pulse.reset(4000)
    return one, seen_at(arm((6000,), 60), 4, pulse, 4000)


print(
    json.dumps(
        {
            "vessels": [seen_at(vessel(fall, width), 66) for fall in (0, 5, 10, 400) for width in (6, 20)],
            "slow": seen_at(arm(range(700, 20000, 2000), 50), 9),
            "usual": seen_at(arm(range(700, 20000, 900), 50), 9),
            "quick": seen_at(arm(range(700, 20000, 330), 50), 9),
            "irregular": seen_at(arm((900, 1500, 3100, 3600, 5400, 6100, 8300), 50), 9),
            "one rise": seen_at(arm((2000,), 60), 9),
            "absent": seen_at(lambda t_ms: None, 9),
            "step of a valve": seen_at(lambda t_ms: 8000 if t_ms < 300 else 8200, 9),
            "reset": reset_in_between(),
        }
    )
)
