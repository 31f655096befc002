# SPDX-License-Identifier: Apache-2.0
"""Recordings that take the place of the finger or of the cuff.

A file is one line of JSON and then little-endian 32-bit signed integers:

    {"kind": "ppg", "rate_hz": 100, "channels": ["red", "ir"], "count": 3000}    pairs: red, infrared; 18-bit
    {"kind": "cuff", "rate_hz": 100, "unit": "0.01 mmHg", "count": 4000}         pressure in 0.01 mmHg

`start_s` (optional) is the virtual time of its first number; without it that is 0.
"""

import json
import sys
from array import array

FULL_COUNT = (1 << 18) - 1
RATE_HZ = 100
PERIOD_US = 1000000 // RATE_HZ


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
    if not isinstance(header, dict) or header.get("kind") != kind:
        raise RecordingError(
            '%s is no %s recording: its first line must be JSON like {"kind": "%s", "rate_hz": 100}'
            % (path, kind, kind)
        )
    if header.get("rate_hz") != RATE_HZ:
        raise RecordingError("%s: rate_hz is %s; only %d can be played" % (path, header.get("rate_hz"), RATE_HZ))
    size = 8 if kind == "ppg" else 4
    if not body or len(body) % size or header.get("count", len(body) // size) != len(body) // size:
        held = "%d bytes after the header, %d a sample" % (len(body), size)
        raise RecordingError(
            "%s: %s, do not make the %s samples it says it has" % (path, held, header.get("count", "whole"))
        )
    start_s = header.get("start_s", 0)
    if isinstance(start_s, bool) or not isinstance(start_s, (int, float)) or start_s < 0:
        raise RecordingError("%s: start_s must be a number of seconds from 0" % path)
    if sys.byteorder != "little":
        raise RecordingError("recordings can be played on little-endian machines only")
    header["start_us"] = int(start_s * 1000 + 0.5) * 1000
    return header, array("i", body)


class PpgRecording:
    """Light from a file; no finger before its start. After its end it starts anew (`"loop": false`: no finger)."""

    def __init__(self, path):
        header, self._data = load(path, "ppg")
        self._start_us = header["start_us"]
        self._loop = header.get("loop", True)
        self._count = len(self._data) // 2

    def fill(self, n, period_us, red, ir, led_red_ua, led_ir_ua, t_us):
        """As Finger.fill. Counts are played as recorded, whatever the LED current; without any it is dark."""
        data, count = self._data, self._count
        t_us -= self._start_us
        for i in range(n):
            k = t_us // PERIOD_US
            t_us += period_us
            if self._loop and k >= count:
                k %= count
            if not 0 <= k < count:
                red[i] = ir[i] = 0
                continue
            red[i] = min(max(data[2 * k], 0), FULL_COUNT) if led_red_ua else 0
            ir[i] = min(max(data[2 * k + 1], 0), FULL_COUNT) if led_ir_ua else 0


class CuffRecording:
    """Pressure from a file, in both channels, whatever pump and valves do; before and after it the cuff is empty."""

    def __init__(self, path):
        header, self._data = load(path, "cuff")
        self.start_us = header["start_us"]

    def play(self, t_us):
        """Begin at this time, anew if it has played already."""
        self.start_us = t_us

    def pressure_mmmhg(self, t_us):
        """Recorded pressure in 0.001 mmHg at a time; straight lines between samples."""
        t_us -= self.start_us
        k = t_us // PERIOD_US
        if not 0 <= k < len(self._data):
            return 0
        here = self._data[k] * 10
        after = self._data[min(k + 1, len(self._data) - 1)] * 10
        return max(0, here + (after - here) * (t_us % PERIOD_US) // PERIOD_US)
