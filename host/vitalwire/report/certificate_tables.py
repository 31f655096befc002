# SPDX-License-Identifier: Apache-2.0
"""A certificate as tables: what its page and its PDF have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .certificate import CHANNELS, limit_text, number_text
from .tables import ABSENT, Table

WHAT_IT_IS: Final = (
    "This says that the board passed its technical self-test on that day. Vitalwire is not a certified medical device: "
    "it says nothing of how accurate the readings are on people."
)


def title(record: Mapping[str, Any]) -> str:
    """The first line."""
    return f"Certificate of board {record['device']['serial']}, {str(record['tested_utc'])[:10]}"


def tables(record: Mapping[str, Any], digest: str) -> list[Table]:
    """All of it, in order."""
    return [_about(record), _calibration(record), _instruments(record), *_tests(record), _proof(digest)]


def _about(record: Mapping[str, Any]) -> Table:
    device, test = record["device"], record["selftest"]
    rows = [
        ("Result", str(record["result"]).upper()),
        ("Serial number", device["serial"]),
        ("Bed", device.get("bed")),
        ("Board", device.get("board")),
        ("Firmware", " on ".join(filter(None, (device.get("firmware"), device.get("interpreter"))))),
        ("Firmware's SHA-256", device.get("firmware_sha256")),
        ("Protocol", device.get("protocol")),
        ("Program", ", ".join(f"{name} {version}" for name, version in record["versions"].items())),
        ("Tested", f"{test['started_utc'][:19].replace('T', ' ')} to {test['finished_utc'][11:19]} UTC"),
        ("Tested by", record.get("by")),
        ("Next due", record["next_due"]),
    ]
    return Table("Device", ("", ""), tuple((name, _text(value)) for name, value in rows))


def _calibration(record: Mapping[str, Any]) -> Table:
    by_kind = {one["kind"]: one for one in record["calibration"]}
    day = str(record["tested_utc"])[:10]
    rows = []
    for kind, name in CHANNELS.items():
        one = by_kind.get(kind)
        if one is None:
            rows.append((name, ABSENT, ABSENT, "NOT CALIBRATED"))
            continue
        due = one.get("due")
        state = "OVERDUE" if due and due < day else "calibrated" if due else "calibrated, no due date known"
        rows.append((name, _text(one.get("days_date")), _text(due), state))
    return Table("Calibration", ("channel", "done", "due", "state"), tuple(rows))


def _instruments(record: Mapping[str, Any]) -> Table:
    rows = [
        (_text(one["use"]), _text(one["make"]), _text(one["serial"]), _text(one["due"]))
        for one in record["instruments"]
    ]
    note = "" if rows else "None are on record here: the history of calibrations was not at hand."
    return Table("Instruments used", ("for", "make", "serial number", "calibrated until"), tuple(rows), note)


def _tests(record: Mapping[str, Any]) -> Iterator[Table]:
    groups: dict[str, list[tuple[str, ...]]] = {}
    for test in record["selftest"]["tests"]:
        rows = groups.setdefault(test["group"], [])
        values = test["values"] or [None]
        for number, value in enumerate(values):
            name = test["title"] if number == 0 else ""
            if value is None:
                rows.append((name, ABSENT, ABSENT, ABSENT, ABSENT, test["verdict"]))
                continue
            detail = f" ({value['detail']})" if value.get("detail") else ""
            measured = f"{number_text(value['value'])} {value['unit']}".strip() + detail
            limit = limit_text(value) + (f" {value['unit']}" if limit_text(value) != ABSENT else "")
            verdict = str(value["verdict"]).replace("_", " ")
            rows.append((name, value["name"], measured, limit.strip(), value["source"], verdict))
    heads = ("test", "value", "measured", "limit", "source of the limit", "verdict")
    for group, rows in groups.items():
        yield Table(group.replace("_", " ").capitalize(), heads, tuple(rows))


def _proof(digest: str) -> Table:
    rows = (("SHA-256 of the record", digest), ("Signature", " " * 40))
    return Table("Proof", ("", ""), rows, "`vitalwire fleet` checks the record against this hash.")


def _text(value: object) -> str:
    return ABSENT if value is None or value == "" else str(value)


__all__ = ["WHAT_IT_IS", "tables", "title"]
