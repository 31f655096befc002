# SPDX-License-Identifier: Apache-2.0
"""Changes a board's calibration: what a technician does, in a file of its own so that a session need not load it."""

import struct

from vitals.link import wire
from vitals.store import calibration
from vitals.store.calibration import HEAD, Calibration, allowed


class Calibrator(Calibration):
    """A calibration that `set_*()` and `clear()` change."""

    def set_guard(self, zero_raw, gain_q13, days, due_days=0):
        """Stores the guard channel's zero and gain. Returns wire.REFUSAL_*; refused changes nothing."""
        return self._set(calibration.GUARD, (zero_raw, gain_q13), days, due_days)

    def set_cuff(self, zero_cmmhg, gain_q14, days, due_days=0):
        """Stores the cuff sensor's zero and gain. Returns wire.REFUSAL_*; refused changes nothing."""
        return self._set(calibration.CUFF, (zero_cmmhg, gain_q14), days, due_days)

    def set_curve(self, points, days, due_days=0):
        """Stores the SpO2 curve of this kind of sensor. Returns wire.REFUSAL_*; refused changes nothing."""
        return self._set(calibration.CURVE, tuple([tuple(point) for point in points]), days, due_days)

    def clear(self, kind):
        """Forgets one kind. Returns wire.REFUSAL_*."""
        return self._save(kind, None, 0, 0)

    # ------------------------------------------------------------ inside

    def _set(self, kind, value, days, due_days):
        if not allowed(kind, value) or not 0 <= days <= 0xFFFFFF or not 0 <= due_days <= 0xFFFFFF:
            return wire.REFUSAL_BAD_VALUE
        return self._save(kind, value, days, due_days)

    def _save(self, kind, value, days, due_days):
        if self.storage.blocked:
            return wire.REFUSAL_CUFF_NOT_EMPTY
        values = {calibration.GUARD: self.guard, calibration.CUFF: self.cuff, calibration.CURVE: self.curve}
        all_days = dict(self.days)
        values[kind] = value
        all_days[kind] = days
        all_due = dict(self.due_days)
        all_due[kind] = due_days
        payload = b""
        for other in (calibration.GUARD, calibration.CUFF, calibration.CURVE):
            if values[other] is not None:
                body = struct.pack("<I", all_due.get(other, 0)) + _pack(other, values[other])
                payload += struct.pack(HEAD, calibration.DUE + other, len(body), all_days[other]) + body
        try:
            self.copies.save(payload)
        except OSError:
            return wire.REFUSAL_STORAGE
        if value is None:
            del all_days[kind], all_due[kind]
        self.days = all_days
        self.due_days = all_due
        self.guard, self.cuff, self.curve = (
            values[calibration.GUARD],
            values[calibration.CUFF],
            values[calibration.CURVE],
        )
        self.corrupt = False
        return wire.REFUSAL_NONE


def _pack(kind, value):
    if kind == calibration.CURVE:
        return b"".join([struct.pack("<HH", ratio, spo2) for ratio, spo2 in value])
    return struct.pack("<ii", value[0], value[1])
