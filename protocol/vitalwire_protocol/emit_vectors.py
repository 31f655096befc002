# SPDX-License-Identifier: Apache-2.0
"""Makes the golden vectors: frames with what is in them, built by construct, for every decoder to be held against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cobs import cobs

from .fields import Message
from .reference import BY_NAME, body_of, build_payload, raw_arguments
from .schema import CRC_BYTES, HEADER_BYTES, MAX_BODY, MAX_BODY_TO_DEVICE, FieldRecord, MessageRecord, Schema

ABOUT = (
    "Each vector: `frame` is the whole frame in hex with its ending zero; `fields` is what it decodes to, null: absent;"
    " `raw` is the scaled integers in the order of the wire, `present` first where there is one;"
    " `run` is the text in hex, or the items. `later`: frames of a later minor version, with `extra` bytes that this"
    " one leaves unread. `refused`: frames that are not to be taken, and the name of the exception."
)
# Field -> a value as one meets it. Fields that are not here get 1.
TYPICAL: dict[str, Any] = {
    "minor": 0, "reset_fault": 0, "service": 0, "schema_hash": 0x89ABCDEF, "capabilities": 0xEF, "boot": 17,
    "identity": "E6614103E7452D2F\nBed 3\nMicroPython 1.28.0", "status": 0x1001, "limits_crc": 0x1C291CA3,
    "session": 0x5E551001, "supply_mv": 5012, "tick_worst_ms": 7, "heap_free": 104832, "frames_dropped": 0,
    "spo2_pct": 97.2, "pulse_bpm": 71.5, "perfusion_pct": 2.35, "quality": 88, "spo2_reason": 0, "pulse_reason": 0,
    "perfusion_reason": 0, "averaging_s": 8, "flags": 0, "spo2_newest_pct": 96.4,
    "spo2_newest_ms": 2650, "first_index": 123400, "rate_hz": 100, "lost": 0,
    "red": 101325, "ir": 131071, "pressure_mmhg": 87.4, "guard_mmhg": 86.9, "target_mmhg": 160.0, "phase": 4,
    "pump_pct": 0, "cycle": 3, "sbp_mmhg": 121.3, "map_mmhg": 94.0, "dbp_mmhg": 79.6, "peak_amplitude_mmhg": 2.41,
    "outcome": 0, "trigger": 2, "attempt": 1, "beats": 27, "algorithm": 1, "started_ms": 615000,
    "peak_pressure_mmhg": 163.2, "part": 0, "parts": 1, "pressure_cmmhg": 9412, "amplitude_mmmhg": 2410,
    "t_10ms": 1733, "event": 7, "fault": 4, "value": 110, "detail": "bus held low", "rule": 0, "state": 2,
    "priority": 3, "limit": 90.0, "client": 0xC0FFEE11, "number": 42, "command": 0x82, "refusal": 0,
    "interval_s": 300, "max_minutes": 180, "same_limb": 0, "threshold": 900, "hysteresis": 10, "delay_ds": 100,
    "direction": 0, "doubts": 2, "left_out": 1, "noise_mmmhg": 85, "begin_cmmhg": 15980, "end_cmmhg": 6210,
    "seconds": 120, "key": 0, "setting": "Bed 3", "max_s": 120,
    "test": 11, "done_pct": 40, "left_s": 6, "which": 0, "measure": 7, "channels": 3, "cuff_cmmhg": 15012,
    "guard_raw_x16": 423648, "cuff_spread_cmmhg": 8, "held_ms": 5000, "kind": 2, "days": 9825, "due_days": 10190,
    "zero": 120, "gain": 16402, "ratio": 700, "spo2": 965, "hold_mmhg": 150, "hold_s": 20,
}  # fmt: skip
RANGES = {"B": (0, 255), "H": (0, 65535), "I": (0, 0xFFFFFFFF), "h": (-32768, 32767), "i": (-(2**31), 2**31 - 1)}


def emit_vectors(schema: Schema) -> str:
    """The whole text of the vectors of this version, one vector a line."""
    sequence = 0
    rows = []
    for record in schema.messages:
        for case, values in cases(record):
            sequence += 1
            t_ms = 0xFFFFFFFF if case == "largest" else 1000 * sequence
            rows.append(_vector(BY_NAME[record.name], record, case, values, sequence, t_ms))
    sections = [("vectors", rows), ("later", list(_later(schema))), ("refused", list(_refused(schema)))]
    lines = ["{", f'"about": {json.dumps(ABOUT)},', f'"version": "{schema.major}.{schema.minor}",']
    lines.append(f'"schema_hash": "0x{schema.hash:08X}",')
    for i, (name, entries) in enumerate(sections):
        lines += [f'"{name}": [', ",\n".join(json.dumps(e, ensure_ascii=True) for e in entries)]
        lines.append("]" if i == len(sections) - 1 else "],")
    return "\n".join([*lines, "}"]) + "\n"


def cases(record: MessageRecord) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name of the case, values) for one message."""
    typical = {f.name: TYPICAL.get(f.name, 1) for f in record.fields}
    edges = [{f.name: _edge(f, i) for f in record.fields} for i in (0, 1)]
    run: list[tuple[str, Any]] = _runs(record)
    full = dict(run)
    name = record.run.name if record.run else None

    def with_run(values: dict[str, Any], kind: str) -> dict[str, Any]:
        return {**values, name: full[kind]} if name else values

    yield "typical", with_run(typical, "typical")
    yield "smallest", with_run(edges[0], "empty")
    yield "largest", with_run(edges[1], "longest")
    for kind, _ in run:
        if kind not in ("typical", "empty", "longest"):
            yield f"run: {kind}", with_run(typical, kind)
    optional = [f.name for f in record.fields if f.bit is not None]
    if optional:
        yield "all absent", with_run({**typical, **dict.fromkeys(optional)}, "typical")
    if len(optional) > 1:
        for absent in optional:
            yield f"{absent} absent", with_run({**typical, absent: None}, "typical")


