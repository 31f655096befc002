# SPDX-License-Identifier: Apache-2.0
"""Commands of service: self-tests, held pressures, calibration. Loaded when one comes, forgotten when it is done."""

import gc
import sys

from vitals.link import wire, wire_service
from vitals.link.outbox import READING
from vitals.parts.host import LATER
from vitals.service.bench import Bench

_HEADER = 8
_LOADED = ("vitals.link.wire_service", "vitals.store.calibrating")  # and all of this package
_GROUPS = (
    ("on_board", wire.SELFTEST_PROCESSOR, wire.SELFTEST_BUSES),
    ("on_finger", wire.SELFTEST_OXIMETER_TEMPERATURE, wire.SELFTEST_OXIMETER_FIFO),
    ("on_pressure", wire.SELFTEST_PRESSURE_AGREEMENT, wire.SELFTEST_DUMP),
    ("on_safety", wire.SELFTEST_CUFF_TIMER, wire.SELFTEST_COMPARATOR),
    ("on_panel", wire.SELFTEST_SOUND, wire.SELFTEST_SUPPLY),
)
_INFLATE = (
    wire.SELFTEST_PRESSURE_AGREEMENT,
    wire.SELFTEST_PUMP,
    wire.SELFTEST_LEAK,
    wire.SELFTEST_BLEED,
    wire.SELFTEST_DUMP,
    wire.SELFTEST_CUFF_TIMER,
    wire.SELFTEST_SINGLE_FAULT,
    wire.SELFTEST_COMPARATOR,
    wire.SELFTEST_SUPPLY,
)


def perform(app, command, fields, t_ms):
    """Does one command. Returns wire.REFUSAL_*, or LATER where its answer comes when the work is done."""
    if command == wire.CALIBRATION_GET:
        refusal = _calibration_get(app, fields[2], t_ms)
    elif app.session.number is not None:
        refusal = wire.REFUSAL_SESSION_OPEN
    elif app.bench is not None or app.cuff.controller.active:
        return wire.REFUSAL_BUSY  # and what is loaded is in use
    elif command == wire.SELFTEST_RUN:
        refusal = _selftest_run(app, fields[2], fields[3], t_ms)
    elif command == wire.HOLD_PRESSURE:
        refusal = _hold_pressure(app, fields, t_ms)
    else:
        refusal = _calibration(app, command, fields)
    if refusal != LATER and app.bench is None:
        forget()
    return refusal


def forget():
    """Gives the memory of this code back."""
    for name in list(sys.modules):
        if name.startswith("vitals.service.") or name in _LOADED:
            del sys.modules[name]
            package, _, last = name.rpartition(".")
            parent = sys.modules.get(package)
            if parent is not None and hasattr(parent, last):
                delattr(parent, last)
    gc.collect()


def _selftest_run(app, test, flags, t_ms):
    if test in _INFLATE and not flags & wire.SERVICE_FLAGS_CUFF_ON_CYLINDER:
        return wire.REFUSAL_WAIT_FOR_PERSON
    for name, first, last in _GROUPS:
        if first <= test <= last:
            module = __import__("vitals.service." + name, None, None, ("TESTS",))
            work = module.TESTS[test - first]
            if work is None:
                break
            bench = Bench(app, work, t_ms)
            bench.test = test
            app.bench = bench
            return LATER
    return wire.REFUSAL_BAD_VALUE


def _hold_pressure(app, fields, t_ms):
    from vitals.service.hold import hold

    _, _, mmhg, seconds, flags = fields
    if not 0 <= mmhg <= 250 or not 1 <= seconds <= 30:
        return wire.REFUSAL_BAD_VALUE
    if not flags & wire.SERVICE_FLAGS_CUFF_ON_CYLINDER and mmhg:
        return wire.REFUSAL_WAIT_FOR_PERSON
    if mmhg:
        refusal = app.cuff.refusal()
        if refusal == wire.REFUSAL_NONE:
            refusal = app.cuff.controller.service_refusal(t_ms)
        if refusal != wire.REFUSAL_NONE:
            return refusal
    above = bool(flags & wire.SERVICE_FLAGS_FROM_ABOVE)
    app.bench = Bench(app, lambda bench: hold(bench, mmhg, seconds, above), t_ms)
    return LATER


# ---------------------------------------------------------------- calibration


def _calibration_get(app, kind, t_ms):
    calibration = app.calibration
    value = {
        wire.CALIBRATION_GUARD: calibration.guard,
        wire.CALIBRATION_CUFF: calibration.cuff,
        wire.CALIBRATION_CURVE: calibration.curve,
    }.get(kind)
    if kind not in (wire.CALIBRATION_GUARD, wire.CALIBRATION_CUFF, wire.CALIBRATION_CURVE):
        return wire.REFUSAL_BAD_VALUE
    if value is None:
        return wire.REFUSAL_NONE
    days, due_days = calibration.days.get(kind, 0), calibration.due_days.get(kind, 0)
    curve = kind == wire.CALIBRATION_CURVE
    ratios = [point[0] for point in value] if curve else ()
    spo2 = [point[1] for point in value] if curve else ()
    zero, gain = (0, 0) if curve else value
    outbox = app.outbox
    end = wire_service.pack_calibration_stored(
        outbox.body, _HEADER, 0 if curve else 3, kind, days, due_days, zero, gain, ratios, spo2, 0, len(ratios)
    )
    outbox.put(wire.CALIBRATION_STORED, end, t_ms, READING)
    return wire.REFUSAL_NONE


def _calibration(app, command, fields):
    """Stores or forgets one channel's, and lets it take effect at once. Never while the cuff holds pressure."""
    import struct

    from vitals.store.calibrating import Calibrator

    if app.cuff.empty() is False:
        return wire.REFUSAL_CUFF_NOT_EMPTY
    calibrator = Calibrator(app.storage)
    if command == wire.CALIBRATION_CLEAR:
        refusal = calibrator.clear(fields[2])
    elif command == wire.CURVE_SET:
        run = bytes(fields[4])
        points = [struct.unpack_from("<HH", run, i) for i in range(0, len(run), 4)]
        refusal = calibrator.set_curve(points, fields[2], fields[3])
    elif fields[2] == wire.CALIBRATION_GUARD:
        refusal = calibrator.set_guard(fields[5], fields[6], fields[3], fields[4])
    elif fields[2] == wire.CALIBRATION_CUFF:
        refusal = calibrator.set_cuff(fields[5], fields[6], fields[3], fields[4])
    else:
        refusal = wire.REFUSAL_BAD_VALUE
    if refusal == wire.REFUSAL_NONE:
        app.apply_calibration()
    return refusal
