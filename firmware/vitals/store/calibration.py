# SPDX-License-Identifier: Apache-2.0
"""The calibration of this board's channels, as integers: absent where it was never done.

Kinds are stored together in one record of two copies. Each kind is refused outside the tolerances of healthy parts,
when it is written and again when it is read: no calibration lifts a limit, and none makes up for a broken sensor.
"""

import struct

from micropython import const

from vitals.oximetry.curve import Curve
from vitals.safety import interlock

from .twocopy import TwoCopies

GUARD = const(1)
CUFF = const(2)
CURVE = const(3)
# The same with the day on which they fall due before them, as they are written now.
DUE = const(16)

# The MPR sensor is within 1.5 % of full scale in all: 4.5 mmHg of zero, and as much slope as that is at full scale.
CUFF_ZERO_SPAN_CMMHG = const(450)
CUFF_GAIN_NOMINAL = const(1 << 14)
CUFF_GAIN_SPAN = const(492)  # 3 %

HEAD = const("<BBI")
HEAD_SIZE = const(6)
_MAX_BYTES = const(180)


class Calibration:
    """Reads the flash when made; `calibrating.Calibrator` also changes it, and is loaded only for that.

    * `guard`: (zero_raw, gain_q13) of the guard channel, as `Interlock.calibrate` takes them, or None;
    * `cuff`: (zero_cmmhg, gain_q14): true pressure = (reading - zero) * gain / 2^14, in 0.01 mmHg, or None;
    * `curve`: tuple of (ratio x1000, SpO2 x10) as `vitals.oximetry.curve.Curve` takes it, or None;
    * `days`, `due_days`: {kind: days since 2000-01-01 on which it was done, and falls due, as the host said};
    * `corrupt`: a stored copy was not whole, or held numbers that no healthy board has.
    """

    def __init__(self, storage):
        self.storage = storage
        self.copies = TwoCopies(storage.path, "calib", _MAX_BYTES)
        self.guard = self.cuff = self.curve = None
        self.days = {}
        self.due_days = {}
        payload = self.copies.load()
        self.corrupt = self.copies.bad > 0
        if payload is not None and not self._unpack(payload):
            self.corrupt = True

    @property
    def complete(self):
        """Whether every channel is calibrated."""
        return self.guard is not None and self.cuff is not None and self.curve is not None

    # ------------------------------------------------------------ inside

    def _unpack(self, payload):
        i = 0
        whole = True
        while i + HEAD_SIZE <= len(payload):
            kind, length, days = struct.unpack_from(HEAD, payload, i)
            i += HEAD_SIZE
            body = payload[i : i + length]
            i += length
            due_days = 0
            if kind > DUE and length >= 4:
                kind -= DUE
                due_days = struct.unpack_from("<I", body)[0]
                body = body[4:]
            value = _parse(kind, body)
            if value is None or not allowed(kind, value):
                whole = False
                continue
            self.days[kind] = days
            self.due_days[kind] = due_days
            if kind == GUARD:
                self.guard = value
            elif kind == CUFF:
                self.cuff = value
            else:
                self.curve = value
        return whole and i == len(payload)


def allowed(kind, value):
    if kind == GUARD:
        return interlock.calibration_ok(value[0], value[1])
    if kind == CUFF:
        return abs(value[0]) <= CUFF_ZERO_SPAN_CMMHG and abs(value[1] - CUFF_GAIN_NOMINAL) <= CUFF_GAIN_SPAN
    return _curve_ok(value)


def _curve_ok(points):
    try:
        Curve(points)
    except ValueError:
        return False
    return True


def _parse(kind, body):
    if kind in (GUARD, CUFF):
        return struct.unpack("<ii", body) if len(body) == 8 else None
    if kind == CURVE and len(body) % 4 == 0:
        return tuple([struct.unpack_from("<HH", body, i) for i in range(0, len(body), 4)])
    return None