def _edge(f: FieldRecord, which: int) -> int | float:
    raw = RANGES[f.format][which]
    return raw if f.scale == 1 else raw / f.scale


def _runs(record: MessageRecord) -> list[tuple[str, Any]]:
    run = record.run
    if run is None:
        return [("typical", None), ("empty", None), ("longest", None)]
    most = MAX_BODY_TO_DEVICE if record.to_device else MAX_BODY
    n = (most - HEADER_BYTES - CRC_BYTES - record.head_bytes) // run.item_bytes
    if not run.fields:
        return [
            ("typical", TYPICAL[run.name]),
            ("empty", ""),
            ("longest", "0123456789abcdef" * (n // 16) + "x" * (n % 16)),
            ("beyond ASCII", "Bett 3 – Ärzteraum, 体温"),
            ("zeros in it", "\0a\0\0b\0"),
        ]
    first = [TYPICAL[f.name] for f in run.fields]
    top = [min(RANGES[f.format][1], 0x3FFFF) if run.flat else RANGES[f.format][1] for f in run.fields]
    kinds = [
        ("typical", [[v + i for v in first] for i in range(min(10, n))]),
        ("empty", []),
        ("longest", [top] * n),
        ("one item", [first]),
        ("zeros", [[0] * len(first)] * 2),
    ]
    return [(kind, [v for row in rows for v in row] if run.flat else rows) for kind, rows in kinds]


def _frame(body: bytes) -> str:
    return str((cobs.encode(body) + b"\0").hex())


def _vector(
    message: Message, record: MessageRecord, case: str, values: dict[str, Any], sequence: int, t_ms: int
) -> dict[str, Any]:
    payload = build_payload(message, record, values)
    entry: dict[str, Any] = {"message": record.name, "case": case, "sequence": sequence, "t_ms": t_ms}
    entry["frame"] = _frame(body_of(payload, record.type, sequence, t_ms))
    entry["fields"] = values
    entry["raw"] = raw_arguments(record, values)
    if record.run:
        run = values[record.run.name]
        entry["run"] = run if record.run.fields else run.encode().hex()
    return entry


def _later(schema: Schema) -> Iterator[dict[str, Any]]:
    """Every message as a later minor version might send it: three bytes longer in its head."""
    for sequence, record in enumerate(schema.messages, 1):
        _, values = next(iter(cases(record)))
        payload = build_payload(BY_NAME[record.name], record, values)
        head = record.head_bytes
        grown = payload[:head] + b"\x01\x00\xff" + payload[head:]
        if record.run:
            grown = bytes([head + 3]) + grown[1:]
        frame = _frame(body_of(grown, record.type, sequence, 1000 * sequence))
        yield {"message": record.name, "frame": frame, "extra": 3, "fields": values}


def _refused(schema: Schema) -> Iterator[dict[str, Any]]:
    heartbeat = next(r for r in schema.messages if r.name == "heartbeat")
    event = next(r for r in schema.messages if r.name == "event")
    limits = next(r for r in schema.messages if r.name == "set_limits")
    _, values = next(iter(cases(heartbeat)))
    payload = build_payload(BY_NAME["heartbeat"], heartbeat, values)
    good = body_of(payload, heartbeat.type, 1, 1000)
    unknown = next(t for t in range(0x7F, 0, -1) if t not in {r.type for r in schema.messages})
    broken = {
        "a bit flipped": ("BadCrc", bytes([*good[:20], good[20] ^ 4, *good[21:]])),
        "the last byte lost": ("BadCrc", good[:-1]),
        "only a CRC": ("TooShort", b"\0\0\0\0"),
        "one byte less than a header and a CRC": ("TooShort", body_of(b"", heartbeat.type, 1, 1000)[1:]),
        "more than a body holds": ("TooLong", body_of(bytes(MAX_BODY - 11), event.type, 1, 1000)),
        "another major version": ("WrongVersion", body_of(payload, heartbeat.type, 1, 1000, schema.major + 1)),
        "a type nobody has": ("UnknownType", body_of(payload, unknown, 1, 1000)),
        "a head cut short": ("BadPayload", body_of(payload[:-1], heartbeat.type, 1, 1000)),
        "no payload at all": ("BadPayload", body_of(b"", event.type, 1, 1000)),
        "head_bytes beyond the end": ("BadPayload", body_of(b"\xff" + bytes(20), event.type, 1, 1000)),
        "head_bytes too small": ("BadPayload", body_of(b"\x01" + bytes(20), event.type, 1, 1000)),
        "half an item": (
            "BadPayload",
            body_of(bytes([limits.head_bytes]) + bytes(limits.head_bytes + 3), limits.type, 1, 1000),
        ),
    }
    for case, (error, body) in broken.items():
        yield {"case": case, "error": error, "frame": _frame(body)}
