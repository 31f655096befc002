# SPDX-License-Identifier: Apache-2.0
# Generated from protocol/vitalwire_protocol/messages.py by `make protocol`. Do not edit it here.
"""Packers and parsers of what only service needs: loaded for it and dropped after it. See wire.py."""

from struct import pack_into, unpack_from

from vitals.link import wire


def pack_selftest_progress(buf, off, present, test, done_pct, left_s):
    """How far a test is, at most twice a second."""
    wire.room(buf, off + 6)
    pack_into("<HBBH", buf, off, present, test, done_pct, left_s if present & 1 else 0)
    return off + 6


def pack_selftest_value(buf, off, present, test, which, measure, value, detail):
    """One value that a test measured; absent where it could not be measured."""
    wire.room(buf, off + 10)
    pack_into("<BHBBBi", buf, off, 10, present, test, which, measure, value if present & 1 else 0)
    return wire.put_run(buf, off + 10, detail)


def pack_held_pressure(buf, off, present, channels, cuff_cmmhg, guard_raw_x16, cuff_spread_cmmhg, held_ms):
    """Once a second while a pressure is held for a calibration: means over that second, before calibration."""
    wire.room(buf, off + 15)
    pack_into(
        "<HBiIHH",
        buf,
        off,
        present,
        channels,
        cuff_cmmhg if present & 1 else 0,
        guard_raw_x16 if present & 2 else 0,
        cuff_spread_cmmhg if present & 4 else 0,
        held_ms,
    )
    return off + 15


def pack_calibration_stored(buf, off, present, kind, days, due_days, zero, gain, ratio, spo2, start, n):
    """One channel's calibration as the board keeps it, on request. Nothing is sent for one that was never done."""
    end = off + 20 + 4 * n
    wire.room(buf, end)
    pack_into(
        "<BHBIIii",
        buf,
        off,
        20,
        present,
        kind,
        days,
        due_days,
        zero if present & 1 else 0,
        gain if present & 2 else 0,
    )
    off += 20
    for i in range(start, start + n):
        pack_into("<HH", buf, off, ratio[i], spo2[i])
        off += 4
    return end


def parse_selftest_run(buf, off, end):
    if end - off < 8:
        return None
    return unpack_from("<IHBB", buf, off)


def parse_hold_pressure(buf, off, end):
    if end - off < 11:
        return None
    return unpack_from("<IHHHB", buf, off)


def parse_calibration_get(buf, off, end):
    if end - off < 7:
        return None
    return unpack_from("<IHB", buf, off)


def parse_calibration_set(buf, off, end):
    if end - off < 23:
        return None
    return unpack_from("<IHBIIii", buf, off)


def parse_curve_set(buf, off, end):
    if end - off < 15 or buf[off] < 15 or buf[off] > end - off:
        return None
    run = off + buf[off]
    if (end - run) % 4:
        return None
    return unpack_from("<IHII", buf, off + 1) + (memoryview(buf)[run:end],)


# One item of the run of curve_set: ratio, spo2.
CURVE_SET_ITEM = "<HH"


# By message type.
PARSERS = {
    wire.SELFTEST_RUN: parse_selftest_run,
    wire.HOLD_PRESSURE: parse_hold_pressure,
    wire.CALIBRATION_GET: parse_calibration_get,
    wire.CALIBRATION_SET: parse_calibration_set,
    wire.CURVE_SET: parse_curve_set,
    wire.CALIBRATION_CLEAR: parse_calibration_get,
}
