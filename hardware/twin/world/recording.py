# SPDX-License-Identifier: Apache-2.0
"""Recordings that take the place of the finger or of the cuff.

A file is one line of JSON and then little-endian 32-bit signed integers:

    {"vitalwire": "ppg", "rate_hz": 100, "loop": false}\\n     pairs of red and infrared, 18-bit counts
    {"vitalwire": "cuff", "rate_hz": 100, "start_s": 60}\\n    pressure in 0.01 mmHg
"""

import json
import sys
from array import array

FULL_COUNT = (1 << 18) - 1


class RecordingError(ValueError):
    """A recording that cannot be used; the message says which file and why."""


def load(path, kind):
    """Read a recording of `kind` ("ppg" or "cuff"): (header as dict, array("i") of its numbers)."""
    try:
        with open(path, "rb") as file:
            line = file.readline(4096)
            body = file.read()
    except OSError as error:
        raise RecordingError("%s cannot be read: %s. Give the path of a converted recording." % (path, error))
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("vitalwire") != kind:
        raise RecordingError(
            '%s is no %s recording: its first line must be JSON like {"vitalwire": "%s", "rate_hz": 100}' % (path, kind, kind)
        )
    rate_hz = header.setdefault("rate_hz", 100)
    if isinstance(rate_hz, bool) or not isinstance(rate_hz, int) or not 1 <= rate_hz <= 3200:
        raise RecordingError("%s: rate_hz must be a whole number from 1 to 3200" % path)
    size = 8 if kind == "ppg" else 4
    if not body or len(body) % size:
        raise RecordingError("%s: %d bytes after the header are not whole samples of %d" % (path, len(body), size))
    if sys.byteorder != "little":
        raise RecordingError("recordings can be played on little-endian machines only")
    return header, array("i", body)


class PpgRecording:
    """Light from a file, from the world's start. After its end it starts anew (`loop`) or the finger is gone."""

    def __init__(self, path):
        self.header, self._data = load(path, "ppg")
        self.rate_hz = self.header["rate_hz"]
        self.count = len(self._data) // 2

    def fill(self, n, period_us, red, ir, led_red_ua, led_ir_ua, t_us, offset):
        """As Finger.fill, from the sample that is current at `t_us` on; an LED without current leaves its channel dark.

        The recorded counts are played as they are: no LED current changes them.
        """
        data, count, loop = self._data, self.count, self.header.get("loop", False)
        for i in range(offset, offset + n):
            k = t_us * self.rate_hz // 1000000
            t_us += period_us
            if loop:
                k %= count
            if not 0 <= k < count:
                red[i] = ir[i] = 0
                continue
            red[i] = min(max(data[2 * k], 0), FULL_COUNT) if led_red_ua else 0
            ir[i] = min(max(data[2 * k + 1], 0), FULL_COUNT) if led_ir_ua else 0


class CuffRecording:
    """Pressure from a file, in both channels, whatever pump and valves do; before and after it the cuff is empty.

    It begins at `start_s` of its header, or when `play` is called.
    """

    def __init__(self, path):
        self.header, self._data = load(path, "cuff")
        self.rate_hz = self.header["rate_hz"]
        start_s = self.header.get("start_s")
        self.start_us = None if start_s is None else int(start_s * 1000 + 0.5) * 1000

    def play(self, t_us):
        """Begin at this time, anew if it has played already."""
        self.start_us = t_us

    def pressure_mmmhg(self, t_us):
        """Recorded pressure in 0.001 mmHg at a time; straight lines between samples."""
        if self.start_us is None or t_us < self.start_us:
            return 0
        position = (t_us - self.start_us) * self.rate_hz
        k = position // 1000000
        if k >= len(self._data) - 1:
            return 0
        here = self._data[k] * 10
        return here + (self._data[k + 1] * 10 - here) * (position % 1000000) // 1000000
